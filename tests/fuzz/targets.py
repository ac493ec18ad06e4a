"""What is fuzzed: each target takes any bytes and checks what must hold for them.

A target raises nothing for bytes that are turned down (`Malformed`, `Refused`); anything else that it raises,
a failed assertion included, is a finding.
"""

import io
import os
from collections.abc import Callable

from fuzz import messages
from fuzz.seeds import ANSWERED
from homepress.base.formats import SNIFF_BYTES, sniff
from homepress.compress import Recipe
from homepress.compress.convert.jxl import read_header
from homepress.compress.metadata import (
    Malformed,
    Refused,
    component_tables,
    describe_jpeg,
    has_location,
    parse_jpeg,
    picture_only,
    read_embedded,
    read_scans,
    share,
    share_exif,
    share_xmp,
    strip,
    swap_primary,
)
from homepress.compress.metadata.appended import read_directory, read_sef
from homepress.compress.metadata.exif import (
    has_position,
    orientation,
    with_size,
    without_orientation,
    without_thumbnail,
)
from homepress.compress.metadata.gif import read_gif
from homepress.compress.metadata.isobmff import colour_profile, metadata_items, read_boxes
from homepress.compress.metadata.jpeg_container import replace_parts, replaceable_parts
from homepress.compress.metadata.jpeg_file import read_jpeg_file
from homepress.compress.metadata.png import read_chunks, write_chunks
from homepress.compress.metadata.scrub import share_video
from homepress.compress.metadata.webp import read_webp, write_webp
from homepress.compress.metadata.xmp import read_xmp
from homepress.compress.webp import quality_of
from homepress.watch.completeness import Completeness, judge
from homepress.workers.dimensions import read_dimensions
from homepress.workers.protocol import RESPONSE, BadFrame, read_frame
from homepress.workers.validation import validated_result


def jpeg_stream(data: bytes) -> None:
    """The walk: segments lie within the stream, one behind the other, and the picture alone parses again."""
    stream = parse_jpeg(data)
    ends = [stream.start + 2, *(segment.end for segment in stream.segments)]
    assert all(before <= segment.start for before, segment in zip(ends, stream.segments, strict=False))
    assert ends[-1] <= stream.end - 2 <= len(data) - 2
    alone = parse_jpeg(picture_only(stream))
    assert list(map(alone.raw, alone.coding)) == list(map(stream.raw, stream.coding))
    read_scans(stream)
    component_tables(stream)


def jpeg_file(data: bytes) -> None:
    """Indexes and tail: another coding keeps everything, and a second time changes nothing."""
    describe_jpeg(data)
    coding = picture_only(parse_jpeg(data))
    once = swap_primary(data, coding)
    assert parse_jpeg(once).tail == parse_jpeg(data).tail
    assert swap_primary(once, coding) == once
    attached = {start: once[start:end] for start, end in replaceable_parts(read_jpeg_file(once))}
    assert replace_parts(once, attached) == once


def jpeg_share(data: bytes) -> None:
    """Scrubbing keeps the length, leaves no place, and finds nothing to do a second time."""
    shared = share(data)
    assert len(shared) == len(data)
    assert not has_location(shared)
    assert share(shared) == shared
    trimmed = swap_primary(shared, picture_only(parse_jpeg(shared)), trim=True)
    assert read_embedded(trimmed).orientation == read_embedded(shared).orientation
    assert not has_location(strip(data).data)


def exif(data: bytes) -> None:
    """Exif blocks: read without a word, scrubbed in the same length."""
    shared = share_exif(data)
    assert len(shared) == len(data)
    assert not has_position(shared)
    assert share_exif(shared) == shared
    if any(shared):
        assert orientation(shared) == orientation(data)


def exif_edits(data: bytes) -> None:
    """Small changes to an Exif block: never longer, and a second time changes nothing."""
    upright = without_orientation(data)
    assert len(upright) <= len(data)
    assert orientation(upright) in (None, 1) or upright == data
    alone = without_thumbnail(data)
    assert without_thumbnail(alone) == alone
    sized = with_size(data, 4000, 3000)
    assert len(sized) == len(data)
    assert with_size(sized, 4000, 3000) == sized


