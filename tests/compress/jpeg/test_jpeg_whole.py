"""JPEGs that are cut, holed or incomplete and still decode: every one is seen for what it is."""

import io
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from compress.images import jpeg, photo
from homepress.compress import Recipe
from homepress.compress.jpeg.jpeg import compress
from homepress.compress.jpeg.whole import check_codes, check_scans, decode_strictly, decode_whole
from homepress.compress.metadata import JpegStream, Malformed, Refused, parse_jpeg
from homepress.compress.model import Reason, Unchanged
from homepress.compress.pixels import Undecodable

END = b"\xff\xd9"


def picture(mode: str) -> Image.Image:
    return Image.fromarray(photo(150, 110, seed=3)).convert(mode)


KINDS = {
    "4:2:0": jpeg(picture("RGB"), 90, subsampling=2),
    "4:4:4": jpeg(picture("RGB"), 95, subsampling=0),
    "4:2:2": jpeg(picture("RGB"), 85, subsampling=1),
    "grey": jpeg(picture("L"), 90),
    "CMYK": jpeg(picture("CMYK"), 90),
    "restarts": jpeg(picture("RGB"), 90, restart_marker_blocks=5),
    "progressive": jpeg(picture("RGB"), 90, progressive=True),
    "progressive grey": jpeg(picture("L"), 90, progressive=True),
    "progressive CMYK": jpeg(picture("CMYK"), 85, progressive=True),
    "progressive with restarts": jpeg(picture("RGB"), 90, progressive=True, restart_marker_blocks=7),
}


def data_of(stream: JpegStream) -> list[tuple[int, int]]:
    return [(scan.body_end, scan.end) for scan in stream.scans]


def cut(data: bytes, share: float) -> bytes:
    """The file up to somewhere in its coded data, with an end put to it."""
    spans = data_of(parse_jpeg(data))
    first, last = spans[0][0], spans[-1][1]
    return data[: first + int(share * (last - first))].rstrip(b"\xff") + END


def pixels(data: bytes) -> bytes:
    return decode_whole(parse_jpeg(data))[:, :].tobytes()


def shown(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_picture_is_whole(kind: str) -> None:
    assert pixels(KINDS[kind]) == shown(KINDS[kind])


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (8, 8), (16, 16), (17, 33), (64, 1)])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}])
def test_small_pictures_are_whole(size: tuple[int, int], options: dict[str, object]) -> None:
    data = jpeg(photo(*size), 90, **options)
    assert pixels(data) == shown(data)


@pytest.mark.parametrize("value", [0, 127, 128, 255])
def test_even_pictures_are_whole(value: int) -> None:
    """Mid-grey is what decoders put in the place of what is missing."""
    even = np.full((70, 90, 3), value, np.uint8)
    for progressive in (False, True):
        decode_whole(parse_jpeg(jpeg(even, 90, progressive=progressive)))


@given(kind=st.sampled_from(sorted(KINDS)), share=st.floats(0.0, 1.0))
@example(kind="restarts", share=0.5)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_cut_picture_with_an_end_put_to_it_is_found_out(kind: str, share: float) -> None:
    data = KINDS[kind]
    try:
        result = pixels(cut(data, share))
    except (Malformed, Undecodable):
        return
    # What passes lost at most bits that mean nothing.
    assert result == shown(data)


def small(kind: str) -> bytes:
    options: dict[str, dict[str, object]] = {
        "4:2:0": {"subsampling": 2},
        "4:4:4": {"subsampling": 0},
        "optimised": {"optimize": True},
        "restarts": {"restart_marker_blocks": 2},
        "progressive": {"progressive": True},
        "progressive with restarts": {"progressive": True, "restart_marker_blocks": 2},
    }
    image = Image.fromarray(photo(44, 37, seed=5))
    return jpeg(image.convert("L"), 90) if kind == "grey" else jpeg(image, 90, **options[kind])


SMALL = ("4:2:0", "4:4:4", "optimised", "restarts", "progressive", "progressive with restarts", "grey")


@pytest.mark.slow
@pytest.mark.parametrize("kind", SMALL)
def test_a_cut_at_any_byte_of_the_coded_data_is_found_out(kind: str) -> None:
    """Whoever decodes: what passes as whole shows every pixel."""
    data = small(kind)
    spans = data_of(parse_jpeg(data))
    noticed = 0
    for at in range(spans[0][0], spans[-1][1]):
        short = data[:at] + END
        try:
            result = pixels(short)
        except (Malformed, Undecodable):
            noticed += 1
            continue
        assert result == shown(data), at
    # A cut before the end marker loses nothing, one byte earlier perhaps no more than bits that fill up.
    assert noticed >= spans[-1][1] - spans[0][0] - 3


@pytest.mark.parametrize("kind", SMALL)
def test_a_cut_at_any_byte_is_told_by_the_decoder_alone(kind: str) -> None:
    data = small(kind)
    assert decode_strictly(data) is not None
    start, end = data_of(parse_jpeg(data))[-1]
    for at in range(start, end):
        result = decode_strictly(data[:at] + END)
        assert result is None or result.tobytes() == shown(data), at


