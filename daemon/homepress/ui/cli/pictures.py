"""A picture on a line: its sizes in columns, then its name, aligned though lines come one by one."""

import os

from homepress.base.units import percent_saved, size
from homepress.ui.cli import output
from homepress.ui.text import shown

_SIZE_WIDTH = 8
_REST_WIDTH = 16


def sizes(before: int, after: int = 0, word: str = "") -> str:
    """ "  4.2 MB →   1.9 MB  −55 %"; with a `word` in place of the size after, when nothing was saved."""
    first = size(before).rjust(_SIZE_WIDTH) if before else " " * _SIZE_WIDTH
    if word:
        return f"{first}   {output.padded(word, _REST_WIDTH)}"
    arrow, minus = output.symbol("→", "->"), output.symbol("−", "-")
    percent = output.good(f"{minus}{percent_saved(before, after):>2} %")
    return f"{first} {arrow} {size(after).rjust(_SIZE_WIDTH)}  {percent}"


def where(path: str) -> str:
    """A path as short as it is clear: relative where it lies beneath the working directory."""
    try:
        here = os.getcwd()
    except OSError:
        return shown(path)  # the working directory is gone
    beneath = path.startswith(here.rstrip(os.sep) + os.sep) and here != os.sep
    return shown(path[len(here) + 1 :] if beneath else path)


def why(path: str, reason: str) -> str:
    """A picture and a reason on one line; a reason that names the picture itself does not name it twice."""
    return f"{where(path)}: {shown(reason.removeprefix(f'{path}: '))}"
