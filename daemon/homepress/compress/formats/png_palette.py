"""A PNG with fewer colours, where the floor holds everywhere and nothing bands."""

import zlib
from dataclasses import dataclass

import numpy as np

from homepress.compress.formats.banding import BLOCK, Evenness
from homepress.compress.formats.colour_map import Colours, Rgba, looked_up
from homepress.compress.formats.judge import Judge, over
from homepress.compress.formats.palette import MOST_COLOURS, Indexed, Quantiser
from homepress.compress.formats.png_file import PngFile, has_usual_gamma
from homepress.compress.formats.png_picture import CodedPicture, ColourType, PngHeader
from homepress.compress.formats.png_pixels import pixel_rows
from homepress.compress.quality.colour import ToSrgb
from homepress.compress.result import ScoreKind

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

_OTHER_LIGHT = (b"cICP", b"mDCV", b"cLLI", b"gAMA")
"""Chunks that may mean another tone curve than the score expects; `sRGB` and `iCCP` outrank gAMA."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """A picture with fewer colours that keeps the floor.

    Attributes:
        picture: coded quickly; to be recoded.
        colours: how many it has.
        score: against the source.
        kind: how the score was measured.
    """

    picture: CodedPicture
    colours: int
    score: float
    kind: ScoreKind


def may_reduce(file: PngFile) -> bool:
    """Whether a palette is in question for this file at all."""
    header = file.header
    plain = header.depth == 8 and not header.interlaced and header.colour in (ColourType.RGB, ColourType.RGBA)
    if not plain or not file.freedom.colour or header.pixels > MOST_PIXELS:
        return False
    others = [kind for kind in _OTHER_LIGHT if file.has(kind)]
    return not others or (
        others == [b"gAMA"] and (file.has(b"sRGB") or file.has(b"iCCP") or has_usual_gamma(file))
    )


def reduce_colours(file: PngFile, floor: float, shown: ToSrgb) -> Reduced | None:
    """The picture in as few colours as the floor allows; None where 256 do not do.

    Pictures that have no more than 256 colours are not touched: stored without loss they are small enough.
    Nor are photographs: their scores may hold while leaves turn grey and skin gets grainy.

    Args:
        file: one that `may_reduce`.
        floor: the least score.
        shown: shows its colours in sRGB.
    """
    rgba: Rgba = np.concatenate(list(pixel_rows(file.picture))).astype(np.uint8, copy=False)
    colours = Colours(rgba)
    if len(colours) <= MOST_COLOURS or colours.of_photograph:
        return None
    quantiser = Quantiser(colours.mapped(), rgba)
    check = _Check(quantiser, Judge(rgba, shown), floor)
    del rgba, colours  # the search takes its memory
    best: tuple[Indexed, float] | None = None
    low, high = 0, len(_SIZES) - 1
    at = high  # all colours first: where they do not do, nothing does
    while low <= high:
        found = check.reduce(_SIZES[at])
        if found is None:
            low = at + 1
        else:
            best, high = found, at - 1
        at = (low + high) // 2
    if best is None:
        return None
    return Reduced(_coded(file.header, best[0]), len(best[0].palette), best[1], check.kind)


class _Check:
    """Reduces one picture to palettes of several sizes and says which ones do."""

    def __init__(self, quantiser: Quantiser, judge: Judge, floor: float) -> None:
        self._quantiser = quantiser
        self._judge = judge
        self._evenness = [Evenness(source) for source in self._judge.sources]
        self.kind = self._judge.kind
        self._floor = floor
        self._aim = floor + (_GUARD if self.kind is ScoreKind.SAMPLED else 0.0)

    def reduce(self, count: int) -> tuple[Indexed, float] | None:
        """So many colours and their score, if they hold the floor, in the worst tiles too."""
        for _ in range(_TRIES):
            indexed = self._quantiser.reduce(count)
            looks = [looked_up(over(indexed.palette, each), indexed.indices) for each in self._judge.grounds]
            score = self._judge.score(looks)
            if score < self._aim:
                return None
            pairs = list(zip(self._evenness, looks, strict=True))
            stepped = np.logical_or.reduce([evenness.steps_in(look) for evenness, look in pairs])
            if not stepped.any():
                patchy = any(evenness.is_patchy(look) for evenness, look in pairs)
                whole = not patchy and self._judge.worst(looks) >= self._floor - _WORST_BELOW
                return (indexed, score) if whole else None
            self._quantiser.favour(stepped, BLOCK)
        return None


def _coded(header: PngHeader, indexed: Indexed) -> CodedPicture:
    rows = np.zeros((header.height, header.width + 1), np.uint8)
    rows[:, 1:] = indexed.indices
    alpha = indexed.palette[:, 3]
    return CodedPicture(
        header=PngHeader(header.width, header.height, 8, ColourType.INDEXED, interlaced=False),
        palette=indexed.palette[:, :3].tobytes(),
        transparency=alpha.tobytes() if (alpha < 255).any() else None,
        stream=zlib.compress(rows.data, 1),
    )
