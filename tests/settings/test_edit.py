"""Changing the user's file: what was asked, and nothing else."""

import contextlib
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homepress.base.locking import folder_locked
from homepress.settings import FOLDER_FIELDS, Settings, SettingsError, edit, load, parse
from homepress.settings.check import decode
from settings.strategies import FOLDER_VALUES, PATHS, documents, folders

MINE = """\
# my settings

# the program
[daemon]
workers = 2   # of four

# holiday
# pictures
[[folder]]
path = "~/Pictures/Holiday"   # Crete
quality = "safe"              # for grandma
include = [
    "*.jpg",  # all
]

  # screenshots of the week
[[folder]]
path = '~/srv/shots'

# a remark at the end
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "settings.toml"
    file.write_text(MINE)
    return file


def changed(file: Path) -> tuple[list[str], list[str]]:
    """The lines that are gone and the lines that are new."""
    old, new = MINE.splitlines(), file.read_text().splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_setting_a_value_changes_its_line_and_keeps_the_comment_behind_it(file: Path) -> None:
    after = edit.set_folder_value(file, "~/Pictures/Holiday", "quality", 85)
    assert after == load(file)
    assert after.folders[0].quality.floor == 85
    assert changed(file) == (
        ['quality = "safe"              # for grandma'],
        ["quality = 85              # for grandma"],
    )


def test_a_new_key_comes_right_after_the_keys_of_its_table(file: Path) -> None:
    edit.set_folder_value(file, "~/Pictures/Holiday/", "max_edge", 2000)
    assert file.read_text() == MINE.replace("]\n\n  # screen", "]\nmax_edge = 2000\n\n  # screen")
    edit.set_daemon_values(file, {"notify": "never"})
    assert 'of four\nnotify = "never"\n\n# holiday\n' in file.read_text()


def test_none_takes_a_key_out(file: Path) -> None:
    after = edit.set_folder_value(file, "~/Pictures/Holiday", "quality", None)
    assert str(after.folders[0].quality) == "balanced"
    assert changed(file) == (['quality = "safe"              # for grandma'], [])
    before = file.read_text()
    edit.set_folder_value(file, "~/srv/shots", "quality", None)
    assert file.read_text() == before


def test_a_folder_is_added_at_the_end(file: Path) -> None:
    after = edit.add_folder(file, "~/new", {"mode": "output", "output": "~/out", "convert": {"heic": "jpeg"}})
    assert after.folders[2].convert == {"heic": "jpeg"}
    added = '\n[[folder]]\npath = "~/new"\nmode = "output"\noutput = "~/out"\nconvert = {heic = "jpeg"}\n'
    assert file.read_text() == MINE + added


def test_adding_and_removing_leaves_no_trace(file: Path) -> None:
    edit.add_folder(file, "~/new")
    edit.remove_folder(file, "~/new")
    assert file.read_text() == MINE


def test_removing_a_folder_takes_the_comment_right_above_it_and_no_other(file: Path) -> None:
    assert len(edit.remove_folder(file, "~/Pictures/Holiday").folders) == 1
    start, end = MINE.index("# holiday"), MINE.index("  # screenshots")
    assert file.read_text() == MINE[:start] + MINE[end:]
    assert edit.remove_folder(file, "~/srv//shots").folders == ()
    assert "# a remark at the end" in file.read_text()
    assert "# screenshots" not in file.read_text()


def test_tables_within_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    first = '[[folder]]\npath = "~/a"\n# formats\n[folder.convert]\nheic = "jpeg"  # phone\n\n# apart\n\n'
    second = '[[folder]]\npath = "~/b"\n[folder.convert]\nbmp = "png"\n'
    file.write_text(first + second)
    after = edit.set_folder_value(file, "~/a", "convert", {"tiff": "webp"})
    assert [dict(folder.convert) for folder in after.folders] == [{"tiff": "webp"}, {"bmp": "png"}]
    assert "# apart" in file.read_text()
    assert edit.remove_folder(file, "~/b").folders == after.folders[:1]
    assert edit.set_folder_value(file, "~/a", "convert", None).folders[0].convert == {}


@pytest.mark.posix
def test_without_a_file_the_annotated_default_is_the_start(tmp_path: Path) -> None:
    file = tmp_path / "config" / "homepress" / "settings.toml"
    assert edit.add_folder(file, "~/new").folders[0].path == Path("~/new").expanduser()
    text = file.read_text()
    assert text.startswith("# Homepress settings") and text.endswith('\n\n[[folder]]\npath = "~/new"\n')
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (lambda file: edit.add_folder(file, "relative"), "full path"),
        (lambda file: edit.add_folder(file, "~/srv/shots/"), "already in line 18"),
        (lambda file: edit.add_folder(file, "~/x", {"qualty": "safe"}), 'did you mean "quality"'),
        pytest.param(
            lambda file: edit.add_folder(file, os.fsdecode(b"~/x/\xff")),
            "no valid text",
            marks=pytest.mark.posix,
        ),
        (lambda file: edit.remove_folder(file, "~/nowhere"), "there is no"),
        (lambda file: edit.set_folder_value(file, "~/srv/shots", "mode", "output"), "also needs output"),
        (lambda file: edit.set_daemon_values(file, {"workers": 0}), "from 1 to 64"),
        (lambda file: edit.set_daemon_values(file, {"worker": 1}), 'did you mean "workers"'),
        (lambda file: edit.set_folder_value(file, "~/srv/shots", "path", None), "missing"),
    ],
)
def test_what_would_not_be_valid_is_not_written(file: Path, what: Any, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        what(file)
    assert file.read_text() == MINE
    assert os.listdir(file.parent) == ["settings.toml"]


def test_a_bad_value_can_be_mended_and_a_bad_folder_removed(file: Path) -> None:
    file.write_text(MINE.replace("workers = 2", "workers = 0"))
    assert edit.set_daemon_values(file, {"workers": 2}).daemon.workers == 2
    assert file.read_text() == MINE
    file.write_text(MINE.replace("'~/srv/shots'", "'shots'"))
    assert len(edit.remove_folder(file, "shots").folders) == 1


@pytest.mark.parametrize(
    "text",
    [
        'folder = [{ path = "~/a" }]\n',
        'daemon.workers = 2\n[[folder]]\npath = "~/a"\n',
        "daemon = {workers = 2}\n",
    ],
)
def test_a_form_that_is_not_understood_is_left_to_the_user(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.toml"
    for change in (
        lambda: edit.add_folder(file, "~/b"),
        lambda: edit.remove_folder(file, "~/a"),
        lambda: edit.set_daemon_values(file, {"notify": "never"}),
        lambda: edit.set_folder_value(file, "~/a", "quality", "safe"),
    ):
        file.write_text(text)
        before = tomllib.loads(text)
        try:
            change()
        except SettingsError:
            assert file.read_text() == text
        else:
            assert tomllib.loads(file.read_text()) != before  # done right, checked by the edit itself


@pytest.mark.posix
def test_mode_links_and_line_ends_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "homepress.toml"
    target.parent.mkdir()
    target.write_bytes(MINE.replace("\n", "\r\n").encode())
    target.chmod(0o640)
    link = tmp_path / "settings.toml"
    link.symlink_to(target)
    edit.set_daemon_values(link, {"workers": 3})
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.read_bytes() == MINE.replace("workers = 2", "workers = 3").replace("\n", "\r\n").encode()


def test_a_file_without_a_last_line_end(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[daemon]\nworkers = 2")
    edit.set_daemon_values(file, {"notify": "never"})
    edit.add_folder(file, "~/a")
    assert file.read_text() == '[daemon]\nworkers = 2\nnotify = "never"\n\n[[folder]]\npath = "~/a"\n'


def test_a_failed_write_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(SettingsError, match="No space left on device; nothing was changed"):
        edit.set_daemon_values(file, {"workers": 3})
    assert file.read_text() == MINE
    assert os.listdir(file.parent) == ["settings.toml"]


def test_a_file_saved_meanwhile_is_not_overwritten(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse_slowly(text: str, where: Path) -> Settings:
        monkeypatch.undo()
        file.write_text(MINE.replace("Crete", "Corfu"))  # the user's editor, while we think
        return parse(text, where)

    monkeypatch.setattr(edit, "parse", parse_slowly)
    assert edit.set_daemon_values(file, {"workers": 3}).daemon.workers == 3
    assert file.read_text() == MINE.replace("Crete", "Corfu").replace("workers = 2", "workers = 3")


def expected(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Plain data of folders as the model holds it, defaults left out."""
    return [
        {key: decode(FOLDER_FIELDS[key], value) for key, value in table.items()}
        for table in document.get("folder", [])
    ]


