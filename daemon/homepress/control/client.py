"""The other side of the control socket: a `Service` whose work is done by the daemon."""

import contextlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

import msgspec

import homepress
from homepress.control import basics, messages, wire
from homepress.control.messages import METHODS, VERSION, Call, Done, Failure, Hello, Item, Result, StreamCall
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
    ServiceError,
    Status,
    UndoOutcome,
    UndoRequest,
)
from homepress.control.transport import (
    MAX_FRAME_BYTES,
    Channel,
    ChannelError,
    ChannelTimeoutError,
    UnsafeAddressError,
)
from homepress.control.transport import connect as _open_channel

_T = TypeVar("_T")
_Request = TypeVar("_Request", CompressRequest, UndoRequest, OriginalsRequest)

NO_DAEMON = 3
"""Exit code of a request that found no daemon, or lost it."""
_UNSAFE = 4
_WRONG_VERSION = 2
_ANSWER_SECONDS = 30.0
_PART_BYTES = MAX_FRAME_BYTES // 2


class OtherVersionError(ServiceError):
    """The daemon does not speak our version of the protocol.

    Attributes:
        about: what is known of it.
    """

    def __init__(self, about: basics.About) -> None:
        process = f" as process {about.pid}" if about.pid else ""
        super().__init__(
            f"Homepress {about.program or 'of another version'} is running in the background{process}. It "
            f"speaks version {about.protocol} of the protocol, and this program ({homepress.__version__}) "
            f"version {VERSION}; restart it: homepress stop && homepress run",
            _WRONG_VERSION,
        )
        self.about = about


def connect(socket: Path) -> "Client | None":
    """A client of the daemon that listens on `socket`, or None at once when none does.

    Raises:
        OtherVersionError: the daemon is of a version that speaks otherwise.
        ServiceError: something is there that does not answer, speaks another version or is not ours.
    """
    channel = _greeted(socket)
    if channel is None:
        return None
    channel.close()
    return Client(socket)


class Client:
    """A `Service` over the socket. Every call has a connection of its own, so threads may share a client.

    Closing an iterator that a call gave ends the work behind it after the item that is under way. Every
    method raises `ServiceError` as the service itself does, with exit code 3 when the daemon is gone.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def ping(self) -> int:
        """See `Service`, also for the methods that follow."""
        return self._ask(messages.Ping())

    def status(self) -> Status:
        """The state now."""
        return self._ask(messages.GetStatus())

    def wait(self, revision: int, timeout: float) -> int:
        """Block until the state's revision differs from `revision`, at most `timeout` seconds."""
        return self._ask(messages.Wait(revision, timeout), within=timeout + _ANSWER_SECONDS)

    def pause(self, until: float | None) -> None:
        """Stop taking up work."""
        self._ask(messages.Pause(until))

    def resume(self) -> None:
        """Take up work again."""
        self._ask(messages.Resume())

    def power_saver(self, on: bool) -> None:
        """The computer now saves power, or no longer."""
        self._ask(messages.PowerSaver(on))

    def stop(self) -> None:
        """End the daemon; returns when it has heard, not when it has ended."""
        self._ask(messages.Stop())

    def reload(self) -> None:
        """Read the settings file again."""
        self._ask(messages.Reload())

    def rescan(self) -> None:
        """Look through all folders now."""
        self._ask(messages.Rescan())

    def recent(self, limit: int) -> list[RecentPicture]:
        """The last results."""
        return self._ask(messages.Recent(limit))

    def compress(self, request: CompressRequest) -> Iterator[FileOutcome]:
        """Compress named files and folders."""
        for part in _in_parts(request):
            yield from self._stream(messages.Compress(part))

    def undo(self, request: UndoRequest) -> Iterator[UndoOutcome]:
        """Bring originals back."""
        for part in _in_parts(request):
            yield from self._stream(messages.Undo(part))

    def accept_originals(self, request: OriginalsRequest) -> Iterator[OriginalOutcome]:
        """Delete stored originals."""
        for part in _in_parts(request):
            yield from self._stream(messages.AcceptOriginals(part))

    def verify_originals(self, request: OriginalsRequest) -> Iterator[OriginalOutcome]:
        """Read stored originals and compare their hashes."""
        for part in _in_parts(request):
            yield from self._stream(messages.VerifyOriginals(part))

    def add_folder(self, request: FolderRequest) -> FolderAnswer:
        """Add a folder to the settings file and watch it."""
        return self._ask(messages.AddFolder(request))

    def remove_folder(self, path: str) -> None:
        """Stop watching a folder."""
        self._ask(messages.RemoveFolder(path))

    def enable_folder(self, path: str, enabled: bool) -> None:
        """Watch a configured folder, or do not."""
        self._ask(messages.EnableFolder(path, enabled))

    def check_folder(
        self, path: str, sample: int, wanted: FolderRequest | None = None
    ) -> Iterator[CheckReport]:
        """Dry run on a folder."""
        return self._stream(messages.CheckFolder(path, sample, wanted))

    def probe(self) -> list[ProbedProcess]:
        """See `Service.probe`."""
        return self._ask(messages.Probe())

    def forget(self, path: str, before: float | None) -> int:
        """Remove names from the history."""
        return self._ask(messages.Forget(path, before))

    def _ask(self, call: Call[_T], within: float | None = None) -> _T:
        method = METHODS[type(call)]
        if within is None and method.quick:
            within = _ANSWER_SECONDS
        with self._conversation(call) as channel:
            answer = _receive(channel, within)
            if not isinstance(answer, Result):
                raise wire.BadMessageError(f"{type(answer).__name__} in place of a result")
            value: _T = wire.convert(answer.value, method.answer)
            return value

    def _stream(self, call: StreamCall[_T]) -> Generator[_T]:
        kind = METHODS[type(call)].answer
        with self._conversation(call) as channel:
            while isinstance(answer := _receive(channel, None), Item):
                yield wire.convert(answer.value, kind)
            if not isinstance(answer, Done):
                raise wire.BadMessageError(f"{type(answer).__name__} in place of an item")

    @contextlib.contextmanager
    def _conversation(self, call: msgspec.Struct) -> Iterator[Channel]:
        """A channel on which `call` was just sent; what goes wrong on it becomes a `ServiceError`."""
        frame = wire.encode(call)
        if len(frame) > MAX_FRAME_BYTES:
            raise ServiceError("That is too much for one request; name fewer files at once.", 2)
        channel = _greeted(self._socket)
        if channel is None:
            raise ServiceError("Homepress is not running in the background any more.", NO_DAEMON)
        try:
            channel.send(frame)
            yield channel
        except (ChannelError, wire.BadMessageError) as error:
            raise _lost(error) from error
        finally:
            channel.close()


