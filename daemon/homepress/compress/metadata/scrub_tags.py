"""Taking what is private out of Exif and XMP: location, serial numbers, names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.exif import (
    ENTRY_BYTES,
    EXIF_IFD,
    INTEROPERABILITY_IFD,
    Directory,
    TagEntry,
    TiffBlock,
    read_tiff,
)
from homepress.compress.metadata.xmp import RDF, XMPMETA, XmpAttribute, XmpElement, read_xmp

# An Exif block without what tells who, where and with which very device.
#
# The block keeps its length and what stays keeps its place, so no offset changes, not even those inside
# that nobody knows of. Directory tables close up; every byte that no kept entry reaches becomes zero.

_MAKER_NOTE = 0x927C
_HEADER_BYTES = 8

_PICTURE_TAGS = frozenset(
    {
        *(0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x0115, 0x011C),  # size, bits, compression, layout
        *(0x010F, 0x0110, 0x0112, 0x0131, 0x0132),  # make, model, orientation, software, date
        *(0x011A, 0x011B, 0x0128, 0x012D, 0x013E, 0x013F, 0x0211, 0x0212, 0x0213, 0x0214),  # density, colour
        *(0x4746, 0x4749, 0x8773),  # rating, rating in per cent, colour profile
        EXIF_IFD,
    }
)
"""Tags of the main directory that stay. Any other, private tags of vendors among them, goes."""

_PHOTO_TAGS = frozenset(
    {
        *(0x829A, 0x829D, 0x8822, 0x8824, 0x8827, 0x8828, *range(0x8830, 0x8836)),  # exposure, sensitivity
        *(0x9000, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292),  # version, dates
        *(0x9101, 0x9102, 0xA000, 0xA001, 0xA002, 0xA003, 0xA500),  # components, colour space, size, gamma
        *range(0x9201, 0x920B),  # shutter to focal length
        *(0x9214, 0xA20B, 0xA20C, 0xA20E, 0xA20F, 0xA210, 0xA214, 0xA215, 0xA217),  # subject area, resolution
        *(0xA300, 0xA301, 0xA302, *range(0xA401, 0xA40D)),  # source, scene, processing
        *(0xA432, 0xA433, 0xA434, 0xA460, 0xA461, 0xA462),  # lens (not its serial number), composite
        INTEROPERABILITY_IFD,
        _MAKER_NOTE,
    }
)
_INTEROPERABILITY_TAGS = frozenset({0x0001, 0x0002, 0x1000, 0x1001, 0x1002})
_CHILDREN = {EXIF_IFD: _PHOTO_TAGS, INTEROPERABILITY_IFD: _INTEROPERABILITY_TAGS}
_ONLY_NOTE = {EXIF_IFD: frozenset({_MAKER_NOTE})}

_APPLE_SIGNATURE = b"Apple iOS\0\0\1MM"
_APPLE_TAGS = frozenset({0x0001, 0x0021, 0x0030})
"""Version, HDRHeadroom and HDRGain: without them Apple's gain map is shown wrong."""


def share_exif(block: bytes) -> bytes:
    """A block, from its TIFF header on, with only harmless tags, in the same length.

    What stays: orientation, dates, make, model, software, exposure, lens, sizes, colour. What goes: GPS,
    names of people, serial numbers and unique identifiers, descriptions and comments, maker notes (but for
    the two values that an Apple gain map needs), the thumbnail, and every tag not known here. A block that
    cannot be read becomes zeros.
    """
    try:
        tiff = read_tiff(block)
        return _scrubbed(tiff, tiff.first, _HEADER_BYTES, _PICTURE_TAGS, _CHILDREN)
    except Malformed:
        return bytes(len(block))


def gain_map_exif(block: bytes) -> bytes:
    """A block with nothing but what Apple's maker note says of a gain map, in the same length.

    A block of another maker, or one that cannot be read, becomes zeros.
    """
    if _APPLE_SIGNATURE not in block:
        return bytes(len(block))
    try:
        tiff = read_tiff(block)
        return _scrubbed(tiff, tiff.first, _HEADER_BYTES, frozenset({EXIF_IFD}), _ONLY_NOTE)
    except Malformed:
        return bytes(len(block))


