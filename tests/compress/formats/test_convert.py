"""Another format, size or metadata: what is carried, what is refused, and that floors and limits hold."""

import io
import zlib
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from compress import images
from compress.formats import pngs
from compress.metadata.exif_builder import SECRETS, exif_block
from homepress.compress.formats import convert
from homepress.compress.formats.exif_edit import without_orientation
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.quality.ssimulacra2 import full_score
from homepress.compress.recipe import MetadataPolicy, Recipe
from homepress.compress.result import Compressed, Reason, Unchanged
from homepress.imagetype import ImageType, sniff

XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def needs(kind: ImageType) -> None:
    if kind is ImageType.JXL:
        pytest.importorskip("pillow_jxl")
    if kind is ImageType.HEIC:
        pytest.importorskip("pillow_heif")


def photo(width: int = 320, height: int = 240, *, alpha: bool = False) -> Image.Image:
    pixels = images.photo(width, height)
    if not alpha:
        return Image.fromarray(pixels)
    cover = np.full((height, width, 1), 255, np.uint8)
    cover[: height // 3] = np.linspace(0, 255, width, dtype=np.uint8)[None, :, None]
    return Image.fromarray(np.concatenate((pixels, cover), axis=-1))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


@dataclass
class Source:
    """A made file of one format with all metadata, and how it is turned."""

    data: bytes
    turned: int = 6


def source(kind: ImageType, picture: Image.Image, turned: int = 6) -> Source:
    needs(kind)
    exif, icc = exif_block("<", orientation=turned), images.wide_profile()
    if kind is ImageType.JPEG:
        return Source(
            saved(picture, "JPEG", quality=97, exif=b"Exif\0\0" + exif, icc_profile=icc, xmp=XMP), turned
        )
    if kind is ImageType.PNG:
        text = (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)
        profile = (b"iCCP", b"icc\0\0" + zlib.compress(icc))
        values = np.asarray(picture).astype(np.uint16)
        made = pngs.png(
            values, 6 if picture.mode == "RGBA" else 2, 8, before=(profile, (b"eXIf", exif), text)
        )
        return Source(made, turned)
    if kind is ImageType.WEBP:
        options = {"lossless": True, "exif": exif, "icc_profile": icc, "xmp": XMP}
        return Source(saved(picture, "WEBP", **options), turned)
    if kind is ImageType.AVIF:
        options = {"quality": 98, "exif": exif, "icc_profile": icc, "xmp": XMP}
        return Source(saved(picture, "AVIF", **options), turned)
    if kind is ImageType.HEIC:
        import pillow_heif

        file = pillow_heif.from_pillow(picture)
        out = io.BytesIO()
        upright = without_orientation(exif)
        file.save(out, quality=95, exif=upright, icc_profile=icc, xmp=XMP)
        return Source(out.getvalue(), 1)
    assert kind is ImageType.BMP
    return Source(saved(picture, "BMP"), 1)


def made(data: bytes, recipe: Recipe) -> Compressed:
    result = convert.compress(data, recipe)
    assert isinstance(result, Compressed), result
    assert sniff(result.data[:64]) is result.image_type
    return result


def refused(data: bytes, recipe: Recipe) -> Unchanged:
    result = convert.compress(data, recipe)
    assert isinstance(result, Unchanged), result
    return result


def shown(data: bytes) -> np.ndarray:
    """The pixels as a viewer shows them that heeds every orientation."""
    if sniff(data[:64]) is ImageType.JXL:
        import pillow_jxl  # noqa: F401  registers itself
    if sniff(data[:64]) is ImageType.HEIC:
        import pillow_heif

        pillow_heif.register_heif_opener()
    from PIL import ImageOps

    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGBA"))


PAIRS = [
    *[(ImageType.JPEG, target) for target in (ImageType.PNG, ImageType.WEBP, ImageType.AVIF)],
    *[(ImageType.PNG, target) for target in (ImageType.JPEG, ImageType.WEBP, ImageType.AVIF)],
    *[(ImageType.WEBP, target) for target in (ImageType.JPEG, ImageType.PNG)],
    *[(ImageType.AVIF, target) for target in (ImageType.JPEG, ImageType.WEBP)],
    *[(ImageType.HEIC, target) for target in (ImageType.JPEG, ImageType.PNG)],
]


@pytest.mark.parametrize(("kind", "target"), PAIRS)
def test_pixels_orientation_and_metadata_are_carried(kind: ImageType, target: ImageType) -> None:
    given = source(kind, photo())
    floor = 75.0 if kind in (ImageType.PNG, ImageType.WEBP) else 40.0
    recipe = Recipe(floor=floor, convert_to=target)
    result = made(given.data, recipe)
    assert (result.image_type, result.source_type) == (target, kind)
    before, after = shown(given.data), shown(result.data)
    assert after.shape == before.shape
    assert full_score(before[..., :3].copy(), after[..., :3].copy()) >= floor - 5
    told, kept = read_embedded(given.data), read_embedded(result.data)
    assert kept.exif == (without_orientation(told.exif[0]),)
    assert kept.xmp == (XMP,)
    assert kept.icc == images.wide_profile()


@pytest.mark.parametrize("target", [ImageType.PNG, ImageType.WEBP, ImageType.AVIF, ImageType.JXL])
def test_transparency_is_carried(target: ImageType) -> None:
    needs(target)
    picture = photo(alpha=True)
    given = pngs.png(np.asarray(picture).astype(np.uint16), 6, 8, level=0)
    result = made(given, Recipe(floor=60.0, convert_to=target, max_edge=300))
    after = shown(result.data)
    assert after.shape == (225, 300, 4)
    assert after[0, 0, 3] < 10
    assert after[-1, -1, 3] == 255


def test_transparency_to_jpeg_is_refused_unless_there_is_none() -> None:
    recipe = Recipe(floor=70.0, convert_to=ImageType.JPEG)
    values = np.asarray(photo(alpha=True)).astype(np.uint16)
    result = refused(pngs.png(values, 6, 8), recipe)
    assert result.reason is Reason.CANNOT_CONVERT
    assert "transparency" in result.detail
    values[..., 3] = 255
    assert made(pngs.png(values, 6, 8), recipe).image_type is ImageType.JPEG


def animation(kind: str) -> bytes:
    pictures = [photo(64, 48), photo(64, 48).transpose(Image.Transpose.ROTATE_180)]
    return saved(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=50)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (animation("GIF"), "animated"),
        (animation("WEBP"), "animated"),
        (animation("PNG"), "animated"),
        (animation("TIFF"), "page"),
        (pngs.png(pngs.samples(2, 16, 40, 40), 2, 16), "16 bits"),
        (pngs.png(pngs.samples(0, 16, 40, 40), 0, 16), "16 bits"),
        (pngs.png(pngs.samples(2, 8, 40, 40), 2, 8, before=((b"cICP", bytes((9, 16, 0, 1))),)), "cICP"),
        (
            pngs.png(pngs.samples(2, 8, 40, 40), 2, 8, before=((b"gAMA", (100_000).to_bytes(4, "big")),)),
            "gAMA",
        ),
        (saved(photo(64, 48).convert("CMYK"), "JPEG"), "CMYK"),
        (saved(photo(64, 48).convert("CMYK"), "TIFF"), "CMYK"),
        (saved(Image.new("I;16", (40, 40)), "TIFF"), "bits"),
        (saved(Image.new("F", (40, 40)), "TIFF"), "bits"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    ],
)
def test_what_would_lose_something_is_refused(data: bytes, told: str) -> None:
    result = refused(data, Recipe(floor=70.0, convert_to=ImageType.AVIF))
    assert result.reason is Reason.CANNOT_CONVERT
    assert told in result.detail


