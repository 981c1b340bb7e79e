"""Checks of the exercises in notebook 02-4-initialization."""

import math

from helpers.checks import exercise, expect


@exercise(
    "02.4-xavier-bound",
    hint="U(-b, b) has variance b² / 3; Xavier's is 2 / (n_in + n_out)",
)
def xavier_bound(answer):
    for n_in, n_out in [(3, 3), (64, 64), (512, 32), (32, 512)]:
        bound = math.sqrt(3.0 * 2.0 / (n_in + n_out))
        expect(answer(n_in, n_out), bound, given=f"n_in={n_in}, n_out={n_out}")


@exercise(
    "02.4-leaky-variance",
    hint="half of the z keep their square, half have it multiplied by slope²: "
    "q is the mean of the two, and q · n_in · variance must be 1",
)
def leaky_variance(answer):
    for n_in, slope in [(100, 0.0), (100, 1.0), (10, 0.2), (10, math.sqrt(5.0))]:
        q = 0.5 + 0.5 * slope**2
        given = f"n_in={n_in}, slope={slope:.4g}"
        expect(answer(n_in, slope), 1.0 / (q * n_in), given=given)


@exercise(
    "02.4-residual-variance",
    hint="one layer multiplies the mean square by 1 + n · variance; "
    "depth of them must make 2",
)
def residual_variance(answer):
    for n, depth in [(1, 1), (4, 2), (1, 10), (8, 10)]:
        growth = math.exp(math.log(2.0) / depth)
        expect(answer(n, depth), (growth - 1.0) / n, given=f"n={n}, depth={depth}")
