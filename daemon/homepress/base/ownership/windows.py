"""Windows: an access list (DACL) that inherits nothing.

The functions are those of `OwnershipSystem`.
"""

import ctypes
import errno
from pathlib import Path
from typing import Any, Protocol

from homepress import HOME_VARIABLE

_OURS_ALONE = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;OW)"
"""Inherits nothing and is inherited: everything for the system, administrators and the owner, as Python's own
`mkdir` has it for 0700 (3.11.10, 3.12.4 and later)."""

# winnt.h, sddl.h
_DACL_SECURITY_INFORMATION = 0x4
_FILE_PERSISTENT_ACLS = 0x8
_SDDL_REVISION_1 = 1
_LONGEST = 32_768


class AccessLists(Protocol):
    """The calls of the system."""

    def set_access_list(self, folder: str, text: str) -> str:
        """Give a folder the access list that a text describes; why not, empty when it has it."""

    def keeps_access_lists(self, path: str) -> bool:
        """Whether the file system of a path has any; True when it cannot be told."""


def close_to_others(folder: Path, api: AccessLists | None = None) -> None:
    """`api` stands for the system's calls in tests."""
    api = api or _WindowsApi()
    refusal = api.set_access_list(str(folder), _OURS_ALONE)
    if refusal and api.keeps_access_lists(str(folder)):
        raise PermissionError(
            errno.EACCES,
            f"it cannot be closed to other users ({refusal}); remove it there, and set {HOME_VARIABLE} "
            "to a folder on a drive whose access you may change",
            str(folder),
        )


def make_private(folder: Path) -> None:
    # What is under the user's profile is the user's by inheritance; other drives let everybody read.
    if not folder.is_relative_to(Path.home()):
        close_to_others(folder)


class _WindowsApi:
    """The real calls; only on Windows do these names exist."""

    def __init__(self) -> None:
        load: Any = vars(ctypes)["WinDLL"]
        self._advapi32 = load("advapi32", use_last_error=True)
        self._kernel32 = load("kernel32", use_last_error=True)

    def set_access_list(self, folder: str, text: str) -> str:
        descriptor = ctypes.c_void_p()
        convert = self._advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW
        if not convert(text, _SDDL_REVISION_1, ctypes.byref(descriptor), None):
            return self._reason()
        try:
            done = self._advapi32.SetFileSecurityW(folder, _DACL_SECURITY_INFORMATION, descriptor)
            return "" if done else self._reason()
        finally:
            self._kernel32.LocalFree(descriptor)

    def keeps_access_lists(self, path: str) -> bool:
        point, flags = ctypes.create_unicode_buffer(_LONGEST), ctypes.c_uint32()
        if not self._kernel32.GetVolumePathNameW(path, point, _LONGEST):
            return True
        done = self._kernel32.GetVolumeInformationW(point, None, 0, None, None, ctypes.byref(flags), None, 0)
        return bool(flags.value & _FILE_PERSISTENT_ACLS) if done else True

    def _reason(self) -> str:
        error: OSError = vars(ctypes)["WinError"](vars(ctypes)["get_last_error"]())
        return (error.strerror or str(error)).rstrip(".")
