"""A JPEG file with another coding of its picture, or of those attached to it, and all else as it was.

The indexes that say where something is are updated, and the result is read again and compared, part by part.
"""

import contextlib
import itertools
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

import numpy as np

from homepress.compress.metadata.appended import (
    INDEX_WORDS,
    read_directories,
    updated_entry,
    updated_length,
    updated_lengths,
)
from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.exif import EXIF_IFD, INTEROPERABILITY_IFD, read_tiff
from homepress.compress.metadata.jpeg_file import (
    DEPENDS_ON_CODING,
    JpegFile,
    Media,
    is_live,
    read_jpeg_file,
    xmp_packet,
)
from homepress.compress.metadata.jpeg_segments import (
    END_OF_IMAGE,
    EXIF_SIGNATURE,
    SOS,
    START_OF_IMAGE,
    XMP_SIGNATURE,
    HeaderKind,
    JpegStream,
    Segment,
    header_kind,
    headers_of_kind,
    is_frame_marker,
    parse_jpeg,
)
from homepress.compress.metadata.jpeg_tables import check_coding

_BLANKS = re.compile(rb">[ \r\n\t]{2,}<")
_DECIMALS = re.compile(rb"\d{4,12}")
_ADOBE_TRANSFORM = 15
"""Where Adobe's header says how the colours are transformed, from the start of its segment."""

# Header bytes that `share` has blanked and that a rewrite may drop.


def trimmed_headers(file: JpegFile) -> dict[Segment, bytes]:
    """The headers that can be shorter than they are: their new bytes, empty for those that go altogether."""
    shorter = {}
    for segment in file.stream.headers:
        body = file.stream.payload(segment)
        kind = header_kind(file.stream, segment)
        trimmed = body
        if body and not any(body):
            trimmed = b""
        elif kind is HeaderKind.EXIF:
            trimmed = body[:6] + _used(body[len(EXIF_SIGNATURE) :])
        elif kind is HeaderKind.XMP and file.directory.length_span is None:
            trimmed = _BLANKS.sub(b"> <", body)
        if len(trimmed) < len(body):
            head = file.stream.raw(segment)[:2] + (len(trimmed) + 2).to_bytes(2, "big")
            shorter[segment] = head + trimmed if trimmed else b""
    return shorter


def _used(block: bytes) -> bytes:
    """An Exif block without the zeros behind the last byte that an entry reaches."""
    try:
        tiff = read_tiff(block)
        directories = [tiff.directory(tiff.first)]
    except Malformed:
        return block
    for tag in (EXIF_IFD, INTEROPERABILITY_IFD):
        child = tiff.child(directories[-1], tag)
        directories += [] if child is None else [child]
    end = max(
        max((directory.end + 4, *(entry.start + entry.size for entry in directory.entries)))
        for directory in directories
    )
    return block if any(block[end:]) else block[:end]


# Another coding of a JPEG's primary image, everything else kept byte for byte.
#
# One way for all JPEGs, plain ones and those of phones with gain maps, more pictures, a video or a trailer
# behind the primary. What cannot be proved is refused.

_LEAST_POINTER = 0x1_0000
"""Smaller numbers occur by chance. What so small a file appends without an index is refused for that."""


