"""helpers.layers against library calls, plain loops and torchvision."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torchvision.models.mobilenetv2 import InvertedResidual as TorchvisionBlock
from torchvision.models.segmentation.deeplabv3 import ASPP as TorchvisionASPP

from helpers.layers import ASPP, CausalConv1d, InvertedResidual, SeparableDilatedConv2d


def product(layer: SeparableDilatedConv2d) -> torch.Tensor:
    """The taps (C_out, C_in, K, K) of the dense layer that computes the same."""
    return layer.conv_pw.weight * layer.conv_dw.weight.transpose(0, 1)


def by_loops(images: torch.Tensor, layer: SeparableDilatedConv2d) -> torch.Tensor:
    """Every number of the output as the sum it is defined to be."""
    taps, mix = layer.conv_dw.weight[:, 0], layer.conv_pw.weight[:, :, 0, 0]
    (stride, _), (dilation, _) = layer.conv_dw.stride, layer.conv_dw.dilation
    size = taps.shape[-1]
    count, channels, height, width = images.shape
    result = torch.zeros(
        count,
        len(mix),
        math.ceil(height / stride),
        math.ceil(width / stride),
        dtype=images.dtype,
    )
    places = itertools.product(*map(range, result.shape), range(channels))
    for n, o, i, j, c in places:
        for u, v in itertools.product(range(size), repeat=2):
            row = i * stride + dilation * (u - size // 2)
            column = j * stride + dilation * (v - size // 2)
            if 0 <= row < height and 0 <= column < width:
                pixel = images[n, c, row, column]
                result[n, o, i, j] += mix[o, c] * taps[c, u, v] * pixel
    return result


@settings(max_examples=40, deadline=None)
@given(
    in_channels=st.integers(1, 5),
    out_channels=st.integers(1, 5),
    kernel_size=st.sampled_from([1, 3, 5]),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 4),
    height=st.integers(1, 12),
    width=st.integers(1, 12),
)
def test_equals_two_library_calls_and_one_dense_one(
    in_channels, out_channels, kernel_size, stride, dilation, height, width
):
    layer = SeparableDilatedConv2d(
        in_channels, out_channels, kernel_size, stride=stride, dilation=dilation
    ).double()
    images = torch.randn(2, in_channels, height, width, dtype=torch.float64)
    padding = dilation * (kernel_size - 1) // 2
    how = {"stride": stride, "padding": padding, "dilation": dilation}

    output = layer(images)

    looked = F.conv2d(images, layer.conv_dw.weight, groups=in_channels, **how)
    torch.testing.assert_close(output, F.conv2d(looked, layer.conv_pw.weight))
    torch.testing.assert_close(output, F.conv2d(images, product(layer), **how))
    assert output.shape[2:] == (math.ceil(height / stride), math.ceil(width / stride))


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (1, 3), (2, 2)])
def test_equals_plain_loops(stride, dilation):
    layer = SeparableDilatedConv2d(2, 3, 3, stride=stride, dilation=dilation).double()
    images = torch.randn(2, 2, 6, 5, dtype=torch.float64)
    torch.testing.assert_close(layer(images), by_loops(images, layer))


def test_gradients():
    layer = SeparableDilatedConv2d(2, 3, dilation=2).double()
    images = torch.randn(1, 2, 5, 6, dtype=torch.float64, requires_grad=True)

    def through(images, taps, mix):
        weights = {"conv_dw.weight": taps, "conv_pw.weight": mix}
        return torch.func.functional_call(layer, weights, (images,))

    inputs = (images, layer.conv_dw.weight, layer.conv_pw.weight)
    assert torch.autograd.gradcheck(through, inputs)


def test_names_of_the_weights():
    state = SeparableDilatedConv2d(4, 8, 5, dilation=2).state_dict()
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    assert shapes == {"conv_dw.weight": (4, 1, 5, 5), "conv_pw.weight": (8, 4, 1, 1)}


@pytest.mark.parametrize("dilation", [1, 2, 7])
def test_count_of_weights_does_not_depend_on_the_dilation(dilation):
    layer = SeparableDilatedConv2d(64, 128, dilation=dilation)
    assert sum(p.numel() for p in layer.parameters()) == 9 * 64 + 64 * 128


def test_start_keeps_the_mean_square_through_relus():
    torch.manual_seed(0)
    layers = [SeparableDilatedConv2d(64, 64) for _ in range(10)]
    maps = torch.randn(4, 64, 48, 48)
    for layer in layers:
        maps = layer(maps).relu()
    assert 1 / 3 < maps.square().mean() < 3


@pytest.mark.parametrize("kernel_size", [2, 4, 10])
def test_refuses_an_even_kernel(kernel_size):
    with pytest.raises(ValueError, match=f"kernel_size must be odd, got {kernel_size}"):
        SeparableDilatedConv2d(3, 8, kernel_size)


@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize(
    "name", ["in_channels", "out_channels", "kernel_size", "stride", "dilation"]
)
def test_refuses_what_is_below_one(name, value):
    given = {"in_channels": 3, "out_channels": 8, "kernel_size": 3, name: value}
    with pytest.raises(ValueError, match=f"{name} must be an int >= 1, got {value}"):
        SeparableDilatedConv2d(**given)


def test_stride_and_dilation_are_named():
    with pytest.raises(TypeError):
        SeparableDilatedConv2d(3, 8, 3, 2)


def equal_torchvision(ours: ASPP, theirs: TorchvisionASPP) -> None:
    """Copy the weights: each separable branch as its dense product."""
    with torch.no_grad():
        for branch, twin in zip(ours.branches, theirs.convs, strict=False):
            weight = branch[-3].weight
            if len(branch) == 4:
                weight = weight * branch[0].weight.transpose(0, 1)
            twin[0].weight.copy_(weight)
            twin[1].load_state_dict(branch[-2].state_dict())
        _, conv, norm, _ = theirs.convs[-1]
        conv.weight.copy_(ours.pooled[1].weight)
        norm.bias.copy_(ours.pooled[1].bias)
        norm.running_var.fill_(1 - norm.eps)
        for mine, twin in zip(ours.project, theirs.project, strict=False):
            twin.load_state_dict(mine.state_dict())


def test_aspp_is_torchvisions_with_product_kernels():
    torch.manual_seed(0)
    rates = (2, 3, 5)
    ours, theirs = ASPP(6, 4, rates=rates), TorchvisionASPP(6, list(rates), 4)
    ours, theirs = ours.double(), theirs.double()
    for _ in range(3):  # batch statistics that are not the initial ones
        ours(torch.randn(4, 6, 9, 9, dtype=torch.float64))
    equal_torchvision(ours, theirs)
    maps = torch.randn(2, 6, 11, 8, dtype=torch.float64)
    torch.testing.assert_close(ours.eval()(maps), theirs.eval()(maps))


def test_aspp_learns_from_a_batch_of_one():
    block = ASPP(4, 8)
    block(torch.randn(1, 4, 7, 7)).sum().backward()
    assert all(p.grad is not None for p in block.parameters())
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        TorchvisionASPP(4, [1, 2, 4], 8)(torch.randn(1, 4, 7, 7))


@pytest.mark.parametrize("rates", [(1,), (1, 2, 4), (6, 12, 18)])
def test_aspp_keeps_the_size(rates):
    block = ASPP(3, 5, rates=rates).eval()
    assert block(torch.randn(2, 3, 10, 13)).shape == (2, 5, 10, 13)
    assert len(block.branches) == 1 + len(rates)


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ((), r"len\(rates\) must be an int >= 1, got 0"),
        ((0, 1), r"rates\[0\] must be an int >= 1, got 0"),
        ((2, -1), r"rates\[1\] must be an int >= 1, got -1"),
        ((2.0, 1), r"rates\[0\] must be an int >= 1, got 2.0"),
    ],
)
def test_aspp_refuses_rates(rates, said):
    with pytest.raises(ValueError, match=said):
        ASPP(3, 5, rates=rates)


def test_the_layers_train_together():
    torch.manual_seed(0)
    net = nn.Sequential(SeparableDilatedConv2d(3, 8, dilation=2), ASPP(8, 4))
    images, target = torch.randn(2, 3, 9, 9), torch.randn(2, 4, 9, 9)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    losses = []
    for _ in range(20):
        loss = F.mse_loss(net(images), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def block_pair(in_channels, out_channels, stride, expansion):
    """Our block and torchvision's, in double precision, with one set of weights."""
    torch.manual_seed(0)
    ours = InvertedResidual(
        in_channels, out_channels, stride=stride, expansion=expansion
    )
    theirs = TorchvisionBlock(in_channels, out_channels, stride, expansion)
    names = zip(theirs.state_dict(), ours.state_dict().values(), strict=True)
    theirs.load_state_dict(dict(names))
    return ours.double(), theirs.double()


