"""The sets of pictures that programs are compared on, from the corpus."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

LEAST_BYTES = 200_000
"""Smaller photographs say little about photographs."""
_LEAST_GRAPHIC = 20_000
_FRESH_QUALITY = 95


class Kind(enum.StrEnum):
    """What the pictures of a set are."""

    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"


@dataclass(frozen=True)
class PictureSet:
    """Some pictures.

    Attributes:
        title: what the tables say they are.
        kind: their format.
        collect: finds them in the corpus; may put files of its own into the second folder.
        standard: how many of them a standard run takes, spread evenly.
        is_photographs: whether they are photographs.
    """

    title: str
    kind: Kind
    collect: Callable[[Path, Path], Sequence[Path]]
    standard: int
    is_photographs: bool = True


def _camera(corpus: Path, _own: Path) -> Sequence[Path]:
    return _large(corpus.glob("photos-camera/*.jpg"), LEAST_BYTES)


def _metadata(corpus: Path, _own: Path) -> Sequence[Path]:
    return [file for file in _large(corpus.glob("metadata/*.jpg"), LEAST_BYTES) if _can_be_seen(file)]


def _graphics(corpus: Path, _own: Path) -> Sequence[Path]:
    return _large(corpus.glob("graphics/*.png"), _LEAST_GRAPHIC)


def _animations(corpus: Path, _own: Path) -> Sequence[Path]:
    return _large(corpus.glob("animated/*.gif"), _LEAST_GRAPHIC)


def _fresh(corpus: Path, own: Path) -> Sequence[Path]:
    """Photographs that never were JPEG, saved as one for the first time."""
    files = []
    for source in sorted(corpus.glob("photos-lossless/*.png")):
        with Image.open(source) as picture:
            if picture.mode == "RGB":
                files.append(own / f"{source.stem}.jpg")
                picture.save(files[-1], "JPEG", quality=_FRESH_QUALITY)
    return files


def _can_be_seen(file: Path) -> bool:
    """Whether it decodes at all: what nobody can see has no score."""
    try:
        with Image.open(file) as picture:
            picture.load()
    except OSError:
        return False
    return True


def _large(files: object, least: int) -> Sequence[Path]:
    assert hasattr(files, "__iter__")
    return [file for file in sorted(files) if file.stat().st_size >= least]


SETS = {
    "camera": PictureSet("photographs as cameras and phones wrote them", Kind.JPEG, _camera, 8),
    "fresh": PictureSet(
        f"photographs saved as JPEG of quality {_FRESH_QUALITY} for the first time", Kind.JPEG, _fresh, 10
    ),
    "metadata": PictureSet("JPEGs with all kinds of metadata", Kind.JPEG, _metadata, 10),
    "graphics": PictureSet("screenshots, logos and maps", Kind.PNG, _graphics, 20, is_photographs=False),
    "animations": PictureSet("animated GIFs", Kind.GIF, _animations, 10, is_photographs=False),
}


def spread(files: Sequence[Path], count: int) -> list[Path]:
    """`count` of the files, evenly spread; all if that is fewer."""
    count = min(count, len(files))
    return [files[number * len(files) // count] for number in range(count)]
