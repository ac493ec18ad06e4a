"""The form of the settings: generated, checked as the file is, written with the user's comments kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from homepress.control.client import OtherVersionError
from homepress.control.service import CheckReport, FolderAnswer, FolderRequest, Service, ServiceError
from homepress.control.wire import About
from homepress.settings import (
    DAEMON_FIELDS,
    FOLDER_FIELDS,
    SettingsError,
    edit,
    load,
    value_from_text,
)
from homepress.ui.text import LET_IN
from homepress.ui.window.model.form import Form, daemon_form, folder_form, relocate
from support import full_path

FILE = """# mine
[daemon]
notify = "summary"  # please

[[folder]]
# the phone
path = '{path}'
preset = "screenshots"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "settings.toml"
    made.write_text(FILE.format(path=tmp_path / "inbox"), encoding="utf-8")
    return made


def form_of(file: Path) -> Form:
    return folder_form(file, load(file).folders[0], lambda: None)


class Judge:
    """A daemon that takes every change of a folder but one."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str | None]]] = []

    def change_folder(self, path: str, values: dict[str, str | None]) -> None:
        if "inside" in (values.get("output") or ""):
            raise ServiceError("the output folder lies in the watched folder; give one outside it", 4)
        self.taken.append((path, values))


class Counting(Judge):
    """One that counts what is left alone in a folder."""

    def check_folder(
        self, path: str, sample: int, wanted: None, changes: dict[str, str | None]
    ) -> Iterator[CheckReport]:
        assert changes == {"existing": "compress"}
        yield CheckReport(
            path=path, files=9, images=7, tried=0, before_bytes=7_000_000, after_bytes=7_000_000
        )
        raise AssertionError("a picture was tried, and somebody waits")


class Away(Judge):
    """One whose folder is away."""

    def check_folder(self, path: str, *_: object) -> Iterator[CheckReport]:
        raise ServiceError(f"{path}: its drive is away", 4)


def test_how_many_pictures_are_let_in_is_said_before_it_is_written(file: Path) -> None:
    def words(daemon: Judge | None) -> str:
        form = folder_form(file, load(file).folders[0], lambda: cast(Service, daemon))
        assert not form.lets_in("existing"), "it is as it was"
        assert form.change("existing", "compress") and form.lets_in("existing")
        assert not form.lets_in("quality")
        said = form.let_in_words()
        form.take_back("existing")
        assert not form.lets_in("existing") and form.entries["existing"].text == "leave"
        return said

    assert words(Counting()) == (
        "Left alone in it until now: 7 pictures (7.0 MB), to be compressed like those that come."
    )
    assert words(None) == LET_IN
    assert (
        words(Away())
        == f"What is in it cannot be looked at now: {file.parent / 'inbox'}: its drive is away\n{LET_IN}"
    )


def test_a_daemon_of_another_version_is_said_beside_the_field(file: Path) -> None:
    about = About(program="9.0", protocol=9, pid=7)

    def connect() -> Service | None:
        raise OtherVersionError(about)

    form, before = folder_form(file, load(file).folders[0], connect), file.read_bytes()
    form.change("quality", "small")
    with pytest.raises(ServiceError):
        form.write("quality")
    assert "restart it: homepress stop && homepress run" in form.entries["quality"].problem
    assert "restart it" in form.let_in_words(), "the question comes with the reason"
    assert file.read_bytes() == before


@pytest.mark.parametrize("last", ["mode", "output"])
def test_the_daemon_judges_a_folder_and_its_refusal_stands_beside_the_field(file: Path, last: str) -> None:
    judge, before = Judge(), file.read_bytes()
    folder = load(file).folders[0]
    form = folder_form(file, folder, lambda: cast(Service, judge))
    inside = {"mode": "output", "output": str(folder.path / "inside")}
    for key in sorted(inside, key=lambda each: each == last):
        form.change(key, inside[key])
    with pytest.raises(ServiceError):
        form.write(last)
    assert "give one outside it" in form.entries["output"].problem
    assert not form.entries["mode"].problem
    assert file.read_bytes() == before
    elsewhere = full_path("/elsewhere")
    assert form.change("output", elsewhere)
    form.write("output")
    assert judge.taken == [(str(folder.path), {"mode": "output", "output": elsewhere})]
    assert not form.entries["output"].problem
    form.clear("quality")
    assert judge.taken[-1] == (str(folder.path), {"quality": None})
    assert file.read_bytes() == before, "it is the daemon that writes"


def test_every_setting_can_be_reached(file: Path) -> None:
    assert set(form_of(file).entries) == set(FOLDER_FIELDS) - {"path", "enabled"}
    assert set(daemon_form(file, load(file).daemon).entries) == set(DAEMON_FIELDS)


def test_what_the_file_says_is_told_from_what_is_filled_in(file: Path) -> None:
    entries = form_of(file).entries
    assert entries["preset"].said
    assert not entries["quality"].said
    assert daemon_form(file, load(file).daemon).entries["notify"].said


def test_a_change_is_written_and_comments_stay(file: Path) -> None:
    form = form_of(file)
    assert form.change("quality", "safe")
    form.write("quality")
    text = file.read_text("utf-8")
    assert str(load(file).folders[0].quality) == "safe"
    assert "# mine" in text and "# please" in text and "# the phone" in text


def test_what_is_wrong_is_said_in_the_words_of_the_file(file: Path) -> None:
    form = form_of(file)
    assert not form.change("quality", "balancd")
    assert 'did you mean "balanced"?' in form.entries["quality"].problem
    assert form.change("quality", "82")
    assert not form.entries["quality"].problem


def test_output_is_written_together_with_its_folder(file: Path, tmp_path: Path) -> None:
    form = form_of(file)
    assert not form.change("mode", "output"), "it needs to know where"
    assert form.entries["output"].problem
    assert form.change("output", str(tmp_path / "smaller"))
    form.write("output")
    folder = load(file).folders[0]
    assert (folder.mode, folder.output) == ("output", tmp_path / "smaller")
    form = form_of(file)
    assert form.change("mode", "replace")
    form.write("mode")
    folder = load(file).folders[0]
    assert (folder.mode, folder.output) == ("replace", None)


def test_what_does_not_fit_the_rest_is_refused_and_said(file: Path) -> None:
    form = form_of(file)
    assert form.change("max_size", "1 KB")
    before = file.read_bytes()
    with pytest.raises(SettingsError):
        form.write("max_size")
    assert "min_size" in form.entries["max_size"].problem
    assert file.read_bytes() == before


def test_reset_lets_the_preset_speak_again(file: Path) -> None:
    preset_value = form_of(file).entries["originals_keep_days"].text
    form = form_of(file)
    form.change("originals_keep_days", "3")
    form.write("originals_keep_days")
    assert form_of(file).entries["originals_keep_days"].said
    form.clear("originals_keep_days")
    again = form_of(file).entries["originals_keep_days"]
    assert (again.text, again.said) == (preset_value, False)


def test_the_daemons_settings_are_written_too(file: Path) -> None:
    form = daemon_form(file, load(file).daemon)
    assert not form.change("workers", "many")
    assert form.change("workers", "3")
    form.write("workers")
    assert load(file).daemon.workers == 3


class Moving(Judge):
    """A daemon whose folders are kept as the settings file has them."""

    def __init__(self, file: Path, refuses: str = "") -> None:
        super().__init__()
        self.file = file
        self.refuses = refuses
        self.added: list[FolderRequest] = []

    def remove_folder(self, path: str) -> None:
        edit.remove_folder(self.file, path)

    def add_folder(self, request: FolderRequest) -> FolderAnswer:
        if self.refuses:
            raise ServiceError(self.refuses, 4)
        self.added.append(request)
        return FolderAnswer(path=request.path)

    def reload(self) -> None:
        load(self.file)


def test_a_folder_that_moved_keeps_its_settings(file: Path, tmp_path: Path) -> None:
    form = form_of(file)
    for key, text in (("quality", "safe"), ("originals_keep_days", "7"), ("convert", 'heic = "jpeg"')):
        assert form.change(key, text), form.entries[key].problem
        form.write(key)
    daemon = Moving(file)
    relocate(cast(Service, daemon), file, str(tmp_path / "inbox"), "/elsewhere")
    (request,) = daemon.added
    assert (request.path, request.preset, request.quality) == ("/elsewhere", "screenshots", "safe")
    assert request.originals_keep_days == 7
    assert value_from_text("folder.convert", request.more["convert"]) == {"heic": "jpeg"}
    assert load(file).folders == ()


def test_a_place_that_is_refused_leaves_the_folder_where_it_was(file: Path, tmp_path: Path) -> None:
    before = load(file).folders
    daemon = Moving(file, refuses="that is the home folder itself")
    with pytest.raises(ServiceError, match="home folder"):
        relocate(cast(Service, daemon), file, str(tmp_path / "inbox"), "/home/anna")
    assert load(file).folders == before
