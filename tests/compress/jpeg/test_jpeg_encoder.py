"""The own encoder's parts, against plain arithmetic and against libjpeg's decoder."""

import io
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from compress.images import Pixels, decoded, jpeg, photo, screenshot
from homepress.compress.core.library import Loaded
from homepress.compress.jpeg import encoder as encoding
from homepress.compress.jpeg import entropy, model, quantise, smallest
from homepress.compress.jpeg.encoder import PillowEncoder, RateDistortionEncoder
from homepress.compress.jpeg.entropy import CodedRows, FrameHeaders
from homepress.compress.jpeg.lossy import WholeSample, code
from homepress.compress.jpeg.model import Encoder, Sampling
from homepress.compress.metadata import ColourModel, colour_model, component_tables, parse_jpeg
from homepress.compress.pixels import Band
from homepress.compress.score.ssimulacra2 import full_score

ENCODERS = [RateDistortionEncoder(), PillowEncoder()]


def encode(pixels: Pixels, quality: float, sampling: Sampling, encoder: Encoder = ENCODERS[0]) -> bytes:
    return encoder.encode(pixels, sampling, quality, encoder.sample(pixels, sampling)).stream


# The transform


def test_dct_is_the_standards() -> None:
    block = np.random.default_rng(1).uniform(-128, 127, (8, 8)).astype(np.float32)
    wanted = np.zeros((8, 8))
    for v, u in itertools.product(range(8), repeat=2):
        cu, cv = (1 / np.sqrt(2) if n == 0 else 1.0 for n in (u, v))
        wanted[v, u] = sum(
            block[y, x] * np.cos((2 * x + 1) * u * np.pi / 16) * np.cos((2 * y + 1) * v * np.pi / 16)
            for y, x in itertools.product(range(8), repeat=2)
        ) * (cu * cv / 4)
    found = np.empty((1, 1, 64), np.float32)
    factors = np.linspace(1, 2, 64, dtype=np.float32)
    model.transform(block.reshape(1, 1, 64), factors, found)
    assert np.allclose(found[0, 0], wanted.ravel()[model.NATURAL_OF_ZIGZAG] * factors, atol=2e-3)


def test_blocks_come_in_coding_order() -> None:
    plane = np.arange(32 * 32, dtype=np.float32).reshape(32, 32)
    units = model.blocks(plane, 2, 2)
    assert units.shape == (4, 4, 64)
    assert np.array_equal(units[0, 1].reshape(8, 8), plane[:8, 8:16])
    assert np.array_equal(units[0, 2].reshape(8, 8), plane[8:16, :8])
    assert np.array_equal(units[1, 0].reshape(8, 8), plane[:8, 16:24])


# Planes


def test_components_are_jfifs() -> None:
    pixels = photo(64, 48)
    luma, blue, red = encoding.components(pixels, Sampling.FULL)
    wanted = np.asarray(Image.fromarray(pixels).convert("YCbCr")).astype(float)
    for plane, channel in ((luma + 128, 0), (blue + 128, 1), (red + 128, 2)):
        assert np.abs(plane - wanted[..., channel]).max() < 1.1


def test_halving_anticipates_the_decoder() -> None:
    """What libjpeg blows up again is closer to the original than from plain averages."""
    pixels = screenshot(256, 128)
    _, blue, _ = encoding.components(pixels, Sampling.FULL)
    _, half, _ = encoding.components(pixels, Sampling.QUARTER)
    average = blue.reshape(64, 2, 128, 2).mean(axis=(1, 3))

    def enlarged(plane: np.ndarray) -> np.ndarray:
        for axis in (0, 1):
            plane = np.moveaxis(plane, axis, 0)
            before = np.concatenate((plane[:1], plane[:-1]))
            after = np.concatenate((plane[1:], plane[-1:]))
            both = np.stack((0.75 * plane + 0.25 * before, 0.75 * plane + 0.25 * after), axis=1)
            plane = np.moveaxis(both.reshape(-1, *plane.shape[1:]), 0, axis)
        return plane

    assert np.square(enlarged(half) - blue).mean() < 0.95 * np.square(enlarged(average) - blue).mean()


