"""Finds and loads the compiled core, and calls it.

The library is built with the program where a C compiler is at hand (`packaging/core_build.py`) and lies
beside this module. It is loaded when this module is imported, which a worker does before its lock. Where
there is none, or one of another version, numpy does the same: see `Loaded`.
"""

import ctypes
import os
import sys
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

VERSION: Final = 6
"""Of the entries, as `core.c` has it: raised whenever an entry takes or does something else."""

_ENDING: Final = {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")
FILE_NAME: Final = f"homepress.core.{_ENDING}"
"""Of the library, beside this module. With a dot more than Python takes for a module of its own."""

PLAIN, BEST = 0, 1_000_000
"""Kinds of code to choose: that for every processor of the machine's kind, and the best for this one."""
_KINDS: Final = {0: "plain", 1: "AVX2"}

_Size = ctypes.c_int64
_Pointer = ctypes.c_void_p
_PIECE = (_Pointer, *[_Size] * 8, ctypes.c_int32, _Pointer, _Size, _Pointer, _Size)
_ENTRIES: Final[dict[str, tuple[type, ...]]] = {
    "hp_transform": (_Pointer, _Size, _Size, _Size, _Size, ctypes.c_int32, _Pointer, _Size),
    "hp_activity": (_Pointer, _Size, _Pointer, _Size, _Pointer, _Size, _Pointer, _Size),
    "hp_count": (_Pointer, _Size, _Pointer, _Size, _Pointer, _Pointer, _Size),
    "hp_write": (
        *(_Pointer, _Size, _Pointer, _Size, _Pointer),
        *(_Pointer, _Pointer, _Pointer),
        *(_Pointer, _Pointer, _Pointer, _Size, _Pointer, _Size, _Pointer, _Size),
    ),
    "hp_scans": (*[_Pointer, _Size] * 3, _Size, _Size, *[_Pointer, _Size] * 2),
    "hp_score_prepare": (*_PIECE, _Pointer, _Size),
    "hp_score_compare": (*_PIECE, _Pointer, _Size, _Pointer, _Size),
}
_NO_MEMORY = -2


class CompiledCore:
    """The loaded library.

    Args:
        path: of the library.

    Raises:
        OSError: it cannot be loaded.
        AttributeError: it lacks an entry.
        ValueError: it is of another version.
    """

    def __init__(self, path: str) -> None:
        library = ctypes.CDLL(path)
        library.hp_version.argtypes, library.hp_version.restype = (), ctypes.c_int32
        if (found := library.hp_version()) != VERSION:
            raise ValueError(f"{path} is of version {found}, not {VERSION}")
        library.hp_choose.argtypes, library.hp_choose.restype = (ctypes.c_int32,), ctypes.c_int32
        for name, arguments in _ENTRIES.items():
            entry = getattr(library, name)
            entry.argtypes, entry.restype = arguments, _Size
        library.hp_sources.argtypes, library.hp_sources.restype = (), _Size
        self.sources: int = library.hp_sources()
        """Tells the sources that it was made from; a test holds them against those that are here."""
        self._library = library
        self.kind = ""
        """What it is compiled for, in a word."""
        self.choose(BEST)

    def choose(self, most: int) -> None:
        """Use code for a kind of processor, or the best for less."""
        self.kind = _KINDS[self._library.hp_choose(most)]

    def call(self, name: str, *arguments: object) -> int:
        """Call an entry; arrays are handed over as what they point to.

        Args:
            name: of the entry.
            arguments: numbers and arrays. An array must lie in memory without gaps.

        Returns:
            What the entry gives, never below zero.

        Raises:
            MemoryError: there was not enough.
            ValueError: the entry found that its arguments do not fit together.
        """
        given: Any = [_place(each) if isinstance(each, np.ndarray) else each for each in arguments]
        result: int = getattr(self._library, name)(*given)
        if result == _NO_MEMORY:
            raise MemoryError(f"{name} needs more memory")
        if result < 0:
            raise ValueError(f"{name} was given what does not fit together")
        return result


def _place(array: NDArray[Any]) -> int:
    if not array.flags.c_contiguous:
        raise ValueError("an array for the core has gaps")
    return array.ctypes.data


def load() -> tuple[CompiledCore | None, str]:
    """The library beside this module, or None and why; there need not be one, which is no reason."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), FILE_NAME)
    if not os.path.exists(path):
        return None, ""
    try:
        return CompiledCore(path), ""
    except (OSError, AttributeError, KeyError, ValueError) as error:
        return None, str(error)


class Loaded:
    """Which core is used.

    Attributes:
        core: the library, or None where numpy does the work.
        fault: why a library that is there cannot be used; empty as a rule.
    """

    core, fault = load()

    @classmethod
    def name(cls) -> str:
        """What does the work, as `doctor` tells it."""
        if cls.core:
            return f"compiled, {cls.core.kind}"
        return f"numpy, since {FILE_NAME} cannot be used: {cls.fault}" if cls.fault else "numpy"
