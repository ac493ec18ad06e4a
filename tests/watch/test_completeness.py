"""Whether a file is whole, by its own structure."""

import io
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.watch.completeness import ZEROS, Completeness, Verdict, judge
from watch.harness import picture

BINARY = getattr(os, "O_BINARY", 0)
"""Windows reads line ends into bytes that are opened without."""

BIG = (160, 120)
FORMATS: dict[str, bytes] = {
    "jpeg": picture("JPEG", size=BIG),
    "progressive": picture("JPEG", size=BIG, progressive=True),
    "png": picture("PNG", size=BIG),
    "gif": picture("GIF", size=BIG),
    "webp": picture("WEBP", size=BIG),
    "lossless webp": picture("WEBP", size=BIG, lossless=True),
    "tiff": picture("TIFF", size=BIG),
    "packed tiff": picture("TIFF", size=BIG, compression="tiff_lzw"),
    "bmp": picture("BMP", size=BIG),
    "avif": picture("AVIF", size=BIG),
}


def test_every_format_has_a_sample_or_a_test_of_its_own() -> None:
    sampled = {sniff(data[:SNIFF_BYTES]) for data in FORMATS.values()}
    assert sampled | {ImageType.HEIC, ImageType.JXL, ImageType.SVG} == set(ImageType)


def verdict(data: bytes, path: Path) -> Verdict:
    path.write_bytes(data)
    return judged(path)


def judged(path: Path) -> Verdict:
    fd = os.open(path, os.O_RDONLY | BINARY)
    try:
        return judge(fd, path.stat().st_size)
    finally:
        os.close(fd)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "picture"


@pytest.mark.parametrize("name", FORMATS)
def test_a_finished_picture_is_whole(name: str, file: Path) -> None:
    assert verdict(FORMATS[name], file) == Verdict(Completeness.WHOLE)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("cut", ["1", "2", "12", "1%", "50%", "99%", "to 20"])
