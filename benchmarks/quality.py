"""How small, how good, how fast: Homepress and other programs on the same pictures in the same run.

    python benchmarks/quality.py                 every set of the corpus, every program that is installed
    python benchmarks/quality.py --set camera    one set
    python benchmarks/quality.py --curves        also bytes at equal score against Squoosh's MozJPEG (slow)

Programs that are missing are named and left out. Tables and plots go to docs/benchmarks/.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import quality_report as report
from quality_curves import MOZJPEG, Squoosh, curves
from quality_measure import measure
from quality_peers import node_lacks_squoosh, peers
from support import corpus

SETS = {"camera": "photos-camera/*.jpg", "photos-jpeg": "metadata/*.jpg"}
CURVE_SETS = {"camera": "photos-camera/*.jpg", "lossless": "photos-lossless/*.png"}
OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"
LEAST_BYTES = 200_000
"""Smaller pictures say little about photographs."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", choices=SETS, action="append", help="which pictures (default: all sets)")
    parser.add_argument("--curves", action="store_true", help="also bytes at equal score")
    parser.add_argument("--pictures", type=int, default=0, help="at most so many of each set")
    arguments = parser.parse_args()
    folder = corpus()
    if folder is None:
        sys.exit("the image corpus is not at hand; set HOMEPRESS_CORPUS to its folder")
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name in arguments.set or SETS:
        files = [file for file in sorted(folder.glob(SETS[name])) if file.stat().st_size >= LEAST_BYTES]
        run_set(name, files[: arguments.pictures or None])
    if arguments.curves:
        run_curves(folder, arguments.pictures)


def run_set(name: str, files: list[Path]) -> None:
    """Run every program over one set."""
    results = {}
    missing = []
    for peer in peers():
        if peer.missing:
            missing.append(f"- {peer.name}: not run, {peer.missing}")
            continue
        with tempfile.TemporaryDirectory() as temporary:
            try:
                run = peer.run(files, Path(temporary))
            except RuntimeError as error:
                missing.append(f"- {peer.name}: not run to its end, {error}")
                continue
            results[peer.name] = (run, measure(files, Path(temporary)))
        print(*report.set_table({peer.name: results[peer.name]})[2:], flush=True)
    title = f"{name}: {len(files)} pictures"
    first = next(iter(results))
    lines = [f"# {title}", "", f"{report.machine()}. Scores: SSIMULACRA2 2.1 of whole pictures.", ""]
    lines += [*report.set_table(results), "", *missing, "", f"## {first}, picture by picture", ""]
    lines += report.picture_table(results[first][1])
    write(f"{name}.md", "\n".join(lines) + "\n")
    write(f"{name}.svg", report.plot(title, results))


def run_curves(folder: Path, most: int) -> None:
    """Compare encoders at equal scores."""
    if lacks := node_lacks_squoosh():
        print(f"no curves: {lacks}")
        return
    lines = [
        "# Bytes at equal score",
        "",
        f"{report.machine()}. Middle megapixel of each picture, 4:2:0.",
        "",
    ]
    with contextlib.ExitStack() as stack:
        squoosh = stack.enter_context(Squoosh())
        for name, pattern in CURVE_SETS.items():
            table = report.curve_table(curves(sorted(folder.glob(pattern))[: most or None], squoosh), MOZJPEG)
            print(name, *table, sep="\n", flush=True)
            lines += [f"## {name}", "", *table, ""]
    write("curves.md", "\n".join(lines))


def write(name: str, text: str) -> None:
    (OUTPUT / name).write_text(text, encoding="utf-8")
    print(f"wrote {OUTPUT / name}", flush=True)


if __name__ == "__main__":
    main()
