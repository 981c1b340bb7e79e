"""The contract of a notebook, rule by rule.

A rule takes a ``Page`` and yields one sentence per problem: which cell, what is wrong,
how to mend it. ``test_notebooks.py`` asks every rule about every notebook;
``test_tools.py`` feeds each rule a broken notebook and expects it to object.
"""

from __future__ import annotations

import ast
import copy
import difflib
import io
import json
import re
import struct
import subprocess
import sys
import tokenize
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from itertools import pairwise
from pathlib import Path

import nbformat

from tools import notebooks as tool

ROOT = Path(__file__).resolve().parent.parent

TAGS = {
    "teaches",
    "claim",
    "solution",
    "interactive",
    "hide-input",
    "hide-cell",
    "nbval-check-output",
    "nbval-ignore-output",
    "raises-exception",
}
ENDING = ["What goes wrong", "Summary", "Exercises", "Solutions", "Sources"]
HOSTS = {
    "arxiv.org",
    "colah.github.io",
    "creativecommons.org",
    "distill.pub",
    "docs.python.org",
    "docs.pytorch.org",
    "doi.org",
    "github.com",
    "jmlr.org",
    "jupyter.org",
    "matplotlib.org",
    "numpy.org",
    "openaccess.thecvf.com",
    "papers.nips.cc",
    "proceedings.mlr.press",
    "proceedings.neurips.cc",
    "pytorch.org",
    "scikit-learn.org",
    "www.cs.toronto.edu",
    "www.deeplearningbook.org",
    "www.jmlr.org",
    "www.python.org",
    "yann.lecun.com",
}
GITHUB_OWNERS = {"pytorch", "scikit-learn", "matplotlib", "numpy"}
MIME_TYPES = {"text/plain", "text/html", "image/png"}
STALE_WORDS = re.compile(
    r"\b(TODO|FIXME|XXX|TBD|WIP|lorem ipsum|coming soon|to be written"
    r"|work in progress)\b",
    re.IGNORECASE,
)
MAX_BYTES = 1_000_000
WORDS = (1500, 2500)
CODE_CELLS = (12, 30)
CLOCKS = {"Stopwatch", "latency", "perf_counter", "time_ns", "monotonic"}
SETUP_CALLS = {"use_style", "set_seed", "pick_device"}


@dataclass(frozen=True)
class Page:
    """A notebook with what the rules must know of the book around it."""

    slug: str
    notebook: object
    text: str  # the file, as it lies on disk
    toc: str
    status: dict
    exercise_ids: list[str]
    wrong_answers: dict[str, dict]
    root: Path = field(default=ROOT)

    @cached_property
    def cells(self) -> list:
        return list(self.notebook.cells)

    @cached_property
    def code(self) -> list:
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @cached_property
    def markdown(self) -> list:
        return [cell for cell in self.cells if cell.cell_type == "markdown"]

    @cached_property
    def number(self) -> str:
        """The notebook's number as it is written: 3.4 for 03-4-..."""
        match = re.match(r"(\d\d)-(\d+)-", self.slug)
        return f"{int(match[1])}.{int(match[2])}" if match else "?"

    @cached_property
    def check_prefix(self) -> str:
        """What ids of exercises start with: 03.4- for 03-4-..."""
        return ".".join(self.slug.split("-")[:2]) + "-"

    @cached_property
    def sections(self) -> dict[str, str]:
        """Cell id -> the ## heading that the cell stands under ('' before any)."""
        found, current = {}, ""
        for cell in self.cells:
            if cell.cell_type == "markdown":
                for level, words in headings(cell.source):
                    current = words if level == 2 else current
            found[cell.id] = current
        return found

    def cell(self, cell_id: str):
        """The cell with this id, or None."""
        return next((cell for cell in self.cells if cell.id == cell_id), None)


