"""The service of a running daemon: what the in-process one can do, and watching, pausing, telling."""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from homepress.app.breaker import Breaker
from homepress.app.caretaker import Caretaker
from homepress.app.config import Configuration
from homepress.app.drives import Away, Drives
from homepress.app.fingerprinting import Fingerprinting
from homepress.app.house import House, refused
from homepress.app.intake import STILL_AT_IT, Intake
from homepress.app.memory import Memory
from homepress.app.notes import RecentNotes
from homepress.app.opening import Opening
from homepress.app.overview import Overview, sentence
from homepress.app.pausing import Pause
from homepress.app.power import PowerSaver
from homepress.app.request_checks import check_values
from homepress.app.service import InProcessService
from homepress.app.troubles import Troubles
from homepress.app.waiting import WaitingFiles
from homepress.control.service import (
    OriginalOutcome,
    OriginalsRequest,
    PausedFor,
    ServiceError,
    Status,
    UndoOutcome,
    UndoRequest,
)
from homepress.pipeline import Destination, Plan, Told
from homepress.settings import Paths
from homepress.store.health import Conditions
from homepress.store.model import RecoveryNote
from homepress.watch import FileWatch, Watch

_log = logging.getLogger(__name__)

_RETRIES_SOON = 60.0
"""Whoever runs once waits for files that are tried again within so many seconds."""


_SETTINGS_AGAIN = 10.0
"""Seconds until settings that could not be put into force are tried again."""

_START_SECONDS = 0.5
"""Whoever asks for the status waits so long for a start that is under way."""


