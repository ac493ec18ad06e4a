"""A known-answer check of every codec: does this version still do what its results are trusted for?

Pictures made by formula are coded and decoded. What must be exact is compared with its source, or with a hash
that is written down here; what may differ is scored. It is done in a worker, when `codec_versions` are not
those of the last check; `trust` says what follows from a wrong answer. Here is JPEG, whose code may be loaded
without that of other formats; theirs is in `selfcheck_formats`.
"""

import contextlib
import functools
import io
import os
import re
import sys
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image, features

from homepress import __version__
from homepress.base.formats import ImageType
from homepress.compress.aim import over
from homepress.compress.convert.picture import CannotConvert, Rgba
from homepress.compress.core.library import Loaded
from homepress.compress.jpeg import Sampling, optimise
from homepress.compress.jpeg.encoder import RateDistortionEncoder
from homepress.compress.jpeg.whole import decode_strictly
from homepress.compress.model import ENGINE, Fault
from homepress.compress.pixels import decode, fingerprint
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
_LIBRARIES = ("libjpeg_turbo", "zlib", "littlecms2", "libtiff")
_OTHER_LIBRARIES = ("webp", "avif")
"""Of Pillow's modules that have nothing to do with JPEG."""

_METADATA = re.compile(r"(.+?)-([^-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info")
"""A folder in which a package's metadata is."""

SOFT_EDGE = 120
"""Pixels along the softer of the made pictures."""

# What this version gives, and some points to both sides for others: a broken codec misses by far.
_JPEG_QUALITY, _JPEG_SCORES = 85.0, (85.0, 93.0)
_END_OF_JPEG = b"\xff\xd9"
_NOISE_SCORES = (78.0, 82.0)


class Wrong(Exception):  # noqa: N818 (a verdict)
    """A codec gave a wrong answer."""


@functools.cache
def codec_versions(only: ImageType | None = None) -> dict[str, str]:
    """Name and version of every codec that is installed, and of this check, whose answers may change.

    The first call, whatever it is asked for, looks into the folders that modules come from, so it has to be
    before the lock; later ones do not.

    Args:
        only: one of `model.LOADED_ALONE`, and nothing is loaded to tell the versions of others.
    """
    found = {"homepress": __version__, ENGINE: Loaded.name()}
    installed = _installed()
    found.update((package, installed[package]) for package in _PACKAGES if package in installed)
    for library in _LIBRARIES if only else (*_LIBRARIES, *_OTHER_LIBRARIES):
        if version := features.version(library):
            found[library] = version
    return found


@functools.cache
def _installed() -> Mapping[str, str]:
    """Versions by name, from the folders' names: `importlib.metadata` takes ten times as long to load.

    Kept, since a worker with every codec may be asked for the versions of one format's behind its lock, where
    no folder can be listed.
    """
    found: dict[str, str] = {}
    for folder in sys.path:
        with contextlib.suppress(OSError):
            for match in filter(None, map(_METADATA.fullmatch, os.listdir(folder or "."))):
                found.setdefault(re.sub(r"[-_.]+", "-", match[1]).lower(), match[2])
    return found


class KnownAnswer(NamedTuple):
    """One check of a codec.

    Attributes:
        formats: that are not to be trusted if it fails.
        even_lossless: whether their lossless coding, too, is not.
        run: does it; raises `Wrong`, or whatever the codec does.
    """

    formats: Collection[ImageType]
    even_lossless: bool
    run: Callable[[], None]


def check_codecs(only: ImageType | None = None) -> tuple[Fault, ...]:
    """Code and decode small pictures with every codec that is installed.

    Takes about a second of processor time, a tenth of that for JPEG alone, and needs no file.

    Args:
        only: the one format to check, of `model.LOADED_ALONE`; None for all.

    Returns:
        What went wrong; nothing when all is well.
    """
    checks: tuple[KnownAnswer, ...] = _CHECKS
    if only is None:
        from homepress.compress.selfcheck_formats import CHECKS

        checks += CHECKS
    faults = []
    for check in checks:
        try:
            check.run()
        except CannotConvert:
            continue  # this codec is not installed
        except Exception as error:  # noqa: BLE001  a broken codec may raise anything; it is told, not hidden
            what = str(error) if isinstance(error, Wrong) else f"{type(error).__name__}: {error}"
            concerned = [each for each in check.formats if only in (None, each)]
            faults += [Fault(each, check.even_lossless, what) for each in concerned]
    return tuple(faults)


