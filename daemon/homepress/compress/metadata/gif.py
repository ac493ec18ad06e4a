"""The blocks of a GIF file (GIF89a specification, 1990)."""

import enum
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed

MOST_BLOCKS = 200_000
_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_GRAPHIC_CONTROL, _COMMENT, _PLAIN_TEXT, _APPLICATION = 0xF9, 0xFE, 0x01, 0xFF
XMP_APPLICATION = b"XMP DataXMP"
ICC_APPLICATION = b"ICCRGBG1012"
LOOP_APPLICATIONS = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0"})


class GifBlockKind(enum.Enum):
    """The kinds of block behind the logical screen."""

    IMAGE = enum.auto()
    GRAPHIC_CONTROL = enum.auto()
    COMMENT = enum.auto()
    PLAIN_TEXT = enum.auto()
    APPLICATION = enum.auto()
    UNKNOWN = enum.auto()


_EXTRAS = frozenset({GifBlockKind.COMMENT, GifBlockKind.APPLICATION, GifBlockKind.UNKNOWN})


@dataclass(frozen=True, slots=True)
class GifBlock:
    """One block.

    Attributes:
        kind: which.
        start: position of its introducer in the file.
        data_start: position of its first sub-block; that of an application follows its identifier.
        end: position after its block terminator.
        application: the 11 bytes of identifier and authentication code; empty for other kinds.
    """

    kind: GifBlockKind
    start: int
    data_start: int
    end: int
    application: bytes = b""


@dataclass(frozen=True, slots=True)
class GifFile:
    """A GIF file.

    Attributes:
        data: the whole file.
        width: pixels of the logical screen.
        height: likewise.
        blocks_start: position after the logical screen and its global colour table.
        blocks: all blocks up to the trailer.
        end: position after the trailer byte.
    """

    data: bytes
    width: int
    height: int
    blocks_start: int
    blocks: tuple[GifBlock, ...]
    end: int

    def sub_blocks(self, block: GifBlock) -> bytes:
        """The content of a block's sub-blocks, joined."""
        parts = []
        at = block.data_start
        while at < block.end - 1:
            size = self.data[at]
            parts.append(self.data[at + 1 : at + 1 + size])
            at += 1 + size
        return b"".join(parts)

    @property
    def extras(self) -> tuple[bytes, ...]:
        """Comments, unknown and application extensions but for looping, byte for byte: what is no picture."""
        return tuple(
            self.data[block.start : block.end]
            for block in self.blocks
            if block.kind in _EXTRAS and block.application not in LOOP_APPLICATIONS
        )


def read_gif(data: bytes) -> GifFile:
    """Walk a GIF file strictly.

    Raises:
        Malformed: no GIF, a block cut short, a byte that introduces no block, no image, or no trailer.
    """
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < 13:
        raise Malformed("no GIF file", truncated=len(data) < 13)
    blocks_start = at = _after_table(data, 13, data[10])
    blocks: list[GifBlock] = []
    while _byte(data, at) != _TRAILER:
        blocks.append(_read_block(data, at))
        at = blocks[-1].end
        if len(blocks) > MOST_BLOCKS:
            raise Malformed("too many blocks", at)
    if not any(block.kind is GifBlockKind.IMAGE for block in blocks):
        raise Malformed("no image in it")
    width, height = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    return GifFile(data, width, height, blocks_start, tuple(blocks), at + 1)


def _read_block(data: bytes, at: int) -> GifBlock:
    introducer = _byte(data, at)
    if introducer == _IMAGE:
        codes = _after_table(data, at + 10, _byte(data, at + 9)) + 1
        return GifBlock(GifBlockKind.IMAGE, at, codes, _after_sub_blocks(data, codes))
    if introducer != _EXTENSION:
        raise Malformed("a byte that starts no block", at)
    label = _byte(data, at + 1)
    kinds = {
        _GRAPHIC_CONTROL: GifBlockKind.GRAPHIC_CONTROL,
        _COMMENT: GifBlockKind.COMMENT,
        _PLAIN_TEXT: GifBlockKind.PLAIN_TEXT,
        _APPLICATION: GifBlockKind.APPLICATION,
    }
    kind = kinds.get(label, GifBlockKind.UNKNOWN)
    content = at + 2
    application = b""
    if kind is GifBlockKind.APPLICATION and _byte(data, content) == 11:
        application = data[content + 1 : content + 12]
        content += 12
    return GifBlock(kind, at, content, _after_sub_blocks(data, content), application)


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise Malformed("it ends before its trailer", truncated=True)
    return data[at]


def _after_table(data: bytes, at: int, packed: int) -> int:
    """Position after a colour table that the packed field announces, or `at` without one."""
    end = at + (3 * (2 << (packed & 7)) if packed & 0x80 else 0)
    if end > len(data):
        raise Malformed("a colour table is cut short", at, truncated=True)
    return end


def _after_sub_blocks(data: bytes, at: int) -> int:
    while (size := _byte(data, at)) != 0:
        at += 1 + size
    return at + 1
