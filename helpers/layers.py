"""Layers taught in the book, ready to import."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["ASPP", "CausalConv1d", "InvertedResidual", "SeparableDilatedConv2d"]


class SeparableDilatedConv2d(nn.Module):
    r"""Depthwise dilated, then pointwise convolution; no bias, no activation.

    Input ``(N, C_in, H, W)``,
    output ``(N, C_out, ceil(H / stride), ceil(W / stride))``.
    Weights: $K^2 C_\text{in} + C_\text{in} C_\text{out}$, a fraction
    $1/C_\text{out} + 1/K^2$ of a dense convolution's, whatever the dilation.
    One layer reaches over $d(K-1)+1$ pixels a side and reads $K^2$ of them.

    Weights start so that a ReLU after the layer leaves the mean square unchanged:
    the depthwise factor with gain 1, for no activation follows it, and the pointwise
    factor with He's gain.

    Args:
        in_channels: C_in, at least 1.
        out_channels: C_out, at least 1.
        kernel_size: side K of the window, in taps; odd, so that sizes are kept.
        stride: step of the depthwise window, in pixels, at least 1.
        dilation: distance d between neighbouring taps, in pixels, at least 1.

    Raises:
        ValueError: if ``kernel_size`` is even, or a number is below 1 or no int.

    Example:
        layer = SeparableDilatedConv2d(16, 32, stride=2, dilation=3)
        assert layer(torch.randn(1, 16, 28, 28)).shape == (1, 32, 14, 14)

    Source: Chen et al. 2018, arXiv:1802.02611, section 3.1 ("atrous separable
    convolution"). Taught in notebook 03-4.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        super().__init__()
        given = {
            "in_channels": in_channels,
            "out_channels": out_channels,
            "kernel_size": kernel_size,
            "stride": stride,
            "dilation": dilation,
        }
        for name, value in given.items():
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be an int >= 1, got {value!r}")
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, got {kernel_size}")
        how = {
            "stride": stride,
            "padding": dilation * (kernel_size - 1) // 2,
            "dilation": dilation,
            "groups": in_channels,
            "bias": False,
        }
        self.conv_dw = nn.Conv2d(in_channels, in_channels, kernel_size, **how)
        self.conv_pw = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        nn.init.kaiming_normal_(self.conv_dw.weight, nonlinearity="linear")
        nn.init.kaiming_normal_(self.conv_pw.weight, nonlinearity="relu")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.conv_pw(self.conv_dw(images))


class ASPP(nn.Module):
    r"""Atrous spatial pyramid pooling: several reaches side by side, then one mix.

    Input ``(N, C_in, H, W)``, output ``(N, C_out, H, W)``. Branches: a 1x1
    convolution, one separable 3x3 convolution for each dilation in ``rates``, and the
    mean of the whole picture. Each gives C_out channels; a 1x1 projection mixes them.
    Batch normalisation and ReLU follow every convolution but that of the mean, which
    has a bias instead: in a batch of one it has a single value a channel.

    Args:
        in_channels: C_in, at least 1.
        out_channels: C_out, at least 1.
        rates: dilation of each 3x3 branch, in pixels, each at least 1.

    Raises:
        ValueError: if ``rates`` is empty, or a number is below 1 or no int.

    Example:
        block = ASPP(64, 32, rates=(1, 2, 4))
        assert block(torch.randn(1, 64, 14, 14)).shape == (1, 32, 14, 14)

    Source: Chen et al. 2017, arXiv:1706.05587, section 3.3, with the separable
    branches of Chen et al. 2018, arXiv:1802.02611. Taught in notebook 03-4.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, rates: Sequence[int] = (1, 2, 4)
    ) -> None:
        super().__init__()
        given = {"in_channels": in_channels, "out_channels": out_channels}
        given |= {"len(rates)": len(rates)}
        given |= {f"rates[{i}]": rate for i, rate in enumerate(rates)}
        for name, value in given.items():
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be an int >= 1, got {value!r}")

        def look(rate: int) -> nn.Conv2d:
            how = {"padding": rate, "dilation": rate, "groups": in_channels}
            return nn.Conv2d(in_channels, in_channels, 3, bias=False, **how)

        def mix(channels: int) -> list[nn.Module]:
            conv = nn.Conv2d(channels, out_channels, 1, bias=False)
            return [conv, nn.BatchNorm2d(out_channels), nn.ReLU()]

        self.branches = nn.ModuleList([nn.Sequential(*mix(in_channels))])
        for rate in rates:
            self.branches.append(nn.Sequential(look(rate), *mix(in_channels)))
        self.pooled = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(in_channels, out_channels, 1), nn.ReLU()
        )
        self.project = nn.Sequential(*mix((len(rates) + 2) * out_channels))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        seen = [branch(maps) for branch in self.branches]
        seen.append(self.pooled(maps).expand_as(seen[0]))
        return self.project(torch.cat(seen, dim=1))


class InvertedResidual(nn.Module):
    r"""MobileNetV2's block: expand by 1x1, look depthwise, project by 1x1.

    Input ``(N, C_in, H, W)``,
    output ``(N, C_out, ceil(H / stride), ceil(W / stride))``.
    Batch normalisation follows every convolution, ReLU6 the first two; the projection
    stays linear. With ``stride`` 1 and C_in = C_out the input is added to the result.
    With ``expansion`` 1 there is nothing to expand, and that convolution is left out.

    Args:
        in_channels: C_in, at least 1.
        out_channels: C_out, at least 1.
        stride: step of the depthwise window, in pixels, at least 1.
        expansion: hidden channels for each input channel, a whole number, at least 1.

    Raises:
        ValueError: if a number is below 1 or no int.

    Example:
        block = InvertedResidual(16, 24, stride=2)
        assert block(torch.randn(1, 16, 28, 28)).shape == (1, 24, 14, 14)

    Source: Sandler et al. 2018, arXiv:1801.04381, section 3.3. Taught in notebook
    03-2.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stride: int = 1,
        expansion: int = 6,
    ) -> None:
        super().__init__()
        given = {
            "in_channels": in_channels,
            "out_channels": out_channels,
            "stride": stride,
            "expansion": expansion,
        }
        for name, value in given.items():
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be an int >= 1, got {value!r}")
        hidden = expansion * in_channels
        look = {"stride": stride, "padding": 1, "groups": hidden, "bias": False}
        layers = []
        if expansion > 1:
            layers += [nn.Conv2d(in_channels, hidden, 1, bias=False)]
            layers += [nn.BatchNorm2d(hidden), nn.ReLU6()]
        layers += [nn.Conv2d(hidden, hidden, 3, **look)]
        layers += [nn.BatchNorm2d(hidden), nn.ReLU6()]
        layers += [nn.Conv2d(hidden, out_channels, 1, bias=False)]
        self.layers = nn.Sequential(*layers, nn.BatchNorm2d(out_channels))
        self.skips = stride == 1 and in_channels == out_channels

    def extra_repr(self) -> str:
        """Whether the input is added, which the list of the layers does not show."""
        return f"skips={self.skips}"

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        changed = self.layers(maps)
        return maps + changed if self.skips else changed


