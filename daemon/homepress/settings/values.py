"""Values that settings are written in: sizes with a unit, and qualities as words or numbers."""

import os
import re
from pathlib import Path
from typing import Final, Literal, Self, TypeAlias, get_args

Mode: TypeAlias = Literal["replace", "output"]
Metadata: TypeAlias = Literal["keep", "share", "strip"]
Drop: TypeAlias = Literal["hdr", "depth", "motion", "pictures", "maker", "all"]
# the words of compress.Extra, and one for all of them; a test holds the two together
Existing: TypeAlias = Literal["leave", "compress"]
Watching: TypeAlias = Literal["auto", "native", "poll"]
Untrusted: TypeAlias = Literal["auto", "yes", "no"]
Notify: TypeAlias = Literal["errors", "summary", "never"]
QualityWord: TypeAlias = Literal["lossless", "safe", "balanced", "small"]
SourceFormat: TypeAlias = Literal[
    "jpeg", "png", "webp", "gif", "tiff", "bmp", "heic", "avif", "jxl"
]  # the words of every ImageType that can be converted; a test holds the two together
TargetFormat: TypeAlias = Literal["jpeg", "png", "webp", "avif", "jxl"]

LOWEST_QUALITY = 30.0
HIGHEST_QUALITY = 100.0

_FLOORS: dict[QualityWord, float | None] = {"lossless": None, "safe": 90.0, "balanced": 80.0, "small": 70.0}

# KB and its kin are powers of 1,000 (SI), KiB and its kin powers of 1,024 (IEC 80000-13).
_UNITS = {
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "tb": 1000**4,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
    "tib": 1024**4,
}
# Also the pattern in the JSON schema, whose dialect (ECMA 262) has no flags: hence the letters twice.
SIZE_PATTERN = r"^(|0|[0-9]{1,6}([.][0-9]{1,6})? ?([KkMmGgTt]([Ii])?)?[Bb])$"
_SIZE = re.compile(r"(?P<number>[0-9.]+) ?(?P<unit>[A-Za-z]+)")


# No dataclasses: msgspec would read those as tables of their fields.
class Size:
    """An amount of data. Two sizes are equal when they are the same number of bytes.

    Attributes:
        bytes: the number of bytes; 0 stands for "no limit" and is false.
        text: how it was written, such as "1.5 MB"; empty for no limit.
    """

    __slots__ = ("bytes", "text")

    def __init__(self, bytes: int = 0, text: str = "") -> None:
        self.bytes: Final = bytes
        self.text: Final = text

    @classmethod
    def parse(cls, text: str) -> Self:
        """A size from "16 KB", "1.5 MB", "2 GiB", "0" or "" (no limit).

        Raises:
            ValueError: the text is no size.
        """
        # fullmatch, because "$" alone would let a line end pass.
        if not re.fullmatch(SIZE_PATTERN, text):
            raise ValueError(f'"{text}" is no size; write a number and a unit, such as "500 KB"')
        match = _SIZE.fullmatch(text)
        if match is None:
            return cls(0, text)
        return cls(round(float(match["number"]) * _UNITS[match["unit"].lower()]), text)

    def __eq__(self, other: object) -> bool:
        return self.bytes == other.bytes if isinstance(other, Size) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.bytes)

    def __bool__(self) -> bool:
        return self.bytes > 0

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Size({self.bytes}, {self.text!r})"


class Quality:
    """The least quality that a result may have.

    Attributes:
        value: one of the four words, or the floor as a number from 30 to 100.
    """

    __slots__ = ("value",)

    def __init__(self, value: QualityWord | float) -> None:
        self.value: Final = value

    @classmethod
    def parse(cls, text: str) -> Self:
        """A quality as typed on a command line: a word or a number.

        Raises:
            ValueError: the text is neither.
        """
        try:
            return cls.of(float(text))
        except ValueError:
            return cls.of(text)

    @classmethod
    def of(cls, value: object) -> Self:
        """A quality from a value of the settings file.

        Raises:
            ValueError: the value is no word and no number from 30 to 100.
        """
        for word in QUALITY_WORDS:
            if value == word:
                return cls(word)
        if isinstance(value, int | float) and LOWEST_QUALITY <= value <= HIGHEST_QUALITY:
            return cls(float(value))  # true and false are numbers too, but below the lowest
        words = ", ".join(QUALITY_WORDS)
        raise ValueError(f'"{value}" is no quality; write {words} or a number from 30 to 100')

    @property
    def floor(self) -> float | None:
        """The lowest SSIMULACRA2 score against the source that is accepted; None asks for lossless."""
        return _FLOORS[self.value] if isinstance(self.value, str) else self.value

    def __str__(self) -> str:
        return self.value if isinstance(self.value, str) else f"{self.value:g}"

    def __eq__(self, other: object) -> bool:
        return self.value == other.value if isinstance(other, Quality) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return f"Quality({self.value!r})"


QUALITY_WORDS: tuple[QualityWord, ...] = get_args(QualityWord)


def full_path(text: str) -> Path:
    """The path that a setting means: `~` expanded, nothing else.

    Raises:
        ValueError: it is relative, or cannot be a path.
    """
    path = Path(os.path.expanduser(text))
    if not path.is_absolute() or "\0" in text:
        begin = r"a drive, such as C:\, or with ~" if os.name == "nt" else "/ or ~"
        raise ValueError(f'"{text}" is no full path; begin it with {begin}')
    return path


def path_key(path: Path) -> str:
    """What is equal for two spellings of one path; links are not followed."""
    return os.path.normcase(os.path.normpath(path))
