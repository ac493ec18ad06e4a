"""Pictures that are in no file: standard input and the clipboard. Nothing of them is kept.

They go through the same rooms as files do: a locked worker makes the result, another process looks at it.
Only that a result is one of ours is remembered, as a keyed hash, so that it is not compressed with loss
again.
"""

import contextlib
import dataclasses
import hashlib
import logging
import time
from pathlib import Path

import msgspec

from homepress import privacy
from homepress.base.formats import FORMATS, SNIFF_BYTES, ImageType, sniff
from homepress.base.image_data import BytesContent, image_digest
from homepress.base.paths import Paths
from homepress.base.results import FileOutcome, ProbedProcess
from homepress.compress import Compressed, MetadataPolicy, Recipe, Unchanged
from homepress.compress.model import needs_conversion
from homepress.control.service import CompressRequest, ServiceError
from homepress.daemon.commands.connect import ConnectOptions, connect_or_local
from homepress.daemon.pipeline.asked import (
    MADE_BEFORE,
    is_missed,
    is_reshaped,
    note_of,
    recipe_for,
    without_more_loss,
)
from homepress.daemon.pipeline.codec_trust import CodecTrust
from homepress.daemon.pipeline.job import Job, Plan
from homepress.daemon.requests import check_request, plan_of
from homepress.store.reader import LedgerError, Reader
from homepress.workers import Checker, DeathKind, Limits, MemoryBudget, NoRoomError, Slot, WorkerDied

_log = logging.getLogger(__name__)

MOST_BYTES = 1 << 30
"""A picture that is larger is not read: a worker takes no more."""


class InMemoryCompressor:
    """Compresses pictures one after the other, at normal priority; starts its processes with the first."""

    def __init__(self, paths: Paths, memory: MemoryBudget | None = None) -> None:
        """Start nothing yet.

        Args:
            paths: where presets, the ledger and what is known of the codecs are.
            memory: what large pictures may take; shared where several work at a time.
        """
        self._paths = paths
        memory = memory or MemoryBudget()
        self._slot = Slot(Limits(), memory=memory, background=False)
        self._checker = Checker(Limits(), memory=memory)
        self._trust = CodecTrust(paths.state / "codecs.json")
        self._digests: list[str] = []

    @property
    def digests(self) -> tuple[str, ...]:
        """What all results so far are known by, for `Service.learn_results`."""
        return tuple(self._digests)

    def compress(
        self, source: bytes, request: CompressRequest, *, pixels: bool = False
    ) -> tuple[FileOutcome, bytes]:
        """Compress one picture; the result is empty unless the outcome is "compressed".

        Args:
            source: the picture, at most `MOST_BYTES`.
            request: what is asked; its one path is what the picture is called in the outcome.
            pixels: whether its format only tells how a program handed pixels on: one that is not made smaller
                as it is becomes PNG.

        Raises:
            ServiceError: a word of the request is not understood; exit code 2.
        """
        check_request(msgspec.structs.replace(request, paths=[]))
        plan = plan_of(request, None, None, self._paths.presets_dir)
        if pixels:
            plan = _with_png(plan, source)
        job = Job(Path(request.paths[0]), plan, lambda _: None, explicit=True)
        recipe = recipe_for(plan, source)
        ours = self._is_ours(source)
        if ours and recipe.metadata is MetadataPolicy.KEEP and not is_reshaped(recipe):
            return _unchanged(job, source, MADE_BEFORE), b""
        begin = time.monotonic()
        try:
            made = self._made(source, without_more_loss(recipe, job) if ours else recipe)
        except NoRoomError as error:
            return _failed(job, source, str(error)), b""
        except WorkerDied as died:
            _log.warning("a picture in memory: %s", died)
            return _failed(job, source, died.death.in_words), b""
        if isinstance(made, str):
            return _failed(job, source, made), b""
        if isinstance(made, Compressed):
            self._digests.append(made.sha256)
            if (image := image_digest(BytesContent(made.data))) != image_digest(BytesContent(source)):
                self._digests.append(image)
        return _outcome(job, plan, source, made, recipe, round(time.monotonic() - begin, 3))

    def prepare(self) -> None:
        """Start its processes now, so that the next picture need not wait for them."""
        with contextlib.suppress(WorkerDied):  # the picture will tell
            self._slot.prepare()
            self._trust.prepare(self._slot)
            self._checker.prepare()

    def tells_place(self, source: bytes) -> bool:
        """Whether a picture tells where it was taken, as far as its worker can see."""
        try:
            return self._slot.tells_place(source)
        except WorkerDied:
            return False

    def probe(self, other: int = 0) -> list[ProbedProcess]:
        """Have its worker, if there is one, try every way out; see `Slot.probe`."""
        if (pid := self._slot.pid) is None:
            return []
        try:
            tried = self._slot.probe(other)
        except WorkerDied:
            tried = ()
        return [privacy.WORKER.probed("worker", pid, tried)]

    def rest(self) -> None:
        """Give the memory of its processes back, unless they are at work."""
        self._slot.rest()
        self._checker.rest()

    def remember(self) -> None:
        """Have all results known as ours, by the daemon or in the ledger where that is free; ends the work.

        Where it is not, a result counts as a new picture should it come into a watched folder.
        """
        self.close()
        if not self._digests:
            return
        options = ConnectOptions(work="homepress compress -", patience=0.0)
        try:
            with connect_or_local(self._paths, options) as service:
                service.learn_results(self._digests)
        except (ServiceError, OSError) as error:
            _log.info("a result is not remembered: %s", error)

    def close(self) -> None:
        """End its processes."""
        self._slot.close()
        self._checker.close()

    def _made(self, source: bytes, recipe: Recipe) -> Compressed | Unchanged | str:
        """What a worker makes of a picture; why no worker may, in words.

        Raises:
            NoRoomError, WorkerDied: nothing came of it.
        """
        kind = sniff(source[:SNIFF_BYTES])
        if kind is not None:
            allowed = self._trust.recipe(self._slot, kind, recipe)
            if allowed is None:
                return self._trust.against(kind, recipe)
            recipe = allowed
        try:
            made = self._slot.compress(source, recipe)
        except WorkerDied as died:
            if died.kind is not DeathKind.REFUSED_TO_START:
                raise
            made = self._slot.compress(source, recipe)  # the picture had no part in it: one more try
        if isinstance(made, Compressed):
            attached = made.source_type is ImageType.JPEG and not needs_conversion(made.source_type, recipe)
            self._checker.check(source, made.data, attached=attached, background=False)
        return made

    def _is_ours(self, source: bytes) -> bool:
        digests = (hashlib.sha256(source).hexdigest(), image_digest(BytesContent(source)))
        with contextlib.suppress(LedgerError), Reader(self._paths.ledger) as reader:
            return reader.is_result(digests)
        return False


