"""What tray and window tell `homepress prove` about themselves."""

import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from homepress.control.lock import LockHeldError
from homepress.control.service import ProbedProcess
from homepress.control.transport import UnsafeAddressError
from homepress.control.witness import Witness
from homepress.desktop.processes import own

_log = logging.getLogger(__name__)

_PROBE_SECONDS = 20.0


def probe_self() -> list[ProbedProcess]:
    """What a process finds that tries every way out under this process's lock, which it inherits.

    Empty where this installation has no command for it.
    """
    try:
        done = subprocess.run(own("attempts"), capture_output=True, timeout=_PROBE_SECONDS, check=True)
        return [msgspec.json.decode(done.stdout, type=ProbedProcess)]
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return []


def stand_witness(
    socket: Path, name: str, testify: Callable[[], list[ProbedProcess]] = probe_self
) -> Witness | None:
    """From now on tell whoever asks what this process can reach; None, and a line in the log, if it cannot.

    Args:
        socket: of the daemon that this process belongs to.
        name: "tray" or "window", whose instance lock this process holds.
        testify: tells what this process can reach, and what its worker can, if there is one.
    """
    try:
        return Witness(socket, name, testify)
    except (OSError, UnsafeAddressError, LockHeldError) as error:
        _log.warning("homepress prove will not be able to ask this process: %s", error)
        return None
