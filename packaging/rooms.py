"""The picture of the rooms in docs/architecture.md, drawn from what the modules really import."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent.parent / "daemon" / "homepress"

_WIDTH, _HEIGHT = 880, 500
_BOX = (116, 50)


class _Room(NamedTuple):
    """Where a room stands, and its job in a few words."""

    x: int
    y: int
    job: str


_GROUND = ("base", "_share")
"""Left out: ground that every room stands on would only add an arrow to each."""

# A room above those that it imports.
_PLACES = {
    "ui/cli": _Room(440, 45, "commands"),
    "daemon": _Room(400, 145, "wires all together"),
    "ui": _Room(690, 145, "tray, window"),
    "workers": _Room(130, 345, "locked processes"),
    "compress": _Room(70, 450, "bytes to bytes"),
    "privacy": _Room(193, 450, "lock and proof"),
    "settings": _Room(316, 450, "what was asked"),
    "watch": _Room(439, 450, "finds pictures"),
    "store": _Room(562, 450, "replace and undo"),
    "control": _Room(685, 450, "private socket"),
    "desktop": _Room(808, 450, "login, notices"),
}


def imports_between_rooms() -> dict[str, set[str]]:
    """Which rooms each room imports, by the import statements of all of its modules.

    The command line counts as a room of its own, since it alone may import `daemon`.
    """
    found: dict[str, set[str]] = {}
    for module in sorted(PACKAGE.rglob("*.py")):
        parts = module.relative_to(PACKAGE).with_suffix("").parts
        if len(parts) > 1 and parts[0] not in _GROUND:
            others = found.setdefault(_room(parts), set())
            others |= {_room(tuple(name.split(".")[1:])) for name in _imported(module)}
    return {room: {other for other in others if other in found} - {room} for room, others in found.items()}


def _room(parts: tuple[str, ...]) -> str:
    return "ui/cli" if parts[:2] == ("ui", "cli") else parts[0]


def _imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # `from homepress import store` names the room only after "import".
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if name.startswith("homepress."))


def drawing(imports: Mapping[str, set[str]]) -> str:
    """The picture as SVG: a room stands above those that it imports.

    An arrow is left out where another way leads there.
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" text-anchor="middle"'
        ' font-family="Inter, Segoe UI, Helvetica, Arial, sans-serif">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="12" fill="#f4f6f8"/>',
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"'
        ' orient="auto"><path d="M0 0l10 5-10 5z" fill="#64748b"/></marker></defs>',
    ]
    parts += [_arrow(_PLACES[room], _PLACES[other]) for room, other in _needed(imports)]
    parts += [_box(room) for room in imports]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _needed(imports: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """The imports without those that another way includes (transitive reduction)."""
    beneath: dict[str, set[str]] = {}

    def below(room: str) -> set[str]:
        if room not in beneath:
            beneath[room] = imports[room].union(*map(below, imports[room]))
        return beneath[room]

    return [
        (room, other)
        for room, others in imports.items()
        for other in sorted(others)
        if not any(other in below(third) for third in others - {other})
    ]


def _arrow(start: _Room, end: _Room) -> str:
    half = _BOX[1] // 2
    way = f'x1="{start.x}" y1="{start.y + half}" x2="{end.x}" y2="{end.y - half - 2}"'
    return f'<line {way} stroke="#64748b" stroke-width="1.5" marker-end="url(#tip)"/>'


def _box(name: str) -> str:
    room, (width, height) = _PLACES[name], _BOX
    return (
        f'<rect x="{room.x - width // 2}" y="{room.y - height // 2}" width="{width}" height="{height}" rx="9"'
        ' fill="#ffffff" stroke="#0f766e" stroke-width="1.5"/>'
        f'<text x="{room.x}" y="{room.y - 3}" font-size="15" font-weight="600" fill="#0f172a">{name}</text>'
        f'<text x="{room.x}" y="{room.y + 15}" font-size="11.5" fill="#475569">{room.job}</text>'
    )
