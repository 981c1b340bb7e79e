"""The recipe that notebook 06-1 ends with is the one that ``make bench`` measures."""

import contract
import pytest
import torch

from helpers import data
from helpers.training import fit
from tools import bench

NOTEBOOK = contract.ROOT / "notebooks" / "06-1-speed.ipynb"


@pytest.fixture(scope="module")
def recipe():
    """The notebook's function, with nothing around it but imports and a device."""
    page = contract.load_page(NOTEBOOK)
    scope = {"device": torch.device("cpu")}
    for cell_id in ("imports", "recipe"):
        exec(page.cell(cell_id).source, scope)
    return scope["recipe"]


@pytest.fixture(scope="module")
def digits():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(960, 1, 28, 28, generator=generator)
    return images, torch.randint(10, (960,), generator=generator)


def described(model, batches, loss, optimizer, schedule):
    """What decides a training, as far as it can be compared."""
    group = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
    return {
        "model": str(model),
        "layout": model.features[3].weight.is_contiguous(
            memory_format=torch.channels_last
        ),
        "weights": [w.sum().item() for w in model.parameters()],
        "batches": (batches.batch_size, batches.shuffle, len(batches)),
        "order": batches.generator.initial_seed(),
        "loss": (type(loss), loss.label_smoothing, loss.reduction),
        "optimizer": (type(optimizer), optimizer.defaults, group),
        "schedule": {k: v for k, v in schedule.state_dict().items() if not callable(v)},
        "scheduler": type(schedule),
    }


@pytest.mark.parametrize("num_epochs", [1, 2])
def test_the_same_recipe(recipe, digits, num_epochs):
    ours = recipe(*digits, num_epochs)
    assert ours.pop("num_epochs") == num_epochs
    plan = bench.recipe(digits, num_epochs)
    theirs = described(
        plan.model, plan.batches, bench.LOSS, plan.optimizer, plan.schedule
    )
    assert described(**ours) == theirs


def test_the_same_training(recipe, digits):
    ours = recipe(*digits, 2)
    history = fit(**ours)
    plan = bench.recipe(digits, 2)
    theirs = fit(
        plan.model,
        plan.batches,
        loss=bench.LOSS,
        optimizer=plan.optimizer,
        num_epochs=2,
        schedule=plan.schedule,
    )
    assert history.rates == theirs.rates
    assert history.train_loss == pytest.approx(theirs.train_loss, rel=1e-4)


def test_the_same_pictures():
    part = data.load("mnist").valid
    page = contract.load_page(NOTEBOOK)
    node = contract.definition(page.cell("pictures").source, "prepared")
    scope = {"device": torch.device("cpu"), "torch": torch}
    exec(compile(contract.ast.unparse(node), "prepared", "exec"), scope)
    images, labels = scope["prepared"](part)
    expected = bench.normalised(part)
    torch.testing.assert_close(images, expected[0])
    assert torch.equal(labels, expected[1])


def test_the_same_classic_network():
    page = contract.load_page(NOTEBOOK)
    source = (contract.ROOT / "tools" / "bench.py").read_text("utf-8")
    ours = contract.definition(page.cell("classic").source, "Classic")
    theirs = contract.definition(source, "Classic")
    assert contract.bare(ours) == contract.bare(theirs)
