"""Exif blocks made from scratch."""

import struct

ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 2, 3, 4, 5, 7

Field = tuple[int, int, bytes]
"""Tag, type, value as bytes in the block's order."""

_WIDTH = {ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, UNDEFINED: 1}

SECRETS = (b"Jane Owner", b"SN-4711", b"secret remark", b"LENS-0815", b"THUMBNAIL", b"maker's blob")
"""What no shared picture may hold; each is in `exif_block`."""


class ExifBuilder:
    """Builds one TIFF block."""

    def __init__(self, order: str = "<") -> None:
        self.order = order

    def short(self, value: int) -> bytes:
        return struct.pack(self.order + "H", value)

    def long(self, value: int) -> bytes:
        return struct.pack(self.order + "I", value)

    def rationals(self, *pairs: tuple[int, int]) -> bytes:
        return b"".join(struct.pack(self.order + "II", *pair) for pair in pairs)

    def directory(self, fields: list[Field], at: int, following: int = 0) -> bytes:
        """A directory that stands at `at`, its values behind it."""
        table = self.short(len(fields))
        values = b""
        values_at = at + 2 + 12 * len(fields) + 4
        for tag, kind, value in sorted(fields):
            table += struct.pack(self.order + "HHI", tag, kind, len(value) // _WIDTH[kind])
            if len(value) <= 4:
                table += value.ljust(4, b"\0")
            else:
                table += self.long(values_at + len(values))
                values += value + b"\0" * (len(value) % 2)
        return table + self.long(following) + values


def exif_block(
    order: str = "<", *, orientation: int = 6, gps: bool = True, maker_note: bytes = b"maker's blob" * 3
) -> bytes:
    """A block with main, Exif, GPS and thumbnail directories, as a phone writes it."""
    build = ExifBuilder(order)
    head = (b"II*\0" if order == "<" else b"MM\0*") + build.long(8)
    latitude = build.rationals((52, 1), (31, 1), (12, 1))
    position = [(1, ASCII, b"N\0"), (2, RATIONAL, latitude), (3, ASCII, b"E\0"), (4, RATIONAL, latitude)]
    photo = [
        (0x829A, RATIONAL, build.rationals((1, 125))),
        (0x9003, ASCII, b"2024:05:06 07:08:09\0"),
        (0x927C, UNDEFINED, maker_note),
        (0x9286, UNDEFINED, b"ASCII\0\0\0secret remark"),
        (0xA431, ASCII, b"SN-4711\0"),
        (0xA434, ASCII, b"Prime 35 mm\0"),
        (0xA435, ASCII, b"LENS-0815\0"),
    ]
    thumbnail = b"\xff\xd8THUMBNAIL\xff\xd9"

    def main(photo_at: int, gps_at: int, following: int) -> bytes:
        fields = [
            (0x010F, ASCII, b"Maker\0"),
            (0x0110, ASCII, b"Model One\0"),
            (0x0112, SHORT, build.short(orientation)),
            (0x013B, ASCII, b"Jane Owner\0"),
            (0x8298, ASCII, b"(c) Jane Owner\0"),
            (0x8769, LONG, build.long(photo_at)),
            (0x9C9D, UNDEFINED, b"Jane Owner".ljust(20)),
        ]
        fields += [(0x8825, LONG, build.long(gps_at))] if gps else []
        return build.directory(fields, 8, following)

    photo_at = 8 + len(main(0, 0, 0))
    gps_at = photo_at + len(build.directory(photo, photo_at))
    thumbnail_at = gps_at + (len(build.directory(position, gps_at)) if gps else 0)

    def preview(at: int) -> bytes:
        fields = [(0x0201, LONG, build.long(at)), (0x0202, LONG, build.long(len(thumbnail)))]
        return build.directory(fields, thumbnail_at)

    return b"".join(
        (
            head,
            main(photo_at, gps_at, thumbnail_at),
            build.directory(photo, photo_at),
            build.directory(position, gps_at) if gps else b"",
            preview(thumbnail_at + len(preview(0))),
            thumbnail,
        )
    )


def apple_note() -> bytes:
    """An Apple maker note with HDR values and a unique identifier."""
    build = ExifBuilder(">")
    fields = [
        (0x0001, LONG, build.long(14)),
        (0x0011, ASCII, b"3F2504E0-UNIQUE-ID\0"),
        (0x0021, RATIONAL, build.rationals((3, 2))),
        (0x0030, RATIONAL, build.rationals((7, 5))),
    ]
    return b"Apple iOS\0\0\1MM" + build.directory(fields, 14)
