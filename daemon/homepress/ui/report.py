"""The report: one static HTML file that shows what the window shows, for browsers and screen readers.

Nothing in it is loaded from anywhere: the content security policy forbids it. Style and script are allowed by
their hashes (CSP Level 3, section 2.3.1), so nothing that a name in the history may hold can run.
"""

import base64
import hashlib
import io
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from pathlib import Path

from PIL import Image

from homepress.base.paths import Paths
from homepress.base.units import counted, size
from homepress.desktop.dbus import BusError, Connection, session_address
from homepress.desktop.opening import BusOpener, NotOpened, system_opener
from homepress.store.reader import Day, EntryDetail, HistoryEntry, HistoryFilter, Reader
from homepress.ui.window.model.activity import comparison, row_words
from homepress.ui.window.model.figures import (
    Figures,
    Share,
    chart_words,
    headline_figures,
    last_days,
    read_figures,
    shares,
    ticks,
)
from homepress.ui.window.model.pictures import NotShownError, small

_LONGEST_EDGE = 1000
_QUALITY = 92
"""Of the pictures in the report: they are shown smaller than they are, so this is no comparison at 1:1."""
_LATEST = 50

_CHART = (760, 220)
_LEFT, _BOTTOM, _TOP = 70, 28, 10


@dataclass(frozen=True, slots=True)
class Compared:
    """A result before and after: its words, and both pictures as data URIs."""

    name: str
    facts: str
    score: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ReportContent:
    """All that is in a report; `made` in seconds since 1970."""

    made: float
    figures: Figures
    days: list[Day]
    latest: list[HistoryEntry]
    compared: list[Compared]


def write_report(paths: Paths, file: Path, pictures: int = 0) -> None:
    """Write the report, readable by the user alone.

    Args:
        pictures: most of the latest results that are shown before and after.

    Raises:
        LedgerError: the history cannot be read.
        OSError: the file cannot be written.
    """
    with Reader(paths.ledger) as reader:
        figures = read_figures(reader)
        latest = list(reader.history(limit=_LATEST))
        compared = _latest_compared(reader, pictures)
    content = ReportContent(
        made=time.time(),
        figures=figures,
        days=last_days(figures.stats.days, date.today()),
        latest=latest,
        compared=compared,
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)  # one that was there already may have been open to others
        stream.write(page(content).encode("utf-8", "replace"))


def open_report(file: Path) -> None:
    """Open the file in the user's browser, which is no child of ours. Raises `NotOpened`."""
    if not sys.platform.startswith("linux"):
        system_opener().file(file)
        return
    if (address := session_address()) is None:
        raise NotOpened(f"Open it in a browser: {file}")
    try:
        connection = Connection(address)
    except BusError as error:
        raise NotOpened(f"Open it in a browser: {file} ({error})") from error
    try:
        BusOpener(connection).file(file)
    finally:
        connection.close()


def _latest_compared(reader: Reader, most: int) -> list[Compared]:
    """The latest results whose original is still there."""
    found: list[Compared] = []
    for entry in reader.history(HistoryFilter(outcome="compressed"), limit=10 * most):
        if len(found) >= most:
            break
        detail = reader.detail(entry.id) if entry.original == "kept" else None
        if detail is not None and (made := _pair(detail)) is not None:
            found.append(made)
    return found


def _pair(detail: EntryDetail) -> Compared | None:
    words = comparison(detail)
    if not words.before or not words.after:
        return None
    try:
        before, after = (_embedded(Path(name)) for name in (words.before, words.after))
    except NotShownError:
        return None
    return Compared(words.name, words.facts, words.score, before, after)


