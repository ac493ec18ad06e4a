"""What phones put beside a picture: carried along, or taken out when asked, and never lost in silence."""

import io
import struct
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, MpoImagePlugin

from compress import phones
from compress.sources import made, refused
from homepress.base.formats import ImageType
from homepress.compress.metadata.exif import UPRIGHT
from homepress.compress.metadata.gain_map import (
    HDRGM,
    GainChannel,
    GainCurve,
    apple_headroom,
    read_iso_curve,
)
from homepress.compress.metadata.heif_parts import HeifItems, exif_block
from homepress.compress.metadata.jpeg_file import JpegFile, read_jpeg_file, xmp_packet
from homepress.compress.metadata.jpeg_segments import HeaderKind, headers_of_kind, parse_jpeg
from homepress.compress.metadata.jpeg_tail import gain_map_part, held_extras
from homepress.compress.metadata.xmp import RDF, parse_xmp
from homepress.compress.model import Extra, MetadataPolicy, Reason, Recipe

ALL = frozenset(Extra)
JPEG = Recipe(floor=70.0, convert_to=ImageType.JPEG, bigger=True)
SIDES = ("Width", "Height")
FILES: dict[Extra, Callable[[], bytes]] = {
    Extra.HDR: phones.ultra_hdr,
    Extra.DEPTH: phones.with_depth,
    Extra.MOTION: phones.motion_photo,
    Extra.PICTURES: phones.stereo,
    Extra.MAKER: phones.with_trailer,
}


def gain_map(file: JpegFile) -> tuple[NDArray[np.uint8], bytes]:
    part = gain_map_part(file)
    assert part is not None
    data = file.stream.data[part.start : part.end]
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")), data


def xmp_curve(packet: bytes) -> GainCurve | None:
    """What a gain map says in XMP, by Adobe's namespace hdrgm: one value for all channels, or three."""
    for element in parse_xmp(packet).walk():
        values = {name.rpartition(" ")[2]: [text] for name, text in element.properties() if HDRGM in name}
        for child in element.children:
            if child.name.startswith(HDRGM) and child.children:
                listed = [one.text.strip() for one in child.walk() if one.name == f"{RDF} li"]
                values[child.name.rpartition(" ")[2]] = listed
        if "GainMapMax" in values:
            assert values["BaseRenditionIsHDR"] == ["False"]
            names = ("GainMapMin", "GainMapMax", "Gamma", "OffsetSDR", "OffsetHDR")
            columns = [[Fraction(text) for text in values[name]] for name in names]
            count = max(map(len, columns))
            assert count in (1, 3) and all(len(column) in (1, count) for column in columns)
            channels = tuple(
                GainChannel(*(column[at % len(column)] for column in columns)) for at in range(count)
            )
            least, full = (Fraction(values[f"HDRCapacity{end}"][0]) for end in ("Min", "Max"))
            return GainCurve(channels, least, full)
    return None


def curves(gain: bytes) -> list[GainCurve]:
    """What a gain map says of itself, in XMP and as ISO 21496-1 has it."""
    stream = parse_jpeg(gain)
    packets = headers_of_kind(stream, HeaderKind.XMP)
    blocks = headers_of_kind(stream, HeaderKind.ISO_GAIN_MAP)
    found = [xmp_curve(xmp_packet(stream, each)) for each in packets]
    return [
        *(curve for curve in found if curve),
        *(read_iso_curve(stream.payload(each)[28:]) for each in blocks),
    ]


def stops(values: NDArray[np.uint8], curve: GainCurve, size: tuple[int, int]) -> NDArray[np.float64]:
    """By how many powers of two each part of a picture becomes brighter."""
    channel = curve.channels[0]
    small = np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BOX), np.float64) / 255.0
    low, high = float(channel.minimum), float(channel.maximum)
    return low + (high - low) * small ** (1.0 / float(channel.gamma))


