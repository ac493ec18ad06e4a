"""The command that a login starts: one that stays right when the program is upgraded."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from homepress import HOME_VARIABLE
from homepress.desktop.identity import PROGRAM
from homepress.desktop.programs import found

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
    name = f"{PROGRAM}w.exe" if sys.platform == "win32" else PROGRAM
    # Not resolved: the Python of a virtual environment is itself a link to another.
    script = Path(sys.executable).parent / name
    on_path = found(name)
    if on_path and script.is_file() and _same(Path(on_path), script):
        return (os.path.abspath(on_path),)
    if script.is_file():
        return (str(script),)
    return (sys.executable, "-m", PROGRAM)


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other) or one.read_bytes() == other.read_bytes()