@dataclass(slots=True)
class _Plan:
    """What of a block stays."""

    tiff: TiffBlock
    children: Mapping[int, frozenset[int]]
    tables: list[tuple[Directory, frozenset[int]]] = field(default_factory=list)

    def add(self, directory: Directory, wanted: frozenset[int]) -> bool:
        """Take a directory and those beneath it in; False if it runs into another or into the header."""
        overlaps = any(directory.at < other.end and other.at < directory.end for other, _ in self.tables)
        if overlaps or directory.at < _HEADER_BYTES:
            return False
        at = len(self.tables)
        self.tables.append((directory, wanted))
        refused = {
            tag
            for tag, tags in self.children.items()
            if tag in wanted and not self._add_child(directory, tag, tags)
        }
        self.tables[at] = (directory, wanted - refused)
        return True

    def _add_child(self, directory: Directory, tag: int, wanted: frozenset[int]) -> bool:
        child = self.tiff.child(directory, tag)
        return child is not None and self.add(child, wanted)

    def keeps(self, entry: TagEntry, wanted: frozenset[int]) -> bool:
        """Whether an entry stays: wanted, readable, and its value in no table that is written anew."""
        if entry.tag not in wanted or not entry.is_readable:
            return False
        end = entry.start + entry.size
        taken = [(table.at, table.end) for table, _ in self.tables]
        if entry.tag != _MAKER_NOTE:
            taken += self._notes()  # a value that reaches into a note would bring back what went from it
        free = all(end <= first or last <= entry.start for first, last in taken)
        return entry.is_inline or (free and entry.start >= _HEADER_BYTES)

    def _notes(self) -> list[tuple[int, int]]:
        """Where makers' notes begin and end."""
        return [
            (entry.start, entry.start + entry.size)
            for directory, _ in self.tables
            for entry in directory.entries
            if entry.tag == _MAKER_NOTE and entry.is_readable and not entry.is_inline
        ]


def _scrubbed(
    tiff: TiffBlock,
    first: int,
    header_end: int,
    wanted: frozenset[int],
    children: Mapping[int, frozenset[int]],
) -> bytes:
    """A block with only the wanted entries of the directory at `first` and of its children."""
    plan = _Plan(tiff, children)
    if not plan.add(tiff.directory(first), wanted):
        raise Malformed("a directory inside the header")
    out = bytearray(len(tiff.data))
    out[:header_end] = tiff.data[:header_end]
    for directory, tags in plan.tables:
        # Readers take the first entry of a tag that they can read, so a later one must not take its place.
        first_ones = {entry.tag: entry for entry in reversed(directory.entries) if entry.is_readable}
        kept = [
            entry
            for entry in directory.entries
            if entry is first_ones.get(entry.tag)
            and plan.keeps(entry, tags)
            and _copy_value(tiff, entry, out)
        ]
        at = directory.at
        out[at : at + 2] = len(kept).to_bytes(2, "little" if tiff.order == "<" else "big")
        for entry in kept:
            at += ENTRY_BYTES
            out[at - 10 : at + 2] = tiff.data[entry.at : entry.at + ENTRY_BYTES]
    return bytes(out)


def _copy_value(tiff: TiffBlock, entry: TagEntry, out: bytearray) -> bool:
    """Copy a value that does not stand in its entry; False where it turns out to be unwanted."""
    value = tiff.value(entry)
    if entry.tag == _MAKER_NOTE:
        try:
            value = _apple_note(value)
        except Malformed:
            return False
    if not entry.is_inline:
        out[entry.start : entry.start + entry.size] = value
    return True


def _apple_note(note: bytes) -> bytes:
    """Apple's maker note with its offsets counted from its own start, reduced to what a gain map needs."""
    if not note.startswith(_APPLE_SIGNATURE):
        raise Malformed("another maker's note")
    start = len(_APPLE_SIGNATURE)
    return _scrubbed(TiffBlock(note, ">", start), start, start, _APPLE_TAGS, {})


