"""The icon that pystray makes: on Windows, on macOS, and in the old trays (XEmbed) of Linux.

pystray chooses its backend while it is imported and stops with whatever error that backend meets, so on
Linux it is imported with its dummy backend and the real ones are tried one by one. It is imported late: a
desktop that takes our own icon never loads it. Windows and macOS themselves were not at hand.
"""

import importlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from homepress.base.override import override
from homepress.desktop.launching import NAME, PROGRAM
from homepress.desktop.notifications import Notice, Notifier, Unshown
from homepress.desktop.opening import Opener, system_opener
from homepress.desktop.power import Tell, Woke, power_watch
from homepress.ui.tray.backend import DesktopBackend, MakeIcon, OnAction, TrayIcon
from homepress.ui.tray.icon import IconState, PanelTheme, Symbol, icon_state, rgba
from homepress.ui.tray.menu import SEPARATOR, MenuEntry, TrayState, menu, tooltip

_log = logging.getLogger(__name__)

_VARIABLE = "PYSTRAY_BACKEND"
_SIZE = 64
"""Pixels of an edge: large enough for a display with small pixels."""

# What the fields of Windows' NOTIFYICONDATAW hold beside their closing zero, in units of UTF-16.
_LONGEST_TIP, _LONGEST_TITLE, _LONGEST_BODY = 127, 63, 255

_PASSING_SECONDS = 8.0
"""How long a notice is there that no tray of ours shows."""

_BACKGROUND = (45, 45, 50)
"""An old tray drops transparency, and shows black."""

OnMain: TypeAlias = Callable[[Callable[[], None]], None]
"""Has something done in the thread that may touch the icon."""


def directly(work: Callable[[], None]) -> None:
    """For systems whose icon any thread may touch."""
    work()


def _pystray() -> Any:
    """pystray, imported with care."""
    before = os.environ.get(_VARIABLE)
    if sys.platform not in ("win32", "darwin"):
        os.environ[_VARIABLE] = "dummy"
    try:
        return importlib.import_module("pystray")
    finally:
        if before is None:
            os.environ.pop(_VARIABLE, None)
        else:
            os.environ[_VARIABLE] = before


def pystray_menu(entries: tuple[MenuEntry, ...], on_action: OnAction) -> Any:
    """A menu as pystray has it; `on_action` gets the action of the entry that was clicked."""
    pystray = _pystray()

    def item(entry: MenuEntry) -> Any:
        if entry == SEPARATOR:
            return pystray.Menu.SEPARATOR
        action = entry.action
        clicked: Any = None
        if entry.children:
            clicked = pystray_menu(entry.children, on_action)
        elif action is not None:

            def clicked(_icon: object, _item: object) -> None:
                on_action(action)

        return pystray.MenuItem(
            entry.label,
            clicked,
            checked=None if entry.checked is None else lambda _: bool(entry.checked),
            default=entry.default,
            enabled=entry.enabled,
        )

    return pystray.Menu(*map(item, entries))


class PystrayIcon(TrayIcon):
    """An icon of pystray; it is given only what changed, in the thread it wants, and by one thread at a time.

    macOS ends a program whose icon is touched by another thread than the main one. Elsewhere pystray lets any
    thread do so and does not notice when two do: a state that comes while it makes the icon visible is never
    seen. So nothing but the first state reaches the icon before it runs, and the thread that shows makes it
    visible.
    """

    activation_token = ""

    def __init__(
        self, icon: Any, draw: Callable[[IconState], Any], on_action: OnAction, on_main: OnMain
    ) -> None:
        """Not shown before `run`.

        Args:
            icon: pystray's.
            draw: makes a Pillow image of a state.
            on_action: gets the action of what was clicked.
            on_main: has something done in the thread that may touch the icon.
        """
        self._icon = icon
        self._draw = draw
        self._on_action = on_action
        self._on_main = on_main
        self._state: IconState | None = None
        self._title = ""
        self._entries: tuple[MenuEntry, ...] = ()
        self._is_running = False
        self._is_visible = False

    @override
    def show(self, state: TrayState, theme: PanelTheme) -> None:
        icon, title, entries = icon_state(state, theme), tooltip(state), menu(state)
        self._on_main(lambda: self._change(icon, title, entries))

    def _change(self, icon: IconState, title: str, entries: tuple[MenuEntry, ...]) -> None:
        if self._state is not None and not self._is_running:
            return  # pystray is at work on it
        if icon != self._state:
            self._icon.icon = self._draw(icon)
            self._state = icon
        if title != self._title:
            self._icon.title = _fitting(title, _LONGEST_TIP)
            self._title = title
        if entries != self._entries:
            self._icon.menu = pystray_menu(entries, self._on_action)
            self._entries = entries
        if self._is_running and not self._is_visible:
            self._icon.visible = True
            self._is_visible = True

    @override
    def run(self, on_ready: Callable[[], None]) -> None:
        def is_ready(_icon: object) -> None:
            self._is_running = True
            on_ready()

        self._icon.run(setup=is_ready)

    @override
    def stop(self) -> None:
        self._on_main(self._icon.stop)


def image(icon: IconState) -> Any:
    """An icon as pystray takes it."""
    from PIL import Image

    return Image.frombytes("RGBA", (_SIZE, _SIZE), rgba(icon, _SIZE))


