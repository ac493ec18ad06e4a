"""What is said of the pictures that are in a folder when it is added."""

import pytest

from homepress.control.service import CheckReport
from homepress.ui.cli.commands.folder import existing_lines


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (29.0, ""),
        (31.0, "about 1 minute"),
        (240.0, "about 4 minutes"),
        (7100.0, "about 118 minutes"),
        (7300.0, "about 2 hours"),
    ],
)
def test_how_long_fingerprints_take_is_said_first_when_it_is_worth_saying(seconds: float, said: str) -> None:
    found = CheckReport(
        path="/p",
        files=12_345,
        images=12_345,
        tried=12,
        before_bytes=49_000_000_000,
        after_bytes=20_000_000_000,
        fingerprint_seconds=seconds,
    )
    lines = existing_lines(found, "leave")
    assert lines[0].startswith("In it now: 12,345 pictures (49.0 GB), left alone")
    told = [line for line in lines if "fingerprints" in line]
    assert told == ([f"Their fingerprints are made in the background, which takes {said}."] if said else [])
    assert not any("fingerprints" in line for line in existing_lines(found, "compress"))
