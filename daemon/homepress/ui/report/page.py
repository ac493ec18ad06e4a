"""The report as HTML. Nothing in it is loaded from anywhere: the content security policy forbids it.

Style and script are allowed by their hashes (CSP Level 3, section 2.3.1), so nothing that a name in the
history may hold can run.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from html import escape

from homepress.store.reader import Day, HistoryEntry
from homepress.ui.report.assets import SCRIPT, STYLE
from homepress.ui.window.model.activity import row_words
from homepress.ui.window.model.figures import Figures, Share, chart_words, headline_figures, shares, ticks
from homepress.ui.words import counted, size

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
class Content:
    """All that is in a report; `made` in seconds since 1970."""

    made: float
    figures: Figures
    days: list[Day]
    latest: list[HistoryEntry]
    compared: list[Compared]


def page(content: Content) -> str:
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


def _figures(content: Content) -> Iterator[str]:
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
