"""Output folders on file systems that cannot hold every name, or take two names for one."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.store.fs import system_file_system
from homepress.store.fs.base import FileSystem, opened_folder
from homepress.store.model import Refusal, UndoSelection
from homepress.store.names import fitting
from homepress.store.store import Store
from store.kit import Bench, Folding, OnlySomeNames, Probe, picture, replace, replacement, smaller

names = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"])
    | st.sampled_from('<>:"|?*. \udcff\x01'),
    min_size=1,
    max_size=40,
).filter(lambda name: name not in (".", "..") and len(os.fsencode(name)) <= 200)


@given(name=names)
def test_what_fits_has_no_sign_that_windows_refuses(name: str) -> None:
    fits = fitting(name)
    assert not set(fits) & set('<>:"|?*\\')
    assert fits == fits.rstrip(". ")
    assert fits.encode().decode() == fits
    assert min(map(ord, fits)) >= 32
    assert fitting(fits) == fits, "what fits stays"


@given(some=st.sets(names, min_size=2, max_size=8))
def test_two_names_never_become_one(some: set[str]) -> None:
    assert len({fitting(name) for name in some}) == len(some)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("a.jpg", "a.jpg"),
        ("a. b.jpg", "a. b.jpg"),
        (".hidden.jpg", ".hidden.jpg"),
        ("Prüfung 日本？.jpg", "Prüfung 日本？.jpg"),
        ("1:1?.jpg", "1_1_~73e0cb.jpg"),
        ("con.jpg", "_con~1f02e9.jpg"),
        ("console.jpg", "console.jpg"),
        ("trip.", "trip_~"),
    ],
)
def test_how_names_are_made_to_fit(name: str, fits: str) -> None:
    assert fitting(name).startswith(fits)
    assert (fitting(name) == name) == (fits == name)


class WindowsNames(Probe):
    """A file system that is known to have the names of Windows."""

    def windows_names(self, folder: object) -> bool:
        return True


FILE_SYSTEMS: dict[str, Callable[[], FileSystem]] = {
    "known": lambda: WindowsNames(steps=frozenset()).fs(),
    "tried": lambda: OnlySomeNames().fs(),
}


def written(store: Store, bench: Bench, name: str, data: bytes, **changes: str) -> str:
    """Write a result of one picture into the output folder; its path there."""
    path = bench.watched / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    out = bench.base / "out"
    receipt = store.write_output(store.read(path), replacement(smaller(data), **changes), out / name)
    assert receipt.path.read_bytes() == smaller(data)
    return str(receipt.path.relative_to(out))


@pytest.mark.posix("names that Windows refuses")
@pytest.mark.parametrize("fs", FILE_SYSTEMS.values(), ids=FILE_SYSTEMS)
def test_names_that_a_target_cannot_hold_are_replaced_and_found_again(
    bench: Bench, fs: Callable[[], FileSystem]
) -> None:
    given = ["Rome: day 1/a?.jpg", "Rome: day 1/a*.jpg", "Rome? day 1/a?.jpg", "plain/a.jpg", "plain/b?.jpg"]
    with bench.store(fs()) as store:
        first = [written(store, bench, name, picture(n)) for n, name in enumerate(given)]
        again = [written(store, bench, name, picture(10 + n)) for n, name in enumerate(given)]
        assert first == again == ["/".join(map(fitting, name.split("/"))) for name in given]
        (converted,) = [written(store, bench, "x:.heic", picture(20), suffix=".jpg")]
        assert converted == f"{Path(fitting('x:.heic')).stem}.jpg"
        undone = store.undo(UndoSelection(last=6), roots=bench.roots)
        assert {each.outcome for each in undone} == {"removed"}
    assert [p for p in (bench.base / "out").rglob("*") if p.is_file()] == []


@pytest.mark.posix("names that Windows refuses")
def test_an_original_that_comes_back_elsewhere_gets_a_name_that_fits(bench: Bench) -> None:
    path = bench.drop("1:1.jpg")
    with bench.store(WindowsNames(steps=frozenset()).fs()) as store:
        store.replace(store.read(path), replacement(smaller(picture())))
        (undone,) = store.undo(UndoSelection(last=1), roots=bench.roots, to=bench.base / "out")
    assert undone.restored_to == str(bench.base / "out" / fitting("1:1.jpg"))
    assert Path(undone.restored_to).read_bytes() == picture()


PAIRS = [("A.JPG", "a.jpg"), ("e\u0301.jpg", "\xe9.jpg"), ("STRASSE.jpg", "straße.jpg")]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["case", "accent", "sharp s"])
@pytest.mark.parametrize("copies", [False, True], ids=["results", "copies"])
def test_two_names_that_a_target_takes_for_one_never_overwrite_each_other(
    bench: Bench, one: str, other: str, copies: bool
) -> None:
    out = bench.base / "out"
    with bench.store(Folding().fs()) as store:
        for again in range(2):
            made = {}
            for number, name in enumerate((one, other)):
                data = picture(number + 10 * again)
                (bench.watched / name).write_bytes(data)
                source = store.read(bench.watched / name)
                if copies:
                    made[name] = store.copy_output(source, out / name), data
                else:
                    result = smaller(data)
                    made[name] = store.write_output(source, replacement(result), out / name).path, result
            assert all(path.read_bytes() == content for path, content in made.values())
            second = f"{Path(other).stem}-2.jpg"
            assert sorted(os.listdir(out)) == sorted([one, second])


def test_conversions_that_a_target_takes_for_one_never_overwrite_each_other(bench: Bench) -> None:
    with bench.store(Folding().fs()) as store:
        made = [
            written(store, bench, name, picture(n), suffix=".jpg")
            for n, name in enumerate(("a.heic", "A.HEIC"))
        ]
    assert made == ["a.jpg", "A.HEIC.jpg"]


@pytest.mark.parametrize(
    "renamed",
    [False, pytest.param(True, marks=pytest.mark.posix("a name in other case, which Windows gives back"))],
)
def test_undo_takes_a_name_as_the_disk_takes_it(bench: Bench, renamed: bool) -> None:
    path = bench.drop("Photo.JPG")
    with bench.store(Folding().fs()) as store:
        replace(store, path)
        if renamed:
            path.rename(bench.watched / "photo.jpg")
        named = UndoSelection(paths=(bench.watched / "PHOTO.jpg",))
        assert [one.outcome for one in store.undo(named, roots=bench.roots)] == ["restored"]
    (there,) = bench.watched.glob("*.*")
    assert (there.name, there.read_bytes()) == ("photo.jpg" if renamed else "Photo.JPG", picture())


@pytest.mark.posix
def test_undo_of_another_file_with_such_a_name_is_refused(bench: Bench) -> None:
    path = bench.drop("Photo.JPG")
    with bench.store() as store:
        replace(store, path)
        (bench.watched / "photo.jpg").write_bytes(path.read_bytes())
        named = UndoSelection(paths=(bench.watched / "photo.jpg",))
        assert [one.outcome for one in store.undo(named, roots=bench.roots)] == ["failed"]
    assert path.read_bytes() == smaller(picture())


def test_what_somebody_put_there_under_another_spelling_stays(bench: Bench) -> None:
    out = bench.base / "out"
    out.mkdir()
    (out / "A.JPG").write_bytes(b"not ours")
    with bench.store(Folding().fs()) as store:
        assert written(store, bench, "a.jpg", picture()) == "a-2.jpg"
    assert (out / "A.JPG").read_bytes() == b"not ours"


def test_a_copy_that_is_there_already_is_left_as_it_is(bench: Bench) -> None:
    """Also where the ledger knows it no more: after a new mount of a file system without lasting numbers."""
    path, target = bench.drop(), bench.base / "out" / "a.jpg"
    target.parent.mkdir()
    target.write_bytes(picture())
    before = target.stat()
    with bench.store() as store:
        assert store.copy_output(store.read(path), target) == target
        assert target.stat() == before
        path.write_bytes(picture(1))
        target.write_bytes(b"not ours")
        with pytest.raises(Refusal):
            store.copy_output(store.read(path), target)


@pytest.mark.posix("names that Windows refuses")
def test_an_ordinary_folder_has_every_name(tmp_path: Path) -> None:
    with opened_folder(system_file_system(), tmp_path.resolve()) as folder:
        assert not system_file_system().windows_names(folder)
