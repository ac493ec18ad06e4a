"""A PNG taken apart into its picture and its pixels, and put together again."""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from homepress.compress.metadata.errors import CUT_SHORT, DAMAGED, Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.png import PngChunk, read_chunks, write_chunks
from homepress.compress.png.coded import BrokenPicture, CodedPicture, ColourType, PngHeader
from homepress.compress.png.hints import significant_bits, with_background

# A PNG file as its chunks, and the same file with its picture coded anew.
#
# Every chunk that is not part of the coded picture stays byte for byte where it stands. What may change of
# the coding depends on the chunks present: some describe the samples as they are stored (`hIST`, `pCAL`; what
# `bKGD` and `sBIT` say is put in terms of the new ones), some the colour space (`iCCP`), a few sign or index
# the file itself.

_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_SIGNATURES = {b"caBX": "it has a C2PA signature", b"dSIG": "it has a digital signature"}
"""Chunks that sign the bytes of the file (C2PA manifest, digital signature): any change breaks them."""

_INDEX = b"iDOT"
"""Apple's table of offsets into the compressed data: wrong after any change, and rebuilt by nobody."""

_UNSAFE_BUT_KNOWN = frozenset(
    {
        *(b"cHRM", b"gAMA", b"iCCP", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"hIST", b"sPLT"),
        *(b"tRNS", b"tIME", b"acTL", b"fcTL", b"fdAT", b"pCAL", b"sCAL", b"sTER", b"orNT", _INDEX),
    }
)
"""Chunks marked unsafe to copy (upper-case last letter) that stay true while the pixels stay equal."""

_OF_SAMPLES = frozenset({b"hIST", b"pCAL"})
"""Chunks whose content is in terms of the stored colour type and bit depth, and is not translated."""

_OF_COLOUR_SPACE = frozenset({b"iCCP", b"cICP"})
"""Chunks that may not suit grey when they were made for colour, or the other way round."""


@dataclass(frozen=True, slots=True)
class Freedom:
    """Which changes of the coding leave every other chunk true.

    Attributes:
        depth: fewer bits a sample where all values allow it: 8 instead of 16 where they say the same.
        colour: another colour type (alpha that is opaque everywhere dropped, a palette of all colours).
        grey: grey instead of colour, or the other way round.
    """

    depth: bool
    colour: bool
    grey: bool


