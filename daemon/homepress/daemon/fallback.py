"""File systems where nothing can be replaced safely (FAT, exFAT): results go beside the folder."""

import contextlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from homepress.base.system_errors import shell_word
from homepress.daemon.pipeline.job import Destination, Plan
from homepress.store.health import abilities
from homepress.watch import output_refusal

_SUFFIX = " (smaller)"


@dataclass(frozen=True, slots=True)
class Fallback:
    """What becomes of the results of such a folder.

    Attributes:
        output: where they go; None where there is no good place beside it.
        why: in whole sentences, with what to do.
    """

    output: Path | None
    why: str


class Fallbacks:
    """Which folders need one; asked of the file system once for each disk that appears there."""

    def __init__(self) -> None:
        self._found: dict[Path, tuple[int, Fallback | None]] = {}

    def of(self, root: Path) -> Fallback | None:
        """The fallback of a folder whose pictures are to be replaced; None where that is safe, or unknown."""
        try:
            device = root.stat().st_dev
        except OSError:
            return None  # away: watching says so
        known = self._found.get(root)
        if known is None or known[0] != device:
            try:
                known = device, _look_for_fallback(root, device)
            except OSError:
                return None  # read-only, or closed to us: the attempt to store something says so
            self._found[root] = known
        return known[1]

    def known(self, root: Path) -> Fallback | None:
        """What `of` found last; the disk is not touched."""
        found = self._found.get(root)
        return found[1] if found else None

    def plan(self, root: Path, plan: Plan) -> Plan:
        """What a folder wants, as its file system lets us do it."""
        return _with(self.of(root), plan) if plan.destination is Destination.REPLACE else plan

    def plan_known(self, root: Path, plan: Plan) -> Plan:
        """The same by what was found last; the disk is not touched."""
        return _with(self.known(root), plan) if plan.destination is Destination.REPLACE else plan


def _with(fallback: Fallback | None, plan: Plan) -> Plan:
    if fallback is None or fallback.output is None:
        return plan
    return replace(plan, destination=Destination.OUTPUT, output=fallback.output)


def _look_for_fallback(root: Path, device: int) -> Fallback | None:
    can = abilities(root)
    if can.exchange or can.link:
        return None
    why = (
        "Its file system can neither exchange two files nor link one (FAT and exFAT cannot), so that no "
        "picture can be replaced safely there."
    )
    output = root.with_name(f"{root.name}{_SUFFIX}")
    with contextlib.suppress(OSError):
        near = root.parent.stat().st_dev == device and os.access(root.parent, os.W_OK)
        if near and output_refusal(root, output) is None:
            return Fallback(output, f"{why} Results go to {output}; the pictures stay as they are.")
    return Fallback(
        None,
        f"{why} Say where results are to go: homepress folder remove {shell_word(root)}, then "
        f"homepress folder add {shell_word(root)} --output DIR",
    )
