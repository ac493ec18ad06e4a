"""What the settings mean for watching: which folders, with which plan, and why some are not watched."""

import logging
import threading
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from homepress.app import folders
from homepress.app.drives import Away, InUse
from homepress.app.fallback import Fallback, Fallbacks
from homepress.app.house import House
from homepress.base import blocking
from homepress.control.service import FolderStatus
from homepress.pipeline import Pipeline, Plan, plan_for
from homepress.settings import FolderSettings
from homepress.store.model import OriginalsLimit
from homepress.watch import FolderState, WatchedFolder, refusal, warnings
from homepress.watch import FolderStatus as WatchStatus

_MEETING_SECONDS = 5.0
"""So long a change of settings waits for folders that answer, until what is in them is known."""

_log = logging.getLogger(__name__)


class Configuration:
    """The folders as configured now.

    `apply` is called at start and after each change of the file, `met` each time watching finds a folder.

    Attributes:
        lets_in: whether folders want files, since `apply`, that were left alone before: scans find them.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._plans: dict[Path, Plan] = {}
        self._roots: dict[Path, Path] = {}
        self._refused: dict[Path, str] = {}
        self._warnings: dict[Path, str] = {}
        self._fallbacks = Fallbacks()
        self._changing = threading.Lock()
        self.lets_in = False

    def apply(self) -> list[WatchedFolder]:
        """Work out plans and refusals from the current settings; the folders to watch."""
        with self._changing:
            return self._apply()

    def _apply(self) -> list[WatchedFolder]:
        settings = self._house.live.current
        outputs = tuple(folder.output for folder in settings.folders if folder.output is not None)
        # What does not answer now is watched too: its own thread waits for it, and then it is `met`.
        silent = self._house.look_at_places()
        excluded = tuple(map(self._house.places.real, (*outputs, *self._own())))
        taken = [folder for folder in settings.folders if not self._refuse(folder, settings.folders)]
        wanted = [folder for folder in taken if folder.enabled]
        self._warn([folder.path for folder in taken if folder.path not in silent])
        self.lets_in = self._meet([folder for folder in wanted if folder.path not in silent])
        for folder in wanted:
            if folder.path in silent:
                self.lets_in |= folders.let_in(self._house, folder, self._house.root_of(folder))
        roots = {folder.path: self._house.root_of(folder) for folder in wanted}
        to_watch = [watched(folder, excluded) for folder in wanted]
        self._house.store.set_limit(OriginalsLimit(settings.daemon.originals_max.bytes))
        configured = {self._house.root_of(folder) for folder in settings.folders}
        for gone in self._plans.keys() - configured:
            folders.forget(self._house, gone, self._plans[gone].output)
        self._plan_for(roots)
        return to_watch

    def _warn(self, paths: Collection[Path]) -> None:
        """See what is worth knowing of folders that answer."""
        said = blocking.ask_all({path: partial(warnings, path) for path in paths})
        self._warnings = {path: " ".join(found) for path, found in said.items() if isinstance(found, list)}

    def _meet(self, present: Collection[FolderSettings]) -> bool:
        """Meet folders that answer, all at a time; whether one wants files that were left alone before."""
        root_of = self._house.root_of
        calls = {each.path: partial(self._met_early, each, root_of(each)) for each in present}
        return any(met is True for met in blocking.ask_all(calls, _MEETING_SECONDS).values())

    def _met_early(self, folder: FolderSettings, root: Path) -> bool:
        """Meet a folder before it is watched; where that fails, it is `met` again on its own thread."""
        try:
            return folders.meet(self._house, folder, root)
        except OSError as error:
            _log.warning("%s: it could not be looked through: %s", ascii(str(root)), error)
            return False

    def met(self, path: Path, root: Path) -> None:
        """A configured folder is there, for the first time or again; its link may lead elsewhere now.

        Called on the folder's own thread: nobody else waits while its disk is asked.

        Raises:
            OSError: what is in it could not be seen or noted; it is not scanned then, and met again later.
        """
        if path not in self._roots:
            return
        self._house.places.look(path)
        said = " ".join(warnings(path))
        with self._changing:
            # Settings may have been read again meanwhile: one look at them for all that follows.
            current = self._house.live.current.folders
            folder = next((each for each in current if each.path == path), None)
            if folder is None or path not in self._roots or self._refuse(folder, current):
                return
            self._warnings[path] = said
            if self._roots[path] != root:
                self._plan_for(self._roots | {path: root})
        folders.meet(self._house, folder, root)
        self.plan(root)  # asks its disk, so that the status can tell

    def _plan_for(self, roots: dict[Path, Path]) -> None:
        """Take up plans for folders, given with what their paths lead to."""
        settings = {folder.path: folder for folder in self._house.live.current.folders}
        plans = {root: plan_for(settings[path], root) for path, root in roots.items() if path in settings}
        self._house.store.set_roots(plans)
        self._roots, self._plans = roots, plans

    def _own(self) -> tuple[Path, Path]:
        return self._house.paths.state, self._house.paths.originals

    def _refuse(self, folder: FolderSettings, among: Collection[FolderSettings]) -> bool:
        """Whether one folder among others must not be watched; why is remembered for its status."""
        others = [other.path for other in among if other is not folder]
        where = self._house.places.locate
        why = refusal(folder.path, others, output=folder.output, private=self._own(), locate=where)
        self._refused[folder.path] = why or ""
        return why is not None

    def roots(self) -> set[Path]:
        """The watched folders, links followed."""
        return set(self._plans)

    def plan(self, root: Path) -> Plan | None:
        """What a folder wants of its pictures; None when it is not watched any more."""
        plan = self._plans.get(root)
        return None if plan is None else self._fallbacks.plan(root, plan)

    def in_use(self) -> list[InUse]:
        """The watched folders with where their results go."""
        roots, plans = self._roots, self._plans
        found = []
        for path, root in roots.items():
            output = plans[root].output if root in plans else None
            if output is None and (fallback := self._fallbacks.known(root)) is not None:
                output = fallback.output
            found.append(InUse(path, root, output and self._house.places.real(output)))
        return found

    def root_of(self, path: Path) -> Path | None:
        """The watched folder that a path lies in."""
        return next((root for root in self._plans if path.is_relative_to(root)), None)

    def status(
        self,
        folder: FolderSettings,
        state: FolderState | None,
        trouble: Callable[[Path], str],
        pipeline: Pipeline,
        away: Away,
    ) -> FolderStatus:
        """One folder in the words of `status --json`."""
        root = self._roots.get(folder.path) or self._house.root_of(folder)
        fallback = self._fallback(folder, root)
        gone = state.problem if state is not None and state.status is WatchStatus.AWAY else ""
        waits = away.folders.get(folder.path, "") or gone
        nowhere = bool(gone) or root in away.roots
        problem = (
            self._refused.get(folder.path, "")
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
            warning=" ".join(filter(None, (waits, said, self._warnings.get(folder.path, "")))),
            waiting=(state.waiting if state else 0) + pipeline.queue.waiting(root),
            watch=state.watch if state else "none",
        )

    def _fallback(self, folder: FolderSettings, root: Path) -> Fallback | None:
        return self._fallbacks.known(root) if root in self._plans and folder.mode == "replace" else None


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
