"""Folders as configured: planned for wherever they lead, and what was in them before is left."""

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from homepress.base import blocking
from homepress.base.paths import Paths
from homepress.base.results import FolderStatus
from homepress.control.service import FolderRequest, ServiceError
from homepress.daemon import folders, places, requests
from homepress.daemon import folders as configs
from homepress.daemon.core import Core
from homepress.daemon.folders import Configuration
from homepress.daemon.places import Away, Places
from homepress.settings import Size, edit
from homepress.store.folders import list_pictures
from homepress.watch.policy import locate


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Core]:
    monkeypatch.setenv("HOMEPRESS_HOME", str(tmp_path / "home"))
    paths = Paths.from_environment()
    paths.ensure()
    opened = Core.open(paths, lambda: None)
    yield opened
    opened.close()


def configure(core: Core, *folders: Path) -> Configuration:
    text = "".join(f"[[folder]]\npath = '{folder}'\n" for folder in folders)
    core.paths.config_file.write_text(text)
    core.live.reload()
    assert core.live.error is None
    configuration = Configuration(core)
    configuration.apply()
    return configuration


def status_of(core: Core, configuration: Configuration, trouble: str = "") -> FolderStatus:
    """What is told of the first folder."""
    folder = core.live.current.folders[0]
    return core.state.ask(
        lambda: configuration.status(folder, None, lambda _: trouble, core.pipeline, Away())
    )


def picture(folder: Path, name: str) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"x")
    return os.fsencode(name)


def known(core: Core, folder: Path) -> set[bytes]:
    return set(core.store.known(os.fsencode(folder.resolve())))


