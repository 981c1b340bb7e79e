"""Plausible wrong answers to the exercises of notebook 03-1-convolution."""

import torch
import torch.nn.functional as F


def _pulse(layer):
    pulse = torch.zeros(1, 1, 5, 5)
    pulse[0, 0, 2, 2] = 1
    return layer(pulse)[0, 0, 1:4, 1:4]


def _pulse_in_corner(layer):
    """Loses the taps that lie on padding."""
    pulse = torch.zeros(1, 1, 3, 3)
    pulse[0, 0, 0, 0] = 1
    return layer(pulse)[0, 0].flip(0, 1)


def _nine_calls(layer):
    """Right, but asks nine times."""
    taps = []
    for k in range(9):
        picture = torch.zeros(9)
        picture[k] = 1
        taps.append(layer(picture.reshape(1, 1, 3, 3))[0, 0, 1, 1])
    return torch.stack(taps).reshape(3, 3)


def _regress(x, y, size):
    equations = F.unfold(x, size)[0].T
    known = y.reshape(-1, 1)
    return torch.linalg.lstsq(equations, known).solution.reshape(size, size)


def _size(x, y):
    return x.shape[-1] - y.shape[-1] + 1


def _matched(x, y):
    """Correlates windows with outputs, without solving for what they share."""
    size = _size(x, y)
    equations = F.unfold(x, size)[0]
    return (equations @ y.flatten() / y.numel()).reshape(size, size)


def _ones(x, y):
    """Divides the outputs by the sums of their windows."""
    size = _size(x, y)
    share = y.sum() / F.unfold(x, size).sum()
    return share * torch.ones(size, size, dtype=x.dtype)


WRONG = {
    "03.1-stem": {
        "the convolution only": 112,
        "without padding": 54,
        "rounded down once too often": 55,
        "stride counted once": 111,
        "pooling without padding": 55.5,
    },
    "03.1-read-kernel": {
        "not flipped": _pulse,
        "flipped in one direction": lambda layer: _pulse(layer).flip(1),
        "transposed": lambda layer: _pulse(layer).T,
        "pulse in the corner": _pulse_in_corner,
        "nine calls": _nine_calls,
    },
    "03.1-find-kernel": {
        "flipped": lambda x, y: _regress(x, y, _size(x, y)).flip(0, 1),
        "always 3×3": lambda x, y: (
            _regress(x, y, 3) if _size(x, y) == 3 else torch.zeros(3, 3)
        ),
        "transposed": lambda x, y: _regress(x, y, _size(x, y)).T,
        "a matched filter": _matched,
        "one number for all taps": _ones,
    },
}
