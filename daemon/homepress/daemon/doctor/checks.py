"""What every computer is asked: the program and its data, the session, what compresses, the folders."""

import json
import os
import platform
import shutil
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import homepress
from homepress import privacy
from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.formats import ImageType
from homepress.base.paths import Paths
from homepress.base.results import FolderStatus
from homepress.base.system_errors import shell_word, with_name
from homepress.base.units import counted, size
from homepress.compress import Compressed, Recipe
from homepress.compress.footprint import most_pixels
from homepress.compress.model import ENGINE, Fault
from homepress.control.instance import other_version
from homepress.daemon.commands.prove import gaps_found, sample_png
from homepress.daemon.doctor.finding import (
    Finding,
    Installation,
    Level,
    broken,
    good,
    this_system,
    worth_knowing,
)
from homepress.desktop import toolkit
from homepress.desktop.autostart import autostart
from homepress.desktop.launching import NO_WINDOW
from homepress.settings import FolderSettings
from homepress.store.health import Abilities, abilities, ledger_fault
from homepress.store.model import LedgerError, OriginalsLimit
from homepress.store.reader import Reader
from homepress.watch import refusal, warnings
from homepress.watch import this_system as watched_by
from homepress.workers import Limits, MemoryBudget, Slot, WorkerDied
from homepress.workers.process import environment, is_bundled, module_command
from homepress.workers.tool import Tool
from homepress.workers.tool import gifsicle as find_gifsicle

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
    text = f"{counted(kept, 'original')}, {size(used)} of at most {size(allowed)}"
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
        yield worth_knowing("daemon", "it is not running, so no folder is watched now", "homepress run")
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
        text = f"Homepress does not start at login{why}"
        yield worth_knowing("start at login", text, "homepress autostart on")
    elif state.starts:
        yield good("start at login", f"Homepress starts, by {state.place}{why}")
    else:
        text = f"Homepress is set to start at login, and will not{why}"
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
    if (lacking := toolkit.lacking()) is None:
        yield good("window", f"Qt, by PySide6 {toolkit.version()}")
    else:
        text = f"{lacking.what} is missing: no window; tray and command line do all it does"
        yield worth_knowing("window", text, lacking.command)


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
        yield good("network lock", f"the system refuses {who} the network, as measured just now")


# -- what compresses: a worker in its sandbox, the codecs, gifsicle

_INSTALL_AGAIN = "pipx reinstall homepress     (or: python -m pip install --force-reinstall homepress)"
_INSTALL_WITH_PIPX = "this bundle came without it; use instead: pipx install homepress"
_ENGINES = {"numpy": "numpy, since this installation has no compiled core: results as good, for more time"}
_IMPORT_SECONDS = 60.0
_TOOL_SECONDS = 30.0
_MOST_OUTPUT = 10_000
_ALL_WELL = "small pictures come back from each as they should, JPEGs also from a worker for them alone"
_LOSSLESS = Recipe(floor=None)
_USUAL_PIXELS = 12_000_000
"""Of a telephone's photograph."""


def worker(whole: Installation) -> Iterator[Finding]:
    """Start a worker, have it compress a sample, and ask which locks it reached."""
    try:
        with ThreadPoolExecutor(1) as meanwhile, closing(Slot(Limits(), background=False)) as slot:
            of_jpeg = meanwhile.submit(_faults_of_jpeg)
            result = slot.compress(sample_png(), _LOSSLESS)
            hello = slot.lock
            faults = [*(slot.check_codecs({}).faults or []), *of_jpeg.result()]
    except WorkerDied as died:
        yield broken("worker", f"pictures cannot be compressed: {died}", _INSTALL_AGAIN)
        return
    if not isinstance(result, Compressed):
        yield broken("worker", f"a sample did not become smaller: {result.reason}", _INSTALL_AGAIN)
    else:
        yield good(
            "worker",
            f"a sample picture was made smaller, {len(sample_png()):,} to {len(result.data):,} bytes",
        )
    for fault in dict.fromkeys(faults):
        yield broken("codecs", str(fault), _INSTALL_AGAIN)
    if not faults:
        yield good("codecs", _ALL_WELL)
    if hello is None:
        return
    if engine := hello.codecs.get(ENGINE):
        if engine.startswith("numpy, since"):
            yield worth_knowing("engine", engine, _INSTALL_AGAIN)
        else:
            yield good("engine", _ENGINES.get(engine, f"{engine}, for JPEG"))
    yield from _sandbox(hello.files, hello.missing, whole)


def _faults_of_jpeg() -> Sequence[Fault]:
    """What a worker for JPEGs alone finds, which does nearly all of them."""
    with closing(Slot(Limits(), background=False)) as slot:
        return slot.check_codecs({}, ImageType.JPEG).faults or ()


