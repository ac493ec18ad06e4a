"""APNG: each frame's stream is compressed anew, nothing else changes.

Frames, their order, place, timing, disposal and blending are bytes of `fcTL` chunks, which stay as they are
but for sequence numbers: a frame's data is joined in one `fdAT`, so later chunks count lower.
"""

from dataclasses import dataclass

from homepress.base.formats import ImageType
from homepress.compress import savings
from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.png import PngChunk, write_chunks
from homepress.compress.model import Compressed, Reason, Unchanged
from homepress.compress.pixels import MOST_PIXELS, TooManyPixels
from homepress.compress.png.coded import CodedPicture
from homepress.compress.png.pixels import PngFile, fingerprint, read_png
from homepress.compress.png.recode import NAME, level_for, recode

_CONTROL, _DATA, _INDEX = b"fcTL", b"fdAT", b"iDOT"
_CONTROL_BYTES = 26


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame after the default image: its control chunk without sequence number, and its picture."""

    control: bytes
    picture: CodedPicture


@dataclass(frozen=True, slots=True)
class _Animation:
    """An APNG taken apart.

    Attributes:
        head: chunks before IDAT, among them the control chunk of the default image if that is a frame.
        default: the picture of the IDAT chunks.
        frames: what follows it.
        rest: other chunks after IDAT, each with the number of frames that stand before it.
        trailing: what follows IEND.
    """

    head: tuple[tuple[bytes, bytes], ...]
    default: CodedPicture
    frames: tuple[_Frame, ...]
    rest: tuple[tuple[int, tuple[bytes, bytes]], ...]
    trailing: bytes

    @property
    def pictures(self) -> tuple[CodedPicture, ...]:
        """All pictures in order."""
        return (self.default, *(frame.picture for frame in self.frames))


def compress(source: bytes, file: PngFile) -> Compressed | Unchanged:
    """Compress one APNG without loss.

    Args:
        source: the bytes of the file.
        file: the same, read.

    Raises:
        Malformed: its frames are not in order or not whole.
        BrokenPicture: a frame does not decode.
        TooManyPixels: all frames together have too many.
    """
    animation = _read(file)
    pixels = sum(picture.header.pixels for picture in animation.pictures)
    if pixels > MOST_PIXELS:
        raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels in all frames")
    before = [fingerprint(picture) for picture in animation.pictures]
    data = _write(animation, level_for(pixels))
    if not savings.saves_enough(len(source), len(data), lossless=True):
        return Unchanged(Reason.SAVES_TOO_LITTLE, source_type=ImageType.PNG)
    if trouble := _difference(animation, _read(read_png(data)), before):
        return Unchanged(Reason.VERIFY_FAILED, trouble, ImageType.PNG)
    size = (file.header.width, file.header.height)
    frames = len(animation.frames) + any(kind == _CONTROL for kind, _ in animation.head)
    return savings.lossless_result(source, data, ImageType.PNG, size, f"{NAME}, {frames} frames")


def _difference(source: _Animation, result: _Animation, pictures: list[bytes]) -> str:
    """What of the animation a result changed; empty when it is the same."""
    head = tuple(each for each in source.head if each[0] != _INDEX)
    if (result.head, result.rest, result.trailing) != (head, source.rest, source.trailing):
        return "its other chunks differ"
    if [frame.control for frame in result.frames] != [frame.control for frame in source.frames]:
        return "the place or timing of a frame differs"
    same = [fingerprint(picture) for picture in result.pictures] == pictures
    return "" if same else "the pixels of a frame differ"


def _read(file: PngFile) -> _Animation:
    """Take an APNG apart (PNG specification, third edition, sections 11.3.6.1 to 11.3.6.3)."""
    picture = file.picture
    first = next(at for at, each in enumerate(file.chunks) if each.kind == b"IDAT")
    after = [each for each in file.chunks[first:] if each.kind != b"IDAT"]
    _check_sequence(file.chunks)
    frames: list[_Frame] = []
    rest: list[tuple[int, tuple[bytes, bytes]]] = []
    parts: list[bytes] = []
    control = b""

    def finish() -> None:
        if control:
            frames.append(_Frame(control, _frame_picture(picture, control, parts)))
            parts.clear()

    for each in after:
        if each.kind == _CONTROL:
            finish()
            control = each.body[4:]
        elif each.kind == _DATA:
            if not control:
                raise Malformed("data of a frame without its control chunk", each.start)
            parts.append(each.body[4:])
        else:
            rest.append((len(frames) + bool(control), (each.kind, each.body)))
    finish()
    _check_control(file, frames)
    head = tuple((each.kind, each.body) for each in file.chunks[:first])
    return _Animation(head, picture, tuple(frames), tuple(rest), file.trailing)


def _frame_picture(default: CodedPicture, control: bytes, parts: list[bytes]) -> CodedPicture:
    width, height = int.from_bytes(control[0:4], "big"), int.from_bytes(control[4:8], "big")
    left, top = int.from_bytes(control[8:12], "big"), int.from_bytes(control[12:16], "big")
    inside = left + width <= default.header.width and top + height <= default.header.height
    if not width or not height or not inside:
        raise Malformed("a frame that lies outside of the picture")
    if not parts:
        raise Malformed("a frame without data", truncated=True)
    return default.resized(width, height, b"".join(parts))


def _check_sequence(chunks: tuple[PngChunk, ...]) -> None:
    expected = 0
    for each in chunks:
        if each.kind in (_CONTROL, _DATA):
            right_length = len(each.body) == _CONTROL_BYTES if each.kind == _CONTROL else len(each.body) >= 4
            if not right_length or int.from_bytes(each.body[:4], "big") != expected:
                raise Malformed("frames out of sequence", each.start)
            expected += 1


def _check_control(file: PngFile, frames: list[_Frame]) -> None:
    controls = [each for each in file.chunks if each.kind == b"acTL"]
    if len(controls) != 1 or len(controls[0].body) != 8:
        raise Malformed("an animation without its control chunk")
    total = sum(each.kind == _CONTROL for each in file.chunks)
    if int.from_bytes(controls[0].body[:4], "big") != total or total - len(frames) not in (0, 1):
        raise Malformed("the number of frames is not what it says", truncated=True)


def _write(animation: _Animation, level: int) -> bytes:
    """The same animation, every stream coded anew."""
    out = [each for each in animation.head if each[0] != _INDEX]
    out.append((b"IDAT", recode(animation.default, level=level).stream))
    number = sum(kind == _CONTROL for kind, _ in animation.head)
    rest = list(animation.rest)
    for count, frame in enumerate((None, *animation.frames)):
        if frame is not None:
            out.append((_CONTROL, number.to_bytes(4, "big") + frame.control))
            stream = recode(frame.picture, level=level).stream
            out.append((_DATA, (number + 1).to_bytes(4, "big") + stream))
            number += 2
        while rest and rest[0][0] == count:
            out.append(rest.pop(0)[1])
    return write_chunks(out, animation.trailing)
