"""Every notebook keeps every rule of the contract (the rules: tests/contract.py)."""

from functools import cache

import contract
import pytest

PATHS = sorted((contract.ROOT / "notebooks").glob("*.ipynb"))


@cache
def page_of(path):
    return contract.load_page(path)


@pytest.mark.parametrize("rule", contract.RULES)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_rule(path, rule):
    problems = list(contract.RULES[rule](page_of(path)))
    if problems:
        lines = "\n  ".join(problems)
        pytest.fail(f"{path.name}, {rule}:\n  {lines}", pytrace=False)


def test_there_are_notebooks():
    assert PATHS, "notebooks/ is empty"


def test_notebooks_folder_holds_nothing_else():
    others = [
        path.name
        for path in (contract.ROOT / "notebooks").iterdir()
        if path.suffix != ".ipynb" and path.name != ".ipynb_checkpoints"
    ]
    assert not others, f"move out of notebooks/: {others}"


def test_every_exercise_file_belongs_to_a_notebook():
    numbers = {"nb_" + "_".join(path.stem.split("-")[:2]) for path in PATHS}
    for folder in ("helpers/exercises", "tests/wrong_answers"):
        found = {path.stem for path in (contract.ROOT / folder).glob("nb_*.py")}
        assert found <= numbers, f"{folder}: no notebook for {sorted(found - numbers)}"


def test_status_names_only_notebooks():
    status = contract.tool.read_status()
    gone = sorted(set(status) - {path.stem for path in PATHS})
    assert not gone, f"book/status.json still names {gone}"
    assert list(status) == sorted(status)
