"""Every entry of a core, over made shapes and hostile lengths; also run on its own, with sanitizers loaded.

python exercise.py LIBRARY SECONDS [all|encode|score|scans [FIRST ROUND]]
"""

import contextlib
import ctypes
import dataclasses
import random
import sys
import time

import numpy as np
from numpy.typing import NDArray

from homepress.compress.core import entries, scan_entries, score_entries
from homepress.compress.core.library import _ENTRIES, BEST, PLAIN, CompiledCore
from homepress.compress.jpeg.entropy import CodedRows, Events, FrameHeaders, Layout, coded_rows
from homepress.compress.jpeg.model import tables
from homepress.compress.jpeg.smallest import recoded, source_of
from homepress.compress.metadata import parse_jpeg

Levels = NDArray[np.int16]

_HOSTILE = (-(2**63), -(2**31), -64, -1, 0, 1, 3, 7, 63, 65, 2**31 - 1, 2**31, 2**40, 2**63 - 1)
_ODD_FLOATS = (np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45, 0.5, -0.5, 1.0, 2.0, 1023.5, 0.0)


def exercise(core: CompiledCore, seed: int, part: str = "all") -> None:
    """One round: shapes that fit, with every kind of value, and then lengths that do not."""
    chance = random.Random(seed)
    core.choose(chance.choice((PLAIN, BEST)))
    numbers = np.random.default_rng(seed)
    for name, run in _PARTS.items():
        if part in ("all", name):
            run(core, chance, numbers)
    refuse_what_does_not_fit(core, chance)


def encode(core: CompiledCore, chance: random.Random, numbers: np.random.Generator) -> None:
    """Pixels to coefficients to levels to bits, with prices and codes that are none."""
    blocks = made_blocks(core, chance, numbers)
    luma = chance.randint(1, len(blocks.kinds))
    entries.activity(core, blocks, luma)
    entries.count(core, blocks)
    masks = odd(numbers, (len(blocks),))
    bits = odd(numbers, (entries.KINDS * entries.SYMBOLS,))
    prices = odd(numbers, (entries.PLACES,))
    weighed = entries.Prices(masks, bits, prices)
    parts = numbers.integers(0, len(blocks.kinds), len(blocks.kinds), np.uint8)
    units = len(blocks.coefficients)
    across = chance.choice([each for each in range(1, units + 1) if not units % each])
    entries.write(core, blocks, weighed, made_codes(numbers), parts, across)


def score(core: CompiledCore, chance: random.Random, numbers: np.random.Generator) -> None:
    """Any maps of pieces of any shape and margins, also by numbers that are none."""
    wanted = numbers.integers(0, 4, (score_entries.SCALES, score_entries.CHANNELS), np.uint8)
    wanted[int(chance.random() * chance.random() * score_entries.SCALES) + 1 :] = 0
    wanted[0, chance.randrange(score_entries.CHANNELS)] |= chance.randint(1, 3)
    measure = score_entries.ScoreMeasure(odd(numbers, (score_entries.METRIC,)), wanted)
    height, width = (chance.choice((1, 2, 8, chance.randint(1, 90))) for _ in range(2))
    top, left = chance.randrange(height), chance.randrange(width)
    bottom, right = chance.randrange(height - top), chance.randrange(width - left)
    margins = score_entries.Margins(top, bottom, left, right, chance.random() < 0.5)
    shape = (height, chance.randint(1, 3), width, 3)
    reference = score_entries.Reference(core, measure, numbers.integers(0, 256, shape, np.uint8), margins)
    if chance.random() < 0.3:
        reference._kept[:] = odd(numbers, reference._kept.shape)
    reference.compare(numbers.integers(0, 256, shape, np.uint8))


def made_frame(chance: random.Random) -> scan_entries.Frame:
    """Any components, of a picture that is small as a rule."""
    parts = chance.choice((1, 1, 2, 3, 3, 3, 4))
    most = 1 if parts == 1 else chance.choice((1, 2, 2, 4))
    while True:
        factors = tuple((chance.randint(1, most), chance.randint(1, most)) for _ in range(parts))
        if sum(across * down for across, down in factors) <= scan_entries.MOST_PER_UNIT:
            break
    size = (chance.choice((1, 8, chance.randint(1, 90))), chance.choice((1, 16, chance.randint(1, 90))))
    if chance.random() < 0.01:  # so that runs of blocks become long
        size = (chance.randint(1, 800), chance.randint(1, 1500))
    kinds = tuple(chance.randint(0, 1) for _ in range(parts))
    return scan_entries.Frame(size, factors, kinds, tuple(range(1, parts + 1)))


