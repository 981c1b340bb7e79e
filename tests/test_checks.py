"""helpers.checks: claims that pass, claims that fail, exercises of every kind."""

import pytest
import torch

from helpers import checks


def test_between(capsys):
    checks.between(7.021, 6.9, 7.1, what="fewer weights", unit="×")
    assert capsys.readouterr().out == "✓ fewer weights: 7.021×\n"
    with pytest.raises(AssertionError, match=r"fewer weights: 8× is not in \[6.9, 7.1"):
        checks.between(8, 6.9, 7.1, what="fewer weights", unit="×")
    with pytest.raises(AssertionError, match="nan"):
        checks.between(float("nan"), 0, 1, what="share")
    checks.between(torch.tensor(0.5), 0.5, 0.5, what="a tensor, bounds included")


def test_close(capsys):
    checks.close(torch.ones(3), torch.ones(3) + 1e-7, what="ours and torch's")
    assert capsys.readouterr().out == "✓ ours and torch's: equal within 1e-06\n"
    with pytest.raises(AssertionError, match=r"largest difference 0\.1, allowed"):
        checks.close(1.1, 1.0, what="x")
    with pytest.raises(AssertionError, match=r"shape \(3,\) instead of \(1, 3\)"):
        checks.close(torch.ones(3), torch.ones(1, 3), what="x")
    with pytest.raises(AssertionError, match="inf"):
        checks.close(float("nan"), 1.0, what="x")
    checks.close(1001.0, 1000.0, what="relative", rtol=0.01)
    tenth = torch.tensor(0.1, dtype=torch.float64)
    checks.close(tenth, 0.1, what="a Python float keeps its digits", atol=1e-15)


def test_has_shape(capsys):
    checks.has_shape(torch.ones(2, 3), (2, 3), what="logits")
    assert capsys.readouterr().out == "✓ logits: shape (2, 3)\n"
    with pytest.raises(AssertionError, match=r"shape \(2, 3\), expected \(3, 2\)"):
        checks.has_shape(torch.ones(2, 3), (3, 2), what="logits")


@checks.exercise("99.9-double", hint="Twice as much.")
def verify_double(answer):
    for value in (1, 3):
        checks.expect(answer(value), 2 * value, given=f"x={value}")


@checks.exercise("99.9-stack", hint="A class with two methods.")
def verify_stack(answer):
    checks.expect(answer().name(), "stack", given="name()")


@checks.exercise("99.9-sizes", hint="Count.")
def verify_sizes(answer):
    checks.expect(answer, torch.arange(12.0), given="the sizes")


def unfinished(x): ...


def documented(x):
    """Say what it does."""


class Unfinished:
    def __init__(self):
        self.x = 1

    def name(self): ...


class Stack:
    def name(self):
        return "stack"


@pytest.mark.parametrize(
    ("identifier", "answer"),
    [
        ("99.9-double", unfinished),
        ("99.9-double", documented),
        ("99.9-double", ...),
        ("99.9-stack", Unfinished),
    ],
)
def test_a_stub_is_not_attempted(identifier, answer, capsys):
    checks.check(identifier, answer)
    assert capsys.readouterr().out == f"○ {identifier}: not attempted yet\n"
    with pytest.raises(AssertionError, match="not attempted yet"):
        checks.check(identifier, answer, strict=True)


def test_a_right_answer(capsys):
    checks.check("99.9-double", lambda x: x + x, strict=True)
    checks.check("99.9-stack", Stack, strict=True)
    checks.check("99.9-sizes", list(range(12)), strict=True)
    assert capsys.readouterr().out.count("✓") == 3


@pytest.mark.parametrize(
    ("identifier", "answer", "message"),
    [
        ("99.9-double", lambda x: x, "for x=1: expected 2, got 1"),
        ("99.9-double", lambda x: [].append(x), "got None"),
        ("99.9-double", lambda x: 1 / 0, "raised ZeroDivisionError: division by zero"),
        ("99.9-double", "two", "not callable"),
        ("99.9-sizes", torch.ones(13), r"a tensor of shape (13,)"),
    ],
)
def test_a_wrong_answer_says_input_expected_got_hint(
    identifier, answer, message, capsys
):
    checks.check(identifier, answer)
    printed = capsys.readouterr().out
    assert printed.startswith(f"✗ {identifier}: ")
    assert message in printed
    assert "\n  Hint: " in printed
    with pytest.raises(AssertionError):
        checks.check(identifier, answer, strict=True)


def test_an_unknown_exercise_is_an_error_of_the_notebook():
    with pytest.raises(ValueError, match=r"no exercise '99.9-nothing'.*99.9-double"):
        checks.check("99.9-nothing", 1)


def test_booleans_are_not_numbers():
    with pytest.raises(checks.WrongAnswerError):
        checks.expect(0.0, True, given="x")
    checks.expect(True, True, given="x")
