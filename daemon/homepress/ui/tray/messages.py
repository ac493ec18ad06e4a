"""A notice from a program that shows one and ends; it has no buttons, since nobody would hear them."""

import sys

from homepress.desktop.notices import BusNotifier, Notice, Picture, Slot, Unshown
from homepress.ui.tray.faces import Face, State, rgba

_SIZE = 48


class Messenger:
    """Tells people things through the desktop where it can, else on standard error."""

    def tell(self, title: str, body: str = "") -> None:
        """Show a notice."""
        notice = Notice(Slot.RESULT, title, body, picture=Picture(_SIZE, rgba(Face(State.IDLE), _SIZE)))
        try:
            _show(notice)
        except Unshown:
            print(title, body, file=sys.stderr)  # noqa: T201  there is nowhere else to say it


def _show(notice: Notice) -> None:
    from homepress.desktop.dbus import BusError, Connection, session_address

    address = session_address()
    if address is None:
        raise Unshown("no session bus")
    try:
        connection = Connection(address)
    except BusError as error:
        raise Unshown(str(error)) from error
    try:
        BusNotifier(connection, lambda _: None).show(notice)
    finally:
        connection.close()
