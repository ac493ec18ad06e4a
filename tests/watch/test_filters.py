"""Names that are taken, and names that are left alone."""

import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.watch import Skip, WatchedFolder
from homepress.watch.filters import Selection, is_never_entered, is_temporary

ROOT = b"/pictures"


def selection(**options: object) -> Selection:
    return Selection(WatchedFolder(Path("/pictures"), **options), ROOT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    ["a.jpg", "A.JPG", "b.jpeg", "c.Png", "d.webp", "e.gif", "f.heic", "ü n.jxl", "#sunset.svg", "~5.jpg"],
)
def test_images_are_taken(name: str) -> None:
    assert selection().skip_file(ROOT, os.fsencode(name)) is None


@pytest.mark.parametrize(
    "name",
    [
        *("photo.jpg.crdownload", "photo.jpg.part", "photo.partial", "x.jpg.download", "x.tmp", "x.jpg.!ut"),
        *(".x.jpg.swp", ".hidden.jpg", "._resource.jpg", ".photo.jpg.gKdD0r", "photo.jpg~", "~$photo.jpg"),
        *(".homepress-0123456789abcdef.jpg", "x.jpg.aria2", "X.JPG.PART"),
    ],
)
def test_temporary_names_are_not(name: str) -> None:
    assert is_temporary(os.fsencode(name))
    assert selection().skip_file(ROOT, os.fsencode(name)) is Skip.TEMPORARY


@pytest.mark.parametrize("name", ["a.txt", "jpg", "a.jpg.txt", "a.mp4", "a.", "a.cr2"])
def test_other_names_are_not(name: str) -> None:
    assert selection().skip_file(ROOT, os.fsencode(name)) is Skip.NAME


@pytest.mark.parametrize(
    "name",
    [
        *(".git", ".Trash-1000", ".thumbnails", "node_modules", "@eaDir", ".homepress-1000", "#recycle"),
        *("Photos Library.photoslibrary", "Catalog Previews.lrdata", ".photoslibrary", "photo.jpg.download"),
        *("$RECYCLE.BIN", "System Volume Information", "lost+found"),
        # Bins and snapshots of network storage: Synology, QNAP, NetApp, macOS servers, GoodSync.
        *("@Recycle", "@Recently-Snapshot", "#snapshot", "~snapshot", "@tmp", "_gsdata_"),
        *("Network Trash Folder", "Temporary Items"),
    ],
)
def test_folders_of_programs_are_never_entered(name: str) -> None:
    assert is_never_entered(os.fsencode(name))
    chosen = selection()
    assert not chosen.enters(ROOT, os.fsencode(name))
    assert not chosen.reaches(os.path.join(ROOT, os.fsencode(name), b"deep", b"er"))


def test_patterns_fit_names_or_paths_in_any_case() -> None:
    chosen = selection(include=("*.jpg", "web/*.png"), exclude=("IMG_*", "old/*", "draft?"))
    assert chosen.skip_file(ROOT, b"a.JPG") is None
    assert chosen.skip_file(ROOT, b"a.png") is Skip.EXCLUDED
    assert chosen.skip_file(ROOT + b"/web", b"a.png") is None
    assert chosen.skip_file(ROOT, b"img_1.jpg") is Skip.EXCLUDED
    assert chosen.skip_file(ROOT + b"/old", b"a.jpg") is Skip.EXCLUDED
    assert not chosen.enters(ROOT, b"Draft1")
    assert chosen.enters(ROOT, b"drafts-of-mine")
    assert not chosen.reaches(ROOT + b"/draft2/more")


def test_excluded_folders_and_those_outside(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    root = os.fsencode(tmp_path.resolve())
    chosen = Selection(WatchedFolder(tmp_path, excluded=((tmp_path / "small").resolve(),)), root)
    assert not chosen.enters(root, b"small")
    assert chosen.enters(root, b"smaller")
    assert chosen.reaches(root)
    assert not chosen.reaches(os.path.dirname(root))
    assert not chosen.reaches(root + b"-other")


@pytest.mark.posix("names that are no UTF-8")
def test_names_that_are_no_utf8_and_both_forms_of_one_name() -> None:
    chosen = selection(exclude=("*é*",))
    for form in ("NFC", "NFD"):
        name = unicodedata.normalize(form, "café.jpg").encode()
        # A name is never normalised: the pattern fits the form it is written in.
        assert (chosen.skip_file(ROOT, name) is Skip.EXCLUDED) == (form == "NFC")
    assert chosen.skip_file(ROOT, b"caf\xe9.jpg") is None


@pytest.mark.posix("names that are no UTF-8")
@given(st.binary(min_size=1, max_size=80), st.lists(st.text(min_size=1, max_size=10), max_size=3))
def test_no_name_and_no_pattern_is_too_odd(name: bytes, patterns: list[str]) -> None:
    name = re.sub(rb"[/\0]", b"_", name)
    chosen = selection(include=("*", *patterns), exclude=tuple(patterns))
    chosen.skip_file(ROOT, name)
    chosen.enters(ROOT, name)
    chosen.reaches(ROOT + b"/" + name)
