"""What would be handed to macOS and Windows: texts and structures, made here."""

import ctypes
import sys
from pathlib import Path

import pytest

from homepress.privacy import Limits, macos, windows

SOCKET = Path('/Users/a "b"\\c/control.sock')
QUOTED = r'"/Users/a \"b\"\\c/control.sock"'


def test_a_mac_daemon_accepts_on_its_own_socket_only() -> None:
    assert macos.daemon_profile(SOCKET).splitlines() == [
        "(version 1)",
        "(allow default)",
        "(deny network*)",
        f"(allow network-inbound (local unix-socket (path-literal {QUOTED})))",
    ]


def test_a_mac_client_has_our_sockets_only() -> None:
    folder = QUOTED.rpartition("/")[0] + '"'
    assert macos.client_profile(SOCKET).splitlines()[-3:] == [
        "(deny network*)",
        f"(allow network* (local unix-socket (subpath {folder})))",
        f"(allow network-outbound (remote unix-socket (subpath {folder})))",
    ]
    assert "allow network" not in macos.client_profile(None)


def test_a_mac_worker_reads_its_libraries_only() -> None:
    lines = macos.worker_profile([Path("/Library/Python"), Path("/usr/lib")]).splitlines()
    assert lines.index("(deny file-read-data)") < lines.index(
        '(allow file-read-data (subpath "/Library/Python") (subpath "/usr/lib"))'
    )
    assert {"(deny network*)", "(deny file-write*)", "(deny process-fork)", "(deny mach-lookup)"} <= set(
        lines
    )
    assert lines[-1] == "(deny process-exec*)"


def test_a_mac_tool_becomes_itself_only() -> None:
    lines = macos.tool_profile(Path("/opt/gifsicle"), [Path("/usr/lib")]).splitlines()
    assert lines[-2:] == ["(deny process-exec*)", '(allow process-exec (literal "/opt/gifsicle"))']


@pytest.mark.skipif(sys.platform == "darwin", reason="there the library is there")
def test_a_mac_without_the_library_says_what_is_missing() -> None:
    lock = macos.lock_client(None)
    assert not lock.network and "sandbox library" in lock.missing[0]


def test_where_connections_are_not_refused_a_mac_is_open() -> None:
    assert macos.state() == "open"
    assert {attempt.name for attempt in macos.probe()} >= {"TCP", "UDP"}


def test_a_windows_job_bounds_a_worker() -> None:
    job = windows.job_limits(Limits(memory_bytes=1 << 30, cpu_seconds=60))
    assert job.process_memory == 1 << 30
    assert job.basic.process_time == 600_000_000, "in steps of 100 ns"
    assert job.basic.active_processes == 1
    kill_on_close, process_memory, active, process_time, die = 0x2000, 0x100, 0x8, 0x2, 0x400
    assert job.basic.flags == kill_on_close | process_memory | active | process_time | die


def test_windows_structures_have_the_documented_sizes() -> None:
    if ctypes.sizeof(ctypes.c_void_p) == 8:
        assert ctypes.sizeof(windows.BasicLimits) == 64
        assert ctypes.sizeof(windows.ExtendedLimits) == 144


def test_windows_never_claims_to_be_locked() -> None:
    assert windows.state() == "open"
    for lock in (windows.lock_daemon(), windows.lock_client(), windows.lock_worker([], Limits())):
        assert not lock.network and lock.missing
    assert not windows.report(1).only_local_sockets
