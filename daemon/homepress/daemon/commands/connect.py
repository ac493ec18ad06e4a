"""How commands reach Homepress: the running daemon, or the same service in this process."""

import contextlib
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import homepress
from homepress import privacy
from homepress.base.paths import Paths
from homepress.base.results import ProbedProcess
from homepress.base.system_errors import with_name
from homepress.control import Service, ServiceError, connect
from homepress.control.service import Status

if TYPE_CHECKING:
    from homepress.control.instance import Holder, InstanceLock
    from homepress.daemon.apart import Apart
    from homepress.daemon.core import Core
    from homepress.store.reader import Counters


def prepare_client(*, starts_workers: bool = False) -> None:
    """Lock this process out of the network; it can reach the daemon and the desktop (AF_UNIX).

    And set it apart from the memory of other programs.

    Args:
        starts_workers: whether it may come to read pictures, in workers of its own.
    """
    privacy.set_apart()
    lock_client(Paths.from_environment().socket, starts_workers=starts_workers)


def lock_client(socket: Path, *, starts_workers: bool) -> None:
    """Lock this process out of the network, and see to it that its workers get a lock of their own.

    Args:
        socket: the daemon's.
        starts_workers: whether it may come to read pictures.
    """
    if not starts_workers or privacy.locks_nest():
        privacy.lock_client(socket)
        return
    from homepress.workers.process import lock_outside_workers  # elsewhere the room is loaded when needed

    lock_outside_workers(lambda: privacy.lock_client(socket))


def try_doors(name: str, other: int = 0) -> ProbedProcess:
    """Try every way out from this process, whose lock our parent gave it; nothing is sent.

    Args:
        name: whose lock it is that this shows.
        other: an ordinary process of this user, whose memory is tried; 0 for none.
    """
    return privacy.CLIENT.probed(name, os.getppid(), privacy.probe(other))


def stopped_status(counters: "Counters | None" = None, problems: Sequence[str] = ()) -> Status:
    """What can be said without a daemon.

    Args:
        counters: what the ledger tells; nothing where it cannot be read.
        problems: what is wrong, in whole sentences.
    """
    return Status(
        state="stopped",
        pid=None,
        version=homepress.__version__,
        compressed_today=counters.compressed_since if counters else 0,
        saved_bytes_today=counters.saved_since if counters else 0,
        saved_bytes_total=counters.saved_total if counters else 0,
        originals_bytes=counters.originals_bytes if counters else 0,
        problems=list(problems),
    )


_BETWEEN_LOOKS = 0.2
_TO_ANSWER = 3.0
"""Seconds that a daemon gets to answer, before work that need not wait for the ledger is done without it."""
_SAY_AFTER = 1.0
"""Seconds until it is said for whom a command waits."""


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """What a command wants of the service.

    Attributes:
        work: its name, for others who find the lock taken.
        patience: seconds to wait for another command that holds the lock; infinite for as long as it takes.
        writes: whether it changes anything. What only tries needs no lock and waits for nobody.
        output: the folder, without links, into which it adds new files and changes nothing else; None when it
            does more than that. It need not wait for another command, unless the folder has to do with a
            watched one.
        by_settings: whether the settings have a part in it: then it is told when they cannot be used.
        tell: told for whom it waits, and what is wrong with the settings. A daemon tells that elsewhere.
    """

    work: str = "homepress"
    patience: float = 10.0
    writes: bool = True
    output: Path | None = None
    by_settings: bool = False
    tell: Callable[[str], None] = lambda _: None


@contextlib.contextmanager
def connect_or_local(paths: Paths, errand: ConnectOptions = ConnectOptions()) -> Iterator[Service]:
    """The daemon when one runs, else the service in this process, under the instance lock if need be.

    Raises:
        ServiceError: neither can be had.
    """
    if (client := connect(paths.socket)) is not None:
        yield client
        return
    # Only now, since with a daemon there is no need to load stores, watches and workers.
    from homepress.control.instance import InstanceLock
    from homepress.daemon.apart import Apart
    from homepress.daemon.logs import keep_quiet, write_log
    from homepress.daemon.places import ensure

    ensure(paths)
    keep_quiet()
    if not errand.writes:
        privacy.lock_daemon(paths.socket)
        with _scratch(paths) as beside:
            yield from _served(beside, errand, recover=False)
        return
    lock = InstanceLock(paths.lock, errand.work)
    found = _take(lock, paths, errand)
    if isinstance(found, Apart):
        privacy.lock_daemon(paths.socket)
        yield from _served_apart(found, errand)
        _bring_home(lock, paths, errand)
        return
    if found is not None:
        yield found
        return
    try:
        write_log(paths, terminal=False)  # nobody else does while the lock is ours
        # Pictures will be read here, so the door to other programs is closed too.
        privacy.lock_daemon(paths.socket)
        yield from _served(paths, errand)
    finally:
        lock.release()


