"""What a notice is, and who shows it."""

import enum
from dataclasses import dataclass
from typing import Protocol


class Slot(enum.Enum):
    """What a notice is about; a new one replaces the old one of the same slot."""

    PROBLEM = "problem"
    RESULT = "result"


@dataclass(frozen=True, slots=True)
class Button:
    """Words to press, and what is told then."""

    label: str
    value: object


@dataclass(frozen=True, slots=True)
class Picture:
    """A square image of `size` rows, RGBA, not premultiplied."""

    size: int
    rgba: bytes


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice, in plain text.

    Attributes:
        slot: what it is about.
        title: the line that is read first.
        body: what else there is to say.
        buttons: shown where the system has buttons.
        clicked: told when the notice itself is clicked, where the system says so.
        picture: shown beside the text.
    """

    slot: Slot
    title: str
    body: str = ""
    buttons: tuple[Button, ...] = ()
    clicked: object = None
    picture: Picture | None = None


class Unshown(Exception):  # noqa: N818  a state of affairs, not a fault
    """The desktop cannot show notices; the text says why."""


class Notifier(Protocol):
    """Shows notices."""

    def show(self, notice: Notice) -> None:
        """Show a notice in the place of the last one of its slot.

        Raises:
            Unshown: nobody can show it.
        """
