"""Everything that the store does to a user's folder, each with what must hold whatever happens in the middle.

Used by the everyday tests and, with every step and every error, by `benchmarks/torture`.
"""

import contextlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homepress.store import Store, StoreError, UndoSelection
from homepress.store.kernel import Kernel
from store.kit import Bench, Lacking, Probe, facts, in_child, picture, replace, replacement, smaller

SOURCE = picture()
RESULT = smaller(SOURCE)
SECOND = RESULT[:-7]
"""What a second run over the same source makes for an output folder."""
EDITED = b"written by a program that still had it open" * 99

Work = Callable[[Store, Path], object]


def _convert(store: Store, path: Path) -> object:
    return store.replace(store.read(path), replacement(RESULT, suffix=".webp"))


def _undo(store: Store, path: Path) -> object:
    return list(store.undo(UndoSelection(last=1), roots=[path.parent]))


def _output(store: Store, path: Path) -> object:
    return store.write_output(store.read(path), replacement(RESULT), path.parent / "out" / path.name)


def _output_again(store: Store, path: Path) -> object:
    return store.write_output(store.read(path), replacement(SECOND), path.parent / "out" / path.name)


def _beside(store: Store, path: Path) -> object:
    return store.write_beside(store.read(path), replacement(RESULT))


def _replace_and_write_late(store: Store, path: Path) -> object:
    replace(store, path)
    for vault in store.originals_folders():
        for stored in vault.glob("*"):
            if len(stored.name) == 81:
                stored.write_bytes(EDITED)
    return None


def _tend(store: Store, path: Path) -> object:
    return store.tend(time.time() + 60)


@dataclass(frozen=True)
class Operation:
    """One thing that the store does.

    Attributes:
        work: does it.
        before: what was done earlier, undisturbed.
        lacking: kernel operations that the file system does not know.
    """

    work: Work
    before: Work | None = None
    lacking: tuple[str, ...] = ()

    def kernel(self) -> Kernel | None:
        """A kernel without what is lacking."""
        return Lacking(*self.lacking).kernel() if self.lacking else None


OPERATIONS = {
    "exchange": Operation(replace),
    "link": Operation(replace, lacking=("exchange",)),
    "no rename flags": Operation(replace, lacking=("exchange", "move")),
    "convert": Operation(_convert),
    "convert, no rename flags": Operation(_convert, lacking=("move",)),
    "undo": Operation(_undo, replace),
    "undo, no exchange": Operation(_undo, replace, ("exchange",)),
    "undo, no links": Operation(_undo, replace, ("link",)),
    "undo a conversion": Operation(_undo, _convert),
    "output": Operation(_output),
    "output again": Operation(_output_again, _output),
    "output, no rename flags": Operation(_output, lacking=("move", "link")),
    "beside": Operation(_beside),
    "undo an output": Operation(_undo, _output),
    "late edit": Operation(_tend, _replace_and_write_late),
}


class Scene:
    """An operation on a picture in a fresh folder, with a step that fails or is the last."""

    def __init__(self, operation: Operation, base: Path, originals: Path | None) -> None:
        self.operation = operation
        self.bench = Bench.at(base, originals)
        self.path = self.bench.drop()
        self.facts = facts(self.path)
        if operation.before is not None:
            with self.bench.store() as store:
                operation.before(store, self.path)

    def run(self, probe: Probe) -> None:
        """Do the operation; what it raises for a failing system does not matter."""
        steps, probe.steps = probe.steps, frozenset()
        with self.bench.store(probe.kernel()) as store:
            probe.steps = steps
            try:
                with contextlib.suppress(OSError, StoreError):
                    self.operation.work(store, self.path)
            finally:
                probe.steps = frozenset()

    def run_in_child(self, probe: Probe) -> int:
        """As `run`, in a process that may die of it; how it ended."""
        return in_child(lambda: self.run(probe))

    def recover(self) -> list[str]:
        """Start again, twice; what is wrong afterwards."""
        with self.bench.store() as store:
            store.recover()
            again = store.recover()
        wrong = [f"recovered twice: {note}" for note in again]
        wrong += [f"a temp file is left: {name}" for name in self.bench.temps()]
        return wrong + self.violations(recovered=True)

    def violations(self, *, recovered: bool = False) -> list[str]:
        """What must never be: a broken picture, an original that is lost, attributes that differ."""
        contents = self._visible()
        hidden = [*self.bench.kept(), *self._waiting()]
        names = {self.path.name, self.path.with_suffix(".webp").name}
        wrong = []
        if not names & contents.keys():
            wrong.append("no name holds the picture")
        for name, content in contents.items():
            claimed = content == b"" and "link" in self.operation.lacking and not recovered
            if content not in (SOURCE, RESULT, SECOND, EDITED) and not claimed:
                wrong.append(f"{name} holds neither the original nor a result")
            if recovered and name.startswith("recovered") and content != EDITED:
                wrong.append(f"{name} was made although nothing was unknown")
        everything = [*contents.values(), *hidden]
        if self.operation.before is _replace_and_write_late:
            if EDITED not in everything:
                wrong.append("the late edit is lost")
        elif SOURCE not in everything:
            wrong.append("the original is lost")
        if contents.get(self.path.name) in (SOURCE, RESULT) and facts(self.path) != self.facts:
            wrong.append("attributes are lost")
        return wrong

    def remove(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.bench.base)
        shutil.rmtree(self.bench.originals, ignore_errors=True)

    def _visible(self) -> dict[str, bytes]:
        files = [
            p for p in self.bench.watched.rglob("*") if p.is_file() and not p.name.startswith(".homepress")
        ]
        return {str(p.relative_to(self.bench.watched)): p.read_bytes() for p in files}

    def _waiting(self) -> list[bytes]:
        return [p.read_bytes() for p in self.bench.watched.rglob(".homepress-*") if p.is_file()]


def count_steps(operation: Operation, base: Path, originals: Path | None, steps: frozenset[str]) -> int:
    """How many of these steps an operation has when nothing goes wrong."""
    probe = Probe(kernel=operation.kernel(), steps=steps)
    Scene(operation, base, originals).run(probe)
    return probe.number


def probed(operation: Operation, make: Callable[..., Probe], *arguments: Any, **options: Any) -> Probe:
    """A probe around the kernel that the operation's file system has."""
    return make(*arguments, kernel=operation.kernel(), **options)
