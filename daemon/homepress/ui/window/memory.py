"""Giving memory back to the system."""

import ctypes
import gc


def give_back() -> None:
    """Have what was freed leave this process, where the C library keeps it for later (glibc: malloc_trim(3)).

    For after pictures were looked at: they are large, and the window may stay open for days.
    """
    gc.collect()
    trim = getattr(ctypes.pythonapi, "malloc_trim", None)  # other C libraries do it by themselves
    if trim is not None:
        trim(ctypes.c_size_t(0))
