"""The house as a whole: who may import whom, how long things are, what no file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import metadata
from statistics import median, quantiles

import pytest
from conftest import ROOT, require
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sentinel_watch.app import doctor

PACKAGE = ROOT / "sentinel_watch"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
EXTRAS = tuple(doctor.EXTRAS)
REGISTRY_ADDRESS = re.compile(
    r"https?://[^\s\"'<>)]*(/simple\b|pypi\.org/|pythonhosted|artifactory|nexus)|(index-url|find-links)[ =]+\S*://", re.I
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(root|work|tmp|home/\w+|Users/\w+)/\w|[A-Z]:\\+Users\\")


def _functions():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def _length(node):
    document = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
    return node.end_lineno - node.lineno + 1 - (document.end_lineno - document.lineno + 1 if document else 0)


def _tracked():
    require(present=(ROOT / ".git").exists(), what="the git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _text(path):
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", "replace")


def test_import_contracts_hold():
    """Layers import downwards only, and the science does no input or output."""
    # in a process of its own: the linter switches off every logger that it finds
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _imports():
    """Return module -> the package's modules that it imports, also those only for types, by dotted names."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES}
    found = {}
    for name, path in names.items():
        nodes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
        pairs = [(node.module, f"{node.module}.{alias.name}") for node in nodes for alias in node.names]
        found[name] = {full if full in names else module for module, full in pairs} & set(names) - {name}
    return found


def test_no_module_imports_itself_by_way_of_others():
    """There are no import cycles, not even for types: whatever two modules share has a place of its own."""
    left = _imports()
    while free := {name for name, needs in left.items() if not needs & set(left)}:
        left = {name: needs for name, needs in left.items() if name not in free}
    assert left == {}


def test_no_room_for_odds_and_ends():
    """No module is named after nothing in particular."""
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
    assert not [str(path) for path in MODULES if vague & {path.stem, path.parent.name}]


def test_every_module_says_what_it_offers():
    """Every module that defines something public lists it in `__all__`."""
    for path in MODULES:
        tree = ast.parse(path.read_text("utf-8"))
        public = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"]
        assert not public or re.search(r"^__all__", path.read_text("utf-8"), re.M), f"{path} has no __all__"


def test_files_and_functions_are_small():
    """Files and functions stay within the house's figures, docstrings left out of a function's length."""
    files = [len(path.read_text("utf-8").splitlines()) for path in MODULES if path.name != "__init__.py"]
    lengths = {where: _length(node) for where, node in _functions()}
    assert max(files) <= 400
    assert median(files) <= 130
    assert median(lengths.values()) <= 8
    assert quantiles(lengths.values(), n=10)[-1] <= 25
    assert [where for where, length in lengths.items() if length > 50] == []


def test_functions_take_few_arguments():
    """No function takes more than six arguments, but for verbs, whose arguments are options, and compiled kernels."""
    many = []
    for where, node in _functions():
        named = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        compiled = any(ast.unparse(decorator).startswith("compiled") for decorator in node.decorator_list)
        verb = any(ast.unparse(decorator).partition(".")[2].startswith("command") for decorator in node.decorator_list)
        if len([name for name in named if name not in ("self", "cls")]) > 6 and not compiled and not verb:
            many.append(where.split(":")[0] + " " + node.name)
    assert many == []


@pytest.mark.parametrize("pattern", [REGISTRY_ADDRESS, MACHINE_PATH], ids=["registry addresses", "machine paths"])
def test_no_file_names_a_registry_or_a_machine(pattern):
    """No tracked file holds the address of a package registry or a path of somebody's machine."""
    found = {str(path.relative_to(ROOT)): match.group() for path in _tracked() if (match := pattern.search(_text(path)))}
    assert found == {}


def _closure(name, extras, seen):
    """Collect the installed distributions that `name` with `extras` needs, itself included."""
    key = (canonicalize_name(name), tuple(sorted(extras)))
    if key in seen:
        return
    seen.add(key)
    for line in metadata.requires(name) or ():
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
            _closure(needed.name, needed.extras, seen)


@pytest.mark.parametrize(("file", "extras"), [("constraints.txt", ()), ("constraints-all.txt", EXTRAS)])
def test_constraints_pin_every_package(file, extras):
    """Each package that program, extras and tests need on this machine, directly or not, is pinned by version and hash."""
    seen = set()
    _closure("sentinel-watch", extras if _extras_are_installed() else ("test",) if extras else (), seen)
    needed = {name for name, _ in seen} - {"sentinel-watch"}
    text = (ROOT / file).read_text("utf-8").replace("\\\n", "")
    pins = [line for line in text.splitlines() if line and line[0] != "#"]
    assert all(re.match(r"[A-Za-z0-9._-]+==[^=\s]+ .*--hash=sha256:[0-9a-f]{64}", pin) for pin in pins)
    assert needed - {canonicalize_name(pin.split("==")[0]) for pin in pins} == set()
    assert "://" not in text


def test_the_doctor_knows_every_extra():
    """The doctor tells of each extra that the program has."""
    assert set(doctor.EXTRAS) == set(metadata.metadata("sentinel-watch").get_all("Provides-Extra"))


def _extras_are_installed():
    lines = [Requirement(line) for line in metadata.requires("sentinel-watch") or () if "extra ==" in line]
    try:
        return bool([metadata.version(needed.name) for needed in lines])
    except metadata.PackageNotFoundError:
        return False
