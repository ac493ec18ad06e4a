"""The deeds: what a program that has been taken over tries, to send, to reach others, to stay, to do harm.

All arguments are such that the deed works, or at least is looked at by the kernel, where no lock is; what
would do harm to the computer has arguments that cannot work (a filter answers before they are looked at).
"""

import ctypes
import errno
import mmap
import os
import resource
import signal
import socket
import struct
from functools import partial
from pathlib import Path

from privacy.deeds.kernel import MOST_THREADS, call, call_in_32_bits, has, libc, start_threads
from privacy.deeds.lookup_deeds import add_lookups
from privacy.deeds.model import Deed, Prey, Table

AT = -100
_NO = -1
_O_PATH, _O_TMPFILE = 0o10000000, 0o20200000
_NOTHING = 0  # the signal that is no signal: whether it may be sent is looked at all the same
_UNIX, _INET, _INET6, _NETLINK, _PACKET, _BLUETOOTH, _ALG, _VSOCK = 1, 2, 10, 16, 17, 31, 38, 40
_FAMILIES = {
    "local": _UNIX,
    "IPv4": _INET,
    "IPv6": _INET6,
    "netlink": _NETLINK,
    "packet": _PACKET,
    "Bluetooth": _BLUETOOTH,
    "crypto": _ALG,
    "vsock": _VSOCK,
}
_KINDS = {"stream": 1, "datagram": 2, "raw": 3, "packets in order": 5}
LITTER = [f"{folder}/homepress-deed-{os.getuid()}" for folder in ("/tmp", "/dev/shm")]
"""What is made elsewhere where nothing refuses it."""

_COMMON = (("local", "stream"), ("local", "datagram"), ("IPv4", "stream"), ("IPv4", "datagram"))


def _pid(prey: Prey) -> int:
    return prey.pid


def _secret(prey: Prey) -> bytes:
    return prey.secret


def _new(prey: Prey) -> bytes:
    return prey.new


def _there(prey: Prey) -> bytes:
    return prey.there


def _library(prey: Prey) -> bytes:
    return prey.library.encode()


def _sockets(table: Table) -> None:
    for family, number in _FAMILIES.items():
        for kind, kind_number in _KINDS.items():
            local = family == "local"
            table.call(
                "sockets",
                f"{family}, {kind}",
                "socket",
                number,
                kind_number,
                0,
                control="works" if (family, kind) in _COMMON else "may",
                daemon="refused",
                client="allowed" if local and kind != "raw" else "" if local else "refused",
            )
    add = partial(table.call, "sockets")
    add("a pair", "socketpair", _UNIX, 1, 0, bytes(8), daemon="refused", client="allowed")
    table.add("sockets", "TCP to this computer", _connect_tcp, daemon="refused", client="refused")
    table.add("sockets", "the session bus, by path", _connect_named, daemon="refused", client="allowed")
    table.add("sockets", "the session bus, by name", _connect_abstract, daemon="refused", client="allowed")
    add("connecting", "connect", _NO, None, 0, daemon="refused")
    add("taking an address", "bind", _NO, None, 0, daemon="refused")
    add("listening", "listen", _NO, 1, daemon="refused")
    add("accepting", "accept4", _NO, None, None, 0)
    nowhere = struct.pack("=H", _INET) + bytes(14)
    add("sending to an address", "sendto", _NO, b"", 0, 0, nowhere, 16, daemon="refused")
    add("sending a message", "sendmsg", _NO, None, 0, daemon="refused")
    add("sending messages", "sendmmsg", _NO, None, 0, 0, daemon="refused")
    add("receiving", "recvfrom", _NO, None, 0, 0, None, None)
    add("receiving a descriptor", "recvmsg", _NO, None, 0, daemon="refused")
    add("receiving descriptors", "recvmmsg", _NO, None, 0, 0, None, daemon="refused")
    both = {"control": "may", "daemon": "refused", "client": "refused"}
    add("io_uring", "io_uring_setup", 1, None, **both)
    add("io_uring, entering", "io_uring_enter", _NO, 0, 0, 0, None, 0, **both)
    add("io_uring, registering", "io_uring_register", _NO, 0, None, 0, **both)
    add("a look-up by the kernel", "request_key", b"dns_resolver", b"example.invalid", None, 0, **both)
    add("a key", "add_key", None, None, None, 0, 0, **both)
    add("keys", "keyctl", _NO, 0, 0, 0, 0, **both)


