"""A TOML document as a list of blocks: each a table with the comments that belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from homepress.settings.toml import HeaderTracker, KeyPath, Statement, statements


@dataclass(slots=True)
class Block:
    """A table with what stands around it; the three texts joined give the block.

    Attributes:
        table: which table it is; () for what stands before the first header.
        lead: comment lines right above the header, with no empty line between.
        body: the header and all lines to the last key.
        tail: comments and empty lines below.
    """

    table: KeyPath
    lead: str
    body: str
    tail: str

    @property
    def is_empty(self) -> bool:
        """Whether it has no text at all."""
        return not (self.lead or self.body or self.tail)


def split(text: str) -> list[Block]:
    """The blocks of a valid document with "\\n" line ends; the first is what stands before any header."""
    if text and not text.endswith("\n"):
        text += "\n"
    tracker = HeaderTracker()
    blocks: list[Block] = []
    table: KeyPath = ()
    lead: list[Statement] = []
    held: list[Statement] = []
    for statement in statements(text):
        if statement.is_header:
            above = _right_above(held)
            blocks.append(_block(table, lead, held[: len(held) - above]))
            table, lead, held = tracker.open(statement), held[len(held) - above :], []
        held.append(statement)
    blocks.append(_block(table, lead, held))
    return blocks


def join(blocks: Sequence[Block]) -> str:
    """The document again."""
    return "".join(block.lead + block.body + block.tail for block in blocks)


def drop(blocks: list[Block], table: KeyPath) -> None:
    """Take a table out, and the tables within it. Comments below it that stand apart stay."""
    for at in range(len(blocks) - 1, 0, -1):
        if blocks[at].table[: len(table)] == table:
            gone = blocks.pop(at)
            if "#" in gone.tail:
                blocks[at - 1].tail += gone.tail
            elif at == len(blocks) and (blocks[-1].tail == "\n" or blocks[-1].tail.endswith("\n\n")):
                blocks[-1].tail = blocks[-1].tail[:-1]  # the empty line that stood between them


def _right_above(held: Sequence[Statement]) -> int:
    """How many of the last statements are comments with nothing between them."""
    count = 0
    while count < len(held) and held[-1 - count].is_comment:
        count += 1
    return count


def _block(table: KeyPath, lead: Sequence[Statement], held: Sequence[Statement]) -> Block:
    end = len(held)
    while end and (held[end - 1].is_comment or held[end - 1].is_blank):
        end -= 1
    return Block(table, _text(lead), _text(held[:end]), _text(held[end:]))


def _text(parts: Sequence[Statement]) -> str:
    return "".join(part.text for part in parts)
