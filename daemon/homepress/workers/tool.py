"""Helper programs: bytes in and out through the standard pipes, locked like a worker."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from io import RawIOBase

import msgspec

from homepress.privacy import Limits
from homepress.workers.command import module_command
from homepress.workers.deaths import Death, DeathKind, WorkerDied, cause_of
from homepress.workers.messages import NOT_STARTED, ToolOrders
from homepress.workers.process import Program

_CHILD = "homepress.workers.tool_child"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a helper program gave.

    Attributes:
        output: all of its standard output.
        exit_code: 0 when it was content.
        errors: the end of its error output.
    """

    output: bytes
    exit_code: int
    errors: str


def run_tool(
    command: Sequence[str],
    source: bytes,
    limits: Limits,
    *,
    deadline_seconds: float,
    most_output: int,
    background: bool = True,
) -> ToolResult:
    """Run a program once in a process of its own that can reach nothing but its two pipes.

    Args:
        command: the program by its full path, and its arguments.
        source: what it reads.
        limits: of its process.
        deadline_seconds: after so long it is killed; see `Watchdog` for what counts.
        most_output: bytes; more than that counts as gone mad.
        background: whether it runs at idle priority.

    Raises:
        WorkerDied: it crashed, hung, wrote too much or did not start.
    """
    orders = ToolOrders(limits=limits, background=background, command=list(command), parent=os.getpid())
    arguments = (*module_command(_CHILD), msgspec.json.encode(orders).decode())
    program = Program(arguments, limits, background=background)
    feeder = threading.Thread(target=_feed, args=(program.input, source), name="tool input", daemon=True)
    feeder.start()
    output = program.attempt(deadline_seconds, lambda: _read_up_to(program.output, most_output))
    if len(output) > most_output:
        program.kill(DeathKind.CRASHED)
    feeder.join()
    code, errors = program.end(), program.errors()
    if code == NOT_STARTED:
        raise WorkerDied(Death(DeathKind.REFUSED_TO_START, exit_code=code, detail=errors.strip()))
    if code < 0:
        detail = f"it wrote more than {most_output} bytes" if len(output) > most_output else ""
        raise WorkerDied(Death(cause_of(code, errors, program.killed_as), signal=-code, detail=detail))
    return ToolResult(output, code, errors)


def _feed(stream: RawIOBase, source: bytes) -> None:
    """Write all there is and close; a program may stop reading when it has seen enough."""
    left = memoryview(source)
    try:
        with stream:
            while left:
                left = left[stream.write(left) or 0 :]
    except OSError:
        return


def _read_up_to(stream: RawIOBase, most: int) -> bytes:
    """All that comes, or a little more than `most`."""
    output = bytearray()
    while len(output) <= most and (chunk := stream.read(_CHUNK)):
        output += chunk
    return bytes(output)
