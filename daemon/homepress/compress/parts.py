"""Every part that a file may hold beside its pixels, and what becomes of it: the table of docs/formats.md.

Readers and writers ask it, the page is made from it, and a test feeds one file of every row through every
column. A part that is not here is not known: it refuses what would leave it behind.
"""

import enum
from dataclasses import dataclass

from homepress.base.formats import ImageType


class Fate(enum.StrEnum):
    """What becomes of a part; the value is what the page says."""

    KEPT = "kept"
    """Byte for byte, or value for value in another format's container."""
    ADAPTED = "adapted"
    """Made to fit the new picture: scaled, turned, with new sizes and places."""
    IMPLIED = "left out"
    """Without a word, for the picture itself says as much: a thumbnail, a hint for old screens."""
    NAMED = "left out, named"
    """What was left out stands in the line, `--json`, history and window."""
    ON_REQUEST = "if `drop` names it"
    """Left out and named where that was asked; else the picture is refused, and the part named."""
    REFUSED = "refused"
    """The picture stays as it is, with the part as the reason."""
    ABSENT = "–"
    """The operation, or the part, does not exist there."""


_LETTERS = {
    "K": Fate.KEPT,
    "A": Fate.ADAPTED,
    "I": Fate.IMPLIED,
    "N": Fate.NAMED,
    "D": Fate.ON_REQUEST,
    "R": Fate.REFUSED,
    "-": Fate.ABSENT,
}
COLUMNS = ("in place", "resized, fitted", "to JPEG", "to PNG", "to WebP", "to AVIF", "to JPEG XL")
TARGETS = (ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.AVIF, ImageType.JXL)
IN_PLACE, ANEW = 0, 1


@dataclass(frozen=True, slots=True)
class PartRow:
    """A row of the table.

    Attributes:
        key: its word in `dropped`, and in tests.
        source: the format that it is found in.
        words: what it is.
        letters: a letter for each of `COLUMNS`.
    """

    key: str
    source: ImageType
    words: str
    letters: str

    def fate(self, column: int) -> Fate:
        """What becomes of it."""
        return _LETTERS[self.letters[column]]


_J, _P, _W, _T, _H = ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.TIFF, ImageType.HEIC

