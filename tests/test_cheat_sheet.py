"""The code of the cheat sheet runs as it stands, and does what its table says."""

import re

import contract
import torch
import torchvision.models
from torch import nn

from helpers import finetuning

PAGE = contract.ROOT / "book" / "cheat-sheet.md"


def test_its_code_moves_the_last_block_and_the_head_and_nothing_else():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    scope = {"torch": torch, "nn": nn, "classes": ["cat", "dog", "rabbit"]}
    scope |= {name: getattr(finetuning, name) for name in finetuning.__all__}
    scope["ResNet50_Weights"] = torchvision.models.ResNet50_Weights
    # As if downloaded: the same network, with random weights.
    scope["resnet50"] = lambda *, weights: torchvision.models.resnet50(weights=None)
    exec(code, scope)

    model, optimizer = scope["model"].train(), scope["optimizer"]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    pictures = scope["prepare"](torch.randint(256, (2, 3, 40, 40)).byte())
    assert model(pictures).shape == (2, 3)
    nn.functional.cross_entropy(model(pictures), torch.tensor([0, 2])).backward()
    optimizer.step()
    after = model.state_dict()
    moved = {name for name in after if not torch.equal(after[name], before[name])}
    convolutions = {n for n in after if re.match(r"layer4.*(conv\d|downsample\.0)", n)}
    assert moved == {"fc.weight", "fc.bias"} | convolutions
    assert [group["lr"] for group in optimizer.param_groups] == [0.0003, 0.001]
