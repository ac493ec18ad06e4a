"""D-Bus, as much of it as a small desktop program needs: calls, signals, and objects that others call.

The only place that imports jeepney. A `Connection` reads in a thread of its own; what it calls back must not
call over the same connection, or it would wait for itself.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import jeepney
    from jeepney import HeaderFields, MessageType
    from jeepney.io.threading import DBusConnection, ReceiveStopped, open_dbus_connection
except ModuleNotFoundError:  # macOS and Windows have no message bus: there a `Connection` cannot be had
    _HAS_BUS = False
else:
    _HAS_BUS = True

if TYPE_CHECKING:
    from jeepney import Message

_log = logging.getLogger(__name__)

# The plain values that pass over a connection. Bodies are tuples as their D-Bus signature has them; a variant
# is a pair of signature and value, `("s", "text")`.


class BusError(Exception):
    """There is no bus, or the call was answered with an error.

    Attributes:
        name: the D-Bus name of the error, such as "org.freedesktop.DBus.Error.ServiceUnknown"; empty when
            the connection itself failed.
    """

    def __init__(self, text: str, name: str = "") -> None:
        super().__init__(text)
        self.name = name


@dataclass(frozen=True, slots=True)
class Address:
    """Whom to call: an interface of an object of a program on the bus."""

    bus_name: str
    path: str
    interface: str


@dataclass(frozen=True, slots=True)
class Call:
    """A method of ours that somebody called."""

    path: str
    interface: str
    member: str
    body: tuple[Any, ...] = ()
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a called method gives back."""

    signature: str = ""
    body: tuple[Any, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that was told to all: by a program (its unique name), about an object of its own."""

    path: str
    interface: str
    member: str
    body: tuple[Any, ...] = ()
    sender: str = ""


# One connection to a message bus, for use by several threads.

BUS = Address("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
_UNKNOWN_METHOD = "org.freedesktop.DBus.Error.UnknownMethod"
_FAILED = "org.freedesktop.DBus.Error.Failed"
_ANSWER_SECONDS = 5.0

Handler = Callable[[Call], Reply]
Listener = Callable[[Signal], None]


def session_address() -> str | None:
    """Where the session bus is, or None when there is no session; systemd's place when nobody says."""
    if address := os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and (socket := Path(runtime, "bus")).is_socket():
        return f"unix:path={socket}"
    return None


def system_address() -> str:
    """Where the system bus is, whether or not anybody listens there."""
    return os.environ.get("DBUS_SYSTEM_BUS_ADDRESS") or "unix:path=/run/dbus/system_bus_socket"


class Connection:
    """A connection that is read in a thread of its own from the start.

    Attributes:
        unique_name: our name on the bus, such as ":1.42".
        closed: set when the connection has ended, by us or because the bus is gone.
    """

    def __init__(self, address: str) -> None:
        """Connect.

        Raises:
            BusError: nobody listens at `address`, or it is of a kind that is not spoken here (TCP).
        """
        if not _HAS_BUS:
            raise BusError("this system has no message bus")
        try:
            self._wire: DBusConnection = open_dbus_connection(address, enable_fds=True)
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise BusError(f"no message bus answers at {address}: {error}") from error
        self.unique_name: str = self._wire.unique_name
        self.closed = threading.Event()
        self._answers: dict[int, Future[Message]] = {}
        self._handlers: dict[str, Handler] = {}
        self._listeners: list[tuple[jeepney.MatchRule, Listener]] = []
        self._farewells: list[Callable[[], None]] = []
        self._thread = threading.Thread(target=self._read, name="dbus", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hang up; calls that wait fail."""
        if not self.closed.is_set():
            self._wire.interrupt()
            if threading.current_thread() is not self._thread:
                self._thread.join(_ANSWER_SECONDS)

    def on_closed(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once when the connection has ended."""
        self._farewells.append(tell)
        if self.closed.is_set():
            tell()

    def call(
        self,
        to: Address,
        member: str,
        signature: str = "",
        body: tuple[Any, ...] = (),
        *,
        timeout: float = _ANSWER_SECONDS,
    ) -> tuple[Any, ...]:
        """Call a method and wait for what it gives back, at most `timeout` seconds.

        Raises:
            BusError: it answered with an error, or not in time, or the connection is gone.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError(f"{member} was called by the thread that would have to read its answer")
        with self._expecting() as (serial, answer):
            self._send(_method_call(to, member, signature, body), serial)
            try:
                message = answer.result(timeout)
            except TimeoutError:
                raise BusError(f"{to.bus_name} does not answer {member}") from None
        if message.header.message_type is MessageType.error:
            name = str(message.header.fields.get(HeaderFields.error_name, ""))
            raise BusError(f"{member}: {message.body[0] if message.body else name}", name)
        return tuple(message.body or ())

    def send(self, to: Address, member: str, signature: str = "", body: tuple[Any, ...] = ()) -> None:
        """Call a method and care for no answer; may also be done by what is called back."""
        message = _method_call(to, member, signature, body)
        message.header.flags |= jeepney.MessageFlag.no_reply_expected
        self._send(message)

    def emit(self, signal: Signal, signature: str = "") -> None:
        """Tell everybody who listens."""
        emitter = jeepney.DBusAddress(signal.path, interface=signal.interface)
        self._send(jeepney.new_signal(emitter, signal.member, signature or None, signal.body))

    def serve(self, path: str, handler: Handler) -> None:
        """Let `handler` answer the calls to the object `path`; it may raise `BusError`."""
        self._handlers[path] = handler

    def listen(self, interface: str, member: str, listener: Listener, *, path: str | None = None) -> None:
        """Have `listener` called, in the reading thread, with each such signal.

        Raises:
            BusError: the bus refuses.
        """
        rule = jeepney.MatchRule(type="signal", interface=interface, member=member, path=path)
        self._listeners.append((rule, listener))
        self.call(BUS, "AddMatch", "s", (rule.serialise(),))

    def has_owner(self, name: str) -> bool:
        """Whether some program goes by `name` now."""
        return bool(self.call(BUS, "NameHasOwner", "s", (name,))[0])

    @contextlib.contextmanager
    def _expecting(self) -> Iterator[tuple[int, "Future[Message]"]]:
        serial = next(self._wire.outgoing_serial)
        answer = self._answers[serial] = Future()
        try:
            # Only now: an end that comes later finds the answer among those that wait.
            if self.closed.is_set():
                raise BusError("the connection to the message bus has ended")
            yield serial, answer
        finally:
            self._answers.pop(serial, None)

    def _send(self, message: "Message", serial: int | None = None) -> None:
        try:
            self._wire.send(message, serial=serial)
        except OSError as error:
            raise BusError(f"the message bus is gone: {error}") from error

    def _read(self) -> None:
        try:
            while True:
                self._take(self._wire.receive())
        except (ReceiveStopped, OSError, EOFError, BusError) as reason:
            _log.debug("the connection to the message bus has ended: %r", reason)
        finally:
            self._end()

    def _end(self) -> None:
        self.closed.set()
        for answer in self._answers.copy().values():
            answer.set_exception(BusError("the message bus is gone"))
        self._wire.close()
        for tell in self._farewells:
            tell()

    def _take(self, message: "Message") -> None:
        kind = message.header.message_type
        if kind is MessageType.method_call:
            self._answer(message)
        elif kind is MessageType.signal:
            self._tell(message)
        else:
            serial = message.header.fields.get(HeaderFields.reply_serial, -1)
            answer = self._answers.pop(serial, None)
            if answer is not None:
                answer.set_result(message)

    def _answer(self, message: "Message") -> None:
        path, interface, member, sender = _named(message)
        handler = self._handlers.get(path)
        try:
            if handler is None:
                raise BusError(f"there is no object {path}", "org.freedesktop.DBus.Error.UnknownObject")
            reply = handler(Call(path, interface, member, tuple(message.body or ()), sender))
        except BusError as error:
            self._send(jeepney.new_error(message, error.name or _FAILED, "s", (str(error),)))
        except Exception as error:  # noqa: BLE001  a boundary: the caller gets the error, and we go on
            _log.exception("%s.%s failed", interface, member)
            self._send(jeepney.new_error(message, _FAILED, "s", (f"{type(error).__name__}: {error}",)))
        else:
            if not message.header.flags & jeepney.MessageFlag.no_reply_expected:
                self._send(jeepney.new_method_return(message, reply.signature or None, reply.body))

    def _tell(self, message: "Message") -> None:
        for rule, listener in list(self._listeners):
            if rule.matches(message):
                path, interface, member, sender = _named(message)
                try:
                    listener(Signal(path, interface, member, tuple(message.body or ()), sender))
                except Exception:  # noqa: BLE001  a boundary: one bad signal must not end the reading
                    _log.exception("the signal %s.%s was not understood", interface, member)


def unknown_method(call: Call) -> BusError:
    """What to raise for a method that an object does not have."""
    return BusError(f"there is no method {call.interface}.{call.member}", _UNKNOWN_METHOD)


def _method_call(to: Address, member: str, signature: str, body: tuple[Any, ...]) -> "Message":
    address = jeepney.DBusAddress(to.path, to.bus_name, to.interface)
    return jeepney.new_method_call(address, member, signature or None, body)


def _named(message: "Message") -> tuple[str, str, str, str]:
    fields = message.header.fields
    path, interface, member, sender = (
        str(fields.get(key, ""))
        for key in (HeaderFields.path, HeaderFields.interface, HeaderFields.member, HeaderFields.sender)
    )
    return path, interface, member, sender
