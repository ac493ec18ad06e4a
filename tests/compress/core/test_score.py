"""The score by the compiled core against that by numpy, and against lengths that do not fit."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from compress.images import decoded, jpeg, photo, screenshot
from homepress.compress import Compressed, Recipe, compress
from homepress.compress.core import score_entries
from homepress.compress.core.library import BEST, PLAIN, CompiledCore, Loaded
from homepress.compress.core.score_entries import Margins, Reference, ScoreMeasure
from homepress.compress.score import ssimulacra2
from homepress.compress.score.ssimulacra2 import MARGIN, Piece, PieceReference, full_score
from homepress.compress.score.tiles import EDGE, StripReference, compare_once
from homepress.compress.score.weighing import SCALES, counting
from support import THIS_MACHINE_CANNOT

Bytes = NDArray[np.uint8]

NEAR, NEAR_IN_FEW, FEW = 0.01, 0.05, 256
"""Points of score by which both may differ, in pictures of so many pixels and in those of fewer.

There the error of one pixel's rounding is no mean of many."""


def by(core: CompiledCore | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Score with a core, or with numpy; all else is left to what did it."""
    monkeypatch.setattr(ssimulacra2, "Loaded", SimpleNamespace(core=core))


def both(core: CompiledCore, monkeypatch: pytest.MonkeyPatch, source: Bytes, result: Bytes) -> list[float]:
    scores = []
    for used in (None, core):
        by(used, monkeypatch)
        scores.append(full_score(source, result))
    return scores


fixtures_are_shared = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
edges = st.one_of(st.sampled_from((1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 32, 33, 64)), st.integers(1, 200))
seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(("soft", "noise", "black", "white", "checks", "primaries"))


def made(kind: str, height: int, width: int, seed: int) -> Bytes:
    """A picture of one of `kinds`."""
    numbers = np.random.default_rng(seed)
    down, across = np.mgrid[:height, :width]
    match kind:
        case "soft":
            plane = down * 3 + across * 2
            return np.stack([(plane + at * 40) % 230 for at in range(3)], axis=-1).astype(np.uint8)
        case "noise":
            return numbers.integers(0, 256, (height, width, 3), np.uint8)
        case "checks":
            return np.repeat(((down + across) % 2 * 255)[..., None], 3, axis=-1).astype(np.uint8)
        case "primaries":
            return numbers.integers(0, 2, (height, width, 3), np.uint8) * np.uint8(255)
    return np.full((height, width, 3), 255 if kind == "white" else 0, np.uint8)


def strayed(picture: Bytes, most: int, seed: int) -> Bytes:
    """Each level up to so many levels off."""
    off = np.random.default_rng(seed + 1).integers(-most, most + 1, picture.shape)
    return np.clip(picture + off, 0, 255).astype(np.uint8)


class TestSameAsNumpy:
    @given(edges, edges, kinds, st.sampled_from((0, 1, 4, 20, 255)), seeds)
    @fixtures_are_shared
    def test_any_picture(
        self, any_core: CompiledCore, height: int, width: int, kind: str, most: int, seed: int
    ) -> None:
        source = made(kind, height, width, seed)
        with pytest.MonkeyPatch.context() as monkeypatch:
            plain, found = both(any_core, monkeypatch, source, strayed(source, most, seed))
        near = NEAR if height * width >= FEW else NEAR_IN_FEW
        assert found == pytest.approx(plain, abs=near)

    @given(edges, edges, kinds, kinds, seeds)
    @fixtures_are_shared
    def test_pictures_that_have_nothing_in_common(
        self, any_core: CompiledCore, height: int, width: int, kind: str, other: str, seed: int
    ) -> None:
        """Far below any floor; the further, the less a hundredth of a point means."""
        pictures = made(kind, height, width, seed), made(other, height, width, seed + 1)
        with pytest.MonkeyPatch.context() as monkeypatch:
            plain, found = both(any_core, monkeypatch, *pictures)
        assert found == pytest.approx(plain, abs=NEAR_IN_FEW, rel=5e-4)

    @pytest.mark.parametrize("quality", [5, 30, 60, 80, 90, 95, 100])
    @pytest.mark.parametrize("kind", ["photo", "grey", "screenshot"])
    def test_codings(
        self, any_core: CompiledCore, monkeypatch: pytest.MonkeyPatch, kind: str, quality: int
    ) -> None:
        source = (screenshot if kind == "screenshot" else photo)(611, 703)
        if kind == "grey":
            source = np.repeat(source[..., :1], 3, axis=-1)
        plain, found = both(any_core, monkeypatch, source, decoded(jpeg(source, quality)))
        assert found == pytest.approx(plain, abs=NEAR)

    def test_tiles(self, any_core: CompiledCore, monkeypatch: pytest.MonkeyPatch) -> None:
        source = photo(EDGE * 19, EDGE)
        result = decoded(jpeg(source, 70))
        scores = []
        for used in (None, any_core):
            by(used, monkeypatch)
            reference = StripReference(source)
            # One reference serves several candidates, and the first leaves nothing behind.
            reference.compare(source)
            scores += [reference.compare(result).score(), compare_once(source, result).score()]
        assert scores == pytest.approx([scores[0]] * 4, abs=NEAR)

    @given(st.data(), seeds)
    @fixtures_are_shared
    def test_pieces(self, any_core: CompiledCore, data: st.DataObject, seed: int) -> None:
        """Every map that may count, with and without margins at each side, several side by side."""
        top, bottom, left, right = (data.draw(st.sampled_from((0, 16, MARGIN))) for _ in range(4))
        height, width = (data.draw(st.integers(1, 40)) + margins for margins in (top + bottom, left + right))
        looked_at = data.draw(st.integers(2, SCALES))
        piece = Piece(top, bottom, left, right, data.draw(st.booleans()), looked_at)
        several = data.draw(st.integers(1, 3))
        source = made("soft", height, several * width, seed).reshape(height, several, width, 3)
        result = strayed(source, 9, seed)
        tallies = []
        with pytest.MonkeyPatch.context() as monkeypatch:
            for used in (None, any_core):
                by(used, monkeypatch)
                tallies.append(PieceReference(source, piece).compare(result))
        assert np.array_equal(tallies[0].pixels, tallies[1].pixels)
        assert tallies[1].score() == pytest.approx(tallies[0].score(), abs=NEAR)
        wanted = counting(piece.looked_at)
        assert tallies[1].sums[wanted] == pytest.approx(tallies[0].sums[wanted], rel=2e-3, abs=1e-4)

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("size", [(403, 300), (1700, 1100)], ids=["whole", "tiles"])
    def test_the_search_decides_alike(
        self, any_core: CompiledCore, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], seed: int
    ) -> None:
        source = jpeg(photo(*size, seed=seed), 97)
        results = []
        for used in (None, any_core):
            by(used, monkeypatch)
            results.append(compress(source, Recipe(floor=80.0)))
        plain, found = results
        assert isinstance(plain, Compressed) and isinstance(found, Compressed)
        assert found.data == plain.data

    def test_every_kind_of_code_gives_the_same(self, core: CompiledCore) -> None:
        source = photo(200, 150)
        found, kinds = [], []
        for most in (PLAIN, BEST):
            core.choose(most)
            kinds.append(core.kind)
            reference = Reference(core, measure(), source, Margins(16, 0, 0, 16, fade=True))
            found.append(reference.compare(strayed(source, 6, 1)))
        if kinds[0] == kinds[1]:
            pytest.skip(f"{THIS_MACHINE_CANNOT}: one kind of code alone is for its processor")
        assert found[0].any() and np.array_equal(found[0], found[1])


def measure() -> ScoreMeasure:
    return ssimulacra2._measure(SCALES)


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        "pixels",
        [
            np.zeros((8, 8), np.uint8),
            np.zeros((8, 8, 4), np.uint8),
            np.zeros((0, 8, 3), np.uint8),
            np.zeros((8, 8, 3), np.float32),
            np.zeros((2, 2, 8, 8, 3), np.uint8),
        ],
        ids=lambda pixels: f"{pixels.dtype} {pixels.shape}",
    )
    def test_pixels_are_refused(self, core: CompiledCore, pixels: Any) -> None:
        with pytest.raises(ValueError, match="cannot score"):
            Reference(core, measure(), pixels, Margins(0, 0, 0, 0, fade=True))

    def test_another_size_is_refused(self, core: CompiledCore) -> None:
        reference = Reference(core, measure(), photo(20, 16), Margins(0, 0, 0, 0, fade=True))
        with pytest.raises(ValueError, match="cannot compare"):
            reference.compare(photo(16, 20))

    @pytest.mark.parametrize("sides", [(8, 8, 0, 0), (0, 0, 20, 0), (17, 0, 0, 0)], ids=str)
    def test_margins_that_leave_nothing_are_refused(self, core: CompiledCore, sides: Any) -> None:
        with pytest.raises(ValueError, match="nothing of"):
            Reference(core, measure(), photo(20, 16), Margins(*sides, fade=True))

    @pytest.mark.parametrize("change", [
        {"metric": np.zeros(score_entries.METRIC - 1, np.float32)},
        {"metric": np.zeros(score_entries.METRIC, np.float64)},
        {"wanted": np.ones((5, 3), np.uint8)},
        {"wanted": np.zeros((6, 3), np.uint8)},
    ], ids=["short", "double", "scales", "nothing"])  # fmt: skip
    def test_measures_are_refused(self, change: dict[str, Any]) -> None:
        right = {"metric": measure().metric, "wanted": measure().wanted}
        with pytest.raises(ValueError, match=r"the core takes|no map is wanted"):
            ScoreMeasure(**{**right, **change})

    @pytest.mark.parametrize("off", [-1, 1], ids=["short", "long"])
    @pytest.mark.parametrize("name", ["hp_score_prepare", "hp_score_compare"])
    @pytest.mark.parametrize("which", ["pixels", "wanted", "metric", "kept", "sums"])
    def test_lengths_are_refused(self, core: CompiledCore, name: str, which: str, off: int) -> None:
        """Behind the checks of `score_entries.py` there are those in C, before anything is read."""
        pixels, wanted, metric = photo(20, 16), measure().wanted, measure().metric
        reference = Reference(core, measure(), pixels, Margins(0, 0, 0, 0, fade=True))
        sizes = {"pixels": 960, "wanted": 18, "metric": metric.size, "kept": reference._room(), "sums": 108}
        sums = np.zeros(108)
        for lengths, fits in ((sizes, True), ({**sizes, which: sizes[which] + off}, False)):
            if name == "hp_score_prepare" and which == "sums":
                break
            shape = (lengths["pixels"], 16, 1, 20, 0, 0, 0, 0, 1)
            what = (wanted, lengths["wanted"], metric, lengths["metric"], reference._kept, lengths["kept"])
            more = (sums, lengths["sums"]) if name == "hp_score_compare" else ()
            if fits:
                assert core.call(name, pixels, *shape, *what, *more) == sizes["kept"]
                continue
            with pytest.raises(ValueError, match="does not fit"):
                core.call(name, pixels, *shape, *what, *more)


def test_it_is_what_scores(core: CompiledCore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Loaded, "core", core)
    assert isinstance(PieceReference(photo(32, 32))._by, ssimulacra2._CoreReference)
    monkeypatch.setattr(Loaded, "core", None)
    assert isinstance(PieceReference(photo(32, 32))._by, ssimulacra2._PlainReference)
