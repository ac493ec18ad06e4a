"""Times, paths and what is left alone in words, and times as people type them: alike in every interface."""

import os
import re
from datetime import datetime, time, timedelta

from homepress.base.system_errors import shell_word
from homepress.base.units import counted, percent_saved, size
from homepress.control.service import CheckReport

_WEEK = 7

PAUSES = (
    ("For 30 minutes", "30m"),
    ("For 1 hour", "1h"),
    ("For 2 hours", "2h"),
    ("Until tomorrow", "tomorrow"),
    ("Until I resume", ""),
)
"""The pauses that menus offer: in words, and as `homepress pause` takes them; empty for no end."""

LET_IN = "The pictures in it that were left alone until now will be compressed like those that come."
"""What is said before existing pictures of a watched folder are let in, where they are not counted."""


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
    """A future time, as seen from now: "15:30", "tomorrow 06:00", "Mon 5 May 06:00"."""
    then, today = datetime.fromtimestamp(time), datetime.fromtimestamp(now).date()
    if then.date() == today:
        return f"{then:%H:%M}"
    if then.date() == today + timedelta(days=1):
        return f"tomorrow {then:%H:%M}"
    return f"{then:%a} {then.day} {then:%b %H:%M}"


def day_of(time: float, now: float) -> str:
    """The day of a future time, as seen from now: "today", "tomorrow", "on Thursday", "on Mon 5 May"."""
    then, today = datetime.fromtimestamp(time), datetime.fromtimestamp(now).date()
    days = (then.date() - today).days
    if days < _WEEK:
        return ("today", "tomorrow")[days] if days in (0, 1) else f"on {then:%A}"
    return f"on {then:%a} {then.day} {then:%b}"


def printable(text: str) -> str:
    """A path, or a line with paths in it, to look at: no terminal takes anything in it as a command.

    A path in the home folder begins with `~`; control characters and bytes that are no UTF-8 are
    escaped, such as `\\x1b` and `\\xff`.
    """
    home = os.path.expanduser("~")
    if home != "~" and (text == home or text.startswith(home.rstrip(os.sep) + os.sep)):
        text = "~" + text[len(home.rstrip(os.sep)) :]
    return "".join(map(_shown_character, text))


def in_command(path: str) -> str:
    """A path in a command that a person copies: in full, since between quotes no shell looks for `~`."""
    return shell_word("".join(map(_shown_character, path)))


def let_in_lines(found: CheckReport) -> list[str]:
    """What was left alone in a watched folder and is to be compressed now, and what that would save."""
    if not found.images:
        return ["None of the pictures in it was left alone, so none is compressed now; those that come are."]
    lines = [
        f"Left alone in it until now: {counted(found.images, 'picture')} ({size(found.before_bytes)}), to be "
        "compressed like those that come."
    ]
    if saved := found.before_bytes - found.after_bytes:
        part = "" if found.tried >= found.images else f", tried on {found.tried:,} of them"
        percent = percent_saved(found.before_bytes, found.after_bytes)
        lines.append(f"That will save about {size(saved)} ({percent} %){part}.")
    return lines


def written_to(kind: str, output: str) -> str:
    """Where a result of the history went, by its `kind`; empty where it has the name of its picture.

    What was written elsewhere left its picture as it was; in the same folder a name says enough.
    """
    if kind == "convert":
        return f"now {printable(os.path.basename(output))}"
    if kind == "beside":
        return f"written to {printable(os.path.basename(output))}"
    return f"written to {printable(output)}" if kind == "output" else ""


def in_one_line(text: str) -> str:
    """As `shown`, of text that may have several lines, where there is room for one."""
    return printable(" ".join(text.split()))


def _shown_character(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable():
        return character
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


# Times as people type them: a length of time to pause for, a moment in the past to count from.

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LENGTH = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?[smhdw])+")
_PART = re.compile(r"([0-9.]+)([smhdw])")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_MORNING = time(6)
_LONGEST = 100 * 365 * 86_400


def length(text: str) -> float:
    """Seconds in "90s", "30m", "2h", "1h30m", "3d" or "1w".

    Raises:
        ValueError: it is none of these.
    """
    word = text.strip().lower().replace(" ", "")
    if not _LENGTH.fullmatch(word):
        raise ValueError(f'"{text}" is no length of time; write one such as 30m, 2h or 1h30m')
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(word))
    if seconds > _LONGEST:
        raise ValueError(f'"{text}" is longer than a hundred years')
    return seconds


def future(text: str, now: float) -> float:
    """The time that "30m", "2h", "15:30" or "tomorrow" (6:00 in the morning) names, in seconds since 1970.

    Raises:
        ValueError: it names none.
    """
    word = text.strip().lower()
    today = datetime.fromtimestamp(now)
    if word == "tomorrow":
        return datetime.combine(today.date() + timedelta(days=1), _MORNING).timestamp()
    if clock := _CLOCK.fullmatch(word):
        at = datetime.combine(today.date(), time(int(clock[1]), int(clock[2])))
        return (at if at > today else at + timedelta(days=1)).timestamp()
    try:
        return now + length(word)
    except ValueError:
        raise ValueError(f'"{text}" is no time to come; write 30m, 2h, 15:30 or tomorrow') from None


def past(text: str, now: float) -> float:
    """The time that "2h" (ago), "today", "yesterday", "14:30", or an ISO 8601 date or time names.

    Days begin at midnight; times without a zone are local.

    Raises:
        ValueError: it names none, or one to come.
    """
    word = text.strip().lower()
    midnight = datetime.combine(datetime.fromtimestamp(now).date(), time())
    if word in ("today", "yesterday"):
        return (midnight - timedelta(days=word == "yesterday")).timestamp()
    if clock := _CLOCK.fullmatch(word):
        at = midnight.replace(hour=int(clock[1]), minute=int(clock[2])).timestamp()
        return at if at <= now else at - 86_400
    try:
        at = (
            now - length(word)
            if _LENGTH.fullmatch(word)
            else datetime.fromisoformat(text.strip()).timestamp()
        )
    except (ValueError, OverflowError, OSError):
        expected = "write 2h, 3d, yesterday, 14:30, 2026-05-01 or 2026-05-01T14:30"
        raise ValueError(f'"{text}" is no time in the past; {expected}') from None
    if at > now:
        raise ValueError(f'"{text}" has yet to come')
    return at
