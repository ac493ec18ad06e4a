"""What is asked of the compressor for one picture, and what it answers."""

import dataclasses
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from homepress.base.formats import ImageType
from homepress.base.units import enumeration


class MetadataPolicy(enum.StrEnum):
    """Which metadata the result carries."""

    KEEP = "keep"
    """All of it, byte for byte."""
    SHARE = "share"
    """Without location, serial numbers, owner names and embedded thumbnail."""
    STRIP = "strip"
    """Nothing but the colour profile; the orientation is baked into the pixels."""


class Extra(enum.StrEnum):
    """What a file may hold beside its picture and that picture's metadata; the words of `drop`."""

    HDR = "hdr"
    """The gain map that makes a picture brighter on screens that can show it."""
    DEPTH = "depth"
    """Depth maps, and mattes of persons, hair, skin and sky."""
    MOTION = "motion"
    """The video of a motion photo."""
    PICTURES = "pictures"
    """Further pictures: the other eye's, those of a burst, large previews."""
    MAKER = "maker"
    """Data of a camera's maker, or of any program, behind the picture or in boxes and header segments."""


LEFT_OUT = {
    "hdr": "its HDR gain map",
    "depth": "its depth map",
    "motion": "its motion video",
    "pictures": "its further pictures",
    "maker": "data that its camera's maker or a program added",
    "header": "a header segment of its camera's maker",
    "signature": "its signature or further layers",
    "unknown": "data that Homepress does not know",
    "scale": "its physical scale and calibration",
    "comment": "its comment",
    "photoshop": "Photoshop's settings",
    "text": "its text notes",
    "properties": "its notes of lens, camera position or title that are no Exif",
    "deep": "its 10 or 12 bits a channel (now 8)",
    "16-bit": "its 16 bits a channel (now 8)",
    "cmyk": "its CMYK colours (now sRGB)",
}
"""What a result lacks, by the word in `dropped`, for people: "without ..."."""


def without(dropped: Iterable[str]) -> str:
    """What a result lacks, as a phrase; empty when it lacks nothing."""
    names = [LEFT_OUT.get(word, word) for word in dict.fromkeys(dropped)]
    return f"without {enumeration(names)}" if names else ""


LOWEST_FLOOR = 30.0
"""No lossy result is ever made under this score, at its own size in pixels."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything but the bytes that decides a result: same bytes and same recipe, same result.

    Attributes:
        floor: the lowest SSIMULACRA2 2.1 score against the source that is accepted, 30 to 100; None asks
            for lossless, where every pixel stays as it is.
        palette: whether a PNG may be reduced to a palette where the floor holds.
        metadata: which metadata the result carries.
        convert_to: the format of the result; None keeps the source's.
        max_edge: the longest edge of the result in pixels; 0 never resizes.
        fit_under: the size in bytes that the result shall not exceed; 0 sets none.
        drop: what is taken out wherever it is found.
        bigger: whether a result in another format counts although it has more bytes than its source.
    """

    floor: float | None = 80.0
    palette: bool = True
    metadata: MetadataPolicy = MetadataPolicy.KEEP
    convert_to: ImageType | None = None
    max_edge: int = 0
    fit_under: int = 0
    drop: frozenset[Extra] = frozenset()
    bigger: bool = False


def needs_conversion(kind: ImageType, recipe: Recipe) -> bool:
    """Whether a recipe asks for more than the same picture in fewer bytes."""
    return (
        recipe.convert_to not in (None, kind)
        or recipe.max_edge > 0
        or recipe.fit_under > 0
        or recipe.metadata is not MetadataPolicy.KEEP
        or bool(recipe.drop)
    )


LOADED_ALONE: Final = frozenset({ImageType.JPEG})
"""Formats whose code can be loaded without that of all others."""


def loaded_alone(kind: ImageType | None, recipe: Recipe) -> ImageType | None:
    """The format whose code is all that a picture takes; None where the code of others is needed too."""
    return kind if kind in LOADED_ALONE and not needs_conversion(kind, recipe) else None


class ScoreKind(enum.StrEnum):
    """How a score was measured."""

    SAMPLED = "sampled"
    """On tiles chosen all over the picture."""
    FULL = "full"
    """On the whole picture (a lossless result has the full score 100 by proof of equal pixels)."""


