"""Checks of the exercises in notebook 03-2-depthwise-separable."""

import torch
import torch.nn.functional as F

from helpers.checks import exercise, expect


@exercise(
    "03.2-channels-read",
    hint="which of the g parts holds the output? Its inputs are C_in / g in a row.",
)
def channels_read(answer):
    cases = [(0, 8, 16, 1), (5, 8, 16, 2), (12, 8, 16, 4), (15, 8, 16, 8)]
    cases += [(2, 12, 4, 2), (1, 12, 4, 4), (7, 8, 8, 8)]
    for output, in_channels, out_channels, groups in cases:
        marks = torch.zeros(groups, out_channels // groups, in_channels)
        for r, block in enumerate(marks):
            block[:, r * in_channels // groups : (r + 1) * in_channels // groups] = 1
        expected = marks.flatten(0, 1)[output].nonzero().flatten().tolist()
        given = f"output={output}, {in_channels} in, {out_channels} out, g={groups}"
        expect(
            list(answer(output, in_channels, out_channels, groups)),
            expected,
            given=given,
        )


@exercise(
    "03.2-shuffle",
    hint="a table (groups, C / groups) of channels, written by rows, read by columns.",
)
def shuffle(answer):
    for channels, groups in [(6, 2), (6, 3), (8, 4), (5, 1), (4, 4)]:
        maps = torch.arange(2.0 * channels * 6).reshape(2, channels, 2, 3)
        order = [
            group * (channels // groups) + place
            for place in range(channels // groups)
            for group in range(groups)
        ]
        given = f"{channels} channels, groups={groups}"
        expect(answer(maps.clone(), groups), maps[:, order], given=given)


@exercise(
    "03.2-mix-then-look",
    hint="P[o] mixes all inputs into output o, then its filter D[o] looks.",
)
def mix_then_look(answer):
    generator = torch.Generator().manual_seed(0)
    how = {"generator": generator, "dtype": torch.float64}
    for out_channels, in_channels, size in [(4, 4, 3), (2, 5, 3), (6, 3, 5), (3, 1, 1)]:
        pointwise = torch.randn(out_channels, in_channels, 1, 1, **how)
        depthwise = torch.randn(out_channels, 1, size, size, **how)
        maps = torch.randn(1, in_channels, 7, 8, **how)
        mixed = F.conv2d(maps, pointwise)
        expected = F.conv2d(mixed, depthwise, groups=out_channels)
        kernel = answer(pointwise.clone(), depthwise.clone())
        given = f"{in_channels} in, {out_channels} out, K={size}"
        shape = (out_channels, in_channels, size, size)
        expect(tuple(kernel.shape), shape, given=f"{given}, shape")
        expect(F.conv2d(maps, kernel), expected, given=given)


@exercise(
    "03.2-fewest-filters",
    hint="squared singular values of every channel's table (C_out, K²), summed over "
    "the channels: how many until their running sum is large enough?",
)
def fewest_filters(answer):
    generator = torch.Generator().manual_seed(0)
    how = {"generator": generator, "dtype": torch.float64}
    for shape in [(16, 8, 3, 3), (3, 5, 3, 3), (8, 2, 5, 5)]:
        kernel = torch.randn(shape, **how)
        kernel *= torch.linspace(0.2, 3, shape[1], dtype=torch.float64)[:, None, None]
        whole = kernel.square().sum()
        left, sizes, right = torch.linalg.svd(
            kernel.flatten(2).transpose(0, 1), full_matrices=False
        )
        best = [(left[..., :m] * sizes[:, None, :m]) @ right[:, :m] for m in range(26)]
        kept = [(table.square().sum() / whole).item() for table in best]
        for share in (0.1, 0.5, 0.7, 0.9, 0.999):
            expected = next(m for m, part in enumerate(kept) if part >= share)
            given = f"a kernel {shape}, share={share}"
            expect(answer(kernel.clone(), share), expected, given=given)
    single = torch.zeros(4, 3, 3, 3, dtype=torch.float64)
    single[:, :, 1, 1] = 1  # one tap for every pair: rank 1
    expect(answer(single, 0.999), 1, given="a kernel with one tap, share=0.999")
