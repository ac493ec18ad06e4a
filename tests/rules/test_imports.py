"""Which room may import which: the table in docs/architecture.md, held against the code."""

import ast
import functools
import importlib
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import REPOSITORY

PACKAGE = REPOSITORY / "daemon" / "homepress"
LEAVES = {"__init__"}
GROUND = {"base"}
"""Rooms that import nothing of ours and that every room may import."""
ROOMS = {"settings", "watch", "compress", "workers", "store", "privacy", "control", "ui", "desktop"}

MAY_IMPORT: dict[str, set[str]] = {
    "base": set(),
    "settings": set(),
    "compress": set(),
    "privacy": set(),
    "workers": {"compress", "privacy"},
    "watch": {"settings"},
    "store": {"settings"},
    "control": {"settings"},
    "desktop": {"settings"},
    "ui": {"settings", "desktop", "control", "store"},
    "daemon": ROOMS - {"ui"},
    "__main__": {"ui"},
}
ARCHITECTURE = REPOSITORY / "docs" / "architecture.md"


def doors() -> dict[str, set[str]]:
    """Modules that a room offers besides its `__all__`: the table in docs/architecture.md."""
    table = ARCHITECTURE.read_text(encoding="utf-8").partition("| room | doors |\n|---|---|\n")[2]
    rows = [line.strip("| ").split(" | ", 1) for line in table.partition("\n\n")[0].splitlines()]
    return {room: set(re.findall(r"`(\w+)`", cell)) for room, cell in rows}


DOORS = doors()
# Codecs, watchdog and toolkits stay in the one room that is about them.
ONLY_IN: dict[str, set[str]] = {
    "watchdog": {"watch"},
    "PIL": {"compress", "workers", "ui"},
    "pillow_heif": {"compress"},
    "pillow_jxl": {"compress"},
    "jeepney": {"desktop"},
    "numpy": {"compress", "workers"},
    "oxipng": {"compress"},
    "mozjpeg_lossless_optimization": {"compress"},
    "simplejpeg": {"compress"},
    "sqlite3": {"store"},
    "pystray": {"ui"},
    "PySide6": {"ui"},
    "shiboken6": {"ui"},
    "Xlib": {"desktop", "ui"},
}


def modules() -> Iterator[Path]:
    return (path for path in PACKAGE.rglob("*.py") if "_share" not in path.parts)


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def taken_by(path: Path) -> frozenset[str]:
    """What a module takes from anywhere, by full names; from a room also by its name: `privacy.state()`."""
    by_attribute = {
        f"homepress.{node.value.id}.{node.attr}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return frozenset(by_attribute | {name for _, name in imports(path)})


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every imported module by its full name, with its line; relative ones resolved."""
    package = ("homepress", *path.relative_to(PACKAGE).parts[:-1]) if path.is_relative_to(PACKAGE) else ()
    for node in ast.walk(tree(path)):
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
            if other in GROUND | ROOMS | {"daemon"} and other != room:
                allowed = MAY_IMPORT.get(room, set()) | (set() if room in GROUND else GROUND)
                if room == "ui" and "cli" in path.parts:
                    allowed = allowed | {"daemon"}
                assert other in allowed, f"{path}:{line}: {room} may not import {other}"
            if other == "store" and room == "ui" and len(parts) > 2:
                assert parts[2] == "reader", f"{path}:{line}: ui reads the store through store.reader only"
        elif parts[0] in ONLY_IN:
            assert room in ONLY_IN[parts[0]], f"{path}:{line}: {parts[0]} belongs to {ONLY_IN[parts[0]]}"


@pytest.mark.parametrize("path", sorted(modules()), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_enters_other_rooms_by_what_they_offer(path: Path) -> None:
    room = room_of(path)
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] != "homepress" or len(parts) < 3 or parts[1] in (room, *LEAVES):
            continue
        other, inside = parts[1], parts[2:]
        if inside[0] in DOORS.get(other, ()):
            assert not any(part.startswith("_") for part in inside), f"{path}:{line}: {name} is private"
        else:
            assert len(inside) == 1, f"{path}:{line}: {name} is no door of {other} (docs/architecture.md)"
            assert inside[0] in offered(other), f"{path}:{line}: {other} does not offer {inside[0]}"


READS_PICTURES = {"compress", "formats", "likeness", "metadata", "pixels", "preview", "selfcheck"}
"""What `compress` offers that looks into the bytes of a picture, which anybody may have made."""


@pytest.mark.parametrize("path", sorted(modules()), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_pictures_are_read_in_workers_alone(path: Path) -> None:
    if room_of(path) in ("compress", "workers"):
        return
    for line, name in imports(path):
        inside = name.removeprefix("homepress.compress.").split(".")[0]
        assert inside == name.split(".")[0] or inside not in READS_PICTURES, f"{path}:{line}: ask a worker"


@functools.cache
def offered(room: str) -> tuple[str, ...]:
    """What a room's `__init__` offers."""
    return tuple(getattr(importlib.import_module(f"homepress.{room}"), "__all__", ()))


@pytest.mark.parametrize("room", sorted(GROUND | ROOMS | {"daemon"}))
def test_what_a_room_offers_is_used(room: str) -> None:
    """By other rooms, or to check the documents.

    Types apart, which others only see: results, errors, what is handed in.
    """
    others = [path for path in modules() if room_of(path) != room]
    checks = (REPOSITORY / "tests" / "docs").glob("*.py")
    taken = frozenset[str]().union(*map(taken_by, (*others, *checks)))
    for name in offered(room):
        thing = getattr(importlib.import_module(f"homepress.{room}"), name)
        is_type = isinstance(thing, type) or typing.get_origin(thing) is not None
        assert is_type or f"homepress.{room}.{name}" in taken, f"nobody needs {name} of {room}"


def test_every_door_is_there_and_used() -> None:
    entered = {
        (name.split(".")[1], name.split(".")[2])
        for path in modules()
        for _, name in imports(path)
        if name.startswith("homepress.") and name.count(".") > 1 and name.split(".")[1] != room_of(path)
    }
    for room, doors in DOORS.items():
        for door in doors:
            place = PACKAGE / room / door
            assert place.is_dir() or place.with_suffix(".py").is_file(), f"{room} has no {door}"
            assert (room, door) in entered, f"nobody uses the door {door} of {room}"


def test_every_folder_of_a_room_is_in_the_document() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    folders = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("__init__.py")} - {Path()}
    missing = [
        str(folder) for folder in folders if not any(f"`{place}" in text for place in _ways_to_say(folder))
    ]
    assert not missing, f"say in docs/architecture.md what is in {', '.join(sorted(missing))}"


def _ways_to_say(folder: Path) -> Iterator[str]:
    yield f"{folder}"
    yield f"{folder}/"
    if len(folder.parts) > 1:
        # A table of doors or of what is inside names a folder by its last word.
        yield f"{folder.name}`"
        yield f"{folder.name}/"


def test_every_room_of_the_table_is_there() -> None:
    assert {
        p.name for p in PACKAGE.iterdir() if any(p.glob("*.py")) and not p.name.startswith(("_", "."))
    } == GROUND | ROOMS | {"daemon"}
