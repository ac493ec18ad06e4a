"""A process that locks itself as one of ours does, tries things, and prints what happened.

Run as a program: `victim.py ROLE SCRATCH`. It prints one JSON object.
"""

import contextlib
import ctypes
import errno
import json
import mmap
import os
import platform
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from homepress import privacy
from homepress.privacy import calls, filters, syscalls
from homepress.privacy.seccomp import ALLOW, refuse


def answer(action: Callable[[], object]) -> str:
    """ "done" with what it gave, or the name of the error."""
    try:
        return f"done: {action()}"
    except OSError as error:
        return f"refused: {type(error).__name__}"


def in_child(action: Callable[[], object]) -> int:
    """The wait status of a forked child that does something."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(Exception):
            action()
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def call_i386_getpid() -> int:
    """getpid by the 32-bit system call gate, as machine code."""
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    address = ctypes.addressof(ctypes.c_char.from_buffer(code))
    return int(ctypes.CFUNCTYPE(ctypes.c_int)(address)())


def connect(address: str) -> None:
    with socket.socket(socket.AF_UNIX) as bus:
        bus.connect(address)


def daemon(scratch: Path) -> dict[str, Any]:
    bus = socket.socket(socket.AF_UNIX)
    bus.bind(str(scratch / "bus"))
    bus.listen()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(scratch / "control"))
    listener.listen()
    earlier = EarlierThread()
    before = privacy.state()
    client = start_client(scratch)
    lock = privacy.lock_daemon()
    connection, _ = listener.accept()
    connection.sendall(b"hello")
    foreign_abi = in_child(call_i386_getpid) if platform.machine() == "x86_64" else None
    return {
        "before": before,
        "lock": lock.network,
        "after": privacy.state(),
        "client heard": client.communicate(timeout=60)[0].decode().strip(),
        "bus": answer(lambda: connect(str(scratch / "bus"))),
        "pair": answer(socket.socketpair),
        "child": subprocess.run(
            [sys.executable, "-c", "import socket; socket.socket()"], capture_output=True, check=False
        ).stderr.decode(),
        "earlier thread": earlier.ask(lambda: socket.socket(socket.AF_INET)),
        "later thread": EarlierThread().ask(lambda: socket.socket(socket.AF_INET)),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "foreign abi": foreign_abi,
        "killed by": signal.SIGSYS.value,
        "stricter": privacy.lock_client().network,
    }


def client(scratch: Path) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(scratch / "control"))
        server.listen()
        privacy.lock_client()
        seen = {
            "connect": answer(lambda: connect(str(scratch / "control"))),
            "tcp": answer(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
            "dns": answer(lambda: socket.getaddrinfo("example.invalid", 80)),
            "after": privacy.state(),
        }
        privacy.lock_daemon()
        return {**seen, "as a daemon": answer(lambda: connect(str(scratch / "control")))}


def inherited(scratch: Path) -> dict[str, Any]:
    with socket.socket(socket.AF_INET) as held:
        privacy.lock_daemon()
        state = privacy.state()
        report = privacy.report(os.getpid())
        names = {held.family: held.local for held in report.sockets or ()}
        del held
    return {"state": state, "local by family": names}


def worker(scratch: Path) -> dict[str, Any]:
    (scratch / "secret").write_text("secret")
    (scratch / "library").mkdir()
    (scratch / "library" / "module").write_text("code")
    lock = privacy.lock_worker([scratch / "library", scratch / "missing"], privacy.Limits())
    return {
        "network": lock.network,
        "files": lock.files,
        "missing": lock.missing,
        "state": privacy.state(),
        "secret": answer(lambda: (scratch / "secret").read_text()),
        "library": answer(lambda: (scratch / "library" / "module").read_text()),
        "look": answer(lambda: os.stat(scratch / "library")),
        "into library": answer(lambda: (scratch / "library" / "new").write_text("x")),
        "capabilities": answer(lambda: os.setgroups([])),
        "thread": answer(start_thread),
        "executable": answer(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)),
    }


def worker_with_threads(scratch: Path) -> dict[str, Any]:
    ctypes.CDLL("libgcc_s.so.1")  # what a C library loads when a thread is ended; codecs bring it
    # Their stacks and heaps shall not be what bounds them.
    lock = privacy.lock_worker([scratch], privacy.Limits(memory_bytes=1 << 42, threads=20))
    kept = threading.Event()
    started = 0
    with contextlib.suppress(RuntimeError):
        for _ in range(200):
            threading.Thread(target=kept.wait, daemon=True).start()
            started += 1
    seen = {"started": started, "missing": lock.missing, "fork": answer(os.fork), "state": privacy.state()}
    kept.set()
    return seen


PAST_FILTERS = ("uretprobe", "uprobe")
"""Newer kernels ask no filter about these: they belong to tracing, and end a process that calls them."""


def refused_numbers(policy: filters.Policy) -> dict[str, Any]:
    """Make every call that a policy refuses whatever its arguments, and every number without a call."""
    machine = calls.current()
    assert machine is not None
    names = {number: call for call, number in machine.table().items()}
    decisions = dict(filters.decisions(policy))
    wrong, asked = {}, 0
    for number in range(700):
        name = names.get(number, "")
        if name in PAST_FILTERS or (name and (decisions[name].action == ALLOW or decisions[name].cases)):
            continue
        wanted = decisions[name].action if name else refuse(errno.ENOSYS)
        asked += 1
        try:
            answered = f"done: {syscalls.call(number, -1, -1, -1, -1, -1, -1)}"
        except OSError as error:
            if refuse(error.errno or 0) == wanted:
                continue
            answered = str(error)
        wrong[f"{number} {name}"] = answered
    return {"asked": asked, "wrong": wrong}


def worker_numbers(scratch: Path) -> dict[str, Any]:
    assert privacy.lock_worker([], privacy.Limits()).network
    return refused_numbers(filters.worker_policy(os.getpid()))


def daemon_numbers(scratch: Path) -> dict[str, Any]:
    assert privacy.lock_daemon().network
    return refused_numbers(filters.daemon_policy())


def client_numbers(scratch: Path) -> dict[str, Any]:
    assert privacy.lock_client().network
    return refused_numbers(filters.client_policy())


def start_thread() -> None:
    try:
        threading.Thread(target=lambda: None, daemon=True).start()
    except RuntimeError as error:  # Python's word for what the system said
        raise PermissionError(error) from error


def apart(scratch: Path) -> dict[str, Any]:
    """What the Landlock domain of the daemon leaves and takes; the process outside is our parent's child."""
    outside = int(os.environ["OUTSIDE"])
    inner, other = scratch / "one" / "inner", scratch / "two"
    inner.mkdir(parents=True)
    other.mkdir()
    for name in ("a", "b", "c"):
        (inner / name).write_text(name)
    earlier = (scratch / "held").open("w")
    lock = privacy.lock_daemon()
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    seen = {
        "domain": lock.domain,
        "missing": lock.missing,
        "attempts": {tried.name: tried.allowed for tried in privacy.probe(outside)},
        "mem": answer(lambda: open(f"/proc/{outside}/mem", "rb").close()),
        "environ": answer(lambda: open(f"/proc/{outside}/environ", "rb").close()),
        "fd": answer(lambda: os.readlink(f"/proc/{outside}/fd/0")),
        "signal": answer(lambda: os.kill(outside, 0)),
        "rename": answer(lambda: os.rename(inner / "a", other / "a")),
        "rename folder": answer(lambda: os.rename(inner, other / "inner")),
        "link": answer(lambda: os.link(other / "inner" / "b", scratch / "b")),
        "exchange": answer(lambda: exchange(scratch / "b", other / "inner" / "c")),
        "held": answer(lambda: earlier.write("x")),
        "child's files": answer(lambda: os.readlink(f"/proc/{child.pid}/fd/0")),
        "kill child": answer(lambda: os.killpg(child.pid, signal.SIGKILL)),
        "child ended": child.wait(60),
        "device": answer(lambda: os.mknod(scratch / "device", 0o60600, 0)),
    }
    worker = "from homepress import privacy; print(privacy.lock_worker([], privacy.Limits()).files)"
    seen["worker in it"] = subprocess.run([sys.executable, "-c", worker], capture_output=True).stdout.decode()
    return seen


