"""Windows and macOS: pystray does it all. Thin on purpose; the systems themselves were not at hand."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

from homepress.desktop.identity import NAME as PROGRAM_NAME
from homepress.desktop.notices import Notice, Notifier, Unshown
from homepress.desktop.opening import Opener, system_opener
from homepress.desktop.power import Tell, Woke, power_watch
from homepress.ui.tray.faces import Face, Panel, rgba
from homepress.ui.tray.menu import Known, menu, tooltip
from homepress.ui.tray.showing import NAME, OnMain, Shown, directly, face_of
from homepress.ui.tray.stage import login
from homepress.ui.tray.stage.interface import Do, MakeIcon
from homepress.ui.tray.toolkit import as_pystray

_SIZE = 64
"""Pixels of an edge: large enough for a display with small pixels."""


class PystrayStage:
    """See `Stage`."""

    lacking = ""
    panel = Panel.LIGHT

    def __init__(self, on_main: OnMain = directly) -> None:
        self._on_main = on_main
        self._icon: Any = None

    @property
    def opener(self) -> Opener:
        """See `Stage`."""
        return system_opener()

    def notifier(self, pressed: Callable[[Any], None]) -> Notifier:
        """Notices of pystray have no buttons; what they would do is also in the menu."""
        return _IconNotifier(lambda: self._icon, self._on_main)

    def icons(self) -> Iterator[MakeIcon]:
        """The one that pystray has for this system."""
        yield self._make

    def _make(self, known: Known, do: Do) -> Shown:
        kind = importlib.import_module("pystray").Icon
        self._icon = kind(
            NAME, picture(face_of(known, self.panel)), tooltip(known), as_pystray(menu(known), do)
        )
        return Shown(self._icon, picture, do, self._on_main)

    def starts_at_login(self) -> bool | None:
        """See `Stage`."""
        return login.starts()

    def set_autostart(self, on: bool) -> None:
        """See `Stage`."""
        login.set_start(on)

    def on_changed(self, look: Callable[[], None]) -> None:
        """Nothing tells us here; a daemon that was started is found within a minute."""

    def on_end(self, end: Callable[[], None]) -> None:
        """These systems end the agent themselves when the session ends."""

    def watch_power(self, tell: Tell, woke: Woke) -> None:
        """See `Stage`."""
        power_watch().start(tell, woke)

    def wake_other(self) -> None:
        """Nothing carries such a message here."""


class _IconNotifier:
    def __init__(self, icon: Callable[[], Any], on_main: OnMain) -> None:
        self._icon = icon
        self._on_main = on_main

    def show(self, notice: Notice) -> None:
        """See `Notifier`."""
        icon = self._icon()
        if icon is None:
            raise Unshown("the icon is not there yet")
        # Always with a title: without one pystray fails on macOS.
        self._on_main(
            lambda: icon.notify(notice.body or notice.title, notice.title if notice.body else PROGRAM_NAME)
        )


def picture(face: Face) -> Any:
    """A face as pystray takes it."""
    from PIL import Image

    return Image.frombytes("RGBA", (_SIZE, _SIZE), rgba(face, _SIZE))
