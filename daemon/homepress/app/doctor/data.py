"""What Homepress keeps: settings, ledger, originals; and the daemon that uses them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from homepress.app.doctor.finding import Finding, broken, good, worth_knowing
from homepress.app.doctor.installation import Installation
from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.results import FolderStatus
from homepress.base.units import size
from homepress.control.running import other_version
from homepress.settings import Paths
from homepress.store.health import ledger_fault
from homepress.store.model import LedgerError, OriginalsLimit
from homepress.store.reader import Reader

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
