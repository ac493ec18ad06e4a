"""What converting loses: every still picture of the corpus into every other format, read by exiftool."""

import io
import multiprocessing
import os
import re
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from benchmarks.engine.tags import Tags, by_family, exiftool_tags
from homepress.base.formats import ImageType, sniff
from homepress.compress import Compressed, Recipe, Unchanged, savings
from homepress.compress.convert import convert

TARGETS = (ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.AVIF, ImageType.JXL)
_FLOOR = 70.0
_MOST_MEGAPIXELS = 4.0
"""Larger pictures carry nothing that smaller ones do not, and take long."""

_OF_CONTAINERS = (
    *("System:", "ExifTool:", "Composite:", "SourceFile", "File:", "JFIF:", "Adobe:", "APP", "Ducky:"),
    *(
        "PNG:",
        "PNG-pHYs:",
        "RIFF:",
        "QuickTime:",
        "Meta:",
        "Track",
        "Photoshop:",
        "GIF:",
        "JXL:",
        "Jpeg2000:",
        "IFD1:",
    ),
)
"""Groups about the file, its coding and printing: docs/formats.md says what of them is not carried."""
_READ_IN_JXL = ("IFD0", "ExifIFD", "GPS", "InteropIFD", "XMP")
"""What exiftool reads in a JPEG XL. The profile is part of the codestream; what else a JPEG holds comes
back with it, bit for bit, which libjxl's own decoder shows."""
_OF_TURNING = ("IFD0:Orientation", "XMP-tiff:Orientation")
_OF_TIFF_CODING = frozenset(
    {
        *("SubfileType", "OldSubfileType", "ImageWidth", "ImageHeight", "BitsPerSample", "Compression"),
        *("PhotometricInterpretation", "Thresholding", "FillOrder", "StripOffsets", "SamplesPerPixel"),
        *("RowsPerStrip", "StripByteCounts", "PlanarConfiguration", "Predictor", "ColorMap", "TileWidth"),
        *("TileLength", "TileOffsets", "TileByteCounts", "SampleFormat", "ExtraSamples", "JPEGTables"),
        *(
            "YCbCrSubSampling",
            "DataType",
            "ImageDepth",
            "TileDepth",
            "YCbCrPositioning",
            "YCbCrCoefficients",
            "ReferenceBlackWhite",
            "T6Options",
        ),
        *("T4Options", "PageNumber", "MinSampleValue", "MaxSampleValue", "XPosition", "YPosition"),
        *("GrayResponseUnit", "GrayResponseCurve", "CellWidth", "CellLength", "FreeOffsets"),
        *(
            "FreeByteCounts",
            "WhitePoint",
            "PrimaryChromaticities",
            "TransferFunction",
            "ExifOffset",
            "HalftoneHints",
        ),
    }
)


@dataclass(frozen=True)
class Outcome:
    """What came of one conversion.

    Attributes:
        file: the source.
        target: the format asked for.
        refusal: why nothing was written; empty if something was.
        written: the result file, if any.
        bigger: whether the source would have stayed, because the result saves too little.
        lost: what Pillow sees that went: size, transparency, depth.
    """

    file: Path
    target: ImageType
    refusal: str
    written: Path | None = None
    bigger: bool = False
    lost: tuple[str, ...] = ()


def convert_all(files: Iterable[Path], folder: Path) -> list[Outcome]:
    """Convert every picture into every format that is not its own; results go into `folder`."""
    jobs = [
        (file, target, folder)
        for file in files
        if (kind := sniff(file.read_bytes()[:64])) not in (None, ImageType.SVG) and _is_small(file)
        for target in TARGETS
        if target is not kind
    ]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        return pool.starmap(_convert, jobs, chunksize=4)


def lost_tags(outcomes: Sequence[Outcome]) -> list[tuple[Outcome, str]]:
    """What exiftool finds in sources and not, or otherwise, in what was made of them."""
    written = [outcome for outcome in outcomes if outcome.written]
    before = exiftool_tags(sorted({outcome.file for outcome in written}))
    after = exiftool_tags([outcome.written for outcome in written if outcome.written])
    found = []
    for outcome in written:
        assert outcome.written is not None
        source, result = before.get(outcome.file, {}), after.get(outcome.written, {})
        found += [(outcome, what) for what in _differences(source, result, outcome)]
    return found


