"""What compressing a folder would save, found out by trying; nothing is changed."""

import contextlib
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homepress.base.files import walk
from homepress.base.results import FileOutcome
from homepress.base.system_errors import with_name
from homepress.control.service import CheckReport, FolderRequest, ServiceError
from homepress.daemon import folders, requests
from homepress.daemon.configuration import watched
from homepress.daemon.core import Core
from homepress.daemon.fingerprinting import fingerprint_seconds
from homepress.daemon.pipeline.job import Destination, plan_for
from homepress.daemon.places import resolved
from homepress.settings import FolderSettings
from homepress.watch import survey
from homepress.workers import Limits, Slot, WorkerDied


def check(core: Core, path: str, sample: int, wanted: FolderRequest | None = None) -> Iterator[CheckReport]:
    """Compress up to `sample` images of a folder on trial (0: all of them); a report before and after each.

    There is none of a folder that is about to be added while its disk does not answer.

    Args:
        core: whose settings and workers.
        path: the folder.
        sample: how many images.
        wanted: how it is about to be added; None for a folder as it is configured, or as folders usually are.

    Raises:
        ServiceError: the folder is not there, or cannot be read (exit code 2), or may not be added (4).
    """
    planned = None
    if wanted is not None and (planned := folders.planned(core, wanted)) is None:
        return  # its disk does not answer: nothing can be tried
    root = resolved(Path(path).expanduser())
    settings = planned or core.folder_of(root) or FolderSettings(path=root)
    try:
        sizes = dict(survey(watched(settings, path=root)))
    except OSError as error:
        raise ServiceError(with_name(error, str(root)), exit_code=2) from error
    # A fixed seed: asked twice, the same answer.
    names = (
        list(sizes) if not sample or len(sizes) <= sample else random.Random(0).sample(list(sizes), sample)
    )
    chosen = [Path(os.fsdecode(name)) for name in names]
    trial = _Trial(root, _files(root), len(sizes), sum(sizes.values()), len(chosen))
    if wanted is not None and wanted.existing == "leave":
        trial.fingerprints = fingerprint_seconds(chosen) * len(sizes)
    yield trial.report()
    plan = plan_for(settings, root, destination=Destination.NOWHERE)
    with contextlib.closing(Slot(Limits())) as reader:
        for outcome in requests.outcomes(core.pipeline, ((found, plan) for found in chosen)):
            located = bool(outcome.format) and _tells_place(reader, Path(outcome.path))
            trial.add(outcome, sizes[os.fsencode(outcome.path)], located)
            yield trial.report()


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
