"""Layers taught in the book, ready to import."""

from collections.abc import Sequence

import torch
from torch import nn

__all__ = ["ASPP", "SeparableDilatedConv2d"]


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
        ValueError: if ``kernel_size`` is even, or any number is below 1.

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
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
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
        ValueError: if ``rates`` is empty or holds a number below 1.

    Source: Chen et al. 2017, arXiv:1706.05587, section 3.3, with the separable
    branches of Chen et al. 2018, arXiv:1802.02611. Taught in notebook 03-4.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, rates: Sequence[int] = (1, 2, 4)
    ) -> None:
        super().__init__()
        if len(rates) == 0 or min(rates) < 1:
            raise ValueError(f"rates must be numbers of at least 1, got {rates}")

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
