"""Everything that the store does to a user's files, each with what must hold whatever happens in the middle.

There are cases for each kind of job in the store's registry, `recovery.OPERATION_OF_KIND`; without any, no
kind can be added. Used by the everyday tests and, with every step and every error, by `benchmarks/torture`.
"""

import contextlib
import functools
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from homepress.store.fs.base import FileSystem
from homepress.store.ledger import journal
from homepress.store.model import Kind, StoreError, UndoSelection
from homepress.store.recovery import OPERATION_OF_KIND
from homepress.store.store import Store
from store.kit import (
    INODES,
    Bench,
    Lacking,
    MadeUpInodes,
    Probe,
    facts,
    in_child,
    maintain_later,
    picture,
    replace,
    replacement,
    smaller,
)

SOURCE = picture()
RESULT = smaller(SOURCE)
SECOND = RESULT[:-7]
"""What a second run over the same source makes for an output folder."""
OTHER = picture(1)
"""Another picture."""
OTHERS_RESULT = smaller(OTHER)
EDITED = b"written by a program that still had it open" * 99

Work = Callable[[Store, Path], object]


def _replace_by(result: bytes, store: Store, path: Path) -> object:
    return store.replace(store.read(path), replacement(result))


def _convert(store: Store, path: Path, result: bytes = RESULT) -> object:
    return store.replace(store.read(path), replacement(result, suffix=".webp"))


def _unchecked(work: Work, store: Store, path: Path) -> object:
    """As if nobody had asked whether the result is the source, or empty: what settles it has to bear that."""
    with (
        mock.patch("homepress.store.replace.check_result"),
        mock.patch("homepress.store.outputs.check_result"),
    ):
        return work(store, path)


def _other_first(work: Work, store: Store, path: Path) -> object:
    """Another picture is replaced before: `OTHER` by `OTHERS_RESULT`."""
    return work(store, path.with_name("b.jpg"))


def _undo_then_save_an_equal_file(store: Store, path: Path) -> object:
    """A conversion; then somebody saves a file that equals its result under the old name of its source."""
    _convert(store, path)
    path.write_bytes(RESULT)
    return None


def _undo_first(store: Store, path: Path) -> object:
    """Undo what was done to the picture, and to no other."""
    return list(store.undo(UndoSelection(paths=(path,)), roots=[path.parent]))


def _undo(store: Store, path: Path) -> object:
    return list(store.undo(UndoSelection(last=1), roots=[path.parent]))


def _output(store: Store, path: Path) -> object:
    return store.write_output(store.read(path), replacement(RESULT), path.parent / "out" / path.name)


def _output_again(store: Store, path: Path) -> object:
    return store.write_output(store.read(path), replacement(SECOND), path.parent / "out" / path.name)


def _copy(store: Store, path: Path) -> object:
    return store.copy_output(store.read(path), path.parent / "out" / path.name)


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
    return maintain_later(store, 60)


@dataclass(frozen=True)
class Case:
    """One thing that the store does to a picture.

    Attributes:
        kind: of the job that it is about.
        work: does it.
        before: what was done earlier, undisturbed.
        lacking: calls that the file system does not know.
        inodes: how it makes up inode numbers, a key of `INODES`; empty where it keeps them.
        source: what the picture holds.
        results: what its name may hold as well.
        others: what other files in its folder hold, and whatever else each may hold. They are never without
            one of these.
        kept: what must exist all the time, wherever.
    """

    kind: Kind
    work: Work
    before: Work | None = None
    lacking: tuple[str, ...] = ()
    inodes: str = ""
    source: bytes = SOURCE
    results: tuple[bytes, ...] = (RESULT, SECOND, EDITED)
    others: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    kept: tuple[bytes, ...] = ()

    def fs(self) -> FileSystem | None:
        """A file system without what is lacking."""
        lacking = Lacking(*self.lacking).fs() if self.lacking else None
        return MadeUpInodes(self.inodes, lacking).fs() if self.inodes else lacking


