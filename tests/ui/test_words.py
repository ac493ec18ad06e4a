"""Figures, times and paths in words."""

import os
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.ui import words

NOW = datetime(2026, 5, 6, 14, 30).timestamp()


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (99_949, "99.9 KB"),
        (99_951, "100 KB"),
        (999_499, "999 KB"),
        (999_501, "1.0 MB"),
        (4_200_000, "4.2 MB"),
        (118_000_000_000, "118 GB"),
        (10**18, "1000 PB"),
        (-4_200_000, "-4.2 MB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert words.size(count) == text


@given(st.integers(0, 10**15))
def test_a_size_is_short_and_right(count: int) -> None:
    number, unit = words.size(count).split()
    assert len(number) <= 4
    factor = 1000 ** ("B", "KB", "MB", "GB", "TB", "PB").index(unit)
    assert abs(float(number) * factor - count) <= max(0.06 * factor, 0.006 * count)


def test_counts() -> None:
    assert words.counted(1, "picture") == "1 picture"
    assert words.counted(0, "picture") == "0 pictures"
    assert words.counted(1204, "entry", "entries") == "1,204 entries"


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [(100, 45, 55), (0, 0, 0), (1000, 1, 99), (10, 0, 100), (100, 110, -10)],
)
def test_percent(before: int, after: int, percent: int) -> None:
    assert words.percent_saved(before, after) == percent


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
    assert words.moment(then.timestamp(), NOW) == text


def test_times_to_come() -> None:
    assert words.until(datetime(2026, 5, 6, 15, 30).timestamp(), NOW) == "15:30"
    assert words.until(datetime(2026, 5, 7, 6, 0).timestamp(), NOW) == "tomorrow 06:00"
    assert words.until(datetime(2026, 5, 9, 6, 0).timestamp(), NOW) == "Sat 9 May 06:00"


def test_paths_are_shown_with_the_home_folder_as_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert words.shown("/home/ann") == "~"
    assert words.shown("/home/ann/Pictures/ä b.jpg") == "~/Pictures/ä b.jpg"
    assert words.shown("/home/anna/x") == "/home/anna/x"


def test_a_name_cannot_give_the_terminal_orders() -> None:
    name = os.fsdecode(b"/p/\xff\x1b[2J\n\r\xc2\x9b1m.jpg")
    assert words.shown(name) == "/p/\\xff\\x1b[2J\\x0a\\x0d\\x9b1m.jpg"
    assert words.shown("/p/\u202egpj.exe") == "/p/\\u202egpj.exe"


@given(st.text())
def test_what_is_shown_can_always_be_printed(text: str) -> None:
    printable = words.shown(text)
    assert all(character.isprintable() for character in printable)
    printable.encode()


def test_several_lines_become_one() -> None:
    assert words.in_one_line("first:\n  second \x1b") == "first: second \\x1b"
