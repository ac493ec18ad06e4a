"""Rows kept in a file, and the page that is made of them: a table in Markdown and a plot beside it."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks.watching.bench import Row
from benchmarks.watching.bursts import BURSTS
from benchmarks.watching.plot import bursts_svg

_PEER = "peer-"
_MARKS = {True: "yes", False: "**no**", None: ""}
_TITLE = """\
# Watching at scale

`python benchmarks/scale.py --json FILE --report FILE` on {machines}. Beside each result stand the file \
system and what else was at work: the processes that ran or waited, on the average of the minute before \
(load average). The last column is what another program that watches folders makes of the same case."""
_CAPTION = "Seconds from the last file of a burst written until the last one is known"
_LEGEND = (
    "Homepress with its settle time, optimize-images with its compression; no bar where files were missed."
)


def read(file: Path) -> dict[str, Row]:
    """The rows that a file holds, by case; none if there is no such file."""
    if not file.exists():
        return {}
    return {name: Row(**row) for name, row in json.loads(file.read_text("utf-8")).items()}


def write(file: Path, rows: Mapping[str, Row]) -> None:
    """Keep rows in a file, for `read`."""
    named = {name: dataclasses.asdict(row) for name, row in rows.items()}
    file.write_text(json.dumps(named, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def table(rows: Mapping[str, Row]) -> str:
    """The rows in Markdown, what the other program made of the same case beside each."""
    lines = ["| case | result | to reach | met | optimize-images -wd |", "|---|---|---|---|---|"]
    for name, row in rows.items():
        if not name.startswith(_PEER):
            peer = _result(rows[_PEER + name]) if _PEER + name in rows else ""
            lines.append(f"| {row.case} | {_result(row)} | {row.goal} | {_MARKS[row.met]} | {peer} |")
    return "\n".join(lines)


def _result(row: Row) -> str:
    return f"{row.figure} ({row.beside})" if row.beside else row.figure


def page(rows: Mapping[str, Row], plot: str) -> str:
    """The whole page; `plot` is the name of the picture beside it."""
    machines = "; ".join(dict.fromkeys(row.machine for row in rows.values() if row.machine))
    picture = f"![{_CAPTION}]({plot})"
    return "\n\n".join([_TITLE.format(machines=machines), table(rows), picture, f"{_CAPTION}: {_LEGEND}\n"])


def plot(rows: Mapping[str, Row]) -> str:
    """The plot of the bursts, as SVG."""
    seconds = {
        burst.title: [_known(rows.get(name)) for name in (key, _PEER + key)]
        for key, burst in BURSTS.items()
        if key in rows
    }
    return bursts_svg(seconds, ("Homepress", "optimize-images -wd"))


def _known(row: Row | None) -> float | None:
    """Seconds until all was known; None where a burst was not tried, failed, or files were missed."""
    if row is None or row.numbers.get("missing", 1):
        return None
    return row.numbers["known_s"]
