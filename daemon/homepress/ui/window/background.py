"""What the window has done by others: starting the daemon, opening folders, trying the lock."""

import sys
import time
from pathlib import Path

from homepress.control.client import NO_DAEMON, Client, connect
from homepress.control.service import ServiceError
from homepress.desktop.dbus import BusError, Connection, session_address
from homepress.desktop.opening import BusOpener, NotOpened, system_opener
from homepress.desktop.processes import own, spawn
from homepress.settings import Paths

_START_SECONDS = 20.0


def start_daemon(paths: Paths) -> Client:
    """The daemon, started when there is none; waits until it answers.

    Raises:
        ServiceError: it did not come up.
    """
    if (client := connect(paths.socket)) is not None:
        return client
    process = spawn(own("run", "--login"))
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if (client := connect(paths.socket)) is not None:
            return client
        if process.poll() not in (None, 0):
            break
        time.sleep(0.05)
    raise ServiceError(f"Homepress did not start; its log says why: {paths.log}", NO_DAEMON)


def open_folder(folder: Path) -> None:
    """Show a folder in the user's file manager. Raises `NotOpened`."""
    if not sys.platform.startswith("linux"):
        system_opener().folder(folder)
        return
    if (address := session_address()) is None:
        raise NotOpened(f"{folder} cannot be opened: there is no desktop session to ask")
    try:
        connection = Connection(address)
    except BusError as error:
        raise NotOpened(f"{folder} cannot be opened: {error}") from error
    try:
        BusOpener(connection).folder(folder)
    finally:
        connection.close()
