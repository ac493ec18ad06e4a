"""Requests of the command line turned into jobs for the pipeline, and their outcomes back."""

import itertools
import os
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec

from homepress.app.request_checks import output_fault
from homepress.base.formats import has_image_suffix
from homepress.base.results import FileOutcome
from homepress.control.service import CompressRequest, ServiceError
from homepress.pipeline import STOPPING, Destination, Job, Pipeline, Plan, Told, plan_for
from homepress.settings import FolderSettings, Quality, Size, check_value
from homepress.settings.values import SourceFormat

_AHEAD = 8
"""Jobs that one request keeps in the queue, so that whoever hangs up leaves little behind."""


def plan_of(request: CompressRequest, folder: FolderSettings | None, root: Path | None) -> Plan:
    """What a compress request wants of its pictures.

    Args:
        request: in the words of the settings file.
        folder: the configured folder that the pictures lie in; its settings hold where the request says
            nothing.
        root: what output paths are relative to.

    Raises:
        ServiceError: a word is not understood; exit code 2.
    """
    changes: dict[str, object] = {}
    try:
        if request.quality:
            changes["quality"] = Quality.parse(request.quality)
        if request.fit_under:
            changes["fit_under"] = Size.parse(request.fit_under)
    except ValueError as error:
        raise ServiceError(str(error), exit_code=2) from error
    if request.metadata:
        changes["metadata"] = _metadata(request.metadata)
    if request.convert:
        changes["convert"] = _conversions(request.convert)
    if request.max_edge:
        if fault := check_value("folder.max_edge", str(request.max_edge)):
            raise ServiceError(f"max_edge: {fault}", exit_code=2)
        changes["max_edge"] = request.max_edge
    base = folder or FolderSettings(path=root or Path.cwd())
    if request.output:
        if fault := output_fault(request.output):
            raise ServiceError(fault, exit_code=2)
        changes |= {"mode": "output", "output": Path(request.output)}
    settings = msgspec.structs.replace(base, **changes)
    if settings.fit_under and settings.quality.floor is None:
        raise ServiceError("lossless pictures cannot be made to fit under a size; say another quality", 2)
    destination = Destination.BESIDE
    if request.dry_run:
        destination = Destination.NOWHERE
    elif request.in_place:
        destination = Destination.REPLACE
    elif request.output:
        destination = Destination.OUTPUT
    return plan_for(settings, root or Path.cwd(), destination=destination)


def _metadata(word: str) -> str:
    if fault := check_value("folder.metadata", word):
        raise ServiceError(f"metadata: {fault}", exit_code=2)
    return word


def _conversions(word: str) -> dict[str, str]:
    """Every format that can be converted becomes this one."""
    kinds = [kind for kind in get_args(SourceFormat) if kind not in ("svg", word)]
    # One pair says as much about the word as all of them would.
    if fault := check_value("folder.convert", f"{kinds[0]}={word}"):
        raise ServiceError(fault.replace(f"{kinds[0]}:", "convert:", 1), exit_code=2)
    return dict.fromkeys(kinds, word)


def pictures(path: Path) -> Iterator[Path]:
    """A file itself, or every file beneath a folder that is named like an image; links are not followed."""
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (
            Path(folder, name)
            for name in sorted(names)
            if has_image_suffix(name) and not name.startswith(".")
        )


def outcomes(pipeline: Pipeline, jobs: Iterator[tuple[Path, Plan]]) -> Iterator[FileOutcome]:
    """Run jobs that a person asked for and give their outcomes as they come."""
    told: queue.SimpleQueue[Told] = queue.SimpleQueue()

    def submit(count: int) -> int:
        batch = list(itertools.islice(jobs, count))
        for path, plan in batch:
            if not pipeline.submit(Job(path, plan, told.put, asked=True)):
                told.put(Told(path, "failed", STOPPING))
        return len(batch)

    under_way = submit(_AHEAD)
    while under_way:
        yield outcome_of(told.get())
        under_way += submit(1) - 1


def outcome_of(told: Told) -> FileOutcome:
    """In the words of `compress --json`. A person who asked gets "failed" where the daemon would wait."""
    return FileOutcome(
        path=str(told.path),
        outcome=told.outcome if told.outcome in ("compressed", "unchanged") else "failed",  # type: ignore[arg-type]
        reason=told.reason,
        before_bytes=told.before_bytes,
        after_bytes=told.after_bytes,
        format=told.image_format,
        score=told.score,
        score_kind=told.score_kind,
        seconds=round(told.seconds, 3),
        output=told.output,
    )
