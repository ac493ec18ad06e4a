"""The table of system call numbers, held against the C headers of this system where there are any."""

import re
from pathlib import Path

import pytest

from homepress.privacy.syscalls import AARCH64, X86_64, Architecture, current

HEADERS = {
    X86_64: [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")],
    AARCH64: [Path("/usr/include/asm-generic/unistd.h")],
}
DEFINITION = re.compile(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)", re.MULTILINE)


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=lambda machine: machine.name)
def test_numbers_are_those_of_the_headers(machine: Architecture) -> None:
    header = next((path for path in HEADERS[machine] if path.exists()), None)
    known = {name: int(number) for name, number in DEFINITION.findall(header.read_text())} if header else {}
    table = machine.table()
    # These hold on every system, so that the test says something without headers too.
    assert (table["socket"], table["execve"]) == ((41, 59) if machine is X86_64 else (198, 221))
    for call in table.keys() & known.keys():
        assert table[call] == known[call], call


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=lambda machine: machine.name)
def test_no_two_calls_share_a_number(machine: Architecture) -> None:
    table = machine.table()
    assert len(set(table.values())) == len(table)


def test_arm_lacks_only_what_it_replaced() -> None:
    missing = X86_64.table().keys() - AARCH64.table().keys()
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
        "inotify_init": "inotify_init1",
        "futimesat": "utimensat",
    }
    only_x86 = {"iopl", "ioperm", "modify_ldt", "uselib", "create_module"}
    assert missing == replaced.keys() | only_x86
    assert set(replaced.values()) <= AARCH64.table().keys()


def test_this_machine_is_known_where_the_tests_run() -> None:
    assert current() in (X86_64, AARCH64)
