"""What the doctor says about one thing."""

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How things stand."""

    GOOD = "good"
    WORTH_KNOWING = "worth knowing"
    """Homepress works, but not in the usual way, or not with all that it offers."""
    BROKEN = "broken"
    """Something that was asked for does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's.

    Attributes:
        topic: what was looked at, in a word or two.
        level: how it stands.
        text: what was found, for a person.
        fix: the exact command that mends it, or what to do where no command does; empty when all is well.
    """

    topic: str
    level: Level
    text: str
    fix: str = ""


def good(topic: str, text: str) -> Finding:
    """All is well."""
    return Finding(topic, Level.GOOD, text)


def worth_knowing(topic: str, text: str, fix: str = "") -> Finding:
    """Something is not as usual."""
    return Finding(topic, Level.WORTH_KNOWING, text, fix)


def broken(topic: str, text: str, fix: str) -> Finding:
    """Something does not work."""
    return Finding(topic, Level.BROKEN, text, fix)
