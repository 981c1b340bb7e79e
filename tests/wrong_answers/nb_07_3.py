"""Wrong answers that the checks of notebook 07-3-recipes must reject."""

import math
from statistics import mean, pstdev, stdev


def _linear(t, peak, steps, warm, end):
    if t < warm:
        return peak * (0.01 + 0.99 * t / warm)
    return peak * (end - t) / (end - warm)


def _no_warm_up(t, peak, steps, warm):
    return peak * (steps - t) / steps


def _from_zero(t, peak, steps, warm):
    return peak * t / warm if t < warm else peak * (steps - t) / (steps - warm)


def _divides_by_zero(t, peak, steps, warm):
    climb = peak * (0.01 + 0.99 * t / warm)
    return climb if t < warm else peak * (steps - t) / (steps - warm)


def _needed(gains, spread, factor=2.0):
    middle = mean(gains)
    if middle == 0:
        return None
    return math.floor((factor * spread(gains) / middle) ** 2) + 1


def _one_sided(gains):
    return _needed(gains, stdev) if mean(gains) > 0 else None


WRONG = {
    "07.3-decay-for": {
        "of all steps": lambda steps, share: 1 - 1 / steps,
        "the share that is forgotten": lambda steps, share: 1 - share,
        "upside down": lambda steps, share: 1 / (share * steps),
        "a half-life": lambda steps, share: 0.5 ** (1 / (share * steps)),
    },
    "07.3-linear-rate": {
        "no warm-up": _no_warm_up,
        "from zero": _from_zero,
        "divides by no warm-up": _divides_by_zero,
        "zero at the last step": lambda t, p, n, w: _linear(t, p, n, w, n - 1),
    },
    "07.3-seeds-needed": {
        "forgets the square": lambda gains: math.floor(2 * stdev(gains)) + 1,
        "one standard error": lambda gains: _needed(gains, stdev, 1.0),
        "divides by the count": lambda gains: _needed(gains, pstdev),
        "gains only": _one_sided,
    },
}
