"""Helper programs: bytes in and out through the standard pipes, locked like a worker. One is gifsicle."""

import functools
import logging
import os
import shutil
import sysconfig
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

import msgspec

from homepress.base.formats import ImageType
from homepress.compress import Reason, Unchanged
from homepress.privacy import Limits
from homepress.workers import launcher
from homepress.workers.host import host
from homepress.workers.process import Death, DeathKind, Program, WorkerDied, cause_of, module_command
from homepress.workers.protocol import NOT_STARTED, ToolConfig, plain

_log = logging.getLogger(__name__)

_CHILD = "homepress.workers.tool_child"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a helper program gave.

    Attributes:
        output: all of its standard output.
        exit_code: 0 when it was content.
        errors: the end of its error output, in a line.
    """

    output: bytes
    exit_code: int
    errors: str


class Tool(Program):
    """One run of a helper program, in a process of its own that can reach nothing but its two pipes."""

    def __init__(self, command: Sequence[str], limits: Limits, *, background: bool = True) -> None:
        """Start it.

        Args:
            command: the program by its full path, and its arguments.
            limits: of its process.
            background: whether it runs at idle priority.

        Raises:
            WorkerDied: it could not be started.
        """
        words = [os.fsencode(word) for word in command]
        config = ToolConfig(
            parent=launcher.parent(),
            limits=limits,
            background=background,
            command=words,
            must_lock=launcher.launcher() is not None,
        )
        locked = (*module_command(_CHILD), msgspec.json.encode(config).decode())
        super().__init__(host.tool_command(locked, command), limits, background=background)

    def run(self, source: bytes, deadline_seconds: float, most_output: int) -> ToolResult:
        """Give it its input, and wait for its output and its end.

        Args:
            source: what it reads.
            deadline_seconds: after so long it is killed; see `Watchdog` for what counts.
            most_output: bytes; a program that writes more has gone mad.

        Raises:
            WorkerDied: it crashed, hung, wrote too much or did not start.
        """
        feeder = threading.Thread(target=_feed, args=(self.input, source), name="tool input", daemon=True)
        feeder.start()
        begin = time.monotonic()

        def exchange() -> bytes:
            output = _read_up_to(self.output, most_output)
            if len(output) > most_output:
                self.kill(DeathKind.CRASHED)
            # Against the clock too: a program may close its output and neither read on nor end.
            feeder.join()
            return output

        output = self.attempt(deadline_seconds, exchange)
        flooded = len(output) > most_output
        code, errors = self.end(), self.errors()
        if code == NOT_STARTED:
            raise WorkerDied(Death(DeathKind.REFUSED_TO_START, exit_code=code, detail=plain(errors)))
        if code < 0:
            kind, seconds = cause_of(code, errors, self.killed_as), time.monotonic() - begin
            detail = f"it wrote more than {most_output} bytes" if flooded else ""
            raise WorkerDied(Death(kind, signal=-code, seconds=seconds, detail=detail))
        return ToolResult(output, code, plain(errors))


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


# gifsicle, the program that makes GIFs smaller: where it is, and what its output is good for.

_NAME = "gifsicle"


@functools.cache
def gifsicle() -> Path | None:
    """The program: the one installed with Homepress, else the system's; None when there is none."""
    beside_python = shutil.which(_NAME, path=sysconfig.get_path("scripts"))
    found = beside_python or shutil.which(_NAME)
    return Path(found).resolve() if found else None


def gifsicle_command(program: Path) -> tuple[str, ...]:
    """Its command line: it reads a GIF from its standard input and writes one to its output."""
    return (str(program), "--optimize=3", "--optimize=keep-empty", "--no-warnings", "--no-ignore-errors")


def most_gif_output(source: bytes) -> int:
    """Bytes that it may write: more than any sensible result, so that only what has gone mad is ended."""
    return 4 * len(source) + (1 << 20)


def gif_refusal(result: ToolResult) -> Unchanged | None:
    """Why the picture stays as it is when gifsicle did not want it; None when there is a candidate."""
    if result.exit_code == 0:
        return None
    _log.warning("gifsicle refused a picture: %s", ascii(result.errors))
    detail = "gifsicle, which makes GIFs smaller, did not take it"
    return Unchanged(Reason.CANNOT_KEEP_WHOLE, detail, ImageType.GIF)
