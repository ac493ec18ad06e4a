"""Reading WebP, GIF and BMP: formats that Pillow decodes without losing depth."""

from dataclasses import dataclass

from homepress.base.formats import FORMATS, ImageType
from homepress.compress.convert.along import (
    Wanted,
    appended,
    decoded,
    density,
    frame_count,
    pixel_shape,
    read_metadata,
    upright,
)
from homepress.compress.convert.picture import ANIMATED, CannotConvert, Picture, to_rgba, unknown_data
from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.gif import (
    ICC_APPLICATION,
    LOOP_APPLICATIONS,
    XMP_APPLICATION,
    GifBlockKind,
    read_gif,
)
from homepress.compress.metadata.soundness import check_webp_metadata
from homepress.compress.metadata.webp import PICTURE_CHUNKS, VP8X, read_webp
from homepress.compress.pixels import KindNotRead, Undecodable, colours

_MODES = frozenset({"1", "L", "P", "RGB", "RGBA", "LA", "PA"})


def read_webp_picture(source: bytes, wanted: Wanted) -> Picture:
    """Decode a still WebP; see `read.read_picture`."""
    file = read_webp(source)
    check_webp_metadata(file)
    _refuse_frames(source, ImageType.WEBP)
    known = PICTURE_CHUNKS | {VP8X, b"ICCP", b"EXIF", b"XMP "}
    if other := next((each.kind for each in file.chunks if each.kind not in known), b""):
        raise CannotConvert(unknown_data(other) if other != b"C2PA" else "it is signed (C2PA)")
    return _picture(source, ImageType.WEBP, dropped=appended(file.trailing, wanted))


_KNOWN_APPLICATIONS = LOOP_APPLICATIONS | {XMP_APPLICATION, ICC_APPLICATION}
_WRITTEN = frozenset({GifBlockKind.PLAIN_TEXT, GifBlockKind.UNKNOWN})
_ASPECT = 12
"""Where the header says the shape of pixels: (value + 15) / 64 is their width by their height."""


def read_gif_picture(source: bytes, wanted: Wanted) -> Picture:
    """Decode a GIF of one image; see `read.read_picture`."""
    file = read_gif(source)
    _refuse_frames(source, ImageType.GIF)
    for block in file.blocks:
        unknown = block.kind is GifBlockKind.APPLICATION and block.application not in _KNOWN_APPLICATIONS
        if unknown or block.kind in _WRITTEN:
            name = block.application.decode("latin-1") or block.kind.name.lower().replace("_", " ")
            raise CannotConvert(f"it holds an extension that other formats cannot carry ({name})")
    comments = any(block.kind is GifBlockKind.COMMENT for block in file.blocks)
    dropped = (*(("comment",) if comments else ()), *appended(source[file.end :], wanted))
    shape = source[_ASPECT]
    return _picture(
        source,
        ImageType.GIF,
        aspect=pixel_shape(64, shape + 15) if shape else b"",
        dropped=dropped,
    )


def read_bmp_picture(source: bytes, wanted: Wanted) -> Picture:
    """Decode a BMP; see `read.read_picture`."""
    _check_bmp(source)
    dropped = appended(_bmp_appended(source), wanted)
    return _picture(source, ImageType.BMP, icc=_bmp_profile(source), dropped=dropped)


def _refuse_frames(source: bytes, kind: ImageType) -> None:
    if frame_count(source, FORMATS[kind].pillow[0]) > 1:
        raise CannotConvert(ANIMATED)


def _picture(
    source: bytes,
    kind: ImageType,
    *,
    icc: bytes | None = None,
    aspect: bytes = b"",
    dropped: tuple[str, ...] = (),
) -> Picture:
    image = decoded(source, FORMATS[kind].pillow[0])
    if image.mode not in _MODES:
        raise CannotConvert(f"its colours are {colours(image.mode)}")
    along = read_metadata(source)
    return Picture(
        rgba=upright(to_rgba(image), along.orientation),
        icc=icc or along.icc,
        exif=along.exif,
        xmp=along.xmp,
        density=density(image),
        aspect=aspect,
        dropped=dropped,
    )


# What has to be known of a BMP before it is decoded: decoders guess where its rows are damaged.

_EMBEDDED, _LINKED = b"DEBM", b"KNIL"  # "MBED" and "LINK", the way round that they are stored
_CALIBRATED = bytes(4)
_OLD_HEADER, _PLAIN_HEADER = 12, 40
_WITH_COLOURS, _WITH_PROFILE = 108, 124
_FILE_HEADER = 14
_PALETTE_BITS = 8
_FIELDS = 3
_ALPHA_IN_16 = 16
_RLE8, _RLE4 = 1, 2
_END_OF_ROW, _END, _DELTA = 0, 1, 2


