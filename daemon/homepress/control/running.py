"""The daemon that runs, of any version: who it is, how it is ended, and whether the last one ended as told.

It is known by what it answers (`basics`), by which process listens on its socket (the system knows), and by
the lock that it holds. One that does not understand us gets the signal that means the same, if it is certain
which process that is. Nothing here depends on the version of the conversation.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import homepress
from homepress.control import basics
from homepress.control.lock import holder_of
from homepress.control.service import ServiceError, Status
from homepress.control.transport import ChannelError, UnsafeAddressError

_NOT_RUNNING = "Homepress is not running in the background"
_NO_DAEMON = 3
_UNSAFE = 4
_MARK = "unfinished"
"""A file that is there from a daemon's start until it is asked to end: one that was killed leaves it."""


@dataclass(frozen=True, slots=True)
class RunningDaemon:
    """A daemon.

    Attributes:
        pid: its process id, None where that is not known.
        program: its version of Homepress, empty where it does not say.
        answers: whether it answers on its socket.
    """

    pid: int | None
    program: str
    answers: bool


def running_daemon(socket: Path, lock: Path) -> RunningDaemon | None:
    """The daemon, of any version; None when none runs.

    Raises:
        ServiceError: the process that listens on the socket is not ours.
    """
    with _safe():
        about, understood = _ask(socket, basics.ABOUT)
        if about is not None:
            return RunningDaemon(
                about.pid or _daemon(lock, listens=True), about.program, understood or bool(about.program)
            )
        pid = _daemon(lock, listens=False)
        return None if pid is None else RunningDaemon(pid, "", False)


def other_version(status: Status) -> str:
    """What to say of a daemon that talks to us and is of another version; empty when it is of ours."""
    if status.version == homepress.__version__:
        return ""
    return (
        f"version {status.version} of Homepress runs in the background, and this is {homepress.__version__}; "
        "restart it: homepress stop && homepress run"
    )


def stop_daemon(socket: Path, lock: Path) -> int | None:
    """Have the daemon end, of any version; returns when it has been asked, not when it has ended.

    Returns:
        Its process id, None where that is not known.

    Raises:
        ServiceError: none runs (exit code 3), or it cannot be asked.
    """
    with _safe():
        about, understood = _ask(socket, basics.STOP)
    if about is not None and understood:
        return about.pid
    pid = (
        about.pid if about is not None and about.pid is not None else _daemon(lock, listens=about is not None)
    )
    if pid is None:
        if about is not None:
            raise ServiceError(_BEYOND_US, _NO_DAEMON)
        holder = holder_of(lock)
        what = f"{holder} is at work, and ends by itself" if holder else "there is nothing to stop"
        raise ServiceError(f"{_NOT_RUNNING}; {what}", _NO_DAEMON)
    _signal(pid)
    return pid


def mark_started(state: Path) -> None:
    """The daemon of this state folder begins."""
    with contextlib.suppress(OSError):  # a full disk: then its end goes untold, which is no reason not to run
        (state / _MARK).touch(mode=0o600)


def mark_stopped(state: Path) -> None:
    """The daemon was asked to end."""
    with contextlib.suppress(OSError):
        (state / _MARK).unlink(missing_ok=True)


def was_cut_short(state: Path) -> bool:
    """Whether the last daemon, which is known not to answer, ended without having been told to.

    No process id is looked at: the mark is written after the socket was bound.
    """
    return (state / _MARK).exists()


_BEYOND_US = "Homepress runs in the background and cannot be asked to end; log out, or end its process"


def _ask(socket: Path, what: str) -> tuple[basics.About | None, bool]:
    try:
        return basics.ask(socket, what)
    except ChannelError:
        return None, False  # a socket without an ear: the lock tells whether somebody lives


def _daemon(lock: Path, *, listens: bool) -> int | None:
    """The process that holds the instance lock as a daemon.

    Args:
        lock: the file.
        listens: whether some daemon listens, so that a holder of an earlier version, which did not say what
            it is at, must be that one.
    """
    holder = holder_of(lock)
    return holder.pid if holder is not None and (holder.is_daemon or (listens and not holder.work)) else None


def _signal(pid: int) -> None:
    if sys.platform == "win32":
        raise ServiceError(f"{_BEYOND_US} (number {pid}) in the Task Manager")
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise ServiceError(
            f"process {pid} is another user's; end it with: sudo kill {pid}", _UNSAFE
        ) from error


@contextlib.contextmanager
def _safe() -> Iterator[None]:
    try:
        yield
    except UnsafeAddressError as error:
        raise ServiceError(str(error), _UNSAFE) from error
