"""The other side of the control socket: a `Service` whose work is done by the daemon."""

import contextlib
import functools
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, NoReturn, cast

import msgspec

import homepress
from homepress.control import wire
from homepress.control.service import Service, ServiceError
from homepress.control.transport import (
    MAX_FRAME_BYTES,
    Channel,
    ChannelError,
    ChannelTimeoutError,
    UnsafeAddressError,
)
from homepress.control.transport import connect as _open_channel
from homepress.control.wire import METHODS, VERSION, Method, ServiceCall

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

    def __init__(self, about: wire.About) -> None:
        process = f" as process {about.pid}" if about.pid else ""
        super().__init__(
            f"Homepress {about.program or 'of another version'} is running in the background{process}. It "
            f"speaks version {about.protocol} of the protocol, and this program ({homepress.__version__}) "
            f"version {VERSION}; restart it: homepress stop && homepress run",
            _WRONG_VERSION,
        )
        self.about = about


def connect(socket: Path) -> Service | None:
    """The service of the daemon that listens on `socket`, or None at once when none does.

    Raises:
        OtherVersionError: the daemon is of a version that speaks otherwise.
        ServiceError: something is there that does not answer, speaks another version or is not ours.
    """
    channel = _greeted(socket)
    if channel is None:
        return None
    channel.close()
    return cast("Service", _Client(socket))


class _Client:
    """A `Service` over the socket. Every call has a connection of its own, so threads may share a client.

    Closing an iterator that a call gave ends the work behind it after the item that is in progress. Every
    method raises `ServiceError` as the service itself does, with exit code 3 when the daemon is gone, and
    `TypeError` for arguments that are not of the declared types.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if (method := METHODS.get(name)) is None:
            raise AttributeError(f"a service has no method {name!r}")
        return functools.partial(self._call, method)

    def _call(self, method: Method, *arguments: object, **named: object) -> Any:
        call = method.call(*arguments, **named)
        return self._stream(method, call) if method.streams else self._ask(method, call)

    def _ask(self, method: Method, call: ServiceCall) -> Any:
        within = _ANSWER_SECONDS + getattr(call, "timeout", 0.0) if method.quick else None
        with self._conversation(call) as channel:
            answer = _receive(channel, within)
            if not isinstance(answer, wire.Result):
                raise wire.BadMessageError(f"{type(answer).__name__} in place of a result")
            return wire.convert(answer.value, method.answer)

    def _stream(self, method: Method, call: ServiceCall) -> Generator[Any]:
        for part in _in_parts(call):
            with self._conversation(part) as channel:
                while isinstance(answer := _receive(channel, None), wire.Item):
                    yield wire.convert(answer.value, method.answer)
                if not isinstance(answer, wire.Done):
                    raise wire.BadMessageError(f"{type(answer).__name__} in place of an item")

    @contextlib.contextmanager
    def _conversation(self, call: ServiceCall) -> Iterator[Channel]:
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
            channel.send(wire.encode(wire.Hello(VERSION)))
        greeting = wire.decode(channel.receive(_ANSWER_SECONDS), wire.Greeting)
        if isinstance(greeting, wire.Failure):
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


def _raise_refusal(socket: Path, refusal: wire.Failure) -> NoReturn:
    """Find out why the daemon does not greet us: for its version, or because it is asked too much at once."""
    about, _ = wire.ask_any_version(socket, wire.ABOUT)
    if about is not None and about.protocol not in (0, VERSION):
        raise OtherVersionError(about)
    raise ServiceError(refusal.text, refusal.exit_code)


def _receive(channel: Channel, within: float | None) -> wire.Answer:
    """The next answer that is no failure; failures are raised."""
    answer: wire.Answer = wire.decode(channel.receive(within), wire.Answer)
    if isinstance(answer, wire.Failure):
        raise ServiceError(answer.text, answer.exit_code)
    return answer


def _lost(error: Exception) -> ServiceError:
    if isinstance(error, ChannelTimeoutError):
        text = "Homepress is running in the background but does not answer; end it and start it again."
    else:
        text = f"The connection to Homepress in the background broke ({error}); it may have been stopped."
    return ServiceError(text, NO_DAEMON)


def _in_parts(call: ServiceCall) -> Iterator[ServiceCall]:
    """The call, cut so that the paths of its request fit into messages.

    Raises:
        ServiceError: it asks for the last ones of many paths, which cannot be cut.
    """
    request: Any = getattr(call, "request", None)
    parts: list[list[str]] = [[]]
    room = _PART_BYTES
    for path in getattr(request, "paths", ()):
        cost = 6 * len(path) + 3  # bytes of JSON: at most \\uXXXX for each character, quotes and a comma
        if cost > room and parts[-1]:
            parts.append([])
            room = _PART_BYTES
        parts[-1].append(path)
        room -= cost
    if len(parts) == 1:
        yield call
        return
    if getattr(request, "last", 0):
        raise ServiceError("Those are too many paths to pick the last ones of; name a folder instead.", 2)
    for part in parts:
        yield msgspec.structs.replace(call, request=msgspec.structs.replace(request, paths=part))
