"""Claims that can fail, and exercises that check themselves.

A claim is one line in a notebook: it prints ``✓`` and the value, or raises
``AssertionError`` and says what was expected. An exercise's check is registered in
``helpers/exercises/nb_NN_M.py`` and called from the notebook as
``check("03.4-effective-size", effective_size)``.
"""

import contextlib
import dis
import importlib
import inspect
from collections.abc import Callable, Sequence
from types import FunctionType

import torch

__all__ = [
    "between",
    "close",
    "has_shape",
    "exercise",
    "expect",
    "check",
]

Verify = Callable[[object], None]
_registry: dict[str, tuple[str, Verify]] = {}


class WrongAnswerError(Exception):
    """What an exercise's check found, in one sentence."""


def between(
    value: float, low: float, high: float, *, what: str, unit: str = ""
) -> None:
    """Claim that ``low <= value <= high``; ``what`` and ``unit`` name it in print."""
    value = float(value)
    shown = f"{value:.4g}{unit}"
    if not low <= value <= high:
        raise AssertionError(f"{what}: {shown} is not in [{low:g}, {high:g}]")
    print(f"✓ {what}: {shown}")


def _gap(got: torch.Tensor, expected: torch.Tensor, atol: float, rtol: float) -> str:
    """Return '' when equal within tolerance, else what differs."""
    if got.shape != expected.shape:
        return f"shape {tuple(got.shape)} instead of {tuple(expected.shape)}"
    if torch.allclose(got, expected, atol=atol, rtol=rtol, equal_nan=True):
        return ""
    worst = (got - expected).abs().nan_to_num(nan=float("inf")).max().item()
    return f"largest difference {worst:.2g}, allowed {atol:g} + {rtol:g}·|expected|"


def _tensor(value: object) -> torch.Tensor:
    """As float64 on the CPU; a Python float must not lose digits on the way."""
    tensor = torch.as_tensor(value).detach().cpu()
    if tensor.is_complex():
        return tensor
    if not isinstance(value, torch.Tensor):
        return torch.as_tensor(value, dtype=torch.float64)
    return tensor.double()


def close(
    got: object, expected: object, *, what: str, atol: float = 1e-6, rtol: float = 0.0
) -> None:
    """Claim that two numbers or tensors have one shape and agree within tolerance.

    Prints the tolerance, not the difference found, whose digits depend on the machine.
    """
    got, expected = _tensor(got), _tensor(expected)
    problem = _gap(got, expected, atol, rtol)
    if problem:
        raise AssertionError(f"{what}: {problem}")
    within = f"{atol:g}" if rtol == 0 else f"{atol:g} + {rtol:g}·|expected|"
    print(f"✓ {what}: equal within {within}")


def has_shape(tensor: torch.Tensor, shape: Sequence[int], *, what: str) -> None:
    """Claim that ``tensor`` has the sizes ``shape``."""
    if tuple(tensor.shape) != tuple(shape):
        raise AssertionError(
            f"{what}: shape {tuple(tensor.shape)}, expected {tuple(shape)}"
        )
    print(f"✓ {what}: shape {tuple(shape)}")


def exercise(identifier: str, *, hint: str) -> Callable[[Verify], Verify]:
    """Register the check of one exercise; ``hint`` is shown with a wrong answer.

    The decorated function takes the answer and calls :func:`expect` on what it gives.

    Args:
        identifier: notebook and slug, such as ``"03.4-effective-size"``.
    """

    def register(verify: Verify) -> Verify:
        _registry[identifier] = (hint, verify)
        return verify

    return register


def _describe(value: object) -> str:
    if isinstance(value, torch.Tensor) and value.numel() > 8:
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, torch.Tensor):
        return str(value.detach().cpu().tolist())
    return repr(value)


def expect(got: object, expected: object, *, given: str, atol: float = 1e-6) -> None:
    """Compare one result of an answer with the right one, inside a check.

    Numbers and tensors are compared within ``atol``, everything else with ``==``.
    ``given`` names the input, as the reader would write it.

    Raises:
        WrongAnswerError: with input, expected and got.
    """
    if isinstance(expected, float | int | torch.Tensor) and not isinstance(
        expected, bool
    ):
        try:
            problem = _gap(_tensor(got), _tensor(expected), atol, 0.0)
        except (TypeError, ValueError, RuntimeError):
            problem = "not a number or tensor"
    else:
        problem = "" if got == expected else "not equal"
    if problem:
        raise WrongAnswerError(
            f"for {given}: expected {_describe(expected)}, "
            f"got {_describe(got)} ({problem})"
        )


def _is_empty(function: FunctionType) -> bool:
    """Tell whether the body is only ``...`` (or a docstring, or ``pass``)."""
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
    steps = list(dis.get_instructions(function))
    constant = [s.argval for s in steps if s.opname in ("LOAD_CONST", "RETURN_CONST")]
    return {s.opname for s in steps} <= idle and constant == [None]


def _not_attempted(answer: object) -> bool:
    if inspect.isclass(answer):
        methods = [v for v in vars(answer).values() if isinstance(v, FunctionType)]
        return any(_is_empty(method) for method in methods)
    if isinstance(answer, FunctionType):
        return _is_empty(answer)
    return answer is ...


def _find(identifier: str) -> tuple[str, Verify]:
    number = identifier.split("-")[0].replace(".", "_")
    if identifier not in _registry:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(f"helpers.exercises.nb_{number}")
    if identifier not in _registry:
        known = sorted(name for name in _registry if name.startswith(number[:2]))
        raise ValueError(f"no exercise {identifier!r}; this chapter has {known}")
    return _registry[identifier]


def check(identifier: str, answer: object, *, strict: bool = False) -> None:
    """Check an answer to an exercise and print one of three things.

    ``○`` it was not attempted (a function whose body is ``...``), ``✗`` it is wrong,
    with input, expected, got and a hint, or ``✓`` it is right.

    Args:
        identifier: the exercise, such as ``"03.4-effective-size"``.
        answer: a function, a class or a value.
        strict: raise ``AssertionError`` unless the answer is right (for solutions).

    Raises:
        ValueError: if there is no such exercise.
    """
    hint, verify = _find(identifier)
    if _not_attempted(answer):
        message = f"○ {identifier}: not attempted yet"
    else:
        try:
            verify(answer)
        except WrongAnswerError as wrong:
            message = f"✗ {identifier}: {wrong}\n  Hint: {hint}"
        except Exception as error:
            name = type(error).__name__
            message = f"✗ {identifier}: raised {name}: {error}\n  Hint: {hint}"
        else:
            print(f"✓ {identifier}: right")
            return
    if strict:
        raise AssertionError(message)
    print(message)
