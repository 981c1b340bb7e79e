"""Groups of weights, averages of weights, and a range of rates."""

import copy
import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from helpers.models import PictureNet
from helpers.recipes import ExponentialAverage, decay_groups, find_rate


def net(seed=0):
    torch.manual_seed(seed)
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(4 * 36, 2))


def batch(seed=0, count=8):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 3, 8, 8, generator=generator)
    return images, torch.randint(2, (count,), generator=generator)


def same(one, other):
    return all(
        torch.equal(a, b)
        for a, b in zip(
            one.state_dict().values(), other.state_dict().values(), strict=True
        )
    )


# --- decay_groups --------------------------------------------------------------------


def test_kernels_and_matrices_decay_the_rest_does_not():
    model = net()
    decays, free = decay_groups(model, 0.05)
    assert [id(w) for w in decays["params"]] == [
        id(model[0].weight),
        id(model[4].weight),
    ]
    wanted = [model[0].bias, model[1].weight, model[1].bias, model[4].bias]
    assert [id(w) for w in free["params"]] == [id(w) for w in wanted]
    assert (decays["weight_decay"], free["weight_decay"]) == (0.05, 0.0)


@pytest.mark.parametrize(
    "model",
    [
        PictureNet(3, width=2),
        nn.TransformerEncoderLayer(8, 2, 16),
        nn.LSTM(3, 4),
        nn.Embedding(5, 3),
        nn.LayerNorm(4),
    ],
    ids=lambda model: type(model).__name__,
)
def test_each_weight_once_in_the_order_of_the_model(model):
    groups = decay_groups(model, 0.1)
    found = [id(w) for group in groups for w in group["params"]]
    assert sorted(found) == sorted(id(w) for w in model.parameters())
    assert all(w.ndim >= 2 for w in groups[0]["params"])
    assert all(w.ndim < 2 for w in groups[1]["params"])
    torch.optim.AdamW(groups)


def test_shared_weights_are_there_once_and_frozen_ones_not_at_all():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    model[2].weight = model[0].weight
    model[1].requires_grad_(False)
    decays, free = decay_groups(model, 0.1)
    assert [id(w) for w in decays["params"]] == [id(model[0].weight)]
    assert [id(w) for w in free["params"]] == [id(model[0].bias), id(model[2].bias)]


def test_the_optimiser_does_as_it_is_told():
    """Without gradients AdamW only decays: exactly the weights of the first group."""
    model = net()
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.AdamW(decay_groups(model, 0.5), lr=0.1)
    for w in model.parameters():
        w.grad = torch.zeros_like(w)
    optimizer.step()
    for name, w in model.named_parameters():
        factor = 1 - 0.1 * 0.5 if w.ndim >= 2 else 1.0
        torch.testing.assert_close(w.detach(), factor * before[name])


@pytest.mark.parametrize("decay", [-0.1, float("nan"), float("inf")])
def test_decays_that_do_not_fit(decay):
    with pytest.raises(ValueError, match="weight_decay: 0 or more"):
        decay_groups(net(), decay)


def test_nothing_moves():
    with pytest.raises(ValueError, match="requires_grad"):
        decay_groups(net().requires_grad_(False), 0.1)
    with pytest.raises(ValueError, match="requires_grad"):
        decay_groups(nn.ReLU(), 0.1)


# --- ExponentialAverage --------------------------------------------------------------


@given(st.floats(0, 0.999), st.integers(1, 12))
def test_as_torch_averages(decay, steps):
    model = net()
    ours = ExponentialAverage(model, decay)
    theirs = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(steps):
        images, labels = batch(step)
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        ours.update()
        theirs.update_parameters(model)
        wanted = theirs.module.state_dict()
        for name, value in ours.model.state_dict().items():
            torch.testing.assert_close(value, wanted[name], atol=1e-6, rtol=1e-5)
    assert ours.steps == int(theirs.n_averaged) == steps


@given(st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=9), st.floats(0, 0.99))
def test_the_formula_by_hand(values, decay):
    model = nn.Linear(1, 1, bias=False).double()
    average = ExponentialAverage(model, decay)
    wanted = values[0]
    for value in values:
        with torch.no_grad():
            model.weight.fill_(value)
        average.update()
        wanted = decay * wanted + (1 - decay) * value
    assert average.model.weight.item() == pytest.approx(wanted, abs=1e-9)


def test_the_model_is_left_alone_and_the_copy_evaluates():
    model = net().train()
    before = copy.deepcopy(model)
    average = ExponentialAverage(model, 0.9)
    average.update()
    assert same(model, before)
    assert model.training
    assert all(w.requires_grad for w in model.parameters())
    assert not any(m.training for m in average.model.modules())
    assert not any(w.requires_grad for w in average.model.parameters())


