"""The watched folders: what the settings mean for them, and adding, meeting, changing and removing one."""

import contextlib
import logging
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.results import FolderStatus
from homepress.base.system_errors import in_log, quoted
from homepress.control.service import FolderAnswer, FolderRequest, ServiceError
from homepress.daemon.core import Core
from homepress.daemon.fallback import Fallback, Fallbacks
from homepress.daemon.pipeline.job import Plan, plan_for
from homepress.daemon.pipeline.worker_loop import Pipeline
from homepress.daemon.places import Away, InUse
from homepress.settings import (
    FOLDER_FIELDS,
    FolderSettings,
    Settings,
    SettingsError,
    TomlValue,
    check_value,
    edit,
    folder_named,
    load,
    load_preset,
    setting,
    typed_value,
    value_from_text,
)
from homepress.store.folders import list_pictures
from homepress.store.model import OriginalsLimit
from homepress.watch import FolderState, WatchedFolder, WatchStatus, refusal, warnings

_log = logging.getLogger(__name__)

# -- adding and removing

_CHANGEABLE = {key: field for key, field in FOLDER_FIELDS.items() if key != "path"}
"""What can be changed of a watched folder."""

_ANOTHER_PATH = (
    "path cannot be changed, since another path is another folder; take this one out with: homepress folder "
    "remove OLD, and watch the other with: homepress folder add NEW"
)

_SAID_APART = ("path", "mode", "output", "preset", "quality", "existing", "originals_keep_days")
"""Keys that have a field of their own in a request: what is asked and said depends on them."""

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
    for key, text in request.more.items():
        try:
            if key in _SAID_APART:
                raise ValueError(f"{key} has an option of its own; see: homepress folder add --help")
            values[key] = typed_value(FOLDER_FIELDS, key, text)
        except ValueError as error:
            raise ServiceError(str(error), exit_code=2) from error
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
    places, real = core.store.drives, core.places.locate(folder).real
    if not places.accept_as_folder(real) and (absence := places.absence(real)) is not None:
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
    settings = plan_for(folder, root).settings
    store = core.store.folders
    return store.let_in(root, folder.min_size.bytes, largest, existing=existing, settings=settings) > 0


def remove(core: Core, path: str) -> None:
    """Take a folder out of the settings file; what was done in it stays, and so do its originals.

    Raises:
        ServiceError: no such folder is configured; exit code 2.
    """
    folder = configured(core, path)
    try:
        edit.remove_folder(core.paths.config_file, str(folder.path))
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error
    forget(core, core.root_of(folder), folder.output)


def configured(core: Core, path: str) -> FolderSettings:
    """The folder of the settings file that a request names, by whatever way leads there.

    Raises:
        ServiceError: no such folder is configured; exit code 2.
    """
    named = Path(path).expanduser().absolute()

    def real(each: Path) -> Path:
        # No disk of a watched folder is asked, and that of the named one only if its spelling is not enough.
        return core.places.find(named, _PATIENCE) if each == named else core.places.real(each)

    try:
        found = folder_named(load(core.paths.config_file).folders, named, real)
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error
    if found is None:
        raise ServiceError(f"{path} is not watched; see what is with: homepress folder list", exit_code=2)
    return found


def forget(core: Core, root: Path, output: Path | None) -> None:
    """A folder is not watched any more: added again later, it is a new one, on whatever drive."""
    core.store.folders.forget(root)
    core.seen.pop(root, None)
    for folder in filter(None, (root, output)):
        core.store.drives.forget(core.places.real(folder))


def change(core: Core, path: str, values: Mapping[str, str | None]) -> None:
    """Change keys of a configured folder in the settings file.

    Args:
        core: whose settings.
        path: the folder.
        values: by key, as somebody would type them; None takes a key out of the file.

    Raises:
        ServiceError: no such folder is configured, or a key or value is not understood (exit code 2); results
            may not go where they are to go (4).
    """
    folder, typed = _typed(core, path, values)
    try:
        edit.set_folder_values(core.paths.config_file, str(folder), typed)
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error


