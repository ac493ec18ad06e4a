"""What is said on the control socket, as bytes.

The client sends `Hello`, the daemon answers `Welcome`; then the client sends a call, the daemon answers
with one `Result`, or with any number of `Item` and one `Done`; or with a `Failure` at any point. Several
calls may follow each other on one connection.

**Calls are derived from `Service`**: what is not in it cannot be asked. A call is a JSON object: the name
of the method under "method", and each of its parameters by name. Both sides check the types: the client
before it sends, the daemon before it does anything. The type of a method's calls is made of its signature
when it is first called.

**One part never changes**, so that programs of any two versions can deal with each other. The first frame
of a client is a JSON object. With `"v": 0` it asks for one of two things:

    {"v": 0, "ask": "about"}     who is there?
    {"v": 0, "ask": "stop"}      end, after what is in progress

and a daemon of any version answers both with

    {"answer": "about", "program": "0.1.0", "protocol": 1, "pid": 4711}

and hangs up. Fields may be added on both sides; none of these is ever left out or means something else. A
daemon older than this part answers with a `Failure` that names its version; it is ended by a signal (see
`instance`).

Messages are JSON in ASCII, so that paths which are not UTF-8 pass as lone surrogate escapes: msgspec's own
JSON coder refuses those, the standard library's carries them both ways. msgspec gives the types: what it
does not accept never reaches the service.
"""

import functools
import inspect
import json
import math
import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from homepress.control.service import Service, is_quick
from homepress.control.transport import Channel, ChannelError, connect

VERSION = 1
"""Of the conversation. It grows when an older program could misunderstand; new calls and fields are safe."""

_T = TypeVar("_T")


class Hello(msgspec.Struct, frozen=True):
    """The first thing a client says: the version of the conversation it speaks."""

    v: int


class Welcome(msgspec.Struct, frozen=True, tag="welcome", tag_field="answer"):
    """The daemon speaks that version too; `program` is the version of Homepress it runs."""

    v: int
    program: str


class Result(msgspec.Struct, frozen=True, tag="result", tag_field="answer"):
    """The one answer to a call."""

    value: Any = None


class Item(msgspec.Struct, frozen=True, tag="item", tag_field="answer"):
    """One of the answers to a call that is answered by a stream."""

    value: Any


class Done(msgspec.Struct, frozen=True, tag="done", tag_field="answer"):
    """No more items."""


class Failure(msgspec.Struct, frozen=True, tag="failure", tag_field="answer"):
    """It could not be done: a `ServiceError`, or a message that was not understood."""

    text: str
    exit_code: int = 1


Answer = Result | Item | Done | Failure
Greeting = Welcome | Failure


class BadMessageError(Exception):
    """Bytes that are no message, or none of the expected kind; the text says why."""


