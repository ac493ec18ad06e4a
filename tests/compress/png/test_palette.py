"""Fewer colours: the quantiser, the checks for steps and patches, and what becomes of PNGs."""

import io
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from compress import images, pngs
from homepress.compress.aim import Scorer, over
from homepress.compress.metadata.png import chunk_bytes
from homepress.compress.model import Compressed, Recipe, ScoreKind
from homepress.compress.png import palette, png
from homepress.compress.png.evenness import Evenness
from homepress.compress.png.palette import Colours, Indexed, Quantiser
from homepress.compress.png.pixels import read_png
from homepress.compress.score.ssimulacra2 import PieceReference, full_score


def drawing(height: int = 300, width: int = 400, *, alpha: bool = False) -> np.ndarray:
    """Discs with soft edges on an even ground: more than 256 colours, few of which matter."""
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    picture = np.zeros((height, width, 4), np.float32)
    picture[..., 3] = 0 if alpha else 255
    picture[..., :3] = (240, 238, 230)
    generator = np.random.default_rng(4)
    for _ in range(40):
        x, y, radius = generator.random(3) * (width, height, 40)
        cover = np.clip(radius - np.hypot(across - x, down - y), 0, 1)[..., None]
        colour = np.append(generator.integers(0, 256, 3), 255)
        picture = picture * (1 - cover) + colour * cover
    return np.rint(picture).astype(np.uint8)


def gradient(height: int = 300, width: int = 400) -> np.ndarray:
    """Smooth over more than 256 colours in two directions: what no palette can hold."""
    down, across = np.mgrid[0:height, 0:width]
    rgba = np.full((height, width, 4), 255, np.uint8)
    rgba[..., 0], rgba[..., 1], rgba[..., 2] = across * 255 // width, down * 255 // height, 128
    return rgba


def as_png(rgba: np.ndarray, **chunks: Any) -> bytes:
    opaque = bool((rgba[..., 3] == 255).all())
    values = (rgba[..., :3] if opaque else rgba).astype(np.uint16)
    return pngs.png(values, 2 if opaque else 6, 8, **chunks)


def quantiser_of(rgba: np.ndarray) -> Quantiser:
    return Quantiser(Colours(rgba).mapped(), rgba)


def looks(indexed: Indexed) -> np.ndarray:
    return indexed.palette[indexed.indices]


