"""Named data sets as tensors in memory, and batches of them.

`load` looks in this order: its ``root`` argument, ``$BOOK_DATA``, the user's cache
folder (``$XDG_CACHE_HOME`` or ``~/.cache``, there ``large-models-from-scratch``),
torchvision's download into that cache, and at last an offline stand-in made here.

``BOOK_OFFLINE=1`` skips the download only; ``BOOK_DATA=stand-in`` asks for the
stand-in whatever else there is.
"""

import http.client
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import torch

from helpers._digits import draw_digits
from helpers._pets import draw_pets
from helpers._readers import (
    CIFAR_CLASSES,
    DataError,
    read_batches,
    read_mnist,
    read_tree,
    stratified,
)

__all__ = ["load", "Splits", "Part", "Batches", "DataError"]

Transform = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
_TIMEOUT = 8.0  # seconds without an answer after which the network counts as absent


@dataclass(frozen=True, eq=False, repr=False)
class Part:
    """One part of a data set: ``images`` uint8 (N, C, H, W), ``labels`` int64 (N,)."""

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Part(images {tuple(self.images.shape)}, {len(self)} labels)"


@dataclass(frozen=True, eq=False)
class Splits:
    """A data set in three parts.

    Attributes:
        train, valid, test: the parts; ``valid`` is cut from the original training set.
        classes: the class names; label k is ``classes[k]``.
        source: what the pictures are and how they were read, without any path.
        standin: True if these are not the real data.
    """

    train: Part
    valid: Part
    test: Part
    classes: tuple[str, ...]
    source: str
    standin: bool

    def only(self, *classes: str) -> "Splits":
        """Keep the named classes alone; label k is then ``classes[k]``.

        Raises:
            DataError: for fewer than two names, an unknown one, or one named twice.
        """
        wrong = [name for name in classes if name not in self.classes]
        if wrong or len(set(classes)) < max(2, len(classes)):
            raise DataError(
                f"classes is {classes}; it should be two or more different names of "
                f"{self.classes}"
            )
        parts = []
        for part in (self.train, self.valid, self.test):
            label = torch.full((len(self.classes),), -1)
            label[[self.classes.index(name) for name in classes]] = torch.arange(
                len(classes)
            )
            new = label[part.labels]
            parts.append(Part(part.images[new >= 0], new[new >= 0]))
        return replace(
            self, train=parts[0], valid=parts[1], test=parts[2], classes=classes
        )


def load(name: str, *, root: str | os.PathLike | None = None) -> Splits:
    """Load a data set by name: "mnist" or "cifar10".

    Images are uint8 in 0..255: MNIST (N, 1, 28, 28), CIFAR-10 (N, 3, 32, 32); labels
    int64 in 0..9. The validation part is a fixed tenth of the training set, in which
    every class has its share: MNIST 54,000 / 6,000 / 10,000 images, CIFAR-10
    45,000 / 5,000 / 10,000. The module says where the data are looked for.

    Args:
        root: folder that holds ``MNIST/raw`` (idx files, also ``.gz``), or
            ``cifar-10-batches-py``, or ``cifar10/{train,test}/<class>/*.jpg``;
            "stand-in" for the stand-in.

    Raises:
        DataError: for an unknown name; if ``root`` or ``$BOOK_DATA`` does not exist or
            does not hold the set; if a file in it is damaged.

    Source: LeCun et al. 1998, doi:10.1109/5.726791 (MNIST); Krizhevsky 2009, *Learning
    multiple layers of features from tiny images* (CIFAR-10).
    """
    if name not in _READ:
        raise DataError(f"name is {name!r}; the data sets are {', '.join(_READ)}")
    where, given = "root", root
    if root is None:
        where, given = "BOOK_DATA", os.environ.get("BOOK_DATA") or None
    if given is not None:
        if str(given) == "stand-in":
            return _stand_in(name, "asked for")
        folder = Path(given).expanduser()
        if not folder.is_dir():
            raise DataError(
                f"{where} is {str(given)!r}: no such folder; it should hold "
                f"{_HOLDS[name]}, or be 'stand-in'"
            )
        return _READ[name](folder)
    cache = _cache() / name
    if cache.exists():
        try:
            return _READ[name](cache)
        except DataError as error:
            print(f"cached {name} not used: {error}")
    if os.environ.get("BOOK_OFFLINE", "0") not in ("", "0"):
        return _stand_in(name, "BOOK_OFFLINE is set")
    try:
        return _download(name, cache)
    except (OSError, RuntimeError, DataError, http.client.HTTPException) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return _stand_in(name, f"no download: {lines[-1]}")


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    base = Path(base) if base else Path.home() / ".cache"
    return base / "large-models-from-scratch"


