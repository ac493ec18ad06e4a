"""A stand-in for the daemon: locked like it, with a worker that is told to misbehave. Prints JSON.

Run as a program: `driver.py misdeeds|control|wait SCRATCH`.
"""

import contextlib
import json
import os
import socket
import struct
import sys
import threading
from pathlib import Path
from typing import Any

from homepress import privacy
from homepress.privacy import syscalls
from homepress.privacy.calls import current
from homepress.workers import WorkerDied

sys.path.insert(0, str(Path(__file__).parent.parent))

from workers.mischief import PROGRAM, slot, tell

Deed = tuple[str, dict[str, Any]]
Deeds = dict[str, Deed]

QUEUE = f"homepress-{os.getpid()}"
"""A POSIX message queue's name."""


class House:
    """What there is to attack: a home with a secret, a session bus, a listener."""

    def __init__(self, scratch: Path) -> None:
        self.home = scratch / "home"
        (self.home / "sub").mkdir(parents=True)
        self.secret = self.home / "secret.txt"
        self.secret.write_text("a secret")
        os.setxattr(self.secret, "user.origin", b"from where it was downloaded")
        self.ipc = made_for_others()
        self.bus = listen(str(scratch / "bus"))
        self.abstract = listen(f"\0homepress-test-{os.getpid()}")
        self.elsewhere = [f"{folder}/homepress-misdeed-{os.getpid()}" for folder in ("/tmp", "/dev/shm")]
        self.tcp = socket.create_server(("127.0.0.1", 0))

    def deeds(self) -> Deeds:
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
            "start a thread": ("thread", {}),
            "executable memory": ("executable_memory", {}),
            "make memory executable": ("make_memory_executable", {}),
            **self.lookups(),
            **self.shared(),
            **self.others(),
            "compute": ("compute", {}),
            "import": ("lazy_import", {"module": "wave"}),
            "environment": ("environment", {}),
            "descriptors": ("descriptors", {}),
            "limits": ("limits", {}),
        }

    def lookups(self) -> Deeds:
        """Names that would go to a server, were they on a network mount."""
        name, here = str(self.home / "photo-in-hexadecimal"), -100
        return {
            "look up a name": raw("newfstatat", here, str(self.secret), [256], 0),
            "look up with statx": raw("statx", here, str(self.secret), 0, 0xFFF, [512]),
            "ask for access": raw("faccessat", here, str(self.secret), 0),
            "open a path": raw("openat", here, str(self.secret), os.O_PATH),
            "read a link": raw("readlinkat", here, "/proc/self/exe", [256], 256),
            "enter a folder": raw("chdir", str(self.home)),
            "ask for the file system": raw("statfs", str(self.home), [256]),
            "watch with fanotify": raw("fanotify_init", 0x200, 0),
            "make a socket of a name": raw("mknodat", here, name, 0o140600, 0),
        }

    def shared(self) -> Deeds:
        """What another program of the user shares with its own processes: System V and POSIX."""
        queue, semaphore, memory = self.ipc
        return {
            "take a message": raw("msgrcv", queue, [64], 8, 0, 0o4000),
            "ask for a queue": raw("msgctl", queue, 2, [256]),
            "set a semaphore": raw("semctl", semaphore, 0, 16, 3),
            "list shared memory": raw("shmctl", 0, 14, [256]),
            "share memory": raw("shmat", memory, 0, 0),
            "open a queue": raw("mq_open", QUEUE, os.O_RDWR | os.O_CREAT, 0o600, 0),
            "remove shared memory": raw("shmctl", memory, 0, 0),
            "remove a queue": raw("msgctl", queue, 0, 0),
            "remove a semaphore": raw("semctl", semaphore, 0, 0, 0),
        }

    def others(self) -> Deeds:
        """What reaches past a worker without a name, and what an exploit would like to have."""
        parent = os.getpid()
        return {
            "lock a file": raw("flock", 3, 2),
            "write all to disk": raw("syncfs", 3),
            "a file in memory": raw("memfd_create", "x", 0),
            "priority of the parent": raw("getpriority", 0, parent),
            "lower the parent": raw("setpriority", 0, parent, 19),
            "processors of the parent": raw("sched_getaffinity", parent, 128, [128]),
            "scheduling of the parent": raw("sched_getscheduler", parent),
            "limits of the parent": raw("prlimit64", parent, 7, 0, [16]),
            "session of the parent": raw("getsid", parent),
            "make a pipe": raw("pipe2", [8], 0),
            "be woken later": raw("setitimer", 0, [32], 0),
            "another personality": raw("personality", 0x0400000),
            "a key of the kernel": raw("keyctl", 0, -4, 0),
            "wait for the parent": raw("pidfd_open", parent, 0),
            "a further filter": raw("seccomp", 2, 0, [4]),
            "a Landlock ruleset": raw("landlock_create_ruleset", 0, 0, 1),
            "give up rights": raw("setuid", os.getuid()),
        }


