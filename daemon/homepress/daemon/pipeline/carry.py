"""The journey of one picture: read, compressed, stored, told. One function a station."""

import logging
import threading
import time
from pathlib import Path

import msgspec

from homepress.base.files import FileId
from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.base.image_data import BytesContent, image_digest
from homepress.base.system_errors import printable, quoted
from homepress.compress.model import (
    Compressed,
    MetadataPolicy,
    Reason,
    Recipe,
    Unchanged,
    loaded_alone,
    needs_conversion,
)
from homepress.daemon.pipeline.asked import (
    MADE_BEFORE,
    NOTHING_TO_SAVE,
    is_missed,
    is_over,
    is_reshaped,
    misnamed,
    note_of,
    raw_file,
    recipe_of,
    same_picture,
    wants_known,
    wants_result,
    without_more_loss,
)
from homepress.daemon.pipeline.codec_trust import CodecTrust
from homepress.daemon.pipeline.job import Destination, Job, JobResult
from homepress.daemon.pipeline.retry import MOST as MOST_ATTEMPTS
from homepress.daemon.pipeline.retry import (
    RETRY_FULL,
    Attempts,
    Key,
    TooLarge,
    compressed_for_nothing,
    no_compressor,
    trouble,
)
from homepress.store.health import Conditions
from homepress.store.model import (
    Busy,
    Changed,
    DriveAway,
    Refusal,
    Replacement,
    Role,
    Source,
    StoreError,
    Vanished,
)
from homepress.store.store import Store
from homepress.workers import (
    Checker,
    DeathKind,
    MemoryBudget,
    NoRoomError,
    Slot,
    WorkerDied,
)

_log = logging.getLogger(__name__)

RETRY_BUSY = 1.0
"""Seconds until a file that somebody writes to is looked at again; watching backs off further by itself."""

RETRY_BROKEN = 10.0
"""Seconds that a file which does not decode gets to become whole before it is called broken."""

# Good pictures that do not get smaller still belong into an output folder, which mirrors the whole tree.
_COPIED_TO_OUTPUT = {
    Reason.SAVES_TOO_LITTLE,
    Reason.WOULD_BE_BIGGER,
    Reason.FORMAT_LEFT_ALONE,
    Reason.FORMAT_NEVER_TOUCHED,
    Reason.CANNOT_KEEP_WHOLE,
    Reason.MISNAMED,
    Reason.FLOOR_NOT_REACHED,
    Reason.UNSUPPORTED,
    Reason.CANNOT_CONVERT,
    Reason.CANNOT_FIT,
}

_OVER_LIMIT = "; not copied to the output folder, because it is larger than was asked for"

_NOT_COPIED = "; not copied to the output folder, because its metadata could not be taken out"

_MOST_DISTRUSTED = 50_000
"""Pictures remembered that wait for a better codec; of more, each try reads them again."""


