"""The service of a running daemon: what the in-process one can do, and watching, pausing, telling."""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from homepress.base.override import override
from homepress.base.paths import Paths
from homepress.base.results import FileOutcome, OriginalOutcome, UndoOutcome
from homepress.base.system_errors import in_log, quoted
from homepress.base.units import sentence
from homepress.control.service import (
    OriginalsRequest,
    PausedFor,
    RedoRequest,
    ServiceError,
    Status,
    UndoRequest,
)
from homepress.daemon.apart import join_apart
from homepress.daemon.arrivals import STILL_AT_IT, ArrivalHandler, LedgerAndQueue
from homepress.daemon.core import Core, StartGate, open_core, why_not_opened
from homepress.daemon.folders import Configuration
from homepress.daemon.health import (
    HOW_TO_GO_ON,
    MOST_IN_A_ROW,
    MOST_LOOKED_AT,
    FolderHealth,
    deliveries_before,
)
from homepress.daemon.maintenance import Fingerprinting, Maintenance
from homepress.daemon.offline import CommonService
from homepress.daemon.pause import Pause, PowerSaver
from homepress.daemon.pipeline.job import Destination, JobResult, Plan
from homepress.daemon.places import Away, Drives
from homepress.daemon.requests import check_values
from homepress.daemon.status import StatusBuilder
from homepress.store.health import Conditions
from homepress.store.model import RecoveryNote
from homepress.watch import FileWatch, Watcher

_log = logging.getLogger(__name__)

_RETRIES_SOON = 60.0
"""Seconds: `run --once` waits for files that are tried again within this time."""


_SETTINGS_AGAIN = 10.0
"""Seconds until settings that could not be put into force are tried again."""

_START_SECONDS = 0.5
"""Seconds that a status request waits for a start in progress."""


