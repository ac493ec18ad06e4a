"""The Windows side, as far as it can be tried elsewhere: its files, its names, and the proof of the key."""

import importlib
import multiprocessing.connection  # before anything pretends to be Windows
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from homepress.control.transport import ChannelError, ChannelTimeoutError
from support import wait_for


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import a module as it is on Windows, beside the one that others have."""
    package, _, last = name.rpartition(".")
    loaded = sys.modules.pop(name, None)
    monkeypatch.setattr(sys, "platform", "win32")
    try:
        return importlib.import_module(name)
    finally:
        monkeypatch.undo()
        del sys.modules[name]
        if loaded is not None:
            sys.modules[name] = loaded
            setattr(sys.modules[package], last, loaded)


def channels(windows: ModuleType, server_key: bytes, client_key: bytes) -> tuple[Any, Any]:
    one, other = multiprocessing.Pipe()
    return windows._PipeChannel(one, server_key, unproven=True), windows._PipeChannel(other, client_key)


def test_both_sides_prove_that_they_know_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = load("homepress.control.transport.windows", monkeypatch)
    server, client = channels(windows, b"k" * 32, b"k" * 32)
    received: list[bytes] = []
    thread = threading.Thread(target=lambda: received.append(server.receive()))
    thread.start()
    client.prove(first=False)
    client.send(b"hello")
    thread.join(60)
    assert received == [b"hello"]
    with pytest.raises(ChannelTimeoutError):
        server.receive(0.01)
    with pytest.raises(ValueError, match="longer than"):
        client.send(bytes((1 << 20) + 1))
    client.close()
    with pytest.raises(ChannelError):
        server.receive()


def test_who_speaks_first_has_the_key_proved_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tray and window say who they are before they are asked."""
    windows = load("homepress.control.transport.windows", monkeypatch)
    server, client = channels(windows, b"k" * 32, b"k" * 32)
    thread = threading.Thread(target=lambda: server.send(b"here I am"))
    thread.start()
    client.prove(first=False)
    assert client.receive(60) == b"here I am"
    thread.join(60)


def test_a_stranger_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = load("homepress.control.transport.windows", monkeypatch)
    one, other = multiprocessing.Pipe()
    server = windows._PipeChannel(one, b"k" * 32, unproven=True)
    refused: list[ChannelError] = []

    def speak() -> None:
        try:
            server.send(b"here I am")
        except ChannelError as error:
            refused.append(error)

    thread = threading.Thread(target=speak)
    thread.start()
    challenge = other.recv_bytes()
    other.send_bytes(b"no answer to a challenge")
    thread.join(60)
    assert refused and b"here I am" not in challenge


def test_whoever_does_not_know_the_key_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = load("homepress.control.transport.windows", monkeypatch)
    server, client = channels(windows, b"k" * 32, b"x" * 32)
    faults: list[BaseException] = []

    def serve() -> None:
        try:
            server.receive()
        except ChannelError as error:
            faults.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    with pytest.raises(ChannelError):
        client.prove(first=False)
    thread.join(60)
    assert len(faults) == 1


def test_a_client_that_never_answers_the_challenge_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = load("homepress.control.transport.windows", monkeypatch)
    monkeypatch.setattr(windows, "_PROOF_SECONDS", 0.05)
    one, other = multiprocessing.Pipe()
    server = windows._PipeChannel(one, b"k" * 32, unproven=True)
    with pytest.raises(ChannelTimeoutError):
        server.receive()
    other.close()


def test_a_pipe_is_closed_once_and_not_while_a_thread_waits_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed by another one, its number would be that of something else, and be closed again."""
    windows = load("homepress.control.transport.windows", monkeypatch)
    taken_back = threading.Event()
    seen: list[str] = []

    class Pipe:
        """One that nobody writes to, whose waiting read can be taken back."""

        def poll(self, _: float | None) -> bool:
            assert taken_back.wait(60)
            seen.append("waited")
            return True

        def close(self) -> None:
            seen.append("closed")

    monkeypatch.setattr(windows, "_take_back", lambda _: taken_back.set())
    channel = windows._PipeChannel(Pipe(), b"k" * 32)
    refused: list[ChannelError] = []

    def use() -> None:
        try:
            channel.receive()
        except ChannelError as error:
            refused.append(error)
        channel.close()
        channel.close()

    thread = threading.Thread(target=use)
    thread.start()
    wait_for(lambda: not channel._using.acquire(blocking=False) or channel._using.release(), what="its use")
    channel.interrupt()
    thread.join(60)
    assert refused and seen == ["waited", "closed"]
    with pytest.raises(ChannelError):
        channel.receive()


def test_the_pipe_is_named_after_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = load("homepress.control.transport.windows", monkeypatch)
    one, other = windows.pipe_name(Path("/a/control.sock")), windows.pipe_name(Path("/b/control.sock"))
    assert one.startswith("\\\\.\\pipe\\homepress-")
    assert len(one) < 256
    assert one != other
    assert one == windows.pipe_name(Path("/a/control.sock"))
