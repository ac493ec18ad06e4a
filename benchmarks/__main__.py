"""All the numbers in one table: runs each benchmark, writes docs/benchmarks/numbers.md, updates the README.

make bench                              everything, about 45 minutes on two quiet cores
python -m benchmarks --only idle curves these again, the rest as it was measured before
python -m benchmarks --page             only the page, from what was measured before
python -m benchmarks --quick            everything once, tiny: does it work? Figures mean nothing
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.goals.page import FOLDER, PAGE_NAME, page, readme_table, table, with_table
from benchmarks.goals.rows import numbers
from benchmarks.goals.runs import RUNS, Result, execute, kept

_ROOT = Path(__file__).resolve().parent.parent
_README = _ROOT / "README.md"
_QUICK_NOTE = "A quick look: the figures mean nothing."


def main() -> int:
    """Parse the arguments and run; 0 when every run gave figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [run.name for run in RUNS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="RUN", help=f"of {', '.join(names)}")
    parser.add_argument("--page", action="store_true", help="run nothing")
    parser.add_argument("--quick", action="store_true", help="tiny sizes; writes no page in docs/")
    parser.add_argument(
        "--folder", type=Path, help="where figures and logs are kept (default: build/numbers)"
    )
    arguments = parser.parse_args()
    folder: Path = arguments.folder or _ROOT / "build" / ("numbers-quick" if arguments.quick else "numbers")
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [] if arguments.page else arguments.only or names
    results = _results(chosen, folder, arguments.quick)
    lines = numbers(results)
    target = folder / PAGE_NAME if arguments.quick else FOLDER / PAGE_NAME
    if not arguments.quick:
        _tell_readme(results)
    target.write_text(page(lines, results, _QUICK_NOTE if arguments.quick else ""), encoding="utf-8")
    print("\n".join(table(lines)))
    print(f"\nwrote {target}", flush=True)
    return 1 if any(result.figures is None for result in results.values()) else 0


def _tell_readme(results: Mapping[str, Result]) -> None:
    """Put what was measured beside other programs into the README."""
    if "quality" in results and results["quality"].figures:
        shown = readme_table(results["quality"].figures["camera"])
        _README.write_text(with_table(_README.read_text(encoding="utf-8"), shown), encoding="utf-8")


def _results(chosen: list[str], folder: Path, quick: bool) -> dict[str, Result]:
    """Those that are chosen, run now; the others as they were kept."""
    results: dict[str, Result] = {}
    for run in RUNS:
        if run.name in chosen:
            print(f"{run.name} ...", file=sys.stderr, flush=True)
            results[run.name] = execute(run, folder, quick)
            told = results[run.name].problem or "done"
            print(f"{run.name}: {told}, {results[run.name].seconds:.0f} s", file=sys.stderr, flush=True)
        elif found := kept(run, folder):
            results[run.name] = found
    return results


if __name__ == "__main__":
    sys.exit(main())
