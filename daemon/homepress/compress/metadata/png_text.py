"""Text chunks of PNG: tEXt, zTXt and iTXt (W3C PNG section 11.3.3)."""

import binascii
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.inflate import inflate

TEXT_KINDS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
XMP_KEYWORD = b"XML:com.adobe.xmp"
_RAW_PROFILE = b"Raw profile type "


@dataclass(frozen=True, slots=True)
class PngText:
    """A text chunk.

    Attributes:
        keyword: its name, Latin-1.
        text: its text, decompressed; Latin-1 in tEXt and zTXt, UTF-8 in iTXt.
        text_start: where the text begins in the chunk's body.
        compressed: whether it is stored compressed.
    """

    keyword: bytes
    text: bytes
    text_start: int
    compressed: bool = False

    @property
    def raw_profile(self) -> tuple[str, bytes] | None:
        """Kind ("exif", "xmp", "iptc", "icc") and bytes of a profile that ImageMagick wrote as text."""
        if not self.keyword.startswith(_RAW_PROFILE):
            return None
        kind = self.keyword[len(_RAW_PROFILE) :].decode("latin-1").lower()
        words = self.text.split(None, 2)
        try:
            return kind, binascii.unhexlify(b"".join(words[2].split())) if len(words) == 3 else b""
        except binascii.Error:
            return kind, b""


def read_text(kind: bytes, body: bytes) -> PngText:
    """Read the body of a text chunk.

    Raises:
        Malformed: its layout or compression is broken.
    """
    keyword, zero, _ = body[:80].partition(b"\0")
    at = len(keyword) + 1
    if not (keyword and zero):
        raise Malformed("a text chunk without a keyword")
    if kind == b"tEXt":
        return PngText(keyword, body[at:], at)
    if kind == b"zTXt":
        return PngText(keyword, inflate(body[at + 1 :]), at + 1, compressed=True)
    flags = body[at : at + 2]
    language_end = body.find(b"\0", at + 2)
    translated_end = body.find(b"\0", language_end + 1)
    if len(flags) != 2 or flags[0] > 1 or language_end < 0 or translated_end < 0:
        raise Malformed("an international text chunk of wrong layout")
    start = translated_end + 1
    if flags[0]:
        return PngText(keyword, inflate(body[start:]), start, compressed=True)
    return PngText(keyword, body[start:], start)
