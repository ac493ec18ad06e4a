"""Where things are: what Homepress keeps as its own, and what ships with it."""

import contextlib
import hashlib
import os
import sys
import tempfile
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import platformdirs

from homepress import HOME_VARIABLE
from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.ownership import make_private

APP_NAME = "homepress"

# sockaddr_un.sun_path with its closing NUL: 108 bytes on Linux (unix(7)), 104 on macOS (unix(4)).
SOCKET_PATH_LIMIT = {"darwin": 103, "win32": sys.maxsize}.get(sys.platform, 107)

_SOCKET = "control.sock"
_PRIVATE = 0o700
_PATIENCE = 10.0
"""Seconds for the disk of a folder of ours, which may have to wake up."""

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Paths:
    """The files and folders of one user's Homepress.

    Attributes:
        config_file: `settings.toml`.
        presets_dir: the user's own presets.
        state: the folder of ledger, log and lock.
        ledger: the SQLite database of all that was done.
        log: the log file.
        originals: the folder of kept originals.
        runtime: the folder of the socket; may have to be made before use, see `ensure`.
        lock: the file that the one running daemon holds locked. Beside the ledger that it protects, so that
            two daemons that see different runtime folders cannot both have it.
        socket: the control socket, short enough for the system.
    """

    config_file: Path
    presets_dir: Path
    state: Path
    ledger: Path
    log: Path
    originals: Path
    runtime: Path
    lock: Path
    socket: Path

    @classmethod
    def from_environment(cls) -> Self:
        """The user's places as the system has them, or everything under the folder in `HOMEPRESS_HOME`."""
        if home := os.environ.get(HOME_VARIABLE):
            # Made absolute now: the daemon's working directory is not the caller's.
            base = Path(os.path.abspath(os.path.expanduser(home)))
            return cls._of(base, base / "state", base / "originals", _socket_in(base))
        return cls._of(
            platformdirs.user_config_path(APP_NAME, appauthor=False),
            platformdirs.user_state_path(APP_NAME, appauthor=False),
            platformdirs.user_data_path(APP_NAME, appauthor=False) / "originals",
            _socket_of_system(),
        )

    @classmethod
    def _of(cls, config: Path, state: Path, originals: Path, socket: Path) -> Self:
        return cls(
            config_file=config / "settings.toml",
            presets_dir=config / "presets",
            state=state,
            ledger=state / "ledger.sqlite3",
            log=state / "homepress.log",
            originals=originals,
            runtime=socket.parent,
            lock=state / "daemon.lock",
            socket=socket,
        )

    def ensure(self) -> None:
        """Make the folders, and see to it that state, originals and runtime are the user's alone (0700).

        The originals may be on a disk of their own. Where that hangs, nothing is done there now: the store
        makes and checks the folder itself, and says that it does not answer.

        Raises:
            PermissionError: one of them is a link or another user's: what we put there would not be safe.
            NotAnsweringError: the disk of state or runtime hangs.
            OSError: one cannot be made.
        """
        make_folder(self.config_file.parent)
        for folder in (self.state, self.runtime):
            blocking.ask(folder, partial(_ensure, folder), _PATIENCE)
        with contextlib.suppress(NotAnsweringError):
            blocking.ask(self.originals, partial(_ensure, self.originals))


def download_folders() -> tuple[Path, ...]:
    """The folder that browsers download to: by its name, and where it leads if it is a link.

    Nothing if the system has none but the home folder itself. Touches no other disk.
    """
    folder, home = platformdirs.user_downloads_path(), Path.home()
    found = [folder]
    with contextlib.suppress(OSError):
        found.append(Path(os.path.normpath(folder.parent / os.readlink(folder))))
    return tuple(path for path in found if path.is_absolute() and not home.is_relative_to(path))


def _ensure(folder: Path) -> None:
    make_folder(folder)
    make_private(folder)


def make_folder(folder: Path) -> None:
    """Make a folder and what is missing above it, for the user alone, as XDG asks; leave what is there."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    try:
        folder.mkdir(mode=_PRIVATE)
    except FileExistsError:
        if not folder.is_dir():
            raise  # else somebody else made it at the same moment


def _socket_in(home: Path) -> Path:
    """The socket of a `HOMEPRESS_HOME`. Too deep a folder gets one elsewhere, with a name of its own."""
    near = home / "run" / _SOCKET
    if _fits(near):
        return near
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return _fallback_folder() / f"{digest}.sock"


def _socket_of_system() -> Path:
    """The socket in the system's runtime folder, or the fallback's where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs warns when it makes do with a temporary folder
            runtime = platformdirs.user_runtime_path()
    except OSError:
        return _fallback_folder() / _SOCKET
    socket = runtime / APP_NAME / _SOCKET
    # platformdirs' own makeshift in the temporary folder is shared with other programs; ours is not.
    makeshift = runtime.parent == Path(tempfile.gettempdir())
    return socket if runtime.is_dir() and not makeshift and _fits(socket) else _fallback_folder() / _SOCKET


def _fallback_folder() -> Path:
    """A folder of the user's in the temporary folder; the one who makes it must check its owner."""
    name = f"{APP_NAME}-{os.getuid()}" if hasattr(os, "getuid") else APP_NAME
    folder = Path(tempfile.gettempdir()) / name
    if _fits(folder / ("0" * 16 + ".sock")):
        return folder
    return Path("/tmp") / name  # TMPDIR itself is too deep


def _fits(socket: Path) -> bool:
    return len(os.fsencode(socket)) <= SOCKET_PATH_LIMIT


def shipped(name: str) -> Path:
    """The path of a folder or file that ships with the program, such as `config/default.toml`.

    In an installed package they lie in `homepress/_share`, in a checkout at the top of the repository.

    Raises:
        FileNotFoundError: neither the installed package nor the checkout has it.
    """
    for base in (_PACKAGE / "_share", _PACKAGE.parent.parent):
        if (found := base / name).exists():
            return found
    raise FileNotFoundError(f"{name} is not part of this installation; install Homepress again")