@pytest.mark.parametrize("extra", FILES)
class TestJpeg:
    def test_is_told_by_kind(self, extra: Extra) -> None:
        assert set(held_extras(read_jpeg_file(FILES[extra]()))) == {extra}

    def test_comes_along_when_the_picture_is_resized(self, extra: Extra) -> None:
        data = FILES[extra]()
        result = made(data, Recipe(floor=70.0, max_edge=320))
        assert (result.width, result.height, result.dropped, result.missed) == (320, 240, (), "")
        before, after = read_jpeg_file(data), read_jpeg_file(result.data)
        assert set(held_extras(after)) == {extra}
        if extra is not Extra.HDR:
            assert after.stream.tail == before.stream.tail

    @pytest.mark.slow
    def test_comes_along_when_the_picture_is_fitted(self, extra: Extra) -> None:
        data = FILES[extra]()
        result = made(data, Recipe(floor=80.0, fit_under=60_000))
        assert len(result.data) <= 60_000
        assert set(held_extras(read_jpeg_file(result.data))) == {extra}

    def test_keeps_a_picture_from_a_format_that_cannot_carry_it(self, extra: Extra) -> None:
        result = refused(FILES[extra](), Recipe(floor=70.0, convert_to=ImageType.WEBP, bigger=True))
        assert result.reason is Reason.CANNOT_CONVERT
        assert result.detail.endswith(f"drop {extra.value}")

    @pytest.mark.slow
    @pytest.mark.parametrize("target", [None, ImageType.JPEG, ImageType.WEBP, ImageType.PNG])
    def test_goes_when_asked_and_is_named(self, extra: Extra, target: ImageType | None) -> None:
        result = made(
            FILES[extra](), Recipe(floor=70.0, convert_to=target, drop=frozenset({extra}), bigger=True)
        )
        assert result.dropped == (extra,)
        if result.image_type is ImageType.JPEG:
            file = read_jpeg_file(result.data)
            assert not held_extras(file)
            assert not file.has_tail
            assert not headers_of_kind(file.stream, HeaderKind.MPF)
            assert b"hdrgm" not in result.data.replace(
                b'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"', b""
            )

    def test_goes_where_everything_goes(self, extra: Extra) -> None:
        result = made(FILES[extra](), Recipe(floor=70.0, metadata=MetadataPolicy.STRIP))
        assert result.dropped == (extra,)
        assert not read_jpeg_file(result.data).has_tail

    def test_stays_where_something_else_was_asked_out(self, extra: Extra) -> None:
        result = made(FILES[extra](), Recipe(floor=70.0, drop=ALL - {extra}))
        assert result.dropped == ()
        assert set(held_extras(read_jpeg_file(result.data))) == {extra}

    def test_tells_nothing_private_when_the_picture_is_shared_in_another_size(self, extra: Extra) -> None:
        result = made(FILES[extra](), Recipe(floor=70.0, max_edge=320, metadata=MetadataPolicy.SHARE))
        assert (result.width, result.height, result.missed) == (320, 240, "")