CASES = {
    "exchange": Case("replace", replace),
    "link": Case("replace", replace, lacking=("exchange",)),
    "no rename flags": Case("replace", replace, lacking=("exchange", "move")),
    "convert": Case("convert", _convert),
    "convert, no rename flags": Case("convert", _convert, lacking=("move",)),
    "undo": Case("undo", _undo, replace),
    "undo, no exchange": Case("undo", _undo, replace, ("exchange",)),
    "undo, no links": Case("undo", _undo, replace, ("link",)),
    "undo a conversion": Case("undo", _undo, _convert),
    "output": Case("output", _output),
    "output again": Case("output", _output_again, _output),
    "output, no rename flags": Case("output", _output, lacking=("move", "link")),
    "output again, no exchange": Case("output", _output_again, _output, ("exchange",)),
    "copy": Case("copy", _copy),
    "copy over our own": Case("copy", _copy, _output),
    "beside": Case("beside", _beside),
    "undo an output": Case("remove", _undo, _output),
    "late edit": Case("edit", _tend, _replace_and_write_late),
    "late edit, no exchange": Case("edit", _tend, _replace_and_write_late, ("exchange",)),
}
"""What is done every day."""


def _degenerate() -> dict[str, Case]:
    """Results that no honest worker gives: equal to something, empty, of one byte."""
    equal, empty, byte = (functools.partial(_replace_by, r) for r in (SOURCE, b"", b"1"))
    by_other, by_others = (functools.partial(_replace_by, r) for r in (OTHER, OTHERS_RESULT))
    others_first = functools.partial(_other_first, by_others)
    pair: dict[str, tuple[bytes, ...]] = {"b.jpg": (OTHER, OTHERS_RESULT)}
    two: dict[str, Any] = {"others": pair, "kept": (OTHER,), "before": others_first}
    found: dict[str, Case] = {}
    for way, lacking in (("exchange", ()), ("link", ("exchange",))):
        found |= {
            f"equal ({way})": Case("replace", functools.partial(_unchecked, equal), lacking=lacking),
            f"empty ({way})": Case(
                "replace", functools.partial(_unchecked, empty), lacking=lacking, results=(b"",)
            ),
            f"one byte ({way})": Case("replace", byte, lacking=lacking, source=b"0", results=(b"1",)),
            f"another's original ({way})": Case(
                "replace", by_other, lacking=lacking, results=(OTHER,), **two
            ),
            f"another's result ({way})": Case(
                "replace", by_others, lacking=lacking, results=(OTHERS_RESULT,), **two
            ),
            f"undo one of two equal results ({way})": Case(
                "undo",
                _undo_first,
                lambda store, path: (others_first(store, path), by_others(store, path)),
                lacking,
                results=(OTHERS_RESULT,),
                others=pair,
                kept=(OTHER,),
            ),
        }
    return found | {
        "equal (convert)": Case(
            "convert", functools.partial(_unchecked, functools.partial(_convert, result=SOURCE))
        ),
        "convert beside an equal file": Case("convert", _convert, others={"a.webp": (RESULT,)}),
        "undo a conversion, an equal file in place": Case(
            "undo", _undo, _undo_then_save_an_equal_file, others={"a.jpg": (RESULT,)}
        ),
        "output, equal to another's": Case(
            "output",
            _output,
            lambda store, path: _output(store, path.with_name("b.jpg")),
            others={"b.jpg": (OTHER,)},
        ),
    }


DEGENERATE = _degenerate()
"""What content alone does not tell apart."""

_MADE_UP: tuple[tuple[str, Kind, Work, Work | None], ...] = (
    ("replace", "replace", replace, None),
    ("convert", "convert", _convert, None),
    ("undo", "undo", _undo, replace),
    ("output again", "output", _output_again, _output),
)

