"""The two ways in which bytes can be turned down."""

import enum


class Malformed(ValueError):  # noqa: N818 (reads as a verdict)
    """The bytes are not a whole, well-formed file of their format.

    Attributes:
        reason: what is wrong, for people.
        at: byte position where it was seen, or None.
        truncated: whether the data simply ends too early, as a file does that is still being written.
    """

    def __init__(self, reason: str, at: int | None = None, *, truncated: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at
        self.truncated = truncated


class NotParsed(Malformed):
    """The file may be whole, but is of a kind that is not followed here."""


DAMAGED = "its picture data is damaged"
CUT_SHORT = "its picture data ends too early"
NO_HEADER = "its header cannot be read"
"""What decoders tell in many ways, each with one wording of ours."""


class RewriteRefusal(enum.StrEnum):
    """Why a well-formed file is not rewritten. The value is shown to people."""

    LATE_HEADER = "its headers stand in an unusual order"
    CODING_PROCESS = "it is coded in a way that Homepress does not rewrite"
    FRAME_DIFFERS = "the new coding is of another picture"
    COLOUR_MODEL = "its colour model is ambiguous or would change"
    DEPENDS_ON_CODING = "it is signed, or holds data that fits only its present coding"
    MPF = "its index of further pictures is broken"
    GCONTAINER = "its list of appended pictures and videos cannot be followed"
    XMP = "its XMP is damaged, and something is appended to the picture"
    SAMSUNG = "the data that a Samsung phone appended cannot be followed"
    UNINDEXED = "a picture or video is appended that nothing in the file names"
    ABSOLUTE_TAIL = "what is appended depends on its place in the file"
    STRAY_POINTER = "its metadata points into what is appended"
    ISOBMFF = "its inner structure cannot be edited safely"
    DAMAGED_METADATA = "its metadata is damaged"
    UNSUPPORTED = "this kind of file is not edited"
    PROOF = "not every part was proven to be kept"


class Refused(Exception):  # noqa: N818 (reads as a verdict)
    """The file is well-formed but cannot be rewritten safely; leave it as it is.

    Attributes:
        code: the kind of reason.
        detail: what exactly, for people; empty when the code says it all.
    """

    def __init__(self, code: RewriteRefusal, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail
