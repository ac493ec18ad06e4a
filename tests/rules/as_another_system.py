"""Import every module of Homepress as on another system: `as_another_system.py win32|darwin|linux`.

What that system's Python lacks is taken away first: modules, and names of modules. Modules of the standard
library and of others, which look at the system themselves, are loaded before. Prints a line for each module
that cannot be imported, with its error.
"""

import ast
import importlib
import importlib.abc
import importlib.machinery
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

PACKAGE = Path(__file__).resolve().parents[2] / "daemon" / "homepress"

POSIX_MODULES = "fcntl grp posix pty pwd readline resource syslog termios tty"
LINUX_PACKAGES = "jeepney Xlib"

# What `dir()` of a Python for Windows does not have, of what programs ask for.
NOT_ON_WINDOWS = {
    "os": """
        CLD_EXITED EFD_CLOEXEC EX_CONFIG EX_OK F_LOCK GRND_NONBLOCK MFD_CLOEXEC O_ACCMODE O_ASYNC O_CLOEXEC
        O_DIRECT O_DIRECTORY O_DSYNC O_NDELAY O_NOATIME O_NOCTTY O_NOFOLLOW O_NONBLOCK O_PATH O_RSYNC O_SYNC
        O_TMPFILE POSIX_FADV_DONTNEED POSIX_FADV_SEQUENTIAL PRIO_PROCESS P_PID P_PIDFD RTLD_NOW SCHED_BATCH
        SCHED_IDLE SCHED_OTHER SEEK_DATA SEEK_HOLE ST_NOEXEC ST_RDONLY WCONTINUED WEXITED WNOHANG WUNTRACED
        XATTR_CREATE XATTR_REPLACE chown chroot copy_file_range ctermid environb eventfd fchdir fchmod fchown
        fdatasync fork forkpty fstatvfs fwalk getegid getenvb geteuid getgid getgrouplist getgroups getloadavg
        getpgid getpgrp getpriority getrandom getresuid getsid getuid getxattr killpg lchown listxattr lockf
        major makedev memfd_create minor mkfifo mknod nice openpty pathconf pidfd_open pipe2 posix_fadvise
        posix_fallocate posix_spawn pread preadv pwrite pwritev readv register_at_fork removexattr
        sched_getaffinity sched_getscheduler sched_param sched_setaffinity sched_setscheduler sched_yield
        sendfile setegid seteuid setgid setgroups setpgid setpriority setsid setuid setxattr splice statvfs
        sync sysconf sysconf_names uname wait wait3 wait4 waitid writev
    """,
    "signal": """
        SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGSYS SIGTRAP SIGTSTP
        SIGUSR1 SIGUSR2 SIGWINCH SIGXCPU SIGXFSZ SIG_BLOCK SIG_SETMASK SIG_UNBLOCK alarm pause pthread_kill
        pthread_sigmask setitimer sigpending sigtimedwait sigwait sigwaitinfo
    """,
    "socket": """
        AF_NETLINK AF_PACKET AF_UNIX AF_VSOCK CMSG_LEN CMSG_SPACE MSG_CMSG_CLOEXEC MSG_DONTWAIT MSG_NOSIGNAL
        SCM_CREDENTIALS SCM_RIGHTS SOCK_CLOEXEC SOCK_NONBLOCK SO_PASSCRED SO_PEERCRED recv_fds send_fds
    """,
    "select": "EPOLLIN POLLERR POLLHUP POLLIN POLLNVAL POLLOUT epoll poll",
    "time": """
        CLOCK_BOOTTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_REALTIME CLOCK_THREAD_CPUTIME_ID
        clock_getres clock_gettime clock_gettime_ns pthread_getcpuclockid tzset
    """,
    "errno": "EBADE EKEYEXPIRED EMEDIUMTYPE ENOMEDIUM EREMOTEIO ERFKILL ESTRPIPE EUCLEAN",
    "mmap": "MADV_DONTNEED MAP_ANONYMOUS MAP_PRIVATE MAP_SHARED PROT_READ PROT_WRITE",
}
# By the "Availability" notes of Python's documentation.
NOT_ON_MACOS = {
    "os": """
        EFD_CLOEXEC GRND_NONBLOCK MFD_CLOEXEC O_DIRECT O_NOATIME O_PATH O_RSYNC O_TMPFILE POSIX_FADV_DONTNEED
        POSIX_FADV_SEQUENTIAL P_PIDFD SCHED_BATCH SCHED_IDLE ST_NOEXEC XATTR_CREATE XATTR_REPLACE
        copy_file_range eventfd fdatasync getrandom getresuid getxattr listxattr memfd_create pidfd_open pipe2
        posix_fadvise posix_fallocate removexattr sched_getaffinity sched_getscheduler sched_param
        sched_setaffinity sched_setscheduler setns setxattr splice unshare
    """,
    "signal": "SIGPOLL SIGPWR SIGRTMAX SIGRTMIN SIGSTKFLT pidfd_send_signal sigtimedwait sigwaitinfo",
    "socket": """
        AF_ALG AF_CAN AF_NETLINK AF_PACKET AF_TIPC AF_VSOCK MSG_CMSG_CLOEXEC MSG_NOSIGNAL SCM_CREDENTIALS
        SOCK_CLOEXEC SOCK_NONBLOCK SO_BINDTODEVICE SO_MARK SO_PASSCRED SO_PEERCRED
    """,
    "select": "EPOLLERR EPOLLHUP EPOLLIN EPOLLOUT EPOLL_CLOEXEC epoll",
    "time": "CLOCK_BOOTTIME CLOCK_TAI pthread_getcpuclockid",
    "errno": "EBADE EKEYEXPIRED EMEDIUMTYPE ENOMEDIUM EREMOTEIO ERFKILL ESTRPIPE EUCLEAN",
    "resource": "RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_SIGPENDING prlimit",
    "fcntl": "F_ADD_SEALS F_GETLEASE F_NOTIFY F_OFD_SETLK F_SETLEASE F_SETPIPE_SZ",
}
LACKS = {
    "win32": (f"{POSIX_MODULES} {LINUX_PACKAGES}", NOT_ON_WINDOWS),
    "darwin": (f"{LINUX_PACKAGES} _winapi msvcrt winreg", NOT_ON_MACOS),
    "linux": ("_winapi msvcrt winreg AppKit Foundation", {}),
}
HAS = {
    "win32": "_winapi msvcrt winreg ctypes.wintypes watchdog.observers.read_directory_changes"
    " watchdog.observers.winapi",
    "darwin": "AppKit Foundation objc _watchdog_fsevents watchdog.observers.fsevents",
    "linux": "",
}
"""What that system's Python has besides, as stand-ins."""


