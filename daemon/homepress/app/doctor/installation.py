"""What all checks look at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from homepress.app.doctor.finding import Finding
from homepress.control import ServiceError, connect
from homepress.control.service import Status
from homepress.settings import Paths, Settings, SettingsError, load


@dataclass(frozen=True, slots=True)
class Installation:
    """This user's Homepress.

    Attributes:
        paths: where everything is.
        settings: as the file has them; the defaults when it cannot be used.
        settings_fault: what is wrong with the file; None when nothing is.
        daemon: the state of the daemon; None when none answers.
        daemon_fault: why a daemon that is there does not answer; empty when nothing is wrong.
        old_tray: whether there is a tray of the old kind (XEmbed), for where panels have no other.
    """

    paths: Paths
    settings: Settings
    settings_fault: SettingsError | None
    daemon: Status | None
    daemon_fault: str
    old_tray: bool


Check = Callable[[Installation], Iterable[Finding]]
"""Looks at one thing. It may raise: then that is what is found."""


def installation(paths: Paths, *, old_tray: bool) -> Installation:
    """Read the settings and ask the daemon; neither has to be in order."""
    settings, settings_fault = Settings(), None
    try:
        settings = load(paths.config_file)
    except SettingsError as error:
        settings_fault = error
    daemon, daemon_fault = None, ""
    try:
        if (client := connect(paths.socket)) is not None:
            daemon = client.status()
    except ServiceError as error:
        daemon_fault = str(error)
    return Installation(paths, settings, settings_fault, daemon, daemon_fault, old_tray)
