"""Files as phones write them, made from scratch: gain maps, videos, trailers, further pictures, depth."""

import io
import struct
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from compress import images
from compress.metadata import jpeg_builder as built
from homepress.compress.metadata.gain_map import GainChannel, GainCurve
from homepress.compress.metadata.isobmff import find_boxes, read_boxes

HDRGM = (
    'hdrgm:GainMapMin="0" hdrgm:GainMapMax="2" hdrgm:Gamma="1" '
    'hdrgm:OffsetSDR="0.015625" hdrgm:OffsetHDR="0.015625" hdrgm:HDRCapacityMin="0" hdrgm:HDRCapacityMax="2" '
    'hdrgm:BaseRenditionIsHDR="False"'
)
VIDEO = built.box(b"ftyp", b"mp42") + built.box(b"mdat", bytes(range(256)) * 20)
DEPTH_PACKET = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><d xmlns='urn:x'>urn:com:apple:depth</d></x:xmpmeta>"


def gain_values(width: int, height: int) -> NDArray[np.uint8]:
    """A gain map: a bright spot on the left, nothing on the right."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    spot = np.exp(-(((x - width * 0.3) / (0.15 * width)) ** 2 + ((y - height * 0.5) / (0.3 * height)) ** 2))
    return np.rint(255 * spot).astype(np.uint8)


def gain_jpeg(values: NDArray[np.uint8] | None = None) -> bytes:
    """A gain map that describes itself as Adobe has it."""
    values = gain_values(160, 120) if values is None else values
    header = built.segment(built.APP1, built.XMP_SIGNATURE + built.xmp_packet("", attributes=f" {HDRGM}"))
    return built.with_headers(images.jpeg(values, 95), [header])


def listed(*items: tuple[str, str, int]) -> bytes:
    """An XMP segment with Google's list of what is appended."""
    entries = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="{name}" Item:Mime="{mime}" '
        f'Item:Length="{length}"/></rdf:li>'
        for name, mime, length in (("Primary", "image/jpeg", 0), *items)
    )
    body = f"<Container:Directory><rdf:Seq>{entries}</rdf:Seq></Container:Directory>"
    return built.segment(built.APP1, built.XMP_SIGNATURE + built.xmp_packet(body))


def primary(width: int = 640, height: int = 480, quality: int = 92) -> bytes:
    """A photograph."""
    return images.jpeg(images.photo(width, height), quality)


def ultra_hdr(*more: tuple[str, str, bytes], first: bytes = b"", gain: bytes = b"") -> bytes:
    """A JPEG with a gain map, and whatever else is appended: (semantic, MIME type, bytes)."""
    appended = [("GainMap", "image/jpeg", gain or gain_jpeg()), *more]
    exif = built.segment(built.APP1, images.exif(1))
    index = listed(*((name, mime, len(data)) for name, mime, data in appended))
    pictures = [number for number, one in enumerate(appended) if one[1] == "image/jpeg"]
    return built.build(
        first or primary(), [exif, index, built.MPF_HERE], [data for _, _, data in appended], indexed=pictures
    )


def motion_photo(first: bytes = b"") -> bytes:
    """A JPEG with a video behind it."""
    return built.build(first or primary(), [listed(("MotionPhoto", "video/mp4", len(VIDEO)))], [VIDEO])


def stereo(first: bytes = b"") -> bytes:
    """Two pictures in one file, as MPF has them."""
    return built.build(
        first or primary(), [built.MPF_HERE], [images.jpeg(images.photo(640, 480, 2), 90)], kind=0x020002
    )


def with_depth(first: bytes = b"") -> bytes:
    """A JPEG with a depth map behind it, as Apple's portraits have."""
    header = built.segment(built.APP1, built.XMP_SIGNATURE + DEPTH_PACKET)
    return built.build(
        first or primary(), [built.MPF_HERE], [built.with_headers(images.jpeg(gain_values(80, 60)), [header])]
    )


def with_trailer(first: bytes = b"") -> bytes:
    """A JPEG that ends in a maker's JSON."""
    return (first or primary()) + b'vivo{"camera": 3, "mode": "night"}'


def samsung_blocks() -> bytes:
    """Samsung's trailer with one block, the time."""
    name, data = b"Image_UTC_Data", b"1748862470691"
    block = struct.pack("<HHI", 0, 0x0A01, len(name)) + name + data
    directory = b"SEFH" + struct.pack("<II", 107, 1) + struct.pack("<HHII", 0, 0x0A01, len(block), len(block))
    return block + directory + struct.pack("<I", len(directory)) + b"SEFT"