PARTS = (
    PartRow("exif", _J, "Exif: orientation goes into the pixels, sizes follow", "KA-AAAK"),
    PartRow("thumbnail", _J, "thumbnail in Exif", "KI-KKKK"),
    PartRow("xmp", _J, "XMP", "KK-KKKK"),
    PartRow("extended-xmp", _J, "XMP of more than one segment", "KK-RRRK"),
    PartRow("icc", _J, "colour profile (JPEG XL: sRGB only, others refuse)", "KK-KKKK"),
    PartRow("density", _J, "pixels an inch", "KK-KIIK"),
    PartRow("aspect", _J, "pixels that are not square", "KK-RRRK"),
    PartRow("comment", _J, "comment", "KK-NNNK"),
    PartRow("iptc", _J, "IPTC captions", "KK-RRRK"),
    PartRow("photoshop", _J, "Photoshop's settings", "KK-NNNK"),
    PartRow("header", _J, "a maker's own header segment, such as a thermal camera's", "KK-RRRK"),
    PartRow("hdr", _J, "HDR gain map", "KA-DDDK"),
    PartRow("depth", _J, "depth map, matte", "KK-DDDK"),
    PartRow("motion", _J, "motion video", "KK-DDDK"),
    PartRow("pictures", _J, "further pictures (MPF, stereo, bursts)", "KK-DDDK"),
    PartRow("maker", _J, "a maker's trailer (Samsung, vivo, PhotoMechanic)", "KK-DDDK"),
    PartRow("padding", _J, "a stray byte, zeros behind the end", "KK-IIIK"),
    PartRow("signature", _J, "C2PA signature, JPEG XT layers, JPEG 360", "RR-RRRK"),
    PartRow("cmyk", _J, "CMYK colours: sRGB through their profile", "KN-NNNR"),
    PartRow("exif", _P, "Exif", "KAA-AAA"),
    PartRow("xmp", _P, "XMP", "KKK-KKK"),
    PartRow("text", _P, "text chunks, time of the last change", "KKN-NNN"),
    PartRow("density", _P, "pixels a metre", "KKK-III"),
    PartRow("hints", _P, "sBIT, bKGD, hIST, suggested palette", "KII-III"),
    PartRow("scale", _P, "physical scale and calibration (sCAL, pCAL, oFFs, sTER)", "KRR-RRR"),
    PartRow("gamma", _P, "a tone curve of its own (gAMA): becomes a profile", "KAA-AAR"),
    PartRow("primaries", _P, "primaries of its own (cHRM) without a profile: become one", "KAA-AAR"),
    PartRow("cicp", _P, "colours by number (cICP): become a profile", "KAA-AAR"),
    PartRow("hdr-cicp", _P, "HDR (cICP with PQ or HLG), mDCV, cLLI", "KRR-RRR"),
    PartRow("unknown", _P, "an unknown chunk that is safe to copy", "KKR-RRR"),
    PartRow("signature", _P, "C2PA, dSIG", "RRR-RRR"),
    PartRow("16-bit", _P, "16 bits a channel: dithered to 8", "KRN-NNN"),
    PartRow("exif", _W, "Exif", "KAAA-AA"),
    PartRow("xmp", _W, "XMP", "KKKK-KK"),
    PartRow("unknown", _W, "an unknown chunk", "KRRR-RR"),
    PartRow("signature", _W, "C2PA", "RRRR-RR"),
    PartRow("exif", _T, "Exif", "--AAAAA"),
    PartRow("pages", _T, "more than one page, reduced pictures, raw files (NewSubfileType, DNG)", "--RRRRR"),
    PartRow("layers", _T, "Photoshop's layers", "--RRRRR"),
    PartRow("georeference", _T, "GeoTIFF", "--RRRRR"),
    PartRow("channels", _T, "channels that are neither colour nor transparency", "--RRRRR"),
    PartRow("unknown", _T, "an unknown tag", "--RRRRR"),
    PartRow("exif", _H, "Exif (HEIC, AVIF)", "--AAAAA"),
    PartRow("xmp", _H, "XMP", "--KKKKK"),
    PartRow("hdr", _H, "HDR gain map (Apple's, ISO 21496-1); becomes Ultra HDR", "--ADDDD"),
    PartRow("depth", _H, "depth map, matte (to JPEG where its XMP says what it means)", "--ADDDD"),
    PartRow("motion", _H, "motion video", "--DDDDD"),
    PartRow("pictures", _H, "further pictures (stereo, bursts of a few)", "--ADDDD"),
    PartRow("maker", _H, "a maker's box (Samsung's blocks become the trailer they are in JPEGs)", "--KDDDD"),
    PartRow(
        "properties", _H, "what boxes say of a picture: its lens, its place, when it was made", "--NNNNN"
    ),
    PartRow("deep", _H, "10 or 12 bits a channel; HDR (PQ, HLG) is refused", "--ARARR"),
    PartRow("sequence", _H, "a sequence of pictures", "--RRRRR"),
)
"""In the order of the page."""


def fate(key: str, source: ImageType, target: ImageType, *, anew: bool = True) -> Fate:
    """What becomes of a part of a source that becomes a target; AVIF is told as HEIC.

    Raises:
        LookupError: there is no such row.
    """
    source = _H if source is ImageType.AVIF else source
    for part in PARTS:
        if (part.key, part.source) == (key, source):
            column = (ANEW if anew else IN_PLACE) if target is source else 2 + TARGETS.index(target)
            return part.fate(column)
    raise LookupError(f"{key} in {source}")


def table() -> str:
    """The table in Markdown, as docs/formats.md has it."""
    lines = [f"| in | part | {' | '.join(COLUMNS)} |", "|---" * (2 + len(COLUMNS)) + "|"]
    for part in PARTS:
        fates = " | ".join(part.fate(column) for column in range(len(COLUMNS)))
        lines.append(f"| {part.source.value.upper()} | {part.words} | {fates} |")
    return "\n".join(lines) + "\n"
