"""Adding, removing and checking folders."""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

from homepress.app import requests
from homepress.app.house import House, root_of
from homepress.compress.metadata import has_location
from homepress.control.service import CheckReport, FolderAnswer, FolderRequest, ServiceError
from homepress.imagetype import SNIFF_BYTES, sniff
from homepress.pipeline import Destination, plan_for
from homepress.settings import FolderSettings, SettingsError, TomlValue, edit, value_from_text
from homepress.watch import refusal, warnings


def add(house: House, request: FolderRequest) -> FolderAnswer:
    """Write a new folder into the settings file, unless it must not be watched.

    Raises:
        ServiceError: the folder is refused (exit code 4), or a word is not understood (2).
    """
    path = Path(request.path).expanduser().absolute()
    values: dict[str, TomlValue] = {"existing": request.existing}
    if request.output:
        values |= {"mode": "output", "output": str(Path(request.output).expanduser().absolute())}
    if request.preset:
        values["preset"] = request.preset
    if request.quality:
        values["quality"] = value_from_text("folder.quality", request.quality)
    if not path.exists():
        raise ServiceError(f"{path}: there is no such folder; make it first", exit_code=2)
    others = [folder.path for folder in house.live.current.folders]
    output = Path(str(values["output"])) if request.output else None
    private = (house.paths.state, house.paths.originals)
    if why := refusal(path, others, output=output, private=private):
        raise ServiceError(why, exit_code=4)
    try:
        edit.add_folder(house.paths.config_file, str(path), values)
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error
    meet(house, FolderSettings(path=path, existing=request.existing))
    return FolderAnswer(path=str(path), warnings=warnings(path))


def meet(house: House, folder: FolderSettings) -> None:
    """A folder is there. The first time, leave what is in it now, unless the user wants that too."""
    root, now = root_of(folder), time.time()
    if os.path.isdir(root) and house.store.folder_added(root) >= now and folder.existing == "leave":
        house.store.baseline(root, recursive=folder.recursive)


def remove(house: House, path: str) -> None:
    """Take a folder out of the settings file; what was done in it stays, and so do its originals.

    Raises:
        ServiceError: no such folder is configured; exit code 2.
    """
    folder = FolderSettings(path=Path(path).expanduser().absolute())
    try:
        edit.remove_folder(house.paths.config_file, str(folder.path))
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error
    house.store.forget_folder(root_of(folder))


def enable(house: House, path: str, enabled: bool) -> None:
    """Say in the settings file whether a configured folder is watched; what came meanwhile is done later.

    Raises:
        ServiceError: no such folder is configured; exit code 2.
    """
    try:
        edit.set_folder_value(
            house.paths.config_file, str(Path(path).expanduser().absolute()), "enabled", enabled
        )
    except SettingsError as error:
        raise ServiceError(str(error), exit_code=2) from error


def check(house: House, path: str, sample: int) -> CheckReport:
    """Compress up to `sample` images of a folder on trial (0: all of them) and say what would be saved.

    Raises:
        ServiceError: the folder is not there; exit code 2.
    """
    root = Path(path).expanduser().resolve()
    if not root.is_dir():
        raise ServiceError(f"{root}: there is no such folder", exit_code=2)
    settings = house.folder_of(root) or FolderSettings(path=root)
    plan = plan_for(settings, root, destination=Destination.NOWHERE)
    named = [found for found in requests.pictures(root) if _size(found) >= settings.min_size.bytes]
    # A fixed seed: asked twice, the same answer.
    chosen = named if not sample or len(named) <= sample else random.Random(0).sample(named, sample)
    before = after = tried = images = located = 0
    for outcome in requests.outcomes(house.pipeline, ((found, plan) for found in chosen)):
        tried += 1
        images += bool(outcome.format)
        size = _size(Path(outcome.path))
        before += size
        after += outcome.after_bytes if outcome.outcome == "compressed" else size
    for found in chosen:
        located += _has_location(found)
    total = sum(_size(found) for found in named)
    share = total / before if before else 1.0
    return CheckReport(
        path=str(root),
        files=sum(1 for _ in _all_files(root)),
        images=round(images * len(named) / tried) if tried else 0,
        tried=tried,
        before_bytes=total,
        after_bytes=round(after * share),
        with_location=round(located * len(named) / tried) if tried else 0,
    )


def _all_files(root: Path) -> Iterator[Path]:
    return (found for found in root.rglob("*") if found.is_file() and not found.is_symlink())


def _size(path: Path) -> int:
    try:
        return path.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def _has_location(path: Path) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return sniff(data[:SNIFF_BYTES]) is not None and has_location(data)