@pytest.mark.parametrize("expansion", [1, 2, 6])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("in_channels", "out_channels"), [(4, 4), (3, 5), (1, 1)])
def test_block_is_torchvisions(in_channels, out_channels, stride, expansion):
    ours, theirs = block_pair(in_channels, out_channels, stride, expansion)
    maps = torch.randn(3, in_channels, 7, 10, dtype=torch.float64)
    for _ in range(2):  # in training mode, which moves the statistics
        torch.testing.assert_close(ours(maps), theirs(maps))
    ours, theirs = ours.eval(), theirs.eval()
    torch.testing.assert_close(ours(maps), theirs(maps))
    shape = (3, out_channels, math.ceil(7 / stride), math.ceil(10 / stride))
    assert ours(maps).shape == shape


@pytest.mark.parametrize(
    ("out_channels", "stride", "skips"), [(4, 1, True), (4, 2, False), (5, 1, False)]
)
def test_block_skips_only_where_shapes_agree(out_channels, stride, skips):
    block = InvertedResidual(4, out_channels, stride=stride)
    nn.init.zeros_(block.layers[-1].weight)  # all that is left is the skip
    maps = torch.randn(2, 4, 6, 6)
    expected = maps if skips else torch.zeros_like(block(maps))
    assert torch.equal(block(maps), expected)


