"""The ruleset structure for each version of Landlock."""

import struct

import pytest

from homepress.privacy.landlock import ruleset_attributes

MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV = 1 << 12, 1 << 13, 1 << 14, 1 << 15


@pytest.mark.parametrize(
    ("version", "words", "newest_right"),
    [
        (1, 1, MAKE_SYM),
        (2, 1, REFER),
        (3, 1, TRUNCATE),
        (4, 2, TRUNCATE),
        (5, 2, IOCTL_DEV),
        (6, 3, IOCTL_DEV),
    ],
)
def test_a_ruleset_denies_all_that_its_kernel_knows(version: int, words: int, newest_right: int) -> None:
    attributes = ruleset_attributes(version)
    assert len(attributes) == 8 * words
    files, *rest = struct.unpack(f"={words}Q", attributes)
    assert files == (newest_right << 1) - 1, "every right up to the newest, and none that it does not know"
    assert all(word == 0b11 for word in rest)


def test_later_kernels_get_the_newest_structure_we_know() -> None:
    assert ruleset_attributes(99) == ruleset_attributes(6)
