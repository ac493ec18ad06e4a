"""`make test`: everything that has to hold before a change lands, each part with its run time.

What a test needs from the system is installed when we are root; else the command is printed and the tests
that need it are listed as not run. With CI=true a test that did not run is a failure, but for what no
installing could bring: the tests under Wine need Python 3.11.

`make coverage` measures what the tests run, branches too, in the test processes themselves; it takes half
as long again. Daemons, workers, tray and window that tests start are not counted: they may not write files.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from homepress.desktop import toolkit
from windows.__main__ import CANNOT_BUILD

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

LATEST = "HOMEPRESS_TEST_LATEST"
"""Set for the tests while the newest packages are tried: what they install comes from no lock then."""

# Program looked for: Debian packages that have it and what it needs.
SYSTEM_PACKAGES = {
    "cc": "gcc libc6-dev",
    "strace": "strace",
    "setfattr": "attr",
    "setfacl": "acl",
    "setcap": "libcap2-bin",
    "chattr": "e2fsprogs",
    "rsync": "rsync",
    # Disks that can too little, or have a quota.
    "mkfs.exfat": "exfatprogs",
    "mount.exfat-fuse": "exfat-fuse",
    "mkfs.btrfs": "btrfs-progs",
    "bindfs": "bindfs",
    "mkfs.ntfs": "ntfs-3g",
    "sshfs": "sshfs",
    "sshd": "openssh-server",
    "exiftool": "libimage-exiftool-perl",
    "djxl": "libjxl-tools",
    "groff": "groff-base",
    "zsh": "zsh",
    "fish": "fish",
    # The report is looked at in a browser.
    "chromium": "chromium",
    # A real desktop for the tray: display, bus, panel, mouse and keyboard, notices, login.
    "Xvfb": "xvfb",
    "/usr/libexec/at-spi2-registryd": "at-spi2-core",
    "dbus-daemon": "dbus-daemon",
    "xfce4-panel": "xfce4-panel",
    "xdotool": "xdotool",
    "xclip": "xclip",
    "scrot": "scrot",
    "openbox": "openbox python3-xdg",
    "dunst": "dunst",
    "dex": "dex",
    "desktop-file-validate": "desktop-file-utils",
    "systemctl": "systemd",
}


ELSEWHERE = {
    "make windows": "every room under a Windows Python, tray and window, by Wine: a quarter of an hour",
    "make torture": "kills, faults, races: half an hour",
    "make fuzz": "hostile bytes: half an hour",
}
"""Tests that are too long for here."""

_FAILED = "FAILED"
_COUNTED = ("num_statements", "num_branches", "covered_lines", "covered_branches")


@dataclass(frozen=True)
class Part:
    """One step.

    Attributes:
        name: of it.
        command: its command line.
        cannot: the exit code that says that it cannot be done here.
        beside: whether it runs beside the others from the start, since it waits more than it works.
    """

    name: str
    command: tuple[str, ...]
    cannot: int = 0
    beside: bool = False


# Slow tests are named at the end, so that none becomes one unnoticed.
# Four at a time on two cores: many tests wait for a disk, a clock or a window, not for a core.
PYTEST = (str(BIN / "pytest"), "-q", "-n", "4", "--durations=15", "--durations-min=5")
# Tests that are parts of their own, by the name of the part.
APART = {"rules": "tests/rules", "docs": "tests/docs", "packages": "tests/packages"}
# What of `make windows` there is time for: files, processes, pipes and paths, which differ there.
ON_WINDOWS = ("store", "the program, in short", "privacy", "settings", "control", "desktop", "base")
WINDOWS = ("env", "PYTHONPATH=tests", sys.executable, "-m", "windows")
COVERAGE = ("--cov", "--cov-report=")

PARTS = (
    Part("format", (str(BIN / "ruff"), "format", "--check", "--quiet", ".")),
    Part("lint", (str(BIN / "ruff"), "check", "--quiet", ".")),
    Part("types", (str(BIN / "mypy"),)),
    Part("rules", (str(BIN / "pytest"), "-q", APART["rules"])),
    Part("docs", (*PYTEST, APART["docs"])),
    Part("packages", (*PYTEST, "--dist", "loadscope", APART["packages"])),
    Part("tests", (*PYTEST, "--dist", "worksteal", *(f"--ignore={path}" for path in APART.values()))),
    Part("windows", (*WINDOWS, "--only", *ON_WINDOWS), CANNOT_BUILD, beside=True),
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
        | _missing_headers()
    )
    if not missing or not sys.platform.startswith("linux"):
        return
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"Some tests need more of the system; to run them too: sudo {' '.join(command)}", flush=True)
        return
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    }
    subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
    subprocess.run(command, check=True, **quiet)


def _missing_toolkit() -> set[str]:
    """The packages with the libraries of the system that Qt needs."""
    lacking = toolkit.lacking()
    return set(toolkit.DEBIAN_LIBRARIES.split()) if lacking and ".so" in lacking.what else set()


def _missing_headers() -> set[str]:
    """The package with the kernel's headers, which no program shows."""
    return set() if Path("/usr/include/asm-generic/unistd.h").exists() else {"linux-libc-dev"}


