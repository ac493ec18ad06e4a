"""The table of parts: a file of every row goes through every column, and comes out as the table says."""

import dataclasses
import io
import re
import struct
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from compress import images, phones, pngs
from compress.metadata import jpeg_builder as built
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Extra, Recipe, Unchanged, compress
from homepress.compress.metadata.jpeg_file import read_jpeg_file
from homepress.compress.metadata.jpeg_tail import held_extras
from homepress.compress.model import LEFT_OUT, Reason, without
from homepress.compress.parts import ANEW, COLUMNS, IN_PLACE, PARTS, TARGETS, Fate, PartRow, table
from support import REPOSITORY

MARK = b"Homepress test camera"
PICTURE = images.photo(400, 300)
XMP = built.xmp_packet("", attributes=f' aux:Lens="{MARK.decode()}"', padding=20)
WIDE = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


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
    """One of Photoshop's resources in its segment."""
    block = b"8BIM" + struct.pack(">H", number) + b"\0\0" + struct.pack(">I", len(body)) + body
    return app(13, b"Photoshop 3.0\0" + block + b"\0" * (len(body) % 2))


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    return pngs.png(PICTURE.astype(np.uint16), 2, 8, before=chunks)


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(PICTURE).save(out, "WEBP", lossless=True, quality=0, method=0)
    body = out.getvalue()[12:]
    flags = (8 if any(kind == b"EXIF" for kind, _ in chunks) else 0) | (
        4 if any(kind == b"XMP " for kind, _ in chunks) else 0
    )
    size = b"".join((edge - 1).to_bytes(3, "little") for edge in (400, 300))
    body = b"VP8X" + struct.pack("<I", 10) + bytes((flags, 0, 0, 0)) + size + body
    for kind, content in chunks:
        body += kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def tiff(tags: dict[int, tuple[int, object]], **options: object) -> bytes:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, (kind, value) in tags.items():
        info.tagtype[tag] = kind
        info[tag] = value
    out = io.BytesIO()
    Image.fromarray(PICTURE[:90, :120]).save(out, "TIFF", tiffinfo=info, **options)
    return out.getvalue()


def tiff_with_fourth_channel() -> bytes:
    rgba = np.dstack([PICTURE[:90, :120], PICTURE[:90, :120, 0]])
    out = io.BytesIO()
    Image.fromarray(rgba).save(out, "TIFF")
    data = out.getvalue()
    entry = struct.pack("<HHIH", 338, 3, 1, 2)
    assert data.count(entry) == 1
    return data.replace(entry, struct.pack("<HHIH", 338, 3, 1, 0))


def heif(kind: bytes = b"", content: bytes = b"", *more: bytes) -> bytes:
    coded, about = phones.heif_coding(Image.fromarray(PICTURE[:120, :160]))
    items = [(b"av01", coded, about)]
    references = []
    if kind:
        items.append((kind, content, []))
        references.append((b"cdsc", 2, [1]))
    return phones.avif(items, references, *more)


def heif_described(*properties: bytes) -> bytes:
    coded, about = phones.heif_coding(Image.fromarray(PICTURE[:120, :160]))
    return phones.avif([(b"av01", coded, [*about, *properties])], [(b"cdsc", 1, [1])])


def heif_with_another() -> bytes:
    coded, about = phones.heif_coding(Image.fromarray(PICTURE[:120, :160]))
    return phones.avif([(b"av01", coded, about), (b"av01", coded, about)], [(b"cdsc", 2, [2])])


def animated_avif() -> bytes:
    out = io.BytesIO()
    pictures = [Image.fromarray(PICTURE[top : top + 60, :80]) for top in (0, 30)]
    pictures[0].save(out, "AVIF", save_all=True, append_images=pictures[1:], duration=100)
    return out.getvalue()


def deep_heic() -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    values = PICTURE[:120, :160].astype(np.uint16) * 257
    out = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (160, 120), values.tobytes()).save(out, quality=90)
    return out.getvalue()


