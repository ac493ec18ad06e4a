"""GIF: made smaller by gifsicle, a program that the workers run; here is the proof of what it made.

The proof trusts nothing of the program: both files are read, composed frame by frame and compared.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from homepress.base.formats import ImageType
from homepress.compress import savings
from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.gif import LOOP_APPLICATIONS, GifBlockKind, GifFile, read_gif
from homepress.compress.model import Compressed, Reason, Recipe, Unchanged
from homepress.compress.pixels import (
    MOST_PIXELS,
    TOO_MANY_PIXELS,
    TooManyPixels,
    Undecodable,
    not_read,
    open_picture,
    undecodable,
)

_FORMATS = ("GIF",)
_DELAY, _FLAGS, _USER_INPUT = slice(1, 3), 0, 0x02  # in a graphic control extension (GIF89a section 23)
_ASPECT = 12  # position of the pixel aspect ratio in the file
_SQUARE = 49  # the ratio 1; 0, "not said", means the same to every viewer
_MOST_FRAME_PIXELS = 5 * MOST_PIXELS  # in all frames, which are looked at one by one


def compress(source: bytes, recipe: Recipe) -> Unchanged:  # noqa: ARG001 (every format's module offers this)
    """Look whether a GIF is whole; without the helper program there is nothing to gain.

    Raises:
        TooManyPixels: all frames together are too large.
    """
    try:
        read_gif(source)
        for _ in _frames(source):
            pass
    except (Malformed, Undecodable) as error:
        return not_read(error, ImageType.GIF)
    why = "GIFs are made smaller by gifsicle, which is not installed"
    return Unchanged(Reason.FORMAT_LEFT_ALONE, why, ImageType.GIF, said=True)


def judge(source: bytes, candidate: bytes) -> Compressed | Unchanged:
    """Whether what the program made of a GIF may take its place.

    Args:
        source: the bytes of the file.
        candidate: the program's output.

    Returns:
        The candidate, if it saves enough and shows the same frames for the same times, with the same loops,
        comments and extensions; else the reason.

    Raises:
        TooManyPixels: all frames together are too large.
    """
    try:
        before = _look_at(source)
    except (Malformed, Undecodable) as error:
        return not_read(error, ImageType.GIF)
    candidate += before.trailing  # the program drops what follows the end
    if not savings.saves_enough(len(source), len(candidate), lossless=True):
        return Unchanged(Reason.SAVES_TOO_LITTLE, source_type=ImageType.GIF)
    try:
        after = _look_at(candidate)
    except (Malformed, Undecodable) as error:
        return Unchanged(Reason.VERIFY_FAILED, f"the result is broken: {error}", ImageType.GIF)
    if difference := before.difference(after):
        return Unchanged(Reason.VERIFY_FAILED, difference, ImageType.GIF)
    frames = len(before.frames)
    method = "gifsicle" if frames == 1 else f"gifsicle, {frames} frames"
    return savings.lossless_result(source, candidate, ImageType.GIF, before.size, method)


@dataclass(frozen=True, slots=True)
class _Show:
    """What a viewer makes of a GIF, and what else it carries.

    Attributes:
        size: of the logical screen in pixels.
        aspect: its pixel aspect ratio, as stored.
        frames: a hash of each composed frame.
        delays: of each frame, in hundredths of a second.
        waits: whether each frame waits for the user.
        loops: the looping extensions.
        extras: comments and other extensions, byte for byte.
        texts: plain text extensions with their graphic control, byte for byte.
        trailing: what follows the trailer.
    """

    size: tuple[int, int]
    aspect: int
    frames: tuple[bytes, ...]
    delays: tuple[int, ...]
    waits: tuple[bool, ...]
    loops: tuple[bytes, ...]
    extras: tuple[bytes, ...]
    texts: tuple[bytes, ...]
    trailing: bytes

    def difference(self, other: "_Show") -> str:
        """What differs, in words; empty when nothing does."""
        named = (
            ("the size", self.size, other.size),
            ("the aspect ratio", self.aspect, other.aspect),
            ("the number of frames", len(self.frames), len(other.frames)),
            ("the pixels of a frame", self.frames, other.frames),
            ("the timing", (self.delays, self.waits), (other.delays, other.waits)),
            ("looping", self.loops, other.loops),
            ("a comment or extension", self.extras, other.extras),
            ("a text", self.texts, other.texts),
            ("what follows the end", self.trailing, other.trailing),
        )
        return next((f"{name} differs" for name, mine, its in named if mine != its), "")


def _look_at(data: bytes) -> _Show:
    file = read_gif(data)
    controls = _controls(file)
    return _Show(
        size=(file.width, file.height),
        aspect=data[_ASPECT] or _SQUARE,
        frames=tuple(_frames(data)),
        delays=tuple(int.from_bytes(control[_DELAY], "little") for control in controls),
        waits=tuple(bool(control[_FLAGS] & _USER_INPUT) for control in controls),
        loops=tuple(
            file.sub_blocks(block) for block in file.blocks if block.application in LOOP_APPLICATIONS
        ),
        extras=tuple(sorted(file.extras)),
        texts=tuple(
            data[block.start : block.end] for block in file.blocks if block.kind is GifBlockKind.PLAIN_TEXT
        ),
        trailing=data[file.end :],
    )


def _controls(file: GifFile) -> list[bytes]:
    """The graphic control of each image; zeros for one that has none.

    Raises:
        Malformed: a control is cut short.
    """
    controls = []
    pending = bytes(4)
    for block in file.blocks:
        if block.kind is GifBlockKind.GRAPHIC_CONTROL:
            pending = file.sub_blocks(block)
            if len(pending) < 4:
                raise Malformed("a graphic control is cut short", block.start)
        elif block.kind is GifBlockKind.IMAGE:
            controls.append(pending)
            pending = bytes(4)
    return controls


def _frames(data: bytes) -> Iterator[bytes]:
    """A hash of each composed frame: red, green, blue and alpha, colour under full transparency left out."""
    picture = open_picture(data, _FORMATS)
    try:
        count = getattr(picture, "n_frames", 1)
        if picture.width * picture.height * count > _MOST_FRAME_PIXELS:
            raise TooManyPixels(f"{count} frames of {picture.width} by {picture.height} pixels")
        for number in range(count):
            picture.seek(number)
            yield _hash(picture)
    except Image.DecompressionBombError as error:
        raise TooManyPixels(TOO_MANY_PIXELS) from error
    except (EOFError, OSError, ValueError, SyntaxError, IndexError) as error:  # what Pillow's reader raises
        raise undecodable(error) from error


def _hash(picture: Image.Image) -> bytes:
    rgba = np.array(picture.convert("RGBA"))
    rgba[rgba[..., 3] == 0] = 0
    return hashlib.blake2b(rgba.data).digest()
