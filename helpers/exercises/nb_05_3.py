"""Checks of the exercises in notebook 05-3-cats-and-dogs."""

import torch

from helpers.checks import exercise, expect


@exercise(
    "05.3-linear-weights",
    hint="Pooling leaves one number a map; each class adds a bias.",
)
def linear_weights(answer):
    for *given, expected in [
        (220, 220, 32, 10, False, 15_488_010),
        (220, 220, 32, 10, True, 330),
        (6, 3, 8, 2, False, 290),
        (6, 3, 8, 2, True, 18),
    ]:
        expect(answer(*given), expected, given=", ".join(map(str, given)))


@exercise(
    "05.3-gap-interval",
    hint="Subtract seed by seed, then take the mean and statistics.stdev of the gaps.",
)
def gap_interval(answer):
    for whole, variant, t, middle, half in [
        ([0.70, 0.71, 0.72], [0.66, 0.70, 0.68], 3.0, 0.03, 0.03),
        ([0.5, 0.9], [0.4, 0.6], 2.0, 0.2, 0.2),
    ]:
        got = torch.tensor(answer(whole, variant, t))
        expected = torch.tensor([middle - half, middle + half])
        expect(got, expected, given=f"{whole}, {variant}, t={t}")


@exercise(
    "05.3-slice-errors",
    hint="values.argsort() gives the pictures' numbers, lowest value first.",
)
def slice_errors(answer):
    right = torch.tensor([True, False, True, True, False, False])
    values = torch.tensor([5.0, 1.0, 4.0, 2.0, 0.0, 3.0])
    for parts, expected in [(2, [2 / 3, 1 / 3]), (3, [1.0, 0.5, 0.0]), (1, [0.5])]:
        got = torch.as_tensor(answer(right, values, parts))
        given = f"right={right.int().tolist()}, values={values.tolist()}, {parts}"
        expect(got, torch.tensor(expected), given=given)
