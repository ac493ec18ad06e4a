"""APNG: every frame, its place and its timing stay; only streams are compressed anew."""

import io
import struct
import zlib
from dataclasses import dataclass

import pytest
from PIL import Image

from compress import pngs
from homepress.compress.metadata.png import write_chunks
from homepress.compress.model import Compressed, Reason, Recipe, Unchanged
from homepress.compress.png import png
from homepress.compress.png.pixels import read_png
from support import corpus

LOSSLESS = Recipe(floor=None)


@dataclass
class Frame:
    """One frame of a made animation."""

    width: int = 96
    height: int = 80
    left: int = 0
    top: int = 0
    delay: tuple[int, int] = (1, 10)
    dispose: int = 0
    blend: int = 0

    def control(self, number: int) -> bytes:
        place = (self.width, self.height, self.left, self.top)
        return struct.pack(">IIIIIHHBB", number, *place, *self.delay, self.dispose, self.blend)

    def stream(self, colour: int, depth: int, seed: int) -> bytes:
        values = pngs.flat(colour, depth, self.width, self.height)
        values[seed % self.height, seed % self.width] ^= 1
        return zlib.compress(pngs.raw_rows(values, depth), 0)


FRAMES = [
    Frame(),
    Frame(40, 30, 5, 7, delay=(3, 100), dispose=1, blend=1),
    Frame(96, 80, delay=(0, 0), dispose=2),
    Frame(1, 1, 95, 79, blend=1),
]


def apng(
    frames: list[Frame],
    colour: int = 6,
    depth: int = 8,
    *,
    hidden: bool = False,
    pieces: int = 1,
    plays: int = 3,
) -> bytes:
    """An APNG; with `hidden` the default image is not part of the animation."""
    first = frames[0]
    number = 0
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 96, 80, depth, colour, 0, 0, 0))]
    chunks.append((b"acTL", struct.pack(">II", len(frames), plays)))
    if colour == 3:
        chunks.append((b"PLTE", bytes(range(3 << depth)) if depth < 8 else bytes(768)))
    if not hidden:
        chunks.append((b"fcTL", first.control(number)))
        number += 1
    chunks.append((b"IDAT", Frame().stream(colour, depth, 0)))
    for index, frame in enumerate(frames[0 if hidden else 1 :]):
        chunks.append((b"fcTL", frame.control(number)))
        number += 1
        stream = frame.stream(colour, depth, index + 1)
        step = -(-len(stream) // pieces)
        for at in range(0, len(stream), step):
            chunks.append((b"fdAT", struct.pack(">I", number) + stream[at : at + step]))
            number += 1
        chunks.append((b"tEXt", b"Note\0behind frame %d" % index))
    return write_chunks([*chunks, (b"IEND", b"")])


def shown(data: bytes) -> list[tuple[bytes, object]]:
    """Every frame as a viewer composes it, with its duration."""
    with Image.open(io.BytesIO(data)) as image:
        frames = []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            frames.append((image.convert("RGBA").tobytes(), image.info.get("duration")))
        return frames


def controls(data: bytes) -> list[bytes]:
    return [each.body[4:] for each in read_png(data).chunks if each.kind == b"fcTL"]


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(("colour", "depth"), [(6, 8), (2, 8), (3, 4), (0, 8), (6, 16)])
def test_frames_place_timing_and_loops_stay(colour: int, depth: int, hidden: bool) -> None:
    source = apng(FRAMES, colour, depth, hidden=hidden, pieces=3)
    result = png.compress(source, LOSSLESS)
    assert isinstance(result, Compressed), result
    assert result.lossless
    assert len(result.data) < len(source) / 2
    assert shown(result.data) == shown(source)
    assert controls(result.data) == controls(source)
    before, after = read_png(source), read_png(result.data)
    for kind in (b"IHDR", b"acTL", b"PLTE", b"tEXt"):
        assert [e.body for e in after.chunks if e.kind == kind] == [
            e.body for e in before.chunks if e.kind == kind
        ]
    numbers = [int.from_bytes(e.body[:4], "big") for e in after.chunks if e.kind in (b"fcTL", b"fdAT")]
    assert numbers == list(range(len(numbers)))


def test_a_palette_is_never_tried_on_an_animation() -> None:
    result = png.compress(apng(FRAMES), Recipe(floor=30.0))
    assert isinstance(result, Compressed)
    assert result.lossless


def refused(data: bytes) -> Unchanged:
    result = png.compress(data, LOSSLESS)
    assert isinstance(result, Unchanged), result
    return result


def edited(kind: bytes, change: object) -> bytes:
    """The animation with the last chunk of a kind changed, dropped (None) or doubled ("twice")."""
    file = read_png(apng(FRAMES))
    chunks = [(each.kind, each.body) for each in file.chunks]
    at = max(index for index, each in enumerate(chunks) if each[0] == kind)
    if change is None:
        del chunks[at]
    elif change == "twice":
        chunks.insert(at, chunks[at])
    else:
        chunks[at] = (kind, change(chunks[at][1]))  # type: ignore[operator]
    return write_chunks(chunks)


@pytest.mark.parametrize("kind", [b"fcTL", b"fdAT", b"acTL"])
@pytest.mark.parametrize("change", [None, "twice", lambda body: body[:-1], lambda body: b"\xff" + body[1:]])
def test_animations_that_are_out_of_order_are_broken(kind: bytes, change: object) -> None:
    assert refused(edited(kind, change)).reason is Reason.BROKEN


def test_a_frame_outside_of_the_picture_is_broken() -> None:
    outside = [Frame(), Frame(40, 30, 60, 7)]
    assert refused(apng(outside)).reason is Reason.BROKEN


def test_frames_of_too_many_pixels_in_all_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    from homepress.compress.pixels import TooManyPixels
    from homepress.compress.png import apng as module

    monkeypatch.setattr(module, "MOST_PIXELS", 96 * 80 * 2)
    with pytest.raises(TooManyPixels):
        png.compress(apng(FRAMES), LOSSLESS)


@pytest.mark.corpus
def test_corpus_animations_are_kept_whole_or_unchanged() -> None:
    folder = corpus()
    if folder is None:
        pytest.skip("the corpus is not here")
    compressed = 0
    for path in sorted((folder / "animated").glob("*png")):
        source = path.read_bytes()
        if len(source) > 12_000:
            continue
        result = png.compress(source, LOSSLESS)
        if isinstance(result, Compressed):
            compressed += 1
            assert shown(result.data) == shown(source), path
            assert controls(result.data) == controls(source), path
    assert compressed
