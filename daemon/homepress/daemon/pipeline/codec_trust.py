"""Which codecs may be trusted: checked once for each version, remembered in a small file."""

import contextlib
import logging
import threading
from pathlib import Path

import msgspec

from homepress.base.files import write_atomically
from homepress.base.formats import ImageType
from homepress.compress import Recipe
from homepress.compress.model import ENGINE, Fault, obstacles, trusted
from homepress.workers import CodecReport, Slot

_log = logging.getLogger(__name__)

_REPORT = msgspec.json.Decoder(CodecReport)
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
        self._report = CodecReport(versions={}, faults=[])
        self._checked = False
        if file is not None:
            with contextlib.suppress(OSError, msgspec.DecodeError):
                self._report = _REPORT.decode(file.read_bytes())

    def recipe(self, slot: Slot, kind: ImageType, recipe: Recipe) -> Recipe | None:
        """What may be asked for a picture: the recipe, without loss only, or (None) nothing.

        The first call of a run has the worker compare its codecs' versions with those that were checked.

        Args:
            slot: whose worker checks.
            kind: format of the source.
            recipe: what the user asks.

        Raises:
            WorkerDied: the worker could not be started, or a codec ended it.
        """
        with self._lock:
            self._check_once(slot)
            return trusted(recipe, kind, self._report.faults or [])

    def prepare(self, slot: Slot) -> None:
        """Have the codecs checked now, so that the first picture of a run need not wait for it.

        Raises:
            WorkerDied: the worker could not be started, or a codec ended it.
        """
        with self._lock:
            self._check_once(slot)

    def against(self, kind: ImageType, recipe: Recipe) -> str:
        """Why nothing may be asked for a picture, with what to do; empty when something may."""
        return _in_words(obstacles(recipe, kind, self._report.faults or []))

    def problems(self) -> list[str]:
        """What is wrong, in whole sentences with what to do; empty when nothing is."""
        return [_in_words([fault]) for fault in self._report.faults or []]

    def engine(self) -> str:
        """What does the work of JPEG, as the worker said that was checked last; empty where none was yet."""
        return self._report.versions.get(ENGINE, "")

    def _check_once(self, slot: Slot) -> None:
        if self._checked:
            return
        found = slot.check_codecs(self._report.versions)
        if found.faults:
            # It would stop all work, so no worker is taken at its word that has seen a picture.
            slot.rest()
            found = slot.check_codecs({})
        self._checked = True
        if found.faults is None:
            return
        self._report = found
        for fault in found.faults:
            _log.error("%s", fault)
        if self._file is not None:
            _write(self._file, msgspec.json.encode(found))


def _in_words(faults: list[Fault]) -> str:
    return "; ".join([*map(str, faults), _WHAT_TO_DO]) if faults else ""


def _write(file: Path, data: bytes) -> None:
    """Keep it; that it is lost costs one check."""
    with contextlib.suppress(OSError):
        write_atomically(file, data)
