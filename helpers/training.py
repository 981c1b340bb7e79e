"""One training loop, with averages that are averages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from tqdm import tqdm

from helpers._modes import modes_restored
from helpers.env import is_watched

__all__ = ["DivergedError", "History", "Result", "evaluate", "fit"]

Batches = Iterable[tuple[Tensor, Tensor]]
Loss = Callable[[Tensor, Tensor], Tensor]


CHECK_EVERY = 100
"""Steps between two looks at the losses; each look waits for the device."""


@dataclass(frozen=True)
class Result:
    """What a model does on a set: mean loss, share right (None for a regression)."""

    loss: float
    accuracy: float | None
    count: int


@dataclass
class History:
    """What happened in training, one entry an epoch; ``steps`` counts the updates."""

    train_loss: list[float] = field(default_factory=list)
    valid: list[Result] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    steps: int = 0


class DivergedError(RuntimeError):
    """The loss became NaN or infinite; ``step`` says when, ``history`` what was."""

    def __init__(self, step: int, history: History) -> None:
        super().__init__(
            f"the loss is not finite at step {step} (counted from 1), after "
            f"{len(history.train_loss)} whole epochs: try a smaller learning rate"
        )
        self.step = step
        self.history = history


def _checked(batches: Batches, what: str) -> Iterable[tuple[Tensor, Tensor]]:
    """Pass the batches on, and refuse a set without samples or a batch without any."""
    empty = True
    for number, (inputs, targets) in enumerate(batches, start=1):
        empty = False
        if len(targets) == 0 or len(inputs) != len(targets):
            raise ValueError(
                f"{what}: batch {number} has {len(inputs)} inputs and "
                f"{len(targets)} targets; both must be equal and at least 1"
            )
        yield inputs, targets
    if empty:
        raise ValueError(f"{what} gave no batch; it must hold at least one sample")


class _Meter:
    """Mean loss over samples; the losses stay on the device until it is asked."""

    def __init__(self) -> None:
        self.losses: list[Tensor] = []
        self.sizes: list[int] = []
        self.checked = 0

    def add(self, loss: Tensor, size: int) -> None:
        self.losses.append(loss.detach())
        self.sizes.append(size)

    def first_bad(self) -> int | None:
        """Return the index of the first loss that is not finite, if there is one."""
        new = torch.stack(self.losses[self.checked :])
        bad = torch.nonzero(~torch.isfinite(new))
        start, self.checked = self.checked, len(self.losses)
        return start + int(bad[0]) if len(bad) else None

    def mean(self) -> float:
        losses = torch.stack(self.losses).cpu().double()
        sizes = torch.tensor(self.sizes, dtype=torch.float64)
        return float((losses * sizes).sum() / sizes.sum())


def evaluate(
    model: nn.Module, batches: Batches, *, loss: Loss = F.cross_entropy
) -> Result:
    """Measure a model in evaluation mode, without gradients.

    Loss and accuracy are sums over samples divided once by their number, so the size
    of the batches does not matter, nor a short last one. The model returns to the
    mode it was in.

    Args:
        batches: pairs of inputs ``(N, ...)`` and targets ``(N, ...)`` on the model's
            device.
        loss: maps outputs and targets to the mean over the batch.

    Raises:
        ValueError: if there is no sample, or a batch without any.
    """
    meter, right, classes = _Meter(), torch.tensor(0), True
    with modes_restored(model), torch.inference_mode():
        model.eval()
        for inputs, targets in _checked(batches, "evaluate's batches"):
            outputs = model(inputs)
            meter.add(loss(outputs, targets), len(targets))
            classes = classes and not targets.is_floating_point()
            if classes:
                right = right + (outputs.argmax(1) == targets).sum()
    count = sum(meter.sizes)
    accuracy = int(right) / count if classes else None
    return Result(loss=meter.mean(), accuracy=accuracy, count=count)


def _run_epoch(
    model: nn.Module,
    batches: Batches,
    loss: Loss,
    optimizer: Optimizer,
    schedule: LRScheduler | None,
    history: History,
) -> None:
    meter, start = _Meter(), history.steps
    model.train()

    def look() -> None:
        bad = meter.first_bad()
        if bad is not None:
            raise DivergedError(start + bad + 1, history)

    for inputs, targets in _checked(batches, "fit's batches"):
        value = loss(model(inputs), targets)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        if schedule is not None:
            schedule.step()
        history.steps += 1
        meter.add(value, len(targets))
        if history.steps % CHECK_EVERY == 0:
            look()
    if meter.checked < len(meter.losses):
        look()
    history.train_loss.append(meter.mean())
    history.rates.append(optimizer.param_groups[0]["lr"])


def fit(
    model: nn.Module,
    batches: Batches,
    *,
    loss: Loss,
    optimizer: Optimizer,
    num_epochs: int,
    valid: Batches | None = None,
    schedule: LRScheduler | None = None,
    after_epoch: Callable[[int, History], bool | None] | None = None,
) -> History:
    """Train a model, and measure it on ``valid`` after every epoch.

    The training loss of an epoch is the mean over its samples of the losses seen on
    the way, in training mode. The model returns to the mode it was in.

    Args:
        batches: pairs of inputs and targets, on the model's device; read once an
            epoch, so a plain generator will not do for more than one.
        loss: maps outputs and targets to the mean over the batch.
        num_epochs: at least 1.
        valid: what to measure on; no gradient ever comes from it.
        schedule: stepped after every batch.
        after_epoch: called with the epoch's number (from 1) and the history; returning
            True ends the training.

    Returns:
        The history, one entry an epoch.

    Raises:
        ValueError: if there is no sample, a batch without any, or ``num_epochs`` < 1.
        DivergedError: if a loss is not finite; it carries the step and the history.
    """
    if num_epochs < 1:
        raise ValueError(f"num_epochs must be at least 1, got {num_epochs}")
    history = History()
    bar = tqdm(total=num_epochs, unit="epoch", disable=not is_watched())
    with modes_restored(model), bar:
        for epoch in range(1, num_epochs + 1):
            _run_epoch(model, batches, loss, optimizer, schedule, history)
            shown = {"loss": f"{history.train_loss[-1]:.4f}"}
            if valid is not None:
                result = evaluate(model, valid, loss=loss)
                history.valid.append(result)
                if result.accuracy is not None:
                    shown["valid"] = f"{result.accuracy:.2%}"
            bar.set_postfix(shown)
            bar.update()
            if after_epoch is not None and after_epoch(epoch, history):
                break
    return history