Rule = Callable[[Page], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Register a rule under its function's name."""
    RULES[function.__name__] = function
    return function


# --- reading a notebook --------------------------------------------------------------


def tags(cell) -> list[str]:
    return list(cell.metadata.get("tags", []))


def tree(cell) -> ast.Module:
    """The cell's syntax tree; empty where it does not parse (plain_code says so)."""
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def calls(node: ast.AST) -> list[tuple[str, ast.Call]]:
    """Each call in ``node`` with the last part of the called name."""
    found = []
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            name = call.func
            last = name.attr if isinstance(name, ast.Attribute) else None
            found.append((last or getattr(name, "id", ""), call))
    return found


def without_code(markdown: str) -> str:
    """Markdown with fenced and inline code replaced by a word."""
    markdown = re.sub(r"(?ms)^ *(```|~~~).*?^ *\1", "", markdown)
    return re.sub(r"(`+)[^`]+\1", "code", markdown)


def without_maths(markdown: str) -> str:
    """Markdown with display and inline formulas replaced by a word."""
    markdown = re.sub(r"(?s)\$\$.*?\$\$", " ", markdown)
    return re.sub(r"\$[^$\n]+\$", "maths", markdown)


def plain(markdown: str) -> str:
    """Only words: no code, no formulas, no addresses of links."""
    words = without_maths(without_code(markdown))
    return re.sub(r"\]\([^)]*\)", "]", words)


def headings(markdown: str) -> list[tuple[int, str]]:
    """(level, words) of each heading outside code."""
    markdown = re.sub(r"(?ms)^ *(```|~~~).*?^ *\1", "", markdown)
    found = re.findall(r"(?m)^(#{1,6}) +(.+?) *$", markdown)
    return [(len(signs), words) for signs, words in found]


def bullets_after(markdown: str, label: str) -> int:
    """How many list items follow the line that starts with ``label``."""
    lines = iter(markdown.splitlines())
    count = 0
    for line in lines:
        if line.startswith(label):
            break
    for line in lines:
        if re.match(r"[-*] |\d+\. ", line):
            count += 1
        elif count and line.strip() and not line.startswith(" "):
            break
    return count


def word_count(page: Page) -> int:
    """Words of prose: no code, formulas count as one, no solutions, no sources."""
    texts = [
        plain(cell.source)
        for cell in page.markdown
        if page.sections[cell.id] not in ("Solutions", "Sources")
    ]
    return len(re.findall(r"[^\W\d_][\w'’-]*", " ".join(texts)))


def images(cell) -> list[tuple[str, dict]]:
    """(PNG as base64, its display metadata) of each picture in a cell's outputs."""
    return [
        (output.data["image/png"], output.get("metadata", {}).get("image/png", {}))
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


def players(cell) -> list[str]:
    """The HTML of each animation in a cell's outputs."""
    return [
        "".join(output.data["text/html"])
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]


def inches(png: str) -> float:
    """The width of a PNG by its own resolution entry (100 pixels an inch if none)."""
    data = b64decode(png)
    width = struct.unpack(">I", data[16:20])[0]
    at = data.find(b"pHYs")
    per_metre = struct.unpack(">I", data[at + 4 : at + 8])[0] if at > 0 else 3937
    return width / per_metre / 0.0254


def definition(source: str, name: str) -> ast.stmt | None:
    """The top-level def or class ``name`` of ``source``."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node
    return None


class _Bare(ast.NodeTransformer):
    """Takes docstrings and annotations out of a syntax tree."""

    def _body(self, node):
        self.generic_visit(node)
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node

    def visit_FunctionDef(self, node):
        node.returns = None
        return self._body(node)

    visit_ClassDef = _body

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        if node.value is None:
            return None
        return ast.Assign(targets=[node.target], value=node.value, lineno=0)


def bare(node: ast.stmt) -> str:
    """A definition as code without docstrings and annotations, one form for all."""
    return ast.unparse(ast.fix_missing_locations(_Bare().visit(node)))


# --- the file ------------------------------------------------------------------------


@rule
def canonical(page: Page) -> Iterator[str]:
    expected = tool.dumps(tool.normalise(page.notebook))
    if page.text != expected:
        yield f"the file is not as the runner writes it: make run NB={page.slug}"
    try:
        nbformat.validate(copy.deepcopy(page.notebook))
    except nbformat.ValidationError as error:
        yield f"not a valid notebook: {str(error).splitlines()[0]}"


@rule
def fresh(page: Page) -> Iterator[str]:
    counts = [cell.execution_count for cell in page.code]
    if counts != list(range(1, len(counts) + 1)):
        yield f"cells were not run once from top to bottom: make run NB={page.slug}"
    elif not tool.is_fresh(page.notebook):
        yield f"the outputs are older than the code: make run NB={page.slug}"


@rule
def outputs(page: Page) -> Iterator[str]:
    yield from tool.output_problems(page.notebook)
    for cell in page.code:
        for output in cell.outputs:
            for kind in set(output.get("data", {})) - MIME_TYPES:
                yield f"{cell.id}: output of type {kind}: use show, animate or print"
            if output.output_type == "execute_result":
                yield f"{cell.id}: its last line shows a value: print it, or nothing"


@rule
def no_widget_state(page: Page) -> Iterator[str]:
    if "widgets" in page.notebook.metadata:
        yield f"widget state is stored: make run NB={page.slug}"


@rule
def file_size(page: Page) -> Iterator[str]:
    size = len(page.text.encode())
    if size > MAX_BYTES:
        yield f"{size:,} bytes; {MAX_BYTES:,} is the most: fewer or smaller frames"


@rule
def machine_paths(page: Page) -> Iterator[str]:
    for cell in page.cells:
        path = tool.MACHINE_PATH.search(cell.source)
        if path:
            yield f"{cell.id}: names a path of one machine ({path[0]})"


# --- order ---------------------------------------------------------------------------


@rule
def name_and_title(page: Page) -> Iterator[str]:
    if not re.fullmatch(r"\d\d-\d+-[a-z0-9]+(-[a-z0-9]+)*", page.slug):
        yield f"file name {page.slug!r}: use NN-M-slug, such as 03-4-separable-dilated"
    ones = [words for c in page.markdown for n, words in headings(c.source) if n == 1]
    if len(ones) != 1:
        yield f"has {len(ones)} level-1 headings; the title is the only one"
    elif not ones[0].startswith(page.number + " "):
        yield f"title {ones[0]!r} must start with {page.number}, as the file name does"


@rule
def title_cell(page: Page) -> Iterator[str]:
    first = page.cells[0]
    lines = first.source.splitlines()
    if first.id != "title" or first.cell_type != "markdown":
        yield "the first cell must be Markdown with the id title"
        return
    marks = [r"# ", r"\*\*Claim\.\*\* ", r"\*\*You will\*\*", r"\*About \d+ (s|min)\b"]
    at = [next((i for i, ln in enumerate(lines) if re.match(m, ln)), -1) for m in marks]
    names = ["# title", "**Claim.** ...", "**You will**", "*About N s on ...*"]
    for name, line in zip(names, at, strict=True):
        if line < 0:
            yield f"title: no line starts as {name!r}"
    if -1 not in at and at != sorted(at):
        yield f"title: the order is {', '.join(names)}"
    if at[1] >= 0:
        claim = re.sub(r"^\*\*Claim\.\*\* ", "", lines[at[1]])
        rest = lines[at[1] + 1 : at[1] + 2]
        if (
            not claim.endswith(".")
            or sentence_ends(claim)
            or (rest and rest[0].strip())
        ):
            yield "title: the claim is one sentence on one line, ending in a full stop"
    count = bullets_after(first.source, "**You will**")
    if not 2 <= count <= 4:
        yield f"title: {count} bullets under **You will**; write 2 to 4"
    if at[3] >= 0 and not re.fullmatch(
        r"\*About \d+ (s|min) on two CPU cores · data: [^·]+ · builds on .+\*",
        lines[at[3]],
    ):
        yield (
            "title: the last line is '*About N s on two CPU cores · data: ... · "
            "builds on ...*'"
        )


@rule
def order(page: Page) -> Iterator[str]:
    for at, name in enumerate(["imports", "setup"]):
        if len(page.code) <= at or page.code[at].id != name:
            yield f"code cell {at + 1} must have the id {name}"
    if page.cells[-1].id != "sources":
        yield "the last cell must have the id sources"
    levels = [(n, w) for c in page.markdown for n, w in headings(c.source)]
    sections = [words for level, words in levels if level == 2]
    if sections[-len(ENDING) :] != ENDING:
        yield f"the last ## sections must be {', '.join(ENDING)}"
    elif len(sections) == len(ENDING):
        yield "has no ## section before What goes wrong"
    for (before, _), (level, words) in pairwise(levels):
        if level > before + 1:
            yield f"heading {words!r} skips a level: # then ## then ###"


@rule
def question_first(page: Page) -> Iterator[str]:
    ids = [cell.id for cell in page.cells]
    start = ids.index("setup") + 1 if "setup" in ids else 0
    asked = ""
    for cell in page.cells[start:]:
        if cell.cell_type == "markdown":
            asked += "\n" + re.split(r"(?m)^## ", cell.source)[0]
            if re.search(r"(?m)^## ", cell.source):
                break
    if "?" not in plain(asked):
        yield "no question to predict between the setup cell and the first ## section"


@rule
def cell_kinds(page: Page) -> Iterator[str]:
    for cell in page.cells:
        if cell.cell_type not in ("code", "markdown"):
            yield f"{cell.id}: a {cell.cell_type} cell; use code or Markdown"
        if not cell.source.strip():
            yield f"{cell.id}: empty; remove it"


@rule
def ids(page: Page) -> Iterator[str]:
    seen = set()
    for cell in page.cells:
        if cell.id in seen:
            yield f"{cell.id}: two cells with this id; make text, rename one, make sync"
        seen.add(cell.id)
        random = re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f-]+)?", cell.id)
        vague = re.fullmatch(r"(cell|code|markdown|md|text|untitled|c|m)-?\d*", cell.id)
        if random or vague or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", cell.id):
            yield f"{cell.id}: give it an id in words, such as claim-fewer-weights"


@rule
def closed_tags(page: Page) -> Iterator[str]:
    for cell in page.cells:
        for tag in sorted(set(tags(cell)) - TAGS):
            yield f"{cell.id}: tag {tag!r} is not one of {', '.join(sorted(TAGS))}"


@rule
def in_contents(page: Page) -> Iterator[str]:
    if not re.search(rf"\bnotebooks/{re.escape(page.slug)}\s*$", page.toc, re.M):
        yield f"add '- file: notebooks/{page.slug}' to _toc.yml"


@rule
def summary_keeps_promises(page: Page) -> Iterator[str]:
    promised = bullets_after(page.cells[0].source, "**You will**")
    kept = 0
    for cell in page.markdown:
        if any(words == "Summary" for _, words in headings(cell.source)):
            kept = bullets_after(cell.source, "## Summary")
    if kept != promised:
        yield f"Summary has {kept} bullets, You will has {promised}: one fact for each"


@rule
def stated_time(page: Page) -> Iterator[str]:
    ran = page.status.get(page.slug)
    if not ran:
        yield f"book/status.json does not know it: make run NB={page.slug} RECORD=1"
        return
    if ran["data"] == tool.STANDIN:
        yield (
            "the outputs come from the offline stand-in: set BOOK_DATA to the real "
            f"data and make run NB={page.slug}"
        )
    stated = re.search(r"\*About (\d+) (s|min)\b.*?data: (.*?) ·", page.cells[0].source)
    if stated:
        seconds = int(stated[1]) * (60 if stated[2] == "min" else 1)
        if ran["seconds"] > seconds:
            yield f"title says {seconds} s, the last run took {ran['seconds']} s"
        said_none = stated[3].startswith("none")
        if said_none != (ran["data"] == "none"):
            yield f"title says data: {stated[3]}, the last run used: {ran['data']}"


# --- amounts -------------------------------------------------------------------------


@rule
def amount_of_prose(page: Page) -> Iterator[str]:
    count = word_count(page)
    if not WORDS[0] <= count <= WORDS[1]:
        yield f"{count} words of prose; write {WORDS[0]} to {WORDS[1]}"


@rule
def amount_of_code(page: Page) -> Iterator[str]:
    if not CODE_CELLS[0] <= len(page.code) <= CODE_CELLS[1]:
        yield f"{len(page.code)} code cells; write {CODE_CELLS[0]} to {CODE_CELLS[1]}"


@rule
def code_lines(page: Page) -> Iterator[str]:
    for cell in page.code:
        lines = cell.source.strip().splitlines()
        for number, line in enumerate(lines, 1):
            if len(line) > 80:
                yield f"{cell.id}: line {number} has {len(line)} columns, most is 80"
        classes = [n for n in tree(cell).body if isinstance(n, ast.ClassDef)]
        most = 35 if len(classes) == 1 else 20
        most = 30 if cell.id == "imports" else most  # a list, not an idea
        if len(lines) > most:
            yield f"{cell.id}: {len(lines)} lines; {most} is the most: split it"


@rule
def prose_between(page: Page) -> Iterator[str]:
    row = 0
    for cell in page.cells:
        row = row + 1 if cell.cell_type == "code" else 0
        if row == 3:
            yield f"{cell.id}: third code cell in a row; say what to look for before it"


# --- code ----------------------------------------------------------------------------


@rule
def plain_code(page: Page) -> Iterator[str]:
    for cell in page.code:
        for line in cell.source.splitlines():
            if re.match(r"\s*[%!?]", line) or "get_ipython" in line:
                yield f"{cell.id}: no magics and no shell: {line.strip()[:40]}"
                break
        else:
            yield from _plain_python(cell)


def _plain_python(cell) -> Iterator[str]:
    try:
        nodes = list(ast.walk(ast.parse(cell.source)))
    except SyntaxError as error:
        yield f"{cell.id}: does not parse: {error.msg}, line {error.lineno}"
        return
    tried = any(isinstance(node, ast.Try | ast.TryStar) for node in nodes)
    if tried and "teaches" not in tags(cell):  # what is taught handles its errors
        yield f"{cell.id}: no try: let it fail, or tag the cell raises-exception"
    names = {n.id for n in nodes if isinstance(n, ast.Name)}
    names |= {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    if names & {"filterwarnings", "simplefilter", "catch_warnings"}:
        yield f"{cell.id}: no warning filters: mend what it warns of"
    if names & {"system", "popen", "subprocess"}:
        yield f"{cell.id}: no shell"
    tokens = tokenize.generate_tokens(io.StringIO(cell.source + "\n").readline)
    if any(token.type == tokenize.OP and token.string == ";" for token in tokens):
        yield f"{cell.id}: no semicolons: assign the value, or put it on its own line"


@rule
def imports_once(page: Page) -> Iterator[str]:
    for cell in page.code:
        kinds = [isinstance(n, ast.Import | ast.ImportFrom) for n in tree(cell).body]
        if cell.id == "imports":
            if not all(kinds):
                yield "imports: only imports stand in this cell"
        elif any(
            isinstance(node, ast.Import | ast.ImportFrom)
            for node in ast.walk(tree(cell))
        ):
            yield f"{cell.id}: move its imports to the imports cell"


@rule
def setup_is_small(page: Page) -> Iterator[str]:
    cell = page.cell("setup")
    if cell is None:
        yield "has no cell with the id setup"
        return
    called = {name for name, _ in calls(tree(cell))}
    if "set_seed" not in called:
        yield "setup: call set_seed(0)"
    for name in sorted(called - SETUP_CALLS):
        yield f"setup: holds style, seed and device only, not {name}"


@rule
def clocks_are_marked(page: Page) -> Iterator[str]:
    for cell in page.code:
        if cell.id == "imports":
            continue
        nodes = list(ast.walk(tree(cell)))
        names = {n.id for n in nodes if isinstance(n, ast.Name)}
        names |= {n.attr for n in nodes if isinstance(n, ast.Attribute)}
        used = sorted(names & CLOCKS) + re.findall(r"\btime\.time\b", cell.source)
        if used and "nbval-ignore-output" not in tags(cell):
            yield f"{cell.id}: uses {used[0]}: tag it nbval-ignore-output"
        if used and images(cell):
            yield f"{cell.id}: a figure of times differs at every run: print them"


@rule
def claims(page: Page) -> Iterator[str]:
    found = [cell for cell in page.cells if "claim" in tags(cell)]
    if len(found) < 3:
        yield f"{len(found)} cells tagged claim; at least 3"
    for cell in page.cells:
        if ("claim" in tags(cell)) != cell.id.startswith("claim-"):
            yield f"{cell.id}: a claim has both the tag claim and an id claim-..."
    for cell in found:
        asserts = any(isinstance(node, ast.Assert) for node in ast.walk(tree(cell)))
        checks = {"between", "close", "has_shape"}
        if not asserts and not checks & {name for name, _ in calls(tree(cell))}:
            yield f"{cell.id}: claims nothing: assert, between, close or has_shape"


@rule
def taught_is_imported(page: Page) -> Iterator[str]:
    for cell in page.code:
        arrow = re.search(r"# → (\S*)", cell.source)
        if "teaches" not in tags(cell):
            if arrow:
                yield f"{cell.id}: ends in '# → {arrow[1]}': tag it teaches"
            continue
        last = cell.source.strip().splitlines()[-1]
        match = re.fullmatch(r"# → helpers\.(\w+)\.(\w+)", last)
        if not match:
            yield f"{cell.id}: its last line must be '# → helpers.module.Name'"
            continue
        body = tree(cell).body
        if len(body) != 1 or getattr(body[0], "name", None) != match[2]:
            yield f"{cell.id}: holds one definition, that of {match[2]}, and no more"
            continue
        path = page.root / "helpers" / f"{match[1]}.py"
        theirs = path.exists() and definition(path.read_text("utf-8"), match[2])
        if not theirs:
            yield f"{cell.id}: helpers.{match[1]} does not define {match[2]}"
            continue
        here, there = bare(body[0]), bare(theirs)
        if here != there:
            lines = difflib.unified_diff(
                there.splitlines(),
                here.splitlines(),
                f"helpers.{match[1]}",
                f"cell {cell.id}",
                lineterm="",
                n=1,
            )
            yield f"{cell.id}: differs from helpers.{match[1]}:\n" + "\n".join(lines)


MAY_NEED = {"torch", "numpy", "PIL"} | sys.stdlib_module_names


def imports_of(page: Page, module: str) -> str:
    """What a module of helpers imports that a copied piece may need as well."""
    path = page.root / "helpers" / f"{module}.py"
    body = ast.parse(path.read_text("utf-8")).body if path.exists() else []
    found = []
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = getattr(node, "module", None) or node.names[0].name
            if named.split(".")[0] in MAY_NEED:
                found.append(ast.unparse(node))
    return "\n".join(found) + "\n"


@rule
def taught_stands_alone(page: Page) -> Iterator[str]:
    lessons = [cell for cell in page.code if "teaches" in tags(cell)]
    taught = {getattr(node, "name", "") for c in lessons for node in tree(c).body}
    for cell in lessons:
        home = re.search(r"# → helpers\.(\w+)\.", cell.source)
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "-"]
        command += ["--select", "F821", "--output-format", "json"]
        source = imports_of(page, home[1] if home else "") + cell.source
        done = subprocess.run(command, input=source, capture_output=True, text=True)
        for found in json.loads(done.stdout):
            name = found["message"].split("`")[1]
            if name not in taught:
                yield (
                    f"{cell.id}: a copy of it lacks {name}: it may need torch, numpy, "
                    "Pillow and the standard library alone, as its module imports them"
                )


# --- figures and equations -----------------------------------------------------------


@rule
def figures_speak(page: Page) -> Iterator[str]:
    for cell in page.code:
        alts = [meta.get("alt", "") for _, meta in images(cell)]
        for html in players(cell):
            found = re.search(r'<img [^>]*alt="([^"]*)"', html)
            alts.append(unescape(found[1]) if found else "")
        for alt in alts:
            if not alt:
                yield f"{cell.id}: figure without alt text: end in show(fig, alt=...)"
            elif not 60 <= len(alt) <= 200:
                yield f"{cell.id}: alt text has {len(alt)} characters; write 60 to 200"
            if re.match(r"(an? |the )?(image|picture|figure|plot|photo)\b", alt, re.I):
                yield f"{cell.id}: alt text says what is seen, not 'image of'"


@rule
def figures_fit(page: Page) -> Iterator[str]:
    if not any(images(cell) for cell in page.code):
        yield "has no figure: draw the mechanism"
    for cell in page.code:
        found = images(cell)
        if len(found) + len(players(cell)) > 1:
            yield f"{cell.id}: more than one figure: one a cell"
        for png, meta in found:
            wide = meta["width"] / 100 if "width" in meta else inches(png)
            if wide > 7.005:
                yield f"{cell.id}: figure is {wide:.1f} in wide; 7 is the most"


@rule
def captions(page: Page) -> Iterator[str]:
    number = 0
    for at, cell in enumerate(page.cells):
        following = page.cells[at + 1] if at + 1 < len(page.cells) else None
        if cell.cell_type == "code" and (images(cell) or players(cell)):
            number += 1
            label = f"**Figure {page.number}.{number}.** "
            text = following.source if following else ""
            if following is None or following.cell_type != "markdown":
                yield f"{cell.id}: the next cell must start with '{label}...'"
            elif not text.startswith(label):
                start = text.splitlines()[0][:30]
                yield f"{following.id}: must start with '{label}...', not {start!r}"
            elif len(text.splitlines()[0]) < len(label) + 10:
                yield f"{following.id}: the caption says nothing"
        elif cell.cell_type == "markdown":
            before = page.cells[at - 1]
            drawn = before.cell_type == "code" and (images(before) or players(before))
            labels = len(re.findall(r"(?m)^\*\*Figure ", cell.source))
            if labels > (1 if drawn else 0):
                yield f"{cell.id}: a caption that follows no figure"


@rule
def animation_after_figure(page: Page) -> Iterator[str]:
    drawn = False
    for cell in page.code:
        if players(cell) and not drawn:
            yield f"{cell.id}: show a still figure before the first animation"
        drawn = drawn or bool(images(cell))


@rule
def equations(page: Page) -> Iterator[str]:
    number = 0
    for cell in page.markdown:
        for tag in re.findall(r"\\tag\{(.*?)\}", cell.source):
            number += 1
            if tag != f"{page.number}.{number}":
                yield f"{cell.id}: \\tag{{{tag}}} should be {page.number}.{number}"
        for block in re.findall(r"(?s)\$\$(.*?)\$\$", cell.source):
            if block.count("\\tag") > 1:
                yield f"{cell.id}: one \\tag a formula"
        outside = re.sub(r"(?s)\$\$.*?\$\$", "", cell.source)
        if "\\tag" in without_code(outside):
            yield f"{cell.id}: a \\tag stands inside $$ ... $$"


# --- Markdown ------------------------------------------------------------------------


@rule
def portable_markdown(page: Page) -> Iterator[str]:
    for cell in page.markdown:
        if re.search(r"(?m)^ *(```+|~~~+|:::+) *\{", cell.source):
            yield f"{cell.id}: MyST directive: it shows as code on GitHub and in Colab"
        source = re.sub(r"(?ms)^ *(```|~~~).*?^ *\1", "", cell.source)
        if re.search(r"\{[a-z]+(:[a-z]+)?\}`", source):
            yield f"{cell.id}: MyST role: write plain Markdown"
        words = without_maths(without_code(source))
        if re.search(r"<(?!https?://)[A-Za-z/!][^<>]*>", words):
            yield f"{cell.id}: HTML: write plain Markdown"
        if re.search(r"!\[[^\]]*\]\(", words):
            yield f"{cell.id}: a picture file: draw it in a cell instead"
        if re.search(r"\[\^[^\]]+\]", words):
            yield f"{cell.id}: a footnote: Colab has none; write it in the text"
        if re.search(r"(?m)^\([a-z0-9-]+\)=$|^\+\+\+|^% ", words):
            yield f"{cell.id}: MyST label or comment: write plain Markdown"


@rule
def links(page: Page) -> Iterator[str]:
    for cell in page.markdown:
        words = without_maths(without_code(cell.source))
        for target in re.findall(r"\]\(([^)\s]*)\)", words):
            if re.match(r"[a-z]+:", target) or target.startswith("#"):
                continue
            path = page.root / "notebooks" / target.partition("#")[0]
            if not path.exists():
                yield f"{cell.id}: link to {target}, which does not exist"
        for scheme, host, rest in re.findall(
            r"(https?)://([^/\s)>]+)([^\s)>]*)", words
        ):
            owner = rest.strip("/").split("/")[0]
            if scheme != "https" and host != "yann.lecun.com":
                yield f"{cell.id}: {host}: link with https"
            if host not in HOSTS or (
                host == "github.com" and owner not in GITHUB_OWNERS
            ):
                yield f"{cell.id}: link to {host}: not on the list in tests/contract.py"


ABBREVIATION = re.compile(
    r"\b(e\.g|i\.e|cf|vs|et al|Fig|Eq|Sec|No|approx|ca|Dr|St|[A-Z])$"
)


def sentence_ends(line: str) -> list[str]:
    """Where a sentence ends and another starts inside ``line``."""
    line = re.sub(r"\]\([^)]*\)", "]", without_maths(without_code(line)))
    line = re.sub(r"^\s*([-*+]|\d+\.|>)\s+", "", line)
    line = re.sub(r"^\*\*[^*]+[.:?]\*\*:?\s*", "", line)
    found = []
    for match in re.finditer(r"[.!?][\"”')\]*_]* +(?=[\"“(\[*_]*[A-Z])", line):
        if not ABBREVIATION.search(line[: match.start()]):
            found.append(line[max(0, match.start() - 20) : match.end() + 12])
    return found


@rule
def one_sentence_a_line(page: Page) -> Iterator[str]:
    for cell in page.markdown:
        if page.sections[cell.id] == "Sources":
            continue  # a reference has full stops of its own
        text = re.sub(r"(?ms)^ *(```|~~~).*?^ *\1", "", cell.source)
        text = re.sub(r"(?s)\$\$.*?\$\$", "", text)
        for line in text.splitlines():
            if line.lstrip().startswith(("|", "#")):
                continue
            for place in sentence_ends(line):
                yield f"{cell.id}: start a new line for each sentence: '...{place}...'"


@rule
def one_kind_of_bullet(page: Page) -> Iterator[str]:
    for cell in page.markdown:
        for line in re.findall(r"(?m)^ *[+*] .*$", without_code(cell.source)):
            yield f"{cell.id}: {line[:30]!r} begins a list; write '- ', or another word"


@rule
def sources_are_linked(page: Page) -> Iterator[str]:
    last = page.cells[-1]
    if "https://" not in last.source:
        yield f"{last.id}: link the papers (DOI or arXiv), data and licences used"


@rule
def no_stale_words(page: Page) -> Iterator[str]:
    for cell in page.cells:
        match = STALE_WORDS.search(cell.source)
        if match:
            yield f"{cell.id}: {match[0]!r} has no place in a finished page"


# --- exercises -----------------------------------------------------------------------


def check_calls(cell) -> list[tuple[str, ast.Call]]:
    """(exercise id, call) of each check(...) in a cell."""
    return [
        (call.args[0].value, call)
        for name, call in calls(tree(cell))
        if name == "check" and call.args and isinstance(call.args[0], ast.Constant)
    ]


def numbered(page: Page, kind: str) -> list:
    """The code cells with ids ``kind``-1, ``kind``-2, ... in the order they stand."""
    return [cell for cell in page.code if re.fullmatch(rf"{kind}-\d+", cell.id)]


@rule
def exercises(page: Page) -> Iterator[str]:
    stubs = numbered(page, "ex")
    if not 3 <= len(stubs) <= 5:
        yield f"{len(stubs)} exercises (code cells ex-1, ex-2, ...); write 3 to 5"
    for number, cell in enumerate(stubs, 1):
        if cell.id != f"ex-{number}":
            yield f"{cell.id}: should be ex-{number}; number them in order"
        if page.sections[cell.id] != "Exercises":
            yield f"{cell.id}: stands outside ## Exercises"
        found = check_calls(cell)
        if len(found) != 1 or not found[0][0].startswith(page.check_prefix):
            yield f'{cell.id}: holds one check("{page.check_prefix}...", answer)'
        elif any(word.arg == "strict" for word in found[0][1].keywords):
            yield f"{cell.id}: the reader's check is not strict"
        if not re.search(r"(?<!\.)\.\.\.(?!\.)", cell.source):
            yield f"{cell.id}: the stub's body is '...'"
        if not any("○" in tool.output_text(output) for output in cell.outputs):
            yield f"{cell.id}: its output must be '○ ... not attempted yet'"
        at = page.cells.index(cell)
        if page.cells[at - 1].cell_type != "markdown":
            yield f"{cell.id}: the cell before it states the exercise"


@rule
def solutions(page: Page) -> Iterator[str]:
    stubs = {cell.id: check_calls(cell) for cell in numbered(page, "ex")}
    found = numbered(page, "sol")
    wanted = [cell_id.replace("ex", "sol") for cell_id in stubs]
    if [cell.id for cell in found] != wanted:
        yield f"solutions must be the code cells {', '.join(wanted)}, in this order"
    for cell in found:
        if page.sections[cell.id] != "Solutions":
            yield f"{cell.id}: stands outside ## Solutions"
        if not {"solution", "hide-cell"} <= set(tags(cell)):
            yield f"{cell.id}: needs the tags solution and hide-cell"
        last = check_calls(cell)[-1:]
        body = tree(cell).body
        strict = last and any(
            word.arg == "strict" and getattr(word.value, "value", None) is True
            for word in last[0][1].keywords
        )
        ends = last and ast.dump(body[-1]) == ast.dump(ast.Expr(last[0][1]))
        if not (strict and ends):
            yield f"{cell.id}: must end in check(..., strict=True)"
            continue
        asked = stubs.get(cell.id.replace("sol", "ex"))
        if asked and asked[0][0] != last[0][0]:
            yield f"{cell.id}: checks {last[0][0]}, its exercise {asked[0][0]}"
    for cell in page.cells:
        if "solution" in tags(cell) and page.sections[cell.id] != "Solutions":
            yield f"{cell.id}: tagged solution outside ## Solutions"


@rule
def registered_checks(page: Page) -> Iterator[str]:
    asked = sorted(name for c in numbered(page, "ex") for name, _ in check_calls(c))
    module = "helpers/exercises/nb_" + "_".join(page.slug.split("-")[:2]) + ".py"
    for name in sorted(set(asked) - set(page.exercise_ids)):
        yield f"{name}: {module} registers no such check"
    for name in sorted(set(page.exercise_ids) - set(asked)):
        yield f"{name}: registered in {module}, asked by no ex- cell"
    if len(set(asked)) != len(asked):
        yield "two exercises use one check"


@rule
def wrong_answers(page: Page) -> Iterator[str]:
    module = "tests/wrong_answers/nb_" + "_".join(page.slug.split("-")[:2]) + ".py"
    for name in page.exercise_ids:
        count = len(page.wrong_answers.get(name, {}))
        if count < 3:
            yield f"{name}: {count} wrong answers in {module}; at least 3"
    for name in sorted(set(page.wrong_answers) - set(page.exercise_ids)):
        yield f"{name}: in {module}, but there is no such check"


# --- loading -------------------------------------------------------------------------


def load_wrong_answers(slug: str, root: Path = ROOT) -> dict[str, dict]:
    """WRONG of the notebook's module in tests/wrong_answers; {} where there is none."""
    name = "nb_" + "_".join(slug.split("-")[:2])
    path = root / "tests" / "wrong_answers" / f"{name}.py"
    if not path.exists():
        return {}
    scope: dict = {"__name__": name, "__file__": str(path)}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), scope)
    return scope["WRONG"]


def load_exercise_ids(slug: str, root: Path = ROOT) -> list[str]:
    """Ids that the notebook's exercises module registers, read without importing it."""
    name = "nb_" + "_".join(slug.split("-")[:2])
    path = root / "helpers" / "exercises" / f"{name}.py"
    if not path.exists():
        return []
    nodes = ast.parse(path.read_text("utf-8"))
    return [
        call.args[0].value
        for name, call in calls(nodes)
        if name == "exercise" and call.args and isinstance(call.args[0], ast.Constant)
    ]


def load_page(path: Path, root: Path = ROOT) -> Page:
    """The page of a notebook file of this book."""
    toc = root / "_toc.yml"
    return Page(
        slug=path.stem,
        notebook=tool.read(path),
        text=path.read_text("utf-8"),
        toc=toc.read_text("utf-8") if toc.exists() else "",
        status=tool.read_status(root),
        exercise_ids=load_exercise_ids(path.stem, root),
        wrong_answers=load_wrong_answers(path.stem, root),
        root=root,
    )
