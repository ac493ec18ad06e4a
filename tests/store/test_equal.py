"""Contents that are equal where one expects them to differ: nothing is taken for something that it is not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from homepress.store.model import Refusal, Source, StoreError, UndoSelection
from homepress.store.store import Store
from store.kit import Bench, Probe, maintain_later, picture, replacement, smaller, without_exchange

RESULT = smaller(picture())


def in_place(store: Store, source: Source, result: bytes) -> object:
    return store.replace(source, replacement(result))


def converted(store: Store, source: Source, result: bytes) -> object:
    return store.replace(source, replacement(result, suffix=".webp"))


def beside(store: Store, source: Source, result: bytes) -> object:
    return store.write_beside(source, replacement(result))


def converted_output(store: Store, source: Source, result: bytes) -> object:
    target = source.path.parent.with_name("out") / source.path.name
    return store.write_output(source, replacement(result, suffix=".webp"), target)


Way = Callable[[Store, Source, bytes], object]


@pytest.mark.parametrize("way", [in_place, converted, beside, converted_output])
@pytest.mark.parametrize("result", [picture(), b""], ids=["equal", "empty"])
def test_a_result_that_is_none_is_refused_and_changes_nothing(bench: Bench, way: Way, result: bytes) -> None:
    path = bench.drop()
    with bench.store() as store:
        with pytest.raises(Refusal, match=r"a\.jpg: its result is (the same file|empty)"):
            way(store, store.read(path), result)
        assert (path.read_bytes(), bench.kept(), store.recover()) == (picture(), [], [])
    assert [p.name for p in bench.watched.iterdir()] == ["a.jpg"]


def test_a_hash_that_lies_does_not_make_the_source_a_result(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store, pytest.raises(StoreError):
        store.replace(store.read(path), replacement(picture(), sha256="0" * 64))
    assert (path.read_bytes(), bench.kept(), bench.temps()) == (picture(), [], [])


def saving(path: Path, step: str, content: bytes) -> Probe:
    """A system in which somebody saves a file right before the first of some steps."""
    done = []

    def save(number: int, name: str) -> None:
        if not done:
            done.append(name)
            path.write_bytes(content)

    return Probe(before=save, steps=frozenset({step}))


def test_an_equal_file_that_takes_the_name_of_a_conversion_meanwhile_stays(bench: Bench) -> None:
    path, other = bench.drop("a.heic"), bench.watched / "a.webp"
    with bench.store() as store:
        source = store.read(path)
    with bench.store(saving(other, "move", RESULT).fs()) as store, pytest.raises(StoreError):
        converted(store, source, RESULT)
    assert (path.read_bytes(), other.read_bytes(), bench.kept()) == (picture(), RESULT, [])
    assert bench.temps() == []


def test_an_equal_file_that_takes_the_name_of_a_result_elsewhere_stays_after_undo(bench: Bench) -> None:
    path, target = bench.drop(), bench.base / "out" / "a.jpg"
    with bench.store() as store:
        source = store.read(path)
    with (
        bench.store(saving(target, "move", RESULT).fs()) as store,
        pytest.raises((StoreError, FileExistsError)),
    ):
        store.write_output(source, replacement(RESULT), target)
    with bench.store() as store:
        list(store.undo(UndoSelection(last=9), roots=bench.roots))
    assert (target.read_bytes(), [p.name for p in target.parent.iterdir()]) == (RESULT, ["a.jpg"])


def test_somebody_s_own_file_that_equals_a_result_elsewhere_is_not_written_over(bench: Bench) -> None:
    """Its bytes are known as a result, but of another name: this may be anybody's copy."""
    one, other = bench.drop("a.jpg"), bench.drop("b.jpg", picture(1))
    out = bench.base / "out"
    with bench.store() as store:
        store.write_output(store.read(one), replacement(RESULT), out / "a.jpg")
        (out / "b.jpg").write_bytes(RESULT)
        with pytest.raises(Refusal, match="did not make it"):
            store.write_output(store.read(other), replacement(smaller(picture(1))), out / "b.jpg")
    assert (out / "b.jpg").read_bytes() == RESULT


def test_equal_results_beside_their_pictures_are_not_shared(bench: Bench) -> None:
    one, other = bench.drop("a.jpg"), bench.drop("a.png", picture(1))
    with bench.store() as store:
        first = store.write_beside(store.read(one), replacement(RESULT)).path
        second = store.write_beside(store.read(other), replacement(RESULT, suffix=".jpg")).path
        assert (first.name, second.name) == ("a.min.jpg", "a.min-2.jpg")
        (undone,) = store.undo(UndoSelection(paths=(one,)), roots=bench.roots)
        assert undone.outcome == "removed"
    assert (first.exists(), second.read_bytes()) == (False, RESULT)


@pytest.mark.parametrize("fs", [lambda: None, without_exchange], ids=["exchange", "link"])
def test_an_equal_result_belongs_to_the_newest_original_of_its_name(
    bench: Bench, fs: Callable[[], None]
) -> None:
    path = bench.drop()
    with bench.store(fs()) as store:
        first = in_place(store, store.read(path), RESULT).entry  # type: ignore[attr-defined]
        bench.drop(data=picture(1))
        in_place(store, store.read(path), RESULT)
        (undone,) = store.undo(UndoSelection(entries=(first,)), roots=bench.roots)
        assert (undone.outcome, path.read_bytes()) == ("beside", RESULT)
        assert bench.kept() == [picture(1)]
        (undone,) = store.undo(UndoSelection(last=1), roots=bench.roots)
        assert (undone.outcome, path.read_bytes()) == ("restored", picture(1))


def test_undoing_one_of_two_conversions_with_equal_results_leaves_the_other(bench: Bench) -> None:
    one, other = bench.drop("a.heic"), bench.drop("a.png", picture(1))
    target = bench.watched / "a.webp"
    with bench.store() as store:
        converted(store, store.read(one), RESULT)
        target.unlink()
        converted(store, store.read(other), RESULT)
        (undone,) = store.undo(UndoSelection(paths=(one,)), roots=bench.roots)
        assert undone.outcome == "restored"
    assert (one.read_bytes(), target.read_bytes(), bench.kept()) == (picture(), RESULT, [picture(1)])


def test_a_late_edit_that_equals_the_result_is_kept_beside_a_newer_file(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        in_place(store, store.read(path), RESULT)
        path.write_bytes(b"a newer file")
        (stored,) = (p for p in bench.originals.iterdir() if len(p.name) == 81)
        stored.write_bytes(RESULT)
        maintain_later(store, 60)
    assert {p.read_bytes() for p in bench.watched.iterdir()} == {b"a newer file", RESULT}


def test_another_file_under_the_temp_name_of_an_undo_gets_no_attributes(bench: Bench) -> None:
    """Whoever owns the folder can put it there: a hard link to a file that is not his."""
    path, theirs = bench.drop(mode=0o604), bench.base / "theirs"
    theirs.write_bytes(b"not his")
    theirs.chmod(0o600)
    before = theirs.stat()

    def put(number: int, name: str) -> None:
        (temp,) = bench.temps()
        os.link(theirs, bench.watched / "second")
        os.replace(bench.watched / "second", bench.watched / temp)

    with bench.store() as store:
        in_place(store, store.read(path), RESULT)
    with bench.store(Probe(after=put, steps=frozenset({"link"})).fs()) as store:
        (undone,) = store.undo(UndoSelection(last=1), roots=bench.roots)
    assert undone.outcome == "restored"
    assert path.read_bytes() == picture()
    after = theirs.stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    assert theirs.read_bytes() == b"not his"
