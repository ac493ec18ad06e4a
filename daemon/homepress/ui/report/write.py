"""Making the report's file from the ledger, and having it opened."""

import base64
import io
import os
import sys
import time
from datetime import date
from pathlib import Path

from homepress.desktop.dbus import BusError, Connection, session_address
from homepress.desktop.opening import BusOpener, NotOpened, system_opener
from homepress.settings import Paths
from homepress.store.reader import EntryDetail, HistoryFilter, Reader
from homepress.ui.report.page import Compared, Content, page
from homepress.ui.window.model.comparison import comparison
from homepress.ui.window.model.figures import last_days, read_figures
from homepress.ui.window.model.pictures import NotShownError, small

_LONGEST_EDGE = 1000
_QUALITY = 92
"""Of the pictures in the report: they are shown smaller than they are, so this is no comparison at 1:1."""
_LATEST = 50


def write_report(paths: Paths, file: Path, pictures: int = 0) -> None:
    """Write the report, readable by the user alone.

    Args:
        pictures: at most so many of the latest results are shown before and after.

    Raises:
        LedgerError: the history cannot be read.
        OSError: the file cannot be written.
    """
    with Reader(paths.ledger) as reader:
        figures = read_figures(reader)
        latest = list(reader.history(limit=_LATEST))
        compared = _compared(reader, pictures)
    content = Content(
        made=time.time(),
        figures=figures,
        days=last_days(figures.stats.days, date.today()),
        latest=latest,
        compared=compared,
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)  # one that was there already may have been open to others
        stream.write(page(content).encode("utf-8", "replace"))


def open_report(file: Path) -> None:
    """Open the file in the user's browser, which is no child of ours. Raises `NotOpened`."""
    if not sys.platform.startswith("linux"):
        system_opener().file(file)
        return
    if (address := session_address()) is None:
        raise NotOpened(f"Open it in a browser: {file}")
    try:
        connection = Connection(address)
    except BusError as error:
        raise NotOpened(f"Open it in a browser: {file} ({error})") from error
    try:
        BusOpener(connection).file(file)
    finally:
        connection.close()


def _compared(reader: Reader, most: int) -> list[Compared]:
    """The latest results whose original is still there."""
    found: list[Compared] = []
    for entry in reader.history(HistoryFilter(outcome="compressed"), limit=10 * most):
        if len(found) >= most:
            break
        detail = reader.detail(entry.id) if entry.original == "kept" else None
        if detail is not None and (made := _pair(detail)) is not None:
            found.append(made)
    return found


def _pair(detail: EntryDetail) -> Compared | None:
    words = comparison(detail)
    if not words.before or not words.after:
        return None
    try:
        before, after = (_embedded(Path(name)) for name in (words.before, words.after))
    except NotShownError:
        return None
    return Compared(words.name, words.facts, words.score, before, after)


def _embedded(file: Path) -> str:
    """A picture as a data URI (RFC 2397), smaller than it is."""
    buffer = io.BytesIO()
    small(file, _LONGEST_EDGE).save(buffer, "JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
