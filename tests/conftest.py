"""What all tests share: a quiet, repeatable environment, and the built site."""

import os
import subprocess
import sysconfig
from pathlib import Path

import filelock
import pytest

# Set before a test file imports torch; the kernels of the notebooks inherit it.
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
os.environ.setdefault("BOOK_RUN", "1")
os.environ.setdefault("PYTHONHASHSEED", "0")
if WORKERS > 1:
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, os.cpu_count() // WORKERS)))

ROOT = Path(__file__).resolve().parents[1]


def build_site(folder):
    """What the build said when it failed, or an empty string."""
    program = Path(sysconfig.get_path("scripts"), "jupyter-book")
    command = [str(program), "build", str(ROOT)]
    options = ["--path-output", str(folder), "-W", "-n", "--keep-going", "-q"]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    if done.returncode == 0 and (folder / "_build" / "html" / "index.html").exists():
        return ""
    return f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built book: ``$BOOK_SITE``, or built once for all workers."""
    if given := os.environ.get("BOOK_SITE"):
        folder = Path(given).resolve()
        assert (folder / "index.html").exists(), f"BOOK_SITE={given} holds no site"
        return folder
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # the folder the workers share
    verdict = base / "site.txt"
    with filelock.FileLock(base / "site.lock"):
        if not verdict.exists():
            verdict.write_text(build_site(base / "site"), "utf-8")
    if said := verdict.read_text("utf-8"):
        pytest.fail(f"the book does not build:\n{said}", pytrace=False)
    return base / "site" / "_build" / "html"
