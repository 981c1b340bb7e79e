"""One training loop, with averages that are averages."""

import copy
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from tqdm import tqdm

from helpers._modes import modes_restored
from helpers.checkpoints import (
    CheckpointError,
    load_checkpoint,
    load_weights,
    random_state,
    save_checkpoint,
    set_random_state,
)
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


def _checked(
    batches: Batches, what: str, *, empty: bool = True
) -> Iterable[tuple[Tensor, Tensor]]:
    """Pass the batches on, and refuse a set without samples or a batch without any."""
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


@dataclass
class _Run:
    """A training with its parts: what a checkpoint holds, and how an epoch goes."""

    model: nn.Module
    batches: Batches
    loss: Loss
    optimizer: Optimizer
    schedule: LRScheduler | None
    path: Path | None
    save_every: int | None
    history: History = field(default_factory=History)
    meter: _Meter = field(default_factory=_Meter)
    stopped: bool = False

    def epoch(self) -> None:
        """Go through the batches once, or, resumed, through those that are left."""
        self.model.train()
        begun = bool(self.meter.sizes)
        for inputs, targets in _checked(self.batches, "fit's batches", empty=not begun):
            value = self.loss(self.model(inputs), targets)
            self.optimizer.zero_grad()
            value.backward()
            self.optimizer.step()
            if self.schedule is not None:
                self.schedule.step()
            self.history.steps += 1
            self.meter.add(value, len(targets))
            if self.history.steps % CHECK_EVERY == 0:
                self.look()
            if self.save_every and self.history.steps % self.save_every == 0:
                self.save()
        self.look()
        self.history.train_loss.append(self.meter.mean())
        self.history.rates.append(self.optimizer.param_groups[0]["lr"])
        self.meter = _Meter()

    def look(self) -> None:
        """Raise DivergedError if a loss since the last look is not finite."""
        if self.meter.checked == len(self.meter.losses):
            return
        before = self.history.steps - len(self.meter.losses)
        bad = self.meter.first_bad()
        if bad is not None:
            raise DivergedError(before + bad + 1, self.history)

    def parts(self) -> dict:
        parts = {"model": self.model, "optimizer": self.optimizer}
        parts |= {"schedule": self.schedule, "batches": self.batches}
        return {name: part for name, part in parts.items() if part is not None}

    def save(self) -> None:
        if self.path is None:
            return
        self.look()  # a run that diverged is not worth keeping
        losses = self.meter.losses
        state = {name: part.state_dict() for name, part in self.parts().items()}
        state["kinds"] = self.kinds()
        state["history"] = asdict(self.history)
        state["losses"] = torch.stack(losses).cpu() if losses else torch.zeros(0)
        state["sizes"] = self.meter.sizes
        state["random"] = random_state()
        state["stopped"] = self.stopped
        save_checkpoint(self.path, state)

    def kinds(self) -> dict[str, str]:
        """Classes whose states would fit others without a word."""
        parts = self.parts()
        del parts["model"]  # its names and shapes tell
        return {name: type(part).__name__ for name, part in parts.items()}

    def resume(self, num_epochs: int) -> None:
        """Take up what the file holds, if there is one: all of it or nothing."""
        if self.path is None or not self.path.exists():
            return
        state = load_checkpoint(self.path)
        if state.get("kinds") != self.kinds():
            raise CheckpointError(
                f"{self.path} was written with {state.get('kinds')}, this run has "
                f"{self.kinds()}"
            )
        done = len(state["history"]["train_loss"])
        if done > num_epochs:
            raise CheckpointError(
                f"{self.path} holds {done} epochs, num_epochs is {num_epochs}"
            )
        before = {k: copy.deepcopy(p.state_dict()) for k, p in self.parts().items()}
        try:
            self.load(state)
        except (ValueError, KeyError, RuntimeError) as error:
            self.load(before)
            raise CheckpointError(f"{self.path} does not fit: {error}") from None
        self.history = History(**state["history"])
        self.history.valid = [Result(**one) for one in self.history.valid]
        device = next(self.model.parameters()).device
        self.meter.losses = list(state["losses"].to(device))
        self.meter.sizes = state["sizes"]
        self.meter.checked = len(self.meter.sizes)
        self.stopped = state["stopped"]
        set_random_state(state["random"])

    def load(self, state: dict) -> None:
        for name, part in self.parts().items():
            if part is self.model:
                load_weights(part, state[name])
            else:
                part.load_state_dict(state[name])


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
    checkpoint: str | os.PathLike | None = None,
    save_every: int | None = None,
) -> History:
    """Train a model, and measure it on ``valid`` after every epoch.

    The training loss of an epoch is the mean over its samples of the losses seen on
    the way, in training mode. The model returns to the mode it was in.

    With ``checkpoint`` a run that was ended at any moment, even killed, goes on where
    it was when the same call is made again, and on the same machine its weights end
    as if nothing had happened, bit for bit. What a callback keeps for itself is not
    in the file.

    Args:
        batches: pairs of inputs and targets, on the model's device; read once an
            epoch, so a plain generator will not do for more than one.
        loss: maps outputs and targets to the mean over the batch.
        num_epochs: at least 1.
        valid: what to measure on; no gradient ever comes from it.
        schedule: stepped after every batch.
        after_epoch: called with the epoch's number (from 1) and the history; returning
            True ends the training.
        checkpoint: file that holds the run: taken up if it is there, written after
            every epoch. The batches must then know their place, as
            ``helpers.data.Batches`` does.
        save_every: steps between two more checkpoints within an epoch.

    Returns:
        The history, one entry an epoch.

    Raises:
        ValueError: if there is no sample, a batch without any, ``num_epochs`` < 1, or
            the batches cannot be taken up.
        DivergedError: if a loss is not finite; it carries the step and the history.
        CheckpointError: if the file cannot be read or written, or is of another run.
    """
    _check_arguments(num_epochs, batches, checkpoint, save_every)
    path = None if checkpoint is None else Path(checkpoint)
    run = _Run(model, batches, loss, optimizer, schedule, path, save_every)
    run.resume(num_epochs)
    history = run.history
    done = len(history.train_loss)
    bar = tqdm(total=num_epochs, initial=done, unit="epoch", disable=not is_watched())
    with modes_restored(model), bar:
        for epoch in range(done + 1, 1 if run.stopped else num_epochs + 1):
            run.epoch()
            shown = {"loss": f"{history.train_loss[-1]:.4f}"}
            if valid is not None:
                result = evaluate(model, valid, loss=loss)
                history.valid.append(result)
                if result.accuracy is not None:
                    shown["valid"] = f"{result.accuracy:.2%}"
            bar.set_postfix(shown)
            bar.update()
            run.stopped = bool(after_epoch is not None and after_epoch(epoch, history))
            run.save()
            if run.stopped:
                break
    return history


def _check_arguments(
    num_epochs: int,
    batches: Batches,
    checkpoint: str | os.PathLike | None,
    save_every: int | None,
) -> None:
    if num_epochs < 1:
        raise ValueError(f"num_epochs must be at least 1, got {num_epochs}")
    if checkpoint is not None and not hasattr(batches, "load_state_dict"):
        raise ValueError(
            f"batches is a {type(batches).__name__}, which cannot be taken up within "
            "an epoch; checkpoint needs one with state_dict and load_state_dict, such "
            "as helpers.data.Batches"
        )
    if save_every is not None and (checkpoint is None or save_every < 1):
        raise ValueError(
            f"save_every must be at least 1, beside a checkpoint, got {save_every} "
            f"and checkpoint {checkpoint}"
        )
