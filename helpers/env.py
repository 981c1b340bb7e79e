"""Seeds, devices and clocks: what a notebook needs before its first idea."""

import os
import platform
import random
import sys
import time
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import torch

__all__ = [
    "set_seed",
    "pick_device",
    "synchronize",
    "Stopwatch",
    "report",
    "is_watched",
]


def set_seed(seed: int) -> None:
    """Seed Python's, NumPy's and torch's generators, the GPU's included.

    The same seed gives the same numbers on the same machine with the same versions;
    for that, CUDA's convolutions are restricted to those that add in a fixed order.
    Some other GPU kernels still do not, and another machine may round differently.

    Args:
        seed: 0 to 2**32 - 1, the range NumPy accepts.

    Raises:
        ValueError: if ``seed`` is outside that range.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must be 0 to 2**32 - 1, got {seed}")
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (libraries still read the global generator)
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def pick_device(name: str | None = None) -> torch.device:
    """Return the device to compute on: ``name``, ``$BOOK_DEVICE``, CUDA, or the CPU.

    Apple's ``mps`` is used only when asked for: it has no float64, which the book
    needs wherever a gradient is checked.

    Raises:
        ValueError: if the device asked for is unknown or not in this machine.
    """
    wanted = name or os.environ.get("BOOK_DEVICE")
    if not wanted:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    found = ["cpu"]
    found += [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    found += ["mps"] if torch.backends.mps.is_available() else []
    try:
        device = torch.device(wanted)
    except RuntimeError:
        device = None
    full = "cuda:0" if wanted == "cuda" else wanted
    if device is None or full not in found:
        raise ValueError(f"device {wanted!r} is not here; this machine has {found}")
    return device


def synchronize(device: torch.device | None) -> None:
    """Wait until ``device`` has finished its queue; a CPU has none."""
    kind = "cpu" if device is None else torch.device(device).type
    if kind == "cuda":
        torch.cuda.synchronize(device)
    elif kind == "mps":
        torch.mps.synchronize()


class Stopwatch:
    """Time a ``with`` block, the work still queued on ``device`` included.

    >>> with Stopwatch(device) as watch:
    ...     model(images)
    >>> watch.seconds
    """

    def __init__(self, device: torch.device | None = None) -> None:
        self.device = device
        self.seconds = float("nan")

    def __enter__(self) -> "Stopwatch":
        synchronize(self.device)
        self._start = time.perf_counter()
        return self

    def __exit__(self, *exception: object) -> None:
        synchronize(self.device)
        self.seconds = time.perf_counter() - self._start


def report() -> str:
    """Describe this environment in a few lines, fit for a question to others.

    A machine without a GPU is a normal answer, not a failure; the last line is the
    real test: a product computed on the device that the notebooks would pick.
    """

    def installed(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "not installed"

    device = pick_device()
    if torch.cuda.is_available():
        gpu = f"CUDA {torch.version.cuda}, {torch.cuda.get_device_name()}"
    elif torch.backends.mps.is_available():
        gpu = "Apple GPU (set BOOK_DEVICE=mps to use it)"
    else:
        gpu = "none: everything runs on the CPU"
    ones = torch.ones(64, 64, device=device)
    works = bool(((ones @ ones) == 64).all())
    return "\n".join(
        [
            f"Python       {platform.python_version()} on {platform.system()}",
            *(
                f"{package:<12} {installed(package)}"
                for package in ("torch", "torchvision", "numpy", "matplotlib")
            ),
            f"CPU threads  {torch.get_num_threads()}",
            f"GPU          {gpu}",
            f"device       {device}: {'computes' if works else 'gives wrong numbers'}",
        ]
    )


def is_watched() -> bool:
    """Tell whether a person is there to see a progress bar.

    False when a notebook is executed for the record (``$BOOK_RUN`` is set) or when
    the output goes to a file.
    """
    if os.environ.get("BOOK_RUN"):
        return False
    return "ipykernel" in sys.modules or sys.stderr.isatty()
