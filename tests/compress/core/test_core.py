"""The compiled core against numpy, and against lengths that do not fit."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from compress.core import exercise
from compress.core.conftest import compiled
from compress.images import decoded, photo, screenshot
from homepress.compress.core import entries, library
from homepress.compress.core.library import BEST, PLAIN, CompiledCore, Loaded
from homepress.compress.jpeg import encoder as encoding
from homepress.compress.jpeg import model, quantise
from homepress.compress.jpeg.encoder import CoreStrip, RateDistortionEncoder, Strip
from homepress.compress.jpeg.entropy import Layout
from homepress.compress.jpeg.model import Sampling
from homepress.compress.score.ssimulacra2 import full_score

Bytes = NDArray[np.uint8]

NO_CODES = entries.Codes(np.zeros((2, 512), np.uint32), np.zeros((2, 512), np.uint8))


def strip_of(
    core: CompiledCore | None, pixels: Bytes, sampling: Sampling, monkeypatch: pytest.MonkeyPatch
) -> Strip:
    monkeypatch.setattr(Loaded, "core", core)
    (strip,) = encoding.strips(pixels, sampling, rows=-(-len(pixels) // 16) * 16)
    return strip


shapes = st.tuples(st.integers(1, 70), st.integers(1, 70), st.sampled_from((1, 3, 4)))
fixtures_are_shared = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def picture(shape: tuple[int, int, int], seed: int) -> Bytes:
    """Soft in one half, noise in the other."""
    height, width, channels = shape
    numbers = np.random.default_rng(seed)
    soft = np.add.outer(np.arange(height) * 3, np.arange(width) * 2)[..., None] + np.arange(channels) * 40
    noise = numbers.integers(-20, 20, (height, width, channels)) * (np.arange(width) > width // 2)[:, None]
    pixels = np.clip(soft % 230 + noise, 0, 255).astype(np.uint8)
    return pixels[..., 0] if channels == 1 else pixels


class TestSameAsNumpy:
    @given(shapes, st.sampled_from(Sampling), st.floats(5.0, 99.0), st.integers(0, 2**32 - 1))
    @fixtures_are_shared
    def test_coefficients_and_activity(
        self,
        any_core: CompiledCore,
        shape: tuple[int, int, int],
        sampling: Sampling,
        quality: float,
        seed: int,
    ) -> None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            pixels, tables = picture(shape, seed), model.tables(quality)
            plain, plain_activity = strip_of(None, pixels, sampling, monkeypatch).batch(tables)
            batch, activity = strip_of(any_core, pixels, sampling, monkeypatch).batch(tables)
        assert isinstance(plain, quantise.PlainBatch) and isinstance(batch, quantise.CoreBatch)
        assert np.array_equal(batch.kinds, plain.kinds)
        assert np.abs(divided(batch) - plain.steps).max() < 1e-3
        assert np.allclose(activity, plain_activity, rtol=1e-4)

    @given(shapes, st.sampled_from(Sampling), st.floats(5.0, 99.0), st.integers(0, 2**32 - 1))
    @fixtures_are_shared
    def test_decisions(
        self,
        any_core: CompiledCore,
        shape: tuple[int, int, int],
        sampling: Sampling,
        quality: float,
        seed: int,
    ) -> None:
        """Of the same coefficients every bit is the same."""
        with pytest.MonkeyPatch.context() as monkeypatch:
            strip = strip_of(any_core, picture(shape, seed), sampling, monkeypatch)
            batch, activity = strip.batch(model.tables(quality))
        assert isinstance(batch, quantise.CoreBatch)
        steps = divided(batch)
        plain = quantise.PlainBatch(steps, np.abs(steps), batch.kinds)
        assert np.array_equal(batch.count(), plain.count())
        statistics = quantise.learn(batch, activity)
        masks = strip.masks(activity, statistics)
        coded = masks, statistics.bits, strip.layout, strip.across
        assert batch.coded(*coded) == plain.coded(*coded)

    @given(st.integers(0, 2**32 - 1))
    @fixtures_are_shared
    def test_decisions_where_bits_cost_anything(self, any_core: CompiledCore, seed: int) -> None:
        numbers = np.random.default_rng(seed)
        coefficients = numbers.laplace(0, numbers.uniform(0.3, 6), (9, 6, 64)).astype(np.float32)
        blocks = entries.Blocks(
            coefficients, np.array([0, 0, 0, 0, 1, 1], np.uint8), np.ones((2, 64), np.float32)
        )
        batch = quantise.CoreBatch(any_core, blocks)
        steps = divided(batch)
        masks = numbers.uniform(0.1, 4, len(blocks)).astype(np.float32)
        bits = numbers.uniform(0, 30, 2048).astype(np.float32)
        plain = quantise.PlainBatch(steps, np.abs(steps), batch.kinds)
        coded = masks, bits, Layout.of(3, Sampling.QUARTER), 3
        assert batch.coded(*coded) == plain.coded(*coded)

    @pytest.mark.slow
    @pytest.mark.parametrize("sampling", list(Sampling))
    @pytest.mark.parametrize("quality", [50.0, 80.0, 95.0])
    @pytest.mark.parametrize("kind", ["photo", "screenshot", "grey", "inks"])
    def test_whole_pictures(
        self,
        any_core: CompiledCore,
        monkeypatch: pytest.MonkeyPatch,
        sampling: Sampling,
        quality: float,
        kind: str,
    ) -> None:
        pixels = {
            "photo": lambda: photo(611, 403),
            "screenshot": lambda: screenshot(611, 403),
            "grey": lambda: photo(611, 403)[..., 0],
            "inks": lambda: np.dstack((photo(611, 403), photo(611, 403, seed=2)[..., 0])),
        }[kind]()
        monkeypatch.setattr(encoding, "_STRIP_PIXELS", 611 * 96)
        results = []
        for used in (None, any_core):
            monkeypatch.setattr(Loaded, "core", used)
            encoder = RateDistortionEncoder()
            results.append(encoder.encode(pixels, sampling, quality, encoder.sample(pixels, sampling)).stream)
        # A drawn picture has coefficients just between two levels, where the last digit decides.
        near = 2e-3 if kind == "screenshot" else 1e-3
        assert abs(len(results[1]) / len(results[0]) - 1) < near
        if kind in ("photo", "screenshot"):
            scores = [full_score(pixels, decoded(each)) for each in results]
            assert abs(scores[1] - scores[0]) < 0.05

    def test_every_kind_of_code_gives_the_same(self, core: CompiledCore) -> None:
        pixels = picture((160, 96, 3), 5)
        found = []
        for most in (PLAIN, BEST):
            core.choose(most)
            found.append(entries.transform(core, pixels, quarter=True))
        assert np.array_equal(found[0], found[1])


def divided(batch: quantise.CoreBatch) -> entries.Floats:
    """The coefficients in quantisation steps, (blocks, 64)."""
    blocks = batch.blocks
    return (blocks.coefficients * blocks.factors[blocks.kinds]).reshape(-1, 64)


def prices_of(blocks: int) -> entries.Prices:
    ones = [np.ones(size, np.float32) for size in (blocks, 2048, 64)]
    return entries.Prices(ones[0], ones[1], ones[2])


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        "pixels",
        [
            np.zeros((8, 12, 3), np.uint8),
            np.zeros((7, 8), np.uint8),
            np.zeros((8, 8, 2), np.uint8),
            np.zeros((0, 8, 3), np.uint8),
            np.zeros((8, 8, 3), np.uint16),
            np.zeros((2, 8, 8, 3), np.uint8),
        ],
        ids=lambda pixels: f"{pixels.dtype} {pixels.shape}",
    )
    def test_pixels_are_refused(self, core: CompiledCore, pixels: Bytes) -> None:
        with pytest.raises(ValueError, match=r"cannot transform|no whole units"):
            entries.transform(core, pixels, quarter=False)

    def test_units_of_sixteen_are_asked_for(self, core: CompiledCore) -> None:
        pixels = np.zeros((8, 16, 3), np.uint8)
        assert entries.transform(core, pixels, quarter=False).shape == (2, 3, 64)
        with pytest.raises(ValueError, match="no whole units"):
            entries.transform(core, pixels, quarter=True)

    def test_pixels_with_gaps_are_copied(self, core: CompiledCore) -> None:
        wide = picture((32, 64, 3), 1)
        apart = entries.transform(core, wide[:, ::2], quarter=True)
        assert np.array_equal(apart, entries.transform(core, wide[:, ::2].copy(), quarter=True))

    @pytest.mark.parametrize("change", [
        {"coefficients": np.zeros((2, 3, 63), np.float32)},
        {"coefficients": np.zeros((2, 2, 64), np.float32)},
        {"coefficients": np.zeros((2, 3, 64), np.float64)},
        {"coefficients": np.zeros((4, 3, 64), np.float32)[::2]},
        {"kinds": np.array([0, 1, 2], np.uint8)},
        {"kinds": np.array([0, 1, 1], np.int64)},
        {"factors": np.ones((1, 64), np.float32)},
    ], ids=lambda change: f"{next(iter(change))} {next(iter(change.values())).shape}")  # fmt: skip
    def test_blocks_are_refused(self, change: dict[str, Any]) -> None:
        right: dict[str, Any] = {
            "coefficients": np.zeros((2, 3, 64), np.float32),
            "kinds": np.array([0, 1, 1], np.uint8),
            "factors": np.ones((2, 64), np.float32),
        }
        entries.Blocks(**right)
        with pytest.raises(ValueError, match=r"the core takes|no kinds"):
            entries.Blocks(**{**right, **change})

    @pytest.mark.parametrize("short", ["masks", "bits", "prices"])
    def test_prices_are_refused(self, core: CompiledCore, short: str) -> None:
        blocks = entries.Blocks(
            np.zeros((2, 1, 64), np.float32), np.zeros(1, np.uint8), np.ones((2, 64), np.float32)
        )
        sizes = {"masks": 2, "bits": 2048, "prices": 64}
        given = {name: np.ones(size - (name == short), np.float32) for name, size in sizes.items()}
        prices = entries.Prices(**given)
        with pytest.raises(ValueError, match="the core takes"):
            entries.write(core, blocks, prices, NO_CODES, np.zeros(1, np.uint8), 2)
        with pytest.raises(ValueError, match="no 2 blocks of luma"):
            entries.activity(core, blocks, 2)

    @pytest.mark.parametrize(
        ("across", "part", "error"),
        [(3, 0, "are no rows of 3"), (2, 1, "hp_write was given"), (2, 255, "hp_write was given")],
    )
    def test_rows_and_components_are_refused(
        self, core: CompiledCore, across: int, part: int, error: str
    ) -> None:
        blocks = entries.Blocks(
            np.zeros((2, 1, 64), np.float32), np.zeros(1, np.uint8), np.ones((2, 64), np.float32)
        )
        prices = prices_of(2)
        assert entries.write(core, blocks, prices, NO_CODES, np.zeros(1, np.uint8), 2) == [b""]
        with pytest.raises(ValueError, match=error):
            entries.write(core, blocks, prices, NO_CODES, np.full(1, part, np.uint8), across)

    @pytest.mark.parametrize("spoilt", [(0x1_0000, 16), (0, 17), (1, 0)])
    def test_codes_are_refused(self, core: CompiledCore, spoilt: tuple[int, int]) -> None:
        blocks = entries.Blocks(
            np.zeros((1, 1, 64), np.float32), np.zeros(1, np.uint8), np.ones((2, 64), np.float32)
        )
        prices = prices_of(1)
        codes, lengths = np.zeros((2, 512), np.uint32), np.zeros((2, 512), np.uint8)
        codes[1, 511], lengths[1, 511] = spoilt
        with pytest.raises(ValueError, match="hp_write was given"):
            entries.write(core, blocks, prices, entries.Codes(codes, lengths), np.zeros(1, np.uint8), 1)
        with pytest.raises(ValueError, match="the core takes"):
            entries.Codes(codes[:, :511], lengths)

    def test_no_blocks_are_no_rows(self, core: CompiledCore) -> None:
        none = entries.Blocks(
            np.zeros((0, 1, 64), np.float32), np.zeros(1, np.uint8), np.ones((2, 64), np.float32)
        )
        assert not entries.count(core, none).any()
        prices = prices_of(0)
        assert entries.write(core, none, prices, NO_CODES, np.zeros(1, np.uint8), 5) == []

    @given(st.integers(0, 2**32 - 1))
    @fixtures_are_shared
    def test_hostile_lengths_are_an_answer(self, core: CompiledCore, seed: int) -> None:
        exercise.exercise(core, seed)
        core.choose(BEST)


class TestLibrary:
    def test_the_one_that_is_used_is_made_from_these_sources(self, builder: Any, core: CompiledCore) -> None:
        """If this fails, the checkout changed after it was built: `make .venv/.installed`."""
        if Loaded.core is None:
            assert not Path(library.__file__).with_name(library.FILE_NAME).exists()
            pytest.skip("this installation has no compiled core")
        assert Loaded.core.sources == core.sources == builder.digest()
        assert Loaded.name() == f"compiled, {core.kind}"

    def test_it_is_what_encodes(self, core: CompiledCore, monkeypatch: pytest.MonkeyPatch) -> None:
        assert isinstance(strip_of(core, photo(64, 64), Sampling.FULL, monkeypatch), CoreStrip)

    def test_without_it_numpy_encodes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        strip = strip_of(None, photo(64, 64), Sampling.FULL, monkeypatch)
        assert not isinstance(strip, CoreStrip)
        assert Loaded.name() == "numpy"
        monkeypatch.setattr(Loaded, "fault", "of another machine")
        assert Loaded.name() == f"numpy, since {library.FILE_NAME} cannot be used: of another machine"

    @pytest.mark.parametrize("content", [b"", b"\x7fELF no library"], ids=["empty", "broken"])
    def test_what_cannot_be_loaded_is_left(
        self, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / library.FILE_NAME).write_bytes(content)
        monkeypatch.setattr(library, "__file__", str(tmp_path / "library.py"))
        found, why = library.load()
        assert found is None and why

    def test_one_of_another_version_is_left(
        self, core: CompiledCore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(library, "VERSION", library.VERSION + 1)
        with pytest.raises(ValueError, match="version"):
            CompiledCore(core._library._name)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="sanitizers are loaded as Linux does it")
def test_sanitizers_find_nothing(builder: Any, tmp_path: Path) -> None:
    """Reads and writes beside an array, and all that C leaves undefined, end the process with a report."""
    flags = (
        "-O1",
        "-g",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
        "-fno-omit-frame-pointer",
    )
    try:
        file = compiled(builder, tmp_path / builder.LIBRARY, *flags)
    except builder.CompileError as error:
        pytest.skip(f"this compiler has no sanitizers: {error}")
    ask = [*builder._compiler(), "-print-file-name=libasan.so"]
    runtime = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    if not os.path.isabs(runtime):
        pytest.skip("this compiler's sanitizers cannot be loaded into Python")
    # numpy's arrays come from malloc, which the sanitizer guards; what Python keeps is no leak.
    environment = {**os.environ, "LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0"}
    command = [sys.executable, exercise.__file__, str(file), "3"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert int(done.stdout) > 10
