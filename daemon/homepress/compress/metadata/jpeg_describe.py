"""What a JPEG holds besides one picture, in words."""

from dataclasses import dataclass

from homepress.base.units import counted
from homepress.compress.metadata.jpeg_file import JpegFile, read_jpeg_file, xmp_packet
from homepress.compress.metadata.jpeg_headers import HeaderKind, header_kind, headers_of_kind
from homepress.compress.metadata.jpeg_segments import JpegStream, parse_jpeg
from homepress.compress.metadata.jpeg_tail import Media

_HDRGM = b"http://ns.adobe.com/hdr-gain-map/1.0/"
_APPLE_HDR = b"http://ns.apple.com/HDRGainMap/1.0/"


@dataclass(frozen=True, slots=True)
class JpegContents:
    """What a JPEG holds.

    Attributes:
        headers: kinds of header present, such as "Exif" and "ICC profile", each once.
        pictures: how many pictures, the primary among them.
        gain_maps: which descriptions of a gain map there are: "hdrgm", "ISO 21496-1", "Apple".
        indexes: which indexes name what is appended: "MPF", "GContainer", "MicroVideo", "Samsung".
        has_video: whether a video is appended.
        unnamed_bytes: bytes behind the primary image that no index names.
    """

    headers: tuple[HeaderKind, ...]
    pictures: int
    gain_maps: tuple[str, ...]
    indexes: tuple[str, ...]
    has_video: bool
    unnamed_bytes: int

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing but one picture and its headers."""
        return self.pictures == 1 and not self.has_video and not self.indexes and not self.unnamed_bytes

    def __str__(self) -> str:
        """In words: "3 pictures, gain map (hdrgm), motion video"; empty for a plain JPEG."""
        words = [f"{self.pictures} pictures"] if self.pictures > 1 else []
        words += [f"gain map ({', '.join(self.gain_maps)})"] if self.gain_maps else []
        words += ["motion video"] if self.has_video else []
        words += ["Samsung trailer"] if "Samsung" in self.indexes else []
        words += [f"{counted(self.unnamed_bytes, 'byte')} of another trailer"] if self.unnamed_bytes else []
        return ", ".join(words)


def describe_jpeg(data: bytes) -> JpegContents:
    """Say what a JPEG holds.

    Raises:
        Malformed, Refused: as `read_jpeg_file`.
    """
    file = read_jpeg_file(data)
    spans = {(part.start, part.end) for part in file.parts if part.media is Media.JPEG}
    streams = [file.stream, *(parse_jpeg(data, start, end) for start, end in sorted(spans))]
    kinds = dict.fromkeys(header_kind(file.stream, segment) for segment in file.stream.headers)
    return JpegContents(
        headers=tuple(kinds),
        pictures=len(streams),
        gain_maps=_gain_maps(streams) if len(streams) > 1 else (),
        indexes=_indexes(file),
        has_video=any(part.media is Media.VIDEO or "MotionPhoto" in part.label for part in file.parts),
        unnamed_bytes=sum(end - start for start, end in file.unnamed),
    )


def _gain_maps(streams: list[JpegStream]) -> tuple[str, ...]:
    found = dict.fromkeys(("hdrgm", "ISO 21496-1", "Apple"), False)
    for stream in streams:
        packets = [xmp_packet(stream, segment) for segment in headers_of_kind(stream, HeaderKind.XMP)]
        found["hdrgm"] |= any(_HDRGM in packet for packet in packets)
        found["Apple"] |= any(_APPLE_HDR in packet for packet in packets)
        found["ISO 21496-1"] |= bool(headers_of_kind(stream, HeaderKind.ISO_GAIN_MAP))
    return tuple(name for name, there in found.items() if there)


def _indexes(file: JpegFile) -> tuple[str, ...]:
    if not file.has_tail:
        return ()
    present = {
        "MPF": file.mpf is not None and len(file.mpf.entries) > 1,
        "GContainer": len(file.directory.items) > 1,
        "MicroVideo": file.directory.micro_video_offset > 0,
        "Samsung": file.sef is not None,
    }
    return tuple(name for name, there in present.items() if there)