class Missing(importlib.abc.MetaPathFinder):
    """Refuses what a system does not have."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] in self._names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def imported() -> Iterator[str]:
    """Everything that any module of Homepress imports, wherever in it."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module


def become(system: str) -> None:
    """From here on this Python is one of another system, as far as a module that is imported can tell."""
    modules, names = LACKS[system]
    for name in sorted(set(imported())):
        if not name.startswith("homepress"):
            try:
                importlib.import_module(name)
            except (ImportError, AttributeError, AssertionError):
                continue  # of another system than this one
    for name in list(sys.modules):
        if name.partition(".")[0] in modules.split():
            del sys.modules[name]
    sys.meta_path.insert(0, Missing(modules.split()))
    for name, missing in names.items():
        module = importlib.import_module(name)
        for each in missing.split():
            module.__dict__.pop(each, None)
    for name in HAS[system].split():
        stand_in = mock.MagicMock(spec_set=None, name=name)
        stand_in.__spec__ = importlib.machinery.ModuleSpec(name, None)
        stand_in.__path__ = []
        sys.modules[name] = stand_in
    sys.platform = system


def main(system: str) -> None:
    become(system)
    import homepress

    for module in pkgutil.walk_packages(homepress.__path__, "homepress."):
        if module.name.rpartition(".")[2] == "__main__":
            continue
        try:
            importlib.import_module(module.name)
        except Exception as error:  # noqa: BLE001  whatever it is, it is what a user would see
            print(f"{module.name} {type(error).__name__}: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
