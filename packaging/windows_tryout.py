"""Uses the installer for Windows as a stranger would, in a fresh drive C: of Wine's with nothing else in it.

    python packaging/windows_tryout.py dist/homepress-setup.exe dist/homepress-windows-portable.zip

A silent installation, doctor, a picture that is made smaller and comes back, start at login, a second
installation while the daemon runs, and a silent removal.
"""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from tryout import png, sha256  # noqa: E402

from windows.rig import Rig, Wine, windows_path  # noqa: E402

_PATIENCE = 900.0
"""Seconds for one thing: Wine on a busy computer is ten times slower than anything else."""
_PLACE = r"C:\users\{user}\AppData\Local\Programs\Homepress"
_APPS = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Homepress"
_RUN = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
_EXPLORER = r"HKCU\Software\Classes\SystemFileAssociations\image\shell\Homepress"


def try_installer(setup: Path, portable: Path, rig: Rig) -> None:
    """Go through all of it; raises `AssertionError` at the first thing that is not as it should be.

    Args:
        setup: the installer.
        portable: the zip.
        rig: what has the functions that this Wine may lack.
    """
    with tempfile.TemporaryDirectory(prefix="homepress-windows-") as made:
        wine = Wine(Path(made, "prefix"))
        wine.make()
        wine.quietly("winecfg", "-v", "win10")  # it says that it is Windows 7 otherwise
        # What Windows has and Wine 8 has not; the bundle must not bring it along.
        for library in rig.python.glob("bcryptprimitives.dll"):
            shutil.copy(library, wine.prefix / "drive_c" / "windows" / "system32")
        with wine.awake():
            _Trial(wine, setup).run()
            _try_portable(wine, portable, Path(made, "stick"))


