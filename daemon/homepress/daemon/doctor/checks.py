"""What every computer is asked: the program itself, its data, the session and the desktop."""

import importlib
import platform
import shutil
import struct
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

import homepress
from homepress import privacy
from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.paths import Paths
from homepress.base.results import FolderStatus
from homepress.base.units import size
from homepress.control.instance import other_version
from homepress.daemon.doctor.finding import Finding, Installation, broken, good, this_system, worth_knowing
from homepress.desktop.autostart import autostart
from homepress.store.health import ledger_fault
from homepress.store.model import LedgerError, OriginalsLimit
from homepress.store.reader import Reader
from homepress.workers.command import is_bundled

# -- what Homepress keeps, and the daemon that uses it

PROBLEM = "problem"
"""The topic of what a daemon complains of; such a text may name a picture."""

_NEARLY_FULL = 0.8
_MAKE_ROOM = (
    "homepress originals accept --older-than 7d     (or raise originals_max: homepress settings edit)"
)


def settings(whole: Installation) -> Iterator[Finding]:
    """Whether the settings file is valid."""
    file = whole.paths.config_file
    if whole.settings_fault is not None:
        for problem in whole.settings_fault.problems:
            yield broken("settings", str(problem), "homepress settings edit")
    elif not file.exists():
        yield good("settings", f"{file} is not there yet, so the defaults hold")
    else:
        yield good("settings", f"{file} is valid")


def ledger(whole: Installation) -> Iterator[Finding]:
    """Whether the ledger is whole."""
    file = whole.paths.ledger
    if not file.exists():
        yield good("ledger", "not begun yet")
    elif fault := ledger_fault(file):
        text = f"{file} is damaged ({fault}); its last backup takes its place at the next start"
        yield broken("ledger", text, "homepress stop; homepress run")
    else:
        try:
            with Reader(file) as reader:
                yield good("ledger", f"whole, {reader.count():,} entries, {size(file.stat().st_size)}")
        except LedgerError as error:  # of another version: its program has to be started, or this one
            yield worth_knowing("ledger", str(error), "homepress stop && homepress run")


def originals(whole: Installation) -> Iterator[Finding]:
    """What the originals occupy, what they may, and whether each is where the ledger says."""
    limit = OriginalsLimit(whole.settings.daemon.originals_max.bytes)
    kept = used = lost = 0
    silent = {}
    try:
        with Reader(whole.paths.ledger) as reader:
            for original in reader.originals():
                kept += 1
                used += original.bytes
                stored = Path(original.stored_at)
                if stored.parent in whole.silent:
                    silent[stored.parent] = whole.silent[stored.parent]
                elif stored.parent not in silent:
                    lost += not _is_there(stored, silent)
    except LedgerError:
        return  # which `ledger` tells
    for vault, error in silent.items():
        yield broken("originals", blocking.silent(vault, error.since), "look at its cable and its server")
    if silent:
        return
    if lost:
        text = f"{lost:,} of {kept:,} are not where they were stored; is a disk not connected?"
        yield broken("originals", text, "homepress originals verify")
    allowed = min(limit.max_bytes, int(_disk_bytes(whole.paths) * limit.disk_fraction))
    text = f"{kept:,} originals, {size(used)} of at most {size(allowed)}"
    if used >= allowed:
        yield broken("originals", f"{text}: nothing is replaced until there is room", _MAKE_ROOM)
    elif used >= _NEARLY_FULL * allowed:
        yield worth_knowing("originals", f"{text}: nearly full", _MAKE_ROOM)
    else:
        yield good("originals", text)


def _is_there(original: Path, silent: dict[Path, NotAnsweringError]) -> bool:
    """Whether an original is where it was stored; a vault that does not answer is noted, not counted."""
    try:
        return blocking.ask(original.parent, original.is_file)
    except NotAnsweringError as error:
        silent[original.parent] = error
        return True


def daemon(whole: Installation) -> Iterator[Finding]:
    """Whether the daemon runs, and what it says itself."""
    if whole.daemon_fault:
        yield broken("daemon", whole.daemon_fault, "homepress stop; homepress run")
    elif whole.daemon is None:
        yield worth_knowing("daemon", "it does not run: no folder is watched now", "homepress run")
    else:
        yield good("daemon", f"it runs as process {whole.daemon.pid}, {whole.daemon.state}")
        if note := other_version(whole.daemon):
            yield worth_knowing("daemon", note, "homepress stop && homepress run")
        # What it says of folders is told with what was found of them, not twice.
        folders = {str(folder.path) for folder in whole.settings.folders}
        theirs = {text for each in whole.daemon.folders if each.path in folders for text in _said(each)}
        for problem in whole.daemon.problems:
            if problem not in theirs:
                yield broken(PROBLEM, problem, "homepress status")


def _said(folder: FolderStatus) -> tuple[str, str]:
    """How the daemon may say among its problems what is wrong with a folder."""
    return folder.problem, f"{folder.path}: {folder.problem}"


def _disk_bytes(paths: Paths) -> int:
    """The size of the disk that the originals are, or will be, on."""
    folder = paths.originals
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).total


# -- the desktop: bus, tray, notices, start at login


def session(whole: Installation) -> Iterable[Finding]:
    """What there is of a desktop."""
    return this_system().desktop(whole.old_tray)


def start_at_login(_: Installation) -> Iterator[Finding]:
    """Whether Homepress will really start at the next login."""
    state = autostart().state()
    why = f": {state.reason}" if state.reason else ""
    if not state.on:
        text = f"it does not start at login{why}"
        yield worth_knowing("start at login", text, "homepress autostart on")
    elif state.starts:
        yield good("start at login", f"it starts, by {state.place}{why}")
    else:
        text = f"it is to start at login and will not{why}"
        yield broken("start at login", text, "homepress autostart on")


# -- the program: Python, the window's toolkit, the network lock

_OLDEST = (3, 11)


def python(_: Installation) -> Iterator[Finding]:
    """The Python that runs us."""
    bits = 8 * struct.calcsize("P")
    threads = ", free-threaded" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    text = f"{platform.python_version()}, {bits} bits{threads}, for Homepress {homepress.__version__}"
    if sys.version_info < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        yield broken(
            "Python", text, f"install Homepress with Python {oldest} or newer: pipx install homepress"
        )
    elif bits < 64:
        yield worth_knowing("Python", f"{text}; large pictures need 64 bits", "install a Python of 64 bits")
    else:
        yield good("Python", text)


def window_toolkit(_: Installation) -> Iterator[Finding]:
    """Whether the window can be opened."""
    try:
        toolkit = importlib.import_module("tkinter")
    except ImportError as error:
        text = f"there is no tkinter ({error}): no window; tray and command line do all it does"
        # A bundle has all of it but the system's own libraries of the display.
        missing = "x11" if is_bundled() else "tkinter"
        yield worth_knowing("window", text, this_system().getting(missing))
        return
    yield good("window", f"tkinter with Tk {toolkit.TkVersion}")


def network_lock(whole: Installation) -> Iterator[Finding]:
    """Whether the system refuses us the network, measured in this process and in the daemon."""
    if privacy.state() != "locked":
        text = "the system does not refuse this program the network; nothing is ever sent all the same"
        yield worth_knowing("network lock", text, "see what could not be had: homepress prove")
    elif whole.daemon is not None and whole.daemon.network != "locked":
        text = f"the daemon (process {whole.daemon.pid}) is not locked out of the network"
        yield worth_knowing("network lock", text, "see what could not be had: homepress prove")
    else:
        who = "this command and the daemon" if whole.daemon is not None else "this command"
        yield good("network lock", f"measured: the system refuses {who} the network")