class DaemonService(CommonService):
    """Joins watching and the pipeline, and answers for both."""

    def __init__(self, paths: Paths, stop: Callable[[], None]) -> None:
        self._paths = paths
        self._core: Core | None = None
        self._stop = stop
        self._seen = threading.Condition()
        self._revision = 1
        self._saving_power = False
        self._gate = StartGate(paths)
        self._changing_settings = threading.Lock()
        self._failed = 0
        self._not_in_force = ""
        """Why the settings that were read last do not hold yet; empty when they do."""

    def open(self, stopping: threading.Event, confirm: Callable[[], None] = lambda: None) -> Core | None:
        """Open the core, for as long as that takes; see `open_core`. Requests may come before it is."""
        return open_core(self._paths, self._gate, confirm, self._try_to_prepare, self.changed, stopping)

    @property
    def core(self) -> Core:
        """The core; requests that come before it is open wait, or are refused with the reason."""
        if self._core is None:
            self._gate.wait()
        assert self._core is not None
        return self._core

    @core.setter
    def core(self, core: Core) -> None:
        self._core = core

    def begin(self, core: Core, *, once: bool = False) -> None:
        """Start watching, on the core that `open` gave or on another; `once` ignores a pause."""
        if self._core is not core:
            self._prepare(core)
        if not once:
            self._pause.restore()
        core.state.ask(self._rest_or_work)
        self._watch.start()
        self._file = FileWatch(self._paths.config_file, self._settings_changed)
        self._file.start()
        self._maintenance.start()
        self._drives.start()
        self._gate.open()
        core.state.ask(self._rest_or_work)  # what was told of the power meanwhile

    def _try_to_prepare(self, core: Core) -> None:
        try:
            self._prepare(core)
        except BaseException:
            self._core = None
            raise

    def _prepare(self, core: Core) -> None:
        """Put together what works on the core; an `OSError` means that the ledger cannot be written now."""
        self._core = core
        self._config = Configuration(core)
        self._power = PowerSaver()
        self._pause = Pause(core.state, self._paths.state / "pause.json", self._rest_or_work)
        self._health = FolderHealth(core.pipeline.queue)
        for note in core.recovered:
            core.state.ask(partial(self._health.add_notice, note))
        self._fingerprinting = Fingerprinting(
            core.state, core.store, self._config.roots, self._has_better_to_do, self.changed
        )
        arrivals = ArrivalHandler(
            core,
            self._config,
            on_result=self._on_result,
            hint=self._hint,
            look_again=self._look_again,
            found=self._fingerprinting.look,
            changed=self.changed,
        )
        self._watch = Watcher(arrivals, LedgerAndQueue(core), early=True, why_away=self._away)
        self._drives = Drives(core.store, self._config.in_use, self._drives_changed)
        self._status_builder = self._look_over()
        plans = self._config.apply()
        self._expect_deliveries(remembered=True)
        self._watch.reconfigure(plans)
        self._stop_replacing_where_undone()
        # A folder that hangs is logged when somebody looks at its state, which nobody else may do for days.
        bring_in = partial(join_apart, core.paths, core.store)
        self._maintenance = Maintenance(
            core.state, core.store, self._noted, self._watch.states, bring_in=bring_in
        )

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
        return (*own, *self.core.store.conditions(output or path.parent))

    def _look_again(self, root: Path) -> bool:
        """On a folder's thread: whether its pictures wait; those for which something changed are tried."""
        ask = self.core.state.ask
        problems = ask(partial(self._health.problems, root))
        for problem in problems[:MOST_LOOKED_AT]:
            now = self._conditions(problem.path)
            if now != problem.conditions and ask(partial(self._health.conditions_changed, problem, now)):
                self._watch.hint(problem.path)
        return bool(problems)

    def _expect_deliveries(self, *, remembered: bool) -> None:
        """Count for each folder what does not come out; `remembered` from the ledger, as after a start."""
        for root in self._config.roots():
            plan = self._config.plan_known(root)
            if plan is not None:
                before = deliveries_before(self.core.store, root, plan) if remembered else ()
                self.core.state.ask(partial(self._health.expect, root, plan, before))

    def _look_over(self) -> StatusBuilder:
        return StatusBuilder(
            core=self.core,
            config=self._config,
            watch=self._watch,
            health=self._health,
            pause=self._pause,
            power=self._power,
            drives=self._drives,
            paused_for=self._paused_for,
            trouble=self._trouble,
            fingerprinting=self._fingerprinting.left,
        )

    def end(self) -> None:
        """Stop watching; what is in progress is finished by the core."""
        self._file.stop()
        self._fingerprinting.stop()
        self._watch.stop()
        self._maintenance.stop()
        self._drives.stop()
        self._pause.close()
        self.changed()

    def wait_until_done(self, stopping: threading.Event) -> bool:
        """Return when every folder was looked through and nothing more can be done now, or when stopping.

        Returns:
            Whether all went well: no picture failed, and no folder has a problem.
        """
        while not stopping.is_set():
            revision = self._revision
            if self.core.state.ask(self._is_done):
                break
            self.wait(revision, 0.5)
        return not self._failed and not self.status().problems

    def _is_done(self) -> bool:
        """On the state thread."""
        if not self._watch.wait_settled(0) or self.core.pipeline.queue.moving():
            return False
        return not self._health.any_soon(_RETRIES_SOON)

    # -- what happens

    def changed(self) -> None:
        """Something that people see is another now. May be called from any thread."""
        with self._seen:
            self._revision += 1
            self._seen.notify_all()

    def _on_result(self, plan: Plan, result: JobResult) -> None:
        """On the thread of a slot: a picture is done, or has to wait."""
        if result.refused:
            self._watch.set_aside(result.file)
        conditions = self._conditions(result.file) if result.problem else ()
        if stopped := self.core.state.ask(partial(self._record, plan, result, conditions)):
            self._write_down_stop(*stopped)
        self._look_afresh_by_new_settings(plan, result)

    def _look_afresh_by_new_settings(self, plan: Plan, result: JobResult) -> None:
        """What was left as it is while the settings changed may not be, by the new ones."""
        root = self._config.root_of(result.file)
        now = None if root is None else self._config.plan_known(root)
        if root is None or now is None or now.settings == plan.settings or result.outcome == "compressed":
            return
        try:
            if self.core.store.folders.let_in_file(result.file, now.settings):
                self._watch.hint(result.file, STILL_AT_IT)
        except OSError as error:
            _log.warning(
                "%s is looked at by the new settings at the next start: %s",
                quoted(result.file),
                in_log(error),
            )

    def _record(self, plan: Plan, result: JobResult, conditions: Conditions) -> tuple[Path, str] | None:
        """On the state thread: the folder in which replacing stops now, and why; None as a rule."""
        root = self._config.root_of(result.file)
        before = ""
        if root is None:
            result = msgspec.structs.replace(result, retry_after=None)  # its folder was let go meanwhile
            self._health.set_waiting(result)
        else:
            before = self._health.why_stopped(root)
            if self._health.record(root, result, conditions):
                self._watch.rescan()
            if self._config.plan_known(root) == plan:
                self._health.count_delivery(root, result)
            if result.away:
                self._drives.look_now()
        self._failed += result.outcome == "failed"
        if result.outcome == "compressed":
            self._maintenance.worked()
        if result.retry_after is not None:
            self._watch.hint(result.file, result.retry_after)
            if root is not None and self._config.plan_known(root) != plan:
                self._end_waits_of_before(root, result)
        why = "" if root is None else self._health.why_stopped(root)
        return (root, why) if root is not None and why and not before else None

    def _end_waits_of_before(self, root: Path, result: JobResult) -> None:
        """What stood against a picture may be over: it was under other settings."""
        self._health.set_waiting(
            msgspec.structs.replace(result, retry_after=STILL_AT_IT, problem="", whole_folder=False)
        )
        self._watch.hint(result.file, STILL_AT_IT)
        self._try_anew([root])

    def _away(self, path: Path) -> str:
        """Why the drive of a path is away; empty when it is not."""
        drives = self.core.store.drives
        absence = drives.absence(path) if os.path.lexists(path) else drives.seems_away(path)
        return "" if absence is None else f"{path}: {absence}"

    def _drives_changed(self, before: Away, now: Away) -> None:
        """Drives have come or gone: what cannot be stored is kept back, and goes on when it can."""
        self.core.state.ask(partial(self._hold_or_go_on, before, now))
        self.changed()

    def _hold_or_go_on(self, before: Away, now: Away) -> None:
        """On the state thread."""
        back = self._health.drives_changed(before, now, self._config.roots())
        self._watch.look_again()
        if back or before.folders != now.folders:
            self._health.forget_problems(back)
            self._try_waiting_files()
            self._watch.rescan()

    def _try_waiting_files(self) -> None:
        """On the state thread: have watching look at what was given back."""
        for path in self._health.try_now():
            self._watch.hint(path)

    def _write_down_stop(self, root: Path, why: str) -> None:
        """Replacing stops in a folder, and stays so over a restart; the ledger may wait for its disk."""
        _log.warning("%s: Replacing has stopped. %s", quoted(root), why)
        self.changed()
        folders = self.core.store.folders
        folders.stop_replacing(root, why)
        if not self.core.state.ask(partial(self._health.why_stopped, root)):
            folders.looked_at(root)  # the user did, at the same moment

    def _stop_replacing_where_undone(self) -> None:
        """Something was undone, or the daemon has just started: what stopped before it stays so."""
        folders, ask = self.core.store.folders, self.core.state.ask
        for root in self._config.roots():
            if why := folders.stopped_replacing(root):
                ask(partial(self._health.stop, root, why))
            elif (undone := folders.undone_in_a_row(root)) >= MOST_IN_A_ROW:
                why = f"The last {undone} results here were undone. {HOW_TO_GO_ON}"
                if ask(partial(self._health.stop, root, why)):
                    self._write_down_stop(root, why)

    def _noted(self, note: RecoveryNote) -> None:
        """The store found something that the user should know of, such as an edit that came late."""
        (_log.info if note.routine else _log.warning)("%s", note)
        self.core.state.ask(partial(self._health.add_notice, note))
        self.changed()

    # -- what people ask

    @override
    def wait(self, revision: int, timeout: float) -> int:
        check_values(timeout=timeout)
        with self._seen:
            self._seen.wait_for(lambda: self._revision != revision, timeout)
            return self._revision

    @override
    def pause(self, until: float | None = None) -> None:
        check_values(until=until)
        if until is not None and until <= time.time():
            raise ServiceError("the time to pause until is already over", exit_code=2)
        self._gate.wait()
        self._pause.set(until)

    @override
    def resume(self) -> None:
        """Take up work again, also while the computer saves power, and where results were not trusted."""
        self._gate.wait()
        for root in self._config.roots():
            self.core.store.folders.looked_at(root)
        self.core.state.ask(self._trust_again)
        self._pause.clear()

    def _trust_again(self) -> None:
        """On the state thread: the user wants work."""
        self._power.override()
        self._health.trust_all()
        self._try_again()
        self._watch.rescan()

    def _try_again(self) -> None:
        """On the state thread: something was done that may help pictures which could not be stored."""
        self.core.pipeline.forgive()
        if self._health.try_again():
            self._try_waiting_files()

    @override
    def undo(self, request: UndoRequest) -> Iterator[UndoOutcome]:
        """Bring originals back; several in a row stop replacing in their folder."""
        self._gate.wait()
        try:
            yield from super().undo(request)
        finally:
            self._stop_replacing_where_undone()
            self.core.state.ask(self._try_again)
            self.changed()

    @override
    def redo(self, request: RedoRequest) -> Iterator[FileOutcome]:
        self._gate.wait()
        try:
            yield from super().redo(request)
        finally:
            self.changed()

    @override
    def accept_originals(self, request: OriginalsRequest) -> Iterator[OriginalOutcome]:
        """Delete stored originals permanently; there may be room for others then."""
        self._gate.wait()
        try:
            yield from super().accept_originals(request)
        finally:
            self.core.state.ask(self._try_again)

    @override
    def power_saver(self, on: bool) -> None:
        self._power_reported(on)

    def agent_ended(self) -> None:
        """Nobody tells of the power any more: do not rest for ever on what was told last."""
        self._power_reported(False)

    def _power_reported(self, saving: bool) -> None:
        self._saving_power = saving
        if self._gate.status() is None:  # else it is looked at when the work begins
            self.core.state.ask(self._rest_or_work)

    def _has_better_to_do(self) -> bool:
        """Whether what can wait has to: pictures come first, and a pause is one for all."""
        return self.core.state.ask(lambda: bool(self._paused_for()) or self.core.pipeline.queue.moving() > 0)

    def _rest_or_work(self) -> None:
        """On the state thread."""
        self._power.report(self._saving_power)
        self.core.pipeline.queue.pause(bool(self._paused_for()))
        self.changed()

    def _paused_for(self) -> PausedFor:
        if self._pause.paused:
            return "user"
        wanted = self.core.live.current.daemon.pause_on_power_saver
        return "power saver" if wanted and self._power.resting else ""

    @override
    def stop(self) -> None:
        self._stop()

    @override
    def rescan(self) -> None:
        self._gate.wait()
        self._watch.rescan()

    @override
    def reload(self) -> None:
        """Read the settings file again and act on it.

        Raises:
            ServiceError: it has mistakes; the last good settings stay in force.
        """
        self._gate.wait()
        self._settings_changed()
        if self.core.live.error is not None:
            raise ServiceError(str(self.core.live.error), exit_code=2)
        if self._not_in_force:
            raise ServiceError(self._not_in_force)

    def _settings_changed(self) -> None:
        # One change after the other: a request and the watch of the file may come upon the same one, and
        # the second caller must not return until the settings that the first one read are in force.
        with self._changing_settings:
            if not self.core.live.reload() and not self._not_in_force:
                return
            self._not_in_force = ""
            if self.core.live.error is not None:
                _log.warning("settings: %s", self.core.live.error)
            else:
                _log.info("settings: read again")
                try:
                    self._reconfigure()
                except OSError as error:
                    self._postpone(error)
            self.core.state.ask(self._rest_or_work)

    def _postpone(self, error: OSError) -> None:
        """What the ledger has to know of the new settings cannot be written: say so, and try again."""
        why = why_not_opened(self.core.paths, error)
        self._not_in_force = f"the new settings are not in force yet: {why}"
        _log.warning("%s", self._not_in_force)
        thread = threading.Thread(target=self._settings_changed, name="settings", daemon=True)
        self.core.state.call_later(_SETTINGS_AGAIN, thread.start)

    def _reconfigure(self) -> None:
        was = self._config.now
        before = set(was.plans)
        self.core.pipeline.set_limit(self.core.live.current.daemon.worker_count)
        self._watch.reconfigure(self._config.apply())
        self._config.let_in_again(was)
        self._expect_deliveries(remembered=False)
        if self._config.lets_in:
            self._watch.rescan()
        self.core.state.ask(partial(self._end_waits_of_old_settings, before))
        self._drives.look_now()
        self._stop_replacing_where_undone()

    def _end_waits_of_old_settings(self, before: set[Path]) -> None:
        """On the state thread."""
        roots = self._config.roots()
        self._health.keep_within(roots, before - roots)
        self._try_anew(before)

    def _try_anew(self, roots: Iterable[Path]) -> None:
        """On the state thread: the plans of folders are new; what waited there does not wait any more."""
        if self._health.forget_problems(roots):
            self._try_waiting_files()
            self._watch.rescan()

    @override
    def status(self) -> Status:
        """The state now, also before the start is over."""
        with contextlib.suppress(ServiceError):  # an ordinary start takes a moment, and is worth waiting for
            self._gate.wait(_START_SECONDS)
        if (early := self._gate.status()) is not None:
            return early
        status = self._status_builder.build(super().status())
        if not self._not_in_force:
            return status
        return msgspec.structs.replace(
            status, state="problem", problems=[sentence(self._not_in_force), *status.problems]
        )

    def _trouble(self, root: Path) -> str:
        return self.core.pipeline.silent(root) or self._health.text(root)
