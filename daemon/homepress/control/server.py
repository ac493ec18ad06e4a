"""The daemon's side of the control socket: one thread accepts, one thread a client answers.

After `bind` nothing is made that a process locked out of the network could not make.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import homepress
from homepress.base.system_errors import with_name
from homepress.control import wire
from homepress.control.service import Service, ServiceError
from homepress.control.transport import MAX_FRAME_BYTES, Acceptor, Channel, ChannelError, listen
from homepress.control.wire import VERSION, Done, Failure, Hello, Item, Result, Welcome

_LOG = logging.getLogger(__name__)

MAX_CLIENTS = 32
"""Clients served at once. When one more comes, the one that has been silent longest makes room."""

_SILENT_SECONDS = 1.0
"""A client that kept us waiting that long may be hung up on when places run out."""
_HELLO_SECONDS = 5.0
_REFUSAL_EXIT_CODE = 2


class Server:
    """Answers clients on behalf of a `Service`, which must stand being called from several threads.

    Use in this order: take the instance lock, `bind`, lock the process, `start`; at the end `stop`.
    """

    def __init__(self, socket: Path, service: Service) -> None:
        self._socket = socket
        self._service = service
        self._sessions = _Sessions(MAX_CLIENTS)
        self._acceptor: Acceptor | None = None
        self._thread: threading.Thread | None = None

    def bind(self) -> None:
        """Make the socket; clients that connect from now on wait until `start`.

        Raises:
            UnsafeAddressError: the socket's folder is not ours alone.
            OSError: it cannot be made.
        """
        self._acceptor = listen(self._socket)

    def start(self) -> None:
        """Begin to answer, in threads of its own."""
        if self._acceptor is None:
            raise RuntimeError("bind comes before start")
        self._thread = threading.Thread(
            target=self._accept, args=(self._acceptor,), name="control", daemon=True
        )
        self._thread.start()

    def stop(self, grace: float = 2.0) -> None:
        """Take no more clients, let running calls finish for `grace` seconds, hang up, remove the socket."""
        if self._acceptor is None:
            return
        self._acceptor.stop()
        if self._thread is not None:
            self._thread.join()
        self._sessions.end(grace)
        self._acceptor.close()
        self._acceptor = None

    def _accept(self, acceptor: Acceptor) -> None:
        while (channel := acceptor.accept()) is not None:
            if (session := self._sessions.admit(channel)) is None:
                self._turn_away(channel)
                continue
            threading.Thread(target=self._serve, args=(session,), name="control-client", daemon=True).start()

    def _turn_away(self, channel: Channel) -> None:
        """Tell a newcomer that all places are taken; the few bytes always fit into a fresh channel."""
        with contextlib.suppress(ChannelError):
            text = f"{MAX_CLIENTS} programs are talking to Homepress already; try again when one has ended."
            channel.send(wire.encode(Failure(text)))
        channel.close()

    def _serve(self, session: "_Session") -> None:
        try:
            self._converse(session)
        except ChannelError as error:
            _LOG.debug("a client is gone: %s", error)
        except Exception:  # noqa: BLE001  a boundary: a fault here must not pass in silence
            _LOG.exception("a conversation on the control socket failed")
        finally:
            self._sessions.leave(session)

    def _converse(self, session: "_Session") -> None:
        """Greet, then answer call after call, until the client is gone and `receive` or `send` raises."""
        greeting = session.receive(_HELLO_SECONDS)
        if (basic := wire.asked_by_any_version(greeting)) is not None:
            self._answer_any_version(session, basic)
            return
        refusal = _refuse_greeting(greeting)
        session.send(wire.encode(refusal or Welcome(VERSION, homepress.__version__)))
        while refusal is None:
            frame = session.receive()
            with contextlib.closing(answers(self._service, frame)) as messages:
                for message in messages:
                    session.send(message)

    def _answer_any_version(self, session: "_Session", ask: str) -> None:
        """The part that never changes; see `wire`."""
        if ask == wire.STOP:
            self._service.stop()
        about = wire.About(program=homepress.__version__, protocol=VERSION, pid=os.getpid())
        session.send(wire.encode(about))


def _refuse_greeting(frame: bytes) -> Failure | None:
    """What to say to a client that speaks another version, or no version at all."""
    try:
        hello: Hello = wire.decode(frame, Hello)
    except wire.BadMessageError as error:
        return Failure(f"Invalid handshake ({error}).", _REFUSAL_EXIT_CODE)
    if hello.v == VERSION:
        return None
    return Failure(
        f"Homepress {homepress.__version__} in the background speaks version {VERSION} of its protocol, this "
        f"program version {hello.v}. After an upgrade, restart it: homepress stop && homepress run",
        _REFUSAL_EXIT_CODE,
    )


def answers(service: Service, frame: bytes) -> Generator[bytes]:
    """The encoded answers to one encoded call.

    Whatever goes wrong becomes an answer too. Closing the generator closes the service's stream.
    """
    try:
        method, call = wire.decode_call(frame)
    except wire.BadMessageError as error:
        yield wire.encode(_not_understood(error))
        return
    try:
        yield from _perform(service, method, call)
    except ServiceError as error:
        yield wire.encode(Failure(str(error), error.exit_code))
    except OSError as error:  # the system's trouble: no fault of ours, and said as such
        _LOG.warning("%s: %s", method.name, error)
        yield wire.encode(Failure(with_name(error)))
    except Exception as error:  # noqa: BLE001  a boundary: the client gets a summary, the log has the details
        _LOG.exception("%s failed", method.name)
        text = f"Internal error ({type(error).__name__}: {error}); see the log for details."
        yield wire.encode(Failure(text))


def _perform(service: Service, method: wire.Method, call: wire.ServiceCall) -> Generator[bytes]:
    outcome = method.perform(service, call)
    if not method.streams:
        yield _fitting(Result(outcome))
        return
    try:
        for item in outcome:
            yield _fitting(Item(item))
    finally:
        if isinstance(outcome, Generator):
            outcome.close()
    yield wire.encode(Done())


def _fitting(answer: Result | Item) -> bytes:
    """An encoded answer, if it is no longer than a message may be."""
    frame = wire.encode(answer)
    if len(frame) > MAX_FRAME_BYTES:
        raise ServiceError(f"The answer is longer than {MAX_FRAME_BYTES:,} bytes; ask for less at once.")
    return frame


def _not_understood(error: wire.BadMessageError) -> Failure:
    return Failure(
        f"Homepress {homepress.__version__} in the background did not understand the request ({error}). "
        "After an upgrade, restart it: homepress stop && homepress run",
        _REFUSAL_EXIT_CODE,
    )


class _Session:
    """One client's channel.

    Attributes:
        waiting_since: monotonic second since when we wait for the client; None while it waits for us.
        answering: whether an answer is on its way: the client may be slow, or it may be our last word.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.waiting_since: float | None = time.monotonic()
        self.answering = False

    def receive(self, within: float | None = None) -> bytes:
        with self._waiting():
            return self._channel.receive(within)

    def send(self, frame: bytes) -> None:
        self.answering = True
        try:
            with self._waiting():
                self._channel.send(frame)
        finally:
            self.answering = False

    def interrupt(self) -> None:
        self._channel.interrupt()

    def close(self) -> None:
        self._channel.close()

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        self.waiting_since = time.monotonic()
        try:
            yield
        finally:
            self.waiting_since = None


