"""Another coding for the primary image: what is appended survives, what cannot be proved is refused."""

import io
import struct
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from compress.metadata.jpeg_builder import (
    APP1,
    APP2,
    COM,
    LAYOUTS,
    MPF_HERE,
    build,
    container,
    everything,
    index_fields,
    index_of,
    micro_video,
    motion_photo,
    mpo,
    picture,
    pieces,
    samsung_motion_photo,
    sef_trailer,
    segment,
    ultra_hdr,
    video,
    with_headers,
    xmp_segment,
)
from homepress.compress.metadata import (
    Refused,
    RewriteRefusal,
    describe_jpeg,
    jpeg_container,
    parse_jpeg,
    swap_primary,
)
from homepress.compress.metadata.jpeg_file import read_jpeg_file


def recoded(**options: Any) -> bytes:
    """Another coding of the builder's primary, with a header that must not come along."""
    return with_headers(
        picture(1, **({"quality": 30, "progressive": True} | options)), [segment(COM, b"encoder")]
    )


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("new", [recoded(), recoded(quality=95)], ids=["smaller", "larger"])
def test_every_layout_survives(name: str, new: bytes) -> None:
    original = LAYOUTS[name]()
    result = swap_primary(original, new)
    before, after = read_jpeg_file(original), read_jpeg_file(result)
    assert after.stream.tail == before.stream.tail
    assert b"encoder" not in result
    contents = [[file.stream.data[part.start : part.end] for part in file.parts] for file in (before, after)]
    assert contents[0] == contents[1]
    assert Image.open(io.BytesIO(result)).tobytes() == Image.open(io.BytesIO(new)).tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_independent_reader_finds_every_frame(order: str) -> None:
    original = mpo(4, order)
    result = Image.open(io.BytesIO(swap_primary(original, recoded())))
    source = Image.open(io.BytesIO(original))
    assert result.n_frames == 4  # type: ignore[attr-defined]  # Pillow does not say so
    for frame in range(1, 4):
        result.seek(frame)
        source.seek(frame)
        assert result.tobytes() == source.tobytes()


def test_positions_in_the_index_are_right_in_the_bytes() -> None:
    result = swap_primary(mpo(3, ">"), recoded())
    primary_end = parse_jpeg(result).end
    base, sizes, offsets = index_fields(result, 3)
    assert (sizes[0], offsets[0]) == (primary_end, 0)
    assert base + offsets[1] == primary_end
    assert base + offsets[2] == primary_end + sizes[1]


def test_the_wrong_primary_size_that_many_phones_store_is_put_right() -> None:
    original = build(picture(1), [MPF_HERE], [picture(2)], primary_size_error=-307)
    result = swap_primary(original, recoded())
    after = read_jpeg_file(result)
    assert after.mpf is not None
    assert after.mpf.entries[0].size == after.stream.end


@pytest.mark.parametrize("as_elements", [False, True])
def test_a_stored_primary_length_is_mended_without_moving_anything(as_elements: bool) -> None:
    draft = ultra_hdr(as_elements=as_elements, primary_length=1000)
    length = parse_jpeg(draft).end
    assert 1000 < length < 10_000
    original = ultra_hdr(as_elements=as_elements, primary_length=length)
    result = swap_primary(original, picture(1, quality=5))
    after = read_jpeg_file(result)
    assert after.directory.items[0].length == parse_jpeg(result).end - parse_jpeg(original).end + length
    assert after.directory.items[0].length == after.stream.end


def test_headers_stay_in_their_slots() -> None:
    icc = segment(APP2, b"ICC_PROFILE\0\1\1" + b"profile")
    late_index = segment(APP1, b"before the scan")
    original = with_headers(with_headers(picture(1), [icc], before=0xC0), [late_index], before=0xDA)
    parts = pieces(swap_primary(original, recoded()))
    frame, scan = index_of(parts, 0xC2), index_of(parts, 0xDA)
    assert index_of(parts, 0xDB) < parts.index(icc) < frame < parts.index(late_index) < scan


def test_frame_before_tables_is_read_too() -> None:
    parts = pieces(mpo())
    parts.insert(index_of(parts, 0xDB), parts.pop(index_of(parts, 0xC0)))
    original = b"\xff\xd8" + b"".join(parts) + b"\xff\xd9"
    result = swap_primary(original, recoded())
    assert parse_jpeg(result).frame == parse_jpeg(recoded()).frame


