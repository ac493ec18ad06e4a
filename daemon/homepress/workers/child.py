"""The worker process: compresses what comes through its pipe, and can do nothing else.

Order: tie its life to the daemon's, close what it inherited, load all that any picture may need, lock itself,
say so, then work. Behind the lock it uses no name of a file any more: where a folder is on a network, to look
a name up is to send it.
"""

import dataclasses
import gc
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from importlib.machinery import BuiltinImporter, FrozenImporter
from io import FileIO
from types import TracebackType
from typing import Any, NamedTuple

import msgspec

from homepress import __version__, privacy
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Reason, Recipe, Unchanged, compress, load_codecs
from homepress.workers.host import host
from homepress.workers.protocol import (
    REQUEST,
    CodecReport,
    CodecTask,
    ComparedPictures,
    CompareTask,
    CompressedResult,
    CompressTask,
    JudgeTask,
    Located,
    LocateTask,
    PreviewSizes,
    PreviewTask,
    ProbeAnswers,
    ProbeTask,
    Request,
    Response,
    TaskFailure,
    UnchangedResult,
    WorkerConfig,
    WorkerReady,
    read_frame,
    write_frame,
)

Job = Callable[[bytes, Recipe], Compressed | Unchanged]
"""Compresses a picture as a recipe asks."""

Load = Callable[[ImageType | None], Job]
"""Imports all that the job can ever need of one format, or (None) of all."""

_MOST_TEXT = 2000
"""Characters of what went wrong."""


class Pipes(NamedTuple):
    """The two pipes to the daemon, moved away from where print and C libraries write."""

    tasks: FileIO
    answers: FileIO


def main() -> None:
    """Be a worker of Homepress."""
    work(compress_with_codecs, _codec_versions)


def work(load: Load, versions: Callable[[ImageType | None], dict[str, str]] = lambda _: {}) -> None:
    """Be a worker that does the job that `load` gives; returns when the daemon closes the pipe.

    Args:
        load: called before the lock.
        versions: called then, for the same format; gives those of the codecs.
    """
    config = msgspec.json.decode(sys.argv[1], type=WorkerConfig)
    host.die_with_parent(config.parent)
    pipes = take_pipes()
    if config.background:
        host.yield_to_others()
    gc.disable()  # what is loaded stays: to look through it again and again takes a sixteenth of the start
    job = load(config.only)
    gc.freeze()
    gc.enable()
    look_nothing_up()
    lock = privacy.lock_worker(host.readable_behind_lock(), config.limits)
    ready = WorkerReady(
        version=__version__,
        network=privacy.state(),
        files=lock.files,
        missing=list(lock.missing),
        codecs=versions(config.only),
    )
    write_frame(pipes.answers, ready)
    _serve(pipes, job)


def compress_with_codecs(only: ImageType | None = None) -> Job:
    """Load every codec, or those of one format, and give the compressor."""
    load_codecs(only)
    return compress


def _codec_versions(only: ImageType | None) -> dict[str, str]:
    from homepress.compress.selfcheck import codec_versions

    return codec_versions(only)


def look_nothing_up() -> None:
    """Switch off what looks for files by itself: imports, and source lines beside errors and warnings.

    From here on a module that is not loaded is missing, at once and in every folder.
    """
    sys.meta_path[:] = [BuiltinImporter, FrozenImporter]
    sys.excepthook = _say_error
    sys.unraisablehook = lambda unraisable: _say_error(
        unraisable.exc_type, unraisable.exc_value, unraisable.exc_traceback
    )
    warnings.showwarning = _say_warning


