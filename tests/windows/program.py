"""Homepress as somebody on Windows runs it."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


class Program:
    """Its commands and its daemon, with a home of its own."""

    def __init__(self, home: Path) -> None:
        self._daemon: subprocess.Popen[bytes] | None = None
        self.home = home

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
        self._daemon = subprocess.Popen(
            self._command(("run", "--no-tray")), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self._daemon.stdout is not None
        line = self._daemon.stdout.readline()
        assert b"watch" in line, line + self._daemon.stdout.read()

    def stop(self) -> int:
        """As `homepress stop` does it: the daemon's exit code."""
        assert self._daemon is not None
        self.run("stop")
        return self._daemon.wait(60)

    def kill(self) -> None:
        """At once, as by Task Manager."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait(60)

    @staticmethod
    def _command(arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-X", "utf8", "-m", "homepress", *arguments]
