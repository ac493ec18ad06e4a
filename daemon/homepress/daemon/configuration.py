"""What the settings mean for watching: which folders, with which plan, and why some are not watched."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.results import FolderStatus
from homepress.daemon import folders
from homepress.daemon.core import Core
from homepress.daemon.folders import Fallback, Fallbacks
from homepress.daemon.pipeline.job import Plan, plan_for
from homepress.daemon.pipeline.worker_loop import Pipeline
from homepress.daemon.places import Away, InUse
from homepress.settings import FolderSettings, Settings
from homepress.store.model import OriginalsLimit
from homepress.watch import FolderState, WatchedFolder, WatchStatus, refusal, warnings

_log = logging.getLogger(__name__)

_MEETING_SECONDS = 5.0
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
                self.lets_in |= folders.let_in(core, folder, core.root_of(folder))
        core.store.set_limit(OriginalsLimit(settings.daemon.originals_max.bytes))
        core.memory.allow(settings.daemon.worker_memory.bytes)
        for gone in self.now.plans.keys() - {core.root_of(folder) for folder in settings.folders}:
            folders.forget(core, gone, self.now.plans[gone].output)
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

    def _warnings(self, paths: Collection[Path]) -> dict[Path, str]:
        """What is worth knowing of folders that answer."""
        said = blocking.ask_all({path: partial(warnings, path) for path in paths})
        return {path: " ".join(found) for path, found in said.items() if isinstance(found, list)}

    def _meet(self, present: Collection[FolderSettings]) -> bool:
        """Meet folders that answer, all at a time; whether one wants files that were left alone before."""
        root_of = self._core.root_of
        calls = {each.path: partial(self._met_early, each, root_of(each)) for each in present}
        return any(met is True for met in blocking.ask_all(calls, _MEETING_SECONDS).values())

    def _met_early(self, folder: FolderSettings, root: Path) -> bool:
        """Meet a folder before it is watched; where that fails, it is `met` again on its own thread."""
        try:
            return folders.meet(self._core, folder, root)
        except OSError as error:
            _log.warning("%s: it could not be looked through: %s", ascii(str(root)), error)
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
        folders.meet(self._core, folder, root)
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
