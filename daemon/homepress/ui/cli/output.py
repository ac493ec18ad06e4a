"""What a command prints: sentences and columns for people, JSON for programs.

Results go to standard output, remarks and faults to standard error. Colour only repeats what words say, and
only where there is a terminal that wants it.
"""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, TextIO, TypeVar

import click
import msgspec

from homepress.base.units import counted, percent_saved, size
from homepress.ui.text import printable

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
        remark(f"{strong('homepress:')} {printable(line)}")


def print_json(value: Any, *, err: bool = False) -> None:
    """Print a struct or plain value as one line of JSON; in ASCII, which any name survives.

    Args:
        value: what to print.
        err: to standard error, where standard output has a picture.
    """
    click.echo(json.dumps(msgspec.to_builtins(value), ensure_ascii=True, allow_nan=False), err=err)


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


# A bar at the bottom of the terminal while work goes on above it; nothing in a pipe.

_LENGTH = 24


class ProgressBar:
    """Counts steps on standard error, if that is a terminal; use as a context.

    Lines for standard output go through `say` while a bar may be shown, so that the two do not mix.
    """

    def __init__(self, thing: str, total: int | None = None) -> None:
        """Say how many `thing`s there will be; None when nobody knows."""
        self._thing = thing
        self._total = total
        self._done = 0
        self._shown = on_terminal(sys.stderr)

    def __enter__(self) -> "ProgressBar":
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()
        self._shown = False

    def expect(self, total: int) -> None:
        """Set the total, as far as it is known by now."""
        self._total = total
        self._draw()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        self._draw()

    def say(self, line: str) -> None:
        """Print a line of results above the bar."""
        self._clear()
        say(line)
        self._draw()

    def _draw(self) -> None:
        if self._shown:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{self._text()[:width]}")
            sys.stderr.flush()

    def _clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _text(self) -> str:
        if not self._total:
            return f"{counted(self._done, self._thing)} done ..." if self._done else "Working ..."
        total = max(self._total, self._done)
        full = round(_LENGTH * self._done / total)
        filled, empty = symbol("█", "#") * full, symbol("░", ".") * (_LENGTH - full)
        return f"{filled}{empty}  {self._done:,} of {counted(total, self._thing)}"


# Answers that come one by one: printed as they come, counted on the way.

_T = TypeVar("_T", bound=msgspec.Struct)


def print_each(
    items: Iterable[_T],
    line: Callable[[_T], str],
    *,
    as_json: bool,
    thing: str = "picture",
    total: int | None = None,
) -> Iterator[_T]:
    """Print each item, as JSON or as its line above a progress bar, and hand it on.

    Args:
        items: ended when the caller stops taking, so that no work goes on unseen.
        line: an item in words.
        as_json: whether programs read it.
        thing: what is counted.
        total: how many there will be, as far as anybody knows.
    """
    with ProgressBar(thing, total) as progress, closing(items):
        for item in items:
            if as_json:
                print_json(item)
            else:
                progress.say(line(item))
            progress.step()
            yield item


@contextlib.contextmanager
def closing(items: Iterable[object]) -> Iterator[None]:
    """Close a stream at the end of the block, if it can be closed."""
    try:
        yield
    finally:
        if isinstance(items, Generator):
            items.close()


# A picture on a line: its sizes in columns, then its name, aligned though lines come one by one.

_SIZE_WIDTH = 8
_REST_WIDTH = 16


def sizes(before: int, after: int = 0, word: str = "") -> str:
    """ "  4.2 MB →   1.9 MB  −55 %"; with a `word` in place of the size after, when nothing was made."""
    first = size(before).rjust(_SIZE_WIDTH) if before else " " * _SIZE_WIDTH
    if word:
        return f"{first}   {padded(word, _REST_WIDTH)}"
    arrow, minus = symbol("→", "->"), symbol("−", "-")
    saved = percent_saved(before, after)
    percent = good(f"{minus}{saved:>2} %") if saved >= 0 else f"+{-saved:>2} %"
    return f"{first} {arrow} {size(after).rjust(_SIZE_WIDTH)}  {percent}"


def where(path: str) -> str:
    """A path as short as it is clear: relative where it lies under the working directory."""
    try:
        here = os.getcwd()
    except OSError:
        return printable(path)  # the working directory is gone
    under = path.startswith(here.rstrip(os.sep) + os.sep) and here != os.sep
    return printable(path[len(here) + 1 :] if under else path)


def why(path: str, reason: str) -> str:
    """A picture and a reason on one line; a reason that names the picture itself does not name it twice."""
    return f"{where(path)}: {printable(reason.removeprefix(f'{path}: '))}"
