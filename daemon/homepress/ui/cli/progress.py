"""A bar at the bottom of the terminal while work goes on above it; nothing in a pipe."""

import shutil
import sys
from types import TracebackType

from homepress.base.units import counted
from homepress.ui.cli import output

_LENGTH = 24


class Progress:
    """Counts steps on standard error, if that is a terminal; use as a context.

    Lines for standard output go through `say` while a bar may be shown, so that the two do not mix.
    """

    def __init__(self, thing: str, total: int | None = None) -> None:
        """Say how many `thing`s there will be; None when nobody knows."""
        self._thing = thing
        self._total = total
        self._done = 0
        self._shown = output.on_terminal(sys.stderr)

    def __enter__(self) -> "Progress":
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()
        self._shown = False

    def expect(self, total: int) -> None:
        """So many there will be, as is known by now."""
        self._total = total
        self._draw()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        self._draw()

    def say(self, line: str) -> None:
        """Print a line of results above the bar."""
        self._clear()
        output.say(line)
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
        filled, empty = output.symbol("█", "#") * full, output.symbol("░", ".") * (_LENGTH - full)
        return f"{filled}{empty}  {self._done:,} of {counted(total, self._thing)}"
