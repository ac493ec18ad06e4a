"""The settings of a table as a form, generated from the model: a new key appears without code of its own.

A form holds what stands in each field as text, says what is wrong with it in the words of the settings file,
and has what is right written: of a folder by the daemon, which judges it as it does for `homepress folder
set`, else through `settings.edit`. Both keep the user's comments.
"""

import os
import tomllib
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from homepress.control.service import FolderAnswer, FolderRequest, Service, ServiceError
from homepress.settings import (
    DAEMON_FIELDS,
    FOLDER_FIELDS,
    DaemonSettings,
    Field,
    FolderSettings,
    SettingsError,
    TomlValue,
    check_value,
    text_from_value,
    to_toml,
    value_from_text,
)
from homepress.ui.text import LET_IN, let_in_lines

_NOT_IN_FORM = ("path", "enabled")
"""The folder itself, and the switch on its card."""

_TOGETHER = (("mode", "output"),)
"""Keys that are valid only together, so they are written together."""


@dataclass(slots=True)
class FormEntry:
    """One key of a form.

    Attributes:
        field: what it is to a person.
        text: what stands in it now.
        saved: what the settings have.
        said: whether the file says it, or a preset or default fills it in.
        problem: what is wrong with `text`; empty if nothing.
    """

    field: Field
    text: str
    saved: str
    said: bool
    problem: str = ""

    @property
    def usual(self) -> str:
        """What stands in it when nobody says otherwise."""
        return "" if self.field.default is None else text_from_value(self.field.default)


@dataclass(slots=True)
class Form:
    """The keys of one table.

    Attributes:
        file: the settings file.
        folder: the folder's path as it stands in the file; empty for `[daemon]`.
        connect: gives the daemon, None while none runs: the next one judges what was written meanwhile.
        entries: by key, in the order of the model.
    """

    file: Path
    folder: str
    connect: Callable[[], Service | None]
    entries: dict[str, FormEntry] = field(default_factory=dict)

    def change(self, key: str, text: str) -> bool:
        """Take what was typed or chosen; whether it can be written now. `problem` says why not."""
        entry = self.entries[key]
        entry.text = text
        entry.problem = check_value(_name(entry.field), text) or ""
        return not entry.problem and not self._incomplete(key)

    def lets_in(self, key: str) -> bool:
        """Whether to write a key has pictures compressed that were left alone: that is asked first."""
        entry = self.entries[key]
        return bool(self.folder) and key == "existing" and (entry.saved, entry.text) == ("leave", "compress")

    def let_in_words(self) -> str:
        """How many pictures these are and that they will be compressed, for the question; for threads."""
        try:
            if (daemon := self.connect()) is None:
                return LET_IN
            reports = daemon.check_folder(self.folder, 1, None, {"existing": "compress"})
            found = next(reports)  # it counts; the next ones would be of pictures tried
            if isinstance(reports, Generator):
                reports.close()
            return " ".join(let_in_lines(found))
        except ServiceError as error:
            return f"What is in it cannot be looked at now: {error}\n{LET_IN}"

    def take_back(self, key: str) -> None:
        """Have a key as it was saved."""
        self.entries[key].text = self.entries[key].saved

    def write(self, key: str) -> None:
        """Write a key as it stands in the form, and what belongs to it.

        Raises:
            SettingsError: it does not fit the rest; `problem` says why.
            ServiceError: the daemon refuses it; `problem` of the field that it is about says why.
        """
        values = {name: self._text(name) for name in self._group(key)}
        entry = self.entries["output" if values.get("output") else key]
        try:
            self._write(values)
        except SettingsError as error:
            entry.problem = "; ".join(problem.message for problem in error.problems)
            raise
        except ServiceError as error:
            entry.problem = str(error)
            raise
        for name in values:
            self.entries[name].saved = self.entries[name].text
            self.entries[name].said = values[name] is not None
            self.entries[name].problem = ""

    def clear(self, key: str) -> None:
        """Take a key out of the file, so that its preset or default holds again. Raises as `write`."""
        self._write(dict.fromkeys(self._group(key)))

    def _write(self, texts: Mapping[str, str | None]) -> None:
        if self.folder and (daemon := self.connect()) is not None:
            daemon.change_folder(self.folder, dict(texts))
            return
        from homepress.settings import edit  # only now: what it needs would hold up the first page

        values = {key: self._typed(key, text) for key, text in texts.items()}
        if self.folder:
            edit.set_folder_values(self.file, self.folder, values)
            return
        edit.set_daemon_values(self.file, values)

    def _typed(self, key: str, text: str | None) -> TomlValue | None:
        return None if text is None else value_from_text(_name(self.entries[key].field), text)

    def _text(self, key: str) -> str | None:
        if key == "output" and self.entries["mode"].text != "output":
            return None  # it has a meaning only with that mode
        return self.entries[key].text

    def _group(self, key: str) -> tuple[str, ...]:
        return next((group for group in _TOGETHER if key in group and self.folder), (key,))

    def _incomplete(self, key: str) -> bool:
        """Whether what is chosen needs something that is still to be said."""
        if not self.folder or key not in ("mode", "output"):
            return False
        missing = self.entries["mode"].text == "output" and not self.entries["output"].text.strip()
        if missing:
            self.entries["output"].problem = "say where results go"
        return missing


