"""Everything that can be asked of Homepress when no daemon runs; the daemon adds what needs one."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import msgspec

from homepress import privacy
from homepress.base.override import override
from homepress.base.results import FileOutcome, OriginalOutcome, ProbedProcess, RecentPicture, UndoOutcome
from homepress.base.system_errors import with_name
from homepress.control.service import (
    CheckReport,
    CompressRequest,
    FolderAnswer,
    FolderRequest,
    OriginalsRequest,
    RedoRequest,
    Service,
    ServiceError,
    Status,
    UndoRequest,
)
from homepress.daemon import folders, logs, requests
from homepress.daemon.apart import join_apart
from homepress.daemon.commands.connect import stopped_status
from homepress.daemon.core import Core
from homepress.daemon.health import MOST_IN_A_ROW
from homepress.daemon.pipeline.job import Plan
from homepress.daemon.places import resolved
from homepress.daemon.redo import redo
from homepress.daemon.requests import check_request, check_values
from homepress.store.model import LedgerError, OriginalsSelection, StoreError, UndoSelection
from homepress.store.reader import HistoryFilter, Reader

_DIGEST = re.compile(r"[0-9a-f]{64}")

# -- the last results, as the tray's menu lists them


def recent_pictures(ledger: Path, limit: int) -> list[RecentPicture]:
    """At most `limit` results, newest first; those that were undone are among them.

    Raises:
        ServiceError: the ledger cannot be read.
    """
    pictures = []
    try:
        with Reader(ledger) as reader:
            for entry in list(reader.history(HistoryFilter(outcome="compressed"), limit=limit)):
                detail = reader.detail(entry.id)
                pictures.append(
                    RecentPicture(
                        id=entry.id,
                        time=entry.time,
                        path=entry.output or entry.path,
                        source=entry.path,
                        before_bytes=entry.before_bytes,
                        after_bytes=entry.after_bytes,
                        undoable=bool(detail and detail.original_path) and entry.original != "restored",
                        undone=entry.original == "restored",
                    )
                )
    except LedgerError as error:
        raise ServiceError(str(error)) from error
    return pictures


# -- undo: which entries, and where their originals may be put


def undo(core: Core, request: UndoRequest) -> Iterator[UndoOutcome]:
    """Bring originals back, newest first.

    They are restored below configured folders, below what the request names itself, or in its `to`.

    Raises:
        ServiceError: the request selects nothing by itself; exit code 2.
    """
    paths = tuple(_as_recorded(Path(path).absolute()) for path in request.paths)
    folder = resolved(Path(request.folder)) if request.folder else None
    if not (paths or request.ids or request.last or request.since is not None or folder):
        raise ServiceError("say what to undo: paths, --last N, --since TIME or --folder PATH", exit_code=2)
    selection = UndoSelection(
        paths=paths, entries=tuple(request.ids), last=request.last, since=request.since, folder=folder
    )
    watched = core.roots()
    roots = [*watched, *(path.parent for path in paths)]
    if folder is not None:
        roots.append(folder)
    to = resolved(Path(request.to)) if request.to else None
    touched: set[Path] = set()
    last: UndoOutcome | None = None
    for undone in core.store.undo(selection, roots=roots, to=to):
        if last is not None:
            yield last
        touched |= {root for root in watched if Path(undone.path).is_relative_to(root)}
        last = undone
    if last is not None:
        yield msgspec.structs.replace(
            last, stopped=[str(root) for root in sorted(touched) if _is_stopped(core, root)]
        )


def _is_stopped(core: Core, root: Path) -> bool:
    """Whether nothing more is replaced in a folder, by what was undone there or for another reason."""
    known = core.store.folders
    return bool(known.stopped_replacing(root)) or known.undone_in_a_row(root) >= MOST_IN_A_ROW


def _as_recorded(path: Path) -> Path:
    """A path as the history has it: links on the way followed, the last name as it is."""
    return resolved(path.parent) / path.name


class CommonService(Service):
    """What a daemon and a program without one answer alike, over an open core."""

    def __init__(self, core: Core) -> None:
        self.core = core

    @override
    def ping(self) -> int:
        return os.getpid()

    @override
    def status(self) -> Status:
        """What the ledger tells; the state is "stopped"."""
        return stopped_status(self.core.store.counters())

    @override
    def reload(self) -> None:
        """Read the settings file again.

        Raises:
            ServiceError: it has mistakes; the text names them all.
        """
        self.core.live.reload()
        if self.core.live.error is not None:
            raise ServiceError(str(self.core.live.error), exit_code=2)

    @override
    def recent(self, limit: int) -> list[RecentPicture]:
        check_values(limit=limit)
        return recent_pictures(self.core.paths.ledger, limit)

    @override
    def compress(self, request: CompressRequest) -> Iterator[FileOutcome]:
        check_request(request)
        return requests.outcomes(self.core.pipeline, self._jobs(request), request.jobs)

    @override
    def learn_results(self, digests: list[str]) -> None:
        if not all(_DIGEST.fullmatch(each) for each in digests):
            raise ServiceError("digests: expected SHA-256 in hexadecimal", exit_code=2)
        with in_words():
            self.core.store.learn_results(digests)

    def _jobs(self, request: CompressRequest) -> Iterator[tuple[Path, Plan]]:
        named_before = set[Path]()  # two at a time, the same picture would be in its own way
        for text in request.paths:
            named = resolved(Path(text))
            folder = self.core.folder_of(named)
            root = named if named.is_dir() else named.parent
            plan = requests.plan_of(request, folder, root, self.core.paths.presets_dir)
            for path in requests.pictures(named):
                if path not in named_before:
                    named_before.add(path)
                    yield path, plan

    @override
    def undo(self, request: UndoRequest) -> Iterator[UndoOutcome]:
        check_request(request)
        with in_words():
            yield from undo(self.core, request)

    @override
    def redo(self, request: RedoRequest) -> Iterator[FileOutcome]:
        check_request(request)
        with in_words():
            yield from redo(self.core, request)

    @override
    def accept_originals(self, request: OriginalsRequest) -> Iterator[OriginalOutcome]:
        check_request(request)
        with in_words():
            yield from self.core.store.accept(_selection(request))

    @override
    def verify_originals(self, request: OriginalsRequest) -> Iterator[OriginalOutcome]:
        check_request(request)
        with in_words():
            yield from self.core.store.verify(_selection(request))

    @override
    def add_folder(self, request: FolderRequest) -> FolderAnswer:
        check_request(request)
        answer = folders.add(self.core, request)
        self.reload()
        return answer

    @override
    def remove_folder(self, path: str) -> None:
        check_values(path=path)
        folders.remove(self.core, path)
        self.reload()

    @override
    def named_folder(self, path: str) -> str:
        check_values(path=path)
        return str(folders.configured(self.core, path).path)

    @override
    def change_folder(self, path: str, values: dict[str, str | None]) -> None:
        check_values(path=path, output=values.get("output"))
        folders.change(self.core, path, values)
        self.reload()

    @override
    def enable_folder(self, path: str, enabled: bool) -> None:
        check_values(path=path)
        folders.enable(self.core, path, enabled)
        self.reload()

    @override
    def check_folder(
        self,
        path: str,
        sample: int,
        wanted: FolderRequest | None = None,
        changes: dict[str, str | None] | None = None,
    ) -> Iterator[CheckReport]:
        check_values(path=path, sample=sample, output=(changes or {}).get("output"))
        if wanted is not None:
            check_request(wanted)
        return requests.trial(self.core, path, sample, wanted, changes)

    @override
    def probe(self, other: int = 0) -> list[ProbedProcess]:
        """This process and its workers try every way out; nothing is sent."""
        own = privacy.DAEMON.probed("daemon", os.getpid(), privacy.probe(other))
        return [own, *(privacy.WORKER.probed(*found) for found in self.core.pipeline.probe(other))]

    @override
    def forget(self, path: str, before: float | None = None) -> int:
        check_values(folder=path, before=before)
        named = resolved(Path(path)) if path else None
        join_apart(self.core.paths, self.core.store)  # its lines are to be forgotten too
        with in_words():
            number = self.core.store.forget(named, before)
        try:
            logs.forget(self.core.paths.log, named, before)
            # It shows names, and can be made anew at any time.
            (self.core.paths.state / "report.html").unlink(missing_ok=True)
        except OSError as error:
            raise ServiceError(
                f"the history does not show them any more, but {with_name(error)}; then forget them again"
            ) from error
        return number


class InProcessService(CommonService):
    """A `Service` without watching, which refuses what only a daemon can do; the caller holds the lock."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise ServiceError("Homepress is not running; start it with: homepress run", exit_code=3)

    wait = pause = resume = power_saver = stop = rescan = _refuse


@contextlib.contextmanager
def in_words() -> Iterator[None]:
    """Turn what the store or the system refuses into a `ServiceError` that says it in words."""
    try:
        yield
    except StoreError as error:
        raise ServiceError(str(error)) from error
    except OSError as error:
        raise ServiceError(with_name(error)) from error


def _selection(request: OriginalsRequest) -> OriginalsSelection:
    return OriginalsSelection(
        paths=tuple(resolved(Path(path)) for path in request.paths),
        entries=tuple(request.ids),
        older_than=None if request.older_than_days is None else 86_400 * request.older_than_days,
        all=request.all,
    )
