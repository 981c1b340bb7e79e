"""What is frozen stays frozen, whatever is called; rates are those written by hand."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.data import Batches
from helpers.finetuning import freeze, rate_groups, stay_frozen, unfreeze
from helpers.models import PictureNet
from helpers.training import evaluate, fit


class Net(nn.Module):
    """A body with everything that has two modes, and a head that has one too."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(3, 6),
            nn.BatchNorm1d(6),
            nn.Sequential(nn.ReLU(), nn.Dropout(0.5)),
        )
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(6, 2))

    def forward(self, inputs):
        return self.head(self.body(inputs))


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net()


@pytest.fixture
def batches():
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(40, 3, generator=generator) + 3
    return Batches(inputs, (inputs.sum(1) > 9).long(), 8)


def held(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(module, before):
    now = module.state_dict()
    assert list(now) == list(before)
    return all(torch.equal(now[name], before[name]) for name in before)


def modes(module):
    return {part.training for part in module.modules()}


def train(model, batches):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    fit(model, batches, loss=F.cross_entropy, optimizer=optimizer, num_epochs=2)


# --- freeze --------------------------------------------------------------------------


def test_without_it_statistics_move(net, batches):
    """The mistake itself: if this fails, freeze is not needed any more."""
    before = held(net.body)
    net.body.requires_grad_(False)
    train(net, batches)
    assert net.body.state_dict()["1.num_batches_tracked"] == 10
    assert not torch.equal(net.body[1].running_mean, before["1.running_mean"])
    assert torch.equal(net.body[0].weight, before["0.weight"])


def test_nothing_frozen_moves_in_fit(net, batches):
    assert freeze(net.body) is net.body
    body, head = held(net.body), held(net.head)
    inputs = torch.randn(5, 3)
    features = net.body(inputs)
    train(net, batches)
    assert same(net.body, body)
    assert not same(net.head, head)
    assert torch.equal(net.body(inputs), features)


@pytest.mark.parametrize("call", ["train", "eval"])
def test_modes_survive_every_call(net, call):
    freeze(net.body)
    for module in (net, net.body, net.body[2], net.body[1]):
        assert getattr(module, call)() is module
        module.train(True)
        assert modes(net.body) == {False}
    assert net.train().head.training
    assert net.training
    assert not net.eval().head.training
    assert modes(net) == {False}


def test_evaluate_and_fit_leave_it_frozen(net, batches):
    freeze(net.body)
    net.train()
    evaluate(net, batches)
    assert modes(net.body) == {False}
    assert modes(net.head) == {True}


def test_pieces_of_it_are_frozen_wherever_they_are_put(net):
    freeze(net)
    pieces = nn.Sequential(net.body[:2], nn.Dropout(0.1)).train()
    assert modes(pieces[0][0]) == {False}
    assert modes(pieces[0][1]) == {False}
    assert pieces[1].training


def test_a_head_put_in_afterwards_is_free(net):
    freeze(net)
    net.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(6, 5))
    net.train()
    assert modes(net.head) == {True}
    assert modes(net.body) == {False}
    free = [name for name, w in net.named_parameters() if w.requires_grad]
    assert free == ["head.1.weight", "head.1.bias"]
    assert modes(net.eval()) == {False}


def test_names_and_values_stay(net):
    before = held(net)
    freeze(net)
    assert same(net, before)
    unfreeze(net)
    assert same(net, before)
    Net().load_state_dict(freeze(net).state_dict())  # strict


def test_left_over_gradients_are_dropped(net, batches):
    inputs, labels = next(iter(batches))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    F.cross_entropy(net(inputs), labels).backward()
    assert net.body[0].weight.grad is not None
    freeze(net.body)
    before = held(net.body)
    optimizer.step()
    assert same(net.body, before)


def deep(module):
    return copy.deepcopy(module)


def pickled(module):
    return pickle.loads(pickle.dumps(module))


def saved(module):
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize("duplicate", [deep, pickled, saved])
def test_copies_are_frozen_and_independent(net, batches, duplicate):
    freeze(net.body)
    twin = duplicate(net)
    assert same(twin, held(net))
    for part in twin.body.modules():
        assert part.train().training is False
        assert part.train() is part  # not the original
    unfreeze(twin.body)
    twin.train()
    assert modes(twin) == {True}
    net.train()
    assert modes(net.body) == {False}
    before = held(net.body)
    train(twin, batches)
    assert same(net.body, before)
    assert not same(twin.body, before)


# --- unfreeze ------------------------------------------------------------------------


