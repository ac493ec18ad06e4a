"""An XMP packet without what tells who, where and with which very device, in the same length."""

from collections.abc import Iterator

from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.xmp import RDF, XmpAttribute, XmpElement, read_xmp

_XMPMETA = "adobe:ns:meta/ xmpmeta"
_XML = "http://www.w3.org/XML/1998/namespace"

_KEPT: dict[str, frozenset[str] | None] = {
    "http://ns.adobe.com/hdr-gain-map/1.0/": None,
    "http://ns.apple.com/HDRGainMap/1.0/": None,
    "http://ns.apple.com/pixeldatainfo/1.0/": None,
    "http://ns.google.com/photos/1.0/container/": None,
    "http://ns.google.com/photos/1.0/container/item/": None,
    "http://ns.google.com/photos/1.0/panorama/": None,
    "http://ns.google.com/photos/1.0/camera/": frozenset(
        {
            *("MotionPhoto", "MotionPhotoVersion", "MotionPhotoPresentationTimestampUs"),
            *("MicroVideo", "MicroVideoVersion", "MicroVideoOffset", "MicroVideoPresentationTimestampUs"),
        }
    ),
    "http://ns.adobe.com/tiff/1.0/": frozenset(
        {
            *("Make", "Model", "Orientation", "ImageWidth", "ImageLength", "BitsPerSample", "Compression"),
            *("PhotometricInterpretation", "SamplesPerPixel", "PlanarConfiguration", "YCbCrSubSampling"),
            *("YCbCrPositioning", "XResolution", "YResolution", "ResolutionUnit", "DateTime", "Software"),
        }
    ),
    "http://ns.adobe.com/exif/1.0/": frozenset(
        {
            *("ExifVersion", "ColorSpace", "PixelXDimension", "PixelYDimension", "Gamma"),
            *("DateTimeOriginal", "DateTimeDigitized", "ExposureTime", "FNumber", "ExposureProgram"),
            *("ISOSpeedRatings", "PhotographicSensitivity", "ShutterSpeedValue", "ApertureValue"),
            *("BrightnessValue", "ExposureBiasValue", "MaxApertureValue", "SubjectDistance", "MeteringMode"),
            *("LightSource", "Flash", "FocalLength", "FocalLengthIn35mmFilm", "ExposureMode", "WhiteBalance"),
            *("SceneCaptureType", "CustomRendered", "DigitalZoomRatio"),
        }
    ),
    "http://ns.adobe.com/exif/1.0/aux/": frozenset({"Lens", "LensInfo"}),
    "http://cipa.jp/exif/1.0/": frozenset({"LensModel", "LensMake", "LensSpecification"}),
    "http://ns.adobe.com/xap/1.0/": frozenset(
        {"CreateDate", "ModifyDate", "MetadataDate", "CreatorTool", "Rating"}
    ),
    "http://ns.adobe.com/photoshop/1.0/": frozenset({"DateCreated", "ColorMode", "ICCProfile"}),
}
"""Properties that stay, by namespace; None keeps all of one. Any other property goes."""


def share_xmp(packet: bytes) -> bytes:
    """A packet with only harmless properties; the others become blanks, so nothing moves.

    What stays: what gain maps, motion photos and panoramas need, orientation, dates, make, model, exposure.
    What goes: every other property, and comments. A packet that cannot be read becomes zeros.
    """
    try:
        tree = read_xmp(packet)
    except Malformed:
        return bytes(len(packet))
    out = bytearray(packet)
    for attribute in _subjects(tree.root):
        closing = packet[attribute.end - 1 : attribute.end]
        out[attribute.value_start : attribute.end] = closing.ljust(attribute.end - attribute.value_start)
    for start, end in (*tree.comments, *_unwanted(tree.root)):
        out[start:end] = b" " * (end - start)
    return bytes(out)


def _unwanted(root: XmpElement) -> Iterator[tuple[int, int]]:
    """Start and end of everything that goes."""
    graphs = root.children if root.name == _XMPMETA else (root,)
    for graph in graphs:
        if graph.name != f"{RDF} RDF":
            yield (graph.start, graph.end) if graph is not root else (root.content_start, root.content_end)
            continue
        for description in graph.children:
            if description.name != f"{RDF} Description":
                yield description.start, description.end
                continue
            for attribute in description.attributes:
                if not _stays(attribute.name):
                    yield attribute.start, attribute.end
            for child in description.children:
                if not _stays(child.name):
                    yield child.start, child.end


def _stays(name: str) -> bool:
    namespace, _, local = name.rpartition(" ")
    if namespace in (RDF, _XML):
        return True
    kept = _KEPT.get(namespace, frozenset())
    return kept is None or local in kept


def _subjects(root: XmpElement) -> Iterator[XmpAttribute]:
    """The `rdf:about` attributes, which may hold a unique identifier of the document."""
    for element in root.walk():
        for attribute in element.attributes:
            if attribute.name == f"{RDF} about" and attribute.value:
                yield attribute
