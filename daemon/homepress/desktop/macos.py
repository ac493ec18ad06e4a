"""The desktop of macOS: login, entries in Finder, opening things, Low Power Mode, the clipboard.

Written from the documentation; not yet run on a Mac by this project.
"""

import importlib
import os
import plistlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from homepress.base.files import write_atomically
from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.base.override import override
from homepress.base.paths import shipped
from homepress.desktop.autostart import Autostart, AutostartError, AutostartState
from homepress.desktop.clipboard import Clipboard, ClipboardError, Copied
from homepress.desktop.file_managers import ENTRIES, FileManagerError, FileManagers
from homepress.desktop.launching import APP_ID, Launch
from homepress.desktop.opening import NotOpened, Opener
from homepress.desktop.power import Looking

Run = Callable[[Sequence[str]], bool]
"""Runs a command; whether it went well."""


def _run(command: Sequence[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


class LaunchAgent(Autostart):
    """A LaunchAgent (launchd.plist(5)): a file in ~/Library/LaunchAgents, which launchd reads at login."""

    def __init__(self, launch: Launch, home: Path | None = None, run: Run = _run) -> None:
        self._launch = launch
        self._home = home or Path.home()
        self._run = run
        self._file = self._home / "Library" / "LaunchAgents" / f"{APP_ID}.plist"

    @override
    def enable(self) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._logs().mkdir(parents=True, exist_ok=True)  # without it launchd ends the job (EX_CONFIG)
            contents = plistlib.dumps(self.contents(), sort_keys=False)
            write_atomically(self._file, contents, mode=0o644)  # launchd refuses what others may write
        except OSError as error:
            raise AutostartError(f"{self._file} cannot be written: {error.strerror}") from error
        self._run(["launchctl", "enable", self._service()])  # undoes an earlier `disable`

    @override
    def disable(self) -> None:
        """A daemon that launchd has started is left running."""
        try:
            self._file.unlink(missing_ok=True)
            shutil.rmtree(self._logs(), ignore_errors=True)
        except OSError as error:
            raise AutostartError(f"{self._file} cannot be removed: {error.strerror}") from error

    @override
    def repair(self) -> bool:
        stored = self._stored()
        if stored is None or not _missing_program(stored):
            return False
        self.enable()
        return True

    @override
    def state(self) -> AutostartState:
        stored = self._stored()
        reason = ""
        if stored is not None and (gone := _missing_program(stored)):
            reason = f"{gone} is not there any more; switch it on again"
        elif stored is not None and stored.get("Disabled"):
            reason = "it is disabled in its file; switch it on again"
        on = stored is not None
        return AutostartState("launch agent", on, on and not reason, reason, str(self._file))

    def contents(self) -> dict[str, Any]:
        """What the file says."""
        template = plistlib.loads(shipped("service-files/macos/homepress.plist").read_bytes())
        logs = self._logs()
        return {
            **template,
            "Label": APP_ID,
            "ProgramArguments": list(self._launch.command),
            "EnvironmentVariables": {**template["EnvironmentVariables"], **self._launch.environment},
            "StandardOutPath": str(logs / "stdout.log"),
            "StandardErrorPath": str(logs / "stderr.log"),
        }

    def _logs(self) -> Path:
        return self._home / "Library" / "Logs" / "Homepress"

    def _stored(self) -> dict[str, Any] | None:
        try:
            with open(self._file, "rb") as file:
                stored: dict[str, Any] = plistlib.load(file)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, plistlib.InvalidFileException, ExpatError):
            return {}
        return stored

    def _service(self) -> str:
        return f"gui/{os.getuid() if hasattr(os, 'getuid') else 0}/{APP_ID}"


def _missing_program(stored: dict[str, Any]) -> str:
    command = stored.get("ProgramArguments") or ["its program"]
    return "" if os.access(command[0], os.X_OK) else str(command[0])


_OPEN = "/usr/bin/open"


def _exit_code(command: Sequence[str]) -> int:
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True).returncode


class LaunchServicesOpener(Opener):
    """`open` hands over to Launch Services, and launchd starts the program."""

    def __init__(self, run: Callable[[Sequence[str]], int] = _exit_code) -> None:
        self._run = run

    @override
    def folder(self, path: Path, token: str = "") -> None:
        self._open(path, (_OPEN, str(path)))

    @override
    def reveal(self, paths: Sequence[Path], token: str = "") -> None:
        self._open(paths[0], (_OPEN, "-R", *map(str, paths)))

    @override
    def file(self, path: Path, token: str = "") -> None:
        self.folder(path)

    def _open(self, path: Path, command: Sequence[str]) -> None:
        if self._run(command) != 0:
            raise NotOpened(f"{path} cannot be opened: macOS knows no program for it, or it is gone")


_MODE = re.compile(r"^\s*(?:lowpowermode|powermode)\s+(\d)\s*$", re.MULTILINE)


def saves_power(told: str) -> bool | None:
    """What the output of `pmset -g` says; None when it has no such line, as on older systems."""
    found = _MODE.search(told)
    return None if found is None else found[1] == "1"


