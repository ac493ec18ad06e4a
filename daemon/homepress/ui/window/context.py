"""What every page gets: the look, the ways to work beside the window, and the rest of the window.

Threads never touch a widget: what they find is posted to the `MainThread`.
"""

import contextlib
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from homepress.base.paths import Paths
from homepress.base.results import ProbedProcess
from homepress.base.system_errors import told
from homepress.control import instance
from homepress.control.client import NO_DAEMON, connect
from homepress.control.service import Service, ServiceError
from homepress.desktop.dbus import BusError, Connection, session_address
from homepress.desktop.launching import own, spawn
from homepress.desktop.opening import BusOpener, NotOpened, system_opener
from homepress.settings import LiveSettings, Settings, SettingsError, load
from homepress.store.reader import LedgerError, Reader
from homepress.ui.window.model.snapshot import Snapshot, Tone
from homepress.ui.window.theme import Theme
from homepress.ui.window.widgets.factory import WidgetFactory, alive

# How threads reach the window: a signal of Qt, which its event loop delivers in the window's thread.


class MainThread(QObject):
    """Calls functions in the window's thread, in the order in which they were posted."""

    _posted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._posted.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def post(self, function: Callable[[], object]) -> None:
        """Have a function called soon; from any thread."""
        with contextlib.suppress(RuntimeError):  # the window is gone, and so is who would want to know
            self._posted.emit(function)

    def _call(self, function: Callable[[], object]) -> None:
        function()


# Single pieces of work that would make the window wait: requests to the daemon, pictures, files.

T = TypeVar("T")

EXPECTED = (ServiceError, SettingsError, LedgerError, NotOpened, OSError)
"""What goes wrong in the world, with a text for people; all else is a fault of ours and shown as such."""


class Jobs:
    """Runs each job in a thread of its own and brings its result back into the window's thread."""

    def __init__(self, main: MainThread, failed: Callable[[str], object]) -> None:
        """`failed` gets the text of errors that a job's caller does not take itself."""
        self._main = main
        self._failed = failed

    def run(
        self,
        work: Callable[[], T],
        then: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
        owner: QObject | None = None,
    ) -> None:
        """Do `work` in a thread, then call `then` or `failed` in the window's thread.

        Args:
            work: must touch no widget.
            then: gets its result.
            failed: gets the text of what went wrong; the window shows it if this is None.
            owner: a widget; when it is gone by then, neither is called.
        """

        def answer(function: Callable[[], object]) -> None:
            self._main.post(lambda: function() if owner is None or alive(owner) else None)

        def body() -> None:
            try:
                result = work()
            except EXPECTED as error:
                text = told(error)
                answer(lambda: (failed or self._failed)(text))
            except Exception as error:  # shown to the person, and logged by the thread's own hook
                text = f"Internal error: {type(error).__name__}: {error}"
                answer(lambda: (failed or self._failed)(text))
                raise
            else:
                if then is not None:
                    answer(lambda: then(result))

        threading.Thread(target=body, name="job", daemon=True).start()


# The one thread that reads the ledger; a reader is not for several threads at once.

_Question = Callable[[Reader], None]


class LedgerThread:
    """Answers questions about the ledger one after the other."""

    def __init__(self, file: Path, main: MainThread, failed: Callable[[str], object]) -> None:
        self._file = file
        self._main = main
        self._failed = failed
        self._questions: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
        self._thread.start()

    def ask(self, question: Callable[[Reader], T], then: Callable[[T], object]) -> None:
        """Have `question` asked in the thread and `then` called with its answer in the window's."""

        def work(reader: Reader) -> None:
            answer = question(reader)
            self._main.post(lambda: then(answer))

        self._questions.put(work)

    def close(self) -> None:
        """End the thread after the question that is being answered."""
        self._questions.put(None)

    def _work(self) -> None:
        reader: Reader | None = None
        while (question := self._questions.get()) is not None:
            try:
                reader = reader or Reader(self._file)
                question(reader)
            except (LedgerError, OSError) as error:
                text = told(error)
                self._main.post(lambda text=text: self._failed(text))  # type: ignore[misc]  # bound early
        if reader is not None:
            reader.close()