@dataclass(frozen=True, slots=True)
class PngFile:
    """A PNG file, chunk by chunk.

    Attributes:
        chunks: all of them in order, from IHDR to IEND.
        trailing: what the file holds after IEND.
    """

    chunks: tuple[PngChunk, ...]
    trailing: bytes

    @property
    def header(self) -> PngHeader:
        """What IHDR says."""
        return PngHeader.read(self.chunks[0].body)

    @property
    def is_animated(self) -> bool:
        """Whether it is an APNG."""
        return self.has(b"acTL") or self.has(b"fcTL") or self.has(b"fdAT")

    def has(self, kind: bytes) -> bool:
        """Whether a chunk of this kind is there."""
        return any(each.kind == kind for each in self.chunks)

    @property
    def picture(self) -> CodedPicture:
        """The picture of the IDAT chunks."""
        header = self.header
        indexed = header.colour is ColourType.INDEXED
        return CodedPicture(
            header=header,
            palette=self._joined(b"PLTE") if indexed else b"",
            transparency=self._joined(b"tRNS") if self.has(b"tRNS") else None,
            stream=self._joined(b"IDAT"),
        )

    @property
    def freedom(self) -> Freedom:
        """What a new coding may change of colour type and bit depth.

        Without loss an indexed picture keeps its palette, unused colours and order included: games and
        editors rely on it. Where the floor allows a loss, `fewer` may give it another.
        """
        header = self.header
        suggested_palette = self.has(b"PLTE") and header.colour is not ColourType.INDEXED
        fixed = self.is_animated or suggested_palette or any(each.kind in _OF_SAMPLES for each in self.chunks)
        colour = not fixed and header.colour is not ColourType.INDEXED
        return Freedom(
            depth=not fixed,
            colour=colour,
            grey=colour and not any(each.kind in _OF_COLOUR_SPACE for each in self.chunks),
        )

    def carries(self, picture: CodedPicture) -> bool:
        """Whether all that is said about the stored samples can be said of those of a new coding."""
        return self._translated(picture) is not None

    def with_picture(self, picture: CodedPicture) -> bytes:
        """This file with another coding of its picture; an offset index (`iDOT`) is dropped.

        Raises:
            ValueError: it does not carry this coding.
        """
        translated = self._translated(picture)
        if translated is None:
            raise ValueError("chunks about the stored samples cannot be said of the new ones")
        picture, bodies = translated
        same_kind = picture.header.colour == self.header.colour
        out: list[tuple[bytes, bytes]] = []
        late: list[tuple[bytes, bytes]] = []  # a background comes behind the palette
        stream_written = False
        for each in self.chunks:
            body = bodies.get(each.kind, each.body)
            if each.kind == b"IHDR":
                out.append((b"IHDR", picture.header.write()))
            elif each.kind == b"IDAT":
                if not stream_written:
                    out += [*([] if same_kind else picture.colour_chunks()), *late]
                    out.append((b"IDAT", picture.stream))
                stream_written = True
            elif each.kind == b"PLTE":
                out += [(each.kind, picture.palette or each.body)] if same_kind else []
            elif each.kind == b"tRNS":
                kept = same_kind and picture.transparency is not None
                out += [(each.kind, picture.transparency or b"")] if kept else []
            elif each.kind == b"bKGD" and not same_kind and not stream_written:
                late.append((each.kind, body))
            elif each.kind != _INDEX:
                out.append((each.kind, body))
        return write_chunks(out, self.trailing)

    def _translated(self, picture: CodedPicture) -> tuple[CodedPicture, dict[bytes, bytes]] | None:
        """A coding, perhaps with one more colour, and what is said of its samples; None if it cannot be."""
        bodies: dict[bytes, bytes] = {}
        old, new = self.header, picture.header
        palette = self._joined(b"PLTE") if old.colour is ColourType.INDEXED else b""
        if (old.colour, old.depth, palette) == (new.colour, new.depth, picture.palette):
            return picture, bodies
        for each in self.chunks:
            if each.kind == b"sBIT":
                significant = significant_bits(each.body, old, new)
                if significant is None:
                    return None
                bodies[each.kind] = significant
            elif each.kind == b"bKGD":
                placed = with_background(each.body, old, palette, picture)
                if placed is None:
                    return None
                picture, bodies[each.kind] = placed
        return picture, bodies

    def _joined(self, kind: bytes) -> bytes:
        return b"".join(each.body for each in self.chunks if each.kind == kind)


def read_png(data: bytes) -> PngFile:
    """Read a whole PNG file and check every CRC, and the order of what codes the picture.

    Raises:
        Malformed: it is cut short, a CRC is wrong, or chunks are missing, doubled or out of order.
    """
    found = read_chunks(data)
    file = PngFile(found.chunks, found.trailing)
    _check_order(file)
    return file


def check_may_change(file: PngFile) -> None:
    """See that the file stays true when its compressed data changes and its pixels do not.

    Raises:
        Refused: it is signed, or holds a chunk that is unknown and depends on the picture's coding.
    """
    for each in file.chunks:
        name = each.kind.decode()
        if each.kind in _SIGNATURES:
            raise Refused(RewriteRefusal.DEPENDS_ON_CODING, _SIGNATURES[each.kind])
        if each.kind[0] < 0x60:
            if each.kind not in _CRITICAL:
                raise Refused(RewriteRefusal.UNSUPPORTED, f"critical chunk {name} is unknown")
        elif each.kind[3] < 0x60 and each.kind not in _UNSAFE_BUT_KNOWN:
            raise Refused(
                RewriteRefusal.DEPENDS_ON_CODING, f"chunk {name} is unknown and marked as unsafe to copy"
            )


def has_usual_gamma(file: PngFile) -> bool:
    """Whether gAMA says about 1/2.2, the tone curve of sRGB."""
    bodies = [each.body for each in file.chunks if each.kind == b"gAMA"]
    return all(len(body) == 4 and 44_000 <= int.from_bytes(body, "big") <= 47_000 for body in bodies)


_SRGB_PRIMARIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
_NEAR = 600  # of 100,000: what programs round to


def has_usual_primaries(file: PngFile) -> bool:
    """Whether cHRM says about what sRGB has."""
    bodies = [each.body for each in file.chunks if each.kind == b"cHRM"]
    told = [struct.unpack(">8I", body) for body in bodies if len(body) == 32]
    return len(told) == len(bodies) and all(
        abs(value - usual) <= _NEAR
        for values in told
        for value, usual in zip(values, _SRGB_PRIMARIES, strict=True)
    )