class TestGainMapOfAJpeg:
    def test_is_resized_with_its_picture(self) -> None:
        data = phones.ultra_hdr()
        result = made(data, Recipe(floor=80.0, max_edge=320))
        (old, old_jpeg), (new, new_jpeg) = (
            gain_map(read_jpeg_file(data)),
            gain_map(read_jpeg_file(result.data)),
        )
        assert new.shape == (60, 80)
        assert curves(new_jpeg) == curves(old_jpeg) != []
        size = (40, 30)
        error = stops(new, curves(new_jpeg)[0], size) - stops(old, curves(old_jpeg)[0], size)
        assert np.abs(error).max() < 0.05

    @pytest.mark.slow
    def test_keeps_its_headers_and_pixels_where_only_the_video_goes(self) -> None:
        data = phones.ultra_hdr(("MotionPhoto", "video/mp4", phones.VIDEO))
        assert set(held_extras(read_jpeg_file(data))) == {Extra.HDR, Extra.MOTION}
        result = made(data, Recipe(floor=80.0, drop=frozenset({Extra.MOTION})))
        assert result.dropped == (Extra.MOTION,)
        after = read_jpeg_file(result.data)
        assert set(held_extras(after)) == {Extra.HDR}
        before, kept = gain_map(read_jpeg_file(data))[1], gain_map(after)[1]
        assert len(kept) <= len(before), "its scans may be optimised"
        streams = parse_jpeg(before), parse_jpeg(kept)
        headers = [[stream.raw(header) for header in stream.headers] for stream in streams]
        assert headers[0] == headers[1]
        pixels = [np.asarray(Image.open(io.BytesIO(each))) for each in (before, kept)]
        assert np.array_equal(pixels[0], pixels[1])
        assert phones.VIDEO not in result.data

    def test_video_behind_it_moves_with_it(self) -> None:
        data = phones.ultra_hdr(("MotionPhoto", "video/mp4", phones.VIDEO))
        result = made(data, Recipe(floor=80.0, max_edge=320))
        assert result.data.endswith(phones.VIDEO)
        assert set(held_extras(read_jpeg_file(result.data))) == {Extra.HDR, Extra.MOTION}

    def test_keeps_its_orientation(self) -> None:
        data = phones.ultra_hdr()
        turned = data.replace(phones.images.exif(1), phones.images.exif(6))
        assert turned != data
        result = made(turned, Recipe(floor=70.0, max_edge=320))
        assert (result.width, result.height) == (320, 240)
        assert Image.open(io.BytesIO(result.data)).getexif()[0x0112] == 6 != UPRIGHT


