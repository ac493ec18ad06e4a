"""What came of compressing one picture."""

import enum
from dataclasses import dataclass

from homepress.base.formats import ImageType


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
    MISNAMED = "its name is that of another format"
    NOT_AN_IMAGE = "not an image that Homepress knows"
    BROKEN = "broken or incomplete"
    TOO_LARGE = "too many pixels"
    FORMAT_LEFT_ALONE = "this format is left alone unless the folder converts it"
    CANNOT_KEEP_WHOLE = "something in it could not be kept whole"
    FLOOR_NOT_REACHED = "no smaller result keeps the quality floor"
    VERIFY_FAILED = "the result did not pass its check"
    CANNOT_CONVERT = "cannot be converted without loss of what it carries"
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
    """

    reason: Reason
    detail: str = ""
    source_type: ImageType | None = None
    transient: bool = False
    no_private_metadata: bool = False

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)
