"""The filters, run in a simulated machine for both architectures: every call, all kinds of arguments."""

import errno
import functools
import mmap
import os
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.privacy.calls import AARCH64, GROUPS, NUMBERS, X86_64, Architecture
from homepress.privacy.filters import (
    Policy,
    client_filter,
    client_policy,
    daemon_filter,
    daemon_policy,
    doorkeeper_filter,
    tool_filter,
    tool_policy,
    watched_filter,
    worker_filter,
    worker_policy,
)
from homepress.privacy.seccomp import ALLOW, KILL_PROCESS, NOTIFY, refuse
from privacy.bpf_machine import run

PID = 4711
DENIED, FORBIDDEN, UNKNOWN = refuse(errno.EACCES), refuse(errno.EPERM), refuse(errno.ENOSYS)
UNIX, INET, INET6 = 1, 2, 10

MACHINES = pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=lambda machine: machine.name)


WHO = pytest.mark.parametrize("who", ["daemon", "client", "worker", "threads", "tool"])

POLICIES: dict[str, Policy] = {
    "daemon": daemon_policy(),
    "client": client_policy(),
    "worker": worker_policy(PID),
    "threads": worker_policy(PID, threads=True),
    "tool": tool_policy(PID),
}


@functools.cache
def filters(machine: Architecture) -> dict[str, bytes]:
    return {
        "daemon": daemon_filter(machine),
        "client": client_filter(machine),
        "worker": worker_filter(machine, PID),
        "threads": worker_filter(machine, PID, threads=True),
        "tool": tool_filter(machine, PID),
    }


@WHO
def test_a_policy_names_groups_and_calls_that_there_are(who: str) -> None:
    policy = POLICIES[who]
    assert policy.allowed <= {group.name for group in GROUPS}
    assert policy.calls.keys() <= NUMBERS.keys()


@MACHINES
@WHO
def test_each_call_is_answered_as_its_group_says(machine: Architecture, who: str) -> None:
    program, policy = filters(machine)[who], POLICIES[who]
    for group in GROUPS:
        wanted = ALLOW if group.name in policy.allowed else refuse(group.error)
        for call in group.calls.keys() - policy.calls.keys() & machine.table().keys():
            assert answer(program, machine, call) == wanted, call


@MACHINES
@WHO
def test_a_number_without_a_call_does_not_exist(machine: Architecture, who: str) -> None:
    program, known = filters(machine)[who], set(machine.table().values())
    for number in (*range(1200), 0xFFFFFFFF):
        if number not in known:
            assert run(program, machine.audit_token, number) == UNKNOWN, number


def answer(program: bytes, machine: Architecture, call: str, *arguments: int) -> int:
    return run(program, machine.audit_token, machine.number(call), arguments)


@MACHINES
@WHO
@given(number=st.integers(0, 0xFFFFFFFF), token=st.integers(0, 0xFFFFFFFF))
def test_a_foreign_abi_is_killed(machine: Architecture, who: str, number: int, token: int) -> None:
    if token != machine.audit_token:
        assert run(filters(machine)[who], token, number) == KILL_PROCESS


@WHO
@given(number=st.integers(0x40000000, 0xFFFFFFFF))
def test_x32_calls_do_not_exist(who: str, number: int) -> None:
    assert run(filters(X86_64)[who], X86_64.audit_token, number) == UNKNOWN


@MACHINES
@pytest.mark.parametrize("who", ["daemon", "worker", "threads", "tool"])
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
@WHO
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
        "kcmp",
        "process_madvise",
        "perf_event_open",
        "userfaultfd",
        "keyctl",
        "open_by_handle_at",
        "fanotify_init",
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


@pytest.mark.posix("numbers of its signals and flags")
@MACHINES
def test_daemon_and_clients_start_programs(machine: Architecture) -> None:
    for program in (daemon_filter(machine), client_filter(machine)):
        assert answer(program, machine, "execve") == ALLOW
        assert answer(program, machine, "clone", signal.SIGCHLD) == ALLOW
        assert answer(program, machine, "clone", 0x40000000) == FORBIDDEN, "CLONE_NEWNET"


@MACHINES
def test_a_worker_uses_no_name_of_a_file(machine: Architecture) -> None:
    """A look-up of a name on a network mount sends the name."""
    for who in ("worker", "threads"):
        program = filters(machine)[who]
        for call in ("stat", "lstat", "newfstatat", "statx", "access", "faccessat", "readlink", "readlinkat"):
            if call in machine.table():
                assert answer(program, machine, call) == DENIED, call
        for call in ("openat", "chdir", "statfs", "getdents64", "name_to_handle_at", "file_getattr"):
            assert answer(program, machine, call) == DENIED, call
        for call in ("openat2", "faccessat2"):
            assert answer(program, machine, call) == UNKNOWN, call
        assert answer(program, machine, "execve") == FORBIDDEN
        assert answer(program, machine, "inotify_add_watch") == DENIED
        assert answer(program, machine, "fstat") == ALLOW, "of what is open already"


