"""Regions of a file that nobody has written yet: they read as zeros."""

import errno
import os

from homepress.watch.trailer.window import IncompleteError, Window

ZEROS = 4096
"""A run of so many zero bytes is suspicious in a compressed format."""

_SAMPLES = 64


def zero_tail(window: Window) -> bool:
    """Whether the last 4 KiB, or all of a shorter file, are zeros."""
    length = min(ZEROS, window.size)
    return length > 0 and not any(window.read(window.size - length, length))


def has_hole(fd: int, window: Window) -> bool:
    """Whether the file has a region that was never written, or long zeros at one of 64 sampled places.

    Most file systems know exactly what was never written (SEEK_HOLE); samples serve where they do not, and
    where a program wrote the zeros itself. To read all would cost a cold disk as much as the compression.
    """
    return _knows_hole(fd, window.size) or _sampled_zeros(window)


def _knows_hole(fd: int, size: int) -> bool:
    seek_hole = getattr(os, "SEEK_HOLE", None)
    if seek_hole is None:
        return False
    try:
        return os.lseek(fd, 0, seek_hole) < size
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENXIO, errno.ENOTSUP, errno.ENOSYS):
            return False
        raise


def _sampled_zeros(window: Window) -> bool:
    last = window.size - ZEROS
    if last < 0:
        return False
    step = max(ZEROS, last // (_SAMPLES - 1))
    try:
        return any(not any(window.read(at, ZEROS)) for at in range(0, last + 1, step))
    except IncompleteError:
        return True
