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
        super().__init__(reason if at is None else f"{reason}, at byte {at:,}")
        self.reason = reason
        self.at = at
        self.truncated = truncated


class NotParsed(Malformed):
    """The file may be whole, but is of a kind that is not followed here."""


class RewriteRefusal(enum.StrEnum):
    """Why a well-formed file is not rewritten. The value is shown to people."""

    LATE_HEADER = "a header follows the first scan"
    CODING_PROCESS = "its coding process is not one that is rewritten"
    FRAME_DIFFERS = "the new coding is of another picture"
    COLOUR_MODEL = "its colour model is ambiguous or would change"
    DEPENDS_ON_CODING = "a header signs or refines the coded picture"
    MPF = "its multi-picture index is broken"
    GCONTAINER = "its list of appended items cannot be followed"
    XMP = "its XMP is broken while something is appended"
    SAMSUNG = "its Samsung trailer cannot be followed"
    UNINDEXED = "a picture or video is appended that no index names"
    ABSOLUTE_TAIL = "what is appended depends on its absolute position"
    STRAY_POINTER = "a header points into what is appended"
    ISOBMFF = "its video or box structure cannot be edited safely"
    DAMAGED_METADATA = "its metadata is damaged"
    UNSUPPORTED = "this kind of file is not edited"
    PROOF = "the result did not prove equal in every kept part"


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
