"""Tables in Markdown and a plot in SVG, from what was measured."""

import platform
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from quality_measure import Outcome
from quality_peers import Run

_WIDTH, _HEIGHT, _MARGIN = 720, 420, 60
_COLOURS = ("#0b6e4f", "#7fb69d", "#c8553d", "#3066be", "#8d6a9f", "#e3a008", "#555555")

Results = Mapping[str, tuple[Run, Sequence[Outcome]]]


def set_table(results: Results) -> list[str]:
    """One line a program: savings, scores, cost, what was kept."""
    lines = [
        "| program | saved | saved, primary picture only | mean score | worst | sd | CPU s/MP | peak RSS MB"
        " | metadata and attachments kept |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, (run, outcomes) in results.items():
        scores = [outcome.score for outcome in outcomes]
        megapixels = sum(outcome.megapixels for outcome in outcomes)
        kept = sum(outcome.kept for outcome in outcomes)
        lines.append(
            f"| {name} | {_saved(outcomes):.1%} | {_saved_primary(outcomes):.1%} | {np.mean(scores):.2f}"
            f" | {min(scores):.2f} | {np.std(scores):.2f} | {run.cpu_seconds / megapixels:.3f}"
            f" | {run.peak_rss_mb:.0f} | {kept}/{len(outcomes)} |"
        )
    return lines


def figures(run: Run, outcomes: Sequence[Outcome]) -> dict[str, float]:
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
        "cpu_seconds_per_megapixel": run.cpu_seconds / sum(outcome.megapixels for outcome in outcomes),
        "peak_rss_mb": run.peak_rss_mb,
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


def curve_table(ratios: Mapping[str, Mapping[int, Sequence[float]]], reference: str) -> list[str]:
    """Bytes relative to a reference at equal scores."""
    targets = sorted({target for by_target in ratios.values() for target in by_target})
    lines = [
        f"| bytes / {reference} at score | " + " | ".join(str(target) for target in targets) + " |",
        "|---|" + "---|" * len(targets),
    ]
    for name, by_target in ratios.items():
        cells = (
            f"{np.exp(np.mean(np.log(by_target[t]))):.3f} ({len(by_target[t])})" if t in by_target else "-"
            for t in targets
        )
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def machine() -> str:
    """On what it was measured."""
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"


def plot(title: str, results: Results) -> str:
    """Score of every picture (a dot) and mean share of bytes left, one column a program."""
    columns = len(results)
    step = (_WIDTH - 2 * _MARGIN) / columns
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
        f' font-size="11"><rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_MARGIN}" y="24" font-size="15">{escape(title)}</text>',
    ]
    for score in range(60, 101, 10):
        y = _y(score)
        parts.append(f'<line x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{_MARGIN - 8}" y="{y + 4}" text-anchor="end">{score}</text>')
    for number, (name, (_, outcomes)) in enumerate(results.items()):
        x = _MARGIN + (number + 0.5) * step
        colour = _COLOURS[number % len(_COLOURS)]
        for place, outcome in enumerate(outcomes):
            dot = x + (place / max(len(outcomes) - 1, 1) - 0.5) * step * 0.6
            parts.append(
                f'<circle cx="{dot:.1f}" cy="{_y(outcome.score):.1f}" r="3" fill="{colour}"'
                f' fill-opacity="0.7"><title>{escape(outcome.name)} {outcome.score:.1f}</title></circle>'
            )
        label = f"saved {_saved_primary(outcomes):.0%}"
        parts.append(f'<text x="{x:.0f}" y="{_HEIGHT - 34}" text-anchor="middle">{escape(name)}</text>')
        parts.append(f'<text x="{x:.0f}" y="{_HEIGHT - 18}" text-anchor="middle">{label}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _y(score: float) -> float:
    top, bottom = 40, _HEIGHT - 60
    return bottom - (max(score, 58) - 58) / 42 * (bottom - top)


def _saved(outcomes: Sequence[Outcome]) -> float:
    return 1 - sum(outcome.after for outcome in outcomes) / sum(outcome.before for outcome in outcomes)


def _saved_primary(outcomes: Sequence[Outcome]) -> float:
    before = sum(outcome.primary_before for outcome in outcomes)
    return 1 - sum(outcome.primary_after for outcome in outcomes) / before
