"""The video of a motion photo without place and names, in the same length."""

from homepress.compress.metadata.errors import Malformed, Refusal, Refused
from homepress.compress.metadata.isobmff import Box, find_boxes, read_boxes

_INSIDE = {b"": b"moov", b"moov": b"trak", b"trak": b"mdia"}
"""Which box inside which is opened, from the file down; players look in no other place."""
_EMPTIED = frozenset({b"udta", b"meta", b"uuid", b"free", b"skip"})
"""User data, metadata and vendors' boxes, where place and device names live; and what earlier edits left."""

_SILENT_TRACKS = frozenset({b"vide", b"soun", b"hint"})
_POSES = tuple(
    b"application/" + name
    for name in (b"motionphoto-image-meta", b"microvideo-image-meta", b"microvideo-meta-stream")
)
"""Google's timed metadata: how each frame lies to the still picture."""


def share_video(data: bytes, start: int, end: int) -> bytes:
    """The bytes of an MP4 from `start` to `end` with user data and metadata boxes blanked.

    The boxes become `free` and zeros, so no sample moves.

    Raises:
        Refused: the boxes cannot be followed, or a track of timed metadata may hold a place.
    """
    out = bytearray(data[start:end])
    try:
        _refuse_tracks(data, start, end)
        _empty(data, (start, end), out, start)
    except Malformed as error:
        raise Refused(Refusal.ISOBMFF, str(error)) from error
    return bytes(out)


def _empty(data: bytes, span: tuple[int, int], out: bytearray, shift: int, kind: bytes = b"") -> None:
    """Blank metadata in the boxes of a span, which is the inside of a box of this kind."""
    for box in read_boxes(data, *span):
        if box.kind in _EMPTIED:
            _blank(box, out, shift)
        elif box.kind == _INSIDE.get(kind):
            _empty(data, (box.content_start, box.end), out, shift, box.kind)


def _blank(box: Box, out: bytearray, shift: int) -> None:
    out[box.start + 4 - shift : box.start + 8 - shift] = b"free"
    out[box.content_start - shift : box.end - shift] = bytes(box.end - box.content_start)


def _refuse_tracks(data: bytes, start: int, end: int) -> None:
    """Refuse tracks other than picture, sound and poses: a camera's movement or place, second by second."""
    for track in find_boxes(data, (b"moov", b"trak"), start, end):
        for handler in find_boxes(data, (b"mdia", b"hdlr"), track.content_start, track.end):
            kind = handler.content(data)[8:12]
            is_pose = any(word in data[track.start : track.end] for word in _POSES)
            if kind not in _SILENT_TRACKS and not is_pose:
                raise Refused(Refusal.ISOBMFF, f"a track of kind {kind.decode('ascii', 'replace')}")
