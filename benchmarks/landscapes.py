"""Made pictures that look like something: landscapes for screenshots, with no rights of others in them."""

import io
import math
import random

from PIL import ExifTags, Image, ImageChops, ImageDraw, ImageFilter, ImageFont

_SKIES = (
    ((34, 72, 122), (236, 170, 120)),
    ((96, 160, 214), (232, 240, 244)),
    ((24, 28, 66), (214, 96, 98)),
    ((150, 196, 222), (250, 232, 196)),
    ((52, 86, 96), (208, 214, 190)),
    ((70, 50, 102), (246, 186, 140)),
)
_NAMES = (
    "Evening above the valley",
    "Morning at the lake",
    "Last light",
    "Dunes",
    "Rain coming",
    "First snow",
)


def name(seed: int) -> str:
    """A file name as a camera or a person would give it, without its suffix."""
    return f"IMG_{2040 + 7 * seed}" if seed % 3 else _NAMES[seed // 3 % len(_NAMES)]


def landscape(seed: int, size: tuple[int, int] = (2400, 1600)) -> Image.Image:
    """Mountains under a sky, with grain as a sensor has it."""
    chance = random.Random(seed)
    width, height = size
    high, low = _SKIES[seed % len(_SKIES)]
    ramp = Image.linear_gradient("L").resize(size)
    image = Image.merge(
        "RGB",
        [ramp.point([a + (b - a) * v // 255 for v in range(256)]) for a, b in zip(high, low, strict=True)],
    )
    draw = ImageDraw.Draw(image)
    radius = chance.randrange(40, 110) * height // 1600
    x, y = chance.randrange(width // 5, width * 4 // 5), chance.randrange(height // 6, height // 2)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 246, 222))
    image = image.filter(ImageFilter.GaussianBlur(height / 500))
    ground = Image.new("L", size)
    for depth in range(5):
        _ridge(image, ground, chance, depth, high, low)
    image.paste(_with_structure(image, ((2, 0.35), (5, 0.3), (15, 0.3))), mask=ground)
    return _with_structure(image, ((1, 0.1),))


def _with_structure(image: Image.Image, layers: tuple[tuple[int, float], ...]) -> Image.Image:
    """The picture with structure of several sizes, as stone, trees and sensors make it: what takes up bytes.

    `layers` gives the size of each in pixels, and its share.
    """
    for finest, share in layers:
        small = (image.width // finest, image.height // finest)
        noise = Image.effect_noise(small, 40).resize(image.size, Image.Resampling.BICUBIC)
        image = Image.blend(image, ImageChops.overlay(image, noise.convert("RGB")), share)
    return image


def _ridge(
    image: Image.Image,
    ground: Image.Image,
    chance: random.Random,
    depth: int,
    high: tuple[int, int, int],
    low: tuple[int, int, int],
) -> None:
    width, height = image.size
    base = height * (0.5 + 0.11 * depth)
    waves = [(chance.uniform(0.6, 9), chance.uniform(0, math.tau), chance.uniform(0.2, 1)) for _ in range(7)]
    points = [(0.0, float(height))]
    for x in range(0, width + 8, 8):
        turn = x / width * math.tau
        rise = sum(a / rate * math.sin(rate * turn + phase) for rate, phase, a in waves)
        points.append((x, base - rise * height * 0.09 + chance.uniform(-1, 1) * depth * height / 700))
    points.append((float(width), float(height)))
    share = 0.25 + 0.16 * depth
    colour = tuple(
        int((b * (1 - share) + a * share) * (1 - 0.13 * depth)) for a, b in zip(high, low, strict=True)
    )
    ImageDraw.Draw(image).polygon(points, fill=colour)
    ImageDraw.Draw(ground).polygon(points, fill=255)


def jpeg(
    seed: int, size: tuple[int, int] = (2400, 1600), quality: int = 93, *, located: bool = False
) -> bytes:
    """A landscape as a camera would write it; a `located` one contains where it was taken."""
    buffer, exif = io.BytesIO(), Image.Exif()
    if located:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (46.0, 34.0, 0.0), 3: "E", 4: (8.0, 0.0, 0.0)})
    landscape(seed, size).save(buffer, "JPEG", quality=quality, exif=exif)
    return buffer.getvalue()


def screenshot(seed: int, size: tuple[int, int] = (1600, 1000)) -> bytes:
    """A drawn window with text, as PNG as screenshot programs write it."""
    chance = random.Random(seed)
    image = Image.new("RGB", size, (228, 232, 238))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((80, 60, size[0] - 80, size[1] - 60), 18, fill="white")
    accent = tuple(chance.randrange(40, 200) for _ in range(3))
    draw.rounded_rectangle((80, 60, 420, size[1] - 60), 18, fill=accent)
    letters = ImageFont.load_default(19)
    for row in range(26):
        y = 96 + 31 * row
        draw.text((470, y), _words(chance, 8, 14), (50, 56, 66), letters)
        draw.text((120, y), _words(chance, 1, 3), "white", letters)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _words(chance: random.Random, least: int, most: int) -> str:
    syllables = ("ka", "lo", "mi", "ren", "ta", "sol", "ne", "vi", "dor", "pa")
    word = ("".join(chance.choices(syllables, k=chance.randrange(1, 4))) for _ in range(most))
    return " ".join(list(word)[: chance.randrange(least, most + 1)])
