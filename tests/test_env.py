"""helpers.env: seeds, devices, clocks."""

import random
import time

import numpy as np
import pytest
import torch

from helpers import env


def draw():
    return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002


def test_the_same_seed_gives_the_same_numbers():
    env.set_seed(3)
    first = draw()
    env.set_seed(3)
    assert draw() == first
    env.set_seed(4)
    assert all(a != b for a, b in zip(draw(), first, strict=True))


def test_a_seed_also_fixes_the_order_in_which_convolutions_add(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    env.set_seed(0)
    assert torch.backends.cudnn.deterministic
    assert not torch.backends.cudnn.benchmark


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(ValueError, match=r"seed must be 0 to 2\*\*32 - 1"):
        env.set_seed(seed)


def test_device_order(monkeypatch):
    monkeypatch.delenv("BOOK_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert env.pick_device().type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert env.pick_device().type == "cuda"
    monkeypatch.setenv("BOOK_DEVICE", "cpu")
    assert env.pick_device().type == "cpu"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert env.pick_device("cuda:1") == torch.device("cuda", 1)


@pytest.mark.parametrize("name", ["cuda:9", "mps", "gpu", "cuda"])
def test_a_device_that_is_not_here_is_named(name, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match=f"device '{name}' is not here.*'cpu'"):
        env.pick_device(name)


def test_stopwatch_measures_and_ends_on_an_error():
    with env.Stopwatch(torch.device("cpu")) as watch:
        time.sleep(0.02)
    assert 0.02 <= watch.seconds < 2
    failed = env.Stopwatch()
    with pytest.raises(ZeroDivisionError), failed:
        _ = 1 / 0
    assert failed.seconds >= 0


def test_no_gpu_is_a_normal_answer(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.delenv("BOOK_DEVICE", raising=False)
    text = env.report()
    assert torch.__version__.split("+")[0] in text
    assert "runs on the CPU" in text
    assert "cpu: computes" in text


def test_nobody_watches_a_recorded_run(monkeypatch):
    monkeypatch.setenv("BOOK_RUN", "1")
    assert not env.is_watched()
    monkeypatch.delenv("BOOK_RUN")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert env.is_watched()
