"""Sizes, counts, shares, lists of names and sentences in words, the same in every message."""

from collections.abc import Sequence

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
_STEP = 1000


def size(count: int) -> str:
    """A number of bytes in decimal units: "512 B", "4.2 MB", "118 GB"."""
    sign, value, unit = "-" if count < 0 else "", float(abs(count)), 0
    # Compared after rounding, so that no "1000 KB" appears.
    while unit < len(_UNITS) - 1 and float(_rounded(value, unit)) >= _STEP:
        value, unit = value / _STEP, unit + 1
    return f"{sign}{_rounded(value, unit)} {_UNITS[unit]}"


def _rounded(value: float, unit: int) -> str:
    return f"{value:.1f}" if unit and round(value, 1) < 100 else f"{value:.0f}"


def counted(number: int, thing: str, many: str = "") -> str:
    """A number with its noun: "1 picture", "1,204 pictures"."""
    return f"{number:,} {thing if number == 1 else many or thing + 's'}"


def percent_saved(before: int, after: int) -> int:
    """How much smaller, in whole percent of `before`; never 100 while anything is left."""
    if before <= 0:
        return 0
    saved = round(100 * (before - after) / before)
    return min(saved, 99) if after > 0 else saved


def enumeration(names: Sequence[str]) -> str:
    """Names as a sentence has them: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def sentence(text: str) -> str:
    """A text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]
