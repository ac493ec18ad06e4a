"""A place where one picture at a time is compressed, in a process that can be lost without loss."""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.base.results import ProbeAttempt
from homepress.compress import Compressed, Reason, Recipe, Unchanged
from homepress.compress.model import loaded_alone, needs_conversion
from homepress.privacy import Limits
from homepress.workers import tool
from homepress.workers.host import host
from homepress.workers.launcher import parent
from homepress.workers.memory import MemoryBudget, needed_to_compress, needed_to_look_at
from homepress.workers.process import Death, DeathKind, Worker, WorkerDied, deadline_for, module_command
from homepress.workers.protocol import (
    BadFrame,
    CodecReport,
    CodecTask,
    ComparedPictures,
    CompareTask,
    CompressedResult,
    CompressTask,
    JudgeTask,
    LocateTask,
    PreviewSizes,
    PreviewTask,
    ProbeTask,
    Request,
    Response,
    TaskFailure,
    UnchangedResult,
    WorkerConfig,
    WorkerReady,
)
from homepress.workers.tool import Tool
from homepress.workers.validation import (
    most_bytes,
    validated_attempts,
    validated_comparison,
    validated_location,
    validated_preview,
    validated_result,
)

T = TypeVar("T")

_CHANNELS = 3
_PROBE_SECONDS = 30.0
_CHECK_SECONDS = 60.0
_CHILD = "homepress.workers.child"

# A worker that kept this much after a picture, or used half of its processor time, is replaced.
_MOST_IDLE_BYTES = 192 << 20

_STUMBLED = {Reason.BROKEN, Reason.UNSUPPORTED, Reason.TOO_LARGE}

# Libraries that want threads want a few; others of the user's programs may start some meanwhile.
_MOST_THREADS = 256

_NO_BOUND = 1 << 62


