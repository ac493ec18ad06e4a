"""Requests of the command line: impossible ones refused, others turned into jobs, and their outcomes.

A trial finds out what compressing a folder would save; nothing is changed.
"""

import contextlib
import itertools
import math
import os
import queue
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec

from homepress.base.files import walk
from homepress.base.formats import has_image_suffix
from homepress.base.results import FileOutcome
from homepress.base.system_errors import printable, with_name
from homepress.control.service import CheckReport, CompressRequest, FolderRequest, ServiceError
from homepress.daemon import folders
from homepress.daemon.core import Core
from homepress.daemon.maintenance import fingerprint_seconds
from homepress.daemon.pipeline.job import Destination, Job, JobResult, Plan, plan_for
from homepress.daemon.pipeline.worker_loop import STOPPING, Pipeline
from homepress.daemon.places import resolved
from homepress.settings import FolderSettings, Quality, SettingsError, Size, check_value, load_preset
from homepress.settings.values import SourceFormat
from homepress.watch import survey
from homepress.workers import Limits, Slot, WorkerDied

# What decoding lets through is only of the right type. A number can be larger than the ledger can hold, a
# time beyond every calendar, a path one that no file system takes, or relative to a folder that we do not
# know.

_WRONG = 2
"""Exit code: the request itself is wrong."""

_LONGEST_PATH = 4096
"""Bytes, as Linux has it (PATH_MAX); other systems take less, and say so themselves."""

_LONGEST_NAME = 255
"""Bytes (NAME_MAX); on every file system that pictures are kept on."""

_LAST_TIME = 253_402_300_799.0
"""The end of the year 9999, seconds since 1970: later ones have no date."""

_LONGEST_TIME = 1e9
"""Seconds or days: more than the system can wait, or anybody lives."""

_LARGEST = 2**63 - 1
"""What the ledger can hold as a number."""

_PATHS = frozenset({"path", "paths", "output", "folder", "to"})
_NEEDED = frozenset({"path", "paths"})
_TIMES = frozenset({"until", "since", "before"})
_COUNTS = frozenset({"limit", "sample", "last", "max_edge", "originals_keep_days", "jobs"})
_SPANS = frozenset({"timeout", "older_than_days"})
_IDS = frozenset({"ids"})


def check_request(request: msgspec.Struct) -> None:
    """Refuse a request with impossible values.

    Args:
        request: of `homepress.control.service`; its fields are told apart by their names.

    Raises:
        ServiceError: what is wrong with which field; exit code 2.
    """
    for field in msgspec.structs.fields(request):
        check_values(**{field.name: getattr(request, field.name)})


def check_values(**values: object) -> None:
    """The same for the arguments of a request that come one by one.

    Raises:
        ServiceError: what is wrong with which of them; exit code 2.
    """
    for name, value in values.items():
        for each in value if isinstance(value, list | tuple) else [value]:
            if each is not None and (fault := _fault(name, each)):
                raise ServiceError(fault, exit_code=_WRONG)


def _fault(name: str, value: object) -> str:
    if name in _PATHS and isinstance(value, str):
        return _path_fault(name, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if name in _TIMES and not 0 <= value <= _LAST_TIME:
        return f"{name}: {_shown(value)} is not a time between 1970 and 9999"
    if name in _COUNTS | _IDS and not 0 <= value <= _LARGEST:
        return f"{name}: {_shown(value)} is not a whole number from 0 to {_LARGEST}"
    if name in _SPANS and not 0 <= value <= _LONGEST_TIME:
        return f"{name}: {_shown(value)} is not a length of time"
    return ""


def _path_fault(name: str, path: str) -> str:
    """What is wrong with a path; an empty one means none where none is needed."""
    if not path:
        return f"{name}: an empty path names nothing" if name in _NEEDED else ""
    if "\0" in path:
        return f"{name}: a path cannot contain a NUL character: {_shown(path)}"
    try:
        raw = os.fsencode(path)
    except UnicodeEncodeError:
        return f"{name}: no file can have this name, which is half of a character: {_shown(path)}"
    if len(raw) > _LONGEST_PATH:
        return f"{name}: the path is longer than {_LONGEST_PATH:,} bytes: {_shown(path)}"
    if any(len(part) > _LONGEST_NAME for part in _parts(raw)):
        return f"{name}: a name in it is longer than {_LONGEST_NAME} bytes: {_shown(path)}"
    if not os.path.isabs(os.path.expanduser(path)):
        return f"{name}: give the whole path, from the top: {_shown(path)}"
    if name in ("output", "to") and os.fsencode(os.pardir) in _parts(raw):
        return f"{name}: give the path without '..': {_shown(path)}"
    return ""


def _parts(raw: bytes) -> list[bytes]:
    separator = os.fsencode(os.sep)
    other = os.fsencode(os.altsep or os.sep)
    return raw.replace(other, separator).split(separator)


def _shown(value: object) -> str:
    """A value as a message can hold it: printable, and not longer than a line."""
    if isinstance(value, int) and value.bit_length() > 128:
        return f"a number of about {int(value.bit_length() * math.log10(2))} digits"
    text = printable(str(value)).replace("\0", "\\0")
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text):,} characters)"


