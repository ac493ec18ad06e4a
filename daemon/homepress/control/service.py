"""What Homepress can be asked to do: one interface, spoken by the daemon, its socket and the command line.

The values are immutable msgspec structs, so the same definitions give the messages on the socket and the
`--json` output. Times are seconds since 1970, sizes are bytes, paths are text (file system encoding with
surrogateescape).
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from homepress.base.results import (
    FileOutcome,
    FolderStatus,
    Gap,
    OriginalOutcome,
    ProbedProcess,
    RecentPicture,
    UndoOutcome,
    WaitingFile,
)
from homepress.base.system_errors import UserError

State = Literal["idle", "working", "paused", "problem", "stopped"]
PausedFor = Literal["", "user", "power saver"]
Notices = Literal["errors", "summary", "never"]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """`status --json`. `problems` are whole sentences: what is wrong, with what, and what to do next.

    `notes` tell what happened in the last day that is worth knowing, such as an edit that came late.
    `paused_for` says who wants the rest: the user, or the computer because it saves power. `pause_fault` is
    why a pause, or its end, will not survive a restart; empty when it will. `power_saver` is
    what is known of the computer, whether work rests for it or not. `notify` is the setting of that name, for
    programs that show notifications. `originals_going` originals are deleted on the day of `originals_go_at`
    (seconds since 1970), because the days for which they are kept are over; 0 while it is none. `files` says
    whether the system keeps what reads pictures from reading other files; `gaps`, in whole sentences, what of
    the lock this system does not have, what that means, and what to do. `gap_details` are the same as data,
    and those with which nothing of a user's is at stake; None where no daemon says so. `engine` is what does
    the work of JPEG: the compiled core and what it is compiled for, or numpy; empty before a worker has said
    so.
    """

    state: State
    pid: int | None
    version: str
    paused_until: float | None = None
    paused_for: PausedFor = ""
    pause_fault: str = ""
    power_saver: bool = False
    waiting: int = 0
    compressed_today: int = 0
    saved_bytes_today: int = 0
    saved_bytes_total: int = 0
    originals_bytes: int = 0
    originals_going: int = 0
    originals_go_at: float | None = None
    network: Literal["locked", "open"] = "open"
    files: Literal["closed", "open"] = "open"
    gaps: list[str] = []
    gap_details: list[Gap] | None = None
    folders: list[FolderStatus] = []
    problems: list[str] = []
    notes: list[str] = []
    waiting_files: list[WaitingFile] = []
    notify: Notices = "errors"
    engine: str = ""


class CompressRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Compress files by name. Without `in_place` and `output`, writes NAME.min.EXT beside each.

    `quality`, `metadata`, `convert` and sizes are in the words of the settings file; empty means what the
    `preset` says; without one, what the folder says in which a picture lies, or the default. `jobs` is how
    many pictures are worked on at a time; 0 for all cores of the computer but one.
    """

    paths: list[str]
    output: str = ""
    in_place: bool = False
    preset: str = ""
    quality: str = ""
    metadata: str = ""
    convert: str = ""
    max_edge: int = 0
    fit_under: str = ""
    drop: str = ""
    dry_run: bool = False
    jobs: int = 0


class UndoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which results to undo: by path, the last N, since a time, under a folder; `to` restores elsewhere."""

    paths: list[str] = []
    ids: list[int] = []
    last: int = 0
    since: float | None = None
    folder: str = ""
    to: str = ""


class RedoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which undone results to make again: by path, by history id, or the last N that were undone."""

    paths: list[str] = []
    ids: list[int] = []
    last: int = 0


class OriginalsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which stored originals: by path, by history id, older than some days, or all."""

    paths: list[str] = []
    ids: list[int] = []
    older_than_days: float | None = None
    all: bool = False


class FolderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Add a folder to the settings; empty fields take the default.

    `more` has other keys of the folder, as somebody would type them (`settings.typed_value`).
    """

    path: str
    output: str = ""
    preset: str = ""
    quality: str = ""
    existing: Literal["leave", "compress"] = "leave"
    originals_keep_days: int | None = None
    more: dict[str, str] = {}


class FolderAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The folder as it now stands, with what is worth knowing (a synced folder, for example).

    `left_alone` counts the pictures that were in it and stay as they are. `answers` is false while its disk
    does not answer: then it is added, and watched as soon as it does.
    """

    path: str
    warnings: list[str] = []
    left_alone: int = 0
    answers: bool = True


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """`folder check`: what compressing a folder would save; nothing was changed.

    `images` counts what is there, `tried` what was compressed on trial so far, of `to_try`; bytes and images
    are extrapolated from the tried ones when not all were. `with_location` counts pictures that carry GPS
    coordinates. `fingerprint_seconds` is about how long it takes to fingerprint what is there, in the
    background once the folder is added; measured on a few pictures.
    """

    path: str
    files: int
    images: int
    tried: int
    before_bytes: int
    after_bytes: int
    to_try: int = 0
    with_location: int = 0
    fingerprint_seconds: float = 0.0


class ServiceError(UserError):
    """A request that could not be done."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


