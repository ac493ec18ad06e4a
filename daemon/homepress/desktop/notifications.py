"""Notifications: what is shown, and showing it over D-Bus (Desktop Notifications Specification 1.2)."""

import contextlib
import enum
import html
import queue
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from homepress.base.override import override
from homepress.desktop.dbus import Address, BusError, Connection, Signal
from homepress.desktop.launching import NAME, PROGRAM


class NoticeSlot(enum.Enum):
    """What a notice is about; a new one replaces the old one of the same slot."""

    PROBLEM = "problem"
    RESULT = "result"


@dataclass(frozen=True, slots=True)
class Button:
    """A label to press, and the value that is passed on then."""

    label: str
    value: object


@dataclass(frozen=True, slots=True)
class NoticeImage:
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

    slot: NoticeSlot
    title: str
    body: str = ""
    buttons: tuple[Button, ...] = ()
    clicked: object = None
    picture: NoticeImage | None = None


class Unshown(Exception):  # noqa: N818  a state of affairs, not a fault
    """The desktop cannot show notices; the text says why."""


class Notifier(Protocol):
    """Shows notices."""

    def show(self, notice: Notice) -> None:
        """Show a notice in the place of the last one of its slot.

        Raises:
            Unshown: nobody can show it.
        """


_NAME = "org.freedesktop.Notifications"
_SERVICE = Address(_NAME, "/org/freedesktop/Notifications", _NAME)
_CLICKED = "default"
_LOW, _NORMAL = 0, 1
_SERVERS_CHOICE = -1


class BusNotifier(Notifier):
    """Shows notices through whatever notification service the session has; `show` is for one thread."""

    def __init__(self, connection: Connection, pressed: Callable[[Any], None]) -> None:
        """`pressed` gets the value of a pressed button, in the thread that reads the bus."""
        self._connection = connection
        self._pressed = pressed
        self._ids: dict[NoticeSlot, int] = {}
        self._closed: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._values: dict[int, dict[str, object]] = {}
        self._listening = False

    @override
    def show(self, notice: Notice) -> None:
        try:
            self._listen()
            self._notify(notice)
        except BusError as error:
            raise Unshown(f"no notices on this desktop: {error}") from error

    def _listen(self) -> None:
        if not self._listening:
            self._connection.listen(_NAME, "ActionInvoked", self._invoked)
            self._connection.listen(_NAME, "NotificationClosed", self._gone)
            self._listening = True

    def _notify(self, notice: Notice) -> None:
        abilities = self._connection.call(_SERVICE, "GetCapabilities")[0]
        actions, values = _actions(notice) if "actions" in abilities else ([], {})
        # What a service makes bold or a link must not come out of a file's name.
        body = html.escape(notice.body, quote=False) if "body-markup" in abilities else notice.body
        self._forget_closed()
        before = self._ids.get(notice.slot, 0)
        content = (NAME, before, "", notice.title, body, actions, _hints(notice), _SERVERS_CHOICE)
        number = int(self._connection.call(_SERVICE, "Notify", "susssasa{sv}i", content)[0])
        self._values.pop(before, None)
        self._ids[notice.slot] = number
        self._values[number] = values

    def _invoked(self, signal: Signal) -> None:
        number, key = signal.body
        value = self._values.get(number, {}).pop(key, None)
        if value is not None:
            self._pressed(value)

    def _gone(self, signal: Signal) -> None:
        self._closed.put(signal.body[0])

    def _forget_closed(self) -> None:
        """Closed by the user or by time: the next one is a new notice; buttons in a history still work."""
        closed = set()
        with contextlib.suppress(queue.Empty):
            while True:
                closed.add(self._closed.get_nowait())
        self._ids = {slot: number for slot, number in self._ids.items() if number not in closed}


def _actions(notice: Notice) -> tuple[list[str], dict[str, object]]:
    """Keys and labels as they go over the bus, and what each key means."""
    keyed: dict[str, object] = {f"button-{at}": button.value for at, button in enumerate(notice.buttons)}
    labelled = [(f"button-{at}", button.label) for at, button in enumerate(notice.buttons)]
    if notice.clicked is not None:
        keyed[_CLICKED] = notice.clicked
        labelled.insert(0, (_CLICKED, "Open"))
    return [text for pair in labelled for text in pair], keyed


def _hints(notice: Notice) -> dict[str, tuple[str, Any]]:
    problem = notice.slot is NoticeSlot.PROBLEM
    hints: dict[str, tuple[str, Any]] = {
        "urgency": ("y", _NORMAL if problem else _LOW),
        "desktop-entry": ("s", PROGRAM),
    }
    if not problem:
        hints["transient"] = ("b", True)
    if notice.picture is not None:
        hints["image-data"] = ("(iiibiiay)", _image(notice.picture))
    return hints


def _image(picture: NoticeImage) -> tuple[int, int, int, bool, int, int, bytes]:
    return picture.size, picture.size, 4 * picture.size, True, 8, 4, picture.rgba
