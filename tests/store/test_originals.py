"""Where originals are, how long they stay, and whose folder it has to be."""

import base64
import collections
import contextlib
import errno
import json
import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from homepress.store import late_writes
from homepress.store.model import (
    OriginalsLimit,
    OriginalsSelection,
    Role,
    StoreFull,
    UndoSelection,
    UntrustedOriginalsDir,
    VerifyFailed,
    decode,
)
from homepress.store.reader import Reader
from homepress.store.store import Store
from store.kit import Bench, Probe, digest, facts, picture, replace, replacement, smaller, wait_for_days
from support import THIS_MACHINE_CANNOT, is_private

EDIT = b"written by a program that still had it open" * 50


def stored(bench: Bench) -> Path:
    (only,) = (p for p in bench.originals.iterdir() if len(p.name) == 81)
    return only


def states(bench: Bench) -> dict[str, str]:
    with Reader(bench.ledger) as reader:
        return {Path(entry.path).name: entry.original for entry in reader.history()}


def test_room_is_given_once_however_many_ask_at_a_time(bench: Bench) -> None:
    """Also while the ledger is written to, which the same lock guards."""
    held, most = collections.deque[None](), []
    with bench.store(limit=OriginalsLimit(max_bytes=3_000)) as store:
        originals, ledger = store._context.originals, store._context.ledger

        def keep() -> None:
            for _ in range(50):
                with contextlib.suppress(StoreFull), originals.room_for(1_000, originals.main):
                    held.append(None)
                    with ledger.transaction(durable=False):
                        most.append(len(held))
                    held.pop()

        keeping = [threading.Thread(target=keep) for _ in range(8)]
        for each in keeping:
            each.start()
        for each in keeping:
            each.join()
        assert 0 < max(most) <= 3
        assert not any(originals._reserved.values())


class TestVault:
    def test_it_is_private_and_says_what_it_is(self, bench: Bench) -> None:
        with bench.store() as store:
            replace(store, bench.drop())
        assert is_private(bench.originals)
        tag = (bench.originals / "CACHEDIR.TAG").read_bytes()
        assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")
        for marker in (".nomedia", ".nobackup", ".trackerignore", ".metadata_never_index"):
            assert (bench.originals / marker).exists()
        assert "homepress undo" in (bench.originals / "README.txt").read_text()

    def test_an_original_describes_itself(self, bench: Bench) -> None:
        path = bench.drop()
        status = path.stat()
        with bench.store() as store:
            replace(store, path, root=bench.watched, keep_days=7)
        name = stored(bench).name
        sidecar = bench.originals / f"{name}.json"
        assert is_private(sidecar)
        assert json.loads(sidecar.read_text())["readable_path"] == str(path)
        plan = decode(sidecar.read_bytes())
        assert name == f"{digest(picture())}-{plan.job}"
        assert (plan.source, plan.result, plan.root) == (path, path, os.fsencode(bench.watched))
        assert (plan.source_sha256, plan.result_sha256) == (digest(picture()), digest(smaller(picture())))
        assert (plan.source_size, plan.result_size, plan.keep_days) == (30_000, 15_005, 7)
        carried = plan.metadata
        assert carried.mode == stat.S_IMODE(status.st_mode)
        assert (carried.uid, carried.gid) == (status.st_uid, status.st_gid)
        assert (carried.atime_ns, carried.mtime_ns) == (status.st_atime_ns, status.st_mtime_ns)
        assert ((b"user.tag", b"holiday") in carried.attributes) is hasattr(os, "setxattr")

    @pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
    @pytest.mark.posix("modes")
    def test_a_folder_open_to_others_is_refused(self, bench: Bench, mode: int) -> None:
        bench.originals.mkdir(parents=True)
        bench.originals.chmod(mode)
        with pytest.raises(UntrustedOriginalsDir, match="chmod 700"):
            Store.open(bench.ledger, bench.originals)

    @pytest.mark.posix("links")
    def test_a_link_is_refused(self, bench: Bench) -> None:
        (bench.base / "real").mkdir(mode=0o700)
        bench.originals.parent.mkdir()
        bench.originals.symlink_to(bench.base / "real")
        with pytest.raises(UntrustedOriginalsDir, match="link"):
            Store.open(bench.ledger, bench.originals)
        assert list((bench.base / "real").iterdir()) == []

    @pytest.mark.root
    def test_a_folder_of_another_user_is_refused(self, bench: Bench) -> None:
        bench.originals.mkdir(parents=True, mode=0o700)
        os.chown(bench.originals, 12, 12)
        with pytest.raises(UntrustedOriginalsDir, match="another user"):
            Store.open(bench.ledger, bench.originals)

    @pytest.mark.posix("modes")
    def test_one_that_is_opened_up_later_is_refused_then(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            bench.originals.chmod(0o777)
            with pytest.raises(UntrustedOriginalsDir):
                replace(store, path)
            bench.originals.chmod(0o700)
        assert (path.read_bytes(), bench.temps()) == (picture(), [])

    @pytest.mark.posix("links")
    def test_a_home_behind_a_link_is_fine(self, bench: Bench) -> None:
        """/home on another disk: only the folder itself may not be a link."""
        (bench.base / "disk").mkdir()
        (bench.base / "home").symlink_to(bench.base / "disk")
        with bench.store() as store:
            replace(store, bench.drop())
        assert bench.kept() == [picture()]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    point = tmp_path.resolve() / "disk"
    point.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m,mode=0755", "none", str(point)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} mount")
    yield point
    subprocess.run(["umount", point], check=True)