_Method = TypeVar("_Method", bound=Callable[..., Any])

_quick_methods: set[object] = set()


def quick(method: _Method) -> _Method:
    """Mark a method of `Service` that a daemon in good health answers at once, however much there is to do.

    A client waits for it for some seconds only; with a parameter `timeout`, for so much longer.
    """
    _quick_methods.add(method)
    return method


def is_quick(method: object) -> bool:
    """Whether a method of `Service` is marked as `quick`."""
    return method in _quick_methods


class Service(Protocol):
    """The daemon's abilities. Every method may raise `ServiceError`.

    What stands here can be asked over the control socket: messages and checks are made of the signatures (see
    `calls`). Parameters and answers are what JSON can hold; an `Iterator` is sent item by item.
    """

    @quick
    def ping(self) -> int:
        """The process id of the daemon, or of this process when there is none."""

    @quick
    def status(self) -> Status:
        """The state now."""

    @quick
    def wait(self, revision: int, timeout: float) -> int:
        """Block until the state's revision is not `revision`, at most `timeout` seconds; the new one."""

    @quick
    def pause(self, until: float | None = None) -> None:
        """Stop taking up work until a time; None: until `resume`. Pictures in progress get finished."""

    @quick
    def resume(self) -> None:
        """Take up work again."""

    @quick
    def power_saver(self, on: bool) -> None:
        """The computer now saves power, or no longer; sent by the programs that can see it."""

    @quick
    def stop(self) -> None:
        """End the daemon when the pictures in progress are finished."""

    def reload(self) -> None:
        """Read the settings file again; raises with the whole list of what is wrong in it."""

    def rescan(self) -> None:
        """Look through all folders now."""

    @quick
    def recent(self, limit: int) -> list[RecentPicture]:
        """The last results, newest first, at most `limit`."""

    def compress(self, request: CompressRequest) -> Iterator[FileOutcome]:
        """Compress named files and folders, one outcome a file as it comes."""

    def learn_results(self, digests: list[str]) -> None:
        """Know results that were made from no file, by their SHA-256: there is no second lossy generation."""

    def undo(self, request: UndoRequest) -> Iterator[UndoOutcome]:
        """Bring originals back."""

    def redo(self, request: RedoRequest) -> Iterator[FileOutcome]:
        """Make results again that were undone, by the same recipe and in the same place."""

    def accept_originals(self, request: OriginalsRequest) -> Iterator[OriginalOutcome]:
        """Delete stored originals permanently; their results stay."""

    def verify_originals(self, request: OriginalsRequest) -> Iterator[OriginalOutcome]:
        """Read stored originals and compare their hashes."""

    def add_folder(self, request: FolderRequest) -> FolderAnswer:
        """Add a folder to the settings file and watch it."""

    def remove_folder(self, path: str) -> None:
        """Stop watching a folder and take it out of the settings file."""

    def named_folder(self, path: str) -> str:
        """The path in the settings file of the watched folder that `path` leads to."""

    def change_folder(self, path: str, values: dict[str, str | None]) -> None:
        """Change keys of a configured folder, as somebody would type them; None for preset or default.

        With an output folder, results go there; with another mode, there is none any more.
        """

    def enable_folder(self, path: str, enabled: bool) -> None:
        """Watch a configured folder, or keep it in the settings file without watching it."""

    def check_folder(
        self,
        path: str,
        sample: int,
        wanted: FolderRequest | None = None,
        changes: dict[str, str | None] | None = None,
    ) -> Iterator[CheckReport]:
        """Dry run: compress up to `sample` images of a folder (0: all) and throw the results away.

        Gives a report before the first image and after each; the last one counts. With `wanted` it is as if
        the folder had been added so, and what `add_folder` would refuse is refused here; there is no report
        while its disk does not answer. With `changes`, the values of a `change_folder` that has existing
        pictures compressed, it is of those alone that are left alone until then, and by these values.
        """

    def probe(self, other: int = 0) -> list[ProbedProcess]:
        """Have the daemon and its workers try every way out themselves. Nothing is sent.

        `other` is an ordinary process of this user, at whose memory it is tried too; 0 for none.
        """

    def forget(self, path: str, before: float | None = None) -> int:
        """Remove names from the history, by path or before a time; how many. Hashes stay, keyed."""
