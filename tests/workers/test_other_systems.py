"""What macOS and Windows would be asked for around a worker, and what each system tells of its memory."""

import ctypes
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from homepress.workers import linux, macos, windows


def test_on_windows_the_real_python_of_a_virtual_environment_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That of the environment starts a second process, which the job refuses."""
    monkeypatch.setattr(sys, "executable", r"C:\venv\Scripts\python.exe")
    monkeypatch.setattr(sys, "_base_executable", r"C:\Python\python.exe", raising=False)
    assert windows.interpreter() == (
        r"C:\Python\python.exe",
        {"__PYVENV_LAUNCHER__": r"C:\venv\Scripts\python.exe"},
    )
    monkeypatch.setattr(sys, "executable", r"C:\Python\python.exe")
    assert windows.interpreter() == (r"C:\Python\python.exe", {})


def test_on_a_mac_a_worker_closes_what_is_open_and_no_more() -> None:
    script = """
import os
from homepress.workers import macos
held = [os.dup(0) for _ in range(20)]
macos.close_from(held[5])
print(sum(os.path.exists(f"/proc/self/fd/{one}") for one in held))
"""
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["5"]
    assert macos.interpreter() == (sys.executable, {}) and os.path.exists("/dev/fd")


def test_a_helper_program_on_a_mac_may_read_what_its_loader_needs() -> None:
    """dyld, and the shared cache of libraries, which macOS 13 moved."""
    allowed = {str(path) for path in macos.system_libraries()}
    assert {"/usr/lib", "/System/Library", "/System/Volumes/Preboot/Cryptexes/OS"} <= allowed
    assert not any(str(path).startswith(("/Users", "/Library", "/Volumes")) for path in allowed)
    assert set(macos.readable_behind_lock()) == set(macos.system_libraries())
    assert windows.system_libraries() == ()


# -- what each system tells of its memory


class Darwin:
    """proc_pid_rusage of libproc.h: fills `struct rusage_info_v0` (sys/resource.h); -1 if refused."""

    def __init__(self, refused: bool = False) -> None:
        self._refused = refused

    def proc_pid_rusage(self, pid: int, flavour: int, pointer: Any) -> int:
        assert flavour == 0 and ctypes.sizeof(pointer._obj) == 96
        if self._refused:
            return -1
        ctypes.memmove(pointer, bytes(56 + 8) + struct.pack("=QQ", 111, 222), 80)
        return 0


def test_a_macs_worker_holds_its_footprint(monkeypatch: pytest.MonkeyPatch) -> None:
    assert macos.resident_bytes(1) == 0, "no proc_pid_rusage here"
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Darwin())
    assert macos.resident_bytes(1) == 222
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Darwin(refused=True))
    assert macos.resident_bytes(1) == 0


def control_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, files: dict[str, str]) -> None:
    """A computer of 16 GiB with 12 GiB free, and these control groups."""
    (tmp_path / "meminfo").write_text("MemTotal:  16777216 kB\nMemFree: 1 kB\nMemAvailable:  12582912 kB\n")
    (tmp_path / "cgroup").write_text(own)
    for name, text in files.items():
        file = tmp_path / "groups" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    monkeypatch.setattr(linux, "_MEMORY_INFO", tmp_path / "meminfo")
    monkeypatch.setattr(linux, "_OWN_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(linux, "_GROUPS", tmp_path / "groups")


def test_the_memory_of_this_computer() -> None:
    assert 0 < linux.available_memory() <= linux.total_memory()


def test_memory_without_control_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    control_groups(tmp_path, monkeypatch, "", {})
    assert (linux.total_memory(), linux.available_memory()) == (16 << 30, 12 << 30)


def test_the_tightest_control_group_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "memory.max": "max",
        "a.slice/memory.max": str(4 << 30),
        "a.slice/memory.current": str(3 << 30),
        "a.slice/memory.stat": f"anon 1\ninactive_file {1 << 30}",
        "a.slice/b.service/memory.max": "max",
        "a.slice/b.service/memory.high": str(8 << 30),
        "a.slice/b.service/memory.current": str(1 << 30),
    }
    control_groups(tmp_path, monkeypatch, "0::/a.slice/b.service\n", files)
    assert (linux.total_memory(), linux.available_memory()) == (4 << 30, 2 << 30)


def test_control_groups_of_version_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "memory/memory.limit_in_bytes": str((1 << 63) - 4096),
        "memory/docker/memory.limit_in_bytes": str(3 << 30),
        "memory/docker/memory.usage_in_bytes": str(1 << 30),
    }
    control_groups(tmp_path, monkeypatch, "9:name=systemd:/\n4:cpu,memory:/docker\n0::/\n", files)
    assert (linux.total_memory(), linux.available_memory()) == (3 << 30, 2 << 30)


def test_a_control_group_that_is_full_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"memory.max": str(1 << 30), "memory.current": str(1 << 30)}
    control_groups(tmp_path, monkeypatch, "0::/\n", files)
    assert linux.available_memory() == 1, "not 0, which would mean that nothing is known"


def test_where_the_system_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_MEMORY_INFO", "_OWN_GROUPS", "_GROUPS"):
        monkeypatch.setattr(linux, name, tmp_path / "nowhere")
    assert (linux.total_memory(), linux.available_memory()) == (0, 0)
    assert (macos.total_memory(), macos.available_memory()) == (0, 0), "no sysctlbyname here"


def test_a_mac_tells_its_memory_and_the_share_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {"hw.memsize": 16 << 30, "kern.memorystatus_level": 25}
    monkeypatch.setattr(macos, "_system_number", lambda name, _: numbers[name])
    assert macos.available_memory() == 4 << 30


def test_windows_is_asked_for_memory_that_can_be_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kernel:
        def GlobalMemoryStatusEx(self, pointer: Any) -> int:  # noqa: N802  the system's name
            status = pointer._obj
            assert status.length == ctypes.sizeof(status) == 64
            status.total_physical, status.available_physical, status.available_commit = 16, 12, 8
            return 1

    monkeypatch.setattr(ctypes, "WinDLL", lambda _: Kernel(), raising=False)
    assert (windows.total_memory(), windows.available_memory()) == (16, 8)
