"""Real files: every multi-picture JPEG survives, every metadata file can be shared, none is misread."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from homepress.base.formats import ImageType, sniff
from homepress.compress.metadata import (
    JpegStream,
    Malformed,
    Refused,
    RewriteRefusal,
    describe_jpeg,
    has_location,
    parse_jpeg,
    picture_only,
    read_embedded,
    read_jpeg_file,
    share,
    strip,
    swap_primary,
)

pytestmark = pytest.mark.corpus

SPECIAL = {
    "metadata/libavif__apple_gainmap_new.jpg": "2 pictures, gain map (Apple)",
    "metadata/libavif__apple_gainmap_old.jpg": "2 pictures, gain map (Apple)",
    "metadata/libavif__seine_sdr_different_gainmap_srgb.jpg": "2 pictures, gain map (hdrgm)",
    "metadata/libavif__seine_sdr_gainmap_srgb.jpg": "2 pictures, gain map (hdrgm)",
    "metadata/ultrahdr__s01.vipsth.jpg": "2 pictures, gain map (hdrgm, ISO 21496-1)",
    "metadata/ultrahdr__small_uhdr.jpg": "2 pictures, gain map (hdrgm, ISO 21496-1)",
    "photos-camera/ultrahdr__uhdr.jpg": "2 pictures, gain map (hdrgm, ISO 21496-1)",
    "photos-camera/libvips__ultra-hdr.jpg": "2 pictures, gain map (hdrgm)",
    "photos-camera/Ultra_HDR_Samples__Ultra_HDR_Samples_Originals_01.jpg": "2 pictures, gain map (hdrgm)",
    "photos-camera/motion-photos-filereader__PXL_20200710_061629144.MP.jpg": "motion video",
    "photos-camera/exiv2__exiv2-bug2565.jpg": "Samsung trailer",
    "photos-camera/nom-exif__exif.jpg": "459 bytes of another trailer",
    "metadata/exiftool__PhotoMechanic.jpg": "75 bytes of another trailer",
}

REFUSED = {
    "metadata/exiftool__AFCP.jpg": RewriteRefusal.ABSOLUTE_TAIL,
    "metadata/codec__testimgari.jpg": RewriteRefusal.CODING_PROCESS,
    "metadata/codec__testorig12.jpg": RewriteRefusal.CODING_PROCESS,
    "metadata/TwelveMonkeys__24_ls.jpg": RewriteRefusal.CODING_PROCESS,
}


def jpegs(corpus_dir: Path, *, hostile: bool) -> Iterator[tuple[str, bytes]]:
    for path in sorted(corpus_dir.glob("*/*")):
        data = path.read_bytes()
        if (path.parent.name == "hostile") is hostile and sniff(data[:64]) is ImageType.JPEG:
            yield f"{path.parent.name}/{path.name}", data


def lossy(jpeg: bytes) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(jpeg)) as image:
        image.save(out, "JPEG", quality=70, progressive=True)
    return out.getvalue()


def headers_but_index(stream: JpegStream) -> list[bytes]:
    """All headers but the multi-picture index, whose wrong sizes are put right."""
    return [stream.raw(each) for each in stream.headers if not stream.payload(each).startswith(b"MPF\0")]


@pytest.mark.parametrize("name", SPECIAL)
def test_appended_parts_survive_another_coding(corpus_dir: Path, name: str) -> None:
    original = (corpus_dir / name).read_bytes()
    file = read_jpeg_file(original)
    assert str(describe_jpeg(original)) == SPECIAL[name]
    for new in (lossy(picture_only(file.stream)), picture_only(file.stream)):
        result = swap_primary(original, new)
        again = read_jpeg_file(result)
        assert [result[part.start : part.end] for part in again.parts] == [
            original[part.start : part.end] for part in file.parts
        ]
        assert describe_jpeg(result) == describe_jpeg(original)
        assert read_embedded(result) == read_embedded(original)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_by_name(corpus_dir: Path, name: str) -> None:
    original = (corpus_dir / name).read_bytes()
    with pytest.raises(Refused) as caught:
        swap_primary(original, picture_only(parse_jpeg(original)))
    assert caught.value.code is REFUSED[name]


def test_every_other_jpeg_can_have_its_own_coding_again(corpus_dir: Path) -> None:
    for name, original in jpegs(corpus_dir, hostile=False):
        if name in REFUSED or name == "metadata/Pillow__jpeg_ff00_header.jpg":
            continue
        stream = parse_jpeg(original)
        result = parse_jpeg(swap_primary(original, picture_only(stream)))
        assert headers_but_index(result) == headers_but_index(stream), name
        assert list(map(result.raw, result.coding)) == list(map(stream.raw, stream.coding)), name
        assert result.tail == stream.tail, name


def test_hostile_jpegs_end_in_a_result_or_a_named_refusal(corpus_dir: Path) -> None:
    ended = {"kept": 0, "refused": 0}
    for _, original in jpegs(corpus_dir, hostile=True):
        try:
            swap_primary(original, picture_only(parse_jpeg(original)))
            ended["kept"] += 1
        except (Malformed, Refused):
            ended["refused"] += 1
    assert ended["refused"] > ended["kept"] > 0


def test_sharing_removes_every_place_and_leaves_the_picture(corpus_dir: Path) -> None:
    shared_files = 0
    for path in sorted((corpus_dir / "metadata").iterdir()):
        data = path.read_bytes()
        try:
            shared, stripped = share(data), strip(data)
        except (Malformed, Refused):
            continue
        shared_files += 1
        assert not has_location(shared), path.name
        assert not has_location(stripped.data), path.name
        before, after = read_embedded(data), read_embedded(shared)
        assert (after.icc, after.orientation) == (before.icc, before.orientation), path.name
        assert stripped.orientation == before.orientation, path.name
    assert shared_files > 140


def test_places_are_found_where_the_manifest_says_so(corpus_dir: Path) -> None:
    with (corpus_dir / "MANIFEST.csv").open(newline="") as table:
        rows = [
            row for row in csv.DictReader(table) if row["has_gps"] == "1" and row["category"] != "hostile"
        ]
    missed = {row["file"] for row in rows if not has_location((corpus_dir / row["file"]).read_bytes())}
    # These two have the tags, with zeros in them.
    assert missed == {"metadata/exiftool__InfiRay.jpg", "photos-camera/mdx__Leica_T_Typ_701_.jpg"}
