"""What the store takes, gives and refuses: plain values, the plan of a job, the errors with their cures."""

import enum
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from homepress.base.files import FileId
from homepress.base.system_errors import printable


class Outcome(enum.StrEnum):
    """How a picture ended, as in `history --json`."""

    COMPRESSED = "compressed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class Role(enum.StrEnum):
    """Why a content is known by its hash; any of them means: leave it alone."""

    RESULT = "result"
    """Homepress made it."""
    KEPT = "kept"
    """An original that the user took back; also the source of an output folder that was undone."""
    REFUSED = "refused"
    """Compressing it came to nothing; only valid for the same recipe."""


class RetryPolicy(enum.StrEnum):
    """What may end that a file is left alone which was not even read."""

    LOOK = "refused"
    """The next look: what stands against it (links, permissions) may end without a trace in the file."""
    CHANGE = "done"
    """A change of the file."""
    LIMITS = "outsized"
    """A change of the file, or other limits of size of its folder."""


class OriginalState(enum.StrEnum):
    """What became of an original, as in `history --json`."""

    KEPT = "kept"
    RESTORED = "restored"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Source:
    """A picture as read: through one descriptor, while no program had it open for writing.

    Attributes:
        path: absolute path it was read from.
        identity: of the descriptor, before and after reading.
        sha256: hex digest of `data`.
        data: the whole content.
    """

    path: Path
    identity: FileId
    sha256: str
    data: bytes


class ResultFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a result beside the files: from who made it through the journal into the history.

    Attributes:
        image_format: word of the source's format, such as "jpeg"; empty when it is no known image.
        score: SSIMULACRA2 against the source, None when nothing was compressed.
        score_kind: "sampled", "full" or empty.
        settings: the recipe in words, such as "balanced".
        seconds: how long compressing took.
        note: what the result does not have, and what was not done, in words; empty when all is well.
        dropped: what the result does not have, as `--json` names it.
        missed: whether something that was asked was not done.
    """

    image_format: str = ""
    score: float | None = None
    score_kind: str = ""
    settings: str = ""
    seconds: float = 0.0
    note: str = ""
    dropped: tuple[str, ...] = ()
    missed: bool = False


class Replacement(ResultFacts, frozen=True, kw_only=True):
    """A verified result.

    Attributes:
        data: its bytes.
        sha256: their digest as the worker computed it; what is read back from the disk must match.
        suffix: file name suffix of its format when that differs from the source's (".jpg"), else empty.
        root: the configured folder it belongs to; None for a file named on the command line.
        keep_days: days that the original stays; 0 or more.
    """

    data: bytes
    sha256: str
    suffix: str
    root: Path | None
    keep_days: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """A result that is durably in place, with its original in the store (or untouched, in output mode).

    Attributes:
        entry: id of the history entry.
        path: where the result is.
        before_bytes: size of the source.
        after_bytes: size of the result.
    """

    entry: int
    path: Path
    before_bytes: int
    after_bytes: int


@dataclass(frozen=True, slots=True)
class UndoSelection:
    """Which results to undo; all that are given must hold, paths and entries count together.

    Attributes:
        paths: of a source or its result, also where the result was moved to; the newest result of each.
        entries: ids of history entries.
        last: at most this many, newest first; 0 is all.
        since: made at or after this time, seconds since 1970.
        folder: under this folder.
    """

    paths: tuple[Path, ...] = ()
    entries: tuple[int, ...] = ()
    last: int = 0
    since: float | None = None
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class UndoneResult:
    """The newest result of a picture, which was undone.

    Attributes:
        entry: its id.
        kind: "replace", "convert", "output" or "beside".
        source: the picture.
        result: where the result was.
        before_sha256: of the picture.
        after_sha256: of the result.
        settings: the recipe in words.
    """

    entry: int
    kind: str
    source: Path
    result: Path
    before_sha256: str
    after_sha256: str
    settings: str


@dataclass(frozen=True, slots=True)
class OriginalsSelection:
    """Which stored originals; paths and entries count together, the rest narrows them.

    Attributes:
        paths: of pictures or their results, or folders above them.
        entries: ids of history entries.
        older_than: replaced this many seconds ago, as the ledger saw them pass.
        all: every one; nothing is selected when nothing is given at all.
    """

    paths: tuple[Path, ...] = ()
    entries: tuple[int, ...] = ()
    older_than: float | None = None
    all: bool = False


@dataclass(frozen=True, slots=True)
class OriginalsLimit:
    """How much originals may occupy; the smaller of the two counts.

    Attributes:
        max_bytes: in all vaults together.
        disk_fraction: of the disk that a vault is on, for that vault.
    """

    max_bytes: int = 10_000_000_000
    disk_fraction: float = 0.10


@dataclass(frozen=True, slots=True)
class NextExpiry:
    """Originals that are marked to go next.

    Attributes:
        number: how many go on the day of the first one.
        at: when the first one goes, seconds since 1970, if the program runs on; None when none is marked.
    """

    number: int = 0
    at: float | None = None


@dataclass(frozen=True, slots=True)
class RecoveryNote:
    """Something that was repaired, for the log and the user.

    Attributes:
        path: of the picture, or of the file that is concerned, printable.
        message: what was found and done.
        routine: whether it is of no interest to the user: all is as if nothing had happened.
    """

    path: str
    message: str
    routine: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Absence:
    """A folder whose drive is away.

    Attributes:
        folder: that was remembered.
        point: where its drive was mounted.
        another: whether another drive is mounted in its place.
        drive: how to name the drive that is away.
    """

    folder: Path
    point: Path
    another: bool
    drive: str

    def __str__(self) -> str:
        if self.another:
            return f"another drive is mounted at {printable(self.point)} in place of {printable(self.drive)}"
        return f"{printable(self.drive)} is not connected"


def new_job() -> str:
    """A fresh job id, 16 hexadecimal digits."""
    return secrets.token_hex(8)


def temp_name(job: str, suffix: str = ".tmp") -> str:
    """A name of our own, hidden, and known to watching as ours.

    It never derives from the picture's: a name of 254 bytes plus a suffix would be too long, and a strange
    one could be misread.
    """
    return f".homepress-{job}{suffix}"


def probe_name() -> str:
    """A fresh name for an empty file that only shows what a file system can do; `.was` is the aside of it."""
    return temp_name(new_job(), ".try")


PROBE_NAME: Final = re.compile(r"\.homepress-[0-9a-f]{16}\.(?:try|was)")
"""Names of such files."""


PLAN_VERSION = 1


Kind = Literal["replace", "convert", "output", "beside", "copy", "undo", "remove", "edit"]


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a file carries beside its name and content.

    Attributes:
        mode: permission bits.
        uid: number of the owner.
        gid: number of the group.
        atime_ns: last access, nanoseconds since 1970.
        mtime_ns: last change of the content, nanoseconds since 1970.
        flags: inode flags that a user can set (chattr on Linux, chflags on macOS); 0 where there are none.
        attributes: extended attributes, ACLs included, as (name, value), sorted by name.
    """

    mode: int
    uid: int
    gid: int
    atime_ns: int
    mtime_ns: int
    flags: int = 0
    attributes: list[tuple[bytes, bytes]] = []


