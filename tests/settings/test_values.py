"""Sizes and qualities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.settings import DaemonSettings, Quality, Size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("16 KB", 16_000),
        ("16KB", 16_000),
        ("1.5 MB", 1_500_000),
        ("10 GB", 10_000_000_000),
        ("2 TB", 2_000_000_000_000),
        ("1 KiB", 1024),
        ("1.5 MiB", 1_572_864),
        ("3 gib", 3 * 1024**3),
        ("12 B", 12),
        ("0", 0),
        ("", 0),
        ("0.001 KB", 1),
    ],
)
def test_a_size_is_read_and_stays_as_it_was_written(text: str, size: int) -> None:
    assert Size.parse(text).bytes == size
    assert str(Size.parse(text)) == text
    assert bool(Size.parse(text)) == (size > 0)


@pytest.mark.parametrize(
    "text",
    ["16", "KB", "-1 KB", "1,5 MB", "1 XB", "1 KBit", ". KB", "1 KB\n", "1e3 KB", " 1 KB", "٣ KB", "1.KB"],
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no size"):
        Size.parse(text)


def test_sizes_are_equal_by_their_bytes() -> None:
    assert Size.parse("1 MB") == Size.parse("1000 KB") != Size.parse("1 MiB")
    assert len({Size.parse("1 MB"), Size.parse("1000KB")}) == 1
    assert Size() != 0


@pytest.mark.parametrize(
    ("word", "floor"), [("lossless", None), ("safe", 90.0), ("balanced", 80.0), ("small", 70.0), ("85", 85.0)]
)
def test_a_quality_gives_its_floor(word: str, floor: float | None) -> None:
    assert Quality.parse(word).floor == floor
    assert str(Quality.parse(word)) == word


@given(st.floats() | st.integers() | st.booleans() | st.text(max_size=5) | st.none())
def test_every_other_quality_is_refused(value: object) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 30 <= value <= 100
    if is_number or value in ("lossless", "safe", "balanced", "small"):
        assert Quality.of(value).floor is None or Quality.of(value).floor == (value if is_number else 0)
    else:
        with pytest.raises(ValueError, match="no quality"):
            Quality.of(value)


def test_auto_is_half_of_the_cores_and_at_least_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((1, 1), (2, 1), (3, 1), (8, 4), (None, 1)):
        monkeypatch.setattr("os.process_cpu_count", lambda cores=cores: cores, raising=False)
        assert DaemonSettings().worker_count == workers
    assert DaemonSettings(workers=7).worker_count == 7
