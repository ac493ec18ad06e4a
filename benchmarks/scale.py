"""How watching holds at scale: bursts, moved trees, lost events, large known trees, idling.

    python benchmarks/scale.py [CASE...] [--list] [--folder DIR] [--report FILE]

Each case runs in a process of its own, in a fresh folder. Prints a table; with --report also writes it as
Markdown, with a plot beside it.
"""

import argparse
import dataclasses
import json
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from scale_bench import Row, progress
from scale_daemon import CASES as DAEMON_CASES
from scale_peers import CASES as PEER_CASES
from scale_plot import bursts_svg
from scale_watching import BURSTS, HIDDEN
from scale_watching import CASES as WATCH_CASES

CASES = {**WATCH_CASES, **PEER_CASES, **DAEMON_CASES}


def run_case(name: str, folder: Path | None) -> Row:
    """Run one case in a process of its own."""
    place = Path(tempfile.mkdtemp(prefix="homepress-scale-", dir=folder))
    progress(f"{name} ...")
    started = time.monotonic()
    try:
        command = [sys.executable, __file__, "--child", name, "--place", str(place)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if ran.returncode:
            return Row(name, f"failed with exit code {ran.returncode}", met=False)
        return Row(**json.loads(ran.stdout))
    finally:
        progress(f"{name}: {time.monotonic() - started:.0f} s")
        shutil.rmtree(place, ignore_errors=True)


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    mark = {True: "yes", False: "**no**", None: ""}
    lines = ["| case | result | to reach | met |", "|---|---|---|---|"]
    lines += [f"| {row.case} | {row.figure} | {row.goal} | {mark[row.met]} |" for row in rows]
    return "\n".join(lines)


def report(file: Path, text: str, rows: Mapping[str, Row]) -> None:
    """Write the table as Markdown and the plot beside it."""
    seconds = {
        burst.title: [
            rows[name].numbers.get("known_s") if name in rows else None for name in (key, f"peer-{key}")
        ]
        for key, burst in BURSTS.items()
        if key in rows
    }
    plot = file.with_suffix(".svg")
    plot.write_text(bursts_svg(seconds, ("Homepress", "optimize-images -wd")), encoding="utf-8")
    head = f"Linux {platform.release()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    caption = "Seconds from the last of 10,000 files written until the last one is known"
    file.write_text(
        f"# Watching at scale\n\n`python benchmarks/scale.py --report FILE` on {head}.\n\n{text}\n\n"
        f"![{caption}]({plot.name})\n\n{caption}: Homepress with its settle time, optimize-images with its "
        f"compression.\n",
        encoding="utf-8",
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all when none is given")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--folder", type=Path, help="where to make the trees (default: the temporary folder)")
    parser.add_argument("--report", type=Path, help="write the table to this Markdown file")
    parser.add_argument("--json", type=Path, help="write the rows with their figures to this file")
    parser.add_argument("--child", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        logging.disable()
        print(json.dumps(dataclasses.asdict(CASES[options.child](options.place))))
        return 0
    names = [name for name in CASES if name not in HIDDEN]
    if options.list:
        print("\n".join(names))
        return 0
    unknown = set(options.cases) - set(names)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; choose from {', '.join(names)}")
    rows = {name: run_case(name, options.folder) for name in options.cases or names}
    text = table(list(rows.values()))
    print(text)
    if options.json:
        named = {name: dataclasses.asdict(row) for name, row in rows.items()}
        options.json.write_text(json.dumps(named, indent=2), encoding="utf-8")
    if options.report:
        report(options.report, text, rows)
    return 0 if all(row.met is not False for row in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
