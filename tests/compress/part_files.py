"""A file for every row of the table of parts, made from scratch and small; most hold `MARK` in the part."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from compress import images, phones, pngs
from compress.metadata import jpeg_builder as built
from homepress.base.formats import ImageType
from homepress.compress.metadata.isobmff import make_box

MARK = b"Homepress test camera"
PICTURE = images.photo(200, 150)
SMALL = images.photo(96, 72)
DEEP = (SMALL.astype(np.uint16) * 257) ^ np.uint16(5)
XMP = built.xmp_packet("", attributes=f' aux:Lens="{MARK.decode()}"', padding=20)
WIDE = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)

# JPEG.


def jpeg(*headers: bytes) -> bytes:
    return built.with_headers(images.jpeg(PICTURE, 97), headers)


def app(number: int, body: bytes) -> bytes:
    return built.segment(0xE0 + number, body)


def with_thumbnail() -> bytes:
    """An Exif block with a thumbnail in its second directory; the thumbnail holds the mark."""
    head = b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", 0) + struct.pack(">I", 14)
    small = images.jpeg(PICTURE[:8, :8])
    small = small[:2] + built.segment(built.COM, MARK) + small[2:]
    at = 14 + 2 + 24 + 4
    second = struct.pack(">HHHIIHHII", 2, 0x0201, 4, 1, at, 0x0202, 4, 1, len(small)) + bytes(4)
    return app(1, b"Exif\0\0" + head + second + small)


def extended() -> bytes:
    """A packet, and an extension of it that holds the mark."""
    guid = b"0123456789ABCDEF0123456789ABCDEF"
    note = f' xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{guid.decode()}"'
    more = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + MARK + b"</x:xmpmeta>"
    body = b"http://ns.adobe.com/xmp/extension/\0" + guid + struct.pack(">II", len(more), 0) + more
    return jpeg(app(1, built.XMP_SIGNATURE + built.xmp_packet("", attributes=note)), app(1, body))


def with_jfif(unit: int, across: int, down: int) -> bytes:
    data = images.jpeg(PICTURE, 97)
    return data[:13] + bytes((unit,)) + struct.pack(">HH", across, down) + data[18:]


def resource(number: int, body: bytes) -> bytes:
    """One of Photoshop's resources."""
    block = b"8BIM" + struct.pack(">H", number) + b"\0\0" + struct.pack(">I", len(body)) + body
    return block + b"\0" * (len(body) % 2)


CAPTION = b"\x1c\x02\x78" + struct.pack(">H", len(MARK)) + MARK


def photoshop(number: int, body: bytes) -> bytes:
    return app(13, b"Photoshop 3.0\0" + resource(number, body))


# PNG.


def png(*chunks: tuple[bytes, bytes], behind: bytes = b"") -> bytes:
    return pngs.png(SMALL.astype(np.uint16), 2, 8, before=chunks) + behind


def raw_profile(kind: bytes, body: bytes) -> tuple[bytes, bytes]:
    """A profile as ImageMagick writes it, as text."""
    text = b"\n%s\n%8d\n" % (kind, len(body)) + body.hex().encode()
    return b"tEXt", b"Raw profile type " + kind + b"\0" + text


def moving(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    pictures = [Image.fromarray(np.roll(SMALL, 9 * number, 1)) for number in range(2)]
    pictures[0].save(out, kind, save_all=True, append_images=pictures[1:], duration=100, **options)
    return out.getvalue()


# WebP, GIF, BMP.


def webp(*chunks: tuple[bytes, bytes], behind: bytes = b"") -> bytes:
    """A lossless WebP that is coded badly on purpose."""
    out = io.BytesIO()
    Image.fromarray(SMALL).save(out, "WEBP", lossless=True, quality=0, method=0)
    bits = {b"EXIF": 8, b"XMP ": 4, b"ICCP": 32}
    flags = sum(bits.get(kind, 0) for kind, _ in chunks)
    size = b"".join((edge - 1).to_bytes(3, "little") for edge in (96, 72))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)

    before = [chunk(*each) for each in chunks if each[0] == b"ICCP"]
    after = [chunk(*each) for each in chunks if each[0] != b"ICCP"]
    parts = [chunk(b"VP8X", bytes((flags, 0, 0, 0)) + size), *before, out.getvalue()[12:], *after]
    body = b"".join(parts)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body + behind