def xmp(data: bytes) -> None:
    """XMP packets: scrubbed in the same length, still well-formed."""
    shared = share_xmp(data)
    assert len(shared) == len(data)
    if any(shared):
        read_xmp(shared)
        assert share_xmp(shared) == shared
    read_directory(data)


def other_formats(data: bytes) -> None:
    """PNG, WebP and GIF: shared and stripped files are well-formed and tell no place."""
    has_location(data)
    read_embedded(data)
    shared, stripped = share(data), strip(data).data
    for result in (shared, stripped):
        assert not has_location(result)
        assert share(result) == result


def png(data: bytes) -> None:
    """PNG chunks make the same file again."""
    file = read_chunks(data)
    assert write_chunks(((chunk.kind, chunk.body) for chunk in file.chunks), file.trailing) == data
    other_formats(data)


def webp(data: bytes) -> None:
    """WebP chunks lie where they say."""
    file = read_webp(data)
    assert all(data[chunk.start + 8 :].startswith(chunk.body) for chunk in file.chunks)
    read_webp(write_webp((chunk.kind, chunk.body) for chunk in file.chunks))
    other_formats(data)


def gif(data: bytes) -> None:
    """GIF blocks follow each other without a gap."""
    file = read_gif(data)
    places = [file.blocks_start, *(block.end for block in file.blocks)]
    assert places == [*(block.start for block in file.blocks), file.end - 1]
    for block in file.blocks:
        file.sub_blocks(block)
    other_formats(data)


def boxes(data: bytes) -> None:
    """ISO base media boxes: items, profiles, and the video of a motion photo."""
    has_location(data)
    read_embedded(data)
    list(metadata_items(data))
    colour_profile(data)
    found = read_boxes(data)
    assert [box.start for box in found[1:]] == [box.end for box in found[:-1]]
    assert len(share_video(data, 0, len(data))) == len(data)


def trailer(data: bytes) -> None:
    """Samsung's trailer: every block within the data."""
    found = read_sef(data, 0)
    if found is not None:
        assert all(0 <= block.start <= block.data_start <= block.end <= len(data) for block in found.blocks)


def jxl_header(data: bytes) -> None:
    """The header of a JPEG XL picture."""
    found = read_header(data)
    assert found.height > 0
    assert 1 <= found.orientation <= 8


def webp_frame(data: bytes) -> None:
    """The header of a lossy WebP's frame."""
    assert 0 <= quality_of(data) <= 100


def whole(data: bytes) -> None:
    """What the daemon itself reads: whether a file is whole. Any bytes get a verdict."""
    file = os.memfd_create("picture")
    try:
        os.write(file, data)
        found = judge(file, len(data))
        assert found.completeness is Completeness.WHOLE or found.detail
        judge(file, len(data) + 1)  # it shrank while it was looked at
    finally:
        os.close(file)
    if found.completeness is Completeness.NO_IMAGE:
        raise Malformed(found.detail)


def answer(data: bytes) -> None:
    """What the daemon reads from a worker that an attacker has taken over: an answer, or refused."""
    try:
        said, body = read_frame(io.BytesIO(data), RESPONSE, len(data))  # type: ignore[arg-type]
        validated_result(said, body, ANSWERED, Recipe())
    except (BadFrame, EOFError) as error:
        raise Malformed(str(error)) from error


def dimensions(data: bytes) -> None:
    """What the daemon itself reads of source and result: size in pixels and frames, or nothing."""
    kind = sniff(data[:SNIFF_BYTES])
    found = None if kind is None else read_dimensions(data, kind)
    if found is None:
        raise Malformed("no size in pixels")
    assert min(found.width, found.height, found.frames) > 0


TARGETS: dict[str, Callable[[bytes], None]] = {
    "jpeg-stream": jpeg_stream,
    "jpeg-file": jpeg_file,
    "jpeg-share": jpeg_share,
    "exif": exif,
    "exif-edits": exif_edits,
    "xmp": xmp,
    "png": png,
    "webp": webp,
    "gif": gif,
    "boxes": boxes,
    "trailer": trailer,
    "jxl-header": jxl_header,
    "webp-frame": webp_frame,
    "whole": whole,
    "answer": answer,
    "dimensions": dimensions,
    **messages.TARGETS,
}


def run(name: str, data: bytes) -> bool:
    """Run one target; whether the bytes were accepted."""
    try:
        TARGETS[name](data)
    except (Malformed, Refused):
        return False
    return True
