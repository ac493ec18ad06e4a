"""The history as commands read it: directly from the ledger, whether or not a daemon runs."""

import contextlib
from collections.abc import Iterator

from homepress.control.service import ServiceError
from homepress.settings import Paths
from homepress.store.reader import LedgerError, Reader


@contextlib.contextmanager
def reading(paths: Paths) -> Iterator[Reader]:
    """The ledger, read-only; one that is not there yet is empty.

    Raises:
        ServiceError: it cannot be read; the text says what to do.
    """
    try:
        with Reader(paths.ledger) as reader:
            yield reader
    except LedgerError as error:
        raise ServiceError(str(error)) from error