@pytest.mark.parametrize("target", [ImageType.GIF, ImageType.TIFF, ImageType.HEIC, ImageType.SVG])
def test_other_targets_are_refused(target: ImageType) -> None:
    result = refused(saved(photo(), "BMP"), Recipe(convert_to=target))
    assert result.reason is Reason.CANNOT_CONVERT


@pytest.mark.parametrize("target", [ImageType.JPEG, ImageType.AVIF])
def test_formats_with_loss_are_refused_without_leave_to_lose(target: ImageType) -> None:
    result = refused(saved(photo(), "BMP"), Recipe(floor=None, convert_to=target))
    assert result.reason is Reason.CANNOT_CONVERT
    assert "without loss" in result.detail


@pytest.mark.parametrize("target", [ImageType.PNG, ImageType.WEBP, ImageType.JXL])
def test_formats_without_loss_keep_every_pixel(target: ImageType) -> None:
    needs(target)
    data = saved(photo(), "BMP")
    result = made(data, Recipe(floor=None, convert_to=target))
    assert result.lossless
    assert np.array_equal(shown(result.data), shown(data))


def test_tiff_carries_exif_density_and_profile() -> None:
    tags = {0x0112: 6, 0x010F: "Scanner", 0x8769: {0x9003: "2024:05:06 07:08:09"}}
    data = saved(photo(), "TIFF", tiffinfo=tags, dpi=(300, 300), icc_profile=images.wide_profile())
    result = made(data, Recipe(floor=70.0, convert_to=ImageType.JPEG))
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.size == (240, 320)
        assert image.info["dpi"] == (300, 300)
        assert image.getexif()[0x010F] == "Scanner"
        assert 0x0112 not in image.getexif()
        assert image.getexif().get_ifd(0x8769)[0x9003] == "2024:05:06 07:08:09"
        assert image.info["icc_profile"] == images.wide_profile()


