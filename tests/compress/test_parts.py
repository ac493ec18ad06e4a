"""The table of parts: a file of every row goes through every column, and comes out as the table says."""

import dataclasses
import functools
import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from compress import part_files as files
from compress import phones
from compress.part_files import FILES, MARK, turned
from homepress.base.formats import ImageType, sniff
from homepress.compress import Compressed, Extra, Recipe, Unchanged, compress
from homepress.compress.metadata.isobmff import make_box
from homepress.compress.metadata.jpeg_file import read_jpeg_file
from homepress.compress.metadata.jpeg_tail import held_extras
from homepress.compress.model import LEFT_OUT, MetadataPolicy, Reason, without
from homepress.compress.parts import (
    ANEW,
    COLUMNS,
    IN_PLACE,
    PARTS,
    SHARE,
    STRIP,
    TARGETS,
    Fate,
    PartRow,
    table,
)
from support import REPOSITORY

PLAIN = Recipe(floor=60.0, bigger=True)
SHARES = {"hdr", "depth", "motion", "pictures", "maker"}
_MARKS = {
    "hints": b"bKGD",
    "index": b"iDOT",
    "scale": b"sCAL",
    "hdr-cicp": b"cICP",
    "loop": b"NETSCAPE",
    "jpeg": b"jbrd",
}
_NUMBERS = {"gamma": b"gAMA", "primaries": b"cHRM", "cicp": b"cICP"}
"""Colours that stand in numbers, or in a profile that says the same."""
_HEIF_MARKS = {"hdr": b"tmap", "depth": b"auxid:2", "motion": b"mpvd", "maker": b"sefd", "pictures": b"cdsc"}
_HAS_EXIF = {"exif", "thumbnail", "hdr"}
"""Files of these rows say themselves how they lie."""


def is_there(part: PartRow, data: bytes) -> bool:
    """Whether a result holds a part."""
    kind = sniff(data[:64])
    if part.key in SHARES and kind is ImageType.JPEG:
        return Extra(part.key) in held_extras(read_jpeg_file(data))
    if part.key in _HEIF_MARKS and kind is ImageType.AVIF:
        return _HEIF_MARKS[part.key] in data
    if part.key in ("density", "icc", "aspect", "frames", "cmyk"):
        return _shows(part.key, data)
    if part.key in _NUMBERS:
        return _NUMBERS[part.key] in data or _shows("icc", data)
    if part.key in _MARKS:
        return _MARKS[part.key] in data
    if part.key == "padding":
        return kind is part.source and not data.endswith((b"\xff\xd9", b"IEND\xaeB`\x82"))
    if part.key == "deep":  # what is written anew has 8
        return kind is part.source
    if part.key == "16-bit":
        return data.startswith(b"\x89PNG") and data[24] == 16
    return MARK in data or MARK.hex().encode() in data


def _shows(key: str, data: bytes) -> bool:
    image = Image.open(io.BytesIO(data))
    if key == "frames":
        return bool(getattr(image, "n_frames", 1) > 1)
    if key == "cmyk":
        return image.mode == "CMYK"
    if key == "icc":
        return b"acsp" in data or bool(image.info.get("icc_profile"))
    if key == "density":
        return bool(image.info.get("dpi") and round(image.info["dpi"][0]) == 203)
    if image.format == "GIF":
        return data[12] == 113
    if (at := data.find(b"pHYs")) > 0:
        across, down = struct.unpack(">II", data[at + 4 : at + 12])
    else:
        across, down = image.info["jfif_density"]
    return bool(max(across, down) == 2 * min(across, down))


def recipe(column: int) -> Recipe:
    if column in (SHARE, STRIP):
        policy = MetadataPolicy.SHARE if column == SHARE else MetadataPolicy.STRIP
        return dataclasses.replace(PLAIN, metadata=policy)
    if column in (IN_PLACE, ANEW):
        return PLAIN if column == IN_PLACE else dataclasses.replace(PLAIN, max_edge=60)
    return dataclasses.replace(PLAIN, convert_to=TARGETS[column - 2])


