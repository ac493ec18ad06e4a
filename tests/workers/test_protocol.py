"""Frames: what is written is read back; what is not a frame is refused before it costs memory."""

import io
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.base.formats import ImageType
from homepress.compress import Compressed, MetadataPolicy, Reason, Recipe, ScoreKind, Unchanged
from homepress.workers.protocol import (
    MOST_BODY_BYTES,
    MOST_HEADER_BYTES,
    REQUEST,
    RESPONSE,
    BadFrame,
    CompressedResult,
    CompressTask,
    Response,
    TaskFailure,
    UnchangedResult,
    read_frame,
    write_frame,
)

recipes = st.builds(
    Recipe,
    floor=st.none() | st.floats(30, 100),
    palette=st.booleans(),
    metadata=st.sampled_from(MetadataPolicy),
    convert_to=st.none() | st.sampled_from(ImageType),
    max_edge=st.integers(0, 100_000),
    fit_under=st.integers(0, 1 << 40),
)
answers = st.one_of(
    st.builds(
        CompressedResult,
        compressed=st.builds(
            Compressed,
            data=st.just(b""),
            sha256=st.text("0123456789abcdef", max_size=64),
            image_type=st.sampled_from(ImageType),
            source_type=st.sampled_from(ImageType),
            width=st.integers(1, 100_000),
            height=st.integers(1, 100_000),
            score=st.floats(-1000, 100),
            score_kind=st.sampled_from(ScoreKind),
            lossless=st.booleans(),
            method=st.text(max_size=50),
        ),
    ),
    st.builds(
        UnchangedResult,
        unchanged=st.builds(
            Unchanged,
            reason=st.sampled_from(Reason),
            detail=st.text(max_size=50),
            source_type=st.none() | st.sampled_from(ImageType),
            transient=st.booleans(),
        ),
    ),
    st.builds(TaskFailure, out_of_memory=st.booleans(), text=st.text(max_size=50)),
)


class Trickle(io.RawIOBase):
    """A pipe that gives and takes a few bytes at a time."""

    def __init__(self, data: bytes = b"", step: int = 7) -> None:
        self.data, self.step, self.at = bytearray(data), step, 0

    def readinto(self, buffer: Any) -> int:
        chunk = self.data[self.at : self.at + min(self.step, len(buffer))]
        buffer[: len(chunk)] = chunk
        self.at += len(chunk)
        return len(chunk)

    def write(self, data: Any) -> int:
        self.data += data[: self.step]
        return min(self.step, len(data))


@given(recipe=recipes, body=st.binary(max_size=100), step=st.integers(1, 50))
def test_a_task_crosses_a_pipe(recipe: Recipe, body: bytes, step: int) -> None:
    pipe = Trickle(step=step)
    write_frame(pipe, CompressTask(recipe=recipe), body)
    assert read_frame(pipe, REQUEST) == (CompressTask(recipe=recipe), body)


@given(answer=answers, body=st.binary(max_size=100))
def test_an_answer_crosses_a_pipe(answer: Response, body: bytes) -> None:
    pipe = Trickle()
    write_frame(pipe, answer, body)
    assert read_frame(pipe, RESPONSE) == (answer, body)


@given(data=st.binary(max_size=200))
def test_noise_is_never_taken_for_a_frame(data: bytes) -> None:
    with pytest.raises((BadFrame, EOFError)):
        read_frame(Trickle(data), REQUEST)


@given(cut=st.integers(0, 10_000))
def test_a_frame_cut_short_is_an_end(cut: int) -> None:
    pipe = Trickle()
    write_frame(pipe, CompressTask(recipe=Recipe()), b"body" * 20)
    with pytest.raises(EOFError):
        read_frame(Trickle(bytes(pipe.data)[: cut % len(pipe.data)]), REQUEST)


@pytest.mark.parametrize(
    ("header", "body"), [(MOST_HEADER_BYTES + 1, 0), (2, MOST_BODY_BYTES + 1), (2**32 - 1, 2**64 - 1)]
)
def test_lengths_out_of_bounds_are_refused_unread(header: int, body: int) -> None:
    pipe = Trickle(struct.pack("!IQ", header, body) + b"{}" * 50, step=1000)
    with pytest.raises(BadFrame, match="too large"):
        read_frame(pipe, REQUEST)
    assert pipe.at == 12


def test_too_large_a_header_is_not_sent() -> None:
    with pytest.raises(BadFrame):
        write_frame(Trickle(), TaskFailure(out_of_memory=False, text="x" * MOST_HEADER_BYTES))


def test_headers_hold_no_picture() -> None:
    assert b"data" in msgspec.json.encode(UnchangedResult(unchanged=Unchanged(Reason.BROKEN, "data")))
    encoded = msgspec.json.encode(CompressTask(recipe=Recipe()))
    assert len(encoded) < 200
