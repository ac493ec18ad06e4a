"""Reading a process's state and sockets from Linux's /proc (proc(5), proc_net(5))."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from homepress.privacy.processes import HeldSocket, ProcessReport

_FILTER_MODE = 2
_INTERNET_TABLES = ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6")
# Column of the inode in tables that put it elsewhere than the internet ones.
_INTERNET_INODE = 9
_OTHER_TABLES = {"netlink": 9, "packet": 8}
_UNIX_INODE, _UNIX_PATH = 6, 7


def report(pid: int) -> ProcessReport:
    """What /proc says about a process.

    Raises:
        ProcessLookupError: there is no such process.
    """
    folder = Path("/proc", str(pid))
    try:
        status = _status(folder)
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessLookupError(f"there is no process {pid}") from None
    return ProcessReport(
        pid=pid,
        name=status.get("Name", ""),
        filtered=int(status.get("Seccomp", "0")) == _FILTER_MODE,
        filters=int(status.get("Seccomp_filters", "0")),
        no_new_privileges=status.get("NoNewPrivs") == "1",
        sockets=_sockets(folder),
        descriptors=dict(Counter(_kinds(folder / "fd"))),
    )


def _status(folder: Path) -> dict[str, str]:
    lines = (folder / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _sockets(folder: Path) -> tuple[HeldSocket, ...] | None:
    """The sockets behind a process's descriptors, or None when we may not look."""
    try:
        held = dict(_socket_inodes(folder / "fd"))
        known = dict(_listed(folder / "net")) if held else {}
        # One that was closed while the tables were read is in none of them, and held no longer.
        held = dict(held.items() & dict(_socket_inodes(folder / "fd")).items())
    except OSError:
        return None
    return tuple(
        HeldSocket(descriptor, *known.get(inode, ("unknown", f"socket:[{inode}]")))
        for descriptor, inode in sorted(held.items())
    )


def _kinds(folder: Path) -> Iterator[str]:
    """What is behind each descriptor; nothing where we may not look."""
    try:
        targets = [os.readlink(entry) for entry in folder.iterdir() if entry.is_symlink()]
    except OSError:
        return
    for target in targets:
        if target.startswith("/"):
            yield "file"
        else:
            kind = target.partition(":")[0]
            yield kind if kind in ("pipe", "socket") else "other"


def _socket_inodes(folder: Path) -> Iterator[tuple[int, int]]:
    for name in os.listdir(folder):
        try:
            target = os.readlink(folder / name)
        except FileNotFoundError:
            continue  # Closed meanwhile.
        if target.startswith("socket:["):
            yield int(name), int(target[8:-1])


def _listed(net: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """Every socket that the process's network namespace lists: inode, family and address."""
    for table in _INTERNET_TABLES:
        for row in _rows(net / table, _INTERNET_INODE):
            yield int(row[_INTERNET_INODE]), (table, f"{row[1]} to {row[2]}")
    for table, column in _OTHER_TABLES.items():
        for row in _rows(net / table, column):
            yield int(row[column]), (table, "")
    for row in _rows(net / "unix", _UNIX_INODE):
        yield int(row[_UNIX_INODE]), ("unix", " ".join(row[_UNIX_PATH:]))


def _rows(table: Path, inode_column: int) -> Iterator[list[str]]:
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()[1:]
    except FileNotFoundError:
        return  # This kernel does not have the protocol.
    for line in lines:
        row = line.split()
        if len(row) > inode_column:
            yield row
