"""`homepress` without a command: begin in the background, and open the window."""

import subprocess

from homepress.base.units import counted
from homepress.control.client import NO_DAEMON, connect
from homepress.control.service import ServiceError, Status
from homepress.desktop.processes import fails_soon, own, spawn
from homepress.settings import Paths, SettingsError, load
from homepress.ui.cli import output
from homepress.ui.cli.commands.window import can_open, lacks_toolkit, open_window

_START_SECONDS = 20.0
_LOOK_SECONDS = 0.1
_WRONG_USAGE = 2


def begin() -> int:
    """Start the daemon unless it runs, bring its icon back, and show the window; the exit code.

    Without a display nothing is opened: what to type is said instead.

    Raises:
        ServiceError: the daemon does not start.
    """
    paths = Paths.from_environment()
    paths.ensure()
    if can_open():
        _spawn_daemon()
        _lock()
        return open_window()
    if lacks_toolkit():
        from homepress.ui.window import MISSING_TOOLKIT

        output.remark(MISSING_TOOLKIT)
    if not _watches_something(paths):
        output.fault("no folder is watched yet. Choose one with: homepress folder add PATH")
        return _WRONG_USAGE
    process = _spawn_daemon()
    _lock()
    status = _started(paths, process)
    output.say(f"Homepress runs in the background, watching {counted(len(status.folders), 'folder')}.")
    output.say("See what it does with: homepress status. Have it start at login with: homepress autostart on")
    return 0


def _spawn_daemon() -> "subprocess.Popen[bytes]":
    """Where one runs already, that process brings its icon back and ends."""
    return spawn(own("run", "--login"))


def _watches_something(paths: Paths) -> bool:
    try:
        return bool(load(paths.config_file).folders)
    except SettingsError:
        return True  # the daemon goes on with settings that have mistakes, and says so in its state


def _lock() -> None:
    """Lock this process out of the network; only now, so that the daemon puts on its own lock alone."""
    from homepress import app

    app.prepare_client()


def _started(paths: Paths, process: "subprocess.Popen[bytes]") -> Status:
    """The state of the daemon once it answers."""
    for _ in range(round(_START_SECONDS / _LOOK_SECONDS)):
        failed = fails_soon(process, _LOOK_SECONDS)
        if (daemon := connect(paths.socket)) is not None:
            return daemon.status()
        if failed:
            break
    raise ServiceError(f"Homepress did not start; its log says why: {paths.log}", NO_DAEMON)
