"""Tray and window tell what they tried; a silent one is noticed too."""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from homepress.base.results import ProbeAttempt, ProbedProcess
from homepress.control.instance import InstanceLock, LockHeldError
from homepress.control.probe_server import PROBED, ProbeServer, ask_probe_server, probe_files
from homepress.control.transport import listen

TRIED = [ProbeAttempt(name="TCP", allowed=False, answer="EACCES")]


@pytest.fixture(params=["control.sock", "0123456789abcdef.sock"])
def socket(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    return folder / request.param


@pytest.fixture
def tray(socket: Path) -> Iterator[ProbeServer]:
    made = ProbeServer(socket, "tray", lambda _: [ProbedProcess(name="somebody", pid=7, tried=TRIED)])
    yield made
    made.close()


def test_whoever_is_asked_tells_under_its_own_name(tray: ProbeServer, socket: Path) -> None:
    assert ask_probe_server(socket, "tray") == [ProbedProcess(name="tray", pid=7, tried=TRIED)]
    assert ask_probe_server(socket, "tray"), "again"


def test_a_worker_is_told_of_after_its_master(socket: Path) -> None:
    processes = [ProbedProcess(name=name, pid=pid, tried=TRIED) for name, pid in (("a", 7), ("b", 8))]
    made = ProbeServer(socket, "window", lambda _: processes)
    try:
        assert [(told.name, told.pid) for told in ask_probe_server(socket, "window")] == [
            ("window", 7),
            ("window's worker", 8),
        ]
    finally:
        made.close()


@pytest.mark.skipif(sys.platform != "linux", reason="peers are named on Linux")
def test_who_is_asked_knows_who_asks(socket: Path) -> None:
    """That is the process whose memory it tries."""
    asked_by: list[int] = []
    made = ProbeServer(socket, "window", lambda other: asked_by.append(other) or [])
    try:
        ask_probe_server(socket, "window")
    finally:
        made.close()
    assert asked_by == [os.getpid()]


def test_nobody_there(tray: ProbeServer, socket: Path) -> None:
    assert ask_probe_server(socket, "window") == []


def test_after_the_end_nobody_is_there(socket: Path) -> None:
    ProbeServer(socket, "window", lambda _: []).close()
    assert ask_probe_server(socket, "window") == []


def test_one_that_cannot_tell_has_tried_nothing(socket: Path) -> None:
    silent = ProbeServer(socket, "window", lambda _: [])
    try:
        (told,) = ask_probe_server(socket, "window")
    finally:
        silent.close()
    assert told.tried == []


def test_one_that_does_not_listen_has_tried_nothing(socket: Path) -> None:
    with InstanceLock(next(file for file in probe_files(socket) if file.suffix == ".lock")):
        (told,) = ask_probe_server(socket, "tray")
    assert told.tried == []


def test_nonsense_counts_as_silence(socket: Path) -> None:
    address, lock = probe_files(socket)[:2]
    acceptor = listen(address)
    with InstanceLock(lock):
        answering = threading.Thread(target=lambda: _say(acceptor.accept(), b"nonsense"))
        answering.start()
        (told,) = ask_probe_server(socket, "tray")
        answering.join()
    acceptor.close()
    assert told.tried == []


def _say(channel: object, frame: bytes) -> None:
    channel.send(frame)  # type: ignore[attr-defined]  # a Channel
    channel.close()  # type: ignore[attr-defined]


def test_there_is_one_of_each_name(tray: ProbeServer, socket: Path) -> None:
    with pytest.raises(LockHeldError):
        ProbeServer(socket, "tray", lambda _: [])
    ProbeServer(socket, "window", lambda _: []).close()


def test_names_are_as_short_as_the_sockets_own(socket: Path) -> None:
    assert all(len(str(file)) <= len(str(socket)) for file in probe_files(socket))
    assert len(set(probe_files(socket))) == 2 * len(PROBED)
    assert socket not in probe_files(socket)
