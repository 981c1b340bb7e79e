"""Which rows train, which choose, and which are asked at the end."""

import torch
from torch import Tensor

__all__ = ["three_way_split"]


def three_way_split(
    labels: Tensor,
    *,
    valid: float = 0.15,
    test: float = 0.15,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Divide rows into training, validation and test part, every class in proportion.

    Each row falls into exactly one part. Of every class, the validation and the test
    part get their share, rounded up or down, and at least one row; what rounding takes
    from one class it gives to the next, so the parts' sizes are their shares, rounded
    (larger only where a class too small for its share gets its one row).

    Args:
        labels: classes ``(N,)``, integers; 3 rows or more of each class.
        valid: the validation part's share of the rows, above 0.
        test: the test part's share, above 0; ``valid + test`` is below 1.
        generator: where the choice comes from, on the CPU; None for torch's global one.

    Returns:
        Three int64 tensors of row numbers on the CPU, each in ascending order.

    Raises:
        ValueError: if the shares do not fit, ``labels`` is empty or not ``(N,)``, or a
            class has too few rows to leave one for training.

    Source: Kohavi 1995, *A study of cross-validation and bootstrap for accuracy
    estimation and model selection* (stratified folds). Taught in notebook 04-2.

    Example:
        labels = torch.tensor([0] * 90 + [1] * 10)
        train, valid, test = three_way_split(labels, valid=0.2, test=0.2)
        assert [int(labels[part].sum()) for part in (train, valid, test)] == [6, 2, 2]
    """
    if not (valid > 0 and test > 0 and valid + test < 1):
        raise ValueError(f"valid={valid}, test={test}: above 0, sum below 1")
    if labels.ndim != 1 or len(labels) == 0:
        raise ValueError(f"labels: (N,), N > 0, not {tuple(labels.shape)}")
    order = torch.randperm(len(labels), generator=generator)
    shares, parts, end = (valid, test), ([], [], []), 0
    for label in labels.unique():
        rows = order[(labels == label).cpu()[order]]
        start, end = end, end + len(rows)
        held = [max(1, round(s * end) - round(s * start)) for s in shares]
        if sum(held) >= len(rows):
            raise ValueError(f"class {label} has {len(rows)} rows: too few")
        sizes = [len(rows) - sum(held), *held]
        for part, chosen in zip(parts, rows.split(sizes), strict=True):
            part.append(chosen)
    return tuple(torch.cat(part).sort().values for part in parts)
