"""Pictures that are in no file: `homepress compress -`, from standard input to standard output."""

import sys
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

import click

from homepress.base.paths import Paths
from homepress.base.units import size
from homepress.control.service import CompressRequest, ServiceError
from homepress.ui.cli import output
from homepress.ui.cli.output import sizes
from homepress.ui.text import printable

if TYPE_CHECKING:
    from homepress.base.results import FileOutcome

INPUT = "-"
"""The path that is standard input."""

_NAME = "standard input"


def compress_input(request: CompressRequest, *, as_json: bool) -> int:
    """Read one picture from standard input and write the smaller one to standard output; the exit code.

    Where nothing can be saved, the picture is written as it came. What was asked and cannot be done ends with
    exit code 1, and where there is no result then, nothing is written.
    """
    from homepress.daemon.commands.in_memory import InMemoryCompressor

    _refuse_terminals(dry_run=request.dry_run)
    source = _read(sys.stdin.buffer)
    with closing(InMemoryCompressor(Paths.from_environment())) as compressor:
        outcome, result = compressor.compress(source, request)
        if not request.dry_run and (result or not outcome.missed):
            sys.stdout.buffer.write(result or source)
            sys.stdout.buffer.flush()
        _say(outcome, as_json=as_json, written=not request.dry_run)
        if result and not request.dry_run:
            compressor.remember(source, result)
    return 1 if outcome.missed else 0


def _refuse_terminals(*, dry_run: bool) -> None:
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("Standard input is a terminal; send a picture into it with: < photo.jpg")
    if sys.stdout.isatty() and not dry_run:
        raise click.UsageError("Standard output is a terminal; send it to a file with: > small.jpg")


def _read(stream: BinaryIO) -> bytes:
    """All that comes, within bounds.

    Raises:
        ServiceError: it is more than a picture may have.
    """
    from homepress.daemon.commands.in_memory import MOST_BYTES

    source = stream.read(MOST_BYTES + 1)
    if len(source) > MOST_BYTES:
        raise ServiceError(f"{_NAME}: it has more than {size(MOST_BYTES)}, the most that is read")
    return source


def _say(outcome: "FileOutcome", *, as_json: bool, written: bool) -> None:
    """What became of it, on standard error: standard output has the picture."""
    if as_json:
        output.print_json(outcome, err=True)
        return
    if outcome.outcome == "compressed":
        note = f": {printable(outcome.reason)}" if outcome.reason else ""
        output.remark(f"{sizes(outcome.before_bytes, outcome.after_bytes)}  {_NAME}{note}")
        return
    end = "; written as it came" if written and not outcome.missed else "; nothing was written"
    output.remark(
        f"{sizes(outcome.before_bytes, word=outcome.outcome)}  {_NAME}: {printable(outcome.reason)}{end}"
    )