@pytest.mark.posix("numbers of its signals and flags")
@MACHINES
@given(flags=st.integers(0, 0xFFFFFFFF))
def test_a_helper_program_opens_for_reading_only(machine: Architecture, flags: int) -> None:
    writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    program = filters(machine)["tool"]
    assert answer(program, machine, "openat", 0, 0, flags) == (DENIED if writes else ALLOW)
    assert answer(program, machine, "openat2") == UNKNOWN


@pytest.mark.posix("numbers of its signals and flags")
@MACHINES
@given(protection=st.integers(0, 0xFFFFFFFF))
def test_a_worker_makes_nothing_executable(machine: Architecture, protection: int) -> None:
    wanted = FORBIDDEN if protection & mmap.PROT_EXEC else ALLOW
    for who in ("worker", "threads"):
        for call in ("mmap", "mprotect"):
            assert answer(filters(machine)[who], machine, call, 0, 4096, protection) == wanted
        for call in ("pkey_mprotect", "remap_file_pages", "personality", "shmat", "memfd_create"):
            assert answer(filters(machine)[who], machine, call, 0, 4096, protection) == FORBIDDEN, call


@MACHINES
@given(flags=st.integers(0, 0xFFFFFFFF))
def test_a_worker_starts_nothing_or_threads_only(machine: Architecture, flags: int) -> None:
    namespaces = flags & 0x7E020000
    thread = flags & 0x00010000
    without = UNKNOWN if thread else FORBIDDEN
    assert answer(filters(machine)["worker"], machine, "clone", flags) == without
    assert answer(filters(machine)["tool"], machine, "clone", flags) == without
    wanted = ALLOW if thread and not namespaces else FORBIDDEN
    assert answer(filters(machine)["threads"], machine, "clone", flags) == wanted
    for who in ("worker", "threads", "tool"):
        assert answer(filters(machine)[who], machine, "clone3") == UNKNOWN


@MACHINES
@given(pid=st.integers(-(1 << 31), (1 << 31) - 1))
def test_a_worker_signals_itself_only(machine: Architecture, pid: int) -> None:
    for who in ("worker", "tool"):
        program = filters(machine)[who]
        for call in ("kill", "tkill", "tgkill"):
            assert answer(program, machine, call, pid, pid, 9) == (ALLOW if pid == PID else FORBIDDEN)
        for call in ("rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"):
            assert answer(program, machine, call, pid, 9) == FORBIDDEN
        own = ALLOW if pid in (0, PID) else FORBIDDEN
        assert answer(program, machine, "sched_getaffinity", pid, 8) == own
        assert answer(program, machine, "prlimit64", pid, 9, 0, 0x1000) == own


@MACHINES
@given(pid=st.integers(0, 1 << 22), thread=st.sampled_from((0, 4)), which=st.integers(0, 3))
def test_no_clock_tells_of_another_process(machine: Architecture, pid: int, thread: int, which: int) -> None:
    """Numbers below 0 are the processor time of a process or thread, or a clock behind a descriptor."""
    number = (~pid << 3) | thread | which
    for who in ("worker", "threads", "tool"):
        for call in ("clock_gettime", "clock_getres", "clock_nanosleep"):
            assert answer(filters(machine)[who], machine, call, number) == refuse(errno.EINVAL)
            assert answer(filters(machine)[who], machine, call, 2) == ALLOW, "its own processor time"


@MACHINES
def test_a_tool_becomes_a_program_and_a_worker_does_not(machine: Architecture) -> None:
    assert answer(filters(machine)["tool"], machine, "execve") == ALLOW
    assert answer(filters(machine)["tool"], machine, "execveat") == FORBIDDEN
    assert answer(filters(machine)["worker"], machine, "execveat") == FORBIDDEN


@MACHINES
def test_a_worker_keeps_its_bounds(machine: Architecture) -> None:
    program = filters(machine)["worker"]
    assert answer(program, machine, "prctl", 1, 0) == FORBIDDEN, "PR_SET_PDEATHSIG"
    assert answer(program, machine, "prctl", 22, 2) == FORBIDDEN, "PR_SET_SECCOMP"
    assert answer(program, machine, "prctl", 15, 1) == ALLOW, "PR_SET_NAME"
    assert answer(program, machine, "prlimit64", 0, 9, 0, 0x1000) == ALLOW, "reading a limit"
    assert answer(program, machine, "prlimit64", 0, 9, 0x1000, 0) == FORBIDDEN
    assert answer(program, machine, "prlimit64", 0, 9, 0x1000 << 32, 0) == FORBIDDEN, (
        "high half of the pointer"
    )
    assert answer(program, machine, "setrlimit", 9, 0x1000) == FORBIDDEN


@MACHINES
@pytest.mark.parametrize("who", ["daemon", "worker", "threads", "tool"])
def test_who_holds_pictures_shares_nothing_with_other_programs(machine: Architecture, who: str) -> None:
    shared = next(group for group in GROUPS if group.name == "shared")
    assert {"msgrcv", "msgctl", "semctl", "shmctl", "shmdt", "mq_timedsend"} <= shared.calls.keys()
    for call in shared.calls:
        assert answer(filters(machine)[who], machine, call) == FORBIDDEN, call


