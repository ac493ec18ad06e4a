"""Coverage-guided fuzzing of every byte-level parser, with atheris (a package that nothing else needs).

    python tests/fuzz --seconds 1800                all targets, the time shared out among them
    python tests/fuzz --seconds 600 jpeg-file xmp   these only

The seconds are of processor time. A finding leaves its input in the folder that is printed and makes the exit
code 1.
"""

import argparse
import importlib.util
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fuzz.seeds import write_seeds
from fuzz.targets import TARGETS

SLOWEST_SECONDS = 10
MOST_BYTES = 60_000
SHORTEST_RUN = 5
EXECUTIONS = re.compile(r"number_of_executed_units:\s*(\d+)")


def main() -> int:
    """Run the targets one after the other, each in its own process; 1 if any found something."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=600, help="of processor time, for all together")
    parser.add_argument("--folder", type=Path, help="where inputs are kept between runs")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if importlib.util.find_spec("atheris") is None:
        print("fuzzing needs the package atheris: pip install atheris")
        return 2
    names = options.targets or list(TARGETS)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="homepress-fuzz-"))
    print(f"{'target':14}{'seeds':>6}{'executions':>12}{'CPU s':>8}{'inputs kept':>13}", flush=True)
    found = [name for name in names if not start(name, folder / name, options.seconds / len(names))]
    print(f"findings in: {', '.join(found)}; inputs are in {folder}" if found else "no findings")
    return 1 if found else 0


def start(name: str, folder: Path, seconds: float) -> bool:
    """Fuzz one target for so much processor time; whether it ended without a finding."""
    inputs = folder / "inputs"
    count = write_seeds(name, inputs)
    begin, executions, found = _processor_seconds(), 0, False
    while not found and (left := seconds - (_processor_seconds() - begin)) > 0:
        done = _run(name, folder, max(SHORTEST_RUN, int(left)))
        executions += sum(map(int, EXECUTIONS.findall(done.stderr)))
        if found := done.returncode != 0:
            print(done.stdout[-3_000:], done.stderr[-3_000:])
    spent, kept = _processor_seconds() - begin, sum(1 for _ in inputs.iterdir())
    print(f"{name:14}{count:6}{executions:12,}{spent:8.0f}{kept:13}", flush=True)
    return not found


def _run(name: str, folder: Path, seconds: int) -> "subprocess.CompletedProcess[str]":
    """One process of the fuzzer, for so many seconds by the clock, going on from the inputs kept."""
    command = [
        *(sys.executable, str(Path(__file__).with_name("one.py")), name, str(folder / "inputs")),
        *(f"-max_total_time={seconds}", f"-timeout={SLOWEST_SECONDS}", f"-max_len={MOST_BYTES}"),
        *("-rss_limit_mb=1500", f"-artifact_prefix={folder}/", "-verbosity=0", "-print_final_stats=1"),
    ]
    return subprocess.run(command, capture_output=True, text=True, errors="replace")


def _processor_seconds() -> float:
    """Processor time of all fuzzers so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
