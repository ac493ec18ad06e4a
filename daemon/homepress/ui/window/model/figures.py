"""Statistics as a page or a report shows them."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from homepress.base.units import counted, percent_saved, size
from homepress.store.reader import Day, HistoryEntry, Reader, Stats, Totals
from homepress.ui.text import printable
from homepress.ui.window.model.wording import FORMATS

CHART_DAYS = 30
_BIGGEST = 8


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is read from the ledger for the page Statistics.

    Attributes:
        stats: the sums.
        biggest: the results that saved the most, not counting those undone.
    """

    stats: Stats
    biggest: list[HistoryEntry]


@dataclass(frozen=True, slots=True)
class Share:
    """One line of a table of parts: a name, what was saved there, and its length against the longest."""

    name: str
    words: str
    saved: str
    length: float


def read_figures(reader: Reader) -> Figures:
    """Read everything."""
    return Figures(reader.stats(), reader.biggest(_BIGGEST))


def last_days(days: list[Day], today: date) -> list[Day]:
    """The days of the chart without gaps, today last."""
    known = {day.day: day for day in days}
    wanted = (today - timedelta(days=ago) for ago in reversed(range(CHART_DAYS)))
    return [known.get(str(day), Day(day=str(day), images=0, saved_bytes=0)) for day in wanted]


def ticks(most: int) -> list[int]:
    """Three or four round numbers of bytes from 0 up to at least `most`."""
    if most <= 0:
        return [0, 1_000_000]
    step = 1
    while step * 4 < most:
        for factor in (1, 2, 5):
            if step * factor * 4 >= most:
                step *= factor
                break
        else:
            step *= 10
    return [step * n for n in range(-(-most // step) + 1)]


def shares(parts: dict[str, Totals]) -> list[Share]:
    """Folders or formats, the one that saved most first."""
    most = max((totals.saved_bytes for totals in parts.values()), default=0) or 1
    ordered = sorted(parts.items(), key=lambda item: -item[1].saved_bytes)
    return [
        Share(
            name=printable(name) if name else "named by hand",
            words=f"{counted(totals.images, 'picture')}, "
            f"{percent_saved(totals.before_bytes, totals.after_bytes)} % smaller",
            saved=size(totals.saved_bytes),
            length=max(0.0, totals.saved_bytes / most),
        )
        for name, totals in ordered
    ]


def headline_figures(stats: Stats) -> list[tuple[str, str]]:
    """The few figures that matter, each with its words."""
    total = stats.total
    percent = percent_saved(total.before_bytes, total.after_bytes)
    pictures = "picture" if total.images == 1 else "pictures"
    return [
        (size(total.saved_bytes), "saved in total"),
        (size(stats.today.saved_bytes), "saved today"),
        (
            f"{total.images:,}",
            f"{pictures} made smaller" + (f", {percent}\u00a0% on average" if percent else ""),
        ),
        (size(total.originals_bytes), "still occupied by originals"),
    ]


def format_names(formats: dict[str, Totals]) -> dict[str, Totals]:
    """Formats by the names that people know them by."""
    return {FORMATS.get(word, word.upper()): totals for word, totals in formats.items()}


def chart_words(days: list[Day]) -> str:
    """The chart of days for those who do not see it."""
    busy = [day for day in days if day.images]
    if not busy:
        return f"Nothing was saved in the last {len(days)} days."
    best = max(busy, key=lambda day: day.saved_bytes)
    total = sum(day.saved_bytes for day in busy)
    when = date.fromisoformat(best.day)
    return (
        f"{size(total)} saved on {counted(len(busy), 'day')} of the last {len(days)}; "
        f"most on {when.day} {when:%B}, {size(best.saved_bytes)}."
    )


# Statistics for other programs: CSV and JSON.


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
    safe = _no_formula(printable(name))
    return [kind, safe, totals.images, totals.before_bytes, totals.after_bytes, totals.saved_bytes]


def _no_formula(text: str) -> str:
    """A name that a spreadsheet does not take for a formula (OWASP: CSV injection)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
