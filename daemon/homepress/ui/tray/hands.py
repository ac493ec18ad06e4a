"""What a click has at hand to be carried out with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from homepress.control.client import connect
from homepress.control.service import Service, ServiceError
from homepress.desktop.notices import Notice
from homepress.desktop.opening import Opener


@dataclass(frozen=True, slots=True)
class Hands:
    """What actions are done with.

    Attributes:
        socket: where the daemon listens.
        settings_file: the user's settings.
        report: where the page that takes the place of a window is written.
        opener: opens folders and files.
        tell: shows a notice; does nothing where there are none.
        set_autostart: makes the program start at login, or not; raises `OSError`.
        nudge: has everything looked at again.
        end: ends the tray.
        token: what lets a window come to the front.
    """

    socket: Path
    settings_file: Path
    report: Path
    opener: Opener
    tell: Callable[[Notice], None]
    set_autostart: Callable[[bool], None]
    nudge: Callable[[], None]
    end: Callable[[], None]
    token: Callable[[], str] = lambda: ""


def reach_daemon(hands: Hands) -> Service:
    """The daemon. Raises `ServiceError` when none runs."""
    if (client := connect(hands.socket)) is None:
        hands.nudge()
        raise ServiceError("Homepress is not running in the background; start it from the menu.", 3)
    return client
