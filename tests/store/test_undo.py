"""Undo: the exact bytes, name, times and attributes; nothing is overwritten, no link followed."""

import os
import time
from pathlib import Path

import pytest

from homepress.base.results import UndoOutcome
from homepress.store.model import OriginalsSelection, Role, UndoSelection
from homepress.store.store import Store
from store.kit import (
    Bench,
    Lacking,
    Probe,
    digest,
    facts,
    picture,
    replace,
    replacement,
    smaller,
)


def undo(bench: Bench, store: Store, *paths: Path, to: Path | None = None, **selection) -> list[UndoOutcome]:
    return list(store.undo(UndoSelection(paths=paths, **selection), roots=bench.roots, to=to))


def everything(path: Path) -> tuple[object, ...]:
    """Content and attributes; the time of access too where it can be left alone while reading."""
    stat = path.stat()
    untouched = getattr(os, "O_NOATIME", 0)
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | untouched)) as file:
        return file.read(), facts(path), stat.st_atime_ns if untouched else 0, stat.st_nlink


LACKING = [(), ("exchange",), ("link",), ("exchange", "move"), ("exchange", "link", "move")]


@pytest.mark.parametrize("lacking", LACKING, ids=lambda names: " ".join(names) or "all")
def test_everything_is_as_before(bench: Bench, lacking: tuple[str, ...]) -> None:
    path = bench.drop()
    before = everything(path)
    with bench.store() as store:
        replace(store, path)
        assert path.read_bytes() == smaller(picture())
    with bench.store(Lacking(*lacking).fs()) as store:
        (undone,) = undo(bench, store, path)
        assert (undone.outcome, undone.restored_to, undone.reason) == ("restored", str(path), "")
        assert everything(path) == before
        assert store.why_left_alone(digest(picture()), "balanced") is Role.KEPT
        stat = path.stat()
        assert store.known(os.fsencode(path.parent)) == {b"a.jpg": (30_000, stat.st_mtime_ns, stat.st_ino)}
        assert store.counters(0).originals_bytes == 0
        assert store.recover() == []
    assert (bench.temps(), bench.kept()) == ([], [])


@pytest.mark.posix
def test_the_very_file_comes_back(bench: Bench) -> None:
    path = bench.drop()
    inode = path.stat().st_ino
    with bench.store() as store:
        replace(store, path)
        undo(bench, store, path)
    assert path.stat().st_ino == inode