def _sandbox(version: int, missing: Iterable[str], whole: Installation) -> Iterator[Finding]:
    """What the system does not close here or for the daemon, in the words of `homepress prove`."""
    gaps = gaps_found(whole.daemon)
    for gap in gaps:
        yield worth_knowing("sandbox", gap.statement, gap.cure)
    if version and not any(gap.files_open for gap in gaps):
        yield good("sandbox", f"a worker reads no file (version {version} of the system's sandbox)")
    for text in missing:
        if text not in [gap.brief for gap in gaps]:
            yield worth_knowing("sandbox", text, "see what holds all the same: homepress prove")


def memory(whole: Installation) -> Iterator[Finding]:
    """How large pictures may be, by the settings and by what is free now."""
    budget = MemoryBudget(whole.settings.daemon.worker_memory.bytes)
    if not budget.most or not budget.free:
        yield worth_knowing(
            "memory", "the system does not say how much there is, so no picture is refused for it"
        )
        return
    text = f"large pictures may take {size(budget.most)}, and {size(budget.free)} are free for them now"
    pixels = most_pixels(min(budget.most, budget.free), ImageType.AVIF)
    text = f"{text}: enough for pictures of {pixels // 1_000_000} megapixels in any format"
    if most_pixels(budget.most, ImageType.AVIF) < _USUAL_PIXELS:
        yield worth_knowing("memory", text, "raise worker_memory: homepress settings edit")
    else:
        yield good("memory", text)


def codecs(_: Installation) -> Iterator[Finding]:
    """Import each codec, in a process of its own: one that does not suit this processor ends it."""
    command = module_command("homepress.daemon.doctor.codecs_child")
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=environment(),
            timeout=_IMPORT_SECONDS,
            check=False,
            creationflags=NO_WINDOW,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield broken("codecs", f"they could not be tried: {error}", _INSTALL_AGAIN)
        return
    unfinished = ""
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        unfinished = answer["name"] if "begun" in answer else ""
        if "begun" not in answer:
            yield _codec(**answer)
    if unfinished:
        text = f"importing it ended the process (exit code {done.returncode})"
        yield broken(f"codec {unfinished}", text, _INSTALL_AGAIN)


def _codec(name: str, version: str, error: str, what: str, needed: bool) -> Finding:
    topic = f"codec {name}"
    if not error:
        return good(topic, f"{version}, for {what}")
    if needed:
        return broken(topic, f"no {what}: {error}", _INSTALL_AGAIN)
    fix = _INSTALL_WITH_PIPX if is_bundled() else f"pipx inject homepress {name}"
    return worth_knowing(topic, f"not here ({error}): no {what}", fix)


def gifsicle(_: Installation) -> Iterator[Finding]:
    """Run gifsicle as a worker does, in its sandbox."""
    program = find_gifsicle()
    if program is None:
        text = "it is not here: GIFs stay as they are"
        yield worth_knowing("gifsicle", text, this_system().getting("gifsicle"))
        return
    try:
        told = Tool([str(program), "--version"], Limits()).run(b"", _TOOL_SECONDS, _MOST_OUTPUT)
    except WorkerDied as died:
        yield broken("gifsicle", f"{program} does not start: {died}", this_system().getting("gifsicle"))
        return
    version = told.output.decode("utf-8", "replace").partition("\n")[0].strip()
    yield good("gifsicle", f"{version}, {program}")


# -- the configured folders: what their file systems can do, and whether they can be watched

_MAKE, _WHO_MAY = ("mkdir", "icacls") if sys.platform == "win32" else ("mkdir -p", "ls -ld")
"""Commands that a person can type."""
_TOPIC = "folder"
_SECONDS = 10.0
"""For the looks at all folders, side by side: drives may have to wake up."""
_LITTLE_ROOM = 1_000_000_000
_NO_ROOM = 50_000_000


def folders(whole: Installation) -> Iterator[Finding]:
    """Each configured folder, as it is found and as the daemon finds it."""
    if not whole.settings.folders:
        yield worth_knowing(_TOPIC, "none is configured, so nothing is watched", "homepress folder add PATH")
    looks = {
        folder.path: partial(_looked_at, folder, whole)
        for folder in whole.settings.folders
        if _silent(folder, whole.silent) is None
    }
    found = blocking.ask_all(looks, _SECONDS)
    for folder in whole.settings.folders:
        outcome = found.get(folder.path)
        if isinstance(outcome, NotAnsweringError):
            findings = [_hung(blocking.silent(folder.path, outcome.since))]
        else:
            findings = outcome or [_hung(_silent(folder, whole.silent) or "")]
        yield from findings
        if not any(finding.level is Level.BROKEN for finding in findings):
            yield from _as_the_daemon_says(folder, whole)


