"""What carries messages between a client and the daemon, whatever the system calls it."""

from typing import Protocol

MAX_FRAME_BYTES = 1 << 20
"""No message is longer, in either direction."""

FRAME_SECONDS = 10.0
"""A message that has begun to arrive must be complete after this time."""


class ChannelError(Exception):
    """The channel cannot be used any more: the other side hung up or broke the framing."""


class ChannelTimeoutError(ChannelError):
    """Nothing came in the time that was given."""


class UnsafeAddressError(Exception):
    """The folder of the socket, or its listener, is not ours alone; the text says what to do."""


class Channel(Protocol):
    """Frames to and from one process of the same user. One thread uses it, any may interrupt it."""

    def send(self, frame: bytes) -> None:
        """Send one frame, however long the other side takes to read it.

        Raises:
            ChannelError: the other side is gone, or `interrupt` was called.
            ValueError: longer than `MAX_FRAME_BYTES`.
        """

    def receive(self, within: float | None = None) -> bytes:
        """The next frame, waiting at most `within` seconds for its beginning (None: for ever).

        Raises:
            ChannelTimeoutError: none began in that time, or it was not complete after `FRAME_SECONDS`.
            ChannelError: the other side is gone or sent too long a frame, or `interrupt` was called.
        """

    def peer(self) -> int | None:
        """The id of the process that listens, by the word of the system; None where it does not say."""

    def interrupt(self) -> None:
        """Make the present and every later `send` and `receive` fail, from any thread."""

    def close(self) -> None:
        """Free what the channel holds; the thread that uses it calls this last."""


class Acceptor(Protocol):
    """A bound address on which channels arrive. It makes nothing later that a locked process could not."""

    def accept(self) -> Channel | None:
        """The next channel from a process of the same user; None after `stop`."""

    def stop(self) -> None:
        """Make `accept` give None now and from now on, from any thread."""

    def close(self) -> None:
        """Free the address; called after the accepting thread has ended."""
