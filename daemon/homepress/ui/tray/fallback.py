"""pystray's own icons on Linux, for desktops whose tray is of the old kind (XEmbed).

First the one of GTK and AppIndicator, which has a menu but needs the system's Python bindings; then plain X,
which has no menu: a click does what the menu's default entry does.
"""

import importlib
import logging
import os
from collections.abc import Iterator
from typing import Any

from homepress.ui.tray.faces import Face, Panel, rgba
from homepress.ui.tray.menu import Known, menu, tooltip
from homepress.ui.tray.showing import NAME, Shown, directly, face_of
from homepress.ui.tray.stage.interface import Do, MakeIcon
from homepress.ui.tray.toolkit import as_pystray

_log = logging.getLogger(__name__)

_SIZE = 64
_GROUND = (45, 45, 50)
"""An old tray drops transparency, and shows black."""


def has_tray() -> bool:
    """Whether there is an X display on which some program is the tray."""
    if not os.environ.get("DISPLAY"):
        return False
    try:
        from Xlib.display import Display
        from Xlib.error import DisplayError

        try:
            display = Display()
        except (DisplayError, OSError):
            return False
        try:
            atom = display.intern_atom(f"_NET_SYSTEM_TRAY_S{display.get_default_screen()}")
            return bool(display.get_selection_owner(atom))
        finally:
            display.close()
    except ImportError:
        return False


def icons() -> Iterator[MakeIcon]:
    """The kinds of icon that can be made here, best first."""
    if not has_tray():
        return
    if (appindicator := _backend("_appindicator")) is not None:
        yield lambda known, do: _shown(appindicator.Icon, known, do)
    if (xorg := _backend("_xorg")) is not None:
        yield lambda known, do: _shown(_clickable(xorg), known, do)


def _backend(name: str) -> Any:
    try:
        return importlib.import_module(f"pystray.{name}")
    except Exception as error:  # noqa: BLE001  a boundary: backends fail with whatever their toolkit raises
        _log.info("pystray's %s cannot be used here: %s", name, error)
        return None


def _shown(kind: Any, known: Known, do: Do) -> Shown:
    icon = kind(NAME, picture(face_of(known, Panel.DARK)), tooltip(known), as_pystray(menu(known), do))
    return Shown(icon, picture, do, directly)


def picture(face: Face) -> Any:
    """A face as pystray takes it, on a ground of its own."""
    from PIL import Image

    drawn = Image.frombytes("RGBA", (_SIZE, _SIZE), rgba(face, _SIZE))
    ground = Image.new("RGBA", drawn.size, (*_GROUND, 255))
    ground.alpha_composite(drawn)
    return ground


def _clickable(xorg: Any) -> Any:
    """pystray's X icon, mended: it hears clicks, and it docks again in a tray that comes later."""

    class XorgIcon(xorg.Icon):  # type: ignore[misc]  # pystray has no types
        _systray_manager: Any

        def _create_window(self) -> Any:
            from Xlib import X

            window = super()._create_window()
            window.change_attributes(event_mask=X.ExposureMask | X.StructureNotifyMask | X.ButtonPressMask)
            # Who becomes the tray says so to the root window (System Tray Protocol, "MANAGER").
            window.query_tree().root.change_attributes(event_mask=X.StructureNotifyMask)
            return window

        def _run(self) -> None:
            from Xlib import X

            of_pystray = self._message_handlers[X.ClientMessage]
            manager = self._display.intern_atom("MANAGER")

            def on_message(event: Any) -> None:
                if event.client_type == manager:
                    self._systray_manager = None
                    self._show()
                    self._update_icon()
                else:
                    of_pystray(event)

            self._message_handlers[X.ClientMessage] = on_message
            super()._run()

        def _on_destroy_notify(self, event: Any) -> None:
            if self._systray_manager is not None:
                super()._on_destroy_notify(event)

    return XorgIcon