def _say_error(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    print(f"{kind.__name__}: {error} at {_place(trace)}", file=sys.stderr)  # noqa: T201  told to the daemon


def _say_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    place = f"{os.path.basename(filename)}:{lineno}"
    print(f"{category.__name__}: {message} at {place}", file=sys.stderr)  # noqa: T201  told to the daemon


def take_pipes() -> Pipes:
    """Take standard input and output for ourselves; what prints, prints to the error output.

    Every other descriptor is closed.
    """
    tasks, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    host.close_from(max(tasks, answers) + 1)
    return Pipes(os.fdopen(tasks, "rb", buffering=0), os.fdopen(answers, "wb", buffering=0))


_MOST_KEPT = 120 << 20
"""Bytes of freed memory that are kept until nothing comes for a while: with what else a worker has, less than
what the daemon ends it for."""
_SOON = 5.0
"""Seconds in which the next picture has come where many are worked on: its result is looked at and stored."""


def _serve(pipes: Pipes, job: Job) -> None:
    while True:
        if not host.comes_soon(pipes.tasks.fileno(), _SOON):
            host.trim_memory()
        try:
            question, source = read_frame(pipes.tasks, REQUEST)
        except EOFError:
            return
        answer, body = reply(job, question, source)
        if host.kept_bytes() > _MOST_KEPT:
            # Before the answer: after it, the daemon looks whether this worker has grown too fat to be kept.
            host.trim_memory()
        write_frame(pipes.answers, answer, body)
        if isinstance(answer, TaskFailure):
            return
        del source, body


# The response to each request; made behind the lock.

Answer = tuple[Response, bytes]
"""An answer and the bytes that go with it."""


def reply(job: Job, question: Request, source: bytes) -> Answer:
    """Answer a question of the daemon; what fails is an answer too, after which the worker is to end.

    Args:
        job: what compresses.
        question: what is asked.
        source: the bytes that came with it.
    """
    try:
        return _REPLIES[type(question)](job, question, source)
    except MemoryError as error:
        return TaskFailure(out_of_memory=True, text=str(error)[:_MOST_TEXT]), b""
    except Exception as error:  # noqa: BLE001  told to the daemon, then this worker ends
        return TaskFailure(out_of_memory=False, text=_where(error)), b""


def _compress(job: Job, question: CompressTask, source: bytes) -> Answer:
    result = job(source, question.recipe)
    return _picture(result, helper=_is_for_helper(result))


def _is_for_helper(result: Compressed | Unchanged) -> bool:
    """Whether the picture is a whole GIF that nothing else was asked of: then gifsicle has its turn."""
    if not isinstance(result, Unchanged) or result.source_type is not ImageType.GIF:
        return False
    return result.reason is Reason.FORMAT_LEFT_ALONE


def _judge(_: Job, question: JudgeTask, bodies: bytes) -> Answer:
    from homepress.compress import gif
    from homepress.compress.pixels import TooManyPixels

    try:
        result = gif.judge(bodies[: question.source_bytes], bodies[question.source_bytes :])
    except TooManyPixels as error:
        result = Unchanged(Reason.TOO_LARGE, str(error), ImageType.GIF)
    return _picture(result)


def _picture(result: Compressed | Unchanged, *, helper: bool = False) -> Answer:
    cpu = time.process_time()
    if isinstance(result, Unchanged):
        return UnchangedResult(unchanged=result, helper=helper, cpu_seconds=cpu), b""
    return CompressedResult(compressed=dataclasses.replace(result, data=b""), cpu_seconds=cpu), result.data


def _probe(_: Job, question: ProbeTask, source: bytes) -> Answer:  # noqa: ARG001
    return ProbeAnswers(attempts=list(privacy.probe(question.other))), b""


def _check_codecs(_: Job, question: CodecTask, source: bytes) -> Answer:  # noqa: ARG001
    from homepress.compress.selfcheck import check_codecs

    versions = _codec_versions(question.only)
    faults = None if versions == question.known else list(check_codecs(question.only))
    return CodecReport(versions=versions, faults=faults), b""


def _locate(_: Job, question: LocateTask, source: bytes) -> Answer:  # noqa: ARG001
    from homepress.compress.metadata import has_location

    return Located(located=has_location(source)), b""


def _compare(_: Job, question: CompareTask, bodies: bytes) -> Answer:
    from homepress.compress.likeness import difference, has_all_attached
    from homepress.compress.pixels import TooManyPixels, Undecodable

    both = memoryview(bodies)
    source, result = bytes(both[: question.source_bytes]), bytes(both[question.source_bytes :])
    try:
        found = difference(source, result, closely=question.closely)
    except (TooManyPixels, Undecodable) as error:
        return _undecodable(error), b""
    attached = not question.attached or has_all_attached(source, result)
    numbers = {"mean": found.mean, "worst": found.worst, "contrast": found.contrast}
    return ComparedPictures(**numbers, attached=attached), b""


def _preview(_: Job, question: PreviewTask, source: bytes) -> Answer:
    from homepress.compress.pixels import TooManyPixels, Undecodable
    from homepress.compress.preview import preview

    try:
        seen = preview(
            source,
            question.edge,
            fill=question.fill,
            most_pixels=question.most_pixels,
            most_decoded=question.most_decoded,
            part=question.part,
            rough=question.rough,
        )
    except (TooManyPixels, Undecodable) as error:
        return _undecodable(error), b""
    return PreviewSizes(size=seen.size, full_size=seen.full_size), seen.rgb


def _undecodable(error: Exception) -> UnchangedResult:
    from homepress.compress.pixels import TooManyPixels

    reason = Reason.TOO_LARGE if isinstance(error, TooManyPixels) else Reason.BROKEN
    return UnchangedResult(unchanged=Unchanged(reason, str(error)))


_REPLIES: Mapping[type[Request], Callable[[Job, Any, bytes], Answer]] = {
    CompressTask: _compress,
    JudgeTask: _judge,
    ProbeTask: _probe,
    PreviewTask: _preview,
    LocateTask: _locate,
    CompareTask: _compare,
    CodecTask: _check_codecs,
}


def _where(error: Exception) -> str:
    """The error with the place it came from, for a report that can be acted upon."""
    return f"{type(error).__name__}: {error} at {_place(error.__traceback__)}"[:_MOST_TEXT]


def _place(trace: TracebackType | None) -> str:
    """File and line where it began."""
    place = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


if __name__ == "__main__":
    main()
