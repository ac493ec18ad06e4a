"""A PNG in fewer colours: as few as keep the floor everywhere, without bands."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from homepress.compress.aim import Scorer, over
from homepress.compress.model import ScoreKind
from homepress.compress.png.coded import CodedPicture, ColourType, PngHeader
from homepress.compress.png.evenness import BLOCK, CELL, Evenness
from homepress.compress.png.hints import all_bits_count
from homepress.compress.png.palette import MOST_COLOURS, Colours, Indexed, Quantiser, Rgba, looked_up
from homepress.compress.png.pixels import PngFile, has_usual_gamma, narrowed, pixel_rows
from homepress.compress.score.ssimulacra2 import ToSrgb

MOST_PIXELS = 16_000_000
"""Larger pictures are not tried: the search would take too long and too much memory."""

HIGHEST_FLOOR = 90.0
"""From this floor on nothing is tried: 256 colours are told apart from the source in a flicker test."""

_SIZES = (16, 24, 32, 48, 64, 96, 128, 192, MOST_COLOURS)
_TRIES = 4
"""How often more is made of colours that came out in steps."""
_GUARD = 0.3
"""Points above the floor that are aimed at where the score is sampled."""
_WORST_BELOW = 12.0
"""Points by which the worst tiles may stay under the floor."""

_FEWER = 0.5
"""Of the colours of a picture that has few: so many at most are worth a loss.

