"""Pictures varied at random while a network learns, a whole batch at a time.

Each callable takes ``(images, labels)`` and returns such a pair, so that it fits
``transform`` of `helpers.data.Batches`: drawn anew for every batch of every epoch.
"""

import torch
from torch.nn import functional as F

__all__ = ["Mixup", "RandomCropFlip"]


class RandomCropFlip:
    """Shift and mirror every picture of a batch, each by a draw of its own.

    A picture ``(C, H, W)`` is framed with ``padding`` zeros on every side, a window of
    its old size is cut out at one of ``(2 padding + 1)**2`` places, all equally likely,
    and is mirrored left to right with probability 1/2. Zero is the mean colour once the
    pictures are normalised, which is when to use this, and black before.

    Called with ``images`` ``(N, C, H, W)``, of any dtype and on any device, and
    ``labels``, it returns new images of the same shape, dtype and device, and the
    labels as they are. For training only.

    Args:
        padding: the farthest shift in pixels, an int, at least 0 (no shift).
        generator: where the draws come from, on the CPU, so that they are the same on
            every device; None for torch's global one.

    Raises:
        ValueError: if ``padding`` is no int or below 0, or ``images`` are not four-
            dimensional.

    Example:
        images, labels = torch.rand(8, 3, 32, 32), torch.arange(8)
        varied, same = RandomCropFlip(4)(images, labels)
        assert varied.shape == images.shape and same is labels

    Source: the shifts and mirrors of He et al. 2016, arXiv:1512.03385, section 4.2.
    Taught in notebook 04-3.
    """

    def __init__(
        self, padding: int = 4, *, generator: torch.Generator | None = None
    ) -> None:
        if type(padding) is not int or padding < 0:
            raise ValueError(f"padding must be an int >= 0, got {padding!r}")
        self.padding = padding
        self.generator = generator

    def __call__(
        self, images: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if images.ndim != 4:
            raise ValueError(
                f"images must be (N, C, H, W), got shape {tuple(images.shape)}"
            )
        count, _, height, width = images.shape
        places = 2 * self.padding + 1
        draws = torch.randint(places, (2, count), generator=self.generator)
        coins = torch.rand(count, generator=self.generator) < 0.5
        top, left = draws.to(images.device)
        mirror = coins.to(images.device)[:, None, None, None]
        framed = F.pad(images, [self.padding] * 4)
        # Every window as a view: (N, C, places, places, H, W); then one a picture.
        windows = framed.unfold(2, height, 1).unfold(3, width, 1)
        number = torch.arange(count, device=images.device)
        crops = windows[number, :, top, left]
        return torch.where(mirror, crops.flip(3), crops), labels


class Mixup:
    r"""Mix every picture, and its label, with another one of its batch.

    A picture becomes $r x_i + (1 - r) x_j$ and its label $r y_i + (1 - r) y_j$, with
    $y$ one-hot, $j$ from a random order of the batch, and a share $r$ of its own drawn
    from Beta(alpha, alpha). Papers call the share lambda.

    Called with ``images`` float ``(N, C, H, W)`` (any shape ``(N, ...)``) and
    ``labels`` int64 ``(N,)``, it returns mixed images of the same shape and soft labels
    ``(N, num_classes)`` of the same dtype, each row with sum 1; ``F.cross_entropy``
    takes both kinds of labels. For training only.

    Args:
        alpha: above 0; 1 draws shares evenly from [0, 1], a small alpha mostly close to
            0 or 1, a large one close to 1/2.
        num_classes: K, at least 1; labels are 0 to K - 1.
        generator: where the draws come from, on the CPU, so that they are the same on
            every device; None for torch's global one.

    Raises:
        ValueError: if ``alpha`` is not above 0, ``num_classes`` no int >= 1, or
            ``images`` are not floating point.

    Example:
        images, labels = torch.rand(8, 3, 32, 32), torch.arange(8)
        mixed, soft = Mixup(0.2, num_classes=10)(images, labels)
        assert soft.shape == (8, 10) and torch.allclose(soft.sum(1), torch.ones(8))

    Source: Zhang et al. 2018, arXiv:1710.09412; Beta(alpha, alpha) from two uniform
    numbers: the polar method of Bailey 1994, doi:10.2307/2153537. Taught in notebook
    04-3.
    """

    def __init__(
        self,
        alpha: float,
        num_classes: int,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        if not 0 < alpha < float("inf"):
            raise ValueError(f"alpha must be above 0 and finite, got {alpha!r}")
        if type(num_classes) is not int or num_classes < 1:
            raise ValueError(f"num_classes must be an int >= 1, got {num_classes!r}")
        self.alpha = alpha
        self.num_classes = num_classes
        self.generator = generator

    def __call__(
        self, images: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not images.is_floating_point():
            raise ValueError(f"images must be floating point, got {images.dtype}")
        count = len(images)
        partner = torch.randperm(count, generator=self.generator)
        partner = partner.to(images.device)
        draws = torch.rand(2, count, generator=self.generator).double()
        # Beta(alpha, alpha) out of two uniform numbers
        slope = (draws[0] ** (-1 / self.alpha) - 1).sqrt()
        slope = slope * torch.cos(2 * torch.pi * draws[1])
        share = ((1 + slope.atan().sin()) / 2).to(images)
        soft = F.one_hot(labels, self.num_classes).to(images)
        soft = share[:, None] * soft + (1 - share[:, None]) * soft[partner]
        share = share.view(-1, *[1] * (images.ndim - 1))
        return share * images + (1 - share) * images[partner], soft