class Carrier:
    """Takes pictures through the rooms; knows what was tried, so that trouble ends in a named state.

    Attributes:
        attempts: pictures that were compressed for nothing.
    """

    def __init__(
        self,
        store: Store,
        tries: int = 3,
        trust: CodecTrust | None = None,
        checker: Checker | None = None,
        memory: MemoryBudget | None = None,
    ) -> None:
        """Begin with nothing tried.

        Args:
            store: reads pictures and takes results.
            tries: how often a picture may end its worker.
            trust: which codecs may be used; None for all.
            checker: looks at each result before it is stored; None where there are no workers, as in tests.
            memory: what large pictures may take; that of the slots.
        """
        self._store = store
        self._checker = checker
        self._trust = trust
        self._tries = tries
        self._stopping = threading.Event()
        self._deaths: dict[str, int] = {}
        self._doubted: dict[Path, str] = {}
        self.attempts = Attempts()
        self._distrusted: dict[Path, tuple[FileId, JobResult]] = {}
        self._too_large = TooLarge(memory or MemoryBudget())
        self._last_code: ImageType | None = ImageType.JPEG
        """What the last picture took, see `loaded_alone`: the next one is likely to take the same."""

    def stop(self) -> None:
        """Begin nothing more; threads that wait for a quiet time give up."""
        self._stopping.set()

    def places(self, job: Job) -> list[Path]:
        """The folders on whose disks a job depends."""
        named = (job.plan.root or job.path.parent, job.plan.output, *self._store.originals_folders())
        return [place for place in named if place is not None]

    def prepare(self, slot: Slot) -> None:
        """Do ahead of time what does not depend on the picture that is coming.

        Raises:
            WorkerDied: the worker could not be started.
        """
        only = self._last_code
        slot.prepare(only)
        if self._trust is not None:
            self._trust.prepare(slot, only)

    def carry(self, job: Job, slot: Slot) -> JobResult:
        """Do all that is to be done with one picture. Never raises for what a file or a disk can cause."""
        identity, result = self._distrusted.get(job.path, (None, None))
        if result and identity and identity.same_state(job.identity) and not job.explicit:
            return result  # codecs are checked once a run: reading it again would change nothing
        if (result := self._too_large.again(job)) is not None:
            return result
        try:
            source = self._store.read(job.path, stays=job.plan.destination is not Destination.REPLACE)
        except Vanished:
            return self._vanished(job)
        except Busy as busy:
            return JobResult(job.picture, "waiting", str(busy), retry_after=RETRY_BUSY)
        except Refusal as refusal:
            return self._left_alone(job, None, refusal)
        except (OSError, StoreError) as error:
            return trouble(job, 0, error)
        try:
            return self._carry_source(job, slot, source)
        except (Changed, Busy) as changed:
            return JobResult(job.picture, "waiting", str(changed), len(source.data), retry_after=RETRY_BUSY)
        except Vanished:
            return JobResult(
                job.picture, "failed", "it went away while it was compressed", len(source.data), gone=True
            )
        except Refusal as refusal:
            return self._left_alone(job, source, refusal)
        except (OSError, StoreError) as error:
            return trouble(job, len(source.data), error)

    def _vanished(self, job: Job) -> JobResult:
        """There is no file: it is gone, or its drive is away."""
        if (absence := self._store.drives.absence(job.path)) is not None:
            return trouble(job, 0, DriveAway(f"{printable(job.path)}: {absence}"))
        reason = "there is no such file" if job.explicit else "it is not there any more"
        return JobResult(job.picture, "failed", reason, gone=True)

    def _carry_source(self, job: Job, slot: Slot, source: Source) -> JobResult:
        """The part of the journey after reading."""
        if job.identity is not None and not source.identity.same_state(job.identity):
            raise Changed("it changed again")
        image = image_digest(BytesContent(source.data))
        role = self._store.why_left_alone(source.sha256, job.plan.settings, image)
        if (done := self._without_work(job, source, image, role)) is not None:
            return done
        start = time.monotonic()
        try:
            recipe = self._trusted(job, slot, source)
            if recipe is None:
                return self._untrusted(job, source)
            as_planned = recipe == recipe_of(job, source)
            if role is Role.RESULT:
                recipe = without_more_loss(recipe, job)
            made = slot.compress(source.data, recipe, alone=job.untrusted)
            self._look_at(made, job, slot, source)
        except NoRoomError as error:
            return self._too_large.found(job, source, error)
        except WorkerDied as died:
            return self._worker_died(job, source, died)
        seconds = time.monotonic() - start
        self._deaths.pop(source.sha256, None)
        if self._stopping.wait(max(0.0, job.ready_at - time.monotonic())):
            return JobResult(job.picture, "waiting", "Homepress is stopping", retry_after=RETRY_BUSY)
        return self._settle(job, source, made, seconds, role, copies=as_planned)

    def _without_work(self, job: Job, source: Source, image: str, role: Role | None) -> JobResult | None:
        """How it ends for a picture that no compressor need see; None for all others.

        Args:
            job: what is asked.
            source: the picture.
            image: digest of its coded image.
            role: why its content is left alone, None where it is not.

        Raises:
            OSError, StoreError: no result of it could be stored.
        """
        if (done := self._done_already(job, source, image, role)) is not None:
            return done
        self._check_storing(job, source)
        if (spent := self._spent(job, source)) is not None:
            return spent
        other = None if job.explicit else misnamed(job.path, source.data)
        if other := other or raw_file(job.path, source.data):
            return self._not_smaller(job, source, other, 0.0, copies=False)
        return None

    def _settle(
        self,
        job: Job,
        source: Source,
        made: Compressed | Unchanged,
        seconds: float,
        role: Role | None,
        *,
        copies: bool,
    ) -> JobResult:
        """Store what was made of it, or say why nothing was.

        Args:
            job: what is asked.
            source: the picture.
            made: what the compressor answered.
            seconds: that this took.
            role: why its content is left alone, None where it is not.
            copies: whether the answer holds for every copy of it.
        """
        delivers = job.plan.destination is Destination.OUTPUT
        if delivers and isinstance(made, Compressed) and is_over(recipe_of(job, source), made.data):
            made = Unchanged(Reason.CANNOT_CONVERT, made.missed, made.source_type)
        try:
            if isinstance(made, Compressed):
                result = self._store_result(job, source, made, seconds)
            else:
                result = self._not_smaller(job, source, made, seconds, role, copies=copies)
        except (Changed, Busy) as used:
            return self._in_use(job, source, used)
        except (OSError, StoreError) as error:
            return self._not_stored(job, source, error)
        self.attempts.over(_key(job, source))
        return result

    def _done_already(self, job: Job, source: Source, image: str, role: Role | None) -> JobResult | None:
        """How it ends for a picture that is known already; `image` is the digest of its coded image."""
        if role is not None and not job.explicit and not wants_known(job, role):
            return self._same(job, source, role)
        root = job.plan.root
        if not job.explicit and root is not None and self._store.folders.existed(source, root, image):
            self._store.folders.note_existing(source, root, image)
            size = len(source.data)
            return JobResult(
                str(job.path), "unchanged", "it was here before its folder was added", size, size
            )
        if not job.explicit and self._has_output(job, source):
            return self._known(job, source, "its result is in the output folder already")
        if job.explicit and role is Role.RESULT and not wants_result(job, recipe_of(job, source)):
            return _made_before(job, source)
        return None

    def _has_output(self, job: Job, source: Source) -> bool:
        """Whether an output folder has it already: then only its time, or the disk's numbers, changed."""
        if job.plan.destination is not Destination.OUTPUT:
            return False
        return self._store.has_output(source, _target(job), job.plan.settings)

    def _check_storing(self, job: Job, source: Source) -> None:
        """Raise what stands against storing a result, before work is done for it."""
        match job.plan.destination:
            case Destination.REPLACE:
                self._store.check_room(source, job.plan.root)
            case Destination.OUTPUT:
                self._store.check_output(_target(job).parent, source.identity.size)
            case Destination.BESIDE:
                self._store.check_output(job.path.parent, source.identity.size)
            case Destination.NOWHERE:
                pass

    def _conditions(self, job: Job) -> Conditions:
        output = job.plan.destination is Destination.OUTPUT
        return self._store.conditions(_target(job).parent if output else job.path.parent)

    def _spent(self, job: Job, source: Source) -> JobResult | None:
        """What is told of a picture that was compressed for nothing often enough; None for all others."""
        attempt = self.attempts.get(_key(job, source))
        if attempt is None or attempt.count < MOST_ATTEMPTS or job.explicit:
            return None
        if attempt.conditions is None:
            return self._known(job, source, attempt.result.reason)
        if attempt.conditions != self._conditions(job):
            return None
        return compressed_for_nothing(attempt.result)

    def _in_use(self, job: Job, source: Source, used: Changed | Busy) -> JobResult:
        """Somebody used it at the moment of storing: once more, then it is left alone until it changes."""
        waiting = JobResult(job.picture, "waiting", str(used), len(source.data), retry_after=RETRY_BUSY)
        if job.explicit or self.attempts.failed(_key(job, source), None, waiting).count < MOST_ATTEMPTS:
            return waiting
        reason = f"{used}; so it was {MOST_ATTEMPTS} times, and it is left alone until it changes"
        return self._give_up(job, source, reason)

    def _not_stored(self, job: Job, source: Source, error: OSError | StoreError) -> JobResult:
        """The result could not be written: it is compressed once more at most, unless something is done."""
        if isinstance(error, Vanished | Refusal):
            raise error
        result = trouble(job, len(source.data), error)
        if not job.explicit:
            self.attempts.failed(_key(job, source), self._conditions(job), result)
        return result

    def _store_result(self, job: Job, source: Source, made: Compressed, seconds: float) -> JobResult:
        plan = job.plan
        suffix = made.image_type.suffix if made.image_type is not made.source_type else ""
        replacement = Replacement(
            data=made.data,
            sha256=made.sha256,
            suffix=suffix,
            image_format=str(made.source_type),
            score=made.score,
            score_kind=str(made.score_kind),
            settings=plan.settings,
            root=plan.root,
            keep_days=plan.keep_days,
            seconds=seconds,
            note=note_of(made),
            dropped=tuple(map(str, made.dropped)),
            missed=bool(made.missed),
        )
        output = ""
        if plan.destination is Destination.REPLACE:
            output = str(self._store.replace(source, replacement).path)
        elif plan.destination is Destination.OUTPUT:
            output = str(self._store.write_output(source, replacement, _target(job)).path)
        elif plan.destination is Destination.BESIDE:
            output = str(self._store.write_beside(source, replacement).path)
        self._store.learn_result(source.data, made.data)
        return JobResult(
            path=job.picture,
            outcome="compressed",
            reason=note_of(made),
            before_bytes=len(source.data),
            after_bytes=len(made.data),
            format=str(made.source_type),
            score=made.score,
            score_kind=str(made.score_kind),
            seconds=seconds,
            output=output,
            dropped=[str(each) for each in made.dropped],
            missed=bool(made.missed),
        )

    def _not_smaller(
        self,
        job: Job,
        source: Source,
        made: Unchanged,
        seconds: float,
        role: Role | None = None,
        *,
        copies: bool,
    ) -> JobResult:
        """The compressor left it as it is: say why, once it is sure that the file is not still growing."""
        kind = str(made.source_type or "")
        first_doubt = self._doubted.get(job.path) != source.sha256
        if made.transient and first_doubt and not job.explicit:
            self._doubted[job.path] = source.sha256
            return JobResult(
                job.picture,
                "waiting",
                str(made),
                len(source.data),
                format=kind,
                retry_after=RETRY_BROKEN,
            )
        self._doubted.pop(job.path, None)
        output, reason = "", str(made)
        recipe = recipe_of(job, source)
        if role is Role.RESULT and made.reason in NOTHING_TO_SAVE and not is_reshaped(recipe):
            reason = MADE_BEFORE
        if job.plan.destination is Destination.OUTPUT and made.reason in _COPIED_TO_OUTPUT:
            if is_over(recipe, source.data):
                reason += _OVER_LIMIT
            elif recipe.metadata is MetadataPolicy.KEEP or made.no_private_metadata:
                output = str(self._store.copy_output(source, _target(job)))
            else:
                reason += _NOT_COPIED
        missed = is_missed(made, recipe, source.data, converting=job.plan.converting)
        cause = made.reason.name.lower()
        result = self._unchanged(
            job, source, reason, kind, seconds, missed=missed, cause=cause, copies=copies
        )
        return msgspec.structs.replace(result, output=output)

    def _known(self, job: Job, source: Source, reason: str) -> JobResult:
        """Content that was met before: note where it is now, so that no scan opens it again."""
        self._store.note_known(source)
        return JobResult(job.picture, "unchanged", reason, len(source.data), len(source.data))

    def _same(self, job: Job, source: Source, role: Role) -> JobResult:
        """A picture that was met before, here or under another name: the history says so, once."""
        left_for = job.plan.settings if role is Role.REFUSED else None
        if self._store.is_told(job.path, source.sha256):
            self._store.note_known(source, left_for)
            reason = f"known already ({role})"
            return JobResult(job.picture, "unchanged", reason, len(source.data), len(source.data))
        size, kind = len(source.data), str(sniff(source.data[:SNIFF_BYTES]) or "")
        reason = same_picture(self._store.same_as(source), role)
        result = JobResult(job.picture, "unchanged", reason, size, size, kind, cause="same_picture")
        self._store.note_same(source, result, job.plan.settings, job.plan.root, left_for)
        return result

    def _left_alone(self, job: Job, source: Source | None, refusal: Refusal) -> JobResult:
        """A file that must not be touched at all (hard links, read-only ...)."""
        reason = str(refusal).removeprefix(f"{printable(job.path)}: ")  # told beside the path
        plan = job.plan
        missed = job.explicit or plan.destination is Destination.OUTPUT
        if source is not None:
            return self._unchanged(job, source, reason, missed=missed, copies=False)
        result = JobResult(job.picture, "unchanged", reason, refused=True, missed=missed)
        if plan.destination is not Destination.NOWHERE:
            self._store.record_path(result, plan.settings, plan.root)
        return result

    def _unchanged(
        self,
        job: Job,
        source: Source,
        reason: str,
        kind: str = "",
        seconds: float = 0.0,
        *,
        missed: bool = False,
        cause: str = "",
        copies: bool = True,
    ) -> JobResult:
        """Leave it, and remember why; for its `copies` too, where its bytes and its recipe alone decided."""
        kind, size = kind or str(sniff(source.data[:SNIFF_BYTES]) or ""), len(source.data)
        result = JobResult(
            job.picture, "unchanged", reason, size, size, kind, seconds=seconds, missed=missed, cause=cause
        )
        return self._recorded(job, source, result, copies=copies)

    def _recorded(self, job: Job, source: Source, result: JobResult, *, copies: bool = True) -> JobResult:
        """A picture that stays as it is, in the history too; a dry run leaves nothing there."""
        if job.plan.destination is not Destination.NOWHERE:
            self._store.record(source, result, job.plan.settings, job.plan.root, copies=copies)
        return result

    def _trusted(self, job: Job, slot: Slot, source: Source) -> Recipe | None:
        """The recipe, as far as the codecs for it did what they are known to do."""
        recipe, kind = recipe_of(job, source), sniff(source.data[:SNIFF_BYTES])
        self._last_code = loaded_alone(kind, recipe)
        return recipe if self._trust is None or kind is None else self._trust.recipe(slot, kind, recipe)

    def _untrusted(self, job: Job, source: Source) -> JobResult:
        """The picture is good, a codec is not: it waits for a better one."""
        kind = sniff(source.data[:SNIFF_BYTES])
        problem = self._trust.against(kind, recipe_of(job, source)) if self._trust and kind else ""
        if job.explicit:
            return JobResult(job.picture, "failed", problem, len(source.data))
        result = JobResult(
            job.picture, "waiting", problem, len(source.data), retry_after=RETRY_FULL, problem=problem
        )
        if len(self._distrusted) < _MOST_DISTRUSTED:
            self._distrusted[job.path] = (source.identity, result)
        return result

    def _look_at(self, made: Compressed | Unchanged, job: Job, slot: Slot, source: Source) -> None:
        """Have another process look at a result that is to be stored.

        Raises:
            NoRoomError: that takes more memory than there is.
            WorkerDied: it does not look like its source, or that could not be found out.
        """
        stored = job.plan.destination is not Destination.NOWHERE
        if self._checker is None or not stored or not isinstance(made, Compressed):
            return
        try:
            attached = made.source_type is ImageType.JPEG and not needs_conversion(
                made.source_type, recipe_of(job, source)
            )
            self._checker.check(
                source.data, made.data, alone=job.untrusted, attached=attached, background=not job.explicit
            )
        except WorkerDied as died:
            if died.kind is DeathKind.UNLIKE:
                slot.rest()  # one of the two lies: the next picture is for others
            raise

    def _worker_died(self, job: Job, source: Source, died: WorkerDied) -> JobResult:
        """A crash costs its own file: three tries, then it is left alone until it changes.

        A result that was refused is made once more, by another process.
        """
        if died.kind is DeathKind.STOPPED:
            return JobResult(job.picture, "waiting", "Homepress is stopping", retry_after=RETRY_BUSY)
        if died.kind is DeathKind.REFUSED_TO_START:
            return no_compressor(job, source, died)
        _log.warning("%s: %s", quoted(job.path), died)
        reason = died.death.in_words
        deaths = self._deaths.get(source.sha256, 0) + 1
        self._deaths[source.sha256] = deaths
        refused = died.kind in (DeathKind.UNLIKE, DeathKind.UNCHECKED)
        tries = min(self._tries, MOST_ATTEMPTS) if refused else self._tries
        if deaths < tries and not job.explicit:
            retry = RETRY_BROKEN * deaths
            result = JobResult(job.picture, "waiting", reason, len(source.data), retry_after=retry)
        else:
            self._deaths.pop(source.sha256, None)
            result = self._give_up(job, source, f"{reason}; left alone until it changes")
        return msgspec.structs.replace(result, unlike=died.kind is DeathKind.UNLIKE)

    def _give_up(self, job: Job, source: Source, reason: str) -> JobResult:
        """Remember that a picture failed: it is left alone until it changes."""
        kind, size = str(sniff(source.data[:SNIFF_BYTES]) or ""), len(source.data)
        failed = JobResult(job.picture, "failed", reason, size, size, kind, missed=True)
        return self._recorded(job, source, failed)


def _made_before(job: Job, source: Source) -> JobResult:
    """A result of ours, asked for again: the history says already how it came to be, and says no more."""
    size, kind = len(source.data), sniff(source.data[:SNIFF_BYTES])
    return JobResult(job.picture, "unchanged", MADE_BEFORE, size, size, str(kind or ""))


def _key(job: Job, source: Source) -> Key:
    return source.sha256, job.plan.settings, job.plan.destination.value


def _target(job: Job) -> Path:
    """Where a result goes in the output folder: the same place in the mirrored tree."""
    output, root = job.plan.output, job.plan.root
    if output is None:
        raise ValueError(f"{job.path}: a plan with an output destination names no output folder")
    inside = root is not None and job.path.is_relative_to(root)
    return output / (job.path.relative_to(root) if root and inside else job.path.name)
