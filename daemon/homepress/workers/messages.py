"""What daemon and worker say to each other: headers in JSON of these types; pictures are raw bytes."""

import msgspec

from homepress.base.results import ProbeAttempt
from homepress.compress import Compressed, Recipe, Unchanged
from homepress.compress.model import Fault
from homepress.privacy import Limits, NetworkState


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker is to set itself up; its only argument.

    `parent` is the process whose end is the worker's too; `background` asks for idle priority; `home` is the
    user's home folder as the file system writes it, which must not become readable. (Looking it up in the
    worker could open a socket to a name service.)
    """

    parent: int
    limits: Limits
    background: bool = True
    home: bytes = b""


NOT_STARTED = 127
"""Exit code of a tool's process that could not become the tool, as shells have it."""


class ToolOrders(Orders, frozen=True, kw_only=True):
    """As for a worker, with the program to become and its arguments, as the file system writes them."""

    command: list[bytes]


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The worker's first word, said when it is locked.

    `version` is its Homepress. `network` is measured by the worker after locking; `files` is the version of
    the file sandbox in force, 0 for none; `missing` says what could not be had.
    """

    version: str
    network: NetworkState
    files: int
    missing: list[str]


class Task(msgspec.Struct, frozen=True, kw_only=True, tag="compress"):
    """One picture to compress; its bytes are the frame's body."""

    recipe: Recipe


class Judgement(msgspec.Struct, frozen=True, kw_only=True, tag="judge"):
    """What a helper program made of a GIF shall be judged; the body is the source, then the candidate."""

    source_bytes: int


class Probe(msgspec.Struct, frozen=True, kw_only=True, tag="probe"):
    """The worker shall try to get out, and say what the system answered."""


class View(msgspec.Struct, frozen=True, kw_only=True, tag="view"):
    """Somebody wants to look at a picture: the parameters of `compress.preview.preview`."""

    edge: int
    fill: bool
    most_pixels: int
    most_decoded: int


class Locate(msgspec.Struct, frozen=True, kw_only=True, tag="locate"):
    """Whether the picture, the frame's body, tells where it was taken."""


class Look(msgspec.Struct, frozen=True, kw_only=True, tag="look"):
    """Whether a result looks like its source; the body is the source, then the result.

    `closely` asks for more detail: the parameter of `compress.likeness.difference`.
    """

    source_bytes: int
    closely: bool


class CodecCheck(msgspec.Struct, frozen=True, kw_only=True, tag="check codecs"):
    """The codecs shall be checked, unless their versions are `known`."""

    known: dict[str, str]


Question = Task | Judgement | Probe | View | Locate | Look | CodecCheck
QUESTION: msgspec.json.Decoder[Question] = msgspec.json.Decoder(
    Task | Judgement | Probe | View | Locate | Look | CodecCheck
)


class Viewed(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to look at, as `compress.preview.Preview` has it; the frame's body are the pixels."""

    size: tuple[int, int]
    full_size: tuple[int, int]


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """How far source and result are apart, as `compress.likeness.Difference` has it: levels of 255."""

    mean: float
    worst: float
    contrast: float


class CodecReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a check: the versions of the codecs, and their faults; None where nothing was checked."""

    versions: dict[str, str]
    faults: list[Fault] | None = None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An exception left the compressor: a fault of ours, or no memory. The worker ends itself after it."""

    out_of_memory: bool
    text: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a question: exactly one of the first eight. The bytes of a result are the frame's body.

    `helper` comes with a picture that a helper program could make smaller.
    `cpu_seconds` is the processor time of the worker's whole life.
    """

    compressed: Compressed | None = None
    unchanged: Unchanged | None = None
    failure: Failure | None = None
    attempts: list[ProbeAttempt] | None = None
    viewed: Viewed | None = None
    codecs: CodecReport | None = None
    located: bool | None = None
    looked: Looked | None = None
    helper: bool = False
    cpu_seconds: float = 0.0


HELLO = msgspec.json.Decoder(Hello)
ANSWER = msgspec.json.Decoder(Answer)
