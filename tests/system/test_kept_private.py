"""What Homepress keeps: nobody else can read it, and what is forgotten is nowhere any more."""

import os
import sqlite3
import stat
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="file modes of POSIX")

NAMES = ("a-very-telling-name", "another-telling-name")


def files_with(home: Path, name: str) -> list[str]:
    """Every file of a home that has a name in it, in any of its bytes; not what the test itself caught."""
    found = (path for path in home.rglob("*") if path.is_file() and path.name != "stderr.txt")
    return [path.name for path in found if name.encode() in path.read_bytes()]


def lived(program: Program, inbox: Path) -> None:
    """Two pictures compressed, one broken, and a report of it all."""
    program.watch(inbox)
    program.start()
    for number, name in enumerate(NAMES):
        write(inbox / f"{name}.jpg", jpeg(number))
    broken = write(inbox / f"{NAMES[0]}-broken.png", b"\x89PNG\r\n\x1a\n" + bytes(30_000))
    wait_for(lambda: program.status()["compressed_today"] == 2, within=60, what="the results")
    wait_for(lambda: str(broken) in program.outcomes(), what="the broken one to be in the history")
    program.run("report", "--no-open")


@pytest.mark.slow
@pytest.mark.parametrize("reading", [False, True], ids=["", "while somebody reads the ledger"])
def test_a_forgotten_name_is_in_no_file(program: Program, inbox: Path, reading: bool) -> None:
    lived(program, inbox)
    assert {"ledger.sqlite3-wal", "homepress.log", "report.html"} <= set(files_with(program.home, NAMES[0]))
    program.run("originals", "accept", "--all", "--yes")
    reader = sqlite3.connect(program.home / "state" / "ledger.sqlite3")
    if reading:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM history").fetchone()
    told = program.run("history", "--forget", str(inbox / f"{NAMES[0]}.jpg"))
    reader.close()
    assert "forgotten" in told
    program.run("history", "--forget", str(inbox / f"{NAMES[0]}-broken.png"))
    assert files_with(program.home, NAMES[0]) == []
    assert files_with(program.home, NAMES[1]) != [], "only what was asked for"
    time.sleep(1.1)
    program.run("history", "--forget-before", datetime.now().isoformat(timespec="seconds"))
    assert files_with(program.home, NAMES[1]) == []
    program.stop()
    assert [name for each in NAMES for name in files_with(program.home, each)] == []


@pytest.mark.slow
def test_a_forgotten_result_is_not_compressed_again(program: Program, inbox: Path) -> None:
    lived(program, inbox)
    program.run("originals", "accept", "--all", "--yes")
    program.run("history", "--forget", str(inbox))
    result = (inbox / f"{NAMES[1]}.jpg").read_bytes()
    write(inbox / "copy-of-it.jpg", result)
    wait_for(lambda: "copy-of-it" in (program.home / "state/homepress.log").read_text(), what="a second look")
    program.wait_idle()
    assert (inbox / "copy-of-it.jpg").read_bytes() == result
    assert NAMES[1] not in program.run("history")


@pytest.mark.slow
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_ledger_log_originals_and_report_are_the_users_alone(
    program: Program, inbox: Path, umask: int
) -> None:
    """Whatever the umask, and although folders and files of the same names were open to all before."""
    for folder in ("state", "originals"):
        (program.home / folder).mkdir(mode=0o777)
        (program.home / folder).chmod(0o777)
    for name in ("homepress.log", "report.html", "tray.log"):
        (program.home / "state" / name).touch()
        (program.home / "state" / name).chmod(0o666)
    before = os.umask(umask)
    try:
        lived(program, inbox)
    finally:
        os.umask(before)
    program.stop()
    for folder in ("state", "originals", "run"):
        assert stat.S_IMODE((program.home / folder).stat().st_mode) == 0o700, folder
    state = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (program.home / "state").iterdir()}
    assert {"ledger.sqlite3", "ledger.backup.sqlite3", "homepress.log", "report.html"} <= set(state)
    assert {name: mode for name, mode in state.items() if mode & 0o077 and name != "tray.log"} == {}
    sidecars = list((program.home / "originals").glob("*.json"))
    assert len(sidecars) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in sidecars} == {0o600}
