"""The formats of images: which there are, what Homepress does with each, and telling them by first bytes.

The bytes decide what kind of image a file is, never its name.
"""

import enum
from dataclasses import dataclass

SNIFF_BYTES = 64
"""How many bytes from the start of a file `sniff` wants to see."""


RAW_SUFFIXES = frozenset(
    {
        *(".3fr", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".eip", ".erf", ".fff"),
        *(".gpr", ".iiq", ".k25", ".kdc", ".mdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef"),
        *(".ptx", ".raf", ".raw", ".rw2", ".rwl", ".rwz", ".sr2", ".srf", ".srw", ".x3f"),
    }
)
"""Of cameras' raw files: most are TIFFs by their bytes, some JPEGs; what can be read of them is a preview."""


class ImageType(enum.StrEnum):
    """The image formats that Homepress knows; the value is the word used in settings and JSON."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    TIFF = "tiff"
    BMP = "bmp"
    HEIC = "heic"
    AVIF = "avif"
    JXL = "jxl"
    SVG = "svg"

    @property
    def suffix(self) -> str:
        """The usual file name suffix, with its dot."""
        return FORMATS[self].suffixes[0]


@dataclass(frozen=True, slots=True)
class Format:
    """What is known of one format, and what Homepress does with it. A test holds every room to it.

    Attributes:
        suffixes: of its file names, in lower case, the usual one first.
        pillow: Pillow's names of it; none where Pillow alone does not read it.
        compressor: module of `homepress.compress` that makes such a picture smaller and keeps its format;
            empty where it is left alone.
        source: whether it can be converted to another format.
        target: whether others can be converted to it.
        scrubbed: whether metadata can be taken out of it without touching the coded picture.
    """

    suffixes: tuple[str, ...]
    pillow: tuple[str, ...] = ()
    compressor: str = ""
    source: bool = True
    target: bool = False
    scrubbed: bool = False


FORMATS: dict[ImageType, Format] = {
    ImageType.JPEG: Format(
        (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), ("JPEG", "MPO"), "jpeg.jpeg", target=True, scrubbed=True
    ),
    ImageType.PNG: Format((".png", ".apng"), ("PNG",), "png.png", target=True, scrubbed=True),
    ImageType.WEBP: Format((".webp",), ("WEBP",), "webp", target=True, scrubbed=True),
    ImageType.GIF: Format((".gif",), ("GIF",), "gif", scrubbed=True),
    ImageType.TIFF: Format((".tif", ".tiff"), ("TIFF",)),
    ImageType.BMP: Format((".bmp", ".dib"), ("BMP",)),
    ImageType.HEIC: Format((".heic", ".heif", ".hif"), scrubbed=True),
    ImageType.AVIF: Format((".avif", ".avifs"), ("AVIF",), target=True, scrubbed=True),
    ImageType.JXL: Format((".jxl",), target=True, scrubbed=True),
    ImageType.SVG: Format((".svg",), source=False),
}
"""Every format there is; who adds one begins here, and the tests say what else it needs."""

IMAGE_SUFFIXES = frozenset(suffix for each in FORMATS.values() for suffix in each.suffixes)
"""Lower-case suffixes of files worth opening; the bytes decide afterwards."""

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}


def has_image_suffix(name: str | bytes) -> bool:
    """Whether a file name ends like an image's, in any case of letters."""
    text = name.decode("latin-1") if isinstance(name, bytes) else name
    dot = text.rfind(".")
    return dot >= 0 and text[dot:].lower() in IMAGE_SUFFIXES


def type_by_name(name: str) -> ImageType | None:
    """The type that a file name's suffix stands for; None for other suffixes."""
    dot = name.rfind(".")
    suffix = name[dot:].lower() if dot >= 0 else ""
    return next((kind for kind, each in FORMATS.items() if suffix in each.suffixes), None)


def sniff(head: bytes) -> ImageType | None:
    """The type of an image from its first `SNIFF_BYTES` bytes, or None when they are no known image's."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ImageType.WEBP
    if head[4:8] == b"ftyp":
        return _isobmff(head)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"<svg" in text):
        return ImageType.SVG
    return None


_MAGIC: tuple[tuple[bytes, ImageType], ...] = (
    (b"\xff\xd8\xff", ImageType.JPEG),
    (b"\x89PNG\r\n\x1a\n", ImageType.PNG),
    (b"GIF87a", ImageType.GIF),
    (b"GIF89a", ImageType.GIF),
    (b"II*\0", ImageType.TIFF),
    (b"MM\0*", ImageType.TIFF),
    (b"II+\0", ImageType.TIFF),
    (b"MM\0+", ImageType.TIFF),
    (b"BM", ImageType.BMP),
    (b"\xff\x0a", ImageType.JXL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", ImageType.JXL),
)


def _isobmff(head: bytes) -> ImageType | None:
    """AVIF or HEIC by the brands of the `ftyp` box (ISO/IEC 14496-12 section 4.3); AVIF wins over `mif1`."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12]} | {head[at : at + 4] for at in range(16, size - 3, 4)}
    if brands & _AVIF_BRANDS:
        return ImageType.AVIF
    return ImageType.HEIC if brands & _HEIC_BRANDS else None
