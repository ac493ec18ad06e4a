"""A worker for tests: instead of compressing, it does what the "picture" tells it to, and says how that went.

Run in the worker's place by `Slot(program=...)`. The source is JSON: {"do": NAME, "with": {...}}. With the
argument "unlocked" it does not lock itself, to show that the deeds would work.
"""

import contextlib
import ctypes
import encodings.idna
import hashlib
import importlib
import json
import mmap
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from homepress import privacy
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Reason, Recipe, ScoreKind, Unchanged
from homepress.privacy.calls import current
from homepress.workers import child

# Where there is none, nothing can be done with it; the C library of a process is asked for with a TypeError.
with contextlib.suppress(ImportError, TypeError):
    import fcntl
    import resource

    from homepress.privacy import syscalls

# So that a misdeed fails at what it does and not at an import.
_PRELOADED = (subprocess, socket, importlib, encodings.idna)


# The start of a HEIC, and of a PNG of one pixel.
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
PNG = bytes.fromhex(
    "89504e470d0a1a0a 0000000d 49484452 0000000100000001 0802000000 907753de".replace(" ", "")
)


def job(source: bytes, recipe: Recipe) -> Compressed | Unchanged:
    order = json.loads(source.removeprefix(PNG).removeprefix(HEIC))
    try:
        result = DEEDS[order["do"]](**order.get("with", {}))
    except (OSError, ImportError) as error:
        done = f"refused: {type(error).__name__}"
    else:
        if isinstance(result, Compressed):
            return result
        done = f"done: {result}"
    return Unchanged(Reason.NOT_AN_IMAGE, detail=done)


def read(path: str) -> object:
    return Path(path).read_bytes()[:20]


def list_folder(path: str) -> object:
    return os.listdir(path)


def write(path: str) -> object:
    return Path(path).write_text("written")


def create_empty(path: str) -> object:
    return os.open(path, os.O_RDONLY | os.O_CREAT)


def truncate(path: str) -> object:
    return os.truncate(path, 0)


def remove(path: str) -> object:
    return os.unlink(path)


def make_folder(path: str) -> object:
    return os.mkdir(path)


def link(path: str, to: str) -> object:
    return os.symlink(path, to)


def hard_link(path: str, to: str) -> object:
    return os.link(path, to)


def mode(path: str) -> object:
    return os.chmod(path, 0o777)


def times(path: str) -> object:
    return os.utime(path, (0, 0))


def attribute(path: str) -> object:
    return os.setxattr(path, "user.homepress", b"x")


def bus(address: str) -> object:
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect("\0" + address[1:] if address.startswith("@") else address)


def tcp(port: int) -> object:
    return socket.create_connection(("127.0.0.1", port), 5)


def fork() -> object:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)


def spawn() -> object:
    return subprocess.run(["/bin/true"], check=False)


def execute() -> object:
    return os.execv("/bin/true", ["true"])


def signal_parent(number: int) -> object:
    return os.kill(os.getppid(), number)


def signal_group() -> object:
    return os.kill(-1, signal.SIGCONT)


def signal_by_descriptor() -> object:
    return signal.pidfd_send_signal(os.pidfd_open(os.getppid()), signal.SIGCONT)


def signal_by_ownership() -> object:
    return fcntl.fcntl(3, fcntl.F_SETOWN, os.getppid())


def read_parent(path: str) -> object:
    return Path(f"/proc/{os.getppid()}/{path}").read_bytes()[:1]


def watch_folder(path: str) -> object:
    return _libc_call("inotify_add_watch", _libc_call("inotify_init"), path.encode(), 0x100)


def read_attribute(path: str) -> object:
    return os.getxattr(path, "user.origin")


def list_attributes(path: str) -> object:
    return os.listxattr(path)


def pin_parent() -> object:
    return os.sched_setaffinity(os.getppid(), {0})


def lease(path: str) -> object:
    with open(path, "rb") as file:
        return fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)


