"""Samsung's trailer of named blocks ("SEF"), which ends the file.

The file ends in the length of a directory and "SEFT"; the directory starts with "SEFH" and gives for each
block its distance back from there. All positions are relative to the trailer, so it moves as a whole.
"""

import struct
from dataclasses import dataclass

from homepress.compress.metadata.errors import Refusal, Refused

MOTION_PHOTO_DATA = 0x0A30
MOST_BLOCKS = 64
_FOOT = 8
"""Length of the directory and "SEFT"."""


@dataclass(frozen=True, slots=True)
class SefBlock:
    """One block, from its own header on: its type, place in the file, and name.

    `data_start` is where its data begins, after header and name.
    """

    kind: int
    name: str
    start: int
    end: int
    data_start: int


@dataclass(frozen=True, slots=True)
class SefTrailer:
    """The blocks of a trailer and the place of its directory, which runs to the end of the file."""

    blocks: tuple[SefBlock, ...]
    directory_start: int

    @property
    def start(self) -> int:
        """Where the first block starts."""
        return min((block.start for block in self.blocks), default=self.directory_start)


def read_sef(data: bytes, floor: int) -> SefTrailer | None:
    """The trailer at the end of a file, or None when there is none.

    Args:
        data: the whole file.
        floor: position before which nothing of a trailer can stand (the end of the primary image).

    Raises:
        Refused: a trailer that cannot be followed, or the older kind that stores absolute positions.
    """
    if len(data) - floor < 6:
        return None
    if data.endswith(b"QDIOBS"):
        raise Refused(Refusal.SAMSUNG, "a Sound & Shot trailer stores absolute positions")
    if not data.endswith(b"SEFT") or len(data) - floor < _FOOT + 12:
        return None
    foot = len(data) - _FOOT
    top = foot - struct.unpack_from("<I", data, foot)[0]
    if not floor <= top <= foot - 12 or data[top : top + 4] != b"SEFH":
        raise Refused(Refusal.SAMSUNG, "its directory is not where it should be")
    count = struct.unpack_from("<I", data, top + 8)[0]
    if count > MOST_BLOCKS or top + 12 + 12 * count > foot:
        raise Refused(Refusal.SAMSUNG, "its directory is too short")
    blocks = []
    for index in range(count):
        _, kind, back, size = struct.unpack_from("<HHII", data, top + 12 + 12 * index)
        if back > top - floor or not 8 <= size <= back:
            raise Refused(Refusal.SAMSUNG, "a block outside the trailer")
        blocks.append(_read_block(data, kind, top - back, top - back + size))
    return SefTrailer(tuple(blocks), top)


def _read_block(data: bytes, kind: int, start: int, end: int) -> SefBlock:
    length = struct.unpack_from("<I", data, start + 4)[0]
    if length > end - start - 8:
        raise Refused(Refusal.SAMSUNG, "a block with a name longer than itself")
    name = data[start + 8 : start + 8 + min(length, 64)].decode("ascii", "replace")
    return SefBlock(kind, name, start, end, start + 8 + length)
