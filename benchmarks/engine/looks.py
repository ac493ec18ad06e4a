"""What Pillow sees in a file, as values that can be compared."""

import hashlib
import io
import re
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from PIL import Image, ImageSequence

warnings.simplefilter("ignore")  # Pillow warns of much that is odd in these files
_BLOCKS = ("exif", "xmp", "icc_profile", "photoshop", "comment", "gamma", "chromaticity", "dpi")
_MOST_FRAMES = 400
_LENGTH = re.compile(rb"""Item:Length(="\d+"|='\d+'|>\d+</[^>]+>)\s*""")


@dataclass(frozen=True)
class Look:
    """One file as Pillow sees it.

    Attributes:
        size: width and height in pixels.
        colours: grey, colour or four channels.
        depth: bits a sample.
        frames: how many.
        timing: milliseconds of each frame.
        loops: how often an animation runs; None where nothing says so.
        orientation: the Exif tag.
        alpha: a digest of where frames are transparent and where opaque; empty where all is opaque.
        further: a digest of the pixels of each further picture (MPO).
        video: a digest of an appended video.
        blocks: metadata blocks by name.
        pixels: a digest of the pixels of all frames.
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        *("size", "colours", "depth", "frames", "timing", "loops", "orientation"),
        *("alpha", "further", "video", "blocks"),
    )

    size: tuple[int, int]
    colours: int
    depth: int
    frames: int
    timing: tuple[float, ...]
    loops: int | None
    orientation: int
    alpha: str
    further: tuple[str, ...]
    video: str
    blocks: tuple[tuple[str, str], ...]
    pixels: str


FEATURES: dict[str, Callable[[Look], bool]] = {
    "Exif": lambda look: "exif" in dict(look.blocks),
    "XMP": lambda look: "xmp" in dict(look.blocks),
    "ICC": lambda look: "icc_profile" in dict(look.blocks),
    "turned": lambda look: look.orientation > 1,
    "pictures": lambda look: bool(look.further),
    "videos": lambda look: bool(look.video),
    "animated": lambda look: look.frames > 1 and not look.further,
    "alpha": lambda look: bool(look.alpha),
    "16 bits": lambda look: look.depth == 16,
}
"""What is counted, and who has it."""


def look_at(data: bytes) -> Look:
    """See what is in a file."""
    image = Image.open(io.BytesIO(data))
    blocks = tuple((name, _digest(block_of(image, name))) for name in _BLOCKS if image.info.get(name))
    orientation = image.getexif().get(0x0112, 1)
    loops = image.info.get("loop")
    several = image.format == "MPO"
    timing, alphas, pixels = [], [], []
    for number, frame in enumerate(ImageSequence.Iterator(image)):
        if number >= _MOST_FRAMES:
            break
        timing.append(float(frame.info.get("duration", 0)))
        shown = frame.convert("RGBA") if frame.mode in ("P", "PA", "LA", "RGBA", "RGB", "L", "1") else frame
        if "A" in shown.getbands():
            alpha = shown.getchannel("A")
            ends = alpha.point([0, *[1] * 254, 2])
            alphas.append(_digest(ends.tobytes()) if alpha.getextrema() != (255, 255) else "")
            if image.format == "GIF":  # what is transparent has no colour there
                shown = Image.composite(shown, Image.new("RGBA", shown.size), alpha)
        pixels.append(_digest(shown.tobytes()))
    return Look(
        size=image.size,
        colours=4 if image.mode == "CMYK" else 3,
        depth=_depth(data),
        frames=getattr(image, "n_frames", 1),
        timing=tuple(timing),
        loops=loops,
        orientation=orientation if isinstance(orientation, int) else 1,
        alpha=_digest("".join(alphas).encode()) if any(alphas) else "",
        further=tuple(pixels[1:]) if several else (),
        video=_video(data),
        blocks=blocks,
        pixels=_digest("".join(pixels[:1] if several else pixels).encode()),
    )


def block_of(image: Image.Image, name: str) -> object:
    """A block of metadata, but for how long XMP says that appended pictures are."""
    block = image.info.get(name)
    return _LENGTH.sub(b"", block) if name == "xmp" and isinstance(block, bytes) else block


def _digest(value: object) -> str:
    raw = value if isinstance(value, bytes) else repr(value).encode()
    return hashlib.sha256(raw).hexdigest()[:16]


def _depth(data: bytes) -> int:
    """16 for a PNG of 16 bits a sample; 8 for all others, in whose files it cannot change."""
    is_png = data.startswith(b"\x89PNG")
    return 16 if is_png and struct.unpack_from(">B", data, 24)[0] == 16 else 8


def _video(data: bytes) -> str:
    """The MP4 behind a JPEG, found by its first box."""
    end = data.rfind(b"\xff\xd9")
    at = data.find(b"ftyp", 1000) if data[:2] == b"\xff\xd8" else -1
    return _digest(data[at - 4 :]) if at > 0 and end > 0 else ""
