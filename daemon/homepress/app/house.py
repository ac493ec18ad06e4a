"""The rooms that do the work, opened together: settings, store and pipeline."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from homepress.control import ServiceError
from homepress.pipeline import Carrier, Pipeline, Trust
from homepress.settings import FolderSettings, LiveSettings, Paths
from homepress.store import OriginalsLimit, RecoveryNote, Store
from homepress.store.errors import StoreError
from homepress.watch import cloud_clients
from homepress.workers import Limits

_log = logging.getLogger(__name__)


@dataclass
class House:
    """What the daemon and the commands without a daemon have in common.

    Attributes:
        paths: where everything is.
        live: the settings, the last good ones when the file has mistakes.
        store: originals and ledger.
        pipeline: the queue and its worker slots.
        trust: which codecs may be trusted.
        recovered: what the store mended when it was opened.
    """

    paths: Paths
    live: LiveSettings
    store: Store
    pipeline: Pipeline
    trust: Trust
    recovered: list[RecoveryNote]

    @classmethod
    def open(cls, paths: Paths, changed: Callable[[], None]) -> "House":
        """Open the store, mend what a crash left behind, and start the pipeline's threads.

        The caller holds the instance lock. `changed` is called whenever the load changes.

        Raises:
            ServiceError: the store cannot be used; the text says why and what to do.
        """
        live = LiveSettings(paths.config_file)
        try:
            limit = OriginalsLimit(live.current.daemon.originals_max.bytes)
            roots = [root_of(folder) for folder in live.current.folders]
            store = Store.open(paths.ledger, paths.originals, limit, roots=roots, synced=_synced)
            recovered = store.recover()
        except (StoreError, OSError) as error:
            raise ServiceError(
                f"the ledger or the originals cannot be opened: {error}", exit_code=4
            ) from error
        for note in recovered:
            _log.info("recovered: %s", note)
        trust = Trust(paths.state / "codecs.json")
        pipeline = Pipeline(Carrier(store, trust=trust), live.current.daemon.worker_count, Limits(), changed)
        return cls(paths, live, store, pipeline, trust, recovered)

    def folder_of(self, path: Path) -> FolderSettings | None:
        """The configured folder that a path lies in."""
        return next((f for f in self.live.current.folders if path.is_relative_to(root_of(f))), None)

    def roots(self) -> list[Path]:
        """The configured folders, links followed: beneath them originals may be restored."""
        return [root_of(folder) for folder in self.live.current.folders]

    def close(self) -> None:
        """Finish what is under way and close everything."""
        self.pipeline.close()
        self.store.close()


def root_of(folder: FolderSettings) -> Path:
    """What a configured path leads to; one that leads in circles, or nowhere, is no error here."""
    return Path(os.path.realpath(folder.path))


def _synced(folder: Path) -> bool:
    """Whether a cloud client sends away what is in a folder."""
    return bool(cloud_clients(folder, Path.home()))
