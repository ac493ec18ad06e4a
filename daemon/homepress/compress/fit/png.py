"""A PNG under a size in bytes: coarser levels or fewer colours, whichever stays nearer to the picture.

Without loss a photograph of a megapixel takes more than a megabyte. With levels that are a few numbers apart
it takes half of that and can hardly be told from the original; a palette takes a quarter.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from homepress.compress.aim import over
from homepress.compress.convert.picture import Picture, Rgba, is_opaque
from homepress.compress.convert.write import EncodedFile, png_wrapped, quickly_coded, scorer_of
from homepress.compress.model import LOWEST_FLOOR, ScoreKind
from homepress.compress.pixels import Undecodable
from homepress.compress.png.coded import CodedPicture
from homepress.compress.png.evenness import Evenness
from homepress.compress.png.fewer import MOST_PIXELS, coded_palette
from homepress.compress.png.palette import MOST_COLOURS, Colours, Indexed, Quantiser, looked_up
from homepress.compress.png.pixels import Freedom, fingerprint, read_png
from homepress.compress.png.recode import COLOURS_ONLY, FASTEST, NAME, level_for, recode
from homepress.compress.score.search import shortfall

_STEPS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 17, 21, 25, 33)
"""How far levels are apart."""
_COUNTS: Final = (MOST_COLOURS, 192, 128, 96, 64, 48, 32, 24, 16)
_DENSER: Final = 0.77
"""What the best coding takes of the bytes of a quick one, as long as nothing better is known."""
_DENSEST: Final = 0.6
"""The least that it takes."""
_FINAL_TRIES: Final = 2
"""How often a picture is coded in full with levels apart, with a palette, and dithered, at most."""
_LEVEL: Final = 2
"""Of the best coding. More effort gains nothing on coarse levels, and takes up to four times as long."""
_GOOD: Final = 70.0
"""A score of even pictures from which on no palette is looked for."""
_MOST_SHIFT: Final = 4.0
"""Levels, in the mean: further from its source a picture is another one, whatever its score."""
_LEAST_PALETTE: Final = 0.4
"""Of the bytes with the coarsest levels: so many a palette takes that still shows the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class _Attempt:
    """The picture with one kind of loss, coded quickly.

    Attributes:
        coded: the picture.
        freedom: what of its coding may change.
        method: in words.
        score: against the source.
        keeps: whether that will do.
        uneven: whether smooth parts show steps, or quiet ones another colour.
    """

    coded: CodedPicture
    freedom: Freedom
    method: str
    score: float
    keeps: bool
    uneven: bool


def may_fit_whole(picture: Picture, limit: int) -> bool:
    """Whether a picture may take at most so many bytes without loss."""
    quick = recode(quickly_coded(picture), level=FASTEST)
    return len(quick.stream) * _DENSEST <= limit


class PngFit:
    """One picture at one size in pixels.

    Args:
        picture: what to write.
        limit: bytes of the whole file.
    """

    def __init__(self, picture: Picture, limit: int) -> None:
        self._picture = picture
        self._limit = limit
        self._scorer = scorer_of(picture)
        self._evenness = [Evenness(source) for source in self._scorer.sources]
        self._plain = quickly_coded(picture)
        self._file = read_png(png_wrapped(self._plain, picture))
        self.least = 0
        """Bytes of the smallest file that shows the picture, or what they are expected to be."""

    def write(self) -> EncodedFile | None:
        """The nearest to the picture that fits, of those that were found; None where none does."""
        found = list(self._found())
        if not found:
            return None
        attempt, coded = max(found, key=lambda one: (not one[0].uneven, one[0].score))
        data = self._file.with_picture(coded)
        if fingerprint(read_png(data).picture) != fingerprint(attempt.coded):
            raise Undecodable("the result does not decode to the same pixels")
        exact = attempt.coded is self._plain
        kind = ScoreKind.FULL if exact else self._scorer.kind
        return EncodedFile(data, attempt.score, kind, exact, f"{attempt.method}{NAME}")

    def _found(self) -> Iterator[tuple[_Attempt, CodedPicture]]:
        """What fits: coarser levels, a palette, a palette with dithering."""
        coarse = _Ladder(self._coarser, len(_STEPS), self._size)
        if (levels := coarse.finest(self._limit)) is not None:
            yield levels
            if levels[0].score >= _GOOD and not levels[0].uneven:
                return
        self._note(coarse)
        most_pixels = self._picture.size[0] * self._picture.size[1] > MOST_PIXELS
        if most_pixels or (levels is None and coarse.least * _LEAST_PALETTE > self._limit):
            return
        palettes = _Palettes(self._picture.rgba)
        for dithered in (False, True):
            attempt = functools.partial(self._reduced, palettes, dithered)
            ladder = _Ladder(attempt, len(_COUNTS), self._size)
            found = ladder.finest(self._limit)
            self._note(ladder)
            if found is not None:
                yield found
            if found is not None and not found[0].uneven:
                return
            if not is_opaque(self._picture.rgba):  # dithering would be seen through
                return

    def _note(self, ladder: "_Ladder") -> None:
        self.least = min(self.least or ladder.least, ladder.least or self.least)

    def _size(self, coded: CodedPicture) -> int:
        return len(self._file.with_picture(coded))

    def _coarser(self, rung: int) -> _Attempt:
        step, rgba = _STEPS[rung], self._picture.rgba
        if step == 1:
            return _Attempt(self._plain, self._file.freedom, "", 100.0, keeps=True, uneven=False)
        coarse = coarser(rgba, step)
        coded = quickly_coded(dataclasses.replace(self._picture, rgba=coarse))
        looks = [over(coarse, ground) for ground in self._scorer.grounds]
        return self._judged(coded, self._file.freedom, f"levels {step} apart, ", looks)

    def _reduced(self, palettes: "_Palettes", dithered: bool, rung: int) -> _Attempt:
        count = _COUNTS[rung]
        indexed = palettes.dithered(count) if dithered else palettes.plain(count)
        looks = [looked_up(over(indexed.palette, each), indexed.indices) for each in self._scorer.grounds]
        method = f"{len(indexed.palette)} colours, {'dithered, ' if dithered else ''}"
        return self._judged(coded_palette(self._file.header, indexed), COLOURS_ONLY, method, looks)

    def _judged(self, coded: CodedPicture, freedom: Freedom, method: str, looks: Sequence[Rgba]) -> _Attempt:
        score, worst = self._scorer.score(looks), self._scorer.worst(looks)
        uneven, shift = False, 0.0
        for evenness, look in zip(self._evenness, looks, strict=True):
            uneven |= evenness.is_patchy(look) or bool(evenness.steps_in(look).any())
            shift = max(shift, evenness.mean_shift(look))
        keeps = shortfall(LOWEST_FLOOR, score, worst) <= 0.0 and shift <= _MOST_SHIFT
        return _Attempt(coded, freedom, method, score, keeps, uneven)


