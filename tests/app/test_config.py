"""Folders as configured: planned for wherever they lead, and what was in them before is left."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from homepress.app import folders
from homepress.app.config import Configuration
from homepress.app.drives import Away
from homepress.app.house import House
from homepress.control.service import FolderRequest, ServiceError
from homepress.settings import Paths


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("HOMEPRESS_HOME", str(tmp_path / "home"))
    paths = Paths.from_environment()
    paths.ensure()
    opened = House.open(paths, lambda: None)
    yield opened
    opened.close()


def configure(house: House, *folders: Path) -> Configuration:
    text = "".join(f'[[folder]]\npath = "{folder}"\n' for folder in folders)
    house.paths.config_file.write_text(text)
    house.live.reload()
    assert house.live.error is None
    configuration = Configuration(house)
    configuration.apply()
    return configuration


def picture(folder: Path, name: str) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"x")
    return os.fsencode(name)


def known(house: House, folder: Path) -> set[bytes]:
    return set(house.store.known(os.fsencode(folder.resolve())))


def test_a_folder_that_comes_later_keeps_what_was_in_it(house: House, tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    configuration = configure(house, drive)
    old = picture(drive, "old.jpg")
    configuration.met(drive, drive.resolve())
    assert known(house, drive) == {old}
    picture(drive, "new.jpg")
    configuration.met(drive, drive.resolve())
    assert known(house, drive) == {old}


def test_a_link_that_leads_elsewhere_takes_its_plan_along(house: House, tmp_path: Path) -> None:
    first, second, link = tmp_path / "first", tmp_path / "second", tmp_path / "link"
    picture(first, "a.jpg")
    old = picture(second, "b.jpg")
    link.symlink_to(first)
    configuration = configure(house, link)
    assert configuration.plan(first.resolve()) is not None
    link.unlink()
    link.symlink_to(second)
    configuration.met(link, second.resolve())
    plan = configuration.plan(second.resolve())
    assert plan is not None and plan.root == second.resolve()
    assert configuration.plan(first.resolve()) is None
    assert known(house, second) == {old}


def test_a_link_that_leads_to_a_refused_folder_is_not_followed(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, link = tmp_path / "person", tmp_path / "link"
    monkeypatch.setattr(Path, "home", lambda: person)
    (tmp_path / "fine").mkdir()
    person.mkdir()
    link.symlink_to(tmp_path / "fine")
    configuration = configure(house, link)
    link.unlink()
    link.symlink_to(person)
    configuration.met(link, person.resolve())
    assert configuration.plan(person.resolve()) is None
    status = configuration.status(house.live.current.folders[0], None, lambda _: "", house.pipeline, Away())
    assert "your home folder" in status.problem


def test_a_folder_that_is_not_configured_any_more(house: House, tmp_path: Path) -> None:
    configuration = configure(house)
    configuration.met(tmp_path, tmp_path.resolve())
    assert configuration.plan(tmp_path.resolve()) is None


def test_links_in_a_circle_stop_nothing(house: House, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "fine").mkdir()
    configuration = configure(house, tmp_path / "loop", tmp_path / "fine")
    assert configuration.plan((tmp_path / "fine").resolve()) is not None


def test_what_comes_between_adding_and_the_start_is_new(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    old = picture(folder, "old.jpg")
    folders.add(house, FolderRequest(path=str(folder)))
    picture(folder, "new.jpg")
    configure(house, folder)
    assert known(house, folder) == {old}


def test_a_folder_added_again_is_met_anew(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    names = {picture(folder, "old.jpg")}
    folders.add(house, FolderRequest(path=str(folder)))
    folders.remove(house, str(folder))
    names.add(picture(folder, "meanwhile.jpg"))
    house.live.reload()
    folders.add(house, FolderRequest(path=str(folder)))
    assert known(house, folder) == names


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"quality": "blanced"}, 'quality: expected "lossless"'),
        ({"preset": "fotos"}, 'there is no preset "fotos"; did you mean "photos"?'),
    ],
)
def test_a_word_that_is_not_understood_is_named_as_it_was_typed(
    house: House, tmp_path: Path, words: dict[str, str], said: str
) -> None:
    with pytest.raises(ServiceError) as refused:
        folders.add(house, FolderRequest(path=str(tmp_path), **words))
    assert str(refused.value).startswith(said)
    assert "settings.toml" not in str(refused.value)
    assert refused.value.exit_code == 2


def test_removing_what_is_not_watched_says_so(house: House, tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="is not watched") as refused:
        folders.remove(house, str(tmp_path / "elsewhere"))
    assert refused.value.exit_code == 2
