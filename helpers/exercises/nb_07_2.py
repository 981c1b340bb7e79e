"""Checks of the exercises in notebook 07-2-what-to-freeze."""

import torch
from torch import nn

from helpers.checks import exercise, expect


@exercise(
    "07.2-block-rates",
    hint="The last block has the whole rate; go down from there, a factor a block.",
)
def block_rates(answer):
    for rate, factor, num_blocks, expected in [
        (0.01, 0.5, 3, [0.0025, 0.005, 0.01]),
        (1.0, 0.1, 1, [1.0]),
        (2.0, 1, 4, [2.0, 2.0, 2.0, 2.0]),
        (0.03, 0.3, 6, [0.03 * 0.3**k for k in (5, 4, 3, 2, 1, 0)]),
    ]:
        given = f"rate={rate}, factor={factor}, num_blocks={num_blocks}"
        got = torch.tensor(list(answer(rate, factor, num_blocks)), dtype=torch.float64)
        wanted = torch.tensor(expected, dtype=torch.float64)
        expect(got, wanted, given=given, atol=1e-12)


@exercise(
    "07.2-what-moved",
    hint="Go through after.items(); torch.equal sees every bit, and other shapes too.",
)
def what_moved(answer):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    expect(answer(before, net.state_dict()), [], given="two equal states")
    net(torch.randn(8, 3))  # training mode: the statistics move, no weight does
    statistics = ["1.running_mean", "1.running_var", "1.num_batches_tracked"]
    given = "a state after one forward pass in training mode"
    expect(answer(before, net.state_dict()), statistics, given=given)
    after = {name: value.clone() for name, value in before.items()}
    after["2.weight"][1, 2] += 1e-7
    given = "one number of 2.weight moved by 0.0000001"
    expect(answer(before, after), ["2.weight"], given=given)
    after = {**before, "2.bias": torch.zeros(5), "3.weight": torch.zeros(1)}
    given = "2.bias with another shape, 3.weight new"
    expect(answer(before, after), ["2.bias", "3.weight"], given=given)


@exercise(
    "07.2-cheapest",
    hint="Subtract seed by seed first; then mean and stdev of the differences.",
)
def cheapest(answer):
    for runs, expected in [
        ({"head": [0.60, 0.70, 0.65], "all": [0.62, 0.71, 0.69]}, "all"),
        ({"head": [0.60, 0.70], "all": [0.68, 0.70]}, "head"),
        ({"head": [0.50, 0.51], "block": [0.70, 0.74], "all": [0.73, 0.73]}, "block"),
        ({"head": [0.50, 0.51], "block": [0.6, 0.61], "all": [0.9, 0.92]}, "all"),
        ({"head": [0.90, 0.91, 0.92], "all": [0.10, 0.50, 0.90]}, "head"),
        ({"head": [0.80, 0.81, 0.60], "all": [0.82, 0.83, 0.90]}, "head"),
        ({"head": [0.50, 0.50], "all": [0.50, 0.50]}, "head"),
    ]:
        expect(answer(runs), expected, given=f"runs={runs}")