# An XMP packet without what tells who, where and with which very device, in the same length.

_XML = "http://www.w3.org/XML/1998/namespace"

_Properties = Mapping[str, frozenset[str] | None]

_KEPT: _Properties = {
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

_KEPT_OF_MAPS: _Properties = {
    "http://ns.adobe.com/hdr-gain-map/1.0/": None,
    "http://ns.apple.com/HDRGainMap/1.0/": None,
    "http://ns.apple.com/pixeldatainfo/1.0/": None,
    "http://ns.apple.com/depthData/1.0/": frozenset(
        {"DepthDataVersion", "Accuracy", "Quality", "Filtered"}  # not the lens: each camera has its own
    ),
    "http://ns.apple.com/depthBlurEffect/1.0/": frozenset({"SimulatedAperture"}),
    "http://ns.apple.com/portraitLightingEffect/1.0/": frozenset({"EffectStrength"}),
    "http://ns.apple.com/portraitLightingEffect/2.0/": frozenset({"EffectStrength"}),
    "http://ns.apple.com/portraitEffectsMatte/1.0/": frozenset({"PortraitEffectsMatteVersion"}),
    "http://ns.apple.com/semanticSegmentationMatte/1.0/": frozenset({"SemanticSegmentationMatteVersion"}),
}
"""The same in the packets of gain maps, depth maps and mattes: what their values mean."""


def is_map_packet(packet: bytes) -> bool:
    """Whether a packet speaks of one of Apple's depth maps, mattes or gain maps."""
    return any(space.encode() in packet for space in _KEPT_OF_MAPS if "apple" in space)


def map_xmp(packet: bytes) -> bytes:
    """The packet of a gain map, a depth map or a matte with only what says what its values mean.

    In the same length; a packet that cannot be read becomes zeros.
    """
    return _scrubbed_xmp(packet, _KEPT_OF_MAPS)


def share_xmp(packet: bytes) -> bytes:
    """A packet with only harmless properties; the others become blanks, so nothing moves.

    What stays: what gain maps, motion photos and panoramas need, orientation, dates, make, model, exposure.
    What goes: every other property, and comments. A packet that cannot be read becomes zeros.
    """
    return _scrubbed_xmp(packet, _KEPT)


def _scrubbed_xmp(packet: bytes, kept: _Properties) -> bytes:
    try:
        tree = read_xmp(packet)
    except Malformed:
        return bytes(len(packet))
    out = bytearray(packet)
    for attribute in _subjects(tree.root):
        closing = packet[attribute.end - 1 : attribute.end]
        out[attribute.value_start : attribute.end] = closing.ljust(attribute.end - attribute.value_start)
    for start, end in (*tree.comments, *_unwanted(tree.root, kept)):
        out[start:end] = b" " * (end - start)
    return bytes(out)


def _unwanted(root: XmpElement, kept: _Properties) -> Iterator[tuple[int, int]]:
    """Start and end of everything that goes."""
    graphs = root.children if root.name == XMPMETA else (root,)
    for graph in graphs:
        if graph.name != f"{RDF} RDF":
            yield (graph.start, graph.end) if graph is not root else (root.content_start, root.content_end)
            continue
        for description in graph.children:
            if description.name != f"{RDF} Description":
                yield description.start, description.end
                continue
            for attribute in description.attributes:
                if not _stays(attribute.name, kept):
                    yield attribute.start, attribute.end
            for child in description.children:
                if not _stays(child.name, kept):
                    yield child.start, child.end


def _stays(name: str, kept: _Properties) -> bool:
    namespace, _, local = name.rpartition(" ")
    if namespace in (RDF, _XML):
        return True
    names = kept.get(namespace, frozenset())
    return names is None or local in names


def _subjects(root: XmpElement) -> Iterator[XmpAttribute]:
    """The `rdf:about` attributes, which may hold a unique identifier of the document."""
    for element in root.walk():
        for attribute in element.attributes:
            if attribute.name == f"{RDF} about" and attribute.value:
                yield attribute
