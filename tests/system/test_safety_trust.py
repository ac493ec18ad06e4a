"""Edits that come late, results that people do not want, originals that rot: found, told, and acted on."""

import csv
import io
import os
from pathlib import Path

import pytest

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program

SMALL = (400, 300)


def compressed(program: Program) -> int:
    return sum(entry["outcome"] == "compressed" for entry in program.lines("history"))


def drop(program: Program, inbox: Path, count: int) -> list[Path]:
    """Drop pictures and wait until all are results."""
    already = compressed(program)
    paths = [write(inbox / f"{already + n}.jpg", jpeg(already + n, size=SMALL)) for n in range(count)]
    wait_for(lambda: compressed(program) == already + count, within=90, what=f"{count} results")
    program.wait_idle()
    return paths


@pytest.mark.slow
def test_five_undone_in_a_row_stop_replacing_until_the_user_has_looked(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    drop(program, inbox, 5)
    told = program.run("undo", "--last", "5")
    assert f"replacing has stopped in {inbox}" in told
    assert "homepress resume" in told
    assert program.status()["state"] == "problem"
    assert "homepress resume" in program.status()["folders"][0]["problem"]
    path = write(inbox / "later.jpg", jpeg(50, size=SMALL))
    before = path.read_bytes()
    wait_for(lambda: program.status()["folders"][0]["waiting"] == 1, within=30, what="the picture to wait")
    program.stop()
    program.start()
    wait_for(lambda: program.status()["folders"][0]["waiting"] == 1, within=30, what="the picture to wait")
    assert program.status()["state"] == "problem"
    assert path.read_bytes() == before
    program.run("resume")
    wait_for(lambda: path.read_bytes() != before, within=60, what="work to go on")
    program.wait_idle()
    assert program.status()["state"] == "idle"


def _stored(program: Program) -> Path | None:
    """The first kept original, without asking the program."""
    kept = (file for file in (program.home / "originals").iterdir() if not file.suffix)
    return next((file for file in kept if file.name.count("-") == 1), None)


@pytest.mark.slow
def test_an_edit_that_came_late_is_put_back_and_told(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    path, edit = write(inbox / "0.jpg", jpeg(0, size=SMALL)), jpeg(60, size=SMALL)
    # What a program does that had the picture open all the time: its descriptor leads to what is kept now.
    # Its seconds are counted: nothing slow comes between the replacement and the edit.
    kept = wait_for(lambda: _stored(program), within=90, what="the original to be kept")
    with open(kept, "r+b") as file:
        file.write(edit)
        file.truncate()
    wait_for(lambda: program.status()["notes"], within=60, what="the edit to be told")
    (note,) = program.status()["notes"]
    assert note.startswith(str(path))
    assert "put back" in note
    assert "put back" in program.run("history")
    wait_for(lambda: compressed(program) == 2, within=60, what="the edit to be compressed as any other")
    program.run("undo", str(path))
    assert path.read_bytes() == edit


@pytest.mark.slow
def test_rot_is_found_and_the_damaged_original_is_never_put_back(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    paths = drop(program, inbox, 2)
    kept = {entry["path"]: Path(entry["stored_at"]) for entry in program.lines("originals", "list")}
    stored = kept[str(paths[0])]
    times = stored.stat()
    data = bytearray(stored.read_bytes())
    data[1000] ^= 1
    stored.write_bytes(data)
    os.utime(stored, ns=(times.st_atime_ns, times.st_mtime_ns))
    found = {entry["path"]: entry["outcome"] for entry in program.lines("originals", "verify", code=1)}
    assert found == {str(paths[0]): "damaged", str(paths[1]): "good"}
    result = paths[0].read_bytes()
    assert str(stored.parent) in program.run("undo", str(paths[0]), code=1)
    assert paths[0].read_bytes() == result
    program.run("undo", str(paths[1]))


@pytest.mark.slow
def test_the_history_can_be_searched_and_taken_into_a_spreadsheet(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    write(inbox / 'Holiday, "1".jpg', jpeg(1, size=SMALL))
    write(inbox / "broken.jpg", jpeg(2, size=SMALL)[:5000])
    wait_for(lambda: len(program.lines("history")) == 2, within=90, what="both outcomes")
    (found,) = program.lines("history", "--search", "holiday")
    assert found["path"].endswith('Holiday, "1".jpg')
    assert program.lines("history", "--search", "nothing such") == []
    assert [e["outcome"] for e in program.lines("history", "--outcome", "unchanged")] == ["unchanged"]
    table = list(csv.DictReader(io.StringIO(program.run("history", "--csv"))))
    asked = program.lines("history")
    assert [row["path"] for row in table] == [entry["path"] for entry in asked]
    assert list(table[0]) == list(asked[0])
