"""How the command line reaches Homepress: the running daemon, or the same service in this process."""

import contextlib
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from homepress.base.system_errors import with_name
from homepress.control import InstanceLock, Service, ServiceError, connect
from homepress.control.lock import holder_of
from homepress.settings import Paths

_BETWEEN_LOOKS = 0.2
_SAY_AFTER = 1.0
"""Seconds until it is said for whom a command waits."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a command wants of the service.

    Attributes:
        work: its name, for others who find the lock taken.
        patience: seconds to wait for another command that holds the lock; infinite for as long as it takes.
        writes: whether it changes anything. What only tries needs no lock and waits for nobody.
        tell: told for whom it waits.
    """

    work: str = "homepress"
    patience: float = 10.0
    writes: bool = True
    tell: Callable[[str], None] = lambda _: None


@contextlib.contextmanager
def connect_or_local(paths: Paths, errand: Errand = Errand()) -> Iterator[Service]:
    """The daemon when one runs, else the service in this process, under the instance lock if need be.

    Raises:
        ServiceError: neither can be had.
    """
    if (client := connect(paths.socket)) is not None:
        yield client
        return
    # Only now, since with a daemon there is no need to load stores, watches and workers.
    from homepress import privacy
    from homepress.app.places import ensure

    ensure(paths)
    if not errand.writes:
        privacy.lock_daemon(paths.socket)
        with _scratch(paths) as beside:
            yield from _served(beside, recover=False)
        return
    lock = InstanceLock(paths.lock, errand.work)
    if (daemon := _take(lock, paths, errand)) is not None:
        yield daemon
        return
    try:
        # Pictures will be read here, so the door to other programs is closed too.
        privacy.lock_daemon(paths.socket)
        yield from _served(paths)
    finally:
        lock.release()


def _served(paths: Paths, *, recover: bool = True) -> Iterator[Service]:
    from homepress.app.house import House
    from homepress.app.service import InProcessService

    house = House.open(paths, lambda: None, recover=recover)
    try:
        yield InProcessService(house)
    finally:
        house.close()


def _take(lock: InstanceLock, paths: Paths, errand: Errand) -> Service | None:
    """Take the lock, or find the daemon that took it meanwhile.

    Raises:
        ServiceError: another command has it for longer than we are to wait.
    """
    begin, told = time.monotonic(), None
    while not lock.acquire(_BETWEEN_LOOKS):
        if (client := connect(paths.socket)) is not None:
            return client
        waited = time.monotonic() - begin
        holder = holder_of(paths.lock)
        name = str(holder) if holder is not None else "another Homepress"
        if waited >= errand.patience:
            longer = "" if math.isinf(errand.patience) else ", or wait for longer"
            raise ServiceError(f"{name} is at work; try again when it has finished{longer}")
        if waited >= _SAY_AFTER and name != told:
            errand.tell(f"Waiting for {name} to finish ...")
            told = name
    return None


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