def folder_form(file: Path, folder: FolderSettings, connect: Callable[[], Service | None]) -> Form:
    """The form of a watched folder; `connect` gives the daemon."""
    said = _said_of_folder(file, folder.path)
    fields = (item for key, item in FOLDER_FIELDS.items() if key not in _NOT_IN_FORM)
    return Form(file, str(folder.path), connect, _entries(fields, folder, said))


def daemon_form(file: Path, daemon: DaemonSettings) -> Form:
    """The form of what holds for the whole program."""
    said = _table(file).get("daemon", {})
    return Form(file, "", lambda: None, _entries(DAEMON_FIELDS.values(), daemon, said))


def _entries(
    fields: Iterable[Field], values: FolderSettings | DaemonSettings, said: Iterable[str]
) -> dict[str, FormEntry]:
    entries = {}
    for item in fields:
        text = text_from_value(to_toml(getattr(values, item.key)))
        entries[item.key] = FormEntry(item, text, text, item.key in said)
    return entries


def _said_of_folder(file: Path, path: Path) -> Mapping[str, Any]:
    """The keys that the file itself has for a folder."""
    for table in _table(file).get("folder", []):
        if isinstance(table, dict) and Path(os.path.expanduser(str(table.get("path")))) == path:
            return table
    return {}


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # the snapshot says what is wrong with the file


def _name(field: Field) -> str:
    return f"{field.table}.{field.key}"


def relocate(service: Service, file: Path, old: str, new: str) -> FolderAnswer:
    """Watch a folder at its new place with the settings of the old one, which is taken out of the list.

    Args:
        service: the daemon.
        file: the settings file.
        old: its path in the settings.
        new: where it is now.

    Raises:
        ServiceError: the new place cannot be watched; the old one is still in the list.
    """
    values = {key: value for key, value in _said_of_folder(file, Path(old)).items() if key != "path"}
    left_out = ("enabled", "mode")  # it is watched now, and an output folder says the mode
    said = {key: text_from_value(value) for key, value in values.items() if key not in left_out}
    keep = said.pop("originals_keep_days", "")
    request = FolderRequest(
        path=new,
        output=os.path.expanduser(said.pop("output", "")),
        preset=said.pop("preset", ""),
        quality=said.pop("quality", ""),
        existing="compress" if said.pop("existing", "") == "compress" else "leave",
        originals_keep_days=int(keep) if keep else None,
        more=said,
    )
    service.remove_folder(old)  # first: a folder that was renamed is known as the same one
    try:
        return service.add_folder(request)
    except ServiceError:
        from homepress.settings import edit

        edit.add_folder(file, old, values)
        service.reload()
        raise
