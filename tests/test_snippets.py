"""The page of snippets: all that is taught, each piece a file that runs alone.

That its copy buttons copy the files is tested in tests/browser.
"""

import ast
import html
import json
import re
import subprocess
import sys

import contract
import pytest

ROOT = contract.ROOT
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import snippets  # noqa: E402

HELPERS = ROOT / "helpers"
PIECES = [
    snippets.snippet(HELPERS, *home, slugs)
    for home, slugs in snippets.taught(ROOT / "notebooks").items()
]

RUNNER = """
import json, runpy, sys, traceback
sys.modules.update(helpers=None, torchvision=None)  # importing them is an error
failed = {}
for path in sys.argv[1:]:
    try:
        runpy.run_path(path)
    except BaseException:
        failed[path] = traceback.format_exc()
print(json.dumps(failed))
"""


def test_the_page_has_what_is_taught_and_nothing_else(site):
    taught = [
        re.search(r"# → helpers\.\w+\.(\w+)$", cell.source.strip())[1]
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for cell in contract.load_page(path).code
        if "teaches" in contract.tags(cell)
    ]
    page = (site / "book" / "snippets.html").read_text("utf-8")
    assert re.findall(r"<h2>(\w+)<", page) == list(dict.fromkeys(taught))
    for piece in PIECES:
        assert f'id="{piece.name.lower().replace("_", "-")}"' in page
        assert html.escape(piece.summary, quote=False) in page
        for slug in piece.notebooks:
            assert f'href="../notebooks/{slug}.html"' in page


def test_each_piece_runs_alone(tmp_path):
    """In a process that knows nothing of this book, in an empty folder."""
    code = tmp_path / "code"
    empty = tmp_path / "empty"
    code.mkdir()
    empty.mkdir()
    for piece in PIECES:
        whole = f"{piece.text}\n\n{piece.example}\n"
        (code / f"{piece.name}.py").write_text(whole, "utf-8")
    files = sorted(str(path) for path in code.iterdir())
    command = [sys.executable, "-I", "-c", RUNNER, *files]
    done = subprocess.run(command, cwd=empty, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    failed = json.loads(done.stdout)
    assert not failed, "\n".join(failed.values())
    assert not list(empty.iterdir()), "a piece wrote a file"


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)
def test_each_piece_needs_little(piece):
    assert set(piece.needs) <= {"torch", "numpy", "PIL"}
    roots = set()
    for node in ast.walk(ast.parse(piece.text)):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            roots.add(node.module.split(".")[0])
    assert roots - sys.stdlib_module_names == set(piece.needs)


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)
def test_each_piece_is_explained_and_checks_itself(piece):
    assert piece.summary.endswith(".")
    lines = piece.example.removeprefix("import torch\n\n").splitlines()
    assert 2 <= len(lines) <= 4, "an example is short"
    assert lines[-1].startswith("assert ")
    assert piece.name in piece.example


def test_the_files_are_in_the_books_style(tmp_path):
    """No import is missing, unused or out of order."""
    for piece in PIECES:
        (tmp_path / f"{piece.name}.py").write_text(piece.text, "utf-8")
    style = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", str(tmp_path)]
    for verb in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *verb, *style]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


# --- the collector -------------------------------------------------------------------

ONE = '''"""A module."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.two import twice

SCALE = 2.0
UNUSED = 1


def bend(x: Tensor) -> Tensor:
    return F.relu(x) * SCALE * math.pi


class Piece(nn.Module):
    """One line.

    Example:
        piece = Piece()

        assert piece(torch.ones(1)) > 0

    More.
    """

    def forward(self, x: Tensor) -> Tensor:
        return twice(bend(x))


class Mute(nn.Module):
    """No example."""
'''
TWO = '''"""Another."""

from functools import cache

from torch import Tensor


def twice(x: Tensor) -> Tensor:
    return x + half()


@cache
def half() -> float:
    return 0.5 if twice else 0.0
'''


@pytest.fixture
def helpers(tmp_path):
    (tmp_path / "one.py").write_text(ONE, "utf-8")
    (tmp_path / "two.py").write_text(TWO, "utf-8")
    return tmp_path


def test_a_piece_brings_what_it_uses(helpers):
    piece = snippets.snippet(helpers, "one", "Piece", ("01-1-x", "02-1-y"))
    assert piece.text.startswith(
        "# From Large Models from Scratch, notebook 01-1, 02-1. MIT licence.\n"
        "import math\nfrom functools import cache\n\n"
        "from torch import Tensor, nn\nfrom torch.nn import functional as F\n"
    )
    body = ast.parse(piece.text).body
    names = [getattr(node, "name", "") for node in body]
    assert [name for name in names if name] == ["bend", "half", "twice", "Piece"]
    assert "UNUSED" not in piece.text
    assert "import helpers" not in piece.text
    assert (
        piece.example
        == "import torch\n\npiece = Piece()\n\nassert piece(torch.ones(1)) > 0"
    )
    assert piece.needs == ("torch",)
    scope = {}
    exec(piece.text, scope)
    import torch

    assert scope["Piece"]()(torch.ones(1)).item() == pytest.approx(2 * 3.14159 + 0.5)


def test_what_is_missing_is_named(helpers):
    with pytest.raises(ValueError, match=r"helpers\.one does not define Gone"):
        snippets.snippet(helpers, "one", "Gone")
    with pytest.raises(ValueError, match=r"helpers\.one\.Mute has no 'Example:'"):
        snippets.snippet(helpers, "one", "Mute")


def test_only_tagged_cells_teach(tmp_path):
    def cell(source, *tags):
        return {"source": [source], "metadata": {"tags": list(tags)}}

    home = "# → helpers.one.Piece\n"
    first = [cell(f"x = 1\n{home}", "teaches"), cell(home), cell("x", "teaches")]
    for slug, cells in {"01-1-a": first, "02-1-b": [cell(home, "teaches")]}.items():
        (tmp_path / f"{slug}.ipynb").write_text(json.dumps({"cells": cells}))
    assert snippets.taught(tmp_path) == {("one", "Piece"): ("01-1-a", "02-1-b")}
