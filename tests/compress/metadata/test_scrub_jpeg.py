"""JPEGs for sharing and stripped: what tells too much is gone, the rest is where it was."""

import io

import pytest
from PIL import Image, ImageCms

from compress.metadata.jpeg_builder import (
    APP0,
    APP1,
    LAYOUTS,
    MPF_HERE,
    box,
    build,
    container,
    everything,
    picture,
    sef_trailer,
    segment,
    video,
    with_headers,
    xmp_segment,
)
from compress.metadata.private import assert_clean, private_headers
from homepress.compress.metadata import (
    Refused,
    RewriteRefusal,
    describe_jpeg,
    parse_jpeg,
    read_embedded,
    read_jpeg_file,
    share,
    strip,
    swap_primary,
)
from homepress.compress.metadata.exif import read_tiff

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_can_be_shared_in_place(name: str) -> None:
    original = LAYOUTS[name]()
    original = with_private_headers(original)
    shared = share(original)
    assert len(shared) == len(original)
    assert_clean(shared)
    before, after = read_jpeg_file(original), read_jpeg_file(shared)
    assert after.parts == before.parts
    assert after.mpf == before.mpf
    assert after.directory == before.directory
    assert Image.open(io.BytesIO(shared)).tobytes() == Image.open(io.BytesIO(original)).tobytes()
    assert read_embedded(shared).orientation == 6


def with_private_headers(original: bytes) -> bytes:
    """A file with more headers in its primary, indexes updated by a swap of the image for itself."""
    file = read_jpeg_file(original)
    primary = original[: file.stream.end]
    grown = b"\xff\xd8" + b"".join(private_headers()) + primary[2:]
    if file.mpf is None:
        return grown + file.stream.tail
    base = file.mpf.base + len(grown) - len(primary)
    out = bytearray(grown + file.stream.tail)
    first = base + file.mpf.entries[0].at - file.mpf.base
    out[first + 4 : first + 8] = len(grown).to_bytes(4, "little" if file.mpf.order == "<" else "big")
    return bytes(out)


def test_appended_pictures_are_scrubbed_too() -> None:
    second = with_headers(picture(2), private_headers())
    original = build(picture(1), [*private_headers(), MPF_HERE], [second, picture(3)])
    shared = share(original)
    assert_clean(shared)
    assert describe_jpeg(shared).pictures == 3


def test_a_trailer_that_nobody_knows_is_blanked() -> None:
    shared = share(picture(1) + b"PhotoMechanic secret remark")
    assert parse_jpeg(shared).tail == bytes(len(b"PhotoMechanic secret remark"))


def test_samsung_blocks_keep_time_and_video() -> None:
    blocks = [
        (0x0A01, b"Image_UTC_Data", b"1700000000000"),
        (0x0BA1, b"Original_Path", b"/secret remark"),
        (0x0A30, b"MotionPhoto_Data", video()),
    ]
    shared = share(picture(1) + sef_trailer(blocks))
    assert_clean(shared)
    assert b"1700000000000" in shared
    assert b"Original_Path" in shared
    assert describe_jpeg(shared).has_video


def test_a_micro_video_in_front_of_a_trailer_is_scrubbed() -> None:
    tail = video() + sef_trailer([(0x0A01, b"Image_UTC_Data", b"1")])
    offset = f"<GCamera:MicroVideoOffset>{len(tail)}</GCamera:MicroVideoOffset>"
    assert_clean(share(build(picture(1), [xmp_segment(offset)], [tail])))


def test_samples_of_the_video_do_not_move() -> None:
    original = everything()
    shared = share(original)
    assert shared.index(b"mdat") == original.index(b"mdat")
    assert shared[shared.index(b"mdat") :] == original[original.index(b"mdat") :]


def test_a_track_that_records_movement_is_refused() -> None:
    track = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + b"meta" + bytes(13))))
    clip = box(b"ftyp", b"isom") + box(b"moov", track)
    items = [("Primary", "image/jpeg", 0, 0), ("MotionPhoto", "video/mp4", len(clip), 0)]
    original = build(picture(1), [xmp_segment(container(items))], [clip])
    with pytest.raises(Refused) as caught:
        share(original)
    assert caught.value.code is RewriteRefusal.ISOBMFF


def test_an_appended_item_of_another_kind_is_refused() -> None:
    items = [("Primary", "image/jpeg", 0, 0), ("Depth", "application/x", 9, 0)]
    with pytest.raises(Refused):
        share(build(picture(1), [xmp_segment(container(items))], [b"some data"]))


def test_a_swap_after_sharing_drops_what_was_blanked() -> None:
    original = build(picture(1), [*private_headers(), MPF_HERE], [picture(2)])
    shared = share(original)
    kept, trimmed = swap_primary(shared, picture(1)), swap_primary(shared, picture(1), trim=True)
    assert len(trimmed) < len(kept) - 300
    assert b"JFXX" not in trimmed
    assert read_embedded(trimmed).orientation == 6
    tiff = read_tiff(read_embedded(trimmed).exif[0])
    photo = tiff.child(tiff.directory(tiff.first), 0x8769)
    assert photo is not None
    assert tiff.value(photo.entries[-1]) == b"Prime 35 mm\0"
    assert describe_jpeg(trimmed).pictures == 2
    assert Image.open(io.BytesIO(trimmed)).getexif()[0x0110] == "Model One"


def test_trimming_leaves_headers_alone_that_were_not_blanked() -> None:
    original = with_headers(picture(1), private_headers())
    before, after = (parse_jpeg(data) for data in (original, swap_primary(original, picture(1), trim=True)))
    texts = [
        [stream.payload(each) for each in stream.headers if each.marker != APP1] for stream in (before, after)
    ]
    assert texts[0] == texts[1]
    assert read_embedded(after.data).exif == read_embedded(original).exif


def test_a_thumbnail_in_the_jfif_header_goes() -> None:
    jfif = segment(APP0, b"JFIF\0\1\1\0\0\1\0\1\2\1" + b"secret")
    shared = share(b"\xff\xd8" + jfif + picture(1)[20:])
    assert b"secret" not in shared
    assert Image.open(io.BytesIO(shared)).size == (96, 64)


def test_strip_leaves_picture_and_profile() -> None:
    original = build(picture(1, icc_profile=PROFILE), [*private_headers(), MPF_HERE], [picture(2)])
    stripped = strip(original)
    assert stripped.orientation == 6
    assert_clean(stripped.data)
    with Image.open(io.BytesIO(stripped.data)) as image:
        assert image.info["icc_profile"] == PROFILE
        assert set(image.info) <= {"icc_profile", "jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
        assert image.tobytes() == Image.open(io.BytesIO(picture(1))).tobytes()
    assert parse_jpeg(stripped.data).tail == b""
