"""What daemon and worker say to each other: frames on a pipe, and the requests and responses in them.

A frame is two lengths, a small header in JSON, and a body of raw bytes: the picture. Neither side trusts the
lengths that it reads: both are bounded before anything is reserved for them.
"""

import dataclasses
import enum
import io
import struct
from io import RawIOBase
from itertools import islice
from typing import Any, TypeVar

import msgspec

from homepress.base.formats import ImageType
from homepress.base.results import ProbeAttempt
from homepress.compress import Compressed, Recipe, Unchanged
from homepress.compress.model import Fault
from homepress.privacy import Limits, NetworkState


class WorkerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker is to set itself up; its only argument.

    `parent` is the process whose end is the worker's too; `background` asks for idle priority; `only` is the
    only format whose code it loads (see `homepress.compress.load_codecs`), None for all.
    """

    parent: int
    limits: Limits
    background: bool = True
    only: ImageType | None = None


NOT_STARTED = 127
"""Exit code of a tool's process that could not become the tool, as shells have it."""


class ToolConfig(WorkerConfig, frozen=True, kw_only=True):
    """As for a worker, with the program to become and its arguments, as the file system writes them.

    `must_lock` says that the process inherits no lock, so that without one of its own it must not go on.
    """

    command: list[bytes]
    must_lock: bool = False


class WorkerReady(msgspec.Struct, frozen=True, kw_only=True):
    """The worker's first word, said when it is locked.

    `version` is its Homepress. `network` is measured by the worker after locking; `files` is the version of
    the file sandbox in force, 0 for none; `missing` says what could not be had. `codecs` are the versions of
    the codecs that it has loaded.
    """

    version: str
    network: NetworkState
    files: int
    missing: list[str]
    codecs: dict[str, str] = {}


class CompressTask(msgspec.Struct, frozen=True, kw_only=True, tag="compress"):
    """One picture to compress; its bytes are the frame's body."""

    recipe: Recipe


class JudgeTask(msgspec.Struct, frozen=True, kw_only=True, tag="judge"):
    """What a helper program made of a GIF shall be judged; the body is the source, then the candidate."""

    source_bytes: int


class ProbeTask(msgspec.Struct, frozen=True, kw_only=True, tag="probe"):
    """The worker shall try to get out, and say what the system answered.

    `other` is an ordinary process of the user, whose memory it tries to open; 0 for none.
    """

    other: int = 0


class PreviewTask(msgspec.Struct, frozen=True, kw_only=True, tag="view"):
    """Somebody wants to look at a picture: the parameters of `compress.preview.preview`."""

    edge: int
    fill: bool
    most_pixels: int
    most_decoded: int
    part: tuple[float, float, float, float] | None = None
    rough: bool = False


class LocateTask(msgspec.Struct, frozen=True, kw_only=True, tag="locate"):
    """Whether the picture, the frame's body, tells where it was taken."""


class CompareTask(msgspec.Struct, frozen=True, kw_only=True, tag="look"):
    """Whether a result looks like its source; the body is the source, then the result.

    Attributes:
        source_bytes: how many of the body are the source.
        closely: the parameter of `compress.likeness.difference`: it asks for more detail.
        attached: whether everything that is attached to the source must be attached to the result too, as
            `compress.likeness.has_all_attached` has it.
    """

    source_bytes: int
    closely: bool
    attached: bool = False


class CodecTask(msgspec.Struct, frozen=True, kw_only=True, tag="check codecs"):
    """The codecs shall be checked, unless their versions are `known`: all, or those of `only` one format."""

    known: dict[str, str]
    only: ImageType | None = None


Request = CompressTask | JudgeTask | ProbeTask | PreviewTask | LocateTask | CompareTask | CodecTask
REQUEST: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)


class CompressedResult(msgspec.Struct, frozen=True, kw_only=True, tag="compressed"):
    """A smaller picture; its bytes are the frame's body. `cpu_seconds` is of the worker's whole life."""

    compressed: Compressed
    cpu_seconds: float = 0.0


class UnchangedResult(msgspec.Struct, frozen=True, kw_only=True, tag="unchanged"):
    """A picture that stays as it is, or cannot be shown or compared.

    `helper` says that a helper program could make it smaller; `cpu_seconds` is of the worker's whole life.
    """

    unchanged: Unchanged
    helper: bool = False
    cpu_seconds: float = 0.0


class TaskFailure(msgspec.Struct, frozen=True, kw_only=True, tag="failure"):
    """An exception left the compressor: a fault of ours, or no memory. The worker ends itself after it."""

    out_of_memory: bool
    text: str


class ProbeAnswers(msgspec.Struct, frozen=True, kw_only=True, tag="attempts"):
    """What the system answered to each attempt to get out."""

    attempts: list[ProbeAttempt]


class PreviewSizes(msgspec.Struct, frozen=True, kw_only=True, tag="viewed"):
    """What there is to look at, as `compress.preview.Preview` has it; the frame's body are the pixels."""

    size: tuple[int, int]
    full_size: tuple[int, int]


class Located(msgspec.Struct, frozen=True, kw_only=True, tag="located"):
    """Whether the picture tells where it was taken."""

    located: bool


