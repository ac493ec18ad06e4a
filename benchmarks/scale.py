"""How watching holds at scale: bursts, moved trees, lost events, large known trees, idling.

    python benchmarks/scale.py [CASE...] [--list] [--quick] [--page] [--folder DIR] [--json FILE]
        [--report FILE]

Each case runs in a process of its own, in a fresh folder. Prints a table; with --report also writes it as
Markdown, with a plot beside it. Rows that FILE of --json holds from earlier runs and that are not run again
are kept, so that a single case can be measured anew. The page in docs/ is made of docs/benchmarks/scale.json.
"""

import argparse
import dataclasses
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from benchmarks.watching import report
from benchmarks.watching.bench import Row, circumstances, machine, progress
from benchmarks.watching.bursts import CASES as BURST_CASES
from benchmarks.watching.cuts import cut_files
from benchmarks.watching.peers import CASES as PEER_CASES
from benchmarks.watching.program import CASES as PROGRAM_CASES
from benchmarks.watching.size import VARIABLE
from benchmarks.watching.slow import slow_writers
from benchmarks.watching.trees import CASES as TREE_CASES
from benchmarks.watching.troubles import CASES as TROUBLE_CASES
from benchmarks.watching.troubles import HIDDEN

CASES = {
    **BURST_CASES,
    "slow-writers": slow_writers,
    **TROUBLE_CASES,
    **TREE_CASES,
    "cut-files": cut_files,
    **PROGRAM_CASES,
    **PEER_CASES,
}


def run_case(name: str, folder: Path | None) -> Row:
    """Run one case in a process of its own."""
    place = Path(tempfile.mkdtemp(prefix="homepress-scale-", dir=folder))
    progress(f"{name} ...")
    beside = circumstances(place)
    started = time.monotonic()
    try:
        command = [sys.executable, __file__, "--child", name, "--place", str(place)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        failed = Row(name, f"failed with exit code {ran.returncode}", met=False)
        row = failed if ran.returncode else Row(**json.loads(ran.stdout))
        row.beside, row.machine = beside, machine()
        progress(f"{name}: {time.monotonic() - started:.0f} s: {row.figure}")
        return row
    finally:
        shutil.rmtree(place, ignore_errors=True)


def in_order(rows: Mapping[str, Row]) -> dict[str, Row]:
    """Rows in the order of the cases."""
    return {name: rows[name] for name in CASES if name in rows}


def run_cases(names: Sequence[str], folder: Path | None, kept: dict[str, Row], file: Path | None) -> bool:
    """Run cases, put their rows among those that are kept, in `file` too; whether none missed its goal."""
    for name in names:
        kept[name] = run_case(name, folder)
        if file is not None:
            report.write(file, in_order(kept))
    return all(kept[name].met is not False for name in names)


def parser() -> argparse.ArgumentParser:
    """The arguments; those that are hidden are for the process of a case."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("cases", nargs="*", metavar="CASE", help="all when none is given")
    made.add_argument("--list", action="store_true", help="name the cases")
    made.add_argument("--quick", action="store_true", help="small trees and few samples: does it run?")
    made.add_argument("--page", action="store_true", help="run nothing: only the page, from --json")
    made.add_argument("--folder", type=Path, help="where to make the trees (default: the temporary folder)")
    made.add_argument("--report", type=Path, help="write the table to this Markdown file")
    made.add_argument("--json", type=Path, help="write the rows with their figures to this file")
    made.add_argument("--child", choices=CASES, help=argparse.SUPPRESS)
    made.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    return made


def main() -> int:
    options = (arguments := parser()).parse_args()
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
        arguments.error(f"no such case: {', '.join(sorted(unknown))}; choose from {', '.join(names)}")
    if options.quick:
        os.environ[VARIABLE] = "quick"
    chosen = [] if options.page else options.cases or names
    rows = report.read(options.json) if options.json else {}
    good = run_cases(chosen, options.folder, rows, options.json)
    shown = in_order(rows)
    print(report.table(shown))
    if options.report:
        plot = options.report.with_suffix(".svg")
        plot.write_text(report.plot(shown), encoding="utf-8")
        options.report.write_text(report.page(shown, plot.name), encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
