"""The filters, run in a simulated machine for both architectures: every call, all kinds of arguments."""

import errno
import os
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.privacy.seccomp import (
    ALLOW,
    KILL_PROCESS,
    client_filter,
    daemon_filter,
    refuse,
    tool_filter,
    worker_filter,
)
from homepress.privacy.syscalls import AARCH64, X86_64, Architecture
from privacy.bpf_machine import run

PID = 4711
DENIED, FORBIDDEN, UNKNOWN = refuse(errno.EACCES), refuse(errno.EPERM), refuse(errno.ENOSYS)
UNIX, INET, INET6 = 1, 2, 10

MACHINES = pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=lambda machine: machine.name)


def filters(machine: Architecture) -> dict[str, bytes]:
    return {
        "daemon": daemon_filter(machine),
        "client": client_filter(machine),
        "worker": worker_filter(machine, PID),
        "tool": tool_filter(machine, PID),
    }


def answer(program: bytes, machine: Architecture, call: str, *arguments: int) -> int:
    return run(program, machine.audit_token, machine.number(call), arguments)


@MACHINES
@pytest.mark.parametrize("who", ["daemon", "client", "worker", "tool"])
@given(number=st.integers(0, 0xFFFFFFFF), token=st.integers(0, 0xFFFFFFFF))
def test_a_foreign_abi_is_killed(machine: Architecture, who: str, number: int, token: int) -> None:
    if token != machine.audit_token:
        assert run(filters(machine)[who], token, number) == KILL_PROCESS


@pytest.mark.parametrize("who", ["daemon", "client", "worker", "tool"])
@given(number=st.integers(0x40000000, 0xFFFFFFFF))
def test_x32_calls_do_not_exist(who: str, number: int) -> None:
    assert run(filters(X86_64)[who], X86_64.audit_token, number) == UNKNOWN


@MACHINES
@pytest.mark.parametrize("who", ["daemon", "worker", "tool"])
@given(arguments=st.lists(st.integers(0, (1 << 64) - 1), max_size=6))
def test_who_holds_pictures_gets_no_socket(machine: Architecture, who: str, arguments: list[int]) -> None:
    program = filters(machine)[who]
    for call in ("socket", "socketpair", "connect", "bind", "listen", "sendmsg", "sendmmsg", "recvmsg"):
        assert answer(program, machine, call, *arguments) == DENIED


@MACHINES
@given(family=st.integers(0, (1 << 64) - 1))
def test_a_client_gets_local_sockets_only(machine: Architecture, family: int) -> None:
    wanted = ALLOW if family & 0xFFFFFFFF == UNIX else DENIED
    assert answer(client_filter(machine), machine, "socket", family, 1, 0) == wanted


@MACHINES
@pytest.mark.parametrize("who", ["daemon", "client", "worker", "tool"])
@given(arguments=st.lists(st.integers(0, (1 << 64) - 1), max_size=6))
def test_back_doors_are_shut_for_all(machine: Architecture, who: str, arguments: list[int]) -> None:
    program = filters(machine)[who]
    for call in (
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "ptrace",
        "bpf",
        "pidfd_getfd",
        "request_key",
        "process_vm_writev",
        "mount",
        "unshare",
        "setns",
    ):
        assert answer(program, machine, call, *arguments) == FORBIDDEN


@MACHINES
@given(address=st.integers(0, (1 << 64) - 1))
def test_the_daemon_sends_to_whom_it_accepted_only(machine: Architecture, address: int) -> None:
    program = daemon_filter(machine)
    wanted = DENIED if address else ALLOW
    assert answer(program, machine, "sendto", 5, 1, 1, 0, address, 0) == wanted
    assert answer(program, machine, "accept4", 5, 0, 0, 0) == ALLOW
    assert answer(program, machine, "recvfrom", 5, 0, 0, 0, 0, 0) == ALLOW


