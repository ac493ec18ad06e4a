"""Attached JPEGs: fewer bytes, the same pixels, and every index leads to them; what does not fit stays."""

import functools
import io
import json
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from compress import images, phones
from compress.images import Pixels, decoded, photo
from compress.metadata import jpeg_builder as built
from homepress.compress import Compressed, MetadataPolicy, Recipe, compress, likeness
from homepress.compress.core.library import CompiledCore, Loaded
from homepress.compress.jpeg import attached
from homepress.compress.jpeg.attached import with_smaller_parts
from homepress.compress.jpeg.smallest import optimise
from homepress.compress.likeness import has_all_attached
from homepress.compress.metadata import (
    JpegStream,
    Malformed,
    Refused,
    jpeg_container,
    parse_jpeg,
    picture_only,
)
from homepress.compress.metadata.jpeg_container import replace_parts, replaceable_parts, settled_headers
from homepress.compress.metadata.jpeg_file import JpegFile, read_jpeg_file
from support import corpus

pytestmark = [
    pytest.mark.skipif(Loaded.core is None, reason="the core is not compiled here"),
    # Pillow of a picture that says its number in an index and holds no table.
    pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO"),
]

SOS, SOF0, SOF_ARITHMETIC = 0xDA, 0xC0, 0xC9
SAYS_ITS_NUMBER = b"".join(
    (
        b"MPF\0MM\0*" + struct.pack(">IH", 8, 2),
        struct.pack(">HHI4s", 0xB000, 7, 4, b"0100"),
        struct.pack(">HHII", 0xB101, 4, 1, 2),
        bytes(4),
    )
)
"""What MPF has a picture say of itself that is not the first (CIPA DC-007 section 5.2.4)."""


@functools.cache
def gain(width: int = 160, height: int = 120) -> bytes:
    """A gain map as phones write it: baseline, with codes for any picture."""
    return phones.gain_jpeg(phones.gain_values(width, height))


@functools.cache
def second(seed: int = 2, **options: Any) -> bytes:
    """Another picture with headers of its own, each of which has to stay."""
    headers = [
        built.segment(built.APP1, images.exif(6)),
        built.segment(built.APP2, b"ICC_PROFILE\0\1\1" + images.profile()),
        built.segment(built.APP2, b"urn:iso:std:iso:ts:21496:-1\0" + phones.iso_curve()),
        built.segment(built.APP2, SAYS_ITS_NUMBER),
        built.segment(built.COM, b"a comment"),
        built.segment(0xE7, b"nobody knows"),
    ]
    return built.with_headers(images.jpeg(photo(200, 150, seed), 92, **options), headers)


def depth_map() -> bytes:
    header = built.segment(built.APP1, built.XMP_SIGNATURE + phones.DEPTH_PACKET)
    return built.with_headers(images.jpeg(phones.gain_values(240, 180)), [header])


@functools.cache
def primary() -> bytes:
    return phones.primary(320, 240)


def ultra_hdr(gain_map: bytes, *more: bytes, as_elements: bool = False, order: str = "<") -> bytes:
    """A gain map that both indexes name, and what stands behind it unnamed."""
    items = [("Primary", "image/jpeg", 0, 0), ("GainMap", "image/jpeg", len(gain_map), 0)]
    headers = [built.xmp_segment(built.container(items, as_elements=as_elements)), built.MPF_HERE]
    return built.build(primary(), headers, [gain_map, *more], order=order, indexed=[0])


def listed(part: bytes, *more: bytes) -> bytes:
    """A picture that Google's list alone names."""
    return built.build(primary(), [phones.listed(("GainMap", "image/jpeg", len(part)))], [part, *more])


def indexed(*parts: bytes, order: str = ">", **options: Any) -> bytes:
    """Pictures that the multi-picture index alone names."""
    return built.build(primary(), [built.MPF_HERE], list(parts), order=order, **options)


def everything() -> bytes:
    """Two pictures, a video and blocks of Samsung's, with padding, in both indexes."""
    items = [
        ("Primary", "image/jpeg", 0, 0),
        ("GainMap", "image/jpeg", len(gain()), 3),
        ("Depth", "image/jpeg", len(second()), 0),
        ("MotionPhoto", "video/mp4", len(phones.VIDEO), 0),
    ]
    headers = [built.xmp_segment(built.container(items)), built.MPF_HERE]
    behind = [gain(), bytes(3), second(), phones.VIDEO, phones.samsung_blocks()]
    return built.build(primary(), headers, behind, order=">", indexed=[0, 2])


