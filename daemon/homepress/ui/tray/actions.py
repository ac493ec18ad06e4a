"""What a click in the menu can mean. Plain values; `performing` does them."""

import enum
from dataclasses import dataclass
from typing import TypeAlias


class Page(enum.Enum):
    """A page of the window."""

    STATISTICS = "statistics"
    FOLDERS = "folders"
    SETTINGS = "settings"
    PRIVACY = "privacy"


@dataclass(frozen=True, slots=True)
class Pause:
    """Rest for a time as `homepress pause` has it ("30m", "tomorrow"); empty: until resumed."""

    time: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Work again, also while the computer saves power."""


@dataclass(frozen=True, slots=True)
class Undo:
    """Bring back the originals of these results."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShowBeforeAfter:
    """Show a picture as it was and as it is."""

    path: str


@dataclass(frozen=True, slots=True)
class ShowInFolder:
    """Show files where they are."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """Show what is in a folder."""

    path: str


@dataclass(frozen=True, slots=True)
class EnableFolder:
    """Watch a folder, or stop watching it without forgetting it."""

    path: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """Open the window at a page."""

    page: Page


@dataclass(frozen=True, slots=True)
class SetAutostart:
    """Start at login, or do not."""

    on: bool


@dataclass(frozen=True, slots=True)
class StartDaemon:
    """Start the daemon, which is not running."""


@dataclass(frozen=True, slots=True)
class Quit:
    """End the daemon and the tray."""


Action: TypeAlias = (
    Pause
    | Resume
    | Undo
    | ShowBeforeAfter
    | ShowInFolder
    | OpenFolder
    | EnableFolder
    | OpenWindow
    | SetAutostart
    | StartDaemon
    | Quit
)
