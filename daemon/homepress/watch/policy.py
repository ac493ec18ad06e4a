"""Folders that must not be watched, and what to know of one before it is; each with its reason."""

import configparser
import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from homepress.watch.model import WatchSystem, this_system

_SYSTEM_FOLDERS = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"),
    *("/var/cache", "/var/lib", "/var/log"),
    *("/Applications", "/Library", "/System", "/private/etc"),
    *("C:/Windows", "C:/Program Files", "C:/Program Files (x86)", "C:/ProgramData"),
)
_VARIABLES = ("SystemRoot", "ProgramFiles", "ProgramFiles(x86)", "ProgramW6432", "ProgramData")
"""Where such folders are on a Windows that is not on C:."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a path leads.

    Attributes:
        real: without links.
        identities: device and inode of `real` and of each folder above it; None of what is not there.
        is_folder: False for a file or the like; True where nothing is.
    """

    real: Path
    identities: tuple[tuple[int, int] | None, ...] = (None,)
    is_folder: bool = True

    def lies_in(self, outer: "Location") -> bool:
        """Whether it is `outer` or lies in it.

        Device and inode are compared as well as names: a bind mount, or a file system that ignores the
        case of letters, gives one folder several names.
        """
        if self.real.is_relative_to(outer.real):
            return True
        wanted = outer.identities[0]
        return wanted is not None and wanted in self.identities


def locate(path: Path) -> Location:
    """Where a path leads now; asks its disk, and those of the folders above it."""
    real = Path(os.path.realpath(path))
    identities = tuple(map(_identity, (real, *real.parents)))
    try:
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)
    except OSError:
        is_folder = not os.path.lexists(path)
    return Location(real, identities, is_folder)


Locate = Callable[[Path], Location]


def refusal(
    path: Path,
    others: Sequence[Path] = (),
    home: Path | None = None,
    *,
    output: Path | None = None,
    private: Sequence[Path] = (),
    locate: Locate = locate,
) -> str | None:
    """Why a folder must not be watched; None when it may. A folder that is not there yet is not refused.

    Args:
        path: the folder, `~` expanded.
        others: the folders that are watched already, without this one.
        home: the person's home folder; None for the current user's.
        output: its output folder, if it has one.
        private: folders of our own: state, stored originals.
        locate: says where paths lead; another one than that of this module where disks must not be asked.
    """
    home = home or Path.home()
    place = locate(path)
    if not place.is_folder:
        return f"{path} is not a folder; give the folder that holds it"
    if path.parent == path:
        return f"{path} is a whole drive, programs and all; give a folder on it"
    if (own := locate(home)).lies_in(place):
        what = "your home folder" if place.lies_in(own) else "a folder around your home folder"
        return f"{path} is {what}, where programs keep their own pictures; give a folder inside it"
    if any(place.lies_in(locate(Path(folder))) for folder in _system_folders()):
        return f"{path} belongs to the system; give a folder of your own"
    for folder in private:
        if place.lies_in(locate(folder)) or locate(folder).lies_in(place):
            return f"{path} holds, or lies in, Homepress' own files in {folder}; give another folder"
    for other in others:
        if place.lies_in(locate(other)):
            same = locate(other).lies_in(place)
            return f"{path} is watched already" + ("" if same else f", as part of {other}")
        if locate(other).lies_in(place):
            return f"{path} holds {other}, which is watched already; remove that one first"
    return None if output is None else output_refusal(path, output, others, locate=locate)


def _system_folders() -> tuple[str, ...]:
    named = (os.environ.get(name, "") for name in _VARIABLES)
    return (*_SYSTEM_FOLDERS, *(folder for folder in named if os.path.isabs(folder)))