class _Trial:
    def __init__(self, wine: Wine, setup: Path) -> None:
        self._wine, self._setup = wine, setup
        self._drive = wine.prefix / "drive_c"
        (user,) = (home.name for home in (self._drive / "users").iterdir() if home.name != "Public")
        self._place = _PLACE.format(user=user)
        self._programs = self._drive / "users" / user / "AppData" / "Local" / "Programs"
        self._menu = self._drive / "users" / user / "AppData" / "Roaming" / "Microsoft" / "Windows"
        self._inbox = self._drive / "inbox"

    def run(self) -> None:
        self._inbox.mkdir()
        self._install("the installation")
        self._look_at_it()
        self._doctor()
        self._ask("folder", "add", r"C:\inbox")
        with self._daemon() as daemon:
            self._compress("first.png", 9)
            self._ask("undo", r"C:\inbox\first.png")
            assert sha256(self._inbox / "first.png") == self._dropped, "undo brought back other bytes"
            self._entries()
            self._compress("second.png", 10)
            self._install("the installation over it, while it runs")
            assert daemon.wait(_PATIENCE) == 0
        self._wait(lambda: self._attempt("status")[0] == 0, "the daemon that the upgrade starts again")
        smaller = sha256(self._inbox / "second.png")
        self._remove()
        assert sha256(self._inbox / "second.png") == smaller, "a silent removal changed a picture"
        self._keeps_originals()

    def _install(self, what: str) -> None:
        began = time.monotonic()
        code, printed = self._wine.run(str(self._setup), "/S", within=_PATIENCE)
        assert code == 0, (code, printed)
        print(f"   {time.monotonic() - began:.1f} s: {what}", flush=True)

    def _look_at_it(self) -> None:
        assert self._ask("--version").startswith("homepress ")
        said = self._registry(_APPS)
        for name in ("DisplayVersion", "Publisher", "EstimatedSize", "QuietUninstallString"):
            assert name in said, said
        assert self._shortcuts(), "no entry in the Start menu"
        brought = {file.name.lower() for file in (self._programs / "Homepress").rglob("*.dll")}
        # The first would hide Windows' own; of the second Wine has one, and a new Windows has none.
        assert "bcryptprimitives.dll" not in brought and "vcruntime140_1.dll" in brought

    def _doctor(self) -> None:
        code, printed = self._attempt("doctor", "--json")
        told = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        broken = [line for line in told if line["level"] == "broken"]
        assert told and not broken, (code, broken, printed[-3000:])
        good = {line["topic"] for line in told if line["level"] == "good"}
        assert good >= {"worker", "gifsicle", "codec pillow", "codec oxipng-pybind"}, told

    @contextlib.contextmanager
    def _daemon(self) -> Iterator["subprocess.Popen[str]"]:
        daemon = self._wine.start(self._program(), "run", "--no-tray")
        try:
            self._wait(lambda: self._attempt("status")[0] == 0, "the daemon to be ready")
            yield daemon
        finally:
            if daemon.poll() is None:
                daemon.kill()
            daemon.wait()

    def _compress(self, name: str, shade: int) -> None:
        picture = self._inbox / name
        picture.write_bytes(png(shade))
        self._dropped, before = sha256(picture), picture.stat().st_size

        def is_smaller() -> bool:
            with contextlib.suppress(FileNotFoundError):  # in the instant of its replacement
                return 0 < picture.stat().st_size < before / 2
            return False

        self._wait(is_smaller, "the picture to become smaller")

    def _entries(self) -> None:
        """What a login and Explorer start is the program without a console."""
        self._ask("autostart", "on")
        assert f'"{self._place}\\homepressw.exe" run --login' in self._registry(_RUN)
        self._ask("file-manager", "on")
        commands = self._registry(_EXPLORER)
        assert f'"{self._place}\\homepressw.exe"' in commands and "homepress.exe" not in commands, commands

    def _remove(self) -> None:
        began = time.monotonic()
        code, printed = self._wine.run(f"{self._place}\\uninstall.exe", "/S", within=_PATIENCE)
        assert code == 0, (code, printed)
        # It goes on as a copy of itself, so that it can delete its own file.
        self._wait(lambda: not any(self._programs.iterdir()), "Programs to be empty")
        self._wait(lambda: not self._registry(_APPS), "the entry under Apps to be gone")
        print(f"   {time.monotonic() - began:.1f} s: the removal", flush=True)
        assert "Homepress" not in self._registry(_RUN)
        assert not self._registry(_EXPLORER)
        assert not self._shortcuts()

    def _keeps_originals(self) -> None:
        """The one of the picture that is still smaller; a silent removal deletes none."""
        found = [file for file in self._programs.parent.rglob("*") if file.is_file()]
        assert any(sha256(file) == self._dropped for file in found), found

    def _shortcuts(self) -> list[Path]:
        return list((self._menu / "Start Menu").rglob("Homepress.lnk"))

    def _registry(self, key: str) -> str:
        """A key with what is beneath it; empty where it is not there."""
        code, printed = self._wine.run("reg", "query", key, "/s", within=_PATIENCE)
        return printed if code == 0 else ""

    def _program(self) -> str:
        return f"{self._place}\\homepress.exe"

    def _ask(self, *arguments: str) -> str:
        code, printed = self._attempt(*arguments)
        assert code == 0, (arguments, code, printed[-3000:])
        return printed

    def _attempt(self, *arguments: str) -> tuple[int, str]:
        return self._wine.run(self._program(), *arguments, within=_PATIENCE)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what}: {self._attempt('status')}"
            time.sleep(0.5)


def _try_portable(wine: Wine, portable: Path, folder: Path) -> None:
    """Unpacked somewhere, with what it writes beside it."""
    with zipfile.ZipFile(portable) as archive:
        archive.extractall(folder)
    picture = folder / "portable.png"
    picture.write_bytes(png(11))
    program, home = windows_path(folder / "Homepress" / "homepress.exe"), windows_path(folder / "home")
    code, printed = wine.run(
        *(program, "compress", "--in-place", windows_path(picture)), within=_PATIENCE, HOMEPRESS_HOME=home
    )
    assert code == 0 and picture.stat().st_size < len(png(11)) / 2, (code, printed)


def main() -> int:
    """Try out the two that are named."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try_installer(Path(sys.argv[1]), Path(sys.argv[2]), Rig.usual())
    return 0


if __name__ == "__main__":
    sys.exit(main())