def swap_primary(original: bytes, recoded: bytes, *, trim: bool = False) -> bytes:
    """`original` with the coding of its primary image replaced by that of `recoded`.

    Headers, appended pictures, videos and trailers stay byte for byte and in their order; positions and
    lengths that change are updated in the indexes that store them. The result was parsed again and compared
    in every part. Nothing here looks at pixels: that `recoded` shows the same picture is the caller's to
    prove.

    Args:
        original: the whole file.
        recoded: a JPEG whose picture has the same size and components and is coded in the colour model that
            the headers of `original` state. Its own headers are not carried over.
        trim: whether header bytes that `share` has blanked in `original` are dropped.

    Raises:
        Malformed: one of the two is not a well-formed JPEG.
        Refused: the file cannot be rewritten safely, and why.
    """
    old = read_jpeg_file(original)
    new = parse_jpeg(recoded)
    check_coding(old.stream, new)
    edits = trimmed_headers(old) if trim else {}
    layout = _Layout.of(old.stream, new, edits)
    patches = _patches(old, layout)
    if old.has_tail:
        _refuse_stray_pointers(old, patches)
    headers = {segment: _apply(raw, patches, segment) for segment, raw in layout.headers.items()}
    pieces = (headers[segment] if segment.is_header else new.raw(segment) for segment in layout.order)
    result = b"".join((START_OF_IMAGE, *pieces, END_OF_IMAGE, old.stream.tail))
    _prove(old, new, list(headers.values()), result)
    return result


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where each segment of the new primary image goes.

    Attributes:
        order: headers of the old image and coding of the new one, as they follow each other.
        headers: the bytes of each header that stays.
        moved: new position of each header that stays.
        end: length of the new primary image.
    """

    order: tuple[Segment, ...]
    headers: dict[Segment, bytes]
    moved: dict[Segment, int]
    end: int

    @classmethod
    def of(cls, old: JpegStream, new: JpegStream, edits: Mapping[Segment, bytes]) -> "_Layout":
        kept = {segment: edits.get(segment, old.raw(segment)) for segment in old.headers}
        headers = {segment: raw for segment, raw in kept.items() if raw}
        order = tuple(
            segment for segment in _interleaved(old, new) if segment in headers or not segment.is_header
        )
        moved = {}
        at = len(START_OF_IMAGE)
        for segment in order:
            if segment.is_header:
                moved[segment] = at
                at += len(headers[segment])
            else:
                at += segment.end - segment.start
        return cls(order, headers, moved, at + len(END_OF_IMAGE))


@dataclass(frozen=True, slots=True)
class _Patch:
    """Bytes that take another's place in a header, counted from the start of its segment."""

    segment: Segment
    offset: int
    data: bytes


def _zeroed(patches: Iterable[_Patch]) -> list[_Patch]:
    """Zeros in the places of patches, to compare what is around them."""
    return [_Patch(patch.segment, patch.offset, bytes(len(patch.data))) for patch in patches]


def _interleaved(old: JpegStream, new: JpegStream) -> list[Segment]:
    """The old headers among the new coding: before the first table, before the frame, before the first scan.

    Each stays in the slot where it stood, for readers differ in where they look: Pillow takes a colour
    profile only before the frame, some writers put the multi-picture index last.
    """
    result: list[Segment] = []
    coding = list(new.coding)
    first_table = old.coding[0].start
    frame = next(segment.start for segment in old.coding if is_frame_marker(segment.marker))
    new_frame = next(index for index, segment in enumerate(coding) if is_frame_marker(segment.marker))
    new_scan = next(index for index, segment in enumerate(coding) if segment.marker == SOS)
    result += [segment for segment in old.headers if segment.start < first_table]
    result += coding[:new_frame]
    result += [segment for segment in old.headers if first_table < segment.start < frame]
    result += coding[new_frame:new_scan]
    result += [segment for segment in old.headers if segment.start > max(first_table, frame)]
    return result + coding[new_scan:]


def _patches(old: JpegFile, layout: _Layout) -> list[_Patch]:
    """Every stored position and length that the new layout makes wrong."""
    patches = []
    delta = layout.end - old.stream.end
    if old.mpf is not None:
        segment = old.mpf.segment
        shift = layout.moved[segment] - segment.start
        for number, entry in enumerate(old.mpf.entries):
            if number == 0:
                size, offset = layout.end, entry.offset
            elif old.has_tail and is_live(old.mpf, number):
                size, offset = entry.size, entry.offset + delta - shift
            else:
                continue
            patches.append(_Patch(segment, *updated_entry(old.mpf, entry, size, offset)))
    span = old.directory.length_span
    if span is not None and old.directory_segment is not None:
        packet = xmp_packet(old.stream, old.directory_segment)
        length = old.directory.items[0].length + delta
        updated = updated_length(packet, old.directory, length)
        patches.append(_Patch(old.directory_segment, 4 + len(XMP_SIGNATURE) + span[0], updated))
    return patches


def _apply(raw: bytes, patches: Iterable[_Patch], segment: Segment) -> bytes:
    for patch in patches:
        if patch.segment == segment:
            raw = raw[: patch.offset] + patch.data + raw[patch.offset + len(patch.data) :]
    return raw


