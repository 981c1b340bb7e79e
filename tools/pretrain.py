"""Train the two small backbones that the chapter on fine-tuning starts from.

    python -m tools.pretrain cifar10      # about half an hour on one CPU core
    python -m tools.pretrain stand-in

Each is a `helpers.models.PictureNet` that learns the eight classes beside cats and
dogs, and is written with its recipe to ``helpers/weights/NAME.safetensors``. The
program prints the file's SHA-256, which belongs into `helpers.pretrained`. On one
machine, with one thread (``OMP_NUM_THREADS=1``), the same file comes out every time.

The recipe was chosen once and not tuned; the test part is looked at once, at the end.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from helpers import data
from helpers.augmentation import RandomCropFlip
from helpers.data import Batches, Part, Splits
from helpers.env import set_seed
from helpers.models import PictureNet
from helpers.training import evaluate, fit

WEIGHTS = Path(__file__).parent.parent / "helpers" / "weights"
MEAN, STD = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)  # of CIFAR-10's colours, rounded


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what the weights become, beside the data."""

    width: int = 48
    num_epochs: int = 24
    batch_size: int = 128
    peak_rate: float = 0.01
    weight_decay: float = 0.05
    padding: int = 4
    seed: int = 0


def prepared(part: Part) -> tuple[torch.Tensor, torch.Tensor]:
    """Images as normalised floats (N, 3, 32, 32), and labels."""
    mean, std = (torch.tensor(numbers).view(3, 1, 1) for numbers in (MEAN, STD))
    return (part.images.float() / 255 - mean) / std, part.labels


def train(splits: Splits, recipe: Recipe) -> tuple[nn.Module, float]:
    """Train on ``splits.train``; the network, in evaluation mode, and its accuracy."""
    set_seed(recipe.seed)
    model = PictureNet(len(splits.classes), width=recipe.width)
    generator = torch.Generator().manual_seed(recipe.seed)
    batches = Batches(
        *prepared(splits.train),
        recipe.batch_size,
        shuffle=True,
        generator=generator,
        transform=RandomCropFlip(recipe.padding, generator=generator),
    )
    optimizer = AdamW(
        model.parameters(), lr=recipe.peak_rate, weight_decay=recipe.weight_decay
    )
    valid = Batches(*prepared(splits.valid), 500)
    fit(
        model,
        batches,
        loss=nn.CrossEntropyLoss(),
        optimizer=optimizer,
        num_epochs=recipe.num_epochs,
        schedule=OneCycleLR(
            optimizer, recipe.peak_rate, recipe.num_epochs * len(batches)
        ),
        valid=valid,
        after_epoch=lambda epoch, history: print(
            epoch, f"{history.train_loss[-1]:.3f}", history.valid[-1], flush=True
        ),
    )
    result = evaluate(model, Batches(*prepared(splits.test), 500))
    return model.eval(), result.accuracy


def packed(
    model: nn.Module, recipe: Recipe, splits: Splits, accuracy: float
) -> tuple[bytes, str]:
    """The file's bytes, and their SHA-256."""
    about = {
        "model": f"helpers.models.PictureNet({len(splits.classes)}, "
        f"width={recipe.width})",
        "classes": " ".join(splits.classes),
        "data": splits.source,
        "mean": " ".join(map(str, MEAN)),
        "std": " ".join(map(str, STD)),
        "recipe": json.dumps(asdict(recipe)),
        "test_accuracy": f"{accuracy:.4f}",
        "licence": "MIT, as the code that trained it; no picture is in it",
    }
    # One entry: safetensors writes several in an order that changes.
    content = save(model.state_dict(), metadata={"about": json.dumps(about)})
    return content, sha256(content).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a backbone of the book.")
    parser.add_argument("name", choices=["cifar10", "stand-in"])
    name = parser.parse_args().name
    whole = data.load("cifar10", root="stand-in" if name == "stand-in" else None)
    if whole.standin != (name == "stand-in"):
        raise SystemExit("no CIFAR-10 here: set BOOK_DATA to a folder that holds it")
    splits = whole.only(*(c for c in whole.classes if c not in ("cat", "dog")))
    recipe = Recipe()
    model, accuracy = train(splits, recipe)
    content, digest = packed(model, recipe, splits, accuracy)
    WEIGHTS.mkdir(exist_ok=True)
    (WEIGHTS / f"{name}.safetensors").write_bytes(content)
    print(f"{name}: test accuracy {accuracy:.2%}, {len(content):,} bytes\n{digest}")


if __name__ == "__main__":
    main()
