"""Another coding for a WebP's picture: what is no picture stays."""

import io
from typing import Any

import pytest
from PIL import Image

from homepress.compress.metadata import Malformed, Refused, RewriteRefusal, read_embedded, swap_webp_picture
from homepress.compress.metadata.webp import ANIMATION, canvas, read_webp, write_webp


def saved(*, mode: str = "RGB", frames: int = 1, size: tuple[int, int] = (33, 20), **options: Any) -> bytes:
    images = [Image.effect_noise(size, 20 + index).convert(mode) for index in range(frames)]
    if mode == "RGBA":
        for image in images:
            image.putalpha(Image.effect_noise(size, 60))
    more = {"save_all": True, "append_images": images[1:], "duration": 70, "loop": 2} if frames > 1 else {}
    out = io.BytesIO()
    images[0].save(out, "WEBP", **more, **options)
    return out.getvalue()


EXIF = b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"
METADATA: dict[str, Any] = {"exif": EXIF, "icc_profile": b"profile", "xmp": b"<x/>"}


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    return [(chunk.kind, chunk.body) for chunk in read_webp(data).chunks]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("metadata", [{}, METADATA], ids=["bare", "full"])
def test_the_picture_is_the_new_one(mode: str, frames: int, lossless: bool, metadata: dict[str, Any]) -> None:
    original = saved(mode=mode, frames=frames, quality=90, **metadata)
    new = saved(mode=mode, frames=frames, lossless=lossless, quality=30)
    result = swap_webp_picture(original, new)
    with Image.open(io.BytesIO(result)) as image, Image.open(io.BytesIO(new)) as wanted:
        assert getattr(image, "n_frames", 1) == frames
        for frame in range(frames):
            image.seek(frame)
            wanted.seek(frame)
            assert image.tobytes() == wanted.tobytes()
            assert image.mode == wanted.mode
    assert read_embedded(result) == read_embedded(original)
    assert bool(read_webp(result).flags & ANIMATION) == (frames > 1)


def test_unknown_chunks_and_what_follows_stay() -> None:
    original = write_webp([*chunks(saved(**METADATA)), (b"vend", b"12345")], b"behind")
    result = swap_webp_picture(original, saved(quality=10))
    assert (b"vend", b"12345") in chunks(result)
    assert result.endswith(b"behind")


def test_metadata_of_the_new_file_does_not_come_along() -> None:
    new = saved(quality=10, **METADATA)
    assert chunks(swap_webp_picture(saved(), new)) == [pair for pair in chunks(new) if pair[0] == b"VP8 "]


def test_a_coding_of_something_else_is_refused() -> None:
    for other in (saved(size=(20, 33)), saved(frames=2)):
        with pytest.raises(Refused) as caught:
            swap_webp_picture(saved(), other)
        assert caught.value.code is RewriteRefusal.FRAME_DIFFERS


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"mode": "RGBA"}, {"frames": 2}, METADATA])
def test_canvas(options: dict[str, Any]) -> None:
    assert canvas(read_webp(saved(size=(301, 17), **options))) == (301, 17)


def test_a_picture_without_a_header_is_malformed() -> None:
    with pytest.raises(Malformed):
        canvas(read_webp(write_webp([(b"VP8 ", b"x")])))
