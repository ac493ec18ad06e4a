"""Less metadata, as a folder's policy asks: in the file as it is, or in a picture that is written anew."""

import dataclasses
import hashlib

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.compress.convert.along import Wanted, is_padding, upright
from homepress.compress.convert.picture import Picture
from homepress.compress.convert.read import read_picture
from homepress.compress.metadata import (
    Malformed,
    Refused,
    parse_jpeg,
    picture_only,
    share,
    strip,
    swap_primary,
)
from homepress.compress.metadata.exif import UPRIGHT
from homepress.compress.metadata.gif import read_gif
from homepress.compress.metadata.jpeg_file import read_jpeg_file
from homepress.compress.metadata.jpeg_segments import ISO_GAIN_MAP_SIGNATURE
from homepress.compress.metadata.png import read_chunks
from homepress.compress.metadata.scrub import share_blocks
from homepress.compress.metadata.scrub_tags import share_exif, share_xmp
from homepress.compress.metadata.webp import read_webp
from homepress.compress.model import Compressed, Extra, MetadataPolicy, Reason, Recipe, ScoreKind, Unchanged

_STRIPPED_FIRST = frozenset({ImageType.JPEG, ImageType.PNG, ImageType.WEBP})
_SHARED_FIRST = frozenset({ImageType.PNG, ImageType.WEBP, ImageType.GIF})
_SCRUBBED = _STRIPPED_FIRST | {ImageType.GIF, ImageType.HEIC, ImageType.AVIF, ImageType.JXL}
_STILL_WHOLE = frozenset(
    {
        Reason.SAVES_TOO_LITTLE,
        Reason.FLOOR_NOT_REACHED,
        Reason.FORMAT_LEFT_ALONE,
        Reason.CANNOT_KEEP_WHOLE,
    }
)
"""Reasons for which a picture is not made smaller that do not speak against taking its metadata away."""


def scrub(source: bytes, policy: MetadataPolicy) -> bytes | None:
    """A file with less metadata; None if its pixels would have to be turned for it.

    Raises:
        Malformed: the file's structure is broken.
        Refused: something in it cannot be vouched for.
    """
    if policy is MetadataPolicy.SHARE:
        return _trimmed(share(source))
    stripped = strip(source)
    return stripped.data if stripped.orientation == UPRIGHT else None


def appended_bytes(source: bytes, kind: ImageType) -> int:
    """How many bytes stand behind the end of a PNG, WebP or GIF; 0 for a stray one, padding and others.

    Raises:
        Malformed: the file's structure is broken.
    """
    behind = b""
    if kind is ImageType.PNG:
        behind = read_chunks(source).trailing
    elif kind is ImageType.WEBP:
        behind = read_webp(source).trailing
    elif kind is ImageType.GIF:
        behind = source[read_gif(source).end :]
    return 0 if is_padding(behind) else len(behind)


def has_no_private_metadata(source: bytes, policy: MetadataPolicy) -> bool:
    """Whether a picture is known to hold nothing that the policy takes away."""
    if sniff(source[:SNIFF_BYTES]) not in _SCRUBBED:
        return False
    try:
        return scrub(source, policy) == source
    except (Malformed, Refused):
        return False


def read_scrubbed(source: bytes, kind: ImageType, recipe: Recipe) -> Picture:
    """Decode a picture that is to be written anew, with the metadata and the extras that it keeps.

    Raises:
        CannotConvert, Malformed, Refused, Undecodable, TooManyPixels: as `read_picture`.
    """
    wanted = Wanted(recipe.convert_to or kind, recipe.drop)
    if recipe.metadata is MetadataPolicy.KEEP:
        return read_picture(source, kind, wanted)
    if recipe.metadata is MetadataPolicy.SHARE:
        return _shared(read_picture(_with_shared_parts(source, kind), kind, wanted))
    turned = UPRIGHT
    if kind in _STRIPPED_FIRST:  # what is appended goes, so that it is in nobody's way
        stripped = strip(source)
        source, turned = stripped.data, stripped.orientation
    picture = read_picture(source, kind, dataclasses.replace(wanted, drop=frozenset(Extra)))
    rgba = upright(picture.rgba, turned)
    return dataclasses.replace(picture, rgba=rgba, exif=None, xmp=None, jpeg_headers=())


def _shared(picture: Picture) -> Picture:
    exif = None if picture.exif is None else share_exif(picture.exif)
    xmp = None if picture.xmp is None else share_xmp(picture.xmp)
    trailer = share_blocks(picture.trailer)
    lost = () if trailer == picture.trailer else (Extra.MAKER,)
    return dataclasses.replace(
        picture,
        trailer=trailer,
        dropped=(*picture.dropped, *lost),
        exif=exif if exif and any(exif) else None,
        xmp=xmp if xmp and any(xmp) else None,
        jpeg_headers=tuple(header for header in picture.jpeg_headers if ISO_GAIN_MAP_SIGNATURE in header),
        maps=tuple(_trimmed(share(each)) for each in picture.maps),
        others=tuple(map(_shared, picture.others)),
    )


def _with_shared_parts(source: bytes, kind: ImageType) -> bytes:
    """A file whose chunks, appended pictures and videos tell nothing private, where that is easily had."""
    if kind in _SHARED_FIRST or (kind is ImageType.JPEG and read_jpeg_file(source).has_tail):
        return share(source)
    return source


def without_metadata(
    source: bytes,
    scrubbed: bytes,
    kind: ImageType,
    size: tuple[int, int],
    result: Unchanged,
    method: str = "metadata taken away",
) -> Compressed | Unchanged:
    """Hand over a file that lost nothing but metadata, where the picture itself cannot be made smaller.

    Args:
        source: the bytes of the file.
        scrubbed: the same with less metadata.
        kind: its format.
        size: width and height in pixels.
        result: why the picture is not made smaller.
        method: what was done, in words.
    """
    if result.reason not in _STILL_WHOLE or len(scrubbed) > len(source):
        return result
    return Compressed(
        data=scrubbed,
        sha256=hashlib.sha256(scrubbed).hexdigest(),
        image_type=kind,
        source_type=kind,
        width=size[0],
        height=size[1],
        score=100.0,
        score_kind=ScoreKind.FULL,
        lossless=True,
        method=method,
    )


def _trimmed(data: bytes) -> bytes:
    """A JPEG without the header bytes that were blanked, where they can go; other files as they are."""
    if sniff(data[:SNIFF_BYTES]) is not ImageType.JPEG:
        return data
    try:
        return swap_primary(data, picture_only(parse_jpeg(data)), trim=True)
    except (Malformed, Refused):
        return data
