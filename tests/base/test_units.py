"""Sizes, counts and shares in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.base.units import counted, percent_saved, size


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
    assert size(count) == text


@given(st.integers(0, 10**15))
def test_a_size_is_short_and_right(count: int) -> None:
    number, unit = size(count).split()
    assert len(number) <= 4
    factor = 1000 ** ("B", "KB", "MB", "GB", "TB", "PB").index(unit)
    assert abs(float(number) * factor - count) <= max(0.06 * factor, 0.006 * count)


def test_counts() -> None:
    assert counted(1, "picture") == "1 picture"
    assert counted(0, "picture") == "0 pictures"
    assert counted(1204, "entry", "entries") == "1,204 entries"


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [(100, 45, 55), (0, 0, 0), (1000, 1, 99), (10, 0, 100), (100, 110, -10)],
)
def test_percent(before: int, after: int, percent: int) -> None:
    assert percent_saved(before, after) == percent
