"""Wrong answers that the checks of notebook 05-2-evaluation must reject."""

import math


def _per_class(confusion):
    counts = confusion.double()
    return counts.diag(), counts.sum(0), counts.sum(1)


def _nan_for_the_silent(confusion):
    hits, called, there = _per_class(confusion)
    precision, recall = hits / called, hits / there
    return (2 * precision * recall / (precision + recall)).mean()


def _weighted(confusion):
    hits, called, there = _per_class(confusion)
    return (2 * hits / (called + there) * there).sum() / there.sum()


def _of_the_means(confusion):
    hits, called, there = _per_class(confusion)
    precision, recall = (hits / called.clamp(min=1)).mean(), (hits / there).mean()
    return 2 * precision * recall / (precision + recall)


def _tail(u, v, *, up_to=None):
    top = min(u, v) if up_to is None else up_to
    return sum(math.comb(u + v, k) for k in range(top + 1)) / 2 ** (u + v)


WRONG = {
    "05.2-macro-f1": {
        "accuracy, that is micro": lambda c: c.diag().sum() / c.sum(),
        "0/0 for a class never answered": _nan_for_the_silent,
        "weighted": _weighted,
        "F1 of the mean precision and recall": _of_the_means,
        "mean recall": lambda c: (c.diag() / c.sum(1)).mean(),
    },
    "05.2-fair-threshold": {
        "always a half": lambda miss, alarm: 0.5,
        "the other way round": lambda miss, alarm: miss / (alarm + miss),
        "a ratio, no probability": lambda miss, alarm: alarm / miss,
    },
    "05.2-mcnemar": {
        "one side only": lambda u, v: _tail(u, v),
        "above 1 for a draw": lambda u, v: 2 * _tail(u, v),
        "one coin too few": lambda u, v: min(1.0, 2 * _tail(u, v, up_to=min(u, v) - 1)),
        "depends on the order": lambda u, v: min(1.0, 2 * _tail(u, v, up_to=u)),
        "the normal curve": lambda u, v: math.erfc(
            abs(u - v) / math.sqrt(2 * max(1, u + v))
        ),
    },
}