class Reason(enum.StrEnum):
    """Why a picture was left as it is. People and scripts read the value; it never changes meaning."""

    SAVES_TOO_LITTLE = "saves too little"
    WOULD_BE_BIGGER = "the result would be bigger"
    MISNAMED = "its name does not fit its content"
    NOT_AN_IMAGE = "not an image that Homepress knows"
    BROKEN = "broken or incomplete"
    UNSUPPORTED = "a variant of its format that Homepress cannot read"
    TOO_LARGE = "too many pixels"
    FORMAT_LEFT_ALONE = "this format is left alone unless it is converted, to JPEG for example"
    FORMAT_NEVER_TOUCHED = "this format is never touched"
    CANNOT_KEEP_WHOLE = "something in it could not be kept whole"
    FLOOR_NOT_REACHED = "no smaller result keeps the quality floor"
    VERIFY_FAILED = "the result did not pass its check"
    CANNOT_CONVERT = "cannot be converted or resized without losing something"
    CANNOT_FIT = "cannot be made that small at an acceptable quality"


@dataclass(frozen=True, slots=True)
class Compressed:
    """A smaller picture that passed every check.

    Attributes:
        data: the bytes of the result.
        sha256: hex digest of `data`; storage compares what it wrote with it.
        image_type: the format of `data`.
        source_type: the format of the source.
        width: pixels of the result as stored, before any orientation tag.
        height: likewise.
        score: SSIMULACRA2 2.1 against the source; 100 for a lossless result.
        score_kind: how `score` was measured.
        lossless: whether every pixel is what it was.
        method: how it was made, in words for the history, such as "jpegli 82.4, 4:2:0".
        dropped: what the source held and the result does not: a word of `Extra` where it was asked for, or a
            part that the format has no place for, as docs/formats.md calls it.
        missed: what of the recipe was not done, and why, in words; empty when all of it was.
    """

    data: bytes
    sha256: str
    image_type: ImageType
    source_type: ImageType
    width: int
    height: int
    score: float
    score_kind: ScoreKind
    lossless: bool
    method: str
    dropped: tuple[str, ...] = ()
    missed: str = ""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The picture stays as it is, and why.

    Attributes:
        reason: the kind of reason.
        detail: what exactly, for people; empty when the reason says it all.
        source_type: the format of the source, None when the bytes are no known image's.
        transient: whether the same bytes may come out differently later (a file still being written);
            False for what the bytes themselves decide.
        no_private_metadata: whether the source holds nothing that the recipe's metadata policy, if it has
            one, takes away.
        said: whether the detail says it all, so that people are not told the kind of reason before it.
    """

    reason: Reason
    detail: str = ""
    source_type: ImageType | None = None
    transient: bool = False
    no_private_metadata: bool = False
    said: bool = False

    def __str__(self) -> str:
        if self.said:
            return self.detail
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)


def no_image(data: bytes) -> Unchanged:
    """The verdict on bytes that are no picture's."""
    if not data:
        return Unchanged(Reason.NOT_AN_IMAGE, "it is empty", said=True)
    return Unchanged(Reason.NOT_AN_IMAGE)


ENGINE: Final = "engine"
"""Among the versions of codecs: whether the compiled core does the work of JPEG, or numpy."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A codec that gave a wrong answer.

    Attributes:
        image_type: the format that is not to be trusted.
        even_lossless: whether its lossless coding, too, is not.
        what: what went wrong, for people.
    """

    image_type: ImageType
    even_lossless: bool
    what: str

    def __str__(self) -> str:
        what_now = "left alone" if self.even_lossless else "compressed without loss only"
        return f"{self.image_type.value.upper()} pictures are {what_now}: {self.what}"


def trusted(recipe: Recipe, image_type: ImageType, faults: Sequence[Fault]) -> Recipe | None:
    """What may still be asked for a picture after a check: without loss only, or (None) nothing.

    Args:
        recipe: what the user asks.
        image_type: format of the source.
        faults: what the check found.
    """
    if obstacles(recipe, image_type, faults):
        return None
    if any(fault.image_type is (recipe.convert_to or image_type) for fault in faults):
        return dataclasses.replace(recipe, floor=None)
    return recipe


def obstacles(recipe: Recipe, image_type: ImageType, faults: Sequence[Fault]) -> list[Fault]:
    """The faults for which a picture is left alone."""
    concerned = (image_type, recipe.convert_to or image_type)
    return [fault for fault in faults if fault.even_lossless and fault.image_type in concerned]