@given(documents())
def test_random_settings_load_back_equal(document: dict[str, Any]) -> None:
    loaded = parse(tomlkit.dumps(document), Path("settings.toml"))
    for folder, values in zip(loaded.folders, expected(document), strict=True):
        for key, field in FOLDER_FIELDS.items():
            wanted = values[key] if key in values else decode(field, field.default)
            assert getattr(folder, key) == wanted
    for key, value in document.get("daemon", {}).items():
        assert str(getattr(loaded.daemon, key)) == str(value)


COMMENTS = st.lists(st.sampled_from(["", "# one", "  # two [[folder]]", '# """']), max_size=3)


@st.composite
def commented(draw: st.DrawFn) -> str:
    """A valid file, with comments and empty lines anywhere between its statements."""
    lines: list[str] = []
    number = 0
    for line in tomlkit.dumps(draw(documents())).split("\n"):
        for comment in draw(COMMENTS):
            number += 1
            lines.append(f"{comment} {number}" if comment else "")
        lines.append(line)
    return "\n".join([*lines, *draw(COMMENTS)]) + "\n"


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(commented(), st.data())
def test_comments_outside_the_removed_folder_survive_any_edit(
    tmp_path: Path, text: str, data: st.DataObject
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    known = [str(folder.path) for folder in load(file).folders]
    written = [table["path"] for table in tomllib.loads(text).get("folder", [])]
    key = data.draw(st.sampled_from(sorted(FOLDER_VALUES)))
    value = data.draw(FOLDER_VALUES[key])
    with contextlib.suppress(SettingsError):
        if written and data.draw(st.booleans()):  # type: ignore[arg-type]
            path = data.draw(st.sampled_from(written))
            after = edit.set_folder_value(file, path, key, value)
            at = written.index(path)
            assert getattr(after.folders[at], key) == decode(FOLDER_FIELDS[key], value)
        else:
            table = data.draw(folders())
            after = edit.add_folder(file, table.pop("path"), table)
            assert len(after.folders) == len(known) + 1
    kept = iter(file.read_text().split("\n"))
    assert all(line in kept for line in text.split("\n") if line.lstrip().startswith("#"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(commented(), PATHS)
def test_adding_and_removing_any_folder_leaves_the_settings_as_they_were(
    tmp_path: Path, text: str, path: str
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    before = load(file)
    try:
        edit.add_folder(file, path)
    except SettingsError as error:
        assert "already" in str(error)
    else:
        assert edit.remove_folder(file, path) == before
        assert file.read_text().rstrip("\n") == text.rstrip("\n")


_ANOTHER = "import sys; from pathlib import Path; from homepress.settings import edit; "
_ANOTHER += "print('asks', flush=True); edit.add_folder(Path(sys.argv[1]), sys.argv[2])"


def test_two_programs_that_change_it_at_the_same_time_both_have_their_way(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    write, started = edit._write, list[subprocess.Popen[str]]()

    def while_another_comes(at: Path, text: str) -> None:
        command = [sys.executable, "-c", _ANOTHER, str(file), other]
        second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(second)
        assert second.stdout is not None
        assert second.stdout.readline() == "asks\n"
        with contextlib.suppress(subprocess.TimeoutExpired):
            second.wait(0.5)  # it has to wait; if it does not, it is over by now
        write(at, text)

    monkeypatch.setattr(edit, "_write", while_another_comes)
    edit.add_folder(file, one)
    assert started[0].communicate(timeout=60) == ("", None)
    assert started[0].returncode == 0
    assert {one, other} <= {str(folder.path) for folder in load(file).folders}


def test_a_change_that_waits_too_long_is_refused_and_says_why(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edit, "_WAIT_SECONDS", 0.0)
    before = file.read_text()
    with (
        folder_locked(file.parent, 0),
        pytest.raises(SettingsError, match="being changed by another program; try again"),
    ):
        edit.set_daemon_values(file, {"workers": 1})
    assert file.read_text() == before
    assert edit.set_daemon_values(file, {"workers": 1}).daemon.workers == 1
