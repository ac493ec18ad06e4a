"""The settings in words for people: what a row is called, what its values are called, and examples.

A key that has no words here is shown with the title and help of the settings' model, so that a new key
appears without code of its own.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from homepress.settings import Field


@dataclass(frozen=True, slots=True)
class Wording:
    """How a setting is said.

    Attributes:
        title: what it is called.
        help: a line that explains it.
        options: the words of each value, in the order in which they are offered.
        example: what is shown in an empty field.
    """

    title: str
    help: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    example: str = ""


FORMATS = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WebP",
    "gif": "GIF",
    "tiff": "TIFF",
    "bmp": "BMP",
    "heic": "HEIC",
    "avif": "AVIF",
    "jxl": "JPEG XL",
}

QUALITIES = {
    "lossless": "Lossless – every pixel stays",
    "safe": "Safe – no difference even when switching",
    "balanced": "Balanced – looks the same side by side",
    "small": "Small – no visible faults by itself",
}

PRESETS = {
    "": "None",
    "photos": "Photos",
    "screenshots": "Screenshots",
    "documents": "Scans and documents",
    "share": "Pictures to send",
    "web": "Pictures for a web site",
    "email": "Pictures for email",
}

PRIVATE_DATA = {
    "share": "Without location, owner and serial numbers",
    "strip": "Without anything but colours",
    "keep": "All of it is kept",
}
"""What became of the hidden data of a picture, by the value of `metadata`."""

_AUTO_YES_NO = {"auto": "Automatic", "yes": "Yes", "no": "No"}

_WORDS = {
    "daemon.workers": Wording(
        "Pictures at once",
        "How many pictures are compressed at the same time. Automatic is half of the processor's cores.",
        {"auto": "Automatic", "1": "1", "2": "2", "4": "4", "8": "8", "16": "16"},
    ),
    "daemon.worker_memory": Wording(
        "Memory for large pictures",
        "A picture that needs more waits. Leave empty for half of the computer's memory.",
        example="for example 2 GB",
    ),
    "daemon.pause_on_power_saver": Wording("Pause on power saver", "Rest while the computer saves power."),
    "daemon.notify": Wording(
        "Notifications",
        "When Homepress may show a notification.",
        {"errors": "Only for problems", "summary": "Problems and a summary", "never": "Never"},
    ),
    "daemon.app_container": Wording(
        "Isolate the work on pictures",
        "Keep the processes that read pictures away from the network and your files. Experimental; "
        "restart Homepress after a change.",
    ),
    "daemon.originals_max": Wording(
        "Space for originals",
        "The most that stored originals may take, and never more than a tenth of the disk. "
        "When it is full, replacing pauses until you free some space.",
        example="for example 10 GB",
    ),
    "folder.mode": Wording(
        "Results",
        "",
        {"replace": "Replace pictures, keep originals", "output": "Save to another folder"},
    ),
    "folder.output": Wording(
        "Folder for results", "Your own pictures stay untouched.", example="~/Pictures/…"
    ),
    "folder.quality": Wording(
        "Quality",
        "How close a result must come to the original.",
        {**QUALITIES, "95": "95", "85": "85", "75": "75", "60": "60", "40": "40"},
    ),
    "folder.metadata": Wording(
        "Hidden data in pictures",
        "",
        {
            "keep": "Keep everything",
            "share": "Remove location, owner and serial numbers",
            "strip": "Remove everything but colours",
        },
    ),
    "folder.drop": Wording(
        "Extras to remove",
        "Phones store more than one picture in a file. What is ticked is removed.",
        {
            "hdr": "HDR data",
            "depth": "Depth maps",
            "motion": "Video of motion photos",
            "pictures": "Further pictures",
            "maker": "Data of the camera's maker",
        },
    ),
    "folder.preset": Wording("Preset", "Fills in whatever you do not choose yourself.", PRESETS),
    "folder.recursive": Wording("Subfolders", "Also watch the folders inside it."),
    "folder.include": Wording(
        "Only these files", "Names to take, separated by commas.", example="for example *.jpg, IMG_*"
    ),
    "folder.exclude": Wording(
        "Not these files", "Names to leave alone, separated by commas.", example="for example *.png, draft-*"
    ),
    "folder.min_size": Wording("Smallest file", "Smaller files are left alone.", example="for example 16 KB"),
    "folder.max_size": Wording(
        "Largest file", "Larger files are left alone. Leave empty for no limit.", example="for example 50 MB"
    ),
    "folder.max_edge": Wording(
        "Longest side",
        "Larger pictures are resized.",
        {
            "0": "Keep the size",
            "1920": "1,920 pixels",
            "2048": "2,048 pixels",
            "2560": "2,560 pixels",
            "4096": "4,096 pixels",
        },
    ),
    "folder.fit_under": Wording(
        "Fit under",
        "Each result is made to fit under this size. Leave empty for no limit.",
        example="for example 500 KB",
    ),
    "folder.convert": Wording("Convert", "Formats not listed here stay as they are."),
    "folder.existing": Wording(
        "Pictures already there",
        "What to do with pictures that were in the folder before you added it.",
        {"leave": "Leave them alone", "compress": "Compress them too"},
    ),
    "folder.originals_keep_days": Wording("Keep originals", "How long you can get an original back."),
    "folder.settle_seconds": Wording(
        "Wait before compressing", "How long a file must stay unchanged before it counts as complete."
    ),
    "folder.watch": Wording(
        "How to watch",
        "",
        {
            "auto": "Automatic",
            "native": "Notifications of the system",
            "poll": "Look regularly (network drives)",
        },
    ),
    "folder.untrusted": Wording(
        "Pictures from strangers",
        "Open each picture in a process of its own. Automatic does so for your downloads.",
        _AUTO_YES_NO,
    ),
}


def quality_words(quality: str) -> str:
    """A quality in two words: "Balanced quality", "Quality 85"."""
    if (words := QUALITIES.get(quality)) is None:
        return f"Quality {quality}"
    return f"{words.partition(' – ')[0]} quality"


def extra_words(word: str) -> str:
    """What was taken out of a picture, from the word of it in the history."""
    return _WORDS["folder.drop"].options.get(word, word)


def wording(item: Field) -> Wording:
    """The words of a key."""
    known = _WORDS.get(f"{item.table}.{item.key}")
    return known or Wording(item.title, item.help, {word: word.capitalize() for word in item.choices})


def applies(item: Field, values: Mapping[str, str]) -> bool:
    """Whether a key means anything, given what the others of its table say now."""
    match f"{item.table}.{item.key}":
        case "folder.output":
            return values.get("mode") == "output"
        case "folder.originals_keep_days":
            return values.get("mode") != "output"
        case "daemon.app_container":
            return sys.platform == "win32"
    return True
