"""Plausible wrong answers to the exercises of notebook 03-4-separable-dilated."""

import math

import torch


def _strided_check_only(dilations):
    """Holes exactly where the dilations share a factor."""
    return math.gcd(*dilations) > 1


def _first_layer_only(dilations):
    return dilations[0] > 1


def _equal_dilations(dilations):
    return len(set(dilations)) < len(dilations)


def _mean_filter(kernel):
    """The mean filter of each input channel, mixed with ones."""
    depthwise = kernel.mean(0)[:, None]
    return depthwise, torch.ones(*kernel.shape[:2], 1, 1, dtype=kernel.dtype)


def _without_sizes(kernel):
    """Forgets the singular values."""
    tables = kernel.flatten(2).transpose(0, 1)
    left, _, right = torch.linalg.svd(tables, full_matrices=False)
    depthwise = right[:, 0].reshape(kernel.shape[1], 1, *kernel.shape[2:])
    return depthwise, left[:, :, 0].T[:, :, None, None]


def _sizes_twice(kernel):
    """Puts the singular values into both factors."""
    tables = kernel.flatten(2).transpose(0, 1)
    left, sizes, right = torch.linalg.svd(tables, full_matrices=False)
    depthwise = (right[:, 0] * sizes[:, :1]).reshape(-1, 1, *kernel.shape[2:])
    return depthwise, (left[:, :, 0] * sizes[:, :1]).T[:, :, None, None]


def _shared_filter(kernel):
    """One table for all channels: every channel gets the same filter."""
    left, sizes, right = torch.linalg.svd(kernel.flatten(2).flatten(0, 1))
    out_channels, in_channels, size, _ = kernel.shape
    depthwise = right[0].reshape(1, 1, size, size).repeat(in_channels, 1, 1, 1)
    mix = (left[:, 0] * sizes[0]).reshape(out_channels, in_channels, 1, 1)
    return depthwise, mix


def _not_split(kernel):
    """Returns the pair the wrong way round."""
    tables = kernel.flatten(2).transpose(0, 1)
    left, sizes, right = torch.linalg.svd(tables, full_matrices=False)
    depthwise = right[:, 0].reshape(kernel.shape[1], 1, *kernel.shape[2:])
    return (left[:, :, 0] * sizes[:, :1]).T[:, :, None, None], depthwise


WRONG = {
    "03.4-one-eighth": {
        "forgets 1/C_out": 9,
        "one eighth taken as 1/C_out": 8,
        "one too few": 71,
        "next power of two": 128,
        "counts the taps twice": 81,
    },
    "03.4-holes": {
        "only a common factor": _strided_check_only,
        "only the first layer": _first_layer_only,
        "equal dilations": _equal_dilations,
        "never": lambda dilations: False,
        "any dilation above 1": lambda dilations: max(dilations) > 1,
        "only the last against the window before": lambda dilations: (
            dilations[-1] > 1 + 2 * sum(dilations[:-1])
        ),
    },
    "03.4-useful-taps": {
        "all nine": lambda size, dilation: 9.0,
        "one side only": lambda size, dilation: (
            (1 + max(0, size - dilation) / size) ** 2
        ),
        "not squared": lambda size, dilation: 1 + 2 * max(0, size - dilation) / size,
        "goes negative": lambda size, dilation: (1 + 2 * (size - dilation) / size) ** 2,
        "share instead of count": lambda size, dilation: (
            ((1 + 2 * max(0, size - dilation) / size) / 3) ** 2
        ),
        "pixels whose taps are all inside": lambda size, dilation: (
            9 * (max(0, size - 2 * dilation) / size) ** 2
        ),
    },
    "03.4-factorise": {
        "mean filter": _mean_filter,
        "forgets the singular values": _without_sizes,
        "singular values twice": _sizes_twice,
        "one filter for all channels": _shared_filter,
        "the pair swapped": _not_split,
    },
}
