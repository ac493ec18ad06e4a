"""What tells a picture from garbage: near to it is what was compressed, and nothing else."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from compress import pngs
from compress.images import photo
from homepress.compress.likeness import difference
from homepress.compress.pixels import TooManyPixels, Undecodable

SIZE = (420, 300)


def picture() -> Image.Image:
    return Image.fromarray(photo(*SIZE))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


SOURCE = saved(picture(), "PNG")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 30}),
        ("JPEG", {"quality": 75, "progressive": True}),
        ("PNG", {}),
        ("WEBP", {"quality": 30}),
        ("AVIF", {"quality": 30}),
        ("TIFF", {}),
        ("BMP", {}),
    ],
)
@pytest.mark.parametrize("closely", [False, True])
def test_the_same_picture_in_any_format(kind: str, options: dict[str, object], closely: bool) -> None:
    found = difference(SOURCE, saved(picture(), kind, **options), closely=closely)
    assert found.mean < 4 and found.worst < 12 and found.contrast > 20


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_a_picture_that_is_turned_in_its_pixels_now(turn: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    stored = saved(picture(), kind, exif=exif, **({"quality": 95} if kind != "PNG" else {}))
    with Image.open(io.BytesIO(stored)) as opened:
        upright = ImageOps.exif_transpose(opened)
    found = difference(stored, saved(upright.convert("RGB"), "WEBP", quality=90))
    assert found.mean < 2 and found.worst < 6


def test_fewer_pixels() -> None:
    for size in ((210, 150), (100, 71), (40, 29)):
        smaller = picture().resize(size, Image.Resampling.LANCZOS)
        assert difference(SOURCE, saved(smaller, "PNG")).mean < 4


@pytest.mark.parametrize("turn", range(1, 9))
def test_fewer_pixels_that_are_still_to_be_turned(turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    stored = saved(picture(), "JPEG", exif=exif, quality=95)
    for size in ((300, 214), (299, 213)):
        small = picture().resize(size, Image.Resampling.LANCZOS)
        found = difference(stored, saved(small, "JPEG", exif=exif, quality=90))
        assert found.mean < 2 and found.worst < 8, size


def test_transparency_counts() -> None:
    clear = np.dstack([photo(*SIZE), np.full(SIZE[::-1], 255, np.uint8)])
    clear[:150, :, 3] = 0
    source = saved(Image.fromarray(clear), "PNG")
    assert difference(source, saved(Image.fromarray(clear), "WEBP", lossless=True)).mean < 1
    hidden = clear.copy()
    hidden[:150, :, :3] = 7  # nobody sees it
    assert difference(source, saved(Image.fromarray(hidden), "PNG")).mean < 1
    assert difference(source, SOURCE).mean > 40
    empty = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    assert difference(source, saved(empty, "PNG")).mean > 40


def test_other_depths() -> None:
    grey = picture().convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    assert difference(saved(deep, "PNG"), saved(grey, "PNG")).mean < 2
    inks = saved(picture().convert("CMYK"), "JPEG", quality=95)
    assert difference(inks, saved(picture().convert("CMYK"), "JPEG", quality=60)).mean < 4
    few = picture().quantize(256)
    assert difference(SOURCE, saved(few, "PNG")).mean < 4


@pytest.mark.parametrize(("colour", "depth"), [(0, 2), (0, 16), (2, 8), (2, 16)])
def test_one_colour_that_is_transparent(colour: int, depth: int) -> None:
    """Pillow takes such a PNG of 16 bits to be opaque."""
    values = pngs.flat(colour, depth, *SIZE)
    clear = (values == values[0, 0]).all(axis=-1)
    source = pngs.png(values, colour, depth, transparency=values[0, 0].astype(">u2").tobytes())
    shown = np.empty((*clear.shape, 4), np.uint8)
    shown[..., :3] = values * (255 // 3) if depth == 2 else values >> (depth - 8)
    shown[..., 3] = np.where(clear, 0, 255)
    assert 0.1 < clear.mean() < 0.9
    assert difference(source, saved(Image.fromarray(shown), "PNG")).mean < 1
    assert difference(source, saved(Image.fromarray(shown[..., :3]), "PNG")).mean > 40
    shown[..., 3] = np.where(clear, 255, 0)
    assert difference(source, saved(Image.fromarray(shown), "PNG")).mean > 40


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_a_later_frame_counts(kind: str) -> None:
    def animation(second: str) -> bytes:
        frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", second, "blue")]
        return saved(frames[0], kind, save_all=True, append_images=frames[1:])

    assert difference(animation("green"), animation("green")).mean < 3
    assert difference(animation("green"), animation("yellow")).mean > 40


def garbage() -> dict[str, Image.Image]:
    shown = picture()
    part = shown.copy()
    part.paste((0, 0, 0), (0, 0, 140, 100))
    return {
        "black": Image.new("RGB", SIZE),
        "white": Image.new("RGB", SIZE, "white"),
        "upside down": shown.transpose(Image.Transpose.ROTATE_180),
        "mirrored": shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "noise": Image.effect_noise(SIZE, 90).convert("RGB"),
        "negative": shown.point(lambda value: 255 - value),
        "part of it black": part,
    }


@pytest.mark.parametrize("name", garbage())
def test_anything_else_is_far_away(name: str) -> None:
    for kind in ("PNG", "JPEG"):
        found = difference(SOURCE, saved(garbage()[name], kind))
        assert found.mean > 8 or found.worst > 30


@pytest.mark.slow
def test_a_picture_that_is_not_the_first_in_its_file() -> None:
    """As cameras' and editors' HEICs may be; what is first is another picture altogether."""
    heif = pytest.importorskip("pillow_heif")
    file = heif.from_pillow(Image.effect_noise(SIZE, 90).convert("RGB"))
    file.add_from_pillow(picture())
    out = io.BytesIO()
    file.save(out, primary_index=1, quality=90)
    assert heif.open_heif(io.BytesIO(out.getvalue())).primary_index == 1
    assert difference(out.getvalue(), saved(picture(), "JPEG", quality=90)).mean < 4


def test_what_does_not_decode_is_no_picture() -> None:
    for result in (b"", b"garbage", SOURCE[:2_000], b"<svg xmlns='x'/>", saved(picture(), "JPEG")[:700]):
        with pytest.raises(Undecodable):
            difference(SOURCE, result)
    huge = bytearray(SOURCE)
    huge[16:24] = b"\0\1\0\0\0\1\0\0"
    with pytest.raises((TooManyPixels, Undecodable)):
        difference(SOURCE, bytes(huge))
    with pytest.raises(Undecodable):
        difference(SOURCE, saved(picture().resize((300, 300)), "PNG")[:-40])
