"""Folders that must not be watched, each with its reason and what to do instead."""

import os
from collections.abc import Sequence
from pathlib import Path

_SYSTEM_FOLDERS = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"),
    *("/var/cache", "/var/lib", "/var/log"),
    *("/Applications", "/Library", "/System", "/private/etc"),
    *("C:/Windows", "C:/Program Files", "C:/ProgramData"),
)


def refusal(
    path: Path,
    others: Sequence[Path] = (),
    home: Path | None = None,
    *,
    output: Path | None = None,
    private: Sequence[Path] = (),
) -> str | None:
    """Why a folder must not be watched; None when it may. A folder that is not there yet is not refused.

    Args:
        path: the folder, `~` expanded.
        others: the folders that are watched already, without this one.
        home: the person's home folder; None for the current user's.
        output: its output folder, if it has one.
        private: folders of our own: state, stored originals.
    """
    home = home or Path.home()
    if os.path.lexists(path) and not path.is_dir():
        return f"{path} is not a folder; give the folder that holds it"
    if path.parent == path:
        return f"{path} is a whole drive, programs and all; give a folder on it"
    if _within(home, path):
        what = "your home folder" if _same(home, path) else "a folder around your home folder"
        return f"{path} is {what}, where programs keep their own pictures; give a folder inside it"
    if any(_within(path, Path(folder)) for folder in _SYSTEM_FOLDERS):
        return f"{path} belongs to the system; give a folder of your own"
    for folder in private:
        if _within(path, folder) or _within(folder, path):
            return f"{path} holds, or lies in, Homepress' own files in {folder}; give another folder"
    for other in others:
        if _within(path, other):
            same = _same(path, other)
            return f"{path} is watched already" + ("" if same else f", as part of {other}")
        if _within(other, path):
            return f"{path} holds {other}, which is watched already; remove that one first"
    return None if output is None else output_refusal(path, output, others)


def output_refusal(path: Path, output: Path, others: Sequence[Path] = ()) -> str | None:
    """Why an output folder must not be used for the watched folder `path`; None when it may."""
    if os.path.lexists(output) and not output.is_dir():
        return f"the output folder {output} is not a folder; give another one"
    if _within(output, path):
        return f"the output folder {output} lies in the watched folder {path}; give one outside it"
    if _within(path, output):
        return f"the watched folder {path} lies in its output folder {output}; give another output folder"
    for other in others:
        if _within(output, other):
            return f"the output folder {output} lies in the watched folder {other}; give one outside it"
    return None


def _within(inner: Path, outer: Path) -> bool:
    """Whether `inner` is `outer` or lies in it, links resolved.

    Device and inode are compared as well as names: a bind mount, or a file system that does not tell upper
    from lower case, gives one folder several names.
    """
    inner, outer = Path(os.path.realpath(inner)), Path(os.path.realpath(outer))
    if inner.is_relative_to(outer):
        return True
    wanted = _identity(outer)
    return wanted is not None and any(_identity(folder) == wanted for folder in (inner, *inner.parents))


def _same(one: Path, other: Path) -> bool:
    return _within(one, other) and _within(other, one)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino)
