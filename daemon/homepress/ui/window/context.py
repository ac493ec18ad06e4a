"""What every page gets: the look, the ways to work beside the window, and the rest of the window."""

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from homepress.base.paths import Paths
from homepress.base.results import ProbedProcess
from homepress.control.client import NO_DAEMON, connect
from homepress.control.service import Service, ServiceError
from homepress.settings import Settings, load
from homepress.ui.window.background import Jobs, LedgerThread, Mailbox
from homepress.ui.window.model.snapshot import Snapshot, Tone
from homepress.ui.window.theme import Theme
from homepress.ui.window.widgets.factory import WidgetFactory

_NOT_RUNNING = "Homepress is not running in the background. Press Start, at the bottom left, and try again."


class Navigator(Protocol):
    """The rest of the window, as pages see it."""

    def go(self, page: str) -> None:
        """Show a page by its word."""

    def compare(self, entry: int) -> None:
        """Show a result before and after."""

    def tell(self, text: str, tone: Tone = "muted") -> None:
        """Show a line at the bottom for a while."""


@dataclass(frozen=True, slots=True)
class Context:
    """Shared by all pages; plain references, owned by the shell.

    Attributes:
        start_daemon: starts the daemon and waits until it answers; for threads.
        probe: tells what this window can reach and, after it, what its worker can; for threads.
        open_folder: shows a folder in the file manager; for threads.
    """

    root: tk.Tk
    theme: Theme
    kit: WidgetFactory
    paths: Paths
    mailbox: Mailbox
    jobs: Jobs
    ledger: LedgerThread
    navigator: Navigator
    start_daemon: Callable[[], Service]
    probe: Callable[[], list[ProbedProcess]]
    open_folder: Callable[[Path], None]

    def daemon(self) -> Service:
        """The daemon; for threads, since it may take a moment.

        Raises:
            ServiceError: none runs.
        """
        if (client := connect(self.paths.socket)) is None:
            raise ServiceError(_NOT_RUNNING, NO_DAEMON)
        return client

    def reload_settings(self) -> Settings:
        """The settings as the file now has them, which a running daemon takes too; for threads.

        Raises:
            SettingsError: the file has mistakes.
            ServiceError: the daemon does not take them.
        """
        settings = load(self.paths.config_file)
        if (client := connect(self.paths.socket)) is not None:
            client.reload()
        return settings


class Page(Protocol):
    """A page of the window."""

    def update_from(self, snapshot: Snapshot) -> None:
        """The state of the daemon or the settings is another."""

    def ledger_changed(self) -> None:
        """Something was written into the ledger."""

    def shown(self) -> None:
        """The page comes to the front."""

    def left(self) -> None:
        """Another page comes to the front: what takes much memory is given back."""