def _served(paths: Paths, errand: ConnectOptions, *, recover: bool = True) -> Iterator[Service]:
    from homepress.daemon.apart import join_apart
    from homepress.daemon.core import Core
    from homepress.daemon.offline import InProcessService

    core = Core.open(paths, lambda: None, recover=recover)
    try:
        _tell_of_settings(core, errand)
        yield InProcessService(core)
        if recover:
            join_apart(paths, core.store)  # of commands that did not wait for this one
    finally:
        core.close()


def _served_apart(apart: "Apart", errand: ConnectOptions) -> Iterator[Service]:
    from homepress.daemon.core import Core
    from homepress.daemon.offline import InProcessService

    try:
        core = Core.open(apart.paths, lambda: None, recover=False)
        try:
            apart.join_others(core.store)
            _tell_of_settings(core, errand)
            yield InProcessService(core)
        finally:
            core.close()
    finally:
        apart.end()


def _tell_of_settings(core: "Core", errand: ConnectOptions) -> None:
    """Say in a line that the settings are not used, and why: the defaults hold, also in watched folders."""
    if (error := core.live.error) is None or not errand.by_settings:
        return
    first, *others = error.problems
    more = f" ({len(others):,} more: homepress settings check)" if others else ""
    errand.tell(f"The settings are not used, the defaults hold: {first}{more}")


def _bring_home(lock: "InstanceLock", paths: Paths, errand: ConnectOptions) -> None:
    """Have what was done on a ledger apart in the ledger at once, if that is free by now."""
    from homepress.control.instance import holder_of
    from homepress.daemon.core import Core
    from homepress.store.model import StoreError

    try:
        if lock.acquire():
            Core.open(paths, lambda: None).close()
            return
    except (ServiceError, OSError, StoreError) as error:
        errand.tell(f"These results come into the history at the next start: {error}")
        return
    finally:
        lock.release()
    holder = holder_of(paths.lock)
    errand.tell(f"These results come into the history when {holder or 'another Homepress'} has finished.")


def _take(lock: "InstanceLock", paths: Paths, errand: ConnectOptions) -> "Service | Apart | None":
    """Take the lock, find the daemon that took it meanwhile, or what an errand can do without both.

    Raises:
        ServiceError: another command has it for longer than we are to wait.
    """
    from homepress.control.instance import holder_of
    from homepress.daemon.apart import Apart

    begin, told = time.monotonic(), None
    may_stand_apart = errand.output is not None and not _is_watched(paths, errand.output)
    while not lock.acquire(_BETWEEN_LOOKS):
        if (client := connect(paths.socket)) is not None:
            return client
        waited = time.monotonic() - begin
        holder = holder_of(paths.lock)
        if may_stand_apart and _will_be_long(holder, waited):
            if (apart := Apart.begin(paths, errand.work)) is not None:
                return apart
            may_stand_apart = False
        name = str(holder) if holder is not None else "another Homepress"
        if waited >= errand.patience:
            longer = "" if math.isinf(errand.patience) else ", or wait for longer"
            raise ServiceError(f"{name} is at work; try again when it has finished{longer}")
        if waited >= _SAY_AFTER and name != told:
            errand.tell(f"Waiting for {name} to finish ...")
            told = name
    return None


def _will_be_long(holder: "Holder | None", waited: float) -> bool:
    """Whether it is a command that is at work, or a daemon that does not answer.

    What does not say what it is at may be about to remove everything, or a version that knows nothing of
    ledgers apart.
    """
    if holder is None or not holder.work:
        return False
    return not holder.is_daemon or waited >= _TO_ANSWER


def _is_watched(paths: Paths, output: Path) -> bool:
    """Whether a folder lies in a watched folder or its output, or one of them in it.

    There the daemon and others have to know at once whose results they meet.
    """
    from homepress.daemon.places import Places
    from homepress.settings import SettingsError, load

    try:
        folders = load(paths.config_file).folders
    except SettingsError:
        return True  # who knows
    places = Places()
    named = {path for folder in folders for path in (folder.path, folder.output) if path is not None}
    places.ask(named)
    real = map(places.real, named)
    return any(output.is_relative_to(each) or each.is_relative_to(output) for each in real)


@contextlib.contextmanager
def _scratch(paths: Paths) -> Iterator[Paths]:
    """The same places, but for a copy of the ledger and a folder of originals that are thrown away."""
    from homepress.store.model import StoreError
    from homepress.store.reader import copy_ledger

    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="trial-", dir=_place(paths)))
            ledger = Path(folder, paths.ledger.name)
            copy_ledger(paths.ledger, ledger)
        except StoreError as error:
            raise ServiceError(str(error), exit_code=4) from error
        except OSError as error:
            raise ServiceError(with_name(error)) from error
        yield replace(paths, ledger=ledger, originals=Path(folder, "originals"))


def _place(paths: Paths) -> Path | None:
    """Where a copy of the ledger may lie for a while: the runtime folder is ours alone and does not last."""
    with contextlib.suppress(OSError), tempfile.TemporaryFile(dir=paths.runtime):
        return paths.runtime
    return None