MADE_UP = {
    f"{name}, {inodes} ({way})": Case(kind, work, before, lacking, inodes=inodes)
    for name, kind, work, before in _MADE_UP
    for inodes in INODES
    for way, lacking in (("exchange", ()), ("link", ("exchange", "move")))
}
"""The same where inode numbers tell nothing."""

CASES |= DEGENERATE | MADE_UP


def names_of(kind: Kind) -> list[str]:
    """The cases of a kind of job.

    Raises:
        LookupError: there are none: what changes files of users is tried at every step, or is not added.
    """
    if not (names := [name for name, case in CASES.items() if case.kind == kind]):
        raise LookupError(f"no case of {kind!r} in {__name__}.CASES")
    return names


EVERY = [name for kind in OPERATION_OF_KIND for name in names_of(kind)]
"""Names of the cases of every operation that the store has."""


class Scene:
    """A case, with its picture in a fresh folder, with a step that fails or is the last."""

    def __init__(self, case: Case, base: Path, originals: Path | None) -> None:
        self.case = case
        self.bench = Bench.at(base, originals)
        self.path = self.bench.drop(data=case.source)
        for name, contents in case.others.items():
            if name != self.path.name:
                self.bench.drop(name, contents[0])
        self.facts = facts(self.path)
        if case.before is not None:
            with self.bench.store() as store:
                case.before(store, self.path)

    def run(self, probe: Probe) -> None:
        """Do it; what it raises for a failing system does not matter."""
        steps, probe.steps = probe.steps, frozenset()
        with self.bench.store(probe.fs()) as store:
            probe.steps = steps
            try:
                with contextlib.suppress(OSError, StoreError):
                    self.case.work(store, self.path)
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
        case, contents = self.case, self._visible()
        hidden = [*self.bench.kept(), *self._waiting()]
        everything = [*contents.values(), *hidden]
        wrong = [] if self._has_name(contents, recovered) else ["no name holds the picture"]
        for name, content in contents.items():
            claimed = content == b"" and "link" in case.lacking and not recovered
            may = case.others.get(name, (case.source, *case.results))
            if content not in may and not claimed:
                wrong.append(f"{name} holds neither the original nor a result")
            if recovered and name.startswith("recovered") and content != EDITED:
                wrong.append(f"{name} was made although nothing was unknown")
        wrong += [f"{name} is gone" for name in case.others if name not in contents]
        late = case.before is _replace_and_write_late
        for content in (EDITED if late else case.source, *case.kept):
            if content not in everything:
                wrong.append("the late edit is lost" if content == EDITED else "an original is lost")
        if contents.get(self.path.name) in (case.source, *case.results[:1]):
            wrong += [] if self._same_facts() else ["attributes are lost"]
        return wrong

    def _has_name(self, contents: dict[str, bytes], recovered: bool) -> bool:
        """Whether a name has the picture; while names are moved, the journal has it for an instant."""
        if {self.path.name, self.path.with_suffix(".webp").name} & contents.keys():
            return True
        moving = "exchange" in self.case.lacking and not recovered
        return moving and any(self.bench.watched.glob(".homepress-*.old"))

    def _same_facts(self) -> bool:
        return self.path.name in self.case.others or facts(self.path) == self.facts

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


def count_steps(case: Case, base: Path, originals: Path | None, steps: frozenset[str]) -> int:
    """How many of these steps a case has when nothing goes wrong."""
    probe, scene = Probe(fs=case.fs(), steps=steps), Scene(case, base, originals)
    with mock.patch.object(journal, "begin", wraps=journal.begin) as begin:
        scene.run(probe)
    kinds = {plan.kind for _, plan in (call.args for call in begin.call_args_list)}
    assert case.kind in kinds, f"it is no case of {case.kind!r}"
    return probe.number


def probed(case: Case, make: Callable[..., Probe], *arguments: Any, **options: Any) -> Probe:
    """A probe around the file system of a case."""
    return make(*arguments, fs=case.fs(), **options)