def before_a_micro_video() -> bytes:
    """A video that is told by its distance from the end, which does not change."""
    body = f"<GCamera:MicroVideoOffset>{len(phones.VIDEO)}</GCamera:MicroVideoOffset>"
    headers = [built.xmp_segment(body), built.MPF_HERE]
    return built.build(primary(), headers, [gain(), phones.VIDEO], indexed=[0])


FILES: dict[str, Callable[[], bytes]] = {
    "both indexes": lambda: ultra_hdr(gain()),
    "both, elements": lambda: ultra_hdr(gain(), as_elements=True, order=">"),
    "list alone": lambda: listed(gain()),
    "index alone": lambda: indexed(second(), gain()),
    "index before the frame": lambda: indexed(gain(), second(), before=SOF0),
    "index before the scan": lambda: indexed(gain(), second(), before=SOS, order="<"),
    "wrong primary size": lambda: indexed(gain(), primary_size_error=-307),
    "stereo": lambda: phones.stereo(),
    "depth": lambda: indexed(depth_map()),
    "apple": lambda: phones.apple_jpeg(1.0, 0.0),
    "progressive": lambda: indexed(second(progressive=True)),
    "grey, restart markers": lambda: indexed(
        images.jpeg(phones.gain_values(160, 120), 95, restart_marker_rows=1)
    ),
    "an unnamed trailer": lambda: ultra_hdr(gain(), b'vivo{"camera": 3}'),
    "before a micro video": before_a_micro_video,
    "everything": everything,
}
"""Files whose attached JPEGs get smaller, all of them."""


def parts_of(data: bytes) -> list[bytes]:
    """What is attached, in order."""
    return [data[start:end] for start, end in spans_of(read_jpeg_file(data))]


def spans_of(file: JpegFile) -> list[tuple[int, int]]:
    return sorted({(part.start, part.end) for part in file.parts})


def pictures_of(data: bytes) -> list[bytes]:
    return [part for part in parts_of(data) if part.startswith(b"\xff\xd8")]


def headers_of(data: bytes) -> list[bytes]:
    stream = parse_jpeg(data)
    return list(map(stream.raw, stream.headers))


def frames_of(data: bytes) -> list[Pixels]:
    """Every picture that Pillow finds through the multi-picture index."""
    picture = Image.open(io.BytesIO(data))
    frames = []
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        frames.append(np.asarray(picture))
    return frames


def assert_kept(before: bytes, after: bytes) -> None:
    """All that is attached is there, under the same names, with the same pixels and the same headers."""
    assert has_all_attached(before, after)
    old, new = parts_of(before), parts_of(after)
    assert len(old) == len(new)
    for one, other in zip(old, new, strict=True):
        if one != other:
            assert np.array_equal(decoded(one), decoded(other))
            assert headers_of(one) == headers_of(other)
            assert len(other) < len(one)
    labels = [[(part.label, part.media) for part in read_jpeg_file(data).parts] for data in (before, after)]
    assert labels[0] == labels[1]


