"""Pictures that other programs were reported to spoil, one test a report; each makes its own input.

Number 01, a JPEG called .png that gets its right name, is in tests/daemon/pipeline/test_carry.py, since it is
the daemon that remembers verdicts; 11, fifty megapixels, in tests/workers: it is about a worker's memory.
"""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from compress import images, pngs
from compress.metadata import jpeg_builder as built
from compress.sources import made, photo, refused, saved
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Unchanged, compress
from homepress.compress.likeness import difference
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.jpeg_segments import APP2, COM, parse_jpeg
from homepress.compress.metadata.png import PngChunk, read_chunks
from homepress.compress.model import MetadataPolicy, Reason, Recipe
from homepress.compress.score.ssimulacra2 import to_srgb

SIZE = (320, 240)
PIXELS = images.photo(*SIZE)
TO_PNG = Recipe(floor=70.0, convert_to=ImageType.PNG, bigger=True)
TO_JPEG = Recipe(floor=70.0, convert_to=ImageType.JPEG, bigger=True)
TO_WEBP = Recipe(floor=70.0, convert_to=ImageType.WEBP, bigger=True)
SMALLER = Recipe(floor=70.0, max_edge=160)


def png_chunks(data: bytes) -> tuple[PngChunk, ...]:
    """The chunks of a PNG; none of other files."""
    return read_chunks(data).chunks if data.startswith(b"\x89PNG") else ()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def tiff(tags: list[tuple[int, int, int, int]], samples: bytes) -> bytes:
    """A TIFF of one strip: (tag, type, count, value) in order, the strip's place and length being added."""
    tags = sorted([*tags, (273, 4, 1, 512), (279, 4, 1, len(samples))])
    head = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags))
    head += b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return head.ljust(500, b"\0") + b"\x08\0" * 6 + samples


