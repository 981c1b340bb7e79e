"""helpers.training: averages, modes, errors, and equality with a bare loop."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import training


def ragged(count=23, size=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, 4, generator=generator)
    labels = torch.randint(3, (count,), generator=generator)
    return list(zip(inputs.split(size), labels.split(size), strict=True))


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def sgd(net, lr=0.1):
    return torch.optim.SGD(net.parameters(), lr=lr)


@pytest.mark.parametrize("size", [1, 5, 7, 23, 100])
def test_evaluate_does_not_depend_on_the_batch_size(size):
    net = network()
    whole = training.evaluate(net, ragged(size=23))
    got = training.evaluate(net, ragged(size=size))
    assert got.count == 23
    assert got.accuracy == whole.accuracy
    assert got.loss == pytest.approx(whole.loss, abs=1e-6)


def test_evaluate_equals_a_direct_count():
    net = network().eval()
    [(inputs, labels)] = ragged(size=23)
    result = training.evaluate(net, ragged(size=5))
    logits = net(inputs)
    assert result.accuracy == int((logits.argmax(1) == labels).sum()) / 23
    assert result.loss == pytest.approx(F.cross_entropy(logits, labels).item())


def test_a_regression_has_no_accuracy():
    net = nn.Linear(4, 1)
    batches = [(torch.rand(6, 4), torch.rand(6, 1))]
    assert training.evaluate(net, batches, loss=F.mse_loss).accuracy is None


def test_modes_come_back_one_by_one():
    net = network()
    net[1].eval()
    modes = [m.training for m in net.modules()]
    training.evaluate(net, ragged())
    assert [m.training for m in net.modules()] == modes
    statistics = net[1].running_mean.clone()
    training.evaluate(net, ragged())
    assert torch.equal(net[1].running_mean, statistics)
    training.fit(net, ragged(), loss=F.cross_entropy, optimizer=sgd(net), num_epochs=1)
    assert [m.training for m in net.modules()] == modes


def test_fit_is_the_bare_loop():
    ours, bare = network(), network()
    optimizer = sgd(ours)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.5)
    history = training.fit(
        ours,
        ragged(),
        loss=F.cross_entropy,
        optimizer=optimizer,
        num_epochs=3,
        schedule=schedule,
        valid=ragged(seed=1),
    )
    optimizer = sgd(bare)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.5)
    means = []
    for _ in range(3):
        total = 0.0
        for inputs, labels in ragged():
            loss = F.cross_entropy(bare(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(labels)
        means.append(total / 23)
    assert all(map(torch.equal, ours.parameters(), bare.parameters()))
    assert history.train_loss == pytest.approx(means, abs=1e-6)
    assert history.steps == 15
    assert history.rates == pytest.approx([0.1 * 0.5 ** (n // 3) for n in (5, 10, 15)])
    assert history.valid[-1] == training.evaluate(bare, ragged(seed=1))


def test_a_callback_ends_the_training():
    net, seen = network(), []

    def after_epoch(epoch, history):
        seen.append((epoch, len(history.train_loss)))
        return epoch == 2

    history = training.fit(
        net,
        ragged(),
        loss=F.cross_entropy,
        optimizer=sgd(net),
        num_epochs=9,
        after_epoch=after_epoch,
    )
    assert seen == [(1, 1), (2, 2)]
    assert len(history.train_loss) == 2


@pytest.mark.parametrize("bad_step", [1, 7, 150])
def test_a_loss_that_is_not_finite_says_when(bad_step):
    net, calls = network(), []

    def loss(logits, labels):
        calls.append(1)
        scale = float("nan") if len(calls) == bad_step else 1.0
        return F.cross_entropy(logits, labels) * scale

    with pytest.raises(training.DivergedError, match=f"step {bad_step} ") as caught:
        training.fit(net, ragged(), loss=loss, optimizer=sgd(net), num_epochs=60)
    assert caught.value.step == bad_step
    assert len(caught.value.history.train_loss) == (bad_step - 1) // 5
    assert all(m.training for m in net.modules())


def test_nothing_to_learn_from_is_refused():
    net = network()
    options = {"loss": F.cross_entropy, "optimizer": sgd(net), "num_epochs": 1}
    with pytest.raises(ValueError, match="fit's batches gave no batch"):
        training.fit(net, [], **options)
    empty = [*ragged(), (torch.empty(0, 4), torch.empty(0, dtype=torch.long))]
    with pytest.raises(ValueError, match="fit's batches: batch 6 has 0 inputs"):
        training.fit(net, empty, **options)
    with pytest.raises(ValueError, match="evaluate's batches gave no batch"):
        training.evaluate(net, [])
    with pytest.raises(ValueError, match="batch 1 has 3 inputs and 2 targets"):
        training.evaluate(net, [(torch.rand(3, 4), torch.zeros(2, dtype=torch.long))])
    with pytest.raises(ValueError, match="num_epochs must be at least 1, got 0"):
        training.fit(net, ragged(), **{**options, "num_epochs": 0})


def test_a_failed_evaluation_leaves_the_mode():
    net = network()
    with pytest.raises(RuntimeError):
        training.evaluate(net, [(torch.rand(3, 9), torch.zeros(3, dtype=torch.long))])
    assert net.training


def test_a_bar_only_for_someone_who_watches(monkeypatch, capsys):
    net = network()
    options = {"loss": F.cross_entropy, "optimizer": sgd(net), "num_epochs": 1}
    training.fit(net, ragged(), **options)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(training, "is_watched", lambda: True)
    training.fit(copy.deepcopy(net), ragged(), **options)
    assert "1/1" in capsys.readouterr().err
