"""Exif blocks that say something twice (found by fuzzing)."""

import struct

from homepress.compress.metadata import share_exif
from homepress.compress.metadata.exif import orientation

SHORT = 3


def block(*entries: tuple[int, int]) -> bytes:
    """A block whose main directory has these orientations: count, value or offset, and nothing else."""
    coded = b"".join(struct.pack("<HHII", 0x0112, SHORT, count, value) for count, value in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + coded + bytes(4)


def test_a_later_entry_does_not_take_the_place_of_one_that_goes() -> None:
    twice = block((5, 8), (1, 6))  # the first one's five values lie in the directory itself
    assert orientation(twice) == orientation(share_exif(twice)) == 1


def test_the_first_one_counts() -> None:
    twice = block((1, 3), (1, 6))
    assert orientation(twice) == orientation(share_exif(twice)) == 3
