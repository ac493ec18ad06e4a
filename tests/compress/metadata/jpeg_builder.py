"""JPEG files of every layout that phones and cameras write, made from scratch."""

import io
import struct
from collections.abc import Iterable

from PIL import Image

APP0, APP1, APP2, APP13, COM = 0xE0, 0xE1, 0xE2, 0xED, 0xFE
SOF_MARKERS = (0xC0, 0xC1, 0xC2)
XMP_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"
ITEM = "http://ns.google.com/photos/1.0/container/item/"

MPF_HERE = b"MPF goes here"
"""Stands in a list of headers for the multi-picture index."""


def picture(
    seed: int = 1, *, size: tuple[int, int] = (96, 64), mode: str = "RGB", **options: object
) -> bytes:
    """A small JPEG with some detail in it; `options` go to Pillow."""
    width, height = size
    bands = len(mode)
    samples = bytes((x * seed + y * 3 + band * 40 + (x * y) % 17) % 256
                    for y in range(height) for x in range(width) for band in range(bands))  # fmt: skip
    out = io.BytesIO()
    Image.frombytes(mode, size, samples).save(out, "JPEG", **options)
    return out.getvalue()


def segment(marker: int, payload: bytes) -> bytes:
    """One marker segment."""
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def pieces(jpeg: bytes) -> list[bytes]:
    """The segments of a bare, single JPEG between SOI and EOI; scans with their data."""
    found, at = [], 2
    while jpeg[at : at + 2] != b"\xff\xd9":
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] == 0xDA:
            while jpeg[end] != 0xFF or jpeg[end + 1] in (0, *range(0xD0, 0xD8)):
                end += 1
        found.append(jpeg[at:end])
        at = end
    return found


def index_of(segments: list[bytes], *markers: int) -> int:
    """Index of the first segment with one of the markers."""
    return next(index for index, each in enumerate(segments) if each[1] in markers)


def with_headers(jpeg: bytes, headers: Iterable[bytes], *, before: int | None = None) -> bytes:
    """A bare JPEG with header segments put in before the first one with a marker, or right behind SOI."""
    segments = pieces(jpeg)
    place = (
        0 if before is None else index_of(segments, *(SOF_MARKERS if before in SOF_MARKERS else (before,)))
    )
    segments[place:place] = list(headers)
    return b"\xff\xd8" + b"".join(segments) + b"\xff\xd9"


