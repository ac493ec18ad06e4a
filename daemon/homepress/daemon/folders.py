"""Adding, meeting and removing folders; where nothing can be replaced safely, results go beside them."""

import contextlib
import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.control.service import FolderAnswer, FolderRequest, ServiceError
from homepress.daemon.core import Core
from homepress.daemon.pipeline.job import Destination, Plan
from homepress.settings import (
    FolderSettings,
    SettingsError,
    TomlValue,
    check_value,
    edit,
    load,
    load_preset,
    value_from_text,
)
from homepress.store.existing import list_pictures
from homepress.store.health import abilities
from homepress.watch import output_refusal, refusal, warnings

# -- file systems where nothing can be replaced safely (FAT, exFAT): results go beside the folder

_SUFFIX = " (smaller)"


@dataclass(frozen=True, slots=True)
class Fallback:
    """What becomes of the results of such a folder.

    Attributes:
        output: where they go; None where there is no good place beside it.
        why: in whole sentences, with what to do.
    """

    output: Path | None
    why: str


class Fallbacks:
    """Which folders need one; asked of the file system once for each disk that appears there."""

    def __init__(self) -> None:
        self._found: dict[Path, tuple[int, Fallback | None]] = {}

    def of(self, root: Path) -> Fallback | None:
        """The fallback of a folder whose pictures are to be replaced; None where that is safe, or unknown."""
        try:
            device = root.stat().st_dev
        except OSError:
            return None  # away: watching says so
        known = self._found.get(root)
        if known is None or known[0] != device:
            try:
                known = device, _look_for_fallback(root, device)
            except OSError:
                return None  # read-only, or closed to us: the attempt to store something says so
            self._found[root] = known
        return known[1]

    def known(self, root: Path) -> Fallback | None:
        """What `of` found last; the disk is not touched."""
        found = self._found.get(root)
        return found[1] if found else None

    def plan(self, root: Path, plan: Plan) -> Plan:
        """What a folder wants, as its file system lets us do it."""
        return _with(self.of(root), plan) if plan.destination is Destination.REPLACE else plan

    def plan_known(self, root: Path, plan: Plan) -> Plan:
        """The same by what was found last; the disk is not touched."""
        return _with(self.known(root), plan) if plan.destination is Destination.REPLACE else plan


def _with(fallback: Fallback | None, plan: Plan) -> Plan:
    if fallback is None or fallback.output is None:
        return plan
    return replace(plan, destination=Destination.OUTPUT, output=fallback.output)


def _look_for_fallback(root: Path, device: int) -> Fallback | None:
    can = abilities(root)
    if can.exchange or can.link:
        return None
    why = (
        "Its file system can neither exchange two files nor link one (FAT and exFAT cannot), so that no "
        "picture can be replaced safely there."
    )
    output = root.with_name(f"{root.name}{_SUFFIX}")
    with contextlib.suppress(OSError):
        near = root.parent.stat().st_dev == device and os.access(root.parent, os.W_OK)
        if near and output_refusal(root, output) is None:
            return Fallback(output, f"{why} Results go to {output}; the pictures stay as they are.")
    return Fallback(
        None,
        f"{why} Say where results are to go: homepress folder remove {root}, then "
        f"homepress folder add {root} --output DIR",
    )


# -- adding and removing

_PATIENCE = 0.5
"""Seconds for the disk of a folder that is to be added: somebody waits, and it is added all the same."""

_MEETING_SECONDS = 20.0
"""Seconds until the answer comes although what is in a new folder is not known yet: that goes on."""


def add(core: Core, request: FolderRequest) -> FolderAnswer:
    """Write a new folder into the settings file, unless it must not be watched.

    One whose disk does not answer is added too: it is looked at before anything is done in it.

    Raises:
        ServiceError: the folder is refused (exit code 4), or a word is not understood (2).
    """
    path, values, silent = _wanted(core, request)
    try:
        edit.add_folder(core.paths.config_file, str(path), values)
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error
    said = _waits(path, silent)
    if path in silent:
        return FolderAnswer(path=str(path), warnings=said, answers=False)
    folder = FolderSettings(path=path, existing=request.existing)
    try:
        blocking.ask(path, partial(meet, core, folder, core.root_of(folder)), _MEETING_SECONDS)
    except NotAnsweringError as error:
        said.append(blocking.silent(path, error.since))
    except OSError as error:
        said.append(f"{path} could not be looked through ({error}); nothing in it is touched before it was")
    else:
        # It has just answered: where this takes too long, the computer is busy, and warnings can wait.
        with contextlib.suppress(NotAnsweringError):
            said += blocking.ask(path, partial(warnings, path), _MEETING_SECONDS)
    left = core.store.folders.left_alone(core.root_of(folder)) if request.existing == "leave" else 0
    return FolderAnswer(path=str(path), warnings=said, left_alone=left)


def planned(core: Core, request: FolderRequest) -> FolderSettings | None:
    """The settings that a folder would have if it were added; None while its disk does not answer.

    Nothing is written.

    Raises:
        ServiceError: as `add`.
    """
    path, values, silent = _wanted(core, request)
    if silent:
        return None
    try:
        settings = edit.preview_folder(core.paths.config_file, str(path), values)
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error
    return settings.folders[-1]


