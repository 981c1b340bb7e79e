"""Self-contained editions of the notebooks, for Colab and other bare kernels.

An edition is the notebook plus one cell that carries the helpers package and unpacks it
where it is not installed. Editions lie side by side, so links between them work; with
the address of the published book, links go there.
"""

from __future__ import annotations

import base64
import io
import json
import re
import tarfile
import textwrap
from pathlib import Path

NOTE = (
    "*This edition brings the book's small `helpers` package with it: "
    "the next cell unpacks it where it is not installed.*"
)
CODE = '''\
# @title Unpack the helpers package of this book, unless it is installed
import importlib.util

ARCHIVE = """
{archive}
"""
if importlib.util.find_spec("helpers") is None:
    import base64
    import io
    import sys
    import tarfile
    import tempfile

    folder = tempfile.mkdtemp(prefix="book-helpers-")
    packed = io.BytesIO(base64.b64decode(ARCHIVE))
    with tarfile.open(fileobj=packed, mode="r:xz") as archive:
        archive.extractall(folder, filter="data")
    sys.path.insert(0, folder)
'''
LINK = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$"  # no links in code and formulas
    r"|(?<!!)\[(?P<words>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^()\s]+)\)",
    re.DOTALL,
)


def pack(helpers_dir: Path, *, weights: bool) -> str:
    """The package as base64 text in lines of 76 columns, its weights if asked for."""
    suffixes = {".py", ".safetensors"} if weights else {".py"}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz", preset=9) as archive:
        for path in sorted(helpers_dir.rglob("*")):
            if path.suffix in suffixes:
                content = path.read_bytes()
                name = f"helpers/{path.relative_to(helpers_dir).as_posix()}"
                entry = tarfile.TarInfo(name)  # no date and no owner: always the same
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return "\n".join(textwrap.wrap(base64.b64encode(packed.getvalue()).decode(), 76))


def rewrite_links(markdown: str, slugs: set[str], base_url: str | None) -> str:
    """Relative links made to work outside the repository, or into plain words."""

    def replace(match: re.Match) -> str:
        words, target = match["words"], match["target"]
        if target is None or re.match(r"[a-z]+:|#", target):
            return match[0]
        path, _, anchor = target.partition("#")
        name = Path(path)
        anchor = f"#{anchor}" if anchor else ""
        if base_url:
            folder = "notebooks" if name.suffix == ".ipynb" else "book"
            return (
                f"[{words}]({base_url.rstrip('/')}/{folder}/{name.stem}.html{anchor})"
            )
        if name.suffix == ".ipynb" and name.stem in slugs:
            return f"[{words}]({name.name}{anchor})"
        return words

    return LINK.sub(replace, markdown)


def edition(
    notebook: dict, archive: str, slugs: set[str], base_url: str | None
) -> dict:
    """One notebook, as plain JSON, with the package in its first code cell."""
    notebook = json.loads(json.dumps(notebook))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = rewrite_links("".join(cell["source"]), slugs, base_url)
            cell["source"] = text.splitlines(keepends=True)
    note = {
        "cell_type": "markdown",
        "id": "about-helpers",
        "metadata": {},
        "source": [NOTE],
    }
    unpack = {
        "cell_type": "code",
        "execution_count": None,
        "id": "setup-helpers",
        "metadata": {
            "cellView": "form",  # Colab shows the title, not the archive
            "jupyter": {"source_hidden": True},
            "tags": ["hide-input"],
        },
        "outputs": [],
        "source": CODE.format(archive=archive).rstrip().splitlines(keepends=True),
    }
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    first = kinds.index("code") if "code" in kinds else len(kinds)
    at = min(1, first)  # after the title
    notebook["cells"][at:at] = [note, unpack]
    return notebook


def write_editions(
    notebooks_dir: Path,
    helpers_dir: Path,
    out_dir: Path,
    *,
    base_url: str | None = None,
) -> list[Path]:
    """Write an edition of every notebook into ``out_dir``; the files, in order.

    Args:
        notebooks_dir: folder of the ``.ipynb`` files.
        helpers_dir: folder of the package that the editions carry.
        out_dir: made if missing; editions of notebooks that are gone are removed.
        base_url: address of the published book, such as ``https://some.org/book``.
    """
    sources = sorted(Path(notebooks_dir).glob("*.ipynb"))
    slugs = {path.stem for path in sources}
    archives = {
        weights: pack(Path(helpers_dir), weights=weights) for weights in (False, True)
    }
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    for old in out_dir.glob("*.ipynb"):
        if old.stem not in slugs:
            old.unlink()
    written = []
    for source in sources:
        text = source.read_text("utf-8")
        archive = archives["helpers.pretrained" in text]
        new = edition(json.loads(text), archive, slugs, base_url)
        text = json.dumps(new, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        target = out_dir / source.name
        target.write_text(text, encoding="utf-8", newline="\n")
        written.append(target)
    return written