def _with_png(plan: Plan, source: bytes) -> Plan:
    """A plan by which pixels in a format that is left alone become PNG."""
    kind = sniff(source[:SNIFF_BYTES])
    if kind is None or FORMATS[kind].compressor or kind in plan.convert:
        return plan
    return dataclasses.replace(plan, convert={**plan.convert, kind: ImageType.PNG})


def _outcome(
    job: Job, plan: Plan, source: bytes, made: Compressed | Unchanged, recipe: Recipe, seconds: float
) -> tuple[FileOutcome, bytes]:
    """What became of it, for people and programs, and the result."""
    if isinstance(made, Unchanged):
        left = _unchanged(job, source, str(made))
        missed = is_missed(made, recipe, source, converting=plan.converting)
        cause = made.reason.name.lower()
        return msgspec.structs.replace(left, missed=missed, cause=cause, seconds=seconds), b""
    outcome = FileOutcome(
        path=job.picture,
        outcome="compressed",
        reason=note_of(made),
        before_bytes=len(source),
        after_bytes=len(made.data),
        format=str(made.source_type),
        score=made.score,
        score_kind=str(made.score_kind),
        seconds=seconds,
        dropped=[str(each) for each in made.dropped],
        missed=bool(made.missed),
    )
    return outcome, made.data


def _unchanged(job: Job, source: bytes, reason: str) -> FileOutcome:
    size, kind = len(source), str(sniff(source[:SNIFF_BYTES]) or "")
    return FileOutcome(job.picture, "unchanged", reason, size, size, kind)


def _failed(job: Job, source: bytes, reason: str) -> FileOutcome:
    return msgspec.structs.replace(_unchanged(job, source, reason), outcome="failed", missed=True)