def test_twice_says_that_it_was_done(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        undo(bench, store, path)
        (undone,) = undo(bench, store, path)
        assert (undone.outcome, undone.reason) == ("failed", "it was undone before")
        (unknown,) = undo(bench, store, bench.watched / "b.jpg")
        assert (unknown.id, unknown.outcome) == (0, "failed")


def test_a_result_that_was_edited_stays_and_the_original_comes_beside_it(bench: Bench) -> None:
    path = bench.drop("holiday.jpg")
    before = facts(path)
    with bench.store() as store:
        replace(store, path)
        path.write_bytes(b"edited")
        (bench.watched / "holiday (original).jpg").write_bytes(b"taken as well")
        (undone,) = undo(bench, store, path)
        beside = bench.watched / "holiday (original 2).jpg"
        assert (undone.outcome, undone.restored_to) == ("beside", str(beside))
        assert (beside.read_bytes(), facts(beside)) == (picture(), before)
        assert path.read_bytes() == b"edited"


def test_a_result_that_was_moved_away_leaves_its_name_to_the_original(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        path.rename(bench.watched / "b.jpg")
        (undone,) = undo(bench, store, path)
        assert (undone.outcome, path.read_bytes()) == ("restored", picture())
    assert (bench.watched / "b.jpg").read_bytes() == smaller(picture())


@pytest.mark.parametrize(
    "what",
    [
        "folder",
        pytest.param("link", marks=pytest.mark.posix("links")),
        pytest.param("fifo", marks=pytest.mark.posix("pipes that are files")),
    ],
)
def test_whatever_has_the_name_is_not_overwritten(bench: Bench, what: str) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        path.unlink()
        {"folder": path.mkdir, "link": lambda: path.symlink_to("x"), "fifo": lambda: os.mkfifo(path)}[what]()
        (undone,) = undo(bench, store, path)
    assert undone.outcome == "beside"
    assert not path.is_file()
    assert (bench.watched / "a (original).jpg").read_bytes() == picture()


def test_the_user_restored_it_already(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        path.write_bytes(picture())
        (undone,) = undo(bench, store, path)
        assert undone.outcome == "restored"
    assert (path.read_bytes(), bench.temps(), bench.kept()) == (picture(), [], [])


def test_a_folder_that_is_gone_is_made_again(bench: Bench) -> None:
    (bench.watched / "trip").mkdir()
    path = bench.drop("trip/a.jpg")
    with bench.store() as store:
        replace(store, path)
        path.unlink()
        path.parent.rmdir()
        (undone,) = undo(bench, store, path)
    assert (undone.outcome, path.read_bytes()) == ("restored", picture())


@pytest.mark.posix
def test_a_link_on_the_way_is_not_followed(bench: Bench) -> None:
    (bench.watched / "trip").mkdir()
    path = bench.drop("trip/a.jpg")
    elsewhere = bench.base / "elsewhere"
    with bench.store() as store:
        replace(store, path)
        (bench.watched / "trip").rename(elsewhere)
        (bench.watched / "trip").symlink_to(elsewhere)
        (undone,) = undo(bench, store, path)
        assert undone.outcome == "failed"
    assert (elsewhere / "a.jpg").read_bytes() == smaller(picture())
    assert bench.kept() == [picture()]


def test_what_a_command_named_is_restored_there_without_being_configured(bench: Bench) -> None:
    path, other = bench.drop(), bench.drop("b.jpg", picture(2))
    with bench.store() as store:
        replace(store, path)
        replace(store, other, root=bench.watched)
        undone = list(store.undo(UndoSelection(last=2), roots=[bench.base / "other"]))
    assert [u.outcome for u in undone] == ["restored", "restored"]


def test_what_only_a_sidecar_says_is_restored_beneath_a_configured_folder_or_where_told(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path, root=bench.watched)
    for file in bench.ledger.parent.glob("ledger*"):
        file.unlink()
    with bench.store() as store:
        store.recover()
        (undone,) = store.undo(UndoSelection(last=1), roots=[bench.base / "other"])
        assert (undone.outcome, path.read_bytes()) == ("failed", smaller(picture()))
        assert "--to" in undone.reason
        to = bench.base / "restored"
        (undone,) = store.undo(UndoSelection(last=1), roots=[], to=to)
        assert (undone.outcome, undone.restored_to) == ("restored", str(to / "a.jpg"))
    assert (to / "a.jpg").read_bytes() == picture()
    assert path.read_bytes() == smaller(picture())


def test_equal_names_restored_elsewhere_stay_apart(bench: Bench) -> None:
    (bench.watched / "b").mkdir()
    paths = [bench.drop("a.jpg", picture(1)), bench.drop("b/a.jpg", picture(2))]
    to = bench.base / "restored"
    with bench.store() as store:
        for path in paths:
            replace(store, path)
        undone = undo(bench, store, to=to, last=2)
    assert {Path(u.restored_to).name: Path(u.restored_to).read_bytes() for u in undone} == {
        "a.jpg": picture(2),
        "a (original).jpg": picture(1),
    }


def test_selections(bench: Bench) -> None:
    (bench.watched / "trip").mkdir()
    names = ["1.jpg", "trip/2.jpg", "trip/3.jpg", "4.jpg"]
    paths = [bench.drop(name, picture(n)) for n, name in enumerate(names)]
    with bench.store() as store:
        entries = []
        for path in paths:
            source = store.read(path)
            entries.append(store.replace(source, replacement(smaller(source.data))).entry)
        middle = time.time()

        def undone(**selection) -> list[str]:
            chosen = undo(bench, store, **selection)
            assert all(u.outcome == "restored" for u in chosen)
            for u in chosen:
                replace(store, Path(u.path))  # so that the next selection finds them all again
            return [Path(u.path).relative_to(bench.watched).as_posix() for u in chosen]

        assert undone(last=2) == ["4.jpg", "trip/3.jpg"]
        assert undone(folder=bench.watched / "trip") == ["trip/3.jpg", "trip/2.jpg"]
        assert undone(entries=(entries[0],)) == ["1.jpg"]
        assert undone(since=middle, last=1) == ["1.jpg"]
        assert undone(since=time.time()) == []
        assert undone(last=100) == ["1.jpg", "trip/2.jpg", "trip/3.jpg", "4.jpg"]


@pytest.mark.slow
def test_thousands_of_names_are_as_good_as_one(bench: Bench) -> None:
    """A shell gives every name in a folder; SQLite takes no condition of more than a thousand parts."""
    paths = [bench.drop(name, picture(n)) for n, name in enumerate(("first.jpg", "last.jpg"))]
    names = [paths[0], *(bench.watched / f"{number}.jpg" for number in range(1200)), paths[1]]
    unknown = range(10_000, 50_000)
    with bench.store() as store:
        for path in paths:
            replace(store, path)
        undone = undo(bench, store, *names, entries=tuple(unknown))
        assert [u.path for u in undone if u.outcome == "restored"] == [str(paths[1]), str(paths[0])]
        assert sum(u.outcome == "failed" for u in undone) == 1200
        for path in paths:
            replace(store, path)
        accepted = list(store.accept(OriginalsSelection(tuple(names), tuple(unknown))))
        assert [each.path for each in accepted] == [str(paths[1]), str(paths[0])]


def test_of_a_named_picture_only_the_newest_result_is_undone(bench: Bench) -> None:
    path = bench.drop(data=picture(1))
    with bench.store() as store:
        replace(store, path)
        path.write_bytes(picture(2))
        replace(store, path)
        assert [u.outcome for u in undo(bench, store, path)] == ["restored"]
        assert path.read_bytes() == picture(2)
        assert [u.outcome for u in undo(bench, store, path)] == ["beside"]
    assert (bench.watched / "a (original).jpg").read_bytes() == picture(1)


def test_a_named_picture_comes_back_though_a_result_of_it_elsewhere_is_newer(bench: Bench) -> None:
    path, target = bench.drop(), bench.base / "out" / "a.jpg"
    with bench.store() as store:
        replace(store, path)
        store.write_output(store.read(path), replacement(smaller(path.read_bytes())), target)
        (undone,) = undo(bench, store, path)
        assert (undone.outcome, path.read_bytes(), target.exists()) == ("restored", picture(), True)


def test_a_result_elsewhere_goes_where_it_is_named_itself(bench: Bench) -> None:
    path, target = bench.drop(), bench.base / "out" / "a.jpg"
    with bench.store() as store:
        replace(store, path)
        replaced = path.read_bytes()
        for named in ((target,), (path, target)):
            store.write_output(store.read(path), replacement(smaller(replaced)), target)
            outcomes = [u.outcome for u in undo(bench, store, *named)]
            assert (outcomes[0], target.exists()) == ("removed", False)
            assert path.read_bytes() == (replaced if named == (target,) else picture())
        assert outcomes == ["removed", "restored"]


def test_a_named_conversion_comes_back_though_a_result_of_it_elsewhere_is_newer(bench: Bench) -> None:
    path, target = bench.drop("a.heic"), bench.base / "out" / "a.jpg"
    with bench.store() as store:
        source = store.read(path)
        store.replace(source, replacement(smaller(source.data), suffix=".jpg"))
        path.write_bytes(picture())
        store.write_output(store.read(path), replacement(smaller(picture())), target)
        assert [u.outcome for u in undo(bench, store, path)] == ["restored"]
        assert target.exists()


@pytest.mark.posix
def test_equal_pictures_come_back_each_with_its_own_attributes(bench: Bench) -> None:
    (bench.watched / "b").mkdir()
    one, two = bench.drop("a.jpg", mode=0o600), bench.drop("b/a.jpg", mode=0o644)
    os.setxattr(two, "user.tag", b"work")
    os.utime(two, ns=(5, 6))
    before = everything(one), everything(two)
    with bench.store() as store:
        replace(store, one)
        replace(store, two)
        assert len(bench.kept()) == 2
        undo(bench, store, last=2)
    assert (everything(one), everything(two)) == before


def test_a_conversion_goes_and_its_source_comes_back(bench: Bench) -> None:
    path = bench.drop("a.heic")
    before = everything(path)
    with bench.store() as store:
        source = store.read(path)
        target = store.replace(source, replacement(smaller(source.data), suffix=".jpg")).path
        (undone,) = undo(bench, store, target)
        assert (undone.outcome, undone.path, undone.restored_to) == ("restored", str(path), str(path))
        assert everything(path) == before
        assert not target.exists()
        assert set(store.known(os.fsencode(bench.watched))) == {b"a.heic"}
    assert bench.temps() == []


def test_a_conversion_that_was_edited_stays(bench: Bench) -> None:
    path = bench.drop("a.heic")
    with bench.store() as store:
        source = store.read(path)
        target = store.replace(source, replacement(smaller(source.data), suffix=".jpg")).path
        target.write_bytes(b"edited")
        (undone,) = undo(bench, store, path)
        assert (undone.outcome, path.read_bytes(), target.read_bytes()) == ("restored", picture(), b"edited")
        assert "edited since and stays" in undone.reason


def test_an_output_goes_when_it_is_ours_and_its_source_whole(bench: Bench) -> None:
    path, target = bench.drop(), bench.base / "out" / "a.jpg"
    with bench.store() as store:
        source = store.read(path)
        store.write_output(source, replacement(smaller(picture())), target)
        (undone,) = undo(bench, store, path)
        assert (undone.outcome, target.exists(), path.read_bytes()) == ("removed", False, picture())
        assert undone.reason == f"the result {target}; {path} is untouched"
        assert store.why_left_alone(source.sha256, "balanced") is Role.KEPT
        assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("which", ["source", "result"])
def test_an_output_stays_when_either_was_changed(bench: Bench, which: str) -> None:
    path, target = bench.drop(), bench.base / "out" / "a.jpg"
    with bench.store() as store:
        store.write_output(store.read(path), replacement(smaller(picture())), target)
        (path if which == "source" else target).write_bytes(b"edited")
        (undone,) = undo(bench, store, last=1)
        assert undone.outcome == "failed"
        assert target.exists()


def test_a_damaged_original_is_not_restored_and_stays(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        (stored,) = (p for p in bench.originals.iterdir() if len(p.name) == 81)
        stored.write_bytes(b"rot")
        (undone,) = undo(bench, store, path)
        assert (undone.outcome, path.read_bytes()) == ("failed", smaller(picture()))
        assert "damaged" in undone.reason
    assert stored.exists()


@pytest.mark.posix
def test_without_a_sidecar_the_stored_file_has_its_own_attributes(bench: Bench) -> None:
    path = bench.drop()
    before = everything(path)
    with bench.store() as store:
        replace(store, path)
        for sidecar in bench.originals.glob("*.json"):
            sidecar.unlink()
        (undone,) = undo(bench, store, path)
    assert undone.outcome == "restored"
    assert everything(path)[:2] == before[:2]


@pytest.mark.posix
def test_an_edit_in_the_last_instant_wins(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)

    def save(number: int, name: str) -> None:
        if number == 1:
            other = bench.watched / "saved"
            other.write_bytes(b"edited")
            os.replace(other, path)

    with bench.store(Probe(before=save, steps=frozenset({"exchange"})).fs()) as store:
        (undone,) = undo(bench, store, path)
    assert (undone.outcome, path.read_bytes()) == ("failed", b"edited")
    assert (bench.temps(), bench.kept()) == ([], [picture()])


def test_a_result_that_a_program_writes_to_is_left_alone(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        with path.open("r+b"):
            (undone,) = undo(bench, store, path)
        assert (undone.outcome, path.read_bytes()) == ("failed", smaller(picture()))
        assert undo(bench, store, path)[0].outcome == "restored"


def test_originals_on_another_disk_come_back_too(bench: Bench, quick_disk: Path, other_disk: Path) -> None:
    bench = Bench.at(other_disk, quick_disk / "originals")
    path = bench.drop()
    before = everything(path)
    with bench.store() as store:
        replace(store, path)
        assert bench.kept() == [picture()]
        undo(bench, store, path)
    assert everything(path) == before


def test_a_result_that_was_moved_is_found_by_what_it_holds(bench: Bench) -> None:
    path = bench.drop()
    before = everything(path)
    moved = bench.watched / "elsewhere.jpg"
    with bench.store() as store:
        replace(store, path)
        path.rename(moved)
        (undone,) = undo(bench, store, moved)
        assert (undone.outcome, undone.restored_to) == ("restored", str(moved))
        assert everything(moved) == before
        assert not path.exists()
    assert (bench.temps(), bench.kept()) == ([], [])


def test_a_copy_of_a_result_does_not_take_its_original_away(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        copy = bench.watched / "copy.jpg"
        copy.write_bytes(path.read_bytes())
        (undone,) = undo(bench, store, copy)
        assert undone.outcome == "failed"
        assert copy.read_bytes() == smaller(picture())
        (undone,) = undo(bench, store, path)
        assert undone.outcome == "restored"


def test_a_moved_result_that_was_edited_is_left_alone(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        moved = path.rename(bench.watched / "elsewhere.jpg")
        moved.write_bytes(b"edited")
        (undone,) = undo(bench, store, moved)
        assert (undone.outcome, moved.read_bytes()) == ("failed", b"edited")
        (undone,) = undo(bench, store, path)
        assert (undone.outcome, path.read_bytes()) == ("restored", picture())


@pytest.mark.posix("links")
def test_a_moved_result_behind_a_link_is_not_reached(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        outside = bench.base / "outside"
        outside.mkdir()
        path.rename(outside / "a.jpg")
        (bench.watched / "link").symlink_to(outside)
        (undone,) = undo(bench, store, bench.watched / "link" / "a.jpg")
        assert undone.outcome == "failed"
        assert (outside / "a.jpg").read_bytes() == smaller(picture())


def test_while_the_disk_with_the_originals_is_away_nothing_is_changed(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        replace(store, path)
        away = bench.originals.rename(bench.base / "away")
        (undone,) = undo(bench, store, path)
        assert undone.outcome == "failed"
        assert "connect its disk" in undone.reason
        assert path.read_bytes() == smaller(picture())
        away.rename(bench.originals)
        (undone,) = undo(bench, store, path)
        assert (undone.outcome, path.read_bytes()) == ("restored", picture())
