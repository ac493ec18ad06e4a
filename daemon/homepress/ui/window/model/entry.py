"""One entry of the history: all that is known of it in words, and what can be done about it."""

import enum
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from homepress.base.results import FileOutcome
from homepress.base.units import counted, enumeration, percent_saved, sentence, size
from homepress.control.service import CompressRequest
from homepress.settings import Settings
from homepress.store.reader import EntryDetail, HistoryEntry, Reader
from homepress.ui.text import day_of, moment, printable
from homepress.ui.window.model.activity import LIMIT, can_undo, plain, row_words, score_words
from homepress.ui.window.model.pictures import tells_place
from homepress.ui.window.model.wording import FORMATS, PRIVATE_DATA, extra_words, quality_words


class EntryAction(enum.Enum):
    """What can be done about an entry; the value is what buttons and menus say."""

    DETAILS = "Details"
    COMPARE = "Before and after"
    UNDO = "Undo"
    REDO = "Redo"
    COMPRESS = "Compress all the same"
    FOLDER = "Open folder"
    COPY = "Copy path"


_HOPELESS = frozenset(
    {
        *("not_an_image", "unsupported", "broken", "too_large", "format_never_touched", "format_left_alone"),
        *("saves_too_little", "would_be_bigger", "floor_not_reached"),
    }
)
"""Causes that lie in the picture itself: asking by name comes to the same."""


def can_redo(entry: HistoryEntry) -> bool:
    """Whether its result was undone and can be made again."""
    return entry.outcome == "compressed" and entry.original == "restored"


def actions(entry: HistoryEntry) -> tuple[EntryAction, ...]:
    """What can be done about an entry, in the order of a menu."""
    left = entry.outcome != "compressed" and entry.cause not in _HOPELESS
    offered = {
        EntryAction.DETAILS: True,
        EntryAction.COMPARE: entry.outcome == "compressed" and entry.original != "restored",
        EntryAction.UNDO: can_undo(entry),
        EntryAction.REDO: can_redo(entry),
        EntryAction.COMPRESS: left,
        EntryAction.FOLDER: bool(entry.path),
        EntryAction.COPY: bool(entry.path),
    }
    return tuple(action for action, on in offered.items() if on)


def where_it_is(entry: HistoryEntry) -> Path:
    """The file that the entry is about, as it is called now."""
    made = entry.outcome == "compressed" and entry.original != "restored" and entry.output
    return Path(entry.output if made else entry.path)


# What somebody may do next who reads why a picture was left alone.

_NEXT = {
    "saves_too_little": "There is nothing to do: it is about as small as this quality allows.",
    "would_be_bigger": "There is nothing to do: it is as small as this quality allows.",
    "floor_not_reached": "A lower quality in the folder's settings may make it smaller.",
    "misnamed": "Rename it so that the ending of its name fits what is in it.",
    "broken": "Open it to see whether all of it is there. If not, copy it again from where it came from.",
    "too_large": "Make it smaller in pixels first, or leave it as it is.",
    "format_left_alone": "To have it converted, choose a format under “Convert” in the folder's settings.",
    "cannot_keep_whole": "Allow what it may lose under “Extras to remove” in the folder's settings.",
    "cannot_convert": "Allow what it may lose under “Extras to remove” in the folder's settings.",
    "cannot_fit": "A larger limit in the folder's settings, or a smaller longest side, may help.",
    "same_picture": "It was not compressed a second time. You can have it compressed all the same.",
}


def next_step(entry: HistoryEntry) -> str:
    """What can be done about a picture that was left alone; empty where nothing has to be."""
    if entry.outcome == "compressed":
        return "Not everything you asked for was done." if entry.missed else ""
    if LIMIT.search(entry.reason):
        return "The limit is in the folder's settings. You can compress this picture all the same."
    if (words := _NEXT.get(entry.cause)) is not None:
        return words
    if entry.outcome == "failed":
        return "Homepress looks at it again as soon as it changes. You can also try again now."
    return ""


