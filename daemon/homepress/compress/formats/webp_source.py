"""How coarsely a lossy WebP was quantised, from its frame header (RFC 6386 sections 9.2 to 9.6 and 19.2)."""

from homepress.compress.metadata.errors import Malformed

_START = b"\x9d\x01\x2a"
_HEADER_BYTES = 10
_EVEN = 128
_SEGMENTS = 4


def quality_of(frame: bytes) -> float:
    """The quality setting of libwebp, 0 to 100, that quantises about like this key frame.

    Args:
        frame: body of a "VP8 " chunk.

    Raises:
        Malformed: it is no key frame or its header is cut short.
    """
    if len(frame) < _HEADER_BYTES + 2 or frame[0] & 1 or frame[3:6] != _START:
        raise Malformed("no key frame")
    index = _quantiser(_BoolDecoder(frame[_HEADER_BYTES:]))
    # libwebp's QualityToCompression, backwards: index = 127 * (1 - cube root of the linear quality).
    linear = float((1.0 - min(index, 127.0) / 127.0) ** 3)
    return 100.0 * (linear * 1.5 if linear < 0.5 else (linear + 1.0) / 2.0)


def _quantiser(bits: "_BoolDecoder") -> float:
    """The quantiser index (0 fine to 127 coarse), as the mean of the segments where they have their own."""
    bits.skip(2)  # colour space, clamping
    segments: list[int] = []
    absolute = False
    if bits.flag():
        update_map, update_data = bits.flag(), bits.flag()
        if update_data:
            absolute = bits.flag()
            segments = [bits.optional(7) for _ in range(_SEGMENTS)]
            for _ in range(_SEGMENTS):
                bits.optional(6)
        if update_map:
            for _ in range(_SEGMENTS - 1):
                if bits.flag():
                    bits.skip(8)
    bits.skip(1 + 6 + 3)  # loop filter: type, level, sharpness
    if bits.flag() and bits.flag():
        for _ in range(8):
            bits.optional(6)
    bits.skip(2)  # number of partitions
    base = bits.number(7)
    if not segments:
        return float(base)
    values = [value if absolute else base + value for value in segments]
    return sum(min(max(value, 0), 127) for value in values) / _SEGMENTS


class _BoolDecoder:
    """VP8's boolean entropy decoder (RFC 6386 section 7.3), for bits that are as likely 0 as 1."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 2
        self._value = int.from_bytes(data[:2], "big")
        self._range = 255
        self._shifted = 0

    def flag(self) -> bool:
        """One bit."""
        split = 1 + ((self._range - 1) * _EVEN >> 8)
        big_split = split << 8
        bit = self._value >= big_split
        if bit:
            self._range -= split
            self._value -= big_split
        else:
            self._range = split
        while self._range < 128:
            self._value <<= 1
            self._range <<= 1
            self._shifted += 1
            if self._shifted == 8:
                self._shifted = 0
                if self._at >= len(self._data):
                    raise Malformed("a frame header is cut short", truncated=True)
                self._value |= self._data[self._at]
                self._at += 1
        return bit

    def number(self, width: int) -> int:
        """An unsigned number of so many bits, the highest first."""
        value = 0
        for _ in range(width):
            value = value << 1 | self.flag()
        return value

    def optional(self, width: int) -> int:
        """A flag, and if it is set a number and its sign; else 0."""
        if not self.flag():
            return 0
        value = self.number(width)
        return -value if self.flag() else value

    def skip(self, width: int) -> None:
        """Pass over so many bits."""
        self.number(width)