def test_coding_comes_wholly_from_the_new_image() -> None:
    original = picture(1, restart_marker_rows=1)
    assert b"\xff\xdd" in original
    result = swap_primary(original, recoded())
    assert pieces(result)[1:] == pieces(recoded())[2:]
    assert b"\xff\xdd" not in result


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_lossless_swaps_keep_every_colour_model(mode: str) -> None:
    choices: list[dict[str, Any]] = [{}, {"keep_rgb": True} if mode == "RGB" else {}]
    for options in choices:
        original = picture(1, mode=mode, **options)
        new = picture(1, mode=mode, optimize=True, progressive=True, **options)
        assert Image.open(io.BytesIO(swap_primary(original, new))).mode == mode


def test_indexes_without_a_tail_are_dead_and_let_through() -> None:
    whole = ultra_hdr()
    alone = whole[: parse_jpeg(whole).end]
    result = swap_primary(alone, recoded())
    assert parse_jpeg(result).tail == b""
    broken = build(picture(1), [segment(APP2, b"MPF\0nonsense"), xmp_segment("<broken")], [])
    swap_primary(broken, recoded())


def _adobe(transform: int) -> bytes:
    return segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


LENGTH = b'Item:Length="'


def _late() -> bytes:
    """A comment between two scans."""
    parts = pieces(picture(1, progressive=True))
    parts.insert(-1, segment(COM, b"late"))
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xd9"


def _unindexed(tail: bytes) -> bytes:
    return picture(1) + tail


def _stray(value_of: str) -> bytes:
    """A maker's header that points to an appended picture behind 64 KB, from the file or the Exif block."""
    filler = [segment(0xE4, bytes(60_000)) for _ in range(2)]
    draft = build(picture(1), [segment(APP1, b"Exif\0\0" + b"QQQQ"), *filler, MPF_HERE], [picture(2)])
    end = parse_jpeg(draft).end
    return draft.replace(b"QQQQ", struct.pack("<I", end - (12 if value_of == "exif" else 0)), 1)


@pytest.mark.parametrize(
    ("original", "code"),
    [
        (lambda: _unindexed(picture(2)), RewriteRefusal.UNINDEXED),
        (lambda: _unindexed(video()), RewriteRefusal.UNINDEXED),
        (lambda: _unindexed(b"xyz" + picture(2)), RewriteRefusal.UNINDEXED),
        (lambda: _unindexed(b"some data AXS!\0\0\0\0"), RewriteRefusal.ABSOLUTE_TAIL),
        (lambda: _unindexed(b"name" + b"PK\5\6" + bytes(18)), RewriteRefusal.ABSOLUTE_TAIL),
        (lambda: _unindexed(b"%PDF-1.4 ... %%EOF"), RewriteRefusal.ABSOLUTE_TAIL),
        (lambda: _unindexed(bytes(40) + b"QDIOBS"), RewriteRefusal.SAMSUNG),
        (lambda: _unindexed(bytes(40) + b"\x10\0\0\0SEFT"), RewriteRefusal.SAMSUNG),
        (lambda: build(picture(1), [MPF_HERE, MPF_HERE], [picture(2)]), RewriteRefusal.MPF),
        (lambda: build(picture(1), [segment(APP2, b"MPF\0junk")], [picture(2)]), RewriteRefusal.MPF),
        (lambda: build(picture(1), [MPF_HERE], [picture(2)[:-2]]), RewriteRefusal.MPF),
        (lambda: build(picture(1), [MPF_HERE], [b"no JPEG at all"]), RewriteRefusal.MPF),
        (lambda: mpo()[:-20], RewriteRefusal.MPF),
        (lambda: motion_photo()[:-5], RewriteRefusal.GCONTAINER),
        (lambda: motion_photo().replace(b"ftyp", b"fxyp"), RewriteRefusal.GCONTAINER),
        (lambda: micro_video().replace(b"ftyp", b"fxyp"), RewriteRefusal.GCONTAINER),
        (lambda: motion_photo().replace(b"<rdf:Seq>", b"<rdf:seq>"), RewriteRefusal.XMP),
        (lambda: motion_photo().replace(LENGTH + b"1", LENGTH + b"x"), RewriteRefusal.GCONTAINER),
        (lambda: build(picture(1), [segment(0xEB, b"JP\0\1....")], []), RewriteRefusal.DEPENDS_ON_CODING),
        (_late, RewriteRefusal.LATE_HEADER),
        (lambda: with_headers(picture(1), [_adobe(0)]), RewriteRefusal.COLOUR_MODEL),
        (lambda: picture(1, keep_rgb=True), RewriteRefusal.COLOUR_MODEL),
        (lambda: picture(1, size=(64, 96)), RewriteRefusal.FRAME_DIFFERS),
        (lambda: picture(1, mode="L"), RewriteRefusal.FRAME_DIFFERS),
        (lambda: _stray("file"), RewriteRefusal.STRAY_POINTER),
        (lambda: _stray("exif"), RewriteRefusal.STRAY_POINTER),
    ],
)  # fmt: skip
def test_refusals_are_named(original: Callable[[], bytes], code: RewriteRefusal) -> None:
    with pytest.raises(Refused) as caught:
        swap_primary(original(), recoded())
    assert caught.value.code is code


