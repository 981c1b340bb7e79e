"""helpers.memory against counts by hand."""

import gc
import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from helpers.memory import saved_bytes


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 9), columns=st.integers(1, 9), wide=st.booleans())
def test_a_product_keeps_both_factors(rows, columns, wide):
    dtype = torch.float64 if wide else torch.float32
    a, b = (torch.ones(rows, columns, dtype=dtype, requires_grad=True) for _ in "ab")
    size = 8 if wide else 4
    assert saved_bytes(lambda: (a * b).sum()) == 2 * size * rows * columns
    assert saved_bytes(lambda: (a * b).sum(), without=[a]) == size * rows * columns
    assert saved_bytes(lambda: (a * b).sum(), without=iter([a, b])) == 0


def test_one_block_counts_once_and_whole():
    x = torch.ones(100, requires_grad=True)
    assert saved_bytes(lambda: (x * x).sum()) == 400
    assert saved_bytes(lambda: (x[:10] * x[10:20]).sum()) == 400
    y = x.exp()  # saved by two operations
    assert saved_bytes(lambda: y.sin().sum() + y.cos().sum()) == 400


def test_a_perceptron_by_hand():
    net = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    x, y = torch.rand(7, 3), torch.zeros(7, dtype=torch.int64)
    known = [x, y, *net.parameters()]
    got = saved_bytes(lambda: F.cross_entropy(net(x), y), without=known)
    # what ReLU gives, the logarithms of the probabilities, and their total weight
    assert got == 4 * (7 * 5 + 7 * 2 + 1)


def test_nothing_is_kept_without_gradients():
    x = torch.ones(8, requires_grad=True)
    with torch.no_grad():
        assert saved_bytes(lambda: x.exp().sum()) == 0
    assert saved_bytes(lambda: None) == 0


def test_a_checkpointed_part_keeps_its_input_alone():
    layers = nn.Sequential(*(nn.Tanh() for _ in range(5)))
    x = torch.rand(50, requires_grad=True)
    assert saved_bytes(lambda: layers(x).sum()) == 5 * 200
    again = saved_bytes(lambda: checkpoint(layers, x, use_reentrant=False).sum())
    assert again == 200


def test_the_backward_pass_still_works():
    x = torch.arange(3.0, requires_grad=True)
    held = []

    def function():
        held.append((x**3).sum())
        return held[0]

    saved_bytes(function)
    held[0].backward()
    assert torch.equal(x.grad, 3 * x.detach() ** 2)


def test_nothing_is_left_behind():
    x = torch.ones(4, requires_grad=True)
    seen = []

    def function():
        y = x.exp()
        seen.append(weakref.ref(y))
        return y.sum()

    saved_bytes(function)
    gc.collect()
    assert seen[0]() is None


def test_hooks_go_when_the_call_fails():
    x = torch.ones(4, requires_grad=True)

    def fails():
        x.exp()
        raise KeyError("on purpose")

    with pytest.raises(KeyError):
        saved_bytes(fails)
    assert saved_bytes(lambda: x.exp().sum()) == 16
