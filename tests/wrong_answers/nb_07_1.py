"""Wrong answers that the checks of notebook 07-1-transfer-learning must reject."""

import math
from itertools import pairwise

from torch import nn


def _freeze(model):
    for weights in model.parameters():
        weights.requires_grad = False


def _freezes_last(model, classes):
    model.fc = nn.Linear(model.fc.in_features, len(classes))
    _freeze(model)
    return model


def _appends(model, classes):
    _freeze(model)
    return nn.Sequential(model, nn.Linear(model.fc.out_features, len(classes)))


def _freezes_nothing(model, classes):
    model.fc = nn.Linear(model.fc.in_features, len(classes))
    return model


def _keeps_a_fitting_head(model, classes):
    _freeze(model)
    if model.fc.out_features != len(classes):
        model.fc = nn.Linear(model.fc.in_features, len(classes))
    else:
        model.fc.requires_grad_(True)
    return model


def _resnets_number(model, classes):
    _freeze(model)
    model.fc = nn.Linear(2048, len(classes))
    return model


def _interpolate(curve, target, scale, back):
    points = sorted(curve.items())
    if points[0][1] >= target:
        return float(points[0][0])
    for (n, low), (m, high) in pairwise(points):
        if low < target <= high:
            share = (target - low) / (high - low)
            return back(scale(n) + share * (scale(m) - scale(n)))
    return None


def _next_point(curve, target):
    return next((float(n) for n in sorted(curve) if curve[n] >= target), None)


def _last_point(curve, target):
    return _interpolate(curve, target, math.log, math.exp) or float(max(curve))


WRONG = {
    "07.1-trained-share": {
        "forgets the biases": lambda body, f, k: f * k / (body + f * k),
        "of the body alone": lambda body, f, k: (f + 1) * k / max(body, 1),
        "a bias an input": lambda body, f, k: f * (k + 1) / (body + f * (k + 1)),
    },
    "07.1-adapt": {
        "freezes last": _freezes_last,
        "appends": _appends,
        "freezes nothing": _freezes_nothing,
        "keeps an old head that fits": _keeps_a_fitting_head,
        "ResNet-50's number": _resnets_number,
    },
    "07.1-labels-needed": {
        "linear in the labels": lambda c, t: _interpolate(c, t, float, float),
        "the next measured point": _next_point,
        "the last point when never reached": _last_point,
    },
}
