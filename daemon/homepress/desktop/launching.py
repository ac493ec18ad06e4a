"""How this installation is started: by others, at login, and by ourselves. And the names it is known by."""

import os
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from homepress import HOME_VARIABLE

NAME = "Homepress"
"""As people read it."""

PROGRAM = "homepress"
"""As commands, icons and files have it."""

APP_ID = "io.github.homepress"
"""Where a system wants a reversed domain name: D-Bus interfaces, launchd labels."""


def found(program: str) -> str | None:
    """The path of a program, by its name or path; None when it is not there or cannot be run."""
    import shutil  # only when asked: with its archives it would weigh on the tray for as long as that lives

    return shutil.which(program)


# Starting further processes of our own. Other people's programs are opened by `opening`, never from here:
# they would inherit the network lock.

NO_WINDOW = 0x08000000 if sys.platform == "win32" else 0
"""CREATE_NO_WINDOW (Windows, CreateProcess): no console appears for a program that has none."""
_NEW_GROUP = 0x00000200 if sys.platform == "win32" else 0
"""CREATE_NEW_PROCESS_GROUP: Ctrl-C in our console is not for it. Not DETACHED_PROCESS, which makes the first
void: the real Python, started by that of a virtual environment, would open a console of its own."""


def own(*arguments: str) -> tuple[str, ...]:
    """The command that runs this very installation with `arguments`."""
    return (sys.executable, "-m", "homepress", *arguments)


def spawn(
    command: Sequence[str], environment: Mapping[str, str] | None = None, *, reap: bool = True
) -> "subprocess.Popen[bytes]":
    """Start a process that outlives us, in a session of its own; its exit is noted when it comes.

    Args:
        command: its command line.
        environment: all of it; None takes ours.
        reap: wait for its end in a thread; else the caller does.

    Raises:
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        creationflags=NO_WINDOW | _NEW_GROUP,
    )
    if reap:
        threading.Thread(target=process.wait, name="reaper", daemon=True).start()
    return process


def fails_soon(process: "subprocess.Popen[bytes]", within: float) -> bool:
    """Whether a process ends with an error within that many seconds; one that goes on has not failed."""
    try:
        return process.wait(within) != 0
    except subprocess.TimeoutExpired:
        return False


def answer_of(command: Sequence[str]) -> tuple[int, list[str], str]:
    """Run a command of ours to its end: its exit code, the lines that it printed, and what it complained of.

    Raises:
        OSError: it cannot be started.
    """
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, creationflags=NO_WINDOW, check=False
    )
    said = done.stderr.decode("utf-8", "replace").strip().removeprefix(f"{PROGRAM}: ")
    return done.returncode, done.stdout.decode("utf-8", "replace").splitlines(), said


# The command that a login starts: one that stays right when the program is upgraded.

_ARGUMENTS = ("run", "--login")


@dataclass(frozen=True, slots=True)
class Launch:
    """What is started: a program with arguments, and what its environment must have."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def launch(*arguments: str) -> Launch:
    """How this installation is started; without `arguments` as a login does it."""
    home = os.environ.get(HOME_VARIABLE)
    environment = {HOME_VARIABLE: os.path.abspath(os.path.expanduser(home))} if home else {}
    return Launch((*program(), *(arguments or _ARGUMENTS)), environment)


def program() -> tuple[str, ...]:
    """The command that runs this installation and stays the same over upgrades.

    A link or copy on the PATH that leads here, as pipx and uv make it, is better than what it leads to; then
    the script beside our Python; then that Python itself.
    """
    if sys.platform == "win32":
        return _program_on_windows()
    name = PROGRAM
    # Not resolved: the Python of a virtual environment is itself a link to another.
    script = Path(sys.executable).parent / name
    on_path = found(name)
    if on_path and script.is_file() and _same(Path(on_path), script):
        return (os.path.abspath(on_path),)
    if script.is_file():
        return (str(script),)
    return (sys.executable, "-m", PROGRAM)


def _program_on_windows() -> tuple[str, ...]:
    """The one without a console: in a virtual environment beside its Python, else where pip puts scripts."""
    beside = Path(sys.executable).parent
    schemes = (sysconfig.get_path("scripts"), sysconfig.get_path("scripts", "nt_user"))
    for folder in (beside, *map(Path, schemes)):
        if (script := folder / f"{PROGRAM}w.exe").is_file():
            return (str(script),)
    windowed = beside / "pythonw.exe"
    return (str(windowed) if windowed.is_file() else sys.executable, "-m", PROGRAM)


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other) or one.read_bytes() == other.read_bytes()
