"""The shape of the house: how large modules and folders are, and that a class name stands for one thing."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from support import REPOSITORY

PACKAGE = REPOSITORY / "daemon" / "homepress"

FLOOR, CEILING, FOLDER = 60, 600, 20
"""Lines of a module at least and at most; modules of a folder at most."""

SMALL = {
    "__init__.py": "what a room offers",
    "__main__.py": "how Python starts a package",
    "linux.py": "one module a system",
    "macos.py": "one module a system",
    "windows.py": "one module a system",
    "posix.py": "what Linux and macOS share",
}
"""Names of modules that may be shorter."""
SMALL_MODULES = {
    "base/override.py": "goes with Python 3.11",
    "base/memory.py": "what a program does that stays for days",
    "base/units.py": "a few functions that every room needs and none owns",
    "daemon/doctor/codecs_child.py": "what a child process starts with: it loads nothing else",
    "privacy/comparison.py": "the one module that opens a connection to a network",
    "ui/probe.py": "what tray and window share",
    "workers/checker_child.py": "what a child process starts with: it loads nothing else",
    "workers/tool_child.py": "what a child process starts with: it loads nothing else",
}
"""Modules that may be shorter, each with its reason."""
LARGE_MODULES: dict[str, str] = {}
"""Modules that may be longer, each with its reason: one algorithm or one format."""
SAME_NAMES: dict[str, str] = {}
"""Class names that may stand twice, each with its reason."""


def modules() -> Iterator[Path]:
    return (path for path in PACKAGE.rglob("*.py") if "_share" not in path.parts)


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_no_module_is_too_small_to_be_a_noun() -> None:
    small = {name(path) for path in modules() if path.name not in SMALL and lines(path) < FLOOR}
    assert small - set(SMALL_MODULES) == set(), "merge them into the module that their reader is in anyway"
    assert set(SMALL_MODULES) <= small, "these need no exception any more"


def test_no_module_is_too_large_to_be_read() -> None:
    large = {name(path) for path in modules() if lines(path) > CEILING}
    assert large == set(LARGE_MODULES)


def test_folders_hold_a_handful_of_modules() -> None:
    inside: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        inside[name(path.parent)].append(path.name)
    for folder, names in inside.items():
        others = [each for each in names if each not in ("__init__.py", "__main__.py")]
        assert len(others) <= FOLDER, f"{folder} has {len(others)} modules"
        assert len(others) != 1 or folder == ".", f"{folder} has a single module: {others[0]}"


def test_a_class_name_stands_for_one_thing() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name(path))
    twice = {each: where for each, where in places.items() if len(where) > 1 and each not in SAME_NAMES}
    assert not twice, "\n".join(f"{each}: {', '.join(where)}" for each, where in sorted(twice.items()))


def test_arguments_that_are_described_are_there() -> None:
    """Each under its own name: one that was renamed is renamed in the words about it too."""
    gone = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and "Args:\n" in (text := ast.get_docstring(node) or ""):
                known = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
                section = text.partition("Args:\n")[2].partition("\n\n")[0]
                described = re.findall(r"^    (\w+): ", section, re.MULTILINE)
                gone += [f"{name(path)}: {node.name} has no {each}" for each in {*described} - known]
    assert not gone, "\n".join(gone)


def test_nothing_is_imported_by_a_table() -> None:
    """A reader and a type checker follow an import; a module `__getattr__` (PEP 562) hides it from both."""
    for path in modules():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            assert not (isinstance(node, ast.FunctionDef) and node.name == "__getattr__"), name(path)


def test_the_status_of_a_listed_name_is_asked_in_one_place() -> None:
    """Listings of Windows have inode number 0 (`os.DirEntry.stat`): a mark made of one matches no file."""
    asking = {
        name(path) for path in modules() if re.search(r"\bentry\.(?:stat|inode)\(", path.read_text("utf-8"))
    }
    assert asking == {"base/files.py"}
