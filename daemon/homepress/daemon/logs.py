"""The log: small, readable by the user alone, and without the names that the user wants forgotten."""

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from homepress.base.paths import Paths
from homepress.base.system_errors import quoted, with_name

_BYTES = 1_000_000
_FILES = 3
_FORMAT = "%(asctime)s %(levelname)s %(message)s"
_STAMP = len("2026-01-31 12:00:00")
_PRIVATE = 0o600
_LOGGER, _NOWHERE = logging.getLogger("homepress"), logging.NullHandler()


class _LogFile(RotatingFileHandler):
    """The log's file; what cannot be written, on a full disk say, is left out in silence.

    Attributes:
        fault: why the last line could not be written; empty when it could.
    """

    fault = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; the next try opens the file anew."""
        self.fault = ""
        super().emit(record)
        if self.fault and self.stream is not None:
            with contextlib.suppress(OSError, ValueError):
                self.stream.close()
            self.stream = None  # what the class itself does in `close`

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  as the class has it
        """Note it, in place of a traceback on standard error."""
        error = sys.exc_info()[1]
        self.fault = with_name(error, self.baseFilename) if isinstance(error, OSError) else str(error)


class _Terminal(logging.StreamHandler[TextIO]):
    """Standard error; a terminal that was closed is no reason to stop."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  as the class has it
        """Say nothing: there is nobody who hears."""


def write_log(paths: Paths, *, terminal: bool) -> None:
    """Log into a small file, and to the terminal where there is one and it is wanted.

    A file that cannot be written stops nothing; `log_fault` tells.
    """
    file = _LogFile(paths.log, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8", delay=True)
    for each in _files(paths.log):
        with contextlib.suppress(OSError):
            each.chmod(_PRIVATE)
    handlers: list[logging.Handler] = [file]
    if terminal and sys.stderr is not None:
        handlers.append(_Terminal(sys.stderr))
    logging.basicConfig(level=logging.INFO, handlers=handlers, format=_FORMAT, force=True)
    with contextlib.suppress(OSError):
        paths.log.touch(mode=_PRIVATE)


def keep_quiet() -> None:
    """Write no log and print none: what a command has to say stands in its results."""
    _LOGGER.addHandler(_NOWHERE)


def log_fault(log: Path) -> str:
    """Why the log cannot be written at present, in a sentence; empty when it can."""
    for handler in _handlers(log):
        if isinstance(handler, _LogFile) and handler.fault:
            return f"the log cannot be written: {handler.fault}"
    return ""


def forget(log: Path, path: Path | None, before: float | None) -> None:
    """Take lines out of the log and its older files, this process's open one included.

    Args:
        log: the newest file.
        path: only lines with this path in them, or one below it; None for any.
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
    named = () if path is None else _spellings(str(path))
    until = "" if before is None else datetime.fromtimestamp(before).isoformat(" ", "seconds")

    def goes(line: str) -> bool:
        if named and not any(spelling in line for spelling in named):
            return False
        return not until or line[:_STAMP] < until

    return goes


def _spellings(name: str) -> tuple[str, ...]:
    """How a path may stand in a line: as it is, as we quote it, and as Python and earlier versions did."""
    return name, *(spelled[1:-1] for spelled in (quoted(name), repr(name), ascii(name)))


def _rewrite(file: Path, goes: Callable[[str], bool]) -> None:
    """Without the lines that go; in place, since a process that has it open appends to this very file."""
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