def output_refusal(
    path: Path, output: Path, others: Sequence[Path] = (), *, locate: Locate = locate
) -> str | None:
    """Why an output folder must not be used for the watched folder `path`; None when it may."""
    place, target = locate(path), locate(output)
    if not target.is_folder:
        return f"the output folder {output} is not a folder; give another one"
    if target.lies_in(place):
        return f"the output folder {output} lies in the watched folder {path}; give one outside it"
    if place.lies_in(target):
        return f"the watched folder {path} lies in its output folder {output}; give another output folder"
    for other in others:
        if target.lies_in(locate(other)):
            return f"the output folder {output} lies in the watched folder {other}; give one outside it"
    return None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


# -- what to know of a folder before it is watched: who else takes its files, or owns them

# Names of the folders that the clients make, in lower case; a trailing " - *" is an organisation's name.
_FOLDER_NAMES: dict[str, tuple[str, ...]] = {
    "Dropbox": ("dropbox", "dropbox (*)"),
    "OneDrive": ("onedrive", "onedrive - *"),
    "iCloud Drive": ("icloud drive", "iclouddrive", "mobile documents", "icloud photos"),
    "Nextcloud": ("nextcloud", "nextcloud[0-9]"),
    "ownCloud": ("owncloud", "owncloud[0-9]"),
    "Google Drive": ("google drive", "googledrive", "my drive", "google-drive"),
    "MEGA": ("megasync", "mega", "megasync downloads"),
    "pCloud": ("pclouddrive", "pcloud drive"),
}
# Files that the clients leave in, or above, what they synchronise.
_MARKERS: dict[str, tuple[str, ...]] = {
    "Dropbox": (".dropbox", ".dropbox.cache"),
    "OneDrive": (".849c9593-d756-4e56-8d6e-42412f2a707b",),
    "Nextcloud": (".nextcloudsync.log", ".sync_*.db", "._sync_*.db"),
    "ownCloud": (".owncloudsync.log", ".csync_journal.db"),
    "Google Drive": (".tmp.drivedownload", ".tmp.driveupload"),
    "Syncthing": (".stfolder",),
    "MEGA": (".megaignore",),
    "Resilio Sync": (".sync",),
}
_MAC_CLOUD_STORAGE = "cloudstorage"
_MAC_PROVIDERS = {"dropbox": "Dropbox", "onedrive": "OneDrive", "googledrive": "Google Drive", "box": "Box"}
_MOST_NAMES = 10_000
_MOST_IGNORED = 8192
"""Bytes of one `.gitignore`."""


def warnings(path: Path, *, home: Path | None = None, system: WatchSystem | None = None) -> list[str]:
    """What a person should know of a folder that may be watched, a sentence each; may be empty.

    Args:
        path: the folder, `~` expanded.
        home: the person's home folder, where cloud clients keep their settings; None for the current user's.
        system: the operating system; None for the one we run on.
    """
    real = Path(os.path.realpath(path))
    said = [
        f"{path} is synchronised by {client}: pictures in it leave this computer through that program, "
        "and so will the smaller ones"
        for client in cloud_clients(real, home or Path.home())
    ]
    if os.path.lexists(real / ".git"):
        said.append(f"{path} is a git work tree; nothing in it will be touched")
    elif (tree := _work_tree(real)) is not None and not _is_ignored(real, tree):
        said.append(f"{path} lies in a git work tree; smaller pictures will show there as changes")
    if any(part.lower() == "appdata" for part in real.parts):
        said.append(f"{path} lies in AppData, where programs keep pictures that they want as they are")
    if (system or this_system()).is_remote(os.fsencode(real)):
        said.append(
            f"{path} is on a network drive or the like, which reports no changes; it is looked through from "
            "time to time, and new pictures are found a little later"
        )
    return said


def _work_tree(path: Path) -> Path | None:
    """The nearest git work tree that a folder lies in."""
    return next((folder for folder in path.parents if os.path.lexists(folder / ".git")), None)


def _is_ignored(path: Path, tree: Path) -> bool:
    """Whether git plainly leaves out a folder, or one between it and the root of its work tree."""
    inside = path.relative_to(tree).parts
    return any(_is_named(tree, inside[: depth + 1]) for depth in range(len(inside)))