@pytest.mark.parametrize("target", [ImageType.PNG, ImageType.JPEG])
def test_grey_stays_grey(target: ImageType) -> None:
    result = made(saved(photo().convert("L"), "BMP"), Recipe(floor=70.0, palette=False, convert_to=target))
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.mode == "L"


def test_a_grey_picture_with_a_colour_profile_stays_in_colour() -> None:
    data = saved(photo().convert("L").convert("RGB"), "TIFF", icc_profile=images.wide_profile())
    result = made(data, Recipe(floor=70.0, convert_to=ImageType.JPEG))
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.mode == "RGB"


def test_iptc_captions_go_to_jpeg_only() -> None:
    resource = b"8BIM\x04\x04\0\0" + (14).to_bytes(4, "big") + b"\x1c\x02\x78\0\x09A caption\0"
    body = b"Photoshop 3.0\0" + resource
    plain = saved(photo(), "JPEG", quality=97)
    data = plain[:2] + b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body + plain[2:]
    result = refused(data, Recipe(floor=60.0, convert_to=ImageType.WEBP))
    assert "IPTC" in result.detail
    assert body in made(data, Recipe(floor=60.0, max_edge=200)).data


def test_a_signed_or_layered_jpeg_is_not_made_anew() -> None:
    plain = saved(photo(), "JPEG", quality=97)
    body = b"JP\0\1\0\0\0\1\0\0\0\x10jumb" + bytes(8)
    data = plain[:2] + b"\xff\xeb" + (len(body) + 2).to_bytes(2, "big") + body + plain[2:]
    assert refused(data, Recipe(floor=60.0, convert_to=ImageType.WEBP)).reason in (
        Reason.CANNOT_CONVERT,
        Reason.CANNOT_KEEP_WHOLE,
    )


