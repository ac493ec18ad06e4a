"""Reading: once, by descriptor, only what is ours to touch, and never while somebody writes."""

import fcntl
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from homepress.store.fs.base import CHUNK
from homepress.store.model import Busy, Changed, Refusal, Vanished
from store.kit import Bench, Probe, digest, picture
from support import THIS_MACHINE_CANNOT


def test_a_source_says_what_was_read(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        source = store.read(path)
    stat = path.stat()
    assert (source.path, source.data, source.sha256) == (path, picture(), digest(picture()))
    assert source.identity.inode == stat.st_ino
    assert source.identity.ctime_ns == stat.st_ctime_ns


def test_reading_leaves_no_trace(bench: Bench) -> None:
    path = bench.drop()
    os.utime(path, ns=(1, 2))
    with bench.store() as store:
        store.read(path)
    assert path.stat().st_atime_ns == 1


def test_an_empty_file_is_read_as_one(bench: Bench) -> None:
    with bench.store() as store:
        assert store.read(bench.drop(data=b"")).data == b""


def test_a_name_that_is_gone(bench: Bench) -> None:
    with bench.store() as store:
        with pytest.raises(Vanished):
            store.read(bench.watched / "nothing.jpg")
        with pytest.raises(Vanished):
            store.read(bench.watched / "no folder" / "nothing.jpg")


def test_a_link_is_never_followed(bench: Bench) -> None:
    path = bench.drop()
    (bench.watched / "link.jpg").symlink_to(path)
    (bench.watched / "loop.jpg").symlink_to("loop.jpg")
    (bench.base / "way").symlink_to(bench.watched)
    with bench.store() as store:
        for name in ("link.jpg", "loop.jpg"):
            with pytest.raises(Refusal, match="symbolic link"):
                store.read(bench.watched / name)
        with pytest.raises(Refusal, match="reached through a symbolic link"):
            store.read(bench.base / "way" / "a.jpg")


@pytest.mark.parametrize("kind", ["fifo", "socket", "folder", "device"])
def test_what_is_no_regular_file_neither_hangs_nor_is_read(bench: Bench, kind: str) -> None:
    path = bench.watched / "odd.jpg"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/null")
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.close()
    with bench.store() as store, pytest.raises(Refusal, match="not a regular file"):
        store.read(path)


def test_more_than_one_name_is_refused(bench: Bench) -> None:
    path = bench.drop()
    os.link(path, bench.watched / "b.jpg")
    with bench.store() as store, pytest.raises(Refusal, match="more than one name"):
        store.read(path)


@pytest.mark.parametrize(("mode", "why"), [(0o444, "read-only"), (0o4755, "special"), (0o2755, "special")])
def test_modes_that_say_hands_off(bench: Bench, mode: int, why: str) -> None:
    path = bench.drop(mode=mode)
    os.chmod(path, mode)
    with bench.store() as store, pytest.raises(Refusal, match=why):
        store.read(path)


def test_a_picture_that_stays_may_be_read_only_and_have_two_names(bench: Bench) -> None:
    path = bench.drop()
    os.link(path, bench.watched / "b.jpg")
    os.chmod(path, 0o444)
    with bench.store() as store:
        assert store.read(path, stays=True).data == path.read_bytes()


@pytest.mark.root
@pytest.mark.parametrize("flag", ["i", "a"])
def test_immutable_and_append_only_files_are_refused(bench: Bench, flag: str) -> None:
    path = bench.drop()
    if subprocess.run(["chattr", f"+{flag}", path], capture_output=True).returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} make files immutable")
    try:
        with bench.store() as store, pytest.raises(Refusal, match="immutable or append-only"):
            store.read(path)
    finally:
        subprocess.run(["chattr", f"-{flag}", path], check=True)