def disk_vault(disk: Path) -> Path:
    (home,) = (disk / f".homepress-{os.geteuid()}").iterdir()
    return home


@pytest.mark.root
class TestOtherDisk:
    """Pictures on a disk of their own keep their originals on it, by rename."""

    @pytest.fixture
    def bench(self, mounted: Path, tmp_path: Path) -> Bench:
        watched = mounted / "pictures"
        watched.mkdir()
        home = tmp_path.resolve() / "home"
        return Bench(tmp_path, watched, home / "ledger.sqlite3", home / "originals", (watched,))

    def test_the_original_moves_to_the_top_of_its_disk(self, bench: Bench, mounted: Path) -> None:
        path = bench.drop()
        inode = path.stat().st_ino
        with bench.store() as store:
            replace(store, path)
            vault = disk_vault(mounted)
            assert stat.S_IMODE(vault.stat().st_mode) == stat.S_IMODE(vault.parent.stat().st_mode) == 0o700
            (kept,) = (p for p in vault.iterdir() if len(p.name) == 81)
            assert (kept.stat().st_ino, bench.kept()) == (inode, [])
            assert store.originals_folders() == [bench.originals, vault]
            assert [u.outcome for u in store.undo(UndoSelection(last=1), roots=bench.roots)] == ["restored"]
        assert path.stat().st_ino == inode

    def test_not_into_a_watched_folder(self, bench: Bench, mounted: Path) -> None:
        path = bench.drop()
        bench.roots = (mounted,)
        with bench.store() as store:
            replace(store, path)
            assert bench.kept() == [picture()]
        assert [p.name for p in mounted.iterdir()] == ["pictures"]

    def test_not_where_a_program_would_send_it_away(self, bench: Bench, mounted: Path) -> None:
        path = bench.drop()
        store = Store.open(
            bench.ledger, bench.originals, roots=bench.roots, synced=lambda folder: folder == mounted
        )
        with contextlib.closing(store):
            replace(store, path)
            assert bench.kept() == [picture()]
            assert [u.outcome for u in store.undo(UndoSelection(last=1), roots=bench.roots)] == ["restored"]
        assert [p.name for p in mounted.iterdir()] == ["pictures"]

    @pytest.mark.parametrize("harm", ["open", "foreign", "link", "file"])
    def test_a_place_that_is_not_ours_is_not_used(self, bench: Bench, mounted: Path, harm: str) -> None:
        place = mounted / f".homepress-{os.geteuid()}"
        if harm == "link":
            (mounted / "theirs").mkdir(mode=0o700)
            place.symlink_to(mounted / "theirs")
        elif harm == "file":
            place.write_bytes(b"")
        else:
            place.mkdir(mode=0o700)
            place.chmod(0o777 if harm == "open" else 0o700)
            os.chown(place, 0 if harm == "open" else 12, 0)
        path = bench.drop()
        with bench.store() as store:
            replace(store, path)
        assert bench.kept() == [picture()]
        assert path.read_bytes() == smaller(picture())
        if harm == "link":
            assert list((mounted / "theirs").iterdir()) == []

    def test_a_lost_ledger_finds_them_but_believes_no_path_outside(self, bench: Bench, mounted: Path) -> None:
        inside, outside = bench.drop("in.jpg", picture(1)), bench.drop("out.jpg", picture(2))
        with bench.store() as store:
            replace(store, inside)
            replace(store, outside)
        vault = disk_vault(mounted)
        victim = bench.base / "victim.jpg"
        victim.write_bytes(smaller(picture(2)))

        def redirect(sidecar: Path) -> None:
            told = json.loads(sidecar.read_text())
            told["path"] = told["target"] = base64.b64encode(os.fsencode(victim)).decode()
            told["root"] = base64.b64encode(os.fsencode(bench.base)).decode()
            sidecar.write_text(json.dumps(told))

        redirect(next(p for p in vault.glob("*.json") if p.name.startswith(digest(picture(2)))))
        for file in bench.ledger.parent.glob("ledger*"):
            file.unlink()
        with bench.store() as store:
            store.recover()
            undone = {Path(u.path): u for u in store.undo(UndoSelection(last=10), roots=bench.roots)}
        assert undone[inside].outcome == "restored"
        assert undone[victim].outcome == "failed"
        assert "--to" in undone[victim].reason
        assert (inside.read_bytes(), victim.read_bytes()) == (picture(1), smaller(picture(2)))

    def test_a_sidecar_without_its_original_is_not_acted_on_outside(
        self, bench: Bench, mounted: Path
    ) -> None:
        path = bench.drop()
        with bench.store() as store:
            replace(store, path)
        vault = disk_vault(mounted)
        (kept,) = (p for p in vault.iterdir() if len(p.name) == 81)
        kept.unlink()
        for file in bench.ledger.parent.glob("ledger*"):
            file.unlink()
        bench.roots = (mounted / "other",)
        bench.roots[0].mkdir()
        with bench.store() as store:
            store.recover()
            assert store.counters(0).compressed_since == 0
        assert path.read_bytes() == smaller(picture())

    def test_a_bind_mount_is_another_place_though_the_disk_is_the_same(
        self, bench: Bench, mounted: Path
    ) -> None:
        """rename(2) refuses to cross it, so the copy has to be there before the exchange."""
        bound = bench.base / "bound"
        bound.mkdir()
        home = mounted / "home"
        bench.ledger, bench.originals = home / "ledger.sqlite3", home / "originals"
        subprocess.run(["mount", "--bind", bench.watched, bound], check=True)
        try:
            bench.roots = (bound, mounted)
            (bound / "a.jpg").write_bytes(picture())
            probe = Probe(steps=frozenset({"create_file", "exchange"}))
            with bench.store(probe.fs()) as store:
                probe.names.clear()
                replace(store, bound / "a.jpg")
                names = probe.names
                assert names.count("create_file") >= 3, "result, copy and sidecar"
                assert names.index("exchange") == len(names) - 1
            assert bench.kept() == [picture()]
        finally:
            subprocess.run(["umount", bound], check=True)

    def test_the_disk_is_full(self, bench: Bench, mounted: Path) -> None:
        """5 MB of pictures where 6 are: the error names the disk, the pictures are whole, no temp is left."""
        subprocess.run(["mount", "-o", "remount,size=6m", mounted], check=True)
        paths = [bench.drop(f"{n}.jpg", picture(n, 1_000_000)) for n in range(5)]
        failed = 0
        with bench.store(limit=OriginalsLimit(disk_fraction=1.0)) as store:
            for path in paths:
                try:
                    replace(store, path)
                except OSError as error:
                    assert error.errno == 28
                    failed += 1
            assert store.recover() == []
        assert failed
        contents = [path.read_bytes() for path in paths]
        for number, content in enumerate(contents):
            assert content in (picture(number, 1_000_000), smaller(picture(number, 1_000_000)))
        assert bench.temps() == []
        kept = [p.read_bytes() for p in disk_vault(mounted).iterdir() if len(p.name) == 81]
        assert len(kept) == 5 - failed

    def test_a_read_only_disk(self, bench: Bench, mounted: Path) -> None:
        path = bench.drop()
        with bench.store() as store:
            source = store.read(path)
            subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)
            try:
                with pytest.raises(OSError, match="Read-only"):
                    replace(store, path)
                assert source.data == path.read_bytes()
            finally:
                subprocess.run(["mount", "-o", "remount,rw", mounted], check=True)
            replace(store, path)
        assert path.read_bytes() == smaller(picture())


