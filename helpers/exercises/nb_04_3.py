"""Checks of the exercises in notebook 04-3-augmentation."""

import torch

from helpers.checks import exercise, expect


@exercise(
    "04.3-views-met",
    hint="there are V = 2 (2p + 1)² views, and each is missed in all epochs with "
    "probability (1 - 1/V) to the power of their number",
)
def views_met(answer):
    for padding, num_epochs, expected in [
        (0, 1, 1.0),
        (0, 3, 2 * (1 - 0.5**3)),
        (1, 10, 18 * (1 - (17 / 18) ** 10)),
        (4, 24, 162 * (1 - (161 / 162) ** 24)),
    ]:
        given = f"padding={padding}, num_epochs={num_epochs}"
        expect(answer(padding, num_epochs), expected, given=given)


@exercise(
    "04.3-mirror-both",
    hint="columns are axis 3; where the coin is True, a 0 becomes 1 and a 1 becomes 0",
)
def mirror_both(answer):
    images = torch.arange(4 * 3 * 2 * 5.0).reshape(4, 3, 2, 5)
    labels = torch.tensor([0, 1, 1, 0])
    for coins in ([True, True, False, False], [False] * 4, [True] * 4):
        mirrored, sides = answer(images.clone(), labels.clone(), torch.tensor(coins))
        pictures = [
            image.flip(2) if coin else image
            for image, coin in zip(images, coins, strict=True)
        ]
        given = f"four pictures of 2 × 5 pixels, labels [0, 1, 1, 0], coins {coins}"
        expect(mirrored, torch.stack(pictures), given=f"{given}: the pictures")
        expected = labels ^ torch.tensor(coins).long()
        expect(sides, expected, given=f"{given}: the labels")


@exercise(
    "04.3-one-by-one",
    hint="return a function of images and labels that stacks change(image) over the "
    "images and hands the labels on",
)
def one_by_one(answer):
    for count in (1, 4):
        calls = []

        def change(image, calls=calls):
            calls.append(tuple(image.shape))
            return image + len(calls)

        images = torch.zeros(count, 3, 2, 2)
        changed, labels = answer(change)(images, torch.arange(count))
        steps = torch.arange(1, count + 1.0).view(-1, 1, 1, 1)
        given = f"{count} pictures of zeros, and a change that adds 1, then 2, then 3"
        expect(calls, [(3, 2, 2)] * count, given=f"{given}: shapes it was called with")
        expect(changed, images + steps, given=f"{given}: the pictures")
        expect(labels, torch.arange(count), given=f"{given}: the labels")
