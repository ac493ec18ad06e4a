"""Making a picture fit under a size in bytes: fewer pixels where that looks better at the old size."""

import functools
from dataclasses import replace

from homepress.base.formats import FORMATS, ImageType
from homepress.compress.convert.jxl import JxlCodec
from homepress.compress.convert.picture import CannotConvert, Picture, Rgba, to_rgba
from homepress.compress.convert.resize import resized
from homepress.compress.convert.write import (
    EncodedFile,
    EncodeOptions,
    refuse_unwritable,
    write_picture,
)
from homepress.compress.fit.coders import Coder, WrittenFile, finer_coder
from homepress.compress.fit.mosaic import OldSizeScorer
from homepress.compress.fit.png import PngFit, may_fit_whole
from homepress.compress.fit.search import Approach, Search, Trial
from homepress.compress.model import LOWEST_FLOOR, ScoreKind
from homepress.compress.pixels import decode
from homepress.compress.png.fewer import MOST_PIXELS as MOST_PALETTE_PIXELS
from homepress.compress.png.palette import Colours
from homepress.compress.savings import SHARES, shrunk
from homepress.compress.score.search import shortfall
from homepress.compress.score.ssimulacra2 import to_srgb
from homepress.compress.score.tiles import TILES

# A mosaic of the picture's regions tells how it looks at each share of its edges with the quality that the
# size allows. The picture is then coded at the best of them: once to learn how far the mosaic errs, a second
# time to fill the size.

_LEAST_EDGE = 32
SHARES_OF_PNG = SHARES[::2]
"""Of the edges of a PNG: each of them costs much."""
_FULL_ENOUGH = 0.98
"""Of the size that is asked for: a result that takes so much of it is as good as can be had."""
_CODINGS = 2
"""How often a picture is coded at one share of its edges, at most."""
_GOOD_PNG = 70.0
"""A score from which on no PNG with fewer pixels is looked for."""
_WORTH_PIXELS = 0.4
"""Points that a PNG with fewer pixels has to look better by."""
_NEARLY = 1.5
"""Points by which a mosaic may stay under the floor and the whole picture still be tried at it."""
_NEARLY_LOSSLESS = 1.3
"""How many times the size some regions without loss may take, and the picture still be tried."""
_FEW_TILES = 12
_NO_DOUBT = 15.0
"""Points that some tiles have to stay above the lowest floor, and no more be looked at."""


class CannotFit(Exception):  # noqa: N818 (reads as a verdict)
    """The picture cannot be made that small; the message says how small it got."""


