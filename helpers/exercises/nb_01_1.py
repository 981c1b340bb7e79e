"""Checks of the exercises in notebook 01-1-activations."""

import math

import torch
import torch.nn.functional as F

from helpers.checks import exercise, expect


@exercise(
    "01.1-slope-from-output",
    hint="the sigmoid's is a · (1 − a); tanh squared plus its slope is 1",
)
def slope_from_output(answer):
    for z in (0.0, 0.5, -2.0):
        output = torch.tanh(torch.tensor(z, dtype=torch.float64))
        slope = 1.0 / math.cosh(z) ** 2
        expect(answer(output), slope, given=f"output=tanh({z:g})")


@exercise(
    "01.1-softplus",
    hint="take the larger of the exponents 0 and z out of the logarithm: "
    "what is left inside is 1 + exp(-|z|)",
)
def softplus(answer):
    for z in ([-1.0, 0.0, 2.0], [30.0], [100.0, 1000.0], [-100.0, -1000.0]):
        inputs = torch.tensor(z)
        expect(answer(inputs), F.softplus(inputs, threshold=90.0), given=f"z={z}")


@exercise(
    "01.1-loss-floor",
    hint="the second softmax sees one 1 and K − 1 zeros",
)
def loss_floor(answer):
    for num_classes in (10, 2, 1000):
        truth = torch.tensor([0])
        perfect = F.one_hot(truth, num_classes).double()
        floor = F.cross_entropy(perfect, truth).item()
        expect(answer(num_classes), floor, given=f"num_classes={num_classes}")


@exercise(
    "01.1-gelu-steepest",
    hint="the slope is Φ(z) + z φ(z); its own slope, (2 − z²) φ(z), is zero there",
)
def gelu_steepest(answer):
    z = math.sqrt(2.0)
    below = 0.5 * (1.0 + math.erf(1.0))
    density = math.exp(-1.0) / math.sqrt(2.0 * math.pi)
    expect(answer, below + z * density, given="all z", atol=5e-4)
