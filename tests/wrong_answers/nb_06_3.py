"""Plausible wrong answers to the exercises of notebook 06-3-distributed."""

from math import ceil


def _rows(share, gpus, wire, speed, *, work=3, odds=True, factor=8):
    waiting = factor * (gpus - 1) / gpus / wire
    return ceil(waiting * ((1 - share) / share if odds else 1 / share) * speed / work)


WRONG = {
    "06.3-ring-bytes": {
        "adds, but forgets to hand round": lambda w, n, size=4: (n - 1) / n * w * size,
        "all lists to one process": lambda w, n, size=4: (n - 1) * w * size,
        "counts numbers": lambda w, n, size=4: 2 * (n - 1) / n * w,
        "never less than all": lambda w, n, size=4: 2 * w * size,
    },
    "06.3-indices": {
        "no padding": lambda length, world, rank: list(range(rank, length, world)),
        "blocks instead of cards": lambda length, world, rank: [
            i % length
            for i in range(
                rank * ceil(length / world), (rank + 1) * ceil(length / world)
            )
        ],
        "leaves the rest out": lambda length, world, rank: list(
            range(rank, length - length % world, world)
        ),
        "repeats its own first": lambda length, world, rank: (
            (own := list(range(rank, length, world)))
            + own[: ceil(length / world) - len(own)]
        ),
    },
    "06.3-rows": {
        "share of computing, not of the step": lambda *a: _rows(*a, odds=False),
        "forward pass only": lambda *a: _rows(*a, work=1),
        "sends each gradient once": lambda *a: _rows(*a, factor=4),
        "forgets the bytes": lambda *a: _rows(*a, factor=2),
    },
}