def test_padding_repeats_the_edge() -> None:
    padded = encoding.padded(photo(17, 9), 16)
    assert padded.shape == (16, 32, 3)
    assert (padded[:, 16:] == padded[:, 16:17]).all()


# Codes


def test_codes_are_free_of_prefixes() -> None:
    for book in (*entropy.DC, *entropy.AC):
        words = [
            f"{int(code):0{int(length)}b}"
            for code, length in zip(book.codes, book.lengths, strict=True)
            if length
        ]
        words.sort()
        assert len(words) == len(book.values) == sum(book.counts)
        assert not any(b.startswith(a) for a, b in itertools.pairwise(words))


@given(
    st.lists(
        st.integers(1, 63).flatmap(lambda n: st.tuples(st.integers(0, 2**n - 1), st.just(n))), min_size=1
    )
)
@settings(max_examples=200)
def test_bits_are_packed_in_order(pairs: list[tuple[int, int]]) -> None:
    codes, lengths = zip(*pairs, strict=True)
    text = "".join(f"{code:0{length}b}" for code, length in pairs)
    text += "1" * (-len(text) % 8)
    plain = int(text, 2).to_bytes(len(text) // 8, "big")
    found = entropy.packed(np.array(codes, np.uint64), np.array(lengths, np.uint64))
    assert found == plain.replace(b"\xff", b"\xff\x00")


# Quantisation


def test_events_of_blocks() -> None:
    steps = np.zeros((2, 64), np.float32)
    steps[0, [0, 3, 20]] = (5.2, -1.4, 0.6)
    steps[1, 63] = 2.0
    found = entropy.Events.rounded(steps, np.abs(steps))
    assert found.block.tolist() == [0, 0, 0, 1, 1]
    assert found.place.tolist() == [0, 3, 20, 0, 63]
    assert found.run.tolist() == [0, 2, 16, 0, 62]
    assert found.values().tolist() == [5, -1, 1, 0, 2]
    lowered = found.lowered(np.array([5, 0, 1, 0, 2], np.int32))
    assert lowered.place.tolist() == [0, 20, 0, 63]
    assert lowered.run.tolist() == [0, 19, 0, 62]


def test_levels_are_never_raised_and_first_ones_never_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Loaded, "core", None)
    strip = next(encoding.strips(photo(256, 128), Sampling.QUARTER, rows=128))
    batch, activity = strip.batch(model.tables(60.0))
    assert isinstance(batch, quantise.PlainBatch)
    statistics = quantise.learn(batch, activity)
    plain = entropy.Events.rounded(batch.steps, batch.magnitudes)
    thrifty = batch.quantised(strip.masks(activity, statistics), statistics.bits)
    dense = np.zeros((2, *batch.steps.shape), np.int32)
    for number, found in enumerate((plain, thrifty)):
        dense[number, found.block, found.place] = found.values()
    assert (np.abs(dense[1]) <= np.abs(dense[0])).all()
    assert (np.abs(dense[1] - dense[0]) <= 1).all()
    assert (dense[1, :, 0] == dense[0, :, 0]).all()
    assert np.count_nonzero(dense[1]) < 0.9 * np.count_nonzero(dense[0])


@pytest.mark.slow
def test_thrift_pays() -> None:
    """Fewer bytes than the same tables with plain rounding need for as good a score."""
    picture = photo(512, 384)
    rates = {}
    for encoder in ENCODERS:
        points = []
        for quality in (70.0, 76.0, 82.0, 88.0, 94.0):
            data = encode(picture, quality, Sampling.QUARTER, encoder)
            points.append((full_score(picture, decoded(data)), np.log(len(data))))
        scores, sizes = zip(*points, strict=True)
        rates[encoder.name] = np.interp(80.0, scores, sizes)
    thrifty, plain = (rates[encoder.name] for encoder in ENCODERS)
    assert thrifty < plain - 0.03


