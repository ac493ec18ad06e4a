"""Redo: what was undone is made again; and copies of what is known have a row of their own."""

import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support import wait_for
from system.pictures import jpeg, png, write
from system.program import Program


def picture(path: Path, seed: int = 1) -> Path:
    return write(path, jpeg(seed))


@pytest.mark.slow
@pytest.mark.parametrize("daemon", [False, True])
def test_what_was_undone_is_made_again_by_the_same_recipe(
    program: Program, inbox: Path, daemon: bool
) -> None:
    program.watch(inbox)
    if daemon:
        program.start()
    one, two = write(inbox.parent / "a.jpg", jpeg(0)), write(inbox.parent / "b.jpg", jpeg(1))
    program.run("compress", "--in-place", "--max-edge", "200", "--metadata", "strip", str(one), str(two))
    results = one.read_bytes(), two.read_bytes()
    program.run("undo", "--last", "2")
    assert (one.read_bytes(), two.read_bytes()) == (jpeg(0), jpeg(1))
    assert [each["saved_bytes"] for each in program.lines("history")] == [0, 0]
    assert "undone" in program.run("history") and "%" not in program.run("history")
    (outcome,) = program.lines("redo", str(one))
    assert (outcome["path"], outcome["outcome"]) == (str(one), "compressed")
    (outcome,) = program.lines("redo", "--last", "5")
    assert outcome["path"] == str(two), "the other one stands again"
    assert (one.read_bytes(), two.read_bytes()) == results
    assert "nothing to do again" in program.run("redo", "--last", "1")
    program.run("undo", str(one))
    assert one.read_bytes() == jpeg(0), "its original was kept once more"


@pytest.mark.slow
@pytest.mark.parametrize("how", ["beside", "output", "convert"])
def test_results_elsewhere_and_conversions_come_back_to_their_places(
    program: Program, tmp_path: Path, how: str
) -> None:
    source = picture(tmp_path / "a.jpg")
    options = {
        "beside": ["--quality", "small"],
        "output": ["--quality", "small", "--output", str(tmp_path / "out")],
        "convert": ["--convert", "webp", "--in-place"],
    }[how]
    (made,) = program.lines("compress", *options, str(source))
    result, data = Path(made["output"]), Path(made["output"]).read_bytes()
    program.run("undo", str(source))
    assert not result.exists()
    (again,) = program.lines("redo", str(source))
    assert (again["outcome"], again["output"]) == ("compressed", str(result))
    assert result.read_bytes() == data
    assert source.exists() == (how != "convert")


@pytest.mark.slow
def test_what_cannot_be_made_again_is_said(program: Program, tmp_path: Path) -> None:
    changed, gone, elsewhere = (picture(tmp_path / f"{n}.jpg", n) for n in range(3))
    never = picture(tmp_path / "never.jpg", 9)
    program.run("compress", "--in-place", *map(str, (changed, gone, elsewhere)))
    program.run("undo", str(changed), str(gone))
    program.run("undo", "--to", str(tmp_path / "to"), str(elsewhere))
    write(changed, png(5))
    gone.unlink()
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.jpg")}
    outcomes = program.lines("redo", *map(str, (changed, gone, elsewhere, never)), code=1)
    why = {Path(each["path"]).name: each["reason"] for each in outcomes}
    assert {each["outcome"] for each in outcomes} == {"failed"}
    assert "was changed since" in why["0.jpg"]
    assert "no such file" in why["1.jpg"].lower()
    assert "its result is in its place" in why["2.jpg"]
    assert "nothing of this name was undone" in why["never.jpg"]
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.jpg")} == before
    program.run("redo", code=2)


@pytest.mark.slow
def test_a_copy_of_what_is_known_has_a_row_that_says_so(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    original = jpeg(1)
    first = write(inbox / "first.jpg", original)
    wait_for(lambda: first.stat().st_size < len(original), what="the result")
    write(inbox / "of the result.jpg", first.read_bytes())
    row = wait_for(lambda: rows(program, inbox / "of the result.jpg"), what="a row")[0]
    assert row["reason"] == f"the same picture as {first}, which Homepress made"
    assert (row["outcome"], row["cause"], row["saved_bytes"]) == ("unchanged", "same_picture", 0)

    program.run("undo", str(first))
    copy = write(inbox / "of the original.jpg", original)
    row = wait_for(lambda: rows(program, copy), what="a row")[0]
    assert row["reason"] == f"the same picture as {first}, which you brought back with undo"
    assert copy.read_bytes() == original
    program.wait_idle()
    time_of = copy.stat().st_mtime_ns + 10**9
    for path in (copy, first):
        os.utime(path, ns=(time_of, time_of))
    program.run("pause", "1h")
    program.run("resume")
    program.wait_idle()
    assert len(rows(program, copy)) == 1, "a touch tells nothing new"
    assert len(rows(program, first)) == 1

    (again,) = program.lines("redo", str(first))
    assert again["outcome"] == "compressed"
    later = write(inbox / "later.jpg", original)
    wait_for(lambda: later.stat().st_size < len(original), what="a copy of what is wanted again")


def rows(program: Program, path: Path) -> list[dict[str, Any]]:
    return program.lines("history", str(path))


@pytest.mark.slow
def test_a_copy_of_what_is_as_small_as_it_gets_has_a_row_too(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    small = Image.new("RGB", (8, 8))
    small.save(inbox / "a.png")
    wait_for(lambda: rows(program, inbox / "a.png"), what="a row")
    write(inbox / "b.png", (inbox / "a.png").read_bytes())
    row = wait_for(lambda: rows(program, inbox / "b.png"), what="a row")[0]
    assert row["reason"].startswith(f"the same picture as {inbox / 'a.png'}, ")
