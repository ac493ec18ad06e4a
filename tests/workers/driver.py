"""A stand-in for the daemon: locked like it, with a worker that is told to misbehave. Prints JSON.

Run as a program: `driver.py misdeeds|control|wait SCRATCH`.
"""

import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from homepress import privacy
from homepress.workers import WorkerDied

sys.path.insert(0, str(Path(__file__).parent.parent))

from workers.mischief import PROGRAM, slot, tell


class House:
    """What there is to attack: a home with a secret, a session bus, a listener."""

    def __init__(self, scratch: Path) -> None:
        self.home = scratch / "home"
        (self.home / "sub").mkdir(parents=True)
        self.secret = self.home / "secret.txt"
        self.secret.write_text("a secret")
        os.setxattr(self.secret, "user.origin", b"from where it was downloaded")
        self.bus = listen(str(scratch / "bus"))
        self.abstract = listen(f"\0homepress-test-{os.getpid()}")
        self.elsewhere = [f"{folder}/homepress-misdeed-{os.getpid()}" for folder in ("/tmp", "/dev/shm")]
        self.tcp = socket.create_server(("127.0.0.1", 0))

    def deeds(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """What a worker is told, by name."""
        home, secret = self.home, str(self.secret)
        return {
            "read home": ("read", {"path": secret}),
            "list home": ("list_folder", {"path": str(home)}),
            "read passwd": ("read", {"path": "/etc/passwd"}),
            "read proc": ("read", {"path": "/proc/self/environ"}),
            "read parent's memory map": ("read_parent", {"path": "maps"}),
            "write home": ("write", {"path": str(home / "new")}),
            "write temporary": ("write", {"path": self.elsewhere[0]}),
            "write shared memory": ("write", {"path": self.elsewhere[1]}),
            "create empty": ("create_empty", {"path": str(home / "new")}),
            "truncate": ("truncate", {"path": secret}),
            "remove": ("remove", {"path": secret}),
            "make folder": ("make_folder", {"path": str(home / "folder")}),
            "link": ("link", {"path": secret, "to": str(home / "link")}),
            "hard link": ("hard_link", {"path": secret, "to": str(home / "sub" / "link")}),
            "change mode": ("mode", {"path": secret}),
            "change times": ("times", {"path": secret}),
            "change attribute": ("attribute", {"path": secret}),
            "session bus": ("bus", {"address": self.bus.getsockname()}),
            "abstract bus": ("bus", {"address": f"@homepress-test-{os.getpid()}"}),
            "tcp": ("tcp", {"port": self.tcp.getsockname()[1]}),
            "fork": ("fork", {}),
            "spawn": ("spawn", {}),
            "execute": ("execute", {}),
            "terminate parent": ("signal_parent", {"number": 15}),
            "probe parent": ("signal_parent", {"number": 0}),
            "signal everyone": ("signal_group", {}),
            "signal by descriptor": ("signal_by_descriptor", {}),
            "signal by ownership": ("signal_by_ownership", {}),
            "leave parent": ("leave_parent", {}),
            "raise memory limit": ("raise_limit", {"name": "RLIMIT_AS"}),
            "raise core limit": ("raise_limit", {"name": "RLIMIT_CORE"}),
            "watch home": ("watch_folder", {"path": str(home)}),
            "read attribute": ("read_attribute", {"path": secret}),
            "list attributes": ("list_attributes", {"path": secret}),
            "hold up a writer": ("lease", {"path": json.__file__}),
            "pin parent to a processor": ("pin_parent", {}),
            "trace parent": ("trace_parent", {}),
            "new namespace": ("new_namespace", {}),
            "process in a namespace": ("clone_into_namespace", {}),
            "memory beside the limit": ("grow_anonymous_file", {"size": 3 << 30}),
            "attempts": ("attempts", {}),
            "thread": ("thread", {}),
            "import": ("lazy_import", {"module": "wave"}),
            "environment": ("environment", {}),
            "descriptors": ("descriptors", {}),
            "limits": ("limits", {}),
        }


# Without the lock these would end the worker, the test or more.
DANGEROUS = ("execute", "terminate parent", "signal everyone", "new namespace")


def misdeeds(scratch: Path) -> None:
    """Every misdeed once, in a daemon that is locked itself."""
    house = House(scratch)
    privacy.lock_daemon()
    worker = slot()
    seen = {name: tell(worker, deed, **arguments) for name, (deed, arguments) in house.deeds().items()}
    for name, deed, arguments in (
        ("3 GB", "memory", {"size": 3 << 30}),
        ("loop", "loop", {}),
        ("segfault", "segfault", {}),
    ):
        try:
            seen[name] = tell(worker, deed, within=1.0 if name == "loop" else 60.0, **arguments)
        except WorkerDied as died:
            seen[name] = f"died: {died.kind}"
    seen["afterwards"] = tell(worker, "thread")
    lock = worker.lock
    assert lock is not None
    seen["lock"] = f"{lock.network}, files {lock.files}, missing {lock.missing}"
    seen["secret"] = house.secret.read_text()
    seen["home"] = " ".join(sorted(os.listdir(house.home)))
    worker.close()
    print(json.dumps(seen))


def control(scratch: Path) -> None:
    """The same misdeeds by a worker that is not locked, so that a refusal is known to be the lock's doing."""
    house = House(scratch)
    worker = slot(program=(*PROGRAM, "unlocked"))
    deeds = house.deeds()
    # What takes things away comes last, and whoever is traced stops at the next signal.
    last = ("truncate", "remove", "trace parent")
    order = [*(deeds.keys() - {*DANGEROUS, *last}), *last]
    print(json.dumps({name: tell(worker, deeds[name][0], **deeds[name][1]) for name in order}))
    worker.close()
    for path in house.elsewhere:
        Path(path).unlink(missing_ok=True)


def wait(scratch: Path) -> None:
    """Two workers, one idle and one at work for ever; print their ids and stay."""
    idle, busy = slot(), slot()
    tell(idle, "thread")
    tell(busy, "thread")
    threading.Thread(target=lambda: tell(busy, "loop", within=600), daemon=True).start()
    print(json.dumps([idle.pid, busy.pid]), flush=True)
    threading.Event().wait()


def listen(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    return listener


if __name__ == "__main__":
    {"misdeeds": misdeeds, "control": control, "wait": wait}[sys.argv[1]](Path(sys.argv[2]))
