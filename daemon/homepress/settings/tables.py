"""Reading tables of a settings or preset file, collecting everything that is wrong on the way."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from homepress.settings.check import InvalidValueError, decode
from homepress.settings.field import Field
from homepress.settings.problem import Problem, SettingsError, did_you_mean, quoted
from homepress.settings.toml import KeyPath, key_lines


class TableReader:
    """Decodes the tables of one file.

    Attributes:
        problems: what was found so far.
    """

    def __init__(self, file: Path, text: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._text = text

    def read(
        self,
        table: Mapping[str, object],
        path: KeyPath,
        fields: Mapping[str, Field],
        elsewhere: Mapping[str, str],
    ) -> dict[str, Any]:
        """The typed values of a table; keys that cannot be used are left out and complained about.

        Args:
            table: its values, as TOML has them.
            path: where it is in the file.
            fields: the keys it may have.
            elsewhere: keys of other tables, with what to say when they are here.
        """
        values: dict[str, Any] = {}
        for key, value in table.items():
            if (field := fields.get(key)) is None:
                self.complain((*path, key), _unknown(key, fields, elsewhere))
                continue
            try:
                values[key] = decode(field, value)
            except InvalidValueError as invalid:
                for entry, message in invalid.faults:
                    self.complain((*path, key, entry) if entry else (*path, key), message)
        return values

    def complain(self, path: KeyPath, message: str) -> None:
        """Note a problem with what is at `path`."""
        key = ".".join(str(part) for part in path if isinstance(part, str))
        self.problems.append(Problem(self._file, self.line_of(path), key, message))

    def line_of(self, path: KeyPath) -> int | None:
        """The line of a key, or of the nearest table around it that the file has."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._lines:
                return self._lines[path[:end]]
        return None

    def finish(self) -> None:
        """Raise what was found, once each, in the order of the file; presets' problems after its own.

        Raises:
            SettingsError: something was found.
        """
        if self.problems:
            once = dict.fromkeys(self.problems)
            raise SettingsError(sorted(once, key=lambda found: (found.file != self._file, found.line or 0)))

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        return key_lines(self._text)


def _unknown(key: str, fields: Iterable[str], elsewhere: Mapping[str, str]) -> str:
    if key in elsewhere:
        return elsewhere[key]
    near = did_you_mean(key, fields)
    return f"unknown key{near}" if near else f"unknown key; expected {quoted(fields)}"
