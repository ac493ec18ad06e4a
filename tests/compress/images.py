"""Pictures that the tests of compression make for themselves, the same on every run."""

import io
import struct
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def photo(width: int, height: int, seed: int = 1) -> Pixels:
    """Something like a photograph: soft shapes, a gradient, texture in some places, grain."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    result = np.empty((height, width, 3), np.float32)
    grain = random.normal(0, 1, (height, width)).astype(np.float32)
    shapes = np.zeros((height, width), np.float32)
    for _ in range(12):
        cx, cy, r = random.uniform(0, width), random.uniform(0, height), random.uniform(0.05, 0.3) * width
        shapes += np.where((x - cx) ** 2 + (y - cy) ** 2 < r * r, random.uniform(-30, 30), 0).astype(
            np.float32
        )
    texture = 12 * np.sin(x / 3 + 5 * np.sin(y / 50)) * (np.sin(x / 120) > 0.2)
    for channel in range(3):
        slope = random.uniform(-60, 60, 2)
        base = 120 + slope[0] * x / width + slope[1] * y / height
        result[..., channel] = base + shapes * random.uniform(0.6, 1.2) + texture + 3 * grain
    return np.clip(np.rint(result), 0, 255).astype(np.uint8)


def screenshot(width: int, height: int, seed: int = 1) -> Pixels:
    """Something like a screenshot: flat ground, hard edges, thin coloured strokes."""
    random = np.random.default_rng(seed)
    result = np.full((height, width, 3), 245, np.uint8)
    for _ in range(width * height // 1500):
        left, top = int(random.integers(0, width)), int(random.integers(0, height))
        colour = random.integers(0, 256, 3, dtype=np.uint8)
        across = bool(random.integers(0, 2))
        length = int(random.integers(4, 30))
        result[top : top + (1 if across else length), left : left + (length if across else 1)] = colour
    return result


def jpeg(pixels: Pixels | Image.Image, quality: int = 95, **options: Any) -> bytes:
    """Coded by Pillow as JPEG."""
    stream = io.BytesIO()
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    picture.save(stream, "JPEG", quality=quality, **options)
    return stream.getvalue()


def decoded(data: bytes) -> Pixels:
    """What Pillow decodes."""
    return np.asarray(Image.open(io.BytesIO(data)))


def exif(orientation: int = 6) -> bytes:
    """An Exif block with an orientation, a camera's name and a place."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = "Homepress test camera"
    block.get_ifd(0x8825)[1] = "N"
    return block.tobytes()


def profile(name: Literal["sRGB", "LAB", "XYZ"] = "sRGB") -> bytes:
    """An ICC profile of Pillow's making, such as "sRGB" or "LAB"."""
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def ink_profile() -> bytes:
    """An ICC profile of a printer (CMYK) whose black is a dark grey: a table of 16 corners (`mft1`)."""
    corners = bytearray()
    for corner in range(16):
        cyan, magenta, yellow, black = (corner >> bit & 1 for bit in (3, 2, 1, 0))
        light = 255 - 60 * (cyan + magenta) - 15 * yellow - (90 if black else 0)
        red_green = 128 - 40 * cyan + 60 * magenta
        corners += bytes((max(20, light), red_green, 128 - 45 * cyan + 80 * yellow))
    ramp = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 if at % 4 == 0 else 0 for at in range(9)))
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + ramp * 4 + bytes(corners) + ramp * 3
    text = b"inks\0"
    tags = {
        b"A2B0": table,
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78 + 3),
        b"cprt": b"text\0\0\0\0none\0\0\0\0",
    }
    return _profile_file(b"prtr", b"CMYK", b"Lab ", tags)


def wide_profile() -> bytes:
    """An ICC profile with the primaries of Adobe RGB (1998), put together by hand (ICC.1 section 8.3)."""

    def number(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(number, values))

    tags = {
        b"rXYZ": xyz(0.60974, 0.31111, 0.01947),
        b"gXYZ": xyz(0.20528, 0.62567, 0.06087),
        b"bXYZ": xyz(0.14919, 0.06322, 0.74457),
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
    }
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    text = b"wide\0"
    tags[b"desc"] = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78 + 3)
    tags[b"cprt"] = b"text\0\0\0\0none\0\0\0\0"
    return _profile_file(b"mntr", b"RGB ", b"XYZ ", tags)


def _profile_file(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A profile of some tags, with the header that every one has (ICC.1 section 7.2)."""
    at = 128 + 4 + 12 * len(tags)
    directory, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        directory += name + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", at + len(body), b"test", 0x02100000, kind, space, connection)
    white = struct.pack(">3i", *(round(value * 65536) for value in (0.9642, 1.0, 0.8249)))
    header += bytes(12) + b"acsp" + bytes(28) + white
    return header.ljust(128, b"\0") + directory + body