# All that is known, as rows of a name and what it says.


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What the details of an entry show.

    Attributes:
        entry: the entry.
        title, place: name and folder of the picture.
        verdict: what became of it, or why nothing did.
        next_step: what can be done about it; may be empty.
        rows: names and what they say.
        files: names and paths.
        actions: what can be done.
    """

    entry: HistoryEntry
    title: str
    place: str
    verdict: str
    next_step: str
    rows: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]
    actions: tuple[EntryAction, ...]


_LOCATION = "The file contains it. “To send” on the page Compress now makes a copy without it."


def read_facts(reader: Reader, entry: int) -> EntryFacts | None:
    """Everything about an entry; None when it is not there any more."""
    if (detail := reader.detail(entry)) is None:
        return None
    keep_until = next((one.keep_until for one in reader.originals() if one.id == entry), None)
    located = tells_place(where_it_is(detail.entry))
    return facts(detail, keep_until, time.time(), tells_place=located)


def facts(
    detail: EntryDetail, keep_until: float | None, now: float, *, tells_place: bool = False
) -> EntryFacts:
    """An entry in words.

    Args:
        detail: what the ledger has of it.
        keep_until: when its original goes, seconds since 1970; None where that is not known.
        now: the time that words such as "today" refer to.
        tells_place: whether the picture that is there now tells where it was taken.
    """
    entry, words = detail.entry, row_words(detail.entry, now)
    made = entry.outcome == "compressed"
    rows = [
        ("When", _when(entry, now)),
        ("Size", _sizes(entry)),
        ("Format", FORMATS.get(entry.format, entry.format.upper())),
        ("Quality", _quality(entry) if made else ""),
        ("Hidden data", _hidden_data(entry) if made else ""),
        ("Location", _LOCATION if tells_place else ""),
        ("Original", _original(detail, keep_until, now) if made else ""),
    ]
    files = [
        ("Original file", printable(detail.original_path)),
        ("Result", printable(entry.output) if made and not words.undone else ""),
    ]
    return EntryFacts(
        entry,
        words.name,
        words.place,
        words.verdict,
        next_step(entry),
        tuple((name, text) for name, text in rows if text),
        tuple((name, path) for name, path in files if path),
        actions(entry),
    )


def _when(entry: HistoryEntry, now: float) -> str:
    when = moment(entry.time, now)
    later = f", undone {moment(entry.undone, now)}" if entry.undone else ""
    return f"{sentence(when)}{later}"


def _sizes(entry: HistoryEntry) -> str:
    if entry.outcome != "compressed":
        return size(entry.before_bytes) if entry.before_bytes else ""
    before, after = size(entry.before_bytes), size(entry.after_bytes)
    if entry.original == "restored":
        return f"{before}; the result had {after}"
    return f"{before} → {after}, {percent_saved(entry.before_bytes, entry.after_bytes)} % smaller"


def _quality(entry: HistoryEntry) -> str:
    wanted = quality_words(entry.settings.partition(",")[0]) if entry.settings else ""
    if entry.score is None:
        return wanted
    how = {"sampled": ", measured on samples", "full": ""}.get(entry.score_kind, "")
    reached = f"{score_words(entry.score).lower()}, score {entry.score:.1f}{how}"
    return f"{wanted}: {reached}" if wanted else reached.capitalize()


def _hidden_data(entry: HistoryEntry) -> str:
    policy = next((word for word in PRIVATE_DATA if f"metadata {word}" in entry.settings), "keep")
    text = PRIVATE_DATA[policy]
    if entry.dropped:
        text += f". Also removed: {enumeration([extra_words(word) for word in entry.dropped])}"
    return text


def _original(detail: EntryDetail, keep_until: float | None, now: float) -> str:
    match detail.entry.original:
        case "restored":
            return "Back in its place"
        case "accepted":
            return "Deleted, as you asked"
        case "expired":
            return "Deleted, since its time was over"
        case "kept":
            return f"Kept; it will be deleted {day_of(keep_until, now)}" if keep_until else "Kept"
    return "Untouched" if detail.original_path else ""


# Asking for what was left alone, and what came of it.


def compress_request(entry: HistoryEntry, settings: Settings) -> CompressRequest:
    """The request that has a picture compressed all the same, to where its folder has its results."""
    path = Path(entry.path)
    for folder in settings.folders:
        if folder.mode == "output" and folder.output and path.is_relative_to(folder.path):
            output = folder.output / path.parent.relative_to(folder.path)
            return CompressRequest(paths=[entry.path], output=str(output))
    return CompressRequest(paths=[entry.path], in_place=True)


def done(outcomes: Iterable[FileOutcome], again: str = "") -> tuple[str, list[str]]:
    """What came of asking for pictures by name, and the paths of those that were made smaller.

    Args:
        outcomes: one for each picture.
        again: what is said after "made smaller", such as " again".
    """
    if not (every := list(outcomes)):
        return "It was made again already." if again else "There was nothing to compress.", []
    made = [one for one in every if one.outcome == "compressed"]
    paths = [one.path for one in made]
    if (rest := next((one for one in every if one.outcome != "compressed"), None)) is not None:
        more = f" So it is with {len(every) - len(made) - 1:,} more." if len(every) - len(made) > 1 else ""
        name = printable(Path(rest.path).name)
        return f"{name} stays as it is: {plain(rest.reason, rest.path)}.{more}", paths
    if len(made) == 1:
        one = made[0]
        sizes = f"{size(one.before_bytes)} → {size(one.after_bytes)}"
        return f"{printable(Path(one.path).name)} made smaller{again}: {sizes}", paths
    return f"{counted(len(made), 'picture')} made smaller{again}", paths