def test_headers_that_point_nowhere_are_no_stray_pointers() -> None:
    swap_primary(
        _stray("file").replace(struct.pack("<I", parse_jpeg(_stray("file")).end), bytes(4)), recoded()
    )


def test_an_item_list_in_extended_xmp_is_refused() -> None:
    extended = segment(
        APP1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + b"GCamera:MicroVideoOffset=1"
    )
    with pytest.raises(Refused) as caught:
        swap_primary(build(picture(1), [extended], [b"a trailer"]), recoded())
    assert caught.value.code is RewriteRefusal.GCONTAINER


def test_overlapping_pictures_are_refused() -> None:
    """Two entries that name the same picture."""
    original = bytearray(mpo(3, "<"))
    table = original.index(b"MPF\0") + 4 + 8 + 2 + 36 + 4
    original[table + 32 : table + 48] = original[table + 16 : table + 32]
    with pytest.raises(Refused, match="overlap"):
        swap_primary(bytes(original), recoded())


@pytest.mark.parametrize("before", [None, 0xC0, 0xDA])
def test_an_index_among_the_tables_moves_with_them(before: int | None) -> None:
    original = build(picture(1), [MPF_HERE], [picture(2), picture(3)], before=before)
    after = read_jpeg_file(swap_primary(original, picture(1, quality=10, optimize=True)))
    assert after.mpf is not None
    assert after.mpf.position(after.mpf.entries[1]) == after.stream.end
    assert len(after.parts) == 2


def test_inverted_and_plain_cmyk_are_not_mixed() -> None:
    inverted = picture(1, mode="CMYK")
    plain = b"\xff\xd8" + b"".join(part for part in pieces(inverted) if part[1] != 0xEE) + b"\xff\xd9"
    assert swap_primary(plain, plain) == plain
    for original, new in ((plain, inverted), (inverted, plain)):
        with pytest.raises(Refused) as caught:
            swap_primary(original, new)
        assert caught.value.code is RewriteRefusal.COLOUR_MODEL


def test_two_lists_of_items_are_refused() -> None:
    clip = video()
    items = [("Primary", "image/jpeg", 0, 0), ("MotionPhoto", "video/mp4", len(clip), 0)]
    headers = [xmp_segment(container(items))] * 2
    with pytest.raises(Refused, match="two lists"):
        swap_primary(build(picture(1), headers, [clip]), recoded())


def test_too_many_segments_of_anything_end_quickly() -> None:
    items = [("Primary", "image/jpeg", 0, 0)] + [("X", "x/y", 0, 0)] * 200
    with pytest.raises(Refused):
        swap_primary(build(picture(1), [xmp_segment(container(items))], [b"tail"]), recoded())


@pytest.mark.parametrize(
    ("original", "words"),
    [
        (picture(1), ""),
        (mpo(3), "3 pictures"),
        (ultra_hdr(), "2 pictures, gain map (hdrgm)"),
        (motion_photo(), "motion video"),
        (samsung_motion_photo(), "motion video, Samsung trailer"),
        (picture(1) + b"abc", "3 bytes of another trailer"),
    ],
)
def test_describe(original: bytes, words: str) -> None:
    contents = describe_jpeg(original)
    assert str(contents) == words
    assert contents.is_plain == (not words)


def test_describe_names_indexes() -> None:
    assert describe_jpeg(everything()).indexes == ("MPF", "GContainer", "Samsung")


def test_a_trailer_of_blocks_survives_with_its_directory() -> None:
    trailer = sef_trailer([(0x0001, b"A", b"one"), (0x0002, b"B", b"two")])
    result = swap_primary(picture(1) + trailer, recoded())
    assert result.endswith(trailer)
    assert [part.label for part in read_jpeg_file(result).parts] == [
        "Samsung block A",
        "Samsung block B",
        "Samsung directory",
    ]


def test_the_proof_catches_an_index_that_was_not_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg_container, "_patches", lambda *_: [])
    for original in (mpo(), ultra_hdr()):
        with pytest.raises(Refused):
            swap_primary(original, recoded())
