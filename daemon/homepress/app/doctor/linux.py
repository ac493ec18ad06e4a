"""What the doctor looks at on Linux: mounts, inotify, Landlock, the session bus."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from homepress.app.doctor.finding import Finding, broken, good, worth_knowing
from homepress.app.doctor.session import session
from homepress.base.volumes.mountinfo import mount_of, parse_mountinfo
from homepress.settings import FolderSettings
from homepress.watch import this_system

__all__ = ["desktop", "file_sandbox", "file_system", "getting", "room_to_watch"]

_MOUNTINFO = Path("/proc/self/mountinfo")
_INOTIFY = Path("/proc/sys/fs/inotify")
_USUAL_WATCHES = 524_288
_USUAL_INSTANCES = 1024
_SPARE_INSTANCES = 16
"""What the desktop's own programs hold of this user's observers, about."""

# Landlock's ABIs: 3 can deny truncating, 4 TCP, 6 signals and abstract sockets (landlock(7)).
_WHOLE_SANDBOX = 3

_PACKAGES = {
    "apt-get": {
        "tkinter": "python3-tk",
        "x11": "libx11-6 libxft2",
        "gifsicle": "gifsicle",
        "notices": "dunst",
    },
    "dnf": {"tkinter": "python3-tkinter", "x11": "libX11 libXft", "gifsicle": "gifsicle", "notices": "dunst"},
    "pacman": {"tkinter": "tk", "x11": "libx11 libxft", "gifsicle": "gifsicle", "notices": "dunst"},
    "zypper": {
        "tkinter": "python3-tk",
        "x11": "libX11-6 libXft2",
        "gifsicle": "gifsicle",
        "notices": "dunst",
    },
    "apk": {"tkinter": "python3-tkinter", "x11": "libx11 libxft", "gifsicle": "gifsicle", "notices": "dunst"},
}
_INSTALL = {"pacman": "-S", "apk": "add"}


def file_system(path: bytes) -> str:
    """See `System`; from mountinfo, which does not touch the mount itself."""
    mount = mount_of(path, parse_mountinfo(_MOUNTINFO.read_bytes()))
    return mount.kind if mount is not None else ""


def file_sandbox(version: int) -> Iterator[Finding]:
    """See `System`."""
    if version == 0:
        text = "this kernel has no Landlock, or it is switched off: a worker can read files, not write them"
        fix = "see whether landlock is in the list, and add it to lsm= at boot: cat /sys/kernel/security/lsm"
        yield worth_knowing("sandbox", text, fix)
    elif version < _WHOLE_SANDBOX:
        text = f"Landlock ABI {version}: an older kernel's; what it lacks, the system call filter denies"
        yield worth_knowing("sandbox", text, "a kernel of 6.2 or newer has all of it")
    else:
        yield good("sandbox", f"Landlock ABI {version}: a worker reads nothing but program files")


def room_to_watch(folders: Sequence[FolderSettings]) -> Iterator[Finding]:
    """See `System`; inotify takes a watch for each folder and an instance for each tree (inotify(7))."""
    system = this_system()
    native = [
        folder
        for folder in folders
        if folder.watch == "native"
        or (folder.watch == "auto" and not system.is_remote(os.fsencode(folder.path.resolve())))
    ]
    wanted = sum(_directories(folder.path) if folder.recursive else 1 for folder in native)
    yield _limit("watched folders", "max_user_watches", wanted, _USUAL_WATCHES)
    instances = len(native) + _SPARE_INSTANCES if native else 0
    yield _limit("observers", "max_user_instances", instances, _USUAL_INSTANCES)


def _limit(what: str, name: str, wanted: int, usual: int) -> Finding:
    allowed = int((_INOTIFY / name).read_text("ascii"))
    fix = f"sudo sysctl fs.inotify.{name}={max(usual, 2 * allowed, 4 * wanted)}"
    text = f"{what}: about {wanted:,} needed, {allowed:,} allowed for all programs of yours together"
    if wanted > allowed:
        return broken("inotify", f"{text}: pictures in some folders are found late", fix)
    if 2 * wanted > allowed:
        return worth_knowing("inotify", text, fix)
    return good("inotify", text)


def _directories(root: Path) -> int:
    return 1 + sum(len(inside) for _, inside, _ in os.walk(root))


def desktop(old_tray: bool) -> Iterator[Finding]:
    """See `System`."""
    return session(old_tray, getting("notices"))


def getting(thing: str) -> str:
    """See `System`."""
    for manager, packages in _PACKAGES.items():
        if shutil.which(manager):
            return f"sudo {manager} {_INSTALL.get(manager, 'install')} {packages[thing]}"
    return f"install {_PACKAGES['apt-get'][thing]} with the system's package manager"
