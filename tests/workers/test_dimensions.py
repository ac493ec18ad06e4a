"""Sizes in pixels read from headers: as the decoders see them, and nothing at all of what is no header."""

import io
import struct
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fuzz.seeds import made
from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.workers.dimensions import Dimensions, read_dimensions
from support import corpus

KINDS = [kind for kind in ImageType if kind is not ImageType.SVG]
SEEDS = [seed for name in ("whole", "boxes", "jxl-header") for seed in made(name)]


def saved(kind: str, size: tuple[int, int], *, frames: int = 1, **options: object) -> bytes:
    images = [Image.new("RGB", size, (90 * n, 40, 10)) for n in range(frames)]
    out = io.BytesIO()
    more = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(out, kind, **more, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("format_name", "kind", "options"),
    [
        ("JPEG", ImageType.JPEG, {}),
        ("JPEG", ImageType.JPEG, {"progressive": True, "comment": b"\xff\xc0 no frame"}),
        ("PNG", ImageType.PNG, {}),
        ("GIF", ImageType.GIF, {}),
        ("WEBP", ImageType.WEBP, {}),
        ("WEBP", ImageType.WEBP, {"lossless": True}),
        ("WEBP", ImageType.WEBP, {"exif": b"Exif\0\0MM\0*"}),
        ("BMP", ImageType.BMP, {}),
        ("TIFF", ImageType.TIFF, {}),
        ("TIFF", ImageType.TIFF, {"big_tiff": True}),
        ("AVIF", ImageType.AVIF, {}),
    ],
)
@pytest.mark.parametrize("size", [(301, 199), (1, 1), (17, 4_000)])
def test_each_format(
    format_name: str, kind: ImageType, options: dict[str, Any], size: tuple[int, int]
) -> None:
    found = read_dimensions(saved(format_name, size, **options), kind)
    assert found == Dimensions(*size)


@pytest.mark.parametrize(("mode", "inks"), [("L", False), ("RGB", False), ("CMYK", True)])
def test_a_jpeg_of_inks_is_told_from_others(mode: str, inks: bool) -> None:
    out = io.BytesIO()
    Image.new(mode, (30, 20)).save(out, "JPEG")
    found = read_dimensions(out.getvalue(), ImageType.JPEG)
    assert found is not None
    assert found.inks is inks


@pytest.mark.parametrize("format_name", ["PNG", "GIF", "WEBP"])
def test_frames_are_counted(format_name: str) -> None:
    found = read_dimensions(saved(format_name, (30, 20), frames=3), ImageType(format_name.lower()))
    assert found == Dimensions(30, 20, frames=3)


def test_headers_that_no_encoder_here_writes() -> None:
    upside_down = bytearray(saved("BMP", (30, 20)))
    upside_down[22:26] = struct.pack("<i", -20)
    assert read_dimensions(bytes(upside_down), ImageType.BMP) == Dimensions(30, 20)
    filled = b"\xff\xd8" + b"\xff" * 200_000 + saved("JPEG", (30, 20))[3:]
    assert read_dimensions(filled, ImageType.JPEG) == Dimensions(30, 20)
    motorola = b"MM\0*\0\0\0\x08\0\2" + b"\1\0\0\3\0\0\0\1\0\x1e\0\0" + b"\1\1\0\4\0\0\0\1\0\0\0\x14"
    assert read_dimensions(motorola, ImageType.TIFF) == Dimensions(30, 20)
    for jxl in made("jxl-header"):
        assert read_dimensions(jxl, ImageType.JXL) == Dimensions(455, 256)


def test_what_is_no_picture_has_no_size() -> None:
    for kind in ImageType:
        for data in (b"", b"x", b"\0" * 100):
            assert read_dimensions(data, kind) is None
        if kind not in (ImageType.GIF, ImageType.BMP):  # any numbers are sizes there
            assert read_dimensions(b"garbage" * 1000, kind) is None


@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 2_000),
    kind=st.sampled_from(ImageType),
)
def test_any_bytes_have_a_size_or_none(
    seed: bytes, edits: list[tuple[int, int]], cut: int, kind: ImageType
) -> None:
    data = bytearray(seed)
    for at, value in edits:
        if at < len(data):
            data[at] = value
    for some in (bytes(data), bytes(data[:cut])):
        for as_kind in (kind, sniff(some[:SNIFF_BYTES]) or kind):
            found = read_dimensions(some, as_kind)
            assert found is None or (found.width > 0 and found.height > 0 and found.frames > 0)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (ImageType.JPEG, b"\xff\xd8" + b"\xff" * 5_000_000),
        (ImageType.JPEG, b"\xff\xd8" + b"\xff\xe0\0\2" * 2_000_000),
        (ImageType.JPEG, b"\xff\xd8" + b"\xff\xd0" * 2_000_000),
        (
            ImageType.PNG,
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1" + bytes(9) + b"\0\0\0\0teXt0000" * 900_000,
        ),
        (ImageType.GIF, b"GIF89a\1\0\1\0\0\0\0" + b"\x21\xfe\0" * 2_000_000),
        (ImageType.GIF, b"GIF89a\1\0\1\0\0\0\0" + b"\x21\xfe" + b"\1a" * 2_000_000),
        (ImageType.WEBP, b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\2" + bytes(9) + b"ANMF\0\0\0\0" * 1_000_000),
        (ImageType.TIFF, b"II*\0\x08\0\0\0\xff\xff" + b"\1\1\3\0" * 1_000_000),
        (ImageType.JXL, b"\0\0\0\x08free" * 1_000_000),
    ],
)
def test_what_is_made_to_be_slow_ends(kind: ImageType, data: bytes) -> None:
    read_dimensions(data, kind)


@pytest.mark.slow
def test_the_corpus_is_seen_as_the_decoders_see_it() -> None:
    """Where there is one. Decoders turn some pictures upright; headers say how they are stored."""
    folder = corpus()
    if folder is None:
        pytest.skip("the corpus is not at hand")
    seen = 0
    for path in sorted(folder.glob("*/*")):
        if path.parent.name == "hostile":
            continue
        data = path.read_bytes()
        kind = sniff(data[:SNIFF_BYTES])
        if kind not in KINDS:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(io.BytesIO(data)) as image:
                    size = image.size
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue
        found = read_dimensions(data, kind)
        assert found is not None, path
        stored = (found.width, found.height)
        assert size in (stored, stored[::-1]), path
        seen += size == stored
    assert seen > 100
