"""Redo: results that were undone are made again, by the same recipe and in the same place."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from homepress.base.image_data import BytesContent, image_digest
from homepress.base.results import FileOutcome
from homepress.base.system_errors import with_name
from homepress.control.service import RedoRequest, ServiceError
from homepress.daemon.core import Core
from homepress.daemon.pipeline.job import Destination, Plan, plan_for, settings_from_words
from homepress.daemon.places import resolved
from homepress.daemon.requests import outcomes
from homepress.settings import FolderSettings
from homepress.store.model import UndoneResult

_NOTHING = "nothing of this name was undone"
_IS_THERE = "its result is in its place"
_CHANGED = "it was changed since; to compress it as it is now: homepress compress --in-place"
_WRONG = 2


def redo(core: Core, request: RedoRequest) -> Iterator[FileOutcome]:
    """Make undone results again; what comes of each.

    Raises:
        ServiceError: the request selects nothing by itself; exit code 2.
    """
    if not (request.paths or request.ids or request.last):
        raise ServiceError("say what to do again: paths, or --last N", exit_code=_WRONG)
    paths = [resolved(Path(path).absolute().parent) / Path(path).name for path in request.paths]
    chosen, missing = core.store.undone(paths, request.ids, request.last)
    for path in missing:
        yield FileOutcome(str(path), "failed", _NOTHING, missed=True)
    contents: dict[str, list[str]] = {}
    refused: list[FileOutcome] = []

    def jobs() -> Iterator[tuple[Path, Plan]]:
        for undone in chosen:
            digests, why = _look(undone)
            if why:
                refused.append(FileOutcome(str(undone.source), "failed", why, missed=True))
            else:
                contents[str(undone.source)] = digests
                yield undone.source, _plan(core, undone)

    for outcome in outcomes(core.pipeline, jobs()):
        if outcome.outcome == "compressed":
            core.store.allow_again(contents[outcome.path])
        yield outcome
    yield from refused


def _look(undone: UndoneResult) -> tuple[list[str], str]:
    """The digests of the picture and its coded image, and why it is not to be done again, if so."""
    try:
        data = undone.source.read_bytes()
    except OSError as error:
        return [], with_name(error)
    content = hashlib.sha256(data).hexdigest()
    if content == undone.before_sha256:
        return [content, image_digest(BytesContent(data))], ""
    return [], _IS_THERE if content == undone.after_sha256 else _CHANGED


def _plan(core: Core, undone: UndoneResult) -> Plan:
    """What was wanted then; where that cannot be read any more, what its folder wants now."""
    source = undone.source
    folder = core.folder_of(source)
    now = folder or FolderSettings(path=source.parent)
    then = settings_from_words(undone.settings, now) or now
    converting = folder is None and bool(then.convert)
    if undone.kind == "beside":
        return plan_for(then, source.parent, destination=Destination.BESIDE, converting=converting)
    if undone.kind == "output":
        there = msgspec.structs.replace(then, mode="output", output=undone.result.parent)
        return plan_for(there, source.parent, destination=Destination.OUTPUT, converting=converting)
    root = core.root_of(folder) if folder is not None else source.parent
    return plan_for(then, root, destination=Destination.REPLACE, converting=converting)
