"""What stands behind a JPEG's primary image, found through every index that names it.

Pictures (multi-picture format, gain maps), videos (motion photos), vendors' trailers: each becomes a `Part`.
What no index names is let through only when nothing can depend on where it stands.
"""

import enum
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed, Refusal, Refused
from homepress.compress.metadata.gcontainer import Directory
from homepress.compress.metadata.jpeg_segments import START_OF_IMAGE, parse_jpeg
from homepress.compress.metadata.mpf import MpIndex
from homepress.compress.metadata.samsung import MOTION_PHOTO_DATA, SefTrailer

MOST_PARTS = 64


class Media(enum.StrEnum):
    """What a part is, by its first bytes."""

    JPEG = "JPEG"
    VIDEO = "MP4"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the tail that an index names.

    Attributes:
        label: which index and entry names it, such as "MPF picture 2" or "item GainMap".
        media: what it is.
        start: position in the file.
        end: position after it.
    """

    label: str
    media: Media
    start: int
    end: int


_PADDING = b"\0\xff\n\r "
_PICTURE = re.compile(rb"\xff\xd8\xff|ftyp")
# AFCP, ZIP and PDF store positions from the start of the file.
_ABSOLUTE = re.compile(rb"AXS[!*]|PK\x05\x06|%%EOF")


def find_parts(
    data: bytes, primary_end: int, mpf: MpIndex | None, directory: Directory, sef: SefTrailer | None
) -> tuple[Part, ...]:
    """All named parts, in order of position; one stretch may be named by two indexes.

    Raises:
        Refused: an index points to something that is not there, or the tail holds a picture, a video or a
            structure with absolute positions that no index names.
    """
    if primary_end == len(data):
        return ()
    parts: list[Part] = []
    if sef is not None:
        parts += _sef_parts(data, sef)
    if mpf is not None:
        parts += _mpf_parts(data, primary_end, mpf)
    parts += _place_items(data, primary_end, mpf, directory, sef)
    if directory.micro_video_offset and not any(part.media is Media.VIDEO for part in parts):
        parts.append(_micro_video(data, primary_end, directory.micro_video_offset))
    if len(parts) > MOST_PARTS:
        raise Refused(Refusal.UNINDEXED, "too many parts")
    parts.sort(key=lambda part: (part.start, part.end))
    _check_gaps(data, primary_end, parts)
    return tuple(parts)


def is_live(mpf: MpIndex, number: int) -> bool:
    """Whether an entry other than the primary's names anything."""
    return number > 0 and mpf.entries[number].size > 0


def media_at(data: bytes, start: int) -> Media:
    """What starts at a position."""
    if data[start : start + 3] == START_OF_IMAGE + b"\xff":
        return Media.JPEG
    return Media.VIDEO if data[start + 4 : start + 8] == b"ftyp" else Media.OTHER


def _sef_parts(data: bytes, sef: SefTrailer) -> Iterable[Part]:
    for block in sef.blocks:
        media = media_at(data, block.data_start) if block.kind == MOTION_PHOTO_DATA else Media.OTHER
        yield Part(f"Samsung block {block.name or f'{block.kind:04x}'}", media, block.start, block.end)
    yield Part("Samsung directory", Media.OTHER, sef.directory_start, len(data))


def _mpf_parts(data: bytes, primary_end: int, mpf: MpIndex) -> list[Part]:
    """Its pictures. The primary's size, which many cameras store wrong, is not used."""
    if mpf.entries[0].offset != 0:
        raise Refused(Refusal.MPF, "the first picture is not the primary")
    if len(mpf.entries) > MOST_PARTS:
        raise Refused(Refusal.MPF, "too many pictures")
    parts = []
    for number, entry in enumerate(mpf.entries):
        if not is_live(mpf, number):
            continue
        start, end = mpf.position(entry), mpf.position(entry) + entry.size
        label = f"MPF picture {number + 1}"
        if not primary_end <= start < end <= len(data):
            raise Refused(Refusal.MPF, f"{label} lies outside the appended data")
        parts.append(Part(label, media_at(data, start), start, end))
    parts.sort(key=lambda part: part.start)
    if any(before.end > after.start for before, after in itertools.pairwise(parts)):
        raise Refused(Refusal.MPF, "two pictures overlap")
    for part in parts:
        try:
            parse_jpeg(data, part.start, part.end)
        except Malformed as error:
            raise Refused(Refusal.MPF, f"{part.label}: {error}") from error
    return parts


def _place_items(
    data: bytes, primary_end: int, mpf: MpIndex | None, directory: Directory, sef: SefTrailer | None
) -> list[Part]:
    """The items of a GContainer list, tried from each place where writers are known to start them."""
    if len(directory.items) < 2:
        return []
    total = sum(item.length + item.padding for item in directory.items[1:])
    starts = [primary_end + directory.items[0].padding, len(data) - total]
    if mpf is not None and len(mpf.entries) > 1:
        starts.append(mpf.position(mpf.entries[1]))
    if sef is not None:
        starts.append(sef.start - total)
    for start in starts:
        parts = _items_from(data, primary_end, directory, start)
        if parts is not None:
            return parts
    raise Refused(Refusal.GCONTAINER, "no place fits its items")


def _items_from(data: bytes, primary_end: int, directory: Directory, start: int) -> list[Part] | None:
    """The items one after the other from `start`, or None if one of them is not what the list says."""
    parts = []
    at = start
    for item in directory.items[1:]:
        media = media_at(data, at) if at >= 0 else Media.OTHER
        wanted = Media.VIDEO if item.is_video else Media.JPEG if item.mime == "image/jpeg" else media
        if at < primary_end or at + item.length > len(data) or media is not wanted:
            return None
        parts.append(Part(f"item {item.semantic or item.mime}", media, at, at + item.length))
        at += item.length + item.padding
    return parts


def _micro_video(data: bytes, primary_end: int, offset: int) -> Part:
    start = len(data) - offset
    if start < primary_end or media_at(data, start) is not Media.VIDEO:
        raise Refused(Refusal.GCONTAINER, "MicroVideoOffset leads to no video")
    return Part("MicroVideo", Media.VIDEO, start, len(data))


def unnamed_stretches(parts: Sequence[Part], start: int, end: int) -> list[tuple[int, int]]:
    """The stretches of a tail, from `start` to `end`, that no part covers; parts are in order."""
    stretches = []
    at = start
    for part in parts:
        if part.start > at:
            stretches.append((at, part.start))
        at = max(at, part.end)
    return stretches + ([(at, end)] if at < end else [])


def _check_gaps(data: bytes, primary_end: int, parts: Sequence[Part]) -> None:
    """Refuse unnamed stretches that something else must be pointing into."""
    for start, end in unnamed_stretches(parts, primary_end, len(data)):
        gap = data[start:end]
        if not gap.strip(_PADDING):
            continue
        if (found := _PICTURE.search(gap)) is not None:
            raise Refused(Refusal.UNINDEXED, f"at byte {start + found.start():,}")
        if _ABSOLUTE.search(gap) is not None:
            raise Refused(Refusal.ABSOLUTE_TAIL)
