"""What has to be known of a BMP before it is decoded: decoders guess where its rows are damaged."""

from dataclasses import dataclass

from homepress.compress.convert.picture import CannotConvert
from homepress.compress.pixels import KindNotRead, Undecodable

_PROFILES = (b"DEBM", b"KNIL")  # "MBED" and "LINK", the way round that they are stored
_OLD_HEADER = 12
_WITH_PROFILE = 108
_RLE8, _RLE4 = 1, 2
_END_OF_ROW, _END, _DELTA = 0, 1, 2


def check_bmp(bmp: bytes) -> None:
    """See that a BMP tells its colours by its pixels alone, and that runs fill its rows exactly.

    Pillow fills up rows that end early, cuts those that are too long, and stops without a word where the data
    does.

    Raises:
        CannotConvert: it has or names a colour profile.
        Undecodable: its runs do not give the pixels that its header promises.
        KindNotRead: it leaves pixels out (deltas), for which decoders have no common colour.
    """
    header = int.from_bytes(bmp[14:18], "little")
    if header >= _WITH_PROFILE and bmp[70:74] in _PROFILES:
        raise CannotConvert("it holds or names a colour profile, which is not read from BMP")
    coding = int.from_bytes(bmp[30:34], "little")
    if header > _OLD_HEADER and coding in (_RLE8, _RLE4):
        width = int.from_bytes(bmp[18:22], "little", signed=True)
        height = abs(int.from_bytes(bmp[22:26], "little", signed=True))
        runs = _Runs(bmp, int.from_bytes(bmp[10:14], "little"), coding == _RLE4)
        runs.check(width, height)


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
