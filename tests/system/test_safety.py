"""What must never happen, tried with the real program."""

import hashlib
import os
import shutil
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program

SMALL = (400, 300)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def compressed(program: Program) -> int:
    return sum(entry["outcome"] == "compressed" for entry in program.lines("history"))


def drop_and_wait(program: Program, inbox: Path, count: int) -> dict[Path, str]:
    """Drop pictures, wait until all are results; the digests of their originals."""
    originals = {}
    for number in range(count):
        path = write(inbox / f"{number}.jpg", jpeg(number, size=SMALL))
        originals[path] = digest(path)
    wait_for(lambda: compressed(program) == count, within=90, what=f"{count} results")
    program.wait_idle()
    return originals


@pytest.mark.slow
def test_finished_files_are_never_compressed_again_whatever_is_done_to_them(
    program: Program, inbox: Path
) -> None:
    program.watch(inbox)
    program.start()
    paths = list(drop_and_wait(program, inbox, 4))
    results = {digest(path) for path in paths}
    paths[0].touch()
    paths[1].chmod(0o600)
    shutil.copy2(paths[2], inbox / "copy.jpg")
    (inbox / "elsewhere").mkdir()
    paths[3].rename(inbox / "elsewhere" / "renamed.jpg")
    shutil.copyfile(paths[0], inbox / "plain copy.jpg")
    program.run("undo", str(paths[2]))
    # Restarting means a full scan: everything above was looked at once it is through.
    program.stop()
    program.start()
    program.wait_idle()
    assert compressed(program) == 4
    assert digest(inbox / "copy.jpg") in results
    assert digest(inbox / "elsewhere" / "renamed.jpg") in results


@pytest.mark.slow
def test_a_deleted_ledger_loses_no_original_and_nothing_is_compressed_twice(
    program: Program, inbox: Path
) -> None:
    program.watch(inbox)
    program.start()
    originals = drop_and_wait(program, inbox, 3)
    results = {path: digest(path) for path in originals}
    program.stop()
    for file in (program.home / "state").glob("ledger*"):
        file.unlink()
    program.start()
    program.wait_idle()
    assert {path: digest(path) for path in originals} == results
    assert len(program.lines("originals", "list")) == 3
    program.run("undo", *(str(path) for path in originals))
    assert {path: digest(path) for path in originals} == originals


@pytest.mark.slow
def test_two_computers_on_one_folder_do_every_picture_once(tmp_path: Path, inbox: Path) -> None:
    both = [Program(tmp_path / "one"), Program(tmp_path / "two")]
    try:
        for program in both:
            program.watch(inbox)
            program.start()
        paths = [write(inbox / f"{number}.jpg", jpeg(number, size=SMALL)) for number in range(8)]
        before = {path: path.stat().st_size for path in paths}
        wait_for(
            lambda: all(path.stat().st_size < before[path] for path in paths), within=120, what="all results"
        )
        for program in both:
            program.wait_idle()
        for program in both:
            program.run("stop")
        assert sum(compressed(program) for program in both) == len(paths)
        assert sorted(path.name for path in inbox.iterdir()) == sorted(path.name for path in paths)
        for path in paths:
            with Image.open(path) as image:
                image.load()
    finally:
        for program in both:
            program.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes")
def test_odd_names_stay_distinct(program: Program, inbox: Path) -> None:
    names = [
        b"x" * 250 + b".jpg",
        b"not utf-8 \xff\xfe.jpg",
        "NFC \u00e9.jpg".encode(),
        "NFD e\u0301.jpg".encode(),
        b"a.jpg",
        b"A.JPG",
        b" -rf $(touch x) `y` 'q' \"z\".jpg",
        b"new\nline.jpg",
    ]
    program.watch(inbox)
    program.start()
    before = {}
    for number, name in enumerate(names):
        path = inbox / os.fsdecode(name)
        path.write_bytes(jpeg(number, size=SMALL))
        before[path] = digest(path)
    wait_for(lambda: all(digest(path) != before[path] for path in before), within=120, what="all of them")
    program.wait_idle()
    assert sorted(os.fsencode(path.name) for path in inbox.iterdir()) == sorted(names)
    program.run("undo", "--last", "100")
    assert {path: digest(path) for path in before} == before


@pytest.mark.slow
def test_a_folder_that_goes_away_and_comes_back_is_watched_again(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    drop_and_wait(program, inbox, 1)
    aside = inbox.rename(inbox.parent / "aside")
    wait_for(lambda: program.status()["folders"][0]["state"] == "problem", what="the loss to be seen")
    aside.rename(inbox)
    wait_for(lambda: program.status()["folders"][0]["state"] == "watching", what="the return to be seen")
    path = write(inbox / "after.jpg", jpeg(50, size=SMALL))
    size = path.stat().st_size
    wait_for(lambda: path.stat().st_size < size, within=60, what="work after the return")
    assert compressed(program) == 2


@pytest.mark.slow
def test_a_program_that_opens_a_picture_meanwhile_does_not_wait_and_keeps_its_edit(
    program: Program, inbox: Path
) -> None:
    program.watch(inbox, settle_seconds=0.2)
    program.start()
    edits = {}
    for number in range(6):
        path = write(inbox / f"{number}.jpg", jpeg(number, size=SMALL))
        time.sleep(0.1 * number)  # at another moment of the journey each time
        begin = time.monotonic()
        with path.open("r+b") as file:
            opened_after = time.monotonic() - begin
            edit = jpeg(100 + number, size=SMALL)
            file.write(edit)
            file.truncate()
        assert opened_after < 20, "the kernel would make it wait for 45 (lease-break-time)"
        edits[hashlib.sha256(edit).hexdigest()] = path
    wait_for(lambda: compressed(program) >= 6, within=90, what="the edits to be compressed")
    program.wait_idle()
    program.stop()
    everywhere = {
        digest(p) for folder in (inbox, program.home / "originals") for p in folder.rglob("*") if p.is_file()
    }
    assert edits.keys() <= everywhere, "an edit is lost"