def sub_blocks(data: bytes) -> bytes:
    parts = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"


def gif(extension: bytes = b"", *, shape: int = 0, behind: bytes = b"") -> bytes:
    """A GIF of one image, coded row by row so that it can be coded better."""
    out = io.BytesIO()
    Image.fromarray(images.screenshot(320, 240)).quantize(32).save(out, "GIF", interlace=1)
    data = out.getvalue()
    first = 13 + 3 * (2 << (data[10] & 7))
    head = b"GIF89a" + data[6:12] + bytes((shape,)) + data[13:first]
    return head + extension + data[first:] + behind


def application(name: bytes, body: bytes) -> bytes:
    return b"\x21\xff\x0b" + name + body


GIF_XMP = application(b"XMP DataXMP", XMP + b"\x01" + bytes(range(255, -1, -1)) + b"\0")


def bmp(
    *,
    density: tuple[int, int] = (0, 0),
    colours: bytes = b"",
    primaries: bytes = b"",
    profile: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    """A BMP; of the fifth kind where it says something of its colours."""
    rows = np.ascontiguousarray(SMALL[::-1, :, ::-1]).tobytes()
    size = 124 if colours else 40
    header = struct.pack("<IiiHHIIiiII", size, 96, 72, 1, 24, 0, len(rows), *density, 0, 0)
    if colours:
        header += bytes(16) + colours + primaries.ljust(48, b"\0")
        header += struct.pack("<4I", 4, size + len(rows) if profile else 0, len(profile), 0)
    body = header + rows + profile
    return b"BM" + struct.pack("<IHHI", 14 + len(body), 0, 0, 14 + size) + body + behind


# TIFF.


def tiff(tags: dict[int, tuple[int, object]], picture: Image.Image | None = None, **options: object) -> bytes:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, (kind, value) in tags.items():
        info.tagtype[tag] = kind
        info[tag] = value
    out = io.BytesIO()
    (picture or Image.fromarray(SMALL)).save(out, "TIFF", tiffinfo=info, **options)
    return out.getvalue()


def tiff_with_fourth_channel() -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.dstack([SMALL, SMALL[..., 0]])).save(out, "TIFF")
    data = out.getvalue()
    entry = struct.pack("<HHIH", 338, 3, 1, 2)
    assert data.count(entry) == 1
    return data.replace(entry, struct.pack("<HHIH", 338, 3, 1, 0))


def deep_tiff(
    values: np.ndarray, order: str = "<", *, packed: bool = False, white_is_zero: bool = False
) -> bytes:
    """A TIFF of 16 bits a channel in one strip; `packed` with differences between neighbours, compressed."""
    height, width, channels = values.shape
    data = values.astype(order + "u2").tobytes()
    if packed:
        steps = values.astype(np.int64)
        steps[:, 1:] -= values[:, :-1].astype(np.int64)
        data = zlib.compress((steps & 0xFFFF).astype(order + "u2").tobytes())
    colours = 2 if channels >= 3 else int(not white_is_zero)
    tags: list[tuple[int, str, list[int]]] = [
        *[
            (256, "H", [width]),
            (257, "H", [height]),
            (258, "H", [16] * channels),
            (259, "H", [8 if packed else 1]),
        ],
        *[(262, "H", [colours]), (273, "I", [0]), (277, "H", [channels]), (278, "H", [height])],
        *[(279, "I", [len(data)]), (317, "H", [2 if packed else 1])],
        *([(338, "H", [2])] if channels == 4 else []),
    ]
    values_at = 8 + 2 + 12 * len(tags) + 4
    stored = {tag: struct.pack(f"{order}{len(value)}{kind}", *value) for tag, kind, value in tags}
    beyond = b"".join(value for value in stored.values() if len(value) > 4)
    stored[273] = struct.pack(order + "I", values_at + len(beyond))
    entries = b""
    for tag, kind, value in tags:
        field = stored[tag].ljust(4, b"\0")
        if len(field) > 4:
            field = struct.pack(order + "I", values_at)
            values_at += len(stored[tag])
        entries += struct.pack(order + "HHI", tag, 3 if kind == "H" else 4, len(value)) + field
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(tags))
    return head + entries + bytes(4) + beyond + data


