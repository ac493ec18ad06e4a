"""Which codecs may be trusted: checked once for each version, remembered in a small file.

Those of a format that has a worker of its own are checked by themselves, so that somebody with nothing but
JPEGs waits for no other codec.
"""

import contextlib
import logging
import threading
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
_EARLIER = "Found earlier: {}; checked again before the next such picture"


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
        self._checked: frozenset[str] = frozenset()
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
            return trusted(recipe, kind, self._faults())

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
        return _in_words(obstacles(recipe, kind, self._faults()))

    def problems(self) -> list[str]:
        """What is wrong, in whole sentences with what to do; empty when nothing is.

        What an earlier run found, of versions that this one has not compared yet, is said to be that.
        """
        now = self._faults()
        earlier = [fault for fault in self._remembered() if fault not in now]
        return [*(_in_words([fault]) for fault in now), *(_EARLIER.format(fault) for fault in earlier)]

    def engine(self) -> str:
        """What does the work of JPEG, by a check of this run or an earlier one; empty before the first."""
        return next((report.versions.get(ENGINE, "") for report in self._reports.values()), "")

    def _faults(self) -> list[Fault]:
        """Those that hold in this run: their format's codecs were found to be those that were checked.

        A format's own check, and that of all, may each see what the other does not, so both count.
        """
        checked = self._checked
        return [fault for fault in self._remembered() if checked & {_ALL, fault.image_type.value}]

    def _remembered(self) -> list[Fault]:
        return list(dict.fromkeys(fault for each in self._reports.values() for fault in each.faults or []))

    def _check_once(self, slot: Slot, only: ImageType | None) -> None:
        name = only or _ALL
        if name in self._checked or (_ALL in self._checked and name not in self._reports):
            return
        known = self._reports[name].versions if name in self._reports else {}
        found = slot.check_codecs(known, only)
        if found.faults:
            # It would stop all work, so no worker is taken at its word that has seen a picture.
            slot.rest()
            found = slot.check_codecs({}, only)
        if found.faults is None:
            self._checked |= {name}
            return
        for fault in found.faults:
            _log.error("%s", fault)
        still = {other: report for other, report in self._reports.items() if _agree(report, found)}
        self._reports = {**still, name: found}
        # One that is forgotten is made again, also where it was made in this run.
        self._checked = frozenset({name} | (self._checked & still.keys()))
        if self._file is not None:
            _write(self._file, msgspec.json.encode(self._reports))


def _agree(one: CodecReport, other: CodecReport) -> bool:
    """Whether one tells all versions that the other does, and the same: nothing changed, came or went."""
    fewer, more = sorted((one.versions.items(), other.versions.items()), key=len)
    return fewer <= more


def _in_words(faults: list[Fault]) -> str:
    return "; ".join([*map(str, faults), _WHAT_TO_DO]) if faults else ""


def _write(file: Path, data: bytes) -> None:
    """Keep it; that it is lost costs one check."""
    with contextlib.suppress(OSError):
        write_atomically(file, data)
