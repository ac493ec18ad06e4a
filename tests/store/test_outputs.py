"""Results that go elsewhere: the tree mirrored, nothing of others overwritten, the source untouched."""

import os
from pathlib import Path

import pytest

from homepress.base.system_errors import Scope, explain, with_name
from homepress.store.model import Changed, Refusal, Role, UndoSelection
from store.kit import Bench, Lacking, Probe, digest, facts, left, picture, replacement, smaller

RESULT = smaller(picture())


def write(store, source, target: Path, data: bytes = RESULT, **changes):
    return store.write_output(source, replacement(data, **changes), target)


def test_the_result_is_in_the_mirrored_tree_and_the_source_stays(bench: Bench) -> None:
    path = bench.drop()
    before = facts(path), path.stat().st_ino
    target = bench.base / "out" / "deep" / "er" / "a.jpg"
    with bench.store() as store:
        receipt = write(store, store.read(path), target)
        assert receipt.path == target
        assert (target.read_bytes(), facts(target)) == (RESULT, facts(path))
        assert (facts(path), path.stat().st_ino) == before
        assert path.read_bytes() == picture()
        stat = path.stat()
        assert store.known(os.fsencode(path.parent))[b"a.jpg"] == (30_000, stat.st_mtime_ns, stat.st_ino)
        assert store.why_left_alone(digest(RESULT), "") is Role.RESULT
        assert store.counters(0).compressed_since == 1
    assert bench.kept() == []
    assert [p for p in target.parent.iterdir() if p != target] == []