def _refuse_stray_pointers(old: JpegFile, patches: Iterable[_Patch]) -> None:
    """Refuse when a header holds, outside the updated fields, the position of something in the tail.

    Old maker notes point to a preview behind the primary, counted from the file's or from the Exif block's
    start; nobody can update all of them.
    """
    targets = {old.stream.end, *(part.start for part in old.parts)}
    blanks = _zeroed(patches)
    for segment in old.stream.headers:
        raw = _apply(old.stream.raw(segment), blanks, segment)
        bases = {0}
        if header_kind(old.stream, segment) is HeaderKind.EXIF:
            bases.add(segment.start + 4 + len(EXIF_SIGNATURE))
        values = {target - base for target in targets for base in bases}
        if _holds_number(raw, {value for value in values if value >= _LEAST_POINTER}):
            raise Refused(RewriteRefusal.STRAY_POINTER, f"in its {segment.name} segment")


def _holds_number(raw: bytes, numbers: Set[int]) -> bool:
    """Whether one of some numbers stands in it: in 32 bits at any byte, in either order, or in digits."""
    if not numbers or len(raw) < 4:
        return False
    if any(int(found[0]) in numbers for found in _DECIMALS.finditer(raw)):
        return True
    least, most = min(numbers), max(numbers)
    for skipped, order in itertools.product(range(4), "<>"):
        values = np.frombuffer(raw[skipped : len(raw) - (len(raw) - skipped) % 4], f"{order}u4")
        if not numbers.isdisjoint(values[(values >= least) & (values <= most)].tolist()):
            return True
    return False


def _prove(old: JpegFile, new: JpegStream, headers: list[bytes], result: bytes) -> None:
    """Read the result afresh and compare every part, byte by byte, with what it must be.

    Parts of the tail are reached through the result's own, updated indexes.
    """
    again = read_jpeg_file(result)
    places = [
        [(part.label, part.media, part.start - file.stream.end, part.end - file.stream.end) for part in parts]
        for file, parts in ((old, old.parts), (again, again.parts))
    ]
    claims = {
        "headers": [again.stream.raw(segment) for segment in again.stream.headers] == headers,
        "coding": list(map(again.stream.raw, again.stream.coding)) == list(map(new.raw, new.coding)),
        "tail": again.stream.tail == old.stream.tail,
        "parts": places[0] == places[1],
        "index": again.mpf is None or again.mpf.entries[0].size == again.stream.end,
    }
    broken = [claim for claim, holds in claims.items() if not holds]
    if broken:
        raise Refused(RewriteRefusal.PROOF, ", ".join(broken))


# Another coding of JPEGs behind the primary, which stays as it is but for what its indexes say of them.

_INDEX_TABLES = (b"\x02\xb0\x07\x00", b"\xb0\x02\x00\x07")
"""How the entry of the table of pictures begins in an index (CIPA DC-007 section 5.2.3.3), by byte order."""
_PADDING = b"\0\xff"
_MOST_SEARCHED = 16_000_000
"""Bytes in which numbers are looked for that would be wrong afterwards."""


def replaceable_parts(file: JpegFile) -> list[tuple[int, int]]:
    """Start and end of the attached JPEGs that may become shorter, in order.

    Each is one whole stream, named by the multi-picture index or Google's list of items, and lies in no other
    part. There are none where something stands between them that no index names, or where one of them names
    what is attached itself, for nobody would update that.
    """
    spans = sorted({(part.start, part.end) for part in file.parts})
    if any(start == end for start, end in spans):
        return []
    named = {(part.start, part.end) for part in file.parts if part.label.startswith(_UPDATED_INDEXES)}
    pictures = {(part.start, part.end) for part in file.parts if part.media is Media.JPEG}
    if any(_names_others(file, *span) for span in pictures):
        return []
    lone = [span for span in spans if not any(_overlap(span, other) for other in spans if other != span)]
    found = [span for span in lone if span in named & pictures and _is_whole(file, *span)]
    between = ((start, end) for start, end in file.unnamed if found and start < found[-1][0])
    if any(file.stream.data[start:end].strip(_PADDING) for start, end in between):
        return []
    return found


_UPDATED_INDEXES = ("MPF picture ", "item ")


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _is_whole(file: JpegFile, start: int, end: int) -> bool:
    """Whether a part is one stream to its last byte that nothing in it binds to its coding."""
    try:
        stream = parse_jpeg(file.stream.data, start, end)
    except Malformed:
        return False
    kinds = {header_kind(stream, segment) for segment in stream.headers}
    return stream.end == end and not kinds & DEPENDS_ON_CODING


