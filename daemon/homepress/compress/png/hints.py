"""What a PNG says of its stored samples (sBIT, bKGD), said of those of a new coding."""

from dataclasses import replace

from homepress.compress.png.coded import CodedPicture, ColourType, PngHeader

_GREY = (ColourType.GREY, ColourType.GREY_ALPHA)


def significant_bits(body: bytes, old: PngHeader, new: PngHeader) -> bytes | None:
    """sBIT for samples of another kind: a number for each channel, none for the indices of a palette.

    That all bits count is said of any depth; of fewer bits what they are, or None where samples have none.
    """
    if len(body) != _said_channels(old):
        return None
    if all_bits_count(body, old):
        return bytes((_sample_bits(new),)) * _said_channels(new)
    colours = body if len(body) < 3 else body[:3]
    if old.colour in _GREY:
        colours = body[:1] * 3
    if new.colour in _GREY:
        if len(set(colours)) > 1:
            return None
        colours = colours[:1]
    alpha = body[-1:] if new.colour in (ColourType.GREY_ALPHA, ColourType.RGBA) else b""
    return colours + alpha if max(colours + alpha) <= _sample_bits(new) else None


def all_bits_count(body: bytes, header: PngHeader) -> bool:
    """Whether sBIT says no more than the header does."""
    return set(body) == {_sample_bits(header)}


def _said_channels(header: PngHeader) -> int:
    """How many numbers sBIT has: those of a palette are of its red, green and blue."""
    return 3 if header.colour is ColourType.INDEXED else header.colour.channels


def _sample_bits(header: PngHeader) -> int:
    """Bits of a sample; the colours of a palette always have 8."""
    return 8 if header.colour is ColourType.INDEXED else header.depth


def with_background(
    body: bytes, old: PngHeader, palette: bytes, picture: CodedPicture
) -> tuple[CodedPicture, bytes] | None:
    """bKGD for samples of another kind, and the coding, to whose palette its colour may have been added.

    Args:
        body: of the chunk.
        old: what its samples are.
        palette: that its index is of, where the old picture is indexed.
        picture: the new coding.
    """
    if old.colour is ColourType.INDEXED and picture.palette == palette:
        return (picture, body) if len(body) == 1 and body[0] < 1 << picture.header.depth else None
    named = _named_colour(body, old, palette)
    if named is None:
        return None
    values, most = named
    new = picture.header
    if new.colour is ColourType.INDEXED:
        if any(value * 255 % most for value in values):
            return None
        return _in_palette(bytes(value * 255 // most for value in values), picture)
    target = (1 << new.depth) - 1
    if any(value * target % most for value in values):
        return None
    scaled = [(value * target // most).to_bytes(2, "big") for value in values]
    if new.colour in _GREY:
        return (picture, scaled[0]) if len(set(scaled)) == 1 else None
    return picture, b"".join(scaled)


def _named_colour(body: bytes, old: PngHeader, palette: bytes) -> tuple[list[int], int] | None:
    """Red, green and blue, and the greatest value that they can have."""
    if old.colour is ColourType.INDEXED:
        at = 3 * body[0] if len(body) == 1 else len(palette)
        return (list(palette[at : at + 3]), 255) if at + 3 <= len(palette) else None
    grey = old.colour in _GREY
    if len(body) != (2 if grey else 6):
        return None
    values = [int.from_bytes(body[at : at + 2], "big") for at in range(0, len(body), 2)] * (3 if grey else 1)
    most = (1 << old.depth) - 1
    return (values, most) if max(values) <= most else None


def _in_palette(colour: bytes, picture: CodedPicture) -> tuple[CodedPicture, bytes] | None:
    """The index of a colour, which is added to the palette where that lacks it; None if that is full."""
    known = [picture.palette[at : at + 3] for at in range(0, len(picture.palette), 3)]
    if colour in known:
        return picture, bytes((known.index(colour),))
    if len(known) >= 1 << picture.header.depth:
        return None
    return replace(picture, palette=picture.palette + colour), bytes((len(known),))
