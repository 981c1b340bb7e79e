"""Wrong answers that the checks of notebook 05-3-cats-and-dogs must reject."""

from math import sqrt
from statistics import mean, pstdev, stdev


def _gaps(whole, variant):
    return [a - b for a, b in zip(whole, variant, strict=True)]


def _around(centre, half):
    return centre - half, centre + half


def _unpaired(whole, variant, t=4.30):
    spread = sqrt((stdev(whole) ** 2 + stdev(variant) ** 2) / len(whole))
    return _around(mean(whole) - mean(variant), t * spread)


def _not_sorted(right, values, parts):
    slices = right.tensor_split(parts)
    return [1 - chosen.float().mean().item() for chosen in slices]


def _highest_first(right, values, parts):
    slices = values.argsort(descending=True).tensor_split(parts)
    return [1 - right[chosen].float().mean().item() for chosen in slices]


def _accuracies(right, values, parts):
    slices = values.argsort().tensor_split(parts)
    return [right[chosen].float().mean().item() for chosen in slices]


WRONG = {
    "05.3-linear-weights": {
        "forgets the biases": lambda h, w, c, k, p: (c if p else c * h * w) * k,
        "one bias for all": lambda h, w, c, k, p: (c if p else c * h * w) * k + 1,
        "pooling keeps a row": lambda h, w, c, k, p: (c if p else c * w) * k + k,
        "never pools": lambda h, w, c, k, p: c * h * w * k + k,
    },
    "05.3-gap-interval": {
        "forgets the number of seeds": lambda a, b, t: _around(
            mean(_gaps(a, b)), t * stdev(_gaps(a, b))
        ),
        "variant minus whole": lambda a, b, t: _around(
            -mean(_gaps(a, b)), t * stdev(_gaps(a, b)) / sqrt(len(a))
        ),
        "divides by S, not S - 1": lambda a, b, t: _around(
            mean(_gaps(a, b)), t * pstdev(_gaps(a, b)) / sqrt(len(a))
        ),
        "not seed by seed": _unpaired,
    },
    "05.3-slice-errors": {
        "does not sort": _not_sorted,
        "highest first": _highest_first,
        "accuracies": _accuracies,
    },
}