def changed(core: Core, path: str, values: Mapping[str, str | None]) -> FolderSettings:
    """The settings that a configured folder would have after `change`; nothing is written. Raises as that."""
    folder, typed = _typed(core, path, values)
    try:
        settings = edit.preview_folder_values(core.paths.config_file, str(folder), typed)
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error
    return next(each for each in settings.folders if each.path == folder)


def _typed(
    core: Core, path: str, values: Mapping[str, str | None]
) -> tuple[Path, dict[str, TomlValue | None]]:
    """The folder that is to be changed, and its new values as the file has them. Raises as `change`."""
    folder = configured(core, path).path
    if "path" in values:
        raise ServiceError(_ANOTHER_PATH, exit_code=2)
    try:
        typed: dict[str, TomlValue | None] = {
            key: None if text is None else typed_value(_CHANGEABLE, key, text)
            for key, text in values.items()
            if setting(_CHANGEABLE, key)
        }
    except ValueError as error:
        raise ServiceError(str(error), exit_code=2) from error
    if output := typed.get("output"):
        typed.setdefault("mode", "output")
        _judge_output(core, folder, Path(str(output)).expanduser())
    elif typed.get("mode", "output") != "output":
        typed["output"] = None  # it has a meaning only with that mode
    return folder, typed


def _judge_output(core: Core, folder: Path, output: Path) -> None:
    """That results of a watched folder may go to another one, as far as its disk answers."""
    others = [each.path for each in core.live.current.folders if each.path != folder]
    private = (core.paths.state, core.paths.originals)
    silent = core.places.ask({folder, output}, _PATIENCE).keys()
    if why := refusal(folder, others, output=output, private=private, locate=core.places.locate):
        raise ServiceError(why, exit_code=4)
    if output not in silent:
        _check_drive(core, output)


def enable(core: Core, path: str, enabled: bool) -> None:
    """Say in the settings file whether a configured folder is watched; what came meanwhile is done later.

    Raises:
        ServiceError: no such folder is configured; exit code 2.
    """
    folder = configured(core, path).path
    try:
        edit.set_folder_value(core.paths.config_file, str(folder), "enabled", enabled)
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error


# -- what the settings mean for watching: which folders, with which plan, and why some are not watched

_SETTINGS_SECONDS = 5.0
"""So long a change of settings waits for folders that answer, until what is in them is known."""


@dataclass(frozen=True)
class Configured:
    """The folders as they are watched; replaced as a whole, on the state thread.

    Attributes:
        settings: of which this was made.
        roots: what the path of each watched folder leads to.
        plans: what each folder wants of its pictures, by root.
        refused: why folders are not watched, by path; empty where they are.
        warnings: what is worth knowing of folders, by path.
    """

    settings: Settings = field(default_factory=Settings)
    roots: Mapping[Path, Path] = field(default_factory=dict)
    plans: Mapping[Path, Plan] = field(default_factory=dict)
    refused: Mapping[Path, str] = field(default_factory=dict)
    warnings: Mapping[Path, str] = field(default_factory=dict)


