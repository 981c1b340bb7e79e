"""Parts of a training recipe: what decays, which average to keep, which rate to try."""

import copy
import itertools
from collections.abc import Callable, Iterable

import torch
from torch import nn

__all__ = ["ExponentialAverage", "decay_groups", "find_rate"]


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Two parameter groups: what decays, and what does not.

    Weight decay is for tensors of two dimensions or more, the ones that multiply:
    kernels, matrices, embeddings. Biases and the scales and shifts of a normalisation
    have one dimension and stay free. Frozen weights are in neither group; a weight
    that two layers share is there once.

    Args:
        model: what the optimiser is to train.
        weight_decay: strength for the first group, at least 0 and finite.

    Returns:
        Two dictionaries with ``params`` and ``weight_decay``, for any optimiser of
        ``torch.optim``; the first decays. A group may be empty.

    Raises:
        ValueError: if ``weight_decay`` is below 0 or not finite, or nothing in the
            model may move.

    Source: He et al. 2018, arXiv:1812.01187, section 3.1, after Jia et al. 2018,
    arXiv:1807.11205. Taught in notebook 07-3.

    Example:
        model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
        groups = decay_groups(model, 0.05)
        optimizer = torch.optim.AdamW(groups, lr=0.001)
        assert [len(g["params"]) for g in groups] == [1, 3]
    """
    if not 0 <= weight_decay < float("inf"):
        raise ValueError(f"weight_decay: 0 or more, finite, not {weight_decay}")
    moving = [w for w in model.parameters() if w.requires_grad]
    if not moving:
        raise ValueError("nothing in the model has requires_grad=True")
    decays = [w for w in moving if w.ndim >= 2]
    spared = [w for w in moving if w.ndim < 2]
    return [
        {"params": decays, "weight_decay": weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]


class ExponentialAverage:
    r"""A running mean of a model's weights, to evaluate with.

    After each `update` every weight of the copy ``self.model`` is
    $d \cdot \text{old} + (1 - d) \cdot \text{new}$ with $d$ = ``decay``; the first
    update copies. Buffers, such as the statistics of batch normalisation, are copied as
    they are. The memory is about $1 / (1 - d)$ updates: choose it well below the number
    of steps. The copy is in evaluation mode, has no gradients, and costs the memory of
    the weights once more; the model itself is never changed.

    Args:
        model: the network in training; its weights may move to other values, not to
            another device.
        decay: from 0 (no memory) to below 1.

    Raises:
        ValueError: if ``decay`` is not in that range.

    Source: Polyak and Juditsky 1992, doi:10.1137/0330046; as used here: Tarvainen and
    Valpola 2017, arXiv:1703.01780. Taught in notebook 07-3.

    Example:
        model = nn.Linear(2, 1)
        average = ExponentialAverage(model, 0.9)
        average.update()  # after every step of the optimiser
        assert torch.equal(average.model.weight, model.weight)
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay: from 0 to below 1, not {decay}")
        self.source, self.decay, self.steps = model, decay, 0
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self) -> None:
        """Take in the model's weights of this moment; call it after every step."""
        share = 1 - self.decay if self.steps else 1.0
        ours, theirs = self.model, self.source
        pairs = zip(ours.parameters(), theirs.parameters(), strict=True)
        for kept, new in pairs:
            kept.lerp_(new, share)
        for kept, new in zip(ours.buffers(), theirs.buffers(), strict=True):
            kept.copy_(new)
        self.steps += 1

    def state_dict(self) -> dict:
        """The copy's weights and buffers, and the number of updates."""
        return {"model": self.model.state_dict(), "steps": self.steps}

    def load_state_dict(self, state: dict) -> None:
        """Go on from a state that `state_dict` gave."""
        self.model.load_state_dict(state["model"])
        self.steps = state["steps"]


def find_rate(
    model: nn.Module,
    batches: Iterable,
    *,
    loss: Callable,
    low: float = 1e-5,
    high: float = 1.0,
    steps: int = 60,
) -> tuple[list[float], list[float]]:
    """Raise the rate from step to step, and note the loss: a learning-rate range test.

    A copy of the model is trained with AdamW, without decay, for ``steps`` batches, the
    rate growing by the same factor each time from ``low`` to ``high``. The test ends
    early once a loss is NaN or above four times the first one. The model stays as it
    was: weights, statistics, gradients and mode; the copy trains in the mode the model
    is in. Random draws, of dropout or of the batches, are used up.

    Args:
        model: the network as it is about to be trained; what is frozen stays frozen.
        batches: pairs of inputs and targets, on the model's device; when they end, the
            same ones come again.
        loss: maps outputs and targets to the mean over the batch, at least 0.
        low: first rate, above 0.
        high: last rate, above ``low`` and finite.
        steps: most updates, at least 2.

    Returns:
        Rates, and the loss *before* the step with each; two lists of equal length.

    Raises:
        ValueError: if rates or steps do not fit, or ``batches`` is empty.

    Source: Smith 2017, arXiv:1506.01186, section 3.3. Taught in notebook 07-3.

    Example:
        pairs = [(torch.randn(8, 3), torch.randn(8, 1)) for _ in range(4)]
        rates, losses = find_rate(nn.Linear(3, 1), pairs, loss=nn.MSELoss(), steps=9)
        assert len(rates) == len(losses) <= 9
    """
    pairs = list(itertools.islice(itertools.cycle(batches), steps))
    if not 0 < low < high < float("inf") or len(pairs) < 2:
        raise ValueError(f"0 < low={low} < high={high}, {len(pairs)} > 1 steps")
    trial, rates, losses = copy.deepcopy(model), [], []
    optimizer = torch.optim.AdamW(trial.parameters(), weight_decay=0.0)
    for step, (inputs, targets) in enumerate(pairs):
        rates.append(low * (high / low) ** (step / (steps - 1)))
        value = loss(trial(inputs), targets)
        losses.append(value.item())
        if not losses[-1] <= 4 * losses[0]:  # NaN too
            break
        optimizer.param_groups[0]["lr"] = rates[-1]
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return rates, losses
