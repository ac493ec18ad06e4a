"""The last results, as the tray's menu lists them."""

from pathlib import Path

from homepress.base.results import RecentPicture
from homepress.control.service import ServiceError
from homepress.store.model import LedgerError
from homepress.store.reader import HistoryFilter, Reader


def recent_pictures(ledger: Path, limit: int) -> list[RecentPicture]:
    """At most `limit` results, newest first; those that were undone are among them.

    Raises:
        ServiceError: the ledger cannot be read.
    """
    pictures = []
    try:
        with Reader(ledger) as reader:
            for entry in list(reader.history(HistoryFilter(outcome="compressed"), limit=limit)):
                detail = reader.detail(entry.id)
                pictures.append(
                    RecentPicture(
                        id=entry.id,
                        time=entry.time,
                        path=(detail.result_path if detail else "") or entry.path,
                        source=entry.path,
                        before_bytes=entry.before_bytes,
                        after_bytes=entry.after_bytes,
                        undoable=bool(detail and detail.original_path) and entry.original != "restored",
                    )
                )
    except LedgerError as error:
        raise ServiceError(str(error)) from error
    return pictures