def test_a_cut_picture_is_not(name: str, cut: str, file: Path) -> None:
    data = FORMATS[name]
    if cut == "to 20":
        left = 20
    elif cut.endswith("%"):
        left = len(data) - max(1, len(data) * int(cut[:-1]) // 100)
    else:
        left = len(data) - int(cut)
    seen = verdict(data[:left], file)
    assert seen.completeness in (Completeness.CUT, Completeness.NO_IMAGE)
    assert seen.detail


@pytest.mark.parametrize("name", FORMATS)
def test_a_picture_whose_end_is_zeros_is_not_whole(name: str, file: Path) -> None:
    data = FORMATS[name]
    for zeros in (ZEROS, len(data) // 2):
        seen = verdict(data[:-zeros] + bytes(zeros), file)
        # In TIFF and BMP pixels may well be zeros: time has to tell.
        expected = Completeness.DOUBTFUL if name == "bmp" or "tiff" in name else Completeness.CUT
        assert seen.completeness in (expected, Completeness.CUT)


@pytest.mark.parametrize("name", FORMATS)
def test_a_hole_in_the_middle_is_doubtful(name: str, file: Path) -> None:
    data = picture(FORMAT_WORDS[name], size=(300, 300))
    with file.open("wb") as out:
        out.truncate(len(data))
        middle = len(data) // 2
        out.write(data[: middle // ZEROS * ZEROS])
        out.seek((middle // ZEROS + 2) * ZEROS)
        out.write(data[(middle // ZEROS + 2) * ZEROS :])
    assert judged(file).completeness in (Completeness.DOUBTFUL, Completeness.CUT)


FORMAT_WORDS = {name: name.split()[-1].upper().replace("PROGRESSIVE", "JPEG") for name in FORMATS}


@pytest.mark.posix("posix_fallocate")
@pytest.mark.parametrize("name", FORMATS)
def test_preallocated_space_without_content_is_not_whole(name: str, file: Path) -> None:
    with file.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, len(FORMATS[name]))
    assert judged(file) == Verdict(Completeness.CUT, "it has room on the disk but no content yet")


def test_zeros_that_a_program_wrote_are_found_by_samples(file: Path) -> None:
    data = picture("JPEG", size=(300, 300))
    assert len(data) > 8 * ZEROS
    third = len(data) // 3
    assert (
        verdict(data[:third] + bytes(third) + data[2 * third :], file).completeness is Completeness.DOUBTFUL
    )


@pytest.mark.parametrize("tail", [b"\0", b"\n", b"maker's trailer" * 20, b"{" + b"x" * 500 + b"}"])
@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "gif"])
def test_other_data_after_the_end_is_legitimate(name: str, tail: bytes, file: Path) -> None:
    assert verdict(FORMATS[name] + tail, file) == Verdict(Completeness.WHOLE)


def test_long_zeros_after_the_end_of_a_jpeg_take_longer(file: Path) -> None:
    seen = verdict(FORMATS["jpeg"] + bytes(2 * ZEROS), file)
    assert seen.completeness is Completeness.DOUBTFUL
    assert "zeros" in seen.detail


def test_a_thumbnail_does_not_end_a_jpeg(file: Path) -> None:
    thumbnail = picture("JPEG", size=(32, 24))
    data = FORMATS["jpeg"]
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    whole = data[:2] + segment + data[2:]
    assert verdict(whole, file).completeness is Completeness.WHOLE
    # Cut right behind the thumbnail's end marker: the last two bytes are FF D9.
    cut = whole[: 2 + len(segment)]
    assert cut.endswith(b"\xff\xd9")
    assert verdict(cut, file).completeness is Completeness.CUT


def mpo() -> bytes:
    pictures = [Image.effect_noise(BIG, 50).convert("RGB") for _ in range(3)]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "MPO", save_all=True, append_images=pictures[1:])
    return buffer.getvalue()


def test_the_further_pictures_of_a_jpeg_are_waited_for(file: Path) -> None:
    data = mpo()
    assert verdict(data, file).completeness is Completeness.WHOLE
    second = data.index(b"\xff\xd8\xff", len(data) // 4)
    assert verdict(data[:-1], file).completeness is Completeness.CUT
    assert verdict(data[: second + 500], file).completeness is Completeness.CUT
    # Cut exactly between two pictures: only the index knows, and an index may be stale.
    seen = verdict(data[:second], file)
    assert seen.completeness is Completeness.DOUBTFUL
    assert "further picture" in seen.detail


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def test_the_video_of_a_motion_photo_is_waited_for(file: Path) -> None:
    video = box(b"ftyp", b"mp42\0\0\0\0isom") + box(b"mdat", os.urandom(9000)) + box(b"moov", os.urandom(300))
    data = FORMATS["jpeg"] + video
    assert verdict(data, file).completeness is Completeness.WHOLE
    for left in (len(data) - 1, len(data) - 299, len(FORMATS["jpeg"]) + 40):
        assert verdict(data[:left], file).completeness is Completeness.CUT
    samsung = FORMATS["jpeg"] + b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + video
    assert verdict(samsung, file).completeness is Completeness.CUT
    assert verdict(samsung + b"SEFH....SEFT", file).completeness is Completeness.WHOLE


def test_formats_that_do_not_tell_their_end_are_endless(file: Path) -> None:
    """Decoding tells: a minute of quiet would add nothing."""
    assert verdict(b"\xff\x0a" + os.urandom(3000), file).completeness is Completeness.ENDLESS
    open_end = box(b"ftyp", b"avif\0\0\0\0avifmif1") + b"\0\0\0\0mdat" + os.urandom(500)
    assert verdict(open_end, file).completeness is Completeness.ENDLESS
    large = box(b"ftyp", b"avif\0\0\0\0avifmif1") + b"\0\0\0\1mdat" + struct.pack(">Q", 516) + os.urandom(500)
    assert verdict(large, file).completeness is Completeness.WHOLE
    assert verdict(large[:-1], file).completeness is Completeness.CUT


def test_svg_and_other_content(file: Path) -> None:
    svg = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><g/></svg>\n'
    assert verdict(svg, file).completeness is Completeness.WHOLE
    assert verdict(svg[:-10], file).completeness is Completeness.DOUBTFUL
    assert verdict(b"this is text, not a picture", file).completeness is Completeness.NO_IMAGE


def test_a_tiff_with_looping_directories_ends(file: Path) -> None:
    loop = b"II*\0" + struct.pack("<IHI", 8, 0, 8)
    assert verdict(loop, file).completeness is Completeness.DOUBTFUL


@pytest.mark.slow
@given(
    name=st.sampled_from(sorted(FORMATS)),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=20),
    left=st.floats(0, 1),
)
def test_damaged_files_are_judged_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, edits: list[tuple[float, int]], left: float
) -> None:
    data = bytearray(FORMATS[name])
    for where, value in edits:
        data[int(where * (len(data) - 1))] = value
    file = tmp_path_factory.getbasetemp() / "damaged"
    seen = verdict(bytes(data[: int(left * len(data)) + 1]), file)
    assert isinstance(seen.completeness, Completeness)


def test_a_file_that_shrinks_while_it_is_read(file: Path) -> None:
    file.write_bytes(FORMATS["png"])
    fd = os.open(file, os.O_RDWR | BINARY)
    try:
        size = len(FORMATS["png"])
        os.ftruncate(fd, size // 2)
        assert judge(fd, size).completeness is Completeness.CUT
    finally:
        os.close(fd)


@pytest.mark.corpus
def test_pictures_of_the_corpus_are_whole(corpus_dir: Path) -> None:
    # One has no trailer, the other is an SVG whose prefix hides what it is.
    allowed = {"mdx__adaf0da1764aafb7039440dbe098569b.gif", "resvg__mixed-namespaces.svg"}
    for folder in ("photos-camera", "photos-lossless", "graphics", "metadata", "modern", "animated"):
        for path in sorted((corpus_dir / folder).iterdir()):
            if judged(path).completeness in (Completeness.CUT, Completeness.NO_IMAGE):
                assert path.name in allowed, f"{path}: {judged(path)}"


@pytest.mark.corpus
def test_camera_pictures_of_the_corpus_need_no_longer_wait(corpus_dir: Path) -> None:
    for path in sorted((corpus_dir / "photos-camera").iterdir()):
        assert judged(path) == Verdict(Completeness.WHOLE), path
