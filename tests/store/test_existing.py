"""What was in a folder before it was added is known by place, size and time, then by what it shows."""

import os
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from homepress.base.image_data import BytesContent, image_digest
from homepress.store.ledger import schema
from homepress.store.model import RetryPolicy, Role, UndoSelection
from homepress.store.reader import Reader
from homepress.store.store import Store
from store.kit import Bench, left, picture, replace, smaller


def known(store: Store, folder: Path) -> set[bytes]:
    return set(store.known(os.fsencode(folder)))


def scanned(store: Store, folder: Path) -> set[bytes]:
    """What is known in a folder that a scan has come to."""
    store.folders.catch_up(os.fsencode(folder))
    return known(store, folder)


def existed(store: Store, path: Path, root: Path) -> bool:
    source = store.read(path)
    return store.folders.existed(source, root, image_digest(BytesContent(source.data)))


def add(store: Store, root: Path) -> None:
    store.folders.baseline(root)
    store.folders.added(root)


def fingerprint(store: Store, root: Path) -> list[bool]:
    """In a thread of its own, as the daemon does: its reading has the lowest priority from then on."""
    made: list[bool] = []

    def work() -> None:
        made.extend(store.folders.fingerprints(root, skip=lambda _: False, on_read=lambda _: None))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return made


class TestWithoutFingerprint:
    def test_the_very_file_is_known_under_a_new_name_and_another_is_not(self, bench: Bench) -> None:
        path, other = bench.drop(), bench.drop("b.jpg", picture(2))
        with bench.store() as store:
            add(store, bench.watched)
            path.rename(bench.watched / "renamed.jpg")
            assert existed(store, bench.watched / "renamed.jpg", bench.watched)
            other.write_bytes(picture(3))
            assert not existed(store, other, bench.watched)

    def test_a_copy_with_name_and_time_is_known_wherever_it_lies_in_the_folder(self, bench: Bench) -> None:
        path = bench.drop()
        (bench.watched / "deep").mkdir()
        with bench.store() as store:
            add(store, bench.watched)
            copy = Path(shutil.copy2(path, bench.watched / "deep"))
            assert existed(store, copy, bench.watched)
            os.utime(copy, ns=(1, 1))
            assert not existed(store, copy, bench.watched)