def _waits(path: Path, silent: Collection[Path]) -> list[str]:
    """What is said of a folder that was added although its disk, or that of its output, does not answer."""
    goes_on = "It is watched as soon as it does" if path in silent else "Results wait until it does"
    return [
        f"{place} does not answer yet; its drive or server may hang. {goes_on}" for place in sorted(silent)
    ]


def _wanted(core: Core, request: FolderRequest) -> tuple[Path, dict[str, TomlValue], Collection[Path]]:
    """A new folder's path, its keys in the settings file, and which of its disks do not answer.

    What does not answer is judged by its name alone, and by what is there when it answers.

    Raises:
        ServiceError: it must not be watched.
    """
    _check(core, request)
    path = Path(request.path).expanduser().absolute()
    values: dict[str, TomlValue] = {"existing": request.existing}
    if request.output:
        values |= {"mode": "output", "output": str(Path(request.output).expanduser().absolute())}
    if request.preset:
        values["preset"] = request.preset
    if request.quality:
        values["quality"] = value_from_text("folder.quality", request.quality)
    if request.originals_keep_days is not None:
        values["originals_keep_days"] = request.originals_keep_days
    output = Path(str(values["output"])) if request.output else None
    private = (core.paths.state, core.paths.originals)
    asked = {path, output} if output else {path}
    silent = core.places.ask(asked, _PATIENCE).keys()
    if path not in silent and core.places.locate(path).identities[0] is None:
        raise ServiceError(f"{path}: there is no such folder; make it first", exit_code=2)
    others = [folder.path for folder in core.live.current.folders]
    if why := refusal(path, others, output=output, private=private, locate=core.places.locate):
        raise ServiceError(why, exit_code=4)
    for each in asked - silent:
        _check_drive(core, each)
    return path, values, silent


def _check_drive(core: Core, folder: Path) -> None:
    """That a folder does not lie below the mount point of a drive that is away."""
    places, real = core.store.places, core.places.locate(folder).real
    if not places.settle_at(real) and (absence := places.absence(real)) is not None:
        raise ServiceError(
            f"{folder}: {absence}; connect it first. Beneath its mount point, what is written would end up "
            "on another disk",
            exit_code=4,
        )


def _check(core: Core, request: FolderRequest) -> None:
    """Say what is wrong with a word as it was typed, not with the line that it would become in the file."""
    if request.quality and (problem := check_value("folder.quality", request.quality)):
        raise ServiceError(f"quality: {problem}", exit_code=2)
    try:
        if request.preset:
            load_preset(request.preset, core.paths.presets_dir)
    except LookupError as error:
        raise ServiceError(str(error.args[0]), exit_code=2) from error


def meet(core: Core, folder: FolderSettings, root: Path) -> bool:
    """A folder is there. The first time, leave what is in it now, unless the user wants that too.

    Args:
        core: settings and store.
        folder: how it is configured.
        root: where it leads, without links.

    Returns:
        Whether the folder wants files now that were left alone before, by other settings.

    Raises:
        OSError: what is in it could not be seen or noted; it must not be watched before that is done.
    """
    leaves = folder.existing == "leave"
    known = core.store.folders
    if os.path.isdir(root) and not known.is_known(root, recursive=folder.recursive):
        # Known only once all in it is marked: a crash in between must make no new pictures of what was there.
        try:
            if leaves:
                known.baseline(root, recursive=folder.recursive, seen=core.seen.get(root))
            known.added(root, recursive=folder.recursive)
        except OSError:
            # The ledger may have no room: what comes until it has some was not there before.
            if leaves and root not in core.seen:
                core.seen[root] = list_pictures(root, folder.recursive)
            raise
    core.seen.pop(root, None)
    return let_in(core, folder, root)


def let_in(core: Core, folder: FolderSettings, root: Path) -> bool:
    """The part of `meet` that asks no disk: whether files are wanted now that were left alone before."""
    largest, existing = folder.max_size.bytes or None, folder.existing != "leave"
    return core.store.folders.let_in(root, folder.min_size.bytes, largest, existing=existing) > 0


def remove(core: Core, path: str) -> None:
    """Take a folder out of the settings file; what was done in it stays, and so do its originals.

    Raises:
        ServiceError: no such folder is configured; exit code 2.
    """
    folder = FolderSettings(path=Path(path).expanduser().absolute())
    try:
        configured = {each.path: each for each in load(core.paths.config_file).folders}
        if folder.path not in configured:
            raise ServiceError(f"{path} is not watched; see what is with: homepress folder list", exit_code=2)
        edit.remove_folder(core.paths.config_file, str(folder.path))
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error
    forget(core, core.root_of(folder), configured[folder.path].output)


def forget(core: Core, root: Path, output: Path | None) -> None:
    """A folder is not watched any more: added again later, it is a new one, on whatever drive."""
    core.store.folders.forget(root)
    core.seen.pop(root, None)
    for folder in filter(None, (root, output)):
        core.store.places.forget(core.places.real(folder))


def enable(core: Core, path: str, enabled: bool) -> None:
    """Say in the settings file whether a configured folder is watched; what came meanwhile is done later.

    Raises:
        ServiceError: no such folder is configured; exit code 2.
    """
    try:
        edit.set_folder_value(
            core.paths.config_file, str(Path(path).expanduser().absolute()), "enabled", enabled
        )
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error