NO_METADATA = Metadata(mode=0, uid=0, gid=0, atime_ns=0, mtime_ns=0)
"""Of a job that carries none."""


class JobPlan(ResultFacts, frozen=True, kw_only=True):
    """What is about to be done, or was done, to one picture.

    Attributes:
        version: of this structure.
        job: 16 hexadecimal digits that no other job shares; temp names and stored names derive from it.
        kind: which operation.
        time: when it began, seconds since 1970.
        path: of the source, `os.fsencode`d.
        target: of the result; equal to `path` for a replacement in place.
        root: the configured folder it belongs to, None for a file that was named on the command line.
        vault: folder that keeps, or will keep, the original, "." for the main one; empty when none is kept.
        source_sha256: hex digest of the original.
        source_size: its bytes.
        source_inode: its inode number, so that a file moved back can be recognised.
        metadata: of the original.
        result_sha256: hex digest of the result.
        result_size: its bytes.
        keep_days: days that the original stays.
        entry: history entry that an undo or a removal is about; 0 otherwise.
        edit_sha256: for an edit, hex digest of what is given back; empty otherwise.
    """

    version: int = PLAN_VERSION
    job: str
    kind: Kind
    time: float
    path: bytes
    target: bytes
    root: bytes | None = None
    vault: bytes = b""
    source_sha256: str
    source_size: int
    source_inode: int
    metadata: Metadata
    result_sha256: str
    result_size: int
    keep_days: float = 0.0
    entry: int = 0
    edit_sha256: str = ""

    @property
    def source(self) -> Path:
        """Where the source is, or was."""
        return Path(os.fsdecode(self.path))

    @property
    def result(self) -> Path:
        """Where the result is, or goes."""
        return Path(os.fsdecode(self.target))

    @property
    def folder(self) -> Path:
        """In which the names change. A result in the place of its picture is in the picture's folder."""
        return (self.source if self.kind in ("replace", "convert") else self.result).parent

    @property
    def temp_name(self) -> str:
        """Where what is made is written, in the folder of the picture."""
        return temp_name(self.job)

    @property
    def old_name(self) -> str:
        """Where what left its name waits, until it is known whose it is."""
        return temp_name(self.job, ".old")

    @property
    def stored_name(self) -> str:
        """File name of the original in its vault; the sidecar adds `.json`."""
        return f"{self.source_sha256}-{self.job}"

    @property
    def keep_until(self) -> float:
        """Seconds since 1970 from which on the original may go."""
        return self.time + self.keep_days * 86_400

    def __str__(self) -> str:
        return printable(self.path)


