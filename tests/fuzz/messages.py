"""What is fuzzed beside pictures: what other processes send, and the texts and notes read from disk."""

import atexit
import contextlib
import io
import logging
import os
import shutil
import socket
import struct
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from homepress.compress import Recipe
from homepress.compress.metadata import Malformed
from homepress.control import wire
from homepress.control.server import Server
from homepress.control.wire import METHODS, About
from homepress.settings.check import SettingsError
from homepress.settings.edit import join, split
from homepress.settings.load import parse
from homepress.settings.toml import key_lines, statements
from homepress.store.model import JobPlan, decode, encode, encode_sidecar
from homepress.workers.protocol import (
    MOST_ENTRIES,
    MOST_LETTERS,
    READY,
    RESPONSE,
    BadFrame,
    Response,
    harmless,
    read_frame,
)
from homepress.workers.validation import (
    validated_comparison,
    validated_location,
    validated_preview,
    validated_result,
)

_MOST_PIXELS = 1 << 20


def worker_frames(data: bytes) -> None:
    """What a worker says in its life: a greeting, then answers to any question, until one makes no sense.

    What is believed has short plain texts and short lists only.
    """
    stream = io.BytesIO(data)
    try:
        hello, _ = read_frame(stream, READY, 0)  # type: ignore[arg-type]  # it only reads
        _assert_plain(harmless(hello))
        while stream.tell() < len(data):
            answer, body = read_frame(stream, RESPONSE, len(data))  # type: ignore[arg-type]
            _assert_plain(harmless(answer))
            for understand in _QUESTIONS:
                _try(understand, harmless(answer), body)
    except (BadFrame, EOFError) as error:
        raise Malformed(str(error)) from error


_QUESTIONS: tuple[Callable[[Response, bytes], object], ...] = (
    lambda answer, body: validated_result(answer, body, bytes(5_000), Recipe()),
    lambda answer, body: validated_preview(answer, body, _MOST_PIXELS),
    lambda answer, _: validated_location(answer),
    lambda answer, _: validated_comparison(answer),
)


def _try(understand: Callable[[Response, bytes], object], answer: Response, body: bytes) -> None:
    with contextlib.suppress(BadFrame):  # an answer to another question
        understand(answer, body)


def _assert_plain(message: msgspec.Struct) -> None:
    waiting: list[Any] = [msgspec.to_builtins(message)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            assert value.isprintable()
            assert len(value) <= MOST_LETTERS
        elif isinstance(value, list | dict):
            assert len(value) <= MOST_ENTRIES
            waiting += value.values() if isinstance(value, dict) else value


class _Heard(logging.Handler):
    """Keeps what the socket's threads note as an error of ours."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class _AnyService:
    """Takes every call, and gives nothing."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *_: iter(()) if METHODS[name].streams else None


@cache
def _server() -> tuple[str, _Heard]:
    """A server of the control socket in this process, and what it notes."""
    folder = Path(tempfile.mkdtemp(prefix="homepress-fuzz-socket-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    heard = _Heard()
    log = logging.getLogger("homepress.control.server")
    log.addHandler(heard)
    log.propagate = False
    server = Server(folder / "control", _AnyService())  # type: ignore[arg-type]  # any method answers
    server.bind()
    server.start()
    return str(folder / "control"), heard


_LENGTH = struct.Struct("!I")


def control_socket(data: bytes) -> None:
    """A client of the control socket sends anything and hangs up: answered in order, never with a fault."""
    address, heard = _server()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(address)
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it hung up on us, which is its right
        said = _until_it_hangs_up(client)
    assert not heard.records, heard.records
    answers = list(_frames(said))
    for answer in answers:
        found = wire.decode(answer, wire.Welcome | wire.Answer | About)
        assert not (isinstance(found, wire.Failure) and "Internal error" in found.text), found
    if not any(b'"answer":"result"' in answer or b'"answer":"done"' in answer for answer in answers):
        raise Malformed("nothing was asked that could be answered")


def _until_it_hangs_up(client: socket.socket) -> bytes:
    client.settimeout(60)
    parts = []
    try:
        while part := client.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def _frames(said: bytes) -> Iterator[bytes]:
    at = 0
    while at + _LENGTH.size <= len(said):
        (length,) = _LENGTH.unpack_from(said, at)
        yield said[at + _LENGTH.size : at + _LENGTH.size + length]
        at += _LENGTH.size + length


def service_answer(data: bytes) -> None:
    """What tray, window and command line read from a daemon that an attacker has taken over."""
    try:
        answer = wire.decode(data, wire.Answer)
    except wire.BadMessageError as error:
        raise Malformed(str(error)) from error
    value = getattr(answer, "value", None)
    for method in METHODS.values():
        with contextlib.suppress(wire.BadMessageError):
            wire.convert(value, method.answer)


_FILE = Path("/nowhere/settings.toml")


def settings(data: bytes) -> None:
    """The settings file: refused with a line and a reason, or read; and cut into parts that join again."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(str(error)) from error
    assert "".join(statement.text for statement in statements(text)) == text
    try:
        parse(text, _FILE)
    except SettingsError as error:
        raise Malformed(str(error)) from error
    key_lines(text)
    if "\r" not in text:
        assert join(split(text)) == text + ("\n" if text and not text.endswith("\n") else "")


def sidecar(data: bytes) -> None:
    """The note beside an original: refused, or a plan whose name lies in its folder and that reads back."""
    try:
        plan = decode(data)
    except ValueError as error:
        raise Malformed(str(error)) from error
    _assert_sound(plan)
    assert decode(encode(plan)) == plan
    assert decode(encode_sidecar(plan)) == plan


def _assert_sound(plan: JobPlan) -> None:
    assert os.path.basename(plan.stored_name) == plan.stored_name
    assert not plan.stored_name.startswith(".")
    str(plan).encode()  # as messages have it
    assert plan.folder
    datetime.fromtimestamp(plan.time, UTC)
    for number in (plan.source_size, plan.result_size, plan.entry):
        struct.pack("q", number)  # as the ledger has it


TARGETS: dict[str, Callable[[bytes], None]] = {
    "worker-frames": worker_frames,
    "socket": control_socket,
    "service-answer": service_answer,
    "settings": settings,
    "sidecar": sidecar,
}
