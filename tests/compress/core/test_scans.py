"""Levels of JPEGs that the core has read and written in scans of its own: read to the letter, and decoded."""

import dataclasses
import io
import random
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from compress.core import exercise
from compress.core.scan_reader import Reader
from compress.images import decoded, jpeg, photo, screenshot
from homepress.compress.core import scan_entries
from homepress.compress.core.library import CompiledCore, Loaded
from homepress.compress.jpeg import encoder as encoding
from homepress.compress.jpeg import optimise, smallest
from homepress.compress.jpeg.encoder import RateDistortionEncoder
from homepress.compress.jpeg.model import Sampling
from homepress.compress.jpeg.smallest import recoded, source_of
from homepress.compress.metadata import JpegStream, Malformed, parse_jpeg, picture_only
from homepress.compress.metadata.jpeg_segments import DHT, SOS

GREY = scan_entries.Frame((8, 8), ((1, 1),), (0,), (1,))
COLOUR = (0, 1, 1)
some = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def progressive(core: CompiledCore, levels: exercise.Levels, frame: scan_entries.Frame) -> bytes:
    return recoded(core, parse_jpeg(exercise.baseline_jpeg(levels, frame)))


def blank(frame: scan_entries.Frame) -> exercise.Levels:
    return np.zeros((exercise.blocks_of(frame), 64), np.int16)


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
    return scan_entries.Frame((width, height), factors, COLOUR[: len(factors)], (1, 2, 3)[: len(factors)])


