"""PNG files made by formula for the tests: any colour type, bit depth and interlacing, any chunk."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from homepress.compress.metadata.png import write_chunks

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [
    *[(0, depth) for depth in (1, 2, 4, 8, 16)],
    *[(3, depth) for depth in (1, 2, 4, 8)],
    *[(colour, depth) for colour in (2, 4, 6) for depth in (8, 16)],
]
"""Every legal pair of colour type and bit depth."""


def samples(colour: int, depth: int, width: int, height: int, seed: int = 1) -> NDArray[np.uint16]:
    """A gradient with some noise: (height, width, channels) values of `depth` bits."""
    noise = np.random.default_rng(seed).random((height, width, CHANNELS[colour]))
    down, across = np.mgrid[0:height, 0:width]
    ramp = (down / max(1, height) + across / max(1, width)) / 2
    return np.asarray((ramp[..., None] * 0.9 + noise * 0.1) * ((1 << depth) - 1), np.uint16)


def flat(colour: int, depth: int, width: int, height: int) -> NDArray[np.uint16]:
    """Large areas of few colours, which compress well."""
    down, across = np.mgrid[0:height, 0:width]
    steps = (down // 16 + across // 16) % 3
    top = (1 << depth) - 1
    channels = [(steps * (top // 3) + index) % (top + 1) for index in range(CHANNELS[colour])]
    return np.stack(channels, axis=-1).astype(np.uint16)


def png(
    values: NDArray[np.uint16],
    colour: int,
    depth: int,
    *,
    interlaced: bool = False,
    before: tuple[tuple[bytes, bytes], ...] = (),
    after: tuple[tuple[bytes, bytes], ...] = (),
    palette: bytes = b"",
    transparency: bytes | None = None,
    pieces: int = 1,
    level: int = 1,
) -> bytes:
    """A PNG file of unfiltered rows, badly compressed on purpose.

    Args:
        values: samples (rows, columns, channels).
        colour: colour type of IHDR.
        depth: bits a sample.
        interlaced: whether to store it in Adam7 order.
        before: chunks that stand before the palette.
        after: chunks that stand after the picture.
        palette: body of PLTE; made up when an indexed picture has none.
        transparency: body of tRNS.
        pieces: over how many IDAT chunks the stream is spread.
        level: of zlib.
    """
    height, width = values.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    if colour == 3 and not palette:
        count = 1 << depth
        palette = bytes(part for i in range(count) for part in (i * 7 % 256, 255 - i % 256, i * 3 % 256))
    chunks = [(b"IHDR", header), *before]
    chunks += [(b"PLTE", palette)] if palette else []
    chunks += [(b"tRNS", transparency)] if transparency is not None else []
    stream = zlib.compress(raw_rows(values, depth, interlaced=interlaced), level)
    step = -(-len(stream) // pieces)
    chunks += [(b"IDAT", stream[at : at + step]) for at in range(0, len(stream), step)]
    return file(*chunks, *after)


def file(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file of these chunks and IEND."""
    return write_chunks([*chunks, (b"IEND", b"")])


def raw_rows(values: NDArray[np.uint16], depth: int, *, interlaced: bool = False) -> bytes:
    """Rows as PNG packs them, each with filter byte 0."""
    passes = (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    )
    parts = []
    for left, top, across, down in passes if interlaced else ((0, 0, 1, 1),):
        part = values[top::down, left::across]
        if part.shape[0] and part.shape[1]:
            parts += [b"\0" + _pack(row, depth) for row in part]
    return b"".join(parts)


def _pack(row: NDArray[np.uint16], depth: int) -> bytes:
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = (row.reshape(-1, 1) >> np.arange(depth - 1, -1, -1, dtype=np.uint16)) & 1
    return np.packbits(bits.astype(np.uint8)).tobytes()