def test_a_copy_that_reads_back_differently_stops_the_replacement(quick_disk: Path, other_disk: Path) -> None:
    bench = Bench.at(other_disk, quick_disk / "originals")
    path = bench.drop()

    class Rotten(Probe):
        """Every write into the vault loses a bit."""

        def write(self, fd: int, data: memoryview) -> int:
            into_vault = os.readlink(f"/proc/self/fd/{fd}").endswith(".part")
            if into_vault and len(data) == 30_000:
                data = memoryview(b"?" + bytes(data)[1:])
            return self._fs.write(fd, data)

    with bench.store(Rotten().fs()) as store:
        with pytest.raises(VerifyFailed, match="reads back differently"):
            replace(store, path)
        assert store.recover() == []
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (picture(), [], [])


class TestRetention:
    def test_an_original_goes_after_its_days_and_never_before(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            replace(store, path, keep_days=2)
            wait_for_days(store, bench.hands, 1.99)
            assert bench.kept() == [picture()]
            wait_for_days(store, bench.hands, 0.06)
            assert bench.kept() == []
            (undone,) = store.undo(UndoSelection(paths=(path,)), roots=bench.roots)
            assert (undone.outcome, "kept for the set number of days" in undone.reason) == ("failed", True)
        assert states(bench) == {"a.jpg": "expired"}
        assert list(bench.originals.glob("*.json")) == []
        assert path.read_bytes() == smaller(picture())

    def test_no_days_means_as_soon_as_late_writers_were_looked_for(self, bench: Bench) -> None:
        with bench.store() as store:
            replace(store, bench.drop(), keep_days=0)
            store.maintain()
            assert bench.kept() == [picture()]
            bench.hands.let_pass(6)
            store.maintain()
            assert bench.kept() == []

    def test_accepting_what_was_selected(self, bench: Bench) -> None:
        (bench.watched / "trip").mkdir()
        paths = [
            bench.drop(name, picture(n)) for n, name in enumerate(("0.jpg", "trip/1.jpg", "2.jpg", "3.jpg"))
        ]
        with bench.store() as store:
            for path in paths:
                replace(store, path)

            def accept(**selection) -> list[str]:
                looked = list(store.accept(OriginalsSelection(**selection)))
                assert all((one.outcome, one.bytes) == ("accepted", 30_000) for one in looked)
                return sorted(Path(one.path).name for one in looked)

            assert accept() == []
            assert accept(older_than=3600) == []
            assert accept(paths=(bench.watched / "trip",)) == ["1.jpg"]
            assert accept(entries=(1,)) == ["0.jpg"]
            assert accept(all=True, older_than=0) == ["2.jpg", "3.jpg"]
            assert accept(all=True) == []
            assert store.counters(0).originals_bytes == 0
            assert store.why_left_alone(digest(smaller(picture(0))), "") is Role.RESULT
        assert bench.kept() == []

    def test_nothing_is_accepted_while_the_disk_of_originals_is_away(self, bench: Bench) -> None:
        away = bench.base / "away"
        with bench.store() as store:
            replace(store, bench.drop(), keep_days=1)
            bench.originals.rename(away)
            (looked,) = store.accept(OriginalsSelection(all=True))
            assert (looked.outcome, "is away; connect its disk" in looked.reason) == ("failed", True)
            assert not any("let go" in str(note) for note in wait_for_days(store, bench.hands, 3))
            assert states(bench) == {"a.jpg": "kept"}
            away.rename(bench.originals)
            (looked,) = store.accept(OriginalsSelection(all=True))
            assert (looked.outcome, bench.kept()) == ("accepted", [])

    def test_verifying_finds_rot_before_it_matters(self, bench: Bench) -> None:
        paths = [bench.drop(f"{n}.jpg", picture(n)) for n in range(4)]
        with bench.store() as store:
            for path in paths:
                replace(store, path)
            by_hash = {p.name[:64]: p for p in bench.originals.iterdir() if len(p.name) == 81}
            rotten, edited, gone = (by_hash[digest(picture(n))] for n in (1, 2, 3))
            times = rotten.stat()
            rotten.write_bytes(b"?" * 30_000)
            os.utime(rotten, ns=(times.st_atime_ns, times.st_mtime_ns))
            edited.write_bytes(EDIT)
            gone.unlink()
            found = {
                Path(one.path).name: (one.outcome, one.reason)
                for one in store.verify(OriginalsSelection(all=True))
                for one in store.verify(OriginalsSelection(all=True))
            }
        assert found["0.jpg"] == ("good", "")
        assert found["1.jpg"][0] == "damaged"
        assert "disk may be failing" in found["1.jpg"][1]
        assert "wrote to it" in found["2.jpg"][1]
        assert "is its disk connected" in found["3.jpg"][1]

    def test_what_could_not_be_deleted_is_told(self, bench: Bench) -> None:
        with bench.store() as store:
            replace(store, bench.drop())
        probe = Probe(steps=frozenset())

        def fail(number: int, name: str) -> None:
            raise PermissionError(13, "Permission denied", "vault")

        probe._before = fail
        with bench.store(probe.fs()) as store:
            probe.steps = frozenset({"unlink"})
            (looked,) = store.accept(OriginalsSelection(all=True))
            probe.steps = frozenset()
            assert (looked.outcome, "Permission denied" in looked.reason) == ("failed", True)


def write_twice(bench: Bench, store: Store) -> None:
    """A program writes to the stored original, and again after that was noticed."""
    with stored(bench).open("r+b") as program:
        program.write(b"first")
        program.flush()
        bench.hands.let_pass(6)
        store.maintain()
        program.write(b"second")


class TestLateWriters:
    def test_the_edit_is_put_back_under_its_name(self, bench: Bench) -> None:
        path = bench.drop()
        inode = path.stat().st_ino
        with bench.store() as store:
            replace(store, path)
            stored(bench).write_bytes(EDIT)
            bench.hands.let_pass(6)
            (note,) = store.maintain()
            assert "edit was put back" in str(note)
            assert (path.read_bytes(), path.stat().st_ino) == (EDIT, inode)
            assert store.known(os.fsencode(bench.watched)) == {}
            assert (bench.kept(), bench.temps()) == ([], [])
            bench.hands.let_pass(60)
            assert store.maintain() == []
        assert states(bench) == {"a.jpg": "none"}

    def test_what_a_program_writes_late_is_put_back_once_it_has_closed_the_file(self, bench: Bench) -> None:
        """At the next look where an open file cannot be renamed."""
        path = bench.drop()
        with bench.store() as store:
            replace(store, path)
            write_twice(bench, store)
            bench.hands.let_pass(3600)
            store.maintain()
        assert path.read_bytes()[:11] == b"firstsecond"
        assert bench.temps() == []

    @pytest.mark.posix("files that are renamed while they are open")
    def test_a_program_that_keeps_writing_writes_to_the_name(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            replace(store, path)
            write_twice(bench, store)
        assert path.read_bytes()[:11] == b"firstsecond"

    def test_beside_when_the_result_was_edited_as_well(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            replace(store, path)
            stored(bench).write_bytes(EDIT)
            path.write_bytes(b"another edit")
            bench.hands.let_pass(6)
            store.maintain()
        assert path.read_bytes() == b"another edit"
        assert (bench.watched / "recovered-a.jpg").read_bytes() == EDIT

    @pytest.mark.posix("files that are renamed while they are open")
    def test_one_of_two_equal_pictures(self, bench: Bench) -> None:
        one, two = bench.drop("1.jpg"), bench.drop("2.jpg")
        before = facts(two)
        with bench.store() as store:
            with one.open("rb"):
                replace(store, one)
            replace(store, two)
            late = next(p for p in bench.originals.iterdir() if len(p.name) == 81 and _is_of(p, one))
            late.write_bytes(EDIT)
            bench.hands.let_pass(6)
            store.maintain()
            list(store.undo(UndoSelection(last=5), roots=bench.roots))
        assert one.read_bytes() == EDIT
        assert (two.read_bytes(), facts(two)) == (picture(), before)

    def test_it_is_looked_for_once_more_before_an_original_goes(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            replace(store, path)
            bench.hands.let_pass(6)
            store.maintain()
            stored(bench).write_bytes(EDIT)
            wait_for_days(store, bench.hands, 31)
        assert path.read_bytes() == EDIT

    @pytest.mark.slow
    def test_the_edit_stays_in_the_vault_while_its_folder_is_away(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            replace(store, path)
            late = stored(bench)
            late.write_bytes(EDIT)
            bench.watched.rename(bench.base / "away")
            wait_for_days(store, bench.hands, 31)
            assert late.read_bytes() == EDIT
            (bench.base / "away").rename(bench.watched)
            wait_for_days(store, bench.hands, 31)
        assert path.read_bytes() == EDIT

    @pytest.fixture
    def copied(self, quick_disk: Path, other_disk: Path) -> Bench:
        """Pictures whose originals have to be copied: no rename leads to where they are kept."""
        return Bench.at(other_disk, quick_disk / "originals")

    def test_where_the_original_was_copied_its_own_file_is_held_open(self, copied: Bench) -> None:
        path = copied.drop()
        probe = Probe(steps=frozenset({"drop_lease"}))
        with copied.store(probe.fs()) as store:
            _replace_and_write_late(copied, store, probe, path)
            assert path.read_bytes() == smaller(picture())
        assert path.read_bytes()[: len(EDIT)] == EDIT
        assert copied.kept() == [picture()]

    def test_an_edit_is_held_on_to_while_the_disk_takes_nothing(
        self, copied: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(late_writes, "SETTLE_SECONDS", 0.0)
        path, full = copied.drop(), False

        def refuse(number: int, name: str) -> None:
            if full and name == "write":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        probe = Probe(before=refuse, steps=frozenset({"drop_lease", "write"}))
        with copied.store(probe.fs()) as store:
            _replace_and_write_late(copied, store, probe, path)
            full = True
            store.maintain()
            assert path.read_bytes() == smaller(picture())
            assert copied.temps() == []
            assert [each.name for each in path.parent.iterdir()] == [path.name]
            full = False
            store.maintain()
            assert path.read_bytes()[: len(EDIT)] == EDIT


def _replace_and_write_late(bench: Bench, store: Store, probe: Probe, path: Path) -> None:
    """A program opens the picture just before its name goes to the result, and writes afterwards."""
    source, programs = store.read(path), list[int]()

    def open_it(number: int, name: str) -> None:
        if name == "drop_lease" and not programs:
            (hidden,) = bench.temps()
            programs.append(os.open(bench.watched / hidden, os.O_RDWR))

    probe._after = open_it
    store.replace(source, replacement(smaller(picture())))
    os.pwrite(programs[0], EDIT, 0)
    os.close(programs[0])


def _is_of(stored_file: Path, path: Path) -> bool:
    return decode(stored_file.with_name(stored_file.name + ".json").read_bytes()).source == path


class TestCircuitBreaker:
    def test_fresh_results_undone_in_a_row_are_counted_until_someone_looks(self, bench: Bench) -> None:
        with bench.store() as store:
            store.folders.added(bench.watched)
            paths = [bench.drop(f"{n}.jpg", picture(n)) for n in range(4)]
            for path in paths:
                replace(store, path, root=bench.watched)
            assert store.folders.undone_in_a_row(bench.watched) == 0
            list(store.undo(UndoSelection(paths=(paths[0],)), roots=bench.roots))
            assert store.folders.undone_in_a_row(bench.watched) == 0
            list(store.undo(UndoSelection(last=2), roots=bench.roots))
            assert store.folders.undone_in_a_row(bench.watched) == 2
            assert store.folders.undone_in_a_row(bench.base) == 0
            store.folders.looked_at(bench.watched)
            assert store.folders.undone_in_a_row(bench.watched) == 0
            replace(store, bench.drop("5.jpg", picture(5)), root=bench.watched)
            list(store.undo(UndoSelection(last=1), roots=bench.roots))
            assert store.folders.undone_in_a_row(bench.watched) == 1