# Following the daemon: its state whenever that changes, its going and coming, and the settings file.

_LONGEST_WAIT = 20.0
_BETWEEN_TRIES = 0.7
_BETWEEN_NEWS = 0.25
"""Seconds between two looks at a daemon that changes all the time."""


class SnapshotPoller:
    """A thread that posts a `Snapshot` whenever there is something new."""

    def __init__(self, paths: Paths, main: MainThread, tell: Callable[[Snapshot], object]) -> None:
        self._paths = paths
        self._main = main
        self._tell = tell
        self._closed = threading.Event()
        self._settings = LiveSettings(paths.config_file)
        self._last: Snapshot | None = None

    def start(self) -> None:
        """Begin; the first snapshot comes at once."""
        threading.Thread(target=self._follow, name="follower", daemon=True).start()

    def close(self) -> None:
        """Tell no more."""
        self._closed.set()

    def _follow(self) -> None:
        while not self._closed.is_set():
            trouble = ""
            try:
                if (client := connect(self._paths.socket)) is not None:
                    self._stay_with(client)
            except ServiceError as error:
                trouble = "" if error.exit_code == NO_DAEMON else str(error)
            except Exception as error:  # noqa: BLE001  a fault of ours is reported, and polling goes on
                traceback.print_exc()
                trouble = f"A fault in Homepress: {type(error).__name__}: {error}"
            self._look(None, trouble)
            self._closed.wait(_BETWEEN_TRIES)

    def _stay_with(self, client: Service) -> None:
        """Tell what the daemon tells, until it ends. Raises `ServiceError` when it does."""
        revision = -1
        while not self._closed.is_set():
            revision = client.wait(revision, _LONGEST_WAIT)
            self._look(client, "")
            self._closed.wait(_BETWEEN_NEWS)

    def _look(self, client: Service | None, trouble: str) -> None:
        status = client.status() if client else None
        self._settings.reload()
        error = self._settings.error
        snapshot = Snapshot(
            time=time.time(),
            status=status,
            trouble=trouble,
            settings=self._settings.current,
            settings_problem=str(error) if error else "",
            crashed=client is None and not trouble and instance.was_cut_short(self._paths.state),
        )
        if self._last is None or not self._last.same_as(snapshot):
            self._last = snapshot
            self._main.post(lambda: self._tell(snapshot))


# What the window has done by others: starting the daemon, opening folders, trying the lock.

_START_SECONDS = 20.0


def start_daemon(paths: Paths) -> Service:
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


_NOT_RUNNING = "Homepress is not running in the background. Press Start, at the bottom left, and try again."


class Navigator(Protocol):
    """The rest of the window, as pages see it."""

    def go(self, page: str) -> None:
        """Show a page by its word."""

    def compare(self, entry: int) -> None:
        """Show a result before and after."""

    def tell(self, text: str, tone: Tone = "muted", *actions: tuple[str, Callable[[], object]]) -> None:
        """Show a line below the page for a while, with buttons for what may follow."""


@dataclass(frozen=True, slots=True)
class Context:
    """Shared by all pages; plain references, owned by the shell.

    Attributes:
        window: the parent of dialogs.
        theme: colours and icons, and a signal when they change.
        kit: makes controls.
        paths: whose Homepress it is.
        main: reaches the window's thread from others.
        jobs: runs what takes longer than a moment.
        ledger: answers questions about the history.
        navigator: the rest of the window.
        start_daemon: starts the daemon and waits until it answers; for threads.
        probe: tells what this window can reach and, after it, what its worker can; for threads.
        open_folder: shows a folder in the file manager; for threads.
    """

    window: QWidget
    theme: Theme
    kit: WidgetFactory
    paths: Paths
    main: MainThread
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
