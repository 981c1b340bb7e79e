"""Plausible wrong answers to the exercises of notebook 02-4-initialization."""

import math

WRONG = {
    "02.4-xavier-bound": {
        "the standard deviation": lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)),
        "the variance": lambda n_in, n_out: 2 / (n_in + n_out),
        "he's bound": lambda n_in, n_out: math.sqrt(6 / n_in),
        "nn.Linear's default": lambda n_in, n_out: 1 / math.sqrt(n_in),
        "variance of U(-b, b) taken as b² / 12": lambda n_in, n_out: math.sqrt(
            24 / (n_in + n_out)
        ),
    },
    "02.4-leaky-variance": {
        "he, as for ReLU": lambda n_in, slope: 2 / n_in,
        "forgets the square": lambda n_in, slope: 2 / ((1 + slope) * n_in),
        "the standard deviation": lambda n_in, slope: math.sqrt(
            2 / ((1 + slope**2) * n_in)
        ),
        "forgets the half": lambda n_in, slope: 1 / ((1 + slope**2) * n_in),
        "multiplies by q": lambda n_in, slope: (1 + slope**2) / (2 * n_in),
    },
    "02.4-residual-variance": {
        "shares it out evenly": lambda n, depth: 1 / (n * depth),
        "first order only": lambda n, depth: math.log(2) / (n * depth),
        "as without a residual": lambda n, depth: 2 ** (1 / depth) / n,
        "the standard deviation": lambda n, depth: math.sqrt(
            (2 ** (1 / depth) - 1) / n
        ),
        "forgets n": lambda n, depth: 2 ** (1 / depth) - 1,
    },
}
