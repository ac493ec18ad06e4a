"""A short run of every fuzzing target: mutated seeds, and inputs made to be slow."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.seeds import made
from fuzz.targets import TARGETS, run

SEEDS = {name: made(name) for name in TARGETS}
TELLING = (0, 1, 4, 0x21, 0x2C, 0x3B, 0x7F, 0x80, 0xC0, 0xD8, 0xD9, 0xDA, 0xE1, 0xFF)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_accepted(name: str) -> None:
    """A target that turns every seed down tests nothing."""
    accepted = sum(run(name, seed) for seed in SEEDS[name])
    assert accepted >= len(SEEDS[name]) * 2 // 3


@st.composite
def mutations(draw: st.DrawFn, name: str) -> bytes:
    """A seed with bytes changed, a stretch cut out, doubled or taken from another seed."""
    data = bytearray(draw(st.sampled_from(SEEDS[name])))
    for _ in range(draw(st.integers(1, 6))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.sampled_from(TELLING))
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 400)))
    change = draw(st.sampled_from(["keep", "cut", "double", "join"]))
    if change == "cut":
        del data[start:end]
    elif change == "double":
        data[start:start] = data[start:end]
    elif change == "join":
        data[start:] = draw(st.sampled_from(SEEDS[name]))[start:]
    return bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_mutations(name: str, data: st.DataObject) -> None:
    run(name, data.draw(mutations(name)))


MEGABYTE = 1_000_000


def _tiff_of_many_strips() -> bytes:
    """Thousands of directories, each with as many strips as may be, all at the same place."""
    strips = b"".join(tag + b"\x04\0\xff\xff\1\0\x08\0\0\0" for tag in (b"\x11\x01", b"\x17\x01"))
    directories = (b"\2\0" + strips + (8 + 30 * n).to_bytes(4, "little") for n in range(1, 4_001))
    return b"II*\0\x08\0\0\0" + b"".join(directories) + bytes(600_000)


SOI = b"\xff\xd8"
XMP_HEAD = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>"


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("jpeg-stream", SOI + b"\xff" * MEGABYTE),
        ("jpeg-stream", SEEDS["jpeg-stream"][0][:-2] + b"\xff\xd0" * MEGABYTE),
        ("jpeg-stream", SOI + b"\xff\xe0\0\2" * MEGABYTE),
        ("jpeg-file", SEEDS["jpeg-file"][0] + SOI * MEGABYTE),
        ("jpeg-file", SEEDS["jpeg-file"][0] + b"AXS" * MEGABYTE),
        ("xmp", XMP_HEAD + b"<a>" * MEGABYTE),
        ("xmp", XMP_HEAD + b"<!--" * MEGABYTE + b"--></x:xmpmeta>"),
        ("xmp", b"<" + b"a" * MEGABYTE + b"/>"),
        ("xmp", XMP_HEAD + b"<a " + b" ".join(b"b%d='1'" % n for n in range(100_000)) + b"/></x:xmpmeta>"),
        ("exif", b"II*\0\x08\0\0\0" + b"\xa0\x0f" + b"\x12\x01\x03\0\1\0\0\0\6\0\0\0" * 100_000),
        ("png", b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IDAT5\xaf\x06\x1e" * 100_000),
        ("webp", b"RIFF\x04\x00\x10\0WEBP" + b"ABCD\0\0\0\0" * 131_072),
        ("gif", SEEDS["gif"][0][:-1] + b"\x21\xfe" + b"\1a" * MEGABYTE + b"\0;"),
        ("gif", SEEDS["gif"][0][:-1] + b"\x21\xfe\0" * MEGABYTE + b";"),
        ("boxes", b"\0\0\0\x08free" * 200_000),
        ("boxes", b"".join((8 * n).to_bytes(4, "big") + b"moov" for n in range(2_000, 0, -1))),
        ("trailer", b"SEFH" * MEGABYTE + b"SEFT"),
        ("whole", SOI + b"\xff" * 10 * MEGABYTE),
        ("whole", SOI + b"\xff\xe0\0\2" * MEGABYTE + b"\xff\xd9"),
        ("whole", SOI + b"\xff\xda\0\2" * MEGABYTE + b"\xff\xd9 "),
        ("whole", b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IDAT5\xaf\x06\x1e" * 2 * MEGABYTE),
        ("whole", b"GIF89a\1\0\1\0\0\0\0" + b"\x21\xfe\0" * 3 * MEGABYTE + b"\x3b"),
        ("whole", _tiff_of_many_strips()),
        ("answer", b"\0\0\xff\xff" + bytes(8) + b"[" * 0xFFFF),
    ],
)
def test_inputs_made_to_be_slow_end(name: str, data: bytes) -> None:
    run(name, data)


def test_a_value_that_reaches_into_a_makers_note_brings_nothing_back() -> None:
    lens_model, note = b"\x34\xa4\x02\x00", b"Apple iOS"
    [seed] = [seed for seed in SEEDS["exif"] if lens_model in seed and note in seed][:1]
    offset = seed.index(lens_model) + 8
    reaching = (seed.index(note) + 20).to_bytes(4, "little")
    assert run("exif", seed[:offset] + reaching + seed[offset + 4 :])