class CausalConv1d(nn.Conv1d):
    r"""Dilated 1-D convolution that reads the present and the past, never the future.

    Input ``(N, C_in, T)``, output ``(N, C_out, T)``. Output t is a weighted sum of the
    inputs t, t - d, ..., t - d(K-1); those before the start count as 0. Stacked with
    kernel 2 and dilations 1, 2, 4, ..., L layers look back over $2^L$ steps.

    Args:
        in_channels: C_in, at least 1.
        out_channels: C_out, at least 1.
        kernel_size: number K of taps, at least 1; even ones are welcome.
        dilation: distance d between neighbouring taps, in steps, at least 1.
        bias: whether each output channel adds a number of its own.

    Raises:
        ValueError: if a number is below 1 or no int.

    Example:
        layer = CausalConv1d(1, 16, dilation=4)
        assert layer(torch.randn(8, 1, 100)).shape == (8, 16, 100)

    Source: van den Oord et al. 2016, arXiv:1609.03499, section 2.1. Taught in notebook
    03-3.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 2,
        *,
        dilation: int = 1,
        bias: bool = True,
    ) -> None:
        given = {
            "in_channels": in_channels,
            "out_channels": out_channels,
            "kernel_size": kernel_size,
            "dilation": dilation,
        }
        for name, value in given.items():
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be an int >= 1, got {value!r}")
        how = {"dilation": dilation, "bias": bias}
        super().__init__(in_channels, out_channels, kernel_size, **how)
        self.past = dilation * (kernel_size - 1)

    def forward(self, sequences: torch.Tensor) -> torch.Tensor:
        return super().forward(F.pad(sequences, (self.past, 0)))
