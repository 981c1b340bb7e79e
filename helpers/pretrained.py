"""Two small networks that this book trained, to fine-tune from.

The weights stand in ``helpers/weights``; ``tools/pretrain.py`` trained them, and says
how to train them again.
"""

import json
from hashlib import sha256
from pathlib import Path

from safetensors.torch import load

from helpers.checkpoints import load_weights
from helpers.models import PictureNet

__all__ = ["about_backbone", "load_backbone"]

_FOLDER = Path(__file__).parent / "weights"
_SHA256 = {
    "cifar10": "6bfc4c9c5b72d0b23e38f18795343d1aad96a6d784523a673ccb5fb434780c2b",
    "stand-in": "ba0c56a4b6dc3528336f48e127ebaa332dc42ff201694c13b9b86119a41564f7",
}


def _read(name: str) -> bytes:
    if name not in _SHA256:
        raise ValueError(f"name is {name!r}; the backbones are {', '.join(_SHA256)}")
    path = _FOLDER / f"{name}.safetensors"
    if not path.is_file():
        raise ValueError(f"{path}: no such file; it comes with the package")
    content = path.read_bytes()
    if sha256(content).hexdigest() != _SHA256[name]:
        raise ValueError(f"{path}: not the file it should be; fetch it again")
    return content


def about_backbone(name: str) -> dict[str, str]:
    """What a backbone is and how it was trained, as its file says.

    Args:
        name: "cifar10" or "stand-in", the data it was trained on.

    Returns:
        model, classes (eight names, in the order of its logits), data, mean and std of
        the colours that its pictures were normalised with, recipe (as JSON),
        test_accuracy, licence.

    Raises:
        ValueError: if there is no such backbone, or its file is missing or damaged.
    """
    content = _read(name)
    length = int.from_bytes(content[:8], "little")  # of the header, which is JSON
    header = json.loads(content[8 : 8 + length])
    return json.loads(header["__metadata__"]["about"])


def load_backbone(name: str) -> PictureNet:
    """Build the network that learned CIFAR-10's eight classes beside cats and dogs.

    Input ``(N, 3, H, W)``, normalised as `about_backbone` says; output logits
    ``(N, 8)``. It is on the CPU and in training mode, as a new network is.

    Args:
        name: "cifar10", trained on the real pictures, or "stand-in", on the drawn ones.

    Raises:
        ValueError: if there is no such backbone, or its file is missing or damaged.
    """
    content = _read(name)
    recipe = json.loads(about_backbone(name)["recipe"])
    model = PictureNet(8, width=recipe["width"])
    load_weights(model, load(content))
    return model
