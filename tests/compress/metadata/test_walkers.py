"""The chunk, block and box walkers of PNG, WebP, GIF and ISO base media files."""

import io

import pytest
from PIL import Image

from compress.metadata.jpeg_builder import box
from homepress.compress.metadata import Malformed
from homepress.compress.metadata.gif import GifBlockKind, read_gif
from homepress.compress.metadata.isobmff import find_boxes, read_boxes
from homepress.compress.metadata.png import SIGNATURE, chunk_bytes, read_chunks
from homepress.compress.metadata.webp import read_webp, write_webp


def saved(kind: str, *, frames: int = 1, **options: object) -> bytes:
    out = io.BytesIO()
    images = [Image.effect_noise((20, 12), 10 + index).convert("RGB") for index in range(frames)]
    more = {"save_all": True, "append_images": images[1:], "duration": 80, "loop": 3} if frames > 1 else {}
    images[0].save(out, kind, **more, **options)
    return out.getvalue()


FILES = {
    "png": (read_chunks, saved("PNG")),
    "apng": (read_chunks, saved("PNG", frames=3)),
    "webp": (read_webp, saved("WEBP")),
    "lossless webp": (read_webp, saved("WEBP", lossless=True, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")),
    "animated webp": (read_webp, saved("WEBP", frames=3)),
    "gif": (read_gif, saved("GIF")),
    "animated gif": (read_gif, saved("GIF", frames=3)),
}


@pytest.mark.parametrize("name", FILES)
def test_every_truncation_is_told(name: str) -> None:
    read, data = FILES[name]
    read(data)
    for end in range(0, len(data) - 1, 5):
        with pytest.raises(Malformed):
            read(data[:end])


def test_png_chunks_are_found_with_their_places() -> None:
    data = FILES["apng"][1]
    found = read_chunks(data)
    assert [chunk.kind for chunk in found.chunks if chunk.kind in (b"IHDR", b"acTL", b"IEND")] == [
        b"IHDR",
        b"acTL",
        b"IEND",
    ]
    assert sum(chunk.kind == b"fcTL" for chunk in found.chunks) == 3
    assert all(data[chunk.start : chunk.end] == chunk_bytes(chunk.kind, chunk.body) for chunk in found.chunks)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:], "check sum"),
        (lambda data: data[:12] + b"IH1R" + data[16:], "chunk header"),
        (lambda data: SIGNATURE + chunk_bytes(b"gAMA", b"") + data[8:], "IHDR"),
        (lambda data: data[:33] + data[8:33] + data[33:], "IHDR"),
        (lambda data: data[:33] + b"\xff\xff\xff\xff" + data[37:], "chunk header"),
    ],
)
def test_broken_pngs_are_named(change: object, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        read_chunks(change(FILES["png"][1]))  # type: ignore[operator]  # a function from the table above


@pytest.mark.parametrize("name", ["webp", "lossless webp", "animated webp"])
def test_webp_chunks_make_the_same_file_again(name: str) -> None:
    data = FILES[name][1]
    file = read_webp(data)
    assert write_webp(((chunk.kind, chunk.body) for chunk in file.chunks), file.trailing) == data
    assert all(data[chunk.start + 8 :].startswith(chunk.body) for chunk in file.chunks)


def test_webp_flags() -> None:
    assert read_webp(FILES["webp"][1]).flags == 0
    assert read_webp(FILES["lossless webp"][1]).flags & 0x08
    assert read_webp(FILES["animated webp"][1]).flags & 0x02


@pytest.mark.parametrize(
    "data",
    [
        b"RIFF\x04\0\0\0WAVE",
        b"RIFF\x04\0\0\0WEBP",
        b"RIFF\x0c\0\0\0WEBPEXIF\0\0\0\0",
        b"RIFF\x0e\0\0\0WEBPVP8 \xff\0\0\0ab",
        write_webp([(b"VP8 ", b"x"), (b"VP8X", bytes(10))]),
        write_webp([(b"VP8X", bytes(9)), (b"VP8 ", b"x")]),
    ],
)
def test_broken_webps_are_told(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_webp(data)


def test_gif_blocks() -> None:
    file = read_gif(FILES["animated gif"][1])
    kinds = [block.kind for block in file.blocks]
    assert kinds.count(GifBlockKind.IMAGE) == 3
    assert kinds.count(GifBlockKind.GRAPHIC_CONTROL) == 3
    loop = next(block for block in file.blocks if block.application == b"NETSCAPE2.0")
    assert file.sub_blocks(loop) == b"\1\3\0"
    assert (file.width, file.height, file.end) == (20, 12, len(file.data))


def test_gif_blocks_follow_each_other_without_a_gap() -> None:
    file = read_gif(FILES["animated gif"][1] + b"behind")
    places = [file.blocks_start, *(block.end for block in file.blocks)]
    assert places == [*(block.start for block in file.blocks), file.end - 1]
    assert file.data[file.end :] == b"behind"


def test_gif_extras_are_what_is_no_picture() -> None:
    data = saved("GIF", frames=2, comment=b"a remark")
    assert read_gif(data).extras == (b"\x21\xfe\x08a remark\0",)


def test_boxes() -> None:
    wide = b"\0\0\0\1wide" + (20).to_bytes(8, "big") + b"abcd"
    data = (
        box(b"ftyp", b"isom")
        + wide
        + box(b"moov", box(b"udta", b"x") + box(b"trak", b""))
        + b"\0\0\0\0mdatrest"
    )
    assert [found.kind for found in read_boxes(data)] == [b"ftyp", b"wide", b"moov", b"mdat"]
    assert read_boxes(data)[1].content(data) == b"abcd"
    assert read_boxes(data)[3].content(data) == b"rest"
    assert [found.content(data) for found in find_boxes(data, (b"moov", b"udta"))] == [b"x"]


@pytest.mark.parametrize(
    "data",
    [b"\0\0\0\7free", b"\0\0\0\x10free", b"\0\0\0\1free\0\0\0\0\0\0\0\x08", b"\0\0\0\1free", b"abc"],
)
def test_broken_boxes_are_told(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_boxes(data)


def test_a_meta_box_is_read_both_ways() -> None:
    full = box(b"meta", bytes(4) + box(b"hdlr", b"") + box(b"ilst", b"1"))
    plain = box(b"meta", box(b"hdlr", b"") + box(b"ilst", b"2"))
    contents = [
        found.content(data) for data in (full, plain) for found in find_boxes(data, (b"meta", b"ilst"))
    ]
    assert contents == [b"1", b"2"]
