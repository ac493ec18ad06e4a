"""What becomes of pictures as phones make them: done as asked, refused by name, or lost in silence.

    python -m benchmarks.phones FOLDER_OR_FILE... [--only share --only "edge 2048"] [--json FILE]

Every JPEG, HEIC and AVIF is converted, resized, fitted, shared and stripped by a real worker. A result counts
as done only if it is what was asked for (format, longest edge, bytes) and exiftool, where it is installed,
finds every tag of the source in it that docs/formats.md does not except and `dropped` does not name. Anything
that is neither done nor named makes it end with 1.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.engine.tags import Tags, by_family, exiftool_tags
from homepress.base.formats import ImageType, sniff
from homepress.compress import Compressed, MetadataPolicy, Recipe, Unchanged
from homepress.compress.convert.jxl import to_jpeg
from homepress.compress.model import Reason
from homepress.daemon.pipeline.asked import is_over
from homepress.daemon.pipeline.job import Destination, Plan, plan_for
from homepress.settings import parse
from homepress.workers import Limits, Slot, WorkerDied

KINDS = (ImageType.JPEG, ImageType.HEIC, ImageType.AVIF)
EVERY = ["jpeg", "png", "webp", "gif", "tiff", "bmp", "heic", "avif", "jxl"]

_NOT_SEEN = {Reason.BROKEN, Reason.UNSUPPORTED, Reason.TOO_LARGE, Reason.VERIFY_FAILED}
"""Whatever such a picture is, nobody can say that it is as asked."""

_OF_CONTAINERS = (
    *("System:", "ExifTool:", "Composite:", "SourceFile", "File:", "JFIF:", "Adobe:", "Ducky:", "IFD1:"),
    *("QuickTime:", "Meta:", "Track", "JXL:", "RIFF:", "PNG:", "MPF", "MPImage", "XMP-Container", "XMP-x:"),
    *("Photoshop:", "APP14:", "XMP-HDRGainMap:", "XMP-hdrgm:", "Google:"),
)
"""Groups about the file, its coding, thumbnails and printing; of the rest every tag must be there."""
_OF_SIZES = re.compile(
    r":(Orientation|ImageWidth|ImageHeight|ExifImage\w+|PixelXDimension|PixelYDimension|ImageLength|Subject(Area|Location)"
    r"|FocalPlane[XY]Resolution|ThumbnailImage|PreviewImageStart|HasExtendedXMP|DirectoryItem(Length|Mime)|GainMapImage|Region\w*|AppliedToDimensions\w*|XMPToolkit)$"
)
_NUMBERED = re.compile(r"(?<=[a-z])\d+:")
_OF_ONE = re.compile(r", which (JPEG|WEBP|AVIF|JXL) cannot carry|; to take that out, drop [a-z, ]+")
_OF_PARTS = {
    "hdr": re.compile(r"XMP-(hdrgm|HDRGainMap|apple|pdi|iso)|GainMap|HDRGain|UniformResourceName"),
    "depth": re.compile(r"Depth|GDepth|Portrait|XMP-depth\w*"),
    "motion": re.compile(r"Motion|MicroVideo|EmbeddedVideo"),
    "pictures": re.compile(r"MPF|MPImage"),
    "maker": re.compile(r"Samsung|Vivo|JUMBF|Trailer|APP\d+"),
}


@dataclass(frozen=True)
class Operation:
    """One thing that is asked of every picture, by its name."""

    name: str
    plan: Plan

    def recipe(self, kind: ImageType) -> Recipe:
        """What is asked of a picture of one format."""
        import dataclasses

        wanted = self.plan.convert.get(kind)
        return dataclasses.replace(self.plan.recipe, convert_to=wanted if wanted is not kind else None)


@dataclass
class Found:
    """What came of one picture and one operation: "done", "named", "silent" or "crash"; and what exactly."""

    file: Path
    kind: ImageType
    operation: str
    state: str
    what: str
    dropped: list[str] = field(default_factory=list)
    score: float = 0.0
    bytes: int = 0
    written: Path | None = None
    recipe: Recipe | None = None


def operations() -> list[Operation]:
    """Everything that is asked, in the words of the settings file."""
    asked = {f"convert {target}": _to(target) for target in ("jpeg", "webp", "avif", "jxl")}
    asked |= {"edge 2048": "max_edge = 2048", "fit 500 KB": 'fit_under = "500 KB"'}
    asked |= {"fit 200 KB": 'fit_under = "200 KB"', "strip": 'metadata = "strip"'}
    asked |= {"metadata share": 'metadata = "share"', "share": 'preset = "share"'}
    return [Operation(name, _plan(text)) for name, text in asked.items()]


def _to(target: str) -> str:
    pairs = ", ".join(f'{kind} = "{target}"' for kind in EVERY if kind != target)
    return f"convert = {{ {pairs} }}"


def _plan(text: str) -> Plan:
    folder = parse(f'[[folder]]\npath = "/tmp"\n{text}\n', Path("/tmp/settings.toml")).folders[0]
    return plan_for(folder, folder.path, destination=Destination.BESIDE)


def main() -> int:
    """Try, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", type=Path, nargs="+")
    known = operations()
    parser.add_argument("--only", action="append", choices=[each.name for each in known])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    chosen = [each for each in known if not arguments.only or each.name in arguments.only]
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        found = list(_try_all(_files(arguments.paths), chosen, folder))
        _compare(found)
    print(*_table(found), "", *_reasons(found), "", sep="\n")
    for each in found:
        if each.state != "done":
            print(f"{each.state.upper()} {each.file.name}, {each.operation}: {each.what}")
    if arguments.json:
        arguments.json.write_text(
            json.dumps([vars(each) | {"recipe": ""} for each in found], default=str, indent=1)
        )
    return 1 if any(each.state in ("silent", "crash") for each in found) else 0