@MACHINES
def test_daemon_and_clients_start_programs(machine: Architecture) -> None:
    for program in (daemon_filter(machine), client_filter(machine)):
        assert answer(program, machine, "execve") == ALLOW
        assert answer(program, machine, "clone", signal.SIGCHLD) == ALLOW
        assert answer(program, machine, "clone", 0x40000000) == FORBIDDEN, "CLONE_NEWNET"


@MACHINES
@given(flags=st.integers(0, 0xFFFFFFFF))
def test_a_worker_opens_for_reading_only(machine: Architecture, flags: int) -> None:
    writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    for program in (worker_filter(machine, PID), tool_filter(machine, PID)):
        assert answer(program, machine, "openat", 0, 0, flags) == (DENIED if writes else ALLOW)
        assert answer(program, machine, "openat2") == UNKNOWN


@MACHINES
@given(flags=st.integers(0, 0xFFFFFFFF))
def test_a_worker_starts_threads_only(machine: Architecture, flags: int) -> None:
    program = worker_filter(machine, PID)
    namespaces = flags & 0x7E020000
    thread = flags & 0x00010000
    assert answer(program, machine, "clone", flags) == (ALLOW if thread and not namespaces else FORBIDDEN)
    assert answer(program, machine, "clone3") == UNKNOWN
    assert answer(program, machine, "execve") == FORBIDDEN


@MACHINES
@given(pid=st.integers(-(1 << 31), (1 << 31) - 1))
def test_a_worker_signals_itself_only(machine: Architecture, pid: int) -> None:
    for program in (worker_filter(machine, PID), tool_filter(machine, PID)):
        for call in ("kill", "tgkill"):
            assert answer(program, machine, call, pid, pid, 9) == (ALLOW if pid == PID else FORBIDDEN)
        for call in ("tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"):
            assert answer(program, machine, call, pid, 9) == FORBIDDEN


@MACHINES
def test_a_tool_becomes_a_program_and_a_worker_does_not(machine: Architecture) -> None:
    assert answer(tool_filter(machine, PID), machine, "execve") == ALLOW
    assert answer(worker_filter(machine, PID), machine, "execveat") == FORBIDDEN


@MACHINES
def test_a_worker_keeps_its_bounds(machine: Architecture) -> None:
    program = worker_filter(machine, PID)
    assert answer(program, machine, "prctl", 1, 0) == FORBIDDEN, "PR_SET_PDEATHSIG"
    assert answer(program, machine, "prctl", 15, 1) == ALLOW, "PR_SET_NAME"
    assert answer(program, machine, "prlimit64", 0, 9, 0, 0x1000) == ALLOW, "reading a limit"
    assert answer(program, machine, "prlimit64", 0, 9, 0x1000, 0) == FORBIDDEN
    assert answer(program, machine, "prlimit64", 0, 9, 0x1000 << 32, 0) == FORBIDDEN, (
        "high half of the pointer"
    )
    assert answer(program, machine, "setrlimit", 9, 0x1000) == FORBIDDEN


@MACHINES
def test_a_worker_changes_no_file_and_controls_no_device(machine: Architecture) -> None:
    program = worker_filter(machine, PID)
    for call in ("unlinkat", "renameat2", "fchmodat", "fchmodat2", "fchownat", "utimensat", "setxattr"):
        assert answer(program, machine, call) == DENIED
    assert answer(program, machine, "ioctl", 0, 0x5401) == ALLOW, "TCGETS"
    assert answer(program, machine, "ioctl", 0, 0x5412) == refuse(errno.ENOTTY), "TIOCSTI"
    assert answer(program, machine, "fcntl", 3, 8, PID) == FORBIDDEN, "F_SETOWN"
    assert answer(program, machine, "fcntl", 3, 1) == ALLOW, "F_GETFD"


@MACHINES
def test_what_computing_takes_is_allowed(machine: Architecture) -> None:
    common = {
        "read": (0, 63),
        "write": (1, 64),
        "mmap": (9, 222),
        "futex": (202, 98),
        "exit_group": (231, 94),
    }
    for who, program in filters(machine).items():
        for call, numbers in common.items():
            got = run(program, machine.audit_token, numbers[machine.column])
            assert got == ALLOW, f"{call} for the {who}"
