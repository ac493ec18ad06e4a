"""Who is connected: at most so many at once, and a newcomer is let in at the cost of whoever is silent."""

import contextlib
import threading
import time
from collections.abc import Iterator

from homepress.control.transport import Channel

_SILENT_SECONDS = 1.0
"""Whoever kept us waiting that long may be hung up on when places run out."""


class Session:
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
        """As `Channel.receive`."""
        with self._waiting():
            return self._channel.receive(within)

    def send(self, frame: bytes) -> None:
        """As `Channel.send`."""
        self.answering = True
        try:
            with self._waiting():
                self._channel.send(frame)
        finally:
            self.answering = False

    def interrupt(self) -> None:
        """As `Channel.interrupt`."""
        self._channel.interrupt()

    def close(self) -> None:
        """As `Channel.close`."""
        self._channel.close()

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        self.waiting_since = time.monotonic()
        try:
            yield
        finally:
            self.waiting_since = None


class Sessions:
    """All sessions there are; safe for use by several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: set[Session] = set()
        self._changed = threading.Condition()

    def admit(self, channel: Channel) -> Session | None:
        """A session for a new channel, or None when all places are taken by clients that are being served."""
        with self._changed:
            if len(self._open) >= self._limit:
                silent = self._longest_silent()
                if silent is None:
                    return None
                self._open.discard(silent)
                silent.interrupt()
            session = Session(channel)
            self._open.add(session)
            return session

    def leave(self, session: Session) -> None:
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

    def _longest_silent(self) -> Session | None:
        now = time.monotonic()
        silences = {
            session: now - since for session in self._open if (since := session.waiting_since) is not None
        }
        longest = max(silences, key=silences.__getitem__, default=None)
        return longest if longest is not None and silences[longest] >= _SILENT_SECONDS else None
