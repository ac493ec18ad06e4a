"""Statistics for other programs: CSV and JSON."""

import csv
import io
import json
from pathlib import Path

import msgspec

from homepress.store.reader import Stats, Totals
from homepress.ui.words import shown


def as_json(stats: Stats) -> bytes:
    """What `homepress stats --json` prints."""
    return json.dumps(msgspec.to_builtins(stats), indent=2).encode() + b"\n"


def as_csv(stats: Stats) -> bytes:
    """One line a sum: what it is of, its name, pictures, bytes. With a byte order mark, for spreadsheets."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["kind", "name", "pictures", "before_bytes", "after_bytes", "saved_bytes"])
    writer.writerow(_row("total", "", stats.total))
    writer.writerow(_row("today", "", stats.today))
    for day in stats.days:
        writer.writerow(["day", day.day, day.images, "", "", day.saved_bytes])
    for kind, parts in (("folder", stats.folders), ("format", stats.formats)):
        for name, totals in parts.items():
            writer.writerow(_row(kind, name, totals))
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8", "backslashreplace")


def _row(kind: str, name: str, totals: Totals) -> list[object]:
    safe = _no_formula(shown(name))
    return [kind, safe, totals.images, totals.before_bytes, totals.after_bytes, totals.saved_bytes]


def _no_formula(text: str) -> str:
    """A name that a spreadsheet does not take for a formula (OWASP: CSV injection)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def write(file: Path, data: bytes) -> None:
    """Write a file that somebody chose. Raises `OSError`."""
    file.write_bytes(data)
