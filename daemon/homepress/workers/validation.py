"""What a worker answered, believed only as far as it agrees with what the daemon knows itself.

A worker decodes pictures that anybody may have made, and an attacker who has taken it over can answer
anything. The daemon decodes nothing, but it knows the source and the recipe, can hash, and reads the format,
the size in pixels and the number of frames from headers. Whether the result looks like the picture, a second
process says.
"""

import dataclasses
import hashlib
import math

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.base.results import ProbeAttempt
from homepress.compress import Compressed, MetadataPolicy, Recipe, Unchanged
from homepress.compress.savings import Size, is_worth_it, possible_sizes
from homepress.workers.dimensions import Dimensions, read_dimensions
from homepress.workers.process import Death, DeathKind
from homepress.workers.protocol import (
    BadFrame,
    ComparedPictures,
    CompressedResult,
    Located,
    PreviewSizes,
    ProbeAnswers,
    Response,
    TaskFailure,
    UnchangedResult,
)

_LONGEST_EDGE = 1 << 31
_BEST_SCORE = 100.0
_BEST_LEVEL = 255.0
_CHANNELS = 3
_LEAST_FILE = 12
"""Bytes that any picture has."""
_GROWTH, _GROWTH_A_PIXEL = 65_536, 5
"""Bytes by which a picture in another format may be larger than its source, where that is allowed."""


def most_bytes(source: bytes, recipe: Recipe) -> int:
    """How many bytes a result may have at most."""
    kind = sniff(source[:SNIFF_BYTES])
    if kind is None or not recipe.bigger or recipe.convert_to in (None, kind):
        return len(source)
    size = read_dimensions(source, kind)
    pixels = size.width * size.height if size is not None else 0
    return len(source) + _GROWTH + _GROWTH_A_PIXEL * pixels


def validated_result(
    answer: Response, body: bytes, source: bytes, recipe: Recipe
) -> Compressed | Unchanged | Death:
    """What came of a picture.

    Args:
        answer: the worker's.
        body: the bytes that came with it.
        source: the picture that was asked about.
        recipe: what was asked.

    Raises:
        BadFrame: the answer cannot be true.
    """
    if isinstance(answer, CompressedResult):
        return _result(answer.compressed, body, source, recipe)
    return _nothing(answer)


def validated_preview(answer: Response, body: bytes, most_pixels: int) -> PreviewSizes | Unchanged | Death:
    """What there is to look at, or why there is nothing.

    Raises:
        BadFrame: the answer cannot be true.
    """
    if not isinstance(answer, PreviewSizes):
        return _nothing(answer)
    (width, height), full = answer.size, answer.full_size
    sizes = (width, height, *full)
    if not all(0 < edge < _LONGEST_EDGE for edge in sizes) or width * height > most_pixels:
        raise BadFrame(f"the worker's answer cannot be true: sizes of {sizes}")
    if len(body) != _CHANNELS * width * height:
        raise BadFrame(f"the worker's answer cannot be true: {len(body)} bytes for {width} x {height}")
    return answer


def validated_attempts(answer: Response) -> tuple[ProbeAttempt, ...]:
    """What the system answered to each attempt to get out; nothing if the worker told nothing."""
    return tuple(answer.attempts) if isinstance(answer, ProbeAnswers) else ()


def validated_location(answer: Response) -> bool | Death:
    """Whether a picture tells where it was taken.

    Raises:
        BadFrame: the answer is none to this question.
    """
    if isinstance(answer, Located):
        return answer.located
    if isinstance(answer, TaskFailure):
        return _death(answer)
    raise BadFrame("the worker answered another question")


def validated_comparison(answer: Response) -> ComparedPictures | Unchanged | Death:
    """How far a result and its source are apart, or why that could not be seen.

    Raises:
        BadFrame: the answer cannot be true.
    """
    if not isinstance(answer, ComparedPictures):
        return _nothing(answer)
    numbers = (answer.mean, answer.worst, answer.contrast)
    if not all(0.0 <= number <= _BEST_LEVEL for number in numbers):
        raise BadFrame(f"the worker's answer cannot be true: differences of {numbers}")
    return answer


def _nothing(answer: Response) -> Unchanged | Death:
    """An answer without a picture."""
    if isinstance(answer, UnchangedResult):
        return answer.unchanged
    if isinstance(answer, TaskFailure):
        return _death(answer)
    raise BadFrame("the worker answered another question")


