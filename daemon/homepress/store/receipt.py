"""What storing takes and gives: plain values, no behaviour."""

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


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


class LeftUntil(enum.StrEnum):
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
class Identity:
    """Which file, in which state: a change of any field means that somebody touched it."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


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
    identity: Identity
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Replacement:
    """A verified result and the facts that the ledger keeps of it.

    Attributes:
        data: bytes of the result.
        sha256: their digest as the worker computed it; what is read back from the disk must match.
        suffix: file name suffix of the result's format when it differs from the source's (a conversion,
            ".jpg"), else empty.
        image_format: word of the source's format, such as "jpeg".
        score: SSIMULACRA2 against the source.
        score_kind: "sampled" or "full".
        settings: the recipe in words, such as "balanced".
        root: the configured folder it belongs to; None for a file named on the command line.
        keep_days: days that the original stays; 0 or more.
        seconds: how long compressing took.
    """

    data: bytes
    sha256: str
    suffix: str
    image_format: str
    score: float
    score_kind: str
    settings: str
    root: Path | None
    keep_days: float
    seconds: float


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
class Undone:
    """What became of one undo.

    Attributes:
        entry: id of the history entry, 0 when there is none.
        path: of the picture.
        outcome: "restored" under its name, "beside" because its name is taken, "removed" for a result that
            was written elsewhere, "failed" with nothing changed.
        restored_to: where the original is now, None when it is nowhere new.
        reason: why it failed, which result was removed, or what else is worth knowing.
    """

    entry: int
    path: Path
    outcome: Literal["restored", "beside", "removed", "failed"]
    restored_to: Path | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of one stored original that was looked at or let go.

    Attributes:
        entry: id of its history entry.
        path: of the picture.
        size: bytes of the original.
        outcome: "accepted" (deleted, the result stays), "good", "damaged", or "failed" with nothing changed.
        reason: what is wrong.
    """

    entry: int
    path: Path
    size: int
    outcome: Literal["accepted", "good", "damaged", "failed"]
    reason: str = ""