class TestLevels:
    @given(st.integers(0, 2**32 - 1))
    @some
    def test_any_levels_of_any_frame_come_back(self, core: CompiledCore, seed: int) -> None:
        chance, numbers = random.Random(seed), np.random.default_rng(seed)
        frame = exercise.made_frame(chance)
        if exercise.blocks_of(frame) < 2000:
            levels = exercise.made_levels(frame, chance, numbers)
            data = progressive(core, levels, frame)
            assert_same_levels(data, levels, frame)
            assert recoded(core, parse_jpeg(data)) == data

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
        assert np.array_equal(
            decoded(progressive(core, levels, frame)), decoded(exercise.baseline_jpeg(levels, frame))
        )

    @pytest.mark.parametrize("value", [0, 5, -1023])
    def test_one_pixel(self, core: CompiledCore, value: int) -> None:
        levels = blank(GREY)
        levels[0, 63] = value
        assert_same_levels(progressive(core, levels, GREY), levels, GREY)

    def test_the_largest_levels(self, core: CompiledCore) -> None:
        frame = fixed(64, 64, (2, 2), (1, 1), (1, 1))
        levels = blank(frame) + np.int16(1023)
        levels[::2] *= -1
        levels[:, 1::3] *= -1
        assert_same_levels(progressive(core, levels, frame), levels, frame)

    def test_runs_longer_than_a_code_can_say(self, core: CompiledCore) -> None:
        frame = fixed(8 * 400, 8 * 300, (1, 1))
        levels = blank(frame)
        levels[-1, 63] = levels[40_000, 2] = 1
        assert len(levels) > 3 * 0x7FFF
        data = progressive(core, levels, frame)
        assert np.array_equal(decoded(data), decoded(exercise.baseline_jpeg(levels, frame)))
        assert_same_levels(data, levels, frame)

    def test_codes_have_at_most_sixteen_bits(self, core: CompiledCore) -> None:
        """Each symbol comes 1.7 times as often as the one before: the codes would grow by a bit each time."""
        symbols = np.repeat(np.arange(20), [round(1.7**number) for number in range(20)])
        frame = fixed(8 * (len(symbols) // 16 + 1), 128, (1, 1))
        levels = blank(frame)
        # Two places within the narrowest of bands, so that they share their codes.
        levels[np.arange(len(symbols)), 4 + symbols // 10] = 1 << symbols % 10
        reader = assert_same_levels(progressive(core, levels, frame), levels, frame)
        assert max(max(scan.lengths) for scan in reader.scans) == 16

    def test_lowest_bits_come_by_themselves_where_that_saves(self, core: CompiledCore) -> None:
        frame = fixed(256, 256, (1, 1))
        numbers = np.random.default_rng(3)
        busy = np.exp(numbers.normal(0, 1.2, (exercise.blocks_of(frame), 1)))
        levels = np.rint(numbers.laplace(0, 8, (exercise.blocks_of(frame), 64)) * busy / (np.arange(64) + 1))
        levels = np.clip(levels, -1023, 1023).astype(np.int16)
        reader = assert_same_levels(progressive(core, levels, frame), levels, frame)
        assert max(scan.approximation[0] for scan in reader.scans) > 0


SHAPES = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}


class TestOfOtherEncoders:
    """All codings of a picture by libjpeg have the same levels: the same scans are made of them."""

    @pytest.mark.parametrize("size", [(1, 1), (16, 8), (157, 99)])
    @pytest.mark.parametrize("quality", [20, 75, 98])
    @pytest.mark.parametrize("kind", ["grey", "inks", "names", *SHAPES])
    def test_however_they_are_coded(
        self, core: CompiledCore, kind: str, quality: int, size: tuple[int, int]
    ) -> None:
        pixels: Any = photo(*size)
        options: dict[str, Any] = {"quality": quality}
        if kind == "grey":
            pixels = pixels[..., 0]
        elif kind == "inks":
            pixels = Image.fromarray(np.dstack((pixels, photo(*size, seed=2)[..., 0])), "CMYK")
        elif kind == "names":
            options["keep_rgb"] = True
        else:
            options["subsampling"] = SHAPES[kind]
        plain = bare(jpeg(pixels, **options))
        result = recoded(core, plain)
        assert np.array_equal(decoded(result), decoded(plain.data))
        assert parse_jpeg(result).frame.components == plain.frame.components
        for more in (
            {"progressive": True},
            {"optimize": True},
            {"restart_marker_blocks": 1},
            {"restart_marker_blocks": 7},
            {"restart_marker_rows": 1, "progressive": True},
        ):
            stream = bare(jpeg(pixels, **options, **more))
            assert recoded(core, stream) == result, more

    @given(st.integers(0, 2**32 - 1))
    @some
    def test_a_scan_for_each_component(self, core: CompiledCore, seed: int) -> None:
        chance, numbers = random.Random(seed), np.random.default_rng(seed)
        frame = exercise.made_frame(chance)
        levels = exercise.made_levels(frame, chance, numbers)
        whole = progressive(core, levels, frame)
        if len(levels) < 2000:
            assert recoded(core, parse_jpeg(apart(levels, frame, chance.random() < 0.5))) == whole

    def test_a_picture_as_black_as_can_be(self, core: CompiledCore) -> None:
        """With no quantisation its means are -1024, which no other level may be."""
        stream = bare(jpeg(np.zeros((16, 16), np.uint8), 100))
        assert not decoded(recoded(core, stream)).any()


def bare(data: bytes) -> JpegStream:
    return parse_jpeg(picture_only(parse_jpeg(data)))


def apart(levels: exercise.Levels, frame: scan_entries.Frame, backwards: bool) -> bytes:
    """A baseline JPEG with a scan for each component, each coded as a picture of its own."""
    stream = parse_jpeg(exercise.baseline_jpeg(levels, frame))
    pieces = [b"\xff\xd8", *(stream.raw(each) for each in stream.segments if each.marker != SOS)]
    by_unit = levels.reshape(-1, frame.blocks_of_unit, 64)
    wide, high = (max(pair[axis] for pair in frame.factors) for axis in range(2))
    first = 0
    scans = []
    for name, kind, (across, down) in zip(frame.names, frame.kinds, frame.factors, strict=True):
        units = -(-frame.size[0] // (8 * wide))
        mine = by_unit[:, first : first + across * down].reshape(-1, units, down, across, 64)
        grid = mine.transpose(0, 2, 1, 3, 4).reshape(-1, units * across, 64)
        size = -(-frame.size[0] * across // wide), -(-frame.size[1] * down // high)
        seen = grid[: -(-size[1] // 8), : -(-size[0] // 8)]
        alone = scan_entries.Frame(size, ((1, 1),), (kind,), (1,))
        part = parse_jpeg(exercise.baseline_jpeg(seen.reshape(-1, 64), alone))
        (scan,) = part.scans
        header = struct.pack(">BBHBBBBBB", 0xFF, SOS, 8, 1, name, 0x11 * kind, 0, 63, 0)
        scans.append(header + part.data[scan.body_end : scan.end])
        first += across * down
    return b"".join((*pieces, *(scans[::-1] if backwards else scans), b"\xff\xd9"))


EIGHT_BITS = bytes((0, 0, 0, 0, 0, 0, 0, 255, *[0] * 8, *range(255)))
"""A table of codes in which every symbol but the last stands for itself."""
SEQUENTIAL = scan_entries.SourceScan((0, 0), 0, (0, 63), (0, 0), ((0, 0, 0),))
MEANS = dataclasses.replace(SEQUENTIAL, spectral=(0, 0))
OTHERS = dataclasses.replace(SEQUENTIAL, spectral=(1, 63))
ROW = scan_entries.Frame((32, 8), ((1, 1),), (0,), (1,))


def made(*scans: tuple[scan_entries.SourceScan, str]) -> scan_entries.ScanSource:
    """A source of scans whose data is given in hexadecimal."""
    data = b""
    placed = []
    for scan, text in scans:
        coded = bytes.fromhex(text)
        placed.append(dataclasses.replace(scan, data=(len(data), len(data) + len(coded))))
        data += coded
    return scan_entries.ScanSource(data, tuple(placed), (EIGHT_BITS,))


def refining(scan: scan_entries.SourceScan, low: int) -> scan_entries.SourceScan:
    return dataclasses.replace(scan, approximation=(low + 1, low))


def first_bits(scan: scan_entries.SourceScan, low: int) -> scan_entries.SourceScan:
    return dataclasses.replace(scan, approximation=(0, low))


def restarted(scan: scan_entries.SourceScan, interval: int) -> scan_entries.SourceScan:
    return dataclasses.replace(scan, interval=interval)


MEANS_LEFT = [(refining(MEANS, low), "00") for low in range(8, -1, -1)]
OTHERS_LEFT = [(refining(OTHERS, low), "00 00") for low in range(8, -1, -1)]
WHOLE = [
    (GREY, made((SEQUENTIAL, "0000"))),
    (GREY, made((SEQUENTIAL, "01 80 7f"))),  # a mean of 1, the rest ones that nobody reads
    (GREY, made((SEQUENTIAL, "00 f0f0f0 00"))),  # zeros up to the last
    (GREY, made((MEANS, "00"), (OTHERS, "00"))),
    (GREY, made((first_bits(MEANS, 1), "00"), (OTHERS, "00"), (refining(MEANS, 0), "80"))),
    (GREY, made((MEANS, "00"), (first_bits(OTHERS, 1), "00"), (refining(OTHERS, 0), "00"))),
    (GREY, made((first_bits(MEANS, 9), "01 80"), *MEANS_LEFT, (OTHERS, "00"))),
    (GREY, made((MEANS, "00"), (first_bits(OTHERS, 9), "01 80 00"), *OTHERS_LEFT)),
    (ROW, made((MEANS, "00000000"), (OTHERS, "20 00"))),  # all four blocks end here
    (ROW, made((restarted(SEQUENTIAL, 2), "00000000 ffd0 00000000"))),
    (ROW, made((restarted(SEQUENTIAL, 1), "0000 ffd0 0000 ffffd1 0000 ffd2 0000"))),
]
BROKEN = {
    "nothing": (GREY, made((SEQUENTIAL, ""))),
    "half a block": (GREY, made((SEQUENTIAL, "00"))),
    "half a value": (GREY, made((SEQUENTIAL, "0a e0"))),
    "a marker within": (GREY, made((SEQUENTIAL, "00 ffd0 00"))),
    "half of a stuffed byte": (ROW, made((MEANS, "000000 ff"))),
    "no such code": (GREY, made((SEQUENTIAL, "00 ff00ff00"))),
    "a mean of 16 bits": (GREY, made((SEQUENTIAL, "10 ffff 00 0000"))),
    "a mean of 1024": (GREY, made((SEQUENTIAL, "0b 8000 0000"))),
    "a mean that becomes 1024": (GREY, made((first_bits(MEANS, 9), "02 80"), *MEANS_LEFT, (OTHERS, "00"))),
    "a level of 1024": (GREY, made((SEQUENTIAL, "00 0b 8000 0000"))),
    "a level that becomes 1024": (
        GREY,
        made((MEANS, "00"), (first_bits(OTHERS, 9), "02 80 00"), *OTHERS_LEFT),
    ),
    "a place beyond the last": (GREY, made((SEQUENTIAL, "00 f0f0f0 f1 80"))),
    "zeros beyond the last": (GREY, made((SEQUENTIAL, "00 f0f0f0f0"))),
    "a run of blocks": (ROW, made((SEQUENTIAL, "00 10 00 00 00 00 00 00"))),
    "a run beyond the last block": (ROW, made((MEANS, "00000000"), (OTHERS, "30 00"))),
    "no restart": (ROW, made((restarted(SEQUENTIAL, 2), "00000000 00000000"))),
    "the wrong restart": (ROW, made((restarted(SEQUENTIAL, 2), "00000000 ffd1 00000000"))),
    "a restart cut short": (ROW, made((restarted(SEQUENTIAL, 2), "00000000 ff"))),
    "left over before a restart": (ROW, made((restarted(SEQUENTIAL, 2), "00000000 00 ffd0 00000000"))),
    "a run over a restart": (ROW, made((MEANS, "00000000"), (restarted(OTHERS, 2), "20 3f ffd0 00"))),
    "no restart is expected": (ROW, made((SEQUENTIAL, "00000000 ffd0 00000000"))),
    "no other coefficients": (GREY, made((MEANS, "00"))),
    "no means": (GREY, made((OTHERS, "00"))),
    "no last bit": (GREY, made((first_bits(MEANS, 1), "00"), (OTHERS, "00"))),
    "means twice": (GREY, made((MEANS, "00"), (MEANS, "00"), (OTHERS, "00"))),
    "all twice": (GREY, made((SEQUENTIAL, "0000"), (SEQUENTIAL, "0000"))),
    "bits of nothing": (GREY, made((refining(MEANS, 0), "80"), (OTHERS, "00"))),
    "a bit left out": (GREY, made((first_bits(MEANS, 2), "00"), (OTHERS, "00"), (refining(MEANS, 0), "80"))),
    "a bit twice": (GREY, made((MEANS, "00"), (refining(MEANS, 0), "80"), (OTHERS, "00"))),
    "a size while refining": (
        GREY,
        made((MEANS, "00"), (first_bits(OTHERS, 1), "00"), (refining(OTHERS, 0), "02 c0 00")),
    ),
    "a place beyond the last while refining": (
        GREY,
        made((MEANS, "00"), (first_bits(OTHERS, 1), "00"), (refining(OTHERS, 0), "f0f0f0 f1 80 00")),
    ),
    "a table that is not there": (
        GREY,
        made((dataclasses.replace(SEQUENTIAL, components=((0, 0, 1),)), "0000")),
    ),
    "no table": (GREY, made((dataclasses.replace(SEQUENTIAL, components=((0, -1, 0),)), "0000"))),
    "another component": (GREY, made((dataclasses.replace(SEQUENTIAL, components=((1, 0, 0),)), "0000"))),
    "a component twice": (GREY, made((dataclasses.replace(MEANS, components=((0, 0, 0),) * 2), "0000"))),
    "places that are none": (GREY, made((dataclasses.replace(SEQUENTIAL, spectral=(0, 64)), "0000"))),
    "places backwards": (GREY, made((dataclasses.replace(SEQUENTIAL, spectral=(5, 4)), "0000"))),
    "means and some others": (GREY, made((dataclasses.replace(SEQUENTIAL, spectral=(0, 5)), "0000"))),
    "bits that are none": (GREY, made((first_bits(MEANS, 14), "00"), (OTHERS, "00"))),
}  # fmt: skip


class TestWhatDoesNotFit:
    @pytest.mark.parametrize("number", range(len(WHOLE)))
    def test_whole_sources_by_hand(self, core: CompiledCore, number: int) -> None:
        frame, source = WHOLE[number]
        assert scan_entries.scans(core, source, frame, most=1000)

    @pytest.mark.parametrize("name", sorted(BROKEN))
    def test_broken_sources_are_refused(self, core: CompiledCore, name: str) -> None:
        frame, source = BROKEN[name]
        with pytest.raises(ValueError, match="hp_scans was given"):
            scan_entries.scans(core, source, frame, most=1000)

    @pytest.mark.parametrize("table", [b"\xff" * 272, bytes((3, *[0] * 271)), bytes((2, 1, *[0] * 270))])
    def test_tables_with_too_many_codes_are_refused(self, core: CompiledCore, table: bytes) -> None:
        source = dataclasses.replace(made((SEQUENTIAL, "0000")), tables=(table,))
        with pytest.raises(ValueError, match="hp_scans was given"):
            scan_entries.scans(core, source, GREY, most=1000)

    @pytest.mark.parametrize("data", [(-1, 2), (0, 3), (2, 1), (3, 3), (-(2**63), 2**63 - 1)])
    def test_data_that_lies_elsewhere_is_refused(self, core: CompiledCore, data: tuple[int, int]) -> None:
        scan = dataclasses.replace(SEQUENTIAL, data=data)
        with pytest.raises(ValueError, match="hp_scans was given"):
            scan_entries.scans(
                core, scan_entries.ScanSource(b"\0\0", (scan,), (EIGHT_BITS,)), GREY, most=1000
            )

    @pytest.mark.parametrize("more", [{}, {"progressive": True}, {"restart_marker_blocks": 5}])
    def test_data_that_is_cut_is_refused(self, core: CompiledCore, more: dict[str, Any]) -> None:
        stream = bare(jpeg(photo(90, 60), 80, **more))
        source, chance = source_of(stream), random.Random(4)
        frame = smallest.frame_of(stream)
        for number, scan in enumerate(source.scans):
            first, last = scan.data
            for end in {last - 1, first, *(chance.randrange(first, last) for _ in range(20))}:
                scans = list(source.scans)
                scans[number] = dataclasses.replace(scan, data=(first, end))
                with pytest.raises(ValueError, match="hp_scans was given"):
                    scan_entries.scans(
                        core, dataclasses.replace(source, scans=tuple(scans)), frame, most=60_000
                    )

    def test_too_many_scans_are_refused(self) -> None:
        with pytest.raises(ValueError, match="257 scans"):
            made(*[(MEANS, "00")] * 257)
        with pytest.raises(ValueError, match="0 scans"):
            made()

    def test_a_table_that_is_cut_is_refused(self, core: CompiledCore) -> None:
        stream = bare(jpeg(photo(16, 16)))
        data = bytearray(stream.data)
        table = next(each for each in stream.segments if each.marker == DHT)
        data[table.start + 5 + 15] = 200  # of its longest codes
        with pytest.raises(Malformed, match="a broken table"):
            source_of(parse_jpeg(bytes(data)))
        with pytest.raises(ValueError, match="a broken table"):
            scan_entries.ScanSource(b"", (SEQUENTIAL,), (bytes(15),))
        with pytest.raises(ValueError, match="a broken table"):
            scan_entries.ScanSource(b"", (SEQUENTIAL,), (bytes(273),))

    def test_what_needs_more_bytes_is_refused(self, core: CompiledCore) -> None:
        source = source_of(parse_jpeg(exercise.baseline_jpeg(blank(GREY) + np.int16(1), GREY)))
        size = len(scan_entries.scans(core, source, GREY, most=1000))
        for most in range(1, size):
            with pytest.raises(ValueError, match="hp_scans was given"):
                scan_entries.scans(core, source, GREY, most=most)
        assert len(scan_entries.scans(core, source, GREY, most=size)) == size
        with pytest.raises(ValueError, match="in 0 bytes"):
            scan_entries.scans(core, source, GREY, most=0)

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
            scan_entries.Frame(size, factors, kinds, tuple(range(len(factors))))
        with pytest.raises(ValueError, match="no scans can be made"):
            scan_entries.Frame((8, 8), ((1, 1),), (0,), (256,))


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
        monkeypatch.setattr(Loaded, "core", None)
        theirs = optimise(coding.stream)
        assert len(result) <= max(1.005 * len(theirs), len(theirs) + 20)

    def test_mozjpegs_pass_steps_in(self, core: CompiledCore, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where there is no core, and where it refuses."""
        source = jpeg(photo(64, 64))
        monkeypatch.setattr(Loaded, "core", core)
        ours = optimise(source)
        monkeypatch.setattr(Loaded, "core", None)
        theirs = optimise(source)
        assert ours != theirs
        assert np.array_equal(decoded(ours), decoded(theirs))
        for trouble in (ValueError, MemoryError):

            def refuse(*_: object, trouble: type[Exception] = trouble, **__: object) -> bytes:
                raise trouble

            monkeypatch.setattr(Loaded, "core", core)
            monkeypatch.setattr(scan_entries, "scans", refuse)
            assert optimise(source) == theirs