class TestGainMapOfAHeif:
    def test_iso_becomes_ultra_hdr(self) -> None:
        result = made(phones.iso_avif(), Recipe(floor=70.0, convert_to=ImageType.JPEG, bigger=True))
        values, jpeg = gain_map(read_jpeg_file(result.data))
        xmp, iso = curves(jpeg)
        assert xmp.channels == iso.channels
        assert iso.channels[0].maximum == Fraction(2)
        assert iso.channels[0].base_offset == Fraction(1, 64)
        assert (iso.full_headroom, xmp.full_headroom) == (2, 2)
        expected = phones.gain_values(160, 120)
        assert np.abs(values.astype(float) - expected).mean() < 3

    @pytest.mark.parametrize(
        ("headroom", "gain", "full"), [(1.0, 0.0, 3.0), (0.5, 0.0, 1.8), (1.2, 0.5, 2.1515)]
    )
    def test_apples_makes_the_same_light(self, headroom: float, gain: float, full: float) -> None:
        data = phones.apple_avif(headroom, gain)
        recipe = Recipe(floor=70.0, convert_to=ImageType.JPEG, drop=frozenset({Extra.DEPTH}), bigger=True)
        result = made(data, recipe)
        assert result.dropped == (Extra.DEPTH,)
        values, jpeg = gain_map(read_jpeg_file(result.data))
        curve = curves(jpeg)[0]
        assert float(curve.full_headroom) == pytest.approx(full, abs=0.001)
        coded = phones.gain_values(160, 120) / 255.0
        light = np.where(coded < 0.081, coded / 4.5, ((coded + 0.099) / 1.099) ** (1 / 0.45))
        wanted = np.log2(1.0 + (2.0**full - 1.0) * light)
        assert np.abs(stops(values, curve, (160, 120)) - wanted).mean() < 0.06

    def test_is_resized_and_fitted_with_its_picture(self) -> None:
        result = made(
            phones.iso_avif(), Recipe(floor=70.0, convert_to=ImageType.JPEG, max_edge=160, bigger=True)
        )
        assert gain_map(read_jpeg_file(result.data))[0].shape == (60, 80)

    def test_other_extras_refuse_by_name(self) -> None:
        assert refused(phones.apple_avif(), JPEG).detail.endswith("drop depth")

    def test_all_that_another_format_cannot_carry_is_named_at_once(self) -> None:
        result = refused(phones.apple_avif(), Recipe(floor=70.0, convert_to=ImageType.WEBP, bigger=True))
        assert "an HDR gain map and a depth map" in result.detail
        assert result.detail.endswith("drop hdr, depth")

    def test_that_nothing_describes_refuses(self) -> None:
        data = phones.apple_avif().replace(b"Apple iOS", b"Banana iS")
        recipe = Recipe(floor=70.0, convert_to=ImageType.JPEG, drop=frozenset({Extra.DEPTH}), bigger=True)
        assert refused(data, recipe).detail.endswith("nothing says what it means; to take it out, drop hdr")

    def test_of_apple_without_its_brightness_stays_what_apple_has_in_jpegs(self) -> None:
        space = ' xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" HDRGainMap:HDRGainMapVersion="65536"'
        packet = phones.apple_packet(space)
        data = phones.portrait_avif(packet=packet, name=b"urn:com:apple:photo:2020:aux:hdrgainmap")
        result = made(data, JPEG)
        file = read_jpeg_file(result.data)
        assert set(held_extras(file)) == {Extra.HDR}
        values, jpeg = gain_map(file)
        assert np.abs(values.astype(float) - phones.gain_values(80, 60)).mean() < 3
        assert b"HDRGainMapVersion" in jpeg
        assert b'AuxiliaryImageType="urn:com:apple:photo:2020:aux:hdrgainmap"' in jpeg
        smaller = made(data, Recipe(floor=70.0, convert_to=ImageType.JPEG, max_edge=160, bigger=True))
        assert gain_map(read_jpeg_file(smaller.data))[0].shape == (30, 40)

    def test_samsungs_blocks_become_the_trailer_that_they_are_in_a_jpeg(self) -> None:
        blocks = phones.samsung_blocks()
        data = phones.iso_avif(phones.built.box(b"sefd", blocks))
        result = made(data, Recipe(floor=70.0, convert_to=ImageType.JPEG, bigger=True))
        assert result.data.endswith(blocks)
        assert set(held_extras(read_jpeg_file(result.data))) == {Extra.HDR, Extra.MAKER}

    def test_everything_goes_when_asked(self) -> None:
        result = made(
            phones.apple_avif(), Recipe(floor=70.0, convert_to=ImageType.JPEG, drop=ALL, bigger=True)
        )
        assert result.dropped == (Extra.HDR, Extra.DEPTH)
        assert not read_jpeg_file(result.data).has_tail


def parts(data: bytes) -> list[bytes]:
    """What stands behind a JPEG's first picture."""
    file = read_jpeg_file(data)
    return [data[start:end] for start, end in sorted({(part.start, part.end) for part in file.parts})]


