"""One trial: all deeds as one user, with one kind of kernel, over a file system that writes names down."""

import contextlib
import errno
import functools
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homepress.privacy import landlock
from homepress.privacy.calls import current
from privacy.deeds.doer import OLD
from privacy.deeds.lookup_deeds import LOOKUPS, name_told
from privacy.deeds.lookups import CannotMountError, Lookups
from privacy.deeds.model import UNTRIED, Answer, Deed, answer
from privacy.deeds.table import FLOOD, deeds
from privacy.users import command_as, scratch_for

KERNELS = {"all": "Linux as it is", "old": "Landlock of 6.2", "none": "no Landlock"}
"""Kinds of kernel; the older two are made of this one."""

ROLES = ("worker", "heic", "helper", "daemon", "client")
"""Kinds of locked processes; "heic" is a worker that decodes such pictures, "free" an ordinary process."""

_LEAST_FOR_A_DOMAIN = 2
"""Under the first version files could not be moved."""

_LEAST_FOR_SIGNALS = 6


@dataclass(frozen=True)
class Outcome:
    """What came of the deeds of one process.

    Attributes:
        deeds: the kernel's error number of each, or one of `model`.
        before: the other program before them.
        after: and afterwards.
        home: the files of the user at the end.
        told: system calls by which the network folder was told a name; None where it could not be mounted.
    """

    deeds: dict[str, int]
    before: dict[str, Any]
    after: dict[str, Any]
    home: dict[str, str]
    told: frozenset[str] | None

    def counts(self) -> Counter[Answer]:
        """How many deeds were answered how."""
        return Counter(answer(code) for code in self.deeds.values() if code != UNTRIED)


@dataclass(frozen=True)
class Trial:
    """What came of it.

    Attributes:
        outcomes: of each kind of process.
        landlock: the version of the kernel's Landlock.
        user: as whom.
    """

    outcomes: dict[str, Outcome]
    landlock: int
    user: str

    def unexpected(self, role: str) -> dict[str, str]:
        """The deeds that went otherwise than they should: what came of them."""
        found = {}
        for deed in deeds():
            wanted = expected(deed, role, self.landlock, self.user)
            code = self.outcomes[role].deeds[deed.name_in_full]
            if wanted and answer(code) not in wanted:
                found[deed.name_in_full] = f"{answer(code)} ({errno.errorcode.get(code, code)})"
        return found


def expected(deed: Deed, role: str, landlock: int, user: str) -> tuple[Answer, ...]:
    """What a locked process of a role should get; nothing where it is not tried or may be either."""
    reached = (Answer.DONE, Answer.FAILED)
    closed = (Answer.REFUSED,) if landlock >= _LEAST_FOR_A_DOMAIN else ()
    words = {
        "refused": (Answer.REFUSED,),
        "killed": (Answer.KILLED,),
        "allowed": reached,
        "landlock": closed,
        "not root": () if user == "root" else closed,
        "scoped": (Answer.REFUSED,) if landlock >= _LEAST_FOR_SIGNALS else (),
    }
    of_worker = "killed" if deed.killed else "allowed" if deed.harmless else "refused"
    wanted = {
        "worker": of_worker,
        "heic": "" if deed.name_in_full == FLOOD else of_worker,
        "helper": "" if deed.killed else deed.helper or of_worker,
        "daemon": deed.daemon,
        "client": deed.client,
    }
    return words.get(wanted[role], ())


@functools.cache
def trial(user: str, kernel: str) -> Trial:
    """Try everything.

    Args:
        user: one of `privacy.users.USERS`.
        kernel: one of `KERNELS`, or "free" for an ordinary process without any lock.
    """
    scratch = scratch_for(user)
    (mount := scratch / "mount").mkdir()
    try:
        with _lookups(mount) as seen:
            program = str(Path(__file__).with_name("driver.py"))
            arguments = [kernel, str(scratch), str(mount) if seen else ""]
            command = command_as(user, [sys.executable, program, *arguments])
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=170, cwd="/")
            names = None if seen is None else set(seen.names)
    finally:
        shutil.rmtree(scratch)
    assert done.returncode == 0, done.stderr
    outcomes = {
        role: Outcome(**about, told=_told(role, names)) for role, about in json.loads(done.stdout).items()
    }
    return Trial(outcomes, {"none": 0, "old": min(_version(), OLD)}.get(kernel, _version()), user)


def _told(role: str, names: set[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(call for call in LOOKUPS if name_told(role, call) in names)


def _version() -> int:
    machine = current()
    return 0 if machine is None else landlock.abi(machine)


@contextlib.contextmanager
def _lookups(mount: Path) -> Iterator[Lookups | None]:
    try:
        lookups = Lookups(mount)
    except CannotMountError:
        yield None
        return
    with lookups:
        yield lookups


def users() -> tuple[str, ...]:
    """As whom it can be tried here, in the order of the table."""
    return ("ordinary", "root") if os.geteuid() == 0 else ("ordinary",)
