"""Deeds that tell a network file system a name: every system call that takes a path.

A name is up to 255 bytes, and its server gets it before the kernel knows whether the file is there.
"""

from functools import partial

from privacy.deeds.model import Argument, Prey, Table

_AT = -100
_GROUP = "names told to a network folder"

_CALLS: dict[str, tuple[object, ...]] = {
    # PATH is where the name goes; the other arguments are such that the kernel looks for it.
    "open": ("PATH", 0),
    "openat": (_AT, "PATH", 0),
    "openat2": (_AT, "PATH", bytes(24), 24),
    "creat": ("PATH", 0o600),
    "stat": ("PATH", bytes(256)),
    "lstat": ("PATH", bytes(256)),
    "newfstatat": (_AT, "PATH", bytes(256), 0),
    "statx": (_AT, "PATH", 0, 0, bytes(256)),
    "access": ("PATH", 0),
    "faccessat": (_AT, "PATH", 0),
    "faccessat2": (_AT, "PATH", 0, 0),
    "readlink": ("PATH", bytes(64), 64),
    "readlinkat": (_AT, "PATH", bytes(64), 64),
    "chdir": ("PATH",),
    "chroot": ("PATH",),
    "statfs": ("PATH", bytes(256)),
    "execve": ("PATH", None, None),
    "execveat": (_AT, "PATH", None, None, 0),
    "truncate": ("PATH", 0),
    "mkdir": ("PATH", 0o700),
    "mkdirat": (_AT, "PATH", 0o700),
    "rmdir": ("PATH",),
    "unlink": ("PATH",),
    "unlinkat": (_AT, "PATH", 0),
    "rename": ("PATH", "PATH"),
    "renameat": (_AT, "PATH", _AT, "PATH"),
    "renameat2": (_AT, "PATH", _AT, "PATH", 0),
    "link": ("PATH", "PATH"),
    "linkat": (_AT, "PATH", _AT, "PATH", 0),
    "symlink": (b"x", "PATH"),
    "symlinkat": (b"x", _AT, "PATH"),
    "mknod": ("PATH", 0o10600, 0),
    "mknodat": (_AT, "PATH", 0o10600, 0),
    "chmod": ("PATH", 0o600),
    "fchmodat": (_AT, "PATH", 0o600),
    "fchmodat2": (_AT, "PATH", 0o600, 0),
    "chown": ("PATH", -1, -1),
    "lchown": ("PATH", -1, -1),
    "fchownat": (_AT, "PATH", -1, -1, 0),
    "utime": ("PATH", None),
    "utimes": ("PATH", None),
    "futimesat": (_AT, "PATH", None),
    "utimensat": (_AT, "PATH", None, 0),
    "getxattr": ("PATH", b"user.a", None, 0),
    "lgetxattr": ("PATH", b"user.a", None, 0),
    "listxattr": ("PATH", None, 0),
    "llistxattr": ("PATH", None, 0),
    "setxattr": ("PATH", b"user.a", b"b", 1, 0),
    "lsetxattr": ("PATH", b"user.a", b"b", 1, 0),
    "removexattr": ("PATH", b"user.a"),
    "lremovexattr": ("PATH", b"user.a"),
    "getxattrat": (_AT, "PATH", 0, b"user.a", bytes(16), 16),
    "setxattrat": (_AT, "PATH", 0, b"user.a", bytes(16), 16),
    "listxattrat": (_AT, "PATH", 0, None, 0),
    "removexattrat": (_AT, "PATH", 0, b"user.a"),
    "name_to_handle_at": (_AT, "PATH", bytes(136), bytes(4), 0),
    "inotify_add_watch": (0, "PATH", 1),
    "file_getattr": (_AT, "PATH", bytes(24), 24, 0),
    "file_setattr": (_AT, "PATH", bytes(24), 24, 0),
    "mount": (b"none", "PATH", b"tmpfs", 0, None),
    "umount2": ("PATH", 0),
    "pivot_root": ("PATH", "PATH"),
    "open_tree": (_AT, "PATH", 0),
    "mount_setattr": (_AT, "PATH", 0, bytes(32), 32),
    "fspick": (_AT, "PATH", 0),
    "move_mount": (_AT, "PATH", _AT, "PATH", 0),
    "swapon": ("PATH", 0),
    "swapoff": ("PATH",),
    "acct": ("PATH",),
    "quotactl": (0x80000700, "PATH", 0, None),
    "uselib": ("PATH",),
}


def add_lookups(table: Table) -> None:
    """A deed for each call that this machine has; `name_told` says which name it looks for."""
    for name, arguments in _CALLS.items():
        path = partial(_path, name)
        words: list[Argument] = [path if word == "PATH" else word for word in arguments]  # type: ignore[misc]
        # Some of them ask root alone, and kernels lack others. A program's loader opens libraries.
        helper = "allowed" if name in TOLD_BY_HELPERS else ""
        table.call(_GROUP, name, name, *words, control="may", helper=helper)


TOLD_BY_HELPERS = frozenset({"open", "openat", "newfstatat", "execve"})


def name_told(role: str, call: str) -> str:
    """What the server of the network folder hears when the look-up gets through."""
    return f"{role}-by-{call}"


def _path(call: str, prey: Prey) -> bytes:
    return f"{prey.told or prey.home + '/'}by-{call}".encode()


LOOKUPS = tuple(_CALLS)
"""The calls."""
