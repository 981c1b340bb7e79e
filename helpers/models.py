"""Whole networks that more than one notebook trains."""

from collections.abc import Callable, Sequence

import torch
from torch import nn

__all__ = [
    "conv3x3",
    "LeNet",
    "PictureNet",
    "ResidualBlock",
    "SmallConvNet",
    "SmallResNet",
]


class LeNet(nn.Module):
    """Two convolutions with max-pooling, then three linear layers.

    Input ``(N, 1, 28, 28)``, output logits ``(N, num_classes)``. No padding: the maps
    shrink 28 → 24 → 12 → 8 → 4, so the first linear layer has 16 · 4 · 4 inputs.
    44,426 weights for ten classes.

    The layer sizes are those of LeNet-5; it read 32 × 32 pictures (hence its
    16 · 5 · 5), pooled by learned averages and bent with tanh.

    Args:
        num_classes: number of logits, at least 1.

    Example:
        logits = LeNet()(torch.randn(8, 1, 28, 28))
        assert logits.shape == (8, 10)

    Source: LeCun et al. 1998, doi:10.1109/5.726791, section II B. Taught in notebook
    05-1.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=5),  # (N, 6, 24, 24)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 6, 12, 12)
            nn.Conv2d(6, 16, kernel_size=5),  # (N, 16, 8, 8)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (N, 16, 4, 4)
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),  # (N, 256)
            nn.Linear(16 * 4 * 4, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, num_classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images))


class SmallConvNet(nn.Module):
    """Three convolutions of stride 2, each batch-normalised, and one linear layer.

    Input ``(N, 1, 28, 28)``, output logits ``(N, num_classes)``. The stride does the
    shrinking, 28 → 14 → 7 → 4, so no layer computes maps that a pooling then throws
    away. 33,914 weights for ten classes.

    Args:
        num_classes: number of logits, at least 1.

    Example:
        logits = SmallConvNet()(torch.randn(8, 1, 28, 28))
        assert logits.shape == (8, 10)

    Source: strides instead of pooling as in Springenberg et al. 2015,
    arXiv:1412.6806; batch normalisation: Ioffe and Szegedy 2015, arXiv:1502.03167.
    Taught in notebook 05-1.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        layers = []
        for in_channels, out_channels, kernel_size in [
            (1, 16, 5),  # (N, 16, 14, 14)
            (16, 32, 3),  # (N, 32, 7, 7)
            (32, 64, 3),  # (N, 64, 4, 4)
        ]:
            layers += [
                nn.Conv2d(
                    in_channels,
                    out_channels,
                    kernel_size,
                    stride=2,
                    padding=kernel_size // 2,
                    bias=False,  # batch normalisation has its own
                ),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(),
            ]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(64 * 4 * 4, num_classes)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images))


