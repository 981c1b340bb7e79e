"""Wrong answers that the checks of notebook 02-1-gradient-descent must reject."""

import torch


def _theta_first(theta, m, gradient, rate, beta):
    m = beta * m + gradient(theta - beta * m)  # the rate is missing
    return theta - rate * m, m


def _no_look(theta, m, gradient, rate, beta):
    m = beta * m + gradient(theta)
    return theta - rate * m, m


def _average(theta, m, gradient, rate, beta):
    m = beta * m + (1 - beta) * gradient(theta - rate * beta * m)
    return theta - rate * m, m


def _stored(theta, m, gradient, rate, beta):
    g = gradient(theta)
    m = beta * m + g
    return theta - rate * (g + beta * m), m


def _behind(theta, m, gradient, rate, beta):
    m = beta * m + gradient(theta + rate * beta * m)
    return theta - rate * m, m


WRONG = {
    "02.1-largest-rate": {
        "largest entry": lambda hessian: 2 / hessian.max(),
        "trace": lambda hessian: 2 / hessian.trace(),
        "smallest curvature": lambda hessian: 2 / torch.linalg.eigvalsh(hessian)[0],
        "no factor 2": lambda hessian: 1 / torch.linalg.eigvalsh(hessian)[-1],
        "the best rate": lambda hessian: (
            2 / torch.linalg.eigvalsh(hessian)[[0, -1]].sum()
        ),
    },
    "02.1-look-ahead": {
        "momentum without looking": _no_look,
        "forgets the rate in the look": _theta_first,
        "average form": _average,
        "torch's stored form": _stored,
        "looks behind": _behind,
    },
    "02.1-momentum-bounds": {
        "as without momentum": (2.0, 2.0),
        "swapped": (1.36, 3.8),
        "a tenth, by the factor": (0.2, 0.2),
        "of the average form": (38.0, 13.57),
        "two bounds alike": (3.8, 3.8),
    },
}
