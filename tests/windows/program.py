"""Homepress as somebody on Windows runs it."""

import ctypes
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support import wait_for

START_SECONDS = 300.0


class Program:
    """Its commands and its daemon, with a home of its own.

    Attributes:
        home: HOMEPRESS_HOME.
        output: what the daemon prints. A file, not a pipe: nobody would read that, and a full one halts it.
    """

    def __init__(self, home: Path) -> None:
        self._daemon: subprocess.Popen[bytes] | None = None
        self.home = home
        self.output = home.with_name(f"{home.name} output.txt")

    def run(self, *arguments: str, code: int = 0) -> str:
        """A command to its end: what it printed. Its exit code has to be the one expected."""
        done = self.attempt(*arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def complaint(self, *arguments: str) -> str:
        """What a command says that fails."""
        done = self.attempt(*arguments)
        assert done.returncode > 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def attempt(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command to its end, whatever comes of it."""
        return subprocess.run(
            self._command(arguments),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            stdin=subprocess.DEVNULL,
        )

    def start(self) -> None:
        """The daemon, until it answers."""
        with self.output.open("ab") as output:
            self._daemon = daemon = subprocess.Popen(
                self._command(("run", "--no-tray")), stdout=output, stderr=output, stdin=subprocess.DEVNULL
            )
            before = output.tell()
        wait_for(
            lambda: daemon.poll() is not None or b"watch" in self._printed(before),
            within=START_SECONDS,
            what="the daemon's first line",
        )
        assert daemon.poll() is None, self._printed(before)

    def _printed(self, since: int) -> bytes:
        return self.output.read_bytes()[since:]

    def stop(self) -> int:
        """As `homepress stop` does it: the daemon's exit code."""
        assert self._daemon is not None
        self.run("stop")
        return self._daemon.wait(60)

    @property
    def pid(self) -> int:
        """The process of the daemon."""
        assert self._daemon is not None
        return self._daemon.pid

    def kill(self) -> None:
        """At once, as by Task Manager; what it started has to end by itself."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait(60)
            pid = self._daemon.pid
            wait_for(lambda: not children(pid), what="the end of what the daemon started")
            self._daemon = None

    @staticmethod
    def _command(arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-X", "utf8", "-m", "homepress", *arguments]


class _Entry(ctypes.Structure):
    """PROCESSENTRY32W."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("usage", ctypes.c_uint32),
        ("pid", ctypes.c_uint32),
        ("heap", ctypes.c_size_t),
        ("module", ctypes.c_uint32),
        ("threads", ctypes.c_uint32),
        ("parent", ctypes.c_uint32),
        ("priority", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
        ("name", ctypes.c_wchar * 260),
    )


def children(of: int) -> dict[int, str]:
    """What a process started that still runs, after its own end too: names by process number."""
    kernel32 = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    kernel32.CreateToolhelp32Snapshot.restype = ctypes.c_void_p
    snapshot = ctypes.c_void_p(kernel32.CreateToolhelp32Snapshot(2, 0))
    entry = _Entry(size=ctypes.sizeof(_Entry))
    found = {}
    more = kernel32.Process32FirstW(snapshot, ctypes.byref(entry))
    while more:
        if entry.parent == of and entry.pid != of:
            found[int(entry.pid)] = str(entry.name)
        more = kernel32.Process32NextW(snapshot, ctypes.byref(entry))
    kernel32.CloseHandle(snapshot)
    return found