def _names_others(file: JpegFile, start: int, end: int) -> bool:
    """Whether a part has an index of its own, or cannot be read."""
    try:
        stream = parse_jpeg(file.stream.data, start, end)
        packets = [xmp_packet(stream, each) for each in headers_of_kind(stream, HeaderKind.XMP)]
        directory, _ = read_directories(packets)
    except (Malformed, Refused):
        return True
    indexes = [stream.payload(each) for each in headers_of_kind(stream, HeaderKind.MPF)]
    tables = any(table in index for index in indexes for table in _INDEX_TABLES)
    extended = any(
        word in stream.payload(each)
        for each in headers_of_kind(stream, HeaderKind.EXTENDED_XMP)
        for word in INDEX_WORDS
    )
    return tables or extended or bool(directory.items or directory.micro_video_offset)


def replace_parts(data: bytes, replaced: Mapping[int, bytes]) -> bytes:
    """`data` with other JPEGs in the place of attached ones, none of them longer.

    Everything else stays byte for byte, but for the sizes, places and lengths in its indexes. The result was
    parsed again, and every part was found in it where the indexes say. As with `swap_primary`, that they show
    the same is the caller's to prove.

    Args:
        data: the whole file.
        replaced: the new bytes of some of `replaceable_parts`, by where these begin.

    Raises:
        Malformed: it is no well-formed JPEG, or what shall be attached is none.
        Refused: it cannot be rewritten safely, and why.
    """
    file = read_jpeg_file(data)
    ends = dict(replaceable_parts(file))
    if not replaced:
        return data
    if any(parse_jpeg(new).end != len(new) for new in replaced.values()):
        raise Refused(RewriteRefusal.UNSUPPORTED, "more than one picture in another's place")
    if not replaced.keys() <= ends.keys():
        raise Refused(RewriteRefusal.UNSUPPORTED, "what is attached may not be coded anew")
    exchange = _Exchange(file, tuple((start, ends[start], replaced[start]) for start in sorted(replaced)))
    patches = exchange.patches()
    _refuse_stray_sizes(file, patches, exchange)
    result = _primary_with(patches, file) + exchange.tail()
    _prove_exchange(exchange, patches, result)
    return result


@dataclass(frozen=True, slots=True)
class _Exchange:
    """Which parts of a file get other bytes: start, end and new bytes of each, in order."""

    file: JpegFile
    replaced: tuple[tuple[int, int, bytes], ...]

    def moved(self, position: int) -> int:
        """Where something is afterwards that is at a position now."""
        return position - sum(
            end - start - len(data) for start, end, data in self.replaced if start < position
        )

    def bytes_of(self, start: int, end: int) -> bytes:
        """What a part becomes."""
        return next((data for at, _, data in self.replaced if at == start), self.file.stream.data[start:end])

    def tail(self) -> bytes:
        """All that stands behind the primary."""
        data, at, pieces = self.file.stream.data, self.file.stream.end, []
        for start, end, new in self.replaced:
            pieces += [data[at:start], new]
            at = end
        return b"".join((*pieces, data[at:]))

    def patches(self) -> list[_Patch]:
        """What the indexes have to say of sizes, places and lengths."""
        file, patches = self.file, []
        if file.mpf is not None:
            for number, entry in enumerate(file.mpf.entries):
                size, offset = file.stream.end, entry.offset
                if number:
                    if not is_live(file.mpf, number):
                        continue
                    start = file.mpf.position(entry)
                    size = len(self.bytes_of(start, start + entry.size))
                    offset = self.moved(start) - file.mpf.base
                patches.append(_Patch(file.mpf.segment, *updated_entry(file.mpf, entry, size, offset)))
        if file.directory_segment is not None and (lengths := self._lengths()):
            packet, before = xmp_packet(file.stream, file.directory_segment), 4 + len(XMP_SIGNATURE)
            for at, updated in updated_lengths(packet, lengths):
                patches.append(_Patch(file.directory_segment, before + at, updated))
        return patches

    def _lengths(self) -> dict[int, int]:
        """The lengths of listed items that change, by the number of the item: items stand in their order."""
        items = [part for part in self.file.parts if part.label.startswith("item ")]
        new = {start: len(data) for start, _, data in self.replaced}
        return {
            number: new[part.start]
            for number, part in enumerate(sorted(items, key=lambda part: part.start), 1)
            if part.start in new
        }