class TestDepthOfAHeif:
    def test_goes_behind_the_jpeg_with_what_says_what_it_means(self) -> None:
        packet = phones.depth_packet()
        result = made(phones.portrait_avif(packet=packet), JPEG)
        assert result.dropped == ()
        assert set(held_extras(read_jpeg_file(result.data))) == {Extra.DEPTH}
        (depth,) = parts(result.data)
        assert packet in depth
        values = np.asarray(Image.open(io.BytesIO(depth)))
        assert np.abs(values.astype(float) - phones.gain_values(80, 60)).max() < 12

    def test_keeps_its_size_where_the_picture_gets_smaller(self) -> None:
        data = phones.portrait_avif(packet=phones.depth_packet())
        result = made(data, Recipe(floor=70.0, convert_to=ImageType.JPEG, max_edge=160, bigger=True))
        assert (result.width, result.height) == (160, 120)
        assert Image.open(io.BytesIO(parts(result.data)[0])).size == (80, 60)

    @pytest.mark.parametrize(
        ("turns", "size", "matrix", "centre"),
        [
            (1, (240, 320), (301, 300, 110, 170), (111, 169)),
            (2, (320, 240), (300, 301, 170, 130), (169, 129)),
            (3, (240, 320), (301, 300, 130, 150), (129, 151)),
        ],
    )
    def test_is_turned_with_the_picture_and_so_is_what_it_says_of_the_lens(
        self, turns: int, size: tuple[int, int], matrix: tuple[int, ...], centre: tuple[int, int]
    ) -> None:
        result = made(phones.portrait_avif(turns, phones.depth_packet()), JPEG)
        (depth,) = parts(result.data)
        shown = np.asarray(Image.open(io.BytesIO(depth))).astype(float)
        assert np.abs(shown - np.rot90(phones.gain_values(80, 60), turns)).max() < 12
        packet = xmp_packet(parse_jpeg(depth), headers_of_kind(parse_jpeg(depth), HeaderKind.XMP)[0])
        told = {name: text for each in parse_xmp(packet).walk() for name, text in each.properties()}
        space = "http://ns.apple.com/depthData/1.0/ "
        assert tuple(int(told[f"{space}IntrinsicMatrixReference{side}"]) for side in SIDES) == size
        assert tuple(int(told[f"{space}LensDistortionCenterOffset{axis}"]) for axis in "XY") == centre
        numbers = [int(each.text) for each in parse_xmp(packet).walk() if each.name.endswith(" li")]
        assert (numbers[0], numbers[4], numbers[6], numbers[7]) == matrix

    def test_that_nothing_describes_refuses_by_name(self) -> None:
        assert refused(phones.portrait_avif(), JPEG).detail.endswith("drop depth")

    def test_a_matte_is_called_by_the_name_that_the_heif_has_for_it(self) -> None:
        name = b"urn:com:apple:photo:2018:aux:portraiteffectsmatte"
        result = made(phones.portrait_avif(packet=phones.apple_packet(""), name=name), JPEG)
        assert b'AuxiliaryImageType="' + name + b'"' in parts(result.data)[0]
        assert set(held_extras(read_jpeg_file(result.data))) == {Extra.DEPTH}

    def test_leaves_too_little_room_and_is_named(self) -> None:
        recipe = Recipe(floor=80.0, convert_to=ImageType.JPEG, fit_under=1_500, bigger=True)
        assert refused(phones.portrait_avif(packet=phones.depth_packet()), recipe).detail.endswith(
            "drop depth"
        )


class TestFurtherPicturesOfAHeif:
    def test_two_for_two_eyes_become_the_stereo_picture_that_jpeg_knows(self) -> None:
        result = made(phones.stereo_avif(), JPEG)
        assert result.dropped == ()
        image = Image.open(io.BytesIO(result.data), formats=("JPEG",))
        assert isinstance(image, MpoImagePlugin.MpoImageFile)
        assert image.mpinfo is not None
        kinds = [entry["Attribute"]["MPType"] for entry in image.mpinfo[0xB002]]
        assert kinds == ["Multi-Frame Image: (Disparity)"] * 2
        for number, shown in enumerate((result.data, *parts(result.data)), 1):
            assert phones.apple_note(number, 0.0)[44:] in shown
            wanted = phones.images.photo(320, 240, number).astype(float)
            assert np.abs(np.asarray(Image.open(io.BytesIO(shown)).convert("RGB")) - wanted).mean() < 8

    def test_are_resized_with_the_first(self) -> None:
        result = made(
            phones.stereo_avif(), Recipe(floor=70.0, convert_to=ImageType.JPEG, max_edge=160, bigger=True)
        )
        assert Image.open(io.BytesIO(parts(result.data)[0])).size == (160, 120)

    @pytest.mark.slow
    def test_tell_nothing_private_where_the_first_does_not(self) -> None:
        recipe = Recipe(floor=70.0, convert_to=ImageType.JPEG, metadata=MetadataPolicy.SHARE, bigger=True)
        assert made(phones.stereo_avif(), JPEG).data.count(b"0123-SERIAL") == 1
        result = made(phones.stereo_avif(), recipe)
        assert set(held_extras(read_jpeg_file(result.data))) == {Extra.PICTURES}
        assert b"0123-SERIAL" not in result.data

    @pytest.mark.slow
    def test_more_than_are_held_at_once_are_refused_by_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("homepress.compress.convert.heif._MOST_FURTHER", 1)
        assert made(phones.stereo_avif(), JPEG)
        coded, about = phones.heif_coding(Image.fromarray(phones.images.photo(320, 240)))
        three = phones.avif([(b"av01", coded, about)] * 3, [(b"cdsc", 2, [2])])
        assert refused(three, JPEG).detail.endswith("drop pictures")

    def test_what_is_said_of_their_lenses_is_left_out_and_named(self) -> None:
        lens = phones.built.box(b"cmin", bytes(20))
        assert made(phones.stereo_avif(lens), JPEG).dropped == ("properties",)


