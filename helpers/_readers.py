"""Readers of the three layouts that `helpers.data.load` knows, all into numpy arrays.

Every reader returns ``(images, labels)``: uint8 ``(N, C, H, W)`` and int64 ``(N,)``,
and raises `DataError` with the file, what was found, and what would be right.
"""

import contextlib
import gzip
import os
import pickle
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from helpers.env import is_watched

CIFAR_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer",
    "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
_PICTURES = (".jpg", ".jpeg", ".png")


class DataError(ValueError):
    """A data set that is missing or damaged, or an argument that does not fit it."""

    __module__ = "helpers.data"


def stratified(labels: np.ndarray, count: int) -> np.ndarray:
    """Mark ``count`` of the labels, each class in proportion, evenly spread in order.

    No random numbers, so the choice is the same with every version of numpy.
    """
    total = np.bincount(labels)
    take, rest = np.divmod(total * count, len(labels))
    take[np.argsort(-rest, kind="stable")[: count - take.sum()]] += 1
    chosen = np.zeros(len(labels), bool)
    for label, k in enumerate(take):
        places = np.flatnonzero(labels == label)
        chosen[places[(2 * np.arange(k) + 1) * len(places) // (2 * max(k, 1))]] = True
    return chosen


def read_idx(path: Path, ndim: int) -> np.ndarray:
    """Read one idx file of unsigned bytes with ``ndim`` axes; ``path.gz`` will do too.

    Raises:
        DataError: if neither file exists, or the bytes do not fit their own header.

    Source: the format's description at https://yann.lecun.com/exdb/mnist/ (archived).
    """
    if path.is_file():
        raw = np.fromfile(path, np.uint8)
    elif (path := path.with_name(path.name + ".gz")).is_file():
        try:
            raw = np.frombuffer(bytearray(gzip.decompress(path.read_bytes())), np.uint8)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{path}: no whole gzip file ({error})") from None
    else:
        raise DataError(f"{path.with_suffix('')}: no such file, nor {path.name}")
    header = 4 + 4 * ndim
    if len(raw) < header:
        raise DataError(f"{path}: {len(raw)} bytes; the header alone is {header}")
    magic, right = raw[:4].tobytes(), bytes([0, 0, 8, ndim])
    if magic != right:
        raise DataError(
            f"{path}: begins with {magic.hex(' ')}; "
            f"an idx file of bytes with {ndim} axes begins with {right.hex(' ')}"
        )
    shape = tuple(raw[4:header].view(">i4").tolist())
    if min(shape) < 1 or len(raw) - header != np.prod(shape, dtype=object):
        raise DataError(
            f"{path}: {len(raw) - header} bytes of data; "
            f"its header says {' × '.join(map(str, shape))}"
        )
    return raw[header:].reshape(shape)


def read_mnist(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Read ``part`` ("train" or "t10k") of MNIST from its folder of idx files."""
    path = folder / f"{part}-images-idx3-ubyte"
    images = read_idx(path, 3)
    if images.shape[1:] != (28, 28):
        raise DataError(f"{path}: pictures of {images.shape[1:]}; MNIST's are (28, 28)")
    labels = read_idx(folder / f"{part}-labels-idx1-ubyte", 1)
    return images[:, None], _checked(labels, len(images), path)


def _checked(labels: object, count: int, path: Path) -> np.ndarray:
    """Give labels as int64; DataError unless they are ``count`` of 0..9."""
    labels = np.asarray(labels)
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise DataError(
            f"{path}: {count} images, but labels of shape {labels.shape}; "
            "each image needs one"
        )
    if labels.min() < 0 or labels.max() > 9:
        worst = labels.max() if labels.max() > 9 else labels.min()
        raise DataError(f"{path}: a label is {worst}; the classes are 0 to 9")
    return labels.astype(np.int64)


class _OnlyArrays(pickle.Unpickler):
    """An unpickler that builds numpy arrays and nothing else: it runs no code."""

    def find_class(self, module: str, name: str) -> object:
        known = {
            "_reconstruct": np.empty(0).__reduce__()[0],
            "ndarray": np.ndarray,
            "dtype": np.dtype,
        }
        if module.split(".")[0] == "numpy" and name in known:
            return known[name]
        raise pickle.UnpicklingError(f"asks for {module}.{name}, which is no array")


def read_batches(folder: Path, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read CIFAR-10's Python batches ``names``: dicts of "data" and "labels".

    Source: https://www.cs.toronto.edu/~kriz/cifar.html, the "python version".
    """
    images, labels = [], []
    for path in (folder / name for name in names):
        if not path.is_file():
            raise DataError(f"{path}: no such file; CIFAR-10 has {', '.join(names)}")
        try:
            with path.open("rb") as file:
                batch = _OnlyArrays(file, encoding="latin1").load()
            data = np.asarray(batch["data"])
            found = batch["labels"]
        except Exception as error:  # a damaged pickle can raise nearly anything
            raise DataError(f"{path}: no CIFAR-10 batch ({error})") from None
        if data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != 3072:
            raise DataError(
                f"{path}: data is {data.dtype} {data.shape}; it should be uint8 "
                "(N, 3072)"
            )
        images.append(data.reshape(-1, 3, 32, 32))
        labels.append(_checked(found, len(data), path))
    return np.concatenate(images), np.concatenate(labels)


def read_tree(folder: Path, cache: Path) -> dict[str, np.ndarray]:
    """Read ``folder/{train,test}/<class>/*.jpg``, 32×32 pictures of CIFAR-10's classes.

    Within a part the pictures go round the classes in turn, each class in the order
    of its file names. Decoding 60,000 files takes a while, so the arrays are kept as
    ``cache`` and used while count, sizes and dates of the files stay as they are.

    Returns:
        "train_images", "train_labels", "test_images", "test_labels".
    """
    files = {part: _listed(folder / part) for part in ("train", "test")}
    stats = [entry.stat() for part in files.values() for _, _, entry in part]
    stamp = np.array([len(files["train"]), len(files["test"]),
                      sum(stat.st_size for stat in stats),
                      max(stat.st_mtime_ns for stat in stats)])  # fmt: skip
    try:
        with np.load(cache, allow_pickle=False) as kept:
            if np.array_equal(kept["stamp"], stamp):
                return {name: kept[name] for name in kept.files if name != "stamp"}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        pass  # none yet, or a damaged one: decode again
    arrays = {}
    for part, listed in files.items():
        arrays[f"{part}_images"] = _decoded(listed)
        arrays[f"{part}_labels"] = np.array([label for _, label, _ in listed])
    _keep(cache, {**arrays, "stamp": stamp})
    return arrays


def _listed(folder: Path) -> list[tuple[int, int, os.DirEntry]]:
    """List (rank within its class, label, file) of one part, in order."""
    listed = []
    for label, name in enumerate(CIFAR_CLASSES):
        if not (folder / name).is_dir():
            raise DataError(f"{folder / name}: no such folder; each class has its own")
        with os.scandir(folder / name) as entries:
            pictures = [e for e in entries if e.name.lower().endswith(_PICTURES)]
        if not pictures:
            raise DataError(f"{folder / name}: no .jpg or .png picture in it")
        pictures.sort(key=lambda entry: entry.name)
        listed += [(rank, label, entry) for rank, entry in enumerate(pictures)]
    return sorted(listed, key=lambda item: item[:2])


def _decoded(listed: list[tuple[int, int, os.DirEntry]]) -> np.ndarray:
    """Decode the listed files into one array (N, 3, 32, 32)."""
    images = np.empty((len(listed), 3, 32, 32), np.uint8)
    bar = tqdm(listed, "decoding pictures", disable=not is_watched(), leave=False)
    for image, (_, _, entry) in zip(images, bar, strict=True):
        try:
            with Image.open(entry.path) as picture:
                pixels = np.asarray(picture.convert("RGB"))
        except (OSError, SyntaxError, ValueError) as error:
            raise DataError(f"{entry.path}: no whole picture ({error})") from None
        if pixels.shape != (32, 32, 3):
            height, width, _ = pixels.shape
            raise DataError(f"{entry.path}: {width}×{height} pixels; should be 32×32")
        image[:] = pixels.transpose(2, 0, 1)
    return images


def _keep(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an npz file whole or not at all; without room or rights, do nothing."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("wb") as file:
                np.savez(file, **arrays)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