def plain_tags(channels: int = 3) -> list[tuple[int, int, int, int]]:
    """Width, height, depths (at byte 500), no compression, RGB, channels, rows a strip."""
    width, height = SIZE
    return [
        *((256, 4, 1, width), (257, 4, 1, height), (258, 3, channels, 500), (259, 3, 1, 1)),
        *((262, 3, 1, 2), (277, 3, 1, channels), (278, 4, 1, height)),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "recipe", [TO_WEBP, SMALLER, Recipe(floor=70.0, fit_under=20_000)], ids=["convert", "edge", "fit"]
)
def test_02_primaries_of_a_png_are_not_dropped(recipe: Recipe) -> None:
    wide = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    chunks = ((b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", wide))
    result = made(pngs.png(PIXELS.astype(np.uint16), 2, 8, before=chunks), recipe)
    if any(each.kind == b"cHRM" for each in png_chunks(result.data)):
        return
    profile = read_embedded(result.data).icc
    assert profile is not None
    red = np.array([[(250, 60, 60)]], np.uint8)
    assert to_srgb("RGB", profile)(red)[0, 0, 1] < 50  # what is red there is redder than sRGB's


@pytest.mark.parametrize(
    ("tag", "told"), [((33550, 12, 3, 100), "geo"), ((37724, 7, 64, 100), "layers"), ((319, 5, 6, 100), "")]
)
def test_04_a_tiff_loses_nothing_in_silence(tag: tuple[int, int, int, int], told: str) -> None:
    result = refused(tiff([*plain_tags(), tag], PIXELS.tobytes()), TO_PNG)
    assert result.reason is Reason.CANNOT_CONVERT
    assert told in result.detail.lower()


@pytest.mark.parametrize("edge", [160, 150])
def test_05_faces_stay_where_they_are_and_the_picture_looks_the_same(edge: int) -> None:
    spaces = (
        ' xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"'
        ' xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"'
    )
    regions = (
        '<mwg-rs:Regions rdf:parseType="Resource">'
        '<mwg-rs:AppliedToDimensions stDim:w="320" stDim:h="240" stDim:unit="pixel"/></mwg-rs:Regions>'
    )
    packet = built.XMP_SIGNATURE + built.xmp_packet(regions, attributes=spaces)
    headers = [built.segment(built.APP1, images.exif(6)), built.segment(built.APP1, packet)]
    source = built.with_headers(images.jpeg(PIXELS, 95), headers)
    result = made(source, Recipe(floor=70.0, max_edge=edge))
    found = read_embedded(result.data)
    assert found.orientation == 6
    assert f'stDim:w="{result.width}" stDim:h="{result.height}"'.encode() in found.xmp[0]
    assert difference(source, result.data).worst < 10


@pytest.mark.parametrize("recipe", [SMALLER, Recipe(floor=80.0, fit_under=8_000)], ids=["edge", "fit"])
def test_07_pixels_that_are_not_square_stay_so(recipe: Recipe) -> None:
    data = images.jpeg(PIXELS, 95)
    source = data[:13] + b"\0" + struct.pack(">HH", 2, 1) + data[18:]
    assert opened(made(source, recipe).data).info["jfif_density"] == (2, 1)


def with_a_table_defined_again() -> bytes:
    """A scan for each component; all use table 0, which is defined again before the second scan."""
    planes = photo(*SIZE).convert("YCbCr").split()
    greys = [parse_jpeg(saved(plane, "JPEG", quality=95 - 10 * at)) for at, plane in enumerate(planes)]
    found = [{raw[1]: raw for raw in map(grey.raw, grey.coding)} for grey in greys]
    codes = [raw for raw in map(greys[0].raw, greys[0].coding) if raw[1] == 0xC4]
    components = b"".join(bytes((number, 0x11, 0)) for number in (1, 2, 3))
    frame = built.segment(0xC0, found[0][0xC0][4:9] + b"\3" + components)
    scans = [grey[0xDA][:5] + bytes((number,)) + grey[0xDA][6:] for number, grey in enumerate(found, 1)]
    pieces = (found[0][0xDB], frame, *codes, scans[0], found[1][0xDB], *scans[1:])
    return b"".join((b"\xff\xd8", *pieces, b"\xff\xd9"))


@pytest.mark.parametrize("floor", [None, 70.0])
def test_09_a_table_that_is_defined_again_ends_no_process(floor: float | None) -> None:
    source = with_a_table_defined_again()
    result = compress(source, Recipe(floor=floor))
    if floor is None:
        assert isinstance(result, Unchanged)
        assert result.detail == "a quantisation table is defined again between its scans"
    else:
        assert isinstance(result, Compressed), result
        assert difference(source, result.data).worst < 10


def of_extended_xmp() -> bytes:
    guid = b"0123456789ABCDEF0123456789ABCDEF"
    note = f' xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{guid.decode()}"'
    more = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    body = b"http://ns.adobe.com/xmp/extension/\0" + guid + struct.pack(">II", len(more), 0) + more
    first = built.segment(built.APP1, built.XMP_SIGNATURE + built.xmp_packet("", attributes=note))
    return built.with_headers(images.jpeg(PIXELS, 95), [first, built.segment(built.APP1, body)])


def of_two_exif_blocks() -> bytes:
    block = images.exif(1).removeprefix(b"Exif\0\0")
    raw = b"\nexif\n%8d\n" % len(block) + block.hex().encode()
    chunks = ((b"eXIf", block), (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw)))
    return pngs.png(PIXELS.astype(np.uint16), 2, 8, before=chunks)


def of_captions() -> bytes:
    body = b"8BIM\x04\x04\0\0" + struct.pack(">I", 8) + b"\x1c\x02\x78\0\3abc"
    raw = b"\niptc\n%8d\n" % len(body) + body.hex().encode()
    chunk = (b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(raw))
    return pngs.png(PIXELS.astype(np.uint16), 2, 8, before=(chunk,))


def animated() -> bytes:
    frames = [photo(*SIZE), photo(*SIZE).rotate(180)]
    return saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=80, quality=95)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(of_extended_xmp, id="extended XMP"),
        pytest.param(lambda: images.jpeg(photo(*SIZE).convert("CMYK"), 95), id="CMYK"),
        pytest.param(lambda: pngs.png(PIXELS.astype(np.uint16) * 257, 2, 16), id="16 bits"),
        pytest.param(animated, id="animated"),
        pytest.param(of_captions, id="captions"),
        pytest.param(of_two_exif_blocks, id="two Exif blocks"),
    ],
)
def test_10_what_was_not_resized_is_not_called_done(source: object) -> None:
    assert callable(source)
    result = compress(source(), SMALLER)
    if isinstance(result, Compressed):
        assert (max(result.width, result.height) == 160) is not bool(result.missed)
    else:
        assert result.detail