# Whole pictures


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: encoder.name)
@pytest.mark.parametrize("sampling", list(Sampling))
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (16, 16), (17, 33), (130, 70), (640, 31)])
def test_libjpeg_decodes_what_was_coded(encoder: Encoder, sampling: Sampling, size: tuple[int, int]) -> None:
    picture = photo(*size)
    data = encode(picture, 96.0, sampling, encoder)
    result = decoded(data)
    assert result.shape == picture.shape
    assert parse_jpeg(data).frame.subsampling == sampling
    assert np.abs(result.astype(int) - picture).mean() < 3


@pytest.mark.parametrize("size", [(1, 1), (9, 15), (200, 100)])
def test_grey(size: tuple[int, int]) -> None:
    picture = photo(*size)[..., 0]
    result = decoded(encode(picture, 96.0, Sampling.QUARTER))
    assert result.shape == picture.shape
    assert np.abs(result.astype(int) - picture).mean() < 2


@pytest.mark.parametrize("quality", [model.LOWEST_QUALITY, 30.0, 99.5])
@pytest.mark.parametrize("kind", ["noise", "black", "white", "checks", "primaries"])
def test_extremes_decode(quality: float, kind: str) -> None:
    random = np.random.default_rng(3)
    picture = {
        "noise": random.integers(0, 2, (64, 80, 3), np.uint8) * np.uint8(255),
        "black": np.zeros((64, 80, 3), np.uint8),
        "white": np.full((64, 80, 3), 255, np.uint8),
        "checks": np.kron(np.indices((64, 80)).sum(axis=0) % 2, np.ones((1, 1)))[..., None].astype(np.uint8)
        * np.full(3, 255, np.uint8),
        "primaries": np.repeat(np.eye(3, dtype=np.uint8) * 255, 27, axis=0)[None, :80].repeat(64, axis=0),
    }[kind]
    for sampling in Sampling:
        assert decoded(encode(picture, quality, sampling)).shape == picture.shape


