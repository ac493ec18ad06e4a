"""The worker process: compresses what comes through its pipe, and can do nothing else.

Order: tie its life to the daemon's, close what it inherited, load the codecs, lock itself, say so, then work.
"""

import importlib
import os
import sys
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import NamedTuple

import msgspec

from homepress import __version__, privacy
from homepress.workers.frames import read_frame, write_frame
from homepress.workers.host import host
from homepress.workers.messages import QUESTION, Hello, Look, Orders
from homepress.workers.readable import readable
from homepress.workers.replies import Job, reply

# Loaded before the lock, for speed: later they would be read through it. Rarer formats are loaded when
# needed.
_USUAL_MODULES = (
    "homepress.compress.engine",
    "homepress.compress.jpeg.jpeg",
    "homepress.compress.png.png",
)


class Pipes(NamedTuple):
    """The two pipes to the daemon, moved away from where print and C libraries write."""

    tasks: FileIO
    answers: FileIO


def main() -> None:
    """Be a worker of Homepress."""
    work(compress_with_codecs)


def work(load: Callable[[], Job]) -> None:
    """Be a worker that does the job that `load` gives; returns when the daemon closes the pipe.

    Args:
        load: called before the lock; imports what the job needs.
    """
    orders = msgspec.json.decode(sys.argv[1], type=Orders)
    host.die_with_parent(orders.parent)
    pipes = take_pipes()
    if orders.background:
        host.yield_to_others()
    job = load()
    lock = privacy.lock_worker(readable(Path(os.fsdecode(orders.home))), orders.limits)
    hello = Hello(version=__version__, network=privacy.state(), files=lock.files, missing=list(lock.missing))
    write_frame(pipes.answers, hello)
    _serve(pipes, job)


def compress_with_codecs() -> Job:
    """Import the usual codecs and give the compressor."""
    for module in _USUAL_MODULES:
        importlib.import_module(module)
    from homepress.compress import compress

    return compress


def take_pipes() -> Pipes:
    """Take standard input and output for ourselves; whoever prints, prints to the error output.

    Every other descriptor is closed.
    """
    tasks, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    host.close_from(max(tasks, answers) + 1)
    return Pipes(os.fdopen(tasks, "rb", buffering=0), os.fdopen(answers, "wb", buffering=0))


def _serve(pipes: Pipes, job: Job) -> None:
    while True:
        try:
            question, source = read_frame(pipes.tasks, QUESTION)
        except EOFError:
            return
        answer, body = reply(job, question, source)
        if not isinstance(
            question, Look
        ):  # which takes little, and a quarter more time with memory taken anew
            # Before the answer: after it, the daemon looks whether this worker has grown too fat to be kept.
            host.trim_memory()
        write_frame(pipes.answers, answer, body)
        if answer.failure is not None:
            return
        del source, body


if __name__ == "__main__":
    main()