@pytest.mark.parametrize("mode", [os.O_WRONLY, os.O_RDWR])
def test_a_writer_makes_it_busy(bench: Bench, mode: int) -> None:
    path = bench.drop()
    fd = os.open(path, mode)
    with bench.store() as store:
        with pytest.raises(Busy, match=r"a\.jpg.*open for writing"):
            store.read(path)
        os.close(fd)
        assert store.read(path).data == picture()


def test_a_reader_does_not(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store, path.open("rb"):
        assert store.read(path).data == picture()


def test_a_writer_who_comes_while_it_is_read_gets_through_at_once(bench: Bench) -> None:
    """The lease would hold the writer up for as long as reading takes; and its signal must not end us."""
    path = bench.drop(data=picture(size=4 * CHUNK))
    opening = threading.Event()
    opened = threading.Event()

    def write() -> None:
        opening.set()
        with path.open("r+b"):
            opened.set()

    writer = threading.Thread(target=write)

    def begin_to_write(number: int, name: str) -> None:
        if name == "read" and not opening.is_set():
            writer.start()
            opening.wait(60)
            while fcntl.fcntl(lease[0], fcntl.F_GETLEASE) == fcntl.F_RDLCK:
                pass

    lease: list[int] = []

    class Watched(Probe):
        def take_lease(self, fd: int) -> bool:
            lease.append(fd)
            return bool(self._fs.take_lease(fd))

    probe = Watched(before=begin_to_write, steps=frozenset({"read"}))
    with bench.store(probe.fs()) as store, pytest.raises(Busy, match="about to write"):
        store.read(path)
    assert opened.wait(60)
    writer.join()


def test_growing_while_it_is_read_is_noticed(bench: Bench) -> None:
    path = bench.drop(data=picture(size=2 * CHUNK))
    grown = []

    def grow(number: int, name: str) -> None:
        if not grown:
            grown.append(True)
            with path.open("ab") as file:
                file.write(b"more")

    class NoLease(Probe):
        def take_lease(self, fd: int) -> bool:
            return False

    probe = NoLease(after=grow, steps=frozenset({"read"}))
    with bench.store(probe.fs()) as store, pytest.raises(Changed):
        store.read(path)


@pytest.mark.root
def test_files_of_others_are_refused(bench: Bench, as_nobody) -> None:
    path = bench.drop(mode=0o666)
    os.chown(path, 1, 1)

    def read() -> None:
        with bench.store() as store:
            with pytest.raises(Refusal, match="another user"):
                store.read(path)
            assert store.read(path, stays=True).data

    as_nobody(bench, read)


def test_what_no_worker_could_take_is_refused_unread(bench: Bench) -> None:
    path = bench.drop(data=b"\xff\xd8\xff")
    os.truncate(path, 1_000_000_000)
    before = _peak_bytes(os.getpid())
    with bench.store() as store, pytest.raises(Refusal, match="larger than 500 MB"):
        store.read(path)
    assert _peak_bytes(os.getpid()) - before < 50_000_000


_READ_AND_SEND = """
import os, sys
from pathlib import Path
from homepress.compress import Recipe
from homepress.store.store import Store
from homepress.workers import Limits, Slot

def peak():
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))

slot = Slot(Limits(), background=False)
slot.prepare()
store = Store.open(Path(sys.argv[2]), Path(sys.argv[3]))
before = peak()
source = store.read(Path(sys.argv[1]))
print(slot.compress(source.data, Recipe()).reason)
slot.close()
store.close()
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks /proc for the memory")
def test_a_large_file_is_in_the_memory_once(bench: Bench) -> None:
    path, size = bench.drop(data=b"no picture"), 300_000_000
    os.truncate(path, size)
    places = (path, bench.base / "ledger", bench.base / "kept")
    command = [sys.executable, "-c", _READ_AND_SEND, *map(str, places)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    reason, grown = done.stdout.splitlines()
    assert reason == "not an image that Homepress knows"
    assert size < int(grown) < 1.2 * size


def _peak_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:  # only Linux tells
        return 0
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
