"""One replacement, described fully: the same value is the journal's entry and the original's sidecar.

So the journal can be carried on after a crash without asking anything else, and a stored original tells by
itself, without the ledger, what it was and where it belongs.
"""

import os
from pathlib import Path
from typing import Literal

import msgspec

from homepress.store.errors import shown

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


class Plan(msgspec.Struct, frozen=True, kw_only=True):
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
        source_inode: its inode number, so that a file moved back can be told.
        metadata: of the original.
        result_sha256: hex digest of the result.
        result_size: its bytes.
        image_format: word of the source's format.
        score: SSIMULACRA2 against the source, None when nothing was compressed.
        score_kind: "sampled", "full" or empty.
        settings: the recipe in words.
        seconds: spent on compressing.
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
    image_format: str = ""
    score: float | None = None
    score_kind: str = ""
    settings: str = ""
    seconds: float = 0.0
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
    def stored_name(self) -> str:
        """File name of the original in its vault; the sidecar adds `.json`."""
        return f"{self.source_sha256}-{self.job}"

    @property
    def keep_until(self) -> float:
        """Seconds since 1970 from which on the original may go."""
        return self.time + self.keep_days * 86_400

    def __str__(self) -> str:
        return shown(self.path)


class _Sidecar(Plan, frozen=True, kw_only=True):
    """A plan with its path in readable form, for a person who opens the file."""

    readable_path: str = ""


def encode(plan: Plan) -> bytes:
    """The plan as JSON, for the journal; byte strings are base64."""
    return msgspec.json.encode(plan)


def encode_sidecar(plan: Plan) -> bytes:
    """The plan as indented JSON that a person can read, for the file beside the original."""
    fields = {name: getattr(plan, name) for name in plan.__struct_fields__}
    return msgspec.json.format(msgspec.json.encode(_Sidecar(**fields, readable_path=str(plan)))) + b"\n"


def decode(data: bytes) -> Plan:
    """A plan from either form.

    Raises:
        ValueError: the text is no plan, or one of a newer version.
    """
    plan = msgspec.json.decode(data, type=Plan)
    if plan.version > PLAN_VERSION:
        raise ValueError(f"made by a newer version of Homepress (plan version {plan.version})")
    if len(plan.job) != 16 or set(plan.job) - set("0123456789abcdef"):
        raise ValueError("its job is not 16 hexadecimal digits")
    for digest in (plan.source_sha256, plan.result_sha256):
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise ValueError("a digest in it is not 64 hexadecimal digits")
    return plan
