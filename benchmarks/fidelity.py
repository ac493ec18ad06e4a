"""What compressing loses besides bytes: every file of the corpus, looked at by programs of others.

    python benchmarks/fidelity.py [--quality Q] [--set metadata] [--set ...] [--keep DIR] [--json FILE]
    python benchmarks/fidelity.py --convert                every still picture into every other format
    python benchmarks/fidelity.py --metadata share         is everything private gone, everything else there?

Each file goes through a real worker (gifsicle included). Source and result are then read with Pillow and,
where it is installed, exiftool: metadata tag by tag, further pictures, videos, frames, timing, transparency,
bits a sample, orientation. Differences are named, file by file, and counted; any makes it end with 1.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from benchmarks.engine import conversions, scrubbed
from benchmarks.engine.looks import FEATURES, Look, look_at
from benchmarks.engine.tags import exiftool_tags, tags_that_differ
from homepress.compress import Compressed, MetadataPolicy, Recipe, Unchanged
from homepress.workers import Limits, Slot, WorkerDied
from support import corpus

SETS = ("metadata", "modern", "animated", "graphics", "photos-camera")
SCRUBBED_SETS = ("metadata", "modern")
CONVERTED_SETS = ("metadata", "modern", "graphics", "animated", "photos-lossless")
QUALITIES = {"lossless": None, "safe": 90.0, "balanced": 80.0, "small": 70.0}


def main() -> int:
    """Compress, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quality", choices=QUALITIES, default="balanced")
    parser.add_argument("--convert", action="store_true", help="look at conversions instead")
    policies = [policy.value for policy in MetadataPolicy if policy is not MetadataPolicy.KEEP]
    parser.add_argument("--metadata", choices=policies, help="look at what this policy leaves instead")
    names = (*dict.fromkeys((*SETS, *CONVERTED_SETS)), "hostile")
    parser.add_argument("--set", choices=names, action="append", help="default: all that are made for it")
    parser.add_argument("--keep", type=Path, help="where results are written (default: nowhere)")
    parser.add_argument("--json", type=Path, help="where the figures are written, too")
    arguments = parser.parse_args()
    folder = corpus()
    if folder is None:
        sys.exit("the image corpus is not at hand; set HOMEPRESS_CORPUS to its folder")
    with tempfile.TemporaryDirectory() as scratch:
        kept = arguments.keep or Path(scratch)
        kept.mkdir(parents=True, exist_ok=True)
        if arguments.convert:
            return run_conversions(_files(folder, arguments.set or CONVERTED_SETS), kept)
        if arguments.metadata:
            policy = MetadataPolicy(arguments.metadata)
            return run_scrubbing(_files(folder, arguments.set or SCRUBBED_SETS), policy, kept)
        counts, lost = run(folder, arguments.set or SETS, Recipe(floor=QUALITIES[arguments.quality]), kept)
    print_table(counts)
    for file, what in lost:
        print(f"LOST {file}: {what}")
    if arguments.json is not None:
        figures = {name: dict(counter) for name, counter in counts.items()}
        arguments.json.write_text(json.dumps({"counts": figures, "lost": lost}, indent=1))
    return 1 if lost else 0


def _files(folder: Path, sets: Sequence[str]) -> list[Path]:
    return [file for name in sets for file in sorted((folder / name).iterdir())]


def run_conversions(files: Sequence[Path], kept: Path) -> int:
    """Convert, compare, print; 1 if anything was lost."""
    outcomes = conversions.convert_all(files, kept)
    lost = conversions.lost_tags(outcomes)
    print(*conversions.table(outcomes, lost), sep="\n")
    print("", "| refused because | conversions |", "|---|---|", *conversions.refusals(outcomes), sep="\n")
    for outcome, what in lost:
        print(f"LOST {outcome.file.parent.name}/{outcome.file.name} as {outcome.target}: {what}")
    return 1 if lost else 0


def run_scrubbing(files: Sequence[Path], policy: MetadataPolicy, kept: Path) -> int:
    """Scrub, compare, print; 1 if anything private stayed or anything else went."""
    slot = Slot(Limits(), background=False)
    try:
        found = scrubbed.scrub_all(slot, files, policy, kept)
    finally:
        slot.close()
    print(", ".join(f"{name}: {count}" for name, count in found.counts.items()))
    for reason, count in found.reasons.items():
        print(f"left as it was with private tags in it: {count} x {reason}")
    for file, what in found.troubles:
        print(f"WRONG {file.parent.name}/{file.name}: {what}")
    return 1 if found.troubles else 0


def run(
    folder: Path, sets: list[str] | tuple[str, ...], recipe: Recipe, kept: Path
) -> tuple[dict[str, Counter[str]], list[tuple[str, str]]]:
    """Compress the files of some sets; counts by set, and what was lost of which file."""
    counts: dict[str, Counter[str]] = {}
    lost: list[tuple[str, str]] = []
    slot = Slot(Limits(), background=False)
    try:
        for name in sets:
            counter = counts[name] = Counter()
            (kept / name).mkdir(parents=True, exist_ok=True)
            done = compress_all(slot, sorted((folder / name).iterdir()), recipe, kept / name, counter)
            lost += [(f"{name}/{source.name}", what) for source, what in compare_all(done, counter)]
    finally:
        slot.close()
    return counts, lost


def compress_all(
    slot: Slot, files: list[Path], recipe: Recipe, kept: Path, counter: Counter[str]
) -> list[tuple[Path, Path, Compressed]]:
    """Source, result file and result of each file that became smaller."""
    done = []
    for file in files:
        counter["files"] += 1
        try:
            result = slot.compress(file.read_bytes(), recipe)
        except WorkerDied as died:
            counter["crashes"] += 1
            print(f"{file.name}: {died}")
            continue
        if isinstance(result, Unchanged):
            counter["unchanged"] += 1
            continue
        counter["compressed"] += 1
        counter["before"] += file.stat().st_size
        counter["after"] += len(result.data)
        target = kept / file.name
        target.write_bytes(result.data)
        done.append((file, target, result))
    return done


def compare_all(done: list[tuple[Path, Path, Compressed]], counter: Counter[str]) -> list[tuple[Path, str]]:
    """What each result lost; counts how many had which feature."""
    found: list[tuple[Path, str]] = []
    before = exiftool_tags([source for source, _, _ in done])
    after = exiftool_tags([target for _, target, _ in done])
    for source, target, result in done:
        looks = look_at(source.read_bytes()), look_at(target.read_bytes())
        for name, has in FEATURES.items():
            counter[name] += has(looks[0])
        found += [(source, what) for what in differences(*looks, result)]
        if source in before and target in after:
            found += [(source, what) for what in tags_that_differ(before[source], after[target])]
        counter["tags"] += len(before.get(source, {}))
    return found


def differences(source: Look, result: Look, done: Compressed) -> list[str]:
    """What Pillow sees that differs."""
    names = [name for name in Look.KEPT if getattr(source, name) != getattr(result, name)]
    if done.lossless and source.pixels != result.pixels:
        names.append("pixels")
    return names


def print_table(counts: dict[str, Counter[str]]) -> None:
    """The counts as a table, set by set."""
    columns = ("files", "compressed", "unchanged", "crashes", *FEATURES, "tags")
    print("| set | " + " | ".join(columns) + " | saved |")
    print("|---" * (len(columns) + 2) + "|")
    for name, counter in counts.items():
        saved = 1 - counter["after"] / counter["before"] if counter["before"] else 0.0
        print(f"| {name} | " + " | ".join(str(counter[column]) for column in columns) + f" | {saved:.1%} |")


if __name__ == "__main__":
    sys.exit(main())