def watching(whole: Installation) -> Iterator[Finding]:
    """Whether the system's limits allow to watch them all, and whether lost events are noticed."""
    if why := watched_by().shortcoming():
        text = (
            f"this version of watchdog is not the one that Homepress knows ({why}): lost events go unnoticed"
        )
        fix = "nothing is missed: folders are scanned more often. A newer Homepress may know it"
        yield worth_knowing("watching", text, fix)
    there = [
        folder
        for folder in whole.settings.folders
        if folder.enabled and folder.path not in whole.silent and folder.path.is_dir()
    ]
    yield from this_system().room_to_watch(there)


def _hung(text: str) -> Finding:
    return broken(_TOPIC, text, "look at its cable, its server and the network")


def _looked_at(folder: FolderSettings, whole: Installation) -> list[Finding]:
    """What is found of a folder whose disk answers, if that goes on answering."""
    if not folder.enabled:
        text = f"{folder.path} is switched off: it is not watched"
        return [worth_knowing(_TOPIC, text, "set enabled = true with: homepress settings edit")]
    try:
        if (why := _refused(folder, whole)) is not None:
            return [broken(_TOPIC, why, _remove(folder))]
        return list(_folder(folder))
    except OSError as error:
        text = with_name(error, str(folder.path))
        return [broken(_TOPIC, text, f"{_WHO_MAY} {shell_word(folder.path)}")]


def _as_the_daemon_says(folder: FolderSettings, whole: Installation) -> Iterator[Finding]:
    """What stands against a folder that looks well from here."""
    for each in whole.daemon.folders if whole.daemon is not None else ():
        if each.path == str(folder.path) and each.problem:
            named = each.path in each.problem
            yield broken(
                PROBLEM, each.problem if named else f"{each.path}: {each.problem}", "homepress status"
            )


def _silent(folder: FolderSettings, silent: Mapping[Path, NotAnsweringError]) -> str | None:
    """What is to be said of a folder whose disk, or that of its output, does not answer."""
    for path in (folder.path, folder.output):
        if path is not None and path in silent:
            return blocking.silent(path, silent[path].since)
    return None


def _refused(folder: FolderSettings, whole: Installation) -> str | None:
    others = [other.path for other in whole.settings.folders if other is not folder]
    own = (whole.paths.state, whole.paths.originals)
    return refusal(folder.path, others, output=folder.output, private=own, locate=whole.places.locate)


def _folder(folder: FolderSettings) -> Iterator[Finding]:
    path = folder.path
    if not path.is_dir():
        yield broken(_TOPIC, f"{path} is not there", f"{_MAKE} {shell_word(path)}")
        return
    for warning in warnings(path):
        yield worth_knowing(_TOPIC, warning)
    written = folder.output if folder.mode == "output" and folder.output is not None else path
    if not written.is_dir():
        yield good(_TOPIC, f"{path}: its output folder {written} is made when it is needed")
        return
    real = written.resolve()
    try:
        found = abilities(real)
    except OSError as error:
        text = f"{real}: nothing can be written into it ({error.strerror or error})"
        yield broken(_TOPIC, text, f"{_WHO_MAY} {shell_word(real)}")
        return
    kind = this_system().file_system(os.fsencode(real)) or "its file system"
    if written is path:
        yield from _replacing(folder, kind, found)
    else:
        yield good(_TOPIC, f"{path}: results go to {written} ({kind})")
    yield from _room(folder, shutil.disk_usage(real).free)


def _replacing(folder: FolderSettings, kind: str, found: Abilities) -> Iterator[Finding]:
    path = folder.path
    if found.exchange:
        yield good(_TOPIC, f"{path} ({kind}): a picture and its result change places in one step")
    elif found.link:
        yield good(
            _TOPIC,
            f"{path} ({kind}): pictures are replaced safely, by two renames and a link",
        )
    else:
        text = f"{path} ({kind}): nothing can be replaced safely here"
        fix = f"{_remove(folder)}; homepress folder add {shell_word(path)} --output DIR"
        yield broken(_TOPIC, text, fix)
    if not found.lease:
        text = (
            f"{path} ({kind}) does not tell whether a program still writes to a picture: only a file that "
            "stays unchanged for a while counts as finished"
        )
        yield worth_knowing(_TOPIC, text, "raise settle_seconds with: homepress settings edit")


def _room(folder: FolderSettings, free: int) -> Iterator[Finding]:
    text = f"{folder.path}: {size(free)} free on its disk"
    if free < _NO_ROOM:
        yield broken(_TOPIC, f"{text}, too little to write a result", "df -h")
    elif free < _LITTLE_ROOM:
        yield worth_knowing(_TOPIC, text, "homepress originals accept --older-than 7d")
    else:
        yield good(_TOPIC, text)


def _remove(folder: FolderSettings) -> str:
    return f"homepress folder remove {shell_word(folder.path)}"
