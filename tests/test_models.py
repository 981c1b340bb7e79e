"""helpers.models: sizes by hand, what may not fit, and that both networks learn."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.cost import count_parameters, measure
from helpers.layers import SeparableDilatedConv2d
from helpers.models import (
    LeNet,
    PictureNet,
    ResidualBlock,
    SmallConvNet,
    SmallResNet,
    conv3x3,
)

NETS = [LeNet, SmallConvNet]


def pictures(count: int) -> torch.Tensor:
    return torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("net", "by_hand"),
    [
        (
            LeNet,
            (6 * 25 + 6)
            + (16 * 6 * 25 + 16)
            + (256 * 120 + 120)
            + (120 * 84 + 84)
            + (84 * 10 + 10),
        ),
        (
            SmallConvNet,
            16 * 25
            + 32 * 16 * 9
            + 64 * 32 * 9
            + 2 * (16 + 32 + 64)
            + (64 * 4 * 4 * 10 + 10),
        ),
    ],
)
def test_weights_counted_by_hand(net, by_hand):
    assert count_parameters(net()) == by_hand


@pytest.mark.parametrize(
    ("net", "sides"), [(LeNet, [24, 12, 8, 4]), (SmallConvNet, [14, 7, 4])]
)
def test_sides_of_the_maps(net, sides):
    kinds = ("Conv2d", "MaxPool2d")
    layers = measure(net(), pictures(1)).layers
    assert [row.output_shape[-1] for row in layers if row.kind in kinds] == sides


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("num_classes", [1, 2, 10])
@pytest.mark.parametrize("count", [2, 5])
def test_logits_for_every_picture(net, num_classes, count):
    assert net(num_classes)(pictures(count)).shape == (count, num_classes)


def test_lenet_is_its_formula():
    """The forward pass equals the same layers called as functions."""
    model, images = LeNet(), pictures(3)
    conv1, conv2 = model.features[0], model.features[3]
    linear = [layer for layer in model.classifier if isinstance(layer, nn.Linear)]
    maps = F.max_pool2d(F.conv2d(images, conv1.weight, conv1.bias).relu(), 2)
    maps = F.max_pool2d(F.conv2d(maps, conv2.weight, conv2.bias).relu(), 2)
    expected = linear[2](linear[1](linear[0](maps.flatten(1)).relu()).relu())
    torch.testing.assert_close(model(images), expected)


def test_small_conv_net_is_its_formula():
    model, maps = SmallConvNet().eval(), pictures(3)
    maps_in = maps
    for at, (stride, padding) in enumerate([(2, 2), (2, 1), (2, 1)]):
        weight = model.features[3 * at].weight
        norm = model.features[3 * at + 1]
        maps = F.conv2d(maps, weight, stride=stride, padding=padding)
        maps = maps / (1 + norm.eps) ** 0.5  # fresh statistics: mean 0, variance 1
        maps = maps.relu()
    torch.testing.assert_close(model(maps_in), model.classifier[1](maps.flatten(1)))


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("shape", [(2, 1, 36, 36), (2, 3, 28, 28)])
def test_other_pictures_are_refused(net, shape):
    with pytest.raises(RuntimeError, match=r"shapes cannot be multiplied|channels"):
        net()(torch.zeros(shape))


@pytest.mark.parametrize("net", NETS)
def test_in_evaluation_mode_batch_mates_do_not_matter(net):
    model, images = net().eval(), pictures(8)
    torch.testing.assert_close(model(images[:1]), model(images)[:1])


@pytest.mark.parametrize("net", NETS)
def test_every_weight_has_a_gradient(net):
    model = net()
    F.cross_entropy(model(pictures(8)), torch.arange(8)).backward()
    for name, weights in model.named_parameters():
        assert weights.grad.abs().sum() > 0, name


@pytest.mark.parametrize("net", NETS)
def test_learns_a_batch_by_heart(net):
    torch.manual_seed(0)
    model, images, labels = net(), pictures(32), torch.arange(32) % 10
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (model.eval()(images).argmax(1) == labels).all()


@pytest.mark.parametrize("net", NETS)
def test_state_comes_back(net):
    first, second = net(), net()
    second.load_state_dict(first.state_dict())
    images = pictures(4)
    torch.testing.assert_close(first.eval()(images), second.eval()(images))


# --- PictureNet ----------------------------------------------------------------------


def colour(count: int, height: int = 32, width: int = 32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 3, height, width, generator=generator)


@pytest.mark.parametrize("width", [1, 8, 32])
def test_picture_net_weights_counted_by_hand(width):
    convolutions = 3 * 25 * width + 9 * (2 * width**2 + 2 * width**2 + 4 * width**2)
    norms, linear = 2 * (3 * width + 2 * 2 * width), 2 * (2 * width + 1)
    assert count_parameters(PictureNet(width=width)) == convolutions + norms + linear


def test_picture_net_says_its_cost():
    cost = measure(PictureNet(), colour(1))
    sides = [row.output_shape[-1] for row in cost.layers if row.kind == "Conv2d"]
    assert sides == [16, 8, 8, 4, 4]
    by_hand = 256 * 75 * 32 + 2 * 64 * 9 * 32**2 + 16 * 9 * (32 * 64 + 64**2) + 128
    assert cost.multiply_adds == by_hand
    assert f"{by_hand / 1e6:.1f} million" in PictureNet.__doc__
    assert f"{cost.weights:,} weights" in " ".join(PictureNet.__doc__.split())


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (32, 32), (45, 70), (5, 131)])
def test_picture_net_takes_pictures_of_every_size(size):
    assert PictureNet(3, width=4).eval()(colour(2, *size)).shape == (2, 3)


def test_picture_net_is_its_formula():
    model, maps = PictureNet(width=4).eval(), colour(3, 30, 21)
    images = maps
    for at, (stride, padding) in enumerate([(2, 2), (2, 1), (1, 1), (2, 1), (1, 1)]):
        conv, norm = model.features[3 * at : 3 * at + 2]
        maps = F.conv2d(maps, conv.weight, stride=stride, padding=padding)
        maps = (maps / (1 + norm.eps) ** 0.5).relu()  # fresh statistics: 0 and 1
    pooled = F.adaptive_avg_pool2d(maps, 1).flatten(1)
    expected = pooled @ model.classifier.weight.T + model.classifier.bias
    torch.testing.assert_close(model(images), expected)


def test_picture_net_averages_over_places():
    """The logits are the mean of what the linear layer says at each place."""
    model, images = PictureNet(width=4).eval(), colour(2, 40, 24)
    places = model.features(images).permute(0, 2, 3, 1)  # (N, 5, 3, 8)
    at_each = model.classifier(places)
    torch.testing.assert_close(model(images), at_each.mean((1, 2)))


@pytest.mark.parametrize("name", ["num_classes", "width", "in_channels"])
@pytest.mark.parametrize("value", [0, -1, True, 3.0, "3", None])
def test_picture_net_refuses_what_is_no_size(name, value):
    with pytest.raises(ValueError, match=f"{name} must be an int >= 1, got {value!r}"):
        PictureNet(**{name: value})


def test_picture_net_needs_more_than_one_value_a_map_to_train():
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        PictureNet(width=4)(colour(1, 8, 8))
    assert PictureNet(width=4)(colour(1, 9, 8)).shape == (1, 2)


def test_picture_net_batch_mates_gradients_and_learning():
    torch.manual_seed(0)
    model, images, labels = PictureNet(3, width=8), colour(24), torch.arange(24) % 3
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert all(weights.grad.abs().sum() > 0 for weights in model.parameters())
    model.eval()
    assert (model(images).argmax(1) == labels).all()
    torch.testing.assert_close(model(images[:1]), model(images)[:1])


# --- ResidualBlock and SmallResNet ---------------------------------------------------


def block_by_hand(into: int, out: int, stride: int) -> int:
    projected = into * out + 2 * out if stride > 1 or into != out else 0
    return 9 * into * out + 9 * out * out + 4 * out + projected


def resnet_by_hand(width: int, count: int) -> int:
    total = 27 * width + 2 * width
    channels = width
    for stage in range(3):
        out = width * 2**stage
        total += block_by_hand(channels, out, 2 if stage else 1)
        total += (count - 1) * block_by_hand(out, out, 1)
        channels = out
    return total + 10 * channels + 10


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("into", "out"), [(4, 4), (4, 6), (6, 4)])
def test_residual_block_weights_and_shape(into, out, stride):
    block = ResidualBlock(into, out, stride=stride)
    assert count_parameters(block) == block_by_hand(into, out, stride)
    sides = -(-9 // stride), -(-8 // stride)
    assert block(torch.randn(2, into, 9, 8)).shape == (2, out, *sides)


@pytest.mark.parametrize(("width", "count"), [(16, 3), (16, 9), (8, 1), (5, 2)])
def test_small_resnet_weights_counted_by_hand(width, count):
    model = SmallResNet(width=width, blocks=[count] * 3)
    assert count_parameters(model) == resnet_by_hand(width, count)


def test_small_resnet_says_its_cost():
    cost = measure(SmallResNet(), colour(1))
    doc = " ".join(SmallResNet.__doc__.split())
    assert f"{cost.weights:,} weights" in doc
    assert f"{cost.multiply_adds / 1e6:.1f} million" in doc
    projections = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    assert f"{cost.weights - projections:,} weights" in doc
    deep = [row for row in cost.layers if row.kind in ("Conv2d", "Linear")]
    main = [row for row in deep if "downsample" not in row.name]
    assert len(main) == 6 * 3 + 2


def normed(maps: torch.Tensor, norm: nn.BatchNorm2d) -> torch.Tensor:
    axis = (None, slice(None), None, None)
    maps = (maps - norm.running_mean[axis]) / (norm.running_var[axis] + norm.eps).sqrt()
    return maps * norm.weight[axis] + norm.bias[axis]


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize(("out", "stride"), [(4, 1), (6, 2)])
def test_residual_block_is_its_formula(residual, out, stride):
    torch.manual_seed(0)
    block = ResidualBlock(4, out, stride=stride, skips=residual)
    for _ in range(3):
        block(torch.randn(8, 4, 9, 8))  # statistics other than 0 and 1
    block.eval()
    maps = torch.randn(3, 4, 9, 8)
    changed = F.conv2d(maps, block.conv1.weight, stride=stride, padding=1)
    changed = normed(changed, block.bn1).relu()
    changed = normed(F.conv2d(changed, block.conv2.weight, padding=1), block.bn2)
    if residual:
        kept = maps
        if stride > 1:
            conv, norm = block.downsample
            kept = normed(F.conv2d(maps[:, :, ::stride, ::stride], conv.weight), norm)
        changed = changed + kept
    torch.testing.assert_close(block(maps), changed.relu())


def test_plain_and_residual_share_the_weights_of_one_seed():
    """Without a projection the two differ by the sum alone."""
    torch.manual_seed(0)
    plain = ResidualBlock(4, 4, skips=False)
    torch.manual_seed(0)
    block = ResidualBlock(4, 4)
    for ours, theirs in zip(plain.parameters(), block.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert not isinstance(plain.downsample, nn.Sequential)


def test_a_residual_block_can_be_the_identity():
    block, maps = ResidualBlock(4, 4), torch.rand(2, 4, 9, 8)
    nn.init.zeros_(block.bn2.weight)
    assert torch.equal(block(maps), maps)
    plain = ResidualBlock(4, 4, skips=False)
    nn.init.zeros_(plain.bn2.weight)
    assert not plain(maps).any()


def test_small_resnet_with_other_convolutions():
    model = SmallResNet(width=4, blocks=(1, 2), conv=SeparableDilatedConv2d)
    kinds = [type(m) for m in model.modules()]
    assert kinds.count(SeparableDilatedConv2d) == 2 * 3
    assert model(colour(2)).shape == (2, 10)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (32, 32), (45, 70)])
def test_small_resnet_takes_pictures_of_every_size(size):
    model = SmallResNet(3, width=4, blocks=(1, 1, 1), in_channels=1).eval()
    assert model(torch.zeros(2, 1, *size)).shape == (2, 3)


def test_small_resnet_head_can_be_replaced():
    torch.manual_seed(0)
    model = SmallResNet(width=4, blocks=(1, 1, 1)).eval()
    features = model.features(colour(3))
    assert features.shape == (3, model.head.in_features) == (3, 16)
    model.head = nn.Linear(model.head.in_features, 2)
    torch.testing.assert_close(model(colour(3)), model.head(features))


@pytest.mark.parametrize("value", [0, -1, True, 3.0, "3", None])
def test_residual_nets_refuse_what_is_no_size(value):
    said = f"must be an int >= 1, got {value!r}"
    for name in ("num_classes", "width", "in_channels"):
        with pytest.raises(ValueError, match=f"{name} {said}"):
            SmallResNet(**{name: value})
    with pytest.raises(ValueError, match=rf"blocks\[1\] {said}"):
        SmallResNet(blocks=(1, value))
    sizes = {"in_channels": 4, "out_channels": 4, "stride": 1}
    for name in sizes:
        with pytest.raises(ValueError, match=f"{name} {said}"):
            ResidualBlock(**{**sizes, name: value})


def test_small_resnet_needs_a_stage():
    with pytest.raises(ValueError, match=r"len\(blocks\) must be an int >= 1, got 0"):
        SmallResNet(blocks=())


@pytest.mark.parametrize("conv", [conv3x3, SeparableDilatedConv2d])
def test_small_resnet_batch_mates_gradients_and_learning(conv):
    torch.manual_seed(0)
    model = SmallResNet(3, width=8, blocks=(1, 1, 1), conv=conv)
    images, labels = colour(24, 16, 16), torch.arange(24) % 3
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert all(weights.grad.abs().sum() > 0 for weights in model.parameters())
    model.eval()
    assert (model(images).argmax(1) == labels).all()
    torch.testing.assert_close(model(images[:1]), model(images)[:1])


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dilation", [1, 3])
def test_conv3x3_keeps_the_size_and_starts_as_he_says(stride, dilation):
    torch.manual_seed(0)
    conv = conv3x3(64, 128, stride=stride, dilation=dilation)
    assert conv.bias is None
    assert conv.weight.std().item() == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.02)
    side = -(-15 // stride)
    assert conv(torch.zeros(1, 64, 15, 15)).shape == (1, 128, side, side)
