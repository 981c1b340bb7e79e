"""helpers.cost against hand counts, direct loops and back-propagation."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from helpers import cost


def test_count_parameters():
    net = nn.Sequential(nn.Linear(2, 10), nn.Linear(10, 1))
    assert cost.count_parameters(net) == 2 * 10 + 10 + 10 + 1
    net[0].requires_grad_(False)
    assert cost.count_parameters(net, trainable_only=True) == 11


def test_shared_weights_count_once_and_work_twice():
    layer = nn.Linear(4, 4, bias=False)
    got = cost.measure(nn.Sequential(layer, layer), torch.rand(3, 4))
    assert got.weights == 16
    assert got.multiply_adds == 2 * 3 * 16
    assert sum(entry.weights for entry in got.layers) == 16


@settings(max_examples=40, deadline=None)
@given(
    kernel=st.sampled_from([1, 3, 5]),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 3),
    groups=st.sampled_from([1, 2, 4]),
    size=st.integers(13, 20),
)
def test_convolution_costs_its_products(kernel, stride, dilation, groups, size):
    conv = nn.Conv2d(
        4, 8, kernel, stride=stride, dilation=dilation, groups=groups, bias=False
    )
    images = torch.rand(2, 4, size, size)
    side = (size - dilation * (kernel - 1) - 1) // stride + 1
    got = cost.measure(conv, images)
    assert got.layers[0].output_shape == (2, 8, side, side)
    assert got.weights == 8 * 4 // groups * kernel**2
    assert got.multiply_adds == 2 * side**2 * got.weights
    assert got.activation_bytes == 2 * 8 * side**2 * 4


def test_measuring_leaves_the_model_as_it_was():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5))
    net[2].eval()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    cost.measure(net, torch.rand(4, 1, 5, 5))
    assert [m.training for m in net] == [True, True, False]
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert not any(m._forward_hooks for m in net.modules())


def test_hooks_go_when_the_forward_pass_fails():
    net = nn.Sequential(nn.Linear(3, 3))
    with pytest.raises(RuntimeError):
        cost.measure(net, torch.rand(1, 4))
    assert not any(m._forward_hooks for m in net.modules())


def test_latency_calls_and_orders():
    calls = []
    got = cost.latency(lambda: calls.append(1), warmup=2, repeats=5)
    assert len(calls) == 7
    assert 0 <= got.low <= got.median <= got.high


@pytest.mark.parametrize(("warmup", "repeats"), [(-1, 5), (0, 1)])
def test_latency_refuses(warmup, repeats):
    with pytest.raises(ValueError, match="warmup must be >= 0 and repeats >= 2"):
        cost.latency(lambda: None, warmup=warmup, repeats=repeats)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([1, 3, 5]), st.integers(1, 2), st.integers(1, 3)),
        min_size=1,
        max_size=3,
    )
)
def test_the_formula_is_what_back_propagation_measures(layers):
    net = nn.Sequential(
        *(nn.Conv2d(1, 1, k, stride=s, dilation=d) for k, s, d in layers)
    )
    field = cost.receptive_field(layers)
    size = field + 24
    seen = cost.seen_pixels(net, (1, size, size))
    rows = torch.nonzero(seen.any(1)).flatten()
    assert int(rows[-1] - rows[0]) + 1 == field


def test_gridding():
    def stack(*rates):
        return nn.Sequential(
            *(nn.Conv2d(1, 1, 3, dilation=d, padding=d) for d in rates)
        )

    assert int(cost.seen_pixels(stack(2, 2, 2), (1, 31, 31)).sum()) == 49
    assert int(cost.seen_pixels(stack(1, 2, 4), (1, 31, 31)).sum()) == 15**2
    assert int(cost.seen_pixels(stack(1, 2, 5), (1, 31, 31)).sum()) == 17**2


def test_max_pooling_hides_no_path_and_the_model_is_not_touched():
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2)).train()
    before = [p.clone() for p in net.parameters()]
    assert int(cost.seen_pixels(net, (2, 12, 12)).sum()) == 16
    assert isinstance(net[2], nn.MaxPool2d)
    assert net.training
    assert all(map(torch.equal, before, net.parameters()))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"each >= 1, got \(3, 0, 1\)"):
        cost.receptive_field([(3, 0, 1)])
    flat = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten())
    with pytest.raises(ValueError, match=r"module must give \(1, C, H, W\)"):
        cost.seen_pixels(flat, (1, 5, 5))
