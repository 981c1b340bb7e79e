"""What a trained classifier's answers are worth: interval, confidence, temperature."""

import math
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch import nn

__all__ = [
    "Reliability",
    "accuracy_interval",
    "fit_temperature",
    "predict",
    "reliability",
]


def predict(
    model: nn.Module, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Collect a model's outputs and the labels of a set, in the order of the batches.

    Outputs ``(N, ...)`` and labels ``(N, ...)`` are on the CPU and ask for no gradient.
    The model answers in evaluation mode; afterwards, even after an error, every module
    is back in the mode it was in.

    Args:
        batches: pairs of inputs and labels, on the model's device; not shuffled, if row
            k shall be sample k.

    Raises:
        ValueError: if there is no batch.

    Example:
        model = nn.Linear(4, 3)
        logits, labels = predict(model, [(torch.ones(5, 4), torch.zeros(5))])
        assert logits.shape == (5, 3) and labels.shape == (5,)

    Source: Taught in notebook 05-2.
    """
    outputs, labels = [], []
    with ExitStack() as afterwards, torch.inference_mode():
        for module in model.modules():
            afterwards.callback(setattr, module, "training", module.training)
        model.eval()
        for inputs, targets in batches:
            outputs.append(model(inputs).cpu())
            labels.append(targets.cpu())
    if not outputs:
        raise ValueError("batches gave no batch; it must hold at least one sample")
    return torch.cat(outputs), torch.cat(labels)


def accuracy_interval(
    correct: int, count: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    r"""Wilson's interval for the probability behind ``correct`` of ``count``.

    With $\hat p$ the share and $z$ the normal quantile (1.96 for 95 %), the ends are
    $(\hat p + z^2/2n \pm z \sqrt{\hat p(1 - \hat p)/n + z^2/4n^2}) / (1 + z^2/n)$. They
    stay inside [0, 1] and apart, also where all or none are right. Samples must be
    independent; recall and precision are such shares too, of their own counts.

    Args:
        correct: how many were right, 0 to ``count``.
        count: how many were tried, at least 1.
        confidence: share of such intervals that hold the probability, in (0, 1).

    Returns:
        The low and the high end.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        low, high = accuracy_interval(90, 100)
        assert 0.82 < low < 0.83 and 0.94 < high < 0.95

    Source: Wilson 1927, doi:10.1080/01621459.1927.10502953. Taught in notebook 05-2.
    """
    if not 0 <= correct <= count or count < 1:
        raise ValueError(
            f"need 0 <= correct <= count, count >= 1; got {correct} of {count}"
        )
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    share = correct / count
    level = torch.tensor(confidence, dtype=torch.float64)
    z = math.sqrt(2) * torch.erfinv(level).item()  # 1.96 for 95 %
    spread = math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    centre, shrink = share + z**2 / (2 * count), 1 + z**2 / count
    low, high = (centre - z * spread) / shrink, (centre + z * spread) / shrink
    return max(low, 0.0), min(high, 1.0)


@dataclass(frozen=True, eq=False)
class Reliability:
    """Stated confidence against what came true, bin by bin.

    Attributes:
        confidence, accuracy: mean confidence and share right of the samples in each
            bin, float64 (bins,); NaN in an empty bin.
        count: samples in each bin, int64 (bins,).
        error: the expected calibration error, the mean over samples of the distance
            between their bin's confidence and its accuracy, 0 to 1.

    Example:
        half = torch.tensor([0.5])
        diagram = Reliability(half, half, torch.tensor([8]), 0.0)
        assert diagram.error == 0.0

    Source: Guo et al. 2017, arXiv:1706.04599. Taught in notebook 05-2.
    """

    confidence: torch.Tensor
    accuracy: torch.Tensor
    count: torch.Tensor
    error: float


def reliability(
    probabilities: torch.Tensor, labels: torch.Tensor, *, bins: int = 10
) -> Reliability:
    r"""Compare the confidence of a classifier's answers with how often they are right.

    A sample's answer is its most probable class, its confidence that probability. Bin
    b of B holds the confidences in $((b-1)/B, b/B]$. The expected calibration error is
    $\sum_b \frac{n_b}{N} |\text{accuracy}_b - \text{confidence}_b|$; it depends on the
    number of bins, and is above 0 by chance even where all confidences are right.

    Args:
        probabilities: ``(N, K)``, rows that sum to 1, N at least 1.
        labels: integers ``(N,)``.
        bins: how many bins, of equal width.

    Raises:
        ValueError: if shapes do not fit, values are no probabilities, or ``bins`` is
            no int >= 1.

    Example:
        sure = torch.tensor([[0.9, 0.1]]).repeat(10, 1)
        found = reliability(sure, torch.tensor([0] * 6 + [1] * 4))
        assert abs(found.error - 0.3) < 1e-6

    Source: Guo et al. 2017, arXiv:1706.04599, section 2. Taught in notebook 05-2.
    """
    if type(bins) is not int or bins < 1:
        raise ValueError(f"bins must be an int >= 1, got {bins!r}")
    p = probabilities.detach().double()
    if p.ndim != 2 or labels.shape != p.shape[:1] or not len(labels):
        shapes = f"{tuple(p.shape)} and {tuple(labels.shape)}"
        raise ValueError(f"shapes must be (N, K) and (N,), N > 0, got {shapes}")
    if not (p.sum(1) - 1).abs().max() < 0.01 or p.min() < 0:
        raise ValueError("probabilities must be rows in [0, 1] that sum to 1")
    confidence, answers = p.max(1)
    which = torch.bucketize(confidence, torch.arange(1, bins).to(p) / bins)
    count = torch.bincount(which, minlength=bins)
    right = (answers == labels).double()
    stated = torch.bincount(which, confidence, minlength=bins)
    true = torch.bincount(which, right, minlength=bins)
    error = (true - stated).abs().sum().item() / len(labels)
    return Reliability(stated / count, true / count, count, error)


def fit_temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    r"""Find the T for which softmax(logits / T) gives the labels the lowest loss.

    With $b = 1/T$ the mean cross-entropy is convex in b, and its slope is the mean of
    $\sum_k p_k z_k - z_y$: the logit the model expects, minus the logit of the label.
    T is where they are equal, found by bisection. Dividing by T changes no answer.

    Use samples that neither trained the model nor are to test it.

    Args:
        logits: ``(N, K)``, N at least 1.
        labels: integers ``(N,)``.

    Returns:
        T, from 0.01 to 100; an end of this range means that there is no best T, as
        where every label has the largest logit.

    Raises:
        ValueError: if the shapes do not fit, or a logit is not finite.

    Example:
        logits = torch.tensor([[4.0, 0.0]]).repeat(4, 1)  # sure: 98 %
        warmth = fit_temperature(logits, torch.tensor([0, 0, 0, 1]))  # right: 75 %
        assert abs(warmth - 4 / math.log(3)) < 1e-4

    Source: Guo et al. 2017, arXiv:1706.04599, section 4.2. Taught in notebook 05-2.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or not len(labels):
        shapes = f"{tuple(logits.shape)} and {tuple(labels.shape)}"
        raise ValueError(f"shapes must be (N, K) and (N,), N > 0, got {shapes}")
    logits = logits.detach().double()
    if not logits.isfinite().all():
        raise ValueError("logits must be finite numbers")
    of_label = logits.gather(1, labels[:, None]).mean()
    low, high = math.log(0.01), math.log(100)
    for _ in range(50):
        middle = (low + high) / 2
        p = (logits / math.exp(middle)).softmax(1)
        expected = (p * logits).sum(1).mean()
        too_sure = expected > of_label  # then T must be higher
        low, high = (middle, high) if too_sure else (low, middle)
    return math.exp(high)
