"""Checks of the exercises in notebook 01-3-losses."""

import math

import torch
import torch.nn.functional as F

from helpers.checks import exercise, expect


@exercise(
    "01.3-lowest-loss",
    hint="the best constant is p = share; insert it into both terms of the BCE, "
    "and let a term whose share is 0 cost nothing",
)
def lowest_loss(answer):
    for share, expected in [
        (0.5, math.log(2)),
        (0.7, 0.6108643),
        (0.1, 0.3250830),
        (0.0, 0.0),
        (1.0, 0.0),
    ]:
        expect(answer(share), expected, given=f"share={share}")


@exercise(
    "01.3-best-gap",
    hint="the slope is zero where the softmax equals the smoothed target; two "
    "logits differ by the logarithm of the ratio of their probabilities",
)
def best_gap(answer):
    for smoothing, num_classes in [(0.1, 10), (0.2, 2), (0.1, 1000)]:
        gap = torch.linspace(0, 12, 240_001, dtype=torch.float64)
        share = smoothing / num_classes
        # log-sum-exp of one logit at the gap and K - 1 at zero, minus the targets
        total = torch.log(gap.exp() + num_classes - 1)
        best = gap[(total - (1 - smoothing + share) * gap).argmin()].item()
        given = f"smoothing={smoothing}, num_classes={num_classes}"
        expect(answer(smoothing, num_classes), best, given=given, atol=1e-4)


@exercise(
    "01.3-weighted-bce",
    hint="a one costs -weight·logsigmoid(z), a zero -logsigmoid(-z); take the mean "
    "over all samples",
)
def weighted_bce(answer):
    for z, y, weight in [
        ([0.5, -1.0, 2.0], [1.0, 0.0, 0.0], 1.0),
        ([0.5, -1.0, 2.0], [1.0, 0.0, 1.0], 3.0),
        ([-1000.0, 1000.0, 30.0], [1.0, 0.0, 0.0], 5.0),
    ]:
        given = f"z={z}, y={y}, weight={weight:g}"
        z, y, weight = torch.tensor(z), torch.tensor(y), torch.tensor(weight)
        right = F.binary_cross_entropy_with_logits(z, y, pos_weight=weight)
        expect(answer(z, y, weight.item()), right, given=given, atol=1e-3)


@exercise(
    "01.3-quantile-loss",
    hint="a guess too low by 1 costs q, a guess too high by 1 costs 1 - q",
)
def quantile_loss(answer):
    y = torch.tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 50], dtype=torch.float64)
    constants = torch.linspace(0, 50, 501, dtype=torch.float64)
    for q, expected in [(0.5, 5.0), (0.25, 2.0), (0.9, 9.0)]:
        losses = [float(answer(c.expand(11), y, q)) for c in constants]
        best = constants[losses.index(min(losses))].item()
        given = f"the best constant for y = 0, 1, ..., 9, 50 and q={q}"
        expect(best, expected, given=given)
