"""What a process says of itself: attempts, state and the report from outside."""

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from homepress import privacy
from homepress.base.results import ProbeAttempt
from homepress.privacy.types import all_refused
from support import THIS_MACHINE_CANNOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attempts of Linux")

NAMES = {"TCP", "UDP", "TCP over IPv6", "UDP over IPv6", "a DNS query", "raw IP", "netlink", "io_uring"}
LOCKED = """
import json, sys
from homepress import privacy
getattr(privacy, "lock_" + sys.argv[1])()
print(json.dumps([[a.name, a.allowed, a.answer, a.local, a.kind] for a in privacy.probe()]))
"""


def attempts_of(role: str) -> dict[str, ProbeAttempt]:
    done = subprocess.run([sys.executable, "-c", LOCKED, role], capture_output=True, check=True)
    return {row[0]: ProbeAttempt(*row) for row in json.loads(done.stdout)}


def test_an_ordinary_process_is_open() -> None:
    attempts = privacy.probe()
    assert {attempt.name for attempt in attempts} >= NAMES
    assert {a.name for a in attempts if a.allowed} >= {"TCP", "UDP", "a DNS query", "a local socket"}
    assert privacy.state() == "open"


def test_a_locked_daemon_is_refused_everything() -> None:
    attempts = attempts_of("daemon")
    assert attempts.keys() >= NAMES | {"vsock", "Bluetooth", "all 44 address families"}
    allowed = {attempt.kind for attempt in attempts.values() if attempt.allowed}
    assert allowed <= privacy.DAEMON.may and not allowed & {"network", "local", "programs"}
    assert attempts["TCP"].answer == "EACCES: Permission denied"
    assert attempts["io_uring"].answer == "EPERM: Operation not permitted"


def test_a_locked_client_may_speak_locally() -> None:
    attempts = attempts_of("client")
    assert all_refused(attempts.values())
    assert all(attempt.allowed for attempt in attempts.values() if attempt.local)


def test_local_attempts_do_not_count_as_network() -> None:
    local, remote = ProbeAttempt("a", True, "", local=True, kind="local"), ProbeAttempt("b", True, "")
    assert all_refused([local, ProbeAttempt("c", False, "")])
    assert not all_refused([local, remote])


def test_attempts_leave_no_descriptor_behind() -> None:
    before = os.listdir("/proc/self/fd")
    privacy.probe()
    assert os.listdir("/proc/self/fd") == before


def test_attempts_send_no_packet(tmp_path: Path) -> None:
    """In a network namespace of its own nothing but these attempts could be counted."""
    code = (
        "from homepress import privacy; privacy.probe();"
        "print(sum(int(l.split()[10]) for l in open('/proc/self/net/dev').read().splitlines()[2:]))"
    )
    command = ["unshare", "--user", "--map-root-user", "--net", "--", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "unshare" in done.stderr:
        pytest.skip(f"{THIS_MACHINE_CANNOT} make namespaces: {done.stderr.strip()}")
    assert done.stdout.strip() == "0", done.stderr


def test_a_report_names_what_a_process_holds(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as local, socket.socket(socket.AF_INET) as remote:
        local.bind(str(tmp_path / "name with spaces"))
        remote.bind(("127.0.0.1", 0))
        remote.listen()
        report = privacy.report(os.getpid())
        held = {held.descriptor: held for held in report.sockets or ()}
        assert held[local.fileno()].family == "unix"
        assert held[local.fileno()].name == str(tmp_path / "name with spaces")
        assert held[remote.fileno()].family == "tcp"
        assert held[local.fileno()].local and not held[remote.fileno()].local
        assert (report.filtered, report.no_new_privileges) == (False, False)


def test_a_socket_that_no_table_lists_is_not_called_local() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as unbound:
        held = {held.descriptor: held for held in privacy.report(os.getpid()).sockets or ()}
        assert held[unbound.fileno()].family == "unknown"
        assert not held[unbound.fileno()].local


def test_a_report_sees_the_filter_of_another_process() -> None:
    code = "from homepress import privacy; privacy.lock_daemon(); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        report = privacy.report(child.pid)
        child.communicate(b"\n")
    assert report.filtered and report.no_new_privileges and report.filters == 1
    assert report.sockets == ()


def test_there_is_no_report_of_a_process_that_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    with pytest.raises(ProcessLookupError, match=str(child.pid)):
        privacy.report(child.pid)


def test_answers_are_in_the_systems_words() -> None:
    refused = attempts_of("daemon")["a look-up by the kernel"]
    assert refused.answer.startswith(errno.errorcode[errno.EPERM])