class PictureNet(nn.Module):
    """Five convolutions, the mean of each map, one linear layer: for any picture size.

    Input ``(N, in_channels, H, W)`` with H and W at least 1, output logits
    ``(N, num_classes)``. Each convolution is batch-normalised; three of them have
    stride 2, the first one first, so a 32 × 32 picture shrinks 32 → 16 → 8 → 8 → 4 → 4.
    Global average pooling leaves one number a map, so that the linear layer has
    2 · width inputs whatever H and W. By default 2.7 million multiply-adds for such a
    picture, and 76,706 weights. In training mode a batch needs more than one value a
    map: not a single picture of 8 × 8 pixels or fewer.

    Args:
        num_classes: number of logits, at least 1.
        width: maps of the first three convolutions, at least 1; the last two have
            twice as many.
        in_channels: colours of a picture, at least 1.

    Raises:
        ValueError: if a number is below 1 or no int.

    Example:
        net = PictureNet(2, width=16)
        sizes = [(32, 32), (224, 224), (45, 70)]
        assert all(net(torch.randn(4, 3, *s)).shape == (4, 2) for s in sizes)

    Source: global average pooling: Lin et al. 2014, arXiv:1312.4400, section 3.2;
    batch normalisation: Ioffe and Szegedy 2015, arXiv:1502.03167. Taught in notebook
    05-3.
    """

    def __init__(
        self, num_classes: int = 2, *, width: int = 32, in_channels: int = 3
    ) -> None:
        super().__init__()
        given = {"num_classes": num_classes, "in_channels": in_channels}
        for name, value in {**given, "width": width}.items():
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be an int >= 1, got {value!r}")
        layers, channels = [], in_channels
        for out_channels, kernel_size, stride in [
            (width, 5, 2),  # (N, width, H / 2, W / 2), rounded up
            (width, 3, 2),  # H / 4
            (width, 3, 1),
            (2 * width, 3, 2),  # H / 8
            (2 * width, 3, 1),
        ]:
            how = {"stride": stride, "padding": kernel_size // 2, "bias": False}
            layers += [
                nn.Conv2d(channels, out_channels, kernel_size, **how),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(),
            ]
            channels = out_channels
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.features(images)  # (N, 2 width, H / 8, W / 8)
        return self.classifier(maps.mean((2, 3)))  # one number a map


def conv3x3(
    in_channels: int, out_channels: int, *, stride: int = 1, dilation: int = 1
) -> nn.Conv2d:
    """Make a dense 3 × 3 convolution without bias that keeps the size at stride 1.

    Input ``(N, in_channels, H, W)``,
    output ``(N, out_channels, ceil(H / stride), ceil(W / stride))``. Weights start as
    He et al. 2015, arXiv:1502.01852, for a ReLU after it.

    Args:
        stride: step of the window, in pixels, at least 1.
        dilation: distance between neighbouring taps, in pixels, at least 1.

    Raises:
        ValueError: from ``nn.Conv2d``, if a number is below 1.

    Example:
        layer = conv3x3(16, 32, stride=2, dilation=2)
        assert layer(torch.randn(1, 16, 28, 28)).shape == (1, 32, 14, 14)

    Source: He et al. 2016, arXiv:1512.03385, section 3.3. Taught in notebook 05-4.
    """
    how = {"stride": stride, "padding": dilation, "dilation": dilation}
    conv = nn.Conv2d(in_channels, out_channels, 3, bias=False, **how)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return conv


class ResidualBlock(nn.Module):
    r"""Two batch-normalised convolutions whose result is added to the input.

    Input ``(N, in_channels, H, W)``,
    output ``(N, out_channels, ceil(H / stride), ceil(W / stride))``. Where the shape
    changes, the shortcut is a strided 1 × 1 convolution with batch normalisation;
    elsewhere it is the input itself. The last ReLU comes after the sum. The names are
    those of torchvision's BasicBlock, so that its weights can be loaded. With dense
    convolutions $9 C_\text{in} C_\text{out} + 9 C_\text{out}^2 + 4 C_\text{out}$
    weights, and $C_\text{in} C_\text{out} + 2 C_\text{out}$ for that 1 × 1 shortcut.

    Args:
        in_channels, out_channels: maps in and out, each at least 1.
        stride: step of the first convolution and of the shortcut, at least 1.
        skips: False leaves the shortcut out: the plain block of the same layers.
        conv: makes both convolutions, called as ``conv(in_channels, out_channels,
            stride=...)``; it keeps the size at stride 1, such as ``conv3x3`` or
            ``SeparableDilatedConv2d``.

    Raises:
        ValueError: if a number is below 1 or no int.

    Example:
        block = ResidualBlock(16, 32, stride=2)
        assert block(torch.randn(2, 16, 28, 28)).shape == (2, 32, 14, 14)

    Source: He et al. 2016, arXiv:1512.03385, sections 3.2 and 3.3 (option B). Taught
    in notebook 05-4.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stride: int = 1,
        skips: bool = True,
        conv: Callable[..., nn.Module] = conv3x3,
    ) -> None:
        super().__init__()
        given = {"in_channels": in_channels, "out_channels": out_channels}
        for name, value in {**given, "stride": stride}.items():
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be an int >= 1, got {value!r}")
        self.conv1 = conv(in_channels, out_channels, stride=stride)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = conv(out_channels, out_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.skips = skips
        self.downsample = nn.Identity()
        if skips and (stride > 1 or in_channels != out_channels):
            how = {"stride": stride, "bias": False}
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, **how),
                nn.BatchNorm2d(out_channels),
            )

    def extra_repr(self) -> str:
        """Whether the input is added, which the list of the layers does not show."""
        return f"skips={self.skips}"

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        changed = self.bn1(self.conv1(maps)).relu()
        changed = self.bn2(self.conv2(changed))
        if self.skips:
            changed = changed + self.downsample(maps)
        return changed.relu()


class SmallResNet(nn.Module):
    """The residual network for small pictures: a stem, stages of blocks, a head.

    Input ``(N, in_channels, H, W)``, output logits ``(N, num_classes)``. Stage k has
    ``width * 2**k`` maps, and each stage but the first begins with a block of stride 2,
    so three stages shrink 32 → 32 → 16 → 8. ``features`` ends in the mean of every map,
    ``(N, head.in_features)``, and ``head`` is one linear layer: to learn other classes,
    put a new ``nn.Linear(model.head.in_features, ...)`` in its place. With n blocks in
    each of three stages the depth is 6n + 2; as it stands it is ResNet-20: 272,474
    weights, and 40.8 million multiply-adds for a 32 × 32 picture.

    Args:
        num_classes: number of logits, at least 1.
        width: maps of the stem and of the first stage, at least 1.
        blocks: how many blocks each stage has, each at least 1.
        in_channels: colours of a picture, at least 1.
        residual: False leaves every shortcut out: the plain network of that depth.
        conv: makes the convolutions of the blocks, as in :class:`ResidualBlock`.

    Raises:
        ValueError: if ``blocks`` is empty, or a number is below 1 or no int.

    Example:
        model = SmallResNet(width=8, blocks=(1, 1, 1))
        assert model(torch.randn(4, 3, 32, 32)).shape == (4, 10)
        model.head = nn.Linear(model.head.in_features, 2)
        assert model(torch.randn(4, 3, 16, 16)).shape == (4, 2)

    Source: He et al. 2016, arXiv:1512.03385, section 4.2, there with padded shortcuts
    (option A, 269,722 weights). Taught in notebook 05-4.
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        width: int = 16,
        blocks: Sequence[int] = (3, 3, 3),
        in_channels: int = 3,
        residual: bool = True,
        conv: Callable[..., nn.Module] = conv3x3,
    ) -> None:
        super().__init__()
        given = {"num_classes": num_classes, "width": width}
        given |= {"in_channels": in_channels, "len(blocks)": len(blocks)}
        given |= {f"blocks[{i}]": count for i, count in enumerate(blocks)}
        for name, value in given.items():
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be an int >= 1, got {value!r}")
        layers = [conv3x3(in_channels, width), nn.BatchNorm2d(width), nn.ReLU()]
        channels, how = width, {"skips": residual, "conv": conv}
        for stage, count in enumerate(blocks):
            out_channels = width * 2**stage
            for stride in [2 if stage else 1] + [1] * (count - 1):
                how["stride"] = stride
                layers.append(ResidualBlock(channels, out_channels, **how))
                channels = out_channels
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        self.features = nn.Sequential(*layers)  # (N, channels)
        self.head = nn.Linear(channels, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(images))
