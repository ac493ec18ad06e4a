"""What is done and what is being done, as watching asks for it."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from homepress.app.house import House
from homepress.watch import Identity


class Memory:
    """Ledger and queue behind one interface (see `homepress.watch.Known`)."""

    def __init__(self, house: House) -> None:
        self._house = house

    def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Identity]:
        """The files of a folder that are done with."""
        return self._house.store.known(directory, names)

    def held(self, path: bytes) -> bool:
        """Whether a file that watching handed on waits in the queue or is being compressed."""
        return self._house.pipeline.has_taken_in(Path(os.fsdecode(path)))
