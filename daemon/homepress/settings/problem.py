"""What is wrong in a settings file, said so that a person can mend it."""

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: the file it is in.
        line: the line, counted from 1; None when it is about the file as a whole.
        key: the key with its table, such as "folder.quality"; empty when it is about no key.
        message: what is wrong, what was expected, and the nearest valid name where there is one.
    """

    file: Path
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        # A name that is no UTF-8 would break the terminal or log it is written to.
        name = os.fsencode(self.file).decode("utf-8", "replace")
        place = name if self.line is None else f"{name}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class SettingsError(Exception):
    """A settings file that cannot be used as it is; its text has one line a problem.

    Attributes:
        problems: all that was found, in the order of the file; never empty.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """`; did you mean "x"?` for the nearest valid name, else nothing."""
    near = difflib.get_close_matches(name.lower(), list(valid), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def quoted(names: Iterable[str], last: str = "or") -> str:
    """`"a", "b" or "c"`."""
    words = [f'"{name}"' for name in names]
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
