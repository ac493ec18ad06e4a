"""The rooms that do the work, opened together: settings, store and pipeline."""

import contextlib
import logging
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.paths import Paths
from homepress.base.system_errors import explained, printable, with_name
from homepress.control import ServiceError
from homepress.daemon.apart import join_apart
from homepress.daemon.pipeline.carry import Carrier
from homepress.daemon.pipeline.codec_trust import CodecTrust
from homepress.daemon.pipeline.worker_loop import Pipeline
from homepress.daemon.places import Places
from homepress.daemon.state import StateThread
from homepress.settings import FolderSettings, LiveSettings
from homepress.store.folders import Listing
from homepress.store.health import is_read_only
from homepress.store.model import OriginalsLimit, RecoveryNote, StoreError
from homepress.store.store import Store
from homepress.watch import cloud_clients
from homepress.workers import Checker, Limits, MemoryBudget

_log = logging.getLogger(__name__)

_LEAST_ROOM = 300_000
"""Bytes on the disk of the ledger: with less, SQLite cannot make its log and its index of that."""


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
            recover: the caller holds the instance lock. Without it, what others are at must be left alone,
                and nothing but trials, or what a ledger apart is for, may be done.

        Raises:
            NotNowError: the system does not let us open the ledger or the originals at present.
            ServiceError: the store cannot be used; the text says why and what to do.
        """
        live, places = LiveSettings(paths.config_file), Places()
        places.ask(_paths(paths, live.current.folders))
        try:
            blocking.ask(paths.originals, partial(_look_into, paths.originals))
        except NotAnsweringError as error:
            raise NotNowError(blocking.silent(paths.originals, error.since)) from error
        limit = OriginalsLimit(live.current.daemon.originals_max.bytes)
        roots = [places.real(folder.path) for folder in live.current.folders]
        try:
            store = Store.open(
                paths.ledger, paths.originals, limit, roots=roots, synced=_synced, lasts=recover
            )
            recovered = _recovered(paths, store) if recover else []
        except OSError as error:
            raise NotNowError(why_not_opened(paths, error)) from error
        except StoreError as error:
            raise ServiceError(
                f"the ledger or the originals cannot be opened: {error}", exit_code=4
            ) from error
        for note in recovered:
            _log.info("recovered: %s", note)
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
        paths = _paths(self.paths, self.live.current.folders)
        self.places.keep(paths)
        return self.places.ask(paths)

    def close(self) -> bool:
        """Finish what is under way and close everything; whether all threads have ended.

        A thread that a disk keeps from ending is left behind: the process has to end before it comes back.
        """
        ended = self.pipeline.close()
        self.state.close()
        self.store.close()
        return ended


def _recovered(paths: Paths, store: Store) -> list[RecoveryNote]:
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


def _paths(paths: Paths, folders: Iterable[FolderSettings]) -> set[Path]:
    """Every folder whose place matters: watched ones, their output folders, and our own."""
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
