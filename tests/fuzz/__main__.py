"""Coverage-guided fuzzing of every byte-level parser, with atheris (a package that nothing else needs).

    python tests/fuzz --seconds 600                 all targets, the time shared out among them
    python tests/fuzz --seconds 600 jpeg-file xmp   these only

A finding leaves its input in the folder that is printed and makes the exit code 1.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fuzz.seeds import write_seeds
from fuzz.targets import TARGETS

SLOWEST_SECONDS = 10
MOST_BYTES = 60_000


def main() -> int:
    """Run the targets one after the other, each in its own process; 1 if any found something."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together")
    parser.add_argument("--folder", type=Path, help="where inputs are kept between runs")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if importlib.util.find_spec("atheris") is None:
        print("fuzzing needs the package atheris: pip install atheris")
        return 2
    names = options.targets or list(TARGETS)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="homepress-fuzz-"))
    found = [name for name in names if not start(name, folder / name, max(1, options.seconds // len(names)))]
    print(f"findings in: {', '.join(found)}; inputs are in {folder}" if found else "no findings")
    return 1 if found else 0


def start(name: str, folder: Path, seconds: int) -> bool:
    """Fuzz one target in a process of its own; whether it ended without a finding."""
    count = write_seeds(name, folder / "inputs")
    print(f"{name}: {seconds} s from {count} seeds", flush=True)
    command = [
        *(sys.executable, str(Path(__file__).with_name("one.py")), name, str(folder / "inputs")),
        *(f"-max_total_time={seconds}", f"-timeout={SLOWEST_SECONDS}", f"-max_len={MOST_BYTES}"),
        *("-rss_limit_mb=1500", f"-artifact_prefix={folder}/", "-verbosity=0", "-print_final_stats=1"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    for line in done.stderr.splitlines():
        if "number_of_executed_units" in line or "slowest_unit" in line or "peak_rss" in line:
            print(f"  {line}")
    if done.returncode:
        print(done.stdout[-3_000:], done.stderr[-3_000:])
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