class Fitting:
    """The search for the picture in at most so many bytes that looks best at its old size.

    Args:
        picture: what to write.
        kind: the format.
        options: how good it may be at most.
        limit: bytes.

    Raises:
        CannotConvert: as `write_picture`.
    """

    def __init__(self, picture: Picture, kind: ImageType, options: EncodeOptions, limit: int) -> None:
        self.picture = picture
        self._kind = kind
        self._wish = options
        self._limit = limit
        self._least: int | None = None
        refuse_unwritable(picture, kind)
        self._search: Search | None = None
        if kind is not ImageType.PNG and options.floor is not None:  # PNG has no setting
            shares = [share for share in SHARES if _may_shrink(picture, share)]
            self._search = Search(picture, kind, limit, shares)

    @functools.cached_property
    def needs_a_lower_floor(self) -> bool:
        """Whether the floor that is wished for surely takes too many bytes."""
        if self._wish.floor is None:
            return False
        if self._search is None:
            return not may_fit_whole(self.picture, self._limit) and not _is_drawing(self.picture)
        if self._search.lossless_size() <= _NEARLY_LOSSLESS * self._limit:
            return False
        least = self._wish.floor - _NEARLY
        return self._search.best_score < least or self._search.at(1.0).score < least

    def write(self, *, floor_tried: bool = False) -> tuple[EncodedFile, Picture]:
        """The file, and the picture that it shows, which may have fewer pixels.

        Args:
            floor_tried: whether it is known that a result that keeps the floor does not fit.

        Raises:
            CannotFit: not even the fewest pixels do with a quality of `LOWEST_FLOOR`, or no loss is allowed.
            CannotConvert: as `write_picture`.
        """
        if self._wish.floor is None or not (floor_tried or self.needs_a_lower_floor):
            written = write_picture(self.picture, self._kind, self._wish)
            if written is not None and self._fits(len(written.data)):
                return written, self.picture
        if self._wish.floor is not None:
            found = self._best_png() if self._search is None else self._best(self._search)
            if found is not None:
                return found
        if self._least is None:
            raise CannotConvert("no result keeps the quality floor")
        reason = "without loss" if self._wish.floor is None else f"at a quality of {LOWEST_FLOOR:g}"
        raise CannotFit(f"{self._least:,} bytes is the least {reason}, {self._limit:,} were asked for")

    def _fits(self, size: int) -> bool:
        """Whether a size is small enough; it is noted in any case."""
        self._least = size if self._least is None else min(self._least, size)
        return size <= self._limit

    @functools.cached_property
    def _scorers(self) -> list[OldSizeScorer]:
        """Of the picture, and of each further one in its file."""
        first, *others = (self.picture, *self.picture.others)
        mosaic = self._search.mosaic if self._search else None
        return [
            OldSizeScorer(first.rgba, to_srgb("RGB", first.icc), mosaic=mosaic),
            *(OldSizeScorer(each.rgba, to_srgb("RGB", each.icc)) for each in others),
        ]

    def _best(self, search: Search) -> tuple[EncodedFile, Picture] | None:
        """The picture at the share of its edges that looks best, or at the next smaller one that will do."""
        for trial in search.best_first():
            picture = self._at(trial.share)
            coder, trial = self._with_best_colours(search, trial)
            if (written := self._filled(picture, coder, search.with_all(trial, coder, picture))) is not None:
                return written, picture
        picture = self._at(search.shares[-1])
        last = write_picture(picture, self._kind, EncodeOptions(LOWEST_FLOOR, self._wish.palette))
        if last is None or not self._fits(len(last.data)):
            return None
        score, kind = self._score_of(last.data)
        return replace(last, score=min(score, last.score) if picture.others else score, kind=kind), picture

    def _at(self, share: float) -> Picture:
        picture = self.picture
        return picture if share == 1.0 else resized(picture, shrunk(picture.size, share), thrifty=True)

    def _with_best_colours(self, search: Search, trial: Trial) -> tuple[Coder, Trial]:
        """What writes the picture, and what it tried: with more of the colours where that looks better."""
        smaller = trial.share < 1.0
        finer = finer_coder(search.coder, self.picture, trial.setting, trial.score, smaller=smaller)
        if finer is None:
            return search.coder, trial
        other = search.tried_with(finer, trial.share, trial.setting)
        return (search.coder, trial) if other.score <= trial.score else (finer, other)

    def _filled(self, picture: Picture, coder: Coder, trial: Trial) -> EncodedFile | None:
        """The picture at one size in pixels, as good as fits; None where it is below the lowest floor."""
        best: WrittenFile | None = None
        approach = Approach(trial, coder, self._limit)
        for _ in range(_CODINGS):
            setting = approach.next()
            if setting is None:
                break
            written = coder.write(picture, setting, trial.tried)
            size = len(written.data)
            approach.learn(setting, size)
            # Not noted as the least: it may show too little.
            if size <= self._limit and (best is None or size > len(best.data)):
                best = written
                if size >= _FULL_ENOUGH * self._limit:
                    break
        return None if best is None else self._judged(best, picture)

    def _judged(self, written: WrittenFile, picture: Picture) -> EncodedFile | None:
        """The file, with the lowest score at the old size of all its pictures.

        None if one of them shows too little at its own size.
        """
        scores = []
        shown = zip((written.pixels, *written.others), (picture, *picture.others), self._scorers, strict=True)
        for decode_it, source, scorer in shown:
            pixels = decode_it()
            score = own = scorer.score(pixels)
            judge = scorer
            if source.size != scorer.size:
                judge, own = _at_its_own_size(source, pixels)
            if shortfall(LOWEST_FLOOR, own, judge.worst(pixels)) > 0.0:
                return None
            scores.append(score)
        return EncodedFile(written.data, min(scores), self._scorers[0].kind, False, written.method)

    def _score_of(self, data: bytes) -> tuple[float, ScoreKind]:
        """The score of a file at the old size, and how it is measured."""
        if self._kind is ImageType.JXL:
            pixels = JxlCodec().decode(data)
        else:
            pixels = to_rgba(decode(data, FORMATS[self._kind].pillow))
        return self._scorers[0].score(pixels), self._scorers[0].kind

    def _best_png(self) -> tuple[EncodedFile, Picture] | None:
        """As `_best`, with coarser levels or fewer colours: pixels go where that looks better."""
        best: tuple[EncodedFile, Picture] | None = None
        for share in SHARES_OF_PNG:
            if not _may_shrink(self.picture, share):
                continue
            picture = (
                self.picture if share == 1.0 else resized(self.picture, shrunk(self.picture.size, share))
            )
            fitting = PngFit(picture, self._limit)
            if (written := fitting.write()) is None:
                self._fits(fitting.least)
                continue
            if share != 1.0:
                score, kind = self._score_of(written.data)
                written = replace(written, score=score, kind=kind)
            if best is not None and written.score < best[0].score + _WORTH_PIXELS:
                break
            best = written, picture
            if written.score >= _GOOD_PNG:
                break
        return best


def _at_its_own_size(source: Picture, result: Rgba) -> tuple[OldSizeScorer, float]:
    """A judge of results of a picture, and the score of one: by a few tiles where those leave no doubt."""
    for tiles in (_FEW_TILES, TILES):
        judge = OldSizeScorer(source.rgba, to_srgb("RGB", source.icc), tiles)
        score = judge.score(result)
        if score >= LOWEST_FLOOR + _NO_DOUBT:
            break
    return judge, score


def _is_drawing(picture: Picture) -> bool:
    width, height = picture.size
    return width * height <= MOST_PALETTE_PIXELS and not Colours(picture.rgba).of_photograph


def _may_shrink(picture: Picture, share: float) -> bool:
    return share == 1.0 or min(shrunk(picture.size, share)) >= _LEAST_EDGE
