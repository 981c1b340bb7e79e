"""Everything the book set out to treat has one home, or is planned for one.

``book/coverage.csv`` lists the topics (C), the code examples (X) and the mistakes in
circulation (E) with the notebook or page that carries each, and the place in it: the
id of a cell, or a heading. A topic may be "planned" only while its home does not exist.
"""

import csv
import re

import contract
import nbformat
import pytest

FILE = contract.ROOT / "book" / "coverage.csv"
IDS = [
    *(f"C{number:03}" for number in range(1, 149)),
    *(f"X{number:02}" for number in range(1, 36)),
    *(f"E{number:02}" for number in range(1, 137)),
]
PLANNED_PAGES = {"choosing", "faq", "landscape", "learning-path", "resources"}

with FILE.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


def places(home):
    """Ids of the cells of a notebook, or the headings of a page as link targets."""
    notebook = contract.ROOT / f"{home}.ipynb"
    if notebook.exists():
        cells = nbformat.read(notebook, as_version=4).cells
        return {cell.id: cell.cell_type for cell in cells}
    page = contract.ROOT / f"{home}.md"
    if not page.exists():
        return None
    titles = [words for _, words in contract.headings(page.read_text("utf-8"))]
    return {re.sub(r"[^\w]+", "-", words.lower()).strip("-"): "" for words in titles}


def problem(row):
    """One sentence about what is wrong with a row, or nothing."""
    home, place = row["home"], row["place"]
    found = places(home)
    if found is None:
        if place != "planned":
            return f"{home} does not exist, so {place!r} cannot stand in it"
        folder, name = home.split("/")
        if folder == "book" and name in PLANNED_PAGES:
            return None
        chapter = contract.ROOT / "book"
        pages = list(chapter.glob(f"{name[:2]}-*.md"))
        unfinished = not pages or "in preparation" in pages[0].read_text("utf-8")
        if folder == "notebooks" and re.match(r"\d\d-\d-[a-z-]+$", name) and unfinished:
            return None
        return f"{home} is no home that is planned"
    if place == "planned":
        return f"{home} exists: say which cell or heading carries it"
    if place not in found:
        return f"{home} has no cell or heading {place!r}"
    if row["row"][0] in "XE" and found[place] == "markdown":
        return f"{home}#{place} is text; an example or a mistake must be run"
    return None


def test_every_row_is_there_once():
    assert [row["row"] for row in ROWS] == IDS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["row"])
def test_row_has_its_home(row):
    assert row["what"].strip()
    said = problem(row)
    assert said is None, f"{row['row']} ({row['what']}): {said}"


@pytest.mark.parametrize(
    ("home", "place", "words"),
    [
        ("notebooks/01-1-activations", "planned", "exists"),
        ("notebooks/01-1-activations", "nowhere", "no cell"),
        ("notebooks/01-1-activations", "collapse", "must be run"),
        ("notebooks/01-9-nothing", "planned", "no home"),
        ("notebooks/08-9-nothing", "claim-x", "does not exist"),
        ("book/getting-started", "nowhere", "no cell or heading"),
        ("book/nothing", "planned", "no home"),
    ],
)
def test_a_wrong_row_is_refused(home, place, words):
    assert words in problem({"row": "E01", "home": home, "place": place})