def test_a_folder_that_comes_later_keeps_what_was_in_it(core: Core, tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    configuration = configure(core, drive)
    old = picture(drive, "old.jpg")
    configuration.met(drive, drive.resolve())
    assert known(core, drive) == {old}
    picture(drive, "new.jpg")
    configuration.met(drive, drive.resolve())
    assert known(core, drive) == {old}


def test_a_folder_is_not_taken_for_another_when_settings_are_read_again_meanwhile(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = tmp_path / "drive"
    drive.mkdir()
    configuration = configure(core, drive)

    def read_again(_: Path) -> list[str]:
        edit.set_folder_value(core.paths.config_file, str(drive), "quality", "small")
        assert core.live.reload()
        return []

    monkeypatch.setattr(configs, "warnings", read_again)
    configuration.met(drive, drive.resolve())
    assert configuration.now.refused[drive] == ""


@pytest.mark.posix("links")
def test_a_link_that_leads_elsewhere_takes_its_plan_along(core: Core, tmp_path: Path) -> None:
    first, second, link = tmp_path / "first", tmp_path / "second", tmp_path / "link"
    picture(first, "a.jpg")
    old = picture(second, "b.jpg")
    link.symlink_to(first)
    configuration = configure(core, link)
    assert configuration.plan(first.resolve()) is not None
    link.unlink()
    link.symlink_to(second)
    configuration.met(link, second.resolve())
    plan = configuration.plan(second.resolve())
    assert plan is not None and plan.root == second.resolve()
    assert configuration.plan(first.resolve()) is None
    assert known(core, second) == {old}


@pytest.mark.posix("links")
def test_a_link_that_leads_to_a_refused_folder_is_not_followed(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, link = tmp_path / "person", tmp_path / "link"
    monkeypatch.setattr(Path, "home", lambda: person)
    (tmp_path / "fine").mkdir()
    person.mkdir()
    link.symlink_to(tmp_path / "fine")
    configuration = configure(core, link)
    link.unlink()
    link.symlink_to(person)
    configuration.met(link, person.resolve())
    assert configuration.plan(person.resolve()) is None
    status = status_of(core, configuration)
    assert "your home folder" in status.problem


def test_a_folder_that_is_not_configured_any_more(core: Core, tmp_path: Path) -> None:
    configuration = configure(core)
    configuration.met(tmp_path, tmp_path.resolve())
    assert configuration.plan(tmp_path.resolve()) is None


@pytest.mark.posix("links")
def test_links_in_a_circle_stop_nothing(core: Core, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "fine").mkdir()
    configuration = configure(core, tmp_path / "loop", tmp_path / "fine")
    assert configuration.plan((tmp_path / "fine").resolve()) is not None


def test_what_comes_between_adding_and_the_start_is_new(core: Core, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    old = picture(folder, "old.jpg")
    folders.add(core, FolderRequest(path=str(folder)))
    picture(folder, "new.jpg")
    configure(core, folder)
    assert known(core, folder) == {old}


def test_a_folder_added_again_is_met_anew(core: Core, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    names = {picture(folder, "old.jpg")}
    folders.add(core, FolderRequest(path=str(folder)))
    folders.remove(core, str(folder))
    names.add(picture(folder, "meanwhile.jpg"))
    core.live.reload()
    folders.add(core, FolderRequest(path=str(folder)))
    assert known(core, folder) == names


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"quality": "blanced"}, 'quality: expected "lossless"'),
        ({"preset": "fotos"}, 'there is no preset "fotos"; did you mean "photos"?'),
    ],
)
def test_a_word_that_is_not_understood_is_named_as_it_was_typed(
    core: Core, tmp_path: Path, words: dict[str, Any], said: str
) -> None:
    with pytest.raises(ServiceError) as refused:
        folders.add(core, FolderRequest(path=str(tmp_path), **words))
    assert str(refused.value).startswith(said)
    assert "settings.toml" not in str(refused.value)
    assert refused.value.exit_code == 2


def test_removing_what_is_not_watched_says_so(core: Core, tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="is not watched") as refused:
        folders.remove(core, str(tmp_path / "elsewhere"))
    assert refused.value.exit_code == 2


def test_what_comes_while_the_ledger_has_no_room_is_new(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = tmp_path / "inbox"
    old = picture(inbox, "old.jpg")
    known_folders = core.store.folders

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as no_room:
        no_room.setattr(type(known_folders), "baseline", full)
        configuration = configure(core, inbox)
    picture(inbox, "new.jpg")
    configuration.met(inbox, inbox.resolve())
    assert known(core, inbox) == {old}
    assert not core.seen


def test_what_was_seen_of_another_drive_counts_for_nothing(core: Core, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    core.seen[inbox.resolve()] = list_pictures(inbox.resolve(), True)
    inbox.rename(tmp_path / "bare")
    old = picture(inbox, "old.jpg")
    configure(core, inbox)
    assert known(core, inbox) == {old}


class Hung:
    """Keeps whoever asks about a folder until it answers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answer = threading.Event()
        self.asked = 0

    def guarded(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def ask(path: Any, *rest: Any, **named: Any) -> Any:
            if os.fsencode(path) == os.fsencode(self.path):
                self.asked += 1
                self.answer.wait(60)
            return call(path, *rest, **named)

        return ask


@pytest.fixture
def hung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hung]:
    """A folder with a picture in it, whose disk does not answer."""
    made = Hung(tmp_path / "hung")
    picture(made.path, "old.jpg")
    for module, name in ((places, "locate"), (configs, "warnings"), (folders, "warnings")):
        monkeypatch.setattr(module, name, made.guarded(getattr(module, name)))
    monkeypatch.setattr(os, "scandir", made.guarded(os.scandir))
    yield made
    made.answer.set()


@pytest.mark.slow
def test_a_folder_that_hangs_holds_up_no_change_of_settings(core: Core, tmp_path: Path, hung: Hung) -> None:
    well = tmp_path / "well"
    old = picture(well, "old.jpg")
    configuration = configure(core, hung.path, well)
    assert configuration.roots() == {hung.path, well}
    assert [folder.path for folder in configuration.apply()] == [hung.path, well]
    assert hung.asked == 1, "a disk that is known to hang is not asked again"
    assert known(core, well) == {old}
    said = status_of(core, configuration, "no answer")
    assert said.problem == "no answer"
    hung.answer.set()
    configuration.met(hung.path, hung.path)
    assert known(core, hung.path) == {b"old.jpg"}


@pytest.mark.slow
def test_another_folder_is_added_and_removed_while_one_hangs(core: Core, tmp_path: Path, hung: Hung) -> None:
    configuration = configure(core, hung.path)
    other = tmp_path / "other"
    other.mkdir()
    folders.add(core, FolderRequest(path=str(other)))
    folders.remove(core, str(hung.path))
    core.live.reload()
    assert [folder.path for folder in configuration.apply()] == [other]
    assert hung.asked == 1


def test_a_folder_that_hangs_is_added_and_looked_at_when_it_answers(core: Core, hung: Hung) -> None:
    request = FolderRequest(path=str(hung.path))
    assert folders.planned(core, request) is None
    answer = folders.add(core, request)
    assert not answer.answers
    (said,) = answer.warnings
    assert said.startswith(f"{hung.path} does not answer yet")
    assert said.endswith("It is watched as soon as it does")
    core.live.reload()
    configuration = Configuration(core)
    assert [folder.path for folder in configuration.apply()] == [hung.path]
    assert hung.asked == 1, "a disk that is known to hang is not asked again"
    hung.answer.set()
    configuration.met(hung.path, hung.path)
    assert known(core, hung.path) == {b"old.jpg"}


@pytest.mark.slow
def test_a_busy_computer_is_not_taken_for_a_disk_that_hangs(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(_: Path) -> list[str]:
        time.sleep(blocking.ANSWER_SECONDS + 0.2)
        return ["a warning"]

    monkeypatch.setattr(folders, "warnings", slow)
    (folder := tmp_path / "well").mkdir()
    assert folders.add(core, FolderRequest(path=str(folder))).warnings == ["a warning"]


def test_a_disk_that_was_looked_through_is_not_said_to_hang(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's look at the same folder comes back late, since the computer is busy."""
    (folder := tmp_path / "well").mkdir()
    ended = threading.Event()
    meet = folders.meet

    def met(*arguments: Any) -> bool:
        came = meet(*arguments)
        with pytest.raises(blocking.NotAnsweringError):
            blocking.ask(folder, ended.wait, within=0.01)
        return came

    monkeypatch.setattr(folders, "meet", met)
    try:
        assert folders.add(core, FolderRequest(path=str(folder))).warnings == []
    finally:
        ended.set()


def test_a_folder_that_hangs_is_refused_by_its_name_all_the_same(core: Core, hung: Hung) -> None:
    configure(core, hung.path)
    with pytest.raises(ServiceError, match="is watched already"):
        folders.add(core, FolderRequest(path=str(hung.path)))


def test_a_folder_is_added_whose_output_hangs(core: Core, tmp_path: Path, hung: Hung) -> None:
    well = tmp_path / "well"
    old = picture(well, "old.jpg")
    answer = folders.add(core, FolderRequest(path=str(well), output=str(hung.path)))
    assert answer.answers
    assert answer.warnings[0].startswith(f"{hung.path} does not answer yet")
    assert answer.warnings[0].endswith("Results wait until it does")
    assert known(core, well) == {old}


def test_what_is_wanted_now_of_a_folder_that_hangs_is_known_when_it_answers(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    picture(folder, "old.jpg")
    configuration = configure(core, folder)
    assert known(core, folder)
    made = Hung(folder)
    monkeypatch.setattr(places, "locate", made.guarded(locate))
    wanted = msgspec.structs.replace(
        core.live.current.folders[0], existing="compress", min_size=Size.parse("0")
    )
    core.live.current = msgspec.structs.replace(
        core.live.current,
        folders=(wanted,),
    )
    try:
        configuration.apply()
        assert made.asked
        assert configuration.lets_in
        assert not known(core, folder)
    finally:
        made.answer.set()


def test_a_trial_before_a_change_is_of_what_is_left_alone_and_by_the_new_values(
    core: Core, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    for name in ("old.jpg", "older.jpg", "forgotten.jpg"):
        picture(folder, name)
    configure(core, folder)
    (folder / "new.jpg").write_bytes(b"new")
    core.store.note_known(core.store.read(folder / "new.jpg"))
    core.store.forget(folder / "forgotten.jpg", None)
    before = core.paths.config_file.read_bytes()

    def left(**changes: str) -> int:
        changes = {"existing": "compress", **changes}
        return next(iter(requests.trial(core, str(folder), 1, None, changes))).images

    assert left(min_size="0") == 3
    assert left(min_size="0", exclude="older.*") == 2
    assert left() == 0, "they are smaller than any that are wanted"
    changed = folders.changed(core, str(folder), {"quality": "small", "existing": "compress"})
    assert (str(changed.quality), changed.existing) == ("small", "compress")
    with pytest.raises(ServiceError, match="did you mean"):
        left(quality="smal")
    assert core.paths.config_file.read_bytes() == before
    core.store.folders.let_in(folder, 0, None, existing=True, settings="")
    assert left(min_size="0") == 0


@pytest.mark.posix("links")
def test_a_folder_is_found_by_a_link_although_places_are_forgotten_meanwhile(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New settings are taken up on another thread, which keeps the places of configured folders alone."""
    folder, link = tmp_path / "folder", tmp_path / "link"
    picture(folder, "a.jpg")
    link.symlink_to(folder)
    configure(core, folder)
    ask = Places.ask

    def ask_and_lose(self: Places, *arguments: Any) -> object:
        silent = ask(self, *arguments)
        self.keep([folder])
        return silent

    monkeypatch.setattr(Places, "ask", ask_and_lose)
    assert folders.configured(core, str(link)).path == folder
    monkeypatch.setattr(places, "locate", lambda _: pytest.fail("spelled as in the file, no disk is asked"))
    assert folders.configured(core, str(folder)).path == folder