def _greeted(socket: Path) -> Channel | None:
    """A channel to a daemon of our version, or None when there is no daemon."""
    channel: Channel | None = None
    try:
        if (channel := _open_channel(socket)) is None:
            return None
        with contextlib.suppress(ChannelError):  # a daemon with no room left has answered and hung up already
            channel.send(wire.encode(Hello(VERSION)))
        greeting = wire.decode(channel.receive(_ANSWER_SECONDS), messages.Greeting)
        if isinstance(greeting, Failure):
            _raise_refusal(socket, greeting)
    except UnsafeAddressError as error:
        raise ServiceError(str(error), _UNSAFE) from error
    except BaseException as error:
        if channel is not None:
            channel.close()
        if isinstance(error, ChannelError | wire.BadMessageError):
            raise _lost(error) from error
        raise
    return channel


def _raise_refusal(socket: Path, refusal: Failure) -> NoReturn:
    """Find out why the daemon does not greet us: for its version, or because it is asked too much at once."""
    about, _ = basics.ask(socket, basics.ABOUT)
    if about is not None and about.protocol not in (0, VERSION):
        raise OtherVersionError(about)
    raise ServiceError(refusal.text, refusal.exit_code)


def _receive(channel: Channel, within: float | None) -> messages.Answer:
    """The next answer that is no failure; failures are raised."""
    answer: messages.Answer = wire.decode(channel.receive(within), messages.Answer)
    if isinstance(answer, Failure):
        raise ServiceError(answer.text, answer.exit_code)
    return answer


def _lost(error: Exception) -> ServiceError:
    if isinstance(error, ChannelTimeoutError):
        text = "Homepress is running in the background but does not answer; end it and start it again."
    else:
        text = f"The connection to Homepress in the background broke ({error}); it may have been stopped."
    return ServiceError(text, NO_DAEMON)


def _in_parts(request: _Request) -> Iterator[_Request]:
    """The request, cut so that its paths fit into messages; "the last N" of many paths cannot be cut."""
    parts: list[list[str]] = [[]]
    room = _PART_BYTES
    for path in request.paths:
        cost = 6 * len(path) + 3  # bytes of JSON: at most \\uXXXX for each character, quotes and a comma
        if cost > room and parts[-1]:
            parts.append([])
            room = _PART_BYTES
        parts[-1].append(path)
        room -= cost
    if len(parts) > 1 and isinstance(request, UndoRequest) and request.last:
        raise ServiceError("Those are too many paths to pick the last ones of; name a folder instead.", 2)
    for part in parts:
        yield msgspec.structs.replace(request, paths=part)