def test_statistics_are_copied_not_averaged():
    model = net().train()
    average = ExponentialAverage(model, 0.99)
    for step in range(5):
        model(batch(step)[0])
        average.update()
    assert torch.equal(average.model[1].running_mean, model[1].running_mean)
    assert average.model[1].num_batches_tracked == 5


def test_a_resumed_average_goes_on_bit_for_bit():
    def go(model, average, steps):
        for _ in range(steps):
            with torch.no_grad():
                model[0].weight.mul_(1.1)
            average.update()

    whole = net()
    average = ExponentialAverage(whole, 0.9)
    go(whole, average, 6)

    model = net()
    half = ExponentialAverage(model, 0.9)
    go(model, half, 3)
    state = copy.deepcopy(half.state_dict())
    later = ExponentialAverage(net(seed=1), 0.9)
    later.source.load_state_dict(model.state_dict())
    later.load_state_dict(state)
    go(later.source, later, 3)
    assert same(later.model, average.model)
    assert later.steps == 6


def test_a_state_that_does_not_fit():
    average = ExponentialAverage(net(), 0.9)
    with pytest.raises(RuntimeError, match="Missing key"):
        average.load_state_dict(ExponentialAverage(nn.Linear(2, 2), 0.9).state_dict())


@pytest.mark.parametrize("decay", [-0.1, 1, 1.5, float("nan")])
def test_decays_that_average_nothing(decay):
    with pytest.raises(ValueError, match="from 0 to below 1"):
        ExponentialAverage(net(), decay)


# --- find_rate -----------------------------------------------------------------------


def test_rates_grow_by_one_factor_to_the_end():
    given_batches = [batch(seed) for seed in range(3)]
    how = {"loss": F.cross_entropy, "low": 1e-6, "high": 1e-3, "steps": 16}
    rates, losses = find_rate(net(), given_batches, **how)
    assert len(rates) == len(losses) == 16
    assert rates[0] == pytest.approx(1e-6)
    assert rates[-1] == pytest.approx(1e-3)
    factors = [b / a for a, b in pairwise(rates)]
    assert factors == pytest.approx([1000 ** (1 / 15)] * 15)


def test_each_loss_is_that_of_a_plain_loop():
    model, pairs = net(), [batch(seed) for seed in range(2)]
    rates, losses = find_rate(
        model, pairs, loss=F.cross_entropy, low=1e-4, high=1e-2, steps=5
    )
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0)
    for step, rate in enumerate(rates):
        images, labels = pairs[step % 2]
        value = F.cross_entropy(model(images), labels)
        assert losses[step] == pytest.approx(value.item(), rel=1e-6)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        value.backward()
        optimizer.step()


@pytest.mark.parametrize("training", [True, False])
def test_the_model_stays_as_it_was(training):
    model = net().train(training)
    model[0].requires_grad_(False)
    before = copy.deepcopy(model)
    find_rate(model, [batch()], loss=F.cross_entropy, steps=8)
    assert same(model, before)  # statistics included
    assert all(m.training is training for m in model.modules())
    assert all(w.grad is None for w in model.parameters())
    assert [w.requires_grad for w in model.parameters()] == [False] * 2 + [True] * 4


def test_it_stops_when_the_loss_explodes():
    torch.manual_seed(0)
    pairs = [(torch.randn(8, 3), torch.randn(8, 1)) for _ in range(4)]
    how = {"low": 1e-3, "high": 1e4, "steps": 200}
    rates, losses = find_rate(nn.Linear(3, 1), pairs, loss=nn.MSELoss(), **how)
    assert len(rates) == len(losses) < 200
    assert losses[-1] > 4 * losses[0]
    assert all(value <= 4 * losses[0] for value in losses[:-1])


def test_it_stops_at_nan():
    def broken(outputs, labels):
        return F.cross_entropy(outputs, labels) * float("nan")

    rates, losses = find_rate(net(), [batch()], loss=broken)
    assert len(rates) == 1
    assert math.isnan(losses[0])


def test_batches_that_are_read_once_only():
    pairs = (batch(seed) for seed in range(3))
    how = {"low": 1e-6, "high": 1e-5, "steps": 7}
    _, losses = find_rate(net().eval(), pairs, loss=F.cross_entropy, **how)
    assert len(losses) == 7
    assert losses[3] == pytest.approx(losses[0], abs=0.01)  # the same batch again


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"low": 0}, "low=0"),
        ({"low": 1, "high": 1}, "high=1"),
        ({"high": float("inf")}, "high=inf"),
        ({"steps": 1}, ", 1 > 1 steps"),
        ({"steps": 0}, ", 0 > 1 steps"),
        ({"low": float("nan")}, "low=nan"),
    ],
)
def test_ranges_that_do_not_fit(how, message):
    with pytest.raises(ValueError, match=message):
        find_rate(net(), [batch()], loss=F.cross_entropy, **how)


def test_no_batch():
    with pytest.raises(ValueError, match=", 0 > 1 steps"):
        find_rate(net(), [], loss=F.cross_entropy)