def _check_order(file: PngFile) -> None:
    kinds = [each.kind for each in file.chunks]
    if b"IDAT" not in kinds:
        raise Malformed("no picture in it")
    first = kinds.index(b"IDAT")
    if kinds[first : first + kinds.count(b"IDAT")].count(b"IDAT") != kinds.count(b"IDAT"):
        raise Malformed("its picture is not in one piece")
    for kind in (b"IHDR", b"PLTE", b"tRNS"):
        if kinds.count(kind) > 1 or (kind in kinds and kinds.index(kind) > first):
            raise Malformed(f"chunk {kind.decode()} is doubled or out of order")
    try:
        header = file.header
    except BrokenPicture as error:
        raise Malformed(str(error)) from None
    if header.colour is ColourType.INDEXED and b"PLTE" not in kinds:
        raise Malformed("an indexed picture without a palette")
    if b"tRNS" in kinds and header.colour in (ColourType.GREY_ALPHA, ColourType.RGBA):
        raise Malformed("both an alpha channel and a transparency chunk")


# The exact pixels of a PNG picture, and a fingerprint of them.
#
# Pillow reduces 16-bit colour to 8 bits when it opens a PNG. Its row decoder does not: given the compressed
# stream and a raw mode it undoes filters and interlacing for any pixel width. So each picture is decoded
# here from its own stream, 16-bit samples as a plane of high and a plane of low bytes, and nothing is
# rounded.

_STRIP_PIXELS = 1 << 20
"""How many pixels are expanded at once: bounds the memory of the fingerprint."""


def fingerprint(picture: CodedPicture) -> bytes:
    """A hash of every pixel as red, green, blue and alpha, however the picture stores them.

    Samples of up to 8 bits are hashed with 8 (narrower ones scale exactly), and so are strips of 16-bit
    pictures in which each sample is what an 8-bit one stands for: a byte twice. All others are hashed with
    16 bits, and never equal 8. Colour beneath full transparency counts.

    Raises:
        BrokenPicture: the stream ends early, is corrupt or holds more than the picture.
    """
    digest = hashlib.blake2b(f"{picture.header.width}x{picture.header.height}".encode())
    wide: list[int] = []
    for number, rows in enumerate(pixel_rows(picture)):
        narrow = narrowed(rows)
        wide += [number] if narrow is None else []
        digest.update(np.ascontiguousarray(rows if narrow is None else narrow).data)
    if wide:
        digest.update(repr(wide).encode())
    return digest.digest()


def narrowed(rows: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8] | None:
    """Samples of 16 bits in 8 where each is a byte twice, which is what 8 bits mean; None where not."""
    if rows.dtype == np.uint8:
        return rows.astype(np.uint8, copy=False)
    low = rows.astype(np.uint8)
    return low if np.array_equal(low, rows >> 8) else None