def run(parts: Sequence[Part]) -> int:
    """Run the parts and say how each went; the number of failed ones."""
    results: list[tuple[str, str, float]] = []
    beside = [(part, _Beside(part)) for part in parts if part.beside]
    for part in parts:
        if part.beside:
            continue
        print(f"\n== {part.name}", flush=True)
        start = time.monotonic()
        code = subprocess.run(part.command, cwd=ROOT, check=False).returncode
        results.append((part.name, _verdict(part, code), time.monotonic() - start))
    for part, other in beside:
        code = other.wait()
        print(f"\n== {part.name}\n{other.output}", flush=True)
        results.append((part.name, _verdict(part, code), other.seconds))
    print("\npart        result   seconds")
    for name, verdict, seconds in results:
        print(f"{name:<11} {verdict:<8} {seconds:7.1f}")
    if len(parts) == len(PARTS):
        print(*(f"not run: {command} ({what})" for command, what in ELSEWHERE.items()), sep="\n")
    return sum(verdict == _FAILED for _, verdict, _ in results)


class _Beside:
    """A part that runs beside others; what it prints is kept until it has ended."""

    def __init__(self, part: Part) -> None:
        self.output = ""
        self.seconds = 0.0
        self._code = 1
        self._thread = threading.Thread(target=self._run, args=(part,))
        self._thread.start()

    def _run(self, part: Part) -> None:
        start = time.monotonic()
        try:
            done = subprocess.run(
                part.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
            )
        except OSError as error:
            self.output = str(error)
        else:
            self._code, self.output = done.returncode, done.stdout.decode("utf-8", "replace")
        self.seconds = time.monotonic() - start

    def wait(self) -> int:
        """Wait for its end; its exit code."""
        self._thread.join()
        return self._code


def _verdict(part: Part, code: int) -> str:
    if code == 0:
        return "ok"
    return "not run" if code == part.cannot else _FAILED


def main() -> int:
    """Parse the arguments and run; 0 only when every part passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latest", action="store_true", help="install without the locks, as `make latest`")
    parser.add_argument("--only", nargs="+", choices=[part.name for part in PARTS], help="run these parts")
    parser.add_argument("--coverage", action="store_true", help="measure coverage")
    arguments = parser.parse_args()
    if arguments.latest:
        os.environ[LATEST] = "1"
    parts = [part for part in PARTS if not arguments.only or part.name in arguments.only]
    if any(part.name in ("tests", "docs") for part in parts):
        install_system_packages()
    if arguments.coverage:
        parts = [
            replace(part, command=(*part.command, *COVERAGE)) if part.name == "tests" else part
            for part in parts
        ]
    failed = run(parts)
    if arguments.coverage and any(part.name == "tests" for part in parts):
        print("\n".join(coverage_table()), flush=True)
    return min(failed, 1)


def coverage_table() -> list[str]:
    """What the tests covered, one line a room: lines and branches of the code, and their share."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "coverage.json")
        command = [str(BIN / "coverage"), "json", "--quiet", "-o", str(file)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            return ["", "no coverage was measured"]
        files = json.loads(file.read_text(encoding="utf-8"))["files"]
    rooms: dict[str, Counter[str]] = {}
    for name, found in files.items():
        room = Path(name).relative_to("daemon/homepress").parts[0].removesuffix(".py")
        for counts in (rooms.setdefault(room, Counter()), rooms.setdefault("all", Counter())):
            counts.update({key: found["summary"][key] for key in _COUNTED})
    lines = ["", f"{'coverage':<11} {'lines':>7} {'branches':>9} {'covered':>8}"]
    for room, counts in sorted(rooms.items(), key=lambda item: (item[0] == "all", item[0])):
        whole = counts["num_statements"] + counts["num_branches"]
        share = (counts["covered_lines"] + counts["covered_branches"]) / max(whole, 1)
        lines.append(f"{room:<11} {counts['num_statements']:>7,} {counts['num_branches']:>9,} {share:>8.1%}")
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
