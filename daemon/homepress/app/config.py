"""What the settings mean for watching: which folders, with which plan, and why some are not watched."""

import time
from collections.abc import Callable
from pathlib import Path

from homepress.app.fallback import Fallback, Fallbacks
from homepress.app.house import House
from homepress.control.service import FolderStatus
from homepress.pipeline import Pipeline, Plan, plan_for
from homepress.settings import FolderSettings
from homepress.store import OriginalsLimit
from homepress.watch import FolderState, WatchedFolder, refusal, warnings


class Configuration:
    """The folders as configured now. `apply` is called at start and after each change of the file."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._plans: dict[Path, Plan] = {}
        self._refused: dict[Path, str] = {}
        self._warnings: dict[Path, str] = {}
        self._fallbacks = Fallbacks()

    def apply(self) -> list[WatchedFolder]:
        """Work out plans and refusals from the current settings; the folders to watch."""
        settings = self._house.live.current
        own = (self._house.paths.state, self._house.paths.originals)
        outputs = tuple(folder.output for folder in settings.folders if folder.output is not None)
        plans: dict[Path, Plan] = {}
        self._refused, self._warnings = {}, {}
        watched = []
        for folder in settings.folders:
            others = [other.path for other in settings.folders if other is not folder]
            if why := refusal(folder.path, others, output=folder.output, private=own):
                self._refused[folder.path] = why
                continue
            self._warnings[folder.path] = " ".join(warnings(folder.path))
            if folder.enabled:
                root = folder.path.resolve()
                plans[root] = plan_for(folder, root)
                self._baseline(folder, root)
                watched.append(_watched(folder, (*outputs, *own)))
        self._house.store.set_roots(plans)
        self._house.store.set_limit(OriginalsLimit(settings.daemon.originals_max.bytes))
        configured = {folder.path.resolve() for folder in settings.folders}
        for gone in self._plans.keys() - configured:
            self._house.store.forget_folder(gone)
        self._plans = plans
        return watched

    def _baseline(self, folder: FolderSettings, root: Path) -> None:
        """Met for the first time: leave what was there before, unless the user wants it too."""
        now = time.time()
        if root.is_dir() and self._house.store.folder_added(root) >= now and folder.existing == "leave":
            self._house.store.baseline(root, recursive=folder.recursive)

    def roots(self) -> set[Path]:
        """The watched folders, links followed."""
        return set(self._plans)

    def plan(self, root: Path) -> Plan | None:
        """What a folder wants of its pictures; None when it is not watched any more."""
        plan = self._plans.get(root)
        return None if plan is None else self._fallbacks.plan(root, plan)

    def root_of(self, path: Path) -> Path | None:
        """The watched folder that a path lies in."""
        return next((root for root in self._plans if path.is_relative_to(root)), None)

    def status(
        self,
        folder: FolderSettings,
        state: FolderState | None,
        trouble: Callable[[Path], str],
        pipeline: Pipeline,
    ) -> FolderStatus:
        """One folder in the words of `status --json`."""
        root = folder.path.resolve()
        fallback = self._fallback(folder, root)
        problem = (
            self._refused.get(folder.path, "")
            or (state.problem if state else "")
            or (fallback.why if fallback and not fallback.output else "")
            or trouble(root)
        )
        beside = fallback.output if fallback else None
        said = fallback.why if fallback and beside else ""
        if not folder.enabled:
            word = "disabled"
        elif problem:
            word = "problem"
        else:
            word = "scanning" if state is None or state.scanning else "watching"
        return FolderStatus(
            path=str(folder.path),
            mode="output" if beside else folder.mode,
            output=str(beside or folder.output or ""),
            state=word,
            problem=problem,
            warning=" ".join(filter(None, (said, self._warnings.get(folder.path, "")))),
            waiting=(state.waiting if state else 0) + pipeline.queue.waiting(root),
            watch=state.watch if state else "none",
        )

    def _fallback(self, folder: FolderSettings, root: Path) -> Fallback | None:
        return self._fallbacks.of(root) if root in self._plans and folder.mode == "replace" else None


def _watched(folder: FolderSettings, excluded: tuple[Path, ...]) -> WatchedFolder:
    return WatchedFolder(
        path=folder.path,
        recursive=folder.recursive,
        include=folder.include,
        exclude=folder.exclude,
        min_size=folder.min_size.bytes,
        max_size=folder.max_size.bytes or None,
        settle_seconds=folder.settle_seconds,
        watch=folder.watch,
        excluded=excluded,
    )
