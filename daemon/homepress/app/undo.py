"""Undo in the words of the service: which entries, and where their originals may be put."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from homepress.app.health import MOST_IN_A_ROW
from homepress.app.house import House
from homepress.app.places import resolved
from homepress.base.results import UndoOutcome
from homepress.control.service import ServiceError, UndoRequest
from homepress.store.model import UndoSelection


def undo(house: House, request: UndoRequest) -> Iterator[UndoOutcome]:
    """Bring originals back, newest first.

    They are restored beneath configured folders, beneath what the request names itself, or in its `to`.

    Raises:
        ServiceError: the request selects nothing by itself; exit code 2.
    """
    paths = tuple(_as_recorded(Path(path).absolute()) for path in request.paths)
    folder = resolved(Path(request.folder)) if request.folder else None
    if not (paths or request.ids or request.last or request.since is not None or folder):
        raise ServiceError("say what to undo: paths, --last N, --since TIME or --folder PATH", exit_code=2)
    selection = UndoSelection(
        paths=paths, entries=tuple(request.ids), last=request.last, since=request.since, folder=folder
    )
    roots = [*house.roots(), *(path.parent for path in paths)]
    if folder is not None:
        roots.append(folder)
    to = resolved(Path(request.to)) if request.to else None
    touched: set[Path] = set()
    last: UndoOutcome | None = None
    for undone in house.store.undo(selection, roots=roots, to=to):
        if last is not None:
            yield last
        touched |= {root for root in house.roots() if Path(undone.path).is_relative_to(root)}
        last = undone
    if last is not None:
        yield msgspec.structs.replace(
            last, stopped=[str(root) for root in sorted(touched) if _is_stopped(house, root)]
        )


def _is_stopped(house: House, root: Path) -> bool:
    """Whether nothing more is replaced in a folder, by what was undone there or for another reason."""
    known = house.store.folders
    return bool(known.stopped_replacing(root)) or known.undone_in_a_row(root) >= MOST_IN_A_ROW


def _as_recorded(path: Path) -> Path:
    """A path as the history has it: links on the way followed, the last name as it is."""
    return resolved(path.parent) / path.name
