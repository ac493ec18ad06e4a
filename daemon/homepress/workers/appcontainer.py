"""A process in an AppContainer of Windows: no network, and no file but those that all programs may read.

Windows (8 and later) refuses to such a process whatever it was given no capability for, and asks no
administrator for it: sockets to anywhere, the computer itself included, and every file whose access list
names neither the container nor all of them, which no file of a user's does. Homepress gives no capability,
and lets the container read the folders of Python and of Homepress.

Written from Microsoft's documentation ("AppContainer isolation", "CreateAppContainerProfile",
"UpdateProcThreadAttribute"); Wine has none of it, and nobody has run it on Windows for this project yet.
Therefore it has to be asked for: the setting `app_container`.
"""

import contextlib
import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import Any

import homepress

NAME = "Homepress.Worker"
"""Of the container; Windows keeps one of each name for a user."""

# HRESULT_FROM_WIN32(ERROR_ALREADY_EXISTS). PROC_THREAD_ATTRIBUTE_HANDLE_LIST and _SECURITY_CAPABILITIES,
# EXTENDED_STARTUPINFO_PRESENT, CREATE_UNICODE_ENVIRONMENT, STARTF_USESTDHANDLES (winbase.h).
_EXISTS = 0x800700B7
_HANDLE_LIST, _SECURITY_CAPABILITIES = 0x20002, 0x20009
_EXTENDED, _UNICODE_ENVIRONMENT = 0x00080000, 0x00000400
_USE_HANDLES = 0x100
_STILL_RUNS, _FOREVER = 0x102, 0xFFFFFFFF  # WAIT_TIMEOUT, INFINITE
_KILLED = 15
"""The exit code that `os.kill` gives on Windows too."""
_OPEN_TO_ALL = ("SYSTEMROOT", "PROGRAMFILES", "PROGRAMFILES(X86)")
_ICACLS_SECONDS = 120.0


class NoContainer(OSError):  # noqa: N818 (reads as what happened)
    """This Windows gives no container; the text says why."""


class _Startup(ctypes.Structure):
    """`STARTUPINFOEXW`; what is not used has no names."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("texts", ctypes.c_void_p * 3),
        ("numbers", ctypes.c_uint32 * 7),
        ("flags", ctypes.c_uint32),
        ("show_and_reserved", ctypes.c_uint16 * 2),
        ("reserved", ctypes.c_void_p),
        ("handles", ctypes.c_void_p * 3),
        ("attributes", ctypes.c_void_p),
    )


class _Started(ctypes.Structure):
    """`PROCESS_INFORMATION`."""

    _fields_ = (
        ("process", ctypes.c_void_p),
        ("thread", ctypes.c_void_p),
        ("pid", ctypes.c_uint32),
        ("thread_id", ctypes.c_uint32),
    )


class _Capabilities(ctypes.Structure):
    """`SECURITY_CAPABILITIES`: the container, and none."""

    _fields_ = (
        ("container", ctypes.c_void_p),
        ("capabilities", ctypes.c_void_p),
        ("count", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
    )


class Container:
    """Homepress's container, made for this user when it is not there yet."""

    def __init__(self) -> None:
        """Find or make it, and let it read what a worker loads.

        Raises:
            NoContainer: Windows has none to give, or a folder's access list could not be changed.
        """
        self._sid = _container_sid()
        for folder in folders():
            _icacls(folder, "/grant", f"*{sid_in_words(self._sid)}:(OI)(CI)(RX)")

    def start(self, command: Sequence[str], environment: Mapping[str, str], flags: int) -> "ContainedProcess":
        """Start a program inside.

        Args:
            command: the program and its arguments.
            environment: all its variables.
            flags: for its creation, as `subprocess` takes them.

        Raises:
            OSError: Windows did not start it.
        """
        return start(command, environment, flags, self._sid)

    @staticmethod
    def remove() -> None:
        """Take the container away, and it from the folders' access lists; silent where there is none."""
        with contextlib.suppress(OSError, AttributeError):
            sid = sid_in_words(_container_sid(make=False))
            for folder in folders():
                with contextlib.suppress(NoContainer):
                    _icacls(folder, "/remove:g", f"*{sid}")
            _library("userenv").DeleteAppContainerProfile(NAME)


