"""XMP packets (ISO 16684-1) as a tree that knows where in the packet each thing stands.

Positions make edits possible that leave every other byte alone. Document type declarations are refused, so
no entity can be declared: the cost of a packet is linear in its length.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from homepress.compress.metadata.errors import Malformed

MOST_DEPTH = 100
"""Real packets nest less than twenty deep."""

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMPMETA = "adobe:ns:meta/ xmpmeta"
"""The names of the outer elements: a namespace, and an element."""

# For start tags that the parser has found well-formed; each is matched where the last one ended.
_TAG_NAME = re.compile(rb"<[^\s/>]+")
_ATTRIBUTE = re.compile(rb"""\s*([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG_CLOSE = re.compile(rb"\s*/?>")


@dataclass(frozen=True, slots=True)
class XmpAttribute:
    """One attribute, namespace declarations not among them.

    Attributes:
        name: "namespace-URI local-name" with a blank between; the local name alone without a namespace.
        value: its text.
        start: position of its name in the packet.
        end: position after its closing quote.
        value_start: position of its value; the value ends at `end - 1`.
    """

    name: str
    value: str
    start: int
    end: int
    value_start: int


@dataclass(frozen=True, slots=True)
class XmpElement:
    """One element.

    Attributes:
        name: as for attributes.
        attributes: in document order.
        children: child elements in order.
        text: its own character data, without its children's.
        start: position of its start tag.
        content_start: position after its start tag.
        content_end: position of its end tag; equals `content_start` where the tag is empty.
        end: position after its end tag.
    """

    name: str
    attributes: tuple[XmpAttribute, ...]
    children: tuple["XmpElement", ...]
    text: str
    start: int
    content_start: int
    content_end: int
    end: int

    def walk(self) -> Iterator["XmpElement"]:
        """The element and all beneath it, in document order."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))

    def properties(self) -> Iterator[tuple[str, str]]:
        """Name and text of the properties that it states, as attributes or as child elements."""
        for attribute in self.attributes:
            yield attribute.name, attribute.value
        for child in self.children:
            yield child.name, child.text.strip()


@dataclass(frozen=True, slots=True)
class XmpPacket:
    """A packet: its outermost element, and where its comments start and end."""

    root: XmpElement
    comments: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Open:
    """An element whose end has not been seen."""

    name: str
    attributes: tuple[XmpAttribute, ...]
    start: int
    content_start: int
    children: list[XmpElement]
    text: list[str]


class _Builder:
    """Makes the tree from the events of the parser."""

    def __init__(self, packet: bytes, offset: int) -> None:
        self._packet = packet
        self._offset = offset
        self._stack: list[_Open] = []
        self.root: XmpElement | None = None
        self.comments: list[tuple[int, int]] = []
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.ordered_attributes = True
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._finish
        self._parser.CharacterDataHandler = self._characters
        self._parser.CommentHandler = self._comment
        self._parser.StartDoctypeDeclHandler = self._doctype

    def parse(self) -> None:
        try:
            self._parser.Parse(self._packet[self._offset :].rstrip(b"\0 \r\n\t"), True)
        except expat.ExpatError as error:
            raise Malformed("XMP that is not valid XML") from error

    def _doctype(self, *_: object) -> None:
        raise Malformed("XMP with a document type declaration")

    def _comment(self, _text: str) -> None:
        start = self._offset + self._parser.CurrentByteIndex
        self.comments.append((start, self._packet.index(b"-->", start) + 3))

    def _begin(self, name: str, pairs: list[str]) -> None:
        if len(self._stack) >= MOST_DEPTH:
            raise Malformed("XMP nested too deep")
        start = self._offset + self._parser.CurrentByteIndex
        spans, content_start = self._read_tag(start)
        if 2 * len(spans) != len(pairs):
            raise Malformed("XMP with attributes that cannot be placed", start)
        attributes = tuple(
            XmpAttribute(attribute, value, *span)
            for attribute, value, span in zip(pairs[::2], pairs[1::2], spans, strict=True)
        )
        self._stack.append(_Open(name, attributes, start, content_start, [], []))

    def _read_tag(self, start: int) -> tuple[list[tuple[int, int, int]], int]:
        """Start, end and value start of each attribute that declares no namespace; the end of the tag."""
        tag = _TAG_NAME.match(self._packet, start)
        spans = []
        at = start if tag is None else tag.end()
        while (match := _ATTRIBUTE.match(self._packet, at)) is not None:
            at = match.end()
            if match[1] != b"xmlns" and not match[1].startswith(b"xmlns:"):
                spans.append((match.start(1), at, match.start(2) + 1))
        close = _TAG_CLOSE.match(self._packet, at)
        if close is None:
            raise Malformed("XMP with a tag that cannot be placed", start)
        return spans, close.end()

    def _characters(self, text: str) -> None:
        if self._stack:
            self._stack[-1].text.append(text)

    def _finish(self, _name: str) -> None:
        at = self._offset + self._parser.CurrentByteIndex
        entry = self._stack.pop()
        empty = self._packet[entry.content_start - 2 : entry.content_start] == b"/>"
        content_end = entry.content_start if empty else at
        end = entry.content_start if empty else self._packet.index(b">", at) + 1
        element = XmpElement(
            entry.name,
            entry.attributes,
            tuple(entry.children),
            "".join(entry.text),
            entry.start,
            entry.content_start,
            content_end,
            end,
        )
        if self._stack:
            self._stack[-1].children.append(element)
        else:
            self.root = element


def read_xmp(packet: bytes) -> XmpPacket:
    """Read one packet, in UTF-8 as JPEG, PNG and WebP ask for.

    Raises:
        Malformed: not well-formed, not UTF-8, nested deeper than `MOST_DEPTH`, or with a document type.
    """
    offset = len(packet) - len(packet.lstrip(b"\0 \r\n\t"))
    builder = _Builder(packet, offset)
    builder.parse()
    if builder.root is None:
        raise Malformed("an empty XMP packet")
    return XmpPacket(builder.root, tuple(builder.comments))


def parse_xmp(packet: bytes) -> XmpElement:
    """The outermost element of a packet; see `read_xmp`."""
    return read_xmp(packet).root


def without_properties(packet: bytes, goes: Callable[[str], bool]) -> bytes:
    """A packet without some properties of its descriptions; the rest stays byte for byte.

    Args:
        packet: the packet.
        goes: says of a name, "namespace-URI local-name", whether it goes.

    Raises:
        Malformed: as `read_xmp`.
    """
    gone = []
    for element in read_xmp(packet).root.walk():
        if element.name != f"{RDF} Description":
            continue
        gone += [(one.start, one.end) for one in element.attributes if goes(one.name)]
        gone += [(one.start, one.end) for one in element.children if goes(one.name)]
    pieces, at = [], 0
    for start, end in sorted(gone):
        if start >= at:  # else it is inside one that is gone already
            pieces.append(packet[at:start])
            at = end
    return b"".join((*pieces, packet[at:]))


def with_values(packet: bytes, change: Callable[[str, str], str | None]) -> bytes:
    """A packet in which some properties, at any depth, have other values.

    Args:
        packet: the packet.
        change: gives the new value of a name, "namespace-URI local-name", and its value; None to leave it.

    Raises:
        Malformed: as `read_xmp`.
    """
    edits = []
    for element in read_xmp(packet).root.walk():
        for one in element.attributes:
            if (value := change(one.name, one.value)) is not None:
                edits.append((one.value_start, one.end - 1, value))
        if not element.children and (value := change(element.name, element.text.strip())) is not None:
            edits.append((element.content_start, element.content_end, value))
    for start, end, value in sorted(edits, reverse=True):
        packet = packet[:start] + value.encode() + packet[end:]
    return packet


def _is_empty(root: XmpElement) -> bool:
    """Whether a packet holds no description, nor anything else: what is left of one that was emptied."""
    frames = (XMPMETA, f"{RDF} RDF")
    return all(element.name in frames and not element.text.strip() for element in root.walk())


def with_description(packet: bytes, description: bytes) -> bytes:
    """A packet with one more description at its end.

    Args:
        packet: the packet.
        description: an rdf:Description that declares its namespaces itself.

    Raises:
        Malformed: as `read_xmp`; or the packet has no place for it.
    """
    root = parse_xmp(packet)
    if _is_empty(root):
        head = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'.encode()
        return head + description + b"</rdf:RDF></x:xmpmeta>"
    graphs = [element for element in root.walk() if element.name == f"{RDF} RDF"]
    if not graphs or graphs[0].content_end == graphs[0].content_start:
        raise Malformed("XMP that has no place for another description")
    at = graphs[0].content_end
    return packet[:at] + description + packet[at:]