def test_unfreeze_undoes_it(net, batches):
    twin = copy.deepcopy(net)
    freeze(net)
    freeze(net.body)  # twice is once
    assert unfreeze(net) is net
    assert modes(net) == {False}
    assert modes(net.train()) == {True}
    assert all(weights.requires_grad for weights in net.parameters())
    for module in net.modules():
        assert "train" not in vars(module)
    for model in (net, twin):
        torch.manual_seed(3)
        train(model, batches)
    assert same(net, held(twin))


def test_unfreezing_what_is_free_changes_nothing(net):
    before = {name: vars(part).keys() for name, part in net.named_modules()}
    assert modes(unfreeze(net)) == {True}
    assert {name: vars(part).keys() for name, part in net.named_modules()} == before


def test_the_last_word_counts_within(net):
    freeze(net)
    unfreeze(net.body[1])
    net.train()
    assert net.body[1].training
    assert not net.body.training
    assert not net.body[2][1].training
    assert [n for n, w in net.named_parameters() if w.requires_grad] == [
        "body.1.weight",
        "body.1.bias",
    ]
    freeze(net.body)
    assert modes(net.train()) == {False}


def test_a_module_without_weights_can_be_frozen():
    layer = freeze(nn.Dropout(0.5)).train()
    ones = torch.ones(100)
    assert torch.equal(layer(ones), ones)


def test_stay_frozen_asks_those_inside(net):
    net.eval()
    assert stay_frozen(net, True) is net
    assert not net.training
    assert net.body.training
    stay_frozen(net, False)
    assert modes(net) == {False}


# --- rate_groups ---------------------------------------------------------------------


def picture_blocks(net):
    return [*(net.features[3 * k : 3 * k + 3] for k in range(5)), net.classifier]


def test_groups_equal_those_written_by_hand():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    assert rate_groups([net[0], net[1], net[2]], 0.1, factor=0.1) == [
        {"params": [net[0].weight, net[0].bias], "lr": pytest.approx(0.001)},
        {"params": [net[1].weight, net[1].bias], "lr": pytest.approx(0.01)},
        {"params": [net[2].weight, net[2].bias], "lr": 0.1},
    ]


def test_every_weight_that_moves_appears_once():
    net = PictureNet(2, width=4)
    freeze(net.features[:6])
    groups = rate_groups(picture_blocks(net), 0.01, factor=0.5)
    got = [id(weights) for group in groups for weights in group["params"]]
    free = [id(weights) for weights in net.parameters() if weights.requires_grad]
    assert got == free
    assert len(set(got)) == len(got)
    # the places of the two frozen blocks count, seen from the input
    assert [group["lr"] for group in groups] == [0.00125, 0.0025, 0.005, 0.01]


def test_one_step_is_as_far_as_the_rates_say():
    net = PictureNet(2, width=4)
    for weights in net.parameters():
        weights.grad = torch.ones_like(weights)
    before = held(net)
    optimizer = torch.optim.SGD(rate_groups(picture_blocks(net), 0.5, factor=0.5))
    optimizer.step()
    for place, name in [(0, "features.0.weight"), (5, "classifier.bias")]:
        step = before[name] - net.state_dict()[name]
        expected = torch.full_like(step, 0.5 * 0.5 ** (5 - place))
        assert torch.allclose(step, expected, atol=1e-6)


def test_factor_one_is_one_rate():
    net = PictureNet(2, width=4)
    groups = rate_groups(picture_blocks(net), 0.01, factor=1)
    assert {group["lr"] for group in groups} == {0.01}
    assert len(groups) == 6


def test_any_iterable_and_blocks_without_weights():
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    groups = rate_groups(iter(net), 1.0, factor=0.1)
    assert [group["lr"] for group in groups] == [pytest.approx(0.01), 1.0]
    assert list(torch.optim.AdamW(groups).param_groups[0]["params"]) == [
        net[0].weight,
        net[0].bias,
    ]


@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf")])
def test_rate_is_above_zero(rate):
    with pytest.raises(ValueError, match=r"rate=.*above 0"):
        rate_groups([nn.Linear(1, 1)], rate, factor=0.5)


@pytest.mark.parametrize("factor", [0, -0.5, 1.1, float("nan")])
def test_factor_is_above_zero_and_at_most_one(factor):
    with pytest.raises(ValueError, match=r"factor=.*factor <= 1"):
        rate_groups([nn.Linear(1, 1)], 0.1, factor=factor)


def test_a_weight_in_two_blocks_is_refused():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    with pytest.raises(ValueError, match=r"blocks\[1\] shares a weight"):
        rate_groups([net, net[1]], 0.1, factor=0.5)


def test_nothing_that_moves_is_refused():
    with pytest.raises(ValueError, match="nothing moves in the 0 blocks"):
        rate_groups([], 0.1, factor=0.5)
    with pytest.raises(ValueError, match="nothing moves in the 1 blocks"):
        rate_groups([freeze(nn.Linear(1, 1))], 0.1, factor=0.5)
