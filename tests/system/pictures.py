"""Pictures that these tests make themselves: photograph-like, so that there is something to save."""

import io
import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter


def photo(seed: int, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """Soft shapes with fine grain: compresses like a photograph."""
    chance = random.Random(seed)
    image = Image.new("RGB", size, tuple(chance.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(30):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        r = chance.randrange(20, 200)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(chance.randrange(256) for _ in range(3)))
    image = image.filter(ImageFilter.GaussianBlur(6))
    # Even noise with a deviation of 12 levels, the same for each seed: Pillow's own differs every time.
    even = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
    grain = even.point([round(107 + value * 42 / 255) for value in range(256)]).convert("RGB")
    return Image.blend(image, grain, 0.12)


def jpeg(seed: int, size: tuple[int, int] = (800, 600), quality: int = 96) -> bytes:
    """A JPEG with room for saving, EXIF included."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Homepress test"
    buffer = io.BytesIO()
    photo(seed, size).save(buffer, "JPEG", quality=quality, exif=exif)
    return buffer.getvalue()


def png(seed: int, size: tuple[int, int] = (400, 300)) -> bytes:
    """A PNG that was saved without effort."""
    buffer = io.BytesIO()
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for n in range(60):
        draw.text((10, 5 * n), f"line {n} of screenshot {seed} " * 4, fill=(n * 4 % 256, 30, 90))
    image.save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def write(path: Path, data: bytes) -> Path:
    """Write a file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
