"""Run the torture list and print a table; the exit code is 0 only when everything went as it should."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.torture import clocks, drives, faults, fidelity, images, kills, races
from benchmarks.torture.trial import HEADING, Outcome, timed

TRIALS = ("kills", "faults", "images", "races", "drives", "clocks", "fidelity")


def _outcomes(chosen: list[str], share: float, quick: bool) -> Iterator[Outcome]:
    if "kills" in chosen:
        yield from kills.trials(max(20, round(500 * share)))
    if "faults" in chosen:
        yield from faults.trials(faults.QUICK if quick else None)
    if "images" in chosen:
        yield from images.trials(max(5, round(60 * share)))
    if "races" in chosen:
        yield from races.trials(max(100, round(2000 * share)))
    if "drives" in chosen:
        yield from drives.trials(max(30, round(500 * share)))
    if "clocks" in chosen:
        yield from clocks.trials(max(5, round(100 * share)))
    if "fidelity" in chosen:
        yield from fidelity.trials()


def main() -> int:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.torture", description=__doc__)
    parser.add_argument("trials", nargs="*", choices=[*TRIALS, []], help="which ones; all of them by default")
    parser.add_argument("--quick", action="store_true", help="a short version of each, a minute in all")
    parser.add_argument("--share", type=float, default=1.0, help="how much of each, 1 for all of it")
    parser.add_argument("--json", type=Path, help="also write the outcomes to this file")
    arguments = parser.parse_args()
    share = 0.0 if arguments.quick else arguments.share
    print(HEADING, flush=True)
    outcomes = list(timed(_outcomes(arguments.trials or list(TRIALS), share, arguments.quick)))
    bad = [outcome for outcome in outcomes if not outcome.good]
    if arguments.json:
        told = [dataclasses.asdict(outcome) | {"good": outcome.good} for outcome in outcomes]
        arguments.json.write_text(json.dumps(told, indent=2), encoding="utf-8")
    print(f"\n{len(outcomes) - len(bad)} of {len(outcomes)} as they should be", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
