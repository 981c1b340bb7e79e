"""Text view, execution and record of the notebooks.

    python -m tools.notebooks text NB       notebooks/NB.ipynb -> _text/NB.py
    python -m tools.notebooks sync NB       _text/NB.py -> notebooks/NB.ipynb
    python -m tools.notebooks run NB        execute in a fresh kernel, store the outputs
    python -m tools.notebooks show FILE     print the text view (git's textconv)
    python -m tools.notebooks run-all       run those whose outputs are not of this code

NB is a slug, its number (03-4) or a path. A notebook file has one canonical form,
``dumps(normalise(notebook))``: running it again without a change changes no byte.
"""

from __future__ import annotations

import argparse
import copy
import datetime
import hashlib
import json
import math
import os
import platform
import re
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
STATUS = Path("book", "status.json")

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
DATA_NAMES = {"mnist": "MNIST", "cifar10": "CIFAR-10"}
STANDIN = "offline stand-in"
CELL_TIMEOUT = 900  # seconds; a notebook is meant to need less than 180 in all

ANSI = re.compile(r"\x1b\[[0-9;]*m")
ADDRESS = re.compile(r"\b(?:at|=)\s*0x[0-9a-fA-F]{6,}")
MACHINE_PATH = re.compile(
    r"/home/\w|/Users/\w|/root/|/tmp/|/var/folders/|site-packages|dist-packages"
    r"|[A-Z]:\\Users\\|/private/var/|/opt/\w|/usr/lib/"
)


class NotebookError(Exception):
    """What is wrong with a notebook or with the request, in one line or a few."""


# --- files ---------------------------------------------------------------------------


def find(name: str, root: Path = ROOT) -> str:
    """The slug that ``name`` (slug, number such as 03-4, or path) stands for."""
    if not name:
        raise NotebookError("say which notebook, for example: make run NB=03-4")
    stem = Path(name).stem if name.endswith((".ipynb", ".py")) else Path(name).name
    stem = re.sub(r"^(\d)[.-](\d+)", r"0\1-\2", stem.replace(".", "-", 1))
    known = {path.stem for path in root.glob("notebooks/*.ipynb")}
    known |= {path.stem for path in root.glob("_text/[0-9]*.py")}
    if stem in known:
        return stem
    hits = sorted(slug for slug in known if slug.startswith(stem + "-"))
    if len(hits) == 1:
        return hits[0]
    those = ", ".join(hits or sorted(known)) or "there is none yet"
    problem = "stands for more than one" if hits else "is no notebook"
    raise NotebookError(f"{name!r} {problem}; notebooks: {those}")


def read(path: Path) -> nbformat.NotebookNode:
    """The notebook in ``path``; NotebookError where it is missing or not one."""
    try:
        # nbformat.read would give new ids to cells that share one
        notebook = nbformat.v4.reads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise NotebookError(f"{path} does not exist") from None
    except Exception as error:
        raise NotebookError(f"{path} cannot be read as a notebook: {error}") from None
    if notebook.get("nbformat") != 4 or "cells" not in notebook:
        raise NotebookError(f"{path} is not in notebook format 4")
    check_ids([(cell.get("id"), cell.source) for cell in notebook.cells], path.name)
    return notebook


def dumps(notebook: nbformat.NotebookNode) -> str:
    """The bytes of a notebook file: sorted keys, indent 1, one final line end."""
    return nbformat.v4.writes(notebook).rstrip("\n") + "\n"


def write_text(path: Path, text: str) -> bool:
    """Replace ``path`` in one step, if it differs; was it written?"""
    if path.exists() and path.read_bytes() == text.encode():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def check_ids(cells: list[tuple[str | None, str]], where: str) -> None:
    """Every cell has an id of its own that nbformat allows."""
    seen: set[str] = set()
    for number, (cell_id, source) in enumerate(cells, 1):
        start = (source.strip().splitlines() or ["empty"])[0][:50]
        cell = f"{where}: cell {number} ({start!r})"
        if not cell_id:
            raise NotebookError(f'{cell} has no id: add cell_id="..." to its # %% line')
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", cell_id):
            raise NotebookError(
                f"{cell}: id {cell_id!r} may hold letters, digits, -, _"
            )
        if cell_id in seen:
            raise NotebookError(f"{cell}: id {cell_id!r} is taken by an earlier cell")
        seen.add(cell_id)