class PystrayDesktop(DesktopBackend):
    """Windows: pystray does it all."""

    lacking = ""
    theme = PanelTheme.LIGHT

    def __init__(self, on_main: OnMain = directly) -> None:
        self._on_main = on_main
        self._icon: Any = None

    @property
    @override
    def opener(self) -> Opener:
        return system_opener()

    @override
    def notifier(self, on_pressed: Callable[[Any], None]) -> Notifier:
        """Notices of pystray have no buttons; what they would do is also in the menu."""
        return _IconNotifier(lambda: self._icon, self._on_main)

    @override
    def icons(self) -> Iterator[MakeIcon]:
        """The one that pystray has for this system."""
        yield self._make

    def _make(self, on_action: OnAction) -> TrayIcon:
        self._icon = _pystray().Icon(PROGRAM)
        return PystrayIcon(self._icon, image, on_action, self._on_main)

    @override
    def on_changed(self, refresh: Callable[[], None]) -> None:
        """Nothing tells us here; a daemon that was started is found within a minute."""

    @override
    def on_end(self, end: Callable[[], None]) -> None:
        """These systems end the agent themselves when the session ends."""

    @override
    def watch_power(self, on_saving: Tell, on_wake: Woke) -> None:
        power_watch().start(on_saving, on_wake)

    @override
    def wake_other(self) -> None:
        """Nothing carries such a message here."""


class MacosDesktop(PystrayDesktop):
    """macOS: every change of the icon is made by the main thread, which runs the event loop of AppKit."""

    def __init__(self) -> None:
        # PyObjC's way into the main thread: the work is done there later, and nobody waits for it.
        super().__init__(importlib.import_module("PyObjCTools.AppHelper").callAfter)


class _IconNotifier(Notifier):
    def __init__(self, icon: Callable[[], Any], on_main: OnMain) -> None:
        self._icon = icon
        self._on_main = on_main

    @override
    def show(self, notice: Notice) -> None:
        icon = self._icon()
        if icon is None:
            raise Unshown("the icon is not there yet")
        self._on_main(lambda: self._notify(icon, notice))

    @staticmethod
    def _notify(icon: Any, notice: Notice) -> None:
        """In the thread of the icon, where nobody waits for a refusal."""
        try:
            _say(icon, notice)
        except Exception as error:  # noqa: BLE001  on macOS another program shows it, and may fail too
            _log.info("%s; not shown: %s", error, notice.title)


def _say(icon: Any, notice: Notice) -> None:
    """Show a notice by an icon of pystray; it has a title always, without which pystray fails on macOS."""
    title, body = (notice.title, notice.body) if notice.body else (NAME, notice.title)
    icon.notify(_fitting(body, _LONGEST_BODY), _fitting(title, _LONGEST_TITLE))


def _fitting(text: str, longest: int) -> str:
    """As much of it as a field of Windows holds: a character outside the first 65,536 takes two places."""
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 <= longest:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * (longest - 1)]
    return kept.decode("utf-16-le", "ignore") + "…"


def show_in_passing(notice: Notice, seconds: float = _PASSING_SECONDS) -> None:
    """Show a notice by an icon that is there for it alone: Windows has none without.

    Raises:
        Unshown: there is no notification area to show it in.
    """
    failed: list[Exception] = []

    def appear(icon: Any) -> None:
        try:
            icon.visible = True
            _say(icon, notice)
            time.sleep(seconds)
        except OSError as error:
            failed.append(error)
        finally:
            icon.stop()

    try:
        _pystray().Icon(PROGRAM, image(IconState(Symbol.IDLE)), NAME).run(setup=appear)
    except (ImportError, OSError) as error:
        failed.append(error)
    if failed:
        raise Unshown(str(failed[0]))


# Old trays on Linux. First GTK's and AppIndicator's icon, which has a menu but needs the system's Python
# bindings; then plain X, which has no menu: a click does what the menu's default entry does.


def has_old_tray() -> bool:
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


def old_icons() -> Iterator[MakeIcon]:
    """The kinds of icon that an old tray takes, best first; none where there is no such tray."""
    if not has_old_tray():
        return
    if (appindicator := _backend("_appindicator")) is not None:
        yield lambda on_action: _old_icon(appindicator.Icon, on_action)
    if (xorg := _backend("_xorg")) is not None:
        yield lambda on_action: _old_icon(_clickable(xorg), on_action)


def _backend(name: str) -> Any:
    try:
        _pystray()
        return importlib.import_module(f"pystray.{name}")
    except Exception as error:  # noqa: BLE001  a boundary: backends fail with whatever their toolkit raises
        _log.info("pystray's %s cannot be used here: %s", name, error)
        return None


def _old_icon(kind: Any, on_action: OnAction) -> TrayIcon:
    return PystrayIcon(kind(PROGRAM), _opaque_image, on_action, directly)


def _opaque_image(icon: IconState) -> Any:
    from PIL import Image

    drawn = image(icon)
    background = Image.new("RGBA", drawn.size, (*_BACKGROUND, 255))
    background.alpha_composite(drawn)
    return background


def _clickable(xorg: Any) -> Any:
    """pystray's X icon, repaired: it hears clicks, and it docks again in a tray that comes later."""

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
