"""``{execution-table}``: when, where and how fast each notebook ran.

The runner writes ``book/status.json`` after every run:
``{"<slug>": {"seconds", "data", "versions", "device", "date"}}``.
"""

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

HEAD = ("Notebook", "Seconds", "Data", "When", "Device", "Versions")


def read_status(path):
    """The runner's records, or an error that says what to do about it."""
    try:
        records = json.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        message = f"{path} is missing: run the notebooks first (`make run`)"
        raise ValueError(message) from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(records, dict):
        raise ValueError(f"{path} must hold one object with a record per notebook")
    for slug, record in records.items():
        missing = {"seconds", "data", "versions", "device", "date"} - set(record)
        if missing:
            raise ValueError(f"{path}: {slug} lacks {', '.join(sorted(missing))}")
    return records


def table_lines(records, has_page):
    """The table as Markdown, one line a notebook, in the book's order."""
    yield "| " + " | ".join(HEAD) + " |"
    yield "| :--- | ---: | :--- | :--- | :--- | :--- |"
    for slug, record in sorted(records.items()):
        # A link without words shows the title of its page.
        name = f"[](/notebooks/{slug}.ipynb)" if has_page(slug) else slug
        versions = ", ".join(f"{k} {v}" for k, v in record["versions"].items())
        cells = (
            name,
            f"{record['seconds']:.0f}",
            record["data"],
            record["date"],
            record["device"],
            versions,
        )
        yield "| " + " | ".join(str(c).replace("|", r"\|") for c in cells) + " |"


class ExecutionTable(SphinxDirective):
    """Takes no argument: the file is always ``book/status.json``."""

    def run(self):
        path = Path(self.env.srcdir) / "book" / "status.json"
        self.env.note_dependency(str(path))
        try:
            records = read_status(path)
        except ValueError as error:
            message = str(error).replace(f"{self.env.srcdir}/", "")
            logger.warning(
                message, location=self.get_location(), type="status", subtype="file"
            )
            return [nodes.paragraph("", "No notebook has been recorded yet.")]
        found = self.env.found_docs
        lines = list(table_lines(records, lambda slug: f"notebooks/{slug}" in found))
        box = nodes.container(classes=["execution-table"])
        self.state.nested_parse(StringList(lines, str(path)), 0, box)
        return [box]


def setup(app):
    app.add_directive("execution-table", ExecutionTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
