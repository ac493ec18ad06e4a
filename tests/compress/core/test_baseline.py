"""Baseline JPEG by the compiled core against what numpy writes, and against events that do not fit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compress.images import decoded, photo, screenshot
from homepress.compress.core import baseline_entries
from homepress.compress.core.baseline_entries import BaselineBits, Codes
from homepress.compress.core.library import CompiledCore
from homepress.compress.jpeg import entropy
from homepress.compress.jpeg.encoder import layout_of, strips
from homepress.compress.jpeg.entropy import BaselineWriter, Events, FrameHeaders, Layout
from homepress.compress.jpeg.model import Sampling, tables
from homepress.compress.jpeg.quantise import learn

PICTURES = {
    "photo": lambda: photo(611, 403),
    "screenshot": lambda: screenshot(611, 403),
    "grey": lambda: photo(611, 403)[..., 0],
    "inks": lambda: np.dstack((photo(611, 403), photo(611, 403, seed=2)[..., 0])),
    "one pixel": lambda: photo(1, 1),
}
FRAME = FrameHeaders((64, 16), Layout.of(3, Sampling.QUARTER), tables(80.0))


def events_of(coded: np.ndarray, level: np.ndarray, negative: np.ndarray) -> Events:
    """Events of (blocks, 64) coefficients that are coded or not."""
    index = np.flatnonzero(coded)
    exact = np.where(negative.ravel()[index], -1, 1) * level.ravel()[index].astype(np.float32)
    return Events._of(index, level.ravel()[index].astype(np.int32), exact.astype(np.float32))


@pytest.mark.parametrize("sampling", list(Sampling))
@pytest.mark.parametrize("quality", [20.0, 80.0, 99.0])
@pytest.mark.parametrize("kind", sorted(PICTURES))
def test_pictures_are_written_as_by_numpy(
    core: CompiledCore, kind: str, quality: float, sampling: Sampling
) -> None:
    picture = PICTURES[kind]()
    size = picture.shape[1], picture.shape[0]
    headers = FrameHeaders(size, layout_of(picture, sampling), tables(quality))
    writers = [BaselineWriter(headers), BaselineWriter(headers, core)]
    for strip in strips(picture, sampling, rows=96):
        batch, activity = strip.batch(tables(quality))
        statistics = learn(batch, activity)
        events = batch.quantised(strip.masks(activity, statistics), statistics.bits)
        for writer in writers:
            writer.write(events)
    plain, found = (writer.finish() for writer in writers)
    assert found == plain
    assert decoded(found).shape[:2] == picture.shape[:2]


@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.integers(1, entropy.LARGEST_LEVEL), st.integers(1, 4))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_levels_are_written_as_by_numpy(
    core: CompiledCore, seed: int, share: float, most: int, batches: int
) -> None:
    """Runs of any length, every size of values, every number of bits left over between batches."""
    numbers = np.random.default_rng(seed)
    writers = [BaselineWriter(FRAME), BaselineWriter(FRAME, core)]
    for _ in range(batches):
        shape = (6 * int(numbers.integers(1, 9)), 64)
        coded = numbers.random(shape) < share**4
        coded[:, 0] = True
        level = numbers.integers(1, most + 1, shape)
        level[:, 0] -= numbers.integers(0, 2, shape[0])
        events = events_of(coded, level, numbers.random(shape) < 0.5)
        for writer in writers:
            writer.write(events)
    assert writers[1].finish() == writers[0].finish()


def bits(core: CompiledCore) -> BaselineBits:
    codes = Codes(entropy._CODES.astype(np.uint16), entropy._LENGTHS.astype(np.uint8))
    return BaselineBits(core, codes, np.zeros(1, np.uint8), np.zeros(1, np.uint8))


def given_events(index: Any = (0, 1, 64), level: Any = (5, 1, 0), exact: Any = (5, -1, 0)) -> Any:
    return baseline_entries.CodedEvents(
        np.array(index, np.int64), np.array(level, np.int32), np.array(exact, np.float32)
    )


class TestWhatDoesNotFit:
    @pytest.mark.parametrize("index", [
        (1, 2, 3), (0, 2, 1), (0, 1, 1), (0, 1, 128), (0, 65, 64), (64, 65, 128), (-1, 0, 64), (0, 0, 64),
    ], ids=str)  # fmt: skip
    def test_places(self, core: CompiledCore, index: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="does not fit"):
            bits(core).write(given_events(index))

    @pytest.mark.parametrize("level", [(1024, 1, 0), (-1, 1, 0), (5, 0, 0), (5, 1024, 0)], ids=str)
    def test_levels(self, core: CompiledCore, level: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="does not fit"):
            bits(core).write(given_events(level=level))

    def test_half_a_unit(self, core: CompiledCore) -> None:
        codes = Codes(entropy._CODES.astype(np.uint16), entropy._LENGTHS.astype(np.uint8))
        two = BaselineBits(core, codes, np.zeros(2, np.uint8), np.zeros(2, np.uint8))
        assert two.write(given_events())
        with pytest.raises(ValueError, match="does not fit"):
            two.write(given_events((0,), (1,), (1,)))

    @pytest.mark.parametrize("blocks", [0, 17])
    def test_units(self, core: CompiledCore, blocks: int) -> None:
        codes = Codes(entropy._CODES.astype(np.uint16), entropy._LENGTHS.astype(np.uint8))
        with pytest.raises(ValueError, match="no unit has"):
            BaselineBits(core, codes, np.zeros(blocks, np.uint8), np.zeros(blocks, np.uint8))

    def test_arrays_of_other_types(self) -> None:
        with pytest.raises(ValueError, match="the core takes"):
            baseline_entries.CodedEvents(
                np.zeros(2, np.int64), np.zeros(3, np.int32), np.zeros(2, np.float32)
            )
        with pytest.raises(ValueError, match="the core takes"):
            Codes(np.zeros((2, 512), np.uint64), np.zeros((2, 512), np.uint8))
