"""What is told in pixels, or of places in the picture, is true of the resized one too."""

import struct

import pytest

from compress import images
from compress.metadata import jpeg_builder as built
from compress.sources import made, refused
from homepress.base.formats import ImageType
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.exif import EXIF_IFD, read_tiff
from homepress.compress.metadata.xmp import parse_xmp
from homepress.compress.model import Reason, Recipe

PLACES = (
    'xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
    'xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" '
    'xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" xmlns:me="urn:me"'
)
BODY = (
    '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="400" stDim:h="300" '
    'stDim:unit="pixel"/></mwg-rs:Regions><GPano:FullPanoWidthPixels>800</GPano:FullPanoWidthPixels>'
    "<me:Width>400</me:Width>"
)


def exif(orientation: int = 1) -> bytes:
    """Orientation, the place of the subject and the sensor's pixels an inch."""
    head = b"MM\0*" + struct.pack(">I", 8)
    photo_at = 8 + 2 + 24 + 4
    first = struct.pack(">HHHIHHHHII", 2, 0x0112, 3, 1, orientation, 0, 0x8769, 4, 1, photo_at) + bytes(4)
    area_at = photo_at + 2 + 24 + 4
    photo = struct.pack(">HHHIIHHII", 2, 0x9214, 3, 4, area_at, 0xA20E, 5, 1, area_at + 8) + bytes(4)
    return head + first + photo + struct.pack(">4H", 200, 150, 40, 20) + struct.pack(">II", 3000, 1)


def picture(orientation: int = 1) -> bytes:
    packet = built.xmp_packet(
        BODY, attributes=f' exif:PixelXDimension="400" exif:PixelYDimension="300" {PLACES}'
    )
    headers = [
        built.segment(built.APP1, b"Exif\0\0" + exif(orientation)),
        built.segment(built.APP1, built.XMP_SIGNATURE + packet),
    ]
    return built.with_headers(images.jpeg(images.photo(400, 300), 92), headers)


@pytest.mark.parametrize("target", [ImageType.JPEG, ImageType.WEBP])
def test_places_follow_the_picture(target: ImageType) -> None:
    result = made(picture(), Recipe(floor=70.0, max_edge=200, convert_to=target))
    found = read_embedded(result.data)
    told = {
        name.rpartition(" ")[2]: text
        for element in parse_xmp(found.xmp[0]).walk()
        for name, text in element.properties()
    }
    assert (told["w"], told["h"]) == ("200", "150")
    assert (told["PixelXDimension"], told["PixelYDimension"]) == ("200", "150")
    assert (told["FullPanoWidthPixels"], told["Width"]) == ("400", "400")
    tiff = read_tiff(found.exif[0])
    photo = tiff.child(tiff.directory(tiff.first), EXIF_IFD)
    assert photo is not None
    area, plane = photo.find(0x9214), photo.find(0xA20E)
    assert area is not None
    assert plane is not None
    assert struct.unpack(">4H", tiff.value(area)) == (100, 75, 20, 10)
    above, below = struct.unpack(">II", tiff.value(plane))
    assert above / below == 1500


def test_a_picture_with_faces_is_not_turned() -> None:
    result = made(picture(6), Recipe(floor=70.0, max_edge=200))
    assert (result.width, result.height) == (200, 150)
    assert read_embedded(result.data).orientation == 6
    other = refused(picture(6), Recipe(floor=70.0, convert_to=ImageType.WEBP, bigger=True))
    assert other.reason is Reason.CANNOT_CONVERT
    assert "faces" in other.detail