class TestColoursOfAHeif:
    """Some phones and cameras say in the tiles alone what the colours are."""

    def test_hdr_without_a_picture_for_other_screens_is_refused(self) -> None:
        assert "PQ or HLG" in refused(in_tiles(colours(9, 16)), JPEG).detail

    def test_unknown_ones_without_a_profile_are_refused(self) -> None:
        assert "not known" in refused(in_tiles(colours(22, 1)), JPEG).detail

    @pytest.mark.parametrize(
        ("primaries", "transfer", "shown"),
        [(12, 13, (215, 93, 31)), (9, 1, (241, 76, 29)), (1, 4, (201, 100, 46))],
    )
    def test_those_of_code_points_become_a_profile(
        self, primaries: int, transfer: int, shown: tuple[int, int, int]
    ) -> None:
        """What a colour looks like on a screen, as Little CMS understands the profile."""
        result = made(in_tiles(colours(primaries, transfer)), JPEG)
        data = Image.open(io.BytesIO(result.data)).info["icc_profile"]
        profile, srgb = ImageCms.ImageCmsProfile(io.BytesIO(data)), ImageCms.createProfile("sRGB")
        colour = Image.new("RGB", (1, 1), (200, 100, 50))
        there = ImageCms.profileToProfile(colour, profile, srgb)
        assert there is not None
        assert np.abs(np.asarray(there, int)[0, 0] - shown).max() <= 1

    def test_the_profile_of_the_tiles_is_the_pictures(self) -> None:
        profile = phones.images.profile()
        result = made(in_tiles(phones.built.box(b"colr", b"prof" + profile)), JPEG)
        assert Image.open(io.BytesIO(result.data)).info["icc_profile"] == profile


def colours(primaries: int, transfer: int) -> bytes:
    return phones.built.box(b"colr", b"nclx" + struct.pack(">3HB", primaries, transfer, 9, 0x80))


def in_tiles(*about_colours: bytes) -> bytes:
    """An AVIF of two tiles, which alone say what their colours are."""
    left, about_left = phones.heif_coding(Image.fromarray(phones.images.photo(128, 128)))
    right, about_right = phones.heif_coding(Image.fromarray(phones.images.photo(128, 128, 2)))
    grid = bytes((0, 0, 0, 1)) + struct.pack(">HH", 256, 128)
    size = phones.built.box(b"ispe", struct.pack(">III", 0, 256, 128))
    depth = next(each for each in about_left if each[4:8] == b"pixi")
    return phones.avif(
        [
            (b"grid", grid, [size, depth]),
            (b"av01", left, [*about_left, *about_colours]),
            (b"av01", right, [*about_right, *about_colours]),
        ],
        [(b"dimg", 1, [2, 3])],
    )


