"""The exact pixels of a PNG picture, and a fingerprint of them.

Pillow reduces 16-bit colour to 8 bits when it opens a PNG. Its row decoder does not: given the compressed
stream and a raw mode it undoes filters and interlacing for any pixel width. So each picture is decoded here
from its own stream, 16-bit samples as a plane of high and a plane of low bytes, and nothing is rounded.
"""

import hashlib
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from homepress.compress.formats.png_picture import BrokenPicture, CodedPicture, ColourType, PngHeader

_STRIP_PIXELS = 1 << 20
"""How many pixels are expanded at once: bounds the memory of the fingerprint."""


def fingerprint(picture: CodedPicture) -> bytes:
    """A hash of every pixel as red, green, blue and alpha, however the picture stores them.

    Pictures of up to 8 bits are hashed with 8 bits a sample (narrower samples scale exactly), those of 16
    bits with 16; so a 16-bit picture never equals an 8-bit one. Colour beneath full transparency counts.

    Raises:
        BrokenPicture: the stream ends early, is corrupt or holds more than the picture.
    """
    digest = hashlib.blake2b(f"{picture.header.width}x{picture.header.height}".encode())
    for rows in pixel_rows(picture):
        digest.update(np.ascontiguousarray(rows).data)
    return digest.digest()


def pixel_rows(picture: CodedPicture) -> Iterator[NDArray[np.uint8] | NDArray[np.uint16]]:
    """The pixels from top to bottom in strips of (rows, width, 4): uint16 for 16-bit pictures, else uint8.

    Raises:
        BrokenPicture: as `fingerprint`.
    """
    check_stream(picture)
    header = picture.header
    planes = _decode(picture)
    height = max(1, _STRIP_PIXELS // header.width)
    for top in range(0, header.height, height):
        box = (0, top, header.width, min(top + height, header.height))
        strips = [np.asarray(plane.crop(box)) for plane in planes]
        yield _to_rgba(picture, _samples(header, strips))


def check_stream(picture: CodedPicture) -> None:
    """Inflate the stream once, keeping nothing, and see that its length and checksum are right.

    Raises:
        BrokenPicture: they are not.
    """
    inflater = zlib.decompressobj()
    left = raw_size(picture.header)
    data = picture.stream
    try:
        while left >= 0 and not inflater.eof:
            piece = inflater.decompress(data, min(left + 1, 1 << 20))
            data = inflater.unconsumed_tail
            if not piece and not data and not inflater.eof:
                break
            left -= len(piece)
    except zlib.error as error:
        raise BrokenPicture(f"its pixel data is corrupt ({error})") from None
    if left > 0 or (left == 0 and not inflater.eof):
        raise BrokenPicture("its pixel data ends early")
    if left < 0 or inflater.unused_data:
        raise BrokenPicture("it holds more pixel data than its size allows")


def raw_size(header: PngHeader) -> int:
    """Bytes of the unpacked, still filtered picture: rows with one filter byte each, of all passes."""
    bits = header.depth * header.colour.channels
    passes = _ADAM7 if header.interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        width = (header.width - left + across - 1) // across
        height = (header.height - top + down - 1) // down
        if width > 0 and height > 0:
            total += height * (1 + (width * bits + 7) // 8)
    return total


_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column, first row, column step, row step of each pass (PNG specification, section 8.1)."""

_NARROW = {1: "P;1", 2: "P;2", 4: "P;4", 8: "P"}
# Image mode and raw modes; two raw modes read the high and the low bytes of 16-bit samples in turn.
_WIDE: dict[tuple[ColourType, int], tuple[str, tuple[str, ...]]] = {
    (ColourType.RGB, 8): ("RGB", ("RGB",)),
    (ColourType.GREY_ALPHA, 8): ("LA", ("LA",)),
    (ColourType.RGBA, 8): ("RGBA", ("RGBA",)),
    (ColourType.GREY, 16): ("LA", ("LA",)),
    (ColourType.GREY_ALPHA, 16): ("RGBA", ("RGBA",)),
    (ColourType.RGB, 16): ("RGB", ("RGB;16B", "RGB;16L")),
    (ColourType.RGBA, 16): ("RGBA", ("RGBA;16B", "RGBA;16L")),
}


def _decode(picture: CodedPicture) -> list[Image.Image]:
    """The picture's bytes as 8-bit images: one image, or one of high and one of low bytes."""
    header = picture.header
    mode, raw_modes = _WIDE.get((header.colour, header.depth), ("P", (_NARROW.get(header.depth, ""),)))
    size = (header.width, header.height)
    try:
        return [
            Image.frombytes(mode, size, picture.stream, "zip", raw, int(header.interlaced))
            for raw in raw_modes
        ]
    except (ValueError, OSError) as error:
        raise BrokenPicture(f"its pixel data cannot be decoded ({error})") from None


def _samples(header: PngHeader, strips: list[NDArray[np.uint8]]) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Unscaled samples (rows, width, channels) from the strips of the decoded planes."""
    rows, width = strips[0].shape[:2]
    if header.depth < 16:
        return strips[0].reshape(rows, width, header.colour.channels)
    if len(strips) == 2:
        pairs = np.stack(strips, axis=-1)
    else:
        pairs = strips[0].reshape(rows, width, header.colour.channels, 2)
    return np.ascontiguousarray(pairs).view(">u2")[..., 0].astype(np.uint16)


def _to_rgba(
    picture: CodedPicture, samples: NDArray[np.uint8] | NDArray[np.uint16]
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    header = picture.header
    if header.colour is ColourType.INDEXED:
        if samples.size and int(samples.max()) >= len(picture.palette) // 3:
            raise BrokenPicture("a pixel has a colour that its palette lacks")
        return _palette_table(picture)[samples[..., 0]]
    opaque = 65535 if header.depth == 16 else 255
    rgba = np.empty((*samples.shape[:2], 4), samples.dtype)
    colours = 1 if header.colour in (ColourType.GREY, ColourType.GREY_ALPHA) else 3
    scale = 255 // ((1 << header.depth) - 1) if header.depth < 8 else 1
    rgba[..., :3] = samples[..., :colours] * np.uint8(scale) if scale > 1 else samples[..., :colours]
    if header.colour in (ColourType.GREY_ALPHA, ColourType.RGBA):
        rgba[..., 3] = samples[..., -1]
    else:
        rgba[..., 3] = opaque
        if picture.transparency is not None:
            rgba[..., 3][(samples == _transparent_colour(picture)).all(axis=-1)] = 0
    return rgba


def _transparent_colour(picture: CodedPicture) -> NDArray[np.uint16]:
    """The one colour that tRNS makes transparent; only the low bits count (section 11.3.1.1)."""
    body = picture.transparency or b""
    channels = picture.header.colour.channels
    if len(body) != 2 * channels:
        raise BrokenPicture("a transparency chunk of wrong length")
    return np.frombuffer(body, ">u2").astype(np.uint16) & np.uint16((1 << picture.header.depth) - 1)


def _palette_table(picture: CodedPicture) -> NDArray[np.uint8]:
    """256 colours with alpha; those that the palette lacks are not used."""
    colours = np.frombuffer(picture.palette[: 256 * 3], np.uint8)
    alpha = np.frombuffer(picture.transparency or b"", np.uint8)
    if len(colours) % 3 or not len(colours) or len(alpha) > len(colours) // 3:
        raise BrokenPicture("a palette of wrong length")
    table = np.zeros((256, 4), np.uint8)
    table[:, 3] = 255
    table[: len(colours) // 3, :3] = colours.reshape(-1, 3)
    table[: len(alpha), 3] = alpha
    return table
