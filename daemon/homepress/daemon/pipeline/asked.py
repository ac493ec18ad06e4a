"""What is asked of one picture, and whether it was done: by its plan, its name, and what was met before."""

import dataclasses
from pathlib import Path

from homepress.base.formats import FORMATS, RAW_SUFFIXES, SNIFF_BYTES, ImageType, sniff, type_by_name
from homepress.base.system_errors import printable
from homepress.compress.model import Compressed, MetadataPolicy, Reason, Recipe, Unchanged, without
from homepress.daemon.pipeline.job import Destination, Job, Plan
from homepress.store.model import Role, Source
from homepress.workers import read_dimensions

_NOT_DONE = {
    Reason.BROKEN,
    Reason.UNSUPPORTED,
    Reason.NOT_AN_IMAGE,
    Reason.TOO_LARGE,
    Reason.VERIFY_FAILED,
    Reason.CANNOT_CONVERT,
    Reason.CANNOT_FIT,
}
"""Whatever was asked; by the others a picture is as small as it gets, or nothing of its kind was asked."""

MADE_BEFORE = "Homepress made it: a second lossy generation is never made"

NOTHING_TO_SAVE = frozenset({Reason.SAVES_TOO_LITTLE, Reason.WOULD_BE_BIGGER})

_SAME_FAMILY = {ImageType.HEIC, ImageType.AVIF}
"""Formats of one container, whose suffixes are used for each other."""


# -- content that was met before: what may still be asked of it


def wants_known(job: Job, role: Role) -> bool:
    """Whether a folder wants content that is known all the same.

    An output folder mirrors all of its source; where tags are to be taken out, they are taken out of our own
    results too. What a user restored is left alone everywhere.
    """
    if job.plan.destination is Destination.OUTPUT:
        return role is not Role.KEPT
    return role is Role.RESULT and job.plan.recipe.metadata is not MetadataPolicy.KEEP


def wants_result(job: Job, recipe: Recipe) -> bool:
    """Whether more is asked of a result of ours than a floor, which it has."""
    bare = recipe.metadata is not MetadataPolicy.KEEP
    return job.plan.destination is Destination.OUTPUT or bare or is_reshaped(recipe)


_MET = {
    Role.RESULT: "which Homepress made",
    Role.KEPT: "which you brought back with undo",
    Role.REFUSED: "which was left as it is",
}


def same_picture(other: Path | None, role: Role) -> str:
    """Why a picture is left as it is that was met before, for people.

    Args:
        other: where that was; None where its name is not known any more.
        role: what came of it.
    """
    name = "one that was met before" if other is None else printable(other)
    return f"the same picture as {name}, {_MET[role]}"


def is_reshaped(recipe: Recipe) -> bool:
    """Whether a recipe asks for another size or format."""
    return bool(recipe.max_edge or recipe.fit_under or recipe.convert_to)


def without_more_loss(recipe: Recipe, job: Job) -> Recipe:
    """The recipe for a result of ours: no second lossy generation, but where another size or format is asked.

    A picture that is replaced is not asked for by name; its size and format were settled where it was made.
    """
    if is_reshaped(recipe) and (job.explicit or job.plan.destination is Destination.OUTPUT):
        return recipe
    return dataclasses.replace(recipe, floor=None, palette=False, max_edge=0, fit_under=0, convert_to=None)


def is_over(recipe: Recipe, data: bytes) -> bool:
    """Whether a picture has more bytes, or a longer edge, than a recipe asks for."""
    if 0 < recipe.fit_under < len(data):
        return True
    kind = sniff(data[:SNIFF_BYTES]) if recipe.max_edge else None
    size = read_dimensions(data, kind) if kind else None
    return size is not None and max(size.width, size.height) > recipe.max_edge


def is_missed(made: Unchanged, recipe: Recipe, data: bytes, *, converting: bool = False) -> bool:
    """Whether a picture that stays as it is should not: it could not be read, or is not what was asked.

    Args:
        made: why it stays.
        recipe: what was asked of it.
        data: the picture.
        converting: as in its `Plan`.
    """
    if made.reason in _NOT_DONE or is_over(recipe, data):
        return True
    if recipe.metadata is not MetadataPolicy.KEEP and not made.no_private_metadata:
        return True
    if recipe.drop and made.reason is Reason.CANNOT_KEEP_WHOLE:
        return True
    if converting and made.reason is Reason.FORMAT_NEVER_TOUCHED:  # no conversion stands in its recipe
        return True
    wanted = recipe.bigger or made.reason not in NOTHING_TO_SAVE
    return wanted and recipe.convert_to not in (None, made.source_type)


def note_of(made: Compressed) -> str:
    """What a result does not have, in words: what was taken out, and what could not be done."""
    return "; ".join(filter(None, (without(made.dropped), made.missed)))


def recipe_of(job: Job, source: Source) -> Recipe:
    """The plan's recipe with the result format that the plan has for this kind of source."""
    return recipe_for(job.plan, source.data)


def recipe_for(plan: Plan, data: bytes) -> Recipe:
    """The same for a picture that is in no file."""
    kind = sniff(data[:SNIFF_BYTES])
    wanted = plan.convert.get(kind) if kind else None
    if kind is None or wanted is None or wanted is kind:
        return plan.recipe
    bigger = plan.recipe.bigger or not FORMATS[kind].compressor  # who converts these cannot open them
    return dataclasses.replace(plan.recipe, convert_to=wanted, bigger=bigger)


# -- names


def misnamed(path: Path, data: bytes) -> Unchanged | None:
    """A file whose name says another format than its bytes: somebody has to look at it first."""
    kind, named = sniff(data[:SNIFF_BYTES]), type_by_name(path.name)
    if kind is None or named is None or named is kind or {kind, named} <= _SAME_FAMILY:
        return None
    words = f"it is named as {_a(named)}, but is {_a(kind)}; rename it to end in {kind.suffix}"
    return Unchanged(Reason.MISNAMED, words, kind)


def _a(kind: ImageType) -> str:
    """A format with its article."""
    word = "JPEG XL" if kind is ImageType.JXL else "WebP" if kind is ImageType.WEBP else kind.value.upper()
    return f"an {word}" if kind in (ImageType.AVIF, ImageType.SVG) else f"a {word}"


def raw_file(path: Path, data: bytes) -> Unchanged | None:
    """A camera's raw file, by its name: what of its content can be read as a TIFF or JPEG is a preview."""
    kind = sniff(data[:SNIFF_BYTES])
    if path.suffix.lower() not in RAW_SUFFIXES or kind is None:
        return None
    return Unchanged(Reason.FORMAT_NEVER_TOUCHED, "a camera's raw file", kind)
