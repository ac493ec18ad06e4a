"""What a descriptor does alike on every system: the part of `Kernel` for which Python's `os` is enough."""

# ruff: noqa: D102 - what each method does is said once, in `Kernel`

import os
import sqlite3


class DescriptorKernel:
    """Reading and writing behind a descriptor, and the commit of the ledger."""

    def close(self, fd: int) -> None:
        os.close(fd)

    def read(self, fd: int, size: int) -> bytes:
        return os.read(fd, size)

    def write(self, fd: int, data: memoryview) -> int:
        return os.write(fd, data)

    def rewind(self, fd: int) -> None:
        os.lseek(fd, 0, os.SEEK_SET)

    def sync(self, fd: int) -> None:
        os.fsync(fd)

    def stat(self, fd: int) -> os.stat_result:
        return os.fstat(fd)

    def release_cache(self, fd: int) -> None:
        """Where the system cannot be told, it finds out by itself."""

    def give_way(self) -> None:
        """Where a thread has no priority of its own for reading, nothing changes."""

    def commit(self, connection: sqlite3.Connection) -> None:
        connection.execute("COMMIT")
