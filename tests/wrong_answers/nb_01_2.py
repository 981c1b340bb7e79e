"""Wrong answers that the checks of notebook 01-2-layers must reject."""

import torch


def some(state, order, *names):
    """Reorder the rows of some tensors, and forget the others."""
    return {k: v[order] if k in names else v for k, v in state.items()}


def columns_backwards(state, order):
    moved = some(state, order, "0.weight", "0.bias")
    return moved | {"2.weight": state["2.weight"][:, order.argsort()]}


ONES, ZERO = torch.ones(1, 2), torch.zeros(1)

WRONG = {
    "01.2-widest": {
        "forgets the biases": 1_000_000 // 794,
        "rounds up": 1258,
        "counts the first layer only": 1_000_000 // 785,
    },
    "01.2-nand": {
        "is AND": lambda: (1.0, 1.0, -1.5),
        "is NOR": lambda: (-1.0, -1.0, 0.5),
        "zero at both": lambda: (-1.0, -1.0, 2.5),
    },
    "01.2-absolute": {
        "both sides alike": lambda: (torch.ones(2, 1), torch.zeros(2), ONES, ZERO),
        "keeps the sign": lambda: (
            torch.tensor([[1.0], [-1.0]]),
            torch.zeros(2),
            torch.tensor([[1.0, -1.0]]),
            ZERO,
        ),
        "W1 lying down": lambda: (
            torch.tensor([[1.0, -1.0]]),
            torch.zeros(2),
            ONES,
            ZERO,
        ),
    },
    "01.2-reorder": {
        "forgets the second layer": lambda s, o: some(s, o, "0.weight", "0.bias"),
        "forgets the biases": lambda s, o: (
            some(s, o, "0.weight") | {"2.weight": s["2.weight"][:, o]}
        ),
        "puts the columns back": columns_backwards,
        "changes nothing": lambda s, o: s,
    },
}