class TestSmaller:
    @pytest.mark.parametrize("name", FILES)
    def test_every_attached_picture_is(self, name: str) -> None:
        source = FILES[name]()
        result = with_smaller_parts(source)
        assert_kept(source, result)
        pairs = list(zip(pictures_of(source), pictures_of(result), strict=True))
        assert pairs and all(len(other) < len(one) for one, other in pairs)
        before, after = frames_of(source), frames_of(result)
        assert all(map(np.array_equal, before, after)) and len(before) == len(after)

    @pytest.mark.parametrize("name", FILES)
    def test_a_second_time_changes_nothing(self, name: str) -> None:
        once = with_smaller_parts(FILES[name]())
        assert with_smaller_parts(once) == once

    @pytest.mark.parametrize("name", FILES)
    def test_everything_else_stays_byte_for_byte(self, name: str) -> None:
        """All but the pictures, and what the indexes say: no header moves or gets another length."""
        source = FILES[name]()
        result = with_smaller_parts(source)
        before, after = parse_jpeg(source), parse_jpeg(result)
        assert (before.end, before.segments) == (after.end, after.segments)
        for segment in before.segments:
            if before.raw(segment) != after.raw(segment):
                assert before.payload(segment).startswith((b"MPF\0", built.XMP_SIGNATURE))
        rest = [[part for part in parts_of(data) if part[:2] != b"\xff\xd8"] for data in (source, result)]
        assert rest[0] == rest[1]

    def test_the_numbers_in_the_index_are_right_in_the_bytes(self) -> None:
        result = with_smaller_parts(FILES["index alone"]())
        end = parse_jpeg(result).end
        base, sizes, offsets = built.index_fields(result, 3)
        assert (sizes[0], offsets[0]) == (end, 0)
        assert base + offsets[1] == end
        assert base + offsets[2] == end + sizes[1]
        assert base + offsets[2] + sizes[2] == len(result)

    @pytest.mark.parametrize("as_elements", [False, True])
    def test_a_length_with_fewer_digits_moves_nothing(self, as_elements: bool) -> None:
        """From five to four: the packet is as long as before, and the rest of it where it was."""
        padded = built.with_headers(gain(), [built.segment(built.COM, bytes(10_000 - len(gain()) - 4))])
        assert len(padded) == 10_000
        source = ultra_hdr(padded, as_elements=as_elements)
        result = with_smaller_parts(source)
        assert len(pictures_of(result)[0]) < 10_000
        before, after = read_jpeg_file(source), read_jpeg_file(result)
        assert after.directory.items[1].length == len(pictures_of(result)[0])
        assert before.directory_segment == after.directory_segment

    @pytest.mark.parametrize("floor", [None, 80.0])
    @pytest.mark.parametrize("name", ["both indexes", "everything"])
    def test_they_are_where_a_picture_is_compressed(self, name: str, floor: float | None) -> None:
        """Never with loss, whatever its own picture loses."""
        source = FILES[name]()
        result = compress(source, Recipe(floor=floor))
        assert isinstance(result, Compressed), result
        assert result.lossless == (floor is None)
        assert_kept(source, result.data)
        assert all(
            len(one) < len(other)
            for one, other in zip(pictures_of(result.data), pictures_of(source), strict=True)
        )

    @pytest.mark.parametrize("floor", [None, 80.0])
    def test_they_are_where_private_metadata_goes_too(self, floor: float | None) -> None:
        """Then headers are not what they were; pixels are."""
        source = everything()
        result = compress(source, Recipe(floor=floor, metadata=MetadataPolicy.SHARE))
        assert isinstance(result, Compressed), result
        pairs = list(zip(pictures_of(source), pictures_of(result.data), strict=True))
        assert all(np.array_equal(decoded(one), decoded(other)) for one, other in pairs)
        assert all(len(other) < len(one) for one, other in pairs)

    def test_what_is_attached_can_be_all_there_is_to_gain(self) -> None:
        best = optimise(picture_only(parse_jpeg(primary())))
        source = built.build(best, [built.MPF_HERE], [second(), second(3)])
        result = compress(source, Recipe(floor=None))
        assert isinstance(result, Compressed), result
        assert parse_jpeg(result.data).end == parse_jpeg(source).end
        assert_kept(source, result.data)


def frame_of(data: bytes) -> int:
    """Where the frame header of a JPEG without further headers stands."""
    stream = parse_jpeg(data)
    return next(segment.start for segment in stream.coding if segment.marker in (0xC0, 0xC1, 0xC2))


def patched(data: bytes, at: int, value: bytes) -> bytes:
    place = frame_of(data) + at
    return data[:place] + value + data[place + len(value) :]


def arithmetic() -> bytes:
    return patched(gain(), 1, bytes((SOF_ARITHMETIC,)))


def huge(edge: int = 20_000) -> bytes:
    """So many pixels each way, so it says."""
    return patched(gain(), 5, struct.pack(">HH", edge, edge))


def larger_than_its_primary() -> bytes:
    return images.jpeg(photo(330, 240), 92)


def deep() -> bytes:
    return patched(gain(), 4, b"\x0c")


def damaged() -> bytes:
    """Random bits where its data was."""
    stream = parse_jpeg(second())
    scan = stream.scans[0]
    noise = np.random.default_rng(1).integers(0, 255, scan.end - scan.body_end - 200, np.uint8).tobytes()
    return stream.data[: scan.body_end] + noise.replace(b"\xff", b"\xfe") + stream.data[scan.end :]


