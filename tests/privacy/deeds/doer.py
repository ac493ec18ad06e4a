"""A process that does deeds: a worker, one locked as the daemon or a client is, or an ordinary one.

Run as a program: `doer.py worker LANDLOCK` in a worker's place, by `Slot(program=...)`; it is asked in place
of pictures. `doer.py daemon|client|helper|free LANDLOCK` reads one question from its input and
prints the answer.
LANDLOCK is "all", "old" (its third version) or "none".
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from homepress import privacy
from homepress.compress import Compressed, Reason, Recipe, Unchanged
from homepress.privacy import landlock
from homepress.workers import child
from homepress.workers.host import host
from privacy.deeds.kernel import take_landlock_away
from privacy.deeds.model import KILLED, Prey
from privacy.deeds.table import deeds

_FIRST_SIGN = 0x4E00
"""A number is a letter in a worker's answer, which has room for some hundred of them."""

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
"""How such a picture starts: its worker may start threads, which that codec cannot do without."""

OLD = 3
"""The version of an old Landlock."""

_PATIENCE = 20

ALL = {deed.name_in_full: deed for deed in deeds()}


def have_landlock(which: str) -> None:
    """Make this process's kernel one with the newest Landlock, an old one, or none."""
    if which == "none":
        take_landlock_away()
    if which == "old":
        newest = landlock.abi
        landlock.abi = lambda machine: min(newest(machine), OLD)  # type: ignore[assignment]


def question(prey: Prey, names: list[str]) -> bytes:
    """What is sent to a doer."""
    return json.dumps({"prey": vars(prey), "deeds": names}).encode()


def codes(answer: str) -> list[int]:
    """What came of the deeds that a worker was asked for."""
    return [ord(sign) - _FIRST_SIGN for sign in answer]


def job(source: bytes, recipe: Recipe) -> Compressed | Unchanged:
    """A worker's job."""
    asked = json.loads(source.removeprefix(HEIC))
    prey = Prey(**asked["prey"])
    done = "".join(chr(_FIRST_SIGN + ALL[name].attempt(prey)) for name in asked["deeds"])
    return Unchanged(Reason.NOT_AN_IMAGE, detail=done)


_LOCKS: dict[str, Callable[[], Any]] = {
    "daemon": privacy.lock_daemon,
    "client": lambda: (privacy.set_apart(), privacy.lock_client()),
    "helper": lambda: privacy.lock_tool(Path(sys.executable), host.system_libraries(), privacy.Limits()),
    "free": lambda: None,
}


def main() -> None:
    """Be one of them."""
    role, which = sys.argv[1:3]
    have_landlock(which)
    if role == "worker":
        del sys.argv[1:3]
        child.work(lambda _: job)
        return
    asked = json.loads(sys.stdin.read())
    prey = Prey(**asked["prey"])
    _LOCKS[role]()
    if role == "helper":  # which can start no process
        print(json.dumps({name: ALL[name].attempt(prey) for name in asked["deeds"]}), flush=True)
        os._exit(0)
    print(
        json.dumps({name: _in_a_child(lambda name=name: ALL[name].attempt(prey)) for name in asked["deeds"]})
    )


def _in_a_child(attempt: Callable[[], int]) -> int:
    """What came of a deed that a child process did, which has the lock too."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(_PATIENCE)
        os._exit(attempt())
    _, status = os.waitpid(pid, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else KILLED


if __name__ == "__main__":
    main()
