"""PNG files: pixels equal, every other chunk byte for byte, or left alone with the reason."""

import struct
import zlib

import numpy as np
import pytest

from compress import images, pngs
from homepress.base.formats import ImageType
from homepress.compress.metadata.png import chunk_bytes
from homepress.compress.model import Compressed, Reason, Recipe, Unchanged
from homepress.compress.pixels import TooManyPixels
from homepress.compress.png import png
from homepress.compress.png.pixels import fingerprint, read_png
from support import corpus

LOSSLESS = Recipe(floor=None)
TEXT = (b"tEXt", b"Comment\0kept as it is")
ICC = (b"iCCP", b"profile\0\0" + zlib.compress(images.profile()))
EXIF = (b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0")
XMP = (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta/>")
PRIVATE = (b"prVt", b"private and safe to copy")


def others(data: bytes) -> list[tuple[bytes, bytes]]:
    """All but the picture; of what is told of its samples only that it is there, for that is translated."""
    return [
        (each.kind, b"" if each.kind in (b"bKGD", b"sBIT") else each.body)
        for each in read_png(data).chunks
        if each.kind not in (b"IHDR", b"PLTE", b"tRNS", b"IDAT")
    ]


def shrunk(source: bytes, recipe: Recipe = LOSSLESS) -> bytes:
    result = png.compress(source, recipe)
    assert isinstance(result, Compressed), result
    assert result.image_type is result.source_type is ImageType.PNG
    assert len(result.data) < len(source)
    assert fingerprint(read_png(result.data).picture) == fingerprint(read_png(source).picture)
    assert others(result.data) == others(source)
    return result.data


def refused(source: bytes, recipe: Recipe = LOSSLESS) -> Unchanged:
    result = png.compress(source, recipe)
    assert isinstance(result, Unchanged), result
    return result


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("colour", "depth"), pngs.KINDS)
def test_every_kind_of_picture_is_recoded_without_loss(colour: int, depth: int, interlaced: bool) -> None:
    source = pngs.png(
        pngs.flat(colour, depth, 160, 160), colour, depth, interlaced=interlaced, level=0, before=(TEXT,)
    )
    header = read_png(shrunk(source)).header
    assert header.interlaced == interlaced
    assert (header.depth == 16) == (depth == 16 and colour > 0)  # grey squares of the file are doubled bytes


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("colour", [0, 2, 4, 6])
def test_a_byte_twice_is_a_byte(colour: int, interlaced: bool) -> None:
    values = pngs.samples(colour, 8, 120, 120) * 257
    header = read_png(shrunk(pngs.png(values, colour, 16, interlaced=interlaced, level=0))).header
    assert (header.depth, header.interlaced) == (8, interlaced)
    values[119, 119, 0] ^= 1
    header = read_png(shrunk(pngs.png(values, colour, 16, interlaced=interlaced, level=0))).header
    assert (header.depth, header.interlaced) == (16, interlaced)


@pytest.mark.parametrize("key", [0x1212, 0x3412])
def test_a_transparent_colour_of_16_bits_stays_the_only_one(key: int) -> None:
    values = pngs.samples(2, 8, 120, 120) * 257
    values[:40], values[40:80] = 0x1212, 0x3434
    source = pngs.png(values, 2, 16, level=0, transparency=struct.pack(">3H", *[key] * 3))
    assert read_png(shrunk(source)).header.depth == (8 if key == 0x1212 else 16)


def test_an_interlaced_palette_drops_depth() -> None:
    values = np.minimum(pngs.flat(3, 8, 160, 160), 3)
    source = pngs.png(values, 3, 8, interlaced=True, level=0, palette=bytes(range(12)))
    result = read_png(shrunk(source))
    assert (result.header.depth, result.header.interlaced) == (2, True)
    assert result.picture.palette == bytes(range(12))


def test_every_chunk_keeps_its_place_and_bytes() -> None:
    values = pngs.flat(6, 8, 160, 160)
    source = pngs.png(values, 6, 8, level=0, before=(ICC, EXIF, PRIVATE), after=(TEXT, XMP), pieces=4)
    kinds = [each.kind for each in read_png(shrunk(source)).chunks]
    assert kinds == [
        b"IHDR", b"iCCP", b"eXIf", b"prVt", *[kind for kind in kinds if kind in (b"PLTE", b"tRNS")],
        b"IDAT", b"tEXt", b"iTXt", b"IEND",
    ]  # fmt: skip


@pytest.mark.parametrize("of_samples", [(b"hIST", bytes(6)), (b"pCAL", b"x\0")])
def test_chunks_about_the_stored_samples_fix_colour_type_and_depth(of_samples: tuple[bytes, bytes]) -> None:
    source = pngs.png(pngs.flat(2, 8, 160, 160), 2, 8, level=0, before=(of_samples,))
    header = read_png(shrunk(source)).header
    assert (header.colour, header.depth) == (2, 8)
    without = pngs.png(pngs.flat(2, 8, 160, 160), 2, 8, level=0)
    assert read_png(shrunk(without)).header.colour == 3


def chunk(data: bytes, kind: bytes) -> bytes:
    return next(each.body for each in read_png(data).chunks if each.kind == kind)


def of_levels(colours: int, channels: int = 3) -> np.ndarray:
    """Squares of so many colours, all of them multiples of five and opaque."""
    y, x = np.mgrid[0:160, 0:160] // 8
    number = (x * 7 + y * 13) % colours
    values = [number * 5 % 256, number * 15 % 256, number * 35 % 256, np.full_like(number, 255)]
    return np.stack(values[:channels], axis=-1).astype(np.uint16)


@pytest.mark.parametrize("background", [(10, 30, 70), (1, 2, 3)])
@pytest.mark.parametrize("colours", [9, 30])
def test_a_background_becomes_a_colour_of_the_palette(background: tuple[int, ...], colours: int) -> None:
    source = pngs.png(of_levels(colours), 2, 8, level=0, before=((b"bKGD", struct.pack(">3H", *background)),))
    result = shrunk(source)
    kinds = [each.kind for each in read_png(result).chunks]
    assert kinds == [b"IHDR", b"PLTE", b"bKGD", b"IDAT", b"IEND"]
    at = 3 * chunk(result, b"bKGD")[0]
    assert tuple(chunk(result, b"PLTE")[at : at + 3]) == background


def test_a_background_that_a_palette_has_no_room_for_takes_more_bits_or_keeps_the_colour_type() -> None:
    known, other = struct.pack(">3H", 10, 30, 70), struct.pack(">3H", 1, 2, 3)
    for colours, background, kind in ((16, known, (3, 4)), (16, other, (3, 8)), (256, other, (2, 8))):
        source = pngs.png(of_levels(colours), 2, 8, level=0, before=((b"bKGD", background),))
        result = shrunk(source)
        header = read_png(result).header
        assert (header.colour, header.depth) == kind
    assert chunk(result, b"bKGD") == other


@pytest.mark.parametrize("index", [2, 200])
def test_the_background_of_a_palette_keeps_its_index(index: int) -> None:
    values = np.minimum(pngs.flat(3, 8, 160, 160), 3)
    source = pngs.png(values, 3, 8, level=0, palette=bytes(range(12)), before=((b"sBIT", bytes((8, 8, 8))),))
    at = source.index(b"IDAT") - 4
    result = shrunk(source[:at] + chunk_bytes(b"bKGD", bytes((index,))) + source[at:])
    assert read_png(result).header.depth == (2 if index == 2 else 8)
    assert chunk(result, b"bKGD") == bytes((index,))
    assert chunk(result, b"sBIT") == bytes((8, 8, 8))


def test_a_background_becomes_grey_with_its_picture() -> None:
    values = np.repeat(pngs.samples(0, 8, 120, 120), 3, axis=-1)
    for background, colour, body in (
        ((9, 9, 9), 0, bytes((0, 9))),
        ((9, 9, 8), 2, bytes((0, 9, 0, 9, 0, 8))),
    ):
        source = pngs.png(values, 2, 8, level=0, before=((b"bKGD", struct.pack(">3H", *background)),))
        result = shrunk(source)
        assert (read_png(result).header.colour, chunk(result, b"bKGD")) == (colour, body)


def test_significant_bits_follow_the_colour_type() -> None:
    source = pngs.png(of_levels(30, 4), 6, 8, level=0, before=((b"sBIT", bytes((5, 6, 5, 8))),))
    result = shrunk(source)
    assert read_png(result).header.colour == 3
    assert chunk(result, b"sBIT") == bytes((5, 6, 5))
    grey = np.repeat(pngs.samples(0, 8, 120, 120), 3, axis=-1)
    for bits, colour in (((8, 8, 8), 0), ((5, 6, 5), 2)):
        result = shrunk(pngs.png(grey, 2, 8, level=0, before=((b"sBIT", bytes(bits)),)))
        assert read_png(result).header.colour == colour
        assert chunk(result, b"sBIT") == bytes(bits[:1] if colour == 0 else bits)


@pytest.mark.parametrize(("bits", "depth"), [(16, 8), (12, 16), (8, 8)])
def test_fewer_bits_are_told_where_all_count_and_kept_where_they_fit(bits: int, depth: int) -> None:
    values = pngs.samples(2, 8, 120, 120) * 257
    result = shrunk(pngs.png(values, 2, 16, level=0, before=((b"sBIT", bytes((bits,) * 3)),)))
    assert read_png(result).header.depth == depth
    assert chunk(result, b"sBIT") == bytes((min(bits, depth),) * 3)


def test_narrower_grey_says_so_where_all_bits_count() -> None:
    source = pngs.png(pngs.flat(0, 8, 160, 160) // 85 * 85, 0, 8, level=0, before=((b"sBIT", b"\x08"),))
    result = shrunk(source)
    assert read_png(result).header.depth < 8
    assert chunk(result, b"sBIT") == bytes((read_png(result).header.depth,))


@pytest.mark.parametrize("space", [ICC, (b"cICP", bytes((12, 16, 0, 1)))])
def test_a_colour_space_keeps_colour_from_becoming_grey(space: tuple[bytes, bytes]) -> None:
    values = np.repeat(pngs.samples(0, 8, 120, 120), 3, axis=-1)
    assert read_png(shrunk(pngs.png(values, 2, 8, level=0))).header.colour in (0, 3)
    assert read_png(shrunk(pngs.png(values, 2, 8, level=0, before=(space,)))).header.colour in (2, 3)


def test_a_palette_keeps_its_order_and_unused_colours() -> None:
    values = pngs.flat(3, 8, 160, 160)
    source = pngs.png(values, 3, 8, level=0, transparency=bytes((0, 128)))
    result = read_png(shrunk(source))
    assert result.picture.palette == read_png(source).picture.palette
    assert result.picture.transparency == bytes((0, 128))


def test_a_suggested_palette_stays() -> None:
    palette = bytes(range(30))
    source = pngs.png(pngs.flat(2, 8, 160, 160), 2, 8, level=0, palette=palette)
    result = read_png(shrunk(source))
    assert result.header.colour == 2
    assert [each.body for each in result.chunks if each.kind == b"PLTE"] == [palette]


def test_what_follows_the_end_is_kept() -> None:
    source = pngs.png(pngs.flat(2, 8, 160, 160), 2, 8, level=0) + b"appended"
    assert read_png(shrunk(source)).trailing == b"appended"


def test_an_index_of_offsets_is_dropped_for_it_would_lie() -> None:
    source = pngs.png(pngs.flat(2, 8, 160, 160), 2, 8, level=0, before=((b"iDOT", bytes(28)), TEXT))
    result = png.compress(source, LOSSLESS)
    assert isinstance(result, Compressed)
    kinds = [each.kind for each in read_png(result.data).chunks]
    assert b"iDOT" not in kinds
    assert b"tEXt" in kinds


@pytest.mark.parametrize(
    ("kind", "words"),
    [(b"caBX", "a C2PA signature"), (b"dSIG", "a digital signature"), (b"abCD", "abCD"), (b"CgBI", "CgBI")],
)
def test_signed_files_and_unknown_dependent_chunks_are_left_alone(kind: bytes, words: str) -> None:
    source = pngs.png(pngs.flat(2, 8, 160, 160), 2, 8, level=0, before=((kind, b"x"),))
    reason = refused(source)
    assert reason.reason is Reason.CANNOT_KEEP_WHOLE
    assert words in reason.detail
    assert not reason.transient


def test_every_truncation_is_broken_and_tried_again() -> None:
    source = pngs.png(pngs.flat(3, 4, 20, 20), 3, 4, before=(TEXT,), after=(XMP,))
    for length in range(len(source)):
        result = refused(source[:length])
        assert (result.reason, result.transient) == (Reason.BROKEN, True), length


def test_every_flipped_byte_is_noticed() -> None:
    source = pngs.png(pngs.samples(2, 8, 9, 9), 2, 8, before=(TEXT,))
    for at in range(len(source)):
        broken = source[:at] + bytes((source[at] ^ 0x10,)) + source[at + 1 :]
        assert refused(broken).reason in (Reason.BROKEN, Reason.CANNOT_KEEP_WHOLE), at


def test_a_header_that_promises_too_much_costs_nothing() -> None:
    header = struct.pack(">IIBBBBB", 1 << 30, 1 << 30, 8, 2, 0, 0, 0)
    source = pngs.file((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))))
    with pytest.raises(TooManyPixels):
        png.compress(source, LOSSLESS)


def test_the_result_is_the_same_each_time_and_final() -> None:
    source = pngs.png(pngs.samples(2, 8, 150, 150), 2, 8, level=0)
    result = shrunk(source)
    assert shrunk(source) == result
    assert refused(result).reason is Reason.SAVES_TOO_LITTLE


@pytest.mark.slow
@pytest.mark.corpus
def test_corpus_graphics_are_kept_whole_or_unchanged() -> None:
    folder = corpus()
    if folder is None:
        pytest.skip("the corpus is not here")
    for path in sorted((folder / "graphics").glob("*.png")):
        if path.stat().st_size > 6_000:
            continue
        result = png.compress(source := path.read_bytes(), LOSSLESS)
        if isinstance(result, Compressed):
            assert fingerprint(read_png(result.data).picture) == fingerprint(read_png(source).picture), path
            assert others(result.data) == [each for each in others(source) if each[0] != b"iDOT"], path
