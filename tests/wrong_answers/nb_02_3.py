"""Plausible wrong answers to the exercises of notebook 02-3."""

import math

import torch


def _mean_loss(*, evaluate=True, restore=True, weigh=True):
    """The right answer with parts left out."""

    def answer(model, batches, loss):
        mode = model.training
        if evaluate:
            model.eval()
        with torch.inference_mode():
            seen = [(loss(model(x), y).item(), len(y)) for x, y in batches]
        model.train(mode if restore else not evaluate)
        if not weigh:
            return sum(value for value, _ in seen) / len(seen)
        return sum(value * n for value, n in seen) / sum(n for _, n in seen)

    return answer


def _back_to_training(model, batches, loss):
    value = _mean_loss()(model, batches, loss)
    model.train()
    return value


WRONG = {
    "02.3-count-steps": {
        "drops the short batch": lambda n, size, epochs: (n // size * epochs, size),
        "the remainder, even if 0": lambda n, size, epochs: (
            math.ceil(n / size) * epochs,
            n % size,
        ),
        "one epoch": lambda n, size, epochs: (
            math.ceil(n / size),
            n - (math.ceil(n / size) - 1) * size,
        ),
        "one batch over all epochs": lambda n, size, epochs: (
            math.ceil(n * epochs / size),
            n - (math.ceil(n / size) - 1) * size,
        ),
    },
    "02.3-mean-loss": {
        "mean of means": _mean_loss(weigh=False),
        "training mode": _mean_loss(evaluate=False),
        "leaves evaluation mode": _mean_loss(restore=False),
        "always back to training": _back_to_training,
    },
    "02.3-best-guess": {
        "one epoch's chance": lambda n, epochs: 0.5,
        "surely all right": lambda n, epochs: 1.0,
        "one standard deviation up": lambda n, epochs: 0.5 + 0.5 / math.sqrt(n),
        "counts, not shares": lambda n, epochs: n / 2,
    },
}
