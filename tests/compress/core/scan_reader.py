"""Reads the levels of a progressive JPEG, slowly and to the letter (ITU-T T.81 annexes C, F.2 and G.2)."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.int64]
Book = dict[tuple[int, int], int]
"""Symbols by length and code."""


@dataclass
class Component:
    """Sampling factors, blocks that are seen and blocks in whole units; levels in zigzag order."""

    factors: tuple[int, int]
    across: int
    down: int
    levels: Levels


@dataclass
class Scan:
    """One scan, and the lengths of the codes that it was read with."""

    components: tuple[int, ...]
    spectral: tuple[int, int]
    approximation: tuple[int, int]
    lengths: list[int]


@dataclass
class Reader:
    """A stream, read when it is made."""

    data: bytes
    components: list[Component] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._books: dict[int, Book] = {}
        at = 2
        while self.data[at + 1] != 0xD9:
            marker, length = self.data[at + 1], int.from_bytes(self.data[at + 2 : at + 4], "big")
            body = self.data[at + 4 : at + 2 + length]
            at += 2 + length
            if marker == 0xC2:
                self._frame(body)
            elif marker == 0xC4:
                self._book(body)
            elif marker == 0xDA:
                at = self._scan(body, at)
        assert at + 2 == len(self.data)

    def _frame(self, body: bytes) -> None:
        height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        factors = [(body[at] >> 4, body[at] & 15) for at in range(7, 6 + 3 * body[5], 3)]
        across, down = (8 * max(pair[axis] for pair in factors) for axis in range(2))
        self.units = -(-width // across), -(-height // down)
        for pair in factors:
            grid = self.units[1] * pair[1], self.units[0] * pair[0], 64
            seen = -(-width * pair[0] // across), -(-height * pair[1] // down)
            self.components.append(Component(pair, *seen, np.zeros(grid, np.int64)))

    def _book(self, body: bytes) -> None:
        codes: Book = {}
        code, at = 0, 17
        for length, count in enumerate(body[1:17], 1):
            for symbol in body[at : at + count]:
                assert code < (1 << length) - 1, "a code of ones alone, or one too many"
                codes[length, code] = symbol
                code += 1
            at += count
            code <<= 1
        assert at == len(body)
        self._books[body[0]] = codes

    def _scan(self, body: bytes, at: int) -> int:
        end = at
        while self.data[end] != 0xFF or self.data[end + 1] == 0:
            end += 1
        self._bits = "".join(f"{byte:08b}" for byte in self.data[at:end].replace(b"\xff\0", b"\xff"))
        self._at = 0
        parts = [(body[at] - 1, body[at + 1]) for at in range(1, 1 + 2 * body[0], 2)]
        first, last, bits = body[-3:]
        high, low = bits >> 4, bits & 15
        chosen = [tables & 15 | 0x10 if first else tables >> 4 for _, tables in parts]
        lengths = [length for book in chosen for length, _ in self._books[book]]
        numbers = tuple(number for number, _ in parts)
        self.scans.append(Scan(numbers, (first, last), (high, low), lengths))
        if not first:
            assert last == high == low == 0
            self._means(parts)
        elif high:
            assert high == low + 1
            self._refined(self.components[numbers[0]], self._books[chosen[0]], first, last, low)
        else:
            self._first(self.components[numbers[0]], self._books[chosen[0]], first, last, low)
        rest = self._bits[self._at :]
        assert len(rest) < 8 and "0" not in rest
        return end

    def _means(self, parts: list[tuple[int, int]]) -> None:
        before = [0] * len(parts)
        for row, column in np.ndindex(self.units[1], self.units[0]):
            for place, (number, tables) in enumerate(parts):
                part = self.components[number]
                across, down = part.factors if len(parts) > 1 else (1, 1)
                for y, x in np.ndindex(down, across):
                    before[place] += self._value(self._symbol(self._books[tables >> 4]))
                    part.levels[row * down + y, column * across + x, 0] = before[place]

    def _first(self, part: Component, book: Book, first: int, last: int, low: int) -> None:
        run = 0
        for y, x in np.ndindex(part.down, part.across):
            place = first
            if run:
                run -= 1
                continue
            while place <= last:
                zeros, size = divmod(self._symbol(book), 16)
                if size:
                    place += zeros
                    part.levels[y, x, place] = self._value(size) << low
                    place += 1
                elif zeros == 15:
                    place += 16
                else:
                    run = (1 << zeros) + self._take(zeros) - 1
                    break
            assert place <= last + 1

    def _refined(self, part: Component, book: Book, first: int, last: int, low: int) -> None:
        run = 0
        for y, x in np.ndindex(part.down, part.across):
            block, place = part.levels[y, x], first
            while place <= last and not run:
                zeros, size = divmod(self._symbol(book), 16)
                if not size and zeros < 15:
                    run = (1 << zeros) + self._take(zeros)
                    break
                assert size < 2
                new = (1 if self._take(1) else -1) << low if size else 0
                while True:
                    if block[place]:
                        self._correct(block, place, low)
                    elif zeros:
                        zeros -= 1
                    else:
                        break
                    place += 1
                block[place] = new
                place += 1
            if run:
                run -= 1
                for rest in range(place, last + 1):
                    if block[rest]:
                        self._correct(block, rest, low)

    def _correct(self, block: Levels, place: int, low: int) -> None:
        if self._take(1):
            block[place] += (1 if block[place] > 0 else -1) << low

    def _symbol(self, book: Book) -> int:
        code = 0
        for length in range(1, 17):
            code = code << 1 | self._take(1)
            if (length, code) in book:
                return book[length, code]
        raise AssertionError("no such code")

    def _value(self, size: int) -> int:
        bits = self._take(size)
        return bits if not size or bits >> (size - 1) else bits - (1 << size) + 1

    def _take(self, count: int) -> int:
        self._at += count
        assert self._at <= len(self._bits)
        return int(self._bits[self._at - count : self._at] or "0", 2)
