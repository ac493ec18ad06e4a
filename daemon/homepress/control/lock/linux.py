"""Who holds a lock on Linux: the kernel's own list of locks."""

import os
import sys
from pathlib import Path

assert sys.platform != "win32"

_LOCKS = Path("/proc/locks")


def holds(pid: int, path: Path) -> bool | None:
    """Whether a process has locked a file by flock(2); None where the kernel does not say.

    The device is not compared: some file systems (btrfs, overlayfs) tell another number there than stat(2).
    """
    try:
        inode = os.stat(path).st_ino
        lines = _LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split()
        # "1: FLOCK  ADVISORY  WRITE 4711 00:2a:815 0 EOF"; who waits for a lock has "->" in the second place
        if len(fields) < 6 or fields[1] != "FLOCK" or fields[4] != str(pid):
            continue
        if fields[5].rsplit(":", 1)[-1] == str(inode):
            return True
    return False