def half() -> bytes:
    """The second half of its data is missing, and an end was put to it."""
    stream = parse_jpeg(second())
    scan = stream.scans[0]
    return stream.data[: (scan.body_end + scan.end) // 2] + b"\xff\xd9"


def with_index() -> bytes:
    """A picture that names what stands behind it, as its primary does."""
    other = second(7)
    return built.build(images.jpeg(photo(200, 150, 4), 92), [built.MPF_HERE], [other])[: -len(other)]


def with_list() -> bytes:
    return built.with_headers(images.jpeg(photo(200, 150), 92), [phones.listed(("X", "image/jpeg", 999))])


def signed() -> bytes:
    return built.with_headers(images.jpeg(photo(200, 150), 92), [built.segment(0xEB, b"JP\0\1....")])


def late() -> bytes:
    pieces = built.pieces(images.jpeg(photo(200, 150), 90, progressive=True))
    pieces.insert(-1, built.segment(built.COM, b"late"))
    return b"\xff\xd8" + b"".join(pieces) + b"\xff\xd9"


def with_size_of(part: bytes, form: str) -> bytes:
    """The picture's headers say in some other place how long what is attached is."""
    size = {"<": struct.pack("<I", len(part)), ">": struct.pack(">I", len(part))}
    text = size.get(form, form.replace("N", str(len(part))).encode())
    return built.build(primary(), [built.segment(0xE5, b"maker" + text), built.MPF_HERE], [part])


def counted_from_the_end() -> bytes:
    """A trailer that says how far behind it what is attached begins."""
    trailer = b"trailer " + struct.pack("<I", len(gain()) + 12)
    return indexed(gain(), trailer, indexed=[0])


def counted_from_its_own_start() -> bytes:
    """A trailer that says how far before its own first byte the first of two pictures begins."""
    between = len(gain()) + len(second())
    return indexed(gain(), second(), b"trailer " + struct.pack("<I", between), indexed=[0, 1])


def told_in_json() -> bytes:
    """A trailer as vivo's phones write them."""
    size, text = len(gain()), b'[{"name":"gainmap","length":%d,"offset":%d}]jxrs'
    behind = len(text % (size, size + 60))
    return ultra_hdr(gain(), text % (size, size + behind))


def apart(filler: bytes) -> bytes:
    return indexed(gain(), filler, second(), indexed=[0, 2])


def in_a_video() -> bytes:
    """A video that runs to the end of the file, in which a picture stands that is named too."""
    behind = [phones.VIDEO, second()]
    body = f"<GCamera:MicroVideoOffset>{sum(map(len, behind))}</GCamera:MicroVideoOffset>"
    return built.build(primary(), [built.xmp_segment(body), built.MPF_HERE], behind, indexed=[1])


def longer_in_the_list() -> bytes:
    """The list says that the gain map is longer than the index says."""
    items = phones.listed(("GainMap", "image/jpeg", len(gain()) + 8))
    return built.build(primary(), [items, built.MPF_HERE], [gain(), bytes(8)], indexed=[0])


def empty_in_the_list() -> bytes:
    items = phones.listed(("GainMap", "image/jpeg", 0))
    return built.build(primary(), [items, built.MPF_HERE], [gain()])


STAYING: dict[str, Callable[[], bytes]] = {
    "cut short": lambda: listed(gain()[:-400]),
    "half": lambda: indexed(half()),
    "no picture": lambda: listed(b"\xff\xd8\xff" + bytes(4_000)),
    "trailing data": lambda: indexed(gain() + b"what follows its end"),
    "trailing zeros": lambda: indexed(gain() + bytes(16)),
    "arithmetic": lambda: indexed(arithmetic()),
    "12 bits": lambda: indexed(deep()),
    "huge": lambda: indexed(huge()),
    "huger": lambda: indexed(huge(65_500)),
    "larger than its primary": lambda: indexed(larger_than_its_primary()),
    "under 2 KB": lambda: indexed(images.jpeg(np.full((40, 40), 9, np.uint8), 90)),
    "an index of its own": lambda: indexed(with_index(), second()),
    "a list of its own": lambda: indexed(second(), with_list()),
    "signed": lambda: indexed(signed()),
    "a header between its scans": lambda: indexed(late()),
    "its size in a header, little-endian": lambda: with_size_of(gain(), "<"),
    "its size in a header, big-endian": lambda: with_size_of(gain(), ">"),
    "its size in a header, in quotes": lambda: with_size_of(gain(), 'size="N"'),
    "its size in a header, between tags": lambda: with_size_of(gain(), "<size>N</size>"),
    "its size in a header, in JSON": lambda: with_size_of(gain(), '"gainMapSize":N,'),
    "its size in a header, escaped": lambda: with_size_of(gain(), "size=&quot;N&quot;"),
    "its size in a header, with zeros": lambda: with_size_of(gain(), "size 000N"),
    "a trailer that counts from the end": counted_from_the_end,
    "a trailer that counts from its own start": counted_from_its_own_start,
    "a trailer in JSON": told_in_json,
    "something unknown between two": lambda: apart(b"who knows"),
    "in a video": in_a_video,
    "longer in the list": longer_in_the_list,
    "empty in the list": empty_in_the_list,
    "already as small": lambda: with_smaller_parts(FILES["everything"]()),
}
"""Files of which everything attached stays as it is."""


class TestStaying:
    @pytest.mark.parametrize("name", STAYING)
    def test_what_does_not_fit_stays_byte_for_byte(self, name: str) -> None:
        source = STAYING[name]()
        read_jpeg_file(source)
        assert with_smaller_parts(source) == source

    @pytest.mark.parametrize("name", STAYING)
    def test_and_its_picture_is_compressed_all_the_same(self, name: str) -> None:
        source = STAYING[name]()
        result = compress(source, Recipe(floor=None))
        assert isinstance(result, Compressed), result
        assert parse_jpeg(result.data).tail == parse_jpeg(source).tail
        assert has_all_attached(source, result.data)

    def test_one_that_does_not_fit_is_no_hindrance_to_others(self) -> None:
        source = indexed(gain(), half(), huge(), second())
        result = with_smaller_parts(source)
        assert_kept(source, result)
        pairs = zip(parts_of(source), parts_of(result), strict=True)
        assert [len(one) > len(other) for one, other in pairs] == [True, False, False, True]

    def test_no_more_pixels_than_a_few_times_those_of_the_primary(self) -> None:
        """Time and memory were counted by the primary's."""
        each = images.jpeg(photo(320, 240, 3), 90)
        source = indexed(*[each] * 7)
        result = with_smaller_parts(source)
        assert_kept(source, result)
        assert sum(len(part) < len(each) for part in parts_of(result)) == 4

    def test_one_of_thousands_of_scans_is_not_decoded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        source = indexed(second(progressive=True))
        monkeypatch.setattr(attached, "MOST_SCANS", 9)
        assert with_smaller_parts(source) == source
        monkeypatch.setattr(attached, "MOST_SCANS", 10)
        assert_kept(source, with_smaller_parts(source))
        assert with_smaller_parts(source) != source

    def test_rubbish_that_decodes_is_kept_as_it_decodes(self) -> None:
        source = indexed(damaged(), second())
        assert_kept(source, with_smaller_parts(source))

    def test_another_picture_is_not_handed_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        source = ultra_hdr(gain())
        other = phones.gain_values(160, 120)
        other[5, 5] ^= 16
        monkeypatch.setattr(attached, "recoded", lambda *_: images.jpeg(other, 20))
        assert with_smaller_parts(source) == source

    def test_a_broken_result_is_not_handed_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(_: CompiledCore, stream: JpegStream) -> bytes:
            return stream.data[:-300] + b"\xff\xd9"

        monkeypatch.setattr(attached, "recoded", broken)
        source = ultra_hdr(gain())
        assert with_smaller_parts(source) == source

    def test_no_memory_costs_the_saving_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> bytes:
            raise MemoryError

        monkeypatch.setattr(attached, "recoded", full)
        source = ultra_hdr(gain())
        assert with_smaller_parts(source) == source

    def test_without_the_core_nothing_is_done(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Loaded, "core", None)
        source = ultra_hdr(gain())
        assert with_smaller_parts(source) == source
        result = compress(source, Recipe(floor=None))
        assert isinstance(result, Compressed), result
        assert parse_jpeg(result.data).tail == parse_jpeg(source).tail

    def test_what_another_reader_sees_has_to_be_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        source, seen = ultra_hdr(gain()), iter(([((1, 1), "L")], [((2, 2), "L")]))
        monkeypatch.setattr(attached, "_seen_by_others", lambda _: next(seen))
        assert with_smaller_parts(source) == source


class TestReplacing:
    def test_the_proof_catches_an_index_that_was_not_updated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jpeg_container, "_refuse_stray_sizes", lambda *_: None)
        for source in (ultra_hdr(gain()), indexed(gain(), second()), listed(gain())):
            start, end = replaceable_parts(read_jpeg_file(source))[0]
            smaller = {start: attached_alone(source[start:end])}
            replace_parts(source, smaller)
            with monkeypatch.context() as patch:
                patch.setattr(jpeg_container._Exchange, "patches", lambda _: [])
                with pytest.raises((Refused, Malformed)):
                    replace_parts(source, smaller)

    def test_what_may_not_be_replaced_is_refused(self) -> None:
        source = indexed(gain() + b"more")
        with pytest.raises(Refused, match="may not be coded anew"):
            replace_parts(source, {parse_jpeg(source).end: gain()})

    def test_something_else_than_a_jpeg_is_refused(self) -> None:
        source = indexed(second())
        for other in (b"", b"text", second()[:-2], second() + b"more"):
            with pytest.raises((Refused, Malformed)):
                replace_parts(source, {parse_jpeg(source).end: other})


