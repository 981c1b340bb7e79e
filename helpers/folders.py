"""Pictures in folders: written, checked, read, and dealt out in batches.

A data set is a folder with one folder a class, ``root/<class>/<picture>``. Names that
begin with a dot are passed over: programs leave such files behind, and no person does.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, RandomSampler

__all__ = [
    "as_rgb",
    "read_picture",
    "PictureFolder",
    "Fault",
    "find_faults",
    "write_pictures",
    "make_loaders",
]


def as_rgb(picture: Image.Image) -> Image.Image:
    """Turn a picture of any usual mode into 8-bit RGB, by written rules.

    The turn that a camera noted is made. Greys of 16 bits are divided by 257, where
    Pillow alone would cut everything above 255 off. Transparent pixels show white.
    CMYK, palettes, greys and black-and-white go by Pillow's own conversion, without
    colour profiles; of an animation it is the frame at hand, the first one if the file
    was just opened.

    Args:
        picture: width W and height H, of any mode but "I", "F" and "LAB", whose range
            or meaning the file does not tell.

    Returns:
        mode "RGB", W by H, or H by W where it was turned.

    Raises:
        ValueError: if there is no rule for the picture's mode.

    Example:
        grey = Image.new("I;16", (2, 2), 256 * 100)
        assert as_rgb(grey).getpixel((0, 0)) == (100, 100, 100)

    Source: Pillow's *Concepts*, section "Modes". Taught in notebook 04-1.
    """
    if picture.mode in ("I", "F", "LAB"):
        raise ValueError(f"picture has mode {picture.mode!r}, whose range is unknown")
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I;16"):
        picture = picture.convert("I").point(lambda value: value * (1 / 257) + 0.5)
        return picture.convert("L").convert("RGB")
    if picture.has_transparency_data:
        seen = picture.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        picture = Image.alpha_composite(white, seen)
    return picture.convert("RGB")


def read_picture(
    path: str | Path, *, min_side: int = 1, max_pixels: int = 80_000_000
) -> tuple[Image.Image | None, str]:
    """Read one picture as 8-bit RGB, or say in a few words why not.

    What a file is called does not matter, only what is in it. The size is read before
    the pixels, so that a small file that would fill the memory is not decoded. A JPEG
    with a few wrong bytes may still decode: nothing in it can tell.

    Args:
        path: the file.
        min_side: shortest side allowed, in pixels.
        max_pixels: most pixels allowed, W times H.

    Returns:
        ``(picture, "")``, with a picture of mode "RGB", or ``(None, problem)``.

    Example:
        problem = "no picture Pillow knows"
        assert read_picture(__file__) == (None, problem)  # a program

    Taught in notebook 04-1.
    """
    problem = "cannot be opened"
    bombs = Image.DecompressionBombError, Image.DecompressionBombWarning
    with suppress(Exception), open(path, "rb") as file:  # damage raises anything
        problem = "no picture Pillow knows" if file.read(1) else "empty file"
        with suppress(*bombs), Image.open(file) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                return None, f"{width} × {height}: over {max_pixels:,} pixels"
            if min(width, height) < min_side:
                return None, f"{width} × {height}: a side under {min_side}"
            problem = "cut short or damaged"
            picture.load()
            problem = f"no rule for mode {picture.mode}"
            return as_rgb(picture), ""
        problem = f"far over {max_pixels:,} pixels"
    return None, problem


class PictureFolder(Dataset):
    """A data set of pictures in folders, one a class, sorted by class, then name.

    The files are ``root/<class>/<name>`` with a picture's suffix, in any case.

    An item is ``(image, label)``: a uint8 tensor ``(3, H, W)`` in 0..255, or what
    ``transform`` makes of the picture, and the label as an int. The file is read each
    time that its item is asked for, by `read_picture`.

    Args:
        root: the folder of the classes' folders.
        transform: given the picture (PIL, mode "RGB"), returns what the item shall be.

    Attributes:
        classes: the names of the folders; label k is ``classes[k]``.
        paths: the file of each item.
        labels: int64 (N,).

    Raises:
        ValueError: if a class has no picture, or there is no class; for an item, if its
            file cannot be used (`find_faults` finds all of these beforehand).

    Example:
        from tempfile import mkdtemp
        cat = mkdtemp(dir=mkdtemp())
        Image.new("L", (6, 4)).save(f"{cat}/00000.png")
        assert PictureFolder(Path(cat).parent)[0][0].shape == (3, 4, 6)

    Taught in notebook 04-1.
    """

    SUFFIXES = ("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp")

    def __init__(
        self,
        root: str | Path,
        *,
        transform: Callable[[Image.Image], Any] | None = None,
    ) -> None:
        folders = sorted(p for p in Path(root).glob("[!.]*") if p.is_dir())
        self.classes = tuple(folder.name for folder in folders)
        self.paths, labels = [], []
        for label, folder in enumerate(folders):
            files = sorted(folder.glob("[!.]*"))
            found = [p for p in files if p.suffix.lower()[1:] in self.SUFFIXES]
            if not found:
                raise ValueError(f"{folder}: no picture in this class's folder")
            self.paths += found
            labels += [label] * len(found)
        if not folders:
            raise ValueError(f"{root}: no folder in it; each class needs one")
        self.labels = torch.tensor(labels)
        self.transform = transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        picture, problem = read_picture(self.paths[index])
        if picture is None:
            raise ValueError(f"{self.paths[index]}: {problem}; see find_faults")
        label = int(self.labels[index])
        if self.transform is not None:
            return self.transform(picture), label
        flat = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)
        image = flat.view(picture.height, picture.width, 3).permute(2, 0, 1)
        return image.contiguous(), label


@dataclass(frozen=True)
class Fault:
    """A file that a picture folder cannot use or does not read, and why.

    Example:
        fault = Fault(Path("cat/00000.jpg"), "empty file")
        assert fault.problem == "empty file"

    Taught in notebook 04-1.
    """

    path: Path
    problem: str


def find_faults(
    root: str | Path, *, min_side: int = 1, max_pixels: int = 80_000_000
) -> list[Fault]:
    """Find every file that a picture folder would not serve, before training.

    Each picture is decoded once, to its last pixel, and none stops the search. With the
    limits as they are, a `PictureFolder` refuses exactly the pictures found here, and
    never looks at the other files found here: those of another name, in no class's
    folder, or in a folder too deep.

    Args:
        root: the folder of the classes' folders.
        min_side: shortest side allowed, in pixels.
        max_pixels: most pixels allowed, W times H.

    Returns:
        one `Fault` a file, sorted by path.

    Raises:
        ValueError: if ``root`` is no folder.

    Example:
        from tempfile import TemporaryDirectory
        with TemporaryDirectory() as root, open(f"{root}/notes.txt", "w"):
            [fault] = find_faults(root)
        assert fault.path.name == "notes.txt"

    Taught in notebook 04-1.
    """
    limits = {"min_side": min_side, "max_pixels": max_pixels}
    root, faults = Path(root), []
    if not root.is_dir():
        raise ValueError(f"root must be a folder, got {str(root)!r}")
    for file in sorted([*root.glob("[!.]*"), *root.glob("[!.]*/[!.]*")]):
        if file.is_dir():
            problem = "too deep: never read" if file.parent != root else ""
        elif file.parent == root:
            problem = "in no class's folder: never read"
        elif file.suffix.lower()[1:] not in PictureFolder.SUFFIXES:
            problem = "not named like a picture: never read"
        else:
            _, problem = read_picture(file, **limits)
        if problem:
            faults.append(Fault(file, problem))
    return faults


def write_pictures(
    root: str | Path,
    images: Tensor,
    labels: Tensor,
    classes: Sequence[str],
    *,
    suffix: str = ".png",
) -> list[Path]:
    """Write pictures as files in folders, one a class, numbered in each.

    The files are ``root/<class>/00000.png``, ``00001.png`` and so on.

    Args:
        root: a folder, made if need be; files of the same names are replaced.
        images: uint8 (N, C, H, W), C = 1 (grey) or 3.
        labels: int64 (N,), each from 0 to ``len(classes) - 1``.
        classes: names of the folders.
        suffix: the format. ".png" keeps every pixel; ".jpg" does not.

    Returns:
        the path of each picture, in the order of ``images``.

    Raises:
        ValueError: if an argument does not fit.

    Example:
        from tempfile import mkdtemp
        images = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
        paths = write_pictures(mkdtemp(), images, torch.tensor([0, 0]), ["cat"])
        assert [path.name for path in paths] == ["00000.png", "00001.png"]

    Taught in notebook 04-1.
    """
    fits = images.ndim == 4 and images.shape[1] in (1, 3)
    if images.dtype != torch.uint8 or not fits:
        found = f"{images.dtype} {tuple(images.shape)}"
        raise ValueError(f"images must be uint8 (N, 1 or 3, H, W), got {found}")
    known = range(len(classes))
    if len(labels) != len(images) or not set(labels.tolist()) <= set(known):
        raise ValueError(f"labels must be N in {known}, got {labels}")
    paths, counts = [], [0] * len(classes)
    for image, label in zip(images.cpu(), labels.tolist(), strict=True):
        folder = Path(root) / classes[label]
        folder.mkdir(parents=True, exist_ok=True)
        paths.append(folder / f"{counts[label]:05}{suffix}")
        counts[label] += 1
        pixels = image.permute(1, 2, 0).squeeze(-1).contiguous().numpy()
        Image.fromarray(pixels).save(paths[-1])
    return paths


def make_loaders(
    train: Dataset,
    valid: Dataset,
    test: Dataset,
    batch_size: int,
    *,
    generator: torch.Generator | None = None,
    workers: int = 0,
) -> tuple[DataLoader, DataLoader, DataLoader]:
    """Make the three loaders of a project at once, each with random numbers of its own.

    The training part is shuffled anew every epoch, the others keep their order. The
    order depends on ``generator`` alone: not on ``workers``, nor on how often the other
    loaders are gone through. Workers' own random numbers (torch's, ``random``'s,
    NumPy's global one) are seeded from ``generator`` too.

    Args:
        train, valid, test: anything with a length and items.
        batch_size: items in a batch, at least 1; the last batch may be smaller.
        generator: where all seeds come from; None for torch's global one.
        workers: processes that load; 0 loads in this one. They stay between epochs.

    Returns:
        the loaders of train, valid and test.

    Raises:
        ValueError: if ``batch_size`` or ``workers`` does not fit, or ``train`` is
            empty.

    Example:
        loaders = make_loaders(range(10), range(4), range(4), 4)
        assert [len(loader) for loader in loaders] == [3, 1, 1]

    Taught in notebook 04-1.
    """
    if type(batch_size) is not int or batch_size < 1:
        raise ValueError(f"batch_size must be an int >= 1, got {batch_size!r}")
    seeds = torch.randint(2**62, (4,), generator=generator).tolist()
    order, *own = [torch.Generator().manual_seed(seed) for seed in seeds]
    samplers = RandomSampler(train, generator=order), None, None
    how = {
        "num_workers": workers,
        "persistent_workers": workers > 0,
        "pin_memory": torch.cuda.is_available(),
    }
    loaders = []
    for part, sampler in zip((train, valid, test), samplers, strict=True):
        how["sampler"], how["generator"] = sampler, own[len(loaders)]
        loaders.append(DataLoader(part, batch_size, **how))
    return tuple(loaders)