# AVIF with more than one item: the boxes put together here, the coding by Pillow.


def apple_note(headroom: float, gain: float) -> bytes:
    """An Exif block whose maker note says how bright Apple's gain map makes a picture."""
    entries = struct.pack(">HHII", 0x21, 10, 1, 14 + 2 + 24 + 4) + struct.pack(
        ">HHII", 0x30, 10, 1, 14 + 2 + 24 + 4 + 8
    )
    values = struct.pack(">iiii", round(headroom * 10_000), 10_000, round(gain * 10_000), 10_000)
    note = b"Apple iOS\0\0\1MM" + struct.pack(">H", 2) + entries + bytes(4) + values
    photo_at, note_at = 8 + 2 + 12 + 4, 8 + 2 + 12 + 4 + 2 + 12 + 4
    head = b"MM\0*" + struct.pack(">I", 8)
    first = struct.pack(">HHHII", 1, 0x8769, 4, 1, photo_at) + bytes(4)
    photo = struct.pack(">HHHII", 1, 0x927C, 7, len(note), note_at) + bytes(4)
    return head + first + photo + note


def heif_coding(picture: Image.Image, *, heic: bool = False) -> tuple[bytes, list[bytes]]:
    """The coded picture of an AVIF or HEIC, and its properties: size, depth, configuration."""
    out = io.BytesIO()
    if heic:
        pytest.importorskip("pillow_heif").from_pillow(picture).save(out, quality=90)
    else:
        picture.save(out, "AVIF", quality=85)
    data = out.getvalue()
    mdat = next(box for box in read_boxes(data) if box.kind == b"mdat")
    holder = next(find_boxes(data, (b"meta", b"iprp", b"ipco")))
    boxes = read_boxes(data, holder.content_start, holder.end)
    wanted = (b"ispe", b"pixi", b"av1C", b"hvcC")
    return mdat.content(data), [data[box.start : box.end] for box in boxes if box.kind in wanted]


def avif(
    items: list[tuple[bytes, bytes, list[bytes]]],
    references: list[tuple[bytes, int, list[int]]],
    *more: bytes,
    groups: bytes = b"",
) -> bytes:
    """An AVIF or HEIC of items (type, bytes, properties), numbered from 1 on, the first being the picture."""
    properties: list[bytes] = []
    links = b""
    for number, (_, _, held) in enumerate(items, 1):
        places = []
        for each in held:
            properties.append(each)
            places.append(len(properties) | (0x80 if each[4:8] == b"irot" else 0))  # essential
        links += struct.pack(">HB", number, len(places)) + bytes(places)
    infos = b"".join(
        built.box(b"infe", struct.pack(">IHH", 0x02000000, number, 0) + kind + b"\0" + _mime(kind))
        for number, (kind, _, _) in enumerate(items, 1)
    )
    arrows = b"".join(
        built.box(kind, struct.pack(f">HH{len(to)}H", source, len(to), *to))
        for kind, source, to in references
    )

    def meta(start: int) -> bytes:
        places, at = b"", start
        for number, (_, data, _) in enumerate(items, 1):
            places += struct.pack(">HHHII", number, 0, 1, at, len(data))
            at += len(data)
        parts = (
            built.box(b"hdlr", bytes(8) + b"pict" + bytes(13)),
            built.box(b"pitm", struct.pack(">IH", 0, 1)),
            built.box(b"iloc", struct.pack(">IHH", 0, 0x4400, len(items)) + places),
            built.box(b"iinf", struct.pack(">IH", 0, len(items)) + infos),
            built.box(b"iref", bytes(4) + arrows),
            built.box(
                b"iprp",
                built.box(b"ipco", b"".join(properties))
                + built.box(b"ipma", struct.pack(">II", 0, len(items)) + links),
            ),
        )
        return built.box(b"meta", bytes(4) + b"".join(parts) + groups)

    brand = b"heic" if items[0][0] == b"hvc1" else b"avif"
    head = built.box(b"ftyp", brand + bytes(4) + brand + b"mif1miaf")
    start = len(head) + len(meta(0)) + 8
    coded = built.box(b"mdat", b"".join(data for _, data, _ in items))
    return head + meta(start) + coded + b"".join(more)