def exchange(one: Path, two: Path) -> None:
    syscalls.call({"x86_64": 316}.get(platform.machine(), 276), -100, bytes(one), -100, bytes(two), 2)


def layered(scratch: Path) -> dict[str, Any]:
    """Clients that start each other again and again."""
    lock = privacy.set_apart()
    privacy.lock_client()
    depth = int(os.environ.get("DEPTH", "20"))
    if depth:
        os.environ["DEPTH"] = str(depth - 1)
        os.execv(sys.executable, [sys.executable, *sys.argv])
    outside = int(os.environ["OUTSIDE"])
    (scratch / "library").mkdir()
    return {
        "domain": lock.domain,
        "mem": answer(lambda: open(f"/proc/{outside}/mem", "rb").close()),
        "worker": privacy.lock_worker([scratch / "library"], privacy.Limits()).files,
    }


def looking(scratch: Path) -> dict[str, Any]:
    """As `prove` does: look first, put the whole lock on then."""
    outside = int(os.environ["OUTSIDE"])
    privacy.lock_client()
    before = privacy.report(outside).sockets
    lock = privacy.set_apart()
    after = privacy.report(outside).sockets
    return {"before": before is not None, "after": after is not None, "missing": lock.missing}


def threaded(scratch: Path) -> dict[str, Any]:
    EarlierThread()
    lock = privacy.lock_worker([scratch], privacy.Limits())
    return {"files": lock.files, "missing": lock.missing}