def _connect(family: int, address: object) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as made:
        made.connect(address)  # type: ignore[arg-type]


def _connect_tcp(prey: Prey) -> None:
    _connect(_INET, ("127.0.0.1", prey.port))


def _connect_named(prey: Prey) -> None:
    _connect(_UNIX, prey.named)


def _connect_abstract(prey: Prey) -> None:
    _connect(_UNIX, "\0" + prey.abstract)


_FACTS = ("environ", "cmdline", "maps", "stat", "status", "io", "auxv")
_SECRET_FACTS = ("environ", "maps", "io", "auxv")


def _others(table: Table) -> None:
    add = partial(table.call, "other programs")
    both = {"daemon": "refused", "client": "refused"}
    add("tracing", "ptrace", 0x4206, _pid, 0, 0, **both)
    for name, call_name in (("reading memory", "process_vm_readv"), ("writing memory", "process_vm_writev")):
        table.add("other programs", name, partial(_copy_memory, call_name), **both)
    closed = {"daemon": "landlock", "client": "landlock"}
    table.add("other programs", "reading memory as a file", _read_memory, helper="landlock", **closed)
    table.add("other programs", "writing memory as a file", _write_memory, **closed)
    for fact in _FACTS:
        # Newer kernels let root read these past Landlock (CAP_PERFMON, CAP_SYS_ADMIN).
        told_root = {"daemon": "not root", "client": "not root"}
        secret = closed if fact == "io" else told_root if fact in _SECRET_FACTS else {}
        table.add("other programs", f"reading {fact}", partial(_read_fact, fact), helper="landlock", **secret)
    table.add("other programs", "reading the parent's memory map", _read_parent, helper="landlock")
    for link in ("cwd", "root", "exe"):
        table.add("other programs", f"where {link} leads", partial(_read_link, link), **closed)
    # Their numbers alone, which some kernels tell everybody.
    table.add("other programs", "listing what it has open", _list_open)
    table.add("other programs", "opening what it has open", _open_open, **closed)
    add("a handle", "pidfd_open", _pid, 0)
    add("a descriptor of it", "pidfd_getfd", _NO, 0, 0, **both)
    add("comparing", "kcmp", _pid, _pid, 0, 0, 0, control="may", **both)
    add("advising on its memory", "process_madvise", _NO, None, 0, 0, 0)
    add("ending its memory", "process_mrelease", _NO, 0)
    add("moving its pages", "move_pages", _pid, 0, None, None, None, 0, control="may")
    add("moving it to a node", "migrate_pages", _pid, 0, None, None, control="may")
    add("its limits", "prlimit64", _pid, resource.RLIMIT_NOFILE, struct.pack("=QQ", 64, 64), None)
    add("its processors", "sched_setaffinity", _pid, 8, (1).to_bytes(8, "little"))
    add("its class", "sched_setscheduler", _pid, os.SCHED_IDLE, struct.pack("=i", 0))
    add("its parameters", "sched_setattr", _pid, None, 0)
    add("its priority", "setpriority", 0, _pid, 19)
    add("its turn at the disk", "ioprio_set", 1, _pid, 3 << 13)
    add("its group", "setpgid", _pid, _pid)
    add("its locks", "get_robust_list", _pid, bytes(8), bytes(8))


def _copy_memory(name: str, prey: Prey) -> None:
    own = ctypes.create_string_buffer(16)
    here = struct.pack("=QQ", ctypes.addressof(own), 8)
    call(name, prey.pid, here, 1, struct.pack("=QQ", prey.address + 40, 8), 1, 0)


def _read_memory(prey: Prey) -> None:
    with open(f"/proc/{prey.pid}/mem", "rb", buffering=0) as memory:
        memory.seek(prey.address)
        memory.read(8)


