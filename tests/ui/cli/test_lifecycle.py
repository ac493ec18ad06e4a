"""`status` says which originals go next, and on which day."""

from datetime import datetime

import pytest

from homepress.control.service import Status
from homepress.ui.cli.commands.lifecycle import status_lines
from homepress.ui.text import day_of

NOW = datetime(2026, 11, 30, 12).timestamp()  # a Monday
DAY = 86_400


@pytest.mark.parametrize(
    ("days", "word"),
    [(0, "today"), (1, "tomorrow"), (3, "on Thursday"), (6, "on Sunday"), (7, "on Mon 7 Dec")],
)
def test_a_day_is_named_as_people_name_it(days: int, word: str) -> None:
    assert day_of(NOW + days * DAY, NOW) == word


@pytest.mark.parametrize(
    ("number", "at", "text"),
    [
        (12, NOW + 3 * DAY, "5 KB kept for undo; 12 originals go on Thursday"),
        (1, NOW + 1 * DAY, "5 KB kept for undo; 1 original goes tomorrow"),
        (0, None, "5 KB kept for undo"),
    ],
)
def test_what_goes_next_is_said(number: int, at: float | None, text: str) -> None:
    status = Status(
        state="idle", pid=1, version="1", originals_bytes=5000, originals_going=number, originals_go_at=at
    )
    (line,) = (line for line in status_lines(status, NOW) if "kept for undo" in line)
    assert line.replace("5.0 KB", "5 KB").endswith(text)
