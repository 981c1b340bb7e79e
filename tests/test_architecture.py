"""The shape of the repository: imports go one way, modules stay small."""

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter

import contract
import pytest

ROOT = contract.ROOT
RANKS = {
    "env": 0,
    "checkpoints": 0,
    "finetuning": 0,
    "layers": 0,
    "memory": 0,
    "cost": 1,
    "data": 1,
    "augmentation": 1,
    "folders": 1,
    "splitting": 1,
    "models": 1,
    "recipes": 1,
    "evaluation": 2,
    "pretrained": 2,
    "training": 2,
    "checks": 3,
    "plotting": 3,
}
PACKAGES = {
    "torch",
    "torchvision",
    "numpy",
    "matplotlib",
    "safetensors",
    "sklearn",
    "tqdm",
}
DISPLAY = {"PIL", "IPython"}  # come with torchvision's and notebooks' own needs
MODULES = sorted(path.stem for path in (ROOT / "helpers").glob("[!_]*.py"))
PRIVATE = sorted(path.stem for path in (ROOT / "helpers").glob("_[!_]*.py"))
CHECKS = sorted(path.stem for path in (ROOT / "helpers" / "exercises").glob("nb_*.py"))
EVERY = MODULES + PRIVATE + [f"exercises.{name}" for name in CHECKS]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_NAMES = 7
MOST_LINES = 1900
STAND_INS = {"_digits", "_pets"}  # pictures written as programs, read by nobody else
# What the notebooks build: it grows with the book.
TAUGHT = {
    "augmentation",
    "checkpoints",
    "evaluation",
    "finetuning",
    "folders",
    "layers",
    "memory",
    "models",
    "recipes",
    "splitting",
}
MOST_FUNCTION_LINES = 40
MOST_BYTES = 1_000_000
# Calls that define a constant and do no work worth naming.
CONSTANTS = {
    "compile",
    "frozenset",
    "set",
    "tuple",
    "dict",
    "TypeVar",
    "Path",
    "cycler",
}


@cache
def source(module):
    return (ROOT / "helpers" / (module.replace(".", "/") + ".py")).read_text("utf-8")


@cache
def tree(module):
    return ast.parse(source(module))


def imported(node):
    """(package, rest) of every import in a syntax tree; relative ones as helpers."""
    for child in ast.walk(node):
        names = []
        if isinstance(child, ast.Import):
            names = [alias.name for alias in child.names]
        elif isinstance(child, ast.ImportFrom) and child.level:
            names = [f"helpers.{child.module or child.names[0].name}"]
        elif isinstance(child, ast.ImportFrom):
            inside = child.module == "helpers"
            names = [child.module]
            if inside:
                names = [f"helpers.{alias.name}" for alias in child.names]
        for name in names:
            package, _, rest = name.partition(".")
            yield package, rest


def helpers_imports(module):
    return {rest for package, rest in imported(tree(module)) if package == "helpers"}


def public(module):
    """The value of __all__."""
    for node in tree(module).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
            return ast.literal_eval(node.value)
    return None


def functions(node):
    return [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef)]


# --- imports -------------------------------------------------------------------------


@pytest.mark.parametrize("module", EVERY)
def test_helpers_use_known_packages(module):
    known = PACKAGES | DISPLAY | {"helpers"} | sys.stdlib_module_names
    others = {package for package, _ in imported(tree(module))} - known
    assert not others, f"helpers.{module} imports {others}"


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    assert module in RANKS, (
        f"give helpers.{module} a rank in tests/test_architecture.py"
    )
    for other in helpers_imports(module):
        if not other.startswith("_"):
            assert RANKS[other] < RANKS[module], f"{module} must not import {other}"


@pytest.mark.parametrize("module", PRIVATE)
def test_private_modules_import_the_lowest_only(module):
    others = {name for name in helpers_imports(module) if RANKS.get(name, 0) > 0}
    assert not others, f"helpers.{module} imports {others}"


@pytest.mark.parametrize("name", CHECKS)
def test_exercises_import_public_modules_only(name):
    others = helpers_imports(f"exercises.{name}") - set(MODULES)
    assert not others, f"helpers.exercises.{name} imports {others}"


def test_no_cycles():
    graph = {module: helpers_imports(module) for module in EVERY}
    list(TopologicalSorter(graph).static_order())  # raises CycleError


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_use_known_packages(path):
    known = PACKAGES | DISPLAY | {"helpers", "pandas"} | sys.stdlib_module_names
    page = contract.load_page(path)
    for cell in page.code:
        for package, rest in imported(contract.tree(cell)):
            assert package in known, f"{cell.id} imports {package}"
            if package == "helpers":
                assert rest.split(".")[0] in MODULES, f"{cell.id}: helpers.{rest}"


