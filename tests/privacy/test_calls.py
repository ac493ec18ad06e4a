"""The table of system calls, held against the C headers of this system."""

import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from homepress.privacy.calls import AARCH64, GROUPS, NUMBERS, X86_64, Architecture, current

HEADERS = {
    X86_64: [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")],
    # Only newer distributions have what is Arm's own; the other is that of all newer machines.
    AARCH64: [
        Path("/usr/lib/linux/uapi/arm64/asm/unistd_64.h"),
        Path("/usr/include/aarch64-linux-gnu/asm/unistd_64.h"),
        Path("/usr/include/asm-generic/unistd.h"),
    ],
}
DEFINITION = re.compile(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)", re.MULTILINE)

# In the header of all machines: the end of the table, a place for calls of one machine, a call of others at
# the number of ours, and calls of 32-bit machines only.
NOT_CALLS = {"syscalls", "arch_specific_syscall", "sync_file_range2"}
ONLY_32_BIT = range(403, 424)
OTHER_NAMES = {"fstatat": "newfstatat"}

MACHINES = pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=lambda machine: machine.name)


def listed(machine: Architecture) -> Mapping[str, int]:
    """What the system's headers say."""
    header = next((path for path in HEADERS[machine] if path.exists()), None)
    if header is None:
        pytest.skip("no C headers of the kernel (linux-libc-dev)")
    found = ((name, int(number)) for name, number in DEFINITION.findall(header.read_text(encoding="ascii")))
    return {
        OTHER_NAMES.get(name, name): number
        for name, number in found
        if name not in NOT_CALLS and number not in ONLY_32_BIT
    }


@pytest.mark.skipif(sys.platform != "linux", reason="the headers of Linux")
@MACHINES
def test_every_call_of_the_headers_is_in_a_group_with_its_number(machine: Architecture) -> None:
    headers, table = listed(machine), machine.table()
    assert len(headers) > 300
    assert {call: number for call, number in headers.items() if table.get(call) != number} == {}, (
        "put these into a group of calls.py, and think about who may use them"
    )


@MACHINES
def test_some_numbers_hold_without_headers_too(machine: Architecture) -> None:
    table = machine.table()
    assert (table["socket"], table["execve"]) == ((41, 59) if machine is X86_64 else (198, 221))


@MACHINES
def test_no_two_calls_share_a_number(machine: Architecture) -> None:
    table = machine.table()
    assert len(set(table.values())) == len(table)


def test_each_call_is_in_one_group() -> None:
    counted = Counter(call for group in GROUPS for call in group.calls)
    assert {call for call, times in counted.items() if times > 1} == set()
    assert len({group.name for group in GROUPS}) == len(GROUPS)


def test_since_424_both_machines_have_the_same_numbers() -> None:
    newer = {call: row for call, row in NUMBERS.items() if max(filter(None, row)) >= 424}
    assert len(newer) > 40
    assert all(x86 == arm for x86, arm in newer.values())


def test_arm_lacks_only_what_it_replaced() -> None:
    obsolete = next(group for group in GROUPS if group.name == "obsolete").calls.keys()
    missing = X86_64.table().keys() - AARCH64.table().keys() - obsolete
    replaced = {
        "open": "openat",
        "creat": "openat",
        "fork": "clone",
        "vfork": "clone",
        "mkdir": "mkdirat",
        "rmdir": "unlinkat",
        "unlink": "unlinkat",
        "rename": "renameat",
        "link": "linkat",
        "symlink": "symlinkat",
        "mknod": "mknodat",
        "chmod": "fchmodat",
        "chown": "fchownat",
        "lchown": "fchownat",
        "utime": "utimensat",
        "utimes": "utimensat",
        "futimesat": "utimensat",
        "inotify_init": "inotify_init1",
        "stat": "newfstatat",
        "lstat": "newfstatat",
        "access": "faccessat",
        "readlink": "readlinkat",
        "getdents": "getdents64",
        "ustat": "statfs",
        "sysfs": "statfs",
        "dup2": "dup3",
        "pipe": "pipe2",
        "poll": "ppoll",
        "select": "pselect6",
        "epoll_create": "epoll_create1",
        "epoll_wait": "epoll_pwait",
        "eventfd": "eventfd2",
        "signalfd": "signalfd4",
        "alarm": "setitimer",
        "pause": "rt_sigsuspend",
        "time": "gettimeofday",
        "getpgrp": "getpgid",
    }
    only_x86 = {"iopl", "ioperm", "modify_ldt", "arch_prctl"}
    assert missing == replaced.keys() | only_x86
    assert set(replaced.values()) <= AARCH64.table().keys()


@pytest.mark.posix("uname")
def test_this_machine_is_known_where_the_tests_run() -> None:
    assert current() in (X86_64, AARCH64)
