"""Rules of the Windows firewall that take the network away from the programs that Homepress consists of.

Only an administrator may add them; they hold for a program file and everybody who starts it. Other systems
refuse Homepress the network without any (`privacy`).
"""

import hashlib
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from homepress.base.system_errors import UserError
from homepress.desktop.launching import NO_WINDOW

_NETSH = ("netsh", "advfirewall", "firewall")
_SECONDS = 60.0

Run = Callable[[Sequence[str]], tuple[int, str]]
"""Runs a command: its exit code and what it printed."""


class FirewallError(UserError):
    """Windows did not do it; the text says why, in Windows' own words."""


class FirewallNotUsed(UserError):  # noqa: N818 (reads as what happened)
    """It was not asked: none is needed, or the rule would do more than was said."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """What takes the network away from one program.

    Attributes:
        program: the program's file.
        there: whether Windows has the rule; it holds while the firewall is on.
    """

    program: Path
    there: bool

    @property
    def name(self) -> str:
        """Under which Windows keeps it: the same for the same file, of letters that every code page has."""
        return _name(self.program)


class Firewall:
    """The rules for our programs."""

    def __init__(self, programs: Sequence[Path], run: Run | None = None) -> None:
        """`run` is another one for tests."""
        self._programs = programs
        self._run = run or _run

    def rules(self) -> list[FirewallRule]:
        """Each of our programs, and whether its rule is there."""
        return [FirewallRule(program, self._is_there(program)) for program in self._programs]

    def add(self) -> None:
        """Add the rules that are missing.

        Raises:
            FirewallError: Windows did not take one; most often for want of administrator's rights.
        """
        for program in self._programs:
            if self._is_there(program):
                continue
            for direction in ("out", "in"):
                what = (f"name={_name(program)}", f"dir={direction}", "action=block", f"program={program}")
                self._order("add", "rule", *what, "enable=yes", "profile=any")
            if not self._is_there(program):
                raise FirewallError(f"Windows took the rule for {program} and does not show it")

    def remove(self) -> None:
        """Take our rules out; nothing happens when there are none.

        Raises:
            FirewallError: Windows did not do it; most often for want of administrator's rights.
        """
        for program in self._programs:
            if self._is_there(program):
                self._order("delete", "rule", f"name={_name(program)}")

    def _is_there(self, program: Path) -> bool:
        code, printed = self._run((*_NETSH, "show", "rule", f"name={_name(program)}"))
        return code == 0 and _name(program) in printed

    def _order(self, *what: str) -> None:
        code, printed = self._run((*_NETSH, *what))
        if code != 0:
            said = " ".join(printed.split()) or f"netsh ended with {code}"
            raise FirewallError(f"{said} (it takes a terminal of an administrator)")


def firewall() -> Firewall | None:
    """That of this computer, or None where none is needed."""
    return Firewall(own_programs()) if sys.platform == "win32" else None


def own_programs() -> list[Path]:
    """The files of the programs that do our work, gifsicle included."""
    if is_bundle():
        programs = (Path(sys.executable).with_name(f"{name}.exe") for name in ("homepress", "homepressw"))
        gifsicle = Path(sysconfig.get_path("scripts"), "gifsicle.exe")
        return [file for file in (*programs, gifsicle) if file.is_file()]
    # Behind the Python of a virtual environment, which only starts it.
    python = Path(getattr(sys, "_base_executable", sys.executable))
    beside = (python.with_name("pythonw.exe"), Path(sysconfig.get_path("scripts"), "gifsicle.exe"))
    return [python, *(file for file in beside if file.is_file())]


def is_bundle() -> bool:
    """Whether the program file is Homepress and nothing else; else it is a Python that may run anything."""
    return bool(getattr(sys, "frozen", False))


def _name(program: Path) -> str:
    digest = hashlib.sha256(os.path.normcase(program).encode("utf-8", "surrogatepass")).hexdigest()
    return f"Homepress-no-network-{digest[:16]}"


def _run(command: Sequence[str]) -> tuple[int, str]:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=_SECONDS,
            creationflags=NO_WINDOW,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FirewallError(f"netsh could not be run: {error}") from error
    return done.returncode, (done.stdout + done.stderr).decode("oem", "replace")