def _files(paths: Iterable[Path]) -> list[tuple[Path, ImageType]]:
    files = [one for path in paths for one in (sorted(path.iterdir()) if path.is_dir() else [path])]
    kinds = [(file, sniff(file.read_bytes()[:64])) for file in files if file.is_file()]
    return [(file, kind) for file, kind in kinds if kind in KINDS]


def _try_all(files: list[tuple[Path, ImageType]], chosen: list[Operation], folder: Path) -> Iterator[Found]:
    slot = Slot(Limits(), background=False)
    try:
        for file, kind in files:
            for operation in chosen:
                print(f"{file.name}: {operation.name}", file=sys.stderr, flush=True)
                yield _try(slot, file, kind, operation, folder)
    finally:
        slot.close()


def _try(slot: Slot, file: Path, kind: ImageType, operation: Operation, folder: Path) -> Found:
    source, recipe = file.read_bytes(), operation.recipe(kind)
    found = Found(file, kind, operation.name, "named", "", recipe=recipe)
    try:
        result = slot.compress(source, recipe)
    except WorkerDied as died:
        found.state, found.what = "crash", str(died)
        return found
    if isinstance(result, Unchanged):
        found.what = str(result)
        if _is_as_asked(source, kind, result, recipe):
            found.state, found.what = "done", f"as it is: {result}"
        return found
    found.dropped = list(getattr(result, "dropped", ()))
    found.score, found.bytes = result.score, len(result.data)
    missed = _missed(result, recipe, kind)
    note = getattr(result, "missed", "")
    found.state = "done" if not missed else "named" if note else "silent"
    found.what = note or missed
    found.written = folder / f"{file.name}.{operation.name.replace(' ', '-')}.{result.image_type.value}"
    found.written.write_bytes(result.data)
    return found


def _is_as_asked(source: bytes, kind: ImageType, result: Unchanged, recipe: Recipe) -> bool:
    """Whether the source itself already is what is asked, in format, bytes, longest edge and metadata."""
    if result.reason in _NOT_SEEN or recipe.convert_to not in (None, kind) or is_over(recipe, source):
        return False
    return recipe.metadata is MetadataPolicy.KEEP or result.no_private_metadata


