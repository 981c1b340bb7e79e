"""Plausible wrong answers to the exercises of notebook 03-3-dilated."""

import torch
import torch.nn.functional as F


def _without_dilation(layer, memory, now):
    """The taps side by side: the newest steps instead of every d-th."""
    window = torch.cat([memory, now], dim=2)
    output = F.conv1d(window, layer.weight, layer.bias)[:, :, -1:]
    return output, window[:, :, 1:]


def _never_forgets(layer, memory, now):
    window = torch.cat([memory, now], dim=2)
    return layer(window)[:, :, -1:], window


def _forgets_the_newest(layer, memory, now):
    window = torch.cat([memory, now], dim=2)
    output = F.conv1d(window, layer.weight, layer.bias, dilation=layer.dilation)
    return output, window[:, :, :-1]


def _only_now(layer, memory, now):
    """No memory at all: every step a start."""
    return layer(now), memory


def _present_first(layer, memory, now):
    """The present in front of the memory: time runs backwards."""
    window = torch.cat([now, memory], dim=2)
    output = F.conv1d(window, layer.weight, layer.bias, dilation=layer.dilation)
    return output, window[:, :, :-1]


def _forgets_the_bias(layer, memory, now):
    window = torch.cat([memory, now], dim=2)
    output = F.conv1d(window, layer.weight, dilation=layer.dilation)
    return output, window[:, :, 1:]


WRONG = {
    "03.3-how-many-layers": {
        "3×3 kernels": 7,
        "one too few": 5,
        "dilation 1": 56,
        "powers of 5": 4,
        "counts the first as number 0": 5.75,
    },
    "03.3-stream": {
        "forgets the dilation": _without_dilation,
        "memory grows": _never_forgets,
        "forgets the newest step": _forgets_the_newest,
        "no memory": _only_now,
        "time backwards": _present_first,
        "forgets the bias": _forgets_the_bias,
    },
    "03.3-widest": {
        "doubling": lambda num_layers: [2**i for i in range(num_layers)],
        "powers of 4": lambda num_layers: [4**i for i in range(num_layers)],
        "starts at 3": lambda num_layers: [3**i for i in range(1, num_layers + 1)],
        "all 3": lambda num_layers: [3] * num_layers,
        "the odd numbers": lambda num_layers: [2 * i + 1 for i in range(num_layers)],
        "one layer too many": lambda num_layers: [3**i for i in range(num_layers + 1)],
    },
}