@pytest.mark.slow
def test_12_a_png_that_is_to_fit_keeps_its_pixels_where_quality_will_do() -> None:
    source = pngs.png(PIXELS.astype(np.uint16), 2, 8)
    result = made(source, Recipe(floor=80.0, fit_under=len(source) // 2))
    assert (result.width, result.height) == SIZE
    assert len(result.data) <= len(source) // 2
    assert result.score > 80.0


@pytest.mark.parametrize("recipe", [TO_JPEG, TO_PNG], ids=["jpeg", "png"])
def test_14_no_resolution_is_made_up(recipe: Recipe) -> None:
    result = made(tiff(plain_tags(), PIXELS.tobytes()), recipe)
    assert "dpi" not in opened(result.data).info
    assert opened(result.data).info.get("jfif_unit", 0) == 0
    assert b"pHYs" not in result.data[:200]


def test_15_a_fourth_channel_is_not_dropped() -> None:
    samples = np.dstack([PIXELS, PIXELS[..., 0]]).tobytes()
    result = refused(tiff([*plain_tags(4), (338, 3, 1, 0)], samples), TO_PNG)
    assert "channel" in result.detail


def test_17_a_background_colour_costs_no_palette() -> None:
    flat = np.zeros((150, 200, 3), np.uint16)
    flat[40:90, 30:170] = (80, 160, 0)
    flat[60:120, 90:120] = (240, 80, 160)
    chunk = (b"bKGD", struct.pack(">3H", 255, 255, 255))
    with_it = made(pngs.png(flat, 2, 8, level=0, before=(chunk,)), Recipe(floor=None)).data
    without = made(pngs.png(flat, 2, 8, level=0), Recipe(floor=None)).data
    assert opened(with_it).mode == "P"
    assert len(with_it) <= len(without) + 13 + 3
    assert any(each.kind == b"bKGD" for each in read_chunks(with_it).chunks)


def test_18_an_edge_that_avif_cannot_have_is_named() -> None:
    source = images.jpeg(photo(64, 60).resize((33_000, 60)), 80)
    result = refused(source, Recipe(floor=70.0, convert_to=ImageType.AVIF, bigger=True))
    assert result.reason is Reason.CANNOT_CONVERT
    assert "32,768" in result.detail


@pytest.mark.parametrize(
    "tag",
    [(254, 4, 1, 1), (50706, 1, 4, 0x401), (50707, 1, 4, 0x101)],
    ids=["reduced", "DNG", "DNG backward"],
)
def test_19_a_preview_is_not_taken_for_the_picture(tag: tuple[int, int, int, int]) -> None:
    assert refused(tiff([*plain_tags(), tag], PIXELS.tobytes()), TO_JPEG).reason is Reason.CANNOT_CONVERT


@pytest.mark.parametrize(
    "recipe",
    [Recipe(), SMALLER, Recipe(convert_to=ImageType.AVIF, bigger=True), Recipe(floor=60.0, fit_under=4_000)],
    ids=["in place", "edge", "convert", "fit"],
)
def test_20_a_signed_webp_stays_as_it_is(recipe: Recipe) -> None:
    coded = saved(photo(*SIZE), "WEBP", quality=99)[12:]
    head = (
        b"VP8X" + struct.pack("<I", 10) + bytes(4) + struct.pack("<I", 319)[:3] + struct.pack("<I", 239)[:3]
    )
    body = head + coded + b"C2PA" + struct.pack("<I", 100) + bytes(100)
    source = b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
    assert "sign" in refused(source, recipe).detail


# What else was reported, or is of the same kind.


@pytest.mark.slow
def test_a_stray_byte_behind_the_end_is_no_second_picture() -> None:
    for stray in (b"\0", b"\n", bytes(7), b"\xff"):
        result = made(images.jpeg(PIXELS, 95) + stray, TO_WEBP)
        assert not result.missed


@pytest.mark.parametrize("policy", [MetadataPolicy.STRIP, MetadataPolicy.SHARE])
def test_a_comment_goes_with_the_metadata(policy: MetadataPolicy) -> None:
    source = built.with_headers(images.jpeg(PIXELS, 95), [built.segment(COM, b"who took it")])
    assert b"who took it" not in made(source, Recipe(floor=70.0, metadata=policy)).data


def test_a_makers_own_header_is_named() -> None:
    source = built.with_headers(images.jpeg(PIXELS, 95), [built.segment(APP2, b"unknown maker\0data")])
    result = refused(source, TO_WEBP)
    assert result.reason is Reason.CANNOT_CONVERT