def _check_bmp(bmp: bytes) -> None:
    """See that a BMP tells its colours by its pixels alone, and that runs fill its rows exactly.

    Pillow fills up rows that end early, cuts those that are too long, and stops without a word where the data
    does.

    Raises:
        CannotConvert: it names a colour profile elsewhere, has primaries of its own, or transparency that is
            not read.
        Undecodable: its runs do not give the pixels that its header promises.
        KindNotRead: it leaves pixels out (deltas), for which decoders have no common colour.
    """
    header = int.from_bytes(bmp[14:18], "little")
    if header >= _WITH_COLOURS:
        space, primaries = bmp[70:74], bmp[74:122]
        if space == _LINKED:
            raise CannotConvert("it names a colour profile in another file, which is not read")
        if space == _CALIBRATED and any(primaries):
            raise CannotConvert("it has primaries and tone curves of its own, and no profile")
        if bmp[28:30] == bytes((_ALPHA_IN_16, 0)) and any(bmp[66:70]):
            raise CannotConvert("it has transparency among 16 bits a pixel, which is not read")
    coding = int.from_bytes(bmp[30:34], "little")
    if header > _OLD_HEADER and coding in (_RLE8, _RLE4):
        width = int.from_bytes(bmp[18:22], "little", signed=True)
        height = abs(int.from_bytes(bmp[22:26], "little", signed=True))
        runs = _Runs(bmp, int.from_bytes(bmp[10:14], "little"), coding == _RLE4)
        runs.check(width, height)


def _bmp_profile(bmp: bytes) -> bytes | None:
    """The colour profile that it holds.

    Raises:
        Malformed: what it says of it is not so.
    """
    header = int.from_bytes(bmp[14:18], "little")
    if header < _WITH_PROFILE or bmp[70:74] != _EMBEDDED:
        return None
    start, size = (int.from_bytes(bmp[at : at + 4], "little") for at in (126, 130))
    profile = bmp[_FILE_HEADER + start : _FILE_HEADER + start + size]
    if len(profile) != size or profile[36:40] != b"acsp" or int.from_bytes(profile[:4], "big") > size:
        raise Malformed("its colour profile is no profile")
    return profile


def _bmp_appended(bmp: bytes) -> bytes:
    """What stands between its header and its pixels, and behind them, and is no part of the picture."""
    header = int.from_bytes(bmp[14:18], "little")
    start = int.from_bytes(bmp[10:14], "little")
    if header <= _OLD_HEADER:
        return b""
    width, height = (int.from_bytes(bmp[at : at + 4], "little", signed=True) for at in (18, 22))
    bits, coding = int.from_bytes(bmp[28:30], "little"), int.from_bytes(bmp[30:34], "little")
    colours = int.from_bytes(bmp[46:50], "little") or (1 << bits if bits <= _PALETTE_BITS else 0)
    masks = 16 if coding == _FIELDS and header == _PLAIN_HEADER else 0
    between = bmp[_FILE_HEADER + header + 4 * colours + masks : start]
    coded = int.from_bytes(bmp[34:38], "little") or len(bmp)
    size = coded if coding in (_RLE8, _RLE4) else (width * bits + 31) // 32 * 4 * abs(height)
    behind = bmp[start + size :]
    if (profile := _bmp_profile(bmp)) is not None:
        between, behind = (each.replace(profile, b"") for each in (between, behind))
    return (between if any(between) else b"") + behind


@dataclass(slots=True)
class _Runs:
    """The run-length coded rows of a BMP.

    Attributes:
        data: the file.
        at: where the next run starts.
        narrow: whether a pixel has 4 bits, not 8.
    """

    data: bytes
    at: int
    narrow: bool

    def check(self, width: int, height: int) -> None:
        """See that there are so many rows of so many pixels.

        Raises:
            Undecodable: there are not.
            KindNotRead: there are deltas.
        """
        rows, across = 0, 0
        while True:
            count, value = self._pair()
            if count:
                across += count
            elif value > _DELTA:
                self._skip(value)
                across += value
            elif value == _DELTA:
                raise KindNotRead("BMP whose runs leave pixels out")
            elif across == width or (value == _END and across == 0):
                rows, across = rows + (across == width), 0
            else:
                raise Undecodable(f"row {rows + 1} of its runs ends after {across} of {width} pixels")
            if across > width:
                raise Undecodable(f"row {rows + 1} of its runs is longer than {width} pixels")
            if count == 0 and value == _END:
                break
        if rows != height:
            raise Undecodable(f"its runs end after {rows} of {height} rows")

    def _pair(self) -> tuple[int, int]:
        if self.at + 2 > len(self.data):
            raise Undecodable("its runs are cut short")
        self.at += 2
        return self.data[self.at - 2], self.data[self.at - 1]

    def _skip(self, pixels: int) -> None:
        """Pass over pixels that are stored one by one, up to a whole word."""
        size = (pixels + 1) // 2 if self.narrow else pixels
        self.at += size + size % 2
        if self.at > len(self.data):
            raise Undecodable("its runs are cut short")
