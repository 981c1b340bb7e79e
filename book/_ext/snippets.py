"""``{snippets}``: every piece that a notebook teaches, as a file to copy.

A cell tagged ``teaches`` ends in its home, ``# → helpers.module.NAME``. Here the
definition is taken from that home, with the imports it needs and with what else of
helpers it uses, so that the text runs alone. Its docstring gives the line that says
what it does, and under ``Example:`` how it is used.
"""

import ast
import inspect
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

PAGE = "book/snippets"
INSTALLED_AS = {"PIL": "pillow"}
HOME = re.compile(r"# → helpers\.(\w+)\.(\w+)\s*\Z")


@dataclass(frozen=True)
class Snippet:
    """A piece to copy: ``text`` is a whole file, ``notebooks`` are slugs."""

    name: str
    notebooks: tuple[str, ...]
    summary: str
    example: str
    needs: tuple[str, ...]
    text: str


def taught(notebooks):
    """``{(module, name): (slug, ...)}`` of every piece, in the order of the book."""
    homes = {}
    for path in sorted(Path(notebooks).glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            home = HOME.search("".join(cell["source"]))
            if home and "teaches" in cell["metadata"].get("tags", []):
                homes[home.groups()] = (*homes.get(home.groups(), ()), path.stem)
    return homes


def names_in(node):
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


class Collector:
    """Gathers a definition, what it uses of helpers, and the imports of both."""

    def __init__(self, helpers):
        self.helpers = Path(helpers)
        self.imports = set()  # (module, name or None, bound name)
        self.parts = {}  # (module, name): source, in the order they must stand
        self.met = set()  # so that two which use each other come to an end

    def add(self, module, name):
        text = (self.helpers / f"{module}.py").read_text("utf-8")
        body = ast.parse(text).body
        found = [node for node in body if name in self.defines(node)]
        if not found:
            raise ValueError(f"helpers.{module} does not define {name}")
        (node,) = found
        self.met.add((module, name))
        for used in sorted(names_in(node) - {name}):
            for other in body:
                self.follow(other, module, used)
        start = min([node.lineno, *(d.lineno for d in decorators(node))])
        lines = text.splitlines()[start - 1 : node.end_lineno]
        self.parts.setdefault((module, name), "\n".join(lines))
        return node

    def follow(self, node, module, used):
        """Take what ``node``, a statement of the module, binds as ``used``."""
        if isinstance(node, ast.Import | ast.ImportFrom):
            source = getattr(node, "module", None)
            for alias in node.names:
                if (alias.asname or alias.name.split(".")[0]) != used:
                    continue
                if source and source.startswith("helpers."):
                    self.add(source.removeprefix("helpers."), alias.name)
                else:
                    self.imports.add((source, alias.name, alias.asname))
        elif used in self.defines(node) and (module, used) not in self.met:
            self.add(module, used)

    @staticmethod
    def defines(node):
        if isinstance(node, ast.Assign):
            return {target.id for target in node.targets}
        return {node.name} if hasattr(node, "name") else set()

    def packages(self):
        """What has to be installed."""
        roots = {(source or name).split(".")[0] for source, name, _ in self.imports}
        return tuple(sorted(roots - sys.stdlib_module_names))

    def text(self):
        """The imports, the standard library's first, then the parts."""
        groups = {True: {}, False: {}}
        for source, name, bound in self.imports:
            standard = (source or name).split(".")[0] in sys.stdlib_module_names
            written = f"{name} as {bound}" if bound else name
            key = (source is not None, source or name)
            groups[standard].setdefault(key, []).append(written)
        blocks = [
            "\n".join(
                f"from {module} import {', '.join(sorted(names))}"
                if is_from
                else f"import {names[0]}"
                for (is_from, module), names in sorted(group.items())
            )
            for group in (groups[True], groups[False])
            if group
        ]
        head = ["\n\n".join(blocks)] if blocks else []
        return "\n\n\n".join([*head, *self.parts.values()]) + "\n"


def decorators(node):
    return getattr(node, "decorator_list", [])


def example_in(doc):
    """The code under ``Example:``, or ``""``."""
    match = re.search(r"^Example:\n((?:    .*\n|\n)+)", doc + "\n", re.MULTILINE)
    return inspect.cleandoc("\n" + match[1]) if match else ""


def with_torch(example, text):
    """An example that uses torch where the piece does not has to import it."""
    uses = "torch" in names_in(ast.parse(example))
    return "import torch\n\n" * (uses and "\nimport torch\n" not in text) + example


def notice(notebooks):
    """The first line of a file: where it is from, and its licence."""
    numbers = ", ".join(slug[:4] for slug in notebooks)
    return f"# From Large Models from Scratch, notebook {numbers}. MIT licence.\n"


def snippet(helpers, module, name, notebooks=()):
    """Collect one piece; ValueError says what it lacks."""
    collector = Collector(helpers)
    doc = ast.get_docstring(collector.add(module, name)) or ""
    if not example_in(doc):
        raise ValueError(f"helpers.{module}.{name} has no 'Example:' in its docstring")
    return Snippet(
        name=name,
        notebooks=tuple(notebooks),
        summary=doc.splitlines()[0],
        example=with_torch(example_in(doc), collector.text()),
        needs=collector.packages(),
        text=notice(notebooks) + collector.text(),
    )


def section(piece, title):
    """One piece as Markdown, one line after the other."""
    named = [INSTALLED_AS.get(package, package) for package in piece.needs]
    needs = ", ".join(f"`{package}`" for package in named) or "nothing but Python"
    yield from (f"## {piece.name}", "", piece.summary, "")
    yield f"Taught in {', '.join(map(title, piece.notebooks))}. Needs {needs}."
    yield from ("", "```python", *piece.example.splitlines(), "```", "")
    yield "``````{container} snippet"
    yield from ("`````python", *piece.text.splitlines(), "`````", "``````", "")


class Snippets(SphinxDirective):
    """Takes no argument: the pieces are those of all notebooks."""

    def run(self):
        root = Path(self.env.srcdir)
        for folder, pattern in (("notebooks", "*.ipynb"), ("helpers", "*.py")):
            for path in (root / folder).glob(pattern):
                self.env.note_dependency(str(path))

        def title(slug):  # a link without words shows the title of its page
            page = f"notebooks/{slug}"
            return f"[](/{page}.ipynb)" if page in self.env.found_docs else slug

        lines = []
        for (module, name), slugs in taught(root / "notebooks").items():
            try:
                piece = snippet(root / "helpers", module, name, slugs)
            except ValueError as error:
                logger.warning(
                    "%s", error, location=self.get_location(), type="snippets"
                )
            else:
                lines += section(piece, title)
        box = nodes.Element()
        source = StringList(lines, str(root / "helpers"))
        self.state.nested_parse(source, 0, box, match_titles=True)
        return box.children


def outdated(app, env, added, changed, removed):
    """A notebook that is new to the book may teach something."""
    return [PAGE] if added and PAGE in env.found_docs else []


def setup(app):
    app.add_directive("snippets", Snippets)
    app.connect("env-get-outdated", outdated)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
