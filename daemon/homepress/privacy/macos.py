"""The lock on macOS: a Seatbelt profile that a process applies to itself.

`sandbox_init` is marked as deprecated since 10.8 and carries browsers' sandboxes to this day. Not yet
measured on a Mac by this project, so the state is "open" until `state` has seen the system refuse.
"""

import ctypes
import errno
import os
import socket as sockets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from homepress.base.results import Gap, ProbeAttempt
from homepress.privacy import posix
from homepress.privacy.types import Check, Limits, Lock, NetworkState, ProcessReport, all_refused

_LIBRARY = "/usr/lib/libsandbox.dylib"
_DISCARD_PORT = 9

_TOP_FOLDER = '(allow file-read-data (literal "/"))'
"""The names in it, nothing beneath: the loader of a program that is executed opens it, and aborts without."""


def lock_daemon(socket: Path | None = None) -> Lock:
    posix.forbid_core_dumps()
    return _apply(daemon_profile(socket), files=0)


def lock_client(socket: Path | None = None) -> Lock:
    return _apply(client_profile(socket), files=0)


def lock_worker(readable: Sequence[Path], limits: Limits) -> Lock:
    return _confine(worker_profile(readable), limits)


def lock_tool(tool: Path, readable: Sequence[Path], limits: Limits) -> Lock:
    return _confine(tool_profile(tool, readable), limits)


def contain(pid: int, limits: Limits) -> Callable[[], None]:  # noqa: ARG001  a worker confines itself here
    return lambda: None


def probe(other: int = 0) -> tuple[ProbeAttempt, ...]:  # noqa: ARG001  no memory is tried here
    """The profile refuses connections, not the making of sockets."""
    return (
        _connect("TCP", sockets.AF_INET, sockets.SOCK_STREAM, "127.0.0.1"),
        _connect("UDP", sockets.AF_INET, sockets.SOCK_DGRAM, "127.0.0.1"),
        _connect("TCP over IPv6", sockets.AF_INET6, sockets.SOCK_STREAM, "::1"),
        _connect("UDP over IPv6", sockets.AF_INET6, sockets.SOCK_DGRAM, "::1"),
    )


def locks_nest() -> bool:
    """A process that has a Seatbelt profile, its own or its parent's, gets no second one."""
    return False


def set_apart() -> Lock:
    """Nothing is to be had for it by the process itself."""
    return Lock(False)


def gaps() -> tuple[Gap, ...]:
    """What nobody has seen the system do, and what is left open by purpose."""
    return (
        Gap(
            "whether files are closed has not been measured on macOS: what reads pictures asks the system to "
            "let it read nothing but libraries, and homepress prove shows what can be seen",
            files_open=True,
        ),
        Gap(
            "the process that starts workers has no lock: children of a locked one get none of their own. "
            "It opens no file and no connection, sees no picture, and starts nothing but workers; "
            "docs/privacy-macos.md says what it can be made to do",
        ),
    )


def state() -> NetworkState:
    return "locked" if all_refused(probe()) else "open"


def report(pid: int) -> ProcessReport:
    """macOS has no file to read it from: `prove` prints the commands that show it."""
    os.kill(pid, 0)
    return ProcessReport(pid, "", filtered=False, filters=0, no_new_privileges=False, sockets=None)


def checks(pids: Sequence[int]) -> tuple[Check, ...]:
    listed = ",".join(map(str, pids))
    return (
        Check(f"lsof -nP -i -a -p {listed}", "nothing"),
        Check(f"nettop -m route {' '.join(f'-p {pid}' for pid in pids)}", "no connection"),
        Check("a firewall such as Little Snitch or LuLu", "never asks about Homepress"),
        Check("switch on airplane mode, or pull the cable", "Homepress works as before"),
    )


def daemon_profile(socket: Path | None) -> str:
    """No network; connections may come in on our own socket."""
    own = f"(allow network-inbound (local unix-socket (path-literal {_quoted(socket)})))" if socket else ""
    return "\n".join(filter(None, ("(version 1)", "(allow default)", "(deny network*)", own)))


