"""The strict walk over a JPEG's segments, its frame, tables and colour model."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from compress.metadata.jpeg_builder import APP1, COM, index_of, picture, pieces, segment, with_headers
from homepress.compress.metadata import (
    ColourModel,
    Malformed,
    Process,
    colour_model,
    component_tables,
    parse_jpeg,
    picture_only,
    read_scans,
)
from homepress.compress.metadata.jpeg_segments import EOI, MOST_SEGMENTS


def test_it_finds_every_segment_and_the_end_of_the_image() -> None:
    jpeg = picture(1)
    stream = parse_jpeg(jpeg + b"tail")
    assert [stream.raw(each) for each in stream.segments] == pieces(jpeg)
    assert stream.end == len(jpeg)
    assert stream.tail == b"tail"
    assert (stream.frame.width, stream.frame.height, stream.frame.precision) == (96, 64, 8)


@pytest.mark.parametrize(
    ("options", "process", "subsampling"),
    [
        ({}, Process.BASELINE, "4:2:0"),
        ({"progressive": True}, Process.PROGRESSIVE, "4:2:0"),
        ({"subsampling": "4:2:2"}, Process.BASELINE, "4:2:2"),
        ({"subsampling": "4:4:4"}, Process.BASELINE, "4:4:4"),
        ({"mode": "L"}, Process.BASELINE, "grey"),
    ],
)
def test_frame(options: dict[str, Any], process: Process, subsampling: str) -> None:
    frame = parse_jpeg(picture(1, **options)).frame
    assert (frame.process, frame.subsampling) == (process, subsampling)


@pytest.mark.parametrize("quality", [1, 40, 95])
def test_quantisation_tables_are_what_pillow_reads(quality: int) -> None:
    jpeg = picture(3, quality=quality)
    tables = component_tables(parse_jpeg(jpeg))
    told = Image.open(io.BytesIO(jpeg)).quantization  # type: ignore[attr-defined]  # Pillow does not say so
    assert [list(table.values) for table in tables] == [told[0], told[1], told[1]]


def test_a_table_defined_again_between_scans_counts_only_for_later_components() -> None:
    parts = pieces(picture(1, mode="L"))
    again = segment(0xDB, b"\0" + bytes([99]) * 64)
    jpeg = b"\xff\xd8" + b"".join((*parts, again, parts[-1])) + b"\xff\xd9"
    assert component_tables(parse_jpeg(jpeg))[0].values != (99,) * 64


def test_sixteen_bit_tables_are_read() -> None:
    parts = pieces(picture(1, mode="L"))
    place = index_of(parts, 0xDB)
    parts[place] = segment(0xDB, b"\x10" + b"".join(value.to_bytes(2, "big") for value in range(300, 364)))
    table = component_tables(parse_jpeg(b"\xff\xd8" + b"".join(parts) + b"\xff\xd9"))[0]
    assert table.bits == 16
    assert table.values[:3] == (300, 301, 305)


def test_scans_of_a_progressive_image_cover_all_components() -> None:
    scans = read_scans(parse_jpeg(picture(1, progressive=True)))
    assert len(scans) > 3
    assert {name for scan in scans for name in scan.components} == {1, 2, 3}
    assert scans[0].spectral == (0, 0)
    assert all(scan.data_start < scan.data_end for scan in scans)


@pytest.mark.parametrize(
    ("jpeg", "model"),
    [
        (picture(1), ColourModel.YCC),
        (picture(1, mode="L"), ColourModel.GREY),
        (picture(1, mode="CMYK"), ColourModel.CMYK),
        (picture(1, keep_rgb=True), ColourModel.RGB),
    ],
)
def test_colour_model(jpeg: bytes, model: ColourModel) -> None:
    assert colour_model(parse_jpeg(jpeg)) is model


def test_component_names_decide_when_no_header_does() -> None:
    bare = parse_jpeg(b"\xff\xd8" + b"".join(pieces(picture(1))[1:]) + b"\xff\xd9")
    assert not bare.headers
    assert colour_model(bare) is ColourModel.YCC
    assert colour_model(bare, (0x52, 0x47, 0x42)) is ColourModel.RGB


def test_picture_only_drops_what_an_encoder_could_trip_over() -> None:
    jpeg = picture(2, progressive=True)
    full = with_headers(jpeg, [segment(APP1, b"Exif\0\0junk"), segment(COM, b"hello")]) + jpeg
    assert picture_only(parse_jpeg(full)) == jpeg


def test_fill_bytes_before_a_marker_are_no_junk() -> None:
    parts = pieces(picture(1))
    filled = b"\xff\xd8" + b"".join(b"\xff\xff" + part for part in parts) + b"\xff\xff\xd9"
    assert [each.marker for each in parse_jpeg(filled).segments] == [part[1] for part in parts]


@pytest.mark.parametrize("end", range(0, len(picture(1, size=(16, 16))) - 1, 7))
def test_every_truncation_is_told(end: int) -> None:
    jpeg = picture(1, size=(16, 16))
    with pytest.raises(Malformed) as caught:
        parse_jpeg(jpeg[:end])
    assert caught.value.truncated or end < 2


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (b"\xff\xd8" + b"x" + picture(1)[2:], "bytes between segments"),
        (b"\xff\xd8" + segment(0xDC, b"\0\1") + picture(1)[2:], "DNL"),
        (b"\xff\xd8\xff\xd8" + picture(1)[2:], "does not belong there"),
        (b"\xff\xd8\xff\xe0\0\1" + picture(1)[2:], "impossible length"),
        (b"\xff\xd8\xff\xd9", "no picture"),
        (b"GIF89a", "no JPEG"),
    ],
)
def test_what_has_no_place_in_a_jpeg_is_named(broken: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        parse_jpeg(broken)


def test_two_frames_are_refused() -> None:
    parts = pieces(picture(1))
    parts.insert(0, parts[index_of(parts, 0xC0)])
    with pytest.raises(Malformed, match="two frames"):
        parse_jpeg(b"\xff\xd8" + b"".join(parts) + b"\xff\xd9")


def test_a_file_of_nothing_but_segments_costs_little() -> None:
    with pytest.raises(Malformed, match="too many"):
        parse_jpeg(b"\xff\xd8" + b"\xff\xe5\0\2" * (MOST_SEGMENTS + 1))


@pytest.mark.slow
@given(st.data())
@settings(max_examples=200, deadline=None)
def test_mutations_raise_nothing_but_malformed(data: st.DataObject) -> None:
    jpeg = bytearray(_SMALL)
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(jpeg) - 1))
        jpeg[place] = data.draw(st.sampled_from([0, 1, 0xFF, 0xD8, EOI, 0xDA, 0xC0, 0x80]))
    try:
        stream = parse_jpeg(bytes(jpeg))
        picture_only(stream)
        read_scans(stream)
        component_tables(stream)
    except Malformed:
        pass


_SMALL = picture(1, size=(16, 16), progressive=True)
