"""Exif, XMP, profile and place, read from every format."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from compress.metadata.exif_builder import exif_block
from compress.metadata.jpeg_builder import (
    APP1,
    APP2,
    MPF_HERE,
    box,
    build,
    motion_photo,
    picture,
    segment,
    with_headers,
    xmp_packet,
    xmp_segment,
)
from homepress.compress.metadata import (
    Malformed,
    has_location,
    jpeg_profile,
    jpeg_profile_segments,
    parse_jpeg,
    read_embedded,
)
from homepress.compress.metadata.exif import has_position, orientation, read_tiff
from homepress.compress.metadata.png import chunk_bytes, inflate, read_chunks, read_text, write_chunks
from homepress.compress.metadata.xmp import parse_xmp

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PLACE = "<exif:GPSLatitude>52,31.2N</exif:GPSLatitude>"


def exif_segment(block: bytes) -> bytes:
    return segment(APP1, b"Exif\0\0" + block)


def saved(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), (200, 10, 30)).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation(order: str, turn: int) -> None:
    assert orientation(b"Exif\0\0" + exif_block(order, orientation=turn)) == turn


@pytest.mark.parametrize("block", [b"", b"II*\0", b"MM\0*\xff\xff\xff\xff", exif_block(orientation=9)])
def test_an_orientation_that_means_nothing_is_upright(block: bytes) -> None:
    assert orientation(block) == 1


def test_coordinates_of_nothing_are_no_position() -> None:
    assert has_position(exif_block())
    assert not has_position(exif_block(gps=False))
    blank = exif_block().replace(struct.pack("<II", 52, 1), bytes(8))
    blank = blank.replace(struct.pack("<II", 31, 1), bytes(8)).replace(struct.pack("<II", 12, 1), bytes(8))
    assert not has_position(blank)


def test_a_chain_of_directories_that_bites_its_tail_ends() -> None:
    block = bytearray(exif_block())
    tiff = read_tiff(bytes(block))
    first, second = list(tiff.chain())
    struct.pack_into("<I", block, second.end, first.at)
    assert len(list(read_tiff(bytes(block)).chain())) == 2


@pytest.mark.parametrize("size", [1, 65_519, 65_520, 200_000])
def test_profiles_of_any_length_go_through_jpeg_segments(size: int) -> None:
    profile = bytes(index * 7 % 256 for index in range(size))
    jpeg = b"\xff\xd8" + jpeg_profile_segments(profile) + picture(1)[2:]
    assert jpeg_profile(parse_jpeg(jpeg)) == profile
    assert Image.open(io.BytesIO(jpeg)).info["icc_profile"] == profile


@pytest.mark.parametrize(
    "numbers", [[(1, 3), (3, 3)], [(1, 2)], [(1, 2), (1, 2)], [(1, 2), (2, 3)], [(2, 1)]]
)
def test_a_profile_whose_pieces_do_not_fit_is_none(numbers: list[tuple[int, int]]) -> None:
    segments = [segment(APP2, b"ICC_PROFILE\0" + bytes(number) + b"x") for number in numbers]
    assert jpeg_profile(parse_jpeg(with_headers(picture(1), segments))) is None


def test_an_empty_profile_has_no_segments() -> None:
    with pytest.raises(Malformed):
        jpeg_profile_segments(b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_blocks_that_pillow_wrote_are_found(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    data = saved(kind, exif=exif, icc_profile=PROFILE)
    found = read_embedded(data)
    assert found.icc == PROFILE
    if kind != "AVIF":  # there the writer makes it a property of the image
        assert found.orientation == 3


def test_exif_items_of_avif_are_found() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    assert b"Maker" in read_embedded(saved("AVIF", exif=exif)).exif[0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_xmp_that_pillow_wrote_is_found(kind: str) -> None:
    packet = xmp_packet(PLACE)
    options: dict[str, object] = {"xmp": packet}
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=True)
        options = {"pnginfo": text}
    data = saved(kind, **options)
    assert read_embedded(data).xmp == (packet,)
    assert has_location(data)


def test_xmp_in_gif_is_found() -> None:
    assert has_location(gif_with_xmp(xmp_packet(PLACE)))
    assert read_embedded(gif_with_xmp(xmp_packet(PLACE))).xmp == (xmp_packet(PLACE),)


def gif_with_xmp(packet: bytes) -> bytes:
    data = saved("GIF")
    start = 13 + 3 * (2 << (data[10] & 7))
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    return data[:start] + b"\x21\xff\x0bXMP DataXMP" + packet + trailer + data[start:]


def test_exif_that_imagemagick_wrote_as_text_is_found() -> None:
    block = b"Exif\0\0" + exif_block()
    text = b"\nexif\n%8d\n%s\n" % (len(block), block.hex().encode())
    chunks = [(chunk.kind, chunk.body) for chunk in read_chunks(saved("PNG")).chunks]
    chunks.insert(1, (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text)))
    assert has_location(write_chunks(chunks))


@pytest.mark.slow
def test_a_bomb_in_a_text_chunk_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(200_000_000), 9)
    with pytest.raises(Malformed):
        inflate(bomb)
    with pytest.raises(Malformed):
        read_text(b"zTXt", b"key\0\0" + bomb)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([exif_segment(exif_block())], True),
        ([exif_segment(exif_block(gps=False))], False),
        ([xmp_segment(PLACE)], True),
        ([xmp_segment("<photoshop:City>Berlin</photoshop:City>")], True),
        ([xmp_segment("<photoshop:City> </photoshop:City>")], False),
        ([xmp_segment("<xmp:Rating>5</xmp:Rating>")], False),
        ([segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x0b\x1c\2\x5a\0\6Berlin")], True),
        ([segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x0b\x1c\2\x05\0\6Titles")], False),
    ],
)
def test_places_in_a_jpeg(headers: list[bytes], expected: bool) -> None:
    assert has_location(with_headers(picture(1), headers)) is expected


def test_places_in_what_is_appended() -> None:
    second = with_headers(picture(2), [exif_segment(exif_block())])
    assert has_location(build(picture(1), [MPF_HERE], [second]))
    assert has_location(motion_photo())
    assert not has_location(motion_photo().replace(b"\xa9xyz", b"abcd"))


def test_a_place_in_a_heic_item() -> None:
    block = (6).to_bytes(4, "big") + b"Exif\0\0" + exif_block()
    item = box(b"infe", b"\2\0\0\0\0\1\0\0Exif\0")
    meta = box(b"iinf", b"\0\0\0\0\0\1" + item)
    location = b"\0\0\0\0\x44\0\0\1\0\1\0\0\0\1"

    def whole(at: int) -> bytes:
        iloc = box(b"iloc", location + struct.pack(">II", at, len(block)))
        return (
            box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", bytes(4) + meta + iloc) + box(b"mdat", block)
        )

    assert has_location(whole(len(whole(0)) - len(block)))
    assert not has_location(whole(0))


@pytest.mark.parametrize(
    "packet",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b"<x>" * 200 + b"</x>" * 200,
        "<x/>".encode("utf-16"),
        b"<x a='1' a='2'/>",
        b"",
        b"<x>",
    ],
)
def test_xmp_that_is_not_read(packet: bytes) -> None:
    with pytest.raises(Malformed):
        parse_xmp(packet)


def test_places_of_elements_and_attributes_in_a_packet() -> None:
    packet = (
        b" \n<a:r xmlns:a='u' a:p = \"1 > 0\"\n xmlns:b=\"v\" b:q='x'><a:e/><b:f>t\xc3\xa4xt</b:f></a:r>\0"
    )
    root = parse_xmp(packet)
    assert [packet[each.start : each.end] for each in root.attributes] == [b'a:p = "1 > 0"', b"b:q='x'"]
    assert [(each.name, each.value) for each in root.attributes] == [("u p", "1 > 0"), ("v q", "x")]
    empty, full = root.children
    assert packet[empty.start : empty.end] == b"<a:e/>"
    assert packet[full.content_start : full.content_end].decode() == full.text == "täxt"
    assert packet[root.start : root.end].endswith(b"</a:r>")


@given(st.lists(st.tuples(st.sampled_from([b"tEXt", b"gAMA", b"abCd"]), st.binary(max_size=40)), max_size=5))
def test_png_chunks_survive_a_round(extra: list[tuple[bytes, bytes]]) -> None:
    chunks = [(chunk.kind, chunk.body) for chunk in read_chunks(_PNG).chunks]
    chunks[1:1] = extra
    again = read_chunks(write_chunks(chunks, b"behind"))
    assert [(chunk.kind, chunk.body) for chunk in again.chunks] == chunks
    assert again.trailing == b"behind"
    assert all(write_chunks(chunks)[chunk.start : chunk.end] == chunk_bytes(chunk.kind, chunk.body)
               for chunk in again.chunks)  # fmt: skip


_PNG = saved("PNG")
