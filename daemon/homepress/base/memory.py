"""Giving freed memory back to the system, where the C library keeps it for later."""

import ctypes
import gc


def trim() -> None:
    """Have what was freed leave this process (glibc: malloc_trim(3)); other C libraries do it by themselves.

    For when a program that stays for days has loaded all its modules: reading them takes more than they need.
    """
    if (call := getattr(ctypes.pythonapi, "malloc_trim", None)) is not None:
        call(ctypes.c_size_t(0))


def collect_and_trim() -> None:
    """The same, with what refers to itself: for after something large, such as pictures, was let go."""
    gc.collect()
    trim()
