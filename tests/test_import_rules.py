"""Which room may import which: the table in docs/architecture.md, held against the code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import REPOSITORY

PACKAGE = REPOSITORY / "daemon" / "homepress"
LEAVES = {"imagetype", "resources", "__init__"}
ROOMS = {"settings", "watch", "compress", "workers", "store", "privacy", "control", "ui", "desktop"}

MAY_IMPORT: dict[str, set[str]] = {
    "settings": set(),
    "compress": set(),
    "privacy": set(),
    "workers": {"compress", "privacy"},
    "watch": {"settings"},
    "store": {"settings"},
    "control": {"settings"},
    "desktop": {"settings"},
    "ui": {"settings", "desktop", "control", "store"},
    "pipeline": ROOMS - {"ui"},
    "app": (ROOMS - {"ui"}) | {"pipeline"},
    "__main__": {"ui"},
}
# Codecs, watchdog and toolkits stay in the one room that is about them.
ONLY_IN: dict[str, set[str]] = {
    "watchdog": {"watch"},
    "PIL": {"compress", "workers", "ui"},
    "numpy": {"compress", "workers"},
    "pyjpegli": {"compress"},
    "oxipng": {"compress"},
    "mozjpeg_lossless_optimization": {"compress"},
    "sqlite3": {"store"},
    "pystray": {"ui"},
    "tkinter": {"ui"},
}


def modules() -> Iterator[Path]:
    return (path for path in PACKAGE.rglob("*.py") if "_share" not in path.parts)


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every imported module by its full name, with its line; relative ones resolved."""
    package = ("homepress", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            name = ".".join(part for part in (base, node.module or "") if part)
            yield node.lineno, name
            yield from ((node.lineno, f"{name}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("path", sorted(modules()), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    room = room_of(path)
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] == "homepress" and len(parts) > 1:
            other = parts[1]
            if other in ROOMS | {"pipeline", "app"} and other != room:
                allowed = MAY_IMPORT.get(room, set())
                if room == "ui" and "cli" in path.parts:
                    allowed = allowed | {"app"}
                assert other in allowed, f"{path}:{line}: {room} may not import {other}"
            if other == "store" and room == "ui" and len(parts) > 2:
                assert parts[2] == "reader", f"{path}:{line}: ui reads the store through store.reader only"
        elif parts[0] in ONLY_IN:
            assert room in ONLY_IN[parts[0]], f"{path}:{line}: {parts[0]} belongs to {ONLY_IN[parts[0]]}"


def test_every_room_of_the_table_is_there() -> None:
    assert {
        p.name for p in PACKAGE.iterdir() if p.is_dir() and not p.name.startswith(("_", "."))
    } == ROOMS | {
        "pipeline",
        "app",
    }


def test_nothing_but_the_standard_library_is_imported_by_leaves() -> None:
    for leaf in sorted(LEAVES - {"__init__"}):
        assert all(not name.startswith("homepress") for _, name in imports(PACKAGE / f"{leaf}.py"))