def output_fault(output: str) -> str:
    """Why results cannot go to an output folder that a command named; empty when they can.

    A symbolic link on the way is refused and not followed: who can change it would decide where we write.
    """
    real = os.path.realpath(output)
    if real == os.path.normpath(output):
        return ""
    return f"output: {_shown(output)} leads through a symbolic link; give the real path: {_shown(real)}"


MOST_AT_ONCE = 64
"""Pictures that a request may have worked on at a time, however many it asks for."""

_AHEAD = 8
"""Jobs that one request keeps in the queue, so that a client that hangs up leaves little behind."""


def plan_of(
    request: CompressRequest, folder: FolderSettings | None, root: Path | None, presets: Path
) -> Plan:
    """What a compress request wants of its pictures.

    Args:
        request: in the words of the settings file.
        folder: the configured folder that the pictures lie in; its settings hold where the request says
            nothing and names no preset.
        root: what output paths are relative to.
        presets: the folder of the user's own presets.

    Raises:
        ServiceError: a word is not understood; exit code 2.
    """
    settings = folder or FolderSettings(path=root or Path.cwd())
    if folder is not None and request.preset:  # what is no part of a recipe stays the folder's
        days, untrusted = folder.originals_keep_days, folder.untrusted
        settings = FolderSettings(path=folder.path, originals_keep_days=days, untrusted=untrusted)
    settings = msgspec.structs.replace(settings, **_preset(request, presets) | _changes(request))
    if settings.fit_under and settings.quality.floor is None:
        raise ServiceError("lossless pictures cannot be made to fit under a size; say another quality", 2)
    destination = _destination(request)
    return plan_for(settings, root or Path.cwd(), destination=destination, converting=bool(request.convert))


def _preset(request: CompressRequest, presets: Path) -> dict[str, object]:
    """The settings of the preset that a request names."""
    if not request.preset:
        return {}
    try:
        return dict(load_preset(request.preset, presets).values)
    except LookupError as error:
        raise ServiceError(f"preset: {error}", exit_code=2) from error
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error


def _changes(request: CompressRequest) -> dict[str, object]:
    """The settings that a request names itself."""
    changes: dict[str, object] = {}
    try:
        if request.quality:
            changes["quality"] = Quality.parse(request.quality)
        if request.fit_under:
            changes["fit_under"] = _limit(request.fit_under)
    except ValueError as error:
        raise ServiceError(str(error), exit_code=2) from error
    if request.metadata:
        changes["metadata"] = _metadata(request.metadata)
    if request.convert:
        changes["convert"] = _conversions(request.convert)
    if request.drop:
        if fault := check_value("folder.drop", request.drop):
            raise ServiceError(f"drop: {fault}", exit_code=2)
        changes["drop"] = tuple(request.drop.replace(",", " ").split())
    if request.max_edge:
        if fault := check_value("folder.max_edge", str(request.max_edge)):
            raise ServiceError(f"max_edge: {fault}", exit_code=2)
        changes["max_edge"] = request.max_edge
    if request.output:
        if fault := output_fault(request.output):
            raise ServiceError(fault, exit_code=2)
        changes |= {"mode": "output", "output": Path(request.output)}
    return changes


def _limit(text: str) -> Size:
    """The size that pictures are to fit under.

    Raises:
        ValueError: it is none, or 0, under which nothing fits.
    """
    if not (size := Size.parse(text)):
        raise ValueError(f'nothing fits under "{text}"; write a size above 0, such as "500 KB"')
    return size


def _destination(request: CompressRequest) -> Destination:
    if request.dry_run:
        return Destination.NOWHERE
    if request.in_place:
        return Destination.REPLACE
    return Destination.OUTPUT if request.output else Destination.BESIDE


def _metadata(word: str) -> str:
    if fault := check_value("folder.metadata", word):
        raise ServiceError(f"metadata: {fault}", exit_code=2)
    return word


def _conversions(word: str) -> dict[str, str]:
    """Every format that can be converted becomes this one."""
    kinds = [kind for kind in get_args(SourceFormat) if kind != word]
    # One pair says as much about the word as all of them would.
    if fault := check_value("folder.convert", f"{kinds[0]}={word}"):
        raise ServiceError(fault.replace(f"{kinds[0]}:", "convert:", 1), exit_code=2)
    return dict.fromkeys(kinds, word)


def pictures(path: Path) -> Iterator[Path]:
    """A file itself, or every file below a folder that is named like an image; links are not followed."""
    if not path.is_dir():
        yield path
        return
    for folder, inside, names in walk(path):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        yield from (
            Path(folder, name)
            for name in sorted(names)
            if has_image_suffix(name) and not name.startswith(".")
        )


