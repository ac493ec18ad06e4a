"""Progressive scans of the compiled core: read again to the letter, and decoded by libjpeg."""

import io
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from compress.core import exercise
from compress.core.scan_reader import Reader
from compress.images import decoded, photo, screenshot
from homepress.compress.core import scan_entries
from homepress.compress.core.library import CompiledCore, Loaded
from homepress.compress.jpeg import encoder as encoding
from homepress.compress.jpeg import optimise
from homepress.compress.jpeg.encoder import RateDistortionEncoder
from homepress.compress.jpeg.entropy import PROGRESSIVE, BaselineWriter, Events, FrameHeaders, Layout
from homepress.compress.jpeg.model import Sampling, tables
from homepress.compress.jpeg.smallest import BaselineCoding, LevelsCoding

GREY = scan_entries.Frame((8, 8), ((1, 1),), (0,))
COLOUR = (0, 1, 1)
some = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def progressive(core: CompiledCore, levels: exercise.Levels, frame: scan_entries.Frame) -> bytes:
    packed = exercise.packed(levels)
    scans = scan_entries.scans(core, packed, frame, most=4096 + 8 * len(packed.places))
    return headers(frame).stream(PROGRESSIVE, scans)


def headers(frame: scan_entries.Frame) -> FrameHeaders:
    return FrameHeaders(frame.size, Layout(frame.factors, frame.kinds), tables(60.0))


def baseline(levels: exercise.Levels, frame: scan_entries.Frame) -> bytes:
    writer = BaselineWriter(headers(frame))
    steps = levels.astype(np.float32)
    writer.write(Events.rounded(steps, np.abs(steps)))
    return writer.finish()


def assert_same_levels(data: bytes, levels: exercise.Levels, frame: scan_entries.Frame) -> Reader:
    """Every block that is seen has its levels."""
    reader = Reader(data)
    by_unit = levels.reshape(-1, frame.blocks_of_unit, 64)
    first = 0
    for part in reader.components:
        (across, down), (wide, high) = part.factors, reader.units
        mine = by_unit[:, first : first + across * down].reshape(high, wide, down, across, 64)
        grid = mine.transpose(0, 2, 1, 3, 4).reshape(high * down, wide * across, 64)
        assert np.array_equal(part.levels[: part.down, : part.across], grid[: part.down, : part.across])
        first += across * down
    return reader


def fixed(width: int, height: int, *factors: tuple[int, int]) -> scan_entries.Frame:
    return scan_entries.Frame((width, height), factors, COLOUR[: len(factors)])


