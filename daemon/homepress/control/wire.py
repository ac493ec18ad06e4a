"""The frame of every conversation on the control socket, and messages as bytes.

The client sends `Hello`, the daemon answers `Welcome`; then the client sends a call (see `calls`), the daemon
answers with one `Result`, or with any number of `Item` and one `Done`; or with a `Failure` at any point.
Several calls may follow each other on one connection.

Messages are JSON in ASCII, so that paths which are not UTF-8 pass as lone surrogate escapes: msgspec's own
JSON coder refuses those, the standard library's carries them both ways. msgspec gives the types: what it does
not accept never reaches the service.
"""

import json
import math
from typing import Any, TypeVar

import msgspec

VERSION = 1
"""Of the conversation. It grows when an older program could misunderstand; new calls and fields are safe."""

_T = TypeVar("_T")


class Hello(msgspec.Struct, frozen=True):
    """The first thing a client says: the version of the conversation it speaks."""

    v: int


class Welcome(msgspec.Struct, frozen=True, tag="welcome", tag_field="answer"):
    """The daemon speaks that version too; `program` is the version of Homepress it runs."""

    v: int
    program: str


class Result(msgspec.Struct, frozen=True, tag="result", tag_field="answer"):
    """The one answer to a call."""

    value: Any = None


class Item(msgspec.Struct, frozen=True, tag="item", tag_field="answer"):
    """One of the answers to a call that is answered by a stream."""

    value: Any


class Done(msgspec.Struct, frozen=True, tag="done", tag_field="answer"):
    """No more items."""


class Failure(msgspec.Struct, frozen=True, tag="failure", tag_field="answer"):
    """It could not be done: a `ServiceError`, or a message that was not understood."""

    text: str
    exit_code: int = 1


Answer = Result | Item | Done | Failure
Greeting = Welcome | Failure


class BadMessageError(Exception):
    """Bytes that are no message, or none of the expected kind; the text says why."""


def encode(message: msgspec.Struct) -> bytes:
    """A message as bytes.

    Raises:
        ValueError: a number in it is infinite or not a number.
    """
    plain = msgspec.to_builtins(message)
    return json.dumps(plain, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def parse(frame: bytes) -> Any:
    """The plain value in `frame`.

    Raises:
        BadMessageError: it is no JSON, or holds a number that is infinite or none.
    """
    try:
        return json.loads(frame.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise BadMessageError(str(error) or type(error).__name__) from error


def decode(frame: bytes, kind: Any) -> Any:
    """The message in `frame`, checked to be a `kind` (a struct or a union of tagged ones).

    Raises:
        BadMessageError: it is something else.
    """
    return convert(parse(frame), kind)


def convert(plain: object, kind: type[_T]) -> _T:
    """A value out of a message, checked to be a `kind`.

    Raises:
        BadMessageError: it is something else.
    """
    try:
        return msgspec.convert(plain, kind)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise BadMessageError(str(error) or type(error).__name__) from error


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not a number that may be sent")


def _finite(text: str) -> float:
    if math.isfinite(number := float(text)):
        return number
    raise ValueError(f"{text} is too large a number")
