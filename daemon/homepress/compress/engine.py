"""Sends each picture to the module of its format, and loads all of them on demand."""

import codecs
import contextlib
import dataclasses
import importlib
from collections.abc import Callable
from typing import cast

from homepress.base.formats import FORMATS, SNIFF_BYTES, ImageType, sniff
from homepress.compress.model import (
    Compressed,
    MetadataPolicy,
    Reason,
    Recipe,
    Unchanged,
    needs_conversion,
    no_image,
)
from homepress.compress.pixels import TooManyPixels, Undecodable, not_read

_ENTRIES = (
    *("advice", "gif", "likeness", "metadata", "preview"),
    *("convert.convert", "convert.scrubbing"),
)
"""Modules of this room that load the rest of it, besides the compressors."""

_ENTRIES_ALONE = ("advice", "likeness", "metadata", "convert.picture")
"""What is used of them where no picture is converted or is of another format than the compressor's."""

_OPTIONAL = ("pillow_heif", "pillow_jxl", "oxipng", "mozjpeg_lossless_optimization", "simplejpeg")
"""Not every computer has them; what needs one that is missing says so."""

_LATE = ("PIL.ImageFilter", "unicodedata")
_LATE_FOR_ALL = ("numpy.ma",)
"""What Pillow, Python and numpy import inside of functions; the latter in none that JPEG takes."""

_PILLOW = ("Avif", "Bmp", "Gif", "Jpeg", "Mpo", "Png", "Tiff", "WebP")
"""Pillow's modules for the formats that `FORMATS` has. Its other forty are not even loaded."""

_PILLOW_ALONE = {ImageType.JPEG: ("Jpeg", "Mpo", "Tiff")}
"""Those for one format: Exif is a TIFF."""

_ENCODINGS = (
    "ascii",
    "latin-1",
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "cp1252",
)
"""Of text in pictures, by the names that Pillow, Python and we use."""

Compressor = Callable[[bytes, Recipe], Compressed | Unchanged]


def compress(source: bytes, recipe: Recipe) -> Compressed | Unchanged:
    """`homepress.compress.compress`, in a process that may pay for the codecs."""
    kind = sniff(source[:SNIFF_BYTES])
    if kind is None:
        return no_image(source)
    result = _attempt(source, kind, recipe)
    if isinstance(result, Compressed):
        return result
    if kind is ImageType.JPEG and result.reason is Reason.CANNOT_KEEP_WHOLE:
        result = importlib.import_module(f"{__package__}.advice").with_advice(result, source, recipe)
    if recipe.metadata is MetadataPolicy.KEEP:
        return result
    scrubbing = importlib.import_module(f"{__package__}.convert.scrubbing")
    return dataclasses.replace(
        result, no_private_metadata=scrubbing.has_no_private_metadata(source, recipe.metadata)
    )


def _attempt(source: bytes, kind: ImageType, recipe: Recipe) -> Compressed | Unchanged:
    try:
        return _compressor(kind, recipe)(source, recipe)
    except TooManyPixels as error:
        return Unchanged(Reason.TOO_LARGE, str(error), kind)
    except Undecodable as error:
        return not_read(error, kind)


def _compressor(kind: ImageType, recipe: Recipe) -> Compressor:
    if needs_conversion(kind, recipe):
        return _load("convert.convert")
    if not FORMATS[kind].compressor:
        return lambda _source, _recipe: left_alone(kind)
    return _load(FORMATS[kind].compressor)


def left_alone(kind: ImageType) -> Unchanged:
    """What is said of a format that is not made smaller as it is."""
    known = FORMATS[kind].source
    return Unchanged(Reason.FORMAT_LEFT_ALONE if known else Reason.FORMAT_NEVER_TOUCHED, source_type=kind)


def load_codecs(only: ImageType | None = None) -> None:
    """Import everything that a picture can ever need: afterwards nothing is looked up by name.

    Args:
        only: see `homepress.compress.load_codecs`.
    """
    if only is None:
        _load_all()
    else:
        _import(*_ENTRIES_ALONE, FORMATS[only].compressor)
        _import_plugins(*_PILLOW_ALONE[only])
    for module in _LATE:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    importlib.import_module(f"{__package__}.selfcheck").codec_versions(only)


def _load_all() -> None:
    _import(*_ENTRIES, *(known.compressor for known in FORMATS.values() if known.compressor))
    for module in (*_OPTIONAL, *_LATE_FOR_ALL):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    _import_plugins(*_PILLOW)
    importlib.import_module("PIL.Image").preinit()
    _import("selfcheck_formats")


def _import(*modules: str) -> None:
    """Import modules of this room."""
    for module in modules:
        importlib.import_module(f"{__package__}.{module}")


def _import_plugins(*names: str) -> None:
    for name in names:
        importlib.import_module(f"PIL.{name}ImagePlugin")


def _load(module: str) -> Compressor:
    return cast(Compressor, importlib.import_module(f"{__package__}.{module}").compress)
