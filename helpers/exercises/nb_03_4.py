"""Checks of the exercises in notebook 03-4-separable-dilated."""

import torch
import torch.nn.functional as F

from helpers.checks import exercise, expect


@exercise(
    "03.4-one-eighth",
    hint="1/C_out + 1/9 must be at most 1/8: what is 1/8 - 1/9?",
)
def one_eighth(answer):
    expect(answer, 72, given="K = 3 and one eighth")


@exercise(
    "03.4-holes",
    hint="start from the offset 0; a layer shifts every offset by -d, 0 and d.",
)
def holes(answer):
    cases = {
        (1,): False,
        (2,): True,
        (2, 2, 2): True,
        (1, 2, 4): False,
        (4, 2, 1): False,
        (1, 2, 5): False,
        (2, 3): True,
        (1, 3, 9): False,
        (1, 4): True,
        (2, 2, 1): False,
    }
    for dilations, expected in cases.items():
        expect(bool(answer(dilations)), expected, given=f"dilations={dilations}")


@exercise(
    "03.4-useful-taps",
    hint="rows and columns are alike: count the taps inside along one line, square.",
)
def useful_taps(answer):
    for size, dilation in [(8, 1), (8, 3), (5, 4), (6, 6), (6, 20), (65, 18)]:
        ones = torch.ones(1, 1, size, size, dtype=torch.float64)
        taps = torch.ones(1, 1, 3, 3, dtype=torch.float64)
        inside = F.conv2d(ones, taps, padding=dilation, dilation=dilation)
        expect(
            answer(size, dilation),
            inside.mean(),
            given=f"size={size}, dilation={dilation}",
            atol=1e-4,
        )


@exercise(
    "03.4-factorise",
    hint="for each input channel the table (C_out, K²): keep its first singular pair.",
)
def factorise(answer):
    generator = torch.Generator().manual_seed(0)
    for shape in [(4, 3, 3, 3), (2, 5, 3, 3), (3, 1, 5, 5)]:
        kernel = torch.randn(shape, generator=generator, dtype=torch.float64)
        depthwise, pointwise = answer(kernel.clone())
        out_channels, in_channels, size, _ = shape
        given = f"a kernel {shape}"
        expect(
            tuple(depthwise.shape),
            (in_channels, 1, size, size),
            given=f"{given}, shape of depthwise",
        )
        expect(
            tuple(pointwise.shape),
            (out_channels, in_channels, 1, 1),
            given=f"{given}, shape of pointwise",
        )
        product = pointwise * depthwise.transpose(0, 1)
        tables = kernel.flatten(2).transpose(0, 1)
        rest = torch.linalg.svdvals(tables)[:, 1:].square().sum()
        expect(
            (kernel - product).square().sum(),
            rest,
            given=f"{given}, squared error",
            atol=1e-4,
        )