@MACHINES
def test_a_worker_reaches_no_other_process_and_no_disk(machine: Architecture) -> None:
    program = filters(machine)["worker"]
    for call in ("setpriority", "getpriority", "ioprio_set", "sched_setscheduler", "sched_getattr", "getsid"):
        assert answer(program, machine, call) == FORBIDDEN, call
    for call in ("get_robust_list", "kcmp", "landlock_restrict_self", "seccomp", "capset", "setuid"):
        assert answer(program, machine, call) == FORBIDDEN, call
    for call in ("flock", "sync", "syncfs", "fsync", "fadvise64", "sendfile", "splice"):
        assert answer(program, machine, call) == DENIED, call


@MACHINES
def test_a_worker_changes_no_file_and_controls_no_device(machine: Architecture) -> None:
    program = filters(machine)["worker"]
    for call in ("unlinkat", "renameat2", "fchmodat", "fchmodat2", "fchownat", "utimensat", "setxattr"):
        assert answer(program, machine, call) == DENIED
    assert answer(program, machine, "ioctl", 0, 0x5401) == ALLOW, "TCGETS"
    assert answer(program, machine, "ioctl", 0, 0x5412) == refuse(errno.ENOTTY), "TIOCSTI"
    for command in (8, 10, 15, 5, 6, 7, 1024, 1026, 1033, 36):
        assert answer(program, machine, "fcntl", 3, command, PID) == FORBIDDEN, command
    assert answer(program, machine, "fcntl", 3, 1) == ALLOW, "F_GETFD"


@MACHINES
def test_a_worker_waits_but_lends_no_priority(machine: Architecture) -> None:
    for who in ("worker", "threads", "tool"):
        program = filters(machine)[who]
        for operation in (0, 1, 128, 129, 9 | 128, 9 | 128 | 256, 10 | 128):
            assert answer(program, machine, "futex", 0, operation) == ALLOW, operation
        for operation in (6, 7, 8, 11, 12, 13, 6 | 128, 8 | 128, 13 | 128 | 256, 1 << 20):
            assert answer(program, machine, "futex", 0, operation) == UNKNOWN, operation


@MACHINES
def test_a_worker_shares_no_equal_pages(machine: Architecture) -> None:
    for who in ("worker", "threads", "tool"):
        program = filters(machine)[who]
        assert answer(program, machine, "madvise", 0, 4096, 12) == refuse(errno.EINVAL), "MADV_MERGEABLE"
        assert answer(program, machine, "madvise", 0, 4096, 4) == ALLOW, "MADV_DONTNEED"


@MACHINES
def test_nobody_types_into_a_terminal(machine: Architecture) -> None:
    for who in ("daemon", "client"):
        for request in (0x5412, 0x541C, 0x5412 | 1 << 32):
            assert answer(filters(machine)[who], machine, "ioctl", 0, request) == FORBIDDEN
        assert answer(filters(machine)[who], machine, "ioctl", 0, 0x5401) == ALLOW, "TCGETS"


@MACHINES
def test_what_computing_takes_is_allowed(machine: Architecture) -> None:
    """In each C library's words: musl writes with writev, and waits in its own way."""
    for who, program in filters(machine).items():
        for call in ("read", "write", "writev", "close", "ppoll", "brk", "munmap", "mremap", "madvise"):
            assert answer(program, machine, call) == ALLOW, f"{call} for the {who}"
        for call in ("futex", "sched_yield", "restart_syscall", "rt_sigreturn", "sigaltstack", "exit"):
            assert answer(program, machine, call) == ALLOW, f"{call} for the {who}"
        for call in ("clock_gettime", "clock_nanosleep", "getrandom", "getpid", "gettid", "exit_group"):
            assert answer(program, machine, call) == ALLOW, f"{call} for the {who}"


@MACHINES
def test_a_doorkeeper_is_asked_about_names_and_about_standard_input(machine: Architecture) -> None:
    program = watched_filter(machine)
    for call in {"open", "openat", "newfstatat", "execve"} & machine.table().keys():
        assert answer(program, machine, call) == NOTIFY, call
    for call in ("read", "readv"):
        assert answer(program, machine, call, 0, 0x1000, 5) == NOTIFY
        assert answer(program, machine, call, 3, 0x1000, 5) == ALLOW
    assert answer(program, machine, "write", 0) == ALLOW, "the program's own filter decides the rest"


@MACHINES
def test_a_doorkeeper_is_a_worker_that_answers_the_kernel(machine: Architecture) -> None:
    program = doorkeeper_filter(machine, PID)
    assert answer(program, machine, "ioctl", 5, 0xC0502100) == ALLOW
    assert answer(program, machine, "ioctl", 5, 0x5401) == refuse(errno.ENOTTY)
    assert answer(program, machine, "openat") == DENIED
    assert answer(program, machine, "clone", 0x00010000) == UNKNOWN
