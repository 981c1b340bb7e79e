"""Checks of the exercises in notebook 03-1-convolution."""

import torch
import torch.nn.functional as F

from helpers.checks import exercise, expect


@exercise(
    "03.1-stem",
    hint="use the size formula twice; the pooling reads what the convolution leaves.",
)
def stem(answer):
    expect(answer, 56, given="224 pixels, (K, s, p) = (7, 2, 3) and (3, 2, 1)")


@exercise(
    "03.1-read-kernel",
    hint="show the layer a picture with one bright pixel, and mind the flip.",
)
def read_kernel(answer):
    generator = torch.Generator().manual_seed(0)
    for number in range(3):
        kernel = torch.randn(3, 3, generator=generator)
        calls = []

        def layer(x, kernel=kernel, calls=calls):
            calls.append(tuple(x.shape))
            return F.conv2d(x, kernel[None, None].to(x), padding=1)

        got = answer(layer)
        given = f"secret kernel {number}"
        expect(got, kernel, given=given, atol=1e-5)
        expect(len(calls), 1, given=f"{given}, number of calls")


@exercise(
    "03.1-find-kernel",
    hint="F.unfold gives one row of known pixels for each known output: K² unknowns.",
)
def find_kernel(answer):
    generator = torch.Generator().manual_seed(0)
    for size, height, width in [
        (3, 12, 12),
        (2, 9, 11),
        (5, 16, 13),
        (1, 4, 4),
    ]:
        shapes = (1, 1, height, width), (1, 1, size, size)
        x, kernel = (
            torch.randn(shape, generator=generator, dtype=torch.float64)
            for shape in shapes
        )
        got = answer(x, F.conv2d(x, kernel))
        given = f"x {height}×{width}, a kernel {size}×{size}"
        expect(got, kernel[0, 0], given=given, atol=1e-5)
