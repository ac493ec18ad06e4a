"""What somebody wants of the pictures on the page Compress now, and what became of them, in words."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from homepress.base.results import FileOutcome, HandMade
from homepress.base.units import counted, percent_saved, size
from homepress.control.service import CompressRequest
from homepress.settings import check_value
from homepress.ui.text import printable
from homepress.ui.window.model import wording
from homepress.ui.window.model.activity import change_words, plain, score_words
from homepress.ui.window.model.snapshot import Tone

ANY_SIDE = 65_535
"""Pixels; takes the place of the limit that a preset has."""

SIZES = ("100 KB", "200 KB", "500 KB", "1 MB", "2 MB", "5 MB")
USUAL_SIZE = "500 KB"

SIDES = (
    ("0", "As the choice above says"),
    (str(ANY_SIDE), "Keep the size"),
    ("1024", "1,024 pixels"),
    ("1920", "1,920 pixels"),
    ("2048", "2,048 pixels"),
    ("2560", "2,560 pixels"),
    ("4096", "4,096 pixels"),
)
_WRITTEN = ("jpeg", "png", "webp", "avif", "jxl")
FORMATS = (("", "As the choice above says"), *((word, wording.FORMATS[word]) for word in _WRITTEN))


class Purpose(enum.StrEnum):
    """What the results are for."""

    SAME = "same"
    UNDER = "under"
    SEND = "send"
    WEB = "web"
    JPEG = "jpeg"


PURPOSES = {
    Purpose.SAME: ("Looks the same", "As small as nobody can see"),
    Purpose.UNDER: (f"Under {USUAL_SIZE}", "For forms and mailboxes"),
    Purpose.SEND: ("To send", "No location, no hidden data"),
    Purpose.WEB: ("For the web", "Small, at most 2,560 pixels"),
    Purpose.JPEG: ("As JPEG", "From HEIC, PNG, WebP and others"),
}
"""Titles, and a line on each."""

_EXPLAINED = {
    Purpose.SAME: "Same format and size in pixels, same data inside, no visible difference side by side.",
    Purpose.UNDER: "At most 2,048 pixels, no hidden data. HEIC becomes JPEG.",
    Purpose.SEND: "At most 2,048 pixels, without location, date, camera and names. HEIC becomes JPEG.",
    Purpose.WEB: "No visible faults by itself, at most 2,560 pixels, without location or owner.",
    Purpose.JPEG: "Every format becomes JPEG; everything else stays as it is.",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted; equal wishes have equal results.

    Attributes:
        purpose: what it is for.
        limit: the size to stay under, as it is typed; counts for `Purpose.UNDER`.
        quality: 30 to 100; 0 for that of the purpose.
        side: the longest side in pixels; 0 for that of the purpose.
        format: the word of a format; empty for that of the purpose.
    """

    purpose: Purpose = Purpose.SAME
    limit: str = USUAL_SIZE
    quality: int = 0
    side: int = 0
    format: str = ""

    @property
    def problem(self) -> str:
        """What is wrong with the size that was typed; empty when nothing is, or it does not count."""
        if self.purpose is not Purpose.UNDER:
            return ""
        if self.limit.strip() and check_value("folder.fit_under", self.limit) is None:
            return ""
        return "Type a size such as 500 KB or 1.5 MB."

    def request(self) -> CompressRequest:
        """The same as a request without pictures."""
        base = {
            Purpose.SAME: CompressRequest(paths=[], preset="photos"),
            Purpose.UNDER: CompressRequest(paths=[], preset="email", fit_under=self.limit),
            Purpose.SEND: CompressRequest(paths=[], preset="share", metadata="strip"),
            Purpose.WEB: CompressRequest(paths=[], preset="web"),
            Purpose.JPEG: CompressRequest(paths=[], preset="photos", convert="jpeg"),
        }[self.purpose]
        return CompressRequest(
            paths=[],
            preset=base.preset,
            metadata=base.metadata,
            fit_under=base.fit_under,
            quality=str(self.quality) if self.quality else "",
            max_edge=self.side,
            convert=self.format or base.convert,
        )

    @property
    def explained(self) -> str:
        """A sentence on what is done."""
        return _EXPLAINED[self.purpose]

    @property
    def plain(self) -> "Wish":
        """The same purpose without anything of one's own."""
        return replace(self, quality=0, side=0, format="")


# What became of a picture.


@dataclass(frozen=True, slots=True)
class BatchWords:
    """A row of the list.

    Attributes:
        sizes: "2.7 MB → 480 KB".
        saved: "−82 %".
        about: how it looks and what was removed, or why there is no result.
        tone: of `about`.
    """

    sizes: str
    saved: str
    about: str
    tone: Tone = "muted"


def result_words(made: HandMade, wish: Wish, *, replaced: bool = False) -> BatchWords:
    """What became of a picture."""
    outcome = made.outcome
    if not made.data:
        reason = printable(outcome.reason)
        about = reason[:1].upper() + reason[1:]
        if wish.purpose is Purpose.UNDER and not outcome.missed and outcome.outcome == "unchanged":
            return BatchWords(size(outcome.before_bytes), "", about)
        tone: Tone = "warning" if outcome.missed or outcome.outcome == "failed" else "muted"
        return BatchWords(size(outcome.before_bytes) if outcome.before_bytes else "", "", about, tone)
    parts = [
        "Replaced" if replaced else "",
        score_words(outcome.score).lower() if replaced else score_words(outcome.score),
        ("location kept" if made.tells_place else "location removed") if made.told_place else "",
        printable(outcome.reason),
    ]
    return BatchWords(
        sizes=f"{size(outcome.before_bytes)} → {size(outcome.after_bytes)}",
        saved=change_words(outcome.before_bytes, outcome.after_bytes),
        about="; ".join(filter(None, parts)),
        tone="warning" if outcome.missed else "muted",
    )


def replaced_words(outcomes: Sequence[FileOutcome]) -> tuple[str, Tone]:
    """What came of replacing pictures by their results, and how to show it."""
    done = sum(one.outcome == "compressed" for one in outcomes)
    told = f"{counted(done, 'picture')} replaced. You can undo it for 30 days."
    trouble = [one for one in outcomes if one.outcome != "compressed"]
    if not trouble:
        return told, "good"
    first = trouble[0]
    text = f"{printable(Path(first.path).name)} was not replaced: {plain(first.reason, first.path)}."
    if len(trouble) > 1:
        text += f" Nor were {len(trouble) - 1:,} more."
    return (f"{text} {told}", "warning") if done else (text, "bad")


def total_words(made: list[HandMade], pictures: int) -> str:
    """All of them together: "3 pictures: 8.1 MB → 2.4 MB, 70 % smaller"."""
    results = [one.outcome for one in made if one.data]
    text = counted(pictures, "picture")
    if not results:
        return text
    before, after = sum(one.before_bytes for one in results), sum(one.after_bytes for one in results)
    percent = percent_saved(before, after)
    change = f"{percent} % smaller" if percent >= 0 else f"{-percent} % larger"
    some = "" if len(results) == pictures else f", {len(results):,} of them changed"
    return f"{text}{some}: {size(before)} → {size(after)}, {change}"
