"""Figures, times and paths in words, the same in every user interface."""

import os
from datetime import datetime, timedelta

from homepress.base.units import counted, percent_saved, size

__all__ = ["counted", "day_of", "in_one_line", "moment", "percent_saved", "shown", "size", "until"]

_WEEK = 7


def moment(time: float, now: float) -> str:
    """A time in the past: "today 14:02", "yesterday 09:10", "Mon 5 May 09:10", "5 May 2025"."""
    then, today = datetime.fromtimestamp(time), datetime.fromtimestamp(now).date()
    days = (today - then.date()).days
    if days in (0, 1):
        return f"{('today', 'yesterday')[days]} {then:%H:%M}"
    if 1 < days < 180:
        return f"{then:%a} {then.day} {then:%b %H:%M}"
    return f"{then.day} {then:%b %Y}"


def until(time: float, now: float) -> str:
    """A time to come, told from now: "15:30", "tomorrow 06:00", "Mon 5 May 06:00"."""
    then, today = datetime.fromtimestamp(time), datetime.fromtimestamp(now).date()
    if then.date() == today:
        return f"{then:%H:%M}"
    if then.date() == today + timedelta(days=1):
        return f"tomorrow {then:%H:%M}"
    return f"{then:%a} {then.day} {then:%b %H:%M}"


def day_of(time: float, now: float) -> str:
    """The day of a time to come, told from now: "today", "tomorrow", "on Thursday", "on Mon 5 May"."""
    then, today = datetime.fromtimestamp(time), datetime.fromtimestamp(now).date()
    days = (then.date() - today).days
    if days < _WEEK:
        return ("today", "tomorrow")[days] if days in (0, 1) else f"on {then:%A}"
    return f"on {then:%a} {then.day} {then:%b}"


def shown(text: str) -> str:
    """A path, or a line with paths in it, to look at: no terminal takes anything in it as a command.

    A path in the home folder begins with `~`; control characters and bytes that are no UTF-8 are
    escaped, such as `\\x1b` and `\\xff`.
    """
    home = os.path.expanduser("~")
    if home != "~" and (text == home or text.startswith(home.rstrip(os.sep) + os.sep)):
        text = "~" + text[len(home.rstrip(os.sep)) :]
    return "".join(map(_shown_character, text))


def in_one_line(text: str) -> str:
    """As `shown`, of text that may have several lines, where there is room for one."""
    return shown(" ".join(text.split()))


def _shown_character(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable():
        return character
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