def _embedded(file: Path) -> str:
    """A picture as a data URI (RFC 2397), smaller than it is."""
    buffer = io.BytesIO()
    found = small(file, _LONGEST_EDGE)
    Image.frombytes("RGB", found.size, found.data).save(buffer, "JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def page(content: ReportContent) -> str:
    """The whole document."""
    made = datetime.fromtimestamp(content.made)
    policy = (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src {_source(STYLE)}; script-src {_source(SCRIPT)}"
    )
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width">\n<meta name="referrer" content="no-referrer">',
        f"<title>Homepress report</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
        f"<header><h1>Homepress</h1><p>Made on this computer on {made.day} {made:%B %Y at %H:%M}. "
        "Nothing was sent anywhere.</p></header>",
        *_figures(content),
        *_chart(content.days),
        *_tables(content.figures),
        *_compared(content.compared),
        *_history(content.latest, content.made),
        f"</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _figures(content: ReportContent) -> Iterator[str]:
    yield '<section aria-label="In short"><dl class="figures">'
    for figure, words in headline_figures(content.figures.stats):
        yield f"<div><dt>{escape(words)}</dt><dd>{escape(figure)}</dd></div>"
    yield "</dl></section>"


def _chart(days: list[Day]) -> Iterator[str]:
    width, height = _CHART
    scale = ticks(max((day.saved_bytes for day in days), default=0))
    bottom, step = height - _BOTTOM, (width - _LEFT) / max(1, len(days))

    def y(value: int) -> float:
        return bottom - (bottom - _TOP) * value / scale[-1]

    words = escape(chart_words(days))
    yield f'<section><h2>Saved each day</h2><p>{words}</p><svg viewBox="0 0 {width} {height}" role="img" '
    yield f'aria-label="{words}">'
    for tick in scale:
        yield f'<line x1="{_LEFT}" x2="{width}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y(tick) + 4:.1f}" class="end">{size(tick) if tick else 0}</text>'
    for at, day in enumerate(days):
        x, when = _LEFT + step * at, date.fromisoformat(day.day)
        tall = bottom - y(day.saved_bytes)
        yield (
            f'<rect x="{x + step * 0.17:.1f}" y="{y(day.saved_bytes):.1f}" width="{step * 0.66:.1f}" '
            f'height="{tall:.1f}" rx="2"><title>{when.day} {when:%B}: {size(day.saved_bytes)} in '
            f"{counted(day.images, 'picture')}</title></rect>"
        )
        if (len(days) - 1 - at) % 5 == 0:
            middle = min(x + step / 2, width - 20)
            yield f'<text x="{middle:.1f}" y="{height - 8}">{when.day} {when:%b}</text>'
    yield "</svg></section>"


def _tables(figures: Figures) -> Iterator[str]:
    yield '<div class="two">'
    for title, parts in (
        ("Folders", shares(figures.stats.folders)),
        ("Formats", shares(figures.stats.formats)),
    ):
        yield f"<section><h2>{title}</h2><table><thead><tr><th>{title[:-1]}</th><th>Pictures</th>"
        yield '<th class="end">Saved</th></tr></thead><tbody>'
        yield from map(_share, parts)
        yield "</tbody></table></section>"
    yield "</div>"


def _share(part: Share) -> str:
    return (
        f'<tr><th scope="row">{escape(part.name)}</th><td>{escape(part.words)}</td>'
        f'<td class="end">{escape(part.saved)}</td></tr>'
    )


def _compared(compared: list[Compared]) -> Iterator[str]:
    if not compared:
        return
    yield "<section><h2>Before and after</h2>"
    yield "<p>Shown smaller than they are; the window compares at full size.</p>"
    for pair in compared:
        name = escape(pair.name)
        yield f'<figure aria-label="{name} before and after"><figcaption><b>{name}</b> '
        yield f"{escape(pair.facts)}. {escape(pair.score)}</figcaption>"
        yield f'<div class="pair"><img alt="{name} before" src="{pair.before}">'
        yield f'<img class="after" alt="{name} after" src="{pair.after}"></div>'
        yield '<label>Divider<input type="range" min="0" max="100" value="50" '
        yield f'aria-label="Divider of {name}, '
        yield 'before left of it, after right of it"></label></figure>'
    yield "</section>"


def _history(entries: list[HistoryEntry], now: float) -> Iterator[str]:
    yield "<section><h2>Latest</h2><table><thead><tr><th>Picture</th><th>Sizes</th>"
    yield '<th class="end">Saved</th><th>Outcome</th><th>When</th></tr></thead><tbody>'
    for entry in entries:
        words = row_words(entry, now)
        yield (
            f'<tr><th scope="row">{escape(words.name)}</th><td>{escape(words.sizes)}</td>'
            f'<td class="end">{escape(words.saved)}</td><td>{escape(words.verdict)}</td>'
            f"<td>{escape(words.when)}</td></tr>"
        )
    yield "</tbody></table></section>"


STYLE = """
:root{color-scheme:light dark;--page:#f4f6f8;--card:#fff;--text:#17202b;--muted:#536070;--line:#dde3e9;
--accent:#0b6b63;--focus:#1d5fd6}
@media(prefers-color-scheme:dark){:root{--page:#14181d;--card:#1c2127;--text:#e8edf2;--muted:#a3afbc;
--line:#313942;--accent:#5ed3c5;--focus:#8cb8ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 Inter,system-ui,sans-serif}
main{max-width:880px;margin:0 auto;padding:40px 20px}
h1{margin:0;font-size:28px}h2{margin:0 0 4px;font-size:18px}
p,figcaption,dt,thead th,svg text{color:var(--muted)}
p{margin:0 0 14px}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px 22px;
margin:14px 0}
section[aria-label]{background:none;border:0;padding:0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:14px;margin:0}
.figures div{display:flex;flex-direction:column-reverse;justify-content:flex-end;background:var(--card);
border:1px solid var(--line);border-radius:12px;padding:16px 20px}
dd{margin:0;font-size:26px;font-weight:700;color:var(--accent)}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:0 14px}
table{width:100%;border-collapse:collapse;font-size:14px}
th,td{text-align:left;padding:6px 10px 6px 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
tbody th{font-weight:600}td{white-space:nowrap}.end{text-align:right;text-anchor:end}
svg{width:100%;height:auto}svg rect{fill:var(--accent)}svg line{stroke:var(--line)}
svg text{font-size:11px;fill:var(--muted);text-anchor:middle}
svg text.end{text-anchor:end}
figure{margin:18px 0}figcaption{margin-bottom:8px}b{color:var(--text)}
.pair{position:relative;display:grid;border-radius:10px;overflow:hidden;--at:50%}
.pair img{grid-area:1/1;width:100%;height:100%;display:block}
.pair .after{clip-path:inset(0 0 0 var(--at))}
.pair::after{content:"";position:absolute;top:0;bottom:0;left:var(--at);width:2px;background:#fff;
box-shadow:0 0 3px #000}
label{display:block;color:var(--muted);font-size:13px}
input{width:100%;accent-color:var(--accent)}
:focus-visible{outline:3px solid var(--focus);outline-offset:3px}
"""

SCRIPT = """
for (const slider of document.querySelectorAll('input[type=range]')) {
  const pair = slider.closest('figure').querySelector('.pair');
  slider.addEventListener('input', () => pair.style.setProperty('--at', slider.value + '%'));
}
"""
