"""Made pictures that look like something: landscapes for screenshots, with no rights of others in them."""

import io
import math
import random

from PIL import Image, ImageDraw, ImageFilter

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
    for depth in range(5):
        _ridge(image, chance, depth, high, low)
    grain = Image.effect_noise(size, 26).convert("RGB")
    return Image.blend(image, grain, 0.05)


def _ridge(
    image: Image.Image,
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


def jpeg(seed: int, size: tuple[int, int] = (2400, 1600), quality: int = 95) -> bytes:
    """A landscape as a camera would write it."""
    buffer = io.BytesIO()
    landscape(seed, size).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def screenshot(seed: int, size: tuple[int, int] = (1600, 1000)) -> bytes:
    """A drawn window with lines of grey text, as PNG saved without effort."""
    chance = random.Random(seed)
    image = Image.new("RGB", size, (228, 232, 238))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((80, 60, size[0] - 80, size[1] - 60), 18, fill="white")
    accent = tuple(chance.randrange(40, 200) for _ in range(3))
    draw.rounded_rectangle((80, 60, 420, size[1] - 60), 18, fill=accent)
    for row in range(14):
        y = 130 + 54 * row
        draw.rounded_rectangle((470, y, 470 + chance.randrange(300, 950), y + 20), 8, fill=(196, 203, 212))
        draw.rounded_rectangle((120, y, 120 + chance.randrange(100, 240), y + 16), 8, fill=(255, 255, 255))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()