def attached_alone(part: bytes) -> bytes:
    """One picture as small as it gets."""
    return pictures_of(with_smaller_parts(indexed(part)))[0]


class TestTheOtherProcess:
    """What it sees of results that a worker may claim."""

    SOURCE = staticmethod(everything)

    def changed(self) -> Iterator[tuple[str, bytes]]:
        """A gain map of other light, a picture without a header, less, more, other names, another order."""
        values = phones.gain_values(160, 120)
        values[60, 50] ^= 64
        source, other = everything(), phones.gain_jpeg(values)
        yield "other light", built_like(other, second())
        yield "without a header", built_like(gain(), images.jpeg(photo(200, 150, 2), 92))
        yield "the other way round", built_like(second(), gain())
        yield "another picture", built_like(gain(), second(9))
        yield "half a picture", built_like(gain(), half())
        yield "another video", source.replace(bytes(range(100, 200)), bytes(100), 1)
        yield "another block", source.replace(b"1748862470691", b"1748862470692")
        yield "another header of its own", source.replace(b"hdrgm:Version", b"hdrgm:Versiom", 1)
        yield "nothing", source[: parse_jpeg(source).end]
        yield "something more", source + b"more"
        yield "bytes in the padding", source.replace(gain() + bytes(3), gain() + b"\xff\0\0")

    def test_anything_else_is_seen(self) -> None:
        source = everything()
        for name, result in self.changed():
            assert result != source, name
            assert not has_all_attached(source, result), name

    def test_the_same_in_other_scans_is_the_same(self) -> None:
        source = everything()
        assert has_all_attached(source, source)
        assert has_all_attached(source, with_smaller_parts(source))
        assert has_all_attached(primary(), primary())

    def test_sizes_and_places_in_the_indexes_may_differ(self) -> None:
        source = everything()
        file, other = read_jpeg_file(source), read_jpeg_file(with_smaller_parts(source))
        headers = [[each.stream.raw(header) for header in each.stream.headers] for each in (file, other)]
        assert headers[0] != headers[1]
        assert settled_headers(file) == settled_headers(other)

    def test_one_of_thousands_of_scans_is_not_decoded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        source = everything()
        monkeypatch.setattr(likeness, "MOST_SCANS", 1)
        assert not has_all_attached(source, with_smaller_parts(source))

    def test_what_is_no_jpeg_is_nothing(self) -> None:
        assert not has_all_attached(primary(), b"\xff\xd8 no JPEG")

    def test_pixels_are_not_decoded_beyond_those_of_the_picture(self) -> None:
        """Its memory was counted by them."""
        larger = larger_than_its_primary()
        smaller = optimise(picture_only(parse_jpeg(larger)))
        assert np.array_equal(decoded(larger), decoded(smaller))
        assert not has_all_attached(indexed(larger), indexed(smaller))


