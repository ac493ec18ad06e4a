"""Helper programs under the lock, with the programs that every system has in the part of gifsicle."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from homepress.workers import DeathKind, Limits, WorkerDied
from homepress.workers.tool import Tool, ToolResult
from support import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the locks of Linux")

OLD_KERNEL = Path(__file__).parent.parent / "privacy" / "oldkernel.py"


def run(*command: str, source: bytes = b"", within: float = 60.0, most: int = 1 << 20) -> ToolResult:
    return Tool(command, Limits(), background=False).run(source, within, most)


def test_bytes_go_in_and_come_out() -> None:
    picture = bytes(range(256)) * 20_000
    assert run("/bin/cat", source=picture, most=10 << 20) == ToolResult(picture, 0, "")


def test_a_tool_reads_no_file() -> None:
    result = run("/bin/cat", "/etc/passwd")
    assert result.exit_code == 1
    assert "Permission denied" in result.errors


@pytest.mark.slow
def test_a_tool_uses_names_until_it_reads_its_input() -> None:
    library = "/usr/lib/os-release"
    before = run("/usr/bin/head", "-qc", "4", library, "-", source=b"input")
    assert (before.exit_code, len(before.output)) == (0, 8), before.errors
    after = run("/usr/bin/head", "-qc", "4", "-", library, source=b"input")
    assert (after.exit_code, after.output) == (1, b"inpu")
    assert "Permission denied" in after.errors


@pytest.mark.slow
def test_a_tool_works_where_another_watches_already() -> None:
    """The kernel takes one watcher, such as a container's manager; Landlock still keeps files closed."""
    program = (
        "import sys; from homepress.workers import Limits; from homepress.workers.tool import Tool;"
        "print(Tool(('/bin/cat', '-', '/etc/passwd'), Limits()).run(b'input', 60.0, 100))"
    )
    watched = [sys.executable, str(OLD_KERNEL), "6", sys.executable, "-c", program]
    told = subprocess.run(watched, capture_output=True, text=True, timeout=120, check=False).stdout
    assert "output=b'input', exit_code=1" in told
    assert "Permission denied" in told


def test_nothing_of_a_tool_stays_behind() -> None:
    run("/bin/cat", source=b"input")
    mine = f'"parent":{os.getpid()},'.encode()
    wait_for(lambda: not any(mine in line for line in command_lines()))


def command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes()
            if b"tool_child" in line:
                yield line


def test_a_tool_starts_no_process() -> None:
    result = run("/bin/sh", "-c", "/bin/true; echo done")
    assert result.output == b""
    assert "fork" in result.errors


def test_a_tool_becomes_no_other_program() -> None:
    result = run("/bin/sh", "-c", "exec /bin/cat")
    assert result.exit_code == 126
    assert "Permission denied" in result.errors


def test_a_tool_writes_nothing() -> None:
    result = run("/bin/sh", "-c", "echo x > /dev/shm/homepress-tool")
    assert result.exit_code == 2
    assert "cannot create" in result.errors


def test_a_tool_that_says_no_is_heard() -> None:
    assert run("/bin/false").exit_code == 1


def test_a_tool_need_not_read_all() -> None:
    assert run("/bin/true", source=bytes(4 << 20)).exit_code == 0


@pytest.mark.slow
def test_a_tool_that_closes_its_output_and_stands_still_is_ended() -> None:
    with pytest.raises(WorkerDied) as death:
        run("/bin/sh", "-c", "exec >&-; kill -STOP $$", source=bytes(4 << 20), within=1.0)
    assert death.value.kind is DeathKind.TIMED_OUT


@pytest.mark.slow
def test_a_tool_that_hangs_is_ended() -> None:
    with pytest.raises(WorkerDied) as caught:
        run("/bin/sleep", "600", within=0.5)
    assert caught.value.kind is DeathKind.TIMED_OUT


def test_a_tool_that_floods_is_ended() -> None:
    with pytest.raises(WorkerDied, match="more than 1000000 bytes"):
        run("/usr/bin/yes", most=1_000_000)


def test_a_tool_that_crashes_is_told() -> None:
    with pytest.raises(WorkerDied, match="SIGSEGV"):
        run("/bin/sh", "-c", "kill -SEGV $$")


def test_a_tool_that_is_not_there_does_not_start() -> None:
    with pytest.raises(WorkerDied) as caught:
        run("/nonexistent/gifsicle")
    assert caught.value.kind is DeathKind.REFUSED_TO_START
    assert "/nonexistent/gifsicle" in str(caught.value)