class DaemonService(InProcessService):
    """Joins watching and the pipeline, and answers for both."""

    def __init__(self, paths: Paths, stop: Callable[[], None]) -> None:
        self._paths = paths
        self._house: House | None = None
        self._stop = stop
        self._state = threading.Condition()
        self._revision = 1
        self._waiting = WaitingFiles()
        self._notes = RecentNotes()
        self._power = PowerSaver()
        self._opening = Opening(paths)
        self._changing_settings = threading.Lock()
        self._resting = threading.Lock()
        self._failed = 0
        self._not_in_force = ""
        """Why the settings that were read last do not hold yet; empty when they do."""

    def open(self, stopping: threading.Event, confirm: Callable[[], None] = lambda: None) -> House | None:
        """Open the house, for as long as that takes; see `Opening.open`. Requests may come before it is."""
        return self._opening.open(confirm, self._try_to_prepare, self.changed, stopping)

    @property
    def house(self) -> House:
        """The house; requests that come before it is open wait, or are refused with the reason."""
        if self._house is None:
            self._opening.wait()
        assert self._house is not None
        return self._house

    @house.setter
    def house(self, house: House) -> None:
        self._house = house

    def begin(self, house: House, *, once: bool = False) -> None:
        """Start watching, in a house that `open` gave or in another; `once` goes on in spite of a pause."""
        if self._house is not house:
            self._prepare(house)
        if not once:
            self._pause.restore()
        self._rest_or_work()
        self._watch.start()
        self._file = FileWatch(self._paths.config_file, self._settings_changed)
        self._file.start()
        self._caretaker.start()
        self._drives.start()
        self._opening.done()
        self.changed()

    def _try_to_prepare(self, house: House) -> None:
        try:
            self._prepare(house)
        except BaseException:
            self._house = None
            raise

    def _prepare(self, house: House) -> None:
        """Put together what works in the house; an `OSError` means that the ledger cannot be written now."""
        self._house = house
        self._config = Configuration(house)
        self._pause = Pause(self._paths.state / "pause.json", lambda _: self._rest_or_work())
        for note in house.recovered:
            self._notes.add(note)
        self._breaker = Breaker(house.store, house.pipeline.queue, self._stopped_replacing)
        self._troubles = Troubles(house.pipeline.queue, self._conditions)
        self._fingerprinting = Fingerprinting(
            house.store, self._config.roots, self._has_better_to_do, self.changed
        )
        intake = Intake(
            house,
            self._config,
            tell=self._told,
            hint=self._hint,
            look_again=self._look_again,
            found=self._fingerprinting.look,
            changed=self.changed,
        )
        self._watch = Watch(intake, Memory(house), early=True, away=self._away)
        self._drives = Drives(house.store, self._config.in_use, self._drives_changed)
        self._overview = self._look_over()
        self._watch.reconfigure(self._config.apply())
        self._breaker.count_undone(self._config.roots())
        # A folder that hangs is logged when somebody looks at its state, which nobody else may do for days.
        self._caretaker = Caretaker(house.store, self._noted, self._watch.states)

    def _hint(self, path: Path, delay: float) -> None:
        self._watch.hint(path, delay)

    def _conditions(self, path: Path) -> Conditions:
        """What it depends on whether the result of a picture can be stored."""
        root = self._config.root_of(path)
        plan = None if root is None else self._config.plan(root)
        output = plan.output if plan is not None and plan.destination is Destination.OUTPUT else None
        try:
            facts = path.lstat()
            own: Conditions = (facts.st_mode, facts.st_uid, facts.st_gid)
        except OSError as error:
            own = (error.errno,)
        return (*own, *self.house.store.conditions(output or path.parent))

    def _look_again(self, root: Path) -> bool:
        """Whether pictures of a folder wait; those for which something changed are tried now."""
        standing, to_try = self._troubles.look_again(root)
        for path in to_try:
            self._watch.hint(path)
        return standing

    def _look_over(self) -> Overview:
        return Overview(
            house=self.house,
            config=self._config,
            watch=self._watch,
            waiting=self._waiting,
            notes=self._notes,
            pause=self._pause,
            power=self._power,
            drives=self._drives,
            paused_for=self._paused_for,
            trouble=self._trouble,
            fingerprinting=self._fingerprinting.left,
        )

    def end(self) -> None:
        """Stop watching; what is under way is finished by the house."""
        self._file.stop()
        self._fingerprinting.stop()
        self._watch.stop()
        self._caretaker.stop()
        self._drives.stop()
        self._pause.close()
        self.changed()

    def wait_until_done(self, stopping: threading.Event) -> bool:
        """Return when every folder was looked through and nothing more can be done now, or when stopping.

        Returns:
            Whether all went well: no picture failed, and no folder has a problem.
        """
        with self._state:
            while not stopping.is_set() and not self._is_done():
                self._state.wait(0.5)
        return not self._failed and not self.status().problems

    def _is_done(self) -> bool:
        # In the order in which files move on, so that none slips through between two looks.
        if not self._watch.wait_settled(0) or self.house.pipeline.queue.moving():
            return False
        return not self._waiting.any_soon(_RETRIES_SOON)

    # -- what happens

    def changed(self) -> None:
        """Something that people see is another now."""
        with self._state:
            self._revision += 1
            self._state.notify_all()

    def _told(self, plan: Plan, told: Told) -> None:
        """A picture is done, or has to wait."""
        root = self._config.root_of(told.path)
        if root is None:
            told = replace(told, retry_after=None)  # its folder was let go meanwhile
        else:
            self._breaker.told(root, told)
            if told.away:
                self._drives.look_now()
            elif not self._breaker.text(root) and self._troubles.told(root, told):
                self._watch.rescan()
        self._failed += told.outcome == "failed"
        if told.outcome == "compressed":
            self._caretaker.worked()
        self._waiting.told(told)
        if told.refused:
            self._watch.set_aside(told.path)
        if told.retry_after is not None:
            self._watch.hint(told.path, told.retry_after)
            # Looked at last: whoever changes plans does so first, and ends the waits of before afterwards.
            if root is not None and self._config.plan(root) != plan:
                self._end_waits_of_before(root, told)

    def _end_waits_of_before(self, root: Path, told: Told) -> None:
        """What stood against a picture may be over: it was under other settings."""
        self._waiting.told(replace(told, retry_after=STILL_AT_IT, problem="", whole_folder=False))
        self._watch.hint(told.path, STILL_AT_IT)
        self._try_anew([root])

    def _away(self, path: Path) -> str:
        """Why the drive of a path is away; empty when it is not."""
        absence = self.house.store.places.absence(path)
        return "" if absence is None else f"{path}: {absence}"

    def _drives_changed(self, before: Away, now: Away) -> None:
        """Drives have come or gone: what cannot be stored is kept back, and goes on when it can."""
        queue = self.house.pipeline.queue
        for root in now.roots - before.roots:
            queue.hold(root)
        back = set(before.roots - now.roots)
        if before.originals and not now.originals:
            back |= self._config.roots() - now.roots
        for root in back:
            queue.release(root)
        self._watch.look_again()
        if back or before.folders != now.folders:
            self._go_on(back)
        self.changed()

    def _go_on(self, roots: Iterable[Path]) -> None:
        """What waited for a drive does not any more."""
        self._troubles.forget(roots)
        for path in self._waiting.try_now():
            self._watch.hint(path)
        self._watch.rescan()

    def _stopped_replacing(self, root: Path, why: str) -> None:
        """The circuit breaker opened for a folder."""
        _log.warning("%s: %s", ascii(str(root)), why)
        self.changed()

    def _noted(self, note: RecoveryNote) -> None:
        """The store found something that the user should know of, such as an edit that came late."""
        (_log.info if note.routine else _log.warning)("%s", note)
        self._notes.add(note)
        self.changed()

    # -- what people ask

    def ping(self) -> int:
        """The daemon's process id."""
        return os.getpid()

    def wait(self, revision: int, timeout: float) -> int:
        """Block until the revision differs from `revision`, at most `timeout` seconds; the new one."""
        check_values(timeout=timeout)
        with self._state:
            self._state.wait_for(lambda: self._revision != revision, timeout)
            return self._revision

    def pause(self, until: float | None = None) -> None:
        """Stop taking up work until a time (seconds since 1970), or until `resume`."""
        check_values(until=until)
        if until is not None and until <= time.time():
            raise ServiceError("the time to pause until is already over", exit_code=2)
        self._opening.wait()
        self._pause.set(until)

    def resume(self) -> None:
        """Take up work again, also while the computer saves power, and where results were not trusted."""
        self._opening.wait()
        self._power.override()
        self._breaker.close_all(self._config.roots())
        self._try_again()
        self._watch.rescan()
        self._pause.clear()

    def _try_again(self) -> None:
        """Something was done that may help pictures which could not be stored: do not let them wait."""
        self.house.pipeline.forgive()
        if self._troubles.try_again():
            for path in self._waiting.try_now():
                self._watch.hint(path)

    def undo(self, request: UndoRequest) -> Iterator[UndoOutcome]:
        """Bring originals back; several in a row stop replacing in their folder."""
        self._opening.wait()
        try:
            yield from super().undo(request)
        finally:
            self._breaker.count_undone(self._config.roots())
            self._try_again()
            self.changed()

    def accept_originals(self, request: OriginalsRequest) -> Iterator[OriginalOutcome]:
        """Delete stored originals for good; there may be room for others then."""
        self._opening.wait()
        try:
            yield from super().accept_originals(request)
        finally:
            self._try_again()

    def power_saver(self, on: bool) -> None:
        """The computer now saves power, or no longer."""
        self._power.report(on)
        if self._opening.status() is None:  # else it is looked at when the work begins
            self._rest_or_work()

    def agent_ended(self) -> None:
        """Nobody tells of the power any more: do not rest for ever on what was told last."""
        self._power.report(False)
        if self._opening.status() is None:
            self._rest_or_work()

    def _has_better_to_do(self) -> bool:
        """Whether what can wait has to: pictures come first, and a pause is one for all."""
        return bool(self._paused_for()) or self.house.pipeline.queue.moving() > 0

    def _rest_or_work(self) -> None:
        with self._resting:  # whoever comes last also looks last
            self.house.pipeline.queue.pause(bool(self._paused_for()))
        self.changed()

    def _paused_for(self) -> PausedFor:
        if self._pause.paused:
            return "user"
        wanted = self.house.live.current.daemon.pause_on_power_saver
        return "power saver" if wanted and self._power.resting else ""

    def stop(self) -> None:
        """End the daemon after what is under way."""
        self._stop()

    def rescan(self) -> None:
        """Look through all folders now."""
        self._opening.wait()
        self._watch.rescan()

    def reload(self) -> None:
        """Read the settings file again and act on it.

        Raises:
            ServiceError: it has mistakes; the last good settings stay in force.
        """
        self._opening.wait()
        self._settings_changed()
        if self.house.live.error is not None:
            raise ServiceError(str(self.house.live.error), exit_code=2)
        if self._not_in_force:
            raise ServiceError(self._not_in_force)

    def _settings_changed(self) -> None:
        # One change after the other: a request and the watch of the file may come upon the same one, and
        # whoever comes second may only answer when what the first has read is in force.
        with self._changing_settings:
            if not self.house.live.reload() and not self._not_in_force:
                return
            self._not_in_force = ""
            if self.house.live.error is not None:
                _log.warning("settings: %s", self.house.live.error)
            else:
                _log.info("settings: read again")
                try:
                    self._reconfigure()
                except OSError as error:
                    self._postpone(error)
            self._rest_or_work()

    def _postpone(self, error: OSError) -> None:
        """What the ledger has to know of the new settings cannot be written: say so, and try again."""
        self._not_in_force = f"the new settings are not in force yet: {refused(self.house.paths, error)}"
        _log.warning("%s", self._not_in_force)
        again = threading.Timer(_SETTINGS_AGAIN, self._settings_changed)
        again.daemon = True
        again.start()

    def _reconfigure(self) -> None:
        before = self._config.roots()
        self.house.pipeline.allow(self.house.live.current.daemon.worker_count)
        self._watch.reconfigure(self._config.apply())
        if self._config.lets_in:
            self._watch.rescan()
        for root in before - self._config.roots():
            self.house.pipeline.queue.drop(root)
            self._breaker.forget(root)
        self._waiting.keep_within(self._config.roots())
        self._drives.look_now()
        self._try_anew(before)
        self._breaker.count_undone(self._config.roots())

    def _try_anew(self, roots: Iterable[Path]) -> None:
        """The plans of folders are new: what waited for something there does not wait for it any more."""
        if self._troubles.forget(roots):
            for path in self._waiting.try_now():
                self._watch.hint(path)
            self._watch.rescan()

    def status(self) -> Status:
        """The state now, also before the start is over."""
        with contextlib.suppress(ServiceError):  # an ordinary start takes a moment, and is worth waiting for
            self._opening.wait(_START_SECONDS)
        if (early := self._opening.status()) is not None:
            return early
        status = self._overview.complete(super().status())
        if not self._not_in_force:
            return status
        return msgspec.structs.replace(
            status, state="problem", problems=[sentence(self._not_in_force), *status.problems]
        )

    def _trouble(self, root: Path) -> str:
        return self.house.pipeline.silent(root) or self._breaker.text(root) or self._troubles.text(root)