def _saves_power_now() -> bool | None:
    try:
        done = subprocess.run(["/usr/bin/pmset", "-g"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return saves_power(done.stdout)


class LowPowerModeWatch(Looking):
    """Low Power Mode, from what `pmset -g` prints: a line "lowpowermode 1"."""

    def __init__(self) -> None:
        super().__init__(_saves_power_now)


class Finder(FileManagers):
    """Quick Actions: a workflow of Automator for each entry, in the user's Library/Services."""

    def __init__(self, launch: Launch, home: Path | None = None) -> None:
        """Write nothing yet; `home` is the user's, if it is another."""
        self._launch = launch
        self._folder = (home or Path.home()) / "Library" / "Services"

    @override
    def add(self) -> list[str]:
        added = []
        try:
            for action, label in ENTRIES.items():
                contents = self._place(label) / "Contents"
                contents.mkdir(parents=True, exist_ok=True)
                info, flow = _quick_action(f"Homepress: {label}", self._script(action))
                write_atomically(contents / "Info.plist", plistlib.dumps(info), mode=0o644)
                write_atomically(contents / "document.wflow", plistlib.dumps(flow), mode=0o644)
                added.append(str(self._place(label)))
        except OSError as error:
            raise FileManagerError(f"{error.filename} cannot be written: {error.strerror}") from error
        return added

    @override
    def remove(self) -> list[str]:
        present = [self._place(label) for label in ENTRIES.values() if self._place(label).is_dir()]
        try:
            for place in present:
                shutil.rmtree(place)
        except OSError as error:
            raise FileManagerError(f"{error.filename} cannot be removed: {error.strerror}") from error
        return [str(place) for place in present]

    def _place(self, label: str) -> Path:
        return self._folder / f"Homepress - {label}.workflow"  # Finder shows a colon in a name as a slash

    def _script(self, action: str) -> str:
        settings = [f"{name}={value}" for name, value in self._launch.environment.items()]
        command = [*(["/usr/bin/env", *settings] if settings else []), *self._launch.command, action]
        return f'exec {" ".join(map(shlex.quote, command))} -- "$@"'


_AS_ARGUMENTS = 1
"""How Automator gives files to a shell script: as its arguments and not as its input."""


def _quick_action(title: str, script: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What Finder reads of an action (NSServices), and what Automator runs."""
    service = {
        "NSMenuItem": {"default": title},
        "NSMessage": "runWorkflowAsService",
        "NSRequiredContext": {"NSApplicationIdentifier": "com.apple.finder"},
        "NSSendFileTypes": ["public.image"],
    }
    shell = {
        "ActionBundlePath": "/System/Library/Automator/Run Shell Script.action",
        "ActionName": "Run Shell Script",
        "ActionParameters": {
            "COMMAND_STRING": script,
            "CheckedForUserDefaultShell": True,
            "inputMethod": _AS_ARGUMENTS,
            "shell": "/bin/sh",
            "source": "",
        },
        "AMAccepts": {"Container": "List", "Optional": True, "Types": ["com.apple.cocoa.path"]},
        "AMProvides": {"Container": "List", "Types": ["com.apple.cocoa.path"]},
        "BundleIdentifier": "com.apple.RunShellScript",
        "Class Name": "RunShellScriptAction",
    }
    flow = {
        "AMDocumentVersion": "2",
        "actions": [{"action": shell, "isViewVisible": True}],
        "connectors": {},
        "workflowMetaData": {
            "serviceApplicationBundleID": "com.apple.finder",
            "serviceInputTypeIdentifier": "com.apple.Automator.fileSystemObject.image",
            "serviceOutputTypeIdentifier": "com.apple.Automator.nothing",
            "workflowTypeIdentifier": "com.apple.Automator.servicesMenu",
        },
    }
    return {"NSServices": [service]}, flow


_TYPES = {
    ImageType.PNG: "public.png",
    ImageType.JPEG: "public.jpeg",
    ImageType.HEIC: "public.heic",
    ImageType.GIF: "com.compuserve.gif",
    ImageType.WEBP: "org.webmproject.webp",
    ImageType.TIFF: "public.tiff",
    ImageType.BMP: "com.microsoft.bmp",
}
"""Uniform type identifiers, the best first: macOS makes a TIFF of every picture that is copied."""


class Pasteboard(Clipboard):
    """The general pasteboard (NSPasteboard), by way of PyObjC, which the tray's icon has brought along."""

    def __init__(self, appkit: Any = None) -> None:
        """Load AppKit.

        Args:
            appkit: what to use in its place.

        Raises:
            ClipboardError: it is not there.
        """
        try:
            self._appkit = appkit or importlib.import_module("AppKit")
        except ImportError as error:
            raise ClipboardError(f"the clipboard needs PyObjC: {error}") from error
        self._board = self._appkit.NSPasteboard.generalPasteboard()

    @override
    def read(self) -> Copied:
        options = {self._appkit.NSPasteboardURLReadingFileURLsOnlyKey: True}
        urls = self._board.readObjectsForClasses_options_([self._appkit.NSURL], options)
        if files := tuple(Path(str(url.path())) for url in urls or ()):
            return Copied(files)
        for kind in _TYPES.values():
            if (data := self._board.dataForType_(kind)) is not None:
                return Copied(picture=bytes(data))
        return Copied()

    @override
    def put(self, copied: Copied) -> None:
        self._board.clearContents()
        taken = True
        if copied.files:
            urls = [self._appkit.NSURL.fileURLWithPath_(str(path)) for path in copied.files]
            taken = bool(self._board.writeObjects_(urls))
        kind = sniff(copied.picture[:SNIFF_BYTES]) if copied.picture else None
        if kind in _TYPES:
            data = self._appkit.NSData.dataWithBytes_length_(copied.picture, len(copied.picture))
            taken = bool(self._board.setData_forType_(data, _TYPES[kind])) and taken
        if not taken:
            raise ClipboardError("macOS does not take it")
