"""Run the torture list and print a table; the exit code is 0 only when everything went as it should."""

import argparse
import sys
from collections.abc import Iterator

from benchmarks.torture import faults, fidelity, images, kills, races
from benchmarks.torture.trial import HEADING, Outcome, timed

_TRIALS = ("kills", "faults", "images", "races", "fidelity")


def _outcomes(chosen: list[str], quick: bool) -> Iterator[Outcome]:
    if "kills" in chosen:
        yield from kills.trials(20 if quick else 500)
    if "faults" in chosen:
        yield from faults.trials(["exchange", "undo"] if quick else None)
    if "images" in chosen:
        yield from images.trials(5 if quick else 60)
    if "races" in chosen:
        yield from races.trials(100 if quick else 2000)
    if "fidelity" in chosen:
        yield from fidelity.trials()


def main() -> int:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.torture", description=__doc__)
    parser.add_argument(
        "trials", nargs="*", choices=[*_TRIALS, []], help="which ones; all of them by default"
    )
    parser.add_argument("--quick", action="store_true", help="a short version of each, a minute in all")
    arguments = parser.parse_args()
    print(HEADING, flush=True)
    outcomes = list(timed(_outcomes(arguments.trials or list(_TRIALS), arguments.quick)))
    bad = [outcome for outcome in outcomes if not outcome.good]
    print(f"\n{len(outcomes) - len(bad)} of {len(outcomes)} as they should be", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
