"""Checks of the exercises in notebook 06-1-speed."""

import math

import torch

from helpers.checks import exercise, expect


@exercise(
    "06.1-speedup",
    hint="the old time is 1; the new one is what stays, 1 - share, and share / factor",
)
def speedup(answer):
    for share, factor, expected in [
        (0.5, 2, 4 / 3),
        (0.9, 10, 1 / 0.19),
        (0.75, math.inf, 4),
        (0.0, 100, 1),
        (1.0, 3, 3),
        (0.5, 0.5, 2 / 3),
    ]:
        expect(answer(share, factor), expected, given=f"share={share}, factor={factor}")


@exercise(
    "06.1-part-factors",
    hint="each part's size over the whole batch's; the last part holds what is left",
)
def part_factors(answer):
    for count, size, expected in [
        (96, 32, [1 / 3, 1 / 3, 1 / 3]),
        (96, 40, [40 / 96, 40 / 96, 16 / 96]),
        (10, 16, [1.0]),
        (7, 3, [3 / 7, 3 / 7, 1 / 7]),
        (8, 8, [1.0]),
    ]:
        expect(list(answer(count, size)), expected, given=f"count={count}, size={size}")


@exercise(
    "06.1-share-lost",
    hint="turn both into bfloat16, add, compare with what was there; updates that are "
    "0 in bfloat16 are not lost, and not counted",
)
def share_lost(answer):
    for weights, updates, expected in [
        ([1.0, 1.0, 1.0, 1.0], [1e-3, 0.1, -1e-3, 0.01], 0.5),
        ([0.01, 100.0], [0.001, 0.1], 0.5),
        ([1.0, 1.0, 1.0], [0.0, 0.001, 0.5], 0.5),
        ([0.5, -2.0], [0.5, 1.0], 0.0),
        ([2.0, 0.0, 2.0, 2.0], [0.001, 1e-9, -0.002, 1.0], 0.5),
    ]:
        given = f"weights {weights}, updates {updates}"
        pair = torch.tensor(weights), torch.tensor(updates)
        expect(float(answer(*pair)), expected, given=given)
