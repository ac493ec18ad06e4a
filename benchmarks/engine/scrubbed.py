"""What `share` and `strip` leave behind: every picture of some sets, read by exiftool before and after."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engine.tags import Tags, by_family, exiftool_tags
from homepress.base.formats import ImageType, sniff
from homepress.compress import MetadataPolicy, Recipe, Unchanged
from homepress.workers import Slot

_PRIVATE = re.compile(
    r"GPS|Serial|Owner|Artist|Creator(?!Tool)|By-line|Author|Copyright|Rights|Thumbnail|PreviewImage"
    r"|UserComment|ImageDescription|XPComment|XPKeywords|XPTitle|XPSubject|Caption|Keywords|Location|City"
    r"|ImageUniqueID|DocumentID|InstanceID|HostComputer|PersonInImage|RegionName|ContentIdentifier",
    re.IGNORECASE,
)
_NOT_PRIVATE = re.compile(
    r"^(System|ExifTool|Composite|File|ICC|ICC_Profile|ICC-\w+|PNG|GIF|RIFF|JFIF|MPF\d*|MPImage\d*|QuickTime|Meta"
    r"|Track\d+|Adobe|Ducky|Jpeg2000|XMP-GImage|XMP-xmpG|XMP-Container|XMP-hdrgm|APP14)(:|$)"
)
"""Groups about the file and its coding; profiles name their makers."""
_KEPT = {
    MetadataPolicy.SHARE: re.compile(
        r"^(ICC|(IFD0:(Make|Model|Orientation|ModifyDate)|ExifIFD:(DateTimeOriginal|ExposureTime|FNumber))$)"
    ),
    MetadataPolicy.STRIP: re.compile(r"^ICC"),
}
_TEXT_OF = re.compile(r"^(File:Comment|PNG:(Comment|Author|Description|Copyright|Title|Source)|GIF:Comment)$")
_IN_PLACE = (ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.GIF)
_EMPTY = frozenset({"", "0", "0000:00:00 00:00:00"})


@dataclass(frozen=True)
class Scrubbing:
    """What came of the files.

    Attributes:
        counts: files, done, unchanged; private tags before and after.
        reasons: why files with private tags in them were left as they were, counted.
        troubles: file and what is wrong: a private tag that stayed, or one that should have stayed.
    """

    counts: Counter[str]
    reasons: Counter[str]
    troubles: list[tuple[Path, str]]


def scrub_all(slot: Slot, files: Iterable[Path], policy: MetadataPolicy, folder: Path) -> Scrubbing:
    """Compress files under a policy and look for what should be gone, and for what should be there."""
    counts, reasons = Counter[str](), Counter[str]()
    pairs: list[tuple[Path, Path]] = []
    left: list[tuple[Path, str]] = []
    for file in files:
        if sniff(file.read_bytes()[:64]) not in (
            ImageType.JPEG,
            ImageType.PNG,
            ImageType.WEBP,
            ImageType.GIF,
        ):
            continue
        counts["files"] += 1
        result = slot.compress(file.read_bytes(), Recipe(metadata=policy))
        if isinstance(result, Unchanged):
            left.append((file, str(result)))
            continue
        target = folder / f"{file.parent.name}__{file.name}"
        target.write_bytes(result.data)
        pairs.append((file, target))
    counts["done"], counts["unchanged"] = len(pairs), len(left)
    told = exiftool_tags([file for file, _ in left])
    for file, reason in left:
        if private(told.get(file, {})):
            counts["unchanged, private tags in it"] += 1
            reasons[reason] += 1
    return Scrubbing(counts, reasons, _troubles(pairs, policy, counts))


def _troubles(
    pairs: Sequence[tuple[Path, Path]], policy: MetadataPolicy, counts: Counter[str]
) -> list[tuple[Path, str]]:
    before = exiftool_tags([source for source, _ in pairs])
    after = exiftool_tags([target for _, target in pairs])
    troubles = []
    for source, target in pairs:
        old, new = before.get(source, {}), after.get(target, {})
        counts["private tags before"] += len(private(old))
        stayed = private(new)
        counts["private tags after"] += len(stayed)
        troubles += [(source, f"still has {name}: {str(new[name])[:60]}") for name in stayed]
        troubles += [(source, f"lost {what}") for what in _missing(old, new, policy)]
    return troubles


def private(tags: Tags) -> list[str]:
    """The tags that tell who, where, or with which very device."""
    return [
        name
        for name, value in tags.items()
        if (_TEXT_OF.match(name) or (_PRIVATE.search(name.split(":")[-1]) and not _NOT_PRIVATE.match(name)))
        and str(value).strip() not in _EMPTY
    ]


def _missing(old: Tags, new: Tags, policy: MetadataPolicy) -> list[str]:
    there = by_family(new)
    return [
        f"{family}: {', '.join(gone)[:60]}"
        for family, values in by_family(old).items()
        if _KEPT[policy].match(family) and (gone := values - there[family])
    ]