def test_a_broken_source_is_broken() -> None:
    data = saved(photo(), "PNG")
    for cut in (data[: len(data) // 2], data[:-20]):
        result = refused(cut, Recipe(convert_to=ImageType.WEBP))
        assert (result.reason, result.retry) == (Reason.BROKEN, True)


class TestJpegXl:
    def test_the_jpeg_comes_back_bit_for_bit(self) -> None:
        needs(ImageType.JXL)
        from homepress.compress.formats.jxl_codec import to_jpeg

        given = source(ImageType.JPEG, photo()).data
        result = made(given, Recipe(floor=40.0, convert_to=ImageType.JXL))
        assert result.lossless
        assert to_jpeg(result.data) == given
        back = made(result.data, Recipe(floor=40.0, convert_to=ImageType.JPEG))
        assert read_embedded(back.data).xmp == (XMP,), "it is read as the JPEG that it is"

    def test_shared_it_is_the_scrubbed_jpeg(self) -> None:
        needs(ImageType.JXL)
        from homepress.compress.formats.jxl_codec import to_jpeg

        given = source(ImageType.JPEG, photo()).data
        result = made(given, Recipe(convert_to=ImageType.JXL, metadata=MetadataPolicy.SHARE))
        jpeg = to_jpeg(result.data)
        assert jpeg is not None
        assert b"Jane Owner" in given
        assert b"Jane Owner" not in jpeg
        assert np.array_equal(shown(jpeg), shown(given))

    def test_another_profile_than_srgb_is_refused(self) -> None:
        needs(ImageType.JXL)
        data = saved(photo(), "TIFF", icc_profile=images.wide_profile())
        assert "profile" in refused(data, Recipe(floor=60.0, convert_to=ImageType.JXL)).detail
        data = saved(photo(), "TIFF", icc_profile=images.profile("sRGB"))
        assert made(data, Recipe(floor=60.0, convert_to=ImageType.JXL)).image_type is ImageType.JXL

    def test_metadata_is_carried(self) -> None:
        needs(ImageType.JXL)
        exif = exif_block("<", orientation=6)
        data = saved(photo(), "WEBP", lossless=True, exif=exif, xmp=XMP)
        result = made(data, Recipe(floor=60.0, convert_to=ImageType.JXL))
        kept = read_embedded(result.data)
        assert (kept.exif, kept.xmp) == ((without_orientation(exif),), (XMP,))
        assert result.width == 240


class TestResize:
    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_the_longest_edge_is_kept_under_and_metadata_put_right(self, kind: ImageType) -> None:
        given = source(kind, photo(640, 400))
        result = made(given.data, Recipe(floor=70.0, max_edge=200))
        assert (result.image_type, result.width, result.height) == (kind, 125, 200), "upright"
        assert not result.lossless
        assert "resized to 125 x 200" in result.method
        kept = read_embedded(result.data)
        assert b"THUMBNAIL" not in kept.exif[0]
        assert b"Jane Owner" in kept.exif[0]
        assert kept.icc == images.wide_profile()
        before = (
            Image.fromarray(shown(given.data)).convert("RGB").resize((125, 200), Image.Resampling.LANCZOS)
        )
        assert full_score(np.asarray(before), shown(result.data)[..., :3].copy()) > 55

    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_a_small_picture_is_only_made_smaller(self, kind: ImageType) -> None:
        given = source(kind, photo(320, 240))
        result = convert.compress(given.data, Recipe(floor=70.0, max_edge=320))
        if isinstance(result, Compressed):
            assert (result.width, result.height) == (320, 240)
            assert read_embedded(result.data).exif == read_embedded(given.data).exif

    def test_an_animation_is_not_resized(self) -> None:
        result = refused(animation("WEBP"), Recipe(max_edge=20))
        assert result.reason is Reason.CANNOT_CONVERT

    def test_formats_that_are_left_alone_stay_so(self) -> None:
        result = refused(saved(photo(), "BMP"), Recipe(max_edge=20))
        assert result.reason is Reason.FORMAT_LEFT_ALONE


class TestFit:
    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.WEBP, ImageType.AVIF])
    def test_quality_goes_first(self, kind: ImageType) -> None:
        data = saved(photo(), "BMP")
        free = made(data, Recipe(floor=85.0, convert_to=kind))
        limit = len(free.data) * 3 // 4
        result = made(data, Recipe(floor=85.0, convert_to=kind, fit_under=limit))
        assert limit * 0.6 < len(result.data) <= limit
        assert 30.0 <= result.score < 85.0
        assert (result.width, result.height) == (320, 240)

    def test_then_pixels(self) -> None:
        data = saved(photo(), "BMP")
        lowest = made(data, Recipe(floor=30.0, convert_to=ImageType.JPEG))
        limit = len(lowest.data) * 2 // 3
        result = made(data, Recipe(floor=80.0, convert_to=ImageType.JPEG, fit_under=limit))
        assert len(result.data) <= limit
        assert result.width < 320
        assert result.score >= 30.0

    def test_what_fits_is_not_made_worse(self) -> None:
        data = saved(photo(), "JPEG", quality=97)
        free = convert.compress(data, Recipe(floor=80.0, max_edge=9999))
        assert isinstance(free, Compressed)
        assert made(data, Recipe(floor=80.0, fit_under=len(free.data))).data == free.data

    def test_the_impossible_is_said(self) -> None:
        data = saved(photo(), "BMP")
        result = refused(data, Recipe(floor=80.0, convert_to=ImageType.JPEG, fit_under=200))
        assert result.reason is Reason.CANNOT_FIT
        assert "200" in result.detail

    def test_without_leave_to_lose_nothing_is_lost(self) -> None:
        data = saved(photo(), "BMP")
        result = refused(data, Recipe(floor=None, convert_to=ImageType.PNG, fit_under=5_000))
        assert result.reason is Reason.CANNOT_FIT
        assert "without loss" in result.detail