class TestLevels:
    @given(st.integers(0, 2**32 - 1))
    @some
    def test_any_levels_of_any_frame_come_back(self, core: CompiledCore, seed: int) -> None:
        chance, numbers = random.Random(seed), np.random.default_rng(seed)
        frame = exercise.made_frame(chance)
        if frame.blocks < 2000:
            levels = exercise.made_levels(frame, chance, numbers)
            assert_same_levels(progressive(core, levels, frame), levels, frame)

    @given(
        st.integers(1, 70),
        st.integers(1, 70),
        st.sampled_from([[(1, 1)], *([pair, (1, 1), (1, 1)] for pair in ((1, 1), (2, 1), (1, 2), (2, 2)))]),
        st.integers(0, 2**32 - 1),
    )
    @some
    def test_libjpeg_decodes_the_pixels_of_the_baseline_coding(
        self, core: CompiledCore, width: int, height: int, factors: list[tuple[int, int]], seed: int
    ) -> None:
        frame = fixed(width, height, *factors)
        levels = exercise.made_levels(frame, random.Random(seed), np.random.default_rng(seed))
        assert np.array_equal(decoded(progressive(core, levels, frame)), decoded(baseline(levels, frame)))

    @pytest.mark.parametrize("value", [0, 5, -1023])
    def test_one_pixel(self, core: CompiledCore, value: int) -> None:
        levels = np.zeros((1, 64), np.int16)
        levels[0, 63] = value
        assert_same_levels(progressive(core, levels, GREY), levels, GREY)

    def test_the_largest_levels(self, core: CompiledCore) -> None:
        frame = fixed(64, 64, (2, 2), (1, 1), (1, 1))
        levels = np.full((frame.blocks, 64), 1023, np.int16)
        levels[::2] *= -1
        levels[:, 1::3] *= -1
        assert_same_levels(progressive(core, levels, frame), levels, frame)

    def test_runs_longer_than_a_code_can_say(self, core: CompiledCore) -> None:
        frame = fixed(8 * 400, 8 * 300, (1, 1))
        levels = np.zeros((frame.blocks, 64), np.int16)
        levels[-1, 63] = levels[40_000, 2] = 1
        assert frame.blocks > 3 * 0x7FFF
        data = progressive(core, levels, frame)
        assert np.array_equal(decoded(data), decoded(baseline(levels, frame)))
        assert_same_levels(data, levels, frame)

    def test_codes_have_at_most_sixteen_bits(self, core: CompiledCore) -> None:
        """Each symbol comes 1.7 times as often as the one before: the codes would grow by a bit each time."""
        symbols = np.repeat(np.arange(20), [round(1.7**number) for number in range(20)])
        frame = fixed(8 * (len(symbols) // 16 + 1), 128, (1, 1))
        levels = np.zeros((frame.blocks, 64), np.int16)
        # Two places within the narrowest of bands, so that they share their codes.
        levels[np.arange(len(symbols)), 4 + symbols // 10] = 1 << symbols % 10
        reader = assert_same_levels(progressive(core, levels, frame), levels, frame)
        assert max(max(scan.lengths) for scan in reader.scans) == 16

    def test_lowest_bits_come_by_themselves_where_that_saves(self, core: CompiledCore) -> None:
        frame = fixed(256, 256, (1, 1))
        numbers = np.random.default_rng(3)
        busy = np.exp(numbers.normal(0, 1.2, (frame.blocks, 1)))
        levels = np.rint(numbers.laplace(0, 8, (frame.blocks, 64)) * busy / (np.arange(64) + 1))
        levels = np.clip(levels, -1023, 1023).astype(np.int16)
        reader = assert_same_levels(progressive(core, levels, frame), levels, frame)
        assert max(scan.approximation[0] for scan in reader.scans) > 0


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        ("places", "values"),
        [
            ([0, 1], [1, 0]),
            ([0, 1], [1, 1024]),
            ([0, 1], [1, -32768]),
            ([0], [1024]),
            ([0, 1, 1], [1, 1, 1]),
            ([0, 2, 1], [1, 1, 1]),
            ([0, 64], [1, 1]),
            ([0, 255], [1, 1]),
            ([1], [1]),
            ([0, 0], [1, 1]),
            ([], []),
        ],
    )  # fmt: skip
    def test_levels_are_refused(self, core: CompiledCore, places: list[int], values: list[int]) -> None:
        levels = scan_entries.Levels(np.array(places, np.uint8), np.array(values, np.int16))
        with pytest.raises(ValueError, match=r"hp_scans was given|are no 1 blocks"):
            scan_entries.scans(core, levels, GREY, most=1000)

    def test_what_needs_more_bytes_is_refused(self, core: CompiledCore) -> None:
        levels = exercise.packed(np.ones((1, 64), np.int16))
        size = len(scan_entries.scans(core, levels, GREY, most=1000))
        for most in range(1, size):
            with pytest.raises(ValueError, match="hp_scans was given"):
                scan_entries.scans(core, levels, GREY, most=most)
        assert len(scan_entries.scans(core, levels, GREY, most=size)) == size
        with pytest.raises(ValueError, match="in 0 bytes"):
            scan_entries.scans(core, levels, GREY, most=0)

    @pytest.mark.parametrize(
        ("size", "factors", "kinds"),
        [
            ((0, 8), ((1, 1),), (0,)),
            ((8, 65_536), ((1, 1),), (0,)),
            ((8, 8), (), ()),
            ((8, 8), ((1, 1),) * 5, (0,) * 5),
            ((8, 8), ((2, 2),), (0,)),
            ((8, 8), ((5, 1), (1, 1)), (0, 0)),
            ((8, 8), ((4, 2), (2, 2)), (0, 0)),
            ((8, 8), ((1, 1),), (2,)),
            ((8, 8), ((1, 1),), (0, 1)),
        ],
    )
    def test_frames_are_refused(
        self, size: tuple[int, int], factors: tuple[tuple[int, int], ...], kinds: tuple[int, ...]
    ) -> None:
        with pytest.raises(ValueError, match="no scans can be made"):
            scan_entries.Frame(size, factors, kinds)

    @pytest.mark.parametrize("types", [(np.int16, np.int16), (np.uint8, np.int32)])
    def test_arrays_of_other_types_are_refused(self, types: tuple[type, type]) -> None:
        with pytest.raises(ValueError, match="the core takes 3"):
            scan_entries.Levels(np.zeros(3, types[0]), np.zeros(3, types[1]))
        with pytest.raises(ValueError, match="the core takes 3"):
            scan_entries.Levels(np.zeros(3, np.uint8), np.zeros(4, np.int16))
        with pytest.raises(ValueError, match="the core takes 3"):
            scan_entries.Levels(np.zeros(6, np.uint8)[::2], np.zeros(3, np.int16))


PICTURES = {
    "photo": lambda: photo(611, 403),
    "screenshot": lambda: screenshot(611, 403),
    "grey": lambda: photo(611, 403)[..., 0],
    "inks": lambda: np.dstack((photo(611, 403), photo(611, 403, seed=2)[..., 0])),
    "one pixel": lambda: photo(1, 1),
    "a row": lambda: photo(333, 1),
    "a column": lambda: photo(1, 99),
}


class TestOfTheEncoder:
    @pytest.mark.parametrize("sampling", list(Sampling))
    @pytest.mark.parametrize("quality", [30.0, 80.0, 97.0])
    @pytest.mark.parametrize("kind", sorted(PICTURES))
    def test_the_same_pixels_in_no_more_bytes_than_mozjpegs_pass(
        self,
        core: CompiledCore,
        monkeypatch: pytest.MonkeyPatch,
        kind: str,
        quality: float,
        sampling: Sampling,
    ) -> None:
        monkeypatch.setattr(Loaded, "core", core)
        monkeypatch.setattr(encoding, "_STRIP_PIXELS", 611 * 96)
        pixels, encoder = PICTURES[kind](), RateDistortionEncoder()
        coding = encoder.encode(pixels, sampling, quality, encoder.sample(pixels, sampling))
        result = coding.smallest()
        with Image.open(io.BytesIO(result)) as shown:
            assert shown.info["progressive"]
            assert np.array_equal(np.asarray(shown), decoded(coding.stream))
        theirs = optimise(coding.stream)
        assert len(result) <= max(1.005 * len(theirs), len(theirs) + 20)

    def test_mozjpegs_pass_steps_in(self, core: CompiledCore, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where there is no core, and where it refuses."""
        pixels, encoder = photo(64, 64), RateDistortionEncoder()
        for used, coding in ((core, LevelsCoding), (None, BaselineCoding)):
            monkeypatch.setattr(Loaded, "core", used)
            monkeypatch.setattr(scan_entries, "scans", refuse)
            sample = encoder.sample(pixels, Sampling.FULL)
            made = encoder.encode(pixels, Sampling.FULL, 80.0, sample)
            assert isinstance(made, coding)
            assert made.smallest() == optimise(made.stream)


def refuse(*_: object, **__: object) -> bytes:
    raise ValueError("no")