def sharp_picture(size: int = 96) -> Rgba:
    """A gradient, waves and hard edges; the same on every computer, for it is made of whole numbers."""
    down, across = np.mgrid[0:size, 0:size]
    rgba = np.empty((size, size, 4), np.uint8)
    rgba[..., 0] = across * 255 // (size - 1)
    rgba[..., 1] = down * 255 // (size - 1)
    rgba[..., 2] = (across * across + down * 7) // 9 % 256
    rgba[..., 3] = np.where(across + down < size // 2, (across + down) * 5 % 256, 255)
    rgba[size // 2 : size // 2 + 9, 10:40, :3] = (250, 10, 20)
    return rgba


def soft_picture() -> Rgba:
    """Opaque, with soft shapes and little colour, as most photographs; its scores are those of large ones."""
    down, across = np.mgrid[0:SOFT_EDGE, 0:SOFT_EDGE]
    wave = (across * across + 3 * down * down) // 40 % 64
    light = 60 + across + np.where(wave < 32, wave, 63 - wave)
    shades = [light, light * 9 // 10 + 12, light * 8 // 10 + down // 3 + 10, np.full_like(light, 255)]
    return np.stack(shades, axis=-1).astype(np.uint8)


def _check_metric() -> None:
    picture = over(soft_picture(), 255)
    if full_score(picture, picture) < 99.9:
        raise Wrong("a picture does not score as equal to itself")
    noise = (np.arange(picture.size).reshape(picture.shape) * 7919 % 23).astype(np.int16) - 11
    noisy = np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    expect(full_score(picture, noisy), _NOISE_SCORES, "a noisy picture")


def _check_jpeg() -> None:
    pixels = over(soft_picture(), 255)
    encoder = RateDistortionEncoder()
    for sampling in (Sampling.FULL, Sampling.QUARTER):
        sample = encoder.sample(pixels, sampling)
        coding = encoder.encode(pixels, sampling, _JPEG_QUALITY, sample)
        shown = np.asarray(decode(coding.stream, ("JPEG",)))
        for stream in (coding.stream, coding.smallest()):
            strictly = decode_strictly(stream)
            if strictly is None or not np.array_equal(strictly, shown):
                raise Wrong("the decoders of JPEG do not agree")
        expect(full_score(pixels, shown), _JPEG_SCORES, f"a JPEG ({sampling})")


def _check_jpeg_lossless() -> None:
    out = io.BytesIO()
    Image.fromarray(over(soft_picture(), 255)).save(out, "JPEG", quality=90)
    source = out.getvalue()
    optimised = optimise(source)
    if fingerprint(decode(optimised, ("JPEG",))) != fingerprint(decode(source, ("JPEG",))):
        raise Wrong("optimising a JPEG's scans changed pixels")
    for whole in (source, optimised):
        if decode_strictly(whole[: len(whole) * 9 // 10] + _END_OF_JPEG) is not None:
            raise Wrong("a JPEG that is cut short passes as whole")


def expect(score: float, bounds: tuple[float, float], what: str) -> None:
    """Raise `Wrong` if a score of something is out of its bounds."""
    if not bounds[0] <= score <= bounds[1]:
        raise Wrong(f"{what} scores {score:.1f}, not {bounds[0]:g} to {bounds[1]:g}")


_LOSSY = (ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.AVIF, ImageType.JXL)
_CHECKS = (
    KnownAnswer(_LOSSY, False, _check_metric),
    KnownAnswer((ImageType.JPEG,), False, _check_jpeg),
    KnownAnswer((ImageType.JPEG,), True, _check_jpeg_lossless),
)
