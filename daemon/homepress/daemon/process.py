"""The process of the daemon: lock, socket, locked out of the network, then work."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from homepress import privacy
from homepress.base import memory
from homepress.base.paths import Paths
from homepress.base.system_errors import in_log
from homepress.control import ServiceError, connect, instance
from homepress.control.instance import DAEMON, InstanceLock, holder_of
from homepress.control.server import Server
from homepress.daemon.core import Core
from homepress.daemon.end_request import EndRequest
from homepress.daemon.logs import write_log
from homepress.daemon.places import ensure
from homepress.daemon.service import DaemonService
from homepress.desktop.autostart import AutostartError, autostart
from homepress.desktop.dbus import session_address
from homepress.desktop.launching import own, spawn
from homepress.workers.process import lock_outside_workers

_log = logging.getLogger(__name__)

# -- what a start at login needs beyond an ordinary one


def bring_back_tray(paths: Paths) -> bool:
    """When a daemon outlived the last session, start the icon of this one; whether there was a daemon."""
    if connect(paths.socket) is None:
        return False
    spawn(own("tray"))
    return True


def repair_autostart() -> None:
    """Write the start at login anew if the program has moved since; trouble is only logged."""
    try:
        if autostart().repair():
            _log.info("start at login: pointed to where the program is now")
    except AutostartError as error:
        _log.warning("start at login: %s", error)


# -- the desktop agent is started before the daemon locks itself, since it has to reach the desktop


def start_agent() -> "subprocess.Popen[bytes] | None":
    """Start the agent where there is a desktop for it, else say in the log why not. It starts no thread."""
    if sys.platform.startswith("linux") and session_address() is None:
        _log.info("no desktop session here (no session bus): no tray icon and no notices")
        return None
    try:
        return spawn(own("tray"), reap=False)
    except OSError as error:
        _log.warning("the tray icon cannot be started: %s", in_log(error))
        return None


def wait_for_agent(process: "subprocess.Popen[bytes]", ended: Callable[[], None]) -> None:
    """Call `ended`, from a thread of its own, when the agent has ended."""

    def wait() -> None:
        process.wait()
        ended()

    threading.Thread(target=wait, name="agent-waiter", daemon=True).start()


_SOME_FAILED = 1
_BETWEEN_LOOKS = 0.5


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How the daemon runs.

    Attributes:
        tray: whether the desktop agent is started.
        once: whether to end when everything that waits is done.
        foreground: whether a person watches the terminal: what happens is also told there.
    """

    tray: bool = True
    once: bool = False
    foreground: bool = True


def run_daemon(
    paths: Paths,
    options: RunOptions,
    tell: Callable[[str], None] = _log.info,
    begun: Callable[[], None] = lambda: None,
) -> int:
    """Run until told to stop, or once; the exit code, 1 when once something failed.

    Args:
        paths: where everything is.
        options: how it runs.
        tell: told whom the start waits for.
        begun: called when it is certain that no other one runs; what it raises ends the start.

    Raises:
        ServiceError: another daemon runs, or something the daemon cannot do without is missing.
    """
    privacy.set_apart()  # before anything starts a thread, such as asking a disk
    ensure(paths)
    lock = InstanceLock(paths.lock, DAEMON)
    _take_lock(lock, paths, tell)
    try:
        begun()
        write_log(paths, terminal=options.foreground)
        repair_autostart()
        daemon = _Daemon(paths, options, lock)
        code = daemon.run()
    finally:
        lock.release()
    if not daemon.all_ended:
        # What a hung disk gives back must find nobody who would go on with it: the lock is free.
        logging.shutdown()
        os._exit(code)
    return code


def _take_lock(lock: InstanceLock, paths: Paths, tell: Callable[[str], None]) -> None:
    """Take the lock, waiting for a command that is at work; `ServiceError` when another daemon runs."""
    waited_for = None
    while not lock.acquire(_BETWEEN_LOOKS):
        holder = holder_of(paths.lock)
        if holder is None or holder.is_daemon or not holder.work:
            daemon = connect(paths.socket)  # raises when it is of another version, and says what to do then
            process = holder.pid if holder is not None else daemon.ping() if daemon else "unknown"
            raise ServiceError(f"Homepress is running already, as process {process}; see: homepress status")
        if holder != waited_for:
            tell(f"Waiting for {holder} to finish ...")
            waited_for = holder


class _Daemon:
    """One run of the daemon, from locked to stopped."""

    def __init__(self, paths: Paths, options: RunOptions, lock: InstanceLock) -> None:
        self._lock = lock
        self._paths = paths
        self._options = options
        self._stopping = EndRequest()
        self._service = DaemonService(paths, self._stopping.set)
        self._server = Server(paths.socket, self._service)
        self.all_ended = True

    def run(self) -> int:
        """Bind, start the tray, lock, work, stop."""
        self._stopping.handle_signals()
        self._server.bind()
        try:
            if not self._options.once:
                instance.mark_started(self._paths.state)
            agent = start_agent() if self._options.tray and not self._options.once else None
            # From here on no socket can be made and none connected; pictures are read only afterwards. Of
            # other threads there may be one that asked a disk for the settings, and hangs: it is set apart.
            lock = lock_outside_workers(lambda: privacy.lock_daemon(self._paths.socket))
            if agent is not None:
                wait_for_agent(agent, self._service.agent_ended)
            _log.info("%s", "; ".join((f"network: {privacy.state()}", *lock.missing)))
            if not self._options.once:
                self._server.start()  # before the core is open: why it is not can then be asked
            if (core := self._open()) is None:
                return 0
            try:
                return 0 if self._serve(core) else _SOME_FAILED
            finally:
                self.all_ended = core.close()
        finally:
            self._server.stop()

    def _open(self) -> Core | None:
        """The core; None when the daemon is told to end before it could be opened."""
        if self._options.once:
            return Core.open(self._paths, self._service.changed)
        if (core := self._service.open(self._stopping, self._confirm)) is None:
            instance.mark_stopped(self._paths.state)
        return core

    def _confirm(self) -> None:
        """Be sure that no other daemon has come where the lock's file could not be made at first."""
        if not self._lock.confirm():
            raise ServiceError("another Homepress was started meanwhile; this one ends")

    def _serve(self, core: Core) -> bool:
        """Work until told to stop; whether all went well that was to be done once."""
        self._service.begin(core, once=self._options.once)
        if self._options.once:
            self._server.start()
        try:
            if self._options.once:
                return self._service.wait_until_done(self._stopping)
            memory.trim()
            self._stopping.wait()
            instance.mark_stopped(
                self._paths.state
            )  # first: the tray is to know by the time that nobody answers
            return True
        finally:
            self._service.end()
            self._server.stop()  # nobody may ask any more once the core is closed