# --- the canonical form --------------------------------------------------------------


def code_hash(notebook: nbformat.NotebookNode) -> str:
    """Sixteen hex digits that change when any code cell does."""
    digest = hashlib.sha256()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            digest.update(cell.source.strip().encode() + b"\0")
    return digest.hexdigest()[:16]


def is_fresh(notebook: nbformat.NotebookNode) -> bool:
    """Do the stored outputs belong to the stored code, run once from top to bottom?"""
    counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
    stamp = notebook.metadata.get("book", {}).get("code")
    return counts == list(range(1, len(counts) + 1)) and stamp == code_hash(notebook)


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with nothing in it but what the book needs; a new object."""
    cells = []
    for old in notebook.cells:
        meta = {}
        if old.metadata.get("tags"):
            meta["tags"] = list(dict.fromkeys(old.metadata["tags"]))
        cell = {"cell_type": old.cell_type, "id": old.id, "source": old.source.strip()}
        if old.cell_type == "code":
            outputs = [normalise_output(output) for output in old.outputs]
            cell["execution_count"] = old.execution_count
            cell["outputs"] = merge_streams(outputs)
            alt = figure_alt(outputs)
            if alt:  # where the book looks for it
                meta["mystnb"] = {"image": {"alt": alt}}
        cells.append({**cell, "metadata": meta})
    meta = json.loads(json.dumps(METADATA))
    if "code" in notebook.metadata.get("book", {}):
        meta["book"] = {"code": notebook.metadata["book"]["code"]}
    return nbformat.from_dict(
        {"cells": cells, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}
    )


def normalise_output(output: dict) -> dict:
    """An output without what differs from run to run or from machine to machine."""
    output = json.loads(json.dumps(output))
    if output["output_type"] == "error":  # only the frames of the notebook itself
        output["traceback"] = [
            part
            for part in output["traceback"]
            if not ANSI.sub("", part).lstrip().startswith("File ")
        ]
    output.pop("transient", None)
    return output


def merge_streams(outputs: list[dict]) -> list[dict]:
    """Neighbouring pieces of one stream as one output."""
    merged: list[dict] = []
    for output in outputs:
        last = merged[-1] if merged else {}
        if output["output_type"] == "stream" and output["name"] == last.get("name"):
            last["text"] += output["text"]
        else:
            merged.append(output)
    return merged


def figure_alt(outputs: list[dict]) -> str:
    """The alternative text that ``show`` left in a figure's display metadata."""
    for output in outputs:
        alt = output.get("metadata", {}).get("image/png", {}).get("alt")
        if alt:
            return alt
    return ""


def output_text(output: dict) -> str:
    """All that an output says in words: no images, no colours."""
    kind = output["output_type"]
    if kind == "stream":
        return ANSI.sub("", output["text"])
    if kind == "error":
        parts = [output["ename"], output["evalue"], *output["traceback"]]
        return ANSI.sub("", "\n".join(parts))
    texts = [v for k, v in sorted(output["data"].items()) if k.startswith("text/")]
    joined = "\n".join("".join(text) for text in texts)
    return re.sub(r"data:image/[^\"')]*", "", joined)


def output_problems(notebook: nbformat.NotebookNode) -> list[str]:
    """What no stored output may hold: errors, addresses, paths of this machine."""
    problems = []
    here = {str(ROOT), str(Path.home()), os.environ.get("BOOK_DATA", "")} - {"", "/"}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        raises = "raises-exception" in cell.metadata.get("tags", [])
        kinds = {output.output_type for output in cell.outputs}
        if any(output.get("name") == "stderr" for output in cell.outputs):
            problems.append(f"{cell.id}: writes to stderr; mend what it warns of")
        if "error" in kinds and not raises:
            problems.append(f"{cell.id}: stores an error")
        if raises and cell.execution_count and "error" not in kinds:
            problems.append(f"{cell.id}: tagged raises-exception, but raised nothing")
        text = "\n".join(output_text(output) for output in cell.outputs)
        address = ADDRESS.search(text)
        if address:
            problems.append(f"{cell.id}: shows a memory address ({address[0]})")
        paths = [path for path in sorted(here) if path in text]
        paths += MACHINE_PATH.findall(text)
        if paths:
            problems.append(f"{cell.id}: shows a path of this machine ({paths[0]})")
    return problems


