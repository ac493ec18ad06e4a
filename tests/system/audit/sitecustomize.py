"""Loaded by every Python that finds this folder on its path: writes down what it does about networks.

Into HOMEPRESS_AUDIT, a file for each process, a line for each event: the command line it was started with, a
module of the network it imported, a socket call with its family or address.
"""

import os
import sys

_MODULES = set(os.environ.get("HOMEPRESS_AUDIT_MODULES", "").split())
_FAMILY_OF_NEW = 1


def _note(*words: object) -> None:
    os.write(_OUT, (" ".join(map(str, words)) + "\n").encode("utf-8", "backslashreplace"))


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event == "import" and str(arguments[0]) in _MODULES:
        _note("import", arguments[0])
    elif event == "socket.__new__":
        _note(event, int(str(int(arguments[_FAMILY_OF_NEW]))))  # type: ignore[call-overload]  # a family
    elif event.startswith("socket.") and event != "socket.setsockopt":
        _note(event, *map(repr, arguments[1:]))
    elif event in ("urllib.Request", "ftplib.connect", "http.client.connect", "smtplib.connect"):
        _note(event)


if folder := os.environ.get("HOMEPRESS_AUDIT"):
    _OUT = os.open(f"{folder}/{os.getpid()}", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with open("/proc/self/cmdline", "rb") as file:
        _note("process", *file.read().decode("utf-8", "replace").split("\0"))
    sys.addaudithook(_hook)
