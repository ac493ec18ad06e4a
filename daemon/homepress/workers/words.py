"""A worker's words, made harmless before they reach a person, a log or a file.

An attacker who has taken a worker over chooses them: they must not move a terminal's cursor, turn the
direction of writing, begin a line of their own in a log, or fill a disk.
"""

import dataclasses
import enum
from itertools import islice
from typing import Any, TypeVar

import msgspec

MOST_LETTERS = 300
MOST_ENTRIES = 100
"""Of a list or a table in a message; more than any that is honest has."""

T = TypeVar("T")


def plain(text: str) -> str:
    """Any text as one short line of printable letters: no controls, escapes or marks of direction."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: 2 * MOST_LETTERS])
    return " ".join(shown.split())[:MOST_LETTERS].rstrip()


def harmless(message: T) -> T:
    """A decoded message with every text in it made plain, and every list and table cut.

    Args:
        message: of messages' own types, which bound what may be in it; or any part of one.
    """
    made: Any = message
    if isinstance(message, enum.Enum):
        return message
    if isinstance(message, str):
        made = plain(message)
    elif isinstance(message, list | tuple):
        made = type(message)(map(harmless, islice(message, MOST_ENTRIES)))
    elif isinstance(message, dict):
        made = {harmless(key): harmless(value) for key, value in islice(message.items(), MOST_ENTRIES)}
    elif isinstance(message, msgspec.Struct):
        made = msgspec.structs.replace(
            message, **{name: harmless(getattr(message, name)) for name in message.__struct_fields__}
        )
    elif dataclasses.is_dataclass(message) and not isinstance(message, type):
        fields = {field.name: harmless(getattr(message, field.name)) for field in dataclasses.fields(message)}
        made = dataclasses.replace(message, **fields)
    return made  # type: ignore[no-any-return]  # the same type as it came