def without_landlock(scratch: Path) -> dict[str, Any]:
    real = syscalls.call

    def old_kernel(number: int, *arguments: Any) -> int:
        if number == 444:
            raise OSError("no such call")
        return real(number, *arguments)

    syscalls.call = old_kernel
    (scratch / "file").write_text("x")
    lock = privacy.lock_worker([scratch], privacy.Limits())
    return {
        "files": lock.files,
        "missing": lock.missing,
        "state": privacy.state(),
        "read": answer(lambda: (scratch / "file").read_text()),
        "look": answer(lambda: os.stat(scratch)),
        "write": answer(lambda: (scratch / "file").write_text("y")),
        "create": answer(lambda: (scratch / "new").touch()),
        "remove": answer(lambda: (scratch / "file").unlink()),
        "mode": answer(lambda: (scratch / "file").chmod(0o777)),
        "times": answer(lambda: os.utime(scratch / "file")),
    }


class EarlierThread:
    """A thread that runs already and does what it is asked."""

    def __init__(self) -> None:
        self._asked, self._done = threading.Event(), threading.Event()
        self._action: Callable[[], object] = lambda: None
        self._answer = ""
        threading.Thread(target=self._run, daemon=True).start()

    def ask(self, action: Callable[[], object]) -> str:
        self._action = action
        self._asked.set()
        self._done.wait(60)
        return self._answer

    def _run(self) -> None:
        self._asked.wait()
        self._answer = answer(self._action)
        self._done.set()


def start_client(scratch: Path) -> "subprocess.Popen[bytes]":
    address = str(scratch / "control")
    code = f"import socket; s = socket.socket(1); s.connect({address!r}); print(s.recv(9).decode())"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


ROLES = {
    function.__name__: function
    for function in (
        daemon,
        client,
        inherited,
        worker,
        worker_with_threads,
        worker_numbers,
        daemon_numbers,
        client_numbers,
        threaded,
        without_landlock,
        apart,
        layered,
        looking,
    )
}

if __name__ == "__main__":
    print(json.dumps(ROLES[sys.argv[1]](Path(sys.argv[2]))), flush=True)
