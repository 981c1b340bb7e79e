"""Checkpoints that survive what happens to them: kills, full disks, strange files.

`helpers.training.fit` writes and reads them when it is given ``checkpoint=``; the
pieces stand alone too.
"""

import os
import random
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError
from zipfile import ZipFile

import torch
from torch import nn

__all__ = [
    "CheckpointError",
    "check_whole",
    "load_checkpoint",
    "load_weights",
    "random_state",
    "save_checkpoint",
    "set_random_state",
]


class CheckpointError(ValueError):
    """A checkpoint that cannot be written, read, or does not fit what it is for.

    Example:
        error = CheckpointError("run.pt: no such file")
        assert isinstance(error, ValueError)

    Source: a class of its own, so that it can be caught apart. Taught in notebook 06-2.
    """


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
        from tempfile import mkdtemp
        path = f"{mkdtemp()}/run.pt"
        save_checkpoint(path, {"epoch": 3})
        assert torch.load(path) == {"version": 1, "epoch": 3}

    Source: how a rename replaces a file is said in POSIX.1-2017, rename(). Taught in
    notebook 06-2.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            torch.save({"version": 1, **state}, file)
            file.flush()
            os.fsync(file.fileno())  # on the disk, not on its way there
        partial.replace(path)
    except Exception as error:
        told = "what was there before is untouched; not written"
        hidden = isinstance(error, RuntimeError)  # torch's words over the system's
        reason = " ".join(str((hidden and error.__context__) or error).split())
        raise CheckpointError(f"{path}: {told} ({reason[:200]})") from None
    finally:
        partial.unlink(missing_ok=True)


def check_whole(path: str | os.PathLike) -> None:
    """Refuse a file that is not, to its last byte, what ``torch.save`` once wrote.

    ``torch.save`` writes a zip archive, with a checksum for each of its members.

    Raises:
        CheckpointError: if there is no such file, if it was cut short or changed, or
            is no archive.

    Example:
        from tempfile import mkdtemp
        path = f"{mkdtemp()}/run.pt"
        torch.save({"epoch": 3}, path)
        assert check_whole(path) is None

    Source: ``zipfile``'s documentation. Taught in notebook 06-2.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file")
    size = f"{path.stat().st_size:,} bytes"
    problem = f"not what torch.save writes, or cut short ({size})"
    with suppress(Exception), ZipFile(path) as archive:  # it may raise any
        bad = archive.testzip()
        problem = bad and f"damaged; {bad} is not what was written"
    if problem:
        raise CheckpointError(f"{path}: {problem}")


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
        from tempfile import mkdtemp
        path = f"{mkdtemp()}/run.pt"
        torch.save({"version": 1, "epoch": 3}, path)
        assert load_checkpoint(path)["epoch"] == 3

    Source: ``torch.load``'s documentation, ``weights_only``. Taught in notebook 06-2.
    """
    check_whole(path)
    try:
        state = torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # a foreign archive can raise nearly anything
        hidden = isinstance(error, UnpicklingError)
        reason = " ".join(str((hidden and error.__context__) or error).split())
        told = f"not tensors and numbers alone ({reason[:200]})"
        raise CheckpointError(f"{path}: {told}") from None
    version = state.get("version") if isinstance(state, dict) else None
    if type(version) is not int:
        raise CheckpointError(f"{path}: no version; bare weights: torch.load")
    if version > 1:
        raise CheckpointError(f"{path}: version {version}, newer than this code")
    return state


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
    own = {name: tuple(w.shape) for name, w in model.state_dict().items()}
    pairs = [(n, tuple(weights[n].shape), own[n]) for n in own if n in weights]
    problems = {
        "missing": [name for name in own if name not in weights],
        "unexpected": [name for name in weights if name not in own],
        "of another shape": [f"{n} {a} for {b}" for n, a, b in pairs if a != b],
    }
    told = [
        f"{len(some)} {what} ({', '.join(some[:3])}{', …' * (len(some) > 3)})"
        for what, some in problems.items()
        if some
    ]
    if told:
        what = f"the weights are not those of this {type(model).__name__}"
        raise CheckpointError(f"{what}: {'; '.join(told)}")
    model.load_state_dict(weights)


def random_state() -> dict:
    """Give the state of every global random generator: torch's, numpy's, Python's.

    Example:
        state = random_state()
        first = torch.rand(1)
        torch.set_rng_state(state["torch"])
        assert torch.rand(1) == first

    Source: "Reproducibility" in PyTorch's notes. Taught in notebook 06-2.
    """
    state = {"torch": torch.get_rng_state(), "cuda": [], "numpy": None}
    state["python"] = random.getstate()
    if torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state_all()
    if "numpy" in sys.modules:  # not imported, it has drawn nothing
        kind, keys, *rest = sys.modules["numpy"].random.get_state()
        state["numpy"] = (kind, keys.tolist(), *rest)
    return state


def set_random_state(state: dict) -> None:
    """Put back what `random_state` gave.

    Example:
        state = {"torch": torch.get_rng_state(), "cuda": [], "numpy": None}
        first = torch.rand(1)
        set_random_state({**state, "python": random.getstate()})
        assert torch.rand(1) == first

    Source: "Reproducibility" in PyTorch's notes. Taught in notebook 06-2.
    """
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([one.cpu() for one in state["cuda"]])
    random.setstate(state["python"])
    if state["numpy"] is not None:
        import_module("numpy").random.set_state(state["numpy"])
