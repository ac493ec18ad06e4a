"""What exiftool reads in files, and which differences mean that something was lost."""

import json
import re
import shutil
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

Tags = dict[str, object]

_AT_ONCE = 40
_SECONDS = 300
_OF_THE_FILE = ("System:", "ExifTool:", "Composite:", "SourceFile")
"""About the file in its folder, or computed from other tags."""
_OF_THE_CODING = frozenset(
    {
        *("File:FileSize", "File:EncodingProcess", "File:YCbCrSubSampling"),
        *("PNG:Palette", "PNG:ColorType", "PNG:BitDepth", "PNG:Transparency"),
        *("GIF:BitsPerPixel", "GIF:ColorResolutionDepth", "GIF:HasColorMap", "GIF:BackgroundColor"),
        *("GIF:TransparentColor",),
    }
)
"""What may differ while the picture is the same."""
_POSITIONS = ("MPImageStart", "MPImageLength", "DirectoryItemLength", "ThumbnailOffset")
"""What moves when the picture shrinks; that it leads to the same, Pillow and the thumbnail's bytes show."""
_PICTURES = re.compile(r":MPImage\d+$")
"""Further pictures as they are coded; Pillow compares their pixels."""
_SQUARE = ("GIF:PixelAspectRatio", 1)
"""What means the same as when it is not there."""
_COPY = re.compile(r":Copy\d+")


def exiftool_tags(files: list[Path], *, embedded: bool = False) -> dict[Path, Tags]:
    """All tags of each file, binary values included; nothing where exiftool is not installed.

    Args:
        files: which.
        embedded: those of the pictures behind a JPEG's first too.
    """
    program = shutil.which("exiftool")
    deep = ["-ee"] if embedded else []
    found: dict[Path, Tags] = {}
    if program is None:
        return found
    for at in range(0, len(files), _AT_ONCE):
        group = [str(file) for file in files[at : at + _AT_ONCE]]
        command = [program, "-json", "-a", "-u", "-b", "-G1:4", "-m", "-q", "-q", *deep, *group]
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
        for tags in json.loads(done.stdout or b"[]"):
            found[Path(tags["SourceFile"])] = tags
    return found


def tags_that_differ(source: Tags, result: Tags) -> list[str]:
    """The tags of a source that its result lacks or has otherwise."""
    return [
        f"exiftool: {name} is {str(result.get(name, 'gone'))[:60]}, was {str(value)[:60]}"
        for name, value in source.items()
        if not _may_differ(name) and result.get(name) != value and (name, value) != _SQUARE
    ]


def by_family(tags: Tags) -> dict[str, Counter[str]]:
    """Values by group and name; a name that is there twice is numbered differently in each format."""
    families: dict[str, Counter[str]] = defaultdict(Counter)
    for name, value in tags.items():
        families[_COPY.sub("", name)][str(value)] += 1
    return families


def _may_differ(name: str) -> bool:
    family = _COPY.sub("", name)
    moves = name.endswith(_POSITIONS) or _PICTURES.search(name) is not None
    return name.startswith(_OF_THE_FILE) or family in _OF_THE_CODING or moves
