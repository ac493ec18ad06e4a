"""The preset for documents: without loss, and how long originals stay is asked; 0 days are possible."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from support import wait_for
from system.pictures import png, write
from system.program import Program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")


def answered(program: Program, *arguments: str, answer: str) -> str:
    """Run a command on a terminal where somebody types an answer; what was to be seen."""
    ours, theirs = pty.openpty()
    environment = {**program.environment, "TERM": "xterm"}
    process = subprocess.Popen(
        program.command(*arguments), env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    seen = b""
    while chunk := _read(ours):
        seen += chunk
    os.close(ours)
    assert process.wait(60) == 0, seen.decode(errors="replace")
    return seen.decode(errors="replace")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side has ended
        return b""


def folder(program: Program) -> dict[str, object]:
    return dict(program.lines("folder", "list")[0])


def settings(program: Program) -> str:
    text = (program.home / "settings.toml").read_text("utf-8")
    return text[text.rindex("[[folder]]") :]


def test_on_a_terminal_it_is_asked_and_the_risk_is_said(program: Program, inbox: Path) -> None:
    seen = answered(program, "folder", "add", str(inbox), "--preset", "documents", answer="0\n")
    assert "Days that originals stay" in seen
    assert "finds the" in seen and "document twice" in seen
    assert "originals_keep_days = 0" in settings(program)


def test_in_a_pipe_it_is_said(program: Program, inbox: Path) -> None:
    done = subprocess.run(
        program.command("folder", "add", str(inbox), "--preset", "documents"),
        env=program.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert b"Originals stay for 30 days" in done.stderr
    assert "originals_keep_days" not in settings(program)


@pytest.mark.parametrize("preset", ["documents", "photos"])
def test_a_script_says_it(program: Program, inbox: Path, preset: str) -> None:
    program.run("folder", "add", str(inbox), "--preset", preset, "--keep-originals", "7")
    assert "originals_keep_days = 7" in settings(program)


@pytest.mark.slow
def test_zero_days_leave_no_second_copy(program: Program, inbox: Path) -> None:
    program.watch(inbox, preset="documents", originals_keep_days=0, settle_seconds=0.3)
    program.start()
    scan = write(inbox / "scan.png", png(1))
    before = scan.stat().st_size
    wait_for(lambda: scan.stat().st_size < before, within=60, what="the result")
    originals = program.home / "originals"
    wait_for(lambda: not list(originals.glob("*.json")), within=60, what="the original to be gone")
    assert scan.name not in "".join(path.name for path in originals.iterdir())
    assert program.lines("history")[0]["original"] in ("expired", "none", "accepted")
