"""The log: small, readable by the user alone, and without the names that the user wants forgotten."""

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from homepress.settings import Paths

_BYTES = 1_000_000
_FILES = 3
_FORMAT = "%(asctime)s %(levelname)s %(message)s"
_STAMP = len("2026-01-31 12:00:00")
_PRIVATE = 0o600


def write_log(paths: Paths, *, terminal: bool) -> None:
    """Log into a small file, and to the terminal where there is one and it is wanted."""
    file = RotatingFileHandler(paths.log, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8")
    for each in _files(paths.log):
        each.chmod(_PRIVATE)
    handlers: list[logging.Handler] = [file]
    if terminal and sys.stderr is not None:
        handlers.append(logging.StreamHandler(sys.stderr))
    logging.basicConfig(level=logging.INFO, handlers=handlers, format=_FORMAT, force=True)


def forget(log: Path, path: Path | None, before: float | None) -> None:
    """Take lines out of the log and its older files, this process's open one included.

    Args:
        log: the newest file.
        path: only lines with this path in them, or one beneath it; None for any.
        before: only lines written before this, seconds since 1970; None for any.

    Raises:
        OSError: a file cannot be written.
    """
    goes = _condition(path, before)
    with contextlib.ExitStack() as held:
        for handler in _handlers(log):
            handler.acquire()
            held.callback(handler.release)
            handler.flush()
        for file in _files(log):
            _rewrite(file, goes)


def _condition(path: Path | None, before: float | None) -> Callable[[str], bool]:
    named = "" if path is None else str(path)
    until = "" if before is None else datetime.fromtimestamp(before).isoformat(" ", "seconds")

    def goes(line: str) -> bool:
        if named and named not in line and repr(named)[1:-1] not in line:
            return False
        return not until or line[:_STAMP] < until

    return goes


def _rewrite(file: Path, goes: Callable[[str], bool]) -> None:
    """Without the lines that go; in place, since whoever has the file open appends to this very one."""
    with file.open("r+", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        kept, dropped = [], False
        for line in stream:
            # A line without a time of its own belongs to the one before it.
            dropped = goes(line) if line[:4].isdigit() else dropped or goes(f"9999{line}")
            if not dropped:
                kept.append(line)
        stream.seek(0)
        stream.writelines(kept)
        stream.truncate()


def _handlers(log: Path) -> Iterator[logging.Handler]:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, RotatingFileHandler) and Path(handler.baseFilename) == log.absolute():
            yield handler


def _files(log: Path) -> Iterator[Path]:
    """The log and its older files."""
    names = (log, *(log.with_name(f"{log.name}.{number}") for number in range(1, _FILES + 1)))
    return (file for file in names if file.exists())
