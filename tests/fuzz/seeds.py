"""Where fuzzing starts: small files of every kind, made here, and small ones of the corpus where it is."""

import io
import os
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image

from compress.metadata.exif_builder import apple_note, exif_block
from compress.metadata.jpeg_builder import (
    LAYOUTS,
    box,
    picture,
    sef_trailer,
    segment,
    video,
    with_headers,
    xmp_packet,
)
from compress.metadata.private import PRIVATE_XMP, private_headers
from homepress.imagetype import ImageType, sniff
from support import corpus

MOST_BYTES = 20_000


def _image(kind: str, *, frames: int = 1, **options: object) -> bytes:
    images = [Image.new("RGB", (9, 7), (20 * index, 90, 200)) for index in range(frames)]
    more = {"save_all": True, "append_images": images[1:], "loop": 0} if frames > 1 else {}
    out = io.BytesIO()
    images[0].save(out, kind, **more, **options)
    return out.getvalue()


def _jpegs() -> list[bytes]:
    tiny = partial(picture, size=(16, 16))
    coded = [
        tiny(1),
        tiny(1, mode="L"),
        tiny(1, mode="CMYK"),
        tiny(1, progressive=True),
        tiny(1, keep_rgb=True),
    ]
    profile = segment(0xE2, b"ICC_PROFILE\0\1\1profile")
    return [
        *coded,
        *(layout() for layout in LAYOUTS.values()),
        with_headers(tiny(2), [*private_headers(), profile]),
    ]


def _exifs() -> list[bytes]:
    return [exif_block("<"), exif_block(">"), exif_block(maker_note=apple_note()), exif_block(gps=False)]


def _xmps() -> list[bytes]:
    return [xmp_packet(""), xmp_packet(PRIVATE_XMP, attributes=' xmp:Rating="5"'), b"<a/>"]


def _pngs() -> list[bytes]:
    with_exif = _image("PNG", exif=exif_block(), icc_profile=zlib.compress(b"profile"))
    return [_image("PNG"), with_exif, _image("PNG", frames=2)]


def _webps() -> list[bytes]:
    full = _image("WEBP", exif=exif_block(), xmp=xmp_packet(PRIVATE_XMP), icc_profile=b"profile")
    return [_image("WEBP"), _image("WEBP", lossless=True), _image("WEBP", frames=2), full]


def _gifs() -> list[bytes]:
    return [_image("GIF"), _image("GIF", frames=2, comment=b"a comment")]


def _boxes() -> list[bytes]:
    heif = _image("AVIF", exif=exif_block(), xmp=xmp_packet(PRIVATE_XMP), icc_profile=b"profile")
    return [video(), heif, box(b"ftyp", b"isom") + box(b"moov", box(b"meta", bytes(4) + box(b"hdlr", b"")))]


def _trailers() -> list[bytes]:
    return [
        sef_trailer([(0x0A01, b"Image_UTC_Data", b"1700000000000"), (0x0A30, b"MotionPhoto_Data", video())])
    ]


_MADE: dict[str, Callable[[], list[bytes]]] = {
    "jpeg-stream": _jpegs,
    "jpeg-file": _jpegs,
    "jpeg-share": _jpegs,
    "exif": _exifs,
    "xmp": _xmps,
    "png": _pngs,
    "webp": _webps,
    "gif": _gifs,
    "boxes": _boxes,
    "trailer": _trailers,
}

_FROM_CORPUS: dict[str, set[ImageType]] = {
    "jpeg-stream": {ImageType.JPEG},
    "jpeg-file": {ImageType.JPEG},
    "jpeg-share": {ImageType.JPEG},
    "exif": {ImageType.TIFF},
    "png": {ImageType.PNG},
    "webp": {ImageType.WEBP},
    "gif": {ImageType.GIF},
    "boxes": {ImageType.HEIC, ImageType.AVIF, ImageType.JXL},
}


def made(target: str) -> list[bytes]:
    """The seeds of a target that need nothing but this project."""
    return _MADE[target]()


def write_seeds(target: str, folder: Path) -> int:
    """Put the seeds of a target into a folder, small files of the corpus among them; how many."""
    seeds = made(target)
    images = corpus()
    if images is not None:
        for path in sorted(images.glob("*/*")):
            if os.path.getsize(path) <= MOST_BYTES:
                data = path.read_bytes()
                seeds += [data] if sniff(data[:64]) in _FROM_CORPUS.get(target, set()) else []
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:04}").write_bytes(seed)
    return len(seeds)
