"""What tray and window answer to `homepress prove` about themselves."""

import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from homepress.base.results import ProbedProcess
from homepress.control.instance import LockHeldError
from homepress.control.probe_server import ProbeServer
from homepress.control.transport import UnsafeAddressError
from homepress.desktop.launching import NO_WINDOW, own

_log = logging.getLogger(__name__)

_PROBE_SECONDS = 20.0


def probe_self(other: int = 0) -> list[ProbedProcess]:
    """The result of a child process that tries every way out under our lock, which it inherits.

    Empty where this installation has no command for it.

    Args:
        other: an ordinary process of this user, whose memory it tries to open; 0 for none.
    """
    try:
        done = subprocess.run(
            own("attempts", f"--other={other}"),
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=True,
            creationflags=NO_WINDOW,
        )
        return [msgspec.json.decode(done.stdout, type=ProbedProcess)]
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return []


def serve_probe(
    socket: Path, name: str, probe: Callable[[int], list[ProbedProcess]] = probe_self
) -> ProbeServer | None:
    """Answer `homepress prove` from now on; None, with a line in the log, if that is impossible.

    Args:
        socket: of the daemon that this process belongs to.
        name: "tray" or "window", whose instance lock this process holds.
        probe: reports what this process can reach, and its worker, if it has one; given who asks.
    """
    try:
        return ProbeServer(socket, name, probe)
    except (OSError, UnsafeAddressError, LockHeldError) as error:
        _log.warning("homepress prove will not be able to ask this process: %s", error)
        return None
