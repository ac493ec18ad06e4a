"""A plot of the bursts in SVG: seconds from the last file written until the last one is known."""

from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _BAR, _GAP, _LABEL = 720, 14, 12, 250
_COLOURS = ("#0b6e4f", "#c8553d")


def bursts_svg(seconds: Mapping[str, Sequence[float | None]], programs: Sequence[str]) -> str:
    """One group of bars a burst, one bar a program; None where a program was not run."""
    most = max((value for values in seconds.values() for value in values if value is not None), default=1.0)
    scale = (_WIDTH - _LABEL - 70) / max(most, 0.1)
    parts, y = [], 40
    for place, program in enumerate(programs):
        x = _LABEL + 200 * place
        parts.append(f'<rect x="{x}" y="12" width="12" height="12" fill="{_COLOURS[place]}"/>')
        parts.append(f'<text x="{x + 18}" y="22">{escape(program)}</text>')
    for name, values in seconds.items():
        middle = y + len(values) * _BAR / 2 + 4
        parts.append(f'<text x="{_LABEL - 8}" y="{middle:.0f}" text-anchor="end">{escape(name)}</text>')
        for place, value in enumerate(values):
            if value is not None:
                width = max(1.0, value * scale)
                bar = f'x="{_LABEL}" y="{y}" width="{width:.1f}" height="{_BAR - 2}"'
                parts.append(f'<rect {bar} fill="{_COLOURS[place]}"/>')
                parts.append(f'<text x="{_LABEL + width + 5:.1f}" y="{y + 10}">{value:.1f} s</text>')
            y += _BAR
        y += _GAP
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y + 10}" '
        f'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n'
        f"{body}\n</svg>\n"
    )