A result rarely has as many again to lose."""

_FEW_FLOOR = 90.0
"""The least score of such a picture: under it the soft edges of icons come out in stairs."""

_OTHER_LIGHT = (b"cICP", b"mDCV", b"cLLI", b"gAMA")
"""Chunks that may mean another tone curve than the score expects; `sRGB` and `iCCP` outrank gAMA."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """A picture with fewer colours that keeps the floor.

    Attributes:
        picture: coded quickly; to be recoded.
        colours: how many it has.
        score: against the source, of all of the picture.
    """

    picture: CodedPicture
    colours: int
    score: float


_Kept = tuple[Indexed, float]
"""A picture in fewer colours, and its score."""


def may_reduce(file: PngFile) -> bool:
    """Whether a palette is in question for this file at all."""
    header, freedom = file.header, file.freedom
    if header.depth < 8 or header.interlaced or header.pixels > MOST_PIXELS or not freedom.depth:
        return False
    if header.colour in (ColourType.GREY, ColourType.GREY_ALPHA) and not freedom.grey:
        return False  # a palette is colour, which its profile is not for
    if any(each.kind == b"sBIT" and not all_bits_count(each.body, header) for each in file.chunks):
        return False  # means of colours have bits that do not count
    others = [kind for kind in _OTHER_LIGHT if file.has(kind)]
    return not others or (
        others == [b"gAMA"] and (file.has(b"sRGB") or file.has(b"iCCP") or has_usual_gamma(file))
    )


def reduce_colours(file: PngFile, floor: float, shown: ToSrgb) -> Reduced | None:
    """The picture in as few colours as the floor allows; None where 256 do not do.

    A picture that has no more than 256 is only put into half of them or fewer: what was reduced to a few
    colours before would lose a few again otherwise, each time. Photographs are not touched: their scores may
    hold while leaves turn grey and skin gets grainy; nor are pictures with true 16-bit samples.

    Args:
        file: one that `may_reduce`.
        floor: the least score.
        shown: shows its colours in sRGB.
    """
    strips = [narrowed(rows) for rows in pixel_rows(file.picture)]
    shallow = [strip for strip in strips if strip is not None]
    if len(shallow) < len(strips):
        return None
    rgba: Rgba = np.concatenate(shallow)
    del strips, shallow
    colours = Colours(rgba)
    few = len(colours) <= MOST_COLOURS
    sizes = [size for size in _SIZES if not few or size <= _FEWER * len(colours)]
    if not sizes or colours.of_photograph:
        return None
    quantiser = Quantiser(colours.mapped(), rgba)
    least = max(floor, _FEW_FLOOR) if few else floor
    check = _Check(quantiser, Scorer(rgba, shown), least, few=few)
    del rgba, colours  # the search takes its memory
    spare = int(file.has(b"bKGD"))  # its colour may need a place in the palette
    found = _fewest([size - spare for size in sizes], check, begin=0 if few else len(sizes) - 1)
    if found is None:
        return None
    return Reduced(coded_palette(file.header, found[0]), len(found[0].palette), found[1])


def _fewest(sizes: Sequence[int], check: "_Check", begin: int) -> _Kept | None:
    """The picture in the smallest size that keeps the floor, in all of the picture.

    Args:
        sizes: rising.
        check: reduces and scores.
        begin: which is tried first: the last where nothing will do if that does not.
    """
    found: dict[int, _Kept | None] = {}
    low, high = 0, len(sizes) - 1
    at = begin
    while low <= high:
        found[at] = check.reduce(sizes[at])
        low, high = (at + 1, high) if found[at] is None else (low, at - 1)
        at = (low + high) // 2
    for at in range(low, len(sizes)):
        kept = found[at] if at in found else check.reduce(sizes[at])
        if kept is not None and (whole := check.confirmed(kept)) is not None:
            return whole
    return None


class _Check:
    """Reduces one picture to palettes of several sizes and says which ones do.

    Args:
        quantiser: of the picture.
        scorer: of it.
        floor: the least score.
        few: whether it has few colours as it is, so that each may mean something: no even field and no quiet
            block may change.
    """

    def __init__(self, quantiser: Quantiser, scorer: Scorer, floor: float, *, few: bool) -> None:
        self._quantiser = quantiser
        self._judge = scorer
        self._evenness = [Evenness(source) for source in self._judge.sources]
        self._floor = floor
        self._few = few
        self._aim = floor + (_GUARD if scorer.kind is ScoreKind.SAMPLED else 0.0)

    def reduce(self, count: int) -> _Kept | None:
        """So many colours and their score, if they hold the floor, in the worst tiles too."""
        for _ in range(_TRIES):
            indexed = self._quantiser.reduce(count)
            looks = self._looks(indexed)
            pairs = list(zip(self._evenness, looks, strict=True))
            if self._few and self._favour_moved(pairs):
                continue
            score = self._judge.score(looks)
            if score < self._aim:
                return None
            stepped = np.logical_or.reduce([evenness.steps_in(look) for evenness, look in pairs])
            if not stepped.any():
                patchy = any(evenness.is_patchy(look) for evenness, look in pairs)
                whole = not patchy and self._judge.worst(looks) >= self._floor - _WORST_BELOW
                return (indexed, score) if whole else None
            self._quantiser.favour(stepped, BLOCK)
        return None

    def _favour_moved(self, pairs: Sequence[tuple[Evenness, Rgba]]) -> bool:
        """Whether an even field or a quiet block changed its colour; its colours count for more then."""
        for moved, edge in (
            (np.logical_or.reduce([evenness.fields_in(look) for evenness, look in pairs]), 1),
            (np.logical_or.reduce([evenness.patches_in(look) for evenness, look in pairs]), CELL),
        ):
            if moved.any():
                self._quantiser.favour(moved, edge)
                return True
        return False

    def confirmed(self, kept: _Kept) -> _Kept | None:
        """The same with the score of all of it, which sample tiles of sparse text may miss by points."""
        if self._judge.kind is ScoreKind.SAMPLED:
            kept = kept[0], self._judge.full(self._looks(kept[0]))
        return kept if kept[1] >= self._floor else None

    def _looks(self, indexed: Indexed) -> list[Rgba]:
        return [looked_up(over(indexed.palette, each), indexed.indices) for each in self._judge.grounds]


def coded_palette(header: PngHeader, indexed: Indexed) -> CodedPicture:
    """A picture of few colours, coded quickly, in the size that a header tells."""
    rows = np.zeros((header.height, header.width + 1), np.uint8)
    rows[:, 1:] = indexed.indices
    alpha = indexed.palette[:, 3]
    return CodedPicture(
        header=PngHeader(header.width, header.height, 8, ColourType.INDEXED, interlaced=False),
        palette=indexed.palette[:, :3].tobytes(),
        transparency=alpha.tobytes() if (alpha < 255).any() else None,
        stream=zlib.compress(rows.data, 1),
    )
