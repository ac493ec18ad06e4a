"""Whatever a PNG is and says of its samples: a new coding has its pixels, and says the same of them."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from compress import pngs
from homepress.compress.metadata.png import chunk_bytes
from homepress.compress.png.coded import CodedPicture, PngHeader
from homepress.compress.png.pixels import PngFile, fingerprint, pixel_rows, read_png
from homepress.compress.png.recode import FASTEST, recode


def pixels(picture: CodedPicture) -> np.ndarray:
    """All of them with 16 bits a sample."""
    rows = np.concatenate([strip.astype(np.uint32) for strip in pixel_rows(picture)])
    return rows if picture.header.depth == 16 else rows * 257


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Small pictures of every kind, of few or many values, with and without chunks about their samples."""
    colour, depth = draw(st.sampled_from(pngs.KINDS))
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    narrow = draw(st.sampled_from([depth, *(one for one in (1, 2, 4, 8) if one < depth)]))
    values = pngs.samples(colour, narrow, width, height, seed=draw(st.integers(0, 9)))
    if colour != 3:
        values = (values.astype(np.uint32) * ((1 << depth) - 1) // ((1 << narrow) - 1)).astype(np.uint16)
    grey = draw(st.booleans())
    if grey and colour in (2, 6):
        values[..., 1:3] = values[..., :1]
    before = []
    if draw(st.booleans()):
        sample = 8 if colour == 3 else depth
        bits = draw(st.sampled_from([sample, max(1, sample - 3)]))
        before.append((b"sBIT", bytes((bits,) * (3 if colour == 3 else pngs.CHANNELS[colour]))))
    source = pngs.png(values, colour, depth, interlaced=draw(st.booleans()), before=tuple(before))
    if not draw(st.booleans()):
        return source
    top = (1 << depth) - 1
    level = draw(st.integers(0, top)).to_bytes(2, "big")
    body = level[1:] if colour == 3 else level * (1 if colour in (0, 4) else 3)
    at = source.index(b"IDAT") - 4
    return source[:at] + chunk_bytes(b"bKGD", body) + source[at:]


def background(file: PngFile) -> list[Fraction] | None:
    """The colour that it names, as shares of white."""
    body = next((each.body for each in file.chunks if each.kind == b"bKGD"), None)
    if body is None:
        return None
    if file.header.colour == 3:
        return [Fraction(value, 255) for value in file.picture.palette[3 * body[0] : 3 * body[0] + 3]]
    top = (1 << file.header.depth) - 1
    told = [Fraction(int.from_bytes(body[at : at + 2], "big"), top) for at in range(0, len(body), 2)]
    return told * (3 // len(told))


def bits(file: PngFile) -> list[int] | None:
    """How many bits of red, green and blue count; None where all do or nothing is said."""
    body = next((each.body for each in file.chunks if each.kind == b"sBIT"), b"")
    sample = 8 if file.header.colour == 3 else file.header.depth
    if set(body) <= {sample}:
        return None
    return list(body[:3]) if file.header.colour in (2, 3, 6) else [body[0]] * 3


def has_alpha(header: PngHeader) -> bool:
    return header.colour in (4, 6)


@given(files())
def test_a_new_coding_has_the_pixels_and_what_is_said_of_them(source: bytes) -> None:
    file = read_png(source)
    coded = recode(file.picture, file.freedom, level=FASTEST)
    assert np.array_equal(pixels(coded), pixels(file.picture))
    assert fingerprint(coded) == fingerprint(file.picture)
    assert coded.header.interlaced == file.header.interlaced
    if not file.carries(coded):
        assert file.carries(recode(file.picture, level=FASTEST))
        return
    result = read_png(file.with_picture(coded))
    assert np.array_equal(pixels(result.picture), pixels(file.picture))
    assert background(result) == background(file)
    fewer = bits(file)
    filled = fewer is not None and set(fewer) == {result.header.depth}  # all that there are now
    assert bits(result) == (None if filled else fewer)
    told = [each.body for each in result.chunks if each.kind == b"sBIT"]
    channels = 3 if result.header.colour == 3 else result.header.colour.channels
    assert all(len(body) == channels for body in told)
    assert not told or has_alpha(result.header) == (len(told[0]) in (2, 4))


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 9), st.data())
def test_one_bit_more_than_a_byte_twice_makes_another_picture(
    width: int, height: int, seed: int, data: st.DataObject
) -> None:
    values = pngs.samples(2, 8, width, height, seed) * 257
    wide, narrow = (read_png(pngs.png(*one)).picture for one in ((values, 2, 16), (values >> 8, 2, 8)))
    assert fingerprint(wide) == fingerprint(narrow)
    row, column = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    values[row, column, data.draw(st.integers(0, 2))] ^= 1 << data.draw(st.integers(0, 15))
    assert fingerprint(read_png(pngs.png(values, 2, 16)).picture) != fingerprint(narrow)