def _death(failure: TaskFailure) -> Death:
    kind = DeathKind.OUT_OF_MEMORY if failure.out_of_memory else DeathKind.CRASHED
    return Death(kind, detail=failure.text)


def _result(said: Compressed, body: bytes, source: bytes, recipe: Recipe) -> Compressed:
    """What was claimed of a result, held against its bytes and then against both headers."""
    source_type = sniff(source[:SNIFF_BYTES])
    _demand(
        (0 < len(body) <= most_bytes(source, recipe), f"{len(body)} bytes from {len(source)}"),
        (len(body) != len(source) or body != source, "the source as its own result"),
        (said.source_type is source_type, f"a source in {said.source_type}"),
        (said.image_type is (recipe.convert_to or source_type), f"a result in {said.image_type}"),
        (sniff(body[:SNIFF_BYTES]) is said.image_type, f"bytes that are no {said.image_type}"),
        (said.sha256 == hashlib.sha256(body).hexdigest(), "another hash than its bytes have"),
        (math.isfinite(said.score) and said.score <= _BEST_SCORE, f"a score of {said.score}"),
        (not said.lossless or said.score == _BEST_SCORE, f"no loss at a score of {said.score}"),
    )
    _check_pixels(said, body, source, recipe)
    return dataclasses.replace(said, data=body)


def _check_pixels(said: Compressed, body: bytes, source: bytes, recipe: Recipe) -> None:
    """Raise `BadFrame` unless size, frames and saving are what may become of the source."""
    before = read_dimensions(source, said.source_type)
    after = read_dimensions(body, said.image_type)
    if before is None or after is None:
        which = "source" if before is None else "result"
        raise BadFrame(f"the worker's answer cannot be true: a {which} that does not say its size in pixels")
    converted = said.image_type is not said.source_type
    size = (after.width, after.height)
    resized = size not in _shapes(before, recipe)
    _demand(
        (size == (said.width, said.height), f"{said.width} x {said.height} pixels, in truth {size}"),
        (_may_have(size, before, recipe), f"{size} pixels from {before}"),
        (converted or before.frames == after.frames, f"{after.frames} frames from {before.frames}"),
        (not converted or after.frames == 1, f"{after.frames} frames"),
        (len(body) >= _least_bytes(size, said.image_type), f"{len(body)} bytes for {size} pixels"),
        (not recipe.fit_under or len(body) <= recipe.fit_under, f"{len(body)} bytes"),
        (
            is_worth_it(
                len(source),
                len(body),
                recipe,
                lossless=said.lossless,
                converted=converted,
                resized=resized,
            ),
            f"{len(body)} bytes from {len(source)}, which saves too little",
        ),
    )


def _demand(*facts: tuple[bool, str]) -> None:
    """Raise `BadFrame` for the first fact that does not hold, with what was claimed instead."""
    for holds, what in facts:
        if not holds:
            raise BadFrame(f"the worker's answer cannot be true: {what}")


def _shapes(source: Dimensions, recipe: Recipe) -> set[Size]:
    """Sizes of a result that has all pixels of its source."""
    shapes = {(source.width, source.height)}
    if recipe.convert_to is not None and source.cropped is not None:
        shapes.add(source.cropped)
    if recipe.convert_to or recipe.max_edge or recipe.fit_under or recipe.metadata is MetadataPolicy.STRIP:
        shapes |= {(height, width) for width, height in shapes}  # the orientation may be in the pixels now
    return shapes


def _may_have(size: Size, source: Dimensions, recipe: Recipe) -> bool:
    """Whether a result may have so many pixels."""
    fitting = recipe.fit_under > 0
    return any(
        size in possible_sizes(one, recipe.max_edge, fitting=fitting) for one in _shapes(source, recipe)
    )


def _least_bytes(size: Size, kind: ImageType) -> int:
    """Bytes that no picture of so many pixels in a format goes below."""
    width, height = size
    if kind is ImageType.JPEG:  # a block's mean takes a bit (ITU-T T.81 section F.1.2.1)
        return -(-width // 8) * -(-height // 8) // 8
    if kind is ImageType.PNG:  # deflate makes of 1,032 bytes one at best
        return height * (1 + -(-width // 8)) // 1032
    return _LEAST_FILE