class TestPolicy:
    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_share_in_place_leaves_pixels_and_no_secret(self, kind: ImageType) -> None:
        given = source(kind, photo())
        result = made(given.data, Recipe(floor=None, metadata=MetadataPolicy.SHARE))
        assert result.lossless
        assert np.array_equal(shown(result.data), shown(given.data))
        assert not any(secret in result.data for secret in SECRETS)
        assert read_embedded(result.data).icc == images.wide_profile()
        assert read_embedded(result.data).orientation == 6

    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_strip_turns_the_picture_upright(self, kind: ImageType) -> None:
        given = source(kind, photo())
        result = made(given.data, Recipe(floor=70.0, metadata=MetadataPolicy.STRIP))
        assert (result.width, result.height) == (240, 320)
        kept = read_embedded(result.data)
        assert (kept.exif, kept.xmp, kept.icc) == ((), (), images.wide_profile())
        assert full_score(shown(given.data)[..., :3].copy(), shown(result.data)[..., :3].copy()) >= 68

    def test_a_jpeg_is_not_turned_without_loss(self) -> None:
        given = source(ImageType.JPEG, photo())
        result = refused(given.data, Recipe(floor=None, metadata=MetadataPolicy.STRIP))
        assert result.reason is Reason.CANNOT_CONVERT

    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_metadata_goes_even_where_nothing_else_is_gained(
        self, kind: ImageType, policy: MetadataPolicy
    ) -> None:
        tiny = source(kind, photo(24, 16), turned=1).data
        result = made(tiny, Recipe(floor=None, metadata=policy))
        assert len(result.data) <= len(tiny)
        assert not any(secret in result.data for secret in SECRETS)
        assert np.array_equal(shown(result.data), shown(tiny))

    def test_nothing_to_take_away_is_no_result(self) -> None:
        tiny = pngs.png(pngs.samples(0, 8, 4, 4), 0, 8, level=9)
        assert refused(tiny, Recipe(metadata=MetadataPolicy.SHARE)).reason is Reason.SAVES_TOO_LITTLE

    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    def test_a_converted_picture_is_scrubbed_too(self, policy: MetadataPolicy) -> None:
        given = source(ImageType.PNG, photo())
        result = made(given.data, Recipe(floor=70.0, convert_to=ImageType.JPEG, metadata=policy))
        assert not any(secret in result.data for secret in SECRETS)
        kept = read_embedded(result.data)
        assert kept.icc == images.wide_profile()
        assert bool(kept.exif) == (policy is MetadataPolicy.SHARE)

    def test_a_broken_file_stays_as_it_is(self) -> None:
        data = source(ImageType.PNG, photo()).data[:-30]
        assert refused(data, Recipe(metadata=MetadataPolicy.SHARE)).reason is Reason.BROKEN