@pytest.mark.parametrize(
    "lacking", [(), ("exchange",), ("move",), ("move", "link"), ("move", "link", "exchange")]
)
def test_our_own_earlier_result_makes_way(bench: Bench, lacking: tuple[str, ...]) -> None:
    path = bench.drop()
    target = bench.base / "out" / "a.jpg"
    with bench.store(Lacking(*lacking).fs()) as store:
        write(store, store.read(path), target)
        path.write_bytes(picture(2))
        write(store, store.read(path), target, smaller(picture(2)))
        assert target.read_bytes() == smaller(picture(2))
        store.copy_output(store.read(path), target)
        assert target.read_bytes() == picture(2)
        write(store, store.read(path), target, smaller(picture(2)))
        assert target.read_bytes() == smaller(picture(2))
    assert [p.name for p in target.parent.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize("lacking", [(), ("move",), ("move", "link")])
def test_what_somebody_else_put_there_is_not_overwritten(bench: Bench, lacking: tuple[str, ...]) -> None:
    path = bench.drop()
    target = bench.base / "out" / "a.jpg"
    target.parent.mkdir()
    target.write_bytes(b"not ours")
    store_of = bench.store(Lacking(*lacking).fs())
    with store_of as store, pytest.raises(Refusal, match=r"out.a\.jpg.*did not make it"):
        write(store, store.read(path), target)
    assert target.read_bytes() == b"not ours"


@pytest.mark.posix("links")
@pytest.mark.parametrize("lacking", [(), ("move",), ("move", "link")])
def test_a_link_that_has_the_name_of_the_output_is_not_followed(
    bench: Bench, lacking: tuple[str, ...]
) -> None:
    path = bench.drop()
    target = bench.base / "out" / "a.jpg"
    target.parent.mkdir()
    target.symlink_to(path)
    with bench.store(Lacking(*lacking).fs()) as store, pytest.raises(Refusal):
        write(store, store.read(path), target)
    assert path.read_bytes() == picture()


def test_an_earlier_result_that_was_edited_is_not_overwritten(bench: Bench) -> None:
    path = bench.drop()
    target = bench.base / "out" / "a.jpg"
    with bench.store() as store:
        write(store, store.read(path), target)
        target.write_bytes(b"edited")
        with pytest.raises(Refusal):
            write(store, store.read(path), target)
    assert target.read_bytes() == b"edited"


def test_an_edit_saved_in_the_last_instant_is_not_overwritten(bench: Bench) -> None:
    path = bench.drop()
    target = bench.base / "out" / "a.jpg"

    def save(number: int, name: str) -> None:
        if number == 1:
            target.write_bytes(b"edited")

    with bench.store() as store:
        write(store, store.read(path), target)
    with bench.store(Probe(before=save, steps=frozenset({"exchange"})).fs()) as store:
        with pytest.raises(Refusal):
            write(store, store.read(path), target, RESULT[:-1])
        assert target.read_bytes() == b"edited"
    assert [p.name for p in target.parent.iterdir()] == ["a.jpg"]


def test_a_conversion_gets_its_suffix(bench: Bench) -> None:
    with bench.store() as store:
        source = store.read(bench.drop("a.b.heic"))
        receipt = write(store, source, bench.base / "out" / "a.b.heic", suffix=".jpg")
    assert receipt.path == bench.base / "out" / "a.b.jpg"


def test_a_source_that_changed_meanwhile_writes_nothing(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        source = store.read(path)
        path.write_bytes(b"new")
        with pytest.raises(Changed):
            write(store, source, bench.base / "out" / "a.jpg")
    assert not (bench.base / "out").exists()


def test_a_source_that_changes_while_it_is_written_leaves_nothing(bench: Bench) -> None:
    path = bench.drop()

    def change(number: int, name: str) -> None:
        path.write_bytes(b"new")

    with bench.store(Probe(before=change, steps=frozenset({"sync"})).fs()) as store:
        path.write_bytes(picture())
        source = store.read(path)
        with pytest.raises(Changed):
            write(store, source, bench.base / "out" / "a.jpg")
    assert list((bench.base / "out").iterdir()) == []


@pytest.mark.posix("links")
def test_a_link_in_the_output_tree_is_not_followed(bench: Bench) -> None:
    path = bench.drop()
    (bench.base / "elsewhere").mkdir()
    (bench.base / "out").symlink_to(bench.base / "elsewhere")
    with bench.store() as store, pytest.raises(OSError):
        write(store, store.read(path), bench.base / "out" / "a.jpg")
    assert list((bench.base / "elsewhere").iterdir()) == []


def test_a_copy_has_no_history_and_does_not_make_the_source_known_as_a_result(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        source = store.read(path)
        target = store.copy_output(source, bench.base / "out" / "a.jpg")
        assert (target.read_bytes(), facts(target)) == (picture(), facts(path))
        assert store.why_left_alone(source.sha256, "balanced") is None
        assert store.counters(0).compressed_since == 0


def test_beside_counts_up_and_never_overwrites(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        source = store.read(path)
        first = store.write_beside(source, replacement(RESULT)).path
        again = store.write_beside(source, replacement(RESULT)).path
        second = store.write_beside(source, replacement(RESULT[:-1])).path
        webp = store.write_beside(source, replacement(RESULT, suffix=".webp")).path
    assert (first.name, again.name, second.name, webp.name) == (
        "a.min.jpg",
        "a.min.jpg",
        "a.min-2.jpg",
        "a.min.webp",
    )
    assert (path.read_bytes(), first.read_bytes(), second.read_bytes()) == (picture(), RESULT, RESULT[:-1])
    assert bench.temps() == []


def test_results_of_different_sources_never_take_each_other_s_name(bench: Bench) -> None:
    """a.heic and a.png both become a.jpg, and there is an a.jpg as well."""
    out = bench.base / "out"
    sources = [bench.drop(name, picture(n)) for n, name in enumerate(("a.heic", "a.png", "a.jpg"))]
    with bench.store() as store:
        for again in range(2):
            made = {}
            for number, path in enumerate(sources):
                suffix = "" if path.suffix == ".jpg" else ".jpg"
                result = smaller(picture(number))[: -1 - again]
                made[path.name] = write(store, store.read(path), out / path.name, result, suffix=suffix).path
                assert made[path.name].read_bytes() == result
            assert {name: path.name for name, path in made.items()} == {
                "a.heic": "a.jpg",
                "a.png": "a.png.jpg",
                "a.jpg": "a-2.jpg",
            }
    assert sorted(p.name for p in out.iterdir()) == ["a-2.jpg", "a.jpg", "a.png.jpg"]


def test_a_conversion_goes_around_what_somebody_else_put_there(bench: Bench) -> None:
    out = bench.base / "out"
    out.mkdir()
    (out / "a.jpg").write_bytes(b"not ours")
    with bench.store() as store:
        assert (
            write(store, store.read(bench.drop("a.heic")), out / "a.heic", suffix=".jpg").path.name
            == "a.heic.jpg"
        )
    assert (out / "a.jpg").read_bytes() == b"not ours"


def test_a_result_that_is_beside_already_is_not_touched(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        source = store.read(path)
        first = store.write_beside(source, replacement(RESULT))
        before = first.path.stat()
        second = store.write_beside(source, replacement(RESULT))
        assert second.path == first.path
        assert first.path.stat() == before


def test_one_result_on_the_disk_counts_once_however_often_it_was_made(bench: Bench) -> None:
    path, target = bench.drop(), bench.base / "out" / "a.jpg"
    with bench.store() as store:
        source = store.read(path)
        for result in (RESULT, RESULT[:-5]):
            write(store, source, target, result)
            store.write_beside(source, replacement(RESULT))
        counted = store.counters(0)
        assert counted.compressed_since == 2
        assert counted.saved_total == 2 * len(picture()) - len(RESULT) - len(RESULT[:-5])
        undone = list(store.undo(UndoSelection(last=9), roots=bench.roots))
        assert [each.outcome for each in undone] == ["removed", "removed"]
        assert (store.counters(0).compressed_since, target.exists()) == (0, False)


def test_what_a_copy_takes_the_place_of_counts_no_longer(bench: Bench) -> None:
    path, target = bench.drop(), bench.base / "out" / "a.jpg"
    with bench.store() as store:
        write(store, store.read(path), target)
        path.write_bytes(picture(1))
        store.copy_output(store.read(path), target)
        assert (target.read_bytes(), store.counters(0).compressed_since) == (picture(1), 0)


def test_a_result_that_is_there_already_is_known_by_content(bench: Bench) -> None:
    path = bench.drop()
    target = bench.base / "out" / "a.jpg"
    with bench.store() as store:
        assert not store.has_output(store.read(path), target, "balanced")
        write(store, store.read(path), target)
        os.utime(path, ns=(1, 1))
        source = store.read(path)
        assert store.has_output(source, target, "balanced")
        assert not store.has_output(source, target, "small")
        assert not store.has_output(source, bench.base / "elsewhere" / "a.jpg", "balanced")
        target.write_bytes(b"edited")
        assert not store.has_output(source, target, "balanced")
        target.unlink()
        assert not store.has_output(source, target, "balanced")
        target.write_bytes(RESULT)
        path.write_bytes(picture(2))
        assert not store.has_output(store.read(path), target, "balanced")


def test_a_copy_of_what_could_not_be_smaller_is_known_by_content(bench: Bench) -> None:
    path = bench.drop()
    target = bench.base / "out" / "a.jpg"
    with bench.store() as store:
        source = store.read(path)
        store.copy_output(source, target)
        store.record(source, left(source.path), "balanced", path.parent)
        assert store.has_output(source, target, "balanced")
        assert not store.has_output(source, target, "small")
        target.write_bytes(b"edited")
        assert not store.has_output(source, target, "balanced")


@pytest.mark.parametrize("ours", [True, False])
def test_our_copy_is_told_by_content_under_another_inode(bench: Bench, ours: bool) -> None:
    """As after another mount of exFAT: the mark is the same but for the inode."""
    path = bench.drop()
    target = bench.base / "out" / "a.jpg"
    with bench.store() as store:
        source = store.read(path)
        store.copy_output(source, target)
        store.record(source, left(source.path), "balanced", path.parent)
        stat = target.stat()
        other = target.with_name("other")
        other.write_bytes(picture() if ours else b"x" * stat.st_size)
        os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        os.replace(other, target)
        path.write_bytes(picture(2))
        if ours:
            store.copy_output(store.read(path), target)
            assert target.read_bytes() == picture(2)
        else:
            with pytest.raises(Refusal):
                store.copy_output(store.read(path), target)


def test_an_output_folder_that_cannot_be_made_is_named_not_the_picture(bench: Bench) -> None:
    path, blocked = bench.drop(), bench.base / "a file"
    blocked.write_bytes(b"here")
    for place in (blocked / "out", blocked):
        with bench.store() as store, pytest.raises(OSError) as refused:
            write(store, store.read(path), place / "a.jpg")
        assert explain(refused.value).scope is Scope.FOLDER
        assert with_name(refused.value).startswith(f"{place}: results cannot be written to this folder")
    assert path.read_bytes() == picture()
