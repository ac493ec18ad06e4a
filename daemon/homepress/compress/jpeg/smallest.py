"""The same coefficients in as few bytes as is known: by our own scans, or by mozjpeg's lossless pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import mozjpeg_lossless_optimization

from homepress.base.override import override
from homepress.compress.core import scan_entries
from homepress.compress.core.library import CompiledCore, Loaded
from homepress.compress.jpeg.bands import decode_bands
from homepress.compress.jpeg.entropy import PROGRESSIVE, CodedRows
from homepress.compress.jpeg.model import Coding
from homepress.compress.jpeg.whole import decode_jpeg
from homepress.compress.metadata import JpegStream, Malformed, parse_jpeg, read_scans
from homepress.compress.metadata.jpeg_segments import (
    DAC,
    DHT,
    DRI,
    END_OF_IMAGE,
    SOS,
    START_OF_IMAGE,
    is_frame_marker,
    picture_segments,
)
from homepress.compress.pixels import Band, Pixels

_OF_SCANS: Final = frozenset({DHT, DAC, DRI, SOS})
_AC: Final = 0x10
_SPARE: Final = 4096
"""Bytes by which scans may be larger than the source: mozjpeg's pass would hardly make them smaller."""


def optimise(stream: bytes) -> bytes:
    """The same picture, coefficient for coefficient, coded progressively with scans and codes chosen for it.

    The library that does it where the core does not ends the process on some broken streams: hand over only
    what was decoded before, and only the picture itself, for no metadata is kept.

    Args:
        stream: a JPEG from SOI to EOI that decodes in full.
    """
    if core := Loaded.core:
        try:
            return recoded(core, parse_jpeg(stream))
        except (ValueError, MemoryError):
            pass  # the pass may know better
    return bytes(mozjpeg_lossless_optimization.optimize(stream))


@dataclass(frozen=True, slots=True, eq=False)
class BaselineCoding(Coding):
    """A picture of which there is no more than the stream."""

    @override
    def bands(self) -> Iterator[Band]:
        return iter((Band(0, decode_jpeg(self.stream)),))

    @override
    def smallest(self) -> bytes:
        return optimise(self.stream)


@dataclass(frozen=True, slots=True, eq=False)
class RowsCoding(Coding):
    """A picture whose rows of units decode by themselves.

    Attributes:
        rows: that the stream consists of.
        pixels: all that it decodes to, where they are known already.
    """

    rows: CodedRows
    pixels: Pixels | None = None

    @classmethod
    def of(cls, rows: CodedRows) -> "RowsCoding":
        """The coding of a picture."""
        return cls(rows.stream(), rows)

    @override
    def bands(self) -> Iterator[Band]:
        return decode_bands(self.rows) if self.pixels is None else iter((Band(0, self.pixels),))

    @override
    def smallest(self) -> bytes:
        return optimise(self.stream)


def recoded(core: CompiledCore, stream: JpegStream) -> bytes:
    """The stream with scans of the core's.

    Raises:
        ValueError: the stream is broken, or of a kind that the core does not take.
        MemoryError: there was not enough.
    """
    size = stream.end - stream.start
    scans = scan_entries.scans(core, source_of(stream), frame_of(stream), most=size + _SPARE)
    kept = [
        _progressive(stream.raw(each)) for each in picture_segments(stream) if each.marker not in _OF_SCANS
    ]
    return b"".join((START_OF_IMAGE, *kept, scans, END_OF_IMAGE))


def _progressive(segment: bytes) -> bytes:
    return bytes((0xFF, PROGRESSIVE)) + segment[2:] if is_frame_marker(segment[1]) else segment


def frame_of(stream: JpegStream) -> scan_entries.Frame:
    """What its frame header says; components of one quantisation table also share their codes."""
    frame = stream.frame
    if not frame.process.is_common or frame.precision != 8:
        raise Malformed("not Huffman-coded with 8 bits a sample")
    parts = frame.components
    factors = tuple((part.horizontal, part.vertical) for part in parts) if len(parts) > 1 else ((1, 1),)
    kinds = tuple(int(part.table != parts[0].table) for part in parts)
    return scan_entries.Frame((frame.width, frame.height), factors, kinds, frame.identifiers)


def source_of(stream: JpegStream) -> scan_entries.ScanSource:
    """Its scans, each with the tables of codes that stand in the slots when it begins."""
    numbers = {name: number for number, name in enumerate(stream.frame.identifiers)}
    slots: dict[int, int] = {}
    tables: list[bytes] = []
    scans, interval = [], 0
    headers = iter(read_scans(stream))
    for segment in stream.segments:
        if segment.marker == DHT:
            for slot, table in _tables(stream.payload(segment)):
                slots[slot] = len(tables)
                tables.append(table)
        elif segment.marker == DRI:
            interval = int.from_bytes(stream.payload(segment)[:2], "big")
        elif segment.marker == SOS:
            scan = next(headers)
            parts = tuple(
                (numbers.get(name, -1), slots.get(slot >> 4, -1), slots.get(_AC | slot & 15, -1))
                for name, slot in zip(scan.components, scan.tables, strict=True)
            )
            data = scan.data_start, scan.data_end
            scans.append(scan_entries.SourceScan(data, interval, scan.spectral, scan.approximation, parts))
    return scan_entries.ScanSource(stream.data, tuple(scans), tuple(tables))


def _tables(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The tables of codes of one DHT segment by slot (ITU-T T.81 section B.2.4.2)."""
    at = 0
    while at < len(body):
        end = at + 17 + sum(body[at + 1 : at + 17])
        if end > len(body):
            raise Malformed("a broken table of codes")
        yield body[at], body[at + 1 : end]
        at = end
