"""Checks of the exercises in notebook 05-1-mnist."""

import copy

import torch
from torch import nn

from helpers.checks import exercise, expect


@exercise(
    "05.1-flat-features",
    hint="apply floor((n + 2p - K) / s) + 1 layer after layer; a map has two sides, "
    "and there are `channels` of them",
)
def flat_features(answer):
    pool = (2, 2, 0)
    for size, channels, layers, expected in [
        (28, 16, [(5, 1, 0), pool, (5, 1, 0), pool], 16 * 4 * 4),
        (28, 16, [(5, 1, 2), pool, (5, 1, 0), pool], 16 * 5 * 5),
        (28, 32, [(5, 1, 0), pool], 32 * 12 * 12),
        (28, 64, [(5, 2, 2), (3, 2, 1), (3, 2, 1)], 64 * 4 * 4),
        (15, 3, [pool], 3 * 7 * 7),
    ]:
        given = f"size={size}, channels={channels}, layers={layers}"
        expect(answer(size, channels, list(layers)), expected, given=given)


@exercise(
    "05.1-epoch-mean",
    hint="a batch's mean times its size is its sum; divide the sum of all by the "
    "number of all digits, once",
)
def epoch_mean(answer):
    for losses, sizes, expected in [
        ([1.0, 3.0], [2, 2], 2.0),
        ([1.0] * 31 + [5.0], [128] * 31 + [8], (31 * 128 + 40) / (31 * 128 + 8)),
        ([0.5, 2.0, 8.0], [100, 100, 1], 258 / 201),
    ]:
        given = f"losses {losses[-3:]} (the last 3), sizes {sizes[-3:]}"
        expect(answer(list(losses), list(sizes)), expected, given=given)


@exercise(
    "05.1-fold",
    hint="w · (v − μ)/s = (w/s) · v − (w/s) · μ: divide the weights by s, and take "
    "μ times the sum of the new weights of each filter from its bias",
)
def fold(answer):
    generator = torch.Generator().manual_seed(0)
    for channels, stride, mean, std in [(6, 1, 0.13, 0.31), (4, 2, 0.5, 0.5)]:
        conv = nn.Conv2d(1, channels, 5, stride=stride)
        with torch.no_grad():
            for weights in conv.parameters():
                weights.copy_(torch.randn(weights.shape, generator=generator))
        pixels = torch.rand(2, 1, 28, 28, generator=generator)
        expected = conv((pixels - mean) / std)
        given = f"Conv2d(1, {channels}, 5, stride={stride}), mean={mean}, std={std}"
        folded = answer(copy.deepcopy(conv), mean, std)
        expect(folded(pixels), expected, given=given, atol=1e-3)