@pytest.mark.parametrize("sampling", list(Sampling))
@pytest.mark.parametrize("grey", [False, True])
def test_strips_leave_no_trace(sampling: Sampling, grey: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = photo(300, 401)[..., 0] if grey else photo(300, 401)
    whole = encode(picture, 80.0, sampling)
    monkeypatch.setattr(encoding, "_STRIP_PIXELS", 300 * 48)
    assert encode(picture, 80.0, sampling) == whole


def test_a_sample_of_another_encoder_is_refused() -> None:
    picture = photo(32, 32)
    sample = PillowEncoder().sample(picture, Sampling.FULL)
    with pytest.raises(TypeError, match="encoder"):
        RateDistortionEncoder().encode(picture, Sampling.FULL, 80.0, sample)


# Tables


def test_tables_shrink_with_quality() -> None:
    sums = [model.tables(q)[0].sum() for q in np.linspace(model.LOWEST_QUALITY, model.HIGHEST_QUALITY, 50)]
    assert sums == sorted(sums, reverse=True)


@pytest.mark.parametrize("quality", [30, 50, 70, 80, 85, 90, 95, 99])
def test_tables_are_jpeglis_but_for_finer_means_and_coarser_chroma(quality: int) -> None:
    pyjpegli = pytest.importorskip("pyjpegli")
    stream = pyjpegli.encode(bytes(32 * 32 * 3), 32, 32, quality)
    with Image.open(io.BytesIO(stream)) as picture:
        read = picture.quantization  # type: ignore[attr-defined]  # Pillow does not say so
    theirs = [np.array(read[0]), np.minimum(np.array(read[1]) * 1.15, 255)]
    for mine, table in zip(model.tables(float(quality)), theirs, strict=True):
        assert np.abs(mine - table)[1:].max() <= 1 + table.max() * 0.02
        assert 0.6 * table[0] <= mine[0] <= table[0] + 1


@given(st.floats(model.LOWEST_QUALITY, model.HIGHEST_QUALITY))
@settings(max_examples=80)
def test_own_tables_are_recognised(quality: float) -> None:
    quality = model.on_grid(quality)
    luma, chroma = (tuple(table.tolist()) for table in model.tables(quality))
    found = model.quality_of_tables((luma, chroma, chroma))
    assert found is not None
    assert np.array_equal(model.tables(found)[0], luma)
    assert model.quality_of_tables((luma, luma[::-1], chroma)) is None


def test_tables_of_version_0_1_0_are_recognised() -> None:
    """Its results are not to lose a second time: here what it wrote at 83.5."""
    luma = (
        "4 6 10 9 11 12 13 13 6 7 9 9 12 11 14 14 10 9 10 11 12 13 13 14 9 9 11 11 14 16 16 15 11 12 12 "
        "14 15 17 19 18 12 11 13 16 17 18 17 20 13 14 13 16 19 17 18 18 13 14 14 15 18 20 18 15 "
    )
    chroma = (
        "4 5 8 7 9 8 10 11 5 7 8 7 8 7 9 10 8 8 8 7 8 9 9 10 7 7 7 7 9 9 10 11 9 8 8 9 7 11 8 10 8 7 9 9 "
        "11 9 11 16 10 9 9 10 8 11 17 16 11 10 10 11 10 16 16 130 "
    )
    found = tuple(tuple(map(int, table.split())) for table in (luma, chroma, chroma))
    assert model.quality_of_tables(found) == pytest.approx(83.5, abs=0.1)


@pytest.mark.parametrize("quality", [50, 75, 80, 90, 95])
def test_tables_of_others_are_not(quality: int) -> None:
    stream = parse_jpeg(jpeg(photo(32, 32), quality))
    assert model.quality_of_tables(tuple(table.values for table in component_tables(stream))) is None


@pytest.mark.parametrize("sampling", list(Sampling))
def test_inks(sampling: Sampling) -> None:
    inks = np.dstack((photo(120, 90), photo(120, 90, seed=2)[..., 0]))
    data = encode(inks, 96.0, sampling)
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "CMYK"
        result = np.asarray(picture)
    assert np.abs(result.astype(int) - inks).mean(axis=(0, 1)).max() < 4
    assert colour_model(parse_jpeg(data)) is ColourModel.YCCK


@pytest.mark.parametrize("sampling", list(Sampling))
@pytest.mark.parametrize("quality", [30.0, 80.0, 97.0])
def test_a_sample_that_is_the_picture_is_coded_as_the_picture(
    monkeypatch: pytest.MonkeyPatch, quality: float, sampling: Sampling
) -> None:
    """In one strip as in several, so nothing that was tried has to be coded again."""
    picture, encoder = photo(611, 403), RateDistortionEncoder()
    monkeypatch.setattr(encoding, "_STRIP_PIXELS", 611 * 96)
    in_strips = encoder.encode(picture, sampling, quality, encoder.sample(picture, sampling))
    whole = encoder.sample(picture, sampling, whole=True)
    assert np.array_equal(whole.decoded(quality), decoded(in_strips.stream))
    as_tried = encoder.encode(picture, sampling, quality, whole)
    assert as_tried.stream == in_strips.stream
    assert as_tried.smallest() == in_strips.smallest()

    def again(_: CodedRows) -> Iterator[Band]:
        pytest.fail("it is decoded again")

    monkeypatch.setattr(smallest, "decode_bands", again)
    (band,) = as_tried.bands()
    assert np.array_equal(band.pixels[:, :], decoded(as_tried.stream))


def test_a_small_picture_is_coded_and_scored_once_at_each_quality(monkeypatch: pytest.MonkeyPatch) -> None:
    codings: list[tuple[Any, ...]] = []
    scores: list[float] = []
    whole_score = WholeSample.score

    def counted(headers: FrameHeaders, rows: list[bytes]) -> CodedRows:
        codings.append(tuple(table.tobytes() for table in headers.tables))
        return CodedRows(headers, rows)

    def scored(sample: WholeSample, coded: np.ndarray) -> float:
        scores.append(whole_score(sample, coded))
        return scores[-1]

    monkeypatch.setattr(encoding, "CodedRows", counted)

    monkeypatch.setattr(WholeSample, "score", scored)
    found = code(photo(403, 300), np.asarray, 80.0, RateDistortionEncoder(), fine_colour=False)
    assert found is not None and found.score in scores
    assert all(not 80.0 <= score <= 80.6 for score in scores if score != found.score), "it would have done"
    assert len(codings) == len(set(codings)) == len(scores)
