"""What is known by name and by content, what was there before, and what is forgotten."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homepress.store.model import OriginalsSelection, RetryPolicy, Role, UndoSelection
from homepress.store.reader import HistoryFilter, Reader
from store.kit import Bench, digest, left, picture, replace, smaller


def mark(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def known(store, folder: Path) -> dict[bytes, tuple[int, int, int]]:
    return dict(store.known(os.fsencode(folder)))


def leave(store, path: Path, reason: str = "saves too little", outcome: str = "unchanged") -> int:
    return store.record(store.read(path), left(path, reason, outcome=outcome), "balanced", path.parent)


def test_nothing_is_known_of_a_folder_never_met(bench: Bench) -> None:
    with bench.store() as store:
        assert known(store, bench.watched) == {}
        assert store.why_left_alone("0" * 64, "balanced") is None


def test_what_was_left_alone_is_known_by_name_and_for_the_same_recipe_by_content(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        leave(store, path)
        assert known(store, bench.watched) == {b"a.jpg": mark(path)}
        assert store.why_left_alone(digest(picture()), "balanced") is Role.REFUSED
        assert store.why_left_alone(digest(picture()), "small") is None
    with bench.store() as store:
        assert store.why_left_alone(digest(picture()), "balanced") is Role.REFUSED


def test_a_failure_is_known_by_name_but_a_copy_of_it_gets_its_own_chance(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        leave(store, path, "the worker died", "failed")
        assert known(store, bench.watched) == {b"a.jpg": mark(path)}
        assert store.why_left_alone(digest(picture()), "balanced") is None


def test_what_could_not_even_be_read_is_looked_at_again_but_told_once(bench: Bench) -> None:
    path = bench.drop()

    def tell(until: RetryPolicy = RetryPolicy.LOOK) -> int:
        return store.record_path(left(path, "why"), "balanced", bench.watched, until)

    with bench.store() as store:
        assert tell() > 0
        assert known(store, bench.watched) == {}
        assert tell() == 0
        path.touch()
        assert tell(RetryPolicy.CHANGE) > 0
        assert known(store, bench.watched) == {b"a.jpg": mark(path)}
        assert store.record_path(left(bench.watched / "gone", "x"), "balanced", None) == 0


def test_other_limits_let_in_what_was_too_small_or_too_large(bench: Bench) -> None:
    path, done = bench.drop(), bench.drop("b.jpg", picture(2))
    size = path.stat().st_size
    with bench.store() as store:
        store.record_path(left(path, "why"), "balanced", bench.watched, RetryPolicy.LIMITS)
        store.record_path(left(done, "why"), "balanced", bench.watched, RetryPolicy.CHANGE)
        for smallest, largest in ((size + 1, None), (0, size - 1)):
            assert (
                store.folders.let_in(bench.watched, smallest, largest, existing=True, settings="balanced")
                == 0
            )
        assert store.folders.let_in(bench.watched, size, size, existing=False, settings="balanced") == 1
        assert known(store, bench.watched) == {b"b.jpg": mark(done)}


def test_another_recipe_lets_in_what_was_left_as_it_is_for_this_one(bench: Bench) -> None:
    left, failed, done, copy = (bench.drop(f"{name}.jpg", picture(name)) for name in range(1, 5))
    with bench.store() as store:
        leave(store, left)
        leave(store, failed, "the worker died", "failed")
        replace(store, done)
        store.note_known(store.read(copy), "balanced")

        def let_in(settings: str) -> int:
            return store.folders.let_in(bench.watched, 0, None, existing=True, settings=settings)

        assert let_in("balanced") == 0
        assert len(known(store, bench.watched)) == 4
        assert let_in("balanced, heic to jpeg") == 3
        assert set(known(store, bench.watched)) == {b"3.jpg"}
        assert let_in("balanced") == 0


def test_the_same_said_again_is_not_a_second_entry(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        first = leave(store, path)
        assert leave(store, path) == first
        assert leave(store, path, "broken or incomplete") != first
    with Reader(bench.ledger) as reader:
        assert [entry.reason for entry in reader.history()] == ["broken or incomplete", "saves too little"]


def test_touched_renamed_and_copied_results_are_known_by_content(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        path.touch()
        for name in ("renamed.jpg", "copy.jpg"):
            (bench.watched / name).write_bytes(path.read_bytes())
            source = store.read(bench.watched / name)
            assert store.why_left_alone(source.sha256, "anything") is Role.RESULT
            store.note_known(source)
        assert set(known(store, bench.watched)) == {b"a.jpg", b"renamed.jpg", b"copy.jpg"}


def test_an_undone_original_is_known_by_content_for_every_recipe(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        list(store.undo(UndoSelection(last=1), roots=bench.roots))
        assert store.why_left_alone(digest(picture()), "small") is Role.KEPT


names = st.one_of(
    st.binary(min_size=1, max_size=255).filter(
        lambda b: b"/" not in b and b"\0" not in b and b not in (b".", b"..")
    ),
    st.sampled_from([b"e\xcc\x81.jpg", b"\xc3\xa9.jpg", b"a.jpg", b"A.JPG", b"\xff\xfe.jpg", b"a\nb.jpg"]),
)
marks = st.tuples(st.integers(0, 2**63 - 1), st.integers(-(2**70), 2**70), st.integers(0, 2**64 - 1))


def test_many_names_at_once(bench: Bench) -> None:
    with bench.store() as store:
        paths = [bench.drop(f"{n}.jpg") for n in range(3)]
        store.folders.baseline(bench.watched)
        wanted = [b"1.jpg", *(b"%d.png" % n for n in range(5000))]
        assert store.known(os.fsencode(bench.watched), wanted)[b"1.jpg"] == mark(paths[1])


@pytest.mark.slow
@pytest.mark.posix("names that are no UTF-8")
@settings(max_examples=30, deadline=None)
@given(files=st.dictionaries(names, marks, max_size=8))
def test_any_name_time_and_inode_comes_back_as_it_was(tmp_path_factory, files) -> None:
    from homepress.store.ledger import known_files

    bench = Bench.at(tmp_path_factory.mktemp("memory"))
    with bench.store() as store:
        ledger = store._context.ledger
        with ledger.transaction(durable=False) as tx:
            for name, value in files.items():
                known_files.note(ledger, tx, Path(os.fsdecode(b"/folder/" + name)), value)
        assert dict(store.known(b"/folder")) == files
        some = list(files)[::2]
        assert dict(store.known(b"/folder", some)) == {name: files[name] for name in some}
        assert store.known(b"/folder", []) == {}


class TestBaseline:
    def test_what_was_there_is_known_and_what_comes_is_not(self, bench: Bench) -> None:
        (bench.watched / "deep" / "er").mkdir(parents=True)
        paths = [bench.drop(name) for name in ("a.jpg", "deep/b.PNG", "deep/er/c.heic")]
        bench.drop("notes.txt")
        with bench.store() as store:
            assert store.folders.baseline(bench.watched) == 3
            assert known(store, bench.watched) == {b"a.jpg": mark(paths[0])}
            assert known(store, bench.watched / "deep" / "er") == {b"c.heic": mark(paths[2])}
            new = bench.drop("new.jpg")
            assert new.name.encode() not in known(store, bench.watched)

    @pytest.mark.posix("links")
    def test_a_link_is_no_picture_that_was_there(self, bench: Bench) -> None:
        (bench.watched / "link.jpg").symlink_to(bench.drop())
        with bench.store() as store:
            assert store.folders.baseline(bench.watched) == 1
            assert set(known(store, bench.watched)) == {b"a.jpg"}

    def test_not_recursive_means_this_folder_only(self, bench: Bench) -> None:
        (bench.watched / "deep").mkdir()
        bench.drop("a.jpg")
        bench.drop("deep/b.jpg")
        with bench.store() as store:
            assert store.folders.baseline(bench.watched, recursive=False) == 1

    def test_what_is_known_better_stays(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            replace(store, path)
            before = known(store, bench.watched)
            store.folders.baseline(bench.watched)
            assert known(store, bench.watched) == before
            assert store.folders.left_alone(bench.watched) == 0

    def test_it_counts_as_new_when_the_folder_wants_it_after_all(self, bench: Bench) -> None:
        (bench.watched / "deep").mkdir()
        path, other = bench.drop(), bench.drop("deep/b.jpg", picture(2))
        with bench.store() as store:
            store.folders.baseline(bench.watched)
            assert store.folders.let_in(other.parent, 0, None, existing=False, settings="balanced") == 0
            assert store.folders.let_in(other.parent, 0, None, existing=True, settings="balanced") == 1
            assert known(store, other.parent) == {}
            assert known(store, bench.watched) == {b"a.jpg": mark(path)}

    def test_a_folder_is_new_once(self, bench: Bench) -> None:
        before = time.time()
        with bench.store() as store:
            added = store.folders.added(bench.watched)
            assert added >= before
        with bench.store() as store:
            assert store.folders.added(bench.watched) == added
            store.folders.forget(bench.watched)
            assert store.folders.added(bench.watched) > added


class TestForgetting:
    def test_the_name_is_gone_from_every_file_and_the_picture_still_known(self, bench: Bench) -> None:
        path = bench.drop("very-private-name.jpg")
        with bench.store() as store:
            leave(store, path)
            assert store.forget(path, None) == 1
            assert known(store, bench.watched) == {b"very-private-name.jpg": mark(path)}
            asked = store.known(os.fsencode(bench.watched), [b"very-private-name.jpg", b"other.jpg"])
            assert asked == {b"very-private-name.jpg": mark(path)}
            assert store.why_left_alone(digest(picture()), "balanced") is Role.REFUSED
            for file in bench.ledger.parent.glob("ledger*"):
                assert b"very-private-name" not in file.read_bytes(), file.name
                assert digest(picture()).encode() not in file.read_bytes(), file.name
        with Reader(bench.ledger) as reader:
            assert list(reader.history()) == []

    def test_it_stays_unreadable_when_the_file_is_met_again(self, bench: Bench) -> None:
        path = bench.drop("very-private-name.jpg")
        with bench.store() as store:
            leave(store, path)
            store.forget(path, None)
            path.touch()
            store.note_known(store.read(path))
            assert known(store, bench.watched) == {b"very-private-name.jpg": mark(path)}
        assert b"very-private-name" not in bench.ledger.read_bytes()

    def test_a_folder_with_all_beneath(self, bench: Bench) -> None:
        (bench.watched / "very-private").mkdir()
        inside = [bench.drop(f"very-private/{n}.jpg", picture(n)) for n in range(3)]
        outside = bench.drop("very-private.jpg", picture(9))
        with bench.store() as store:
            for path in (*inside, outside):
                leave(store, path)
            assert store.forget(bench.watched / "very-private", None) == 3
            assert set(known(store, bench.watched / "very-private")) == {b"0.jpg", b"1.jpg", b"2.jpg"}
            assert set(known(store, bench.watched)) == {b"very-private.jpg"}
            assert b"very-private/" not in bench.ledger.read_bytes()

    def test_before_a_time(self, bench: Bench) -> None:
        one, two = bench.drop("1.jpg", picture(1)), bench.drop("2.jpg", picture(2))
        with bench.store() as store:
            leave(store, one)
            middle = time.time()
            leave(store, two)
            assert store.forget(None, middle) == 1
        with Reader(bench.ledger) as reader:
            assert [entry.path for entry in reader.history()] == [str(two)]

    def test_an_entry_stays_while_its_original_is_kept(self, bench: Bench) -> None:
        path = bench.drop()
        with bench.store() as store:
            replace(store, path)
            assert store.forget(path, None) == 0
            list(store.accept(OriginalsSelection(all=True)))
            assert store.forget(path, None) == 1
            assert store.why_left_alone(digest(smaller(picture())), "") is Role.RESULT
        with Reader(bench.ledger) as reader:
            assert reader.count(HistoryFilter()) == 0


@pytest.mark.slow
@pytest.mark.parametrize("count", [20_000])
def test_a_large_folder_is_marked_and_asked_for_directory_by_directory(quick_disk: Path, count: int) -> None:
    """Scale without a clock: one query a directory, one transaction in all."""
    bench = Bench.at(quick_disk)
    for directory in range(20):
        (bench.watched / str(directory)).mkdir()
        for number in range(count // 20):
            (bench.watched / str(directory) / f"{number}.jpg").touch()
    with bench.store() as store:
        ledger = store._context.ledger
        before = ledger._connection.total_changes
        assert store.folders.baseline(bench.watched) == count
        assert ledger._connection.total_changes - before < count + 100
        assert sum(len(known(store, bench.watched / str(d))) for d in range(20)) == count


def test_names_of_files_that_are_gone_are_forgotten_but_not_when_their_folder_is_away(bench: Bench) -> None:
    (bench.watched / "trip").mkdir()
    (bench.watched / "old").mkdir()
    stay, go, away = (bench.drop(name, picture(n)) for n, name in enumerate(("1.jpg", "2.jpg", "trip/3.jpg")))
    before = bench.drop("old/4.jpg", picture(4))
    bench.drop("old/5.jpg", picture(5))
    with bench.store() as store:
        for path in (stay, go, away):
            leave(store, path)
        store.folders.baseline(bench.watched / "old")
        go.unlink()
        before.unlink()
        away.parent.rename(bench.base / "away")
        bench.hands.let_pass(86_500)
        store.maintain()
        assert set(known(store, bench.watched)) == {b"1.jpg"}
        assert set(known(store, bench.watched / "trip")) == {b"3.jpg"}
        assert set(known(store, bench.watched / "old")) == {b"4.jpg", b"5.jpg"}
        assert store.why_left_alone(digest(picture(1)), "balanced") is Role.REFUSED
