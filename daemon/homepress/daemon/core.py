"""The rooms that do the work, opened together: settings, store and pipeline.

`open_core` is the start of the daemon: it is tried, again and again while the system does not let us.
Meanwhile the daemon runs and says in its status what stands against it; requests wait, or are refused with
the reason. Pictures wait in their folders, which are looked through when the core is open.
"""

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

import homepress
from homepress import privacy
from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.paths import Paths
from homepress.base.results import FolderStatus
from homepress.base.system_errors import explained, printable, with_name
from homepress.base.units import sentence
from homepress.control.service import ServiceError, Status
from homepress.daemon.apart import join_apart
from homepress.daemon.pipeline.carry import Carrier
from homepress.daemon.pipeline.codec_trust import CodecTrust
from homepress.daemon.pipeline.worker_loop import Pipeline
from homepress.daemon.places import Places
from homepress.daemon.state import StateThread
from homepress.settings import FolderSettings, LiveSettings, Settings, SettingsError, load
from homepress.store.folders import Listing, list_pictures
from homepress.store.health import is_read_only
from homepress.store.model import OriginalsLimit, RecoveryNote, StoreError
from homepress.store.store import Store
from homepress.watch import cloud_clients
from homepress.workers import Checker, Limits, MemoryBudget
from homepress.workers.process import contain_workers

_log = logging.getLogger(__name__)

_LEAST_ROOM = 300_000
"""Bytes free on the disk of the ledger, which SQLite needs for its write-ahead log and that log's index."""


class NotNowError(ServiceError):
    """Ledger or originals cannot be opened for a reason that may pass: no room, read-only, locked."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=4)


@dataclass
class Core:
    """What the daemon and the commands without a daemon have in common.

    Attributes:
        paths: where everything is.
        live: the settings, the last good ones when the file has mistakes.
        store: originals and ledger.
        state: the thread that owns what is decided.
        pipeline: the queue and its worker slots.
        trust: which codecs may be trusted.
        memory: what large pictures may take.
        recovered: what the store repaired when it was opened.
        places: where the configured folders lead.
        seen: by folder, links resolved, the pictures in it at a time when the ledger could not take them.
    """

    paths: Paths
    live: LiveSettings
    store: Store
    state: StateThread
    pipeline: Pipeline
    trust: CodecTrust
    memory: MemoryBudget
    recovered: list[RecoveryNote]
    places: Places = field(default_factory=Places)
    seen: dict[Path, Listing] = field(default_factory=dict)

    @classmethod
    def open(cls, paths: Paths, changed: Callable[[], None], *, recover: bool = True) -> "Core":
        """Open the store, repair what a crash left behind, and start the state thread.

        Args:
            paths: where everything is.
            changed: called whenever the load changes.
            recover: the caller holds the instance lock. Without it, the work of others must be left alone,
                and nothing but trials, or what a ledger apart is for, may be done.

        Raises:
            NotNowError: the system does not let us open the ledger or the originals at present.
            ServiceError: the store cannot be used; the text says why and what to do.
        """
        live, places = LiveSettings(paths.config_file), Places()
        places.ask(_folders_in_use(paths, live.current.folders))
        roots = [places.real(folder.path) for folder in live.current.folders]
        store, recovered = _open_store(paths, live.current, roots, recover)
        for note in recovered:
            _log.info("recovered: %s", note)
        if live.current.daemon.app_container:
            contain_workers()
        trust = CodecTrust(paths.state / "codecs.json")
        memory = MemoryBudget(live.current.daemon.worker_memory.bytes)
        checker = Checker(Limits(), memory=memory)
        carrier = Carrier(store, trust=trust, checker=checker, memory=memory)
        state, slots = StateThread(), live.current.daemon.worker_count
        pipeline = Pipeline(state, carrier, slots, Limits(), changed, checker, memory)
        return cls(paths, live, store, state, pipeline, trust, memory, recovered, places)

    def folder_of(self, path: Path) -> FolderSettings | None:
        """The configured folder that a path lies in."""
        return next((f for f in self.live.current.folders if path.is_relative_to(self.root_of(f))), None)

    def roots(self) -> list[Path]:
        """The configured folders, links followed: below them originals may be restored."""
        return [self.root_of(folder) for folder in self.live.current.folders]

    def root_of(self, folder: FolderSettings) -> Path:
        """What a configured path leads to, as last seen; its disk is not asked."""
        return self.places.real(folder.path)

    def look_at_places(self) -> dict[Path, NotAnsweringError]:
        """Look where all folders of the settings lead now; those whose disks do not answer."""
        paths = _folders_in_use(self.paths, self.live.current.folders)
        self.places.keep(paths)
        return self.places.ask(paths)

    def close(self) -> bool:
        """Finish what is in progress and close everything; whether all threads have ended.

        A thread that a disk keeps from ending is left behind: the process has to end before it comes back.
        """
        ended = self.pipeline.close()
        self.state.close()
        self.store.close()
        return ended


def _open_store(
    paths: Paths, settings: Settings, roots: list[Path], recover: bool
) -> tuple[Store, list[RecoveryNote]]:
    """The store, and what it repaired; raises as `Core.open`."""
    try:
        blocking.ask(paths.originals, partial(_look_into, paths.originals))
    except NotAnsweringError as error:
        raise NotNowError(blocking.silent(paths.originals, error.since)) from error
    limit = OriginalsLimit(settings.daemon.originals_max.bytes)
    try:
        store = Store.open(
            paths.ledger, paths.originals, limit, roots=roots, synced=_synced, keep_backup=recover
        )
        return store, _recover(paths, store) if recover else []
    except OSError as error:
        raise NotNowError(why_not_opened(paths, error)) from error
    except StoreError as error:
        raise ServiceError(f"the ledger or the originals cannot be opened: {error}", exit_code=4) from error


def _recover(paths: Paths, store: Store) -> list[RecoveryNote]:
    """What the store repaired of what a crash left behind; closes it where that fails."""
    try:
        join_apart(paths, store)
        return store.recover()
    except BaseException:
        with contextlib.suppress(StoreError, OSError):
            store.close()
        raise


def _look_into(folder: Path) -> None:
    """Have a folder's disk answer; what is known of the folder itself may come out of a cache."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        next(entries, None)


