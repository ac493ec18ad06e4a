"""The messages on the control socket: a fixed list of calls, one a method of `Service`, and the answers.

A conversation: the client sends `Hello`, the daemon answers `Welcome`; then the client sends a call, the
daemon answers with one `Result`, or with any number of `Item` and one `Done`; or with a `Failure` at any
point. Several calls may follow each other on one connection. `METHODS` is the whole list: what is not in it
cannot be asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, Union

import msgspec

from homepress.control.service import (
    CheckReport,
    CompressRequest,
    FileOutcome,
    FolderAnswer,
    FolderRequest,
    OriginalOutcome,
    OriginalsRequest,
    ProbedProcess,
    RecentPicture,
    Service,
    Status,
    UndoOutcome,
    UndoRequest,
)

VERSION = 1
"""Of the conversation. It grows when an older program could misunderstand; new calls and fields are safe."""

T = TypeVar("T")


class Hello(msgspec.Struct, frozen=True):
    """The first thing a client says: the version of the conversation it speaks."""

    v: int


class Welcome(msgspec.Struct, frozen=True, tag="welcome", tag_field="answer"):
    """The daemon speaks that version too; `program` is the version of Homepress it runs."""

    v: int
    program: str


class Result(msgspec.Struct, frozen=True, tag="result", tag_field="answer"):
    """The one answer to a `Call`."""

    value: Any = None


class Item(msgspec.Struct, frozen=True, tag="item", tag_field="answer"):
    """One of the answers to a `StreamCall`."""

    value: Any


class Done(msgspec.Struct, frozen=True, tag="done", tag_field="answer"):
    """No more items."""


class Failure(msgspec.Struct, frozen=True, tag="failure", tag_field="answer"):
    """It could not be done: a `ServiceError`, or a message that was not understood."""

    text: str
    exit_code: int = 1


Answer = Result | Item | Done | Failure
Greeting = Welcome | Failure


class Call(msgspec.Struct, Generic[T], frozen=True, tag_field="method"):
    """Asks for one value of type T."""


class StreamCall(msgspec.Struct, Generic[T], frozen=True, tag_field="method"):
    """Asks for values of type T, one by one as they come."""


class Ping(Call[int], frozen=True, tag="ping"):
    """See `Service.ping`; the other calls likewise."""


class GetStatus(Call[Status], frozen=True, tag="status"):
    """`Service.status`."""


class Wait(Call[int], frozen=True, tag="wait"):
    """`Service.wait`."""

    revision: int
    timeout: float


class Pause(Call[None], frozen=True, tag="pause"):
    """`Service.pause`."""

    until: float | None = None


class Resume(Call[None], frozen=True, tag="resume"):
    """`Service.resume`."""


class PowerSaver(Call[None], frozen=True, tag="power_saver"):
    """`Service.power_saver`."""

    on: bool


class Stop(Call[None], frozen=True, tag="stop"):
    """`Service.stop`."""


class Reload(Call[None], frozen=True, tag="reload"):
    """`Service.reload`."""


class Rescan(Call[None], frozen=True, tag="rescan"):
    """`Service.rescan`."""


class Recent(Call[list[RecentPicture]], frozen=True, tag="recent"):
    """`Service.recent`."""

    limit: int


class Compress(StreamCall[FileOutcome], frozen=True, tag="compress"):
    """`Service.compress`."""

    request: CompressRequest


class Undo(StreamCall[UndoOutcome], frozen=True, tag="undo"):
    """`Service.undo`."""

    request: UndoRequest


class AcceptOriginals(StreamCall[OriginalOutcome], frozen=True, tag="accept_originals"):
    """`Service.accept_originals`."""

    request: OriginalsRequest


class VerifyOriginals(StreamCall[OriginalOutcome], frozen=True, tag="verify_originals"):
    """`Service.verify_originals`."""

    request: OriginalsRequest


class AddFolder(Call[FolderAnswer], frozen=True, tag="add_folder"):
    """`Service.add_folder`."""

    request: FolderRequest


class RemoveFolder(Call[None], frozen=True, tag="remove_folder"):
    """`Service.remove_folder`."""

    path: str


class EnableFolder(Call[None], frozen=True, tag="enable_folder"):
    """`Service.enable_folder`."""

    path: str
    enabled: bool


class CheckFolder(StreamCall[CheckReport], frozen=True, tag="check_folder"):
    """`Service.check_folder`."""

    path: str
    sample: int
    wanted: FolderRequest | None = None


class Forget(Call[int], frozen=True, tag="forget"):
    """`Service.forget`."""

    path: str
    before: float | None = None


class Probe(Call[list[ProbedProcess]], frozen=True, tag="probe"):
    """`Service.probe`."""


@dataclass(frozen=True, slots=True)
class Method:
    """How one call is carried out.

    Attributes:
        call: its message.
        answer: type of its result, or of each item.
        perform: calls the service; gives the result, or an iterator of items.
        quick: whether a daemon in good health answers at once, however much there is to do.
    """

    call: type[Call[Any]] | type[StreamCall[Any]]
    answer: Any
    perform: Callable[[Service, Any], Any]
    quick: bool = True

    @property
    def streams(self) -> bool:
        """Whether the answer is a stream of items."""
        return issubclass(self.call, StreamCall)


METHODS: dict[type, Method] = {
    method.call: method
    for method in (
        Method(Ping, int, lambda service, _: service.ping()),
        Method(GetStatus, Status, lambda service, _: service.status()),
        Method(Wait, int, lambda service, call: service.wait(call.revision, call.timeout), quick=False),
        Method(Pause, None, lambda service, call: service.pause(call.until)),
        Method(Resume, None, lambda service, _: service.resume()),
        Method(PowerSaver, None, lambda service, call: service.power_saver(call.on)),
        Method(Stop, None, lambda service, _: service.stop()),
        Method(Reload, None, lambda service, _: service.reload(), quick=False),
        Method(Rescan, None, lambda service, _: service.rescan(), quick=False),
        Method(Recent, list[RecentPicture], lambda service, call: service.recent(call.limit)),
        Method(Compress, FileOutcome, lambda service, call: service.compress(call.request), quick=False),
        Method(Undo, UndoOutcome, lambda service, call: service.undo(call.request), quick=False),
        Method(
            AcceptOriginals,
            OriginalOutcome,
            lambda service, call: service.accept_originals(call.request),
            quick=False,
        ),
        Method(
            VerifyOriginals,
            OriginalOutcome,
            lambda service, call: service.verify_originals(call.request),
            quick=False,
        ),
        Method(AddFolder, FolderAnswer, lambda service, call: service.add_folder(call.request), quick=False),
        Method(RemoveFolder, None, lambda service, call: service.remove_folder(call.path), quick=False),
        Method(
            EnableFolder,
            None,
            lambda service, call: service.enable_folder(call.path, call.enabled),
            quick=False,
        ),
        Method(
            CheckFolder,
            CheckReport,
            lambda service, call: service.check_folder(call.path, call.sample, call.wanted),
            quick=False,
        ),
        Method(Probe, list[ProbedProcess], lambda service, _: service.probe(), quick=False),
        Method(Forget, int, lambda service, call: service.forget(call.path, call.before), quick=False),
    )
}

ANY_CALL: Any = Union[tuple(METHODS)]  # noqa: UP007  a union of a computed list
"""Type of every call, for decoding."""