def coarser(rgba: Rgba, step: int) -> Rgba:
    """Colours whose levels are multiples of `step`, or 255; transparency as it is, nothing beneath it."""
    table = (np.rint(np.arange(256) / step) * step).astype(np.int64)
    table[table > 255] = 255
    table[256 - max(1, (255 % step + 1) // 2) :] = 255
    out: Rgba = rgba.copy()
    out[..., :3] = table.astype(np.uint8)[rgba[..., :3]]
    out[out[..., 3] == 0] = 0
    return out


class _Palettes:
    """Palettes of one picture."""

    def __init__(self, rgba: Rgba) -> None:
        self._rgba = rgba
        self._quantiser = Quantiser(Colours(rgba).mapped(), rgba)
        self._known: dict[int, Indexed] = {}

    def plain(self, count: int) -> Indexed:
        """Each pixel in the nearest colour."""
        if count not in self._known:
            self._known[count] = self._quantiser.reduce(count)
        return self._known[count]

    def dithered(self, count: int) -> Indexed:
        """With what each pixel errs by given to its neighbours (Floyd and Steinberg)."""
        palette = self.plain(count).palette
        colours = palette[:, :3].ravel().tolist()
        holder = Image.new("P", (1, 1))
        holder.putpalette(colours + colours[:3] * (MOST_COLOURS - len(palette)))
        picture = Image.fromarray(np.ascontiguousarray(self._rgba[..., :3]))
        indices = np.asarray(picture.quantize(palette=holder, dither=Image.Dither.FLOYDSTEINBERG))
        return Indexed(palette, np.where(indices < len(palette), indices, 0).astype(np.uint8))


class _Ladder:
    """Codings from fine to coarse.

    Args:
        attempt: makes the one of a rung.
        rungs: how many there are.
        size: bytes of a file with a coding.
    """

    def __init__(
        self, attempt: Callable[[int], _Attempt], rungs: int, size: Callable[[CodedPicture], int]
    ) -> None:
        self._attempt = attempt
        self._rungs = rungs
        self._size = size
        self._known: dict[int, tuple[_Attempt, int]] = {}
        self._denser = _DENSER
        self.least = 0
        """Bytes of the coarsest that keeps the lowest floor, or what they are expected to be."""

    def finest(self, limit: int) -> tuple[_Attempt, CodedPicture] | None:
        """The finest that fits and keeps the lowest floor, in its best coding; None where none does."""
        rung = self._expected_to_fit(limit)
        best: tuple[_Attempt, CodedPicture] | None = None
        for _ in range(_FINAL_TRIES):
            if rung is None or not 0 <= rung < self._rungs or not self._at(rung)[0].keeps:
                break
            attempt, quick = self._at(rung)
            coded = recode(
                attempt.coded, attempt.freedom, level=min(_LEVEL, level_for(attempt.coded.header.pixels))
            )
            size = self._size(coded)
            self._denser = size / quick
            self._learn(size)
            if size > limit:
                if best is not None:
                    break
                rung = self._coarser_that_fits(rung, limit)
                continue
            best = attempt, coded
            if rung == 0 or self._at(rung - 1)[1] * self._denser > limit:
                break
            rung -= 1
        return best

    def _coarser_that_fits(self, rung: int, limit: int) -> int | None:
        """The next rung that should fit, by what was learnt of how dense the best coding is."""
        coarser = range(rung + 1, self._rungs)
        return next((each for each in coarser if self._at(each)[1] * self._denser <= limit), None)

    def _expected_to_fit(self, limit: int) -> int | None:
        """The finest rung that is expected to fit; the coarsest where that may just do."""
        low, high, found = 0, self._rungs - 1, None
        coarsest: int | None = None
        while low <= high:
            middle = (low + high) // 2
            attempt, quick = self._at(middle)
            if not attempt.keeps:
                high = middle - 1
                continue
            coarsest = middle
            self._learn(round(quick * self._denser))
            if quick * self._denser <= limit:
                found, high = middle, middle - 1
            else:
                low = middle + 1
        if found is None and coarsest is not None and self._at(coarsest)[1] * _DENSEST <= limit:
            return coarsest
        return found

    def _at(self, rung: int) -> tuple[_Attempt, int]:
        """An attempt, and the bytes of the file with its quick coding."""
        if rung not in self._known:
            attempt = self._attempt(rung)
            self._known[rung] = attempt, self._size(recode(attempt.coded, attempt.freedom, level=FASTEST))
        return self._known[rung]

    def _learn(self, size: int) -> None:
        self.least = min(self.least or size, size)