def built_like(gain_map: bytes, depth: bytes) -> bytes:
    """As `everything`, of other pictures."""
    items = [
        ("Primary", "image/jpeg", 0, 0),
        ("GainMap", "image/jpeg", len(gain_map), 3),
        ("Depth", "image/jpeg", len(depth), 0),
        ("MotionPhoto", "video/mp4", len(phones.VIDEO), 0),
    ]
    headers = [built.xmp_segment(built.container(items)), built.MPF_HERE]
    behind = [gain_map, bytes(3), depth, phones.VIDEO, phones.samsung_blocks()]
    return built.build(primary(), headers, behind, order=">", indexed=[0, 2])


@st.composite
def arrangements(draw: st.DrawFn) -> bytes:
    """Pictures, paddings, a video, a trailer, in one index or both, wherever headers may stand."""
    kinds = draw(
        st.lists(st.sampled_from(("gain", "second", "half", "tiny", "huge")), min_size=1, max_size=4)
    )
    made = {
        "gain": gain(),
        "second": second(),
        "half": half(),
        "tiny": images.jpeg(np.full((40, 40), 9, np.uint8), 90),
        "huge": huge(),
    }
    pads = [draw(st.sampled_from((0, 0, 1, 7))) for _ in kinds]
    in_list, in_index = draw(st.sampled_from(((True, True), (True, False), (False, True))))
    with_video = draw(st.booleans())
    items = [("Primary", "image/jpeg", 0, 0)]
    items += [("X", "image/jpeg", len(made[kind]), pad) for kind, pad in zip(kinds, pads, strict=True)]
    behind: list[bytes] = []
    numbers = []
    for kind, pad in zip(kinds, pads, strict=True):
        numbers.append(len(behind))
        behind += [made[kind], bytes(pad)]
    if with_video:
        behind.append(phones.VIDEO)
        items.append(("MotionPhoto", "video/mp4", len(phones.VIDEO), 0))
        in_list = True
    behind.append(draw(st.sampled_from((b"", b"\0", phones.samsung_blocks(), b'vivo{"a": 1}'))))
    as_elements = draw(st.booleans())
    headers = [built.xmp_segment(built.container(items, as_elements=as_elements))] if in_list else []
    headers += [built.MPF_HERE] if in_index else []
    where, order = draw(st.sampled_from((None, SOF0, SOS))), draw(st.sampled_from("<>"))
    return built.build(primary(), headers, behind, order=order, indexed=numbers, before=where)


