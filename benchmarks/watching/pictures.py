"""The pictures that the cases write."""

import io
import random

from PIL import Image, ImageDraw


def small_jpeg() -> bytes:
    """The bytes of a small picture; every file of a burst holds the same."""
    out = io.BytesIO()
    Image.effect_noise((48, 48), 60).save(out, "JPEG")
    return out.getvalue()


def noise() -> bytes:
    """A JPEG of some 200 KB."""
    out = io.BytesIO()
    Image.effect_noise((700, 500), 60).convert("RGB").save(out, "JPEG", quality=92)
    return out.getvalue()


def photograph(seed: int, size: tuple[int, int] = (4000, 3000)) -> bytes:
    """A JPEG like a camera's: soft forms with fine grain."""
    random.seed(seed)
    small = [Image.effect_noise((40, 30), 90).resize(size, Image.Resampling.BICUBIC) for _ in range(3)]
    grain = Image.effect_noise(size, 12)
    out = io.BytesIO()
    Image.blend(Image.merge("RGB", small), Image.merge("RGB", [grain] * 3), 0.25).save(
        out, "JPEG", quality=92
    )
    return out.getvalue()


def screenshot(seed: int) -> bytes:
    """A PNG like one of a desktop: windows, lines of text."""
    random.seed(seed)
    image = Image.new("RGB", (1920, 1080), (43, 62, 80))
    draw = ImageDraw.Draw(image)
    for _ in range(8):
        x, y = random.randrange(1500), random.randrange(800)
        draw.rectangle((x, y, x + 700, y + 500), fill="white", outline="grey")
        for line in range(25):
            text = "".join(random.choices("abcdefghijklmnopqrstuvwxyz     ", k=80))
            draw.text((x + 10, y + 10 + 18 * line), text, fill="black")
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()