def raw(name: str, *arguments: int | str | list[int]) -> Deed:
    return "call", {"name": name, "arguments": list(arguments)}


def made_for_others() -> tuple[int, int, int]:
    """A queue with a message, a semaphore and a segment, as other programs have them; gone when we end."""
    queue = ipc("msgget", 0, 0o1600)
    ipc("msgsnd", queue, struct.pack("=q8s", 1, b"message"), 8, 0)
    semaphore, memory = ipc("semget", 0, 1, 0o1600), ipc("shmget", 0, 4096, 0o1600)
    ended, _kept_open = os.pipe()
    if os.fork() == 0:  # This process will be locked, and may not.
        os.close(_kept_open)
        os.read(ended, 1)
        for remove in (("msgctl", queue, 0, 0), ("semctl", semaphore, 0, 0, 0), ("shmctl", memory, 0, 0)):
            with contextlib.suppress(OSError):
                ipc(*remove)
        # An unlocked worker may have made it; a user may have only ten.
        with contextlib.suppress(OSError):
            ipc("mq_unlink", QUEUE.encode())
        os._exit(0)
    return queue, semaphore, memory


def ipc(name: str, *arguments: int | bytes) -> int:
    machine = current()
    assert machine is not None
    return syscalls.call(machine.number(name), *arguments)


# Without the lock these would end the worker, the test or more.
DANGEROUS = ("execute", "terminate parent", "signal everyone", "new namespace")


def misdeeds(scratch: Path) -> None:
    """Every misdeed once, in a daemon that is locked itself."""
    house = House(scratch)
    privacy.lock_daemon()
    worker = slot()
    seen = {name: tell(worker, deed, **arguments) for name, (deed, arguments) in house.deeds().items()}
    last: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("3 GB", "memory", {"size": 3 << 30}),
        ("loop", "loop", {}),
        ("segfault", "segfault", {}),
    )
    for name, deed, arguments in last:
        try:
            seen[name] = tell(worker, deed, within=1.0 if name == "loop" else 60.0, **arguments)
        except WorkerDied as died:
            seen[name] = f"died: {died.kind}"
    seen["afterwards"] = tell(worker, "compute")
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
    last = (
        "remove shared memory",
        "remove a queue",
        "remove a semaphore",
        "truncate",
        "remove",
        "trace parent",
    )
    order = [*(deeds.keys() - {*DANGEROUS, *last}), *last]
    print(json.dumps({name: tell(worker, deeds[name][0], **deeds[name][1]) for name in order}))
    worker.close()
    for path in house.elsewhere:
        Path(path).unlink(missing_ok=True)


def wait(scratch: Path) -> None:
    """Two workers, one idle and one at work for ever; print their ids and stay."""
    idle, busy = slot(), slot()
    tell(idle, "compute")
    tell(busy, "compute")
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
