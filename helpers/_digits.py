"""The offline stand-in for MNIST: real handwritten digits, brought to 28×28.

scikit-learn carries 1,797 digits of 8×8 pixels, each pixel the count of inked points
among 4×4 (Alpaydin and Kaynak 1998, doi:10.24432/C50P49). Here they are enlarged to a
20×20 box, centred in mass on 28×28 as MNIST's are, and the training digits multiplied
by small warps. The parts are split by original, so that no digit leaks.
"""

import functools

import numpy as np
import torch
import torch.nn.functional as F

from helpers._readers import stratified

COPIES = 10  # of each training digit: itself and nine warped ones


@functools.cache
def draw_digits() -> tuple[tuple, tuple, tuple]:
    """Make (train, valid, test), each (uint8 (N, 1, 28, 28), int64 (N,)) in numpy."""
    from sklearn.datasets import load_digits  # slow to import, and needed here only

    digits, labels = load_digits(return_X_y=True)
    small = torch.from_numpy(digits).reshape(-1, 1, 8, 8).float() / 16
    labels = labels.astype(np.int64)
    test = stratified(labels, 300)
    valid = np.zeros_like(test)
    valid[np.flatnonzero(~test)[stratified(labels[~test], 297)]] = True
    train = np.flatnonzero(~(test | valid))
    random = torch.from_numpy(np.random.default_rng(0).random((7, COPIES, len(train))))
    spread = 2 * random.float() - 1
    spread[:, 0] = 0  # the first copy stays as it was written
    copies = [_enlarged(small[train], warp) for warp in spread.unbind(1)]
    order = np.random.default_rng(1).permutation(COPIES * len(train))
    images = torch.cat(copies).numpy()[order]
    plain = [
        (_enlarged(small[part], torch.zeros(7, int(part.sum()))).numpy(), labels[part])
        for part in (valid, test)
    ]
    return (images, np.tile(labels[train], COPIES)[order]), *plain


def _enlarged(small: torch.Tensor, warp: torch.Tensor) -> torch.Tensor:
    """Bring digits (N, 1, 8, 8) in 0..1 to uint8 (N, 1, 28, 28), centred in mass.

    ``warp`` (7, N) in -1..1: rotation, shear, width, height, boldness, and the shift
    in both directions; zeros enlarge and centre only.
    """
    angle, shear, width, height, bold, right, down = warp
    angle, shear = 0.22 * angle, 0.2 * shear  # radians; pixels per pixel
    width, height = 1 + 0.12 * width, 1 + 0.1 * height
    cos, sin = angle.cos(), angle.sin()
    axes = torch.arange(8.0)
    mass = small.sum((1, 2, 3))
    middle_x = (small.sum((1, 2)) * axes).sum(1) / mass - 0.4 * right
    middle_y = (small.sum((1, 3)) * axes).sum(1) / mass - 0.4 * down
    # output pixel -> place in the small picture, 20 output pixels to its 8
    y, x = torch.meshgrid(
        torch.arange(28) - 13.5, torch.arange(28) - 13.5, indexing="ij"
    )
    x, y = x * 8 / 20, y * 8 / 20
    turn = lambda a, b: a[:, None, None] * x + b[:, None, None] * y  # noqa: E731
    place_x = turn(cos * width, shear - sin) + middle_x[:, None, None]
    place_y = turn(sin, cos * height) + middle_y[:, None, None]
    grid = torch.stack([place_x, place_y], -1) * 2 / 7 - 1
    smooth = F.grid_sample(
        small, grid, mode="bicubic", padding_mode="zeros", align_corners=True
    )
    threshold = (0.32 - 0.1 * bold)[:, None, None, None]  # a low one thickens strokes
    ink = (smooth - threshold) / 0.5
    return (255 * ink.clamp(0, 1)).round().to(torch.uint8)
