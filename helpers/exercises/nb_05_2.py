"""Checks of the exercises in notebook 05-2-evaluation."""

import math

import torch

from helpers.checks import exercise, expect


@exercise(
    "05.2-macro-f1",
    hint="of class k, F1 is 2 C[k, k] / (sum of row k + sum of column k); take the "
    "plain mean over classes",
)
def macro_f1(answer):
    for counts, expected in [
        ([[8, 2], [4, 6]], (16 / 22 + 12 / 18) / 2),
        ([[90, 0, 0], [6, 4, 0], [5, 5, 0]], (180 / 191 + 8 / 19) / 3),
        ([[5, 0], [0, 5]], 1.0),
    ]:
        expect(answer(torch.tensor(counts)), expected, given=f"{counts}")


@exercise(
    "05.2-fair-threshold",
    hint="at probability p, 'no' costs p · miss on average, 'yes' (1 − p) · alarm",
)
def fair_threshold(answer):
    for miss, alarm, expected in [
        (1, 1, 0.5),
        (9, 1, 0.1),
        (1, 3, 0.75),
        (5, 2, 2 / 7),
    ]:
        expect(answer(miss, alarm), expected, given=f"miss={miss}, alarm={alarm}")


@exercise(
    "05.2-mcnemar",
    hint="add comb(u + v, k) for k = 0 … min(u, v), divide by 2 ** (u + v), double it",
)
def mcnemar(answer):
    def truth(u, v):
        less = sum(math.comb(u + v, k) for k in range(min(u, v) + 1))
        return min(1.0, 2 * less / 2 ** (u + v))

    for u, v in [(0, 6), (6, 0), (3, 9), (12, 5), (4, 4), (0, 0), (200, 260)]:
        expect(answer(u, v), truth(u, v), given=f"u={u}, v={v}", atol=1e-9)
