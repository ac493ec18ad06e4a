"""Times as people type them: a length of time to pause for, a moment in the past to count from."""

import re
from datetime import datetime, time, timedelta

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
