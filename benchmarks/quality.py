"""How small, how good, how fast: Homepress and other programs on the same pictures in the same run.

    python benchmarks/quality.py                 a quarter of an hour on two cores
    python benchmarks/quality.py --full          every picture of every set
    python benchmarks/quality.py --set camera    one set only, and nothing but sets
    python benchmarks/quality.py --part curves   bytes at equal quality against Squoosh's MozJPEG only
    python benchmarks/quality.py --program homepress --program caesium    only programs with such a name

Programs that are missing are named and left out. Tables and plots go to docs/benchmarks/, or to the folder
that --output names.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import numpy as np

from benchmarks.engine import butteraugli, report
from benchmarks.engine.curves import FIVE, MOZJPEG, Squoosh, curves
from benchmarks.engine.curves import OURS as OUR_ENCODER
from benchmarks.engine.limits import generations_table, size_table
from benchmarks.engine.measure import measure
from benchmarks.engine.peers import OURS, node_lacks_squoosh, peers
from benchmarks.engine.sets import SETS, spread
from support import corpus

CURVE_SETS = {"camera": "photos-camera/*.jpg", "lossless": "photos-lossless/*.png"}
CURVE_NOTES = (
    "Middle megapixel of each picture, 4:2:0; geometric means, in brackets of how many pictures. First table"
    " of each set: where both reach the score. Second: where another judge finds ours as good as it finds"
    " MozJPEG's with that score. The mean is of the five without the worst pixel."
)
OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"
PARTS = ("sets", "curves", "limits")
STANDARD_CURVES = 4
STANDARD_GENERATIONS, FULL_GENERATIONS = 3, 20


@dataclass(frozen=True)
class Order:
    """How much is asked for.

    Attributes:
        full: every picture, not a sample of each set.
        pictures: so many of each set instead; 0 for no such wish.
        programs: parts of the names of those that are run; empty for all.
        output: the folder for tables and plots.
    """

    full: bool
    pictures: int
    programs: tuple[str, ...]
    output: Path

    def wants(self, program: str) -> bool:
        """Whether a program is to be run."""
        return not self.programs or any(part.lower() in program.lower() for part in self.programs)

    def choose(self, files: Sequence[Path], standard: int) -> Sequence[Path]:
        """The pictures to take of a set; `standard` of them when nothing else was asked for."""
        if self.full and not self.pictures:
            return files
        return spread(files, self.pictures or standard)

    def write(self, name: str, text: str) -> None:
        """Write a table or a plot."""
        (self.output / name).write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="every picture, not a sample of each set")
    parser.add_argument("--set", choices=SETS, action="append", help="which sets (default: all)")
    parser.add_argument("--part", choices=PARTS, action="append", help="which parts (default: all)")
    parser.add_argument("--pictures", type=int, default=0, help="so many of each set, spread evenly")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the folder for tables and plots")
    parser.add_argument("--json", type=Path, help="also write the figures of sets and curves to this file")
    parser.add_argument("--program", action="append", default=[], help="which programs (default: all)")
    arguments = parser.parse_args()
    folder = corpus()
    if folder is None:
        sys.exit("the image corpus is not at hand; set HOMEPRESS_CORPUS to its folder")
    order = Order(arguments.full, arguments.pictures, tuple(arguments.program), arguments.output)
    order.output.mkdir(parents=True, exist_ok=True)
    figures: dict[str, object] = {}
    began = time.monotonic()
    parts = arguments.part or (("sets",) if arguments.set else PARTS)
    if "sets" in parts:
        figures |= run_sets(folder, arguments.set or list(SETS), order)
    if "curves" in parts:
        figures |= run_curves(folder, order)
    if "limits" in parts:
        run_limits(folder, order)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    print(f"{time.monotonic() - began:.0f} s in all")


def run_sets(folder: Path, names: list[str], order: Order) -> dict[str, dict[str, dict[str, float]]]:
    """Run every program over some sets; the figures by set and program."""
    ours: list[float] = []
    figures = {}
    for name in names:
        scores, figures[name] = run_set(folder, name, order)
        ours += scores
    if len(names) > 1 and ours:
        print(f"{OURS}: score of {len(ours)} photographs coded with loss, over all sets:")
        print(f"mean {np.mean(ours):.2f}, sd {np.std(ours):.2f}, worst {min(ours):.2f}", flush=True)
    return figures


def run_set(folder: Path, name: str, order: Order) -> tuple[list[float], dict[str, dict[str, float]]]:
    """Run every program over one set.

    Gives the scores of the photographs that Homepress coded with loss, and the figures of each program.
    """
    chosen = SETS[name]
    with contextlib.ExitStack() as stack:

        def temporary() -> Path:
            return Path(stack.enter_context(tempfile.TemporaryDirectory()))

        files = order.choose(chosen.collect(folder, temporary()), chosen.standard)
        costs, outputs, missing = {}, {}, []
        for peer in peers(chosen.kind):
            if not order.wants(peer.name):
                continue
            if peer.missing:
                missing.append(f"- {peer.name}: not run, {peer.missing}")
                continue
            output = temporary()
            try:
                costs[peer.name] = peer.run(files, output)
            except (RuntimeError, OSError) as error:
                missing.append(f"- {peer.name}: not run to its end, {error}")
                continue
            outputs[peer.name] = output
            print(f"{name}: {peer.name} {costs[peer.name].cpu_seconds:.1f} s", flush=True)
        outcomes = measure(files, outputs)
    results = {peer: (costs[peer], outcomes[peer]) for peer in costs}
    title = f"{name}: {len(files)} {chosen.title}"
    table = report.set_table(results)
    print(title, *table, *missing, sep="\n", flush=True)
    lines = [f"# {title}", "", f"{report.machine()}. {report.TABLE_NOTES}", "", *table, "", *missing, ""]
    lines += [f"![scores]({name}.svg)", "", f"## {OURS}, picture by picture", ""]
    order.write(f"{name}.md", "\n".join([*lines, *report.picture_table(outcomes[OURS])]) + "\n")
    order.write(f"{name}.svg", report.plot(title, results))
    scores = report.coded_scores(outcomes[OURS]) if chosen.is_photographs else []
    return scores, {program: report.figures(*result) for program, result in results.items()}


def run_curves(folder: Path, order: Order) -> dict[str, object]:
    """Compare encoders at equal quality; mean bytes relative to the reference.

    Returns:
        "curves": by set, encoder and score; "judges": by set, judge and MozJPEG's score there.
    """
    if lacks := node_lacks_squoosh():
        print(f"no curves: {lacks}")
        return {"curves": {}, "judges": {}}
    scores: dict[str, object] = {}
    verdicts: dict[str, object] = {}
    lines = ["# Bytes at equal quality", "", f"{report.machine()}. {CURVE_NOTES}", ""]
    if lacks := butteraugli.missing():
        lines += [f"- butteraugli: not measured, {lacks}", ""]
    with contextlib.ExitStack() as stack:
        squoosh = stack.enter_context(Squoosh())
        for name, pattern in CURVE_SETS.items():
            files = order.choose(sorted(folder.glob(pattern)), STANDARD_CURVES)
            by_score, by_judge = curves(files, squoosh)
            scores[name] = report.curve_means(by_score)
            verdicts[name] = report.curve_means(by_judge)
            table = report.curve_table(by_score, f"bytes / {MOZJPEG} at score")
            head = f"{OUR_ENCODER} / {MOZJPEG}, as good as that is at score"
            table += ["", *report.curve_table(by_judge, head), report.mean_row(by_judge, FIVE)]
            print(name, *table, sep="\n", flush=True)
            lines += [f"## {name}", "", *table, ""]
    order.write("curves.md", "\n".join(lines))
    return {"curves": scores, "judges": verdicts}


def run_limits(folder: Path, order: Order) -> None:
    """Large pictures, and pictures that come again."""
    photo = max(folder.glob("photos-camera/*.jpg"), key=lambda file: file.stat().st_size)
    sizes = size_table(photo, (12, 24, 100))
    print(*sizes, sep="\n", flush=True)
    count = FULL_GENERATIONS if order.full else STANDARD_GENERATIONS
    files = [
        file
        for pattern in ("photos-camera/*.jpg", "graphics/*.png", "modern/*.webp", "metadata/*.jpg")
        for file in spread(sorted(folder.glob(pattern)), count)
    ]
    generations = generations_table(files)
    print(*generations, sep="\n", flush=True)
    title = ["# Large pictures, and pictures that come again", "", f"{report.machine()}.", ""]
    again = ["", "## Compressed ten times, as if the ledger were lost", ""]
    order.write("limits.md", "\n".join([*title, *sizes, *again, *generations]) + "\n")


if __name__ == "__main__":
    main()
