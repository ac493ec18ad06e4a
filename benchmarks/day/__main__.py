"""A day in fast motion: pictures come to folders that are flaky, closed, or away; what does it cost?

    python -m benchmarks.day [--pictures 10000] [--case day | closed] [--json FILE] [--report FILE]

Watching, pipeline, store and ledger are the program's own, files are real, the clock is simulated, and the
workers are a stub that costs nothing and is counted. Case `closed`: one folder that may not be written, for
24 hours.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.day.clock import CLOCK
from benchmarks.day.simulation import CASES, Figures, simulate

_PER_PICTURE = 1.0
"""CPU seconds that compressing one picture is taken to cost, for the sum: a photograph of some megapixels."""


def main() -> int:
    """Run one case and print its table; 1 when a picture was lost or compressed too often."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.day",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--case", choices=CASES, default="day")
    parser.add_argument("--pictures", type=int, help="how many (default: 10,000; closed: 200)")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--report", type=Path, help="write the table there, as Markdown")
    arguments = parser.parse_args()
    _let_permissions_count()
    pictures = arguments.pictures or (200 if arguments.case == "closed" else 10_000)
    base = Path(tempfile.mkdtemp(prefix="homepress-day-"))
    mounted = _in_memory(base)
    started = time.perf_counter()
    try:
        figures = simulate(arguments.case, base, pictures)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(base)], check=False)
        shutil.rmtree(base, ignore_errors=True)
    lines = table(figures, arguments.case, time.perf_counter() - started)
    print("\n".join(lines))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures.as_dict(), indent=1) + "\n", encoding="utf-8")
    if arguments.report:
        arguments.report.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if figures.lost or figures.most_compressed > 2 else 0


def table(figures: Figures, case: str, real: float) -> list[str]:
    """The figures in Markdown."""
    wasted = figures.compressed - figures.done
    return [
        f"{figures.pictures:,} pictures, {CLOCK.now / 3600:.0f} hours, simulated in {real:.0f} s "
        f"(`python -m benchmarks.day --case {case}`).",
        "",
        "| | |",
        "|---|---|",
        f"| CPU of daemon and store | {figures.cpu:.1f} s, {100 * figures.cpu / CLOCK.now:.3f} % of a core |",
        f"| CPU with {wasted:,} compressions for nothing, {_PER_PICTURE:g} s each | "
        f"{figures.cpu + wasted * _PER_PICTURE:.1f} s |",
        f"| pictures done | {figures.done:,} |",
        f"| compressions | {figures.compressed:,}; of one picture {figures.most_compressed} at most |",
        f"| wake-ups of the folders' threads | {figures.turns:,} |",
        f"| errors that the flaky disk gave | {figures.errors:,} |",
        f'| lines with "error in Homepress" | {figures.our_errors} |',
        f"| pictures lost | {figures.lost} |",
        "",
        "| folder | tries, by how they ended | states, in hours |",
        "|---|---|---|",
        *(
            f"| {name} | {_list(tries)} | {_hours(figures.seconds[name])} |"
            for name, tries in figures.tries.items()
        ),
    ]


def _list(counts: Counter[str]) -> str:
    return "; ".join(f"{name} {count:,}" for name, count in counts.most_common())


def _hours(seconds: Counter[str]) -> str:
    return "; ".join(f"{name} {count / 3600:.1f} h" for name, count in seconds.most_common())


def _in_memory(base: Path) -> bool:
    """Keep the files in memory where we may: flushing takes long, and only processor time is counted."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return False
    mount = ["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(base)]
    return subprocess.run(mount, check=False).returncode == 0


def _let_permissions_count() -> None:
    """Root may write anywhere: begin anew without that right."""
    if os.name == "nt" or os.geteuid() != 0 or os.environ.get("HOMEPRESS_DAY_RIGHTS"):
        return
    os.environ["HOMEPRESS_DAY_RIGHTS"] = "dropped"
    rights = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--"]
    os.execvp(rights[0], [*rights, sys.executable, "-m", "benchmarks.day", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
