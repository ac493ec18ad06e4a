"""What there is to see of a running daemon, put together from all that it consists of."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from homepress.base.results import FolderStatus
from homepress.base.units import sentence
from homepress.control.service import PausedFor, State, Status
from homepress.daemon.core import Core, with_privacy_state
from homepress.daemon.folders import Configuration
from homepress.daemon.health import FolderHealth
from homepress.daemon.logs import log_fault
from homepress.daemon.pause import Pause, PowerSaver
from homepress.daemon.places import Drives
from homepress.settings import FolderSettings
from homepress.watch import FolderState, Watcher

_SHOWN_WAITING = 100
"""So many waiting files are named in the status; the number is always whole."""


@dataclass(frozen=True, slots=True)
class StatusBuilder:
    """The parts that have something to say.

    Attributes:
        paused_for: why nothing is taken up at present.
        trouble: what stands against work in a folder, in whole sentences.
        fingerprinting: how many pictures of a folder, given by its root, still wait for their fingerprints.
    """

    core: Core
    config: Configuration
    watch: Watcher
    health: FolderHealth
    pause: Pause
    power: PowerSaver
    drives: Drives
    paused_for: Callable[[], PausedFor]
    trouble: Callable[[Path], str]
    fingerprinting: Callable[[Path], int]

    def build(self, base: Status) -> Status:
        """The status of a daemon, from that of a program without one."""
        going, base = (
            self.core.store.next_expiry(),
            with_privacy_state(base),
        )  # ledger and system: they may wait
        status = self.core.state.ask(partial(self._complete, base))
        return msgspec.structs.replace(status, originals_going=going.number, originals_go_at=going.at)

    def _complete(self, base: Status) -> Status:
        """On the state thread: what is seen holds together."""
        waiting = self.health.waiting(self.watch.waiting())
        load = self.core.pipeline.load()
        folders = self._folders()
        problems = self._problems(folders)
        return msgspec.structs.replace(
            base,
            state=self._word(bool(problems), self.core.pipeline.queue.moving() > 0),
            pid=os.getpid(),
            paused_until=self.pause.until,
            paused_for=self.paused_for(),
            pause_fault=self.pause.fault,
            power_saver=self.power.saving,
            notify=self.core.live.current.daemon.notify,
            waiting=load.waiting + load.working + len(waiting),
            engine=self.core.trust.engine(),
            folders=folders,
            problems=problems,
            notes=[*self._faults(), *self.health.notices()],
            waiting_files=waiting[:_SHOWN_WAITING],
        )

    def _faults(self) -> list[str]:
        """What cannot be written, and stops nothing."""
        faults = (self.pause.fault, log_fault(self.core.paths.log))
        return [sentence(fault) for fault in faults if fault]

    def _problems(self, folders: list[FolderStatus]) -> list[str]:
        problems = [*self.core.trust.problems()]
        originals = self.drives.away.originals
        problems += [originals] if originals else []
        problems += [_naming(folder) for folder in folders if folder.problem not in ("", originals)]
        if self.core.live.error is not None:
            problems.insert(0, f"settings not used: {self.core.live.error}")
        return problems

    def _word(self, problem: bool, busy: bool) -> State:
        if problem:
            return "problem"
        if self.paused_for():
            return "paused"
        return "working" if busy else "idle"

    def _folders(self) -> list[FolderStatus]:
        states = {state.path: state for state in self.watch.states()}
        return [self._folder(folder, states.get(folder.path)) for folder in self.core.live.current.folders]

    def _folder(self, folder: FolderSettings, state: FolderState | None) -> FolderStatus:
        found = self.config.status(folder, state, self.trouble, self.core.pipeline, self.drives.away)
        resting = bool(self.paused_for()) and found.state in ("watching", "scanning")
        return msgspec.structs.replace(
            found,
            state="paused" if resting else found.state,
            fingerprinting=self.fingerprinting(self.core.root_of(folder)),
        )


def _naming(folder: FolderStatus) -> str:
    """The problem of a folder as a sentence that names it, once."""
    return folder.problem if folder.path in folder.problem else f"{folder.path}: {folder.problem}"
