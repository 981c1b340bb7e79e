"""Plausible wrong answers to the exercises of notebook 02-2-adaptive-optimizers."""

import math

import torch


def _means(g, state, t):
    state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * g
    state["v"] = 0.999 * state.get("v", 0.0) + 0.001 * g**2
    return state["m"] / (1 - 0.9**t), state["v"]


def _adam(g, state, t):
    m, v = _means(g, state, t)
    return m / ((v / (1 - 0.999**t)).sqrt() + 1e-8)


def _corrected_first(g, state, t):
    m, v = _means(g, state, t)
    v = v / (1 - 0.999**t)
    state["top"] = torch.maximum(state.get("top", v), v)
    return m / (state["top"].sqrt() + 1e-8)


def _no_root(g, state, t):
    m, v = _means(g, state, t)
    state["top"] = torch.maximum(state.get("top", v), v)
    return m / (state["top"] / (1 - 0.999**t) + 1e-8)


def _smallest(g, state, t):
    m, v = _means(g, state, t)
    state["top"] = torch.minimum(state.get("top", v), v)
    return m / ((state["top"] / (1 - 0.999**t)).sqrt() + 1e-8)


def _not_corrected(g, state, t):
    m, v = _means(g, state, t)
    state["top"] = torch.maximum(state.get("top", v), v)
    return m / (state["top"].sqrt() + 1e-8)


def _one_sign(gradient, rate):
    return -rate * math.copysign(1.0, gradient)


WRONG = {
    "02.2-first-change": {
        "plain gradient descent": lambda gradient, rate: -rate * gradient,
        "uphill": lambda gradient, rate: rate * gradient / (abs(gradient) + 1e-8),
        "no correction": lambda gradient, rate: (
            -rate * 0.1 * gradient / (math.sqrt(0.001) * abs(gradient) + 1e-8)
        ),
        "epsilon forgotten, 0 treated as positive": _one_sign,
        "root forgotten": lambda gradient, rate: (
            -rate * gradient / (gradient**2 + 1e-8)
        ),
    },
    "02.2-amsgrad": {
        "Adam": _adam,
        "corrects before comparing": _corrected_first,
        "forgets the root": _no_root,
        "forgets the correction": _not_corrected,
        "keeps the smallest": _smallest,
    },
    "02.2-longest-step": {
        "one rate": 1.0,
        "after a long silence": 0.1 / math.sqrt(0.001),
        "first step with m corrected alone": 1 / math.sqrt(0.001),
        "forgets the outer root": 0.01 / 0.001 / (1 - 0.81 / 0.999),
        "without the correction": 6.57,
    },
}
