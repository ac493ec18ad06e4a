"""The frame header of a JPEG (ITU-T T.81 section B.2.2)."""

import enum
import struct
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed


class Process(enum.IntEnum):
    """Coding processes; the value is the SOF marker's second byte."""

    BASELINE = 0xC0
    EXTENDED = 0xC1
    PROGRESSIVE = 0xC2
    LOSSLESS = 0xC3
    DIFFERENTIAL = 0xC5
    DIFFERENTIAL_PROGRESSIVE = 0xC6
    DIFFERENTIAL_LOSSLESS = 0xC7
    ARITHMETIC = 0xC9
    ARITHMETIC_PROGRESSIVE = 0xCA
    ARITHMETIC_LOSSLESS = 0xCB
    ARITHMETIC_DIFFERENTIAL = 0xCD
    ARITHMETIC_DIFFERENTIAL_PROGRESSIVE = 0xCE
    ARITHMETIC_DIFFERENTIAL_LOSSLESS = 0xCF

    @property
    def is_common(self) -> bool:
        """Whether every decoder in use reads it: DCT with Huffman coding, not differential."""
        return self in (Process.BASELINE, Process.EXTENDED, Process.PROGRESSIVE)

    @property
    def is_arithmetic(self) -> bool:
        """Whether it is coded arithmetically."""
        return self >= Process.ARITHMETIC

    @property
    def is_lossless(self) -> bool:
        """Whether it is predictive (no DCT)."""
        return self & 3 == 3


@dataclass(frozen=True, slots=True)
class Component:
    """One component: its identifier, sampling factors (1 to 4) and quantisation table slot (0 to 3)."""

    identifier: int
    horizontal: int
    vertical: int
    table: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What a frame header says.

    Attributes:
        process: how it is coded.
        precision: bits per sample.
        width: pixels.
        height: pixels.
        components: one to four, in order.
    """

    process: Process
    precision: int
    width: int
    height: int
    components: tuple[Component, ...]

    @property
    def identifiers(self) -> tuple[int, ...]:
        """The component identifiers in order."""
        return tuple(component.identifier for component in self.components)

    @property
    def subsampling(self) -> str:
        """Chroma subsampling in the usual words ("4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"), "grey" for one
        component, else the factors such as "2x2,1x1,2x2,1x1".
        """
        factors = [(component.horizontal, component.vertical) for component in self.components]
        if len(factors) == 1:
            return "grey"
        luma, chroma = factors[0], factors[1]
        regular = factors == [luma, chroma, chroma, luma][: len(factors)]
        ratio = (luma[0] / chroma[0], luma[1] / chroma[1])
        if regular and ratio in _SUBSAMPLING:
            return _SUBSAMPLING[ratio]
        return ",".join(f"{across}x{down}" for across, down in factors)


_SUBSAMPLING: dict[tuple[float, float], str] = {
    (1.0, 1.0): "4:4:4",
    (2.0, 1.0): "4:2:2",
    (2.0, 2.0): "4:2:0",
    (1.0, 2.0): "4:4:0",
    (4.0, 1.0): "4:1:1",
}
_MARKERS = frozenset(Process)


def is_frame_marker(marker: int) -> bool:
    """Whether a marker's second byte is one of SOF0 to SOF15."""
    return marker in _MARKERS


def read_frame(marker: int, body: bytes) -> Frame:
    """Read a frame header.

    Args:
        marker: second byte of the SOF marker.
        body: what follows the segment's length field.

    Raises:
        Malformed: the length does not fit, or a size, component count or sampling factor is impossible. A
            height of 0 (given later by DNL) counts as impossible.
    """
    if len(body) < 6 or len(body) != 6 + 3 * body[5]:
        raise Malformed("a frame header of wrong length")
    precision, height, width, count = struct.unpack_from(">BHHB", body)
    if not (width and height and 1 <= count <= 4):
        raise Malformed(f"a frame of {width} by {height} pixels and {count} components")
    components = tuple(
        Component(body[at], body[at + 1] >> 4, body[at + 1] & 15, body[at + 2])
        for at in range(6, len(body), 3)
    )
    for component in components:
        if not (1 <= component.horizontal <= 4 and 1 <= component.vertical <= 4 and component.table <= 3):
            raise Malformed("impossible sampling factors or table in the frame header")
    if len({component.identifier for component in components}) != count:
        raise Malformed("two components of the same name")
    return Frame(Process(marker), precision, width, height, components)
