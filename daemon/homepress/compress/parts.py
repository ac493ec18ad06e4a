"""Every part that a file may hold beside its pixels, and what becomes of it: the table of docs/formats.md.

The page is made from it, some readers and writers ask it, and a test holds all of them to it: one file of
every row goes through every column. A part that is not here is not known: it refuses what would leave it
behind.
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
    GONE = "gone"
    """Metadata, which the setting takes by its own words, or nothing that anyone could miss."""
    ABSENT = "–"
    """The operation, or the part, does not exist there."""


_LETTERS = {
    "K": Fate.KEPT,
    "A": Fate.ADAPTED,
    "I": Fate.IMPLIED,
    "N": Fate.NAMED,
    "D": Fate.ON_REQUEST,
    "R": Fate.REFUSED,
    "G": Fate.GONE,
    "-": Fate.ABSENT,
}
COLUMNS = (
    *("in place", "resized, fitted", "to JPEG", "to PNG", "to WebP", "to AVIF", "to JPEG XL"),
    *("in place, `share`", "in place, `strip`"),
)
TARGETS = (ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.AVIF, ImageType.JXL)
IN_PLACE, ANEW, SHARE, STRIP = 0, 1, 7, 8


@dataclass(frozen=True, slots=True)
class PartRow:
    """A row of the table.

    Attributes:
        key: its word in `dropped`, and in tests.
        source: the format that it is found in.
        words: what it is.
        letters: a letter for each of `COLUMNS` that keeps all metadata.
        scrubbed: a letter each for `share` and `strip`.
    """

    key: str
    source: ImageType
    words: str
    letters: str
    scrubbed: str = "GG"

    def __post_init__(self) -> None:
        """A letter too few would move all that follow into the wrong column."""
        if len(self.letters + self.scrubbed) != len(COLUMNS):
            raise ValueError(f"{self.key} of {self.source}: not a letter for each column")

    def fate(self, column: int) -> Fate:
        """What becomes of it."""
        return _LETTERS[(self.letters + self.scrubbed)[column]]


_J, _P, _W, _G = ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.GIF
_T, _B, _H, _X = ImageType.TIFF, ImageType.BMP, ImageType.HEIC, ImageType.JXL

# Letters: in place, anew (resized, fitted), then to JPEG, PNG, WebP, AVIF, JPEG XL; behind them share, strip.
PARTS = (
    PartRow("exif", _J, "Exif: orientation goes into the pixels, sizes follow", "KA-AAAK", "AG"),
    PartRow("thumbnail", _J, "thumbnail in Exif", "KI-KKKK"),
    PartRow("xmp", _J, "XMP", "KK-KKKK", "AG"),
    PartRow("extended-xmp", _J, "XMP of more than one segment", "KK-RRRK"),
    PartRow("icc", _J, "colour profile (JPEG XL: sRGB only, others refuse)", "KK-KKKK", "KK"),
    PartRow("density", _J, "pixels an inch", "KK-KIIK", "KK"),
    PartRow("aspect", _J, "pixels that are not square", "KK-KRRK", "KK"),
    PartRow("comment", _J, "comment", "KK-NNNK"),
    PartRow("iptc", _J, "IPTC captions", "KK-RRRK"),
    PartRow("photoshop", _J, "Photoshop's settings", "KK-NNNK"),
    PartRow("header", _J, "a maker's own header segment, such as a thermal camera's", "KK-RRRK", "NN"),
    PartRow("hdr", _J, "HDR gain map", "KA-DDDK", "KN"),
    PartRow("depth", _J, "depth map, matte", "KK-DDDK", "AN"),
    PartRow("motion", _J, "motion video", "KK-DDDK", "KN"),
    PartRow("pictures", _J, "further pictures (MPF, stereo, bursts)", "KK-DDDK", "KN"),
    PartRow("maker", _J, "a maker's trailer (Samsung, vivo, PhotoMechanic)", "KK-DDDK", "NN"),
    PartRow("padding", _J, "a stray byte, zeros behind the end", "KK-IIIK", "KG"),
    PartRow("signature", _J, "C2PA signature, JPEG XT layers, JPEG 360", "RR-RRRK", "RN"),
    PartRow("cmyk", _J, "CMYK colours: sRGB through their profile", "KN-NNNN", "KK"),
    PartRow("exif", _P, "Exif", "KAA-AAA", "AG"),
    PartRow("xmp", _P, "XMP", "KKK-KKK", "AG"),
    PartRow("text", _P, "text chunks, time of the last change", "KKN-NNN"),
    PartRow("iptc", _P, "IPTC captions, as text", "KKR-RRR"),
    PartRow("density", _P, "pixels a metre", "KKK-III", "KK"),
    PartRow("aspect", _P, "pixels that are not square", "KKK-RRR", "KK"),
    PartRow("hints", _P, "sBIT, bKGD, hIST, suggested palette", "KII-III", "KK"),
    PartRow(
        "index", _P, "Apple's index into the coded picture (iDOT), which any change makes wrong", "III-III"
    ),
    PartRow("scale", _P, "physical scale and calibration (sCAL, pCAL, oFFs, sTER)", "KRR-RRR", "KN"),
    PartRow("gamma", _P, "a tone curve of its own (gAMA): becomes a profile", "KAA-AAR", "KK"),
    PartRow("primaries", _P, "primaries of its own (cHRM) without a profile: become one", "KAA-AAR", "KK"),
    PartRow("cicp", _P, "colours by number (cICP): become a profile", "KAA-AAR", "KK"),
    PartRow("hdr-cicp", _P, "HDR (cICP with PQ or HLG), mDCV, cLLI", "KRR-RRR", "KK"),
    PartRow("unknown", _P, "an unknown chunk that is safe to copy", "KKR-RRR", "NN"),
    PartRow("unsafe", _P, "an unknown chunk that is not safe to copy", "RRR-RRR", "NN"),
    PartRow("signature", _P, "C2PA, dSIG", "RRR-RRR", "NN"),
    PartRow("16-bit", _P, "16 bits a channel; where there are 8, dithered", "KKN-NNN", "KK"),
    PartRow("frames", _P, "an animation (APNG)", "KRR-RRR", "KK"),
    PartRow("maker", _P, "data behind the end", "KDD-DDD", "NN"),
    PartRow("padding", _P, "a stray byte, zeros behind the end", "KII-III"),
    PartRow("exif", _W, "Exif", "KAAA-AA", "AG"),
    PartRow("xmp", _W, "XMP", "KKKK-KK", "AG"),
    PartRow("icc", _W, "colour profile", "KKKK-KK", "KK"),
    PartRow("unknown", _W, "an unknown chunk", "KRRR-RR", "NN"),
    PartRow("signature", _W, "C2PA", "RRRR-RR", "NN"),
    PartRow("frames", _W, "an animation", "KRRR-RR", "KK"),
    PartRow("maker", _W, "data behind the end", "KDDD-DD", "NN"),
    PartRow("xmp", _G, "XMP", "KRKKKKK"),
    PartRow("icc", _G, "colour profile", "KRKKKKK", "KK"),
    PartRow("comment", _G, "comment", "KRNNNNN"),
    PartRow("unknown", _G, "an unknown extension", "KRRRRRR", "NN"),
    PartRow("written", _G, "text that programs should write over the picture", "KRRRRRR", "KK"),
    PartRow("aspect", _G, "pixels that are not square", "KRKKRRR", "KK"),
    PartRow("loop", _G, "how often a single image is repeated", "KRIIIII", "KK"),
    PartRow("frames", _G, "an animation, with its pauses, loops and disposals", "KRRRRRR", "KK"),
    PartRow("maker", _G, "data behind the end", "KRDDDDD", "NN"),
    PartRow("exif", _T, "Exif", "--AAAAA", "RR"),
    PartRow("xmp", _T, "XMP", "--KKKKK", "RR"),
    PartRow("icc", _T, "colour profile", "--KKKKK", "RR"),
    PartRow("density", _T, "pixels an inch (which Exif says too)", "--KKIII", "RR"),
    PartRow("aspect", _T, "pixels that are not square", "--KKRRR", "RR"),
    PartRow("photoshop", _T, "Photoshop's settings", "--NNNNN", "RR"),
    PartRow("iptc", _T, "IPTC captions", "--RRRRR", "RR"),
    PartRow("pages", _T, "more than one page, reduced pictures, raw files (DNG)", "--RRRRR", "RR"),
    PartRow("preview", _T, "a flag that says preview, page or mask (NewSubfileType)", "--RRRRR", "RR"),
    PartRow("layers", _T, "Photoshop's layers", "--RRRRR", "RR"),
    PartRow("georeference", _T, "GeoTIFF", "--RRRRR", "RR"),
    PartRow("channels", _T, "channels that are neither colour nor transparency", "--RRRRR", "RR"),
    PartRow("cmyk", _T, "CMYK colours: sRGB through their profile", "--NNNNN", "RR"),
    PartRow("16-bit", _T, "16 bits a channel; where there are 8, dithered", "--NKNNN", "RR"),
    PartRow("unknown", _T, "an unknown tag", "--RRRRR", "RR"),
    PartRow("icc", _B, "colour profile", "--KKKKK", "RR"),
    PartRow("link", _B, "the name of a colour profile elsewhere", "--RRRRR", "RR"),
    PartRow("primaries", _B, "primaries and tone curves of its own", "--RRRRR", "RR"),
    PartRow("density", _B, "pixels a metre", "--KKIII", "RR"),
    PartRow("aspect", _B, "pixels that are not square", "--KKRRR", "RR"),
    PartRow("maker", _B, "data between header and pixels or behind them", "--DDDDD", "RR"),
    PartRow("exif", _H, "Exif (HEIC, AVIF)", "--AAAAA", "AG"),
    PartRow("xmp", _H, "XMP", "--KKKKK", "AG"),
    PartRow("hdr", _H, "HDR gain map (Apple's, ISO 21496-1); becomes Ultra HDR", "--ADDDD", "KK"),
    PartRow("depth", _H, "depth map, matte (to JPEG where its XMP says what it means)", "--ADDDD", "AA"),
    PartRow("motion", _H, "motion video", "--DDDDD", "KN"),
    PartRow("pictures", _H, "further pictures (stereo, bursts of a few)", "--ADDDD", "KK"),
    PartRow(
        "maker", _H, "a maker's box (Samsung's blocks become the trailer they are in JPEGs)", "--KDDDD", "NN"
    ),
    PartRow("properties", _H, "what boxes say of a picture: its lens, its place, its date", "--NNNNN", "NN"),
    PartRow(
        "deep",
        _H,
        "10 or 12 bits a channel: 8, dithered from HEIC; HDR (PQ, HLG) is refused",
        "--NNNNN",
        "KK",
    ),
    PartRow("sequence", _H, "a sequence of pictures", "--RRRRR", "RR"),
    PartRow("exif", _X, "Exif", "--AAAA-", "AG"),
    PartRow("xmp", _X, "XMP", "--KKKK-", "AG"),
    PartRow("packed", _X, "compressed Exif or XMP (brob)", "--RRRR-"),
    PartRow("jpeg", _X, "the JPEG that it was made of: converted like that", "--AAAA-", "RR"),
    PartRow("hdr", _X, "HDR gain map", "--DDDD-", "KK"),
    PartRow("maker", _X, "a box of another kind", "--DDDD-", "NN"),
    PartRow("signature", _X, "C2PA", "--RRRR-", "NN"),
    PartRow("channels", _X, "channels that are neither colour nor transparency", "--RRRR-", "KK"),
    PartRow("deep", _X, "more than 8 bits a channel", "--RRRR-", "KK"),
    PartRow("frames", _X, "an animation", "--RRRR-", "KK"),
)
"""In the order of the page."""


def fate(key: str, source: ImageType, target: ImageType) -> Fate:
    """What becomes of a part of a source that is made anew as a target; AVIF is told as HEIC.

    Raises:
        LookupError: there is no such row.
    """
    source = _H if source is ImageType.AVIF else source
    column = ANEW if target is source else 2 + TARGETS.index(target)
    for part in PARTS:
        if (part.key, part.source) == (key, source):
            return part.fate(column)
    raise LookupError(f"{key} in {source}")


def table() -> str:
    """The table in Markdown, as docs/formats.md has it."""
    lines = [f"| in | part | {' | '.join(COLUMNS)} |", "|---" * (2 + len(COLUMNS)) + "|"]
    for part in PARTS:
        fates = " | ".join(part.fate(column) for column in range(len(COLUMNS)))
        lines.append(f"| {part.source.value.upper()} | {part.words} | {fates} |")
    return "\n".join(lines) + "\n"
