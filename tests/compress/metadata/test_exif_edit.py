"""Changes to an Exif block: only what was meant changes, nothing moves, thumbnails go altogether."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from compress.metadata.exif_builder import exif_block
from homepress.compress.metadata.exif import orientation, with_size, without_orientation, without_thumbnail

ORDERS = ["<", ">"]
THUMBNAIL = b"THUMBNAIL"


def tags(block: bytes) -> dict[int, object]:
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + block)
    found = dict(exif)
    for child in (0x8769, 0x8825):
        found |= {(child << 16) + tag: value for tag, value in exif.get_ifd(child).items()}
    return {tag: value for tag, value in found.items() if tag not in (0x8769, 0x8825)}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("turned", [1, 3, 6, 8])
def test_the_orientation_goes_and_all_else_stays(order: str, turned: int) -> None:
    block = exif_block(order, orientation=turned)
    after = without_orientation(block)
    expected = tags(block)
    assert expected.pop(0x0112) == turned
    assert tags(after) == expected
    assert orientation(after) == 1
    assert without_orientation(after) == after


@pytest.mark.parametrize("turns", [(6, 6), (1, 8), (3, 1, 6)])
def test_no_second_orientation_is_left_to_turn_it_again(turns: tuple[int, ...]) -> None:
    """Found by the fuzzer: a picture that was turned upright would have been shown lying on its side."""
    entries = b"".join(b"\x12\x01\x03\0\1\0\0\0" + bytes((turn, 0, 0, 0)) for turn in turns)
    other = b"\x0f\x01\x02\0\4\0\0\0abc\0"
    block = b"II*\0\x08\0\0\0" + bytes((len(turns) + 1, 0)) + entries + other + bytes(4)
    after = without_orientation(block)
    assert orientation(after) == 1
    assert tags(after) == {0x010F: "abc"}


@pytest.mark.parametrize("order", ORDERS)
def test_only_a_turned_picture_loses_its_thumbnail(order: str) -> None:
    assert THUMBNAIL in without_orientation(exif_block(order, orientation=1))
    assert THUMBNAIL not in without_orientation(exif_block(order, orientation=6))


@pytest.mark.parametrize("order", ORDERS)
def test_nothing_moves(order: str) -> None:
    block = exif_block(order)
    for edit in (without_orientation, without_thumbnail, lambda each: with_size(each, 7, 5)):
        after = edit(block)
        note = b"maker's blob"
        assert after.index(note) == block.index(note)
        assert len(after) <= len(block)


@pytest.mark.parametrize("order", ORDERS)
def test_the_thumbnail_goes_with_its_directory(order: str) -> None:
    block = exif_block(order)
    after = without_thumbnail(block)
    assert THUMBNAIL in block
    assert THUMBNAIL not in after
    assert tags(after) == tags(block)
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + after)
    assert not exif.get_ifd(1)
    assert without_thumbnail(after) == after


@pytest.mark.parametrize("kind", [3, 4])
def test_the_size_is_put_right_where_it_is_told(kind: int) -> None:
    exif = Image.Exif()
    exif[0x0100], exif[0x0101] = 4000, 3000
    exif.get_ifd(0x8769).update({0xA002: 4000 if kind == 3 else 400_000, 0xA003: 3000, 0x829A: 0.5})
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    after = tags(with_size(block, 800, 600))
    assert (after[0x0100], after[0x0101]) == (800, 600)
    assert (after[(0x8769 << 16) + 0xA002], after[(0x8769 << 16) + 0xA003]) == (800, 600)
    assert after[(0x8769 << 16) + 0x829A] == 0.5


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_handed_back_or_edited_but_never_longer(body: bytes, little: bool) -> None:
    block = (b"II*\0\x08\0\0\0" if little else b"MM\0*\0\0\0\x08") + body
    for edit in (without_orientation, without_thumbnail, lambda each: with_size(each, 7, 5)):
        assert len(edit(block)) <= len(block)


def test_no_exif_block_at_all_is_handed_back() -> None:
    for edit in (without_orientation, without_thumbnail, lambda each: with_size(each, 7, 5)):
        assert edit(b"") == b""
        assert edit(b"nothing like it") == b"nothing like it"


def test_pillow_still_reads_an_edited_block_in_a_picture() -> None:
    block = without_orientation(exif_block("<", orientation=8))
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=b"Exif\0\0" + block)
    with Image.open(io.BytesIO(out.getvalue())) as image:
        assert 0x0112 not in image.getexif()
