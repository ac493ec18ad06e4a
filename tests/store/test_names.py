"""Names of every kind: each file is itself, temp names never depend on them, made names always fit."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.base.system_errors import printable
from homepress.store import names
from homepress.store.model import (
    JobPlan,
    Metadata,
    UndoSelection,
    decode,
    encode,
    encode_sidecar,
    new_job,
    temp_name,
)
from homepress.store.reader import Reader
from homepress.watch import Skip, WatchedFolder
from homepress.watch.filters import Selection
from store.kit import Bench, digest, picture, replace, replacement, smaller

MADE = [
    b"x" * 250 + b".jpg",
    b"x" * 251 + b".jpg",
    "é".encode() * 125 + b".jpg",
    b"\xff\xfe not text \xe9.jpg",
    "é (NFC).jpg".encode(),
    "é (NFD).jpg".encode(),
    "caf\u00e9.jpg".encode(),
    "cafe\u0301.jpg".encode(),
    b"a.jpg",
    b"A.JPG",
    b"a.JPG",
    b"-rf.jpg",
    b"--help",
    b"new\nline.jpg",
    b"tab\there.jpg",
    b"quote' \" `tick`.jpg",
    b"$(HOME) %2e%2e%2f;.jpg",
    b"back\\slash.jpg",
    b"star*?[].jpg",
    b" leading and trailing ",
    b"trailing-dot.jpg.",
    b".hidden.jpg",
    b"..",
    b"no suffix",
    "\u202egpj.exe.jpg".encode(),
    "😀🎉.png".encode(),
    b"\x01\x1b[31m.jpg",
    b"'; DROP TABLE history; --.jpg",
]
MADE.remove(b"..")


def put(bench: Bench, raw: list[bytes]) -> dict[Path, bytes]:
    """A picture of its own under each name."""
    contents = {}
    for number, name in enumerate(raw):
        path = bench.watched / os.fsdecode(name)
        path.write_bytes(picture(number))
        contents[path] = picture(number)
    assert len(list(bench.watched.iterdir())) == len(raw), "the file system folds names together"
    return contents


def there_and_back(bench: Bench, raw: list[bytes]) -> None:
    contents = put(bench, raw)
    with bench.store() as store:
        for path in contents:
            replace(store, path)
        for path, content in contents.items():
            assert path.read_bytes() == smaller(content), path
        assert set(store.known(os.fsencode(bench.watched))) == set(raw)
        with Reader(bench.ledger) as reader:
            assert {os.fsencode(Path(e.path).name) for e in reader.history()} == set(raw)
        undone = list(store.undo(UndoSelection(paths=tuple(contents)), roots=bench.roots))
        assert [u.outcome for u in undone] == ["restored"] * len(raw)
    assert {path: path.read_bytes() for path in contents} == contents
    assert len(list(bench.watched.iterdir())) == len(raw)


ON_EVERY_SYSTEM = [
    b"x" * 200 + b".jpg",
    "e\u0301 and \u00e9.jpg".encode(),
    b"-rf.jpg",
    b"--help",
    b"$(HOME) %2e%2e%2f;.jpg",
    b"'; DROP TABLE history; --.jpg",
    b"percent %TEMP% ^&!.jpg",
    b".hidden.jpg",
    b"no suffix",
    "\u202egpj.exe.jpg".encode(),
    "😀🎉.png".encode(),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(MADE, marks=pytest.mark.posix("names that Windows refuses"), id="POSIX"),
        pytest.param(ON_EVERY_SYSTEM, id="every system"),
    ],
)
def test_made_names(bench: Bench, raw: list[bytes]) -> None:
    there_and_back(bench, raw)


@pytest.mark.posix("names that Windows refuses")
@pytest.mark.corpus
def test_the_corpus_of_hostile_names(bench: Bench, corpus_dir: Path) -> None:
    listed = json.loads((corpus_dir / "hostile-names.json").read_text())
    there_and_back(bench, [os.fsencode(name) for name in listed])


def test_names_that_are_made_fit_and_keep_their_end(bench: Bench) -> None:
    raw = [b"y" * 251 + b".bmp", "ü".encode() * 125 + b".bmp"]
    contents = put(bench, raw)
    with bench.store() as store:
        for path, content in contents.items():
            source = store.read(path)
            beside = store.write_beside(source, replacement(smaller(content))).path
            assert beside.name.endswith(".min.bmp")
            converted = store.replace(source, replacement(smaller(content), suffix=".webp")).path
            assert converted.name.endswith(".webp")
            path.write_bytes(b"taken")
            (undone,) = store.undo(UndoSelection(paths=(path,)), roots=bench.roots)
            assert undone.restored_to.endswith(" (original).bmp")
            assert Path(undone.restored_to).read_bytes() == content


file_names = (
    st.binary(min_size=1, max_size=255)
    .filter(lambda raw: not set(raw) & set(b"/\0") and raw not in (b".", b".."))
    .map(os.fsdecode)
    if sys.getfilesystemencodeerrors() == "surrogateescape"  # a name may be any bytes there
    else st.text(min_size=1, max_size=255).filter(lambda name: not set(name) & set('/\\\0<>:"|?*'))
)


@pytest.mark.parametrize(
    "make",
    [
        lambda name: names.converted_names(name, ".webp"),
        lambda name: names.beside_names(name, ""),
        lambda name: names.beside_names(name, ".jxl"),
        names.original_names,
        names.recovered_names,
    ],
)
@given(name=file_names)
def test_made_names_are_distinct_valid_and_never_the_source_s_own(
    make: Callable[[str], Iterator[str]], name: str
) -> None:
    made = list(islice(make(name), 20))
    assert len(set(made)) >= 19  # a suffix that is the source's own makes the first two of a conversion one
    for one in made:
        raw = os.fsencode(one)
        assert 0 < len(raw) <= names.NAME_BYTES
        assert b"/" not in raw
        assert not one.startswith(".homepress-")


@given(name=file_names)
def test_a_cut_name_stays_text_where_it_was_text(name: str) -> None:
    for one in islice(names.original_names(name), 3):
        try:
            os.fsencode(name).decode()
        except UnicodeDecodeError:
            continue
        os.fsencode(one).decode()


def test_watching_passes_over_our_own_temp_names(tmp_path: Path) -> None:
    job = new_job()
    selection = Selection(WatchedFolder(tmp_path), os.fsencode(tmp_path))
    for name in (temp_name(job), temp_name(job, ".old")):
        assert selection.skip_file(os.fsencode(tmp_path), os.fsencode(name)) is Skip.TEMPORARY


@given(name=file_names)
def test_what_is_shown_can_be_printed_anywhere(name: str) -> None:
    assert printable(Path("/x") / name).encode("utf-8")
    assert printable(os.fsencode(name)) == printable(name)


metadata = st.builds(
    Metadata,
    mode=st.integers(0, 0o7777),
    uid=st.integers(0, 2**32 - 1),
    gid=st.integers(0, 2**32 - 1),
    atime_ns=st.integers(-(2**62), 2**62),
    mtime_ns=st.integers(-(2**62), 2**62),
    flags=st.integers(0, 2**31),
    attributes=st.lists(st.tuples(st.binary(min_size=1), st.binary()), max_size=4),
)
plans = st.builds(
    JobPlan,
    job=st.just("0123456789abcdef"),
    kind=st.sampled_from(["replace", "convert", "output"]),
    time=st.floats(0, 1e10),
    path=file_names.map(os.fsencode),
    target=file_names.map(os.fsencode),
    root=st.none() | st.binary(),
    source_sha256=st.just(digest(b"a")),
    source_size=st.integers(0, 2**40),
    source_inode=st.integers(0, 2**64 - 1),
    metadata=metadata,
    result_sha256=st.just(digest(b"b")),
    result_size=st.integers(0, 2**40),
    settings=st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    keep_days=st.floats(0, 1e5),
)


@given(plan=plans)
def test_a_plan_comes_back_as_it_was_from_journal_and_sidecar(plan: JobPlan) -> None:
    assert decode(encode(plan)) == plan
    assert decode(encode_sidecar(plan)) == plan


def good_plan() -> JobPlan:
    return JobPlan(
        job="0123456789abcdef",
        kind="replace",
        time=0.0,
        path=b"/a",
        target=b"/a",
        source_sha256=digest(b"a"),
        source_size=1,
        source_inode=1,
        metadata=Metadata(mode=0, uid=0, gid=0, atime_ns=0, mtime_ns=0),
        result_sha256=digest(b"b"),
        result_size=1,
    )


@pytest.mark.parametrize(
    "harm",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff\xff",
        b"{" * 5000,
        {"version": 99},
        {"job": "../../../etc/pas"},
        {"job": "0123456789ABCDEF"},
        {"source_sha256": "../" * 21 + "x"},
        {"result_sha256": "0"},
        {"path": 5},
        {"path": ""},
        {"target": "YQBi"},
        {"kind": "rm -rf"},
        {"source_size": -1},
        {"result_size": 1 << 63},
        {"time": 1e300},
        {"keep_days": -1.0},
        {"metadata": {"mode": 1 << 32, "uid": 0, "gid": 0, "atime_ns": 0, "mtime_ns": 0}},
        {"metadata": {"mode": 0, "uid": -1, "gid": 0, "atime_ns": 0, "mtime_ns": 0}},
        {"metadata": {"mode": 0, "uid": 0, "gid": 0, "atime_ns": 0, "mtime_ns": 1 << 100}},
    ],
)
def test_a_sidecar_that_is_no_plan_is_refused(harm: bytes | dict[str, object]) -> None:
    data = harm if isinstance(harm, bytes) else json.dumps(json.loads(encode(good_plan())) | harm).encode()
    with pytest.raises(ValueError):
        decode(data)


@pytest.mark.parametrize(
    "name", [name for name in JobPlan.__struct_fields__ if type(getattr(good_plan(), name)) is int]
)
def test_a_number_that_the_ledger_cannot_hold_is_refused(name: str) -> None:
    """Every one, those of columns that are to come too; only what it does not hold may be larger."""
    harmed = json.dumps(json.loads(encode(good_plan())) | {name: (1 << 64) - 1}).encode()
    if name == "source_inode":
        assert decode(harmed).source_inode == (1 << 64) - 1
        return
    with pytest.raises(ValueError):
        decode(harmed)
