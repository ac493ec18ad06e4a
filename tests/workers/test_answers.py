"""What a worker that was taken over may say, and what of it the daemon believes."""

import dataclasses
import hashlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.compress import Compressed, Reason, Recipe, ScoreKind, Unchanged
from homepress.imagetype import ImageType
from homepress.workers import DeathKind, Slot, WorkerDied
from homepress.workers.answers import believed, located, plain
from homepress.workers.deaths import Death
from homepress.workers.frames import BadFrame
from homepress.workers.messages import Answer, Failure
from workers import mischief

SOURCE = mischief.PNG + b"a source of some length"
BODY = mischief.PNG + b"smaller"
RESULT = Compressed(
    data=b"",
    sha256=hashlib.sha256(BODY).hexdigest(),
    image_type=ImageType.PNG,
    source_type=ImageType.PNG,
    width=3,
    height=2,
    score=100.0,
    score_kind=ScoreKind.FULL,
    lossless=True,
    method="a method",
)
JPEG = b"\xff\xd8\xff\xe0 a JPEG"


def told(body: bytes = BODY, recipe: Recipe | None = None, **changes: Any) -> object:
    """What is believed of an answer that is true but for these changes."""
    changes.setdefault("sha256", hashlib.sha256(body).hexdigest())
    answer = Answer(compressed=dataclasses.replace(RESULT, **changes))
    return believed(answer, body, SOURCE, recipe or Recipe())


def test_a_true_answer_is_believed() -> None:
    assert told() == dataclasses.replace(RESULT, data=BODY)
    assert isinstance(told(SOURCE), Compressed), "as long as the source, with less metadata"


def test_a_conversion_that_was_asked_for_is_believed() -> None:
    recipe = Recipe(convert_to=ImageType.JPEG)
    assert isinstance(told(JPEG, recipe, image_type=ImageType.JPEG), Compressed)
    with pytest.raises(BadFrame):
        told(recipe=recipe)


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (b"", {}),
        (mischief.PNG.ljust(len(SOURCE) + 1), {}),
        (b"<html>no picture</html>", {}),
        (JPEG, {}),
        (JPEG, {"image_type": ImageType.JPEG}),
        (JPEG, {"image_type": ImageType.JPEG, "source_type": ImageType.JPEG}),
        (BODY, {"source_type": ImageType.HEIC}),
        (BODY, {"sha256": "0" * 64}),
        (BODY, {"sha256": "../../etc/passwd"}),
        (BODY, {"width": 0}),
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


def test_an_empty_answer_is_none() -> None:
    with pytest.raises(BadFrame):
        believed(Answer(), b"", SOURCE, Recipe())


def test_an_answer_to_another_question_is_none() -> None:
    assert located(Answer(located=True)) is True
    assert isinstance(located(Answer(failure=Failure(out_of_memory=True, text="none left"))), Death)
    for answer in (Answer(), Answer(unchanged=Unchanged(Reason.BROKEN, "")), Answer(attempts=[])):
        with pytest.raises(BadFrame):
            located(answer)


@given(text=st.text(max_size=3000))
def test_its_words_do_nothing_to_a_terminal_and_stay_short(text: str) -> None:
    unchanged = believed(Answer(unchanged=Unchanged(Reason.BROKEN, text)), b"", SOURCE, Recipe())
    failed = believed(Answer(failure=Failure(out_of_memory=False, text=text)), b"", SOURCE, Recipe())
    made = told(method=text)
    assert isinstance(unchanged, Unchanged) and isinstance(failed, Death) and isinstance(made, Compressed)
    for words in (unchanged.detail, failed.detail, made.method):
        assert words.isprintable() and len(words) <= 500
    assert plain("two\nlines \x1b[31mred") == "two lines [31mred"


@pytest.fixture(scope="module")
def worker() -> Iterator[Slot]:
    made = mischief.slot()
    yield made
    made.close()


@pytest.mark.skipif(sys.platform != "linux", reason="writes to the worker's own pipe")
@pytest.mark.parametrize(
    ("header", "body_bytes"),
    [
        ('{"compressed": null}', 0),
        ('{"unchanged": {"reason": "no such reason"}}', 0),
        ('{"x": ' + "[" * 30_000 + "]" * 30_000 + "}", 0),
        ('{"cpu_seconds": 1e999}', 0),
        ('{"cpu_seconds": ' + "9" * 5000 + "}", 0),
        ('{"attempts": [], "helper": true}', 0),
        ('{"unchanged": {"reason": "broken or incomplete"}}', 1 << 30),
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
    assert json.loads(mischief.tell(worker, "environment").removeprefix("done: ")), "another one works"
