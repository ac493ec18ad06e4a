"""The daemon: takes the lock, binds the socket, locks itself out of the network, then begins to work."""

import logging
import signal
import threading
from dataclasses import dataclass

from homepress import privacy
from homepress.app.agent import start_agent
from homepress.app.house import House
from homepress.app.logfiles import write_log
from homepress.app.login import mend_autostart
from homepress.app.watching import DaemonService
from homepress.control import InstanceLock, Server, ServiceError, shutdown
from homepress.settings import Paths

_log = logging.getLogger(__name__)
_SOME_FAILED = 1


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


def run_daemon(paths: Paths, options: RunOptions) -> int:
    """Run until told to stop, or once; the exit code, 1 when once something failed.

    Raises:
        ServiceError: another daemon runs, or something the daemon cannot do without is missing.
    """
    paths.ensure()
    lock = InstanceLock(paths.lock)
    if not lock.acquire():
        raise ServiceError(f"Homepress is running already, as process {lock.holder()}; see: homepress status")
    try:
        write_log(paths, terminal=options.foreground)
        mend_autostart()
        return _Daemon(paths, options).run()
    finally:
        lock.release()


class _Daemon:
    """One run of the daemon, from locked to stopped."""

    def __init__(self, paths: Paths, options: RunOptions) -> None:
        self._paths = paths
        self._options = options
        self._stopping = threading.Event()
        self._service = DaemonService(paths, self._stopping.set)
        self._server = Server(paths.socket, self._service)

    def run(self) -> int:
        """Bind, start the tray, lock, work, stop."""
        self._end_at_signals()
        self._server.bind()
        try:
            if not self._options.once:
                shutdown.begin(self._paths.state)
            if self._options.tray and not self._options.once:
                start_agent(ended=self._service.agent_ended)
            # From here on no socket can be made and none connected; pictures are read only afterwards.
            lock = privacy.lock_daemon(self._paths.socket)
            _log.info("%s", "; ".join((f"network: {privacy.state()}", *lock.missing)))
            house = House.open(self._paths, self._service.changed)
            try:
                return 0 if self._serve(house) else _SOME_FAILED
            finally:
                house.close()
        finally:
            self._server.stop()

    def _serve(self, house: House) -> bool:
        """Work until told to stop; whether all went well that was to be done once."""
        self._service.begin(house, once=self._options.once)
        self._server.start()
        try:
            if self._options.once:
                return self._service.wait_until_done(self._stopping)
            self._stopping.wait()
            shutdown.end(self._paths.state)  # first: the tray is to know by the time that nobody answers
            return True
        finally:
            self._service.end()
            self._server.stop()  # nobody may ask any more once the house is closed

    def _end_at_signals(self) -> None:
        """End orderly, however often it is said. SIGHUP says it when the terminal closes, but for nohup."""
        for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: self._stopping.set())