def test_helpers_import_nothing_by_themselves():
    code = "import sys, helpers; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("module", EVERY)
def test_no_work_at_import(module):
    for node in tree(module).body:
        what = f"helpers.{module}, line {node.lineno}"
        if isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant), what
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            called = {name for name, _ in contract.calls(node)} - CONSTANTS
            assert not called, f"{what} calls {called} when it is imported"
        else:
            kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
            assert isinstance(node, kinds), what


# --- size and style ------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_public_names(module):
    names = public(module)
    assert names, f"helpers.{module} has no __all__"
    assert len(names) <= MOST_NAMES, f"{len(names)} public names"
    defined = set()
    for node in tree(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined |= {target.id for target in node.targets}
        elif isinstance(node, ast.AnnAssign):
            defined.add(node.target.id)
        elif isinstance(node, ast.ImportFrom) and "helpers._" in (node.module or ""):
            defined |= {alias.name for alias in node.names}  # its own private half
    assert set(names) <= defined, f"not defined here: {set(names) - defined}"


@pytest.mark.parametrize("module", MODULES)
def test_public_names_are_described(module):
    assert ast.get_docstring(tree(module)), f"helpers.{module} has no docstring"
    for node in tree(module).body:
        if getattr(node, "name", None) not in public(module):
            continue
        assert ast.get_docstring(node), f"{node.name} has no docstring"
        for method in node.body if isinstance(node, ast.ClassDef) else []:
            if isinstance(method, ast.FunctionDef) and not re.match(
                r"_|forward$", method.name
            ):
                where = f"{node.name}.{method.name}"
                assert ast.get_docstring(method), f"{where} has no docstring"


@pytest.mark.parametrize("module", MODULES)
def test_public_functions_are_typed(module):
    for node in tree(module).body:
        if getattr(node, "name", None) not in public(module):
            continue
        for function in functions(node):
            if function.name.startswith("_") and function.name != "__init__":
                continue
            arguments = function.args
            every = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
            bare = [a.arg for a in every if a.annotation is None and a.arg != "self"]
            assert not bare, f"{node.name}: {function.name} has untyped {bare}"
            assert function.returns, f"{node.name}: {function.name} has no return type"


@pytest.mark.parametrize("module", MODULES + PRIVATE)
def test_functions_are_short(module):
    for function in functions(tree(module)):
        doc = function.body[0] if ast.get_docstring(function) else None
        lines = function.end_lineno - function.lineno + 1
        lines -= doc.end_lineno - doc.lineno + 1 if doc else 0
        assert lines <= MOST_FUNCTION_LINES, f"{function.name} has {lines} lines"


@pytest.mark.parametrize("module", EVERY)
def test_no_open_keyword_arguments(module):
    for function in functions(tree(module)):
        assert function.args.kwarg is None, f"{function.name} takes **kwargs"


@pytest.mark.parametrize("module", EVERY)
def test_nobody_prints_but_checks(module):
    # data says when the stand-in is used, and when a cache is not
    allowed = {"checks": 99, "data": 2}.get(module, 0)
    prints = [
        call.lineno for name, call in contract.calls(tree(module)) if name == "print"
    ]
    assert len(prints) <= allowed, f"helpers.{module} prints in lines {prints}"


def test_helpers_stay_small():
    counted = set(MODULES + PRIVATE) - STAND_INS - TAUGHT
    lines = sum(len(source(module).splitlines()) for module in counted)
    assert lines <= MOST_LINES, f"helpers has {lines} lines; {MOST_LINES} is the most"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_its_tests(module):
    assert (ROOT / "tests" / f"test_{module}.py").exists()


# --- the tree ------------------------------------------------------------------------


def tree_files():
    """Every file that is or would be in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        done = None
    if done is None or done.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / line for line in done.stdout.splitlines()]
    return [path for path in paths if path.is_file()]


def test_no_large_file():
    large = [p.name for p in tree_files() if p.stat().st_size > MOST_BYTES]
    assert not large, f"over {MOST_BYTES:,} bytes: {large}"


# In pieces, so that this file does not hold what it looks for.
FORBIDDEN = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.",
    "ana" + "conda.org",
    "/" + "work/",
    "/tmp/" + "spec",
    "/tmp/" + "book",
    str(ROOT),
]


def test_no_registry_and_no_machine_path_in_the_tree():
    found = []
    for path in tree_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        text = re.sub(r"[A-Za-z0-9+/=]{200,}", "", text)  # stored pictures
        found += [f"{path.relative_to(ROOT)}: {w}" for w in FORBIDDEN if w in text]
    assert not found, "\n".join(found)