def _folders_in_use(paths: Paths, folders: Iterable[FolderSettings]) -> set[Path]:
    """Every folder in use: watched ones, their output folders, and our own."""
    configured = {path for folder in folders for path in (folder.path, folder.output) if path is not None}
    return configured | {paths.state, paths.originals}


def _synced(folder: Path) -> bool:
    """Whether a cloud client sends away what is in a folder."""
    return bool(cloud_clients(folder, Path.home()))


def why_not_opened(paths: Paths, error: OSError) -> str:
    """Why the system does not let us open the ledger, in words; SQLite often hides the reason."""
    place = error.filename or str(paths.ledger)
    with contextlib.suppress(OSError):
        if shutil.disk_usage(paths.state).free < _LEAST_ROOM:
            row = explained("ENOSPC")
            return f"there is no room for the ledger at {paths.ledger}: its disk is full; {row.cure}"
        if is_read_only(paths.state):
            row = explained("EROFS")
            return f"the ledger at {paths.ledger} cannot be written: {row}"
    return f"the ledger or the originals cannot be opened: {with_name(error, printable(place))}"


def with_privacy_state(status: Status) -> Status:
    """A status with what the system refuses to this process, and what it leaves open."""
    found = privacy.gaps()
    gaps = [gap for gap in found if not gap.minor]
    return msgspec.structs.replace(
        status,
        network=privacy.state(),
        files="open" if any(gap.files_open for gap in gaps) else "closed",
        gaps=[gap.sentence for gap in gaps],
        gap_details=list(found),
    )


# -- the start of the daemon