def _is_named(tree: Path, parts: tuple[str, ...]) -> bool:
    """Whether the last line of the files `.gitignore` above a folder that names it leaves it out.

    Lines with patterns are passed over: at worst somebody is warned in vain.
    """
    named = False
    for depth in range(len(parts)):
        whole = "/".join(parts[depth:])
        for line in _ignore_lines(tree.joinpath(*parts[:depth])):
            name = line.removeprefix("!").removesuffix("/")
            if name in (f"/{whole}", parts[-1]) or ("/" in whole and name == whole):
                named = not line.startswith("!")
    return named


def _ignore_lines(folder: Path) -> list[str]:
    """The plain lines at the beginning of a folder's `.gitignore`; none where it cannot be read."""
    file = folder / ".gitignore"
    try:
        if not stat.S_ISREG(os.lstat(file).st_mode):  # a pipe would be waited for
            return []
        with file.open("rb") as opened:
            data = opened.read(_MOST_IGNORED)
    except OSError:
        return []
    if len(data) == _MOST_IGNORED:
        data = data[: data.rfind(b"\n") + 1]  # the last line may be cut
    lines = (os.fsdecode(line.rstrip()) for line in data.splitlines())
    return [line for line in lines if line and not set(line) & set("*?[\\") and not line.startswith("#")]


def cloud_clients(path: Path, home: Path) -> list[str]:
    """The cloud clients that synchronise a folder, by names, markers and their settings."""
    found = {client for client, folder in _configured(home) if path.is_relative_to(os.path.realpath(folder))}
    for folder in (path, *path.parents):
        found |= _by_name(folder) | (_by_marker(folder) if folder != home else set())
        if folder == home:
            break
    # ownCloud's databases and Nextcloud's have the same names.
    return sorted(found - {"Nextcloud"} if "ownCloud" in found else found)


def _by_name(folder: Path) -> set[str]:
    name = folder.name.lower()
    found = {
        client for client, names in _FOLDER_NAMES.items() if any(fnmatch(name, pattern) for pattern in names)
    }
    if folder.parent.name.lower() == _MAC_CLOUD_STORAGE:
        found.add(_MAC_PROVIDERS.get(name.split("-")[0], folder.name))
    return found


def _by_marker(folder: Path) -> set[str]:
    """By hidden files in a folder; only the first ten thousand entries are looked at."""
    names = []
    try:
        with os.scandir(folder) as entries:
            for _, entry in zip(range(_MOST_NAMES), entries, strict=False):
                if entry.name.startswith("."):
                    names.append(entry.name.lower())
    except OSError:
        return set()
    return {
        client
        for client, patterns in _MARKERS.items()
        if any(fnmatch(name, pattern) for name in names for pattern in patterns)
    }


def _configured(home: Path) -> Iterator[tuple[str, Path]]:
    """The folders that the clients' own settings name."""
    for file in (home / ".dropbox" / "info.json", home / ".config" / "dropbox" / "info.json"):
        yield from (("Dropbox", folder) for folder in _dropbox_folders(_text(file)))
    for client in ("Nextcloud", "ownCloud"):
        text = _text(home / ".config" / client / f"{client.lower()}.cfg")
        lines = (line.partition("=") for line in text.splitlines())
        yield from ((client, Path(value)) for key, _, value in lines if key.endswith("localPath") and value)
    text = _text(home / ".config" / "onedrive" / "config")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(f"[all]\n{text}")
    except configparser.Error:
        return
    if folder := parser.get("all", "sync_dir", fallback="").strip("\"' "):
        yield "OneDrive", Path(folder.replace("~", str(home), 1))


def _dropbox_folders(text: str) -> list[Path]:
    try:
        accounts = json.loads(text or "{}")
        return [Path(account["path"]) for account in accounts.values()]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
