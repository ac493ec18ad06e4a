"""What each preset does to pictures of its kind, through the whole program.

    python benchmarks/presets.py [--pictures 12] [--report FILE]

Pictures come from the corpus, spread evenly over a set; results go to a folder of their own. The scores are
those that the program measured itself, on samples; after resizing they compare with the resized source.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from benchmarks.engine.sets import spread
from benchmarks.watching.program import homepress
from support import corpus

_KINDS = {
    "photos": "photos-camera/*.jpg",
    "screenshots": "graphics/*.png",
    "web": "photos-camera/*.jpg",
    "documents": "graphics/*.png",
    "share": "photos-camera/*.jpg",
    "email": "photos-camera/*.jpg",
}
_TITLE = """\
# What the presets do

`python benchmarks/presets.py --report FILE`: photographs for photos, web, share and email, screenshots
and drawings for the others."""
_LEAST_BYTES = 16_000
"""Icons are no screenshots."""


def run(preset: str, files: Sequence[Path], place: Path) -> str:
    """Watch a folder with a preset until everything in it is done; a line of the table."""
    home, folder, output = place / "home", place / "in", place / "out"
    folder.mkdir(parents=True)
    home.mkdir()
    for file in files:
        shutil.copyfile(file, folder / file.name)
    arguments = ("--preset", preset, "--output", str(output), "--existing", "compress")
    homepress(home, "folder", "add", str(folder), *arguments)
    homepress(home, "run", "--once", "--no-tray")
    entries = [json.loads(line) for line in homepress(home, "history", "--json").splitlines()]
    done = [entry for entry in entries if entry["outcome"] == "compressed"]
    before = sum(file.stat().st_size for file in folder.iterdir())
    after = before - sum(entry["before_bytes"] - entry["after_bytes"] for entry in done)
    scores = [entry["score"] for entry in done if entry["score"] is not None]
    worst = f"{min(scores):.1f}" if scores else "–"
    others = Counter(entry["reason"] for entry in entries if entry["outcome"] != "compressed")
    rest = "; ".join(f"{count} {reason}" for reason, count in others.items())
    return f"| `{preset}` | {len(done)} of {len(files)} | {1 - after / before:.0%} | {worst} | {rest} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=12, help="so many for each preset")
    parser.add_argument("--report", type=Path, help="write the table to this Markdown file")
    arguments = parser.parse_args()
    if (folder := corpus()) is None:
        sys.exit("the image corpus is not at hand; set HOMEPRESS_CORPUS to its folder")
    lines = ["| preset | compressed | saved | worst score | the others |", "|---|---|---|---|---|"]
    for preset, pattern in _KINDS.items():
        files = [file for file in sorted(folder.glob(pattern)) if file.stat().st_size >= _LEAST_BYTES]
        with tempfile.TemporaryDirectory(prefix="homepress-presets-") as place:
            lines.append(run(preset, spread(files, arguments.pictures), Path(place)))
        print(lines[-1], flush=True)
    if arguments.report:
        lines = [_TITLE, "", *lines, ""]
        arguments.report.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
