"""Folders that must not be watched, each with its reason and what to do instead."""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_SYSTEM_FOLDERS = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"),
    *("/var/cache", "/var/lib", "/var/log"),
    *("/Applications", "/Library", "/System", "/private/etc"),
    *("C:/Windows", "C:/Program Files", "C:/ProgramData"),
)


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

        Device and inode are compared as well as names: a bind mount, or a file system that does not tell
        upper from lower case, gives one folder several names.
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
    if any(place.lies_in(locate(Path(folder))) for folder in _SYSTEM_FOLDERS):
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