class _Sidecar(JobPlan, frozen=True, kw_only=True):
    """A plan with its path in readable form, for a person who opens the file."""

    readable_path: str = ""


def encode(plan: JobPlan) -> bytes:
    """The plan as JSON, for the journal; byte strings are base64."""
    return msgspec.json.encode(plan)


def encode_sidecar(plan: JobPlan) -> bytes:
    """The plan as indented JSON that a person can read, for the file beside the original."""
    fields = {name: getattr(plan, name) for name in plan.__struct_fields__}
    return msgspec.json.format(msgspec.json.encode(_Sidecar(**fields, readable_path=str(plan)))) + b"\n"


def decode(data: bytes) -> JobPlan:
    """A plan from either form.

    Raises:
        ValueError: the text is no plan, or one of a newer version.
    """
    plan = msgspec.json.decode(data, type=JobPlan)
    if plan.version > PLAN_VERSION:
        raise ValueError(f"made by a newer version of Homepress (plan version {plan.version})")
    if len(plan.job) != 16 or set(plan.job) - set("0123456789abcdef"):
        raise ValueError("its job is not 16 hexadecimal digits")
    for digest in (plan.source_sha256, plan.result_sha256):
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise ValueError("a digest in it is not 64 hexadecimal digits")
    for path in (plan.path, plan.target):
        if not os.fsdecode(path) or b"\0" in path:  # UnicodeDecodeError is a ValueError
            raise ValueError("a path in it cannot be")
    if not _can_be(plan):
        raise ValueError("a number in it cannot be")
    return plan


_LARGEST = (1 << 63) - 1
"""What the ledger and the system's calls hold."""

_LATEST = 253_402_214_400.0
"""31 December 9999, seconds since 1970: calendars end there."""


_FOR_COMPARING = {"source_inode"}
"""Numbers that go to no column and no call; some systems have larger ones."""


def _can_be(plan: JobPlan) -> bool:
    """Whether its numbers are within what the ledger holds and the system takes."""
    had = plan.metadata
    numbers = [getattr(plan, name) for name in plan.__struct_fields__ if name not in _FOR_COMPARING]
    seconds = (plan.time, plan.seconds, 86_400 * plan.keep_days)
    return (
        all(0 <= number <= _LARGEST for number in numbers if isinstance(number, int))
        and all(0 <= number < 1 << 32 for number in (had.mode, had.uid, had.gid))
        and all(abs(nanoseconds) <= _LARGEST * 10**9 for nanoseconds in (had.atime_ns, had.mtime_ns))
        and 0 <= had.flags <= _LARGEST
        and all(0 <= number <= _LATEST for number in seconds)
    )


# ruff: noqa: N818 - named for what they say, as StopIteration is


class StoreError(Exception):
    """Anything that the store itself decides; what the system refuses comes as `OSError`."""


class Refusal(StoreError):
    """The file must be left alone: replacing it would lose something, or it is not ours to touch."""


class Busy(StoreError):
    """A program has the file open for writing; worth another try soon."""


class Changed(StoreError):
    """The file is not what was read any more; nothing was replaced, and it is worth reading again."""


class Vanished(StoreError):
    """The file, or its folder, is not there any more."""


class StoreFull(StoreError):
    """Keeping one more original would exceed the limit; replacing has to stop until the user decides."""


class Degraded(StoreError):
    """The file system can neither exchange two files nor link one: only an output folder is safe there."""


class DriveAway(StoreError):
    """The drive or server that holds a folder is away; what is to be written there waits until it is back."""


class OriginalsAway(DriveAway):
    """The folder of originals is away: nothing can be replaced until it is back."""


class CannotUndo(StoreError):
    """This result cannot be undone as things are; nothing was changed."""


class VerifyFailed(StoreError):
    """What was read back from the disk is not what was written; nothing was replaced."""


class UntrustedOriginalsDir(StoreError):
    """A folder for originals that is not ours alone: a link, another owner, or readable by others."""


class LedgerError(StoreError):
    """The ledger cannot be used: made by a newer version, or damaged beyond what could be repaired."""


class NotScrubbed(StoreError):
    """What was forgotten is out of the history, and not yet out of the files: worth another try."""


class Unsupported(Exception):
    """The file system or the operating system does not know an operation; handled, never shown."""