def _write_memory(prey: Prey) -> None:
    with open(f"/proc/{prey.pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(prey.address + 40)
        memory.write(b"written!")


def _read_fact(fact: str, prey: Prey) -> None:
    Path(f"/proc/{prey.pid}/{fact}").read_bytes()


def _read_parent(prey: Prey) -> None:
    Path(f"/proc/{os.getppid()}/maps").read_bytes()


def _read_link(link: str, prey: Prey) -> None:
    os.readlink(f"/proc/{prey.pid}/{link}")


def _list_open(prey: Prey) -> None:
    os.listdir(f"/proc/{prey.pid}/fd")


def _open_open(prey: Prey) -> None:
    os.close(os.open(f"/proc/{prey.pid}/fd/1", os.O_WRONLY | os.O_NONBLOCK))


def _signals(table: Table) -> None:
    add = partial(table.call, "signals")
    add("to it", "kill", _pid, _NOTHING, daemon="scoped")
    table.add("signals", "to the parent", lambda _: call("kill", os.getppid(), _NOTHING))
    add("to everybody", "kill", -1, _NOTHING)
    add("to its own group", "kill", 0, _NOTHING)
    add("to it, upper half set", "kill", lambda prey: prey.pid | 1 << 32, _NOTHING)
    add("to a thread", "tkill", _pid, _NOTHING)
    add("to a thread of it", "tgkill", _pid, _pid, _NOTHING)
    add("with a word", "rt_sigqueueinfo", _pid, _NOTHING, struct.pack("=iii", 0, 0, -1) + bytes(116))
    add(
        "with a word to a thread",
        "rt_tgsigqueueinfo",
        _pid,
        _pid,
        _NOTHING,
        struct.pack("=iii", 0, 0, -1) + bytes(116),
    )
    add("by handle", "pidfd_send_signal", _NO, _NOTHING, None, 0)
    add("by owning a descriptor", "fcntl", 0, 8, _pid)
    add("by owning, newer", "fcntl", 0, 15, lambda prey: struct.pack("=ii", 1, prey.pid))
    add("another signal for it", "fcntl", 0, 10, signal.SIGUSR1)
    add("a lease", "fcntl", 0, 1024, 0, control="may")
    add("news of a folder", "fcntl", 0, 1026, 1, control="may")


_ALL_FLAGS = {
    "mounts": 0x00020000,
    "control groups": 0x02000000,
    "host names": 0x04000000,
    "IPC": 0x08000000,
    "users": 0x10000000,
    "processes": 0x20000000,
    "network": 0x40000000,
}


def _processes(table: Table) -> None:
    add = partial(table.call, "processes")
    if has("fork"):
        table.add("processes", "a new one", lambda _: _end_child(call("fork")))
    table.add(
        "processes", "a new one, by clone", lambda _: _end_child(call("clone", signal.SIGCHLD, 0, 0, 0, 0))
    )
    table.add("processes", "a new one, by clone3", lambda _: _end_child(_clone3(0)), control="may")
    users = 0x10000000
    table.add(
        "processes",
        "a new one with all rights, by clone",
        lambda _: _end_child(call("clone", users | signal.SIGCHLD, 0, 0, 0, 0)),
        control="may",
        daemon="refused",
        client="refused",
    )
    table.add(
        "processes",
        "a new one with all rights, by clone3",
        lambda _: _end_child(_clone3(users)),
        control="may",
        daemon="refused",
        client="refused",
    )
    for name, flag in _ALL_FLAGS.items():
        add(f"{name} of its own", "unshare", flag, control="may", daemon="refused", client="refused")
    add("entering another's", "setns", 0, 0, control="may", daemon="refused", client="refused")
    add("another program", "execve", b"/bin/true", None, None, control="untried", helper="untried")
    add("another program, newer", "execveat", AT, b"/bin/true", None, None, 0, control="untried")
    table.add("processes", "a program without a file", _run_memory, control="untried")
    table.add("processes", "a shell", lambda _: os.posix_spawn("/bin/true", ["true"], {}))
    add("a session of its own", "setsid")
    table.add("processes", "threads without end", _threads)


FLOOD = "processes: threads without end"
"""It leaves threads behind, so it comes last."""


def _threads(prey: Prey) -> None:
    """Some are allowed where a codec needs them; a flood is not."""
    if start_threads() < MOST_THREADS:
        raise OSError(errno.EPERM, "no more")


def _end_child(pid: int) -> None:
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _clone3(flags: int) -> int:
    return call("clone3", struct.pack("=11Q", flags, *(0,) * 3, signal.SIGCHLD, *(0,) * 6), 88)


def _run_memory(prey: Prey) -> None:
    call("execveat", call("memfd_create", b"program", 0), b"", None, None, 0x1000)


def _files(table: Table) -> None:
    add = partial(table.call, "files")
    for name, path in (("of the user", _secret), ("of the system", b"/etc/passwd"), ("of its own", _library)):
        helper = "may" if path is _library else "landlock"
        add(f"opening one {name}", "openat", AT, path, 0, helper=helper)
    for name in ("maps", "environ", "mem", "status"):
        add(f"opening its own {name}", "openat", AT, f"/proc/self/{name}".encode(), 0, helper="landlock")
    add("opening, older", "open", _secret, 0, helper="landlock")
    add("opening, newer", "openat2", AT, _secret, bytes(24), 24)
    add("a path alone", "openat", AT, _secret, _O_PATH, helper="allowed")
    table.add("files", "a path alone, then opened", _reopen, helper="landlock")
    add("listing a folder", "openat", AT, _there, os.O_DIRECTORY, helper="landlock")
    add("going into a folder", "chdir", _there)
    for name, flags in (
        ("for writing", os.O_WRONLY),
        ("for both", os.O_RDWR),
        ("and emptying", os.O_TRUNC),
    ):
        add(f"opening {name}", "openat", AT, _secret, flags)
    add("making one", "openat", AT, _new, os.O_CREAT, 0o600)
    add("making one, older", "creat", _new, 0o600)
    add("making one without a name", "openat", AT, _there, _O_TMPFILE | os.O_RDWR, 0o600, control="may")
    add("making one for all", "openat", AT, LITTER[0].encode(), os.O_CREAT | os.O_WRONLY, 0o600)
    add("making memory for all", "openat", AT, LITTER[1].encode(), os.O_CREAT | os.O_RDWR, 0o600)
    table.add("files", "memory without a name, written", partial(_anonymous, "write"))
    table.add("files", "memory without a name, grown", partial(_anonymous, "ftruncate"))
    table.add("files", "memory without a name, taken", partial(_anonymous, "fallocate"))
    add("secret memory", "memfd_secret", 0, control="may")
    add("truncating", "truncate", _secret, 0)
    add("a folder", "mkdirat", AT, _new, 0o700)
    add("a pipe with a name", "mknodat", AT, lambda prey: prey.new + b".pipe", 0o10600, 0)
    add("a link", "symlinkat", b"secret.txt", AT, lambda prey: prey.new + b".link")
    add("another name", "linkat", AT, _secret, AT, lambda prey: prey.new + b".name", 0)
    add("renaming", "renameat2", AT, _secret, AT, lambda prey: prey.secret + b".bak", 0)
    add("renaming, older", "rename", lambda prey: prey.secret + b".bak", _secret)
    add("its mode", "fchmodat", AT, _secret, 0o644)
    add("its owner", "fchownat", AT, _secret, _NO, _NO, 0)
    add("its times", "utimensat", AT, _secret, bytes(32), 0)
    add("an attribute", "setxattr", _secret, b"user.a", b"b", 1, 0, control="may")
    add("reading an attribute", "getxattr", _secret, b"user.origin", bytes(64), 64, control="may")
    add("listing attributes", "listxattr", _secret, bytes(64), 64)
    add("its inode's flags", "file_getattr", AT, _secret, bytes(24), 24, 0, control="may")
    add("changing its inode's flags", "file_setattr", AT, _secret, bytes(24), 24, 0, control="may")
    add("removing", "unlinkat", AT, lambda prey: prey.new + b".gone", 0)
    add("whether one is there", "newfstatat", AT, _secret, bytes(256), 0, helper="allowed")
    add("watching a folder", "inotify_init1", 0)
    add("watching everything", "fanotify_init", 0, 0, control="may", daemon="refused", client="refused")
    add(
        "a handle",
        "name_to_handle_at",
        AT,
        _secret,
        struct.pack("=Ii", 128, 0) + bytes(128),
        bytes(4),
        0,
        control="may",
    )
    add(
        "opening by handle",
        "open_by_handle_at",
        AT,
        bytes(16),
        0,
        control="may",
        daemon="refused",
        client="refused",
    )
    table.add("files", "locking a library", _lock_library, helper="refused")
    add("locking what it has", "flock", 0, 6, control="may")
    add("having all disks written", "sync", control="untried")
    add("having a disk written", "syncfs", 0, control="may")
    add("having a file written", "fsync", 0, control="may")
    add("copying past the eyes", "copy_file_range", 0, None, 1, None, 0, 0, control="may")
    add("sending a file", "sendfile", 1, 0, None, 0, control="may")


def _reopen(prey: Prey) -> None:
    held = call("openat", AT, prey.secret, _O_PATH)
    os.close(os.open(f"/proc/self/fd/{held}", os.O_RDONLY))


def _anonymous(how: str, prey: Prey) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    file = call("memfd_create", b"memory", 0)
    words = {"write": (b"kept", 4), "ftruncate": (4096,), "fallocate": (0, 0, 4096)}[how]
    try:
        call(how, file, *words)
    except OSError as error:
        # The limit on the size of files is 0: the other wall.
        raise OSError(errno.EPERM if error.errno == errno.EFBIG else error.errno, how) from error
    finally:
        os.close(file)


def _lock_library(prey: Prey) -> None:
    with open(prey.library, "rb") as library:
        call("flock", library.fileno(), 6)


def _ipc(table: Table) -> None:
    add = partial(table.call, "shared memory and queues", daemon="refused")
    add("receiving another's message", "msgrcv", lambda prey: prey.queue, bytes(64), 8, 0, 0o4000 | 0o10000)
    add("sending to another's queue", "msgsnd", lambda prey: prey.queue, b"\2" + bytes(15), 8, 0o4000)
    add("looking at a queue", "msgctl", lambda prey: prey.queue, 2, bytes(256))
    add("finding queues by number", "msgctl", 0, 11, bytes(256), control="may")
    made = partial(table.add, "shared memory and queues", daemon="refused")
    made("making a queue", lambda _: call("msgctl", call("msgget", 0, 0o1600), 0, None))
    add("setting another's semaphore", "semctl", lambda prey: prey.semaphore, 0, 16, 3)
    add("reading another's semaphore", "semctl", lambda prey: prey.semaphore, 0, 12, 0)
    add(
        "taking another's semaphore",
        "semop",
        lambda prey: prey.semaphore,
        struct.pack("=HhH", 0, 1, 0o4000),
        1,
    )
    add(
        "taking it in time",
        "semtimedop",
        lambda prey: prey.semaphore,
        struct.pack("=HhH", 0, 1, 0o4000),
        1,
        None,
    )
    made("making a semaphore", lambda _: call("semctl", call("semget", 0, 1, 0o1600), 0, 0, 0))
    add("another's memory", "shmat", lambda prey: prey.shared, None, 0)
    add("letting memory go", "shmdt", 0)
    add("finding memory by number", "shmctl", 0, 13, bytes(256), control="may")
    add("looking at memory", "shmctl", lambda prey: prey.shared, 2, bytes(256))
    made("making memory", lambda _: call("shmctl", call("shmget", 0, 4096, 0o1600), 0, None))
    add("a queue by name", "mq_open", lambda prey: prey.posix.encode(), 0o4002, 0, None, control="may")
    add("making a queue by name", "mq_open", b"homepress-deed", 0o102, 0o600, None, control="may")
    add("removing a queue by name", "mq_unlink", b"homepress-deed", control="may")
    add("sending to a queue", "mq_timedsend", _NO, b"", 0, 0, None, control="may")
    add("receiving from a queue", "mq_timedreceive", _NO, None, 0, None, None, control="may")
    add("being told of a message", "mq_notify", _NO, None, control="may")
    add("a queue's attributes", "mq_getsetattr", _NO, None, None, control="may")
    # Last: afterwards they are gone.
    add("removing another's queue", "msgctl", lambda prey: prey.queue, 0, None)
    add("removing another's semaphore", "semctl", lambda prey: prey.semaphore, 0, 0, 0)
    add("removing another's memory", "shmctl", lambda prey: prey.shared, 0, None)


def _rights(table: Table) -> None:
    add = partial(table.call, "rights")
    everything = struct.pack("=6I", *[0xFFFFFFFF] * 6)
    add("all capabilities", "capset", struct.pack("=Ii", 0x20080522, 0), everything, control="may")
    add("another user", "setresuid", 1, 1, 1, control="root")
    add("root", "setuid", 0, control="root")
    add("another group", "setgid", 0, control="root")
    add("no groups", "setgroups", 0, None, control="root")
    for name in ("AS", "CPU", "NOFILE", "FSIZE", "CORE", "NPROC", "MEMLOCK"):
        number = getattr(resource, f"RLIMIT_{name}")
        more = struct.pack("=QQ", (1 << 64) - 1, (1 << 64) - 1)
        add(f"a higher limit of {name}", "prlimit64", 0, number, more, None, control="may")
    add("a limit, older", "setrlimit", resource.RLIMIT_CORE, bytes(16))
    add("to be traced by anybody", "prctl", 0x59616D61, _NO, 0, 0, 0, control="may")
    add("to be dumped", "prctl", 4, 1, 0, 0, 0)
    add("to outlive the daemon", "prctl", 1, 0, 0, 0, 0)
    add("memory that is code", "personality", 0x0400000, control="may")
    add("a turn before others", "sched_setscheduler", 0, os.SCHED_FIFO, struct.pack("=i", 1), control="may")
    add("a priority before others", "setpriority", 0, 0, -20, control="may")


def _kernel(table: Table) -> None:
    add = partial(table.call, "the system")
    both = {"daemon": "refused", "client": "refused", "control": "may"}
    nowhere = b"/nonexistent"
    add("a program in the kernel", "bpf", _NO, None, 0, **both)
    add("watching the processor", "perf_event_open", None, 0, _NO, _NO, 0, **both)
    add("page faults of its own", "userfaultfd", _NO, **both)
    add("mounting", "mount", nowhere, nowhere, b"tmpfs", 0, None, **both)
    add("mounting, newer", "fsopen", b"tmpfs", _NO, **both)
    add("a tree of mounts", "open_tree", _NO, nowhere, 0, **both)
    add("moving a mount", "move_mount", _NO, nowhere, _NO, nowhere, 0, **both)
    add("unmounting", "umount2", nowhere, 0, **both)
    add("another root", "chroot", nowhere, **both)
    add("another root for all", "pivot_root", nowhere, nowhere, **both)
    add("a module", "init_module", None, 0, b"", **both)
    add("a module from a file", "finit_module", _NO, b"", 0, **both)
    add("removing a module", "delete_module", b"homepress-none", 0, **both)
    add("another kernel", "kexec_load", 0, 1 << 20, None, _NO, **both)
    add("swapping", "swapon", nowhere, 0, **both)
    add("swapping no more", "swapoff", nowhere, **both)
    add("starting anew", "reboot", 0, 0, 0, None, **both)
    add("accounting", "acct", nowhere, **both)
    add("ports", "iopl", 4, **both)
    add("a port", "ioperm", 0, 0, 4, **both)
    add("segments", "modify_ldt", _NO, None, 0, **both)
    add("quotas", "quotactl", _NO, nowhere, 0, None, **both)
    add("the kernel's log", "syslog", _NO, None, 0, **both)
    add("the computer's name", "sethostname", None, _NO, **both)
    add("the domain's name", "setdomainname", None, _NO, **both)
    add("the clock", "clock_settime", _NO, None, **both)
    add("the clock, older", "settimeofday", b"\xff" * 16, None, **both)
    add("typing into a terminal", "ioctl", 0, 0x5412, b"x", **both)
    add("typing, upper half set", "ioctl", 0, 0x5412 | 1 << 32, b"x", **both)
    add("pasting into a console", "ioctl", 0, 0x541C, b"\3", **both)
    add("hanging up the terminal", "vhangup", control="untried")
    add("its terminal", "openat", AT, b"/dev/tty", os.O_RDWR | os.O_NOCTTY, control="may")
    add("another filter", "seccomp", _NO, 0, None)
    add("another Landlock", "landlock_create_ruleset", None, 0, 1, control="may")
    add("the clock's pace", "adjtimex", bytes(208), control="may")


def _memory(table: Table) -> None:
    table.add("memory", "new machine code", _new_code, helper="allowed")
    table.add("memory", "its memory made machine code", _change_code, helper="allowed")
    table.add("memory", "three gigabytes", _much_memory)
    table.call("memory", "machine code under a key", "pkey_mprotect", 0, 0, 5, 0, control="may")
    table.call("memory", "keeping all in place", "mlockall", 4, control="may")
    table.call("memory", "its order, older", "remap_file_pages", 0, 0, 0, 0, 0)


def _new_code(prey: Prey) -> None:
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def _change_code(prey: Prey) -> None:
    page = mmap.mmap(-1, mmap.PAGESIZE)
    at = ctypes.c_char.from_buffer(page)
    address = ctypes.addressof(at)
    del at
    call("mprotect", address, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC)


def _much_memory(prey: Prey) -> None:
    try:
        mmap.mmap(-1, 3 << 30).close()
    except OSError as error:
        raise OSError(errno.EPERM if error.errno == errno.ENOMEM else error.errno, "memory") from error


_NEW_NUMBERS = (475, 480, 500, *range(512, 548, 7), 600, 1 << 20, (1 << 31) - 1)


def _numbers(table: Table) -> None:
    """Calls that no kernel has yet, and other ways to number them."""
    for number in _NEW_NUMBERS:
        table.call("other numbers", f"call {number}", number, 0, 0, 0, control="may")
    if has("fork"):
        for name, number in (("getpid", 39), ("socket", 41), ("execve", 520), ("ioctl", 514)):
            x32 = number | 0x40000000
            table.call(
                "other numbers",
                f"{name} of x32",
                x32,
                0,
                0,
                0,
                control="may",
                daemon="refused",
                client="refused",
            )
        table.add(
            "other numbers",
            "a call of a 32-bit program",
            lambda _: call_in_32_bits(),
            killed=True,
            control="may",
            daemon="killed",
            client="killed",
        )


_OWN = "its own, and gone with it"


def _harmless(table: Table) -> None:
    """What stays possible, so that nobody takes it for a gap."""
    table.add("itself", "a name for itself", lambda _: libc.prctl(15, b"anything", 0, 0, 0), harmless=_OWN)
    table.call("itself", "its number", "getpid", harmless=_OWN)
    table.call("itself", "a signal to itself", "kill", lambda _: os.getpid(), 0, harmless=_OWN)
    table.call("itself", "the kernel's version", "uname", bytes(400), harmless="it can tell nobody")
    table.call("itself", "how busy the computer is", "sysinfo", bytes(128), harmless="it can tell nobody")
    table.call("itself", "the time", "clock_gettime", 0, bytes(16), harmless="it can tell nobody")


def deeds() -> list[Deed]:
    """All that this machine has the calls for."""
    table = Table()
    for part in (
        _sockets,
        _others,
        _signals,
        _processes,
        _files,
        add_lookups,
        _rights,
        _kernel,
        _memory,
        _numbers,
        _harmless,
        _ipc,
    ):
        part(table)
    return table.deeds
