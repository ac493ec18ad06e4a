"""What a command prints: sentences and columns for people, JSON for programs.

Results go to standard output, remarks and faults to standard error. Colour only repeats what words say, and
only where there is a terminal that wants it.
"""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import click
import msgspec

from homepress.ui.text import shown

_LONGEST_BAR = 24


def prepare_streams() -> None:
    """Let no name stop the program: what the terminal cannot show comes as an escape.

    Without a console (pythonw), output goes nowhere.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  lives as long as we do
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(text: str = "") -> None:
    """Print a line for people."""
    click.echo(text, color=_colourful(sys.stdout))


def remark(text: str) -> None:
    """Print a line for people that is no result: to standard error."""
    click.echo(text, err=True, color=_colourful(sys.stderr))


def fault(text: str) -> None:
    """Print what went wrong, each line with the program's name before it."""
    for line in text.splitlines() or [""]:
        remark(f"{strong('homepress:')} {shown(line)}")


def print_json(value: Any) -> None:
    """Print a struct or plain value as one line of JSON; in ASCII, which any name survives."""
    click.echo(json.dumps(msgspec.to_builtins(value), ensure_ascii=True, allow_nan=False))


def print_path(path: str) -> None:
    """Print a path byte for byte, for other programs to use."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        click.echo(path)
    else:
        sys.stdout.flush()
        buffer.write(os.fsencode(path) + b"\n")
        buffer.flush()


def columns(rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Lines with aligned columns, two spaces between them.

    Args:
        rows: cells of equal number; styles do not count as width.
        right: the columns that are aligned to the right.
    """
    table = [list(row) for row in rows]
    if not table:
        return []
    widths = [max(_width(row[at]) for row in table) for at in range(len(table[0]))]
    return [
        "  ".join(padded(cell, widths[at], at in right) for at, cell in enumerate(row)).rstrip()
        for row in table
    ]


def padded(cell: str, width: int, right: bool = False) -> str:
    """A cell filled with spaces; styles do not count as width."""
    space = " " * (width - _width(cell))
    return space + cell if right else cell + space


def strong(text: str) -> str:
    """What a reader looks for first."""
    return click.style(text, bold=True)


def faint(text: str) -> str:
    """What is said for completeness."""
    return click.style(text, dim=True)


def good(text: str) -> str:
    """Words that say that all is well."""
    return click.style(text, fg="green")


def worth_knowing(text: str) -> str:
    """Words that say that something is not as usual."""
    return click.style(text, fg="yellow")


def bad(text: str) -> str:
    """Words that say that something is wrong."""
    return click.style(text, fg="red")


def bar(share: float) -> str:
    """A bar for a share of 1, in the characters that the terminal has."""
    return symbol("█", "#") * max(1 if share > 0 else 0, round(share * _LONGEST_BAR))


def symbol(fine: str, plain: str) -> str:
    """A character, or a plain one where standard output cannot hold it."""
    try:
        fine.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plain
    return fine


def on_terminal(stream: TextIO) -> bool:
    """Whether a person looks at a stream, on a terminal that can do more than print lines."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def on_terminal_for_people() -> bool:
    """Whether somebody at a terminal sees our remarks and can answer."""
    return on_terminal(sys.stderr) and sys.stdin is not None and sys.stdin.isatty()


def _colourful(stream: TextIO) -> bool:
    return on_terminal(stream) and not os.environ.get("NO_COLOR")  # https://no-color.org


def _width(cell: str) -> int:
    return len(click.unstyle(cell))
