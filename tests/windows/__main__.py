"""`make windows`: the real program under a Windows Python, on Linux by Wine, each part with its run time.

Without arguments: the rig is made in `build/windows` (or in what HOMEPRESS_RIG names), every module is
imported, a picture goes there and back, and the tests of most rooms run, without what needs POSIX. With
arguments these are a Python command line to run in the rig, such as `-m homepress doctor`.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from windows.rig import REPOSITORY, CannotBuild, Rig

ROOMS = ("base", "settings", "control", "desktop", "watch", "privacy", "store/test_recovery.py", "compress")
"""Rooms whose tests pass there; what of them needs POSIX is skipped with its reason."""
PARTS = {"the program": "tests/windows", **{room: f"tests/{room}" for room in ROOMS}}
"""What pytest runs there, by part."""
LIMIT_SECONDS = 3600.0


def main(arguments: list[str]) -> int:
    os.chdir(REPOSITORY)
    rig = Rig(Path(os.environ.get("HOMEPRESS_RIG", REPOSITORY / "build" / "windows")))
    try:
        rig.build()
    except CannotBuild as reason:
        print(f"not run: {reason}")
        return 2
    with rig.awake():
        if arguments:
            return _run(rig, *arguments)
        failed = [name for name, path in PARTS.items() if _part(rig, name, path) != 0]
    print(f"failed: {', '.join(failed)}" if failed else "all parts passed")
    return int(bool(failed))


def _part(rig: Rig, name: str, path: str) -> int:
    began = time.monotonic()
    code = _run(rig, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "900", path)
    print(f"{name}: {'passed' if code == 0 else f'exit code {code}'} in {time.monotonic() - began:.0f} s")
    return code


def _run(rig: Rig, *command: str) -> int:
    try:
        code, printed = rig.run(*command, within=LIMIT_SECONDS, PYTHONUTF8="1", PYTHONDONTWRITEBYTECODE="1")
    except subprocess.TimeoutExpired as late:
        print(late.output)
        return 1
    print(printed, end="", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
