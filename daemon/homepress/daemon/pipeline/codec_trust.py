"""Which codecs may be trusted: checked once for each version, remembered in a small file.

Those of a format that has a worker of its own are checked by themselves, so that somebody with nothing but
JPEGs waits for no other codec.
"""

import contextlib
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from homepress.base.files import write_atomically
from homepress.base.formats import ImageType
from homepress.compress import Recipe
from homepress.compress.model import ENGINE, Fault, loaded_alone, obstacles, trusted
from homepress.workers import CodecReport, Slot

_log = logging.getLogger(__name__)

_REPORTS = msgspec.json.Decoder(dict[str, CodecReport])
_ALL = "all"
_WHAT_TO_DO = "install Homepress again, or another version of the codec; it is checked again by itself"


class CodecTrust:
    """What the codecs' last check found. Usable from any thread."""

    def __init__(self, file: Path | None = None) -> None:
        """Read what was found before.

        Args:
            file: where it is kept; None keeps nothing. One that cannot be read counts as no check.
        """
        self._file = file
        self._lock = threading.Lock()
        self._reports: dict[str, CodecReport] = {}
        self._checked: set[str] = set()
        if file is not None:
            with contextlib.suppress(OSError, msgspec.DecodeError):
                self._reports = _REPORTS.decode(file.read_bytes())

    def recipe(self, slot: Slot, kind: ImageType, recipe: Recipe) -> Recipe | None:
        """What may be asked for a picture: the recipe, without loss only, or (None) nothing.

        The first call of a run for a format has the worker compare its codecs' versions with those that were
        checked.

        Args:
            slot: whose worker checks.
            kind: format of the source.
            recipe: what the user asks.

        Raises:
            WorkerDied: the worker could not be started, or a codec ended it.
        """
        only = loaded_alone(kind, recipe)
        with self._lock:
            self._check_once(slot, only)
            return trusted(recipe, kind, self._faults(only))

    def prepare(self, slot: Slot, only: ImageType | None = None) -> None:
        """Have the codecs checked now, so that the first picture of a run need not wait for it.

        Args:
            slot: whose worker checks.
            only: the format that is expected, as `compress.model.loaded_alone` has it.

        Raises:
            WorkerDied: the worker could not be started, or a codec ended it.
        """
        with self._lock:
            self._check_once(slot, only)

    def against(self, kind: ImageType, recipe: Recipe) -> str:
        """Why nothing may be asked for a picture, with what to do; empty when something may."""
        return _in_words(obstacles(recipe, kind, self._faults(loaded_alone(kind, recipe))))

    def problems(self) -> list[str]:
        """What is wrong, in whole sentences with what to do; empty when nothing is."""
        found = (fault for report in self._reports.values() for fault in report.faults or [])
        return [_in_words([fault]) for fault in dict.fromkeys(found)]

    def engine(self) -> str:
        """What does the work of JPEG, as the worker said that was checked last; empty where none was yet."""
        return next((report.versions.get(ENGINE, "") for report in self._reports.values()), "")

    def _faults(self, only: ImageType | None) -> Sequence[Fault]:
        report = self._reports.get(_ALL if _ALL in self._checked else only or _ALL)
        return report.faults or [] if report else []

    def _check_once(self, slot: Slot, only: ImageType | None) -> None:
        name = only or _ALL
        if self._checked & {name, _ALL}:
            return
        known = self._reports[name].versions if name in self._reports else {}
        found = slot.check_codecs(known, only)
        if found.faults:
            # It would stop all work, so no worker is taken at its word that has seen a picture.
            slot.rest()
            found = slot.check_codecs({}, only)
        self._checked.add(name)
        if found.faults is None:
            return
        for fault in found.faults:
            _log.error("%s", fault)
        still = {other: report for other, report in self._reports.items() if _agree(report, found)}
        self._reports = {**still, name: found}
        if self._file is not None:
            _write(self._file, msgspec.json.encode(self._reports))


def _agree(before: CodecReport, now: CodecReport) -> bool:
    """Whether no version changed that both tell."""
    return all(now.versions.get(name, version) == version for name, version in before.versions.items())


def _in_words(faults: list[Fault]) -> str:
    return "; ".join([*map(str, faults), _WHAT_TO_DO]) if faults else ""


def _write(file: Path, data: bytes) -> None:
    """Keep it; that it is lost costs one check."""
    with contextlib.suppress(OSError):
        write_atomically(file, data)