# --- text view -----------------------------------------------------------------------


def to_text(notebook: nbformat.NotebookNode) -> str:
    """The notebook as a Python file in the percent format, ids and tags kept."""
    import jupytext

    cells = []
    for cell in notebook.cells:
        meta = {"cell_id": cell.id}
        if cell.metadata.get("tags"):
            meta["tags"] = list(cell.metadata["tags"])
        kept = {"cell_type": cell.cell_type, "source": cell.source, "metadata": meta}
        if cell.cell_type == "code":
            kept |= {"execution_count": None, "outputs": []}
        cells.append(kept)
    bare = {
        "cells": cells,
        "metadata": {
            "jupytext": {
                "notebook_metadata_filter": "-all",
                "cell_metadata_filter": "all",
            }
        },
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    return jupytext.writes(nbformat.from_dict(bare), fmt="py:percent")


def from_text(text: str, where: str) -> list[dict]:
    """The cells of a text view, as dicts with id, cell_type, source and metadata."""
    import jupytext

    cells = []
    for cell in jupytext.reads(text, fmt="py:percent").cells:
        if cell.cell_type == "raw" and cell.source.lstrip().startswith("---"):
            continue  # a header some editors add
        if not cell.source.strip() and "cell_id" not in cell.metadata:
            continue
        kept = {"cell_type": cell.cell_type, "id": cell.metadata.get("cell_id")}
        kept |= {"source": cell.source.strip(), "metadata": {}}
        if cell.metadata.get("tags"):
            kept["metadata"]["tags"] = list(cell.metadata["tags"])
        cells.append(kept)
    check_ids([(cell["id"], cell["source"]) for cell in cells], where)
    if not cells:
        raise NotebookError(f"{where}: no cells; a cell starts with a line '# %%'")
    return cells


def combine(
    cells: list[dict], old: nbformat.NotebookNode | None
) -> nbformat.NotebookNode:
    """New cells with the outputs and counts of old cells whose source is the same."""
    before = {cell.id: cell for cell in old.cells} if old else {}
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        cell |= {"execution_count": None, "outputs": []}
        twin = before.get(cell["id"])
        if twin and twin.cell_type == "code" and twin.source.strip() == cell["source"]:
            cell |= {"execution_count": twin.execution_count, "outputs": twin.outputs}
    meta = (
        {"book": dict(old.metadata["book"])} if old and "book" in old.metadata else {}
    )
    return normalise(
        nbformat.from_dict(
            {"cells": cells, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}
        )
    )


def source_hash(cells: list) -> str:
    """A hash of what the text view shows, to tell which side was edited."""
    shown = [
        [c["cell_type"], c["id"], c["source"].strip(), c["metadata"].get("tags", [])]
        for c in cells
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def places(slug: str, root: Path) -> tuple[Path, Path, Path]:
    """The notebook, its text view, and the hash of what the view was made from."""
    text = root / "_text"
    return root / "notebooks" / f"{slug}.ipynb", text / f"{slug}.py", text / f".{slug}"


def make_text(slug: str, force: bool = False, root: Path = ROOT) -> None:
    """Write the text view, unless that would lose edits made in it."""
    path, view, base = places(slug, root)
    notebook = read(path)
    content = to_text(notebook)
    state = source_hash(notebook.cells)
    if source_hash(from_text(content, view.name)) != state:
        raise NotebookError(f"{path.name}: its text view does not read back the same")
    if view.exists() and not force:
        theirs = source_hash(from_text(view.read_text("utf-8"), view.name))
        known = base.read_text() if base.exists() else None
        if theirs not in (state, known):
            raise NotebookError(
                f"{view} has edits that are not in {path.name}: make sync NB={slug}, "
                "or FORCE=1 to lose them"
            )
    write_text(view, content)
    write_text(base, state)
    print(f"wrote {show_path(view)}")


def make_sync(slug: str, force: bool = False, root: Path = ROOT) -> None:
    """Bring the text view's cells into the notebook, unless that would lose edits."""
    path, view, base = places(slug, root)
    if not view.exists():
        raise NotebookError(f"{view} does not exist; write it, or make text NB={slug}")
    cells = from_text(view.read_text("utf-8"), view.name)
    state = source_hash(cells)
    old = read(path) if path.exists() else None
    known = base.read_text() if base.exists() else None
    if old and known and not force and source_hash(old.cells) not in (state, known):
        raise NotebookError(
            f"{path.name} was edited too since {view.name} was made from it; "
            "save one of the two, then use FORCE=1"
        )
    written = write_text(path, dumps(combine(cells, old)))
    write_text(base, state)
    print(f"{'wrote' if written else 'no change in'} {show_path(path)}")


# --- execution -----------------------------------------------------------------------


def kernel_manager_class(python: str) -> type:
    """Starts the kernel of one interpreter, whatever kernels are registered."""
    from ipykernel.kernelspec import make_ipkernel_cmd
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class OneInterpreter(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            quiet = ["--IPKernelApp.log_level=40"]
            argv = make_ipkernel_cmd(executable=python, extra_arguments=quiet)
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    class Manager(AsyncKernelManager):
        def __init__(self, *args, **kwargs):
            kwargs["kernel_spec_manager"] = OneInterpreter()
            super().__init__(*args, **kwargs)

    return Manager


def kernel_environment(home: str) -> dict[str, str]:
    """The record's environment: no bars, fixed hashes, the CPU, two threads."""
    env = dict(os.environ)
    env |= {"BOOK_RUN": "1", "PYTHONHASHSEED": "0", "IPYTHONDIR": home}
    env["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    env["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    env.setdefault("BOOK_DEVICE", "cpu")
    env.setdefault("OMP_NUM_THREADS", "2")
    return env


def execute(
    notebook: nbformat.NotebookNode,
    name: str = "",
    *,
    python: str = sys.executable,
    environment: dict[str, str] | None = None,
) -> float:
    """Run all cells in place in a fresh kernel and an empty folder; seconds it took.

    ``python`` is the interpreter of the kernel, ``environment`` adds to its variables.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from tqdm import tqdm

    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    at = [""]

    def on_start(cell, cell_index):
        at[0] = cell.id
        bar.set_postfix_str(cell.id, refresh=True)

    for cell in codes:
        cell.execution_count, cell.outputs = None, []
    with (
        tqdm(
            total=len(codes), desc=name, unit="cell", leave=False, disable=None
        ) as bar,
        tempfile.TemporaryDirectory(prefix="book-ipython-") as home,
        tempfile.TemporaryDirectory(prefix="book-run-") as folder,
    ):
        client = NotebookClient(
            notebook,
            kernel_manager_class=kernel_manager_class(python),
            timeout=CELL_TIMEOUT,
            record_timing=False,
            on_cell_execute=on_start,
            on_cell_executed=lambda **_: bar.update(),
        )
        variables = kernel_environment(home) | (environment or {})
        start = time.perf_counter()
        try:
            client.execute(env=variables, cwd=folder)
        except CellExecutionError as error:
            text = str(error.traceback)
            text = text if sys.stderr.isatty() else ANSI.sub("", text)
            raise NotebookError(f"{name}: cell {at[0]!r} fails\n{text}") from None
        except Exception as error:  # a dead kernel, a cell over its time
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            raise NotebookError(f"{name}: cell {at[0]!r}: {reason}") from None
        seconds = time.perf_counter() - start
        left = sorted(path.name for path in Path(folder).iterdir())
    if left:
        raise NotebookError(f"{name}: leaves files where it runs: {', '.join(left)}")
    return seconds


def keep_times(new: nbformat.NotebookNode, old: nbformat.NotebookNode) -> None:
    """Keep the outputs that tell times: unchanged code, unchanged bytes."""
    before = {cell.id: cell for cell in old.cells}
    for cell in new.cells:
        twin = before.get(cell.id)
        if twin and "nbval-ignore-output" in cell.metadata.get("tags", []):
            cell.outputs, cell.metadata = twin.outputs, twin.metadata


def make_run(slug: str, record: bool = False, root: Path = ROOT) -> None:
    """Execute, normalise and store one notebook, and note its time in status.json."""
    path = places(slug, root)[0]
    notebook = read(path)
    before = path.read_bytes()
    old = copy.deepcopy(notebook)
    if not any(cell.cell_type == "code" for cell in notebook.cells):
        raise NotebookError(f"{slug}: no code cell to run")
    seconds = execute(notebook, slug)
    notebook = normalise(notebook)
    notebook.metadata["book"] = {"code": code_hash(notebook)}
    if is_fresh(old) and not record:
        keep_times(notebook, normalise(old))
    problems = output_problems(notebook)
    if problems:
        raise NotebookError(f"{slug}: not stored, for\n  " + "\n  ".join(problems))
    if path.read_bytes() != before:
        raise NotebookError(
            f"{slug} was changed while it ran: nothing stored, run again"
        )
    written = write_text(path, dumps(notebook))
    data = data_used(notebook)
    if written or record:
        record_status(slug, seconds, data, root)
    change = "outputs stored" if written else "no byte changed"
    print(f"{slug}: {seconds:.0f} s, data: {data}, {change}")


def data_used(notebook: nbformat.NotebookNode) -> str:
    """Names of the data sets a notebook loads, or what it said it used instead."""
    names: dict[str, None] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for name in re.findall(r"\bload\(\s*[\"'](\w+)[\"']", cell.source):
            names[DATA_NAMES.get(name, name)] = None
        for output in cell.outputs:
            if re.search(rf"^{STANDIN}", output_text(output), re.MULTILINE):
                return STANDIN
    return ", ".join(names) or "none"


def read_status(root: Path = ROOT) -> dict:
    """What book/status.json says of each notebook's last run."""
    path = root / STATUS
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def record_status(slug: str, seconds: float, data: str, root: Path) -> None:
    """Note time, data, versions and device of a run, notebooks in order."""
    packages = ("torch", "torchvision")
    versions = {name: metadata.version(name).split("+")[0] for name in packages}
    entry = {
        "seconds": math.ceil(seconds),
        "data": data,
        "versions": {"python": platform.python_version(), **versions},
        "device": os.environ.get("BOOK_DEVICE", "cpu"),
        "date": datetime.date.today().isoformat(),
    }
    known = {
        name: value
        for name, value in read_status(root).items()
        if places(name, root)[0].exists()
    }
    ordered = dict(sorted({**known, slug: entry}.items()))
    write_text(root / STATUS, json.dumps(ordered, indent=2) + "\n")


def run_all(force: bool, record: bool, root: Path = ROOT) -> None:
    """Run every notebook whose outputs are not of its code; all of them if forced."""
    failed = []
    for path in sorted(root.glob("notebooks/*.ipynb")):
        try:
            if not force and is_fresh(read(path)):
                print(f"{path.stem}: fresh, not run")
                continue
            make_run(path.stem, record, root)
        except NotebookError as error:
            print(f"error: {error}", file=sys.stderr)
            failed.append(path.stem)
    if failed:
        raise NotebookError(f"failed: {', '.join(failed)}")


def show_path(path: Path) -> str:
    """A path as short as it can be said."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["text", "sync", "show", "run", "run-all"])
    parser.add_argument("notebook", nargs="?", default="")
    parser.add_argument("--force", action="store_true", help="whatever would be lost")
    parser.add_argument(
        "--record", action="store_true", help="write status.json anyway"
    )
    options = parser.parse_args(arguments)
    try:
        if options.verb == "run-all":
            run_all(options.force, options.record)
        elif options.verb == "show":
            print(to_text(read(Path(options.notebook))), end="")
        else:
            slug = find(options.notebook)
            if options.verb == "text":
                make_text(slug, options.force)
            elif options.verb == "sync":
                make_sync(slug, options.force)
            else:
                make_run(slug, options.record)
    except NotebookError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