def _mime(kind: bytes) -> bytes:
    return b"application/rdf+xml\0" if kind == b"mime" else b""


def plain_curve(stops: int) -> GainCurve:
    """Zero to `stops` powers of two, no offsets."""
    nothing = Fraction(0)
    return GainCurve((GainChannel(nothing, Fraction(stops), Fraction(1), nothing, nothing),))


def apple_jpeg(headroom: float, gain: float, values: NDArray[np.uint8] | None = None) -> bytes:
    """A JPEG as an iPhone writes it: Apple's gain map behind it, and a maker note that says how bright."""
    space = ' xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" HDRGainMap:HDRGainMapVersion="65536"'
    header = built.segment(built.APP1, built.XMP_SIGNATURE + apple_packet(space))
    map_jpeg = images.jpeg(gain_values(320, 240) if values is None else values, 95)
    exif = built.segment(built.APP1, b"Exif\0\0" + apple_note(headroom, gain))
    behind = [built.with_headers(map_jpeg, [header])]
    return built.build(primary(1024, 768), [exif, built.MPF_HERE], behind)


def opened(data: bytes) -> NDArray[np.uint8]:
    """The pixels of a picture: height x width x 4."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def iso_curve(stops: int = 2) -> bytes:
    """A description of ISO 21496-1: one channel, 0 to `stops` powers of two, offsets of 1/64."""
    numbers = (0, 1, stops, 1, 0, 1, stops, 1, 1, 1, 1, 64, 1, 64)
    return bytes(4) + b"\x40" + struct.pack(">4IiIiIIIiIiI", *numbers)


def iso_avif(*more: bytes) -> bytes:
    """An AVIF with a gain map as ISO 21496-1 has it."""
    picture, about_picture = heif_coding(Image.fromarray(images.photo(320, 240)))
    gain, about_gain = heif_coding(Image.fromarray(gain_values(160, 120)))
    return avif(
        [
            (b"av01", picture, about_picture),
            (b"tmap", b"\0" + iso_curve(), []),
            (b"av01", gain, about_gain),
        ],
        [(b"dimg", 2, [1, 3])],
        *more,
    )


def apple_packet(attributes: str, body: str = "") -> bytes:
    """What Apple says of an auxiliary picture."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about=""{attributes}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def depth_packet() -> bytes:
    """What Apple says of a depth map, with the calibration of the camera that took it."""
    seq = "".join(f"<rdf:li>{value}</rdf:li>" for value in (300, 0, 0, 0, 301, 0, 150, 110, 1))
    return apple_packet(
        ' xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/" '
        'xmlns:depthData="http://ns.apple.com/depthData/1.0/" apdi:AuxiliaryImageType="disparity" '
        'apdi:FloatMaxValue="4.5" depthData:IntrinsicMatrixReferenceWidth="320" '
        'depthData:IntrinsicMatrixReferenceHeight="240" depthData:LensDistortionCenterOffsetX="151" '
        'depthData:LensDistortionCenterOffsetY="111"',
        f"<depthData:IntrinsicMatrix><rdf:Seq>{seq}</rdf:Seq></depthData:IntrinsicMatrix>",
    )


def portrait_avif(turns: int = 0, packet: bytes = b"", name: bytes = b"urn:mpeg:hevc:2015:auxid:2") -> bytes:
    """An AVIF with a map beside its picture, as Apple has it in HEIC, the camera turned to the right."""
    turned = [built.box(b"irot", bytes((turns,)))] if turns else []
    picture, about_picture = heif_coding(Image.fromarray(images.photo(320, 240)))
    depth, about_depth = heif_coding(Image.fromarray(gain_values(80, 60)))
    kind = built.box(b"auxC", bytes(4) + name + b"\0")
    items = [(b"av01", picture, [*about_picture, *turned]), (b"av01", depth, [*about_depth, kind, *turned])]
    if packet:
        items.append((b"mime", packet, []))
    return avif(items, [(b"auxl", 2, [1]), *([(b"cdsc", 3, [2])] if packet else [])])