def table(outcomes: Sequence[Outcome], lost: Sequence[tuple[Outcome, str]]) -> list[str]:
    """By source format: files, conversions, refusals, losses."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    files: dict[str, set[Path]] = defaultdict(set)
    for outcome in outcomes:
        kind = sniff(outcome.file.read_bytes()[:64])
        name = "?" if kind is None else kind.value.upper()
        files[name].add(outcome.file)
        rows[name]["asked"] += 1
        rows[name]["refused" if outcome.refusal else "converted"] += 1
        rows[name]["bigger"] += outcome.bigger
    for name, spoilt in Counter(_kind_of(outcome) for outcome in {outcome for outcome, _ in lost}).items():
        rows[name]["lost"] += spoilt
    columns = ("asked", "converted", "bigger", "refused", "lost")
    lines = [
        "| from | files | conversions asked for | converted | of them not smaller | refused | with a loss |"
    ]
    lines.append("|---" * 7 + "|")
    for name in sorted(rows):
        cells = " | ".join(str(rows[name][column]) for column in columns)
        lines.append(f"| {name} | {len(files[name])} | {cells} |")
    total = Counter[str]()
    for row in rows.values():
        total.update(row)
    cells = " | ".join(str(total[column]) for column in columns)
    lines.append(f"| all | {sum(map(len, files.values()))} | {cells} |")
    return lines


def refusals(outcomes: Sequence[Outcome]) -> list[str]:
    """Why conversions were refused, most frequent first."""
    reasons = Counter(_without_figures(outcome.refusal) for outcome in outcomes if outcome.refusal)
    return [f"| {reason} | {count} |" for reason, count in reasons.most_common()]


def _kind_of(outcome: Outcome) -> str:
    kind = sniff(outcome.file.read_bytes()[:64])
    return "?" if kind is None else kind.value.upper()


def _without_figures(reason: str) -> str:
    return re.sub(r"\d[\d,.]*", "N", reason)


def _is_small(file: Path) -> bool:
    _register()
    try:
        with Image.open(file) as image:
            return image.width * image.height <= _MOST_MEGAPIXELS * 1e6
    except Exception:  # noqa: BLE001  whatever it is: the conversion will say why it does not open it
        return True


def _register() -> None:
    import pillow_heif
    import pillow_jxl  # noqa: F401  registers itself

    pillow_heif.register_heif_opener()


def _convert(file: Path, target: ImageType, folder: Path) -> Outcome:
    source = file.read_bytes()
    asked: list[bool] = []

    def note(*given: Any, **options: Any) -> bool:
        asked.append(bool(worth_it(*given, **options)))
        return True

    # Results that are not smaller are not kept, yet what they carry is the same: all are looked at.
    worth_it, savings.is_worth_it = savings.is_worth_it, note
    try:
        result = convert.compress(source, Recipe(floor=_FLOOR, palette=False, convert_to=target))
    finally:
        savings.is_worth_it = worth_it
    if isinstance(result, Unchanged):
        return Outcome(file, target, str(result))
    written = folder / f"{file.parent.name}__{file.name}.{target.value}"
    written.write_bytes(result.data)
    lost = _lost_pixels(source, result)
    if target is ImageType.JXL and sniff(source[:64]) is ImageType.JPEG and not _comes_back(written, source):
        lost = (*lost, "the JPEG")
    return Outcome(file, target, "", written, bool(asked) and not asked[-1], lost)


def _lost_pixels(source: bytes, result: Compressed) -> tuple[str, ...]:
    """What Pillow sees that went: size, transparency, depth."""
    _register()
    with Image.open(io.BytesIO(source)) as opened:
        before = opened if opened.format in ("HEIF", "AVIF", "TIFF") else ImageOps.exif_transpose(opened)
        depth = 16 if opened.mode.startswith(("I", "F")) else 8
        alpha = _alpha(before)
        size = before.size
    with Image.open(io.BytesIO(result.data)) as opened:
        after = ImageOps.exif_transpose(opened)
        lost = [] if after.size == size else [f"size {after.size}, was {size}"]
        if _alpha(after) != alpha and not (alpha and _near(alpha, _alpha(after))):
            lost.append("transparency")
    return (*lost, *(["depth"] if depth > 8 else []))


def _comes_back(file: Path, jpeg: bytes) -> bool:
    """Whether libjxl's own decoder gives the JPEG that a JPEG XL was made from, bit for bit."""
    if not shutil.which("djxl"):
        return True
    back = file.with_suffix(".back.jpg")
    subprocess.run(["djxl", str(file), str(back)], capture_output=True, check=False)
    return back.exists() and back.read_bytes() == jpeg


def _alpha(image: Image.Image) -> bytes:
    """Transparency of each pixel; empty where all is opaque."""
    if not image.has_transparency_data:
        return b""
    alpha = image.convert("RGBA").getchannel("A")
    return b"" if alpha.getextrema() == (255, 255) else alpha.tobytes()


def _near(one: bytes, other: bytes) -> bool:
    """Whether transparency is the same but for what a lossy coding may do to it."""
    return len(one) == len(other) and max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 24


def _differences(source: Tags, result: Tags, outcome: Outcome) -> list[str]:
    is_tiff = source.get("File:FileType") == "TIFF"
    there = by_family(result)
    found = []
    for family, values in by_family(source).items():
        if family.startswith(_OF_CONTAINERS) or family in _OF_TURNING:
            continue
        if outcome.target is ImageType.JXL and not family.startswith(_READ_IN_JXL):
            continue
        if is_tiff and family.split(":")[-1] in _OF_TIFF_CODING:
            continue
        if gone := values - there[family]:
            told = ", ".join(sorted(there[family])) or "gone"
            found.append(f"exiftool: {family} is {told[:50]}, was {', '.join(gone)[:50]}")
    return found + list(outcome.lost)
