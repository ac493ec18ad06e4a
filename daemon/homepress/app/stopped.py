"""The status of a Homepress that does not run."""

from collections.abc import Sequence

import homepress
from homepress.control.service import Status
from homepress.store.reader import Counters

_NOTHING = Counters(0, 0, 0, 0)


def stopped_status(counters: Counters = _NOTHING, problems: Sequence[str] = ()) -> Status:
    """What can be said without a daemon.

    Args:
        counters: what the ledger tells; nothing where it cannot be read.
        problems: what is wrong, in whole sentences.
    """
    return Status(
        state="stopped",
        pid=None,
        version=homepress.__version__,
        compressed_today=counters.compressed_since,
        saved_bytes_today=counters.saved_since,
        saved_bytes_total=counters.saved_total,
        originals_bytes=counters.originals_bytes,
        problems=list(problems),
    )
