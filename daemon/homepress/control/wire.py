"""Messages as bytes: JSON in ASCII, so that paths which are not UTF-8 pass as lone surrogate escapes.

msgspec's own JSON coder refuses lone surrogates; the standard library's carries them both ways. msgspec gives
the types: what it does not accept never reaches the service.
"""

import json
import math
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")


class BadMessageError(Exception):
    """Bytes that are no message, or none of the expected kind; the text says why."""


def encode(message: msgspec.Struct) -> bytes:
    """A message as bytes.

    Raises:
        ValueError: a number in it is infinite or not a number.
    """
    plain = msgspec.to_builtins(message)
    return json.dumps(plain, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def decode(frame: bytes, kind: Any) -> Any:
    """The message in `frame`, checked to be a `kind` (a struct or a union of tagged ones).

    Raises:
        BadMessageError: it is something else.
    """
    try:
        plain = json.loads(frame.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
        return msgspec.convert(plain, kind)
    except (ValueError, RecursionError) as error:  # msgspec's and json's errors are ValueErrors
        raise BadMessageError(str(error) or type(error).__name__) from error


def convert(plain: object, kind: type[_T]) -> _T:
    """A value out of a message, checked to be a `kind`.

    Raises:
        BadMessageError: it is something else.
    """
    try:
        return msgspec.convert(plain, kind)
    except ValueError as error:
        raise BadMessageError(str(error)) from error


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not a number that may be sent")


def _finite(text: str) -> float:
    if math.isfinite(number := float(text)):
        return number
    raise ValueError(f"{text} is too large a number")
