"""Decoding a JPEG strictly: is it whole, and its pixels."""

import re
from typing import Final

import simplejpeg
from PIL import Image

from homepress.compress.jpeg.model import quality_of_tables
from homepress.compress.metadata import (
    ColourModel,
    JpegStream,
    Malformed,
    Process,
    Refused,
    RewriteRefusal,
    Segment,
    colour_model,
    component_tables,
    picture_only,
    read_scans,
)
from homepress.compress.metadata.jpeg_segments import DHT, END_OF_IMAGE, SOS, START_OF_IMAGE, picture_segments
from homepress.compress.pixels import (
    Pixels,
    Raster,
    Undecodable,
    Windowed,
    decode,
    fingerprint,
    open_picture,
    strips,
)

# What a JPEG source is like before anything is done to it.

# The luma table of ITU-T T.81 annex K.1 in natural order, which libjpeg scales by its quality.
_ANNEX_K_LUMA_SUM = 3688


def quality_of(stream: JpegStream) -> float:
    """The quality, on libjpeg's scale of 1 to 100, whose luma table divides as much as this source's.

    Raises:
        Malformed: the source's tables are missing or broken.
    """
    scale = 100.0 * sum(component_tables(stream)[0].values) / _ANNEX_K_LUMA_SUM
    quality = 5000.0 / scale if scale > 100.0 else (200.0 - scale) / 2.0
    return min(max(quality, 1.0), 100.0)


MOST_SCANS: Final = 100
"""Pictures have ten or so. To decode one of thousands takes as long as thousands of pictures."""


def pixels_of(stream: JpegStream) -> int:
    """How many pixels the picture of a stream has."""
    return stream.frame.width * stream.frame.height


def obstacle(stream: JpegStream) -> str:
    """Why a stream is left alone whatever is asked, in words; empty when it is not."""
    frame = stream.frame
    if frame.process.is_lossless:
        return "lossless JPEG"
    if frame.process.is_arithmetic:
        return "arithmetic coding"
    if frame.process not in (Process.BASELINE, Process.EXTENDED, Process.PROGRESSIVE):
        return "hierarchical JPEG"
    if frame.precision != 8:
        return f"{frame.precision} bits a sample"
    if colour_model(stream) is ColourModel.UNKNOWN:
        return f"{len(frame.components)} components"
    return ""


def is_own(stream: JpegStream) -> bool:
    """Whether the encoders here have coded it before, told by its tables: one lossy generation is enough."""
    return quality_of_tables(tuple(table.values for table in component_tables(stream))) is not None


# Decoding JPEGs: strictly into an array where that goes, else with Pillow.
#
# Both decode with libjpeg-turbo and give the same pixels, to the bit. Pillow passes over what libjpeg warns
# of; simplejpeg can be told not to.

JPEG_FORMATS: Final = ("JPEG", "MPO")
"""Pillow's names: a JPEG with a multi-picture index is an MPO to it."""

_COLOURS: Final = {"L": "GRAY", "RGB": "RGB"}
"""By Pillow's mode; inks stay with Pillow, which knows that Adobe's are stored inverted."""


def decode_jpeg(data: bytes) -> Windowed:
    """All pixels of the first picture of a JPEG.

    Raises:
        TooManyPixels: it has more than `pixels.MOST_PIXELS` pixels.
        Undecodable: it does not decode.
    """
    pixels = decode_strictly(data)
    return Raster(decode(data, JPEG_FORMATS)) if pixels is None else pixels


def decode_strictly(data: bytes) -> Pixels | None:
    """All pixels of the first picture of a JPEG if libjpeg has nothing to say against it.

    With Huffman codes, libjpeg warns when a code needs bits beyond the end of its scan or restart interval
    (`jpeg_fill_bit_buffer` in jdhuff.c), and when a restart marker is not the expected one or bytes are left
    over (jdmarker.c). So what decodes without a warning has all the data that its scans should have.

    Returns:
        The pixels; None if there was a warning or an error, and for pictures of inks.

    Raises:
        TooManyPixels: it has more than `pixels.MOST_PIXELS` pixels.
        Undecodable: its headers cannot be read.
    """
    picture = open_picture(data, JPEG_FORMATS)  # sees to the number of pixels before any memory is taken
    if picture.mode not in _COLOURS:
        return None
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(data, _COLOURS[picture.mode], strict=True)
    except ValueError:
        return None
    return pixels[..., 0] if picture.mode == "L" else pixels


# Whether all of a JPEG's coded data is there.
#
# Decoders of the libjpeg family forgive missing data: they fill up with grey, and warn at most. Where there
# is no warning, nothing is missing. But many a warning is of no account; then noise decides. Of a whole
# scan every block is decoded when its data ends, and noise put behind it changes nothing; where blocks are
# missing, the noise is taken for them.

_LAST_COEFFICIENT = 63
_NOISE = b"\xa6" + bytes(1 + place * 151 % 251 for place in range(96))
"""No marker in it, codes of any table, enough to fill some blocks; begins unlike the zeros of decoders."""
_RESTART = re.compile(rb"\xff+[\xd0-\xd7]")
_RST0 = 0xD0
_CLASS_DC, _CLASS_AC = 0x00, 0x10
_MOST_DC_BITS, _MOST_AC_BITS = 11, 10


