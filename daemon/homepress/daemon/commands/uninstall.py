"""Taking away everything that Homepress put outside its package; the pictures come first."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from homepress.base.paths import Paths
from homepress.base.system_errors import in_words
from homepress.control import ServiceError, probe_server
from homepress.control.instance import InstanceLock, running_daemon, stop_daemon
from homepress.control.service import OriginalsRequest, UndoRequest
from homepress.daemon.apart import under_way
from homepress.daemon.core import Core
from homepress.daemon.logs import keep_quiet
from homepress.daemon.offline import InProcessService
from homepress.desktop.autostart import AutostartError, autostarts
from homepress.desktop.file_managers import FileManagerError, file_managers
from homepress.store.model import LedgerError
from homepress.store.originals import remove_originals_dir
from homepress.store.reader import Reader
from homepress.workers.process import remove_container

Choice = Literal["restore", "accept", "keep"]
"""What becomes of kept originals: they come back, or they are deleted permanently and the results stay, or
they stay where they are, with history and settings, for an installation to come."""

_END_SECONDS = 120.0
_COMPANION_SECONDS = 10.0
_BETWEEN_LOOKS = 0.2
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done.

    Attributes:
        what: "program", "original", "start at login", "file manager", "originals", "state" or "settings".
        outcome: what became of it.
        place: the file, folder or process.
        reason: why it was kept or failed; empty otherwise.
    """

    what: str
    outcome: Literal["stopped", "restored", "accepted", "removed", "kept", "failed"]
    place: str
    reason: str = ""


def uninstall(paths: Paths, choice: Choice, *, settings: bool) -> Iterator[Step]:
    """Do it, each step as it comes.

    When an original cannot be brought back or let go, nothing that could help with it is removed: ledger,
    originals and settings then stay as they are.

    Args:
        paths: where everything is.
        choice: what becomes of kept originals.
        settings: whether the settings and presets of the user's own go too.

    Raises:
        ServiceError: the daemon does not end, or the ledger cannot be opened.
    """
    yield from _stop(paths)
    yield from end_companions(paths)
    yield from _take_back_entries()
    if choice == "keep":
        kept = (("originals", paths.originals), ("state", paths.state), ("settings", paths.config_file))
        for what, place in kept:
            if place.exists():
                yield Step(what, "kept", str(place), "an installation to come finds it")
        return
    vaults, failed = [paths.originals], 0
    if paths.ledger.exists():
        with _locked(paths), _opened(paths) as service:
            for step in _settle(paths, service, choice):
                failed += step.outcome == "failed"
                yield step
            vaults = service.core.store.originals_folders()
    if failed:
        yield Step("state", "kept", str(paths.state), "it is needed for the originals that are left")
        return
    for vault in vaults:
        yield from _remove_vault(vault)
    yield from _remove_folder("state", paths.state)
    for file in (paths.socket, *_beside_socket(paths)):
        file.unlink(missing_ok=True)
    _remove_if_empty(paths.runtime)
    if settings:
        yield from _remove_settings(paths)
    elif paths.config_file.exists():
        yield Step("settings", "kept", str(paths.config_file), "--settings removes them too")
    _remove_if_empty(paths.config_file.parent)


def kept_originals(paths: Paths) -> int:
    """How many originals wait for a decision.

    Raises:
        ServiceError: the ledger cannot be read.
    """
    try:
        with Reader(paths.ledger) as reader:
            return sum(1 for _ in reader.originals())
    except LedgerError as error:
        raise ServiceError(str(error)) from error


def _stop(paths: Paths) -> Iterator[Step]:
    if running_daemon(paths.socket, paths.lock) is None:
        return
    process = stop_daemon(paths.socket, paths.lock)
    with _locked(paths):  # which a daemon holds for as long as it lives
        yield Step("program", "stopped", f"process {process}")


