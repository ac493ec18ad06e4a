"""Tables in Markdown and plots in SVG, from what was measured."""

import platform
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from benchmarks.engine.measure import Outcome
from benchmarks.engine.process import Cost
from homepress.compress.core.library import Loaded

_COLUMN, _HEIGHT, _MARGIN, _FOOT = 92, 440, 60, 90
_COLOURS = ("#0b6e4f", "#c8553d", "#3066be", "#8d6a9f", "#e3a008", "#555555", "#2a9d8f", "#7fb69d")
_LOWEST = 55
_EQUAL = 99.99
"""From this score on two pictures are equal, but for rounding in the score itself."""

Results = Mapping[str, tuple[Cost, Sequence[Outcome]]]


def set_table(results: Results) -> list[str]:
    """One line a program: savings, scores, cost, what was kept."""
    lines = [
        "| program | saved | saved, picture only | mean score | worst | sd | CPU s/MP | peak RSS MB"
        " | metadata and attachments kept |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, (cost, outcomes) in results.items():
        scores = [outcome.score for outcome in outcomes]
        coded = coded_scores(outcomes)
        megapixels = sum(outcome.megapixels for outcome in outcomes)
        kept = sum(outcome.kept for outcome in outcomes)
        lines.append(
            f"| {name} | {_saved(outcomes):.1%} | {_saved_primary(outcomes):.1%} | {np.mean(scores):.2f}"
            f" | {min(scores):.2f} | {f'{np.std(coded):.2f}' if coded else '-'}"
            f" | {cost.cpu_seconds / megapixels:.3f} | {cost.peak_rss_mb:.0f} | {kept}/{len(outcomes)} |"
        )
    return lines


TABLE_NOTES = (
    "Score: SSIMULACRA2 2.1 of all pixels, upright, in sRGB; 100 is unchanged, 0 another size. sd: of the"
    " scores of pictures that were coded with loss. Picture only: without the videos, gain maps and other"
    " pictures appended to a JPEG, which some programs drop: what they save there is the user's data."
)


def coded_scores(outcomes: Sequence[Outcome]) -> list[float]:
    """The scores of the pictures that were coded with loss."""
    return [outcome.score for outcome in outcomes if outcome.score < _EQUAL]


def figures(cost: Cost, outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The same line for machines: shares of 1, scores, seconds, megabytes."""
    scores = [outcome.score for outcome in outcomes]
    return {
        "pictures": len(outcomes),
        "before_bytes": sum(outcome.before for outcome in outcomes),
        "after_bytes": sum(outcome.after for outcome in outcomes),
        "saved": _saved(outcomes),
        "saved_primary": _saved_primary(outcomes),
        "mean_score": float(np.mean(scores)),
        "worst_score": min(scores),
        "cpu_seconds_per_megapixel": cost.cpu_seconds / sum(outcome.megapixels for outcome in outcomes),
        "peak_rss_mb": cost.peak_rss_mb,
        "kept": sum(outcome.kept for outcome in outcomes),
    }


def picture_table(outcomes: Sequence[Outcome]) -> list[str]:
    """One line a picture."""
    lines = ["| picture | MP | bytes before | share left | full score |", "|---|---|---|---|---|"]
    for outcome in outcomes:
        lines.append(
            f"| {outcome.name} | {outcome.megapixels:.1f} | {outcome.before:,} "
            f"| {outcome.after / outcome.before:.3f} | {outcome.score:.2f} |"
        )
    return lines


def curve_means(ratios: Mapping[str, Mapping[int, Sequence[float]]]) -> dict[str, dict[int, float]]:
    """Geometric means of the ratios, by encoder and score."""
    return {
        name: {target: float(np.exp(np.mean(np.log(values)))) for target, values in by_target.items()}
        for name, by_target in ratios.items()
    }


def curve_table(ratios: Mapping[str, Mapping[int, Sequence[float]]], head: str) -> list[str]:
    """Bytes relative to a reference, by target; `head` says what they are."""
    targets = sorted({target for by_target in ratios.values() for target in by_target})
    lines = [
        f"| {head} | " + " | ".join(str(target) for target in targets) + " |",
        "|---|" + "---|" * len(targets),
    ]
    for name, by_target in ratios.items():
        cells = (
            f"{np.exp(np.mean(np.log(by_target[t]))):.3f} ({len(by_target[t])})" if t in by_target else "-"
            for t in targets
        )
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def mean_row(ratios: Mapping[str, Mapping[int, Sequence[float]]], names: Sequence[str]) -> str:
    """The last row of `curve_table`: the mean over some of its rows, where all of them have a number."""
    means = curve_means(ratios)
    targets = sorted({target for by_target in ratios.values() for target in by_target})
    rows = [means[name] for name in names if name in means]
    cells = (
        f"{np.mean([row[target] for row in rows]):.3f}"
        if rows and all(target in row for row in rows)
        else "-"
        for target in targets
    )
    return f"| mean of {len(rows)} | " + " | ".join(cells) + " |"


def machine() -> str:
    """On what it was measured."""
    python = f"Python {platform.python_version()}"
    return f"{platform.system()} {platform.machine()}, {python}, JPEG engine: {Loaded.name()}"


def plot(title: str, results: Results) -> str:
    """Score of every picture (a dot) and share of bytes saved, one column a program."""
    width = 2 * _MARGIN + _COLUMN * len(results)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" font-family="sans-serif"'
        f' font-size="11"><rect width="{width}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_MARGIN}" y="24" font-size="15">{escape(title)}: score of each picture</text>',
    ]
    for score in range(60, 101, 10):
        y = _y(score)
        parts.append(f'<line x1="{_MARGIN}" x2="{width - _MARGIN}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{_MARGIN - 8}" y="{y + 4}" text-anchor="end">{score}</text>')
    for number, (name, (_, outcomes)) in enumerate(results.items()):
        parts += _column(_MARGIN + (number + 0.5) * _COLUMN, _COLOURS[number % len(_COLOURS)], name, outcomes)
    return "\n".join([*parts, "</svg>\n"])


def _column(x: float, colour: str, name: str, outcomes: Sequence[Outcome]) -> list[str]:
    parts = []
    for place, outcome in enumerate(outcomes):
        dot = x + (place / max(len(outcomes) - 1, 1) - 0.5) * _COLUMN * 0.6
        parts.append(
            f'<circle cx="{dot:.1f}" cy="{_y(outcome.score):.1f}" r="3" fill="{colour}"'
            f' fill-opacity="0.7"><title>{escape(outcome.name)} {outcome.score:.1f}</title></circle>'
        )
    labels = [*name.split(" ", 1), f"saved {_saved_primary(outcomes):.0%}"]
    for line, label in enumerate(labels):
        y = _HEIGHT - _FOOT + 28 + 16 * line
        parts.append(f'<text x="{x:.0f}" y="{y}" text-anchor="middle">{escape(label)}</text>')
    return parts


def _y(score: float) -> float:
    top, bottom = 40, _HEIGHT - _FOOT
    return round(bottom - (max(score, _LOWEST) - _LOWEST) / (100 - _LOWEST) * (bottom - top), 1)


def _saved(outcomes: Sequence[Outcome]) -> float:
    return 1 - sum(outcome.after for outcome in outcomes) / sum(outcome.before for outcome in outcomes)


def _saved_primary(outcomes: Sequence[Outcome]) -> float:
    before = sum(outcome.primary_before for outcome in outcomes)
    return 1 - sum(outcome.primary_after for outcome in outcomes) / before
