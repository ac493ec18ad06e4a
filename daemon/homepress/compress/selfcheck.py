"""A known-answer check of every codec: does this version still do what its results are trusted for?

Pictures made by formula are coded and decoded. What must be exact is compared with its source, or with a hash
that is written down here; what may differ is scored. It is done in a worker, when `codec_versions` are not
those of the last check; `trust` says what follows from a wrong answer.
"""

import contextlib
import functools
import io
import os
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, features

from homepress import __version__
from homepress.base.formats import ImageType
from homepress.compress import webp
from homepress.compress.aim import over
from homepress.compress.convert import avif, jxl
from homepress.compress.convert.picture import CannotConvert, Picture, Rgba, codec, to_rgba
from homepress.compress.convert.write import quickly_coded
from homepress.compress.core.library import Loaded
from homepress.compress.jpeg import Sampling, optimise
from homepress.compress.jpeg.encoder import RateDistortionEncoder
from homepress.compress.jpeg.whole import decode_strictly
from homepress.compress.model import ENGINE, Fault
from homepress.compress.pixels import decode, fingerprint
from homepress.compress.png.pixels import fingerprint as png_fingerprint
from homepress.compress.png.recode import recode
from homepress.compress.score.ssimulacra2 import full_score

_PACKAGES = (
    "pillow",
    "numpy",
    "oxipng-pybind",
    "mozjpeg-lossless-optimization",
    "simplejpeg",
    "pillow-heif",
    "pillow-jxl-plugin",
)
_LIBRARIES = ("libjpeg_turbo", "webp", "avif", "zlib", "littlecms2", "libtiff")

_METADATA = re.compile(r"(.+?)-([^-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info")
"""A folder in which a package's metadata is."""

_SOFT = 120
"""Pixels along the softer of the made pictures."""
_PNG_PIXELS = "68c9fc715ae1"
"""How the fingerprint of the made picture begins; a decoder that errs in step with its coder is found out."""

# What this version gives, and some points to both sides for others: a broken codec misses by far.
_JPEG_QUALITY, _JPEG_SCORES = 85.0, (85.0, 93.0)
_WEBP_QUALITY, _WEBP_SCORES = 85.0, (80.0, 92.0)
_AVIF_QUALITY, _AVIF_SCORES = 75, (86.0, 95.0)
_JXL_QUALITY, _JXL_SCORES = 85.0, (87.0, 96.0)
_HEIC_QUALITY, _HEIC_SCORES = 80, (88.0, 98.0)
_END_OF_JPEG = b"\xff\xd9"
_NOISE_SCORES = (78.0, 82.0)


class _Wrong(Exception):  # noqa: N818 (a verdict)
    """A codec gave a wrong answer."""


@functools.cache
def codec_versions() -> dict[str, str]:
    """Name and version of every codec that is installed, and of this check, whose answers may change.

    The first call looks into the folders that modules come from, so it has to be before the lock.
    """
    found = {"homepress": __version__, ENGINE: Loaded.name()}
    installed = _installed()
    found.update((package, installed[package]) for package in _PACKAGES if package in installed)
    for library in _LIBRARIES:
        if version := features.version(library):
            found[library] = version
    return found


def _installed() -> dict[str, str]:
    """Versions by name, from the folders' names: `importlib.metadata` takes ten times as long to load."""
    found: dict[str, str] = {}
    for folder in sys.path:
        with contextlib.suppress(OSError):
            for match in filter(None, map(_METADATA.fullmatch, os.listdir(folder or "."))):
                found.setdefault(re.sub(r"[-_.]+", "-", match[1]).lower(), match[2])
    return found


