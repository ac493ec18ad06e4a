"""Did the daemon end because it was told to? A file stands from its start until it is told to end.

What was killed, or failed, leaves the file behind. No process id is looked at: the question is only asked
where no daemon answers on its socket, and the file is written after that socket was bound.
"""

import contextlib
from pathlib import Path

_MARK = "unfinished"


def begin(state: Path) -> None:
    """The daemon of this state folder begins."""
    with contextlib.suppress(OSError):  # a full disk: then its end goes untold, which is no reason not to run
        (state / _MARK).touch(mode=0o600)


def end(state: Path) -> None:
    """The daemon was told to end."""
    with contextlib.suppress(OSError):
        (state / _MARK).unlink(missing_ok=True)


def was_cut_short(state: Path) -> bool:
    """Whether a daemon, of which it is known that it does not answer, ended without having been told to."""
    return (state / _MARK).exists()
