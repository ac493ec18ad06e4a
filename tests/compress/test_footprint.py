"""The memory that a picture takes, computed from its header."""

import pytest

from homepress.base.formats import ImageType
from homepress.compress import MetadataPolicy, Recipe
from homepress.compress.footprint import BASE_BYTES, PictureHeader, bytes_to_compress, bytes_to_look_at

TARGETS = (ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.AVIF, ImageType.JXL)
GIB = 1 << 30


def picture(megapixels: float, kind: ImageType = ImageType.JPEG, file_bytes: int = 0) -> PictureHeader:
    edge = round((megapixels * 1e6) ** 0.5)
    return PictureHeader(kind, edge, edge, file_bytes)


def test_photographs_of_most_cameras_need_no_more_than_workers_have() -> None:
    for target in TARGETS:
        assert bytes_to_compress(picture(20, file_bytes=8_000_000), Recipe(convert_to=target)) < 2 * GIB
    assert bytes_to_compress(picture(50, file_bytes=25_000_000), Recipe()) < 2 * GIB


@pytest.mark.parametrize("target", TARGETS)
def test_more_pixels_need_more(target: ImageType) -> None:
    recipe = Recipe(convert_to=target)
    needed = [bytes_to_compress(picture(size), recipe) for size in (1, 7, 9, 24, 50, 100, 150)]
    assert needed == sorted(set(needed)) or needed[1] == needed[2], needed
    assert needed[-1] > 10 * needed[0] - 9 * BASE_BYTES


def test_a_large_jpeg_in_place_needs_less_for_each_pixel() -> None:
    """It is looked at in bands; never does it need less than a smaller one."""
    needed = {size: bytes_to_compress(picture(size), Recipe()) for size in (8, 17.9, 18.1, 24, 36, 100)}
    assert list(needed.values()) == sorted(needed.values())
    of_24 = needed[24] - BASE_BYTES
    assert 24_000_000 * 11.5 < of_24 < 24_000_000 * 20, "7.2 to 11.5 bytes a pixel were measured"
    assert needed[100] - BASE_BYTES < 100_000_000 * 14
    inks = PictureHeader(ImageType.JPEG, 6000, 4000, 0, inks=True)
    assert bytes_to_compress(inks, Recipe()) - BASE_BYTES > 24_000_000 * 18, "these are decoded whole"


def test_formats_differ() -> None:
    needed = {target: bytes_to_compress(picture(50), Recipe(convert_to=target)) for target in TARGETS}
    assert needed[ImageType.JPEG] < needed[ImageType.WEBP] < needed[ImageType.AVIF]


def test_150_megapixels_fit_into_the_half_of_32_gigabytes() -> None:
    for target in TARGETS:
        assert bytes_to_compress(picture(150), Recipe(convert_to=target)) < 16 * GIB


def test_a_picture_that_is_made_smaller_needs_less_to_be_written() -> None:
    whole = bytes_to_compress(picture(100), Recipe(convert_to=ImageType.AVIF))
    small = bytes_to_compress(picture(100), Recipe(convert_to=ImageType.AVIF, max_edge=2048))
    assert small < whole / 2
    no_smaller = bytes_to_compress(picture(100), Recipe(convert_to=ImageType.AVIF, max_edge=20_000))
    assert no_smaller == whole


def test_16_bits_that_may_stay_need_more_than_8() -> None:
    recipe = Recipe(convert_to=ImageType.PNG, max_edge=1000)
    shallow, deep = (
        bytes_to_compress(picture(24, kind), recipe) for kind in (ImageType.WEBP, ImageType.TIFF)
    )
    assert deep > shallow + 24_000_000 * 8


def test_what_is_left_alone_needs_nothing_but_its_bytes() -> None:
    left = bytes_to_compress(picture(100, ImageType.HEIC, 1_000_000), Recipe())
    assert left < BASE_BYTES + 20_000_000
    scrubbed = Recipe(metadata=MetadataPolicy.STRIP)
    assert bytes_to_compress(picture(100, ImageType.JPEG), scrubbed) > left


@pytest.mark.parametrize("edges", [(60_000, 60_000), (1 << 31, 1 << 31), (200_000_001, 1)])
def test_what_is_refused_for_its_size_gets_no_memory_for_it(edges: tuple[int, int]) -> None:
    """It is never decoded, whatever its header claims."""
    claimed = PictureHeader(ImageType.PNG, *edges, 100)
    assert bytes_to_compress(claimed, Recipe(convert_to=ImageType.AVIF)) < BASE_BYTES + 2000
    assert bytes_to_look_at(claimed, claimed) < BASE_BYTES + 2000


def test_the_more_detail_a_jpeg_has_the_more_it_needs() -> None:
    smooth, noisy = (
        bytes_to_compress(picture(12, file_bytes=size), Recipe()) for size in (10**6, 22 * 10**6)
    )
    assert noisy - smooth > 12_000_000 * 20, "it was measured"
    plain = PictureHeader(ImageType.TIFF, 4000, 3000, 36_000_000)
    assert bytes_to_look_at(plain) < BASE_BYTES + 12_000_000 * 40, "a file that is not coded is no sign of it"


def test_both_pictures_of_a_comparison_count() -> None:
    one, two = picture(50), picture(20, ImageType.AVIF)
    assert bytes_to_look_at(one) < bytes_to_look_at(one, two)
