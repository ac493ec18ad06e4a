"""A PNG file as its chunks, and the same file with its picture coded anew.

Every chunk that is not part of the coded picture stays byte for byte where it stands. What may change of the
coding depends on the chunks present: some describe the samples as they are stored (`bKGD`, `sBIT`, `hIST`),
some the colour space (`iCCP`), a few sign or index the file itself.
"""

from dataclasses import dataclass

from homepress.compress.formats.png_picture import BrokenPicture, CodedPicture, ColourType, PngHeader
from homepress.compress.metadata.errors import Malformed, Refusal, Refused
from homepress.compress.metadata.png_chunks import PngChunk, read_chunks, write_chunks

_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_SIGNATURES = frozenset({b"caBX", b"dSIG"})
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

_OF_SAMPLES = frozenset({b"sBIT", b"bKGD", b"hIST", b"pCAL"})
"""Chunks whose content is in terms of the stored colour type and bit depth."""

_OF_COLOUR_SPACE = frozenset({b"iCCP", b"cICP"})
"""Chunks that may not suit grey when they were made for colour, or the other way round."""


@dataclass(frozen=True, slots=True)
class Freedom:
    """Which changes of the coding leave every other chunk true.

    Attributes:
        depth: fewer bits a sample where all values allow it.
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

        An indexed picture keeps its palette, unused colours and order included: games and editors rely on it.
        """
        header = self.header
        suggested_palette = self.has(b"PLTE") and header.colour is not ColourType.INDEXED
        fixed = self.is_animated or suggested_palette or any(each.kind in _OF_SAMPLES for each in self.chunks)
        colour = not fixed and header.colour is not ColourType.INDEXED
        return Freedom(
            depth=not fixed and header.depth < 16,
            colour=colour,
            grey=colour and not any(each.kind in _OF_COLOUR_SPACE for each in self.chunks),
        )

    def with_picture(self, picture: CodedPicture) -> bytes:
        """This file with another coding of its picture; an offset index (`iDOT`) is dropped."""
        same_kind = picture.header.colour == self.header.colour
        out: list[tuple[bytes, bytes]] = []
        stream_written = False
        for each in self.chunks:
            if each.kind == b"IHDR":
                out.append((b"IHDR", picture.header.write()))
            elif each.kind == b"IDAT":
                if not stream_written:
                    out += [] if same_kind else picture.colour_chunks()
                    out.append((b"IDAT", picture.stream))
                stream_written = True
            elif each.kind in (b"PLTE", b"tRNS"):
                out += [(each.kind, each.body)] if same_kind else []
            elif each.kind != _INDEX:
                out.append((each.kind, each.body))
        return write_chunks(out, self.trailing)

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
            raise Refused(Refusal.DEPENDS_ON_CODING, f"chunk {name} signs the file")
        if each.kind[0] < 0x60:
            if each.kind not in _CRITICAL:
                raise Refused(Refusal.UNSUPPORTED, f"critical chunk {name} is unknown")
        elif each.kind[3] < 0x60 and each.kind not in _UNSAFE_BUT_KNOWN:
            raise Refused(Refusal.DEPENDS_ON_CODING, f"chunk {name} is unknown and marked as unsafe to copy")


def has_usual_gamma(file: PngFile) -> bool:
    """Whether gAMA says about 1/2.2, the tone curve of sRGB."""
    bodies = [each.body for each in file.chunks if each.kind == b"gAMA"]
    return all(len(body) == 4 and 44_000 <= int.from_bytes(body, "big") <= 47_000 for body in bodies)


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
