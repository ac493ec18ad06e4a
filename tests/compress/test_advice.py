"""A reason that a word of `drop` would remove says which, and that word does."""

import dataclasses
import re
import struct
from collections.abc import Callable

import pytest

from compress import phones
from compress.metadata import jpeg_builder as built
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Extra, Recipe, Unchanged, compress
from homepress.compress.metadata.jpeg_segments import parse_jpeg
from homepress.compress.model import MetadataPolicy, Reason


def behind(*parts: bytes) -> bytes:
    return phones.primary(160, 120) + b"".join(parts)


def pointed_at() -> bytes:
    """A maker's header has the position of a picture that stands behind the first."""
    headers = [built.segment(0xE4, b"QQQQ" + bytes(60_000)), built.segment(0xE4, bytes(60_000))]
    draft = built.build(phones.primary(160, 120), [*headers, built.MPF_HERE], [phones.primary(80, 60)])
    return draft.replace(b"QQQQ", struct.pack("<I", parse_jpeg(draft).end), 1)


def with_places() -> bytes:
    """A motion photo whose video has a track that may tell where it was taken, second by second."""
    handler = built.box(b"hdlr", bytes(8) + b"camm" + bytes(12))
    moov = built.box(b"moov", built.box(b"trak", built.box(b"mdia", handler)))
    video = phones.VIDEO + moov
    items = [phones.listed(("MotionPhoto", "video/mp4", len(video)))]
    return built.build(phones.primary(160, 120), items, [video])


SMALL = phones.primary(80, 60)
KEPT: dict[str, tuple[Callable[[], bytes], str]] = {
    "a picture that no index names": (lambda: behind(SMALL), "pictures"),
    "pictures and more": (lambda: behind(SMALL, b"vivo{}"), "pictures, maker"),
    "a video that no index names": (lambda: behind(phones.VIDEO), "motion, maker"),
    "a trailer of fixed positions": (lambda: behind(b"some data AXS!\0\0\0\0"), "all"),
    "an archive": (lambda: behind(b"name", b"PK\5\6", bytes(18)), "all"),
    "Samsung's older trailer": (lambda: behind(bytes(40), b"QDIOBS"), "all"),
    "Samsung's trailer, broken": (lambda: behind(bytes(40), b"\x10\0\0\0SEFT"), "all"),
    "an index that is wrong": (
        lambda: built.build(phones.primary(160, 120), [built.MPF_HERE], [b"no JPEG at all"]),
        "all",
    ),
}
_ADVICE = re.compile(r"; to take that out, drop ([a-z, ]+)$")


def check(data: bytes, wanted: Recipe, words: str) -> None:
    result = compress(data, wanted)
    assert isinstance(result, Unchanged), result
    assert result.reason is Reason.CANNOT_KEEP_WHOLE
    said = _ADVICE.search(result.detail)
    assert said is not None, result
    assert said[1] == words
    drop = frozenset(Extra) if words == "all" else frozenset(map(Extra, words.split(", ")))
    after = compress(data, dataclasses.replace(wanted, drop=drop))
    assert isinstance(after, Compressed), after
    assert set(after.dropped) <= drop


@pytest.mark.parametrize("target", [None, ImageType.WEBP])
@pytest.mark.parametrize("case", KEPT)
def test_a_refused_jpeg_says_which_word_lets_it_go(case: str, target: ImageType | None) -> None:
    make, words = KEPT[case]
    check(make(), Recipe(floor=60.0, convert_to=target, bigger=True), words)


def test_what_a_makers_header_points_to_is_named_by_its_word() -> None:
    check(pointed_at(), Recipe(floor=60.0), "pictures")


def test_a_video_that_may_tell_the_place_is_named_by_its_word() -> None:
    check(with_places(), Recipe(floor=60.0, metadata=MetadataPolicy.SHARE), "motion")


def test_all_words_that_it_takes_are_given_where_one_was() -> None:
    data = behind(SMALL, b"vivo{}")
    check(data, Recipe(floor=60.0, drop=frozenset({Extra.PICTURES})), "pictures, maker")


def test_no_word_is_given_that_leads_nowhere() -> None:
    signed = built.with_headers(phones.primary(160, 120), [built.segment(0xEB, b"JP\0\1....")])
    for data in (signed, signed + SMALL):
        result = compress(data, Recipe(floor=60.0))
        assert isinstance(result, Unchanged)
        assert "drop" not in result.detail
