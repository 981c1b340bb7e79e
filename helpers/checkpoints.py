"""Checkpoints that survive what happens to them: kills, full disks, strange files.

`helpers.training.fit` writes and reads them when it is given ``checkpoint=``; the
pieces stand alone too.
"""

import contextlib
import os
import random
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

__all__ = [
    "CheckpointError",
    "load_checkpoint",
    "load_weights",
    "random_state",
    "save_checkpoint",
    "set_random_state",
]

VERSION = 1
"""Of the files' layout; a change that older code cannot read adds one."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be written, read, or does not fit what it is for."""


def save_checkpoint(path: str | os.PathLike, state: dict) -> None:
    """Write ``state`` to ``path``, whole or not at all.

    The bytes go to ``<path>.partial``, are forced to the disk, and take the place of
    the old file by a rename, which the system does in one step. Killed at any moment,
    or out of room, the old file is as it was.

    Args:
        path: the file; its folder must exist.
        state: tensors, numbers, strings, and lists, tuples and dicts of them: what
            ``torch.load(..., weights_only=True)`` gives back.

    Raises:
        CheckpointError: if it cannot be written.

    Example:
        model = torch.nn.Linear(2, 1)
        save_checkpoint("run.pt", {"model": model.state_dict()})
        assert load_checkpoint("run.pt")["model"]["bias"].shape == (1,)

    Source: how a rename replaces a file is said in POSIX.1-2017, rename(). Taught in
    notebook 06-2.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            torch.save({"version": VERSION, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        reason = error.__context__ or error  # torch hides the system's own words
        raise CheckpointError(
            f"{path} not written ({reason}); what was there before is untouched"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def load_checkpoint(path: str | os.PathLike, *, map_location: object = "cpu") -> dict:
    """Read what `save_checkpoint` wrote, without running anything that is in it.

    Args:
        path: the file.
        map_location: device for the tensors, as for ``torch.load``.

    Raises:
        CheckpointError: if there is no such file, if it was cut short, changed, or
            written by something else or by a newer version, or if it asks for code
            to be run.

    Example:
        save_checkpoint("run.pt", {"epoch": 3})
        assert load_checkpoint("run.pt") == {"version": 1, "epoch": 3}

    Source: ``torch.load``'s documentation, on ``weights_only``. Taught in notebook
    06-2.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file")
    size = f"{path.stat().st_size:,} bytes"
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError):
        raise CheckpointError(
            f"{path}: not what torch.save writes, or cut short ({size})"
        ) from None
    if damaged is not None:
        raise CheckpointError(f"{path}: damaged; {damaged} is not what was written")
    try:
        state = torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # a foreign archive can raise nearly anything
        reason = str(error).strip().splitlines() or [type(error).__name__]
        told = [line for line in reason if "GLOBAL" in line] or reason
        raise CheckpointError(
            f"{path}: not read; it holds more than tensors and numbers, or no "
            f"checkpoint at all ({told[0].strip()[:200]})"
        ) from None
    version = state.get("version") if isinstance(state, dict) else None
    if type(version) is not int:
        raise CheckpointError(
            f"{path}: no checkpoint of save_checkpoint's, but "
            f"{_summary(state)}; bare weights are read with torch.load"
        )
    if version > VERSION:
        raise CheckpointError(
            f"{path}: version {version}; this code reads up to {VERSION}, a newer "
            "one is needed"
        )
    return state


def _summary(state: object) -> str:
    if not isinstance(state, dict):
        return f"a {type(state).__name__}"
    names = ", ".join(map(str, list(state)[:3]))
    return f"a dict with {len(state)} entries ({names}{', …' * (len(state) > 3)})"


def load_weights(model: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Load a ``state_dict``, all of it or nothing.

    PyTorch's own ``load_state_dict`` copies the tensors that fit before it says that
    others do not; here the model stays as it was.

    Raises:
        CheckpointError: if names or shapes are not the model's; it names them.

    Example:
        model = torch.nn.Linear(2, 1)
        load_weights(model, {"weight": torch.ones(1, 2), "bias": torch.zeros(1)})
        assert model(torch.ones(1, 2)).item() == 2

    Source: ``Module.load_state_dict``'s documentation. Taught in notebook 06-2.
    """
    own = model.state_dict()
    problems = {
        "missing": [name for name in own if name not in weights],
        "unexpected": [name for name in weights if name not in own],
        "of another shape": [
            f"{name} {tuple(weights[name].shape)} for {tuple(own[name].shape)}"
            for name in own
            if name in weights and weights[name].shape != own[name].shape
        ],
    }
    told = [
        f"{len(names)} {what} ({', '.join(names[:3])}{', …' * (len(names) > 3)})"
        for what, names in problems.items()
        if names
    ]
    if told:
        raise CheckpointError(
            f"the weights are not those of this {type(model).__name__}: "
            + "; ".join(told)
        )
    model.load_state_dict(weights)


def random_state() -> dict:
    """Give the state of every global random generator: torch's, numpy's, Python's.

    Example:
        state = random_state()
        first = torch.rand(1)
        set_random_state(state)
        assert torch.rand(1) == first

    Source: "Reproducibility" in PyTorch's notes. Taught in notebook 06-2.
    """
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 (global)
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return {
        "torch": torch.get_rng_state(),
        "cuda": cuda,
        "numpy": (kind, keys.tolist(), *rest),
        "python": random.getstate(),
    }


def set_random_state(state: dict) -> None:
    """Put back what `random_state` gave.

    Example:
        state = random_state()
        first = torch.rand(1)
        set_random_state(state)
        assert torch.rand(1) == first

    Source: "Reproducibility" in PyTorch's notes. Taught in notebook 06-2.
    """
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([one.cpu() for one in state["cuda"]])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), *rest))  # noqa: NPY002
    random.setstate(state["python"])
