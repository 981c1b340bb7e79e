"""Plausible wrong answers to the exercises of notebook 05-4-residual-networks."""

from math import comb


def _count(into, out, stride, *, norms=4, always=False, by_stride=False, norm=2):
    total = 9 * into * out + 9 * out**2 + norms * out
    changes = stride > 1 if by_stride else stride > 1 or into != out
    return total + (into * out + norm * out) * (always or changes)


def _after(block, maps):
    changed = block.bn2(block.conv2(block.bn1(block.conv1(maps)).relu()))
    return maps + changed


def _inner(block, maps):
    changed = block.conv1(block.bn1(maps).relu())
    return block.conv2(block.bn2(changed).relu())


def _no_second(block, maps):
    return maps + block.conv2(block.bn2(block.conv1(block.bn1(maps).relu())))


def _in_place(block, maps):
    return maps.relu_() + _inner(block, maps)


WRONG = {
    "05.4-block-count": {
        "no projection": lambda i, o, s: 9 * i * o + 9 * o**2 + 4 * o,
        "always a projection": lambda i, o, s: _count(i, o, s, always=True),
        "one normalisation": lambda i, o, s: _count(i, o, s, norms=2),
        "projection by stride alone": lambda i, o, s: _count(i, o, s, by_stride=True),
        "bare projection": lambda i, o, s: _count(i, o, s, norm=0),
        "biases": lambda i, o, s: _count(i, o, s, norms=6),
    },
    "05.4-preactivation": {
        "the usual block": lambda block, maps: block(maps),
        "a ReLU after the sum": lambda b, maps: (maps + _inner(b, maps)).relu(),
        "no sum": _inner,
        "normalisation after": _after,
        "one ReLU": _no_second,
        "shortcut after the first ReLU": _in_place,
    },
    "05.4-path-share": {
        "a count, not a share": lambda d, low, high: sum(
            comb(d, k) for k in range(low, high + 1)
        ),
        "without the upper end": lambda d, low, high: (
            sum(comb(d, k) for k in range(low, high)) / 2**d
        ),
        "lengths equally likely": lambda d, low, high: (high - low + 1) / (d + 1),
        "without the lower end": lambda d, low, high: (
            sum(comb(d, k) for k in range(low + 1, high + 1)) / 2**d
        ),
    },
}