def blocks_of(frame: scan_entries.Frame) -> int:
    """Blocks of all units of a picture."""
    units = frame.blocks_of_unit
    for axis in range(2):
        units *= -(-frame.size[axis] // (8 * max(pair[axis] for pair in frame.factors)))
    return units


def made_levels(frame: scan_entries.Frame, chance: random.Random, numbers: np.random.Generator) -> Levels:
    """Levels (blocks, 64) in zigzag order, few of them zero, or most."""
    spread = 10 ** chance.uniform(-1.5, 2.5)
    slope = np.arange(64) ** chance.uniform(0, 2) + 1
    levels = numbers.laplace(0, spread / slope, (blocks_of(frame), 64))
    levels[numbers.random(blocks_of(frame)) < chance.choice((0, 0.5, 0.98)), 1:] = 0
    return np.clip(np.rint(levels), -1023, 1023).astype(np.int16)


def baseline(levels: Levels, frame: scan_entries.Frame) -> bytes:
    """A JPEG with these levels, by numpy."""
    picture = FrameHeaders(frame.size, Layout(frame.factors, frame.kinds), tables(60.0))
    steps = levels.astype(np.float32)
    across = -(-frame.size[0] // picture.layout.unit_size[0])
    rows = coded_rows(Events.rounded(steps, np.abs(steps)), picture.layout, across)
    return CodedRows(picture, rows).stream()


def scans(core: CompiledCore, chance: random.Random, numbers: np.random.Generator) -> None:
    """Levels of any frame, read and written, in room of any size; then what is no picture, or may be one."""
    frame = made_frame(chance)
    plain = parse_jpeg(baseline(made_levels(frame, chance, numbers), frame))
    enough = 4096 + 2 * len(plain.data)
    whole = scan_entries.scans(core, source_of(plain), frame, most=enough)
    again = parse_jpeg(recoded(core, plain))
    assert scan_entries.scans(core, source_of(again), frame, most=len(whole)) == whole
    with contextlib.suppress(ValueError):
        scan_entries.scans(core, source_of(again), frame, most=chance.randint(1, len(whole)))
    for stream in (plain, again):
        for _ in range(4):
            with contextlib.suppress(ValueError):
                scan_entries.scans(core, spoilt(source_of(stream), chance), frame, most=enough)
    with contextlib.suppress(ValueError):
        scan_entries.scans(core, source_of(chance.choice((plain, again))), made_frame(chance), most=enough)


def spoilt(source: scan_entries.ScanSource, chance: random.Random) -> scan_entries.ScanSource:
    """With other bytes in its data or in its tables, or scans that say something else."""
    data, tables = bytearray(source.data), [bytearray(table) for table in source.tables]
    scans = list(source.scans)
    for _ in range(chance.randint(1, 3)):
        change, number = chance.random(), chance.randrange(len(scans))
        if change < 0.4:
            data[chance.randrange(source.scans[0].data[0], len(data))] = chance.choice(
                (0, 0xFF, chance.randrange(256))
            )
        elif change < 0.6:
            table = chance.choice(tables)
            table[chance.randrange(len(table))] = chance.choice((0, 1, 2, 0xF0, 255, chance.randrange(256)))
        elif change < 0.7:
            scans.insert(chance.randrange(len(scans)), scans[number])
        elif change < 0.8 and len(scans) > 1:
            del scans[number]
        else:
            scans[number] = other_scan(scans[number], len(data), chance)
    return scan_entries.ScanSource(bytes(data), tuple(scans), tuple(map(bytes, tables)))


def other_scan(scan: scan_entries.SourceScan, size: int, chance: random.Random) -> scan_entries.SourceScan:
    """A scan that says something else in one place."""
    strange = chance.choice((*_HOSTILE, chance.randint(0, 14), chance.randint(0, 64)))
    place = chance.choice(("data", "interval", "spectral", "approximation", "components"))
    if place == "data":
        return dataclasses.replace(
            scan, data=(scan.data[0], chance.choice((strange, chance.randint(0, size))))
        )
    if place == "interval":
        return dataclasses.replace(scan, interval=chance.choice((strange, 1, 2, 5)))
    if place == "components":
        parts = [list(part) for part in scan.components]
        chance.choice(parts)[chance.randrange(3)] = strange
        return dataclasses.replace(scan, components=tuple((part[0], part[1], part[2]) for part in parts))
    if place == "spectral":
        first, last = scan.spectral
        return dataclasses.replace(scan, spectral=chance.choice(((strange, last), (first, strange))))
    high, low = scan.approximation
    return dataclasses.replace(scan, approximation=chance.choice(((strange, low), (high, strange))))


def made_blocks(core: CompiledCore, chance: random.Random, numbers: np.random.Generator) -> entries.Blocks:
    """Blocks of a made picture, or of no picture."""
    channels = chance.choice((1, 3, 4))
    quarter = channels > 1 and chance.random() < 0.5
    edge = 16 if quarter else 8
    height, width = (edge * chance.randint(1, 5) for _ in range(2))
    shape = (height, width) if channels == 1 else (height, width, channels)
    pixels = (
        numbers.integers(0, 256, shape, np.uint8) if chance.random() < 0.7 else np.full(shape, 255, np.uint8)
    )
    coefficients = entries.transform(core, pixels, quarter=quarter)
    assert np.isfinite(coefficients).all()
    if chance.random() < 0.5:
        coefficients = odd(numbers, coefficients.shape)
    kinds = numbers.integers(0, 2, coefficients.shape[1], np.uint8)
    return entries.Blocks(coefficients, kinds, odd(numbers, (entries.KINDS, entries.PLACES)))


def made_codes(numbers: np.random.Generator) -> entries.Codes:
    """Codes of any length, not free of prefixes."""
    lengths = numbers.integers(0, 17, (2, 512), np.uint8)
    codes = numbers.integers(0, 2**16, (2, 512), np.uint32) & ((np.uint32(1) << lengths) - np.uint32(1))
    return entries.Codes(codes.astype(np.uint32), lengths)


def odd(numbers: np.random.Generator, shape: tuple[int, ...]) -> entries.Floats:
    """Values of every size, some of them no numbers."""
    values = numbers.normal(0, 10 ** numbers.uniform(-3, 4), shape).astype(np.float32)
    strange = numbers.random(shape) < 0.02
    values[strange] = numbers.choice(np.array(_ODD_FLOATS, np.float32), int(strange.sum()))
    return values


def refuse_what_does_not_fit(core: CompiledCore, chance: random.Random) -> None:
    """Lengths that do not fit together are an answer below zero; nothing behind them is touched."""
    name = chance.choice(sorted(_ENTRIES))
    room = np.zeros(64, np.uint8)
    arguments: list[object] = []
    for kind in _ENTRIES[name]:
        if kind is ctypes.c_void_p:
            arguments.append(chance.choice((None, room.ctypes.data)))
        elif kind is ctypes.c_float:
            arguments.append(1.0)
        else:
            # None of these numbers of blocks or pixels fits: at least one length is always refused.
            arguments.append(chance.choice(_HOSTILE) if kind is ctypes.c_int64 else chance.choice((0, 1)))
    if name == "hp_write":
        arguments[1] = chance.choice([number for number in _HOSTILE if number < 0 or number >= 2**31])
    elif name != "hp_transform":
        arguments[-1] = -chance.randint(1, 2**40)
    assert getattr(core._library, name)(*arguments) < 0, (name, arguments)


_PARTS = {"encode": encode, "score": score, "scans": scans}


def main() -> None:
    """Rounds for so many seconds of processor time; how many there were."""
    library, seconds, *rest = sys.argv[1:]
    part = rest[0] if rest else "all"
    core, until = CompiledCore(library), time.process_time() + float(seconds)
    seed = begun = int(rest[1]) if len(rest) > 1 else 0
    while time.process_time() < until or seed == begun:
        exercise(core, seed, part)
        seed += 1
    print(seed - begun)


if __name__ == "__main__":
    main()
