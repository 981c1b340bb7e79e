"""Plausible wrong answers to the exercises of notebook 01-1-activations."""

import math

import torch

WRONG = {
    "01.1-slope-from-output": {
        "the sigmoid's slope": lambda output: output * (1 - output),
        "treats the output as the input": lambda output: 1 - torch.tanh(output) ** 2,
        "forgets the square": lambda output: 1 - output,
        "half the exponent": lambda output: (1 - output**2) / 2,
    },
    "01.1-softplus": {
        "the formula as written": lambda z: torch.log(1 + torch.exp(z)),
        "log1p, still exp of z": lambda z: torch.log1p(torch.exp(z)),
        "only ReLU": lambda z: z.clamp(min=0),
        "forgets the larger exponent": lambda z: torch.log1p(torch.exp(-z.abs())),
        "stops at 20": lambda z: torch.log1p(torch.exp(z.clamp(max=20))),
    },
    "01.1-loss-floor": {
        "always ten classes": lambda num_classes: math.log(1 + 9 / math.e),
        "K zeros instead of K - 1": lambda num_classes: math.log(
            1 + num_classes / math.e
        ),
        "loss of a blind guess": lambda num_classes: math.log(num_classes),
        "the worst loss": lambda num_classes: math.log(math.e + num_classes - 1),
        "zero, as with logits": lambda num_classes: 0.0,
    },
    "01.1-gelu-steepest": {
        "ReLU's slope": 1.0,
        "the place instead of the slope": math.sqrt(2),
        "SiLU's steepest": 1.0998,
        "the flattest": -0.1289,
    },
}