def check(part: PartRow, fate: Fate, data: bytes, wanted: Recipe) -> Compressed | Unchanged:
    """See that a recipe does with a part what the table says."""
    result = compress(data, wanted)
    if isinstance(result, Compressed) and result.missed:
        assert fate in (Fate.REFUSED, Fate.ON_REQUEST)
        return result
    match fate:
        case Fate.KEPT | Fate.ADAPTED:
            if isinstance(result, Unchanged):
                unasked = result.reason in (Reason.SAVES_TOO_LITTLE, Reason.FORMAT_LEFT_ALONE)
                assert unasked, result
                assert wanted.convert_to is None
                assert wanted.metadata is MetadataPolicy.KEEP or result.no_private_metadata, result
                return result
            scrubbed = wanted.metadata is not MetadataPolicy.KEEP and fate is Fate.ADAPTED
            packed = (part.source, wanted.convert_to) == (ImageType.JPEG, ImageType.JXL)
            assert scrubbed or packed or part.key == "jpeg" or _carried(part, result)
            has_lens = scrubbed and (part.key, part.source) == ("depth", ImageType.HEIC)
            assert result.dropped == (("properties",) if has_lens else ())
        case Fate.IMPLIED | Fate.NAMED | Fate.GONE:
            assert isinstance(result, Compressed), result
            assert not is_there(part, result.data)
            word = {"unsafe": "unknown"}.get(part.key, part.key)
            assert result.dropped == ((word,) if fate is Fate.NAMED else ())
        case Fate.ON_REQUEST:
            assert isinstance(result, Unchanged), result
            assert part.key in result.detail
            asked = compress(data, dataclasses.replace(wanted, drop=frozenset({Extra(part.key)})))
            assert isinstance(asked, Compressed), asked
            assert asked.dropped == (part.key,)
        case Fate.REFUSED:
            assert isinstance(result, Unchanged), result
            assert result.detail or result.reason is Reason.FORMAT_LEFT_ALONE
            assert wanted.metadata is MetadataPolicy.KEEP or not result.no_private_metadata
    return result


def _carried(part: PartRow, result: Compressed) -> bool:
    if result.image_type is ImageType.JXL and part.key == "icc":
        return True  # sRGB, which needs no profile
    return is_there(part, result.data)


def cases() -> Iterator[tuple[PartRow, int]]:
    """Row and column of all that exists."""
    for part in PARTS:
        for column in range(len(COLUMNS)):
            if part.fate(column) is not Fate.ABSENT:
                yield part, column


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "column"),
    [pytest.param(*case, id=f"{case[0].source}-{case[0].key}-{COLUMNS[case[1]]}") for case in cases()],
)
def test_a_part_comes_out_as_the_table_says(part: PartRow, column: int) -> None:
    data, wanted = FILES[part.key, part.source](), recipe(column)
    if part.source is ImageType.HEIC and wanted.convert_to is sniff(data[:64]):
        result = compress(data, wanted)  # these files are AVIF
        assert isinstance(result, Unchanged)
        assert result.reason is Reason.FORMAT_LEFT_ALONE
        return
    check(part, part.fate(column), data, wanted)


_FITTED = [part for part in PARTS if part.fate(ANEW) is not Fate.ABSENT]
_TURNED = [
    part for part in PARTS if part.source in (ImageType.JPEG, ImageType.PNG) and part.key not in _HAS_EXIF
]


