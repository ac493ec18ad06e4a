"""How small, how good, how fast: Homepress and other programs on the same pictures in the same run.

    python benchmarks/quality.py                 every set of the corpus, every program that is installed
    python benchmarks/quality.py --set camera    one set
    python benchmarks/quality.py --curves        also bytes at equal score against Squoosh's MozJPEG (slow)

Programs that are missing are named and left out. Tables and plots go to docs/benchmarks/, or to the folder
that --output names.
"""

import argparse
import contextlib
import json
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
    parser.add_argument("--only-curves", action="store_true", help="bytes at equal score and nothing else")
    parser.add_argument("--pictures", type=int, default=0, help="at most so many of each set")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the folder for tables and plots")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    folder = corpus()
    if folder is None:
        sys.exit("the image corpus is not at hand; set HOMEPRESS_CORPUS to its folder")
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    figures: dict[str, object] = {}
    for name in [] if arguments.only_curves else arguments.set or SETS:
        files = [file for file in sorted(folder.glob(SETS[name])) if file.stat().st_size >= LEAST_BYTES]
        figures[name] = run_set(name, files[: arguments.pictures or None], output)
    if arguments.curves or arguments.only_curves:
        figures["curves"] = run_curves(folder, arguments.pictures, output)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def run_set(name: str, files: list[Path], output: Path) -> dict[str, dict[str, float]]:
    """Run every program over one set; the figures of each."""
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
    write(output / f"{name}.md", "\n".join(lines) + "\n")
    write(output / f"{name}.svg", report.plot(title, results))
    return {program: report.figures(*result) for program, result in results.items()}


def run_curves(folder: Path, most: int, output: Path) -> dict[str, object]:
    """Compare encoders at equal scores; mean bytes relative to the reference, by set, encoder and score."""
    if lacks := node_lacks_squoosh():
        print(f"no curves: {lacks}")
        return {}
    means: dict[str, object] = {}
    lines = [
        "# Bytes at equal score",
        "",
        f"{report.machine()}. Middle megapixel of each picture, 4:2:0.",
        "",
    ]
    with contextlib.ExitStack() as stack:
        squoosh = stack.enter_context(Squoosh())
        for name, pattern in CURVE_SETS.items():
            ratios = curves(sorted(folder.glob(pattern))[: most or None], squoosh)
            means[name] = report.curve_means(ratios)
            table = report.curve_table(ratios, MOZJPEG)
            print(name, *table, sep="\n", flush=True)
            lines += [f"## {name}", "", *table, ""]
    write(output / "curves.md", "\n".join(lines))
    return means


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    print(f"wrote {file}", flush=True)


if __name__ == "__main__":
    main()
