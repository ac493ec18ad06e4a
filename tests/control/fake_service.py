"""A service that keeps everything in memory, for tests of the socket and of the command line."""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import homepress
from homepress.base.results import (
    FileOutcome,
    FolderStatus,
    OriginalOutcome,
    ProbeAttempt,
    ProbedProcess,
    RecentPicture,
    UndoOutcome,
)
from homepress.control.service import (
    CheckReport,
    CompressRequest,
    FolderAnswer,
    FolderRequest,
    OriginalsRequest,
    RedoRequest,
    ServiceError,
    Status,
    UndoRequest,
)
from homepress.control.wire import METHODS
from support import full_path


class _AnyService:
    """Every method of `Service`, derived as the calls are: keeps what it is asked and answers nothing."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if (method := METHODS.get(name)) is None:
            raise AttributeError(name)

        def answer(*arguments: object) -> Any:
            self.asked.append(arguments if len(arguments) > 1 else arguments[0] if arguments else name)
            return iter(()) if method.streams else None

        return answer


class FakeService(_AnyService):
    """What tests want an answer to: paths with "broken" in them fail, folders are a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.folders: dict[str, FolderRequest] = {}
        self.folders_away: set[str] = set()
        self.version = homepress.__version__
        self.paused = False
        self.paused_until: float | None = None
        self.problems: list[str] = []
        self.disabled: set[str] = set()
        self.pictures: list[RecentPicture] = []
        self.waiting = 0
        self.revision = 1
        self.stopped = threading.Event()
        self.release = threading.Event()
        self.streams_closed = threading.Event()

    def ping(self) -> int:
        return os.getpid()

    def status(self) -> Status:
        folders = [
            FolderStatus(path=path, mode="replace", state="disabled" if path in self.disabled else "watching")
            for path in self.folders
        ]
        return Status(
            state="paused" if self.paused else "problem" if self.problems else "idle",
            pid=os.getpid(),
            version=self.version,
            paused_until=self.paused_until,
            waiting=self.waiting,
            compressed_today=12,
            saved_bytes_today=18_400_000,
            saved_bytes_total=2_000_000_000,
            originals_bytes=3_400_000_000,
            network="locked",
            files="closed",
            folders=folders,
            problems=self.problems,
        )

    def wait(self, revision: int, timeout: float) -> int:
        if self.revision == revision:
            self.release.wait(timeout)
        return self.revision

    def pause(self, until: float | None = None) -> None:
        self.paused, self.paused_until = True, until

    def resume(self) -> None:
        self.paused, self.paused_until = False, None

    def stop(self) -> None:
        self.stopped.set()

    def reload(self) -> None:
        raise ServiceError("settings.toml, line 3: `qualty` is unknown; did you mean `quality`?", 2)

    def rescan(self) -> None:
        raise RuntimeError("a defect in the service")

    def recent(self, limit: int) -> list[RecentPicture]:
        return self.pictures[:limit]

    def compress(self, request: CompressRequest) -> Iterator[FileOutcome]:
        self.asked.append(request)
        try:
            for path in request.paths:
                if path.endswith("wait"):
                    self.release.wait(10)
                if "broken" in path:
                    yield FileOutcome(path=path, outcome="failed", reason="no such file", seconds=0.1)
                elif "tiny" in path:
                    yield FileOutcome(
                        path=path, outcome="unchanged", reason="saves too little", before_bytes=900
                    )
                else:
                    yield FileOutcome(
                        path=path,
                        outcome="compressed",
                        before_bytes=4_200_000,
                        after_bytes=1_900_000,
                        format="jpeg",
                        score=81.25,
                        score_kind="sampled",
                        seconds=0.8,
                        output=path,
                    )
        finally:
            self.streams_closed.set()

    def learn_results(self, digests: list[str]) -> None:
        self.asked.append(digests)

    def undo(self, request: UndoRequest) -> Iterator[UndoOutcome]:
        self.asked.append(request)
        for number, path in enumerate(request.paths or ["/p/a.jpg"] * request.last):
            if "broken" in path:
                yield UndoOutcome(id=number, path=path, outcome="failed", reason="its original was accepted")
            else:
                yield UndoOutcome(id=number, path=path, outcome="restored", restored_to=path)

    def redo(self, request: RedoRequest) -> Iterator[FileOutcome]:
        self.asked.append(request)
        for path in request.paths or ["/p/a.jpg"] * (request.last or len(request.ids)):
            yield FileOutcome(path, "compressed", "", 4_200_000, 1_900_000, output=path)

    def accept_originals(self, request: OriginalsRequest) -> Iterator[OriginalOutcome]:
        self.asked.append(request)
        for number, path in enumerate(request.paths or ["/p/a.jpg"]):
            yield OriginalOutcome(id=number, path=path, bytes=4_200_000, outcome="accepted")

    def verify_originals(self, request: OriginalsRequest) -> Iterator[OriginalOutcome]:
        self.asked.append(request)
        for number, path in enumerate(request.paths or ["/p/a.jpg"]):
            damaged = "broken" in path
            yield OriginalOutcome(
                id=number,
                path=path,
                bytes=4_200_000,
                outcome="damaged" if damaged else "good",
                reason="its hash differs" if damaged else "",
            )

    def add_folder(self, request: FolderRequest) -> FolderAnswer:
        self._refuse(request)
        self.folders[request.path] = request
        warnings = (
            ["Dropbox syncs this folder: pictures leave through it."] if "Dropbox" in request.path else []
        )
        return FolderAnswer(path=request.path, warnings=warnings)

    def _refuse(self, request: FolderRequest) -> None:
        if request.path == full_path("/"):
            raise ServiceError(f"{request.path} is not a folder to watch: it holds the whole system.", 4)

    def remove_folder(self, path: str) -> None:
        if self.folders.pop(path, None) is None:
            raise ServiceError(f"{path} is not watched; see: homepress folder list", 2)

    def named_folder(self, path: str) -> str:
        if path not in self.folders:
            raise ServiceError(f"{path} is not watched; see: homepress folder list", 2)
        return self.folders[path].path or path

    def change_folder(self, path: str, values: dict[str, str | None]) -> None:
        if path not in self.folders:
            raise ServiceError(f"{path} is not watched; see: homepress folder list", 2)
        self.asked.append(("changed", path, values))

    def enable_folder(self, path: str, enabled: bool) -> None:
        if path not in self.folders:
            raise ServiceError(f"{path} is not watched; see: homepress folder list", 2)
        (self.disabled.discard if enabled else self.disabled.add)(path)

    def check_folder(
        self,
        path: str,
        sample: int,
        wanted: FolderRequest | None = None,
        changes: dict[str, str | None] | None = None,
    ) -> Iterator[CheckReport]:
        if changes is not None:
            self.asked.append(("tried before it is changed", path, changes))
            if path in self.folders_away:
                raise ServiceError(f"{path}: its drive is away", 4)
        if wanted is not None:
            self.asked.append(("tried before it is added", wanted))
            self._refuse(wanted)
        whole = sample or 100
        for tried in (0, whole):
            yield CheckReport(
                path=path,
                files=120,
                images=100,
                tried=tried,
                to_try=whole,
                before_bytes=400_000_000,
                after_bytes=180_000_000 if tried else 400_000_000,
                with_location=7 if tried else 0,
            )

    def probe(self, other: int = 0) -> list[ProbedProcess]:
        tried = [ProbeAttempt(name="TCP", allowed=False, answer="EACCES: Permission denied")]
        return [ProbedProcess(name="daemon", pid=os.getpid(), tried=tried)]

    def forget(self, path: str, before: float | None = None) -> int:
        self.asked.append((path, before))
        return 3
