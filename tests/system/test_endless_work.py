"""Work that cannot end well is not done again and again, and goes on when somebody did something about it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from support import REPOSITORY, wait_for
from system.pictures import jpeg, write
from system.program import Program

SMALL = (400, 300)


def log_of(program: Program) -> str:
    return (program.home / "state" / "homepress.log").read_text(encoding="utf-8")


def without_root_rights(program: Program) -> None:
    """Let permission bits count for the daemon although the tests run as root."""
    if os.geteuid() != 0:
        return
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    program.prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--"]


@pytest.mark.slow
def test_a_folder_that_may_not_be_written_costs_no_compressing_and_goes_on_when_it_may(
    program: Program, tmp_path: Path
) -> None:
    without_root_rights(program)
    closed = tmp_path / "in" / "closed"
    closed.mkdir(parents=True)
    for number in range(6):
        write(closed / f"{number}.jpg", jpeg(size=SMALL, seed=number))
    closed.chmod(0o555)
    program.watch(tmp_path / "in", existing="compress")
    try:
        program.start()
        wait_for(lambda: program.status()["problems"], what="the folder to be told")
        (problem,) = program.status()["problems"]
        assert problem.startswith(
            f"{closed}: nothing may be written into this folder; to allow it: chmod u+rwX"
        )
        write(tmp_path / "in" / "open.jpg", jpeg(size=SMALL, seed=9))
        wait_for(lambda: len(program.lines("history")) == 1, what="the picture beside it")
        wait_for(lambda: program.status()["waiting"] == 6, what="all six to wait")
        assert log_of(program).count("waiting: ") == 1, "it is said once"
    finally:
        closed.chmod(0o755)
    wait_for(lambda: len(program.lines("history")) == 7, what="all of them, without a word from anybody")
    assert program.status()["problems"] == []
    assert "error in Homepress" not in log_of(program)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="takes root's rights as on Linux")
def test_a_day_of_a_folder_that_may_not_be_written_costs_next_to_nothing(tmp_path: Path) -> None:
    """24 hours by a simulated clock, with the program's own watching, pipeline and store."""
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.day", "--case", "closed", "--json", str(figures)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    day = json.loads(figures.read_text(encoding="utf-8"))
    assert (day["pictures"], day["compressed"], day["lost"]) == (200, 0, 0)
    assert 20 < day["tries"]["closed"]["waiting"] < 40
    assert day["cpu"] < 60


@pytest.mark.slow
def test_a_ledger_locked_by_another_program_is_waited_for_with_words(
    program: Program, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    program.watch(folder)
    program.start()
    other = sqlite3.connect(program.home / "state" / "ledger.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    write(folder / "a.jpg", jpeg(size=SMALL, seed=1))
    wait_for(lambda: program.status()["problems"], what="the lock to be told")
    status = program.status()
    assert "another program has it locked" in status["problems"][0]
    assert [Path(file["path"]).name for file in status["waiting_files"]] == ["a.jpg"], json.dumps(status)
    other.execute("ROLLBACK")
    other.close()
    wait_for(lambda: program.lines("history"), what="the picture")
    assert program.status()["problems"] == []
    assert "Traceback" not in log_of(program)
