"""What the agent needs of a system."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

from homepress.desktop.notices import Notifier
from homepress.desktop.opening import Opener
from homepress.desktop.power import Tell, Woke
from homepress.ui.tray.actions import Action
from homepress.ui.tray.faces import Panel
from homepress.ui.tray.menu import Known
from homepress.ui.tray.showing import Shown

Do: TypeAlias = Callable[[Action], None]
MakeIcon: TypeAlias = Callable[[Known, Do], Shown]
"""Makes an icon that shows what is known and passes on what is clicked."""


class Stage(Protocol):
    """One system, or one session of it."""

    @property
    def lacking(self) -> str:
        """Why there is nothing for an agent to do here; empty when there is something."""

    @property
    def panel(self) -> Panel:
        """What the icon stands on, as far as the desktop says."""

    @property
    def opener(self) -> Opener:
        """Opens folders and files."""

    def notifier(self, pressed: Callable[[Any], None]) -> Notifier:
        """Shows notices; `pressed` gets the value of a pressed button, from any thread."""

    def icons(self) -> Iterator[MakeIcon]:
        """The kinds of icon to try, best first; the next one is tried when one's `run` returns."""

    def starts_at_login(self) -> bool | None:
        """Whether Homepress starts at login; None when that cannot be told."""

    def set_autostart(self, on: bool) -> None:
        """Start at login, or do not. Raises `OSError`."""

    def on_changed(self, look: Callable[[], None]) -> None:
        """Have `look` called when another agent starts, the desktop looks another way, or a menu opens."""

    def on_end(self, end: Callable[[], None]) -> None:
        """Have `end` called when the session ends."""

    def watch_power(self, tell: Tell, woke: Woke) -> None:
        """Have told, from any thread, when the computer begins or stops saving power, and when it wakes."""

    def wake_other(self) -> None:
        """Tell the agent that runs already to look for the daemon now."""