_REQUEST_SECONDS = 30.0
"""Seconds that a request waits for a start that takes long, such as with a large ledger."""
_STILL_STARTING = "Homepress is still starting; try again in a moment"
_LISTING_SECONDS = 60.0
"""For all folders, side by side, to tell what is in them."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


class StartGate:
    """Holds requests back until the start is over, and says why it is not. Usable from any thread.

    The thread that starts says how it stands; others read that in one go.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._something_said = threading.Event()
        self._fault: str | None = ""
        """What stands against the start, empty while nothing does; None when it is over."""

    def say(self, fault: str) -> None:
        """Why requests cannot be answered for now."""
        if fault != self._fault:
            _log.warning("%s", fault)
        self._fault = fault
        self._something_said.set()

    def open(self) -> None:
        """All that requests need is there."""
        if self._fault:
            _log.info("the ledger can be used again")
        self._fault = None
        self._something_said.set()

    def wait(self, patience: float = _REQUEST_SECONDS) -> None:
        """Return when requests can be answered.

        Raises:
            ServiceError: they cannot be; the text says why.
        """
        self._something_said.wait(patience)
        fault = self._fault
        if fault is not None:
            why = f"{fault}; until then nothing can be done" if fault else _STILL_STARTING
            raise ServiceError(why)

    def status(self) -> Status | None:
        """What can be said before the start is over; None when it is."""
        fault = self._fault
        if fault is None:
            return None
        settings, mistakes = _settings(self._paths)
        problems = [f"{sentence(fault)}; until then all pictures wait"] if fault else []
        status = Status(
            state="problem" if problems or mistakes else "idle",
            pid=os.getpid(),
            version=homepress.__version__,
            folders=[
                FolderStatus(
                    path=str(folder.path),
                    mode=folder.mode,
                    output=str(folder.output or ""),
                    state="disabled" if not folder.enabled else "problem" if fault else "scanning",
                    problem=fault if folder.enabled else "",
                    watch="none",
                )
                for folder in settings.folders
            ],
            problems=problems + mistakes,
            notify=settings.daemon.notify,
        )
        return with_privacy_state(status)


def open_core(
    paths: Paths,
    gate: StartGate,
    confirm: Callable[[], None],
    prepare: Callable[[Core], None],
    changed: Callable[[], None],
    stopping: threading.Event,
) -> Core | None:
    """Open the core, trying again for as long as it takes; None when the daemon is to end before.

    Args:
        paths: where everything is.
        gate: is told what stands against it.
        confirm: raises `ServiceError` when another daemon has come; asked before each try.
        prepare: what has to be done in it before the work; an `OSError` closes it for another try.
        changed: called when there is something else to be seen in the status.
        stopping: set when the daemon is to end.

    Raises:
        ServiceError: the store cannot be used at all; the text says why and what to do.
    """
    pause, seen = _FIRST_PAUSE, Seen()
    while not stopping.is_set():
        try:
            confirm()
            core = Core.open(paths, changed)
            core.seen = seen.listings
            return _prepare(core, prepare)
        except NotNowError as error:
            gate.say(str(error))
            changed()
            seen.look(_settings(paths)[0].folders)
        stopping.wait(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    return None


class Seen:
    """What was in folders before the ledger could be told: what comes from then on is new.

    Attributes:
        listings: by folder, links resolved.
    """

    def __init__(self) -> None:
        self.listings: dict[Path, Listing] = {}
        self._looked: set[Path] = set()

    def look(self, folders: Iterable[FolderSettings]) -> None:
        """Look into the folders whose pictures are to be left as they are, each until it could be seen."""
        calls = {
            folder.path: partial(_list_folder, folder)
            for folder in folders
            if folder.enabled and folder.existing == "leave" and folder.path not in self._looked
        }
        for path, listing in blocking.ask_all(calls, _LISTING_SECONDS).items():
            if isinstance(listing, Listing):
                self._looked.add(path)
                self.listings[listing.root] = listing


def _settings(paths: Paths) -> tuple[Settings, list[str]]:
    """The settings as the file has them now, and what is wrong with it."""
    try:
        return load(paths.config_file), []
    except SettingsError as error:
        return Settings(), [f"settings not used: {error}"]


def _list_folder(folder: FolderSettings) -> Listing | None:
    """What is in a folder now; None while it cannot be seen."""
    with contextlib.suppress(OSError):
        return list_pictures(Path(os.path.realpath(folder.path)), folder.recursive)
    return None


def _prepare(core: Core, prepare: Callable[[Core], None]) -> Core:
    try:
        prepare(core)
    except BaseException as error:
        with contextlib.suppress(OSError, StoreError):
            core.close()
        if isinstance(error, OSError):
            raise NotNowError(why_not_opened(core.paths, error)) from error
        raise
    return core