_J, _P, _W, _T, _H = ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.TIFF, ImageType.HEIC
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
    ("iptc", _J): lambda: jpeg(resource(0x0404, b"\x1c\x02\x78" + struct.pack(">H", len(MARK)) + MARK)),
    ("photoshop", _J): lambda: jpeg(resource(0x040A, MARK)),
    ("header", _J): lambda: jpeg(app(9, MARK)),
    ("hdr", _J): phones.ultra_hdr,
    ("depth", _J): phones.with_depth,
    ("motion", _J): phones.motion_photo,
    ("pictures", _J): phones.stereo,
    ("maker", _J): phones.with_trailer,
    ("padding", _J): lambda: jpeg() + b"\0",
    ("signature", _J): lambda: jpeg(app(11, b"JP\0\1\0\0\0\1" + MARK)),
    ("cmyk", _J): lambda: images.jpeg(Image.fromarray(PICTURE).convert("CMYK"), 97),
    ("exif", _P): lambda: png((b"eXIf", images.exif(1).removeprefix(b"Exif\0\0"))),
    ("xmp", _P): lambda: png((b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + XMP)),
    ("text", _P): lambda: png((b"tEXt", b"Comment\0" + MARK)),
    ("density", _P): lambda: png((b"pHYs", struct.pack(">IIB", 7992, 7992, 1))),
    ("hints", _P): lambda: png((b"bKGD", struct.pack(">3H", 1, 2, 3))),
    ("scale", _P): lambda: png((b"sCAL", b"\x01" + b"0.01\x000.01")),
    ("gamma", _P): lambda: png((b"gAMA", struct.pack(">I", 100_000))),
    ("primaries", _P): lambda: png((b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", WIDE)),
    ("cicp", _P): lambda: png((b"cICP", bytes((12, 13, 0, 1)))),
    ("hdr-cicp", _P): lambda: png((b"cICP", bytes((9, 16, 0, 1)))),
    ("unknown", _P): lambda: png((b"teSt", MARK)),
    ("signature", _P): lambda: png((b"caBX", MARK)),
    ("16-bit", _P): lambda: pngs.png(PICTURE.astype(np.uint16) * 257, 2, 16),
    ("exif", _W): lambda: webp((b"EXIF", images.exif(1).removeprefix(b"Exif\0\0"))),
    ("xmp", _W): lambda: webp((b"XMP ", XMP)),
    ("unknown", _W): lambda: webp((b"teSt", MARK)),
    ("signature", _W): lambda: webp((b"C2PA", MARK)),
    ("exif", _T): lambda: tiff({271: (2, MARK.decode())}),
    ("pages", _T): lambda: tiff({254: (4, 1)}),
    ("layers", _T): lambda: tiff({37724: (7, LAYERS)}),
    ("georeference", _T): lambda: tiff({33550: (12, (1.0, 1.0, 0.0))}),
    ("channels", _T): tiff_with_fourth_channel,
    ("unknown", _T): lambda: tiff({65_000: (2, MARK.decode())}),
    ("exif", _H): lambda: heif(b"Exif", bytes(4) + images.exif(1).removeprefix(b"Exif\0\0")),
    ("xmp", _H): lambda: heif(b"mime", XMP),
    ("hdr", _H): phones.iso_avif,
    ("depth", _H): lambda: phones.portrait_avif(packet=phones.depth_packet()),
    ("motion", _H): lambda: heif(b"", b"", built.box(b"mpvd", phones.VIDEO)),
    ("pictures", _H): heif_with_another,
    ("maker", _H): lambda: heif(b"", b"", built.box(b"sefd", phones.samsung_blocks())),
    ("properties", _H): lambda: heif_described(built.box(b"udes", bytes(4) + MARK + bytes(4))),
    ("deep", _H): deep_heic,
    ("sequence", _H): animated_avif,
}
SHARES = {"hdr", "depth", "motion", "pictures", "maker"}


_CHUNKS = {"hints": b"bKGD", "scale": b"sCAL", "hdr-cicp": b"cICP"}
_NUMBERS = {"gamma": b"gAMA", "primaries": b"cHRM", "cicp": b"cICP"}


def is_there(part: PartRow, data: bytes) -> bool:
    """Whether a result holds a part."""
    if part.key in SHARES and data[:2] == b"\xff\xd8":
        return Extra(part.key) in held_extras(read_jpeg_file(data))
    if part.key in ("density", "icc", "aspect"):
        info = Image.open(io.BytesIO(data)).info
        if part.key == "aspect":
            return bool(info.get("jfif_density") == (2, 1))
        if part.key == "icc":
            return bool(info.get("icc_profile"))
        return bool(info.get("dpi") and round(info["dpi"][0]) == 203)
    if part.key in _NUMBERS:
        return _NUMBERS[part.key] in data or bool(Image.open(io.BytesIO(data)).info.get("icc_profile"))
    if part.key in _CHUNKS:
        return _CHUNKS[part.key] in data
    if part.key == "padding":
        return data[:2] == b"\xff\xd8" and not data.endswith(b"\xff\xd9")
    if part.key == "deep":  # where it does not stay, there are 8
        return part.source is ImageType.HEIC
    if part.key == "cmyk":
        return Image.open(io.BytesIO(data)).mode == "CMYK"
    if part.key == "16-bit":
        return data.startswith(b"\x89PNG") and data[24] == 16
    return MARK in data


def cases() -> Iterator[tuple[PartRow, int]]:
    return ((part, column) for part in PARTS for column in range(len(COLUMNS)))


def recipe(column: int, part: PartRow) -> Recipe:
    plain = Recipe(floor=70.0, bigger=True)
    if column in (IN_PLACE, ANEW):
        return plain if column == IN_PLACE else dataclasses.replace(plain, max_edge=120)
    return dataclasses.replace(plain, convert_to=TARGETS[column - 2])


@pytest.mark.parametrize(
    ("part", "column"),
    [pytest.param(*case, id=f"{case[0].source}-{case[0].key}-{COLUMNS[case[1]]}") for case in cases()],
)
def test_a_part_comes_out_as_the_table_says(part: PartRow, column: int) -> None:
    fate, data, wanted = part.fate(column), FILES[part.key, part.source](), recipe(column, part)
    if fate is Fate.ABSENT:
        return
    result = compress(data, wanted)
    if isinstance(result, Unchanged) and result.reason is Reason.FORMAT_LEFT_ALONE:
        assert (part.source, wanted.convert_to) == (ImageType.HEIC, ImageType.AVIF)  # these files are AVIF
        return
    if isinstance(result, Compressed) and result.missed:
        assert fate is Fate.REFUSED
        return
    match fate:
        case Fate.KEPT | Fate.ADAPTED:
            if result == Unchanged(Reason.SAVES_TOO_LITTLE, source_type=result.source_type):
                return
            assert isinstance(result, Compressed), result
            assert result.image_type is ImageType.JXL or is_there(part, result.data)
            assert result.dropped == ()
        case Fate.IMPLIED | Fate.NAMED:
            assert isinstance(result, Compressed), result
            assert not is_there(part, result.data)
            assert result.dropped == ((part.key,) if fate is Fate.NAMED else ())
        case Fate.ON_REQUEST:
            assert isinstance(result, Unchanged), result
            assert part.key in result.detail
            asked = compress(data, dataclasses.replace(wanted, drop=frozenset({Extra(part.key)})))
            assert isinstance(asked, Compressed), asked
            assert asked.dropped == (part.key,)
        case Fate.REFUSED:
            assert isinstance(result, Unchanged), result
            assert result.detail


def test_every_row_has_a_file() -> None:
    assert list(FILES) == [(part.key, part.source) for part in PARTS]
    assert all(len(part.letters) == len(COLUMNS) for part in PARTS)


def test_what_a_result_may_lack_has_words() -> None:
    named = {part.key for part in PARTS for letter in part.letters if letter in "ND"}
    assert named == set(LEFT_OUT)
    assert without(["motion", "text", "motion"]) == "without its motion video and its text notes"
    assert without([]) == ""


def test_the_page_has_the_table() -> None:
    page = (REPOSITORY / "docs" / "formats.md").read_text(encoding="utf-8")
    assert f"<!-- parts -->\n{table()}<!-- end of parts -->" in page, "make it again: make generate"


def test_the_page_has_every_cause() -> None:
    page = (REPOSITORY / "docs" / "formats.md").read_text(encoding="utf-8")
    section = page.partition("## Broken, unsupported, left alone")[2].partition("## ")[0]
    assert set(re.findall(r"`([a-z_]+)`", section)) >= {reason.name.lower() for reason in Reason}