def test_block_counts():
    block = InvertedResidual(8, 12, expansion=6)
    convolutions = 8 * 48 + 9 * 48 + 48 * 12
    norms = 2 * (48 + 48 + 12)
    assert sum(p.numel() for p in block.parameters()) == convolutions + norms
    alone = InvertedResidual(8, 12, expansion=1)
    assert sum(p.numel() for p in alone.parameters()) == 9 * 8 + 8 * 12 + 2 * (8 + 12)


def test_block_projects_without_a_bend():
    torch.manual_seed(0)
    block = InvertedResidual(4, 6)
    kinds = [type(layer) for layer in block.layers]
    conv = [nn.Conv2d, nn.BatchNorm2d]
    assert kinds == [*conv, nn.ReLU6, *conv, nn.ReLU6, *conv]
    output = block(torch.randn(8, 4, 9, 9))
    assert output.min() < 0
    assert output.isfinite().all()


@pytest.mark.parametrize("value", [0, -2])
@pytest.mark.parametrize("name", ["in_channels", "out_channels", "stride", "expansion"])
def test_block_refuses_what_is_below_one(name, value):
    given = {"in_channels": 3, "out_channels": 8, name: value}
    with pytest.raises(ValueError, match=f"{name} must be an int >= 1, got {value}"):
        InvertedResidual(**given)


def test_block_names_its_options():
    with pytest.raises(TypeError):
        InvertedResidual(3, 8, 2)


# --- CausalConv1d --------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    in_channels=st.integers(1, 4),
    out_channels=st.integers(1, 4),
    kernel_size=st.integers(1, 5),
    dilation=st.integers(1, 6),
    length=st.integers(1, 20),
    bias=st.booleans(),
)
def test_causal_equals_plain_loops(
    in_channels, out_channels, kernel_size, dilation, length, bias
):
    how = {"dilation": dilation, "bias": bias}
    layer = CausalConv1d(in_channels, out_channels, kernel_size, **how).double()
    inputs = torch.randn(2, in_channels, length, dtype=torch.float64)

    expected = torch.zeros(2, out_channels, length, dtype=torch.float64)
    if bias:
        expected += layer.bias[:, None]
    for t, k in itertools.product(range(length), range(kernel_size)):
        earlier = t - dilation * (kernel_size - 1 - k)  # the last tap reads t itself
        if earlier >= 0:
            expected[:, :, t] += inputs[:, :, earlier] @ layer.weight[:, :, k].T

    torch.testing.assert_close(layer(inputs), expected)


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4])
def test_causal_never_reads_the_future(kernel_size):
    layers = [CausalConv1d(1, 1, kernel_size, dilation=d) for d in (1, 2, 4)]
    reach = 7 * (kernel_size - 1)
    inputs = torch.randn(1, 1, 40, requires_grad=True)
    nn.Sequential(*layers)(inputs)[0, 0, 25].backward()
    seen = inputs.grad[0, 0].nonzero().flatten().tolist()
    assert (min(seen), max(seen)) == (25 - reach, 25)


def test_causal_takes_the_weights_of_conv1d():
    ours, theirs = CausalConv1d(3, 5, 4, dilation=3), nn.Conv1d(3, 5, 4, dilation=3)
    ours.load_state_dict(theirs.state_dict())
    inputs = torch.randn(2, 3, 30)
    torch.testing.assert_close(ours(inputs)[:, :, 9:], theirs(inputs))


def test_causal_stride_and_dilation_are_named():
    with pytest.raises(TypeError):
        CausalConv1d(3, 8, 2, 2)
