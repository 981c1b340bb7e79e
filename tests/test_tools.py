"""The tools do what they say, and no rule of the contract is blind."""

import base64
import copy
import dataclasses
import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

import contract
import nbformat
import pytest

from tools import colab, new_notebook
from tools import notebooks as tool

ROOT = contract.ROOT
SLUG = "09-9-sample"
FILLER = "\n".join(
    ["Each weight joins one input to one output, and no two share it."] * 110
)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A small book of one notebook, made and run by the tools themselves."""
    root = tmp_path_factory.mktemp("book")
    shutil.copytree(ROOT / "helpers", root / "helpers")
    new_notebook.create(SLUG, root)
    (root / "_toc.yml").write_text(f"- file: notebooks/{SLUG}\n")
    path = root / "notebooks" / f"{SLUG}.ipynb"
    notebook = tool.read(path)
    cell = next(cell for cell in notebook.cells if cell.id == "counted")
    cell.source += "\n" + FILLER
    tool.write_text(path, tool.dumps(notebook))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(root))  # the sample's checks are there
        tool.make_run(SLUG, root=root)
    return root


@pytest.fixture
def copied(book, tmp_path):
    """The small book, free to be changed."""
    return Path(shutil.copytree(book, tmp_path / "book"))


@pytest.fixture
def page(book):
    return contract.load_page(book / "notebooks" / f"{SLUG}.ipynb", book)


@pytest.mark.parametrize("rule", contract.RULES)
def test_rule_accepts_the_sample(page, rule):
    assert list(contract.RULES[rule](page)) == []


# --- every rule objects --------------------------------------------------------------


class Draft:
    """The sample, to be broken in one place."""

    def __init__(self, page):
        self.page = page
        self.notebook = copy.deepcopy(page.notebook)
        self.changes = {}

    def cell(self, cell_id):
        return next(cell for cell in self.notebook.cells if cell.id == cell_id)

    def replace(self, cell_id, old, new):
        cell = self.cell(cell_id)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    def append(self, cell_id, text):
        self.cell(cell_id).source += "\n" + text

    def remove(self, cell_id):
        self.notebook.cells.remove(self.cell(cell_id))

    def move(self, cell_id, before):
        cell = self.cell(cell_id)
        self.notebook.cells.remove(cell)
        self.notebook.cells.insert(self.notebook.cells.index(self.cell(before)), cell)

    def output(self, cell_id, **fields):
        output = {"output_type": "display_data", "data": {}, "metadata": {}} | fields
        self.cell(cell_id).outputs.append(nbformat.from_dict(output))

    def stdout(self, cell_id, text, name="stdout"):
        stream = {"output_type": "stream", "name": name, "text": text}
        self.cell(cell_id).outputs.append(nbformat.from_dict(stream))

    def tags(self, cell_id, *names):
        self.cell(cell_id).metadata["tags"] = list(names)

    def alt(self, text, width=500):
        output = self.cell("draw-weights").outputs[0]
        output.metadata["image/png"] = {"alt": text, "width": width}

    def problems(self, rule):
        text = self.changes.pop("text", tool.dumps(self.notebook))
        page = dataclasses.replace(
            self.page, notebook=self.notebook, text=text, **self.changes
        )
        return list(contract.RULES[rule](page))


PLAYER = {"text/html": '<div class="animation"><img alt="" id="x"></div>'}
CELL = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
CODE_ROW = [
    nbformat.from_dict(CELL | {"id": f"more-{n}", "source": "1"}) for n in "abc"
]

# rule -> ways to break it; each must make exactly that rule object
BROKEN = {
    "canonical": [
        lambda d: d.changes.update(text=tool.dumps(d.notebook) + "\n"),
        lambda d: d.notebook.metadata.update(author="me"),
        lambda d: d.cell("setup").metadata.update(execution={"start": "noon"}),
        lambda d: d.cell("draw-weights").metadata.pop("mystnb"),
        lambda d: d.cell("drawn").update(execution_count=1),
    ],
    "fresh": [
        lambda d: d.append("setup", "x = 1"),
        lambda d: d.cell("setup").update(execution_count=7),
        lambda d: d.cell("setup").update(execution_count=None),
        lambda d: d.notebook.metadata.pop("book"),
    ],
    "outputs": [
        lambda d: d.tags("no-transpose"),
        lambda d: d.cell("no-transpose").update(outputs=[]),
        lambda d: d.stdout("setup", "<object at 0x7f2a11b3c4d0>"),
        lambda d: d.stdout("setup", f"{ROOT}/helpers/data.py"),
        lambda d: d.stdout("setup", "/home/me/data"),
        lambda d: d.stdout("setup", "a warning", name="stderr"),
        lambda d: d.output("setup", data={"image/svg+xml": "<svg/>"}),
    ],
    "no_widget_state": [lambda d: d.notebook.metadata.update(widgets={})],
    "file_size": [lambda d: d.stdout("setup", "x" * 1_000_000)],
    "machine_paths": [lambda d: d.append("setup", "root = '/home/me/data'")],
    "name_and_title": [
        lambda d: d.replace("title", "# 9.9", "# 9.8"),
        lambda d: d.append("predict", "# Another title"),
        lambda d: d.changes.update(slug="9-9-Sample"),
    ],
    "title_cell": [
        lambda d: d.cell("title").update(id="heading"),
        lambda d: d.replace("title", "**Claim.**", "Claim:"),
        lambda d: d.replace("title", "one sum.", "one sum. It is short."),
        lambda d: d.replace("title", "one sum.", "one sum"),
        lambda d: d.replace("title", "- count its weights.", ""),
        lambda d: d.replace("title", "**You will**", "You will"),
        lambda d: d.replace("title", "*About 20 s", "*Soon"),
        lambda d: d.replace("title", " · data: none, made here", ""),
    ],
    "order": [
        lambda d: d.move("setup", "imports"),
        lambda d: d.cell("setup").update(id="start"),
        lambda d: d.append("sources", "## More"),
        lambda d: d.replace("summary", "## Summary", "## In short"),
        lambda d: d.move("summary", "what-goes-wrong"),
        lambda d: d.replace("drawn", "## Drawn", "#### Drawn"),
        lambda d: d.cell("sources").update(id="references"),
    ],
    "question_first": [
        lambda d: d.replace("predict", "?", "."),
        lambda d: d.remove("predict"),
    ],
    "cell_kinds": [
        lambda d: d.cell("predict").update(cell_type="raw"),
        lambda d: d.cell("predict").update(source=" "),
    ],
    "ids": [
        lambda d: d.cell("drawn").update(id="3f2a90bc"),
        lambda d: d.cell("drawn").update(id="cell-12"),
        lambda d: d.cell("drawn").update(id="Drawn"),
        lambda d: d.cell("drawn").update(id="setup"),
    ],
    "closed_tags": [
        lambda d: d.tags("setup", "nbval-skip"),
        lambda d: d.tags("setup", "Claim"),
    ],
    "in_contents": [
        lambda d: d.changes.update(toc=f"# notebooks/{SLUG} some day"),
        lambda d: d.changes.update(toc=f"- file: notebooks/{SLUG}-two"),
    ],
    "summary_keeps_promises": [
        lambda d: d.append("summary", "- One more."),
        lambda d: d.replace("summary", "- Its", "Its"),
    ],
    "stated_time": [
        lambda d: d.changes.update(status={}),
        lambda d: d.replace("title", "About 20 s", "About 1 s"),
        lambda d: d.replace("title", "data: none, made here", "data: MNIST"),
        lambda d: d.changes.update(
            status={SLUG: {"seconds": 1, "data": "offline stand-in"}}
        ),
    ],
    "amount_of_prose": [
        lambda d: d.replace("counted", FILLER, ""),
        lambda d: d.append("counted", FILLER),
        lambda d: (
            d.replace("counted", FILLER, ""),
            d.append("sources", FILLER),
            d.append("solutions", FILLER),
        ),
    ],
    "amount_of_code": [
        lambda d: [d.remove("sol-3"), d.remove("ex-3")],
        lambda d: d.notebook.cells.extend(CODE_ROW * 6),
    ],
    "code_lines": [
        lambda d: d.append("setup", "x = 1  # " + "long " * 16),
        lambda d: d.append("setup", "x = 1\n" * 18),
        lambda d: d.append("setup", "class A:\n" + "    x = 1\n" * 32),
        lambda d: d.append("imports", "import os\n" * 23),
        lambda d: d.append("setup", "class A: ...\nclass B:\n" + "    x = 1\n" * 20),
    ],
    "prose_between": [
        lambda d: d.remove("predict") or d.remove("by-hand"),
    ],
    "plain_code": [
        lambda d: d.append("setup", "%time 1"),
        lambda d: d.append("setup", "!ls"),
        lambda d: d.append("setup", "try:\n    1\nexcept ValueError:\n    2"),
        lambda d: d.append("setup", "warnings.filterwarnings('ignore')"),
        lambda d: d.append("setup", "ax.plot([1]);"),
        lambda d: d.append("setup", "os.system('ls')"),
        lambda d: d.append("setup", "x = ("),
    ],
    "imports_once": [
        lambda d: d.append("setup", "import os"),
        lambda d: d.append("draw-weights", "def f():\n    import os"),
        lambda d: d.append("imports", "x = 1"),
    ],
    "setup_is_small": [
        lambda d: d.replace("setup", "set_seed(0)", ""),
        lambda d: d.append("setup", "splits = data.load('mnist')"),
        lambda d: d.cell("setup").update(id="start"),
    ],
    "clocks_are_marked": [
        lambda d: d.append("claim-weights", "print(latency(f).median)"),
        lambda d: d.append("claim-weights", "start = time.perf_counter()"),
        lambda d: d.append("claim-weights", "start = time.time()"),
        lambda d: (
            d.append("draw-weights", "latency(f)"),
            d.tags("draw-weights", "nbval-ignore-output"),
        ),
    ],
    "claims": [
        lambda d: d.tags("claim-weights"),
        lambda d: d.tags("setup", "claim"),
        lambda d: d.replace("claim-by-hand", "close(", "print("),
        lambda d: (d.tags("claim-weights"), d.cell("claim-weights").update(id="w")),
    ],
    "taught_is_imported": [
        lambda d: d.append("setup", "# → helpers.env.set_seed"),
        lambda d: d.tags("setup", "teaches"),
        lambda d: teach(
            d, "def set_seed(seed):\n    pass\n\n\n# → helpers.env.set_seed"
        ),
        lambda d: teach(d, "def nothing():\n    pass\n\n\n# → helpers.env.nothing"),
        lambda d: teach(d, "x = 1\n\n\n# → helpers.env.set_seed"),
    ],
    "taught_stands_alone": [
        lambda d: teach(d, "def f(x):\n    return image_grid(x)"),
        lambda d: teach(d, "def f(x):\n    return x.to(device)"),
    ],
    "figures_speak": [
        lambda d: d.alt(""),
        lambda d: d.alt("Too short."),
        lambda d: d.alt("Long, " * 40),
        lambda d: d.alt("Image of twelve bars that lie between minus and plus a half."),
        lambda d: d.output("claim-weights", data=PLAYER),
    ],
    "figures_fit": [
        lambda d: d.cell("draw-weights").outputs.extend(d.cell("draw-weights").outputs),
        lambda d: d.output("draw-weights", data=PLAYER),
        lambda d: d.alt("Twelve bars", width=720),
        lambda d: d.remove("draw-weights"),
        lambda d: (
            d.cell("draw-weights")
            .outputs[0]
            .update(metadata={}, data={"image/png": WIDE_PNG})
        ),
    ],
    "captions": [
        lambda d: d.replace("weights-drawn", "Figure 9.9.1", "Figure 9.9.2"),
        lambda d: d.replace("weights-drawn", "**Figure 9.9.1.** ", ""),
        lambda d: d.move("claim-small-weights", "weights-drawn"),
        lambda d: d.append("summary", "**Figure 9.9.2.** Nothing is drawn here."),
        lambda d: d.cell("weights-drawn").update(source="**Figure 9.9.1.** Bars."),
    ],
    "animation_after_figure": [lambda d: d.output("claim-by-hand", data=PLAYER)],
    "equations": [
        lambda d: d.replace("by-hand", r"\tag{9.9.1}", r"\tag{9.9.2}"),
        lambda d: d.append("summary", r"$$x \tag{9.9.3}$$"),
        lambda d: d.append("by-hand", r"$$x \tag{9.9.2} y \tag{9.9.3}$$"),
        lambda d: d.append("by-hand", r"As \tag{9.9.2} says."),
    ],
    "portable_markdown": [
        lambda d: d.append("summary", "```{note}\nRead this.\n```"),
        lambda d: d.append("summary", ":::{note}\nRead this.\n:::"),
        lambda d: d.append("summary", "See {ref}`there`."),
        lambda d: d.append("summary", "A<br>B"),
        lambda d: d.append("summary", "<!-- hidden -->"),
        lambda d: d.append("summary", "![a net](net.png)"),
        lambda d: d.append("summary", "So they say.[^1]"),
        lambda d: d.append("summary", "(label)=\n### Target"),
    ],
    "links": [
        lambda d: d.append("summary", "[There](../book/nowhere.md)"),
        lambda d: d.append("summary", "[There](09-8-nothing.ipynb)"),
        lambda d: d.append("summary", "[There](https://example.com/x)"),
        lambda d: d.append("summary", "[There](http://arxiv.org/abs/1704.04861)"),
        lambda d: d.append("summary", "[There](https://github.com/someone/else)"),
    ],
    "one_sentence_a_line": [
        lambda d: d.append("summary", "It is short. It is clear."),
        lambda d: d.append("summary", "- It has $x$. Then it ends."),
        lambda d: d.append("summary", 'Is it "short"? Yes.'),
        lambda d: d.replace("predict", "Before", "Stop. Before"),
    ],
    "one_kind_of_bullet": [
        lambda d: d.append("summary", "+ copies blame."),
        lambda d: d.append("summary", "* Less is more."),
    ],
    "sources_are_linked": [
        lambda d: d.replace("sources", "https://", "see "),
    ],
    "no_stale_words": [
        lambda d: d.append("summary", "TODO: the rest"),
        lambda d: d.append("setup", "# fixme"),
        lambda d: d.append("summary", "More is coming soon."),
    ],
    "exercises": [
        lambda d: d.remove("ex-3"),
        lambda d: d.cell("ex-2").update(id="ex-5"),
        lambda d: d.move("ex-1", "summary"),
        lambda d: d.replace("ex-1", "09.9-", "09.8-"),
        lambda d: d.replace("ex-1", "check(", "print("),
        lambda d: d.replace("ex-1", "count_weights)", "count_weights, strict=True)"),
        lambda d: d.replace("ex-1", "...", "return 1"),
        lambda d: d.cell("ex-1").update(outputs=[]),
        lambda d: d.remove("ex-2-statement"),
    ],
    "solutions": [
        lambda d: d.remove("sol-3"),
        lambda d: d.move("sol-1", "exercises"),
        lambda d: d.tags("sol-1", "solution"),
        lambda d: d.replace("sol-1", ", strict=True", ""),
        lambda d: d.replace("sol-1", "strict=True", "strict=False"),
        lambda d: d.append("sol-1", "print(1)"),
        lambda d: d.replace("sol-1", "09.9-count-weights", "09.9-count-products"),
        lambda d: d.tags("setup", "solution"),
    ],
    "registered_checks": [
        lambda d: d.changes.update(exercise_ids=d.page.exercise_ids[:2]),
        lambda d: d.changes.update(exercise_ids=[*d.page.exercise_ids, "09.9-more"]),
        lambda d: d.replace("ex-1", "09.9-count-weights", "09.9-count-products"),
    ],
    "wrong_answers": [
        lambda d: d.changes.update(wrong_answers={}),
        lambda d: d.changes.update(
            wrong_answers=d.page.wrong_answers | {"09.9-output-shape": {"one": 1}}
        ),
        lambda d: d.changes.update(
            wrong_answers=d.page.wrong_answers | {"09.9-other": {}}
        ),
    ],
}


def teach(draft, source):
    draft.cell("setup").source = source
    draft.tags("setup", "teaches")


def wide_png():
    import base64
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("L", (720, 10)).save(buffer, "PNG", dpi=(100, 100))
    return base64.b64encode(buffer.getvalue()).decode()


WIDE_PNG = wide_png()
CASES = [(rule, number) for rule in BROKEN for number in range(len(BROKEN[rule]))]


@pytest.mark.parametrize(("rule", "number"), CASES)
def test_rule_objects(page, rule, number):
    draft = Draft(page)
    BROKEN[rule][number](draft)
    assert draft.problems(rule), "this notebook breaks the rule and was let through"


def test_every_rule_is_tried():
    assert sorted(BROKEN) == sorted(contract.RULES)


def test_teaches_ignores_docstrings_and_annotations(page):
    import ast

    path = ROOT / "helpers" / "env.py"
    node = contract.definition(path.read_text("utf-8"), "pick_device")
    draft = Draft(page)
    source = contract.bare(copy.deepcopy(node))
    assert "->" not in source
    assert ast.get_docstring(ast.parse(source).body[0]) is None
    teach(draft, source + "\n\n\n# → helpers.env.pick_device")
    assert draft.problems("taught_is_imported") == []


@pytest.mark.parametrize(
    "line",
    [
        "It holds, e.g. In the case of one, and i.e. Never more.",
        "- **Width.** It is seven inches.",
        "1. Then $x = 1. A$ holds",
        "See `a. B` there.",
        "Version 1.5 is out.",
        "Written by Y. LeCun.",
        "And so on... Then",
    ],
)
def test_one_sentence(line):
    expected = ["..."] if "so on" in line else []
    assert bool(contract.sentence_ends(line)) == bool(expected)


# --- text view -----------------------------------------------------------------------


def test_text_and_back_changes_no_byte(copied):
    path, view, _ = tool.places(SLUG, copied)
    before = path.read_bytes()
    tool.make_text(SLUG, root=copied)
    assert 'cell_id="claim-weights" tags=["claim"]' in view.read_text("utf-8")
    tool.make_sync(SLUG, root=copied)
    assert path.read_bytes() == before


@pytest.mark.parametrize("path", sorted(ROOT.glob("notebooks/*.ipynb")), ids=str)
def test_text_view_of_real_notebooks(path, tmp_path):
    (tmp_path / "notebooks").mkdir()
    shutil.copy(path, tmp_path / "notebooks")
    tool.make_text(path.stem, root=tmp_path)
    tool.make_sync(path.stem, root=tmp_path)
    assert (tmp_path / "notebooks" / path.name).read_bytes() == path.read_bytes()


def test_sync_keeps_outputs_of_unchanged_cells_only(copied):
    path, view, _ = tool.places(SLUG, copied)
    tool.make_text(SLUG, root=copied)
    text = view.read_text("utf-8")
    view.write_text(text.replace('print(weights, "weights")', "print(weights)"))
    tool.make_sync(SLUG, root=copied)
    cells = {cell.id: cell for cell in tool.read(path).cells}
    assert cells["claim-weights"].outputs == []
    assert cells["claim-weights"].execution_count is None
    assert cells["draw-weights"].outputs
    assert "mystnb" in cells["draw-weights"].metadata
    assert not tool.is_fresh(tool.read(path))


def test_sync_makes_a_new_notebook(tmp_path):
    view = tmp_path / "_text" / "01-2-new.py"
    view.parent.mkdir()
    view.write_text('# %% [markdown] cell_id="title"\n# # 1.2 New\n')
    assert tool.find("1.2", tmp_path) == "01-2-new"
    tool.make_sync("01-2-new", root=tmp_path)
    notebook = tool.read(tmp_path / "notebooks" / "01-2-new.ipynb")
    assert [cell.id for cell in notebook.cells] == ["title"]
    nbformat.validate(notebook)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# %%\nx = 1\n", "cell 1 ('x = 1') has no id"),
        ('# %% cell_id="a"\n1\n\n# %% cell_id="a"\n2\n', "'a' is taken"),
        ('# %% cell_id="a b"\n1\n', "may hold"),
        ("", "no cells"),
    ],
)
def test_bad_text_is_one_clear_error(tmp_path, text, message):
    (tmp_path / "_text").mkdir()
    (tmp_path / "_text" / "01-2-new.py").write_text(text)
    with pytest.raises(tool.NotebookError) as error:
        tool.make_sync("01-2-new", root=tmp_path)
    assert message in str(error.value)
    assert not (tmp_path / "notebooks").exists()


def test_edits_are_not_lost(copied):
    path, view, _ = tool.places(SLUG, copied)
    tool.make_text(SLUG, root=copied)
    view.write_text(view.read_text("utf-8") + '\n# %% cell_id="mine"\nx = 1\n')
    with pytest.raises(tool.NotebookError, match="make sync"):
        tool.make_text(SLUG, root=copied)
    notebook = tool.read(path)
    notebook.cells[0].source += "\n\nAn edit in the browser."
    tool.write_text(path, tool.dumps(notebook))
    with pytest.raises(tool.NotebookError, match="edited too"):
        tool.make_sync(SLUG, root=copied)
    tool.make_sync(SLUG, force=True, root=copied)
    assert tool.read(path).cells[-1].id == "mine"


@pytest.mark.parametrize(
    "name", [SLUG, "09-9", "9-9", "9.9", f"notebooks/{SLUG}.ipynb"]
)
def test_find(book, name):
    assert tool.find(name, book) == SLUG


@pytest.mark.parametrize("name", ["", "09", "08-1", "nothing"])
def test_find_objects(book, name):
    if name == "09":
        assert tool.find(name, book) == SLUG  # the only one of its chapter
        return
    with pytest.raises(tool.NotebookError):
        tool.find(name, book)


def test_show_prints_any_notebook(book, tmp_path, capsys):
    shutil.copy(tool.places(SLUG, book)[0], tmp_path / "old-version")
    assert tool.main(["show", str(tmp_path / "old-version")]) == 0
    assert capsys.readouterr().out.startswith('# %% [markdown] cell_id="title"')


# --- execution -----------------------------------------------------------------------


def two_cells(root, source, tags=()):
    cells = [
        {"cell_type": "markdown", "id": "title", "source": "# 1.2 Two", "metadata": {}},
        {"cell_type": "code", "id": "work", "source": source},
    ]
    cells[1]["metadata"] = {"tags": list(tags)} if tags else {}
    path = tool.places("01-2-two", root)[0]
    tool.write_text(path, tool.dumps(tool.combine(cells, None)))
    return path


def test_run_twice_changes_no_byte(copied, monkeypatch, capsys):
    monkeypatch.setenv("PYTHONPATH", str(copied))
    path = tool.places(SLUG, copied)[0]
    before = path.read_bytes(), (copied / tool.STATUS).read_bytes()
    tool.make_run(SLUG, root=copied)
    assert (path.read_bytes(), (copied / tool.STATUS).read_bytes()) == before
    assert "no byte changed" in capsys.readouterr().out


def test_failing_cell_stores_nothing(tmp_path):
    path = two_cells(tmp_path, "print('before')\n1 / 0")
    before = path.read_bytes()
    with pytest.raises(tool.NotebookError, match=r"'work' fails(.|\n)*ZeroDivision"):
        tool.make_run("01-2-two", root=tmp_path)
    assert path.read_bytes() == before
    assert not (tmp_path / tool.STATUS).exists()


def test_what_may_not_be_stored_is_refused(tmp_path):
    source = (
        "import sys\nprint(object())\nprint('w', file=sys.stderr)\nprint('/home/me')"
    )
    path = two_cells(tmp_path, source)
    before = path.read_bytes()
    with pytest.raises(tool.NotebookError) as error:
        tool.make_run("01-2-two", root=tmp_path)
    for words in ("memory address", "stderr", "path of this machine"):
        assert words in str(error.value)
    assert path.read_bytes() == before


def test_run_is_quiet_alone_and_merges_streams(tmp_path):
    source = (
        "import os, pathlib\n"
        "assert os.environ['BOOK_RUN'] and not os.listdir()\n"
        "assert os.environ['PYTHONHASHSEED'] == '0'\n"
        "for i in range(3):\n    print(i, flush=True)\n1 / 0"
    )
    path = two_cells(tmp_path, source, ["raises-exception"])
    tool.make_run("01-2-two", root=tmp_path)
    cell = tool.read(path).cells[1]
    assert [output.output_type for output in cell.outputs] == ["stream", "error"]
    assert cell.outputs[0].text == "0\n1\n2\n"
    assert cell.execution_count == 1


def test_run_refuses_files_left_behind(tmp_path):
    two_cells(tmp_path, "open('left.txt', 'w').close()")
    with pytest.raises(tool.NotebookError, match=r"left\.txt"):
        tool.make_run("01-2-two", root=tmp_path)


def test_times_stay_until_the_code_changes(tmp_path):
    source = "import time\nprint(time.perf_counter())"
    path = two_cells(tmp_path, source, ["nbval-ignore-output"])
    tool.make_run("01-2-two", root=tmp_path)
    before = path.read_bytes()
    tool.make_run("01-2-two", root=tmp_path)
    assert path.read_bytes() == before
    tool.make_run("01-2-two", record=True, root=tmp_path)
    assert path.read_bytes() != before


def test_run_all_runs_what_is_stale(copied, capsys):
    two_cells(copied, "print(1)")
    tool.run_all(force=False, record=False, root=copied)
    said = capsys.readouterr().out
    assert f"{SLUG}: fresh, not run" in said
    assert "01-2-two: " in said
    assert list(tool.read_status(copied)) == ["01-2-two", SLUG]


def test_library_frames_are_left_out_of_errors(book):
    notebook = tool.read(tool.places(SLUG, book)[0])
    cell = next(cell for cell in notebook.cells if cell.id == "no-transpose")
    error = json.loads(json.dumps(cell.outputs[0]))
    error["traceback"].insert(2, "\x1b[36mFile /somewhere/torch/nn.py:12\x1b[39m")
    assert len(tool.normalise_output(error)["traceback"]) == len(error["traceback"]) - 1


@pytest.mark.parametrize(
    ("source", "said", "expected"),
    [
        ("1", "", "none"),
        ('data.load("mnist")', "", "MNIST"),
        ('load("mnist")\nload("cifar10")', "", "MNIST, CIFAR-10"),
        ('load("mnist")', "offline stand-in for MNIST: digits\n", "offline stand-in"),
    ],
)
def test_data_used(tmp_path, source, said, expected):
    notebook = tool.read(two_cells(tmp_path, source))
    output = {"output_type": "stream", "name": "stdout", "text": said}
    notebook.cells[1].outputs = [nbformat.from_dict(output)]
    assert tool.data_used(notebook) == expected


# --- new -----------------------------------------------------------------------------


def test_new_overwrites_nothing(copied):
    for slug in (SLUG, "09-9-other-name"):
        with pytest.raises(tool.NotebookError, match="exists"):
            new_notebook.create(slug, copied)


@pytest.mark.parametrize("slug", ["", "9-9-x", "09-9", "09-9-Upper", "09-9-x/../y"])
def test_new_wants_a_good_name(tmp_path, slug):
    with pytest.raises(tool.NotebookError, match="NN-M-slug"):
        new_notebook.create(slug, tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- Colab editions ------------------------------------------------------------------


def test_editions_are_the_same_every_time(book, tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "07-1-gone.ipynb").write_text("{}")
    first, second = (
        colab.write_editions(book / "notebooks", book / "helpers", folder)
        for folder in folders
    )
    assert [path.name for path in first] == [f"{SLUG}.ipynb"]
    assert sorted(folders[0].iterdir()) == first
    assert first[0].read_bytes() == second[0].read_bytes()


def test_edition_holds_the_same_cells_and_the_package(book, tmp_path):
    [path] = colab.write_editions(book / "notebooks", book / "helpers", tmp_path)
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    original = tool.read(book / "notebooks" / path.name)
    ids = [cell.id for cell in notebook.cells]
    assert ids[:4] == ["title", "about-helpers", "setup-helpers", "imports"]
    assert [i for i in ids if "helpers" not in i] == [c.id for c in original.cells]
    unpack = notebook.cells[2].source
    assert max(map(len, unpack.splitlines())) <= 80
    assert path.stat().st_size < contract.MAX_BYTES


def test_only_editions_that_need_the_weights_carry_them(copied, tmp_path):
    book, folder = copied, copied / "helpers" / "weights"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    weights = bytes(range(256)) * 400
    (folder / "small.safetensors").write_bytes(weights)
    (folder / "notes.txt").write_text("not carried")
    source = book / "notebooks" / f"{SLUG}.ipynb"
    other = json.loads(source.read_text())
    other["cells"][1]["source"].append("\n# see helpers.pretrained\n")
    source.with_name("09-8-weights.ipynb").write_text(json.dumps(other))
    carried = {}
    for path in colab.write_editions(
        book / "notebooks", book / "helpers", tmp_path / "editions"
    ):
        unpack = nbformat.read(path, 4).cells[2].source
        archive = re.search('"""(.*?)"""', unpack, re.DOTALL)[1]
        packed = io.BytesIO(base64.b64decode(archive))
        with tarfile.open(fileobj=packed, mode="r:xz") as opened:
            carried[path.stem] = {
                entry.name: opened.extractfile(entry).read() for entry in opened
            }
    name = "helpers/weights/small.safetensors"
    assert carried["09-8-weights"].pop(name) == weights
    assert carried["09-8-weights"] == carried[SLUG]
    assert all(name.endswith(".py") for name in carried[SLUG])


@pytest.mark.parametrize(
    ("markdown", "alone", "published"),
    [
        (
            "[a](01-1-x.ipynb#b)",
            "[a](01-1-x.ipynb#b)",
            "[a](U/notebooks/01-1-x.html#b)",
        ),
        ("[a](01-2-y.ipynb)", "a", "[a](U/notebooks/01-2-y.html)"),
        ("*[1.4 A](../book/p.md#q)*", "*1.4 A*", "*[1.4 A](U/book/p.html#q)*"),
        ("[a](https://arxiv.org/x)", "[a](https://arxiv.org/x)", None),
        ("[a](#here)", "[a](#here)", None),
        ("`m[0](p.md)`", "`m[0](p.md)`", None),
        ("$$f[0](p.md)$$", "$$f[0](p.md)$$", None),
        ("[`f`](../book/p.md)", "`f`", "[`f`](U/book/p.html)"),
    ],
)
def test_links_of_editions(markdown, alone, published):
    assert colab.rewrite_links(markdown, {"01-1-x"}, None) == alone
    online = colab.rewrite_links(markdown, {"01-1-x"}, "https://some.org/book/")
    assert online == (published or markdown).replace("(U/", "(https://some.org/book/")


BARE_PYTHON = getattr(sys, "_base_executable", sys.executable)
BARE = {"PYTHONPATH": sysconfig.get_path("purelib"), "PYTHONNOUSERSITE": "1"}


def test_bare_interpreter_has_torch_but_no_helpers(tmp_path):
    code = (
        "import importlib.util as u;"
        "assert u.find_spec('torch') and not u.find_spec('helpers')"
    )
    env = {**os.environ, **BARE}
    subprocess.run([BARE_PYTHON, "-c", code], cwd=tmp_path, env=env, check=True)


def fastest():
    """The notebook of this book that took the least time, or the sample alone."""
    status = tool.read_status()
    there = [path.stem for path in ROOT.glob("notebooks/*.ipynb")]
    known = [slug for slug in there if slug in status]
    return min(known, key=lambda slug: status[slug]["seconds"], default=None)


@pytest.mark.parametrize("slug", [SLUG, fastest()])
def test_edition_runs_without_this_repository(book, tmp_path, slug):
    if slug is None:
        pytest.skip("no notebook has been run yet")
    root = book if slug == SLUG else ROOT
    colab.write_editions(root / "notebooks", root / "helpers", tmp_path)
    notebook = nbformat.read(tmp_path / f"{slug}.ipynb", 4)
    seen = "import helpers\nassert 'book-helpers-' in helpers.__file__"
    notebook.cells.append(nbformat.v4.new_code_cell(seen, id="seen"))
    tool.execute(notebook, slug, python=BARE_PYTHON, environment=BARE)


# --- make ----------------------------------------------------------------------------


def make(*arguments, cwd=ROOT):
    done = subprocess.run(
        ["make", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_make_lists_its_verbs():
    code, said, _ = make()
    assert code == 0
    verbs = {line.split()[0] for line in said.splitlines()[1:]}
    assert verbs >= {"setup", "book", "test", "run", "text", "sync", "new", "check"}


@pytest.fixture
def bare_folder(tmp_path):
    for name in ("Makefile", "requirements.txt", "constraints.txt", "pyproject.toml"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, tmp_path)
        else:
            (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize("verb", ["setup", "book", "test", "lint"])
def test_missing_python_is_one_clear_line(bare_folder, verb):
    code, said, errors = make("-s", verb, "PYTHON=/nowhere/python", cwd=bare_folder)
    assert code != 0
    assert said == ""
    assert errors.splitlines()[0].startswith("Python 3.11 or newer is needed")
    assert not (bare_folder / ".venv").exists()


def test_second_setup_does_nothing(bare_folder):
    (bare_folder / ".venv").mkdir()
    (bare_folder / ".venv" / ".ready").touch()
    code, said, errors = make("setup", cwd=bare_folder)
    assert (code, errors) == (0, "")
    assert "Installing" not in said


@pytest.mark.parametrize("verb", ["text", "sync", "run", "run-all", "new"])
def test_writing_verbs_install_nothing(bare_folder, verb):
    code, _, errors = make("-s", verb, cwd=bare_folder)
    assert code != 0
    assert errors.splitlines()[0] == "No environment yet: make setup"
    assert not (bare_folder / ".venv").exists()


def test_run_without_a_notebook_says_so():
    if not (ROOT / ".venv").exists():
        pytest.skip("this environment was not made by make setup")
    code, _, errors = make("-s", "run")
    assert code != 0
    assert errors.startswith("error: say which notebook")
