"""Checks of the exercises in notebook 01-2-layers."""

import torch
from torch import nn

from helpers.checks import exercise, expect


@exercise("01.2-widest", hint="Count both layers, and the biases of both.")
def widest(answer):
    expect(answer, 1257, given="784-n-10 with at most a million weights")


@exercise("01.2-nand", hint="Start with the bias: without inputs NAND is 1.")
def nand(answer):
    first, second, bias = answer()
    for x1, x2 in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        fires = first * x1 + second * x2 + bias > 0
        expect(int(fires), 1 - x1 * x2, given=f"inputs {x1} and {x2}")


@exercise("01.2-absolute", hint="One unit for positive inputs, one for negative ones.")
def absolute(answer):
    weight1, bias1, weight2, bias2 = answer()
    expect(tuple(weight1.shape), (2, 1), given="the shape of W1")
    expect(tuple(weight2.shape), (1, 2), given="the shape of W2")
    for value in (-3.0, -0.5, 0.0, 2.0):
        hidden = (torch.tensor([[value]]) @ weight1.T + bias1).clamp(min=0)
        output = (hidden @ weight2.T + bias2).item()
        expect(output, abs(value), given=f"x = {value}")


@exercise("01.2-reorder", hint="A unit owns a row, a bias and a column.")
def reorder(answer):
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    state = {
        name: torch.randn(value.shape, generator=generator)
        for name, value in model.state_dict().items()
    }
    model.load_state_dict(state)
    inputs = torch.randn(4, 3, generator=generator)
    before = model(inputs)
    order = torch.tensor([2, 0, 3, 4, 1])
    moved = answer({name: value.clone() for name, value in state.items()}, order)
    rows = moved["0.weight"]
    expect(rows, state["0.weight"][order], given=f"rows of W1, order {order.tolist()}")
    model.load_state_dict(moved)
    expect(model(inputs), before, given="the logits after reordering", atol=1e-5)
