"""Files with something about them: kept exactly, or left as they are, and never in the way of others."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import THIS_MACHINE_CANNOT, wait_for
from system.pictures import jpeg, write
from system.program import Program

SMALL = (400, 300)
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
"""CAP_NET_RAW, permitted and effective (linux/capability.h, version 2)."""


def facts(path: Path) -> tuple[object, ...]:
    """All that belongs to a file beside its content."""
    stat = path.lstat()
    attributes = {name: os.getxattr(path, name) for name in sorted(os.listxattr(path))}
    return (stat.st_mode, stat.st_uid, stat.st_gid, stat.st_mtime_ns, attributes)


def acl(path: Path) -> None:
    if shutil.which("setfacl") is None:
        pytest.skip("setfacl is not installed")
    subprocess.run(["setfacl", "-m", "u:4242:r", str(path)], check=True)


KEPT: dict[str, Callable[[Path], None]] = {
    "mode": lambda path: path.chmod(0o604),
    "times": lambda path: os.utime(path, ns=(1_000_000_000_123_456_789, 1_100_000_000_987_654_321)),
    "attribute": lambda path: os.setxattr(path, "user.tag", b"holiday"),
    "acl": acl,
    "owner": lambda path: os.chown(path, 4242, 4243),
    "capability": lambda path: os.setxattr(path, "security.capability", CAPABILITY),
}


@pytest.mark.slow
@pytest.mark.root
def test_what_belongs_to_a_file_is_kept_exactly(program: Program, inbox: Path) -> None:
    paths = [write(inbox / f"{name}.jpg", jpeg(seed, size=SMALL)) for seed, name in enumerate(KEPT)]
    before = {}
    for path in paths:
        KEPT[path.stem](path)
        before[path] = (path.read_bytes(), facts(path))
    program.watch(inbox, existing="compress")
    program.run("run", "--once", "--no-tray")
    for path, (data, belongings) in before.items():
        assert path.stat().st_size < len(data), path
        assert facts(path) == belongings, path
    program.run("undo", "--last", "100")
    assert {path: (path.read_bytes(), facts(path)) for path in paths} == before


@pytest.fixture
def immutable(inbox: Path) -> Iterator[Path]:
    """A picture that nobody may change."""
    path = write(inbox / "immutable.jpg", jpeg(1, size=SMALL))
    if subprocess.run(["chattr", "+i", str(path)], capture_output=True, check=False).returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} make files immutable")
    yield path
    subprocess.run(["chattr", "-i", str(path)], check=True)


@pytest.mark.root
def test_what_cannot_be_replaced_is_left_as_it_is_and_says_why(
    program: Program, inbox: Path, immutable: Path
) -> None:
    linked = write(inbox / "linked.jpg", jpeg(2, size=SMALL))
    (inbox / "second name.jpg").hardlink_to(linked)
    read_only = write(inbox / "read-only.jpg", jpeg(3, size=SMALL))
    read_only.chmod(0o444)
    paths = sorted(inbox.iterdir())
    before = {path: (path.read_bytes(), facts(path), path.stat().st_ctime_ns) for path in paths}
    program.watch(inbox, existing="compress")
    program.run("run", "--once", "--no-tray")
    assert {path: (path.read_bytes(), facts(path), path.stat().st_ctime_ns) for path in paths} == before
    reasons = {Path(path).name: entry["reason"] for path, entry in program.outcomes().items()}
    assert "immutable" in reasons["immutable.jpg"]
    assert "hard link" in reasons["linked.jpg"]
    assert "hard link" in reasons["second name.jpg"]
    assert "read-only" in reasons["read-only.jpg"]


@pytest.mark.slow
@pytest.mark.root
def test_what_is_no_plain_file_is_neither_opened_nor_followed(
    program: Program, inbox: Path, tmp_path: Path
) -> None:
    outside = write(tmp_path / "outside" / "a.jpg", jpeg(1, size=SMALL))
    before = outside.read_bytes()
    (inbox / "loop").symlink_to(inbox)
    (inbox / "out.jpg").symlink_to(outside)
    (inbox / "folder out").symlink_to(outside.parent)
    (inbox / "nowhere.jpg").symlink_to("gone")
    os.mkfifo(inbox / "fifo.jpg")
    os.mknod(inbox / "device.jpg", 0o020600, os.makedev(1, 5))  # /dev/zero never ends
    (inbox / "empty.jpg").touch()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(inbox / "socket.jpg"))
    real = write(inbox / "real.jpg", jpeg(2, size=SMALL))
    size = real.stat().st_size
    program.watch(inbox, existing="compress")
    program.run("run", "--once", "--no-tray", timeout=60)
    assert real.stat().st_size < size
    assert outside.read_bytes() == before
    assert sorted(path.name for path in outside.parent.iterdir()) == ["a.jpg"]


@pytest.mark.slow
def test_after_kill_9_of_the_daemon_no_worker_is_alive_a_second_later(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    for number in range(3):
        write(inbox / f"{number}.jpg", jpeg(number, size=(3000, 2000)))
    assert program.daemon is not None
    pid = program.daemon.pid
    wait_for(lambda: _children(pid), within=60, what="a worker at work")
    workers = _children(pid)
    program.kill()
    end = time.monotonic() + 1.0
    while any(_alive(worker) for worker in workers) and time.monotonic() < end:
        time.sleep(0.01)
    assert [worker for worker in workers if _alive(worker)] == []


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
