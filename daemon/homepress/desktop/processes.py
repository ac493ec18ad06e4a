"""Starting further processes of our own. Other people's programs are opened by `opening`, never from here:
they would inherit the network lock."""

import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

_DETACHED_FLAGS = 0x00000008 | 0x08000000
"""DETACHED_PROCESS and CREATE_NO_WINDOW (Windows, CreateProcess)."""


def own(*arguments: str) -> tuple[str, ...]:
    """The command that runs this very installation with `arguments`."""
    return (sys.executable, "-m", "homepress", *arguments)


def spawn(command: Sequence[str], environment: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """Start a process that outlives us, in a session of its own; its exit is noted when it comes.

    Raises:
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        creationflags=_DETACHED_FLAGS if sys.platform == "win32" else 0,
    )
    threading.Thread(target=process.wait, name="reaper", daemon=True).start()
    return process


def fails_soon(process: "subprocess.Popen[bytes]", within: float) -> bool:
    """Whether a process ends with an error within so many seconds; one that goes on has not failed."""
    try:
        return process.wait(within) != 0
    except subprocess.TimeoutExpired:
        return False
