"""Pictures that the tests of compression make for themselves, the same on every run."""

import io
from typing import Any

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


def profile(name: str = "sRGB") -> bytes:
    """An ICC profile of Pillow's making, such as "sRGB" or "LAB"."""
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()
