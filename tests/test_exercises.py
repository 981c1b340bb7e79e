"""Exercises: a stub is left in peace, solutions pass, wrong answers do not."""

from functools import cache

import contract
import matplotlib
import pytest

from helpers import checks

matplotlib.use("Agg")
PATHS = {
    path.stem: path for path in sorted((contract.ROOT / "notebooks").glob("*.ipynb"))
}
EXERCISES = [
    (slug, name) for slug in PATHS for name in contract.load_exercise_ids(slug)
]
WRONG = [
    (slug, name, why)
    for slug in PATHS
    for name, answers in contract.load_wrong_answers(slug).items()
    for why in answers
]


@cache
def page_of(slug):
    return contract.load_page(PATHS[slug])


def run_cell(slug, kind, name, capsys):
    """Run the imports, the setup and one cell alone; what the cell printed."""
    page = page_of(slug)
    found = [
        cell
        for cell in contract.numbered(page, kind)
        if name in [asked for asked, _ in contract.check_calls(cell)]
    ]
    assert len(found) == 1, f"{slug} has no {kind}- cell with a check of {name!r}"
    scope = {"__name__": "__main__"}
    for cell in (page.cell("imports"), page.cell("setup")):
        exec(compile(cell.source, f"{slug}:{cell.id}", "exec"), scope)
    capsys.readouterr()
    where = f"{slug}:{found[0].id} (it may use the imports and setup cells only)"
    exec(compile(found[0].source, where, "exec"), scope)
    return capsys.readouterr().out


@pytest.mark.parametrize(("slug", "name"), EXERCISES)
def test_stub_is_not_attempted(slug, name, capsys):
    assert run_cell(slug, "ex", name, capsys) == f"○ {name}: not attempted yet\n"


@pytest.mark.parametrize(("slug", "name"), EXERCISES)
def test_solution_is_right(slug, name, capsys):
    assert f"✓ {name}: right\n" in run_cell(slug, "sol", name, capsys)


@pytest.mark.parametrize(("slug", "name"), EXERCISES)
def test_three_wrong_answers(slug, name):
    count = len(contract.load_wrong_answers(slug).get(name, {}))
    assert count >= 3, f"{name} has {count} wrong answers in tests/wrong_answers"


@pytest.mark.parametrize(("slug", "name", "why"), WRONG)
def test_wrong_answer_is_rejected(slug, name, why, capsys):
    answer = contract.load_wrong_answers(slug)[name][why]
    checks.check(name, answer)
    said = capsys.readouterr().out
    hint, _ = checks._find(name)
    assert said.startswith(f"✗ {name}: "), f"{why!r} was taken for right: {said}"
    assert len(hint) >= 10
    assert hint in said
    with pytest.raises(AssertionError, match="✗"):
        checks.check(name, answer, strict=True)