class Slot:
    """Owns at most one worker process; starts it when needed, and another when it was lost.

    `compress` may be called from any thread, one at a time; a second caller waits.

    Attributes:
        background: whether its workers run at idle priority.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        memory: MemoryBudget | None = None,
        background: bool = True,
        program: Sequence[str] = (),
    ) -> None:
        """Start nothing yet.

        Args:
            limits: of each worker process; one that is started for a large picture may take more memory.
            memory: what large pictures may take; shared with other slots.
            background: whether workers run at idle priority.
            program: the command line of the worker; empty takes the one of Homepress.
        """
        self._limits = limits
        self._memory = memory or MemoryBudget()
        self.background = background
        self._program = tuple(program or module_command(_CHILD))
        self._busy = threading.Lock()
        self._closed = threading.Event()
        self._worker: Worker | None = None
        self._starting: Worker | None = None
        self._needed = 0
        self._given: Limits | None = None
        self._only: ImageType | None = None
        self._tool: Tool | None = None

    @property
    def pid(self) -> int | None:
        """The id of the worker process, or None while there is none."""
        worker = self._worker
        return worker.pid if worker is not None and worker.alive else None

    @property
    def lock(self) -> WorkerReady | None:
        """What lock the present worker reached, by its own measurement; None while there is none."""
        worker = self._worker
        return worker.hello if worker is not None and worker.alive else None

    @property
    def busy(self) -> bool:
        """Whether somebody is using it."""
        return self._busy.locked()

    def prepare(self, only: ImageType | None = None) -> None:
        """Start the worker now, so that the next picture need not wait for it.

        Args:
            only: the format of the next picture, as `compress.model.loaded_alone` has it.

        Raises:
            WorkerDied: it could not be started, or the slot is closed.
        """
        with self._busy:
            self._ready(only=only)

    def compress(
        self, source: bytes, recipe: Recipe, deadline_seconds: float | None = None, *, alone: bool = False
    ) -> Compressed | Unchanged:
        """Compress one picture in the worker process.

        A picture that cannot be decoded, or is refused for its size, is the last one of its process. One that
        needs more memory than workers have gets a process of its own, with as much as it needs.

        Args:
            source: the bytes of the file.
            recipe: what is asked.
            deadline_seconds: after so long the worker is killed; None takes a bound that grows with the
                size of the file and with the memory that its work needs. Time in which others kept the
                processors busy does not count.
            alone: end the process afterwards: it has seen a picture that nobody vouches for.

        Raises:
            NoRoomError: the picture needs more memory than there is; nothing was begun.
            WorkerDied: the process crashed, hung, ran out of memory or did not start. Nothing else is
                lost; the next call starts another.
        """
        needed = needed_to_compress(source, recipe)
        seconds = deadline_for(len(source), needed) if deadline_seconds is None else deadline_seconds
        with self._busy, self._room_for(needed):
            try:
                return self._compress(source, recipe, seconds)
            finally:
                if alone:
                    self._end()

    def _compress(self, source: bytes, recipe: Recipe, seconds: float) -> Compressed | Unchanged:
        result, helper = self._work(CompressTask(recipe=recipe), (source,), source, recipe, seconds)
        program = tool.gifsicle() if helper else None
        if program is None or isinstance(result, Compressed):
            return result
        helped = self._help(tool.gifsicle_command(program), source, recipe, seconds)
        if isinstance(helped, Compressed):
            return helped
        return dataclasses.replace(
            helped, no_private_metadata=result.no_private_metadata
        )  # the helper was not asked about that

    def view(
        self,
        source: bytes,
        edge: int,
        fill: bool,
        most_pixels: int,
        most_decoded: int,
        seconds: float,
        part: tuple[float, float, float, float] | None = None,
        rough: bool = False,
    ) -> tuple[tuple[int, int], tuple[int, int], bytes]:
        """Have the worker decode a picture to look at; see `compress.preview.preview` for what is asked.

        Returns:
            The full size in pixels, the size of what is to be shown, and its RGB bytes.

        Raises:
            ValueError: it cannot be shown, the worker's death included; the text says why.
            NoRoomError: it needs more memory than there is.
        """
        question = PreviewTask(
            edge=edge,
            fill=fill,
            most_pixels=most_pixels,
            most_decoded=most_decoded,
            part=part,
            rough=rough,
        )

        def understand(answer: Response, body: bytes) -> tuple[PreviewSizes | Unchanged | Death, bytes]:
            return validated_preview(answer, body, most_pixels), body

        with self._busy, self._room_for(needed_to_look_at(source)):
            try:
                shown, rgb = self._ask(question, (source,), seconds, understand, _CHANNELS * most_pixels)
            except WorkerDied as died:
                raise ValueError(str(died)) from died
            if isinstance(shown, Death):
                self._end()
        if not isinstance(shown, PreviewSizes):
            raise ValueError(str(getattr(shown, "detail", "")) or str(shown))
        return shown.full_size, shown.size, rgb

    def tells_place(self, source: bytes) -> bool:
        """Have the worker look whether a picture tells where it was taken.

        Raises:
            WorkerDied: it could not be started, or the picture ended it.
        """

        with self._busy:
            told = self._ask(
                LocateTask(),
                (source,),
                deadline_for(len(source)),
                lambda answer, _: validated_location(answer),
                0,
            )
            if isinstance(told, Death):
                self._end()
                raise WorkerDied(told)
        return told

    def look(
        self, source: bytes, result: bytes, *, closely: bool, attached: bool = False
    ) -> ComparedPictures | Unchanged:
        """Have the worker compare a picture with what another one made of it.

        Args:
            source: the bytes of the file.
            result: what shall take its place.
            closely: see `compress.likeness.difference`.
            attached: see `CompareTask`.

        Returns:
            How far they are apart, or why that could not be seen.

        Raises:
            NoRoomError: they need more memory than there is.
            WorkerDied: it could not be started, or the pictures ended it.
        """
        with self._busy, self._room_for(needed_to_look_at(source, result)):
            question = CompareTask(source_bytes=len(source), closely=closely, attached=attached)
            seconds = deadline_for(len(source))
            found = self._ask(
                question, (source, result), seconds, lambda answer, _: validated_comparison(answer), 0
            )
            if isinstance(found, Death):
                self._end()
                raise WorkerDied(found)
            if self._is_fat():
                self._end()
        return found

    def probe(self, other: int = 0) -> tuple[ProbeAttempt, ...]:
        """Have the worker itself try every way out, and give the system's answers.

        Args:
            other: an ordinary process of this user, whose memory it tries to open; 0 for none.

        Raises:
            WorkerDied: it could not be started, or ended meanwhile.
        """
        with self._busy:
            return self._ask(
                ProbeTask(other=other), (), _PROBE_SECONDS, lambda answer, _: validated_attempts(answer), 0
            )

    def check_codecs(self, known: dict[str, str], only: ImageType | None = None) -> CodecReport:
        """Have the worker code and decode small pictures whose answers are known.

        Args:
            known: versions of codecs; if they are those of the worker, nothing is checked.
            only: the one format whose codecs are meant, as `compress.model.loaded_alone` has it.

        Raises:
            WorkerDied: it could not be started, or a codec ended it.
        """

        def understand(answer: Response, _: bytes) -> CodecReport:
            if not isinstance(answer, CodecReport):
                raise BadFrame("the worker did not say what its codecs do")
            return answer

        with self._busy:
            # Told when it started; to check takes another process, one that may start threads.
            threads = self._given is not None and self._given.threads > 0
            if known and self._ready(threads=threads, only=only).hello.codecs == known:
                return CodecReport(versions=known)
            return self._ask(CodecTask(known=known, only=only), (), _CHECK_SECONDS, understand, 0)

    def rest(self) -> bool:
        """End the process and give its memory back, unless it is at work; whether there is none now."""
        if not self._busy.acquire(blocking=False):
            return False
        try:
            self._end()
        finally:
            self._busy.release()
        return True

    def close(self) -> None:
        """End the process, in the middle of its work too; that `compress` raises `WorkerDied`."""
        self._closed.set()
        for program in (self._starting, self._worker, self._tool):
            if program is not None:
                program.kill(DeathKind.STOPPED)
        with self._busy:
            self._end()

    @contextlib.contextmanager
    def _room_for(self, needed: int) -> Iterator[None]:
        """Have the memory that a picture needs, in a process of its own where that is more than usual.

        Raises:
            NoRoomError: there is not so much.
        """
        with self._memory.reserved(needed, self._resident_bytes, self._closed):
            if needed <= self._limits.memory_bytes:
                yield
                return
            self._end()
            self._needed = needed
            try:
                yield
            finally:
                self._needed = 0
                self._end()

    def _resident_bytes(self) -> int:
        return host.resident_bytes(pid) if (pid := self.pid) else 0

    def _wanted(self, threads: bool) -> Limits:
        """The limits of the next process: no more memory than is allowed, unless that was looked into."""
        memory = self._needed or min(self._limits.memory_bytes, self._memory.most or _NO_BOUND)
        return dataclasses.replace(self._limits, memory_bytes=memory, threads=_MOST_THREADS if threads else 0)

    def _ready(self, *, threads: bool = False, only: ImageType | None = None) -> Worker:
        """The worker, started if there is none that lives and has the limits and the code that are needed.

        Args:
            threads: whether it must be one that may start threads.
            only: the one format whose code will do. A new worker has no other, which halves its start.
        """
        wanted = self._wanted(threads)
        lacks_code = self._only is not None and self._only is not only
        if self._worker is not None and (not self._worker.alive or self._given != wanted or lacks_code):
            self._end()
        if self._worker is None and not self._closed.is_set():
            self._given, self._only = wanted, only
            try:
                self._worker = Worker(
                    self._command(wanted), wanted, background=self.background, begun=self._begun
                )
            finally:
                self._starting = None
        if self._worker is None or self._closed.is_set():
            raise WorkerDied(Death(DeathKind.STOPPED))
        return self._worker

    def _begun(self, worker: Worker) -> None:
        """One is starting: it may be told to stop before it is ready, however long it takes."""
        self._starting = worker
        if self._closed.is_set():
            worker.kill(DeathKind.STOPPED)

    def _work(
        self, question: Request, sent: Sequence[bytes], source: bytes, recipe: Recipe, seconds: float
    ) -> tuple[Compressed | Unchanged, bool]:
        """One question about a picture: the result, and whether the helper program could do something."""

        def understand(answer: Response, body: bytes) -> tuple[Response, Compressed | Unchanged | Death]:
            return answer, validated_result(answer, body, source, recipe)

        begin = time.monotonic()
        answer, result = self._ask(question, sent, seconds, understand, most_bytes(source, recipe))
        if isinstance(result, Death):
            self._end()
            raise WorkerDied(dataclasses.replace(result, seconds=time.monotonic() - begin))
        if self._worn(answer):
            self._end()
        return result, isinstance(answer, UnchangedResult) and answer.helper

    def _help(
        self, command: Sequence[str], source: bytes, recipe: Recipe, seconds: float
    ) -> Compressed | Unchanged:
        """Run the helper program over a picture and have the worker judge what it made."""
        limits = dataclasses.replace(self._wanted(threads=False), threads=self._limits.threads)
        self._tool = Tool(command, limits, background=self.background)
        try:
            if self._closed.is_set():
                self._tool.kill(DeathKind.STOPPED)
            made = self._tool.run(source, seconds, tool.most_gif_output(source))
        finally:
            self._tool = None
        refused = tool.gif_refusal(made)
        if refused is not None:
            return refused
        question = JudgeTask(source_bytes=len(source))
        return self._work(question, (source, made.output), source, recipe, seconds)[0]

    def _ask(
        self,
        question: Request,
        sent: Sequence[bytes],
        seconds: float,
        understand: Callable[[Response, bytes], T],
        most_body: int,
    ) -> T:
        only = self._only if isinstance(question, ProbeTask) else _code_needed(question, sent)
        worker = self._ready(threads=_needs_threads(question, sent), only=only)
        spoilt = False

        def noticed(answer: Response, body: bytes) -> T:
            nonlocal spoilt
            spoilt = _may_have_attacked(answer)
            return understand(answer, body)

        try:
            told = worker.ask(question, sent, seconds, noticed, most_body)
        except WorkerDied:
            self._worker = None
            raise
        if spoilt:
            self._end()
        return told

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def _command(self, limits: Limits) -> Sequence[str]:
        config = WorkerConfig(parent=parent(), limits=limits, background=self.background, only=self._only)
        return (*self._program, msgspec.json.encode(config).decode())

    def _worn(self, answer: Response) -> bool:
        """Whether the next picture is better given to a fresh process."""
        spent = answer.cpu_seconds if isinstance(answer, CompressedResult | UnchangedResult) else 0.0
        return self._is_fat() or spent > self._limits.cpu_seconds / 2

    def _is_fat(self) -> bool:
        return self._resident_bytes() > _MOST_IDLE_BYTES


def _may_have_attacked(answer: Response) -> bool:
    """Whether the picture made the decoder stumble, as one that attacks it may: its process sees no other."""
    if isinstance(answer, UnchangedResult):
        return answer.unchanged.reason in _STUMBLED
    return isinstance(answer, TaskFailure)


def _code_needed(question: Request, sent: Sequence[bytes]) -> ImageType | None:
    """The one format whose code a question takes; None where that of others is needed too."""
    if isinstance(question, CodecTask):
        return question.only
    if not isinstance(question, CompressTask | CompareTask):
        return None
    recipe = question.recipe if isinstance(question, CompressTask) else Recipe()
    kinds = {loaded_alone(sniff(part[:SNIFF_BYTES]), recipe) for part in sent}
    return kinds.pop() if len(kinds) == 1 else None


def _needs_threads(question: Request, sent: Sequence[bytes]) -> bool:
    """Whether it takes the one codec that cannot do without threads: that of HEIC, libde265 (and x265)."""
    if isinstance(question, CodecTask):
        return question.only is None
    if isinstance(question, CompressTask) and not needs_conversion(ImageType.HEIC, question.recipe):
        return False
    decodes = isinstance(question, CompressTask | CompareTask | PreviewTask)
    return decodes and any(sniff(part[:SNIFF_BYTES]) is ImageType.HEIC for part in sent)
