"""helpers.models: sizes by hand, what may not fit, and that both networks learn."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.cost import count_parameters, measure
from helpers.models import LeNet, SmallConvNet

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