def grow_anonymous_file(size: int) -> object:
    """Memory that no limit of addresses counts."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with os.fdopen(os.memfd_create("memory"), "wb") as file:
        return file.truncate(size)


def new_namespace() -> object:
    return _libc_call("unshare", 0x10000000)


def clone_into_namespace() -> object:
    """clone3 with CLONE_NEWUSER, then clone with it: a new process with all rights in its own namespace."""
    clone3, clone = (435, 56) if os.uname().machine == "x86_64" else (435, 220)
    arguments = struct.pack("=11Q", 0x10000000, *(0,) * 3, signal.SIGCHLD, *(0,) * 6)
    libc = ctypes.CDLL(None, use_errno=True)
    for number, words in ((clone3, (arguments, 88)), (clone, (0x10000000 | signal.SIGCHLD, 0, 0, 0, 0))):
        made = libc.syscall(number, *words)
        if made == 0:
            os._exit(0)
        if made > 0:
            return f"process {made}"
    raise OSError(ctypes.get_errno(), "clone")


def trace_parent() -> object:
    """PTRACE_SEIZE, which does not stop it."""
    return _libc_call("ptrace", 0x4206, os.getppid(), 0, 0)


def _libc_call(name: str, *arguments: int | bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(getattr(libc, name)(*arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def leave_parent() -> object:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(1, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    return "free"


def raise_limit(name: str) -> object:
    try:
        return resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY,) * 2)
    except ValueError as error:  # Python's word for EPERM here
        raise PermissionError(error) from error


def call(name: str, arguments: list[int | str | list[int]]) -> object:
    """A system call by name; texts go by address, and numbers in a list as a buffer of so many bytes."""
    machine = current()
    assert machine is not None
    return syscalls.call(machine.number(name), *map(_by_address, arguments))


def _by_address(argument: int | str | list[int]) -> int | bytes | None:
    if isinstance(argument, str):
        return argument.encode()
    return bytes(argument[0]) if isinstance(argument, list) else argument


def executable_memory() -> object:
    return len(mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_EXEC))


def make_memory_executable() -> object:
    memory = mmap.mmap(-1, mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return call("mprotect", [address, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC])


def compute() -> object:
    return sum(range(1000)) == 499500


def thread() -> object:
    seen: list[int] = []
    one = threading.Thread(target=lambda: seen.append(os.getpid()))
    try:
        one.start()
    except RuntimeError as error:  # Python's word for what the system said
        raise PermissionError(error) from error
    one.join()
    return seen == [os.getpid()]


def lazy_import(module: str) -> object:
    importlib.import_module(module)
    return "imported"


def environment() -> object:
    return json.dumps(sorted(os.environ))


def descriptors() -> object:
    held = []
    for number in range(64):
        with contextlib.suppress(OSError):
            fcntl.fcntl(number, fcntl.F_GETFD)
            held.append(number)
    return json.dumps(held)


def limits() -> object:
    names = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CORE")
    return json.dumps({name: resource.getrlimit(getattr(resource, name))[0] for name in names})


def attempts() -> object:
    return json.dumps([attempt.name for attempt in privacy.probe() if attempt.allowed])


def memory(size: int) -> object:
    return len(bytearray(size))


def hold_memory(size: int, seconds: float) -> object:
    held = b"x" * size
    time.sleep(seconds)
    return len(held)


def loop() -> object:
    while True:
        pass


def sleep(seconds: float) -> object:
    return time.sleep(seconds)


def segfault() -> object:
    return ctypes.string_at(0)


def leave(code: int) -> object:
    os._exit(code)


def abort() -> object:
    os.abort()


def blow() -> object:
    raise ValueError("this picture is odd")


def warn() -> object:
    warnings.warn("this picture is odd", stacklevel=1)
    return "warned"


def fail_unseen() -> object:
    """An error where nobody can catch it."""

    class Odd:
        def __del__(self) -> None:
            raise ValueError("this picture is odd")

    Odd()
    return "gone"


def say(text: str) -> object:
    """Print where codecs print; it must not get among the answers."""
    print(text, flush=True)
    os.write(1, text.encode())
    os.write(2, text.encode())
    return len(text)


def say_and_die(text: str) -> object:
    print(text, file=sys.stderr, flush=True)
    os._exit(3)


def answer_nonsense(lengths: tuple[int, int]) -> object:
    os.write(4, struct.pack("!IQ", *lengths) + b"nonsense")
    return time.sleep(600)


def answer_late(seconds: float) -> object:
    """Keep the processor for so long, then answer."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return "late"


def keep(size: int) -> object:
    """Go on holding memory after the picture."""
    _KEPT.append(bytearray(os.urandom(1 << 16)) * (size >> 16))
    return os.getpid()


def borrow(size: int) -> object:
    """Use much memory in small blocks and free all but the last, which keeps the heap from shrinking."""
    blocks = [bytearray(64_000) for _ in range(size // 64_000)]
    _KEPT.append(blocks[-1])
    del blocks
    return os.getpid()


def who() -> object:
    return os.getpid()


def forge(header: str, body_bytes: int) -> object:
    """Answer with a frame of one's own making."""
    text = header.encode()
    os.write(4, struct.pack("!IQ", len(text), body_bytes) + text)
    return time.sleep(600)


def give(size: int) -> object:
    data = PNG.ljust(size, b"x")
    return Compressed(
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        image_type=ImageType.PNG,
        source_type=ImageType.PNG,
        width=1,
        height=1,
        score=100.0,
        score_kind=ScoreKind.FULL,
        lossless=True,
        method="given",
    )


_KEPT: list[bytearray] = []

DEEDS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in list(globals().values()) if callable(function)
}

if __name__ == "__main__":
    if sys.argv[1] == "unlocked":
        del sys.argv[1]
        privacy.lock_worker = lambda readable, limits: privacy.Lock(network=False)
        child.look_nothing_up = lambda: None
    child.work(lambda _: job)
