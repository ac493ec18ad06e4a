"""Low Power Mode of macOS, as `pmset -g` tells it: a line "lowpowermode 1"."""

import re
import subprocess

from homepress.desktop.power.interface import Looking

_MODE = re.compile(r"^\s*(?:lowpowermode|powermode)\s+(\d)\s*$", re.MULTILINE)


def saves_power(told: str) -> bool | None:
    """What the output of `pmset -g` says; None when it has no such line, as on older systems."""
    found = _MODE.search(told)
    return None if found is None else found[1] == "1"


def _ask() -> bool | None:
    try:
        done = subprocess.run(["/usr/bin/pmset", "-g"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return saves_power(done.stdout)


class LowPowerModeWatch(Looking):
    """See `PowerWatch`."""

    def __init__(self) -> None:
        super().__init__(_ask)
