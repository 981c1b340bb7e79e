"""Plausible wrong answers to the exercises of notebook 01-4."""

import torch
import torch.nn.functional as F


def _two_layers(slope, output=lambda p, y: (p - y) / len(y), bias=torch.sum):
    """A backward pass of the two-layer tanh network with replaceable parts."""

    def backward(inputs, labels, W1, b1, W2, b2):
        z1 = inputs @ W1.T + b1
        a1 = torch.tanh(z1)
        delta2 = output(torch.sigmoid(a1 @ W2.T + b2), labels)
        delta1 = (delta2 @ W2) * slope(z1, a1)
        return delta1.T @ inputs, bias(delta1, 0), delta2.T @ a1, bias(delta2, 0)

    return backward


def _tanh_slope(z, a):
    return 1 - a**2


WRONG = {
    "01.4-other-label": {
        "the old label": [-0.73, 0.73, -0.37, 0],
        "the sign of y - p": [-0.27, 0.27, -0.13, 0],
        "forgets the slope of ReLU": [0.27, -0.27, 0.13, 0.54],
        "forgets the weights": [0.27, 0.27, 0.27, 0],
        "only delta2": [0.27],
    },
    "01.4-silu-slope": {
        "only the sigmoid": torch.sigmoid,
        "forgets the first term": lambda z: (
            z * torch.sigmoid(z) * (1 - torch.sigmoid(z))
        ),
        "forgets the inner z": lambda z: (
            torch.sigmoid(z) + torch.sigmoid(z) * (1 - torch.sigmoid(z))
        ),
        "the slope at the activation": lambda z: (
            torch.sigmoid(F.silu(z))
            + F.silu(z) * torch.sigmoid(F.silu(z)) * torch.sigmoid(-F.silu(z))
        ),
    },
    "01.4-softmax-delta": {
        "loses 1/N": lambda logits, labels: (
            logits.softmax(1) - F.one_hot(labels, logits.shape[1])
        ),
        "softmax over the batch": lambda logits, labels: (
            (logits.softmax(0) - F.one_hot(labels, logits.shape[1])) / len(labels)
        ),
        "truth minus probability": lambda logits, labels: (
            (F.one_hot(labels, logits.shape[1]) - logits.softmax(1)) / len(labels)
        ),
        "mean over classes too": lambda logits, labels: (
            (logits.softmax(1) - F.one_hot(labels, logits.shape[1])) / logits.numel()
        ),
        "sigmoid in place of softmax": lambda logits, labels: (
            (logits.sigmoid() - F.one_hot(labels, logits.shape[1])) / len(labels)
        ),
    },
    "01.4-planted-fault": {
        "unchanged": _two_layers(lambda z, a: (1 - a) ** 2),
        "the slope of a sigmoid": _two_layers(lambda z, a: a * (1 - a)),
        "z in place of a": _two_layers(lambda z, a: 1 - z**2),
        "loses 1/N": _two_layers(_tanh_slope, output=lambda p, y: p - y),
        "mean in the biases": _two_layers(_tanh_slope, bias=torch.mean),
    },
}
