"""After a crash: what is there decides; what is not known is kept; what cannot be reached waits."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from homepress.store.fs import system_file_system
from homepress.store.fs.base import FileSystem, Folder
from homepress.store.ledger import journal
from homepress.store.ledger.ledger import Ledger
from homepress.store.model import JobPlan, UndoSelection, UntrustedOriginalsDir
from homepress.store.store import Store
from store.kit import (
    Bench,
    Lacking,
    Probe,
    digest,
    dying_at,
    failing_at,
    in_child,
    picture,
    replace,
    replacement,
    smaller,
    without_exchange,
)

RESULT = smaller(picture())


def crash(bench: Bench, path: Path, name: str, *, after: int = 1) -> None:
    """Die right before the `after`-th step of this name."""
    probe = Probe()

    def die(number: int, step: str) -> None:
        if probe.names.count(name) == after:
            os.kill(os.getpid(), 9)

    def work() -> None:
        with bench.store(probe.fs()) as store:
            probe._before = die
            probe.names.clear()
            replace(store, path)

    assert in_child(work) == -9


def recovered(bench: Bench) -> list[str]:
    with bench.store() as store:
        notes = [str(note) for note in store.recover()]
        assert store.recover() == []
        return notes


def after_exchange(bench: Bench) -> Path:
    """A picture whose replacement died between the exchange and the vault; the original is a hidden temp."""
    path = bench.drop()
    crash(bench, path, "move")
    (temp,) = bench.temps()
    assert (bench.watched / temp).read_bytes() == picture()
    assert path.read_bytes() == RESULT
    return path


def test_a_cut_off_replacement_is_finished(bench: Bench) -> None:
    path = after_exchange(bench)
    (note,) = recovered(bench)
    assert "a.jpg: work that was cut off was finished" in note
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (RESULT, [picture()], [])
    with bench.store() as store:
        assert store.why_left_alone(digest(RESULT), "") is not None
        assert [u.outcome for u in store.undo(UndoSelection(last=1), roots=bench.roots)] == ["restored"]


def test_before_the_exchange_it_is_taken_back(bench: Bench) -> None:
    path = bench.drop()
    crash(bench, path, "exchange")
    (note,) = recovered(bench)
    assert "rolled back" in note
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (picture(), [], [])


def test_a_result_that_was_edited_after_the_crash_stays_and_the_original_is_kept(bench: Bench) -> None:
    path = after_exchange(bench)
    path.write_bytes(b"edited")
    recovered(bench)
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (b"edited", [picture()], [])
    with bench.store() as store:
        assert store.known(os.fsencode(bench.watched)) == {}


def test_a_result_that_was_removed_after_the_crash_leaves_the_original(bench: Bench) -> None:
    path = after_exchange(bench)
    path.unlink()
    recovered(bench)
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (picture(), [], [])


LATE = b"written by a program that still had it open"


def after_moving(bench: Bench) -> Path:
    """As `after_exchange`, where names cannot be exchanged: the original waits under its second temp name."""
    path = bench.drop()
    probe = Probe(fs=without_exchange())

    def die(number: int, step: str) -> None:
        if probe.names.count("move") == 3:
            os.kill(os.getpid(), 9)

    def work() -> None:
        with bench.store(probe.fs()) as store:
            probe._before = die
            probe.names.clear()
            replace(store, path)

    assert in_child(work) == -9
    assert path.read_bytes() == RESULT
    return path


@pytest.mark.parametrize("fs", [lambda: None, without_exchange], ids=["exchange", "moving"])
@pytest.mark.parametrize("cut_off", [after_exchange, after_moving])
def test_an_original_that_was_written_to_meanwhile_gets_its_name_back(
    bench: Bench, cut_off: Callable[[Bench], Path], fs: Callable[[], FileSystem | None]
) -> None:
    path = cut_off(bench)
    (temp,) = bench.temps()
    inode = (bench.watched / temp).stat().st_ino
    with open(bench.watched / temp, "r+b") as writer:
        writer.write(LATE)
        writer.truncate()
        writer.flush()
        with bench.store(fs()) as store:
            notes = [str(note) for note in store.recover()]
            assert store.counters(0).compressed_since == 0
        writer.write(b", and went on")
    assert any("the edit was kept and nothing was replaced" in note for note in notes)
    assert path.read_bytes() == LATE + b", and went on"
    assert path.stat().st_ino == inode
    assert [p.name for p in bench.watched.iterdir()] == ["a.jpg"]
    assert recovered(bench) == []


def test_an_original_that_a_failing_disk_changed_does_not_displace_the_result(bench: Bench) -> None:
    path = after_exchange(bench)
    (temp,) = bench.temps()
    facts = (bench.watched / temp).stat()
    damaged = picture()[:-1] + b"!"
    (bench.watched / temp).write_bytes(damaged)
    os.utime(bench.watched / temp, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    recovered(bench)
    assert (path.read_bytes(), (bench.watched / "recovered-a.jpg").read_bytes()) == (RESULT, damaged)


class SavedAt(Probe):
    """A file system that, right before a step on a name, lets somebody save over that name."""

    def __init__(self, step: str, path: Path, saves: tuple[bytes, ...], fs: FileSystem | None = None) -> None:
        super().__init__(steps=frozenset(), fs=fs)
        self._step, self._path, self._saves = step, path, list(saves)
        self.armed = False

    def __getattr__(self, name: str) -> Any:
        real = super().__getattr__(name)
        if name != self._step:
            return real

        def step(folder: Folder, *names: Any) -> Any:
            if self.armed and self._saves and self._path.name in names and folder.path == self._path.parent:
                new = self._path.with_name("new")
                new.write_bytes(self._saves.pop(0))
                new.replace(self._path)
            return real(folder, *names)

        return step


class SavedWithFullVault(SavedAt):
    """The same; nothing can be moved into the vault, and from then on it is armed."""

    def move(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        if folder.path != to.path:
            self.armed = True
            raise OSError(errno.ENOSPC, "No space left on device", str(to.path))
        self.__getattr__("move")(folder, name, to, new)


@pytest.mark.parametrize("saves", [(b"saved",), (b"saved", b"saved again")], ids=["once", "twice"])
@pytest.mark.parametrize(
    ("step", "lacking"), [("exchange", ()), ("move", ("exchange",))], ids=["exchange", "moving"]
)
def test_a_file_saved_while_an_original_goes_back_to_its_name_keeps_it(
    bench: Bench, step: str, lacking: tuple[str, ...], saves: tuple[bytes, ...]
) -> None:
    if step == "exchange" and not system_file_system().exchanges_open_files():
        pytest.skip("Windows moves a file that is open back to its name: the other case")
    path = bench.drop()
    fs = SavedWithFullVault(step, path, saves, Lacking(*lacking).fs())
    with bench.store(fs.fs()) as store, pytest.raises(OSError, match="No space"):
        replace(store, path)
    assert path.read_bytes() == saves[-1 if fs._saves == [] else 0]
    recovered(bench)
    assert path.read_bytes() in saves
    if len(saves) == 1 or lacking:  # the second one of an exchange was saved over the original itself
        assert bench.kept() == [picture()]
    assert bench.temps() == []


def test_a_file_saved_over_a_conversion_that_is_taken_back_stays(bench: Bench) -> None:
    path = bench.drop("a.heic")
    result = bench.watched / "a.jpg"
    fs = SavedWithFullVault("move", result, (b"saved",))
    with bench.store(fs.fs()) as store, pytest.raises(OSError, match="No space"):
        source = store.read(path)
        store.replace(source, replacement(smaller(source.data), suffix=".jpg"))
    recovered(bench)
    assert (path.read_bytes(), result.read_bytes(), bench.temps()) == (picture(), b"saved", [])


def test_an_original_goes_back_where_names_can_be_exchanged_no_more(bench: Bench) -> None:
    """Cut off after the exchange; then the disk is mounted by a driver that knows no exchange."""
    path = after_exchange(bench)
    fs = SavedWithFullVault("", path, (), without_exchange())
    with bench.store(fs.fs()) as store:
        assert any("No space" in str(note) for note in store.recover())
    assert path.read_bytes() == picture()
    assert bench.temps() == []


def test_unknown_content_is_never_overwritten_by_other_unknown_content(bench: Bench) -> None:
    path = after_exchange(bench)
    path.write_bytes(b"edited")
    (bench.watched / "recovered-a.jpg").write_bytes(b"an older one")
    (temp,) = bench.temps()
    (bench.watched / temp).write_bytes(b"unknown")
    recovered(bench)
    assert path.read_bytes() == b"edited"
    assert (bench.watched / "recovered-a.jpg").read_bytes() == b"an older one"
    assert (bench.watched / "recovered-2-a.jpg").read_bytes() == b"unknown"


def test_a_second_name_is_not_unknown_content(bench: Bench) -> None:
    """Cut off when the result had both its names, then edited in place: the temp name is the very file."""
    path = bench.drop()
    probe = Probe(fs=Lacking("exchange", "move").fs())

    def die(number: int, step: str) -> None:
        if probe.names.count("link") == 2 and step == "unlink":
            os.kill(os.getpid(), 9)

    def work() -> None:
        with bench.store(probe.fs()) as store:
            probe._before = die
            replace(store, path)

    assert in_child(work) == -9
    path.write_bytes(b"edited")
    recovered(bench)
    assert [p.name for p in bench.watched.iterdir()] == ["a.jpg"]
    assert (path.read_bytes(), path.stat().st_nlink) == (b"edited", 1)


def test_a_result_that_was_edited_while_an_undo_was_cut_off_is_kept(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)

    def work() -> None:
        def die(number: int, name: str) -> None:
            os.kill(os.getpid(), 9)

        with bench.store(Probe(after=die, steps=frozenset({"exchange"})).fs()) as store:
            list(store.undo(UndoSelection(last=1), roots=bench.roots))

    assert in_child(work) == -9
    (temp,) = bench.temps()
    assert (bench.watched / temp).read_bytes() == RESULT
    (bench.watched / temp).write_bytes(b"edited by a program that had the result open")
    recovered(bench)
    assert path.read_bytes() == picture()
    kept = (bench.watched / "recovered-a.jpg").read_bytes()
    assert kept == b"edited by a program that had the result open"
    assert bench.temps() == []


def test_temp_names_of_others_are_not_touched(bench: Bench) -> None:
    after_exchange(bench)
    others = ["..homepress-0123456789abcdef.tmp", ".homepress-0123456789abcdef.tmp", ".homepress-note.tmp"]
    for name in others:
        (bench.watched / name).write_bytes(b"not of this job")
    recovered(bench)
    assert all((bench.watched / name).read_bytes() == b"not of this job" for name in others)


def test_a_folder_that_is_not_there_waits(bench: Bench) -> None:
    """A disk that is not connected: the job stays open until it is there again."""
    path = after_exchange(bench)
    away = bench.base / "away"
    bench.watched.rename(away)
    assert recovered(bench) == []
    bench.watched.mkdir()
    assert recovered(bench) == []  # an empty mount point
    bench.watched.rmdir()
    away.rename(bench.watched)
    assert len(recovered(bench)) == 1
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (RESULT, [picture()], [])


def test_a_vault_that_is_not_there_is_made_or_waited_for(bench: Bench) -> None:
    path = after_exchange(bench)
    bench.originals.rename(bench.base / "away")
    recovered(bench)
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (RESULT, [picture()], [])


def test_a_failing_recovery_keeps_the_job_open_and_says_so(bench: Bench) -> None:
    path = after_exchange(bench)

    def fail(number: int, name: str) -> None:
        raise OSError(errno.EIO, "Input/output error", "disk")

    probe = Probe(before=fail, steps=frozenset({"move", "exchange", "unlink"}))
    with bench.store(probe.fs()) as store:
        notes = store.recover()
        assert any("tried again" in str(note) for note in notes)
    assert path.read_bytes() in (picture(), RESULT)
    recovered(bench)
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (RESULT, [picture()], [])


def test_an_original_that_cannot_be_kept_goes_back_to_its_name(bench: Bench) -> None:
    path = bench.drop()

    def fail(number: int, name: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "vault")

    class FullVault(Probe):
        """Everything into the vault fails, renames within the folder do not."""

        def move(self, folder, name, to, new):
            if folder.path != to.path:
                raise OSError(errno.ENOSPC, "No space left on device", str(to.path))
            return self._fs.move(folder, name, to, new)

    with bench.store(FullVault().fs()) as store:
        with pytest.raises(OSError, match="No space"):
            replace(store, path)
        assert (path.read_bytes(), bench.kept(), bench.temps()) == (picture(), [], [])
        assert store.recover() == []
        assert store.counters(0).compressed_since == 0


def test_the_database_is_deleted_in_the_middle_of_a_replacement(bench: Bench) -> None:
    """The sidecar was written before the exchange: it is a second journal."""
    path = after_exchange(bench)
    for file in bench.ledger.parent.glob("ledger*"):
        file.unlink()
    recovered(bench)
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (RESULT, [picture()], [])
    with bench.store() as store:
        assert [u.outcome for u in store.undo(UndoSelection(last=1), roots=bench.roots)] == ["restored"]
    assert path.read_bytes() == picture()


def test_what_was_let_go_but_not_deleted_is_deleted(bench: Bench) -> None:
    from homepress.store.model import OriginalsSelection

    path = bench.drop()
    with bench.store() as store:
        replace(store, path)

    def work() -> None:
        def die(number: int, name: str) -> None:
            os.kill(os.getpid(), 9)

        with bench.store(Probe(before=die, steps=frozenset({"unlink"})).fs()) as store:
            list(store.accept(OriginalsSelection(all=True)))

    assert in_child(work) == -9
    assert bench.kept() == [picture()]
    recovered(bench)
    assert (bench.kept(), list(bench.originals.glob("*.json"))) == ([], [])
    assert path.read_bytes() == RESULT


@pytest.mark.parametrize("step", range(1, 40, 3))
def test_recovery_may_be_killed_itself(quick_disk: Path, step: int) -> None:
    bench = Bench.at(quick_disk)
    path = after_exchange(bench)
    with bench.store() as store:
        assert isinstance(store, Store)
    in_child(lambda: _recover_with(bench, dying_at(step)))
    in_child(lambda: _recover_with(bench, failing_at(step, errno.EIO)))
    recovered(bench)
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (RESULT, [picture()], [])


def _recover_with(bench: Bench, probe: Probe) -> None:
    steps, probe.steps = probe.steps, frozenset()
    with bench.store(probe.fs()) as store:
        probe.steps = steps
        store.recover()


def test_after_a_failed_step_nothing_waits_for_the_next_start(bench: Bench) -> None:
    path = bench.drop()
    with bench.store(failing_at(40, errno.EIO).fs()) as store:
        with pytest.raises(OSError):
            replace(store, path)
        assert bench.temps() == []
        source = store.read(path)
        store.replace(source, replacement(smaller(source.data)))
    assert path.read_bytes() == RESULT


def test_a_job_that_a_failing_disk_left_open_is_ended_without_a_restart(bench: Bench) -> None:
    path = bench.drop()
    failing = True

    def fail(number: int, name: str) -> None:
        if failing and probe.names.count("exchange"):
            raise OSError(errno.EIO, "Input/output error", "disk")

    probe = Probe(before=fail, steps=frozenset({"exchange", "unlink", "move"}))
    with bench.store() as store:
        pass
    with bench.store(probe.fs()) as store:
        with pytest.raises(OSError):
            replace(store, path)
        assert bench.temps() != []
        failing = False
        store.maintain()
        assert bench.temps() == []
    assert (path.read_bytes(), bench.kept()) in ((RESULT, [picture()]), (picture(), []))


def test_a_late_write_between_the_vault_and_the_ledger_is_kept(bench: Bench) -> None:
    """Cut off after the original moved, before it was noted; meanwhile a program writes to it."""
    path = bench.drop()
    probe = Probe()

    def die(number: int, step: str) -> None:
        if step == "commit" and "exchange" in probe.names:
            os.kill(os.getpid(), 9)

    def work() -> None:
        with bench.store(probe.fs()) as store:
            probe._before = die
            probe.names.clear()
            replace(store, path)

    assert in_child(work) == -9
    (stored,) = (p for p in bench.originals.iterdir() if len(p.name) == 81)
    stored.write_bytes(b"a late write")
    recovered(bench)
    with bench.store() as store:
        bench.hands.let_pass(60)
        store.maintain()
    recovered(bench)
    assert path.read_bytes() == b"a late write"
    assert bench.temps() == []


@pytest.mark.posix("modes")
def test_a_vault_that_was_opened_up_keeps_everything_until_it_is_private_again(bench: Bench) -> None:
    path = after_exchange(bench)
    bench.originals.chmod(0o755)
    with pytest.raises(UntrustedOriginalsDir):
        Store.open(bench.ledger, bench.originals)
    bench.originals.chmod(0o700)
    recovered(bench)
    assert (path.read_bytes(), bench.kept()) == (RESULT, [picture()])


def test_an_original_that_the_history_gave_up_is_kept_again(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        with store._context.ledger.transaction() as tx:
            tx.execute("UPDATE history SET original = 'none', vault = NULL")
    recovered(bench)
    assert bench.kept() == [picture()]
    with bench.store() as store:
        assert [u.outcome for u in store.undo(UndoSelection(last=1), roots=bench.roots)] == ["restored"]
    assert path.read_bytes() == picture()


def test_a_job_that_ended_while_others_were_settled_is_left_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of open jobs is as old as the slowest disk on it: this one is over, and its picture edited."""
    path, begun = bench.drop(), list[JobPlan]()
    begin = journal.begin

    def note_and_begin(ledger: Ledger, plan: JobPlan) -> None:
        begun.append(plan)
        begin(ledger, plan)

    monkeypatch.setattr(journal, "begin", note_and_begin)
    with bench.store() as store:
        replace(store, path)
        path.write_bytes(picture())
        monkeypatch.setattr(journal, "open_jobs", lambda _: [(plan, journal.READY) for plan in begun])
        assert store.maintain() == []
    assert bench.kept() == [picture()]


@pytest.mark.parametrize(
    "harm",
    [{"source_size": 1 << 64}, {"result_size": -1}, {"time": 1e300}, {"keep_days": 1e300}, {"seconds": -1.0}],
    ids=str,
)
def test_a_sidecar_with_a_number_that_cannot_be_holds_nothing_up(
    bench: Bench, harm: dict[str, object]
) -> None:
    """The ledger is lost, and one of the notes beside the originals is damaged: the other still counts."""
    damaged, whole = bench.drop("damaged.jpg", picture(1)), bench.drop("whole.jpg", picture(2))
    with bench.store() as store:
        replace(store, damaged)
        replace(store, whole)
    (sidecar,) = (path for path in bench.originals.glob("*.json") if path.name.startswith(digest(picture(1))))
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | harm))
    for file in bench.ledger.parent.glob("ledger*"):
        file.unlink()
    with bench.store() as store:
        assert any("without a description that can be read" in str(note) for note in store.recover())
        store.maintain()
        undone = list(store.undo(UndoSelection(last=10), roots=bench.roots))
    assert [(undo.path, undo.outcome) for undo in undone] == [(str(whole), "restored")]
    assert whole.read_bytes() == picture(2)