class ContainedProcess:
    """A process that was started here; what is used of `subprocess.Popen`.

    Attributes:
        pid: its id.
        stdin: the pipe to it.
        stdout: the pipe from it.
        stderr: likewise.
        returncode: once `poll` has seen it.
        lost: nothing: its end is always known.
    """

    lost = ""

    def __init__(self, handle: int, pid: int, pipes: Sequence[int]) -> None:
        """Take over the handle of the process and our ends of its pipes."""
        self._handle = ctypes.c_void_p(handle)
        self.pid = pid
        to, answers, errors = pipes
        self.stdin, self.stdout, self.stderr = FileIO(to, "w"), FileIO(answers), FileIO(errors)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        if self.returncode is None:
            kernel32, code = _library("kernel32"), ctypes.c_uint32()
            if kernel32.WaitForSingleObject(self._handle, 0) == _STILL_RUNS:
                return None
            kernel32.GetExitCodeProcess(self._handle, ctypes.byref(code))
            kernel32.CloseHandle(self._handle)
            self.returncode = code.value
        return self.returncode

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        if self.returncode is None:
            _library("kernel32").WaitForSingleObject(self._handle, _FOREVER)
        code = self.poll()
        assert code is not None
        return code

    def kill(self) -> None:
        """End it at once; silent when it is gone."""
        if self.poll() is None:
            _library("kernel32").TerminateProcess(self._handle, _KILLED)


def start(
    command: Sequence[str], environment: Mapping[str, str], flags: int, container: int | None
) -> ContainedProcess:
    """Start a program that inherits three pipes and nothing else (CreateProcessW).

    Args:
        command: the program and its arguments.
        environment: all its variables.
        flags: for its creation, as `subprocess` takes them.
        container: the address of a container's SID; None for a process outside all.

    Raises:
        OSError: Windows did not start it.
    """
    kernel32, started = _library("kernel32"), _Started()
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        mine, handles = _pipes(theirs, ours)
        startup = _Startup(ctypes.sizeof(_Startup), flags=_USE_HANDLES, handles=handles)
        attributes: dict[int, ctypes.Array[Any] | ctypes.Structure] = {_HANDLE_LIST: handles}
        if container is not None:
            attributes[_SECURITY_CAPABILITIES] = _Capabilities(container)
        kept = theirs.enter_context(_attribute_list(attributes))
        startup.attributes = ctypes.addressof(kept)
        if not kernel32.CreateProcessW(
            None,
            ctypes.create_unicode_buffer(subprocess.list2cmdline(command)),
            None,
            None,
            True,
            flags | _EXTENDED | _UNICODE_ENVIRONMENT,
            ctypes.create_unicode_buffer(environment_block(environment)),
            environment.get("SYSTEMROOT"),  # a folder that it may see
            ctypes.byref(startup),
            ctypes.byref(started),
        ):
            raise _last_error(command[0])
        ours.pop_all()
    kernel32.CloseHandle(ctypes.c_void_p(started.thread))
    return ContainedProcess(int(started.process), int(started.pid), mine)


def environment_block(environment: Mapping[str, str]) -> str:
    """Variables as CreateProcessW takes them: sorted by name, a zero after each and at the end."""
    variables = sorted(environment.items(), key=lambda item: item[0].upper())
    return "".join(f"{name}={value}\0" for name, value in variables) + "\0"


def folders() -> Sequence[Path]:
    """What a worker loads from and a container may not read by itself: Python, the environment, Homepress.

    None of them lies in another. Programs and Windows itself are open to every container from the start.
    """
    found = {Path(place).resolve() for place in (sys.base_prefix, sys.prefix)}
    # What Homepress stands on is beside it.
    found |= {Path(sys.executable).resolve().parent, Path(homepress.__file__).resolve().parent.parent}
    open_to_all = [Path(os.environ[name]).resolve() for name in _OPEN_TO_ALL if name in os.environ]
    return sorted(
        each for each in found if not any(other in each.parents for other in (*found, *open_to_all))
    )