def _refuse_stray_sizes(file: JpegFile, patches: Iterable[_Patch], exchange: _Exchange) -> None:
    """Refuse when something holds, outside the updated fields, a size or a distance that changes.

    Distances from whatever begins or ends somewhere in the file are looked for, as trailers count in some of
    them. They may be small numbers: that one stands there by chance costs the saving and nothing else.
    """
    data = file.stream.data
    blanks = _zeroed(patches)
    texts = [_apply(file.stream.raw(segment), blanks, segment) for segment in file.stream.headers]
    texts += [data[start:end] for start, end in file.unnamed]
    texts += [data[part.start : part.end] for part in file.parts if part.media is Media.OTHER]
    for start, end in {(part.start, part.end) for part in file.parts if part.media is Media.JPEG}:
        stream = parse_jpeg(data, start, end)
        texts += map(stream.raw, stream.headers)
    numbers = _changed_distances(file, exchange)
    if sum(map(len, texts)) > _MOST_SEARCHED or any(_holds_number(text, numbers) for text in texts):
        raise Refused(RewriteRefusal.STRAY_POINTER, "the size of what is attached")


def _changed_distances(file: JpegFile, exchange: _Exchange) -> set[int]:
    """Every distance between two bounds that is another one afterwards, sizes among them."""
    bounds = {0, file.stream.end, len(file.stream.data)}
    bounds.update(itertools.chain(*file.unnamed, *((part.start, part.end) for part in file.parts)))
    for segment in headers_of_kind(file.stream, HeaderKind.EXIF):
        bounds.add(segment.start + 4 + len(EXIF_SIGNATURE))
    if file.mpf is not None:
        bounds.add(file.mpf.base)
    moved = {bound: exchange.moved(bound) for bound in bounds}
    pairs = itertools.combinations(sorted(bounds), 2)
    changed = {high - low for low, high in pairs if moved[high] - moved[low] != high - low}
    return {number for number in changed if number <= 0xFFFF_FFFF}


def _prove_exchange(exchange: _Exchange, patches: Iterable[_Patch], result: bytes) -> None:
    """Read the result afresh: every part through its own indexes, every other byte where it was."""
    file, again, blanks = exchange.file, read_jpeg_file(result), _zeroed(patches)
    new = {start: len(data) for start, _, data in exchange.replaced}
    places = [
        (part.label, part.media, exchange.moved(part.start), exchange.moved(part.start) + size)
        for part in file.parts
        for size in [new.get(part.start, part.end - part.start)]
    ]
    items = [(item.semantic, item.mime, item.padding) for item in file.directory.items]
    held = [exchange.bytes_of(part.start, part.end) for part in file.parts]
    claims = {
        "primary": _primary_with(blanks, file) == _primary_with(blanks, again),
        "parts": [(part.label, part.media, part.start, part.end) for part in again.parts] == places,
        "bytes": [result[part.start : part.end] for part in again.parts] == held,
        "tail": again.stream.tail == exchange.tail(),
        "list": [(item.semantic, item.mime, item.padding) for item in again.directory.items] == items,
        "index": again.mpf is None or again.mpf.entries[0].size == again.stream.end,
    }
    broken = [claim for claim, holds in claims.items() if not holds]
    if broken:
        raise Refused(RewriteRefusal.PROOF, ", ".join(broken))


def _primary_with(patches: Iterable[_Patch], file: JpegFile) -> bytes:
    """The primary image with patches, which move nothing."""
    primary = bytearray(file.stream.data[: file.stream.end])
    for patch in patches:
        at = patch.segment.start + patch.offset
        primary[at : at + len(patch.data)] = patch.data
    return bytes(primary)


def settled_headers(file: JpegFile) -> list[bytes]:
    """The headers of a file's picture, without what a rewrite may change in them.

    Those are sizes and places in the indexes of what is attached, and the colour transform that Adobe's
    header states.

    Raises:
        Malformed: a list of items cannot be read.
    """
    blanks = []
    if (index := file.mpf) is not None:
        blanks += [_Patch(index.segment, *updated_entry(index, entry, 0, 0)) for entry in index.entries]
    if file.directory_segment is not None:
        packet = xmp_packet(file.stream, file.directory_segment)
        for number in range(len(file.directory.items)):
            with contextlib.suppress(Malformed):  # it states no length
                for at, data in updated_lengths(packet, {number: 0}):
                    blanks.append(_Patch(file.directory_segment, 4 + len(XMP_SIGNATURE) + at, data))
    for segment in headers_of_kind(file.stream, HeaderKind.ADOBE):
        blanks.append(_Patch(segment, _ADOBE_TRANSFORM, b"\0"))
    return [_apply(file.stream.raw(segment), blanks, segment) for segment in file.stream.headers]
