"""System calls of Linux: their numbers on x86-64 and 64-bit Arm, and those that Python has no function for.

Sources: `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h` of Linux. A call
that a machine does not have (Arm has only the newer of many pairs) is None there and needs no rule.
"""

import ctypes
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Each call with its number on x86-64 and on Arm.
_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    # Sockets.
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "recvmmsg": (299, 243),
    "getsockname": (51, 204),
    # Other ways to a socket, or into another process.
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # The system as a whole.
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "mount_setattr": (442, 442),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "create_module": (174, None),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "acct": (163, 89),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "nfsservctl": (180, 42),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    # Processes and signals.
    "clone": (56, 220),
    "clone3": (435, 435),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "setpriority": (141, 140),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "ioprio_set": (251, 30),
    "prctl": (157, 167),
    "setrlimit": (160, 164),
    "prlimit64": (302, 261),
    "seccomp": (317, 277),
    "capset": (126, 91),
    # Files.
    "open": (2, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "creat": (85, None),
    "truncate": (76, 45),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    # Looking at what may not be read: Landlock leaves these alone.
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "getxattr": (191, 8),
    "lgetxattr": (192, 9),
    "fgetxattr": (193, 10),
    "getxattrat": (464, 464),
    "listxattr": (194, 11),
    "llistxattr": (195, 12),
    "flistxattr": (196, 13),
    "listxattrat": (465, 465),
    "name_to_handle_at": (303, 264),
    "statmount": (457, 457),
    "listmount": (458, 458),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    # Memory and queues shared with other processes.
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # Landlock.
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
}


@dataclass(frozen=True, slots=True)
class Architecture:
    """One ABI of the kernel.

    Attributes:
        name: as `uname -m` says it.
        audit_token: its `AUDIT_ARCH_*` value.
        foreign_from: the lowest number of another ABI that shares the token (x32 on x86-64), or None.
        column: its place in the table of numbers.
    """

    name: str
    audit_token: int
    foreign_from: int | None
    column: int

    def number(self, call: str) -> int:
        """The number of a call that this machine has.

        Raises:
            KeyError: the machine has no such call, or the table does not list it.
        """
        number = _NUMBERS[call][self.column]
        if number is None:
            raise KeyError(f"{self.name} has no system call {call}")
        return number

    def numbers(self, calls: Sequence[str]) -> Iterator[int]:
        """The numbers of those calls that this machine has."""
        for call in calls:
            number = _NUMBERS[call][self.column]
            if number is not None:
                yield number

    def table(self) -> dict[str, int]:
        """Every listed call that this machine has, with its number."""
        return {call: row[self.column] or 0 for call, row in _NUMBERS.items() if row[self.column] is not None}


X86_64 = Architecture("x86_64", 0xC000003E, 0x40000000, 0)
AARCH64 = Architecture("aarch64", 0xC00000B7, None, 1)


def current() -> Architecture | None:
    """The architecture that this process runs on, or None when the lock does not know it."""
    # A 32-bit Python on a 64-bit kernel speaks another ABI: its calls would be killed, so it gets no lock.
    if struct.calcsize("P") != 8:
        return None
    return {known.name: known for known in (X86_64, AARCH64)}.get(os.uname().machine)


# Calling what Python has no function for.

_PR_GET_SECCOMP = 21
_PR_SET_NO_NEW_PRIVS = 38
_PR_GET_NO_NEW_PRIVS = 39
_FILTER_MODE = 2
_SECCOMP_SET_MODE_FILTER = 1
_SECCOMP_FILTER_FLAG_TSYNC = 1
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _FilterProgram(ctypes.Structure):
    """`struct sock_fprog` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


class _CapabilityHeader(ctypes.Structure):
    """`struct __user_cap_header_struct` of linux/capability.h."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


Argument = int | bytes | ctypes.Structure | ctypes.Array[ctypes.c_uint32] | None


def call(number: int, *arguments: Argument) -> int:
    """Make a system call by number and give its result; structures and bytes go by address.

    Raises:
        OSError: with the kernel's error number.
    """
    result = int(_libc.syscall(ctypes.c_long(number), *map(_word, arguments)))
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def forbid_new_privileges() -> None:
    """From here on no program that this process starts gains rights (set-user-id and the like)."""
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs refused")


def filtered() -> bool:
    """Whether a seccomp filter and the ban on new privileges are on this thread, by the kernel's word."""
    mode = _libc.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0)
    return bool(mode == _FILTER_MODE and _libc.prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)


def install_filter(seccomp: int, program: bytes) -> None:
    """Put a seccomp filter on every thread of this process, irrevocably.

    Args:
        seccomp: the number of the seccomp call.
        program: what `bpf.assemble` gives.

    Raises:
        OSError: the kernel has no seccomp, or a thread has a filter that this one does not build on.
    """
    structure = _FilterProgram(len(program) // 8, program)
    thread = call(seccomp, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, structure)
    if thread > 0:
        raise OSError(f"thread {thread} could not be given the filter")


def drop_capabilities(capset: int) -> None:
    """Give up what root may do beyond others (this thread and those it starts).

    Args:
        capset: the number of the capset call.
    """
    nothing = (ctypes.c_uint32 * 6)()
    call(capset, _CapabilityHeader(_CAPABILITY_VERSION_3, 0), nothing)


def thread_count() -> int:
    """How many threads this process has now."""
    return len(os.listdir("/proc/self/task"))


def _word(argument: Argument) -> object:
    if isinstance(argument, int):
        return ctypes.c_long(argument)
    if isinstance(argument, ctypes.Structure | ctypes.Array):
        return ctypes.byref(argument)
    return argument
