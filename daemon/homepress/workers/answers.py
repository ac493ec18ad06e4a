"""What a worker answered, believed only as far as it agrees with what the daemon knows itself.

A worker decodes pictures that anybody may have made, and whoever has taken it over can answer anything. The
daemon decodes nothing, but it knows the source and the recipe, can hash, and can tell formats apart.
"""

import dataclasses
import hashlib
import math

from homepress.compress import Compressed, Recipe, Unchanged
from homepress.imagetype import SNIFF_BYTES, sniff
from homepress.workers.deaths import Death, DeathKind
from homepress.workers.frames import BadFrame
from homepress.workers.messages import Answer, Failure, Viewed

_MOST_TEXT = 500
_LONGEST_EDGE = 1 << 31
_BEST_SCORE = 100.0
_CHANNELS = 3


def believed(answer: Answer, body: bytes, source: bytes, recipe: Recipe) -> Compressed | Unchanged | Death:
    """What came of a picture.

    Args:
        answer: the worker's.
        body: the bytes that came with it.
        source: the picture that was asked about.
        recipe: what was asked.

    Raises:
        BadFrame: the answer cannot be true.
    """
    if answer.compressed is not None:
        return _result(answer.compressed, body, source, recipe)
    return _nothing(answer)


def seen(answer: Answer, body: bytes, most_pixels: int) -> Viewed | Unchanged | Death:
    """What there is to look at, or why there is nothing.

    Raises:
        BadFrame: the answer cannot be true.
    """
    viewed = answer.viewed
    if viewed is None:
        return _nothing(answer)
    (width, height), full = viewed.size, viewed.full_size
    sizes = (width, height, *full)
    if not all(0 < edge < _LONGEST_EDGE for edge in sizes) or width * height > most_pixels:
        raise BadFrame(f"the worker's answer cannot be true: sizes of {sizes}")
    if len(body) != _CHANNELS * width * height:
        raise BadFrame(f"the worker's answer cannot be true: {len(body)} bytes for {width} x {height}")
    return viewed


def located(answer: Answer) -> bool | Death:
    """Whether a picture tells where it was taken.

    Raises:
        BadFrame: the answer is none to this question.
    """
    if answer.located is not None:
        return answer.located
    if answer.failure is None:
        raise BadFrame("the worker answered another question")
    return _death(answer.failure)


def _nothing(answer: Answer) -> Unchanged | Death:
    """An answer without a picture."""
    if answer.unchanged is not None:
        return dataclasses.replace(answer.unchanged, detail=plain(answer.unchanged.detail))
    if answer.failure is not None:
        return _death(answer.failure)
    raise BadFrame("the worker gave an empty answer")


def _death(failure: Failure) -> Death:
    kind = DeathKind.OUT_OF_MEMORY if failure.out_of_memory else DeathKind.CRASHED
    return Death(kind, detail=plain(failure.text))


def plain(text: str) -> str:
    """A worker's words as one short line that does nothing to a terminal."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: 2 * _MOST_TEXT])
    return " ".join(shown.split())[:_MOST_TEXT]


def _result(said: Compressed, body: bytes, source: bytes, recipe: Recipe) -> Compressed:
    source_type = sniff(source[:SNIFF_BYTES])
    for holds, what in (
        (0 < len(body) <= len(source), f"{len(body)} bytes from {len(source)}"),
        (said.source_type is source_type, f"a source in {said.source_type}"),
        (said.image_type is (recipe.convert_to or source_type), f"a result in {said.image_type}"),
        (sniff(body[:SNIFF_BYTES]) is said.image_type, f"bytes that are no {said.image_type}"),
        (said.sha256 == hashlib.sha256(body).hexdigest(), "another hash than its bytes have"),
        (min(said.width, said.height) > 0, "no pixels"),
        (max(said.width, said.height) < _LONGEST_EDGE, "too many pixels"),
        (math.isfinite(said.score) and said.score <= _BEST_SCORE, f"a score of {said.score}"),
    ):
        if not holds:
            raise BadFrame(f"the worker's answer cannot be true: {what}")
    return dataclasses.replace(said, data=body, method=plain(said.method))