def _read_mnist(root: Path) -> Splits:
    folder = root / "MNIST" / "raw"
    if not folder.is_dir():
        raise DataError(f"{root}: no MNIST in it; it should hold {_HOLDS['mnist']}")
    train, test = read_mnist(folder, "train"), read_mnist(folder, "t10k")
    return _splits(train, test, tuple("0123456789"), "MNIST, idx files")


def _read_cifar10(root: Path) -> Splits:
    if (folder := root / "cifar-10-batches-py").is_dir():
        train = read_batches(folder, [f"data_batch_{k}" for k in range(1, 6)])
        test = read_batches(folder, ["test_batch"])
        return _splits(train, test, CIFAR_CLASSES, "CIFAR-10, Python batches")
    if (folder := root / "cifar10").is_dir():
        key = sha256(str(folder.resolve()).encode()).hexdigest()[:12]
        arrays = read_tree(folder, _cache() / f"decoded-{key}.npz")
        train, test = (
            (arrays[f"{part}_images"], arrays[f"{part}_labels"])
            for part in ("train", "test")
        )
        return _splits(train, test, CIFAR_CLASSES, "CIFAR-10, folders of pictures")
    raise DataError(f"{root}: no CIFAR-10 in it; it should hold {_HOLDS['cifar10']}")


_READ: dict[str, Callable[[Path], Splits]] = {
    "mnist": _read_mnist,
    "cifar10": _read_cifar10,
}
_DIGITS = "scikit-learn's 1,797 handwritten digits of 8×8, enlarged and warped"
_PETS = "11,000 pictures of CIFAR-10's ten classes, drawn by a small program"
_HOLDS = {
    "mnist": "MNIST/raw with the four idx files",
    "cifar10": "cifar-10-batches-py, or cifar10/{train,test}/<class>/*.jpg",
}


def _splits(train: tuple, test: tuple, classes: tuple, source: str) -> Splits:
    """Cut a tenth for validation from ``train`` = (images, labels)."""
    images, labels = train
    valid = stratified(labels, len(labels) // 10)
    arrays = (images[~valid], labels[~valid]), (images[valid], labels[valid]), test
    parts = [Part(*map(torch.from_numpy, pair)) for pair in arrays]
    return Splits(*parts, classes=classes, source=source, standin=False)


def _download(name: str, cache: Path) -> Splits:
    """Fetch into ``<cache>.partial`` with torchvision, read, and rename into place.

    An interrupted download leaves that folder; whole archives in it are used again.
    """
    from torchvision import datasets  # slow to import, and needed here only

    staging = cache.with_name(f"{cache.name}.partial")
    staging.mkdir(parents=True, exist_ok=True)
    for path in staging.rglob("*"):  # unpacked files may be incomplete
        if path.is_file() and path.suffix != ".gz":
            path.unlink()
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT)
    try:
        {"mnist": datasets.MNIST, "cifar10": datasets.CIFAR10}[name](
            staging, download=True
        )
    finally:
        socket.setdefaulttimeout(before)
    splits = _READ[name](staging)
    if cache.exists():
        shutil.rmtree(cache)
    staging.rename(cache)
    for archive in [*cache.glob("*.gz"), *cache.glob("MNIST/raw/*.gz")]:
        archive.unlink()
    return splits


def _stand_in(name: str, reason: str) -> Splits:
    draw, classes, source, get = {
        "mnist": (draw_digits, tuple("0123456789"), _DIGITS, "MNIST/raw"),
        "cifar10": (draw_pets, CIFAR_CLASSES, _PETS, "cifar-10-batches-py"),
    }[name]
    print(
        f"offline stand-in for {name}, not the real data ({reason}): {source}. "
        f"For the real data, load once with network, or set BOOK_DATA to a folder "
        f"that holds {get}."
    )
    parts = [Part(*(torch.from_numpy(a.copy()) for a in pair)) for pair in draw()]
    return Splits(*parts, classes=classes, source=source, standin=True)


