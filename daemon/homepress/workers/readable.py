"""What a worker may still read when it is locked: Python's own files and the system's libraries."""

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import homepress
from homepress.workers.command import is_bundled

SYSTEM_LIBRARIES = tuple(
    map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"))
)
"""Where shared libraries are, and the list that the loader finds them by."""


def readable(home: Path) -> list[Path]:
    """Files and folders that a module or a library may be loaded from after the lock.

    Args:
        home: the user's home folder, which is never among them, nor what it lies in.
    """
    return sorted({path for path in _candidates() if not _too_wide(path, home)})


def _candidates() -> Iterator[Path]:
    yield from SYSTEM_LIBRARIES
    yield Path(sys.base_prefix, "lib")
    yield Path(homepress.__file__).parent
    for key in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield Path(sysconfig.get_path(key))
    yield from (Path(entry) for entry in sys.path if entry)
    if is_bundled():
        yield Path(sys.executable)  # the modules are at its end


def _too_wide(path: Path, home: Path) -> bool:
    """A module path such as the home folder would open everything in it: those modules stay unreadable."""
    return not path.is_absolute() or path == Path(path.anchor) or home.is_relative_to(path)
