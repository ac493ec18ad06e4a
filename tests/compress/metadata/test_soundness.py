"""Metadata that is damaged is told from metadata that is merely odd."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from compress import images, pngs
from compress.metadata.exif_builder import exif_block
from compress.metadata.jpeg_builder import APP1, APP2, picture, segment, with_headers
from homepress.base.formats import ImageType
from homepress.compress import MetadataPolicy, Recipe, compress
from homepress.compress.metadata import Refused, jpeg_profile_segments, parse_jpeg
from homepress.compress.metadata.png import read_chunks
from homepress.compress.metadata.soundness import (
    check_jpeg_metadata,
    check_png_metadata,
    check_webp_metadata,
    exif_damage,
)
from homepress.compress.metadata.webp import read_webp
from homepress.compress.model import Reason, Unchanged

SIGNATURE = b"Exif\0\0"


def block(*entries: tuple[int, int, int, bytes], following: int = 0, data: bytes = b"") -> bytes:
    """A TIFF block of (tag, type, count, four bytes)."""
    table = b"".join(struct.pack(">HHI4s", *entry) for entry in entries)
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", len(entries)) + table + struct.pack(">I", following) + data


def orientation(value: int) -> bytes:
    return block((0x0112, 3, 1, struct.pack(">HH", value, 0)))


DAMAGED = {
    "no TIFF header": b"nothing that an Exif block could be",
    "nothing": b"",
    "a directory cut short": exif_block()[:40],
    "more entries than there are": b"MM\0*\0\0\0\x08\0\x20" + bytes(60),
    "a first directory outside": b"MM\0*\0\0\xff\0" + bytes(20),
    "a value outside": block((0x010E, 2, 30, b"\0\0\x40\0")),
    "an unknown type": block((0x010E, 0, 1, b"abcd")),
    "orientation 9": orientation(9),
    "a circle": block((0x0112, 3, 1, b"\0\x06\0\0"), following=8),
    "settings outside": block((0x8769, 4, 1, b"\0\0\xff\0")),
    "a place outside": block((0x8825, 4, 1, b"\0\0\xff\0")),
}
SOUND = {
    "a phone's": exif_block(),
    "a phone's, big-endian": exif_block(">"),
    "empty": block(),
    "orientation 0, not known": orientation(0),
    "orientation 8": orientation(8),
    "an orientation of another type": block((0x0112, 2, 1, b"6\0\0\0")),
    "a next directory that is not there": block((0x0112, 3, 1, b"\0\x06\0\0"), following=0x7F00),
    "an empty value": block((0x010E, 2, 0, bytes(4))),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_seen(name: str) -> None:
    assert exif_damage(DAMAGED[name])
    assert exif_damage(SIGNATURE + DAMAGED[name])


@pytest.mark.parametrize("name", SOUND)
def test_what_is_odd_but_whole_passes(name: str) -> None:
    assert exif_damage(SOUND[name]) == ""


def jpeg(*headers: bytes) -> bytes:
    return with_headers(picture(size=(400, 300), quality=97), headers)


def exif(payload: bytes) -> bytes:
    return segment(APP1, SIGNATURE + payload)


def profile_parts(count: int) -> list[bytes]:
    body = images.profile()
    size = -(-len(body) // count)
    return [
        segment(
            APP2, b"ICC_PROFILE\0" + bytes((number + 1, count)) + body[number * size : (number + 1) * size]
        )
        for number in range(count)
    ]


WHOLE_JPEGS = {
    "none": lambda: jpeg(),
    "Exif": lambda: jpeg(exif(exif_block())),
    "profile": lambda: jpeg(jpeg_profile_segments(images.profile())),
    "profile in parts out of order": lambda: jpeg(*reversed(profile_parts(3))),
    "padded profile": lambda: jpeg(jpeg_profile_segments(images.profile() + bytes(8))),
}
DAMAGED_JPEGS = {
    "Exif": lambda: jpeg(exif(DAMAGED["a value outside"])),
    "two Exif blocks": lambda: jpeg(exif(exif_block()), exif(exif_block())),
    "a part of the profile missing": lambda: jpeg(*profile_parts(3)[::2]),
    "a part of the profile twice": lambda: jpeg(*profile_parts(2), profile_parts(2)[1]),
    "a profile cut short": lambda: jpeg(jpeg_profile_segments(images.profile()[:-30])),
    "no profile": lambda: jpeg(jpeg_profile_segments(b"not a profile" * 20)),
}


@pytest.mark.parametrize("make", WHOLE_JPEGS.values(), ids=WHOLE_JPEGS)
def test_whole_jpegs_pass(make: Callable[[], bytes]) -> None:
    check_jpeg_metadata(parse_jpeg(make()))


@pytest.mark.parametrize("make", DAMAGED_JPEGS.values(), ids=DAMAGED_JPEGS)
def test_damaged_jpegs_stay_as_they_are_and_say_why(make: Callable[[], bytes]) -> None:
    data = make()
    for recipe in (Recipe(), Recipe(floor=None), Recipe(convert_to=ImageType.WEBP), Recipe(max_edge=90)):
        result = compress(data, recipe)
        assert isinstance(result, Unchanged), recipe
        assert result.reason in (Reason.CANNOT_KEEP_WHOLE, Reason.CANNOT_CONVERT)
        assert not result.transient
        assert "damaged" in result.detail or "Exif" in result.detail or "profile" in result.detail


def test_damaged_metadata_can_still_be_taken_away() -> None:
    result = compress(jpeg(exif(DAMAGED["a value outside"])), Recipe(metadata=MetadataPolicy.STRIP))
    assert not isinstance(result, Unchanged)
    assert b"Exif" not in result.data


def png(*before: tuple[bytes, bytes]) -> bytes:
    return pngs.png(pngs.samples(2, 8, 40, 30), 2, 8, before=before)


@pytest.mark.parametrize(
    "chunk",
    [
        (b"sRGB", b""),
        (b"gAMA", b"\0\0\xb1"),
        (b"cHRM", bytes(31)),
        (b"cICP", bytes(5)),
        (b"pHYs", bytes(8)),
        (b"eXIf", DAMAGED["orientation 9"]),
        (b"iCCP", b"name\0\0not deflated"),
        (b"iCCP", b"name\0\0" + zlib.compress(b"not a profile" * 20)),
    ],
)
def test_damaged_chunks_of_a_png_are_refused(chunk: tuple[bytes, bytes]) -> None:
    with pytest.raises(Refused):
        check_png_metadata(read_chunks(png(chunk)).chunks)
    result = compress(png(chunk), Recipe(floor=None))
    assert isinstance(result, Unchanged)
    assert result.reason is Reason.CANNOT_KEEP_WHOLE
    check_png_metadata(read_chunks(png((b"sRGB", b"\0"), (b"eXIf", exif_block()))).chunks)


@pytest.mark.parametrize("options", [{"exif": DAMAGED["orientation 9"]}, {"icc_profile": b"none" * 50}])
def test_damaged_chunks_of_a_webp_are_refused(options: dict[str, bytes]) -> None:
    out = io.BytesIO()
    Image.fromarray(images.photo(40, 30)).save(out, "WEBP", lossless=True, **options)
    with pytest.raises(Refused):
        check_webp_metadata(read_webp(out.getvalue()))
