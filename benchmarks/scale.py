"""How watching holds at scale: bursts, moved trees, lost events, large known trees, idling.

    python benchmarks/scale.py [CASE...] [--list] [--quick] [--folder DIR] [--json FILE] [--report FILE]

Each case runs in a process of its own, in a fresh folder. Prints a table; with --report also writes it as
Markdown, with a plot beside it. Rows that FILE of --json holds from earlier runs and that are not run again
are kept, so that a single case can be measured anew.
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
from collections.abc import Mapping
from pathlib import Path

from watching.bench import Row, progress
from watching.bursts import BURSTS
from watching.bursts import CASES as BURST_CASES
from watching.cuts import cut_files
from watching.peers import CASES as PEER_CASES
from watching.plot import bursts_svg
from watching.program import CASES as PROGRAM_CASES
from watching.size import SIZE, VARIABLE
from watching.slow import slow_writers
from watching.trees import CASES as TREE_CASES
from watching.troubles import CASES as TROUBLE_CASES
from watching.troubles import HIDDEN

CASES = {
    **BURST_CASES,
    "slow-writers": slow_writers,
    **TROUBLE_CASES,
    **TREE_CASES,
    "cut-files": cut_files,
    **PROGRAM_CASES,
    **PEER_CASES,
}

_PEER = "peer-"


def run_case(name: str, folder: Path | None) -> Row:
    """Run one case in a process of its own."""
    place = Path(tempfile.mkdtemp(prefix="homepress-scale-", dir=folder))
    progress(f"{name} ...")
    started = time.monotonic()
    try:
        command = [sys.executable, __file__, "--child", name, "--place", str(place)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        failed = Row(name, f"failed with exit code {ran.returncode}", met=False)
        row = failed if ran.returncode else Row(**json.loads(ran.stdout))
        progress(f"{name}: {time.monotonic() - started:.0f} s: {row.figure}")
        return row
    finally:
        shutil.rmtree(place, ignore_errors=True)


def table(rows: Mapping[str, Row]) -> str:
    """The rows in Markdown, what the other program made of the same case beside each."""
    mark = {True: "yes", False: "**no**", None: ""}
    lines = ["| case | result | to reach | met | optimize-images -wd |", "|---|---|---|---|---|"]
    for name, row in rows.items():
        if not name.startswith(_PEER):
            peer = rows[_PEER + name].figure if _PEER + name in rows else ""
            lines.append(f"| {row.case} | {row.figure} | {row.goal} | {mark[row.met]} | {peer} |")
    return "\n".join(lines)


def with_earlier(rows: Mapping[str, Row], file: Path | None) -> dict[str, Row]:
    """These rows, and those that a file holds of cases that were not run now, in the order of the cases."""
    earlier: dict[str, Row] = {}
    if file is not None and file.exists():
        earlier = {name: Row(**row) for name, row in json.loads(file.read_text("utf-8")).items()}
    known = earlier | dict(rows)
    return {name: known[name] for name in CASES if name in known}


def report(file: Path, text: str, rows: Mapping[str, Row]) -> None:
    """Write the table as Markdown and the plot beside it."""
    seconds = {
        burst.title: [
            rows[name].numbers["known_s"] if name in rows and not rows[name].numbers["missing"] else None
            for name in (key, _PEER + key)
        ]
        for key, burst in BURSTS.items()
        if key in rows
    }
    plot = file.with_suffix(".svg")
    plot.write_text(bursts_svg(seconds, ("Homepress", "optimize-images -wd")), encoding="utf-8")
    busy = os.getloadavg()[1]
    head = (
        f"Linux {platform.release()}, Python {platform.python_version()}, {os.cpu_count()} cores, on which "
        f"{busy:.0f} processes were at work on the average (load, when this was written)"
    )
    caption = f"Seconds from the last of {SIZE.files:,} files written until the last one is known"
    file.write_text(
        f"# Watching at scale\n\n`python benchmarks/scale.py --json FILE --report FILE` on {head}. The last "
        f"column is what another program that watches folders makes of the same case.\n\n{text}\n\n"
        f"![{caption}]({plot.name})\n\n{caption}: Homepress with its settle time, optimize-images with its "
        f"compression; no bar where files were missed.\n",
        encoding="utf-8",
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all when none is given")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--quick", action="store_true", help="small trees and few samples: does it run?")
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
    if options.quick:
        os.environ[VARIABLE] = "quick"
    rows: dict[str, Row] = {}
    for name in options.cases or names:
        rows[name] = run_case(name, options.folder)
        if options.json:
            named = {key: dataclasses.asdict(row) for key, row in with_earlier(rows, options.json).items()}
            options.json.write_text(json.dumps(named, indent=2), encoding="utf-8")
    shown = with_earlier(rows, options.json)
    print(text := table(shown))
    if options.report:
        report(options.report, text, shown)
    return 0 if all(row.met is not False for row in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
