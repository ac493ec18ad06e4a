"""Exif blocks and XMP packets for sharing: same length, nothing private."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compress.metadata.exif_builder import apple_note, exif_block
from compress.metadata.jpeg_builder import (
    xmp_packet,
)
from compress.metadata.private import PRIVATE_XMP, assert_clean
from homepress.compress.metadata import (
    share_exif,
    share_xmp,
)
from homepress.compress.metadata.exif import read_tiff
from homepress.compress.metadata.xmp import parse_xmp


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_keeps_its_length_and_the_harmless(order: str) -> None:
    block = exif_block(order)
    shared = share_exif(block)
    assert len(shared) == len(block)
    assert_clean(shared)
    tiff = read_tiff(shared)
    (main,) = tiff.chain()
    assert [entry.tag for entry in main.entries] == [0x010F, 0x0110, 0x0112, 0x8769]
    photo = tiff.child(main, 0x8769)
    assert photo is not None
    assert [entry.tag for entry in photo.entries] == [0x829A, 0x9003, 0xA434]
    assert tiff.value(photo.entries[1]) == b"2024:05:06 07:08:09\0"


def test_every_byte_of_a_shared_block_stands_where_it_stood() -> None:
    block = exif_block()
    shared = share_exif(block)
    tiff = read_tiff(shared)
    main = tiff.directory(tiff.first)
    photo = tiff.child(main, 0x8769)
    assert photo is not None
    tables = [range(each.at, each.end + 4) for each in (main, photo)]
    for at, byte in enumerate(shared):
        if byte and not any(at in table for table in tables):
            assert byte == block[at]


def test_apple_keeps_what_its_gain_map_needs() -> None:
    shared = share_exif(exif_block(maker_note=apple_note()))
    at = shared.index(b"Apple iOS")
    assert b"UNIQUE-ID" not in shared
    note = read_tiff(b"MM\0*\0\0\0\x08" + bytes(6) + shared[at + 14 :] + bytes(32))
    assert [entry.tag for entry in note.directory(14).entries] == [0x0001, 0x0021, 0x0030]


@pytest.mark.parametrize(
    "block", [b"", b"junk", b"II*\0\0\0\0\0" + b"secret remark", b"II*\0\xff\xff\0\0secret"]
)
def test_an_unreadable_block_becomes_zeros(block: bytes) -> None:
    assert share_exif(block) == bytes(len(block))


def test_another_maker_whose_note_looks_like_apples_keeps_nothing() -> None:
    note = apple_note().replace(b"Apple iOS", b"Other cam")
    assert b"Other" not in share_exif(exif_block(maker_note=note))


def test_a_value_that_reaches_into_a_table_brings_nothing_back() -> None:
    """The make claims the table of the photo's directory, where the serial number's entry stands."""
    block = bytearray(exif_block())
    tiff = read_tiff(bytes(block))
    main = tiff.directory(tiff.first)
    photo = tiff.child(main, 0x8769)
    make = main.find(0x010F)
    assert photo is not None
    assert make is not None
    block[make.at + 4 : make.at + 12] = (photo.end - photo.at).to_bytes(4, "little") + photo.at.to_bytes(
        4, "little"
    )
    shared = read_tiff(share_exif(bytes(block)))
    again = shared.directory(shared.first)
    assert again.find(0x010F) is None
    kept = shared.child(again, 0x8769)
    assert kept is not None
    assert [entry.tag for entry in kept.entries] == [0x829A, 0x9003, 0xA434]


def test_directories_that_overlap_are_not_both_kept() -> None:
    block = bytearray(exif_block())
    tiff = read_tiff(bytes(block))
    pointer = tiff.directory(tiff.first).find(0x8769)
    assert pointer is not None
    block[pointer.at + 8 : pointer.at + 12] = (tiff.first + 24).to_bytes(4, "little")
    shared = read_tiff(share_exif(bytes(block)))
    assert [entry.tag for entry in shared.directory(shared.first).entries] == [0x010F, 0x0110, 0x0112]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_mutated_block_never_grows_nor_raises(data: st.DataObject) -> None:
    block = bytearray(_BLOCK)
    for _ in range(data.draw(st.integers(1, 6))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    assert len(share_exif(bytes(block))) == len(block)


_BLOCK = exif_block()


def test_xmp_keeps_its_length_and_the_harmless() -> None:
    packet = xmp_packet(PRIVATE_XMP, attributes=' photoshop:State="Berlin" xmp:CreatorTool="Camera"')
    packet = packet.replace(b'rdf:about=""', b'rdf:about="uuid:SN-4711"')
    shared = share_xmp(packet)
    assert len(shared) == len(packet)
    assert_clean(shared)
    names = {
        name.rpartition(" ")[2]: text
        for element in parse_xmp(shared).walk()
        if element.name.endswith(" Description")
        for name, text in element.properties()
    }
    assert names == {
        "about": "",
        "Version": "1.0",
        "CreatorTool": "Camera",
        "Orientation": "6",
        "CreateDate": "2024-05-06",
    }


def test_a_namespace_that_begins_like_a_kept_one_goes() -> None:
    packet = xmp_packet("<xmpMM:CreateDate>secret remark</xmpMM:CreateDate>")
    assert b"secret" not in share_xmp(packet)


@pytest.mark.parametrize("packet", [b"not XML: secret remark", "<x>secret</x>".encode("utf-16")])
def test_an_unreadable_packet_becomes_zeros(packet: bytes) -> None:
    assert share_xmp(packet) == bytes(len(packet))


def test_an_identifier_inside_what_goes_leaves_no_quote_behind() -> None:
    inner = '<rdf:Description rdf:about="uuid:1"><xmpMM:a>secret</xmpMM:a></rdf:Description>'
    shared = share_xmp(xmp_packet(f"<dc:title>{inner}</dc:title>"))
    assert share_xmp(shared) == shared
    assert parse_xmp(shared).children[0].children[0].text.strip() == ""


def test_xmp_of_an_unknown_root_is_emptied() -> None:
    assert b"secret" not in share_xmp(b"<a><b>secret</b></a>")
    assert b"secret" not in share_xmp(b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><b>secret</b></x:xmpmeta>')