@pytest.mark.parametrize("kind", [0x010001, 0x010002, 0x020002, 0x020003, 0x000000])
def test_large_previews_stereo_and_bursts_are_pictures(kind: int) -> None:
    data = phones.built.build(
        phones.primary(), [phones.built.MPF_HERE], [phones.primary(160, 120)] * 3, kind=kind
    )
    assert set(held_extras(read_jpeg_file(data))) == {Extra.PICTURES}
    for drop in (ALL, frozenset({Extra.PICTURES})):
        result = made(data, Recipe(floor=70.0, drop=drop))
        assert result.dropped == (Extra.PICTURES,)
        assert not read_jpeg_file(result.data).has_tail


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["portraiteffectsmatte", "semantichairmatte", "semanticskymatte", "disparity", "depth"]
)
def test_apples_mattes_and_depth_are_told_apart_from_pictures(name: str) -> None:
    packet = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><d xmlns='urn:x'>urn:com:apple:{name}</d></x:xmpmeta>"
    header = phones.built.segment(phones.built.APP1, phones.built.XMP_SIGNATURE + packet.encode())
    matte = phones.built.with_headers(phones.images.jpeg(phones.gain_values(80, 60)), [header])
    other = phones.primary(160, 120)
    data = phones.built.build(phones.primary(), [phones.built.MPF_HERE], [matte, other])
    assert set(held_extras(read_jpeg_file(data))) == {Extra.DEPTH, Extra.PICTURES}
    result = made(data, Recipe(floor=70.0, drop=frozenset({Extra.PICTURES})))
    assert result.dropped == (Extra.PICTURES,)
    assert set(held_extras(read_jpeg_file(result.data))) == {Extra.DEPTH}
    assert matte in result.data
    resized = made(data, Recipe(floor=70.0, max_edge=320))
    assert set(held_extras(read_jpeg_file(resized.data))) == {Extra.DEPTH, Extra.PICTURES}


@pytest.mark.slow
def test_pictures_that_no_index_names_go_when_asked() -> None:
    data = phones.primary() + phones.primary(160, 120) + b"\0\0" + phones.primary(160, 120)
    assert "nothing in the file names" in str(refused(data, Recipe(floor=70.0)))
    for drop in (ALL, frozenset({Extra.PICTURES})):
        result = made(data, Recipe(floor=70.0, drop=drop))
        assert result.dropped == (Extra.PICTURES,)
        assert not read_jpeg_file(result.data).has_tail
    trailed = data + b"vivo{}"
    assert made(trailed, Recipe(floor=70.0, drop=ALL)).dropped == (Extra.PICTURES, Extra.MAKER)
    refused(trailed, Recipe(floor=70.0, drop=frozenset({Extra.PICTURES})))


@pytest.mark.slow
def test_a_stray_byte_is_no_extra() -> None:
    data = phones.primary() + b"\0"
    assert not held_extras(read_jpeg_file(data))
    assert made(data, Recipe(floor=70.0, convert_to=ImageType.WEBP)).image_type is ImageType.WEBP


def test_a_video_that_leaves_no_room_is_named() -> None:
    result = refused(phones.motion_photo(), Recipe(floor=80.0, fit_under=5_000))
    assert result.reason is Reason.CANNOT_FIT
    assert result.detail.endswith("drop motion")


