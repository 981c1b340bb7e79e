"""What a network costs: weights, multiply-adds, bytes, seconds, and what it sees."""

import copy
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from helpers._modes import modes_restored
from helpers.env import synchronize

__all__ = [
    "count_parameters",
    "Cost",
    "measure",
    "Latency",
    "latency",
    "receptive_field",
    "seen_pixels",
]


def count_parameters(module: nn.Module, *, trainable_only: bool = False) -> int:
    """Count the weights and biases of a module, each shared one once."""
    return sum(
        p.numel() for p in module.parameters() if p.requires_grad or not trainable_only
    )


@dataclass(frozen=True)
class LayerCost:
    """The cost of one call of one layer, for the whole batch that was passed."""

    name: str
    kind: str
    weights: int
    multiply_adds: int
    activation_bytes: int
    output_shape: tuple[int, ...]


@dataclass(frozen=True)
class Cost:
    """The cost of one forward pass; the totals are sums over the layers."""

    layers: tuple[LayerCost, ...]
    weights: int
    multiply_adds: int
    activation_bytes: int


def _multiply_adds(layer: nn.Module, output: torch.Tensor) -> int:
    """Products per output number, times the output numbers; a bias is free."""
    if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear):
        return layer.weight[0].numel() * output.numel()
    return 0


def measure(model: nn.Module, inputs: torch.Tensor) -> Cost:
    """Run one forward pass and count, layer by layer.

    Multiply-adds are counted for convolutions (groups, stride and dilation included)
    and linear layers; what a model computes by function calls, such as ``F.conv2d``,
    is not seen. Activation bytes are those of every layer's output, which training
    has to keep. The model is left as it was: same mode, same statistics.

    Args:
        inputs: one batch, such as ``(1, C, H, W)``; all counts are for this batch.
    """
    layers: list[LayerCost] = []
    counted: set[int] = set()

    def record(name: str) -> Callable[..., None]:
        def hook(layer: nn.Module, _: object, output: torch.Tensor) -> None:
            new = [p for p in layer.parameters() if id(p) not in counted]
            counted.update(id(p) for p in new)
            layers.append(
                LayerCost(
                    name=name,
                    kind=type(layer).__name__,
                    weights=sum(p.numel() for p in new),
                    multiply_adds=_multiply_adds(layer, output),
                    activation_bytes=output.numel() * output.element_size(),
                    output_shape=tuple(output.shape),
                )
            )

        return hook

    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    handles = [m.register_forward_hook(record(name)) for name, m in leaves]
    try:
        with modes_restored(model), torch.inference_mode():
            model.eval()
            model(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return Cost(
        layers=tuple(layers),
        weights=count_parameters(model),
        multiply_adds=sum(layer.multiply_adds for layer in layers),
        activation_bytes=sum(layer.activation_bytes for layer in layers),
    )


@dataclass(frozen=True)
class Latency:
    """Seconds of one call: the median and the two quartiles of the repeats."""

    median: float
    low: float
    high: float


def latency(
    function: Callable[[], object],
    *,
    device: torch.device | None = None,
    warmup: int = 3,
    repeats: int = 20,
) -> Latency:
    """Time a call: warm-up calls first, then the median of the repeats.

    Args:
        function: takes nothing; what it queues on ``device`` is waited for.
        repeats: at least 2.

    Raises:
        ValueError: if ``warmup`` is negative or ``repeats`` less than 2.
    """
    if warmup < 0 or repeats < 2:
        raise ValueError(
            f"warmup must be >= 0 and repeats >= 2, got {warmup} and {repeats}"
        )
    for _ in range(warmup):
        function()
    seconds = []
    for _ in range(repeats):
        synchronize(device)
        start = time.perf_counter()
        function()
        synchronize(device)
        seconds.append(time.perf_counter() - start)
    low, median, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return Latency(median=median, low=low, high=high)


def receptive_field(layers: Iterable[tuple[int, int, int]]) -> int:
    r"""Side of the window of input pixels that one output pixel depends on.

    $R = 1 + \sum_i (K_i - 1)\, d_i \prod_{j<i} s_j$: each layer adds its reach,
    measured in steps of all the strides before it.

    Args:
        layers: ``(kernel_size, stride, dilation)`` of each layer, first to last.

    Raises:
        ValueError: if a value is less than 1.
    """
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        if min(kernel_size, stride, dilation) < 1:
            raise ValueError(
                "layers must be (kernel_size, stride, dilation), each >= 1, "
                f"got {(kernel_size, stride, dilation)}"
            )
        field += (kernel_size - 1) * dilation * jump
        jump *= stride
    return field


def _transparent(module: nn.Module) -> nn.Module:
    """Copy a module with every path open: positive averages everywhere."""
    module = copy.deepcopy(module).double().cpu().eval()
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.MaxPool2d):
                average = nn.AvgPool2d(child.kernel_size, child.stride, child.padding)
                setattr(parent, name, average)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
            else:
                fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
                parameter.fill_(1 / fan_in)
    return module


def seen_pixels(module: nn.Module, in_shape: Sequence[int]) -> torch.Tensor:
    """Mark the input pixels that the central output pixel depends on.

    Measured, not computed: one output pixel is back-propagated to the input of a
    copy whose weights are positive, so that nothing cancels, and whose max-pooling
    is averaging, so that no path is hidden by another.

    Args:
        module: takes ``(1, C, H, W)`` and gives ``(1, C', H', W')``.
        in_shape: ``(C, H, W)``.

    Returns:
        Boolean tensor ``(H, W)``.
    """
    inputs = torch.ones(1, *in_shape, dtype=torch.float64, requires_grad=True)
    output = _transparent(module)(inputs)
    if output.ndim != 4:
        raise ValueError(
            f"module must give (1, C, H, W), it gives {tuple(output.shape)}"
        )
    row, column = (size // 2 for size in output.shape[2:])
    output[0, :, row, column].sum().backward()
    return inputs.grad[0].abs().sum(0) > 0