class Batches:
    """Batches of tensors that are in memory, for a training loop to go through.

    ``for images, labels in batches`` is one epoch; the last batch may be smaller. With
    ``shuffle`` every epoch draws a new order; without, batches are views. Within an
    epoch ``state_dict`` tells how far it is, and after ``load_state_dict`` the next
    loop goes on from there.

    Args:
        inputs: tensor (N, ...), on any device.
        labels: tensor (N, ...), on the same device.
        batch_size: samples in a batch, at least 1.
        generator: where the order comes from, on the CPU so that it is the same order
            on every device; None for torch's global one.
        transform: given the inputs and labels of every batch as it is drawn, returns
            the pair to use instead; this is where augmentation goes.

    Raises:
        DataError: if the tensors are empty, differ in length or device, or an argument
            does not fit.
    """

    def __init__(
        self,
        inputs: torch.Tensor,
        labels: torch.Tensor,
        batch_size: int,
        *,
        shuffle: bool = False,
        generator: torch.Generator | None = None,
        transform: Transform | None = None,
    ) -> None:
        _check_batches(inputs, labels, batch_size, generator)
        self.inputs = inputs
        self.labels = labels
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.generator = generator
        self.transform = transform
        self._order: torch.Tensor | None = None
        self._given = 0  # batches of this epoch
        self._resumed = False

    def __len__(self) -> int:
        return -(-len(self.inputs) // self.batch_size)

    def state_dict(self) -> dict:
        """Give order, place in it, and generators, for a checkpoint."""
        return {
            "count": len(self.inputs),
            "batch_size": self.batch_size,
            "order": self._order,
            "given": self._given,
            "generators": [one.get_state() for one in self._generators()],
        }

    def load_state_dict(self, state: dict) -> None:
        """Go on in the epoch, and with the generators, that ``state_dict`` gave.

        Raises:
            DataError: if it came from other batches; nothing is changed then.
        """
        own, generators = self.state_dict(), self._generators()
        for key in ("count", "batch_size"):
            if state[key] != own[key]:
                raise DataError(f"the state's {key} is {state[key]}, here {own[key]}")
        if len(state["generators"]) != len(generators):
            raise DataError(
                f"the state has {len(state['generators'])} generators, here "
                f"{len(generators)}; shuffle and transform should be as they were"
            )
        for generator, bits in zip(generators, state["generators"], strict=True):
            generator.set_state(bits.cpu())
        self._order, self._given = state["order"], state["given"]
        self._resumed = state["given"] > 0

    def _generators(self) -> list[torch.Generator]:
        found = [self.generator, getattr(self.transform, "generator", None)]
        return [one for one in found if isinstance(one, torch.Generator)]

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for inputs, labels in self._drawn():
            if self.transform is not None:
                inputs, labels = self.transform(inputs, labels)
            yield inputs, labels

    def _drawn(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        if not self._resumed:
            self._given, self._order = 0, None
            if self.shuffle:
                self._order = torch.randperm(len(self.inputs), generator=self.generator)
        self._resumed = False
        order = self._order
        if order is not None:
            order = order.to(self.inputs.device)
        for start in range(
            self._given * self.batch_size, len(self.inputs), self.batch_size
        ):
            chosen = slice(start, start + self.batch_size)
            self._given += 1
            if order is None:
                yield self.inputs[chosen], self.labels[chosen]
            else:
                yield (
                    self.inputs.index_select(0, order[chosen]),
                    self.labels.index_select(0, order[chosen]),
                )
        self._given, self._order = 0, None


def _check_batches(
    inputs: torch.Tensor,
    labels: torch.Tensor,
    batch_size: int,
    generator: torch.Generator | None,
) -> None:
    if type(batch_size) is not int or batch_size < 1:
        raise DataError(
            f"batch_size is {batch_size!r}; it should be an integer, 1 or more"
        )
    for which, value in (("inputs", inputs), ("labels", labels)):
        if not isinstance(value, torch.Tensor):
            kind = type(value).__name__
            raise DataError(f"{which} is a {kind}; it should be a tensor")
    if inputs.ndim == 0 or len(inputs) == 0:
        raise DataError("inputs is empty; it should have at least one sample")
    if labels.ndim == 0 or len(labels) != len(inputs):
        raise DataError(
            f"inputs has {len(inputs)} samples and labels has shape "
            f"{tuple(labels.shape)}; each sample needs one label"
        )
    if inputs.device != labels.device:
        raise DataError(
            f"inputs is on {inputs.device} and labels on {labels.device}; "
            "they should be on the same device"
        )
    if generator is not None and generator.device.type != "cpu":
        raise DataError(f"generator is on {generator.device}; it should be on the CPU")