def pixel_rows(picture: CodedPicture) -> Iterator[NDArray[np.uint8] | NDArray[np.uint16]]:
    """The pixels from top to bottom in strips of (rows, width, 4): uint16 for 16-bit pictures, else uint8.

    Raises:
        BrokenPicture: as `fingerprint`.
    """
    check_stream(picture)
    header = picture.header
    planes = _decode(picture)
    height = max(1, _STRIP_PIXELS // header.width)
    for top in range(0, header.height, height):
        box = (0, top, header.width, min(top + height, header.height))
        strips = [np.asarray(plane.crop(box)) for plane in planes]
        yield _to_rgba(picture, _samples(header, strips))


def check_stream(picture: CodedPicture) -> None:
    """Inflate the stream once, keeping nothing, and see that its length and checksum are right.

    Raises:
        BrokenPicture: they are not.
    """
    inflater = zlib.decompressobj()
    left = raw_size(picture.header)
    data = picture.stream
    try:
        while left >= 0 and not inflater.eof:
            piece = inflater.decompress(data, min(left + 1, 1 << 20))
            data = inflater.unconsumed_tail
            if not piece and not data and not inflater.eof:
                break
            left -= len(piece)
    except zlib.error:
        raise BrokenPicture(DAMAGED) from None
    if left > 0 or (left == 0 and not inflater.eof):
        raise BrokenPicture(CUT_SHORT)
    if left < 0 or inflater.unused_data:
        raise BrokenPicture("it holds more picture data than its size allows")


def raw_size(header: PngHeader) -> int:
    """Bytes of the unpacked, still filtered picture: rows with one filter byte each, of all passes."""
    bits = header.depth * header.colour.channels
    passes = _ADAM7 if header.interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        width = (header.width - left + across - 1) // across
        height = (header.height - top + down - 1) // down
        if width > 0 and height > 0:
            total += height * (1 + (width * bits + 7) // 8)
    return total


_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column, first row, column step, row step of each pass (PNG specification, section 8.1)."""

_NARROW = {1: "P;1", 2: "P;2", 4: "P;4", 8: "P"}
# Image mode and raw modes; two raw modes read the high and the low bytes of 16-bit samples in turn.
_WIDE: dict[tuple[ColourType, int], tuple[str, tuple[str, ...]]] = {
    (ColourType.RGB, 8): ("RGB", ("RGB",)),
    (ColourType.GREY_ALPHA, 8): ("LA", ("LA",)),
    (ColourType.RGBA, 8): ("RGBA", ("RGBA",)),
    (ColourType.GREY, 16): ("LA", ("LA",)),
    (ColourType.GREY_ALPHA, 16): ("RGBA", ("RGBA",)),
    (ColourType.RGB, 16): ("RGB", ("RGB;16B", "RGB;16L")),
    (ColourType.RGBA, 16): ("RGBA", ("RGBA;16B", "RGBA;16L")),
}


def _decode(picture: CodedPicture) -> list[Image.Image]:
    """The picture's bytes as 8-bit images: one image, or one of high and one of low bytes."""
    header = picture.header
    mode, raw_modes = _WIDE.get((header.colour, header.depth), ("P", (_NARROW.get(header.depth, ""),)))
    size = (header.width, header.height)
    try:
        return [
            Image.frombytes(mode, size, picture.stream, "zip", raw, int(header.interlaced))
            for raw in raw_modes
        ]
    except (ValueError, OSError):
        raise BrokenPicture(DAMAGED) from None


def _samples(header: PngHeader, strips: list[NDArray[np.uint8]]) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Unscaled samples (rows, width, channels) from the strips of the decoded planes."""
    rows, width = strips[0].shape[:2]
    if header.depth < 16:
        return strips[0].reshape(rows, width, header.colour.channels)
    if len(strips) == 2:
        pairs = np.stack(strips, axis=-1)
    else:
        pairs = strips[0].reshape(rows, width, header.colour.channels, 2)
    return np.ascontiguousarray(pairs).view(">u2")[..., 0].astype(np.uint16)


def _to_rgba(
    picture: CodedPicture, samples: NDArray[np.uint8] | NDArray[np.uint16]
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    header = picture.header
    if header.colour is ColourType.INDEXED:
        if samples.size and int(samples.max()) >= len(picture.palette) // 3:
            raise BrokenPicture("a pixel has a colour that its palette lacks")
        return _palette_table(picture)[samples[..., 0]]
    opaque = 65535 if header.depth == 16 else 255
    rgba = np.empty((*samples.shape[:2], 4), samples.dtype)
    colours = 1 if header.colour in (ColourType.GREY, ColourType.GREY_ALPHA) else 3
    scale = 255 // ((1 << header.depth) - 1) if header.depth < 8 else 1
    rgba[..., :3] = samples[..., :colours] * np.uint8(scale) if scale > 1 else samples[..., :colours]
    if header.colour in (ColourType.GREY_ALPHA, ColourType.RGBA):
        rgba[..., 3] = samples[..., -1]
    else:
        rgba[..., 3] = opaque
        if picture.transparency is not None:
            rgba[..., 3][(samples == _transparent_colour(picture)).all(axis=-1)] = 0
    return rgba


def _transparent_colour(picture: CodedPicture) -> NDArray[np.uint16]:
    """The one colour that tRNS makes transparent; only the low bits count (section 11.3.1.1)."""
    body = picture.transparency or b""
    channels = picture.header.colour.channels
    if len(body) != 2 * channels:
        raise BrokenPicture("a transparency chunk of wrong length")
    return np.frombuffer(body, ">u2").astype(np.uint16) & np.uint16((1 << picture.header.depth) - 1)


def _palette_table(picture: CodedPicture) -> NDArray[np.uint8]:
    """256 colours with alpha; those that the palette lacks are not used."""
    colours = np.frombuffer(picture.palette[: 256 * 3], np.uint8)
    alpha = np.frombuffer(picture.transparency or b"", np.uint8)
    if len(colours) % 3 or not len(colours) or len(alpha) > len(colours) // 3:
        raise BrokenPicture("a palette of wrong length")
    table = np.zeros((256, 4), np.uint8)
    table[:, 3] = 255
    table[: len(colours) // 3, :3] = colours.reshape(-1, 3)
    table[: len(alpha), 3] = alpha
    return table
