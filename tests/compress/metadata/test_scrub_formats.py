"""PNG, WebP and GIF for sharing and stripped; and what an independent reader says of it all."""

import io
import shutil
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from compress import phones, sources
from compress.metadata.exif_builder import SECRETS, apple_note, exif_block
from compress.metadata.jpeg_builder import (
    MPF_HERE,
    build,
    picture,
    with_headers,
    xmp_packet,
)
from compress.metadata.private import PRIVATE_XMP, assert_clean, private_headers
from homepress.base.formats import ImageType
from homepress.compress import Compressed, MetadataPolicy, Recipe, Unchanged, compress
from homepress.compress.metadata import (
    Malformed,
    Refused,
    RewriteRefusal,
    read_embedded,
    share,
    strip,
    swap_primary,
)
from homepress.compress.metadata.heif_parts import HeifItems, heif_extras
from homepress.compress.metadata.png import read_chunks, write_chunks
from homepress.compress.metadata.webp import read_webp, write_webp
from homepress.compress.model import Extra, Reason

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _png() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Jane Owner")
    text.add_text("Software", "Camera")
    text.add_text("Comment", "secret remark", zip=True)
    text.add_itxt("XML:com.adobe.xmp", xmp_packet(PRIVATE_XMP).decode(), zip=True)
    out = io.BytesIO()
    Image.effect_noise((20, 10), 9).save(
        out, "PNG", pnginfo=text, exif=exif_block(), icc_profile=PROFILE, dpi=(72, 72)
    )
    chunks = [(chunk.kind, chunk.body) for chunk in read_chunks(out.getvalue()).chunks]
    block = b"Exif\0\0" + exif_block()
    raw = b"\nexif\n%8d\n%s\n" % (len(block), block.hex().encode())
    chunks[-1:-1] = [(b"tIME", bytes(7)), (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw))]
    return write_chunks(chunks, b"secret remark")


def _webp(**options: object) -> bytes:
    out = io.BytesIO()
    image = Image.effect_noise((20, 10), 9).convert("RGB")
    image.save(out, "WEBP", exif=exif_block(), xmp=xmp_packet(PRIVATE_XMP), icc_profile=PROFILE, **options)
    return write_webp(
        [*((c.kind, c.body) for c in read_webp(out.getvalue()).chunks), (b"vend", b"secret remark")]
    )


def _gif() -> bytes:
    out = io.BytesIO()
    frames = [Image.effect_noise((20, 10), 9 + index) for index in range(3)]
    frames[0].save(
        out, "GIF", save_all=True, append_images=frames[1:], comment=b"secret remark", loop=2, duration=70
    )
    return out.getvalue() + b"secret remark"


@pytest.mark.parametrize(
    "data", [_png(), _webp(), _webp(lossless=True), _gif()], ids=["png", "webp", "vp8l", "gif"]
)
def test_other_formats(data: bytes) -> None:
    shared, stripped = share(data), strip(data)
    with Image.open(io.BytesIO(data)) as source:
        for result in (shared, stripped.data):
            assert_clean(result)
            with Image.open(io.BytesIO(result)) as image:
                assert image.tobytes() == source.tobytes()
                assert image.info.get("icc_profile") == source.info.get("icc_profile")
                assert image.info.get("dpi") == source.info.get("dpi")
                assert getattr(image, "n_frames", 1) == getattr(source, "n_frames", 1)
                assert image.info.get("loop") == source.info.get("loop")
    turned = read_embedded(data).orientation
    assert read_embedded(shared).orientation == stripped.orientation == turned
    assert read_embedded(stripped.data).orientation == 1
    assert share(shared) == shared
    assert not read_embedded(stripped.data).exif


def test_png_keeps_software_and_time_for_sharing() -> None:
    kinds = [chunk.kind for chunk in read_chunks(share(_png())).chunks]
    assert kinds.count(b"tEXt") == 1
    assert b"tIME" in kinds
    assert b"eXIf" in kinds
    kinds = [chunk.kind for chunk in read_chunks(strip(_png()).data).chunks]
    assert set(kinds) == {b"IHDR", b"iCCP", b"pHYs", b"IDAT", b"IEND"}