def end_companions(paths: Paths) -> Iterator[Step]:
    """End tray and window, each step as it comes: each holds a lock file with its process id in it."""
    for file in (*paths.state.glob("*.lock"), *_beside_socket(paths)):
        if file.suffix != ".lock" or not file.exists():
            continue
        lock = InstanceLock(file)
        if file == paths.lock or lock.acquire():
            lock.release()
            continue
        if (process := lock.holder()) is not None:
            with contextlib.suppress(OSError):  # it may have ended meanwhile; the lock says whether
                os.kill(process, signal.SIGTERM)
        if lock.acquire(wait=_COMPANION_SECONDS):
            lock.release()
            yield Step("program", "stopped", f"{file.stem}, process {process}")
        else:
            yield Step("program", "failed", f"{file.stem}, process {process}", "it does not end; close it")


def _beside_socket(paths: Paths) -> list[Path]:
    """The files of tray and window. In the folder may also be those of other homes, named otherwise."""
    names = ("window.sock", "window.lock") if paths.socket.stem == "control" else ()
    return [*(paths.socket.with_name(name) for name in names), *probe_server.probe_files(paths.socket)]


def _take_back_entries() -> Iterator[Step]:
    """Start at login, and what file managers show."""
    remove_container()
    for way in autostarts():
        state = way.state()
        # One that is switched off in the desktop's own settings is a file of ours all the same.
        if not state.on and not os.path.lexists(state.place):
            continue
        try:
            way.disable()
            yield Step("start at login", "removed", state.place)
        except AutostartError as error:
            yield Step("start at login", "failed", state.place, str(error))
    try:
        for place in file_managers().remove():
            yield Step("file manager", "removed", place)
    except FileManagerError:
        return  # a system without such entries


def _settle(paths: Paths, service: InProcessService, choice: Choice) -> Iterator[Step]:
    """Bring every original back, or let it go."""
    if choice == "accept":
        for let_go in service.accept_originals(OriginalsRequest(all=True)):
            yield Step("original", _word(let_go.outcome, "accepted"), let_go.path, let_go.reason)
        return
    with Reader(paths.ledger) as reader:
        entries = [original.id for original in reader.originals()]
    for at in range(0, len(entries), _AT_ONCE):
        for undone in service.undo(UndoRequest(ids=entries[at : at + _AT_ONCE])):
            place = undone.restored_to or undone.path
            yield Step("original", _word(undone.outcome, "restored"), place, undone.reason)


def _word(outcome: str, done: Literal["restored", "accepted"]) -> Literal["restored", "accepted", "failed"]:
    return "failed" if outcome == "failed" else done


@contextlib.contextmanager
def _opened(paths: Paths) -> Iterator[InProcessService]:
    keep_quiet()  # the log of what is done now would be removed with the rest, and each step is said
    core = Core.open(paths, lambda: None)
    try:
        yield InProcessService(core)
    finally:
        core.close()


@contextlib.contextmanager
def _locked(paths: Paths) -> Iterator[None]:
    """Be the only Homepress for the length of a `with` block."""
    lock = InstanceLock(paths.lock)
    if not lock.acquire(wait=_END_SECONDS):
        raise ServiceError(f"Homepress (process {lock.holder()}) is still busy; try again in a moment")
    try:
        end = time.monotonic() + _END_SECONDS
        while processes := under_way(paths):
            if time.monotonic() >= end:
                raise ServiceError(f"Homepress (process {processes[0]}) is still busy; try again in a moment")
            time.sleep(_BETWEEN_LOOKS)
        yield
    finally:
        lock.release()


def _remove_vault(vault: Path) -> Iterator[Step]:
    if not vault.exists():
        return
    try:
        others = remove_originals_dir(vault)
    except OSError as error:
        yield Step("originals", "failed", str(vault), in_words(error))
        return
    if others:
        yield Step("originals", "kept", str(vault), f"there is something else in it: {others[0]}")
    else:
        yield Step("originals", "removed", str(vault))


def _remove_settings(paths: Paths) -> Iterator[Step]:
    if paths.config_file.exists():
        paths.config_file.unlink()
        yield Step("settings", "removed", str(paths.config_file))
    yield from _remove_folder("settings", paths.presets_dir)


def _remove_folder(what: str, folder: Path) -> Iterator[Step]:
    if not folder.is_dir():
        return
    try:
        shutil.rmtree(folder)
    except OSError as error:
        yield Step(what, "failed", str(folder), in_words(error))
    else:
        yield Step(what, "removed", str(folder))


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
