"""Which part of a network moves, and how fast: freezing that holds, rates in groups."""

import math
from collections.abc import Iterable
from functools import partial

from torch import nn

__all__ = ["freeze", "rate_groups", "stay_frozen", "unfreeze"]


def stay_frozen(module: nn.Module, mode: bool = True) -> nn.Module:
    """What ``train`` does on a frozen module: its own mode stays as it is.

    `freeze` puts it in the place of ``module.train``, and so of ``module.eval``, which
    calls that. The modules inside are asked as usual: those that are frozen stay, and a
    new head, put there after freezing, changes its mode.

    Args:
        mode: True for training, False for evaluation; only passed on.

    Returns:
        The module.

    Example:
        layer = nn.BatchNorm1d(4).eval()
        assert not stay_frozen(layer, True).training

    Source: ``train`` of torch.nn.Module, without its first line. Taught in notebook
    07-2.
    """
    for child in module.children():
        child.train(mode)
    return module


def freeze(module: nn.Module) -> nn.Module:
    """Let nothing in a module move: no gradients, and evaluation mode for good.

    No weight gets a gradient, and ``train()``, called on the module, on one inside it
    or on one around it, leaves all of it in evaluation mode: the statistics of batch
    normalisation stand still, dropout drops nothing. Names and values of the
    ``state_dict`` stay as they are, copies and pickled modules are frozen like the
    original. What is put into the module afterwards is free. Freezing twice is the same
    as once. Gradients that are there already are dropped, because an optimiser would
    still follow them.

    Returns:
        The module; `unfreeze` undoes it.

    Example:
        body = freeze(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)))
        model = nn.Sequential(body, nn.Linear(4, 2)).train()
        assert not body[1].training and model[1].training

    Source: batch normalisation has two modes: Ioffe and Szegedy 2015,
    arXiv:1502.03167, algorithm 2. Taught in notebook 07-2.
    """
    for part in module.modules():
        part.training = False
        part.train = partial(stay_frozen, part)
    for weights in module.parameters():
        weights.requires_grad = False
        weights.grad = None  # an optimiser would follow what is left of it
    return module


def unfreeze(module: nn.Module) -> nn.Module:
    """Let all of a module move again, whoever froze it.

    Every weight gets gradients, and the mode follows the next ``train()`` or
    ``eval()``; until then it is evaluation mode.

    Returns:
        The module.

    Example:
        layer = nn.BatchNorm1d(4).requires_grad_(False)
        assert unfreeze(layer).weight.requires_grad

    Source: the inverse of `freeze`. Taught in notebook 07-2.
    """
    for part in module.modules():
        vars(part).pop("train", None)  # the class's own train shows again
    return module.requires_grad_(True)


def rate_groups(
    blocks: Iterable[nn.Module], rate: float, *, factor: float
) -> list[dict]:
    r"""Parameter groups for an optimiser, with a rate for each block of layers.

    With K blocks, block k of 1 to K gets $\eta_k = \eta f^{K-k}$: the last one ``rate``
    and each one before it ``factor`` times the next one's. A frozen block counts as a
    place, but frozen weights are in no group, and a block without others has none.

    Args:
        blocks: modules from the input to the head, which share no weight.
        rate: the last block's, above 0.
        factor: above 0 and at most 1, which gives every block the same rate.

    Returns:
        One dict with "params" and "lr" a block, in the order of the blocks.

    Raises:
        ValueError: if ``rate`` or ``factor`` is out of range, a weight stands in two
            blocks, or nothing moves at all.

    Example:
        net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        groups = rate_groups(net, 0.01, factor=0.5)
        assert [group["lr"] for group in groups] == [0.0025, 0.01]

    Source: discriminative fine-tuning: Howard and Ruder 2018, arXiv:1801.06146,
    section 3.2. Taught in notebook 07-2.
    """
    if not (0 < rate < math.inf and 0 < factor <= 1):
        raise ValueError(f"rate={rate}, factor={factor}: above 0, factor <= 1")
    blocks, groups, seen = list(blocks), [], set()
    for place, block in enumerate(blocks):
        free = [w for w in block.parameters() if w.requires_grad]
        if not seen.isdisjoint(free):
            raise ValueError(f"blocks[{place}] shares a weight with one before")
        seen.update(free)
        power = len(blocks) - 1 - place
        if free:
            groups.append({"params": free, "lr": rate * factor**power})
    if not groups:
        raise ValueError(f"nothing moves in the {len(blocks)} blocks")
    return groups