# HEIC and AVIF.


def heif(kind: bytes = b"", content: bytes = b"", *more: bytes) -> bytes:
    coded, about = phones.heif_coding(Image.fromarray(SMALL))
    items = [(b"av01", coded, about)]
    references = []
    if kind:
        items.append((kind, content, []))
        references.append((b"cdsc", 2, [1]))
    return phones.avif(items, references, *more)


def heif_described(*properties: bytes) -> bytes:
    coded, about = phones.heif_coding(Image.fromarray(SMALL))
    return phones.avif([(b"av01", coded, [*about, *properties])], [(b"cdsc", 1, [1])])


def heif_with_another() -> bytes:
    coded, about = phones.heif_coding(Image.fromarray(SMALL))
    return phones.avif([(b"av01", coded, about), (b"av01", coded, about)], [(b"cdsc", 2, [2])])


def deep_heic() -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (96, 72), (SMALL.astype(np.uint16) * 257).tobytes()).save(
        out, quality=90
    )
    return out.getvalue()


# JPEG XL.


def jxl(*boxes: tuple[bytes, bytes]) -> bytes:
    """A container, coded by the plugin, with boxes behind the picture."""
    plugin = pytest.importorskip("pillow_jxl")
    encoder = plugin.Encoder(
        mode="RGB", lossless=True, quality=100.0, effort=1, use_container=True, num_threads=0
    )
    coded = bytes(encoder(SMALL.tobytes(), 96, 72, jpeg_encode=False))
    return coded + b"".join(make_box(*each) for each in boxes)


def jxl_of_jpeg() -> bytes:
    plugin = pytest.importorskip("pillow_jxl")
    encoder = plugin.Encoder(
        mode="RGB", lossless=True, quality=100.0, effort=1, use_container=True, num_threads=0
    )
    return bytes(encoder(images.jpeg(SMALL, 95), 96, 72, jpeg_encode=True))


