"""What the agent needs of a desktop: a place for the icon, notices, openers, signs of the session."""

import sys
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

from homepress.desktop.autostart import autostart, autostarts
from homepress.desktop.notifications import Notifier
from homepress.desktop.opening import Opener
from homepress.desktop.power import Tell, Woke
from homepress.ui.tray.actions import Action
from homepress.ui.tray.icon import PanelTheme
from homepress.ui.tray.menu import TrayState

OnAction: TypeAlias = Callable[[Action], None]
"""Gets the action of what was clicked, from any thread."""


class TrayIcon(Protocol):
    """An icon with a menu, in whatever tray there is."""

    @property
    def activation_token(self) -> str:
        """Lets a window that opens now come to the front (xdg-activation); empty where unknown."""

    def show(self, state: TrayState, theme: PanelTheme) -> None:
        """Make icon, tooltip and menu those of `state`; from any thread."""

    def run(self, on_ready: Callable[[], None]) -> None:
        """Take clicks until `stop`; in the main thread.

        Args:
            on_ready: called, from any thread, when the icon is there to be shown: `show` the state of then.
        """

    def stop(self) -> None:
        """Make `run` return; from any thread."""


MakeIcon: TypeAlias = Callable[[OnAction], TrayIcon]


class DesktopBackend(Protocol):
    """One operating system, or one session of it."""

    @property
    def lacking(self) -> str:
        """Why there is nothing for an agent to do here; empty when there is something."""

    @property
    def theme(self) -> PanelTheme:
        """The background of the icon, as far as the desktop says."""

    @property
    def opener(self) -> Opener:
        """Opens folders and files."""

    def notifier(self, on_pressed: Callable[[Any], None]) -> Notifier:
        """Shows notices; `on_pressed` gets the value of a pressed button, from any thread."""

    def icons(self) -> Iterator[MakeIcon]:
        """The kinds of icon to try, best first; the next one is tried when one's `run` returns."""

    def on_changed(self, refresh: Callable[[], None]) -> None:
        """Call `refresh` when another agent starts, the desktop changes its looks, or a menu opens."""

    def on_end(self, end: Callable[[], None]) -> None:
        """Call `end` when the session ends."""

    def watch_power(self, on_saving: Tell, on_wake: Woke) -> None:
        """Report, from any thread, when the computer starts or stops saving power, and when it wakes."""

    def wake_other(self) -> None:
        """Make the agent that is already running look for the daemon now."""


def desktop_backend(home: str) -> DesktopBackend:
    """The backend of this system; `home` distinguishes the agents of several Homepress homes."""
    if sys.platform == "darwin":
        from homepress.ui.tray.legacy import MacosDesktop

        return MacosDesktop()
    if sys.platform == "win32":
        from homepress.ui.tray.legacy import PystrayDesktop

        return PystrayDesktop()
    from homepress.ui.tray.linux import LinuxDesktop

    return LinuxDesktop(home)


def starts_at_login() -> bool:
    """Whether Homepress starts at the next login; switched on but impossible counts as not."""
    return autostart().state().starts


def set_autostart(on: bool) -> None:
    """Start at login in the usual way, or in none. Raises `AutostartError`."""
    if on:
        autostarts()[0].enable()
        return
    for way in autostarts():
        way.disable()
