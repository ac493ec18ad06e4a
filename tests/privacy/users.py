"""Running a test's child process as an ordinary user, also when the tests run as root."""

import atexit
import functools
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import homepress
from support import REPOSITORY

NOBODY = 65534

USERS = ("root", "ordinary") if os.geteuid() == 0 else ("ordinary",)
"""As whom a test can run here."""


def command_as(user: str, command: Sequence[str]) -> list[str]:
    """The command line that runs a command as "root" or as an "ordinary" user."""
    if user == "root" or os.geteuid() != 0:
        return list(command)
    drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--", *command]
    hidden = _hidden_folders()
    return _with_folders_in_reach(hidden, drop) if hidden else drop


def scratch_for(user: str) -> Path:
    """A new folder that the user owns and can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="homepress-test-"))
    if user == "ordinary" and os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    return folder


@functools.cache
def _stash() -> str:
    """An empty folder to mount things on; the mounts are seen in the namespace only."""
    folder = tempfile.mkdtemp(prefix="homepress-stash-")
    atexit.register(os.rmdir, folder)
    return folder


def _hidden_folders() -> dict[Path, set[Path]]:
    """What Python needs beneath folders that others may not enter (such as /root): closed folder to needs."""
    hidden: dict[Path, set[Path]] = {}
    package = Path(homepress.__file__).resolve().parent.parent
    for needed in {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), REPOSITORY, package}:
        closed = [folder for folder in needed.parents if not folder.stat().st_mode & 0o001]
        if closed:
            hidden.setdefault(closed[-1], set()).add(needed)
    return hidden


def _with_folders_in_reach(hidden: dict[Path, set[Path]], command: Sequence[str]) -> list[str]:
    """Run a command in a mount namespace of its own, where those folders can be entered."""
    stash = _stash()
    script = ["set -e", f"mount -t tmpfs -o mode=755 none {stash}"]
    for closed, needs in hidden.items():
        places = {needed: f"{stash}/{number}" for number, needed in enumerate(sorted(needs))}
        for needed, place in places.items():
            script += [f"mkdir -p {place}", f"mount --bind {shlex.quote(str(needed))} {place}"]
        script.append(f"mount -t tmpfs -o mode=755 none {shlex.quote(str(closed))}")
        for needed, place in places.items():
            quoted = shlex.quote(str(needed))
            script += [f"mkdir -p {quoted}", f"mount --bind {place} {quoted}"]
    script.append(f"exec {shlex.join(command)}")
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(script)]
