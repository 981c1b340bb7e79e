"""Checks of the exercises of notebook 02-3, the training loop."""

from math import comb

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks import exercise, expect


@exercise(
    "02.3-count-steps",
    hint="a short last batch is a step too; if nothing is left over, it is full.",
)
def count_steps(answer):
    cases = [((60, 8, 40), (320, 4)), ((60, 60, 7), (7, 60)), ((64, 8, 1), (8, 8))]
    for sizes, expected in [*cases, ((5, 8, 3), (3, 5))]:
        given = "num_samples={}, batch_size={}, num_epochs={}".format(*sizes)
        got = answer(*sizes)
        expect(got[0], expected[0], given=f"{given}: steps")
        expect(got[1], expected[1], given=f"{given}: last batch")


@exercise(
    "02.3-mean-loss",
    hint="eval() first, loss times size over all batches, then train(as it was).",
)
def mean_loss(answer):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(10, 2, generator=generator)
    targets = (torch.rand(10, 1, generator=generator) > 0.5).float()
    weight = torch.tensor([[1.0, -2.0]])
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 1))
    with torch.no_grad():
        model[1].weight.copy_(weight)
        model[1].bias.fill_(0.5)
        expected = F.mse_loss(inputs @ weight.T + 0.5, targets)
    batches = [(inputs[:7], targets[:7]), (inputs[7:], targets[7:])]
    for mode in (True, False):
        model.train(mode)
        given = f"batches of 7 and 3, model.training = {mode}"
        expect(answer(model, batches, F.mse_loss), expected, given=given, atol=1e-5)
        expect(model.training, mode, given=f"{given}: the mode afterwards")


@exercise(
    "02.3-best-guess",
    hint="draw num_epochs numbers of hits, take the largest; average many such draws.",
)
def best_guess(answer):
    for samples, epochs in [(20, 1), (20, 10), (20, 100), (200, 100)]:
        ways = [comb(samples, k) / 2**samples for k in range(samples + 1)]
        below = [sum(ways[:k]) for k in range(samples + 1)]  # P(hits < k)
        expected = sum(1 - chance**epochs for chance in below[1:]) / samples
        given = f"num_samples={samples}, num_epochs={epochs}"
        expect(answer(samples, epochs), expected, given=given, atol=0.01)
