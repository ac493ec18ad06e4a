"""What somebody waits for: at normal priority, several pictures at a time; and from input to output."""

import io
import json
import os
import pty
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program


def workers(pid: int) -> list[int]:
    """The worker processes of a process of ours."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            found += [child] if b"homepress.workers.child" in command else []
    return found


@pytest.mark.slow
@pytest.mark.parametrize("daemon", [False, True])
def test_pictures_by_name_are_worked_on_side_by_side_at_normal_priority(
    program: Program, inbox: Path, tmp_path: Path, daemon: bool
) -> None:
    pictures = [write(tmp_path / f"{number}.jpg", jpeg(number, (2400, 1800))) for number in range(4)]
    if daemon:
        program.watch(inbox)
        program.start()
    command = program.command("compress", "--jobs", "2", *map(str, pictures))
    running = subprocess.Popen(command, env=program.environment, stdout=subprocess.PIPE)
    at_work = program.daemon.pid if daemon and program.daemon else running.pid
    seen = wait_for(lambda: len(found := workers(at_work)) == 2 and found, what="two workers")
    assert {os.sched_getscheduler(pid) for pid in seen} <= {os.SCHED_OTHER}
    assert running.communicate(timeout=120)[0].count(b".min.jpg") == 4
    assert running.returncode == 0


def piped(program: Program, source: bytes, *options: str) -> tuple[int, bytes, str]:
    """`compress -` with a picture as its input: exit code, output, messages."""
    command = program.command("compress", "-", *options)
    done = subprocess.run(command, env=program.environment, input=source, capture_output=True, timeout=120)
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.slow
def test_a_picture_goes_in_and_a_smaller_one_comes_out(program: Program) -> None:
    source = jpeg(1)
    code, result, messages = piped(program, source, "--max-edge", "300")
    assert code == 0
    assert max(Image.open(io.BytesIO(result)).size) == 300
    assert "standard input" in messages and messages.count("\n") == 1
    assert program.lines("history") == [], "there is no file that it could be about"


@pytest.mark.slow
def test_what_cannot_be_saved_comes_out_as_it_came(program: Program) -> None:
    _, result, _ = piped(program, jpeg(1))
    code, again, messages = piped(program, result)
    assert (code, again) == (0, result)
    assert "second lossy generation" in messages
    assert "written as it came" in messages


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "options", "why"),
    [
        (b"", (), "it is empty"),
        (b"no picture", ("--json",), "not an image"),
        (jpeg(1), ("--fit-under", "1 KB"), "cannot be made that small"),
        (jpeg(1), ("--preset", "emial"), "did you mean"),
        (jpeg(1), ("--in-place",), "stands alone"),
        (jpeg(1), ("other.jpg",), "stands alone"),
    ],
)
def test_nothing_comes_out_of_a_failure_and_its_exit_code_is_not_0(
    program: Program, source: bytes, options: tuple[str, ...], why: str
) -> None:
    code, result, messages = piped(program, source, *options)
    assert code in (1, 2)
    assert result == b""
    assert why in messages


@pytest.mark.slow
def test_messages_for_programs_go_to_standard_error_too(program: Program) -> None:
    code, result, messages = piped(program, jpeg(1), "--json")
    (outcome,) = map(json.loads, messages.splitlines())
    assert (code, outcome["path"], outcome["after_bytes"]) == (0, "-", len(result))
    code, result, messages = piped(program, jpeg(1), "--json", "--dry-run")
    assert (code, result, json.loads(messages)["outcome"]) == (0, b"", "compressed")


def test_a_picture_is_not_written_to_a_terminal(program: Program) -> None:
    terminal, other = pty.openpty()
    command = program.command("compress", "-")
    for source, target in ((subprocess.PIPE, other), (other, subprocess.PIPE)):
        done = subprocess.Popen(
            command, env=program.environment, stdin=source, stdout=target, stderr=subprocess.PIPE
        )
        messages = done.communicate(timeout=60)[1]
        assert done.returncode == 2
        assert b"is a terminal" in messages
    os.close(other)
    os.close(terminal)


@pytest.mark.slow
def test_a_result_is_known_when_it_comes_into_a_watched_folder(program: Program, inbox: Path) -> None:
    program.watch(inbox, quality="small")
    program.start()
    source = jpeg(1, (1600, 1200))
    _, result, _ = piped(program, source, "--quality", "safe")
    picture = write(inbox / "a.jpg", result)
    other = write(inbox / "b.jpg", source)
    size = other.stat().st_size
    wait_for(lambda: other.stat().st_size < size, what="the other picture's result")
    program.wait_idle()
    assert picture.read_bytes() == result
