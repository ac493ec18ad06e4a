"""Taking away the folders that kept originals, once none is in them."""

import contextlib
import os
from pathlib import Path

from homepress.store.vault import MARKERS


def remove_vault(path: Path) -> list[str]:
    """Remove a vault that holds nothing but our own markers, and the folder above that was made for it.

    Args:
        path: the folder, as `Store.originals_folders` gives it.

    Returns:
        Names of what else is in it: then it stays, with everything in it. Empty when it is gone.

    Raises:
        OSError: the system refused.
    """
    try:
        others = sorted(set(os.listdir(path)) - MARKERS.keys())
    except FileNotFoundError:
        return []
    if others:
        return others
    for name in MARKERS:
        with contextlib.suppress(FileNotFoundError):
            (path / name).unlink()
    path.rmdir()
    # `.homepress-UID` at the top of a disk, or the folder of our data: unless something else is in it.
    if "homepress" in path.parent.name:
        with contextlib.suppress(OSError):
            path.parent.rmdir()
    return []
