"""What a HEIC or AVIF shows beside its picture, on its way behind a JPEG: depth maps and mattes.

Apple writes both formats: in a HEIC as auxiliary pictures, in a JPEG as further pictures of the multi-picture
index, each with the same XMP packet, which says what its values mean.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from homepress.compress.jpeg import optimise
from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.jpeg_segments import (
    APP1,
    END_OF_IMAGE,
    START_OF_IMAGE,
    XMP_SIGNATURE,
    parse_jpeg,
)
from homepress.compress.metadata.xmp import RDF, XmpElement, parse_xmp, with_description, with_values

_QUALITY = 97
"""Of a map as JPEG: its values are distances, and an edge in it is where a background begins."""
_MOST_BODY = 65_533
_PIXEL_DATA = "http://ns.apple.com/pixeldatainfo/1.0/"
_DEPTH = "http://ns.apple.com/depthData/1.0/ "
_GREY_OF_8_BITS = 0x4C303038
"""Apple's code "L008"."""


def map_jpeg(values: NDArray[np.uint8], packet: bytes) -> bytes:
    """A depth map or matte as a JPEG that says what it is.

    Args:
        values: height x width, the right way up.
        packet: its XMP packet, from `naming` and `turned`.

    Raises:
        Malformed: the packet is longer than a JPEG can carry.
    """
    body = XMP_SIGNATURE + packet
    if len(body) > _MOST_BODY:
        raise Malformed("more is said than JPEG can carry")
    out = io.BytesIO()
    Image.fromarray(values).save(out, "JPEG", quality=_QUALITY)
    stream = parse_jpeg(optimise(out.getvalue()))
    headers = [stream.raw(segment) for segment in stream.headers]
    said = bytes((0xFF, APP1)) + (len(body) + 2).to_bytes(2, "big") + body
    coding = [stream.raw(segment) for segment in stream.coding]
    return b"".join((START_OF_IMAGE, *headers, said, *coding, END_OF_IMAGE))


def naming(packet: bytes | None, name: bytes) -> bytes:
    """A packet with the kind of map, which a HEIC may leave to a box of its own.

    Args:
        packet: the map's XMP packet.
        name: what the box says, such as "urn:com:apple:photo:2018:aux:portraiteffectsmatte".

    Raises:
        Malformed: nothing says what the map's values mean.
    """
    if packet is not None and b"AuxiliaryImageType" in packet:
        return packet
    if packet is None or b"apple" not in name:
        raise Malformed("nothing says what it means")
    description = (
        f'<rdf:Description xmlns:rdf="{RDF}" rdf:about="" xmlns:apdi="{_PIXEL_DATA}" '
        f'apdi:AuxiliaryImageType="{name.decode("ascii", "replace")}" '
        f'apdi:StoredFormat="{_GREY_OF_8_BITS}" apdi:NativeFormat="{_GREY_OF_8_BITS}"/>'
    )
    return with_description(packet, description.encode())


def turned(packet: bytes, turns: int) -> bytes:
    """The packet with the places that a camera's calibration names in pixels of the turned picture.

    Source: Apple, AVCameraCalibrationData: a matrix of three columns, the last the principal point.

    Args:
        packet: the map's XMP packet.
        turns: quarter turns to the left.

    Raises:
        Malformed: it is no XMP, or holds a calibration that is not understood.
    """
    root = parse_xmp(packet)
    found = [element for element in root.walk() if element.name == f"{_DEPTH}IntrinsicMatrix"]
    if not turns or not found:
        return packet
    told = {name: text for element in root.walk() for name, text in element.properties()}
    places = ("IntrinsicMatrixReference", "LensDistortionCenterOffset")
    try:
        width, height = (float(told[f"{_DEPTH}{places[0]}{side}"]) for side in ("Width", "Height"))
        centre = [float(told.get(f"{_DEPTH}{places[1]}{axis}", "0")) for axis in "XY"]
        entries = _listed(found[0])
        matrix = [float(entry.text) for entry in entries]
        if len(matrix) != 9 or _has_moved(root):
            raise Malformed("it is turned, and where its camera was is not understood")
    except (KeyError, ValueError) as error:
        raise Malformed(
            "the camera was held upright, and what is said of its lens is not understood"
        ) from error
    for _ in range(turns):
        matrix[0], matrix[4], matrix[6], matrix[7] = matrix[4], matrix[0], matrix[7], width - matrix[6]
        centre = [centre[1], width - centre[0]]
        width, height = height, width
    for entry, value in sorted(zip(entries, matrix, strict=True), key=lambda pair: -pair[0].start):
        packet = packet[: entry.content_start] + f"{value:.12g}".encode() + packet[entry.content_end :]
    values = {
        f"{_DEPTH}{places[0]}Width": width,
        f"{_DEPTH}{places[0]}Height": height,
        f"{_DEPTH}{places[1]}X": centre[0],
        f"{_DEPTH}{places[1]}Y": centre[1],
    }
    return with_values(packet, lambda name, _: f"{values[name]:.12g}" if name in values else None)


def _listed(element: XmpElement) -> list[XmpElement]:
    return [one for one in element.walk() if one.name == f"{RDF} li"]


def _has_moved(root: XmpElement) -> bool:
    """Whether the camera stood elsewhere than the one that the matrix is for, or looked elsewhere."""
    for element in root.walk():
        if element.name == f"{_DEPTH}ExtrinsicMatrix":
            values = [float(entry.text) for entry in _listed(element)]
            return values != [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]
    return False