class ComparedPictures(msgspec.Struct, frozen=True, kw_only=True, tag="looked"):
    """How far source and result are apart, as `compress.likeness.Difference` has it: levels of 255.

    `attached` says whether what is attached is what it was; true where nobody asked.
    """

    mean: float
    worst: float
    contrast: float
    attached: bool = True


class CodecReport(msgspec.Struct, frozen=True, kw_only=True, tag="codecs"):
    """What came of a check: the versions of the codecs, and their faults; None where nothing was checked."""

    versions: dict[str, str]
    faults: list[Fault] | None = None


Response = (
    CompressedResult
    | UnchangedResult
    | TaskFailure
    | ProbeAnswers
    | PreviewSizes
    | Located
    | ComparedPictures
    | CodecReport
)
"""What came of a question."""

READY = msgspec.json.Decoder(WorkerReady)
RESPONSE: msgspec.json.Decoder[Response] = msgspec.json.Decoder(Response)

# Frames on a pipe.

MOST_HEADER_BYTES = 64 << 10
MOST_BODY_BYTES = 1 << 30

_LENGTHS = struct.Struct("!IQ")

T = TypeVar("T")


class BadFrame(Exception):  # noqa: N818 (reads as what it is)
    """What came is no frame of ours."""


def write_frame(stream: RawIOBase, header: msgspec.Struct, *bodies: bytes) -> None:
    """Send one frame; several bodies arrive as one.

    Raises:
        BadFrame: header or body is larger than the other side takes.
        OSError: the other side is gone.
    """
    encoded = msgspec.json.encode(header)
    size = sum(map(len, bodies))
    if len(encoded) > MOST_HEADER_BYTES or size > MOST_BODY_BYTES:
        raise BadFrame(f"a frame of {len(encoded)} + {size} bytes is too large")
    for part in (_LENGTHS.pack(len(encoded), size) + encoded, *bodies):
        _write_all(stream, part)


def read_frame(
    stream: RawIOBase, header: msgspec.json.Decoder[T], most_body: int = MOST_BODY_BYTES
) -> tuple[T, bytes]:
    """Wait for one frame and give its header and its body.

    Args:
        stream: what to read from.
        header: decodes the header.
        most_body: bytes; a longer body is refused unread.

    Raises:
        EOFError: the other side closed the pipe, between frames or within one.
        BadFrame: the lengths are out of bounds, or the header is not what its decoder takes.
    """
    header_size, body_size = _LENGTHS.unpack(_read_exactly(stream, _LENGTHS.size))
    if header_size > MOST_HEADER_BYTES or body_size > most_body:
        raise BadFrame(f"a frame of {header_size} + {body_size} bytes is too large")
    encoded = _read_exactly(stream, header_size)
    try:
        decoded = header.decode(encoded)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise BadFrame(f"the header makes no sense: {error}") from error
    return decoded, _read_exactly(stream, body_size)


def _write_all(stream: RawIOBase, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[stream.write(left) or 0 :]


def _read_exactly(stream: RawIOBase, size: int) -> bytes:
    # Of a picture there shall be one copy: this buffer hands its bytes out as they are.
    buffer = io.BytesIO()
    if size:
        buffer.seek(size - 1)
        buffer.write(b"\0")
    with buffer.getbuffer() as left:
        at = 0
        while at < size:
            got = stream.readinto(left[at:])
            if not got:
                raise EOFError("the pipe was closed")
            at += got
    return buffer.getvalue()


# The texts of a worker, made harmless before they reach a person, a log or a file.
#
# An attacker who has taken a worker over chooses them: they must not move a terminal's cursor, turn the
# direction of writing, begin a line of their own in a log, or fill a disk.

MOST_LETTERS = 300
MOST_ENTRIES = 100
"""Of a list or a table in a message; more than any that is honest has."""


def plain(text: str) -> str:
    """Any text as one short line of printable letters: no controls, escapes or marks of direction."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: 2 * MOST_LETTERS])
    return " ".join(shown.split())[:MOST_LETTERS].rstrip()


def harmless(message: T) -> T:
    """A decoded message with every text in it made plain, and every list and table cut.

    Args:
        message: of messages' own types, which bound what may be in it; or any part of one.
    """
    made: Any = message
    if isinstance(message, enum.Enum):
        return message
    if isinstance(message, str):
        made = plain(message)
    elif isinstance(message, list | tuple):
        made = type(message)(map(harmless, islice(message, MOST_ENTRIES)))
    elif isinstance(message, dict):
        made = {harmless(key): harmless(value) for key, value in islice(message.items(), MOST_ENTRIES)}
    elif isinstance(message, msgspec.Struct):
        made = msgspec.structs.replace(
            message, **{name: harmless(getattr(message, name)) for name in message.__struct_fields__}
        )
    elif dataclasses.is_dataclass(message) and not isinstance(message, type):
        fields = {field.name: harmless(getattr(message, field.name)) for field in dataclasses.fields(message)}
        made = dataclasses.replace(message, **fields)
    return made  # type: ignore[no-any-return]  # the same type as it came