@settings(max_examples=60, deadline=None)
@given(source=arrangements())
def test_any_arrangement_keeps_everything(source: bytes) -> None:
    result = with_smaller_parts(source)
    assert len(result) <= len(source)
    assert_kept(source, result)
    assert with_smaller_parts(result) == result


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("name", ["both indexes", "index alone", "everything", "apple"])
def test_exiftool_finds_the_same_structure(name: str, tmp_path: Path) -> None:
    """Every tag of every picture, and each picture of the index where that says and as long as it says."""
    source = FILES[name]()
    told = []
    for data in (source, with_smaller_parts(source)):
        (tmp_path / "a.jpg").write_bytes(data)
        command = ["exiftool", "-j", "-a", "-G1:3", "-ee", "-u", "-b", str(tmp_path / "a.jpg")]
        done = subprocess.run(command, check=True, capture_output=True)
        told.append(json.loads(done.stdout)[0])
    before, after = ({key: value for key, value in tags.items() if _stays(key)} for tags in told)
    assert before == after
    assert len(before) > 10


def _stays(key: str) -> bool:
    changing = ("MPImageLength", "MPImageStart", "MPImage2", "MPImage3", "DirectoryItemLength")
    return not key.startswith(("System:", "SourceFile", "Composite:")) and not key.endswith(
        (*changing, "EncodingProcess", "PreviewImage", "FileSize", "GainMapImage")
    )


@pytest.mark.corpus
def test_phones_pictures() -> None:
    folder = corpus()
    assert folder is not None
    done = 0
    for path in sorted(folder.glob("*/*.jp*g")):
        source = path.read_bytes()
        try:
            spans = replaceable_parts(read_jpeg_file(source))
        except (Malformed, Refused):
            continue
        if spans and parse_jpeg(source).frame.width < 3000:
            result = with_smaller_parts(source)
            assert_kept(source, result)
            assert len(result) < len(source), path.name
            done += 1
    assert done >= 5


def test_a_picture_without_anything_attached_is_as_it_was() -> None:
    assert with_smaller_parts(primary()) == primary()
    result = compress(primary(), Recipe(floor=None))
    assert isinstance(result, Compressed)
    assert not read_jpeg_file(result.data).parts