def client_profile(socket: Path | None) -> str:
    """No network, and so no resolver either; only our own sockets, which lie beside the daemon's.

    Tray and window listen there themselves, each for its next start and for `homepress prove`.
    """
    rules = ["(version 1)", "(allow default)", "(deny network*)"]
    if socket:
        folder = _quoted(socket.parent)
        rules.append(f"(allow network* (local unix-socket (subpath {folder})))")
        rules.append(f"(allow network-outbound (remote unix-socket (subpath {folder})))")
    return "\n".join(rules)


def worker_profile(readable: Sequence[Path]) -> str:
    """No network, no other program, nothing written, only `readable` read."""
    return "\n".join((*_confined(readable), "(deny process-exec*)"))


def tool_profile(tool: Path, readable: Sequence[Path]) -> str:
    """As a worker's, but `tool` may be executed."""
    return "\n".join(
        (
            *_confined((*readable, tool)),
            "(deny process-exec*)",
            f"(allow process-exec (literal {_quoted(tool)}))",
        )
    )


def _confined(readable: Sequence[Path]) -> tuple[str, ...]:
    """The last rule that fits decides, so what is allowed follows what is denied."""
    paths = " ".join(f"(subpath {_quoted(path)})" for path in readable)
    return (
        "(version 1)",
        "(allow default)",
        "(deny network*)",
        "(deny mach-lookup)",
        "(deny file-write*)",
        "(deny file-read-data)",
        f"(allow file-read-data {paths})",
        _TOP_FOLDER,
        "(deny process-fork)",
        "(deny signal)",
        "(allow signal (target self))",
    )


def _confine(profile: str, limits: Limits) -> Lock:
    """Limits and profile; what the system does not take is named, and the worker works all the same."""
    missing: list[str] = []
    for what, limit in (("memory", posix.limit_memory), ("time and files", posix.limit_all_but_memory)):
        try:
            limit(limits)
        except (OSError, ValueError) as error:
            missing.append(f"the system takes no limit of {what}: {error}")
    lock = _apply(profile, files=1)
    missing += lock.missing
    if not lock.network and not _has_profile():
        # So it is the text that was not taken: no network is better than no profile.
        lock = _apply(daemon_profile(None), files=0)
        missing += lock.missing
    return replace(lock, missing=tuple(missing))


def _has_profile() -> bool:
    """Whether this process is confined already, by itself or its parent (`sandbox_check`, asked for nothing).

    It has no manual page; WebKit (`currentProcessIsSandboxed`) and Apple's dyld rest on it.
    """
    check = getattr(ctypes.CDLL(None), "sandbox_check", None)
    return check is not None and check(os.getpid(), None, 0) > 0


def _apply(profile: str, files: int) -> Lock:
    """Put a profile on, but no second one: that is refused (`forbidden-sandbox-reinit`, says the log)."""
    if _has_profile():
        return Lock(
            False, missing=("this process has a sandbox profile already, and macOS gives no second one",)
        )
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        return Lock(False, missing=(f"the system has no sandbox library: {error}",))
    message = ctypes.c_char_p()
    if library.sandbox_init(profile.encode(), ctypes.c_uint64(0), ctypes.byref(message)) != 0:
        answer = (message.value or b"no reason given").decode(errors="replace")
        return Lock(False, missing=(f"the system did not take the sandbox profile: {answer}",))
    return Lock(True, files)


def _connect(name: str, family: int, kind: int, address: str) -> ProbeAttempt:
    """To this computer's own discard port: where nothing is refused, nothing leaves it either."""
    try:
        with sockets.socket(family, kind) as attempt:
            attempt.connect((address, _DISCARD_PORT))
    except OSError as error:
        refused = error.errno in (errno.EPERM, errno.EACCES)
        return ProbeAttempt(name, not refused, f"{errno.errorcode.get(error.errno or 0)}: {error.strerror}")
    return ProbeAttempt(name, True, "allowed")


def _quoted(path: Path) -> str:
    """A path as a string of the profile language. Seatbelt compares paths without links: /tmp is one."""
    return '"' + os.path.realpath(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
