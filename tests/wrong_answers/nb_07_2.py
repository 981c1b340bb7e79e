"""Wrong answers that the checks of notebook 07-2-what-to-freeze must reject."""

from statistics import mean, stdev

import torch


def _changed(before, after, same):
    return [n for n, v in after.items() if n not in before or not same(v, before[n])]


def _close(value, old):
    return value.shape == old.shape and torch.allclose(value.double(), old.double())


def _weights_only(before, after):
    moved = _changed(before, after, torch.equal)
    return [name for name in moved if name.endswith(("weight", "bias"))]


def _known_names(before, after):
    shared = {name: after[name] for name in after if name in before}
    return _changed(before, shared, torch.equal)


def _best(runs):
    return max(runs, key=lambda name: mean(runs[name]))


def _bars_overlap(runs):
    best = runs[_best(runs)]
    low = mean(best) - stdev(best)
    return next(name for name, a in runs.items() if mean(a) + stdev(a) >= low)


def _within_best_spread(runs):
    best = runs[_best(runs)]
    return next(n for n, a in runs.items() if mean(best) - mean(a) <= stdev(best))


def _wins_a_seed(runs):
    best = runs[_best(runs)]
    pairs = {name: zip(best, a, strict=True) for name, a in runs.items()}
    return next(n for n, rows in pairs.items() if any(b <= a for b, a in rows))


WRONG = {
    "07.2-block-rates": {
        "upside down": lambda rate, f, n: [rate * f**k for k in range(n)],
        "one factor too many": lambda rate, f, n: [
            rate * f ** (n - k) for k in range(n)
        ],
        "in even steps": lambda rate, f, n: [
            rate * max(f, 1 - (1 - f) * (n - 1 - k)) for k in range(n)
        ],
    },
    "07.2-what-moved": {
        "weights only": _weights_only,
        "about equal": lambda before, after: _changed(before, after, _close),
        "forgets new names": _known_names,
        "the other order": lambda b, a: _changed(b, a, torch.equal)[::-1],
    },
    "07.2-cheapest": {
        "the best": _best,
        "the cheapest": lambda runs: next(iter(runs)),
        "bars overlap": _bars_overlap,
        "within the best's spread": _within_best_spread,
        "wins at least one seed": _wins_a_seed,
    },
}
