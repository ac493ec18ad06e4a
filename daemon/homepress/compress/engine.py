"""Sends each picture to the module of its format, and reads codecs only when a picture needs them."""

import dataclasses
import importlib
from collections.abc import Callable
from typing import cast

from homepress.base.formats import FORMATS, SNIFF_BYTES, ImageType, sniff
from homepress.compress.model import Compressed, MetadataPolicy, Reason, Recipe, Unchanged
from homepress.compress.pixels import TooManyPixels, Undecodable

Compressor = Callable[[bytes, Recipe], Compressed | Unchanged]


def compress(source: bytes, recipe: Recipe) -> Compressed | Unchanged:
    """Make one picture smaller. Nothing but the bytes and the recipe decides the result.

    Args:
        source: the bytes of the file.
        recipe: what is asked.

    Returns:
        A result that is smaller by the minimum saving and passed every check, or why there is none.
    """
    kind = sniff(source[:SNIFF_BYTES])
    if kind is None:
        return Unchanged(Reason.NOT_AN_IMAGE)
    result = _attempt(source, kind, recipe)
    if isinstance(result, Compressed) or recipe.metadata is MetadataPolicy.KEEP:
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
        return Unchanged(Reason.BROKEN, str(error), kind, transient=True)


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


def needs_conversion(kind: ImageType, recipe: Recipe) -> bool:
    """Whether a recipe asks for more than the same picture in fewer bytes."""
    return (
        recipe.convert_to not in (None, kind)
        or recipe.max_edge > 0
        or recipe.fit_under > 0
        or recipe.metadata is not MetadataPolicy.KEEP
    )


def _load(module: str) -> Compressor:
    return cast(Compressor, importlib.import_module(f"{__package__}.{module}").compress)
