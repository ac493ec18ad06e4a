"""What decodes a JPEG stream: frame, quantisation tables, scans and colour model (ITU-T T.81 annex B)."""

import enum
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.jpeg_segments import DQT, SOS, JpegStream, is_adobe, is_jfif

# Quantisation tables, scans and the colour model of a JPEG stream.

ZIGZAG: tuple[int, ...] = tuple(
    8 * row + column
    for row, column in sorted(
        ((row, column) for row in range(8) for column in range(8)),
        key=lambda at: (at[0] + at[1], at[0] if (at[0] + at[1]) % 2 else at[1]),
    )
)
"""Natural (row by row) index of the k-th coefficient in zigzag order (ITU-T T.81 figure 5)."""


class ColourModel(enum.StrEnum):
    """How a decoder of the libjpeg family reads the components."""

    GREY = "grey"
    YCC = "YCbCr"
    RGB = "RGB"
    CMYK = "CMYK"
    YCCK = "YCCK"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class QuantTable:
    """One quantisation table.

    Attributes:
        values: 64 divisors, row by row.
        bits: 8 or 16, the width that they were stored with.
    """

    values: tuple[int, ...]
    bits: int


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan header (ITU-T T.81 section B.2.3).

    Attributes:
        components: identifiers of the components in it.
        tables: of each the slots of its tables of codes: four bits for means, four for the others.
        spectral: first and last coefficient in zigzag order.
        approximation: successive approximation, high and low bit position.
        data_start: where its entropy-coded data starts.
        data_end: where it ends.
    """

    components: tuple[int, ...]
    tables: tuple[int, ...]
    spectral: tuple[int, int]
    approximation: tuple[int, int]
    data_start: int
    data_end: int


def component_tables(stream: JpegStream) -> tuple[QuantTable, ...]:
    """The quantisation table of each component, in the frame's order.

    A slot may be defined again between scans; what counts for a component is the table that stands in its
    slot when its first scan begins, as decoders latch it there.

    Raises:
        Malformed: a table is missing or broken, or a scan names a component that is not there.
    """
    slots: dict[int, QuantTable] = {}
    latched: dict[int, QuantTable] = {}
    wanted = {component.identifier: component.table for component in stream.frame.components}
    for segment in stream.segments:
        if segment.marker == DQT:
            slots.update(_read_tables(stream.payload(segment)))
        elif segment.marker == SOS:
            for identifier in _scan_header(stream.payload(segment))[0]:
                if wanted.get(identifier) not in slots:
                    raise Malformed("a scan without its quantisation table", segment.start)
                latched.setdefault(identifier, slots[wanted[identifier]])
    if len(latched) != len(wanted):
        raise Malformed("a component without a scan")
    return tuple(latched[identifier] for identifier in stream.frame.identifiers)


def is_redefined(stream: JpegStream) -> bool:
    """Whether a component's quantisation table does not stand in its slot any more when the picture ends.

    Decoders keep the one of its first scan; mozjpeg's lossless pass ends the process.

    Raises:
        Malformed: a table is missing or broken.
    """
    last: dict[int, QuantTable] = {}
    for segment in stream.segments:
        if segment.marker == DQT:
            last.update(_read_tables(stream.payload(segment)))
    pairs = zip(stream.frame.components, component_tables(stream), strict=True)
    return any(last[component.table].values != table.values for component, table in pairs)


def read_scans(stream: JpegStream) -> tuple[Scan, ...]:
    """The scans of a stream, in order.

    Raises:
        Malformed: a scan header is broken.
    """
    scans = []
    for segment in stream.scans:
        body = stream.payload(segment)
        components, spectral, approximation = _scan_header(body)
        tables = tuple(body[2 : 2 + 2 * body[0] : 2])
        scans.append(Scan(components, tables, spectral, approximation, segment.body_end, segment.end))
    return tuple(scans)


def colour_model(stream: JpegStream, identifiers: tuple[int, ...] | None = None) -> ColourModel:
    """The colour model by libjpeg's rule (`default_decompress_parms` in jdapimin.c).

    Args:
        stream: whose JFIF and Adobe headers count.
        identifiers: component identifiers to judge with instead of the stream's own.
    """
    identifiers = stream.frame.identifiers if identifiers is None else identifiers
    jfif = any(is_jfif(stream, segment) for segment in stream.headers)
    adobe = adobe_transform(stream)
    if len(identifiers) == 1:
        return ColourModel.GREY
    if len(identifiers) == 3:
        if jfif:
            return ColourModel.YCC
        if adobe is not None:
            return ColourModel.RGB if adobe == 0 else ColourModel.YCC
        return ColourModel.RGB if identifiers == (0x52, 0x47, 0x42) else ColourModel.YCC
    if len(identifiers) == 4:
        return ColourModel.CMYK if adobe in (None, 0) else ColourModel.YCCK
    return ColourModel.UNKNOWN


def adobe_transform(stream: JpegStream) -> int | None:
    """The colour transform of the last Adobe header (0 none, 1 YCbCr, 2 YCCK); None without one."""
    transforms = [stream.payload(segment)[11] for segment in stream.headers if is_adobe(stream, segment)]
    return transforms[-1] if transforms else None


_TRANSFORMS = {3: 1, 4: 2}
"""What Adobe's header says of YCbCr and of YCCK, by the number of components."""