def test_webp_says_what_is_left() -> None:
    assert read_webp(share(_webp())).flags & 0x2C == 0x2C
    assert read_webp(strip(_webp()).data).flags & 0x2C == 0x20


@pytest.mark.parametrize("kind", ["TIFF", "BMP"])
def test_other_formats_are_refused(kind: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, kind)
    for edit in (share, strip):
        with pytest.raises(Refused) as caught:
            edit(out.getvalue())
        assert caught.value.code is RewriteRefusal.UNSUPPORTED


def test_broken_files_are_malformed() -> None:
    for data in (picture(1)[:-2], _png()[:-60], _webp()[:-60], _gif()[:200]):
        with pytest.raises(Malformed):
            share(data)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_an_independent_reader_finds_nothing_private(tmp_path: Path) -> None:
    second = with_headers(picture(2), private_headers())
    original = build(picture(1), [*private_headers(exif_block(maker_note=apple_note())), MPF_HERE], [second])
    shared = share(original)
    for name, data in (
        ("photo.jpg", shared),
        ("trimmed.jpg", swap_primary(shared, picture(1), trim=True)),
        ("photo.png", share(_png())),
        ("photo.webp", share(_webp())),
    ):
        (tmp_path / name).write_bytes(data)
        command = ["exiftool", "-a", "-G1", "-s", "-ee", "-u", str(tmp_path / name)]
        told = subprocess.run(command, capture_output=True, check=True).stdout.decode(errors="replace")
        assert "Orientation" in told
        assert "Model One" in told
        assert "2024:05:06 07:08:09" in told
        for word in (
            "GPS",
            "Serial",
            "Owner",
            "Artist",
            "Thumbnail",
            "City",
            "UserComment",
            "ThumbnailOffset",
        ):
            assert word not in told.replace("SERIAL", ""), f"{word} in {name}:\n{told}"