class TestWhatStaysOfAHeif:
    def test_a_further_picture_that_cannot_be_read_does_not_make_the_file_broken(self) -> None:
        coded, about = phones.heif_coding(Image.fromarray(phones.images.photo(320, 240)))
        data = phones.avif([(b"av01", coded, about), (b"av01", bytes(40), about)], [(b"cdsc", 2, [2])])
        result = refused(data, JPEG)
        assert result.reason is Reason.CANNOT_CONVERT
        assert result.detail.endswith("drop pictures")

    def test_no_way_out_is_named_that_leads_nowhere(self) -> None:
        """An HDR picture does not become one for other screens by taking its gain map out."""
        picture, about = phones.heif_coding(Image.fromarray(phones.images.photo(320, 240)))
        items = [(b"av01", picture, [*about, colours(9, 16)]), (b"tmap", b"\0" + phones.iso_curve(), [])]
        data = phones.avif([*items, (b"av01", picture, about)], [(b"dimg", 2, [1, 3])])
        for target in (ImageType.JPEG, ImageType.WEBP):
            detail = refused(data, Recipe(floor=70.0, convert_to=target, bigger=True)).detail
            assert "PQ or HLG" in detail
            assert "drop" not in detail

    def test_uncompressed_ones_are_unsupported_not_broken(self) -> None:
        coded, about = phones.heif_coding(Image.fromarray(phones.images.photo(64, 48)))
        data = phones.avif([(b"unci", coded, about)], [(b"cdsc", 1, [1])])
        assert refused(data, JPEG).reason is Reason.UNSUPPORTED


class TestAppleWithLessMetadata:
    """What says how bright a gain map is, and what a depth map means, is no private thing."""

    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    def test_a_gain_map_stays_as_bright(self, policy: MetadataPolicy) -> None:
        data = phones.apple_avif(1.2, 0.5) + phones.built.box(b"sefd", phones.samsung_blocks())
        result = made(data, Recipe(floor=80.0, metadata=policy))
        before, after = (exif_block(HeifItems(each).described(1, b"Exif")[0]) for each in (data, result.data))
        assert apple_headroom(after, None) == apple_headroom(before, None) is not None

    def test_nothing_but_that_stays_of_the_tags(self) -> None:
        data = phones.apple_avif(1.2, 0.5)
        note = phones.apple_note(1.2, 0.5)
        secret = note.replace(b"\x00\x21\x00\x0a", b"\x00\x22\x00\x0a")
        assert secret != note
        stripped = made(data.replace(note, secret), Recipe(floor=80.0, metadata=MetadataPolicy.STRIP)).data
        told = exif_block(HeifItems(stripped).described(1, b"Exif")[0])
        assert struct.pack(">ii", 12_000, 10_000) not in told
        assert struct.pack(">ii", 5_000, 10_000) in told

    def test_without_a_gain_map_all_of_the_tags_go(self) -> None:
        data = phones.stereo_avif()
        assert b"Apple iOS" in data
        stripped = made(data, Recipe(floor=80.0, metadata=MetadataPolicy.STRIP)).data
        assert b"Apple iOS" not in stripped

    @pytest.mark.parametrize("edge", [0, 320])
    def test_a_depth_map_behind_a_jpeg_keeps_its_meaning_and_its_lens_is_named(self, edge: int) -> None:
        more = b' xmlns:depthData="http://ns.apple.com/depthData/1.0/" depthData:Filtered="1"'
        packet = phones.depth_packet().replace(b' xmlns:depthData="http://ns.apple.com/depthData/1.0/"', more)
        header = phones.built.segment(phones.built.APP1, phones.built.XMP_SIGNATURE + packet)
        depth = phones.built.with_headers(phones.images.jpeg(phones.gain_values(80, 60)), [header])
        data = phones.built.build(phones.primary(), [phones.built.MPF_HERE], [depth])
        result = made(data, Recipe(floor=70.0, max_edge=edge, metadata=MetadataPolicy.SHARE))
        assert result.dropped == ("properties",)
        assert b'apdi:AuxiliaryImageType="disparity"' in result.data
        assert b'depthData:Filtered="1"' in result.data
        assert b"IntrinsicMatrix" not in result.data


@pytest.mark.parametrize("metadata", MetadataPolicy)
def test_a_size_for_a_heic_says_what_to_do(metadata: MetadataPolicy) -> None:
    result = refused(phones.apple_avif(), Recipe(floor=80.0, fit_under=500, metadata=metadata))
    assert result.reason is Reason.CANNOT_FIT
    assert "--convert jpeg" in result.detail