class _Sessions:
    """All connected clients, at most that many at once; safe for use by several threads.

    A newcomer is let in at the cost of the one that has been silent longest.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: set[_Session] = set()
        self._changed = threading.Condition()

    def admit(self, channel: Channel) -> _Session | None:
        """A session for a new channel, or None when all places are taken by clients that are being served."""
        with self._changed:
            if len(self._open) >= self._limit:
                silent = self._longest_silent()
                if silent is None:
                    return None
                self._open.discard(silent)
                silent.interrupt()
            session = _Session(channel)
            self._open.add(session)
            return session

    def leave(self, session: "_Session") -> None:
        """The thread that used a session is done with it."""
        session.close()
        with self._changed:
            self._open.discard(session)
            self._changed.notify_all()

    def end(self, grace: float) -> None:
        """Wait until nobody is being served, at most `grace` seconds; then hang up on all."""
        deadline = time.monotonic() + grace
        with self._changed:
            while self._any_served() and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(min(left, 0.02))
            for session in self._open:
                session.interrupt()
            self._changed.wait_for(lambda: not self._open, timeout=1.0)

    def _any_served(self) -> bool:
        return any(session.answering or session.waiting_since is None for session in self._open)

    def _longest_silent(self) -> _Session | None:
        now = time.monotonic()
        silences = {
            session: now - since for session in self._open if (since := session.waiting_since) is not None
        }
        longest = max(silences, key=silences.__getitem__, default=None)
        return longest if longest is not None and silences[longest] >= _SILENT_SECONDS else None
