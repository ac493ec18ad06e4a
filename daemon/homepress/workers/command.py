"""How a worker is started, cut off from the user's settings and environment, and what it may still read."""

import os
import site
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import homepress
from homepress.workers.host import host

_NO_HOME = "/nonexistent"

# One thread each: the slots are what runs side by side. Two arenas keep glibc from reserving address space
# for threads that hardly allocate. What is freed is kept for what comes next: to give pages to the system
# and to be given them anew took a twentieth of the processor time.
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}


def module_command(module: str) -> Sequence[str]:
    """The command line that runs one of our modules without the user's `PYTHON*` variables."""
    if is_bundled():
        return [sys.executable, "-m", module]  # it is isolated by itself, and takes no other option
    isolation = ["-I"] if not _in_user_site() else ["-E", "-P"]
    # Its file is compiled once and kept, unless we were told not to.
    caching = ["-B"] if sys.dont_write_bytecode else []
    program, _ = host.interpreter()
    return [program, *isolation, *caching, "-X", "utf8", "-m", module]


def is_bundled() -> bool:
    """Whether this runs from a bundle, where `sys.executable` is Homepress itself (set by PyInstaller)."""
    return bool(getattr(sys, "frozen", False))


def environment() -> Mapping[str, str]:
    """All that a worker finds in its environment."""
    kept = {name: os.environ[name] for name in host.environment_names() if name in os.environ}
    # Without any, Python looks up the user's home when it starts, perhaps over a socket to a name service.
    home = {} if _in_user_site() else {"HOME": _NO_HOME}
    _, needed = host.interpreter()
    return {**kept, **home, **_ONE_THREAD, **needed}


def _in_user_site() -> bool:
    """Whether Homepress is installed with `pip install --user`, which isolated mode would not find."""
    if not site.ENABLE_USER_SITE:
        return False
    return Path(homepress.__file__).is_relative_to(site.getusersitepackages())


SYSTEM_LIBRARIES = tuple(
    map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"))
)
"""Where shared libraries are, and the list that the loader finds them by."""
