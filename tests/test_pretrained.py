"""The small backbones: whole, as described, and better than chance."""

import dataclasses
import json
from hashlib import sha256

import pytest
import torch

from helpers import data, pretrained
from helpers.data import Batches
from helpers.models import PictureNet
from helpers.pretrained import about_backbone, load_backbone
from helpers.training import evaluate
from tools import pretrain

NAMES = ["cifar10", "stand-in"]
EIGHT = "airplane automobile bird deer frog horse ship truck"


@pytest.mark.parametrize("name", NAMES)
def test_what_a_file_says_of_itself(name):
    about = about_backbone(name)
    assert about["classes"] == EIGHT
    assert about["licence"].startswith("MIT")
    assert json.loads(about["recipe"]) == vars(pretrain.Recipe())
    assert about["mean"].split() == [str(x) for x in pretrain.MEAN]
    assert about["std"].split() == [str(x) for x in pretrain.STD]
    assert ("drawn" in about["data"]) == (name == "stand-in")


@pytest.mark.parametrize("name", NAMES)
def test_a_backbone_is_a_new_network_with_these_weights(name):
    model = load_backbone(name)
    assert isinstance(model, PictureNet)
    assert model.training
    assert all(weight.requires_grad for weight in model.parameters())
    assert model(torch.randn(2, 3, 32, 32)).shape == (2, 8)
    assert torch.equal(
        load_backbone(name).state_dict()["features.0.weight"],
        model.state_dict()["features.0.weight"],
    )


def test_the_stand_in_has_the_accuracy_it_states():
    whole = data.load("cifar10", root="stand-in")
    eight = whole.only(*EIGHT.split())
    result = evaluate(
        load_backbone("stand-in"), Batches(*pretrain.prepared(eight.test), 100)
    )
    stated = float(about_backbone("stand-in")["test_accuracy"])
    assert abs(result.accuracy - stated) < 0.01
    assert stated > 0.7


def test_a_damaged_or_missing_file_is_named(monkeypatch, tmp_path):
    content = (pretrained._FOLDER / "cifar10.safetensors").read_bytes()
    monkeypatch.setattr(pretrained, "_FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"cifar10\.safetensors: no such file"):
        load_backbone("cifar10")
    (tmp_path / "cifar10.safetensors").write_bytes(content[:-1])
    with pytest.raises(ValueError, match=r"cifar10\.safetensors: not the file it"):
        load_backbone("cifar10")
    with pytest.raises(ValueError, match="name is 'resnet'; the backbones are"):
        load_backbone("resnet")


def test_the_recipe_makes_the_same_file_twice():
    whole = data.load("cifar10", root="stand-in").only("bird", "frog")
    few = {
        part: data.Part(
            getattr(whole, part).images[:60], getattr(whole, part).labels[:60]
        )
        for part in ("train", "valid", "test")
    }
    splits = dataclasses.replace(whole, **few)
    recipe = pretrain.Recipe(width=4, num_epochs=2, batch_size=20)
    files = []
    for _ in range(2):
        model, accuracy = pretrain.train(splits, recipe)
        files.append(pretrain.packed(model, recipe, splits, accuracy))
    assert files[0] == files[1]
    assert sha256(files[0][0]).hexdigest() == files[0][1]