def check_codecs() -> tuple[Fault, ...]:
    """Code and decode small pictures with every codec that is installed.

    Takes about a second of processor time and needs no file.

    Returns:
        What went wrong; nothing when all is well.
    """
    faults = []
    for image_type, even_lossless, check in _CHECKS:
        try:
            check()
        except CannotConvert:
            continue  # this codec is not installed
        except Exception as error:  # noqa: BLE001  a broken codec may raise anything; it is told, not hidden
            what = str(error) if isinstance(error, _Wrong) else f"{type(error).__name__}: {error}"
            faults.append(Fault(image_type, even_lossless, what))
    return tuple(faults)


def _picture(size: int = 96) -> Rgba:
    """A gradient, waves and hard edges; the same on every computer, for it is made of whole numbers."""
    down, across = np.mgrid[0:size, 0:size]
    rgba = np.empty((size, size, 4), np.uint8)
    rgba[..., 0] = across * 255 // (size - 1)
    rgba[..., 1] = down * 255 // (size - 1)
    rgba[..., 2] = (across * across + down * 7) // 9 % 256
    rgba[..., 3] = np.where(across + down < size // 2, (across + down) * 5 % 256, 255)
    rgba[size // 2 : size // 2 + 9, 10:40, :3] = (250, 10, 20)
    return rgba


def _soft() -> Rgba:
    """Opaque, with soft shapes and little colour, as most photographs; its scores are those of large ones."""
    down, across = np.mgrid[0:_SOFT, 0:_SOFT]
    wave = (across * across + 3 * down * down) // 40 % 64
    light = 60 + across + np.where(wave < 32, wave, 63 - wave)
    shades = [light, light * 9 // 10 + 12, light * 8 // 10 + down // 3 + 10, np.full_like(light, 255)]
    return np.stack(shades, axis=-1).astype(np.uint8)


def _check_metric() -> None:
    picture = over(_soft(), 255)
    if full_score(picture, picture) < 99.9:
        raise _Wrong("a picture does not score as equal to itself")
    noise = (np.arange(picture.size).reshape(picture.shape) * 7919 % 23).astype(np.int16) - 11
    noisy = np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    _expect(full_score(picture, noisy), _NOISE_SCORES, "a noisy picture")


def _check_png() -> None:
    coded = quickly_coded(Picture(_picture()))
    before = png_fingerprint(coded)
    if not before.hex().startswith(_PNG_PIXELS):
        raise _Wrong("a PNG does not decode to the right pixels")
    if png_fingerprint(recode(coded, level=4)) != before:
        raise _Wrong("oxipng changed pixels")


def _check_jpeg() -> None:
    pixels = over(_soft(), 255)
    encoder = RateDistortionEncoder()
    for sampling in (Sampling.FULL, Sampling.QUARTER):
        sample = encoder.sample(pixels, sampling)
        coding = encoder.encode(pixels, sampling, _JPEG_QUALITY, sample)
        shown = np.asarray(decode(coding.stream, ("JPEG",)))
        for stream in (coding.stream, coding.smallest()):
            strictly = decode_strictly(stream)
            if strictly is None or not np.array_equal(strictly, shown):
                raise _Wrong("the decoders of JPEG do not agree")
        _expect(full_score(pixels, shown), _JPEG_SCORES, f"a JPEG ({sampling})")


def _check_jpeg_lossless() -> None:
    out = io.BytesIO()
    Image.fromarray(over(_soft(), 255)).save(out, "JPEG", quality=90)
    source = out.getvalue()
    optimised = optimise(source)
    if fingerprint(decode(optimised, ("JPEG",))) != fingerprint(decode(source, ("JPEG",))):
        raise _Wrong("optimising a JPEG's scans changed pixels")
    for whole in (source, optimised):
        if decode_strictly(whole[: len(whole) * 9 // 10] + _END_OF_JPEG) is not None:
            raise _Wrong("a JPEG that is cut short passes as whole")


def _check_webp() -> None:
    codec = webp.WebpCodec()
    rgba = _soft()
    rgba[..., 3] = _picture(_SOFT)[..., 3]
    shown = codec.decode(codec.encode(rgba, _WEBP_QUALITY))
    if not np.array_equal(shown[..., 3], rgba[..., 3]):
        raise _Wrong("WebP changed transparency")
    _expect(full_score(over(rgba, 255), over(shown, 255)), _WEBP_SCORES, "a WebP")


def _check_webp_lossless() -> None:
    image = Image.fromarray(_picture())
    if not webp.same_pixels(image, webp.encode_lossless(image)):
        raise _Wrong("lossless WebP changed pixels")


def _check_avif() -> None:
    shown = avif.AvifCodec().decode(avif.write_avif(_soft(), _AVIF_QUALITY))
    _expect(full_score(over(_soft(), 255), over(shown, 255)), _AVIF_SCORES, "an AVIF")


def _check_jxl() -> None:
    codec = jxl.JxlCodec()
    shown = codec.decode(codec.encode(_soft(), _JXL_QUALITY))
    _expect(full_score(over(_soft(), 255), over(shown, 255)), _JXL_SCORES, "a JPEG XL")


def _check_jxl_lossless() -> None:
    rgba = _picture()
    if not np.array_equal(jxl.JxlCodec().decode(jxl.encode_jxl_lossless(rgba)), rgba):
        raise _Wrong("lossless JPEG XL changed pixels")
    out = io.BytesIO()
    Image.fromarray(over(rgba, 255)).save(out, "JPEG", quality=90)
    height, width = rgba.shape[:2]
    if jxl.to_jpeg(jxl.from_jpeg(out.getvalue(), width, height)) != out.getvalue():
        raise _Wrong("a JPEG does not come back from JPEG XL")


def _check_heic() -> None:
    heif: Any = codec("pillow_heif", "pillow-heif", "reading HEIC")
    out = io.BytesIO()
    try:
        heif.from_pillow(Image.fromarray(over(_soft(), 255))).save(out, quality=_HEIC_QUALITY)
    except (RuntimeError, ValueError, OSError):
        return  # this build only reads, and a picture to read cannot be made here
    shown = to_rgba(heif.open_heif(io.BytesIO(out.getvalue()))[0].to_pillow())
    _expect(full_score(over(_soft(), 255), over(shown, 255)), _HEIC_SCORES, "a HEIC")


def _check_exact(name: str) -> Callable[[], None]:
    """A check that Pillow reads what it wrote in a format without loss."""

    def check() -> None:
        image = Image.fromarray(over(_soft(), 255))
        image = image.quantize(64) if name == "GIF" else image
        out = io.BytesIO()
        image.save(out, name)
        shown = decode(out.getvalue(), (name,))
        if not np.array_equal(to_rgba(shown), to_rgba(image)):
            raise _Wrong(f"a {name} does not decode to the right pixels")

    return check


def _expect(score: float, bounds: tuple[float, float], what: str) -> None:
    if not bounds[0] <= score <= bounds[1]:
        raise _Wrong(f"{what} scores {score:.1f}, not {bounds[0]:g} to {bounds[1]:g}")


_LOSSY = (ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.AVIF, ImageType.JXL)
_CHECKS: tuple[tuple[ImageType, bool, Callable[[], None]], ...] = (
    *((image_type, False, _check_metric) for image_type in _LOSSY),
    (ImageType.JPEG, False, _check_jpeg),
    (ImageType.JPEG, True, _check_jpeg_lossless),
    (ImageType.PNG, True, _check_png),
    (ImageType.WEBP, False, _check_webp),
    (ImageType.WEBP, True, _check_webp_lossless),
    (ImageType.GIF, True, _check_exact("GIF")),
    (ImageType.TIFF, True, _check_exact("TIFF")),
    (ImageType.BMP, True, _check_exact("BMP")),
    (ImageType.AVIF, True, _check_avif),
    (ImageType.JXL, False, _check_jxl),
    (ImageType.JXL, True, _check_jxl_lossless),
    (ImageType.HEIC, True, _check_heic),
)