def outcomes(
    pipeline: Pipeline, jobs: Iterator[tuple[Path, Plan]], at_once: int = 0
) -> Iterator[FileOutcome]:
    """Run jobs that a person asked for and give their outcomes as they come.

    Args:
        pipeline: what runs them.
        jobs: the pictures, and what is wanted of each.
        at_once: how many at a time; 0 for as many as the computer has cores for, but one.
    """
    result: queue.SimpleQueue[JobResult] = queue.SimpleQueue()
    most = min(at_once, MOST_AT_ONCE) or pipeline.at_once()

    def submit(count: int) -> int:
        batch = list(itertools.islice(jobs, count))
        for path, plan in batch:
            if not pipeline.submit(Job(path, plan, result.put, explicit=True, at_once=most)):
                result.put(JobResult(str(path), "failed", STOPPING))
        return len(batch)

    under_way = submit(max(_AHEAD, most))
    while under_way:
        yield result.get().for_request()
        under_way += submit(1) - 1


# -- trials: what compressing a folder would save


def trial(
    core: Core,
    path: str,
    sample: int,
    wanted: FolderRequest | None = None,
    changes: Mapping[str, str | None] | None = None,
) -> Iterator[CheckReport]:
    """Compress up to `sample` images of a folder on trial (0: all of them); a report before and after each.

    There is none of a folder that is about to be added while its disk does not answer.

    Args:
        core: whose settings and workers.
        path: the folder.
        sample: how many images.
        wanted: how it is about to be added; None for a folder as it is configured, or as folders usually are.
        changes: what is about to be changed of a watched folder, so that its existing pictures are let in: it
            is of them alone, as they would be compressed then.

    Raises:
        ServiceError: the folder is not there, or cannot be read (exit code 2), or may not be added (4).
    """
    planned = None
    if wanted is not None and (planned := folders.planned(core, wanted)) is None:
        return  # its disk does not answer: nothing can be tried
    if changes is not None:
        planned = folders.changed(core, path, changes)
    root = resolved(Path(path).expanduser())
    settings = planned or core.folder_of(root) or FolderSettings(path=root)
    sizes = _sizes(root, settings)
    if changes is not None:
        left = core.store.folders.which_left_alone(root, sizes)
        sizes = {name: size for name, size in sizes.items() if name in left}
    chosen = _choose(sizes, sample)
    trial = _Trial(root, _files(root), len(sizes), sum(sizes.values()), len(chosen))
    if wanted is not None and wanted.existing == "leave":
        trial.fingerprints = fingerprint_seconds(chosen) * len(sizes)
    yield trial.report()
    plan = plan_for(settings, root, destination=Destination.NOWHERE)
    with contextlib.closing(Slot(Limits(), background=False)) as reader:
        for outcome in outcomes(core.pipeline, ((found, plan) for found in chosen)):
            located = bool(outcome.format) and _tells_place(reader, Path(outcome.path))
            trial.add(outcome, sizes[os.fsencode(outcome.path)], located)
            yield trial.report()


def _sizes(root: Path, settings: FolderSettings) -> dict[bytes, int]:
    """The pictures in a folder that its settings take in, with their sizes."""
    try:
        return dict(survey(folders.watched(settings, path=root)))
    except OSError as error:
        raise ServiceError(with_name(error, str(root)), exit_code=2) from error


def _choose(found: Mapping[bytes, int], sample: int) -> list[Path]:
    """So many of the pictures that were found, or all of them; asked twice, the same ones."""
    names = list(found)
    if sample and len(names) > sample:
        names = random.Random(0).sample(names, sample)
    return [Path(os.fsdecode(name)) for name in names]


@dataclass
class _Trial:
    """What came of the trial so far, and what that means for the whole folder."""

    root: Path
    files: int
    named: int
    total: int
    to_try: int
    tried: int = 0
    images: int = 0
    located: int = 0
    before: int = 0
    after: int = 0
    fingerprints: float = 0.0

    def add(self, outcome: FileOutcome, size: int, located: bool) -> None:
        self.tried += 1
        self.images += bool(outcome.format)
        self.located += located
        self.before += size
        self.after += outcome.after_bytes if outcome.outcome == "compressed" else size

    def report(self) -> CheckReport:
        """Figures for all that is there, from those of what was tried."""
        part = self.tried / self.named if self.named else 1.0
        return CheckReport(
            path=str(self.root),
            files=self.files,
            images=round(self.images / part) if self.tried else self.named,
            to_try=self.to_try,
            tried=self.tried,
            before_bytes=self.total,
            after_bytes=round(self.total * self.after / self.before) if self.before else self.total,
            with_location=round(self.located / part) if self.tried else 0,
            fingerprint_seconds=self.fingerprints,
        )


def _files(root: Path) -> int:
    return sum(len(names) for _, _, names in walk(root))


def _tells_place(reader: Slot, picture: Path) -> bool:
    """Whether a picture tells where it was taken; found out in a worker, since anybody may have made it."""
    try:
        return reader.tells_place(picture.read_bytes())
    except (OSError, WorkerDied):
        return False