def stereo_avif(*more: bytes, groups: bytes = b"") -> bytes:
    """An AVIF with what the left and the right eye see, each with an Exif block, one with a number."""
    items = []
    for number in (1, 2):
        coded, about = heif_coding(Image.fromarray(images.photo(320, 240, number)))
        items.append((b"av01", coded, [*about, *more]))
    items += [(b"Exif", bytes(4) + apple_note(number, 0.0), []) for number in (1.0, 2.0)]
    serial = ' xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:SerialNumber="0123-SERIAL"'
    items.append((b"mime", apple_packet(serial), []))
    pair = built.box(b"ster", struct.pack(">IIIII", 0, 9, 2, 1, 2))
    links = [(b"cdsc", 3, [1]), (b"cdsc", 4, [2]), (b"cdsc", 5, [2])]
    return avif(items, links, groups=built.box(b"grpl", pair) + groups)


def apple_avif(headroom: float = 1.0, gain: float = 0.0) -> bytes:
    """An AVIF with a gain map as Apple has it in HEIC, and a depth map."""
    picture, about_picture = heif_coding(Image.fromarray(images.photo(320, 240)))
    values, about_gain = heif_coding(Image.fromarray(gain_values(160, 120)))
    depth, about_depth = heif_coding(Image.fromarray(gain_values(80, 60)))
    names = (b"urn:com:apple:photo:2020:aux:hdrgainmap", b"urn:mpeg:hevc:2015:auxid:2")
    kinds = [built.box(b"auxC", bytes(4) + name + b"\0") for name in names]
    return avif(
        [
            (b"av01", picture, about_picture),
            (b"av01", values, [*about_gain, kinds[0]]),
            (b"av01", depth, [*about_depth, kinds[1]]),
            (b"Exif", bytes(4) + apple_note(headroom, gain), []),
        ],
        [(b"auxl", 2, [1]), (b"auxl", 3, [1]), (b"cdsc", 4, [1])],
    )


def iphone_heic(seed: int = 1) -> bytes:
    """A HEIC as an iPhone's portraits are: gain map, depth map, maker note, the phone held upright."""
    turned = built.box(b"irot", b"\3")
    names = (b"urn:com:apple:photo:2020:aux:hdrgainmap", b"urn:mpeg:hevc:2015:auxid:2")
    kinds = [built.box(b"auxC", bytes(4) + name + b"\0") for name in names]
    coded = [
        heif_coding(Image.fromarray(images.photo(480, 360, seed)), heic=True),
        heif_coding(Image.fromarray(gain_values(240, 180)), heic=True),
        heif_coding(Image.fromarray(gain_values(160, 120)), heic=True),
    ]
    space = ' xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" HDRGainMap:HDRGainMapVersion="65536"'
    return avif(
        [
            (b"hvc1", coded[0][0], [*coded[0][1], turned]),
            (b"hvc1", coded[1][0], [*coded[1][1], kinds[0], turned]),
            (b"hvc1", coded[2][0], [*coded[2][1], kinds[1], turned]),
            (b"Exif", bytes(4) + apple_note(1.0, 0.0), []),
            (b"mime", apple_packet(space), []),
            (b"mime", depth_packet(), []),
        ],
        [
            *((b"auxl", number, [1]) for number in (2, 3)),
            *((b"cdsc", number, [about]) for number, about in ((4, 1), (5, 2), (6, 3))),
        ],
    )


def galaxy_heic() -> bytes:
    """A HEIC as Samsung's phones write it: a gain map of ISO 21496-1, and blocks behind the picture."""
    picture, about_picture = heif_coding(Image.fromarray(images.photo(480, 360)), heic=True)
    gain, about_gain = heif_coding(Image.fromarray(gain_values(240, 180)), heic=True)
    items = [
        (b"hvc1", picture, about_picture),
        (b"tmap", b"\0" + iso_curve(), []),
        (b"hvc1", gain, about_gain),
    ]
    return avif(items, [(b"dimg", 2, [1, 3])], built.box(b"sefd", samsung_blocks()))


def vision_heic() -> bytes:
    """A HEIC with what two eyes see, and what is said of the lenses in a box."""
    lens = built.box(b"uuid", bytes(range(16)) + bytes(8))
    eyes = [heif_coding(Image.fromarray(images.photo(480, 360, seed)), heic=True) for seed in (1, 2)]
    pair = built.box(b"ster", struct.pack(">IIIII", 0, 9, 2, 1, 2))
    items = [(b"hvc1", coded, [*about, lens]) for coded, about in eyes]
    return avif(items, [(b"cdsc", 1, [1])], groups=built.box(b"grpl", pair))
