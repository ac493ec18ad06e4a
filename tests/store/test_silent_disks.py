"""Disks that do not answer: what is done for all folders passes over them, and nobody else waits."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from homepress.base import blocking
from homepress.base.blocking import Disks
from homepress.store.ledger import known_files
from homepress.store.model import OriginalsSelection, UndoSelection
from store.kit import Bench, picture, replace
from store.test_recovery import RESULT, after_exchange
from support import wait_for

Hang = Callable[[Any, str, Path], None]


@pytest.fixture
def answer() -> Iterator[threading.Event]:
    """Once this is set, at the end of the test at the latest, the disks answer."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def hang(monkeypatch: pytest.MonkeyPatch, answer: threading.Event) -> Hang:
    """Makes a function of a module hang for one path; disks have a moment to answer."""
    disks = Disks()

    def quickly(place: Path, call: Callable[[], Any], within: float = 1.0) -> Any:
        return disks.ask(place, call, min(within, 1.0))

    monkeypatch.setattr(blocking, "ask", quickly)
    monkeypatch.setattr(blocking, "answers", disks.answers)

    def hang(module: Any, name: str, path: Path) -> None:
        before = getattr(module, name)

        def call(asked: Any, *rest: Any, **named: Any) -> Any:
            if os.fsencode(asked) == os.fsencode(path):
                answer.wait(60)
            return before(asked, *rest, **named)

        monkeypatch.setattr(module, name, call)

    return hang


def test_room_is_counted_for_others_while_one_vault_hangs(
    bench: Bench, hang: Hang, answer: threading.Event
) -> None:
    with bench.store() as store:
        originals = store._context.originals
        other = originals.vault(os.fsencode(bench.base / "drive" / "vault"))
        shutil.copytree(bench.originals, other.path)
        hang(shutil, "disk_usage", other.path)

        def keep() -> None:
            with originals.room_for(1, other):
                pass

        waits = threading.Thread(target=keep)
        waits.start()
        with originals.room_for(1, originals.main):
            assert waits.is_alive()
        answer.set()
        waits.join(60)


@pytest.mark.slow
def test_a_job_in_a_folder_that_hangs_waits_and_is_settled_when_it_answers(
    bench: Bench, hang: Hang, answer: threading.Event
) -> None:
    path = after_exchange(bench)
    hang(os.path, "lexists", bench.watched)
    with bench.store() as store:
        notes = [str(note) for note in store.recover()]
        assert any("could not be repaired yet" in note and "no answer since" in note for note in notes), notes
        assert path.read_bytes() == RESULT
        assert bench.kept() == []
        answer.set()

        def settled() -> bool:
            store.recover()
            return not bench.temps()

        wait_for(settled, what="the job to be settled")
        assert (bench.kept(), bench.temps()) == ([picture()], [])


@pytest.mark.slow
def test_names_that_are_gone_are_forgotten_past_a_directory_that_hangs(
    bench: Bench, hang: Hang, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bench.watched / "hung").mkdir()
    (bench.watched / "well").mkdir()
    with bench.store() as store:
        for folder in ("hung", "well"):
            for number, name in enumerate((f"{folder}/a.jpg", f"{folder}/b.jpg")):
                replace(store, bench.drop(name, picture(number + len(folder))))
            (bench.watched / folder / "a.jpg").unlink()
        hang(os, "listdir", bench.watched / "hung")
        known_files.prune(store._ledger)
        monkeypatch.undo()
        assert set(store.known(os.fsencode(bench.watched / "well"))) == {b"b.jpg"}
        assert set(store.known(os.fsencode(bench.watched / "hung"))) == {b"a.jpg", b"b.jpg"}


@pytest.mark.slow
def test_a_vault_that_hangs_is_named_by_those_who_ask_for_its_originals(bench: Bench, hang: Hang) -> None:
    with bench.store() as store:
        replace(store, bench.drop())
        hang(os.path, "lexists", bench.originals)
        (looked,) = store.verify(OriginalsSelection(all=True))
        assert looked.outcome == "failed"
        assert "no answer since" in looked.reason
        (looked,) = store.accept(OriginalsSelection(all=True))
        assert looked.outcome == "failed"
        assert bench.kept() == [picture()]


@pytest.mark.slow
def test_undo_passes_over_a_folder_that_hangs(bench: Bench, hang: Hang, answer: threading.Event) -> None:
    (bench.watched / "hung").mkdir()
    with bench.store() as store:
        first, hung, last = (bench.drop(name, picture(n)) for n, name in enumerate(("a", "hung/b", "c")))
        for path in (first, hung, last):
            replace(store, path)
        hang(os.path, "lexists", hung.parent)
        names = UndoSelection((bench.watched / "unknown", hung.parent / "unknown"))
        other, one = store.undo(names, roots=bench.roots)
        assert "has not answered since" not in one.reason
        assert "has not answered since" in other.reason
        undone = {Path(each.path): each for each in store.undo(UndoSelection(last=3), roots=bench.roots)}
        assert [undone[path].outcome for path in (last, hung, first)] == ["restored", "failed", "restored"]
        assert "has not answered since" in undone[hung].reason
        answer.set()
        wait_for(lambda: blocking.answers(hung.parent), what="the disk to answer")
        (again,) = store.undo(UndoSelection(last=3), roots=bench.roots)
        assert again.outcome == "restored"
        assert hung.read_bytes() == picture(1)