def jxl_header(*fields: tuple[int, int]) -> bytes:
    """A bare codestream of 80 by 40 that ends behind its header; fields are (value, bits)."""
    value = at = 0
    for number, width in ((1, 1), (4, 5), (0, 3), (9, 5), *fields):
        value |= number << at
        at += width
    return b"\xff\x0a" + value.to_bytes(at // 8 + 8, "little")


_J, _P, _W, _G = ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.GIF
_T, _B, _H, _X = ImageType.TIFF, ImageType.BMP, ImageType.HEIC, ImageType.JXL
EXIF = images.exif(1).removeprefix(b"Exif\0\0")
PRIMARY = images.jpeg(PICTURE, 97)
LAYERS = b"Adobe Photoshop Document Data Block\0MIB8ryaL" + bytes(64)
FILES: dict[tuple[str, ImageType], Callable[[], bytes]] = {
    ("exif", _J): lambda: jpeg(app(1, images.exif(1))),
    ("thumbnail", _J): lambda: jpeg(with_thumbnail()),
    ("xmp", _J): lambda: jpeg(app(1, built.XMP_SIGNATURE + XMP)),
    ("extended-xmp", _J): extended,
    ("icc", _J): lambda: images.jpeg(PICTURE, 97, icc_profile=images.profile()),
    ("density", _J): lambda: with_jfif(1, 203, 203),
    ("aspect", _J): lambda: with_jfif(0, 2, 1),
    ("comment", _J): lambda: jpeg(built.segment(built.COM, MARK)),
    ("iptc", _J): lambda: jpeg(photoshop(0x0404, CAPTION)),
    ("photoshop", _J): lambda: jpeg(photoshop(0x040A, MARK)),
    ("header", _J): lambda: jpeg(app(9, MARK)),
    ("hdr", _J): lambda: phones.ultra_hdr(first=PRIMARY),
    ("depth", _J): lambda: phones.with_depth(PRIMARY),
    ("motion", _J): lambda: phones.motion_photo(PRIMARY),
    ("pictures", _J): lambda: phones.stereo(PRIMARY),
    ("maker", _J): lambda: phones.with_trailer(PRIMARY),
    ("padding", _J): lambda: PRIMARY + b"\0",
    ("signature", _J): lambda: jpeg(app(11, b"JP\0\1\0\0\0\1" + MARK)),
    ("cmyk", _J): lambda: images.jpeg(Image.fromarray(PICTURE).convert("CMYK"), 97),
    ("exif", _P): lambda: png((b"eXIf", EXIF)),
    ("xmp", _P): lambda: png((b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + XMP)),
    ("text", _P): lambda: png((b"tEXt", b"Comment\0" + MARK), raw_profile(b"8bim", resource(0x040A, MARK))),
    ("iptc", _P): lambda: png(raw_profile(b"iptc", resource(0x0404, CAPTION))),
    ("density", _P): lambda: png((b"pHYs", struct.pack(">IIB", 7992, 7992, 1))),
    ("aspect", _P): lambda: png((b"pHYs", struct.pack(">IIB", 2, 1, 0))),
    ("hints", _P): lambda: png((b"bKGD", struct.pack(">3H", 1, 2, 3))),
    ("index", _P): lambda: png((b"iDOT", bytes(28))),
    ("scale", _P): lambda: png((b"sCAL", b"\x01" + b"0.01\x000.01")),
    ("gamma", _P): lambda: png((b"gAMA", struct.pack(">I", 100_000))),
    ("primaries", _P): lambda: png((b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", WIDE)),
    ("cicp", _P): lambda: png((b"cICP", bytes((12, 13, 0, 1)))),
    ("hdr-cicp", _P): lambda: png((b"cICP", bytes((9, 16, 0, 1)))),
    ("unknown", _P): lambda: png((b"teSt", MARK)),
    ("unsafe", _P): lambda: png((b"teST", MARK)),
    ("signature", _P): lambda: png((b"caBX", MARK)),
    ("16-bit", _P): lambda: pngs.png(DEEP, 2, 16),
    ("frames", _P): lambda: moving("PNG"),
    ("maker", _P): lambda: png(behind=MARK),
    ("padding", _P): lambda: png(behind=bytes(7)),
    ("exif", _W): lambda: webp((b"EXIF", EXIF)),
    ("xmp", _W): lambda: webp((b"XMP ", XMP)),
    ("icc", _W): lambda: webp((b"ICCP", images.profile())),
    ("unknown", _W): lambda: webp((b"teSt", MARK)),
    ("signature", _W): lambda: webp((b"C2PA", MARK)),
    ("frames", _W): lambda: moving("WEBP", lossless=True),
    ("maker", _W): lambda: webp(behind=MARK),
    ("xmp", _G): lambda: gif(GIF_XMP),
    ("icc", _G): lambda: gif(application(b"ICCRGBG1012", sub_blocks(images.profile()))),
    ("comment", _G): lambda: gif(b"\x21\xfe" + sub_blocks(MARK)),
    ("unknown", _G): lambda: gif(application(b"TESTAPP1.00", sub_blocks(MARK))),
    ("written", _G): lambda: gif(
        b"\x21\x01\x0c" + struct.pack("<4H4B", 0, 0, 20, 20, 8, 8, 1, 0) + sub_blocks(MARK)
    ),
    ("aspect", _G): lambda: gif(shape=113),
    ("loop", _G): lambda: gif(application(b"NETSCAPE2.0", sub_blocks(b"\1\2\0"))),
    ("frames", _G): lambda: moving("GIF", loop=2, disposal=2),
    ("maker", _G): lambda: gif(behind=MARK),
    ("exif", _T): lambda: tiff({271: (2, MARK.decode())}),
    ("xmp", _T): lambda: tiff({700: (1, XMP)}),
    ("icc", _T): lambda: tiff({}, icc_profile=images.profile()),
    ("density", _T): lambda: tiff({}, dpi=(203, 203)),
    ("aspect", _T): lambda: tiff({}, dpi=(200, 100)),
    ("photoshop", _T): lambda: tiff({34377: (7, resource(0x040A, MARK))}),
    ("iptc", _T): lambda: tiff({33723: (7, CAPTION)}),
    ("pages", _T): lambda: moving("TIFF"),
    ("preview", _T): lambda: tiff({254: (4, 1)}),
    ("layers", _T): lambda: tiff({37724: (7, LAYERS)}),
    ("georeference", _T): lambda: tiff({33550: (12, (1.0, 1.0, 0.0))}),
    ("channels", _T): tiff_with_fourth_channel,
    ("cmyk", _T): lambda: tiff({}, Image.fromarray(SMALL).convert("CMYK")),
    ("16-bit", _T): lambda: deep_tiff(DEEP),
    ("unknown", _T): lambda: tiff({65_000: (2, MARK.decode())}),
    ("icc", _B): lambda: bmp(colours=b"DEBM", profile=images.profile()),
    ("link", _B): lambda: bmp(colours=b"KNIL", profile=b"C:\\wide.icc\0"),
    ("primaries", _B): lambda: bmp(colours=bytes(4), primaries=struct.pack("<12I", *[1 << 28] * 12)),
    ("density", _B): lambda: bmp(density=(7992, 7992)),
    ("aspect", _B): lambda: bmp(density=(4000, 2000)),
    ("maker", _B): lambda: bmp(behind=MARK),
    ("exif", _H): lambda: heif(b"Exif", bytes(4) + EXIF),
    ("xmp", _H): lambda: heif(b"mime", XMP),
    ("hdr", _H): phones.iso_avif,
    ("depth", _H): lambda: phones.portrait_avif(packet=phones.depth_packet()),
    ("motion", _H): lambda: heif(b"", b"", built.box(b"mpvd", phones.VIDEO)),
    ("pictures", _H): heif_with_another,
    ("maker", _H): lambda: heif(b"", b"", built.box(b"sefd", phones.samsung_blocks())),
    ("properties", _H): lambda: heif_described(built.box(b"udes", bytes(4) + MARK + bytes(4))),
    ("deep", _H): deep_heic,
    ("sequence", _H): lambda: moving("AVIF"),
    ("exif", _X): lambda: jxl((b"Exif", bytes(4) + EXIF)),
    ("xmp", _X): lambda: jxl((b"xml ", XMP)),
    ("packed", _X): lambda: jxl((b"brob", b"Exif" + MARK)),
    ("jpeg", _X): jxl_of_jpeg,
    ("hdr", _X): lambda: jxl((b"jhgm", MARK)),
    ("maker", _X): lambda: jxl((b"teSt", MARK)),
    ("signature", _X): lambda: jxl((b"jumb", MARK)),
    ("channels", _X): lambda: jxl_header((0, 1), (0, 1), (0, 1), (0, 2), (1, 1), (1, 2), (0, 1), (1, 2)),
    ("deep", _X): lambda: jxl_header((0, 1), (0, 1), (0, 1), (3, 2), (15, 6)),
    ("frames", _X): lambda: jxl_header((0, 1), (1, 1), (0, 3), (0, 1), (0, 1), (1, 1)),
}
"""By row: its key and format."""

# The same files with an orientation.


def turned(data: bytes) -> bytes:
    """A JPEG or PNG that says it is to be turned by a quarter, and nothing of the mark."""
    block = images.exif(6).replace(MARK, b"x" * len(MARK))
    if data[:2] == b"\xff\xd8":
        return data[:2] + app(1, block) + data[2:]
    if data[:4] == b"\x89PNG":
        body = block.removeprefix(b"Exif\0\0")
        chunk = len(body).to_bytes(4, "big") + b"eXIf" + body
        return data[:33] + chunk + zlib.crc32(chunk[4:]).to_bytes(4, "big") + data[33:]
    raise AssertionError(data[:4])
