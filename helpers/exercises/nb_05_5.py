"""Checks of the exercises in notebook 05-5-segmentation."""

import torch
from torch import nn
from torch.nn import functional as F

from helpers.checks import exercise, expect


@exercise(
    "05.5-dice",
    hint="let h be the hits and w the wrong pixels: IoU = h/(h + w), and "
    "Dice = 2h/(2h + w).",
)
def dice(answer):
    for hits, wrong in [(0, 5), (1, 3), (6, 3), (9, 1), (4, 0)]:
        iou = hits / (hits + wrong)
        expect(answer(iou), 2 * hits / (2 * hits + wrong), given=f"IoU = {iou:.4f}")


@exercise(
    "05.5-void",
    hint="choose the pixels that are not void first; a class nobody has and nobody "
    "answers has no IoU, and the mean is over the others.",
)
def void(answer):
    generator = torch.Generator().manual_seed(0)
    masks = torch.randint(3, (2, 6, 5), generator=generator)
    answers = torch.randint(3, (2, 6, 5), generator=generator)
    masks[:, 0] = 255
    truth, said = masks.flatten().tolist(), answers.flatten().tolist()
    judged = [(t, a) for t, a in zip(truth, said, strict=True) if t != 255]
    each = []
    for k in range(3):
        both = sum(t == k and a == k for t, a in judged)
        either = sum(k in (t, a) for t, a in judged)
        each.append(both / either)
    given = "masks (2, 6, 5) with a row of 255, num_classes="
    mean = sum(each) / 3
    expect(answer(masks.clone(), answers.clone(), 3), mean, given=given + "3")
    expect(
        answer(masks.clone(), answers.clone(), 5),
        mean,
        given=given + "5, two of which occur nowhere",
    )


@exercise(
    "05.5-as-convolution",
    hint="flatten(1) lists all places of channel 0, then all of channel 1: "
    "give the weights that shape, (out, C, S, S).",
)
def as_convolution(answer):
    for channels, size, outputs in [(3, 4, 5), (1, 1, 2), (4, 2, 3)]:
        torch.manual_seed(0)
        linear = nn.Linear(channels * size**2, outputs).double()
        maps = torch.randn(2, channels, 6, 6, dtype=torch.float64)
        side = 6 - size + 1
        windows = F.unfold(maps, size).transpose(1, 2)
        expected = linear(windows).transpose(1, 2).reshape(2, outputs, side, side)
        conv = answer(linear, channels, size)
        given = f"Linear({channels * size**2}, {outputs}), {channels=}, {size=}"
        expect(tuple(conv(maps).shape), tuple(expected.shape), given=given + ", shape")
        expect(conv(maps), expected, given=given)