@pytest.mark.slow
@pytest.mark.parametrize("part", [pytest.param(part, id=f"{part.source}-{part.key}") for part in _FITTED])
def test_a_part_comes_out_of_fitting_as_of_resizing(part: PartRow) -> None:
    data = FILES[part.key, part.source]()
    plain = compress(data, PLAIN)
    smallest = len(plain.data if isinstance(plain, Compressed) else data)
    beside = (
        sum(held_extras(read_jpeg_file(data)).values())
        if part.key in SHARES and part.source is ImageType.JPEG
        else 0
    )
    wanted = dataclasses.replace(PLAIN, fit_under=beside + (smallest - beside) * 4 // 5)
    fate = part.fate(ANEW)
    if part.key == "16-bit":  # stays where it fits; this is smaller than that
        fate = Fate.NAMED
    result = check(part, fate, data, wanted)
    assert isinstance(result, Unchanged) or len(result.data) <= wanted.fit_under
    assert isinstance(result, Compressed) or result.reason in (Reason.CANNOT_FIT, Reason.CANNOT_KEEP_WHOLE)


@pytest.mark.slow
@pytest.mark.parametrize("part", [pytest.param(part, id=f"{part.source}-{part.key}") for part in _TURNED])
def test_a_part_comes_out_the_same_where_the_picture_is_turned(part: PartRow) -> None:
    data = turned(FILES[part.key, part.source]())
    target = ImageType.WEBP if part.source is ImageType.JPEG else ImageType.JPEG
    wanted = dataclasses.replace(PLAIN, convert_to=target)
    for fate, asked in (
        (part.fate(2 + TARGETS.index(target)), wanted),
        (part.fate(STRIP), dataclasses.replace(PLAIN, metadata=MetadataPolicy.STRIP)),
    ):
        result = compress(data, asked)
        if isinstance(result, Unchanged):
            assert {fate, part.fate(ANEW)} & {Fate.REFUSED, Fate.ON_REQUEST}, result
            continue
        assert result.height > result.width
        if fate in (Fate.GONE, Fate.NAMED, Fate.IMPLIED):
            assert not is_there(part, result.data)


@pytest.mark.parametrize("kind", [ImageType.PNG, ImageType.WEBP, ImageType.GIF])
def test_what_stands_behind_the_end_is_taken_out_where_that_is_asked(kind: ImageType) -> None:
    result = compress(FILES["maker", kind](), Recipe(drop=frozenset({Extra.MAKER})))
    assert isinstance(result, Compressed), result
    assert (result.dropped, MARK in result.data, result.image_type) == (("maker",), False, kind)


@pytest.mark.parametrize(("key", "extra"), [("hdr", Extra.HDR), ("maker", Extra.MAKER)])
def test_what_a_jpeg_xl_still_holds_of_what_was_to_go_is_named(key: str, extra: Extra) -> None:
    result = compress(FILES[key, ImageType.JXL](), Recipe(drop=frozenset({extra})))
    assert isinstance(result, Unchanged), result
    assert result.reason is Reason.CANNOT_CONVERT
    assert " was not taken out: this format is left alone" in str(result)


def test_every_row_has_a_file() -> None:
    assert list(FILES) == [(part.key, part.source) for part in PARTS]
    assert all(len(part.letters + part.scrubbed) == len(COLUMNS) for part in PARTS)


_BY_ITS_WORDS = {"exif", "thumbnail", "xmp", "extended-xmp", "comment", "iptc", "photoshop", "text", "packed"}
"""What "strip" and "share" take away when they say metadata."""
_NOTHING = {"padding", "index"}


def test_settings_take_nothing_but_metadata_without_a_word() -> None:
    gone = {part.key for part in PARTS for column in (SHARE, STRIP) if part.fate(column) is Fate.GONE}
    assert gone == _BY_ITS_WORDS | _NOTHING


def sef(kind: int, name: bytes) -> bytes:
    """A trailer of Samsung with one block that holds the mark."""
    block = struct.pack("<HHI", 0, kind, len(name)) + name + MARK
    table = b"SEFH" + struct.pack("<IIHHII", 107, 1, 0, kind, len(block), len(block))
    return block + table + struct.pack("<I", len(table)) + b"SEFT"


UUID = bytes(range(16))
PLACES: dict[str, Callable[[], bytes]] = {
    **{
        f"JPEG APP{n}": functools.partial(lambda n: files.jpeg(files.app(n, MARK)), n)
        for n in (3, 4, 9, 11, 14)
    },
    "JPEG, behind": lambda: files.PRIMARY + MARK,
    "JPEG, behind a further picture": lambda: phones.stereo(files.PRIMARY) + MARK,
    "JPEG, Samsung's block": lambda: files.PRIMARY + sef(0x0AA1, b"MCC_Data"),
    "JPEG with pictures, Samsung's block": lambda: phones.stereo(files.PRIMARY) + sef(0x0AA1, b"MCC_Data"),
    **{
        f"PNG {kind!r}": functools.partial(lambda kind: files.png((kind, MARK)), kind)
        for kind in (b"teSt", b"teST", b"caBX", b"dSIG")
    },
    "PNG, behind": lambda: files.png(behind=MARK),
    "WebP chunk": lambda: files.webp((b"teSt", MARK)),
    "WebP, signed": lambda: files.webp((b"C2PA", MARK)),
    "WebP, behind": lambda: files.webp(behind=MARK),
    "GIF, an application": lambda: files.gif(files.application(b"TESTAPP1.00", files.sub_blocks(MARK))),
    "GIF, an extension": lambda: files.gif(b"\x21\xb0" + files.sub_blocks(MARK)),
    "GIF, behind": lambda: files.gif(behind=MARK),
    "BMP, behind": lambda: files.bmp(behind=MARK),
    "TIFF tag": lambda: files.tiff({65_000: (2, MARK.decode())}),
    "HEIF box": lambda: files.heif(b"", b"", make_box(b"uuid", UUID + MARK)),
    "HEIF box among those of the items": lambda: phones.stereo_avif(groups=make_box(b"uuid", UUID + MARK)),
    "HEIF item": lambda: files.heif(b"uri ", MARK),
    "HEIF property": lambda: files.heif_described(make_box(b"teSt", MARK)),
    "HEIF, Samsung's block": lambda: files.heif(b"", b"", make_box(b"sefd", sef(0x0AA1, b"MCC_Data"))),
    "JPEG XL box": lambda: files.jxl((b"teSt", MARK)),
    "JPEG XL, signed": lambda: files.jxl((b"jumb", MARK)),
    "JPEG XL, a packed box": lambda: files.jxl((b"brob", b"teSt" + MARK)),
}
"""Where a file may hold what no setting for metadata speaks of."""
_KINDS = (ImageType.JPEG, ImageType.PNG)


@pytest.mark.slow
@pytest.mark.parametrize("drop", [frozenset(), frozenset(Extra)], ids=["no drop", "drop all"])
@pytest.mark.parametrize("policy", list(MetadataPolicy))
@pytest.mark.parametrize("place", PLACES)
def test_nothing_goes_without_being_named(place: str, policy: MetadataPolicy, drop: frozenset[Extra]) -> None:
    data = PLACES[place]()
    assert MARK in data
    plain = dataclasses.replace(PLAIN, metadata=policy, drop=drop)
    anew = [dataclasses.replace(plain, convert_to=target) for target in _KINDS]
    for wanted in (plain, dataclasses.replace(plain, max_edge=60), *anew):
        result = compress(data, wanted)
        if isinstance(result, Compressed) and MARK not in result.data:
            assert without(result.dropped), wanted


def test_what_a_result_may_lack_has_words() -> None:
    named = {part.key for part in PARTS for letter in part.letters + part.scrubbed if letter in "ND"}
    named.remove("unsafe")  # which is called unknown, too
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


def test_what_any_program_put_behind_the_end_is_not_called_its_cameras() -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("note.txt", "hello")
    result = compress(phones.primary() + zipped.getvalue(), dataclasses.replace(PLAIN, drop=frozenset(Extra)))
    assert isinstance(result, Compressed), result
    assert b"note.txt" not in result.data
    assert without(result.dropped) == "without data that its camera's maker or a program added"
