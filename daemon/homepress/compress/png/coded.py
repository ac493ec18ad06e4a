"""The coded picture inside a PNG, or one frame of an APNG: what its header says and its stream of pixels."""

import enum
import struct
from dataclasses import dataclass, replace

from homepress.compress.metadata.png import write_chunks


class ColourType(enum.IntEnum):
    """Colour types of IHDR (PNG specification, third edition, section 11.2.1)."""

    GREY = 0
    RGB = 2
    INDEXED = 3
    GREY_ALPHA = 4
    RGBA = 6

    @property
    def channels(self) -> int:
        """Samples per pixel."""
        return _CHANNELS[self]


_CHANNELS = {
    ColourType.GREY: 1,
    ColourType.RGB: 3,
    ColourType.INDEXED: 1,
    ColourType.GREY_ALPHA: 2,
    ColourType.RGBA: 4,
}
_DEPTHS = {
    ColourType.GREY: (1, 2, 4, 8, 16),
    ColourType.RGB: (8, 16),
    ColourType.INDEXED: (1, 2, 4, 8),
    ColourType.GREY_ALPHA: (8, 16),
    ColourType.RGBA: (8, 16),
}


class BrokenPicture(ValueError):  # noqa: N818 (reads as a verdict)
    """The coded picture cannot be decoded in full."""


@dataclass(frozen=True, slots=True)
class PngHeader:
    """What IHDR says.

    Attributes:
        width: pixels.
        height: pixels.
        depth: bits per sample (per palette index when indexed).
        colour: how a pixel is made of samples.
        interlaced: whether the rows come in Adam7 order.
    """

    width: int
    height: int
    depth: int
    colour: ColourType
    interlaced: bool

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height

    @classmethod
    def read(cls, body: bytes) -> "PngHeader":
        """Read the body of an IHDR chunk.

        Raises:
            BrokenPicture: it is no valid header.
        """
        if len(body) != 13:
            raise BrokenPicture("a header of wrong length")
        width, height, depth, colour, method, filtering, interlace = struct.unpack(">IIBBBBB", body)
        sized = 0 < width < 1 << 31 and 0 < height < 1 << 31
        if not sized or colour not in _CHANNELS or depth not in _DEPTHS[ColourType(colour)]:
            raise BrokenPicture("a header that no PNG has")
        if method or filtering or interlace > 1:
            raise BrokenPicture("an unknown coding method in the header")
        return cls(width, height, depth, ColourType(colour), bool(interlace))

    def write(self) -> bytes:
        """The body of the IHDR chunk."""
        fields = (self.width, self.height, self.depth, self.colour, 0, 0, self.interlaced)
        return struct.pack(">IIBBBBB", *fields)


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """All that decides the pixels of one PNG picture, and nothing else.

    Attributes:
        header: size and kind of pixels.
        palette: body of PLTE; empty unless the picture is indexed.
        transparency: body of tRNS, None without one.
        stream: the zlib stream of all IDAT (or fdAT) chunks.
    """

    header: PngHeader
    palette: bytes
    transparency: bytes | None
    stream: bytes

    def resized(self, width: int, height: int, stream: bytes) -> "CodedPicture":
        """The picture of an animation's frame: same kind of pixels, own size and stream."""
        return replace(self, header=replace(self.header, width=width, height=height), stream=stream)

    def colour_chunks(self) -> list[tuple[bytes, bytes]]:
        """PLTE and tRNS, where there are such."""
        chunks = [(b"PLTE", self.palette)] if self.palette else []
        return chunks if self.transparency is None else [*chunks, (b"tRNS", self.transparency)]

    def as_png(self) -> bytes:
        """A PNG file of this picture without any other chunk."""
        header = (b"IHDR", self.header.write())
        return write_chunks([header, *self.colour_chunks(), (b"IDAT", self.stream), (b"IEND", b"")])