@pytest.mark.parametrize("alpha", [False, True])
def test_colours_are_found_where_they_are(alpha: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(palette, "_STRIP_PIXELS", 1000)
    rgba = drawing(alpha=alpha)
    found = Colours(rgba).mapped()
    wanted = np.where(rgba[..., 3:] == 0, 0, rgba)
    assert np.array_equal(found.colours[found.numbers].reshape(rgba.shape), wanted)
    assert len(np.unique(found.colours, axis=0)) == len(found.colours)


def test_strips_leave_no_trace_in_the_palette(monkeypatch: pytest.MonkeyPatch) -> None:
    rgba = drawing()
    whole = looks(quantiser_of(rgba).reduce(48))
    monkeypatch.setattr(palette, "_STRIP_PIXELS", 3000)
    assert np.abs(looks(quantiser_of(rgba).reduce(48)).astype(int) - whole).max() <= 1


@pytest.mark.slow
def test_photographs_are_told_from_drawings() -> None:
    photo = np.dstack((images.photo(300, 300), np.full((300, 300), 255, np.uint8)))
    assert Colours(photo).of_photograph
    assert not Colours(drawing()).of_photograph
    result = png.compress(as_png(photo), Recipe(floor=50.0))
    assert not isinstance(result, Compressed) or result.lossless


def test_few_colours_are_kept_exactly() -> None:
    rgba = np.repeat(pngs.flat(2, 8, 64, 64).astype(np.uint8), 1, axis=0)
    rgba = np.dstack((rgba, np.full((64, 64), 255, np.uint8)))
    assert np.array_equal(looks(quantiser_of(rgba).reduce(8)), rgba)


@pytest.mark.parametrize("count", [2, 5, 16, 256])
def test_there_are_no_more_colours_than_asked_for_and_more_are_closer(count: int) -> None:
    rgba = gradient(60, 80)
    error = []
    for size in (count, min(256, count * 2)):
        indexed = quantiser_of(rgba).reduce(size)
        assert len(indexed.palette) <= size
        error.append(np.abs(looks(indexed).astype(int) - rgba).mean())
    assert error[1] <= error[0]


def test_opaque_translucent_and_transparent_pixels_stay_so() -> None:
    rgba = gradient(64, 64)
    rgba[:20, :, 3] = 0
    rgba[20:40, :, 3] = np.arange(1, 65) * 3
    after = looks(quantiser_of(rgba).reduce(12))
    for alpha in (0, 255):
        assert np.array_equal(after[..., 3] == alpha, rgba[..., 3] == alpha)


def test_the_ground_keeps_its_exact_colour() -> None:
    rgba = drawing()
    ground = (rgba == (240, 238, 230, 255)).all(axis=-1)
    assert ground.mean() > 0.3
    assert (looks(quantiser_of(rgba).reduce(16))[ground] == (240, 238, 230, 255)).all()


def test_the_same_picture_gives_the_same_palette() -> None:
    rgba = gradient(100, 100)
    first, second = quantiser_of(rgba).reduce(64), quantiser_of(rgba.copy()).reduce(64)
    assert np.array_equal(first.palette, second.palette)
    assert np.array_equal(first.indices, second.indices)


def test_favoured_blocks_come_out_better() -> None:
    rgba = gradient(128, 128)
    blocks = np.zeros((8, 8), np.bool_)
    blocks[3, 3] = True
    part = np.s_[48:64, 48:64]
    quantiser = quantiser_of(rgba)
    before = np.abs(looks(quantiser.reduce(64))[part].astype(int) - rgba[part]).mean()
    for _ in range(3):
        quantiser.favour(blocks, 16)
    assert np.abs(looks(quantiser.reduce(64))[part].astype(int) - rgba[part]).mean() < before / 2


def test_steps_in_a_gradient_are_seen_and_noise_is_not() -> None:
    source = gradient()[..., :3].copy()
    assert not Evenness(source).steps_in(source).any()
    assert Evenness(source).steps_in(source // 8 * 8).any()
    noisy = np.random.default_rng(1).integers(0, 256, source.shape, dtype=np.uint8)
    assert not Evenness(noisy).steps_in(noisy // 8 * 8).any()


def test_a_shifted_ground_is_patchy() -> None:
    source = np.full((64, 64, 3), 100, np.uint8)
    assert not Evenness(source).is_patchy(source + np.uint8(4))
    assert Evenness(source).is_patchy(source + np.uint8(5))
    assert not Evenness(source[:4]).is_patchy(source[:4] + np.uint8(50)), "too small for a block"


def test_a_fault_that_only_dark_ground_shows_lowers_the_score() -> None:
    source = drawing(alpha=True)
    fault = source.copy()
    hidden = source[..., 3] == 0
    fault[hidden] = (255, 255, 255, 60)  # all but invisible on white
    scorer = Scorer(source, lambda pixels: pixels)
    assert scorer.kind is ScoreKind.FULL
    assert scorer.score(scorer.looks(source)) > 99.9
    assert scorer.score(scorer.looks(fault)) < 50.0
    assert np.array_equal(over(source, 255)[hidden], over(fault, 255)[hidden])


def test_a_small_source_is_prepared_once_for_all_results(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[tuple[int, ...]] = []
    prepare = PieceReference.__init__

    def counted(reference: PieceReference, rgb: np.ndarray, *piece: Any) -> None:
        prepared.append(rgb.shape)
        prepare(reference, rgb, *piece)

    source = drawing(alpha=True)
    looks = [over(source ^ np.uint8(3), ground) for ground in (32, 255)]
    pairs = zip((over(source, 32), over(source, 255)), looks, strict=True)
    alone = min(full_score(before, after) for before, after in pairs)
    monkeypatch.setattr(PieceReference, "__init__", counted)
    scorer = Scorer(source, lambda pixels: pixels)
    assert [scorer.score(looks) for _ in range(3)] == [alone] * 3
    assert len(prepared) == 2  # one for each ground


def test_colour_beneath_transparency_does_not_count() -> None:
    source = drawing(alpha=True)
    other = source.copy()
    other[source[..., 3] == 0] = (1, 2, 3, 0)
    scorer = Scorer(source, lambda pixels: pixels)
    assert scorer.score(scorer.looks(other)) > 99.9


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [False, True])
def test_a_drawing_gets_a_palette_that_holds_the_floor(alpha: bool) -> None:
    rgba = drawing(alpha=alpha)
    source = as_png(rgba, before=((b"tEXt", b"Title\0kept"),))
    result = png.compress(source, Recipe(floor=80.0))
    assert isinstance(result, Compressed)
    assert not result.lossless
    assert "colours" in result.method
    file = read_png(result.data)
    assert file.header.colour == 3
    assert [each.body for each in file.chunks if each.kind == b"tEXt"] == [b"Title\0kept"]
    with Image.open(io.BytesIO(result.data)) as image:
        after = np.asarray(image.convert("RGBA"))
    scorer = Scorer(rgba, lambda pixels: pixels)
    assert scorer.score(scorer.looks(after)) == pytest.approx(result.score, abs=0.01)
    assert result.score >= 80.0


@pytest.mark.slow
@pytest.mark.parametrize(
    "recipe", [Recipe(floor=None), Recipe(floor=90.0), Recipe(floor=80.0, palette=False)]
)
def test_without_leave_to_lose_pixels_stay(recipe: Recipe) -> None:
    result = png.compress(as_png(drawing()), recipe)
    assert isinstance(result, Compressed)
    assert result.lossless


def test_a_gradient_is_never_put_into_a_palette() -> None:
    result = png.compress(as_png(gradient()), Recipe(floor=30.0))
    assert not isinstance(result, Compressed) or result.lossless


@pytest.mark.slow
@pytest.mark.parametrize(
    "chunk",
    [(b"cICP", bytes((9, 16, 0, 1))), (b"gAMA", (100_000).to_bytes(4, "big")), (b"sBIT", bytes((5, 5, 5)))],
)
def test_other_light_or_sample_meaning_forbids_a_palette(chunk: tuple[bytes, bytes]) -> None:
    result = png.compress(as_png(drawing(), before=(chunk,)), Recipe(floor=70.0))
    assert isinstance(result, Compressed)
    assert result.lossless


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [(b"sBIT", bytes((8, 8, 8))), (b"bKGD", bytes(6))])
def test_what_drawing_programs_say_of_their_samples_forbids_no_palette(chunk: tuple[bytes, bytes]) -> None:
    result = png.compress(as_png(drawing(), before=(chunk,)), Recipe(floor=70.0))
    assert isinstance(result, Compressed)
    assert not result.lossless
    assert chunk[0] in result.data


@pytest.mark.slow
@pytest.mark.parametrize("source", ["drawing", "lines"])
def test_a_result_in_few_colours_is_final(source: str) -> None:
    rgba = drawing() if source == "drawing" else lines()
    first = png.compress(as_png(rgba), Recipe(floor=70.0))
    assert isinstance(first, Compressed)
    assert not first.lossless
    assert not isinstance(png.compress(first.data, Recipe(floor=70.0)), Compressed)


def lines(height: int = 400, width: int = 500) -> np.ndarray:
    """Thin black lines with soft edges on white, as plots and text are: greys of all levels, no more."""
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    light = np.full((height, width), 255.0, np.float32)
    generator = np.random.default_rng(5)
    for _ in range(60):
        x, y, turn = generator.random(3) * (width, height, np.pi)
        away = np.abs((across - x) * np.sin(turn) - (down - y) * np.cos(turn))
        light *= 1 - np.clip(1.6 - away, 0, 1) * (np.hypot(across - x, down - y) < 90)
    rgba = np.full((height, width, 4), 255, np.uint8)
    rgba[..., :3] = np.rint(light)[..., None]
    return rgba


def shades(rgba: np.ndarray, colour: int, depth: int, **more: Any) -> bytes:
    """A grey picture as PNG of a kind."""
    grey = rgba[..., :1].astype(np.uint16)
    if colour == 3:
        return pngs.png(grey, 3, 8, palette=bytes(v for level in range(256) for v in (level,) * 3), **more)
    opaque = np.full_like(grey, 255)
    channels = {0: [grey], 2: [grey] * 3, 4: [grey, opaque], 6: [grey] * 3 + [opaque]}[colour]
    return pngs.png(np.concatenate(channels, axis=-1) * (257 if depth == 16 else 1), colour, depth, **more)


def shown(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGBA"))


@pytest.mark.parametrize(("colour", "depth"), [(0, 8), (2, 8), (3, 8), (4, 8), (6, 8), (0, 16), (6, 16)])
def test_what_has_few_colours_gets_fewer_where_nobody_sees_it(colour: int, depth: int) -> None:
    text, hint = (b"tEXt", b"Title\0kept"), (b"gAMA", (45_455).to_bytes(4, "big"))
    source = shades(lines(), colour, depth, before=(text, hint))
    result = png.compress(source, Recipe(floor=60.0))
    assert isinstance(result, Compressed)
    assert (result.lossless, result.score_kind) == (False, ScoreKind.FULL)
    exact = png.compress(source, Recipe(floor=None))
    assert len(result.data) < 0.8 * len(exact.data if isinstance(exact, Compressed) else source)
    scorer = Scorer(lines(), lambda pixels: pixels)
    assert scorer.score(scorer.looks(shown(result.data))) == pytest.approx(result.score, abs=0.01)
    assert result.score >= 90.0
    kept = [(each.kind, each.body) for each in read_png(result.data).chunks]
    assert text in kept
    assert hint in kept
    assert read_png(result.data).header.depth == 4


def test_transparency_and_background_of_a_palette_stay_with_its_new_colours() -> None:
    rgba = lines()
    rgba[:, :100] = 0
    values = np.where(rgba[..., 3:] == 0, 7, np.maximum(rgba[..., :1], 8)).astype(np.uint16)
    palette = bytes(v for level in range(256) for v in (level,) * 3)
    source = pngs.png(values, 3, 8, palette=palette, transparency=bytes((255,) * 7 + (0,)))
    at = source.index(b"IDAT") - 4
    source = source[:at] + chunk_bytes(b"bKGD", b"\x03") + source[at:]
    result = png.compress(source, Recipe())
    assert isinstance(result, Compressed)
    assert not result.lossless
    file = read_png(result.data)
    index = next(each.body for each in file.chunks if each.kind == b"bKGD")[0]
    assert file.picture.palette[3 * index : 3 * index + 3] == bytes((3, 3, 3))
    after = shown(result.data)
    assert np.array_equal(after[..., 3], rgba[..., 3])
    assert len(file.picture.palette) // 3 <= 16


@pytest.mark.parametrize(("edge", "offset"), [(16, 8), (14, 1), (10, 3), (4, 6)])
def test_a_small_field_of_a_colour_of_its_own_keeps_it(edge: int, offset: int) -> None:
    """Wherever it lies on the grid of blocks that the search looks at."""
    rgba = lines() // 2 * 2
    colours = np.random.default_rng(edge).integers(0, 256, (20, 3))
    where = np.zeros(rgba.shape[:2], np.bool_)
    for number, colour in enumerate(colours):  # a legend: twenty colours next to each other
        left = offset + 24 * number
        rgba[offset : offset + edge, left : left + edge, :3] = colour
        where[offset + 1 : offset + edge - 1, left + 1 : left + edge - 1] = True
    result = png.compress(as_png(rgba), Recipe(floor=60.0))
    assert isinstance(result, Compressed)
    assert np.abs(shown(result.data)[where].astype(int) - rgba[where]).max() <= 4


def test_photographs_in_grey_stay() -> None:
    photo = images.photo(300, 300)[..., :1].repeat(4, axis=-1)
    photo[..., 3] = 255
    for colour in (0, 3):
        result = png.compress(shades(photo, colour, 8), Recipe(floor=50.0))
        assert not isinstance(result, Compressed) or result.lossless


@pytest.mark.parametrize(
    "chunk", [(b"iCCP", b"grey\0\0" + zlib.compress(images.profile())), (b"sBIT", b"\x05")]
)
def test_grey_with_a_profile_or_fewer_bits_of_its_own_stays(chunk: tuple[bytes, bytes]) -> None:
    result = png.compress(shades(lines(), 0, 8, before=(chunk,)), Recipe(floor=60.0))
    assert not isinstance(result, Compressed) or result.lossless


def test_true_16_bits_stay() -> None:
    values = lines()[..., :3].astype(np.uint16) * 257
    values[0, 0, 0] ^= 1
    result = png.compress(pngs.png(values, 2, 16), Recipe(floor=60.0))
    assert isinstance(result, Compressed)
    assert result.lossless


def test_what_sample_tiles_say_is_confirmed_by_all_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    rgba = np.tile(drawing(600, 400), (2, 4, 1))
    scorer = Scorer(rgba, lambda pixels: pixels)
    assert scorer.kind is ScoreKind.SAMPLED
    monkeypatch.setattr(Scorer, "score", lambda _self, _looks: 99.0)
    monkeypatch.setattr(Scorer, "worst", lambda _self, _looks: 99.0)
    result = png.compress(as_png(rgba), Recipe(floor=84.0))
    assert isinstance(result, Compressed)
    assert result.lossless or result.score >= 84.0
    assert result.lossless or scorer.full(scorer.looks(shown(result.data))) == pytest.approx(
        result.score, abs=0.01
    )
