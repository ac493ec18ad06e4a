"""What the worker says to each question; runs in the worker process, behind its lock."""

import dataclasses
import os
import time
from collections.abc import Callable

from homepress import privacy
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Reason, Recipe, Unchanged
from homepress.workers.messages import (
    Answer,
    CodecCheck,
    CodecReport,
    Failure,
    Judgement,
    Locate,
    Look,
    Looked,
    Probe,
    Question,
    Task,
    View,
    Viewed,
)

Job = Callable[[bytes, Recipe], Compressed | Unchanged]
"""Compresses a picture as a recipe asks."""

_MOST_TEXT = 2000


def reply(job: Job, question: Question, source: bytes) -> tuple[Answer, bytes]:
    """Answer a question of the daemon; what fails is an answer too, after which the worker is to end.

    Args:
        job: what compresses.
        question: what is asked.
        source: the bytes that came with it.

    Returns:
        The answer and the bytes that go with it.
    """
    if isinstance(question, Probe):
        return Answer(attempts=list(privacy.probe())), b""
    try:
        if isinstance(question, CodecCheck):
            return Answer(codecs=_check_codecs(question.known)), b""
        if isinstance(question, View):
            return _view(question, source)
        if isinstance(question, Locate):
            return Answer(located=_tells_place(source)), b""
        if isinstance(question, Look):
            return _look(question, source), b""
        if isinstance(question, Judgement):
            result = _judge_gif(source[: question.source_bytes], source[question.source_bytes :])
        else:
            result = job(source, question.recipe)
        helper = isinstance(question, Task) and _is_for_helper(result)
    except MemoryError as error:
        failure = Failure(out_of_memory=True, text=str(error)[:_MOST_TEXT])
        return Answer(failure=failure), b""
    except Exception as error:  # noqa: BLE001  told to the daemon, then this worker ends
        return Answer(failure=Failure(out_of_memory=False, text=_where(error))), b""
    cpu = time.process_time()
    if isinstance(result, Unchanged):
        return Answer(unchanged=result, helper=helper, cpu_seconds=cpu), b""
    return Answer(compressed=dataclasses.replace(result, data=b""), cpu_seconds=cpu), result.data


def _is_for_helper(result: Compressed | Unchanged) -> bool:
    """Whether the picture is a whole GIF that nothing else was asked of: then gifsicle has its turn."""
    if not isinstance(result, Unchanged) or result.source_type is not ImageType.GIF:
        return False
    return result.reason is Reason.FORMAT_LEFT_ALONE


def _check_codecs(known: dict[str, str]) -> CodecReport:
    from homepress.compress.selfcheck import check_codecs, codec_versions

    versions = codec_versions()
    return CodecReport(versions=versions, faults=None if versions == known else list(check_codecs()))


def _judge_gif(source: bytes, candidate: bytes) -> Compressed | Unchanged:
    from homepress.compress import gif
    from homepress.compress.pixels import TooManyPixels

    try:
        return gif.judge(source, candidate)
    except TooManyPixels as error:
        return Unchanged(Reason.TOO_LARGE, str(error), ImageType.GIF)


def _tells_place(source: bytes) -> bool:
    from homepress.compress.metadata import has_location

    return has_location(source)


def _look(question: Look, bodies: bytes) -> Answer:
    from homepress.compress.likeness import difference
    from homepress.compress.pixels import TooManyPixels, Undecodable

    both = memoryview(bodies)
    source, result = bytes(both[: question.source_bytes]), bytes(both[question.source_bytes :])
    try:
        found = difference(source, result, closely=question.closely)
    except TooManyPixels as error:
        return Answer(unchanged=Unchanged(Reason.TOO_LARGE, str(error)))
    except Undecodable as error:
        return Answer(unchanged=Unchanged(Reason.BROKEN, str(error)))
    return Answer(looked=Looked(mean=found.mean, worst=found.worst, contrast=found.contrast))


def _view(question: View, source: bytes) -> tuple[Answer, bytes]:
    from homepress.compress.pixels import TooManyPixels, Undecodable
    from homepress.compress.preview import preview

    try:
        seen = preview(
            source,
            question.edge,
            fill=question.fill,
            most_pixels=question.most_pixels,
            most_decoded=question.most_decoded,
        )
    except TooManyPixels as error:
        return Answer(unchanged=Unchanged(Reason.TOO_LARGE, str(error))), b""
    except Undecodable as error:
        return Answer(unchanged=Unchanged(Reason.BROKEN, str(error))), b""
    return Answer(viewed=Viewed(size=seen.size, full_size=seen.full_size)), seen.rgb


def _where(error: Exception) -> str:
    """The error with the place it came from, for a report that can be acted upon."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}: {error} at {place}"[:_MOST_TEXT]
