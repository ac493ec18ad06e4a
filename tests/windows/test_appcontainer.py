"""Processes started as in an AppContainer, but in none, which Wine does not have."""

import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from homepress.privacy import Limits
from homepress.workers import appcontainer, windows
from homepress.workers.appcontainer import Container
from homepress.workers.process import Worker, environment, module_command
from homepress.workers.protocol import WorkerConfig


def started(*script: str) -> appcontainer.ContainedProcess:
    return appcontainer.start((sys.executable, "-c", *script), environment(), 0, None)


def test_a_process_has_its_three_pipes_and_its_exit_code() -> None:
    process = started("import sys; print(input()[::-1]); print('oh', file=sys.stderr); sys.exit(7)")
    assert process.poll() is None
    process.stdin.write(b"abc\n")
    assert process.stdout.readall().split() == [b"cba"]
    assert process.stderr.readall().split() == [b"oh"]
    assert process.wait() == 7 and process.poll() == 7
    process.kill()  # silent


def test_a_process_is_killed() -> None:
    process = started("input()")
    process.kill()
    assert process.wait() == 15


def test_a_process_inherits_nothing_else(tmp_path: Path) -> None:
    with (tmp_path / "open").open("wb") as stream:
        handle = __import__("msvcrt").get_osfhandle(stream.fileno())
        vars(os)["set_handle_inheritable"](handle, True)
        process = started(f"import msvcrt, os; os.fstat(msvcrt.open_osfhandle({handle}, 0))")
        assert process.wait() == 1


def test_what_is_no_program_is_an_error() -> None:
    with pytest.raises(OSError, match=r"no-such\.exe"):
        appcontainer.start(("no-such.exe",), environment(), 0, None)


def test_a_worker_so_started_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    class Outside(Container):
        def __init__(self) -> None:
            self._sid = None  # type: ignore[assignment]

        def start(self, *asked: Any) -> appcontainer.ContainedProcess:
            process = super().start(*asked)
            made.append(process.pid)
            return process

    monkeypatch.setattr(windows, "_container", [Outside()])
    config = WorkerConfig(parent=os.getpid(), limits=Limits())
    command = (*module_command("homepress.workers.child"), msgspec.json.encode(config).decode())
    worker = Worker(command, Limits(), background=True)
    try:
        assert made == [worker.pid]
        assert worker.hello.codecs
    finally:
        assert worker.end() == 0
