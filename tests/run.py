"""`make test`: everything that has to hold before a change lands, each part with its run time.

Lint and types run beside the tests, since each leaves one core idle. What a test needs from the system is
installed when we are root; else the command is printed and the tests that need it are listed as not run.
With CI=true a test that did not run is a failure.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

# Program looked for: Debian packages that have it and what it needs.
SYSTEM_PACKAGES = {
    "strace": "strace",
    "setfattr": "attr",
    "setfacl": "acl",
    "setcap": "libcap2-bin",
    "rsync": "rsync",
    "exiftool": "libimage-exiftool-perl",
    "groff": "groff-base",
    "zsh": "zsh",
    "fish": "fish",
    # The report is looked at in a browser.
    "chromium": "chromium",
    # A real desktop for the tray: display, bus, panel, mouse and keyboard, notices, login.
    "Xvfb": "xvfb",
    "dbus-daemon": "dbus-daemon",
    "xfce4-panel": "xfce4-panel",
    "xdotool": "xdotool",
    "scrot": "scrot",
    "openbox": "openbox python3-xdg",
    "dunst": "dunst",
    "dex": "dex",
    "desktop-file-validate": "desktop-file-utils",
}


@dataclass(frozen=True)
class Part:
    """One step: its name and its command line."""

    name: str
    command: tuple[str, ...]


PARTS = (
    Part("format", (str(BIN / "ruff"), "format", "--check", "--quiet", ".")),
    Part("lint", (str(BIN / "ruff"), "check", "--quiet", ".")),
    Part("types", (str(BIN / "mypy"),)),
    Part("tests", (str(BIN / "pytest"), "-q", "-n", "2", "--dist", "worksteal")),
)


def install_system_packages() -> None:
    """Install what is missing when we may, else say how."""
    missing = sorted(
        {
            package
            for program, packages in SYSTEM_PACKAGES.items()
            if not shutil.which(program)
            for package in packages.split()
        }
        | _missing_toolkit()
    )
    if not missing or not sys.platform.startswith("linux"):
        return
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"Some tests need more of the system; to run them too: sudo {' '.join(command)}", flush=True)
        return
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
    subprocess.run(command, check=True, **quiet)


def _missing_toolkit() -> set[str]:
    """The package that gives the system's own Python tkinter; any other Python brings it or never has it."""
    if importlib.util.find_spec("_tkinter") or Path(sys.base_prefix) != Path("/usr"):
        return set()
    return {"python3-tk"}


def run(parts: Sequence[Part]) -> int:
    """Run the parts one after the other and say how each went; the number of failed ones."""
    results: list[tuple[str, int, float]] = []
    for part in parts:
        print(f"== {part.name}", flush=True)
        start = time.monotonic()
        code = subprocess.run(part.command, cwd=ROOT, check=False).returncode
        results.append((part.name, code, time.monotonic() - start))
    print("\npart        result   seconds")
    for name, code, seconds in results:
        print(f"{name:<11} {'ok' if code == 0 else 'FAILED':<8} {seconds:7.1f}")
    return sum(code != 0 for _, code, _ in results)


def main() -> int:
    """Parse the arguments and run; 0 only when every part passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[part.name for part in PARTS], help="run these parts")
    chosen = parser.parse_args().only
    parts = [part for part in PARTS if not chosen or part.name in chosen]
    if any(part.name == "tests" for part in parts):
        install_system_packages()
    return min(run(parts), 1)


if __name__ == "__main__":
    raise SystemExit(main())
