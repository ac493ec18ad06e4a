"""Linux and macOS: owner and mode.

The functions are those of `OwnershipSystem`.
"""

import os
import stat
from pathlib import Path

from homepress import HOME_VARIABLE

_PRIVATE = 0o700


def close_to_others(folder: Path) -> None:
    folder.chmod(_PRIVATE)


def make_private(folder: Path) -> None:
    status = folder.lstat()
    if status.st_uid != os.getuid():
        raise PermissionError(
            f"{folder} belongs to another user (number {status.st_uid}); "
            f"run Homepress as that user or set {HOME_VARIABLE} to a folder of your own"
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        close_to_others(folder)