def with_transform(data: bytes, stream: JpegStream) -> bytes:
    """The file with an Adobe header that says YCbCr or YCCK where it said RGB or CMYK.

    That is right only once its picture is coded so. Everything else stays, and stays where it is.
    """
    transform = _TRANSFORMS.get(len(stream.frame.components), 0)
    changed = bytearray(data)
    for segment in stream.headers:
        if is_adobe(stream, segment):
            changed[segment.start + 15] = changed[segment.start + 15] or transform
    return bytes(changed)


def is_ambiguous(stream: JpegStream) -> bool:
    """Whether readers disagree on the colours: JFIF says YCbCr and Adobe's header says untransformed."""
    jfif = any(is_jfif(stream, segment) for segment in stream.headers)
    return jfif and len(stream.frame.components) == 3 and adobe_transform(stream) == 0


def _read_tables(body: bytes) -> dict[int, QuantTable]:
    """The tables of one DQT segment by slot (ITU-T T.81 section B.2.4.1)."""
    tables = {}
    at = 0
    while at < len(body):
        wide, slot = body[at] >> 4, body[at] & 15
        size = 64 * (1 + wide)
        stored = body[at + 1 : at + 1 + size]
        if wide > 1 or slot > 3 or len(stored) != size:
            raise Malformed("a broken quantisation table")
        values = [0] * 64
        for k, natural in enumerate(ZIGZAG):
            values[natural] = stored[k] if not wide else int.from_bytes(stored[2 * k : 2 * k + 2], "big")
        if 0 in values:
            raise Malformed("a quantisation table with a zero")
        tables[slot] = QuantTable(tuple(values), 16 if wide else 8)
        at += 1 + size
    return tables


def _scan_header(body: bytes) -> tuple[tuple[int, ...], tuple[int, int], tuple[int, int]]:
    if not body or len(body) != 4 + 2 * body[0] or not 1 <= body[0] <= 4:
        raise Malformed("a broken scan header")
    components = tuple(body[1 : 1 + 2 * body[0] : 2])
    first, last, bits = body[-3:]
    return components, (first, last), (bits >> 4, bits & 15)


# Whether a new coding may stand behind a JPEG's old headers.


def check_coding(old: JpegStream, new: JpegStream) -> None:
    """Check that the picture of `new`, read with the headers of `old`, has the colours its encoder meant.

    Raises:
        Refused: another size or number of components, a process or precision that is not rewritten, a header
            behind the first scan of `old`, or colours that could be read differently.
    """
    if old.has_late_header:
        raise Refused(RewriteRefusal.LATE_HEADER)
    for stream in (old, new):
        frame = stream.frame
        if not frame.process.is_common or frame.precision != 8:
            words = frame.process.name.lower().replace("_", " ")
            raise Refused(RewriteRefusal.CODING_PROCESS, f"{words}, {frame.precision} bits")
    if _shape(old) != _shape(new):
        raise Refused(RewriteRefusal.FRAME_DIFFERS, f"{_shape(old)} became {_shape(new)}")
    if not _colours_agree(old, new):
        raise Refused(RewriteRefusal.COLOUR_MODEL, f"{_words(old)} became {_words(new)}")


def _colours_agree(old: JpegStream, new: JpegStream) -> bool:
    if _statement(old) == _statement(new):
        return True  # whatever a reader makes of it, it makes the same of both
    if is_ambiguous(old) or is_ambiguous(new):
        return False
    model = colour_model(old)
    if len(new.frame.components) == 4 and (adobe_transform(old) is None) != (adobe_transform(new) is None):
        return False  # with Adobe's header four components are read inverted, without it not
    return (
        model is not ColourModel.UNKNOWN
        and colour_model(new) is model
        and colour_model(old, new.frame.identifiers) is model
    )


def _statement(stream: JpegStream) -> tuple[bool, int | None, tuple[int, ...]]:
    """All that a file says about its colour model: JFIF header, Adobe's transform, component names."""
    jfif = any(is_jfif(stream, segment) for segment in stream.headers)
    return jfif, adobe_transform(stream), stream.frame.identifiers


def _shape(stream: JpegStream) -> str:
    frame = stream.frame
    return f"{frame.width} × {frame.height} × {len(frame.components)}"


def _words(stream: JpegStream) -> str:
    return f"{colour_model(stream)}{', ambiguous' if is_ambiguous(stream) else ''}"
