"""What is done and what is being done, as watching asks for it."""

import errno
import os
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

from homepress.app.house import House
from homepress.app.intake import MOST_QUEUED
from homepress.base.files import Mark
from homepress.store.model import StoreError


class Memory:
    """Ledger and queue behind one interface (see `homepress.watch.KnownFiles`)."""

    def __init__(self, house: House) -> None:
        self._house = house

    def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Mark]:
        """The files of a folder that are done with.

        Raises:
            OSError: the ledger cannot be read.
        """
        try:
            return self._house.store.known(directory, names)
        except StoreError as error:
            raise OSError(errno.EIO, str(error), str(self._house.paths.ledger)) from error

    def held(self, path: bytes) -> bool:
        """Whether a file that watching handed on waits in the queue or is being compressed.

        Nor need a scan bring what would be kept back with more than enough others.
        """
        return self._house.state.ask(partial(self._held, Path(os.fsdecode(path))))

    def _held(self, file: Path) -> bool:
        """On the state thread."""
        queue = self._house.pipeline.queue
        if queue.has(file, asked=False):
            return True
        root = next((root for root in file.parents if queue.held(root) is not None), None)
        return root is not None and queue.is_full(root, file, MOST_QUEUED)