class TestWithFingerprint:
    def test_a_copy_of_any_name_and_time_is_known_in_its_folder_alone(self, bench: Bench) -> None:
        path = bench.drop()
        other = bench.base / "other"
        other.mkdir()
        with bench.store() as store:
            add(store, bench.watched)
            assert store.folders.pending(bench.watched) == 1
            assert fingerprint(store, bench.watched) == [True]
            assert store.folders.pending(bench.watched) == 0
            path.unlink()
            for place, expected in ((bench.watched, True), (other, False)):
                copy = place / "copy.jpg"
                copy.write_bytes(picture())
                assert existed(store, copy, place) is expected

    def test_a_new_place_is_remembered_and_the_fingerprint_with_it(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            add(store, bench.watched)
            moved = path.rename(bench.watched / "moved.jpg")
            source = store.read(moved)
            store.folders.note_existing(source, bench.watched, image_digest(BytesContent(source.data)))
            assert b"moved.jpg" in known(store, bench.watched)
            moved.write_bytes(picture())
            assert existed(store, moved, bench.watched)

    def test_what_was_asked_of_it_by_hand_is_no_reason_to_let_it_in(self, bench: Bench) -> None:
        """`compress` finds that it cannot be smaller; then the folder's settings change."""
        path = bench.drop()
        with bench.store() as store:
            add(store, bench.watched)
            for made in (False, True):
                if made:
                    fingerprint(store, bench.watched)
                store.record(store.read(path), left(path, "why"), "safe", bench.watched)
                assert not store.folders.let_in_file(path, "balanced")
                assert store.folders.let_in(bench.watched, 0, None, existing=False, settings="small") == 0
                assert existed(store, path, bench.watched)
                assert known(store, bench.watched) == {b"a.jpg"}

    def test_a_late_verdict_is_forgotten_of_its_file_alone(self, bench: Bench) -> None:
        """However much else of the folder was left as it is, by the settings of before or of now."""
        with bench.store() as store:
            store.folders.added(bench.watched)
            paths = [bench.drop(f"{number}.jpg", picture(number)) for number in range(4)]
            for path, settings in zip(paths, ("before", "before", "now", "before"), strict=True):
                store.record(store.read(path), left(path, "why"), settings, bench.watched)
            assert store.folders.let_in_file(paths[0], "now")
            assert not store.folders.let_in_file(paths[2], "now"), "that is the verdict by these settings"
            assert not store.folders.let_in_file(bench.watched / "other.jpg", "now")
            assert known(store, bench.watched) == {b"1.jpg", b"2.jpg", b"3.jpg"}

    def test_it_is_new_once_the_folder_wants_it(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            add(store, bench.watched)
            fingerprint(store, bench.watched)
            assert store.folders.let_in(bench.watched, 0, None, existing=False, settings="balanced") == 0
            assert existed(store, path, bench.watched)
            assert store.folders.let_in(bench.watched, 0, None, existing=True, settings="balanced") == 1
            assert not existed(store, path, bench.watched)
            assert known(store, bench.watched) == set()

    def test_the_folder_may_want_it_while_its_fingerprint_is_made(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            add(store, bench.watched)
            made = store.folders.fingerprints(bench.watched, skip=lambda _: False, on_read=lambda _: None)
            next(made)
            store.folders.let_in(bench.watched, 0, None, existing=True, settings="balanced")
            made.close()
            assert not existed(store, path, bench.watched)

    def test_what_ends_it_loses_nothing(self, bench: Bench) -> None:
        class EnoughError(Exception):
            pass

        for number in range(5):
            bench.drop(f"{number}.jpg", picture(number))
        seen: list[int] = []

        def on_read(count: int) -> None:
            seen.append(count)
            if len(seen) == 3:
                raise EnoughError

        with bench.store() as store:
            add(store, bench.watched)
            with pytest.raises(EnoughError):
                list(store.folders.fingerprints(bench.watched, skip=lambda _: False, on_read=on_read))
            assert store.folders.pending(bench.watched) == 3
        with bench.store() as store:
            assert fingerprint(store, bench.watched) == [True] * 3

    @pytest.mark.posix("pipes that are files")
    def test_what_is_not_as_it_was_or_must_not_be_opened_waits(self, bench: Bench) -> None:
        changed, gone, good = (bench.drop(f"{n}.jpg", picture(n)) for n in range(3))
        fifo = bench.drop("fifo.jpg", picture(4))
        with bench.store() as store:
            add(store, bench.watched)
            changed.write_bytes(picture(9))
            gone.unlink()
            fifo.unlink()
            os.mkfifo(fifo)
            assert sorted(fingerprint(store, bench.watched)) == [False, False, False, True]
            inode = good.stat().st_ino
            add(store, bench.watched)
            made = store.folders.fingerprints(
                bench.watched, skip=lambda facts: facts.st_ino == inode, on_read=lambda _: None
            )
            assert sum(made) == 1
            assert existed(store, changed, bench.watched), "added again, it was there before"

    def test_it_survives_an_edit_of_the_file(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            add(store, bench.watched)
            fingerprint(store, bench.watched)
            path.write_bytes(picture(2))
            replace(store, path)
            (bench.watched / "restored.jpg").write_bytes(picture())
            assert existed(store, bench.watched / "restored.jpg", bench.watched)


class TestAddingAgain:
    def test_what_is_in_a_folder_then_was_there_before(self, bench: Bench) -> None:
        edited, done = bench.drop(), bench.drop("done.jpg", picture(2))
        with bench.store() as store:
            add(store, bench.watched)
            fingerprint(store, bench.watched)
            replace(store, done)
            edited.write_bytes(picture(3))
            store.folders.forget(bench.watched)
            assert not store.folders.is_known(bench.watched)
            add(store, bench.watched)
            assert known(store, bench.watched) == {b"a.jpg", b"done.jpg"}
            assert store.folders.left_alone(bench.watched) == 1

    @pytest.mark.parametrize("until", [RetryPolicy.LOOK, RetryPolicy.LIMITS])
    def test_what_could_not_be_touched_or_was_too_small_was_there_before_as_well(
        self, bench: Bench, until: RetryPolicy
    ) -> None:
        path = bench.drop()
        with bench.store() as store:
            store.folders.added(bench.watched)
            store.record_path(left(path, "read-only"), "balanced", bench.watched, until)
            store.folders.forget(bench.watched)
            add(store, bench.watched)
            assert known(store, bench.watched) == {b"a.jpg"}
            assert store.folders.left_alone(bench.watched) == 1

    def test_what_was_left_as_it_is_was_there_before_whatever_is_asked_now(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            store.folders.added(bench.watched)
            store.record(store.read(path), left(path, "why"), "balanced", bench.watched)
            store.folders.forget(bench.watched)
            add(store, bench.watched)
            assert store.folders.let_in(bench.watched, 0, None, existing=False, settings="small") == 0
            assert store.folders.left_alone(bench.watched) == 1

    def test_forgotten_names_stay_forgotten(self, bench: Bench) -> None:
        path = bench.drop("very-private-name.jpg")
        with bench.store() as store:
            store.record(store.read(path), left(path, "why"), "balanced", bench.watched)
            store.forget(path, None)
            path.write_bytes(picture(2))
            add(store, bench.watched)
            assert known(store, bench.watched) == {b"very-private-name.jpg"}
        assert b"very-private-name" not in bench.ledger.read_bytes()

    def test_a_folder_whose_inner_folders_did_not_count_is_looked_through_when_they_do(
        self, bench: Bench
    ) -> None:
        with bench.store() as store:
            store.folders.added(bench.watched, recursive=False)
            assert store.folders.is_known(bench.watched, recursive=False)
            assert not store.folders.is_known(bench.watched)
            store.folders.stop_replacing(bench.watched, "the disk may be failing")
            assert not store.folders.is_known(bench.watched)
            store.folders.added(bench.watched)
            assert store.folders.is_known(bench.watched)


class TestCannotBeListed:
    def test_the_folder_itself(self, bench: Bench) -> None:
        with bench.store() as store, pytest.raises(OSError, match="nowhere"):
            store.folders.baseline(bench.base / "nowhere")

    def test_an_inner_folder_is_marked_once_it_can_be(self, bench: Bench, monkeypatch) -> None:
        (bench.watched / "closed" / "deep").mkdir(parents=True)
        bench.drop("closed/a.jpg")
        bench.drop("closed/deep/b.jpg", picture(2))
        closed = os.fsencode(bench.watched / "closed")
        scandir = os.scandir

        def refuse(path):
            if path == closed:
                raise PermissionError(13, "Permission denied", path)
            return scandir(path)

        with bench.store() as store:
            monkeypatch.setattr(os, "scandir", refuse)
            store.folders.baseline(bench.watched)
            assert scanned(store, bench.watched / "closed") == set()
        with bench.store() as store:
            assert scanned(store, bench.watched / "closed" / "deep") == set()
            monkeypatch.undo()
            assert scanned(store, bench.watched / "closed" / "deep") == {b"b.jpg"}
            assert scanned(store, bench.watched / "closed") == {b"a.jpg"}
            new = bench.drop("closed/new.jpg", picture(3))
            assert os.fsencode(new.name) not in scanned(store, bench.watched / "closed")


class TestResults:
    """Stand-ins for pictures have no format, and so their image is all that they hold: these have one."""

    def test_one_is_known_by_its_image_whatever_is_written_about_it(self, bench: Bench) -> None:
        source, result = _png(b"much"), _png(b"little")
        with bench.store() as store:
            store.learn_result(source, result)
            tagged = image_digest(BytesContent(_png(b"little", text=b"Rating\0005")))
            assert store.why_left_alone("0" * 64, "any", tagged) is Role.RESULT
            assert store.why_left_alone("0" * 64, "any", image_digest(BytesContent(source))) is None

    def test_one_that_has_its_image_from_its_source_tells_nothing_of_other_copies(self, bench: Bench) -> None:
        source, result = _png(b"same", text=b"Author\0me"), _png(b"same")
        with bench.store() as store:
            store.learn_result(source, result)
            assert store.why_left_alone("0" * 64, "any", image_digest(BytesContent(source))) is None

    def test_an_undone_original_is_known_by_its_image(self, bench: Bench) -> None:
        path = bench.drop("a.png", _png(b"original"))
        with bench.store() as store:
            replace(store, path)
            list(store.undo(UndoSelection(last=1), roots=bench.roots))
            tagged = image_digest(BytesContent(_png(b"original", text=b"Rating\0005")))
            assert store.why_left_alone("0" * 64, "any", tagged) is Role.KEPT

    def test_the_same_picture_restored_from_a_backup_counts_once(self, bench: Bench) -> None:
        path, other = bench.drop(), bench.drop("b.jpg", picture())
        with bench.store() as store:
            for again in (path, path, other):
                again.write_bytes(picture())
                replace(store, again)
            saved = len(picture()) - len(smaller(picture()))
            assert store.counters().saved_total == 2 * saved
            list(store.undo(UndoSelection(paths=(path,)), roots=bench.roots))
            assert store.counters().saved_total == saved
        with Reader(bench.ledger) as reader:
            assert reader.stats().total.images == 1


def _png(data: bytes, text: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + bytes(4)

    chunks = [chunk(b"IHDR", bytes(13)), chunk(b"IDAT", data), chunk(b"IEND", b"")]
    if text:
        chunks.insert(1, chunk(b"tEXt", text))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_marks_of_an_earlier_version_are_fingerprinted_too(bench: Bench, monkeypatch) -> None:
    path = bench.drop()
    with monkeypatch.context() as past:
        past.setattr("homepress.store.ledger.database.MIGRATIONS", schema.MIGRATIONS[:3])
        from homepress.store.ledger.database import open_database

        opened = open_database(bench.ledger)
        facts = path.stat()
        connection: sqlite3.Connection = opened.connection
        connection.execute("INSERT INTO directory (id, path) VALUES (1, ?)", (os.fsencode(bench.watched),))
        connection.execute(
            "INSERT INTO file VALUES (1, 'a.jpg', ?, ?, ?, 'existing')",
            (facts.st_size, facts.st_mtime_ns, facts.st_ino),
        )
        connection.execute("UPDATE file SET name = CAST(name AS BLOB)")
        connection.execute(
            "INSERT INTO folder (path, added) VALUES (?, 1000.0)", (os.fsencode(bench.watched),)
        )
        connection.close()
    with bench.store() as store:
        assert store.folders.is_known(bench.watched)
        assert known(store, bench.watched) == {b"a.jpg"}
        assert fingerprint(store, bench.watched) == [True]
        path.rename(bench.watched / "b.jpg")
        os.utime(bench.watched / "b.jpg")
        assert existed(store, bench.watched / "b.jpg", bench.watched)
