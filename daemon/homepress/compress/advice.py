"""What to drop where something beside a JPEG's picture keeps it from being rewritten.

A reason that leaves people to guess the word is half a reason. No word is given that leads nowhere: what is
left when it is dropped was followed again.
"""

import dataclasses
from collections.abc import Iterator, Set

from homepress.base.formats import ImageType
from homepress.compress.metadata import Malformed, Refused, parse_jpeg, picture_only, share, swap_primary
from homepress.compress.metadata.jpeg_file import read_jpeg_file
from homepress.compress.metadata.jpeg_tail import held_extras, taken_out, unread_extras
from homepress.compress.model import Extra, MetadataPolicy, Reason, Recipe, Unchanged

_ALL = frozenset(Extra)


def with_advice(result: Unchanged, source: bytes, recipe: Recipe) -> Unchanged:
    """The reason for which a JPEG stays as it is, with what to drop so that it need not."""
    if result.source_type is not ImageType.JPEG or result.reason is not Reason.CANNOT_KEEP_WHOLE:
        return result
    if recipe.metadata is MetadataPolicy.STRIP or _can_be_rewritten(source, recipe, recipe.drop):
        return result
    for drop in _attempts(source, recipe.drop):
        if _can_be_rewritten(source, recipe, drop):
            words = "all" if drop == _ALL else ", ".join(extra for extra in Extra if extra in drop)
            return dataclasses.replace(result, detail=f"{result.detail}; to take that out, drop {words}")
    return result


def _attempts(source: bytes, dropped: frozenset[Extra]) -> Iterator[frozenset[Extra]]:
    """What might be dropped, the least first."""
    held = _held(source) - dropped
    for extra in Extra:
        if extra in held:
            yield dropped | {extra}
    if held:
        yield dropped | held
    yield _ALL


def _held(source: bytes) -> Set[Extra]:
    try:
        return held_extras(read_jpeg_file(source)).keys()
    except (Refused, Malformed):
        return _behind_the_end(source)


def _behind_the_end(source: bytes) -> Set[Extra]:
    try:
        return set(unread_extras(source, parse_jpeg(source).end))
    except Malformed:
        return set()


def _can_be_rewritten(source: bytes, recipe: Recipe, drop: frozenset[Extra]) -> bool:
    """Whether a file can be put together again without some of what it holds, and does hold."""
    try:
        left, gone = taken_out(source, drop)
        if drop != recipe.drop and not gone:
            return False
        if recipe.metadata is MetadataPolicy.SHARE:
            left = share(left)
        swap_primary(left, picture_only(parse_jpeg(left)))
    except (Refused, Malformed):
        return False
    return True