def mpf_payload(order: str, entries: list[tuple[int, int, int]]) -> bytes:
    """An MPF payload with (attributes, size, offset) for each picture; order is "<" or ">"."""
    head = b"MPF\0" + (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    table_at = 8 + 2 + 3 * 12 + 4
    ifd = struct.pack(order + "H", 3)
    ifd += struct.pack(order + "HHI4s", 0xB000, 7, 4, b"0100")
    ifd += struct.pack(order + "HHII", 0xB001, 4, 1, len(entries))
    ifd += struct.pack(order + "HHII", 0xB002, 7, 16 * len(entries), table_at)
    ifd += struct.pack(order + "I", 0)
    return head + ifd + b"".join(struct.pack(order + "IIIHH", *entry, 0, 0) for entry in entries)


def build(
    primary: bytes,
    headers: list[bytes],
    appended: list[bytes],
    *,
    order: str = "<",
    indexed: list[int] | None = None,
    kind: int = 0,
    before: int | None = None,
    primary_size_error: int = 0,
) -> bytes:
    """A file of a primary image and what is appended to it.

    `MPF_HERE` among the headers becomes the index of the appended pieces whose numbers `indexed` lists
    (all of them without it).
    """
    numbers = list(range(len(appended))) if indexed is None else indexed
    blank = segment(APP2, mpf_payload(order, [(0, 0, 0)] * (1 + len(numbers))))
    draft = with_headers(primary, [blank if each is MPF_HERE else each for each in headers], before=before)
    mark = draft.find(blank)
    base = mark + 8
    starts = [len(draft) + sum(map(len, appended[:number])) for number in range(len(appended))]
    entries = [(0x030000, len(draft) + primary_size_error, 0)]
    entries += [(kind, len(appended[number]), starts[number] - base) for number in numbers]
    index = segment(APP2, mpf_payload(order, entries))
    whole = draft if mark < 0 else draft[:mark] + index + draft[mark + len(blank) :]
    return whole + b"".join(appended)


def xmp_segment(body: str, *, padding: int = 200) -> bytes:
    """An APP1 with an XMP packet around an rdf:Description's inside."""
    return segment(APP1, XMP_SIGNATURE + xmp_packet(body, padding=padding))


def xmp_packet(body: str, *, padding: int = 200, attributes: str = "") -> bytes:
    """An XMP packet around attributes and children of one rdf:Description."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:Container="http://ns.google.com/photos/1.0/container/"'
        f' xmlns:Item="{ITEM}" xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"'
        ' xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
        ' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"'
        ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"'
        f' hdrgm:Version="1.0"{attributes}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
        f'{" " * padding}<?xpacket end="w"?>'
    ).encode()


def container(items: list[tuple[str, str, int, int]], *, as_elements: bool = False) -> str:
    """A GContainer directory of (semantic, mime, length, padding), as attributes or as elements."""

    def item(fields: tuple[str, str, int, int]) -> str:
        named = zip(("Semantic", "Mime", "Length", "Padding"), map(str, fields), strict=True)
        kept = [(name, value) for name, value in named if value != "0"]
        if as_elements:
            inner = "".join(f"<Item:{name}>{value}</Item:{name}>" for name, value in kept)
            inner = f'<Container:Item rdf:parseType="Resource">{inner}</Container:Item>'
            return f'<rdf:li rdf:parseType="Resource">{inner}</rdf:li>'
        inner = " ".join(f'Item:{name}="{value}"' for name, value in kept)
        return f'<rdf:li rdf:parseType="Resource"><Container:Item {inner}/></rdf:li>'

    return f"<Container:Directory><rdf:Seq>{''.join(map(item, items))}</rdf:Seq></Container:Directory>"


def box(kind: bytes, content: bytes) -> bytes:
    """One ISO base media box."""
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def video(*, location: bytes = b"+52.5200+013.4050/") -> bytes:
    """A tiny MP4 with a place in its user data; nothing decodes it."""
    user_data = box(b"udta", box(b"\xa9xyz", len(location).to_bytes(2, "big") + b"\x15\xc7" + location))
    return (
        box(b"ftyp", b"isom\0\0\2\0isommp42")
        + box(b"moov", box(b"mvhd", bytes(100)) + box(b"trak", box(b"tkhd", bytes(84))) + user_data)
        + box(b"mdat", bytes(range(256)) * 4)
    )


def sef_trailer(blocks: list[tuple[int, bytes, bytes]]) -> bytes:
    """A Samsung trailer of (type, name, data)."""
    raw = [struct.pack("<HHI", 0, kind, len(name)) + name + data for kind, name, data in blocks]
    total = sum(map(len, raw))
    directory = b"SEFH" + struct.pack("<II", 107, len(blocks))
    at = 0
    for (kind, _, _), block in zip(blocks, raw, strict=True):
        directory += struct.pack("<HHII", 0, kind, total - at, len(block))
        at += len(block)
    return b"".join(raw) + directory + struct.pack("<I", len(directory)) + b"SEFT"


def mpo(count: int = 2, order: str = ">") -> bytes:
    """Several full pictures with a multi-picture index, as stereo cameras write them."""
    appended = [picture(seed) for seed in range(2, count + 1)]
    return build(picture(1), [MPF_HERE], appended, order=order, kind=0x020002)


def ultra_hdr(*, as_elements: bool = False, primary_length: int = 0, order: str = "<") -> bytes:
    """A picture with a gain map that both MPF and GContainer name."""
    gain_map = with_headers(picture(5, size=(48, 32), mode="L"), [xmp_segment("")])
    items = [("Primary", "image/jpeg", primary_length, 0), ("GainMap", "image/jpeg", len(gain_map), 0)]
    return build(
        picture(1),
        [xmp_segment(container(items, as_elements=as_elements)), MPF_HERE],
        [gain_map],
        order=order,
    )


def motion_photo(*, padding: int = 0) -> bytes:
    """A picture with a video that GContainer names."""
    clip = video()
    items = [("Primary", "image/jpeg", 0, padding), ("MotionPhoto", "video/mp4", len(clip), 0)]
    return build(picture(1), [xmp_segment(container(items))], [bytes(padding), clip])


def micro_video() -> bytes:
    """A picture with a video in the older way: MicroVideoOffset."""
    clip = video()
    return build(
        picture(1), [xmp_segment(f"<GCamera:MicroVideoOffset>{len(clip)}</GCamera:MicroVideoOffset>")], [clip]
    )


def samsung_motion_photo() -> bytes:
    """A picture with a video in a Samsung trailer."""
    blocks = [(0x0A30, b"MotionPhoto_Data", video()), (0x0A01, b"Image_UTC_Data", b"1700000000000")]
    return build(picture(1), [], [sef_trailer(blocks)])


def everything() -> bytes:
    """Ultra HDR and motion photo in one file, with an index in big-endian order and a trailer behind."""
    gain_map = with_headers(picture(5, size=(48, 32), mode="L"), [xmp_segment("")])
    trailer = sef_trailer([(0x0A01, b"Image_UTC_Data", b"1700000000000")])
    clip = video()
    items = [
        ("Primary", "image/jpeg", 0, 0),
        ("GainMap", "image/jpeg", len(gain_map), 3),
        ("MotionPhoto", "video/mp4", len(clip), 0),
    ]
    headers = [xmp_segment(container(items)), MPF_HERE]
    return build(picture(1), headers, [gain_map, bytes(3), clip, trailer], order=">", indexed=[0])


LAYOUTS = {
    "plain": lambda: picture(1),
    "plain with padding": lambda: picture(1) + b"\0\0\n",
    "unknown trailer": lambda: picture(1) + b'vivo{"a":1}' * 4,
    "mpo": mpo,
    "mpo of four, little-endian": lambda: mpo(4, "<"),
    "ultra hdr": ultra_hdr,
    "ultra hdr, elements": lambda: ultra_hdr(as_elements=True),
    "ultra hdr, big-endian": lambda: ultra_hdr(order=">"),
    "motion photo": motion_photo,
    "motion photo with padding": lambda: motion_photo(padding=7),
    "micro video": micro_video,
    "samsung": samsung_motion_photo,
    "everything": everything,
}
"""Well-formed files by name; every one of them must survive another coding of its primary."""


def index_fields(data: bytes, pictures: int) -> tuple[int, list[int], list[int]]:
    """The base of a big-endian index, read byte by byte, and each picture's size and offset."""
    base = data.index(b"MPF\0") + 4
    table = base + 8 + 2 + 36 + 4
    entries = [struct.unpack_from(">II", data, table + 16 * number + 4) for number in range(pictures)]
    return base, [size for size, _ in entries], [offset for _, offset in entries]
