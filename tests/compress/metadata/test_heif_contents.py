"""What a HEIC or AVIF holds besides its picture is named, and the picture's own parts are not."""

import io

import pytest
from PIL import Image

from compress.images import photo, profile
from compress.metadata.exif_builder import exif_block
from compress.metadata.jpeg_builder import box
from homepress.base.formats import ImageType
from homepress.compress import Recipe, compress
from homepress.compress.metadata.heif_parts import heif_extras
from homepress.compress.model import Reason, Unchanged

ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"
PICTURE = Image.fromarray(photo(64, 48))


def further_contents(data: bytes) -> str:
    """What a file holds besides its picture, in words."""
    return ", ".join(dict.fromkeys(extra.words for extra in heif_extras(data)))


def avif(picture: Image.Image = PICTURE, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "AVIF", quality=60, **options)
    return out.getvalue()


def see_through() -> Image.Image:
    picture = PICTURE.convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return picture


def with_auxiliary(name: bytes) -> bytes:
    """The transparency called something else, in as many bytes."""
    data = avif(see_through())
    assert data.count(ALPHA) == 1
    return data.replace(ALPHA, name.ljust(len(ALPHA), b"\0"))


def heic(count: int = 1, **options: object) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    file = pillow_heif.from_pillow(PICTURE)
    for number in range(1, count):
        file.add_from_pillow(PICTURE.rotate(90 * number))
    out = io.BytesIO()
    file.save(out, quality=50, **options)
    return out.getvalue()


def test_a_picture_with_what_belongs_to_it_holds_nothing_further() -> None:
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    assert further_contents(avif()) == ""
    assert further_contents(avif(see_through(), exif=exif_block(), xmp=xmp, icc_profile=profile())) == ""
    assert further_contents(heic(exif=exif_block(), xmp=xmp)) == ""


OTHERS = {
    "an HDR gain map": lambda: with_auxiliary(b"urn:com:apple:photo:2020:aux:hdrgainmap"),
    "a depth map": lambda: with_auxiliary(b"urn:mpeg:hevc:2015:auxid:2"),
    "a matte": lambda: with_auxiliary(b"urn:com:apple:2019:semanticskinmatte"),
    "an auxiliary picture": lambda: with_auxiliary(b"urn:of:somebody"),
    "a motion video": lambda: avif() + box(b"mpvd", b"ftyp and so on"),
    "data of its maker (sefd)": lambda: avif() + box(b"sefd", b"SEFH"),
    "a sequence of pictures": lambda: avif(save_all=True, append_images=[PICTURE.rotate(180)], duration=100),
    "further pictures": lambda: heic(2),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("target", [ImageType.JPEG, ImageType.PNG])
def test_what_would_be_left_behind_refuses_the_conversion(name: str, target: ImageType) -> None:
    data = OTHERS[name]()
    assert further_contents(data) == name
    if (name, target) == ("further pictures", ImageType.JPEG):  # they go along
        return
    result = compress(data, Recipe(convert_to=target))
    assert isinstance(result, Unchanged)
    assert result.reason is Reason.CANNOT_CONVERT
    assert (name in result.detail) or (name == "an HDR gain map" and "gain map" in result.detail)


def test_a_tone_mapped_item_is_a_gain_map() -> None:
    data = avif(see_through())
    second = data.index(b"av01", data.index(b"infe", data.index(b"infe") + 4))
    assert further_contents(data) == ""
    changed = data[:second] + b"tmap" + data[second + 4 :]
    link = changed.index(b"auxl")
    assert further_contents(changed[:link] + b"cdsc" + changed[link + 4 :]) == "an HDR gain map"


def test_the_thumbnail_and_the_tiles_of_a_further_picture_are_not_told_as_pictures() -> None:
    assert further_contents(heic(2, thumbnails=[32])) == "further pictures"
    assert len(heif_extras(heic(2, thumbnails=[32]))) == 1


def test_a_box_of_a_maker_beside_the_items_is_named() -> None:
    data = avif()
    assert data.count(b"pitm") == 1
    at = data.index(b"pitm") - 4
    more = box(b"uuid", b"0123456789abcdef and more")
    meta = data.index(b"meta") - 4
    size = int.from_bytes(data[meta : meta + 4], "big") + len(more)
    changed = data[:meta] + size.to_bytes(4, "big") + data[meta + 4 : at] + more + data[at:]
    assert further_contents(changed) == "data of its maker (uuid)"
