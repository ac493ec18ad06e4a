"""What identifies a picture: its coded image, whatever is written about it, and nothing of a hostile file."""

import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from homepress.base.image_data import BytesContent, FileContent, image_digest


def digest(data: bytes) -> str:
    return image_digest(BytesContent(data))


def image(seed: int = 0) -> Image.Image:
    size = (64, 48)
    grain = Image.effect_noise(size, 90).convert("RGB")
    return Image.blend(grain, Image.new("RGB", size, (seed * 40 % 256, 90, 30)), 0.5)


PICTURE = image()


def saved(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    PICTURE.save(buffer, kind, **options)
    return buffer.getvalue()


def exif(text: str) -> bytes:
    tags = Image.Exif()
    tags[0x010E] = text
    return tags.tobytes()


def text(value: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", value)
    return info


def frames(count: int) -> list[Image.Image]:
    return [image(n) for n in range(count)]


FRAMES = frames(3)


TAGGED: dict[str, Callable[[str], bytes]] = {
    "jpeg": lambda said: saved("JPEG", exif=exif(said), comment=said.encode()),
    "progressive": lambda said: saved("JPEG", exif=exif(said), progressive=True),
    "restarts": lambda said: saved("JPEG", exif=exif(said), restart_marker_blocks=1),
    "png": lambda said: saved("PNG", pnginfo=text(said), exif=exif(said)),
    "apng": lambda said: saved("PNG", pnginfo=text(said), save_all=True, append_images=FRAMES),
    "webp": lambda said: saved("WEBP", exif=exif(said)),
    "webp lossless": lambda said: saved("WEBP", lossless=True, exif=exif(said)),
    "webp animated": lambda said: saved("WEBP", save_all=True, append_images=FRAMES, exif=exif(said)),
    "gif": lambda said: saved("GIF", comment=said.encode()),
    "gif animated": lambda said: saved("GIF", comment=said.encode(), save_all=True, append_images=FRAMES),
}


@pytest.mark.parametrize("kind", TAGGED)
def test_other_metadata_are_the_same_picture_and_other_pixels_are_another(kind: str) -> None:
    one, other = TAGGED[kind]("a"), TAGGED[kind]("b, which is longer" * 20)
    assert one != other
    assert digest(one) == digest(other)
    # Any byte of the last quarter but the end's own is part of the image: of none of these is it metadata.
    changed = bytearray(one)
    place = one.rindex(b"\xff\xd9") if one.startswith(b"\xff\xd8") else len(one) * 3 // 4
    if kind.startswith("webp"):
        place = one.rindex(b"VP8" if "animated" not in kind else b"ANMF") + 60
    changed[place - 10] ^= 1
    assert digest(bytes(changed)) != digest(one)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("kind", ["jpeg", "progressive", "png", "webp", "gif"])
def test_what_a_photo_manager_writes_makes_no_other_picture(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{'jpg' if kind == 'progressive' else kind}"
    path.write_bytes(TAGGED[kind]("a"))
    before = path.read_bytes()
    for tags in (["-XMP:Rating=5"], ["-XMP:Subject=sea"], ["-EXIF:Artist=me", "-IPTC:Keywords=x"], ["-all="]):
        if kind == "gif" and tags[0].startswith("-EXIF"):
            continue
        subprocess.run(["exiftool", "-q", "-m", "-overwrite_original", *tags, path], check=True)
        assert path.read_bytes() != before
        assert digest(path.read_bytes()) == digest(before), tags


def test_cutting_the_data_of_a_png_otherwise_makes_no_other_picture() -> None:
    data = saved("PNG")
    at = data.index(b"IDAT") - 4
    length = int.from_bytes(data[at : at + 4], "big")
    body = data[at + 8 : at + 8 + length]

    def chunk(part: bytes) -> bytes:
        return len(part).to_bytes(4, "big") + b"IDAT" + part + bytes(4)

    split = data[:at] + chunk(body[:100]) + chunk(body[100:]) + data[at + 12 + length :]
    assert digest(split) == digest(data)


def test_equal_bytes_in_other_formats_or_places_are_other_pictures() -> None:
    assert len({digest(make("a")) for make in TAGGED.values()}) == len(TAGGED)
    assert digest(b"") == digest(b"")
    assert digest(b"text") != digest(b"other text")


def test_what_does_not_add_up_is_hashed_whole() -> None:
    data = saved("JPEG")
    cut = data[: len(data) // 2]
    assert digest(cut) != digest(cut + b"\0")
    headers = b"\xff\xd8\xff\xe0\x00\x04xx\xff\xd9"
    assert digest(headers) != digest(headers.replace(b"x", b"y")), "there is no image in it"


def test_trailers_after_a_jpeg_are_not_the_picture() -> None:
    data = saved("JPEG")
    assert digest(data + b"a maker's trailer") == digest(data)


pieces = st.sampled_from(
    [
        b"\xff\xd8\xff\xe0\x00\x04ab",
        b"\xff\xda\x00\x02",
        b"\xff\xd9",
        b"\xff\xff",
        b"\xff\x00",
        b"\xff\xd0",
        b"\xff\xfe\x00\x00",
        b"\x89PNG\r\n\x1a\n",
        b"\x00\x00\x00\x04IDAT12345678",
        b"\xff\xff\xff\xffIDAT",
        b"\x00\x00\x00\x00IEND1234",
        b"RIFF\x20\x00\x00\x00WEBP",
        b"VP8 \xff\xff\xff\xff",
        b"ANMF\x01\x00\x00\x00x",
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00",
        b"\x21\xfe\x01x\x00",
        b"\x2c",
        b"\x3b",
        b"\x00\x00\x00\x0cJXL \r\n\x87\n",
        b"\x00\x00\x00\x01jxlc\x00\x00\x00\x00\x00\x00\x00\x10",
        b"\x00\x00\x00\x00jxlp",
    ]
)
hostile = st.lists(st.one_of(pieces, st.binary(max_size=40)), max_size=30).map(b"".join)


@given(hostile)
def test_any_bytes_have_a_digest_and_a_file_has_the_same(tmp_path_factory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile"
    path.write_bytes(data)
    read: list[int] = []
    with path.open("rb", buffering=0) as file:
        assert image_digest(FileContent(file.fileno(), len(data), read.append)) == digest(data)
    assert len(digest(data)) == 64


@given(st.sampled_from(sorted(TAGGED)), st.data())
def test_a_damaged_picture_has_a_digest(kind: str, data: st.DataObject) -> None:
    broken = bytearray(TAGGED[kind]("a"))
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    assert digest(bytes(broken[: data.draw(st.integers(0, len(broken)))]))


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00" + b"\x2c" + bytes(9) + b"\x01x" * 2_000_000,
        b"\xff\xd8\xff\xe0\x00\x04ab" + b"\xff\xd0" * 1_000_000,
        b"\xff\xd8\xff\xe0\x00\x04ab" + b"\xff\xff" * 1_000_000,
        b"\xff\xd8\xff\xda\x00\x02" + b"\xff" * 10_000_000,
        b"\xff\xd8" + b"\xff\xda\x00\x02" * 500_000 + b"\xff\xd9",
        b"RIFF\xff\xff\xff\x7fWEBP" + b"VP8 \x00\x00\x00\x00" * 500_000,
        b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x00IDAT1234" * 500_000,
    ],
    ids=["gif", "restarts", "fill", "ones", "scans", "webp", "png"],
)
def test_a_file_made_to_take_long_does_not(data: bytes) -> None:
    """The walk ends after a bounded number of steps, however large the file is: counted, not timed."""

    class Counted(BytesContent):
        reads = 0

        def read(self, at: int, length: int) -> bytes:
            Counted.reads += 1
            assert Counted.reads < 700_000
            return super().read(at, length)

    assert image_digest(Counted(data))


def test_a_file_that_becomes_shorter_is_an_error_and_no_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(saved("TIFF"))
    with path.open("rb", buffering=0) as file:
        content = FileContent(file.fileno(), path.stat().st_size + 100_000)
        with pytest.raises(EOFError):
            image_digest(content)
