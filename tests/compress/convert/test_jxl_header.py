"""The start of a JPEG XL codestream: size, depth, animation, orientation."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.compress.convert.jxl import CODESTREAM, JxlHeader, read_header
from homepress.compress.metadata.errors import Malformed


def bits(*fields: tuple[int, int]) -> bytes:
    """A codestream of (value, width) fields, the lowest bit of each byte first."""
    value = at = 0
    for number, width in fields:
        value |= number << at
        at += width
    return CODESTREAM + value.to_bytes(at // 8 + 8, "little")


SMALL = ((1, 1), (4, 5), (0, 3), (9, 5))  # 80 by 40
LARGE = ((0, 1), (1, 2), (2999, 13), (2, 3))  # height 3,000, ratio 12:10


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (bits(*SMALL, (1, 1)), JxlHeader(80, 40, 8, False, 1)),
        (bits(*LARGE, (1, 1)), JxlHeader(3600, 3000, 8, False, 1)),
        (bits(*SMALL, (0, 1), (0, 1), (0, 1), (0, 2)), JxlHeader(80, 40, 8, False, 1)),
        (bits(*SMALL, (0, 1), (0, 1), (0, 1), (3, 2), (15, 6)), JxlHeader(80, 40, 16, False, 1)),
        (bits(*SMALL, (0, 1), (0, 1), (1, 1)), JxlHeader(80, 40, 0, False, 1)),
        (
            bits(*SMALL, (0, 1), (1, 1), (5, 3), (0, 1), (0, 1), (0, 1), (0, 1), (1, 2)),
            JxlHeader(80, 40, 10, False, 6),
        ),
        (bits(*SMALL, (0, 1), (1, 1), (0, 3), (0, 1), (0, 1), (1, 1)), JxlHeader(80, 40, 8, True, 1)),
        (
            bits(
                *SMALL, (0, 1), (1, 1), (0, 3), (1, 1), *LARGE, (1, 1), (1, 1), (0, 2), (1, 3), (0, 1), (0, 3)
            ),
            JxlHeader(80, 40, 8, False, 1),
        ),
    ],
)
def test_headers_put_together_bit_by_bit_are_read(stream: bytes, expected: JxlHeader) -> None:
    assert read_header(stream) == expected


def test_a_container_is_looked_into() -> None:
    stream = bits(*SMALL, (1, 1))
    signature = b"\0\0\0\x0cJXL \r\n\x87\n"
    whole = signature + (8 + len(stream)).to_bytes(4, "big") + b"jxlc" + stream
    parts = signature + (12 + len(stream)).to_bytes(4, "big") + b"jxlp" + bytes(4) + stream
    assert read_header(whole) == read_header(parts) == read_header(stream)


@pytest.mark.parametrize("data", [b"", CODESTREAM, b"\0\0\0\x0cJXL \r\n\x87\n", b"RIFF"])
def test_what_is_no_header_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_header(data)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert read_header(CODESTREAM + data).width > 0


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (8, 8), (256, 256), (257, 31), (1920, 1080), (40, 5000)]
)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_real_files_agree(width: int, height: int, mode: str) -> None:
    plugin = pytest.importorskip("pillow_jxl")
    encoder = plugin.Encoder(mode=mode, lossless=False, quality=50.0, effort=1, num_threads=1)
    data = encoder(bytes(width * height * len(mode)), width, height, jpeg_encode=False)
    header = read_header(data)
    assert (header.width, header.height, header.depth, header.animated) == (width, height, 8, False)
