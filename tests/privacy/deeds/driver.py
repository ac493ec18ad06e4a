"""Has each kind of locked process do every deed, or an ordinary one; prints what came of it as JSON.

Run as a program, as the user whose processes they are: `driver.py all|old|none|free SCRATCH MOUNT`.
"""

import contextlib
import functools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from homepress import privacy
from homepress.base.formats import ImageType
from homepress.compress import Recipe, Unchanged
from homepress.workers import Limits, Slot, WorkerDied
from privacy.deeds.doer import ALL, HEIC, codes, have_landlock, question
from privacy.deeds.model import KILLED, UNTRIED, Prey
from privacy.deeds.table import FLOOD, LITTER

_HERE = Path(__file__).parent
_AT_ONCE = 200
_RECIPE = Recipe(convert_to=ImageType.JPEG)


class Other:
    """The other program, and what it says of itself."""

    def __init__(self, scratch: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_HERE / "other.py"), str(scratch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.facts = self._heard()

    def condition(self) -> dict[str, Any]:
        """How it is."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._heard()

    def end(self) -> None:
        """Have it clean up."""
        self._process.communicate("", timeout=60)

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return dict(json.loads(self._process.stdout.readline()))


def ask_process(role: str, landlock: str, prey: Prey, names: list[str]) -> dict[str, int]:
    """Have a process of its own do deeds."""
    done = subprocess.run(
        [sys.executable, str(_HERE / "doer.py"), role, landlock],
        input=question(prey, names),
        stdout=subprocess.PIPE,
        check=True,
        timeout=170,
    )
    return dict(json.loads(done.stdout))


def ask_worker(worker: Slot, start: bytes, prey: Prey, names: list[str]) -> dict[str, int]:
    """Have a worker do deeds, by a picture that starts so; asking for fewer finds those that end it."""
    try:
        result = worker.compress(start + question(prey, names), _RECIPE, 60.0)
    except WorkerDied:
        if len(names) == 1:
            return {names[0]: KILLED}
        half = len(names) // 2
        return ask_worker(worker, start, prey, names[:half]) | ask_worker(worker, start, prey, names[half:])
    assert isinstance(result, Unchanged)
    return dict(zip(names, codes(result.detail), strict=True))


def main() -> None:
    """Do them all."""
    which, scratch, mount = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    listener = socket.create_server(("127.0.0.1", 0))
    port = int(listener.getsockname()[1])
    said: dict[str, Any] = {}
    tried = _tried(which)
    with contextlib.ExitStack() as stack:
        # All of the other programs first: what is started later has this process's lock.
        preys = {role: stack.enter_context(_prey(scratch / role, role, mount, port)) for role in tried}
        for role, names in tried.items():
            prey, other = preys[role]
            before = other.condition()
            os.chdir(prey.home)
            ask = _ask_worker if role in ("worker", "heic") else ask_process
            done = ask(role, which, prey, names)
            said[role] = {
                "deeds": dict.fromkeys(ALL, UNTRIED) | done,
                "before": before,
                "after": other.condition(),
                "home": {path.name: path.read_text() for path in Path(prey.home).iterdir() if path.is_file()},
            }
    print(json.dumps(said))
    for path in LITTER:
        Path(path).unlink(missing_ok=True)


def _tried(which: str) -> dict[str, list[str]]:
    """The deeds of each kind of process; workers are last, since their daemon locks this process."""
    if which == "free":
        return {"free": [name for name, deed in ALL.items() if deed.control != "untried"]}
    return {
        "daemon": [name for name, deed in ALL.items() if deed.daemon],
        "client": [name for name, deed in ALL.items() if deed.client],
        "helper": [name for name, deed in ALL.items() if not deed.killed and deed.helper != "untried"],
        "worker": list(ALL),
        "heic": list(ALL),
    }


@contextlib.contextmanager
def _prey(scratch: Path, role: str, mount: str, port: int) -> Iterator[tuple[Prey, Other]]:
    (home := scratch / "home").mkdir(parents=True)
    (home / "secret.txt").write_text("a secret")
    other = Other(scratch)
    told = f"{mount}/{role}-" if mount else ""
    yield Prey(home=str(home), told=told, library=json.__file__, port=port, **other.facts), other
    other.end()


@functools.cache
def _be_daemon(which: str) -> None:
    have_landlock(which)
    privacy.lock_daemon()


def _ask_worker(role: str, which: str, prey: Prey, names: list[str]) -> dict[str, int]:
    """Have a worker of a locked daemon, which this process becomes, do deeds."""
    _be_daemon(which)
    program = (sys.executable, "-I", str(_HERE / "doer.py"), "worker", which)
    worker = Slot(Limits(), background=False, program=program)
    start = HEIC if role == "heic" else b""
    alone = [name for name in names if ALL[name].killed or name == FLOOD]
    plain = [name for name in names if name not in alone]
    seen: dict[str, int] = {}
    for at in range(0, len(plain), _AT_ONCE):
        seen |= ask_worker(worker, start, prey, plain[at : at + _AT_ONCE])
    for name in alone:
        seen |= ask_worker(worker, start, prey, [name])
    worker.close()
    return seen


if __name__ == "__main__":
    main()