def encode(message: msgspec.Struct) -> bytes:
    """A message as bytes.

    Raises:
        ValueError: a number in it is infinite or not a number.
    """
    plain = msgspec.to_builtins(message)
    return json.dumps(plain, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def parse(frame: bytes) -> Any:
    """The plain value in `frame`.

    Raises:
        BadMessageError: it is no JSON, or holds a number that is infinite or none.
    """
    try:
        return json.loads(frame.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise BadMessageError(str(error) or type(error).__name__) from error


def decode(frame: bytes, kind: Any) -> Any:
    """The message in `frame`, checked to be a `kind` (a struct or a union of tagged ones).

    Raises:
        BadMessageError: it is something else.
    """
    return convert(parse(frame), kind)


def convert(plain: object, kind: type[_T]) -> _T:
    """A value out of a message, checked to be a `kind`.

    Raises:
        BadMessageError: it is something else.
    """
    try:
        return msgspec.convert(plain, kind)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise BadMessageError(str(error) or type(error).__name__) from error


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not a number that may be sent")


def _finite(text: str) -> float:
    if math.isfinite(number := float(text)):
        return number
    raise ValueError(f"{text} is too large a number")


EVERY_VERSION = 0
"""The number of this part of the conversation in place of a version."""

ABOUT = "about"
STOP = "stop"

_ANSWER_SECONDS = 10.0
_NAMED = re.compile(r"\AHomepress (\S+) in the background speaks version (\d+)")


class Basic(msgspec.Struct, frozen=True):
    """What a client of any version may ask first."""

    v: int
    ask: str


class About(msgspec.Struct, frozen=True, kw_only=True, tag="about", tag_field="answer"):
    """A daemon of any version.

    Attributes:
        program: its version of Homepress; empty where it does not say.
        protocol: the version of the conversation that it speaks; 0 where it does not say.
        pid: its process id, None where that is not known.
    """

    program: str
    protocol: int
    pid: int | None = None


_Answer = About | Failure


def asked_by_any_version(frame: bytes) -> str | None:
    """What a first frame asks for in the part that never changes; None when it is another greeting."""
    try:
        basic: Basic = decode(frame, Basic)
    except BadMessageError:
        return None
    return basic.ask if basic.v == EVERY_VERSION else None


def ask_any_version(socket: Path, what: str) -> tuple[About | None, bool]:
    """Ask the daemon on `socket`, of any version.

    Args:
        socket: its address.
        what: `ABOUT` or `STOP`.

    Returns:
        Who is there, None when nobody listens; and whether it understood, so that a `STOP` is obeyed.

    Raises:
        ChannelError: somebody listens, and does not answer.
        UnsafeAddressError: the process that listens is not ours.
    """
    if (channel := connect(socket)) is None:
        return None, False
    try:
        channel.send(encode(Basic(EVERY_VERSION, what)))
        answer: _Answer = decode(channel.receive(_ANSWER_SECONDS), _Answer)
        if isinstance(answer, About):
            return answer, True
        return _in_its_words(answer.text, channel), False
    except ChannelError:
        return _in_its_words("", channel), False
    except BadMessageError:
        return _in_its_words("", channel), False
    finally:
        channel.close()


def _in_its_words(text: str, channel: Channel) -> About:
    """What is known of a daemon that does not know this part: its own words, and what the system says."""
    found = _NAMED.match(text)
    program, protocol = (found[1], int(found[2])) if found else ("", 0)
    return About(program=program, protocol=protocol, pid=channel.peer())


_LONGEST_NAME = 60
"""Characters of an unknown method that are said back."""


class ServiceCall(msgspec.Struct, frozen=True, tag_field="method"):
    """One request with its arguments, which are the fields of a subclass."""


class Method:
    """How one method of a service is asked over the socket.

    Attributes:
        name: of the method.
        quick: whether a daemon in good health answers at once; see `service.quick`.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.name = function.__name__
        self.quick = is_quick(function)

    @functools.cached_property
    def message(self) -> type[ServiceCall]:
        """The type of its calls: a field a parameter."""
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
        for parameter in [*inspect.signature(self._function).parameters.values()][1:]:
            field = (parameter.name, self._hints[parameter.name])
            fields.append(field if parameter.default is parameter.empty else (*field, parameter.default))
        made = msgspec.defstruct(
            self.name, fields, bases=(ServiceCall,), module=__name__, frozen=True, tag=self.name
        )
        return cast("type[ServiceCall]", made)

    @functools.cached_property
    def streams(self) -> bool:
        """Whether the answer is a stream of items."""
        return typing.get_origin(self._hints["return"]) is Iterator

    @functools.cached_property
    def answer(self) -> Any:
        """The type of its result, or of each item."""
        declared = self._hints["return"]
        return typing.get_args(declared)[0] if self.streams else declared

    @functools.cached_property
    def _hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self._function)

    def call(self, *arguments: object, **named: object) -> ServiceCall:
        """The call with these arguments.

        Raises:
            TypeError: they are not those of the method; the text says which.
        """
        try:
            call = self.message(*arguments, **named)
            # Bytes stay bytes, and are refused: as text they would be a path of another name.
            msgspec.convert(msgspec.to_builtins(call, builtin_types=(bytes,)), self.message)
        except (TypeError, msgspec.ValidationError) as error:
            raise TypeError(f"{self.name}: {error}") from error
        return call

    def perform(self, service: object, call: ServiceCall) -> Any:
        """Have a service carry out a call; gives the result, or an iterator of items."""
        return getattr(service, self.name)(*msgspec.structs.astuple(call))


def methods_of(protocol: type) -> dict[str, Method]:
    """The public methods that a protocol declares, by name."""
    return {
        name: Method(function)
        for name, function in vars(protocol).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }


METHODS = methods_of(Service)
"""All that can be asked, by name."""


def decode_call(frame: bytes, methods: dict[str, Method] = METHODS) -> tuple[Method, ServiceCall]:
    """The call in `frame`, and its method.

    Raises:
        BadMessageError: it is no call of one of the methods, or its arguments are of another type.
    """
    plain = parse(frame)
    name = plain.get("method") if isinstance(plain, dict) else None
    method = methods.get(name) if isinstance(name, str) else None
    if method is None:
        raise BadMessageError(f"there is no request {str(name)[:_LONGEST_NAME]!r}")
    return method, convert(plain, method.message)
