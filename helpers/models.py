"""Whole networks that more than one notebook trains."""

import torch
from torch import nn

__all__ = ["LeNet", "SmallConvNet"]


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
