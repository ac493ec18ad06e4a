"""The dispatcher: every input ends in a result or a reason."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compress.images import jpeg, photo
from homepress.base.formats import ImageType
from homepress.compress import Compressed, MetadataPolicy, Reason, Recipe, Unchanged, compress
from homepress.compress.model import needs_conversion
from homepress.compress.savings import saves_enough


def test_unknown_bytes_are_no_image() -> None:
    assert compress(b"hello", Recipe()) == Unchanged(Reason.NOT_AN_IMAGE)
    empty = compress(b"", Recipe())
    assert isinstance(empty, Unchanged)
    assert (empty.reason, str(empty)) == (Reason.NOT_AN_IMAGE, "it is empty")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"II*\0", ImageType.TIFF),
        (b"BM", ImageType.BMP),
        (b"\xff\x0a", ImageType.JXL),
    ],
)
def test_other_formats_are_left_alone(head: bytes, kind: ImageType) -> None:
    result = compress(head + bytes(100), Recipe())
    assert result == Unchanged(Reason.FORMAT_LEFT_ALONE, source_type=kind)


@pytest.mark.parametrize("recipe", [Recipe(), Recipe(max_edge=100), Recipe(fit_under=1000)])
def test_what_no_folder_can_convert_is_not_said_to_wait_for_that(recipe: Recipe) -> None:
    result = compress(b"<svg" + bytes(100), recipe)
    assert result == Unchanged(Reason.FORMAT_NEVER_TOUCHED, source_type=ImageType.SVG)
    assert "converts" not in str(result)


@given(st.binary(max_size=300))
def test_rubbish_behind_a_jpeg_signature_is_broken(rubbish: bytes) -> None:
    result = compress(b"\xff\xd8\xff" + rubbish, Recipe())
    assert isinstance(result, Unchanged)


@pytest.mark.parametrize(
    ("recipe", "converts"),
    [
        (Recipe(), False),
        (Recipe(floor=None), False),
        (Recipe(convert_to=ImageType.JPEG), False),
        (Recipe(convert_to=ImageType.PNG), True),
        (Recipe(max_edge=100), True),
        (Recipe(fit_under=1000), True),
        (Recipe(metadata=MetadataPolicy.SHARE), True),
    ],
)
def test_what_asks_for_more_than_fewer_bytes(recipe: Recipe, converts: bool) -> None:
    assert needs_conversion(ImageType.JPEG, recipe) is converts


@pytest.mark.parametrize(
    ("before", "after", "lossless", "enough"),
    [
        (1_000_000, 900_000, False, True),
        (1_000_000, 900_001, False, False),
        (50_000, 42_000, False, True),
        (50_000, 42_001, False, False),
        (1_000_000, 980_000, True, True),
        (1_000_000, 980_001, True, False),
        (20_000, 19_000, True, True),
        (20_000, 19_001, True, False),
    ],
)
def test_minimum_saving(before: int, after: int, lossless: bool, enough: bool) -> None:
    assert saves_enough(before, after, lossless=lossless) is enough


def test_importing_the_room_loads_no_codec() -> None:
    code = "import sys, homepress.compress; sys.exit(any(m in sys.modules for m in ('numpy', 'PIL')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_same_bytes_and_recipe_same_result() -> None:
    source = jpeg(photo(640, 480), 96)
    first, second = compress(source, Recipe()), compress(source, Recipe())
    assert isinstance(first, Compressed)
    assert first == second
