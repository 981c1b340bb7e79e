"""Checks of the exercises in notebook 02-2-adaptive-optimizers."""

import math

import torch

from helpers.checks import exercise, expect


@exercise(
    "02.2-first-change",
    hint="with t = 1 the corrected means are g and g²; the weight goes against g",
)
def first_change(answer):
    for gradient, rate in [(50.0, 0.01), (-3.0, 0.01), (0.0, 0.1), (1e-8, 0.1)]:
        weight = torch.zeros((), dtype=torch.float64)
        optimizer = torch.optim.Adam([weight], lr=rate)
        weight.grad = torch.full_like(weight, gradient)
        optimizer.step()
        given = f"gradient={gradient:g}, rate={rate:g}"
        expect(answer(gradient, rate), weight.item(), given=given)


@exercise(
    "02.2-amsgrad",
    hint="keep the largest v in the state, compare before correcting, and divide "
    "that by 1 − 0.999ᵗ under the root",
)
def amsgrad(answer):
    # One large gradient, then small ones: the largest v comes early.
    gradients = torch.tensor([[0.1, 0.0], [40.0, 3.0], [-2.0, 0.01]]).double()
    gradients = torch.cat([gradients, gradients[2:].repeat(60, 1)])
    theirs = torch.zeros(2, dtype=torch.float64)
    optimizer = torch.optim.Adam([theirs], lr=1.0, amsgrad=True)
    ours, state = torch.zeros_like(theirs), {}
    for t, gradient in enumerate(gradients, 1):
        theirs.grad = gradient.clone()
        optimizer.step()
        ours -= answer(gradient.clone(), state, t)
        given = f"gradients of (40, 3), then (-2, 0.01); weights after step {t}"
        expect(ours, theirs, given=given)


@exercise(
    "02.2-longest-step",
    hint="write the ratio as a sum over past gradients and use the Cauchy-Schwarz "
    "inequality; the best gradients grow",
)
def longest_step(answer):
    shrink = 0.9**2 / 0.999
    longest = 0.1 / math.sqrt(0.001) / math.sqrt(1.0 - shrink)
    expect(answer, longest, given="β₁ = 0.9, β₂ = 0.999", atol=6e-3)
