"""Times and paths in words, and times as people type them."""

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.base.system_errors import shell_word
from homepress.ui.text import future, in_command, in_one_line, length, moment, past, printable, until
from support import a_home

NOW = datetime(2026, 5, 6, 14, 30).timestamp()


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1.5h", 5400),
        (" 3 D ", 259_200),
        ("1w", 604_800),
    ],
)
def test_lengths(text: str, seconds: float) -> None:
    assert length(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "30", "-2h", "2 hours", "1e3s", "２h", "∞h"])
def test_no_lengths(text: str) -> None:
    with pytest.raises(ValueError, match="write one such as"):
        length(text)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("30m", datetime(2026, 5, 6, 15, 0)),
        ("Tomorrow", datetime(2026, 5, 7, 6, 0)),
        ("15:30", datetime(2026, 5, 6, 15, 30)),
        ("9:00", datetime(2026, 5, 7, 9, 0)),
        ("14:30", datetime(2026, 5, 7, 14, 30)),
    ],
)
def test_times_to_come(text: str, then: datetime) -> None:
    assert future(text, NOW) == then.timestamp()


@pytest.mark.parametrize("text", ["", "yesterday", "25:00", "soon", "2026-05-01"])
def test_no_times_to_come(text: str) -> None:
    with pytest.raises(ValueError, match="is no time to come"):
        future(text, NOW)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("2h", datetime(2026, 5, 6, 12, 30)),
        ("3d", datetime(2026, 5, 3, 14, 30)),
        ("today", datetime(2026, 5, 6)),
        ("yesterday", datetime(2026, 5, 5)),
        ("9:15", datetime(2026, 5, 6, 9, 15)),
        ("23:00", datetime(2026, 5, 5, 23, 0)),
        ("2026-05-01", datetime(2026, 5, 1)),
        ("2026-05-01T10:00", datetime(2026, 5, 1, 10)),
        ("2026-05-01 10:00:30", datetime(2026, 5, 1, 10, 0, 30)),
    ],
)
def test_times_past(text: str, then: datetime) -> None:
    assert past(text, NOW) == then.timestamp()


@pytest.mark.posix("time zones that a program sets")
def test_a_time_with_a_zone(berlin: None) -> None:
    now = datetime(2026, 5, 6, 14, 30).timestamp()
    assert past("2026-05-06T10:00Z", now) == past("2026-05-06T12:00", now)


@pytest.mark.posix("time zones that a program sets")
def test_days_around_the_change_of_clocks(berlin: None) -> None:
    # On 29 March 2026 the clocks go from 2:00 to 3:00 in Germany: that day has 23 hours.
    evening = datetime(2026, 3, 28, 22, 0).timestamp()
    assert future("tomorrow", evening) == evening + 7 * 3600
    assert past("yesterday", datetime(2026, 3, 30, 1, 0).timestamp()) == datetime(2026, 3, 29).timestamp()


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "last week"])
def test_no_times_past(text: str) -> None:
    with pytest.raises(ValueError, match="is no time in the past"):
        past(text, NOW)


def test_what_no_calendar_holds_is_refused() -> None:
    for parse in (future, past):
        with pytest.raises(ValueError, match="is no time"):
            parse("99999999999d", NOW)


def test_the_future_is_not_past() -> None:
    with pytest.raises(ValueError, match="has yet to come"):
        past("2026-05-07", NOW)


@given(st.text() | st.from_regex(re.compile(r"[0-9.:smhdwTZ+-]+"), fullmatch=True))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    for parse in (future, past):
        try:
            assert isinstance(parse(text, NOW), float)
        except ValueError as error:
            assert str(error)


@pytest.mark.parametrize(
    ("then", "text"),
    [
        (datetime(2026, 5, 6, 9, 5), "today 09:05"),
        (datetime(2026, 5, 5, 23, 59), "yesterday 23:59"),
        (datetime(2026, 5, 4, 9, 0), "Mon 4 May 09:00"),
        (datetime(2025, 5, 4, 9, 0), "4 May 2025"),
    ],
)
def test_moments(then: datetime, text: str) -> None:
    assert moment(then.timestamp(), NOW) == text


def test_times_to_come_in_words() -> None:
    assert until(datetime(2026, 5, 6, 15, 30).timestamp(), NOW) == "15:30"
    assert until(datetime(2026, 5, 7, 6, 0).timestamp(), NOW) == "tomorrow 06:00"
    assert until(datetime(2026, 5, 9, 6, 0).timestamp(), NOW) == "Sat 9 May 06:00"


def test_paths_are_shown_with_the_home_folder_as_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = a_home(monkeypatch, "/home/ann")
    assert printable(str(ann)) == "~"
    assert printable(str(ann / "Pictures" / "ä b.jpg")) == str(Path("~/Pictures/ä b.jpg"))
    assert printable(f"{ann}a") == f"{ann}a"
    assert in_command(str(ann / "a b.jpg")) == shell_word(ann / "a b.jpg"), "no shell looks into quotes for ~"


@pytest.mark.posix("names that are no UTF-8")
def test_a_name_cannot_give_the_terminal_orders() -> None:
    name = os.fsdecode(b"/p/\xff\x1b[2J\n\r\xc2\x9b1m.jpg")
    assert printable(name) == "/p/\\xff\\x1b[2J\\x0a\\x0d\\x9b1m.jpg"
    assert printable("/p/\u202egpj.exe") == "/p/\\u202egpj.exe"


@given(st.text())
def test_what_is_shown_can_always_be_printed(text: str) -> None:
    seen = printable(text)
    assert all(character.isprintable() for character in seen)
    seen.encode()


def test_several_lines_become_one() -> None:
    assert in_one_line("first:\n  second \x1b") == "first: second \\x1b"
