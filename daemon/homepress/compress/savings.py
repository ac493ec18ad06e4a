"""How much smaller a result must be to be worth a change of the file, and how many pixels it may have.

The daemon holds the answers of workers against the same rules.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

from homepress.base.formats import ImageType
from homepress.compress.model import Compressed, MetadataPolicy, Reason, Recipe, ScoreKind, Unchanged

Size = tuple[int, int]
"""Width and height in pixels."""

SHARES: Final = (1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25)
"""Of each edge: what a picture that has to fit under a size in bytes may come out in."""


def fitted_size(size: Size, max_edge: int) -> Size:
    """Width and height that keep the shape and have no edge longer than `max_edge`; 0 sets no limit."""
    width, height = size
    longest = max(width, height)
    if not max_edge or longest <= max_edge:
        return size
    return max(1, round(width * max_edge / longest)), max(1, round(height * max_edge / longest))


def shrunk(size: Size, share: float) -> Size:
    """Width and height with a share of each edge."""
    return round(size[0] * share), round(size[1] * share)


def possible_sizes(size: Size, max_edge: int, *, fitting: bool) -> Iterator[Size]:
    """All sizes that a picture may come out in.

    Args:
        size: of the source.
        max_edge: the longest edge that was asked for; 0 sets no limit.
        fitting: whether it has to fit under a size in bytes.
    """
    yield size
    fitted = fitted_size(size, max_edge)
    yield fitted
    if fitting:
        yield from (shrunk(fitted, share) for share in SHARES)


_LOSSY_SHARE, _LOSSY_BYTES = 0.10, 8_000
_LOSSLESS_SHARE, _LOSSLESS_BYTES = 0.02, 1_000


def saves_enough(before: int, after: int, *, lossless: bool) -> bool:
    """Whether a result of `after` bytes is worth replacing a source of `before` bytes.

    A lossy result must save 10 % and 8 KB: every lossy generation costs quality. A lossless one costs nothing
    but a write, 2 % and 1 KB will do.
    """
    share, least = (_LOSSLESS_SHARE, _LOSSLESS_BYTES) if lossless else (_LOSSY_SHARE, _LOSSY_BYTES)
    return before - after >= max(least, share * before)


def is_worth_it(
    before: int, after: int, recipe: Recipe, *, lossless: bool, converted: bool, resized: bool
) -> bool:
    """Whether a result may take its source's place, whatever was asked.

    A picture in another format counts as the recipe says. Where more was asked than fewer bytes, anything
    that is smaller will do; where only metadata was taken away, the same size too. The daemon holds a
    worker's answer against the same rule.

    Args:
        before: bytes of the source.
        after: bytes of the result.
        recipe: what was asked.
        lossless: whether every pixel is what it was.
        converted: whether the result has another format.
        resized: whether it has fewer pixels.
    """
    if converted and recipe.bigger:
        return True
    scrubbed = not converted and recipe.metadata is not MetadataPolicy.KEEP
    if scrubbed and lossless and not resized:
        return after <= before
    if scrubbed or resized or (recipe.drop and not converted) or 0 < recipe.fit_under < before:
        return after < before
    return saves_enough(before, after, lossless=lossless)


def lossless_result(
    source: bytes,
    data: bytes,
    image_type: ImageType,
    size: tuple[int, int],
    method: str,
    *,
    bigger: bool = False,
) -> Compressed | Unchanged:
    """Hand over a result whose pixels were proven equal, if it saves enough or may even be `bigger`."""
    if not bigger and not saves_enough(len(source), len(data), lossless=True):
        return Unchanged(Reason.SAVES_TOO_LITTLE, source_type=image_type)
    return _compressed(data, image_type, size, 100.0, ScoreKind.FULL, True, method)


def lossy_result(
    source: bytes,
    data: bytes,
    image_type: ImageType,
    size: tuple[int, int],
    method: str,
    score: float,
    score_kind: ScoreKind,
) -> Compressed | Unchanged:
    """Hand over a result that was scored, if it saves enough."""
    if not saves_enough(len(source), len(data), lossless=False):
        return Unchanged(Reason.SAVES_TOO_LITTLE, source_type=image_type)
    return _compressed(data, image_type, size, score, score_kind, False, method)


def _compressed(
    data: bytes,
    image_type: ImageType,
    size: tuple[int, int],
    score: float,
    score_kind: ScoreKind,
    lossless: bool,
    method: str,
) -> Compressed:
    return Compressed(
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        image_type=image_type,
        source_type=image_type,
        width=size[0],
        height=size[1],
        score=round(score, 2),
        score_kind=score_kind,
        lossless=lossless,
        method=method,
    )