def _missed(result: Compressed, recipe: Recipe, kind: ImageType) -> str:
    if result.image_type is not (recipe.convert_to or kind):
        return f"is {result.image_type}"
    if recipe.max_edge and max(result.width, result.height) > recipe.max_edge:
        return f"{result.width} x {result.height} pixels"
    if recipe.fit_under and len(result.data) > recipe.fit_under:
        return f"{len(result.data):,} bytes"
    return ""


def _compare(found: list[Found]) -> None:
    """Have exiftool look at all that was written: a tag that is gone without a word is a silent loss."""
    written = [each for each in found if each.written and each.recipe]
    before = exiftool_tags(sorted({each.file for each in written}))
    after = exiftool_tags([each.written for each in written if each.written], embedded=True)
    for each in written:
        if each.recipe is None or each.written is None or each.recipe.metadata is not MetadataPolicy.KEEP:
            continue
        if _is_wrapped(each):
            continue
        if lost := _lost(before.get(each.file, {}), after.get(each.written, {}), each):
            each.state, each.what = "silent", "; ".join(lost[:6])


def _is_wrapped(found: Found) -> bool:
    """Whether the result is a JPEG XL of which the JPEG can be had back to the bit: nothing is lost then.

    Readers see only what libjxl also puts into boxes: no Extended XMP, no IPTC.
    """
    if found.written is None or (found.kind, found.written.suffix) != (ImageType.JPEG, ".jxl"):
        return False
    return to_jpeg(found.written.read_bytes()) == found.file.read_bytes()


def _lost(source: Tags, result: Tags, found: Found) -> list[str]:
    there = _families(result)
    dropped = [_OF_PARTS[part] for part in found.dropped if part in _OF_PARTS]
    lost = []
    for family, values in _families(source).items():
        if family.startswith(_OF_CONTAINERS) or _OF_SIZES.search(family):
            continue
        if any(pattern.search(family) for pattern in dropped):
            continue
        if (
            found.written
            and found.written.suffix == ".jxl"
            and not family.startswith(("IFD0", "ExifIFD", "GPS", "XMP"))
        ):
            continue
        if gone := values.keys() - there[family].keys():
            lost.append(f"{family}: {', '.join(gone)[:60]}, now {', '.join(there[family])[:40] or 'gone'}")
    return lost


def _families(tags: Tags) -> dict[str, Counter[str]]:
    """Values by group and name, whatever number a group has in this container."""
    families: dict[str, Counter[str]] = defaultdict(Counter)
    for family, values in by_family(tags).items():
        families[_NUMBERED.sub(":", family)].update(values)
    return families


def _table(found: list[Found]) -> list[str]:
    rows: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for each in found:
        row = rows[each.operation, each.kind.value.upper()]
        row["as it was" if each.state == "done" and not each.written else each.state] += 1
        row["without parts"] += bool(each.dropped)
    columns = ("done", "without parts", "as it was", "named", "silent", "crash")
    lines = [f"| asked | of | {' | '.join(columns)} |", "|---" * (2 + len(columns)) + "|"]
    for (operation, kind), row in rows.items():
        lines.append(f"| {operation} | {kind} | {' | '.join(str(row[column]) for column in columns)} |")
    return lines


def _reasons(found: list[Found]) -> list[str]:
    """Why pictures were refused, counted; figures and the names of targets do not make a reason another."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for each in found:
        if each.state == "named":
            reason = _OF_ONE.sub("", each.what.removeprefix(f"{Reason.CANNOT_CONVERT}: "))
            counts[re.sub(r"\d([\d,]*\d)?", "N", reason)][each.operation] += 1
    lines = ["| refused | in all | asked |", "|---|---|---|"]
    for reason, asked in sorted(counts.items(), key=lambda item: -item[1].total()):
        where = ", ".join(f"{operation} {count}" for operation, count in asked.items())
        lines.append(f"| {reason} | {asked.total()} | {where} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
