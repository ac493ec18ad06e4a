"""The part of the conversation that never changes: programs of any two versions can deal with each other.

The first frame of a client is a JSON object. With `"v": 0` it asks for one of two things:

    {"v": 0, "ask": "about"}     who is there?
    {"v": 0, "ask": "stop"}      end, after what is under way

and a daemon of any version answers both with

    {"answer": "about", "program": "0.1.0", "protocol": 1, "pid": 4711}

and hangs up. Fields may be added on both sides; none of these is ever left out or means something else. A
daemon older than this part answers with a `Failure` that names its version; it is ended by a signal (see
`running`).
"""

import re
from pathlib import Path

import msgspec

from homepress.control import wire
from homepress.control.transport import Channel, ChannelError, connect
from homepress.control.wire import Failure

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


def asked(frame: bytes) -> str | None:
    """What a first frame asks for in the part that never changes; None when it is another greeting."""
    try:
        basic: Basic = wire.decode(frame, Basic)
    except wire.BadMessageError:
        return None
    return basic.ask if basic.v == EVERY_VERSION else None


def ask(socket: Path, what: str) -> tuple[About | None, bool]:
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
        channel.send(wire.encode(Basic(EVERY_VERSION, what)))
        answer: _Answer = wire.decode(channel.receive(_ANSWER_SECONDS), _Answer)
        if isinstance(answer, About):
            return answer, True
        return _named(answer.text, channel), False
    except ChannelError:
        return _named("", channel), False
    except wire.BadMessageError:
        return _named("", channel), False
    finally:
        channel.close()


def _named(text: str, channel: Channel) -> About:
    """What is known of a daemon that does not know this part: its own words, and what the system says."""
    found = _NAMED.match(text)
    program, protocol = (found[1], int(found[2])) if found else ("", 0)
    return About(program=program, protocol=protocol, pid=channel.peer())