class Configuration:
    """The folders as configured now; read from any thread.

    `apply` is called at start and after each change of the file, one call after the other; `met` each time
    watching finds a folder.

    Attributes:
        now: what holds.
        lets_in: whether folders want files, since `apply`, that were left alone before: scans find them.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._fallbacks = Fallbacks()
        self.now = Configured()
        self.lets_in = False

    def apply(self) -> list[WatchedFolder]:
        """Work out plans and refusals from the current settings; the folders to watch."""
        # Again, if a folder was met meanwhile whose link leads elsewhere than it did.
        while (to_watch := self._try_to_apply()) is None:
            pass
        return to_watch

    def _try_to_apply(self) -> list[WatchedFolder] | None:
        core, settings = self._core, self._core.live.current
        outputs = tuple(folder.output for folder in settings.folders if folder.output is not None)
        # What does not answer now is watched too: its own thread waits for it, and then it is `met`.
        silent = core.look_at_places()
        excluded = tuple(map(core.places.real, (*outputs, *self._own())))
        refused = {folder.path: self._refusal(folder, settings) for folder in settings.folders}
        taken = [folder for folder in settings.folders if not refused[folder.path]]
        wanted = [folder for folder in taken if folder.enabled]
        said = self._warnings([folder.path for folder in taken if folder.path not in silent])
        self.lets_in = self._meet([folder for folder in wanted if folder.path not in silent])
        for folder in wanted:
            if folder.path in silent:
                self.lets_in |= let_in(core, folder, core.root_of(folder))
        core.store.set_limit(OriginalsLimit(settings.daemon.originals_max.bytes))
        core.memory.allow(settings.daemon.worker_memory.bytes)
        for gone in self.now.plans.keys() - {core.root_of(folder) for folder in settings.folders}:
            forget(core, gone, self.now.plans[gone].output)
        roots = {folder.path: core.root_of(folder) for folder in wanted}
        plans = {roots[folder.path]: plan_for(folder, roots[folder.path]) for folder in wanted}
        new = Configured(settings, roots, plans, refused, said)
        if not core.state.ask(partial(self._take_up, new, wanted)):
            return None
        return [watched(folder, excluded) for folder in wanted]

    def _take_up(self, new: Configured, wanted: Collection[FolderSettings]) -> bool:
        """On the state thread: have it hold, unless a link was seen to lead elsewhere meanwhile."""
        if any(self._core.root_of(folder) != new.roots[folder.path] for folder in wanted):
            return False
        self._core.store.set_roots(new.plans)
        self.now = new
        return True

    def let_in_again(self, before: Configured) -> None:
        """Let in once more what changed settings want, now that they hold and watching has them.

        What was decided by those of `before` just before the new ones held came too late for `apply`.
        """
        was = {folder.path: folder for folder in before.settings.folders}
        now = self.now
        for folder in now.settings.folders:
            root = now.roots.get(folder.path)
            if root is not None and root in before.plans and was.get(folder.path) != folder:
                self.lets_in |= let_in(self._core, folder, root)

    def _warnings(self, paths: Collection[Path]) -> dict[Path, str]:
        """What is worth knowing of folders that answer."""
        said = blocking.ask_all({path: partial(warnings, path) for path in paths})
        return {path: " ".join(found) for path, found in said.items() if isinstance(found, list)}

    def _meet(self, present: Collection[FolderSettings]) -> bool:
        """Meet folders that answer, all at a time; whether one wants files that were left alone before."""
        root_of = self._core.root_of
        calls = {each.path: partial(self._met_early, each, root_of(each)) for each in present}
        return any(met is True for met in blocking.ask_all(calls, _SETTINGS_SECONDS).values())

    def _met_early(self, folder: FolderSettings, root: Path) -> bool:
        """Meet a folder before it is watched; where that fails, it is `met` again on its own thread."""
        try:
            return meet(self._core, folder, root)
        except OSError as error:
            _log.warning("%s: it could not be looked through: %s", quoted(root), in_log(error))
            return False

    def met(self, path: Path, root: Path) -> None:
        """A configured folder is there, for the first time or again; its link may lead elsewhere now.

        Called on the folder's own thread: nobody else waits while its disk is asked.

        Raises:
            OSError: what is in it could not be seen or noted; it is not scanned then, and met again later.
        """
        if path not in self.now.roots:
            return
        self._core.places.look(path)
        said = " ".join(warnings(path))
        while True:  # again, if the settings are read again meanwhile
            settings = self._core.live.current
            folder = next((each for each in settings.folders if each.path == path), None)
            if folder is None:
                return
            refused = self._refusal(folder, settings)
            if self._core.state.ask(partial(self._take_in, folder, settings, root, refused, said)):
                break
        if refused or path not in self.now.roots:
            return
        meet(self._core, folder, root)
        self.plan(root)  # asks its disk, so that the status can tell

    def _take_in(
        self, folder: FolderSettings, settings: Settings, root: Path, refused: str, said: str
    ) -> bool:
        """On the state thread: plan for a folder that was met; False if other settings hold by now."""
        now, path = self.now, folder.path
        if self._core.live.current is not settings:
            return False
        if path not in now.roots:
            return True
        new = replace(now, refused={**now.refused, path: refused})
        if not refused:
            new = replace(new, warnings={**now.warnings, path: said})
            if now.roots[path] != root:
                others = {each: plan for each, plan in now.plans.items() if each != now.roots[path]}
                plans = {**others, root: plan_for(folder, root)}
                self._core.store.set_roots(plans)
                new = replace(new, roots={**now.roots, path: root}, plans=plans)
        self.now = new
        return True

    def _own(self) -> tuple[Path, Path]:
        return self._core.paths.state, self._core.paths.originals

    def _refusal(self, folder: FolderSettings, settings: Settings) -> str:
        """Why one folder among others must not be watched; empty when it may."""
        others = [other.path for other in settings.folders if other is not folder]
        where = self._core.places.locate
        return refusal(folder.path, others, output=folder.output, private=self._own(), locate=where) or ""

    def roots(self) -> set[Path]:
        """The watched folders, links followed."""
        return set(self.now.plans)

    def plan(self, root: Path) -> Plan | None:
        """What a folder wants of its pictures; None when it is not watched any more."""
        plan = self.now.plans.get(root)
        return None if plan is None else self._fallbacks.plan(root, plan)

    def plan_known(self, root: Path) -> Plan | None:
        """The same as far as it is known; no disk is asked."""
        plan = self.now.plans.get(root)
        return None if plan is None else self._fallbacks.plan_known(root, plan)

    def in_use(self) -> list[InUse]:
        """The watched folders with where their results go."""
        roots, plans = self.now.roots, self.now.plans
        found = []
        for path, root in roots.items():
            output = plans[root].output if root in plans else None
            if output is None and (fallback := self._fallbacks.known(root)) is not None:
                output = fallback.output
            found.append(InUse(path, root, output and self._core.places.real(output)))
        return found

    def root_of(self, path: Path) -> Path | None:
        """The watched folder that a path lies in."""
        return next((root for root in self.now.plans if path.is_relative_to(root)), None)

    def status(
        self,
        folder: FolderSettings,
        state: FolderState | None,
        trouble: Callable[[Path], str],
        pipeline: Pipeline,
        away: Away,
    ) -> FolderStatus:
        """One folder in the words of `status --json`."""
        root = self.now.roots.get(folder.path) or self._core.root_of(folder)
        fallback = self._fallback(folder, root)
        gone = state.problem if state is not None and state.status is WatchStatus.AWAY else ""
        waits = away.folders.get(folder.path, "") or gone
        nowhere = bool(gone) or root in away.roots
        problem = (
            self.now.refused.get(folder.path, "")
            or (state.problem if state and not nowhere else "")
            or (away.originals if folder.mode == "replace" and not nowhere else "")
            or (fallback.why if fallback and not fallback.output else "")
            or ("" if nowhere else trouble(root))
        )
        beside = fallback.output if fallback else None
        said = fallback.why if fallback and beside else ""
        if not folder.enabled:
            word = "disabled"
        elif problem:
            word = "problem"
        elif nowhere:
            word = "away"
        else:
            # Until the first look is over, what is there counts as there before.
            looking = state is None or state.scanning or state.status is WatchStatus.STARTING
            word = "scanning" if looking else "watching"
        return FolderStatus(
            path=str(folder.path),
            mode="output" if beside else folder.mode,
            output=str(beside or folder.output or ""),
            state=word,
            problem=problem,
            warning=" ".join(filter(None, (waits, said, self.now.warnings.get(folder.path, "")))),
            waiting=(state.waiting if state else 0) + pipeline.queue.waiting(root),
            watch=state.watch if state else "none",
        )

    def _fallback(self, folder: FolderSettings, root: Path) -> Fallback | None:
        return self._fallbacks.known(root) if root in self.now.plans and folder.mode == "replace" else None


def watched(
    folder: FolderSettings, excluded: tuple[Path, ...] = (), *, path: Path | None = None
) -> WatchedFolder:
    """A configured folder in the words of watching; `path` looks at another folder in the same way."""
    return WatchedFolder(
        path=path or folder.path,
        recursive=folder.recursive,
        include=folder.include,
        exclude=folder.exclude,
        min_size=folder.min_size.bytes,
        max_size=folder.max_size.bytes or None,
        settle_seconds=folder.settle_seconds,
        watch=folder.watch,
        excluded=excluded,
        stays=folder.mode == "output",
    )
