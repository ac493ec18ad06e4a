"""What a worker that was taken over may say, and what of it the daemon believes."""

import dataclasses
import hashlib
import io
import json
import struct
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from homepress.base.formats import ImageType
from homepress.compress import Compressed, MetadataPolicy, Reason, Recipe, ScoreKind, Unchanged
from homepress.workers import DeathKind, Slot, WorkerDied
from homepress.workers.dimensions import read_dimensions
from homepress.workers.process import Death
from homepress.workers.protocol import (
    BadFrame,
    CompressedResult,
    Located,
    ProbeAnswers,
    TaskFailure,
    UnchangedResult,
)
from homepress.workers.validation import validated_location, validated_result
from workers import mischief

SOURCE = mischief.png(300, 200, 60_000)
BODY = mischief.png(300, 200, 20_000)
RESULT = Compressed(
    data=b"",
    sha256=hashlib.sha256(BODY).hexdigest(),
    image_type=ImageType.PNG,
    source_type=ImageType.PNG,
    width=300,
    height=200,
    score=100.0,
    score_kind=ScoreKind.FULL,
    lossless=True,
    method="a method",
)
LOSSY: dict[str, Any] = {"lossless": False, "score": 81.5}


def jpeg(width: int, height: int, size: int = 20_000) -> bytes:
    """The start of a JPEG: all that the daemon looks at."""
    frame = struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return (b"\xff\xd8\xff\xc0" + frame).ljust(size, b"x")


JPEG = jpeg(300, 200)


def told(body: bytes = BODY, recipe: Recipe | None = None, source: bytes = SOURCE, **changes: Any) -> object:
    """What is believed of an answer that is true but for these changes."""
    changes.setdefault("sha256", hashlib.sha256(body).hexdigest())
    size = read_dimensions(body, changes.get("image_type", ImageType.PNG))
    if size is not None:
        changes = {"width": size.width, "height": size.height, **changes}
    answer = CompressedResult(compressed=dataclasses.replace(RESULT, **changes))
    return validated_result(answer, body, source, recipe or Recipe())


def test_a_true_answer_is_believed() -> None:
    assert told() == dataclasses.replace(RESULT, data=BODY)
    share = Recipe(metadata=MetadataPolicy.SHARE)
    blanked = SOURCE[:-1] + b"\0"
    assert isinstance(told(blanked, share), Compressed), "as long as the source, with less metadata"


def test_a_conversion_that_was_asked_for_is_believed() -> None:
    recipe = Recipe(convert_to=ImageType.JPEG)
    assert isinstance(told(JPEG, recipe, image_type=ImageType.JPEG, **LOSSY), Compressed)
    assert isinstance(told(jpeg(200, 300), recipe, image_type=ImageType.JPEG, **LOSSY), Compressed), "turned"
    with pytest.raises(BadFrame):
        told(recipe=recipe)


@pytest.mark.parametrize("recipe", [Recipe(), Recipe(metadata=MetadataPolicy.SHARE), Recipe(max_edge=150)])
def test_a_picture_never_takes_its_own_place(recipe: Recipe) -> None:
    with pytest.raises(BadFrame, match="the source as its own result"):
        told(SOURCE, recipe)


@pytest.mark.parametrize(
    ("recipe", "sizes"),
    [
        (Recipe(), [(300, 200)]),
        (Recipe(metadata=MetadataPolicy.SHARE), [(300, 200)]),
        (Recipe(metadata=MetadataPolicy.STRIP), [(300, 200), (200, 300)]),
        (Recipe(max_edge=150), [(300, 200), (200, 300), (150, 100), (100, 150)]),
        (
            Recipe(fit_under=25_000),
            [(300, 200), (200, 300), (225, 150), (150, 100), (112, 75), (75, 50), (50, 75)],
        ),
        (Recipe(fit_under=25_000, max_edge=150), [(300, 200), (200, 300), (150, 100), (75, 50), (25, 38)]),
    ],
)
def test_a_result_has_as_many_pixels_as_were_asked_for(recipe: Recipe, sizes: list[tuple[int, int]]) -> None:
    for size in sizes:
        assert isinstance(told(mischief.png(*size, 20_000), recipe, **LOSSY), Compressed), size
    wrong = {(299, 200), (300, 201), (1, 1), (600, 400), (150, 150), (10, 7), (200, 300), (150, 100)}
    for size in wrong - set(sizes):
        with pytest.raises(BadFrame, match="pixels from"):
            told(mischief.png(*size, 20_000), recipe, **LOSSY)


def test_a_result_saves_what_the_compressor_has_to_save() -> None:
    cases: list[tuple[bytes, dict[str, Any]]] = [
        (mischief.png(300, 200, 59_100), {}),
        (mischief.png(300, 200, 58_500), LOSSY),
        (mischief.png(300, 200, 53_000), LOSSY),
    ]
    for body, changes in cases:
        with pytest.raises(BadFrame, match="saves too little"):
            told(body, **changes)
    assert isinstance(told(mischief.png(300, 200, 58_500)), Compressed)
    assert isinstance(told(mischief.png(300, 200, 51_000), **LOSSY), Compressed)


