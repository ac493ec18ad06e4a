"""Every module can be imported on every system, but those that are a system's own."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("as_another_system.py")

OWN = {
    "linux": {"homepress.control.transport.windows"},
    "darwin": {"homepress.control.transport.windows", "homepress.watch.inotify"},
    "win32": {
        "homepress.base.locking.posix",
        "homepress.control.transport.posix",
        "homepress.privacy.doorkeeper",
        "homepress.privacy.linux",
        "homepress.privacy.macos",
        "homepress.privacy.posix",
        "homepress.privacy.probes",
        "homepress.store.fs.linux",
        "homepress.store.fs.macos",
        "homepress.store.fs.posix",
        "homepress.watch.inotify",
        "homepress.watch.linux",
        "homepress.watch.macos",
        "homepress.workers.linux",
    },
}
"""Modules that another system's Python cannot load, and need not: nothing there imports them."""


@pytest.mark.parametrize("system", sorted(OWN))
def test_every_module_can_be_imported(system: str) -> None:
    done = subprocess.run((sys.executable, str(PROGRAM), system), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    failed = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert failed.keys() == OWN[system], f"what can be loaded needs no exception\n{done.stdout}"


NOT_THERE = {
    "win32": ("import fcntl", "import jeepney", "from os import O_DIRECTORY", "from time import tzset"),
    "darwin": ("import jeepney", "from select import epoll", "from os import getxattr"),
    "linux": ("import msvcrt",),
}


@pytest.mark.parametrize("system", sorted(NOT_THERE))
def test_a_module_that_needs_what_a_system_lacks_is_found(system: str) -> None:
    """The test above sees what it is there for."""
    script = f"""
import runpy
runpy.run_path({str(PROGRAM)!r})["become"]({system!r})
for statement in {NOT_THERE[system]!r}:
    try:
        exec(statement)
        print("still there:", statement)
    except ImportError:
        pass
"""
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