def decode_whole(stream: JpegStream) -> Windowed:
    """Decode the picture of a stream and make sure that none of its coded data is missing.

    Args:
        stream: of Huffman codes (see `source.obstacle`): with arithmetic coding, decoders do not notice.

    Raises:
        Undecodable: the data does not decode, or some is missing at the end of a scan or before a restart
            marker.
        Malformed: scans are missing.
        TooManyPixels: the picture is too large to decode.
    """
    check_scans(stream)
    bare = picture_only(stream)
    pixels = decode_strictly(bare)
    return Raster(_decode_twice(stream, bare)) if pixels is None else pixels


def _decode_twice(stream: JpegStream, bare: bytes) -> Image.Image:
    """Decode the picture of a stream and see that noise behind its data changes nothing.

    Raises:
        Undecodable: the data does not decode, or noise changes the picture.
    """
    noisy = _with_noise(stream)
    if stream.frame.process is Process.PROGRESSIVE:  # takes much memory: one after the other
        digest = fingerprint(decode(noisy, JPEG_FORMATS))
        picture = decode(bare, JPEG_FORMATS)
        is_same = fingerprint(picture) == digest
    else:
        picture = decode(bare, JPEG_FORMATS)
        rows = zip(strips(picture), strips(decode(noisy, JPEG_FORMATS)), strict=True)
        is_same = all(mine.tobytes() == theirs.tobytes() for mine, theirs in rows)
    if not is_same:
        raise Undecodable("some of its coded picture is missing")
    return picture


def check_scans(stream: JpegStream) -> None:
    """See that the scans give every coefficient of every component to its last bit (T.81 section G.1.1.1).

    Raises:
        Malformed: they do not.
    """
    wanted = set(stream.frame.identifiers)
    if stream.frame.process is not Process.PROGRESSIVE:
        if {name for scan in read_scans(stream) for name in scan.components} != wanted:
            raise Malformed("a component without a scan")
        return
    missing_bits: dict[tuple[int, int], int] = {}
    for scan in read_scans(stream):
        first, last = scan.spectral
        high, low = scan.approximation
        for name in scan.components:
            for place in range(first, min(last, _LAST_COEFFICIENT) + 1):
                if high and missing_bits.get((name, place)) != high:
                    raise Malformed("a scan refines what no scan before it has coded")
                missing_bits[name, place] = low
    complete = sum(1 for (name, _), bits in missing_bits.items() if name in wanted and bits == 0)
    if complete != len(wanted) * (_LAST_COEFFICIENT + 1):
        raise Malformed("its last scans are missing")


def check_codes(stream: JpegStream) -> None:
    """See that no code of a whole stream stands for a value that pictures of 8 bits cannot have.

    mozjpeg's lossless pass ends the process when it meets one (T.81 tables F.1 and F.2 give the limits).

    Raises:
        Refused: some code does.
    """
    largest: dict[int, int] = {}
    for segment in stream.segments:
        if segment.marker == DHT:
            largest.update(_largest_sizes(stream.payload(segment)))
        elif segment.marker == SOS:
            *components, first, last, bits = stream.payload(segment)[1:]
            for selector in components[1::2]:
                dc = _CLASS_DC | selector >> 4, _MOST_DC_BITS, first == 0
                ac = _CLASS_AC | selector & 15, _MOST_AC_BITS, last > 0
                for table, most, used in (dc, ac):
                    if used and not bits >> 4 and largest.get(table, 0) + (bits & 15) > most:
                        raise Refused(
                            RewriteRefusal.CODING_PROCESS, "codes for values beyond 8 bits a sample"
                        )


def _largest_sizes(body: bytes) -> dict[int, int]:
    """The most bits that a coefficient may have by each table of one DHT segment (T.81 section B.2.4.2)."""
    sizes = {}
    at = 0
    while at + 17 <= len(body):
        symbols = body[at + 17 : at + 17 + sum(body[at + 1 : at + 17])]
        sizes[body[at]] = max((symbol & 15 for symbol in symbols), default=0)
        at += 17 + len(symbols)
    return sizes


def _with_noise(stream: JpegStream) -> bytes:
    """The bare picture with noise at the end of every scan and before every restart marker."""
    pieces = (
        _noisy(stream, segment) if segment.marker == SOS else stream.raw(segment)
        for segment in picture_segments(stream)
    )
    return b"".join((START_OF_IMAGE, *pieces, END_OF_IMAGE))


def _noisy(stream: JpegStream, scan: Segment) -> bytes:
    """A scan with the noise, and one more restart interval of noise, for a cut may fall between two."""
    data = stream.data[scan.body_end : scan.end].rstrip(b"\xff")  # fill bytes would make markers of the noise
    noisy, restarts = data, 0
    if bytes((0xFF, _RST0)) in data:  # the first of them; without, a search with the pattern takes long
        noisy, restarts = _RESTART.subn(lambda found: _NOISE + found[0], data)
    more = bytes((0xFF, _RST0 + restarts % 8)) + _NOISE
    return b"".join((stream.data[scan.start : scan.body_end], noisy, _NOISE, more))
