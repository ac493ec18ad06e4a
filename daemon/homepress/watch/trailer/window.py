"""Reading a file here and there without loading it; that it shrinks meanwhile is an error, never a crash."""

import os

from homepress.base.units import counted

_BLOCK = 1 << 16
_MOST_READS = 1_000_000
"""Far more than a picture needs; takes a second or two."""


class IncompleteError(Exception):
    """The file ends before its own format says that it is finished; the text says what is missing."""


class DoubtfulError(Exception):
    """The file may be finished, but its format cannot prove it; the text says why."""


class EndlessError(Exception):
    """The format does not say where a file ends; the text says which. Only decoding it tells."""


class Window:
    """Bounded random access to an open file; memory stays at two blocks of 64 KiB whatever its size.

    A memory map would be simpler and would kill the process when another program truncates the file. The
    number of reads is bounded too, since a file can be made so that walking it would take days.
    """

    def __init__(self, fd: int, size: int) -> None:
        """Read from `fd`, of which only the first `size` bytes exist."""
        self.size = size
        self._fd = fd
        self._reads = 0
        self._blocks: dict[int, bytes] = {}

    def read(self, at: int, length: int) -> bytes:
        """The `length` bytes from `at` on.

        Raises:
            IncompleteError: the file has no such bytes.
            DoubtfulError: so many reads that it is not worth to go on.
        """
        self._reads += 1
        if self._reads > _MOST_READS:
            raise DoubtfulError("it has more parts than any picture")
        if at < 0 or at + length > self.size:
            raise IncompleteError(f"it ends {counted(at + length - self.size, 'byte')} too early")
        data = self._from_blocks(at, length) if length <= _BLOCK else self._from_file(at, length)
        if len(data) < length:
            raise IncompleteError("it became shorter while it was read")
        return data

    def number(self, at: int, length: int, order: str = "big") -> int:
        """An unsigned integer of `length` bytes; `order` is "big" or "little"."""
        return int.from_bytes(self.read(at, length), "little" if order == "little" else "big")

    def rest(self, at: int, most: int) -> bytes:
        """Up to `most` bytes from `at` on, fewer at the end of the file."""
        return self.read(at, max(0, min(most, self.size - at)))

    def _from_blocks(self, at: int, length: int) -> bytes:
        block, offset = divmod(at, _BLOCK)
        data = self._block(block)[offset : offset + length]
        if len(data) < length and at + len(data) < self.size:
            data += self._block(block + 1)[: length - len(data)]
        return data

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            while len(self._blocks) > 1:
                self._blocks.pop(next(iter(self._blocks)))
            self._blocks[number] = self._from_file(number * _BLOCK, min(_BLOCK, self.size - number * _BLOCK))
        return self._blocks[number]

    def _from_file(self, at: int, length: int) -> bytes:
        os.lseek(self._fd, at, os.SEEK_SET)
        parts = []
        while length > 0 and (part := os.read(self._fd, length)):
            parts.append(part)
            length -= len(part)
        return b"".join(parts)