def test_a_result_is_as_small_as_was_asked_and_no_smaller_than_it_can_be() -> None:
    with pytest.raises(BadFrame, match="30000 bytes"):
        told(mischief.png(300, 200, 30_000), Recipe(fit_under=25_000), **LOSSY)
    with pytest.raises(BadFrame, match="bytes for"):
        told(mischief.png(9000, 9000, 5_000), source=mischief.png(9000, 9000, 60_000))
    with pytest.raises(BadFrame, match="bytes for"):
        told(
            jpeg(4000, 3000, 20_000),
            Recipe(convert_to=ImageType.JPEG),
            mischief.png(4000, 3000, 60_000),
            image_type=ImageType.JPEG,
            **LOSSY,
        )


def test_an_animation_keeps_its_frames() -> None:
    def gif(frames: int) -> bytes:
        out = io.BytesIO()
        images = [Image.new("RGB", (30, 20), (90 * n, 0, 0)) for n in range(frames)]
        images[0].save(out, "GIF", save_all=True, append_images=images[1:])
        return out.getvalue()

    kind = {"image_type": ImageType.GIF, "source_type": ImageType.GIF}
    source = gif(3).ljust(5_000, b"\0")
    assert isinstance(told(gif(3), None, source, **kind), Compressed)
    with pytest.raises(BadFrame, match="2 frames from 3"):
        told(gif(2), None, source, **kind)


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (b"", {}),
        (b"x", {}),
        (mischief.png(300, 200, len(SOURCE) + 1), {}),
        (mischief.PNG + b"garbage".ljust(20_000), {}),
        (b"<html>no picture</html>", {}),
        (JPEG, {}),
        (JPEG, {"image_type": ImageType.JPEG}),
        (JPEG, {"image_type": ImageType.JPEG, "source_type": ImageType.JPEG}),
        (BODY, {"source_type": ImageType.HEIC}),
        (BODY, {"sha256": "0" * 64}),
        (BODY, {"sha256": "../../etc/passwd"}),
        (BODY, {"width": 0}),
        (BODY, {"width": 301}),
        (BODY, {"width": 200, "height": 300}),
        (BODY, {"score": 90.0}),
        (BODY, {"height": -1}),
        (BODY, {"width": 10**30}),
        (BODY, {"score": float("nan")}),
        (BODY, {"score": float("-inf")}),
        (BODY, {"score": 1e9}),
    ],
)
def test_what_cannot_be_true_is_not(body: bytes, changes: dict[str, Any]) -> None:
    with pytest.raises(BadFrame):
        told(body, **changes)


def test_an_answer_to_another_question_is_none() -> None:
    assert validated_location(Located(located=True)) is True
    assert isinstance(validated_location(TaskFailure(out_of_memory=True, text="none left")), Death)
    for answer in (UnchangedResult(unchanged=Unchanged(Reason.BROKEN, "")), ProbeAnswers(attempts=[])):
        with pytest.raises(BadFrame):
            validated_location(answer)
    for other in (Located(located=True), ProbeAnswers(attempts=[])):
        with pytest.raises(BadFrame):
            validated_result(other, b"", SOURCE, Recipe())


@pytest.fixture(scope="module")
def worker() -> Iterator[Slot]:
    made = mischief.slot()
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="writes to the worker's own pipe")
@pytest.mark.parametrize(
    ("header", "body_bytes"),
    [
        ("{}", 0),
        ('{"type": "compressed", "compressed": null}', 0),
        ('{"type": "no such answer"}', 0),
        ('{"type": "unchanged", "unchanged": {"reason": "no such reason"}}', 0),
        ('{"type": "unchanged", "unchanged": {"reason": "\\u001b[31m\\u202e' + "long " * 1000 + '"}}', 0),
        ('{"type": "unchanged", "x": ' + "[" * 30_000 + "]" * 30_000 + "}", 0),
        ('{"type": "compressed", "cpu_seconds": 1e999}', 0),
        ('{"type": "compressed", "cpu_seconds": ' + "9" * 5000 + "}", 0),
        ('{"type": "attempts", "attempts": []}', 0),
        ('{"type": "unchanged", "unchanged": {"reason": "broken or incomplete"}}', 1 << 30),
        ("\udcff", 0),
    ],
)
def test_a_forged_answer_costs_the_worker_its_life_and_the_daemon_nothing(
    worker: Slot, header: str, body_bytes: int
) -> None:
    with pytest.raises(WorkerDied) as died:
        mischief.tell(worker, "forge", header=header, body_bytes=body_bytes)
    assert died.value.kind is DeathKind.CRASHED
    assert str(died.value).isprintable()
    assert "\x1b" not in str(died.value) and len(str(died.value)) < 400
    assert json.loads(mischief.tell(worker, "environment").removeprefix("done: ")), "another one works"
