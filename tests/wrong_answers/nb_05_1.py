"""Plausible wrong answers to the exercises of notebook 05-1-mnist."""

import torch


def _flat(size, channels, layers, *, pads=2, rounding=0, sides=2):
    for kernel_size, stride, padding in layers:
        room = size + pads * padding - kernel_size + rounding * (stride - 1)
        size = room // stride + 1
    return channels * size**sides


def _fold(conv, mean, std, *, weight=True, sign=-1, scaled=True, bias=True):
    with torch.no_grad():
        before = conv.weight.clone()
        if weight:
            conv.weight /= std
        if bias:
            used = conv.weight if scaled else before
            conv.bias += sign * mean * used.sum((1, 2, 3))
    return conv


def _scaled_bias(conv, mean, std):
    conv = _fold(conv, mean, std)
    with torch.no_grad():
        conv.bias /= std
    return conv


WRONG = {
    "05.1-flat-features": {
        "only one side": lambda n, c, layers: _flat(n, c, layers, sides=1),
        "pads one side": lambda n, c, layers: _flat(n, c, layers, pads=1),
        "no padding": lambda n, c, layers: _flat(n, c, layers, pads=0),
        "rounds up": lambda n, c, layers: _flat(n, c, layers, rounding=1),
        "the 32 x 32 listing": lambda n, c, layers: 16 * 5 * 5,
        "forgets the channels": lambda n, c, layers: _flat(n, 1, layers),
    },
    "05.1-epoch-mean": {
        "mean of means": lambda losses, sizes: sum(losses) / len(losses),
        "the last batch": lambda losses, sizes: losses[-1],
        "divides by the batches": lambda losses, sizes: (
            sum(loss * size for loss, size in zip(losses, sizes, strict=True))
            / len(losses)
        ),
        "all batches full": lambda losses, sizes: (
            sum(losses) * sizes[0] / (sizes[0] * len(sizes))
        ),
    },
    "05.1-fold": {
        "changes nothing": lambda conv, mean, std: conv,
        "forgets the bias": lambda conv, mean, std: _fold(conv, mean, std, bias=False),
        "adds the mean": lambda conv, mean, std: _fold(conv, mean, std, sign=1),
        "old weights in the bias": lambda conv, mean, std: _fold(
            conv, mean, std, scaled=False
        ),
        "scales the bias too": _scaled_bias,
    },
}
