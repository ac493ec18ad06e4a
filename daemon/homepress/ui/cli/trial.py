"""A dry run on a folder: done with a bar, and told in words."""

import math
import shlex
import time
from collections.abc import Generator

from homepress.base.units import counted, percent_saved, size
from homepress.control.service import CheckReport, FolderRequest, Service
from homepress.ui.cli import output
from homepress.ui.cli.progress import Progress
from homepress.ui.text import shown

_WORTH_SAYING = 30.0
"""Seconds of work in the background from which on it is said."""


def try_folder(
    service: Service,
    path: str,
    sample: int,
    patience: float = math.inf,
    wanted: FolderRequest | None = None,
) -> CheckReport | None:
    """The last report of a dry run, which ends after so many seconds; a bar shows how far it is.

    None when the disk of a folder that is about to be added does not answer.

    Args:
        service: who does it.
        path: the folder.
        sample: how many pictures to try; 0 for all.
        patience: after so many seconds what was found by then counts.
        wanted: how the folder is about to be added.

    Raises:
        ServiceError: there is no such folder, or it may not be added.
    """
    report, end = None, time.monotonic() + patience
    reports = service.check_folder(path, sample, wanted)
    with Progress("picture") as progress:
        for report in reports:
            progress.expect(report.to_try)
            if report.tried:
                progress.step()
            if time.monotonic() >= end:
                break
    if isinstance(reports, Generator):
        reports.close()
    return report


def what_is_there(found: CheckReport | None, existing: str) -> list[str]:
    """What is in a folder that is about to be added, what becomes of that, and what would be saved."""
    if found is None:
        return []  # its disk does not answer, which is said when it is added
    if found.files and not found.images:
        return ["Nothing in it is a picture that would be compressed; those that come will be."]
    if not found.images:
        return ["There are no pictures in it yet; those that come will be compressed."]
    there = f"In it now: {counted(found.images, 'picture')} ({size(found.before_bytes)})"
    saved = found.before_bytes - found.after_bytes
    percent = percent_saved(found.before_bytes, found.after_bytes)
    part = "" if found.tried >= found.images else f", tried on {found.tried:,} of them"
    if existing == "compress":
        lines = [f"{there}, to be compressed like those that come."]
        return [*lines, f"That will save about {size(saved)} ({percent} %){part}."] if saved else lines
    lines = [f"{there}, left alone; those that come will be compressed."]
    if found.fingerprint_seconds >= _WORTH_SAYING:
        lines.append(f"Their fingerprints are made in the background, which takes {_about(found)}.")
    if saved:
        lines.append(f"Compressing what is there too would save about {size(saved)} ({percent} %){part}:")
        lines.append(f"  homepress compress --in-place {shlex.quote(shown(found.path))}")
    return lines


def _about(found: CheckReport) -> str:
    """How long it takes to read all that is there once."""
    minutes = max(1, round(found.fingerprint_seconds / 60))
    if minutes < 120:
        return f"about {counted(minutes, 'minute')}"
    return f"about {counted(round(minutes / 60), 'hour')}"


def in_words(report: CheckReport) -> list[str]:
    """All that a dry run found."""
    saved = report.before_bytes - report.after_bytes
    arrow = output.symbol("→", "->")
    files, pictures = counted(report.files, "file"), counted(report.images, "picture")
    lines = [f"{output.strong(shown(report.path))}: {files}, {pictures} worth trying."]
    if report.tried:
        percent = percent_saved(report.before_bytes, report.after_bytes)
        lines.append(
            f"{size(report.before_bytes)} {arrow} {size(report.after_bytes)}: "
            f"{size(saved)} ({percent} %) would be saved."
        )
        part = "all of them" if report.tried >= report.images else f"{report.tried:,} of them"
        lines.append(f"Tried on {part}; nothing was changed.")
    if report.with_location:
        tell = counted(report.with_location, "picture tells where it was", "pictures tell where they were")
        lines.append(f'{tell} taken; metadata = "share" leaves that out of results.')
    return lines
