"""The results for a picture, an original or a folder: one type in the room, on the socket and in `--json`.

The structs are immutable. Times are seconds since 1970, sizes are bytes, paths are text (file system encoding
with surrogateescape).
"""

from typing import Literal

import msgspec

from homepress.base.units import sentence

PictureOutcome = Literal["compressed", "unchanged", "failed", "waiting"]


class FileOutcome(msgspec.Struct, frozen=True):
    """What became of one picture; one line of `compress --json`.

    Attributes:
        path: the source.
        outcome: "waiting" when it will be tried again; a request never gets that, but "failed".
        reason: why it is not compressed, or what of what was asked was not done or was taken out; empty
            otherwise.
        before_bytes: size of the source, 0 when it could not be read.
        after_bytes: size of what is there now.
        format: word of the source's format, empty when it is no known image.
        score: SSIMULACRA2 against the source, None unless compressed.
        score_kind: "sampled", "full" or empty.
        seconds: time spent on compressing.
        output: path of the result, empty when nothing was written.
        dropped: what was taken out, in the words of `drop`.
        missed: whether something was asked that could not be done; `reason` says what.
        cause: which kind of reason it is, a word that never changes, such as "broken", "format_left_alone" or
            "saves_too_little", or "same_picture" for a copy of one that was met before; empty where there is
            a result, and where neither had a say.
    """

    path: str
    outcome: PictureOutcome
    reason: str = ""
    before_bytes: int = 0
    after_bytes: int = 0
    format: str = ""
    score: float | None = None
    score_kind: str = ""
    seconds: float = 0.0
    output: str = ""
    dropped: list[str] = []
    missed: bool = False
    cause: str = ""


class HandMade(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of a picture for somebody who waits; it is in no file yet.

    Attributes:
        outcome: what became of it.
        data: the result; empty where there is none.
        digests: what it is known by, for `Service.learn_results`.
        told_place, tells_place: whether the picture told where it was taken, and whether the result does.
    """

    outcome: FileOutcome
    data: bytes = b""
    digests: tuple[str, ...] = ()
    told_place: bool = False
    tells_place: bool = False


class RecentPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A recent result: `path` is where it is, `source` what it was made from (the same when replaced).

    `undoable` says whether its original can still be brought back, `undone` whether it was.
    """

    id: int
    time: float
    path: str
    source: str
    before_bytes: int
    after_bytes: int
    undoable: bool
    undone: bool = False


class UndoOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one undo.

    "restored": the original is back under its name; "beside": the result was edited or something else is
    there now, so the original is at `restored_to` beside it; "removed": an untouched output file was taken
    away; "failed": see `reason`, nothing was changed. The last one of a request names in `stopped` the
    folders in which nothing more is replaced until `resume`, because so many results there were undone.
    """

    id: int
    path: str
    outcome: Literal["restored", "beside", "removed", "failed"]
    restored_to: str = ""
    reason: str = ""
    stopped: list[str] = []


class OriginalOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One stored original: "accepted" (deleted, the result stays), "good" or "damaged" (verify), "failed"."""

    id: int
    path: str
    bytes: int
    outcome: Literal["accepted", "good", "damaged", "failed"]
    reason: str = ""


class FolderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One watched folder, as in `status --json`.

    `state` is "watching", "scanning", "paused", "disabled", "away" or "problem"; `problem` says what is wrong
    and what to do, `warning` what is worth knowing, such as which drive is away; `watch` is "native", "poll"
    or "none"; `waiting` counts files. `mode` and `output` are as they are in fact: where a file system lets
    nothing be replaced safely, results go beside the folder whatever the settings say. `fingerprinting`
    counts pictures that were there before and are left alone, whose fingerprints are still being made.
    """

    path: str
    mode: Literal["replace", "output"]
    output: str = ""
    state: str
    problem: str = ""
    warning: str = ""
    waiting: int = 0
    watch: str = "native"
    fingerprinting: int = 0


class WaitingFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was seen and is not done: what it waits for, and when it is looked at again."""

    path: str
    reason: str
    next_try: float | None = None


AttemptKind = Literal["network", "local", "programs", "ipc", "signals", "names", "files", "start", "threads"]
"""What an attempt is for: a way off this computer; a socket on it (AF_UNIX); the memory of other programs;
memory and queues shared with them (System V, POSIX); a signal to them; looking whether a name exists; opening
a file; starting a program or a process; starting a thread."""


class ProbeAttempt(msgspec.Struct, frozen=True):
    """One attempt of a process to reach a network, or anything else that it may have no need of.

    Attributes:
        name: what was tried, in a few words, such as "TCP".
        allowed: whether the system let it through.
        answer: what the system said, such as "EACCES: Permission denied".
        local: whether it is a socket that reaches no further than this computer (AF_UNIX).
        kind: what it was for; see `AttemptKind`.
    """

    name: str
    allowed: bool
    answer: str
    local: bool = False
    kind: AttemptKind = "network"


class ProbedProcess(msgspec.Struct, frozen=True, kw_only=True):
    """A process of ours and all it tried to reach; `name` is "daemon", "worker 1" ...

    `may` has the kinds of attempts that it may be let through with, since its work needs them.
    """

    name: str
    pid: int
    tried: list[ProbeAttempt]
    may: list[AttemptKind] = []


class Gap(msgspec.Struct, frozen=True):
    """Something that the system does not close for a process, whatever that asks.

    Attributes:
        text: what it is and what it means; the beginning of a sentence comes before it.
        cure: what to do about it; empty when nothing can be done yet.
        files_open: whether something that reads pictures could read other files.
        minor: whether it can be told without being asked to worry: nothing of a user's can be read or sent.
        process: the one of our processes that it is left open for; empty where it is for each.
    """

    text: str
    cure: str = ""
    files_open: bool = False
    minor: bool = False
    process: str = ""

    @property
    def brief(self) -> str:
        """The part that says what is missing, as a lock does that misses it."""
        return self.text.partition(".")[0]

    @property
    def statement(self) -> str:
        """What it is, as a sentence without its full stop, with whose it is."""
        return sentence(f"{self.process} alone: {self.text}" if self.process else self.text)

    @property
    def sentence(self) -> str:
        """What it is and what to do, as a sentence."""
        what_to_do = f"To close it: {self.cure}" if self.cure else "There is nothing to do about it yet"
        return f"{self.statement}. {what_to_do}"