class TestBoxes:
    """HEIC, AVIF and JPEG XL: overwritten where it stands."""

    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    @pytest.mark.parametrize("kind", [ImageType.AVIF, ImageType.HEIC])
    def test_no_secret_stays_and_nothing_moves(self, kind: ImageType, policy: MetadataPolicy) -> None:
        if kind is ImageType.HEIC:
            pytest.importorskip("pillow_heif")
        data = sources.source(kind, sources.photo()).data
        assert any(secret in data for secret in SECRETS)
        result = compress(data, Recipe(metadata=policy))
        assert isinstance(result, Compressed), result
        assert result.lossless
        assert len(result.data) == len(data)
        assert not any(secret in result.data for secret in SECRETS)
        assert np.array_equal(sources.shown(result.data), sources.shown(data))
        assert read_embedded(result.data).icc == read_embedded(data).icc is not None
        again = compress(result.data, Recipe(metadata=policy))
        assert isinstance(again, Unchanged)
        assert again.no_private_metadata

    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    def test_a_phones_boxes_go_and_its_gain_map_stays(self, policy: MetadataPolicy) -> None:
        boxes = (phones.built.box(b"sefd", phones.samsung_blocks()), phones.built.box(b"uuid", b"who" * 9))
        data = phones.iso_avif(*boxes)
        result = compress(data, Recipe(metadata=policy))
        assert isinstance(result, Compressed), result
        assert b"Image_UTC_Data" not in result.data
        assert b"whowho" not in result.data
        assert [extra.words for extra in heif_extras(result.data)] == ["an HDR gain map"]

    @pytest.mark.slow
    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    @pytest.mark.parametrize("kind", [ImageType.AVIF, ImageType.HEIC])
    def test_maps_keep_what_their_values_mean(
        self, kind: ImageType, policy: MetadataPolicy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        private = (
            b' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="secret"'
            b' xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="52,3N"'
            b' depthData:Accuracy="relative" apdi:AuxiliaryImageType='
        )
        packet = phones.depth_packet().replace(b" apdi:AuxiliaryImageType=", private)
        if kind is ImageType.HEIC:
            pytest.importorskip("pillow_heif")
            monkeypatch.setattr(phones, "depth_packet", lambda: packet)
            data = phones.iphone_heic()
        else:
            data = phones.portrait_avif(packet=packet)
        result = compress(data, Recipe(metadata=policy))
        assert isinstance(result, Compressed), result
        assert len(result.data) == len(data)
        told = (
            b'apdi:AuxiliaryImageType="disparity"',
            b'apdi:FloatMaxValue="4.5"',
            b'depthData:Accuracy="relative"',
        )
        own = (b'HDRGainMap:HDRGainMapVersion="65536"',) if kind is ImageType.HEIC else ()
        for word in (*told, *own):
            assert word in data and word in result.data
        for word in (b"secret", b"52,3N", b"LensDistortionCenterOffsetX=", b"<rdf:li>301"):
            assert word in data and word not in result.data
        again = compress(result.data, Recipe(metadata=policy))
        assert isinstance(again, Unchanged)
        assert again.no_private_metadata
        as_jpeg = compress(result.data, Recipe(convert_to=ImageType.JPEG, bigger=True))
        assert isinstance(as_jpeg, Compressed), as_jpeg
        assert as_jpeg.dropped == ()

    @pytest.mark.parametrize("about", [[1], [1, 2], []])
    def test_the_picture_s_own_packet_keeps_nothing_of_a_map(self, about: list[int]) -> None:
        data = phones.portrait_avif(packet=phones.depth_packet())
        items = HeifItems(data)
        assert items.describes_maps(3)
        items.references = [one for one in items.references if one[0] != b"cdsc"]
        items.references += [(b"cdsc", 3, about)] if about else []
        assert not items.describes_maps(3)

    @pytest.mark.slow
    def test_a_map_that_another_program_emptied_converts(self) -> None:
        pytest.importorskip("pillow_heif")
        data = phones.iphone_heic()
        start = data.index(b"<x:xmpmeta", data.index(b"Apple iOS"))
        end = data.index(b"</x:xmpmeta>", start) + len(b"</x:xmpmeta>")
        assert b"HDRGainMapVersion" in data[start:end]
        empty = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>".ljust(end - start)
        data = data[:start] + empty + data[end:]
        data = data.replace(b"Apple iOS", b"Other iOS")
        result = compress(data, Recipe(convert_to=ImageType.JPEG))
        assert isinstance(result, Compressed), result
        assert result.dropped == ()

    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    def test_a_makers_box_among_those_of_the_items_goes(self, policy: MetadataPolicy) -> None:
        data = phones.stereo_avif(groups=phones.built.box(b"uuid", b"who" * 9))
        assert b"whowho" in data
        result = compress(data, Recipe(metadata=policy))
        assert isinstance(result, Compressed), result
        assert b"whowho" not in result.data
        assert len(result.data) == len(data)

    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    @pytest.mark.parametrize("place", ["free box", "data of no item", "date", "words"])
    def test_what_is_told_in_other_places_goes(self, place: str, policy: MetadataPolicy) -> None:
        properties = {
            "date": phones.built.box(b"ccrt", bytes(4) + b"secret remark"),
            "words": phones.built.box(b"udes", bytes(4) + b"secret remark\0"),
        }
        held = [properties[place]] if place in properties else []
        more = [phones.built.box(b"free", b"secret remark")] if place == "free box" else []
        coded, about = phones.heif_coding(sources.photo(64, 48))
        data = phones.avif([(b"av01", coded, [*about, *held])], [(b"cdsc", 1, [1])], *more)
        if place == "data of no item":
            head, _, tail = data.partition(b"mdat")
            size = int.from_bytes(head[-4:], "big") + 13
            data = head[:-4] + size.to_bytes(4, "big") + b"mdat" + tail + b"secret remark"
        result = compress(data, Recipe(metadata=policy))
        assert isinstance(result, Compressed), result
        assert b"secret" not in result.data
        assert len(result.data) == len(data)
        assert np.array_equal(sources.shown(result.data), sources.shown(data))

    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    def test_what_cannot_be_followed_is_refused_with_all_that_it_tells(self, policy: MetadataPolicy) -> None:
        coded, about = phones.heif_coding(sources.photo(64, 48))
        needed = bytearray(phones.built.box(b"teSt", b"secret remark"))
        odd = phones.avif([(b"av01", coded, [*about, bytes(needed)])], [(b"cdsc", 1, [1])])
        links = odd.index(b"ipma") + 4 + 8 + 3
        odd = (
            odd[: links + len(about)]
            + bytes((odd[links + len(about)] | 0x80,))
            + odd[links + len(about) + 1 :]
        )
        result = compress(odd, Recipe(metadata=policy))
        assert isinstance(result, Unchanged), result
        assert result.reason is Reason.CANNOT_KEEP_WHOLE
        assert "teSt" in result.detail
        assert not result.no_private_metadata

    @pytest.mark.slow
    @pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    @pytest.mark.parametrize("kind", [ImageType.AVIF, ImageType.HEIC])
    def test_exiftool_finds_nothing_private(
        self, kind: ImageType, policy: MetadataPolicy, tmp_path: Path
    ) -> None:
        if kind is ImageType.HEIC:
            pytest.importorskip("pillow_heif")
        file = tmp_path / f"photo{kind.suffix}"
        file.write_bytes(sources.source(kind, sources.photo(64, 48)).data)
        private = ("-Artist=A. Person", "-GPSLatitude=12.5", "-GPSLatitudeRef=N", "-XMP:City=Sometown")
        subprocess.run(["exiftool", "-q", "-overwrite_original", *private, str(file)], check=True)
        result = compress(file.read_bytes(), Recipe(metadata=policy))
        assert isinstance(result, Compressed), result
        file.write_bytes(result.data)
        command = ["exiftool", "-a", "-G1", "-s", "-ee", "-u", str(file)]
        told = subprocess.run(command, capture_output=True, check=True).stdout.decode(errors="replace")
        for word in ("GPS", "Artist", "Person", "City", "Sometown", "Warning"):
            assert word not in told, f"{word}:\n{told}"

    @pytest.mark.parametrize("policy", list(MetadataPolicy))
    def test_what_was_to_be_dropped_and_stays_is_named(self, policy: MetadataPolicy) -> None:
        more = phones.built.box(b"uuid", bytes(range(16)) + b"of its maker")
        data = phones.apple_avif() + more
        asked = compress(data, Recipe(metadata=policy, drop=frozenset({Extra.DEPTH})))
        plain = compress(data, Recipe(metadata=policy))
        if policy is not MetadataPolicy.KEEP:
            assert isinstance(asked, Compressed)
            assert isinstance(plain, Compressed)
            assert (plain.missed, asked.dropped) == ("", (Extra.MAKER,))
            assert asked.missed.startswith("its depth map was not taken out: ")
        else:  # nothing of its metadata goes
            assert isinstance(asked, Unchanged)
            assert isinstance(plain, Unchanged)
            assert (plain.reason, asked.reason) == (Reason.FORMAT_LEFT_ALONE, Reason.CANNOT_CONVERT)
            assert str(asked).startswith("its depth map was not taken out: ")

    def test_what_is_larger_than_asked_is_named(self) -> None:
        data = sources.source(ImageType.AVIF, sources.photo()).data
        result = compress(data, Recipe(metadata=MetadataPolicy.SHARE, max_edge=100))
        assert isinstance(result, Compressed), result
        assert result.missed.startswith("not resized")
        assert isinstance(compress(data, Recipe(metadata=MetadataPolicy.SHARE, fit_under=500)), Unchanged)

    def test_jpeg_xl(self) -> None:
        stream = phones.built.box(b"JXL ", b"\r\n\x87\n") + phones.built.box(b"jxlc", b"\xff\x0a" + bytes(9))
        secret = phones.built.box(b"Exif", bytes(4) + exif_block())
        hidden = phones.built.box(b"brob", b"xml " + bytes(20))
        shared = share(stream + secret + hidden)
        assert not any(each in shared for each in SECRETS)
        assert len(shared) == len(stream + secret + hidden)
        assert b"brob" not in shared
        with pytest.raises(Refused):
            share(stream + secret + phones.built.box(b"jbrd", b"x"))