def sid_in_words(sid: int) -> str:
    """A SID in its usual form, such as S-1-15-2-1."""
    text = ctypes.c_wchar_p()
    if not _library("advapi32").ConvertSidToStringSidW(ctypes.c_void_p(sid), ctypes.byref(text)):
        raise _last_error("the container's name")
    return str(text.value)


def _container_sid(*, make: bool = True) -> int:
    """The address of the container's SID, which lives as long as this process."""
    sid = ctypes.c_void_p()
    try:
        userenv = _library("userenv")
        create, derive = userenv.CreateAppContainerProfile, userenv.DeriveAppContainerSidFromAppContainerName
    except (OSError, AttributeError) as error:
        raise NoContainer("this Windows has no AppContainers") from error
    said = _EXISTS
    if make:
        said = create(NAME, "Homepress", "Reads pictures", None, 0, ctypes.byref(sid)) & 0xFFFFFFFF
    if said == _EXISTS:
        said = derive(NAME, ctypes.byref(sid)) & 0xFFFFFFFF
    if said or not sid.value:
        raise NoContainer(f"Windows gave no AppContainer (0x{said:08X})")
    return sid.value


def _icacls(folder: Path, *change: str) -> None:
    """Change a folder's access list, and by inheritance those below (the system's own program for it)."""
    program = Path(os.environ.get("SYSTEMROOT", "C:/Windows"), "System32", "icacls.exe")
    try:
        done = subprocess.run(
            (program, folder, *change, "/Q"),
            check=False,
            capture_output=True,
            timeout=_ICACLS_SECONDS,
            creationflags=0x08000000,  # CREATE_NO_WINDOW
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoContainer(f"{folder}: its access list could not be changed: {error}") from error
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        raise NoContainer(f"{folder}: its access list could not be changed: {why}")


def _pipes(
    theirs: contextlib.ExitStack, ours: contextlib.ExitStack
) -> tuple[Sequence[int], ctypes.Array[ctypes.c_void_p]]:
    """Three pipes: our ends, and handles of the others, which a child inherits."""
    msvcrt = __import__("msvcrt")
    mine, handles = [], (ctypes.c_void_p * 3)()
    for number, writes in enumerate((True, False, False)):
        our, other = os.pipe()[:: -1 if writes else 1]
        ours.callback(os.close, our)
        theirs.callback(os.close, other)
        handles[number] = msvcrt.get_osfhandle(other)
        vars(os)["set_handle_inheritable"](handles[number], True)
        mine.append(our)
    return mine, handles


@contextlib.contextmanager
def _attribute_list(
    attributes: Mapping[int, ctypes.Array[Any] | ctypes.Structure],
) -> Iterator[ctypes.Array[ctypes.c_char]]:
    """What is said of a process beyond the old `STARTUPINFO`."""
    kernel32, size = _library("kernel32"), ctypes.c_size_t()
    kernel32.InitializeProcThreadAttributeList(None, len(attributes), 0, ctypes.byref(size))
    kept = ctypes.create_string_buffer(size.value)
    if not kernel32.InitializeProcThreadAttributeList(kept, len(attributes), 0, ctypes.byref(size)):
        raise _last_error("a worker's attributes")
    try:
        for kind, value in attributes.items():
            told = (ctypes.c_size_t(kind), ctypes.byref(value), ctypes.c_size_t(ctypes.sizeof(value)))
            if not kernel32.UpdateProcThreadAttribute(kept, 0, *told, None, None):
                raise _last_error("a worker's attributes")
        yield kept
    finally:
        kernel32.DeleteProcThreadAttributeList(kept)


def _library(name: str) -> Any:
    """A system library. Other systems' ctypes lack it, hence Any."""
    return vars(ctypes)["WinDLL"](name, use_last_error=True)


def _last_error(what: str) -> OSError:
    error: OSError = vars(ctypes)["WinError"](vars(ctypes)["get_last_error"]())
    error.filename = what
    return error
