"""WebP: lossless pixels and all other chunks stay; lossy only for a clear gain; animations frame by frame."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from compress import images
from homepress.compress import webp
from homepress.compress.aim import Scorer, code_at_floor
from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.webp import read_webp, write_webp
from homepress.compress.model import Compressed, Reason, Recipe, Unchanged
from homepress.compress.webp import WebpCodec, quality_of
from support import corpus

LOSSLESS = Recipe(floor=None)
ICC = images.profile()
EXIF = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def photo(width: int = 200, height: int = 150, *, alpha: bool = False, seed: int = 1) -> Image.Image:
    """Soft shapes with some grain."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (8, 8, 4), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    pixels = np.clip(pixels + generator.integers(-6, 7, pixels.shape), 0, 255).astype(np.uint8)
    if alpha:
        pixels[: height // 4, :, 3] = 0
        return Image.fromarray(pixels)
    return Image.fromarray(pixels[..., :3].copy())


def saved(picture: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", **options)
    return out.getvalue()


def wasteful(picture: Image.Image, **options: object) -> bytes:
    """A lossless WebP that leaves much to gain."""
    return saved(picture, lossless=True, exact=True, method=0, quality=0, **options)


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGBA"))


def frames(data: bytes) -> list[tuple[bytes, object]]:
    with Image.open(io.BytesIO(data)) as image:
        shown = []
        for index in range(image.n_frames):  # type: ignore[attr-defined]  # Pillow does not say so
            image.seek(index)
            image.load()
            shown.append((image.convert("RGBA").tobytes(), image.info["duration"]))
        return shown


def compressed(source: bytes, recipe: Recipe = LOSSLESS) -> Compressed:
    result = webp.compress(source, recipe)
    assert isinstance(result, Compressed), result
    return result


def refused(source: bytes, recipe: Recipe = LOSSLESS) -> Unchanged:
    result = webp.compress(source, recipe)
    assert isinstance(result, Unchanged), result
    return result


@pytest.mark.parametrize("alpha", [False, True])
def test_lossless_stays_lossless_hidden_colours_included(alpha: bool) -> None:
    picture = photo(alpha=alpha)
    result = compressed(wasteful(picture), Recipe(floor=30.0))
    assert result.lossless
    assert np.array_equal(pixels(result.data), np.asarray(picture.convert("RGBA")))


def test_metadata_stays_byte_for_byte_and_in_order() -> None:
    source = wasteful(photo(), icc_profile=ICC, exif=EXIF, xmp=XMP)
    chunks = [(each.kind, each.body) for each in read_webp(source).chunks]
    chunks.insert(3, (b"ABCD", b"unknown"))
    source = write_webp(chunks, b"behind the end")
    result = read_webp(compressed(source).data)
    others = [each for each in chunks if each[0] != b"VP8L"]
    assert [(each.kind, each.body) for each in result.chunks if each.kind != b"VP8L"] == others
    assert [each.kind for each in result.chunks] == [kind for kind, _ in chunks]
    assert result.trailing == b"behind the end"


def test_a_fine_lossy_source_is_coded_at_the_floor() -> None:
    source = saved(photo(400, 300), quality=100, exif=EXIF, icc_profile=ICC)
    result = compressed(source, Recipe(floor=70.0))
    assert not result.lossless
    assert result.score >= 70.0
    assert len(result.data) <= 0.85 * len(source)
    before, after = read_webp(source), read_webp(result.data)
    for kind in (b"EXIF", b"ICCP"):
        assert [e.body for e in after.chunks if e.kind == kind] == [
            e.body for e in before.chunks if e.kind == kind
        ]


@pytest.mark.parametrize("alpha", [False, True])
def test_what_is_kept_has_fewer_bytes_than_what_was_tried_and_its_own_score(alpha: bool) -> None:
    rgba = np.array(photo(alpha=alpha).convert("RGBA"))
    codec, scorer = WebpCodec(), Scorer(rgba, lambda pixels: pixels)
    coded = code_at_floor(rgba, scorer, 75.0, codec)
    assert coded is not None
    assert len(coded.data) < len(codec.encode(rgba, coded.setting))
    shown = codec.decode(coded.data)
    assert scorer.score(scorer.looks(shown)) == pytest.approx(coded.score)
    assert coded.score >= 75.0
    assert np.array_equal(shown[..., 3], rgba[..., 3])


def test_transparency_of_a_lossy_picture_stays_exact() -> None:
    source = saved(photo(400, 300, alpha=True), quality=100)
    result = compressed(source, Recipe(floor=60.0))
    assert np.array_equal(pixels(result.data)[..., 3], pixels(source)[..., 3])


@pytest.mark.parametrize("recipe", [LOSSLESS, Recipe(floor=80.0)])
def test_a_coarse_lossy_source_is_left_alone(recipe: Recipe) -> None:
    assert refused(saved(photo(400, 300), quality=80), recipe).reason is Reason.SAVES_TOO_LITTLE


def test_a_lossy_result_is_final() -> None:
    first = compressed(saved(photo(400, 300), quality=100), Recipe(floor=70.0))
    assert refused(first.data, Recipe(floor=70.0)).reason is Reason.SAVES_TOO_LITTLE


@pytest.mark.parametrize("quality", [5, 30, 50, 75, 85, 92, 96, 100])
@pytest.mark.parametrize("alpha", [False, True])
def test_the_quality_of_a_source_is_read_from_its_header(quality: int, alpha: bool) -> None:
    frame = read_webp(saved(photo(320, 240, alpha=alpha), quality=quality)).first(b"VP8 ")
    assert frame is not None
    assert quality_of(frame.body) == pytest.approx(quality, abs=8)


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_frame_header_is_read_or_malformed(tail: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert 0.0 <= quality_of(b"\x10\0\0\x9d\x01\x2a\x10\0\x10\0" + tail) <= 100.0


def animation(*, lossless: bool = True, alpha: bool = True) -> bytes:
    pictures = [photo(120, 90, alpha=alpha, seed=seed) for seed in range(4)]
    options = {"lossless": lossless, "quality": 0 if lossless else 90, "method": 0, "exif": EXIF}
    return saved(
        pictures[0],
        save_all=True,
        append_images=pictures[1:],
        duration=[40, 70, 100, 10],
        loop=7,
        background=(1, 2, 3, 4),
        **options,
    )


@pytest.mark.parametrize("alpha", [False, True])
def test_an_animation_keeps_frames_timing_loops_and_background(alpha: bool) -> None:
    source = animation(alpha=alpha)
    result = compressed(source)
    assert result.lossless
    assert frames(result.data) == frames(source)
    before, after = read_webp(source), read_webp(result.data)
    assert [e.kind for e in after.chunks] == [e.kind for e in before.chunks]
    for old, new in zip(before.chunks, after.chunks, strict=True):
        assert new.body[:16] == old.body[:16] if old.kind == b"ANMF" else new.body == old.body


def test_lossy_frames_stay_byte_for_byte() -> None:
    source = animation(lossless=False)
    assert refused(source, Recipe(floor=50.0)).reason is Reason.SAVES_TOO_LITTLE


def test_a_frame_outside_of_the_picture_is_broken() -> None:
    chunks = [(each.kind, each.body) for each in read_webp(animation()).chunks]
    at = next(index for index, each in enumerate(chunks) if each[0] == b"ANMF")
    chunks[at] = (b"ANMF", b"\xff" + chunks[at][1][1:])
    assert refused(write_webp(chunks)).reason is Reason.BROKEN


def test_a_broken_frame_is_broken() -> None:
    chunks = [(each.kind, each.body) for each in read_webp(animation()).chunks]
    last = chunks[-2][1] if chunks[-1][0] == b"EXIF" else chunks[-1][1]
    at = next(index for index, each in enumerate(chunks) if each[1] is last)
    chunks[at] = (b"ANMF", last[:60] + bytes(len(last) - 60))
    assert refused(write_webp(chunks)).reason is Reason.BROKEN


def test_every_truncation_is_broken() -> None:
    source = wasteful(photo(40, 30))
    for length in range(len(source)):
        result = refused(source[:length])
        assert (result.reason, result.transient) == (Reason.BROKEN, True), length


def test_a_signed_file_is_left_alone() -> None:
    chunks = [(each.kind, each.body) for each in read_webp(wasteful(photo(), exif=EXIF)).chunks]
    assert refused(write_webp([*chunks, (b"C2PA", b"x")])).reason is Reason.CANNOT_KEEP_WHOLE


@pytest.mark.corpus
def test_corpus_files_are_kept_whole_or_unchanged() -> None:
    folder = corpus()
    if folder is None:
        pytest.skip("the corpus is not here")
    for path in [*folder.glob("modern/*.webp"), *folder.glob("animated/*.webp")]:
        source = path.read_bytes()
        if len(source) > 30_000:
            continue
        result = webp.compress(source, LOSSLESS)
        if isinstance(result, Compressed):
            assert frames(result.data) == frames(source), path