def test_a_warning_that_means_nothing_is_no_refusal() -> None:
    """Bytes between the coded data and the end, as some cameras leave them."""
    for kind in ("4:2:0", "grey", "restarts", "progressive"):
        data = small(kind)
        end = data_of(parse_jpeg(data))[-1][1]
        padded = data[:end] + bytes(7) + data[end:]
        assert decode_strictly(padded) is None
        assert pixels(padded) == shown(data)


@pytest.mark.slow
@given(kind=st.sampled_from(SMALL), where=st.floats(0.0, 0.999), value=st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_decoders_agree_on_what_passes_strictly(kind: str, where: float, value: int) -> None:
    """On damaged data too, to the pixel."""
    data = small(kind)
    spans = data_of(parse_jpeg(data))
    at = spans[0][0] + int(where * (spans[-1][1] - spans[0][0]))
    changed = data[:at] + bytes((value,)) + data[at + 1 :]
    result = decode_strictly(changed)
    if result is not None:
        assert result.tobytes() == shown(changed)


def test_a_cut_between_restart_intervals_is_found_out() -> None:
    data = KINDS["restarts"]
    start, end = data_of(parse_jpeg(data))[0]
    for found in re.finditer(rb"\xff[\xd0-\xd7]", data[start:end]):
        with pytest.raises(Undecodable):
            decode_whole(parse_jpeg(data[: start + found.start()] + END))


@given(kind=st.sampled_from(["restarts", "progressive with restarts"]), where=st.floats(0.0, 0.99))
@settings(max_examples=60, deadline=None)
def test_a_hole_before_a_restart_marker_is_found_out(kind: str, where: float) -> None:
    data = KINDS[kind]
    scan = data_of(parse_jpeg(data))[0]
    markers = [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", data[scan[0] : scan[1]])]
    end = scan[0] + markers[int(where * len(markers))]
    holed = data[: end - 4].rstrip(b"\xff") + data[end:]
    try:
        result = pixels(holed)
    except (Malformed, Undecodable):
        return
    assert result == shown(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("floor", [None, 80.0])
def test_a_cut_picture_is_called_broken_whatever_is_asked(kind: str, floor: float | None) -> None:
    for share in (0.05, 0.5, 0.97):
        result = compress(cut(KINDS[kind], share), Recipe(floor=floor))
        assert isinstance(result, Unchanged)
        assert result.reason is Reason.BROKEN
        assert "missing" in result.detail or "cut short" in result.detail


@pytest.mark.parametrize("dropped", [1, 3])
def test_scans_that_are_missing_altogether_are_found_out(dropped: int) -> None:
    data = KINDS["progressive"]
    stream = parse_jpeg(data)
    kept = data[: stream.scans[-dropped].start] + END
    shown(kept)  # decodes all the same
    with pytest.raises(Malformed, match="last scans are missing"):
        check_scans(parse_jpeg(kept))


def test_a_component_without_a_scan_is_found_out() -> None:
    stream = parse_jpeg(KINDS["progressive"])
    data = KINDS["progressive"]
    without = b"".join(
        stream.raw(segment)
        for segment in stream.segments
        if not (segment.marker == 0xDA and stream.payload(segment)[:2] == b"\x01\x03")
    )
    with pytest.raises(Malformed):
        check_scans(parse_jpeg(data[:2] + without + END))


def with_code(data: bytes, table: int, symbol: int) -> bytes:
    """The file with the last symbol of one Huffman table changed."""
    stream = parse_jpeg(data)
    for segment in stream.segments:
        if segment.marker == 0xC4 and stream.payload(segment)[0] == table:
            return data[: segment.body_end - 1] + bytes((symbol,)) + data[segment.body_end :]
    raise AssertionError("no such table")


@pytest.mark.parametrize(("table", "symbol"), [(0x00, 12), (0x10, 0x0B), (0x11, 0xFF)])
def test_codes_that_would_end_mozjpegs_process_are_refused(table: int, symbol: int) -> None:
    data = jpeg(picture("RGB"), 60)
    check_codes(parse_jpeg(data))
    changed = with_code(data, table, symbol)
    with pytest.raises(Refused, match="beyond 8 bits"):
        check_codes(parse_jpeg(changed))
    result = compress(changed, Recipe(floor=None))
    assert isinstance(result, Unchanged)
    assert result.reason is Reason.CANNOT_KEEP_WHOLE


def test_codes_of_progressive_pictures_are_all_right() -> None:
    for data in KINDS.values():
        check_codes(parse_jpeg(data))


@pytest.mark.parametrize("floor", [None, 80.0])
def test_a_scan_header_that_is_too_short_is_broken(floor: float | None) -> None:
    data = KINDS["4:2:0"]
    (scan,) = parse_jpeg(data).scans
    result = compress(
        data[: scan.start] + b"\xff\xda\0\x04\x01\x01" + data[scan.body_end :], Recipe(floor=floor)
    )
    assert isinstance(result, Unchanged)
    assert result.reason is Reason.BROKEN
