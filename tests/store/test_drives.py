"""Which folders are away: judged by a made-up world of mounts, whatever ids it has."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homepress.base.volumes import Volume
from homepress.store.drives import FolderDrives
from homepress.store.fs import system_file_system
from homepress.store.ledger import known_files
from homepress.store.ledger.ledger import Ledger
from homepress.store.model import DriveAway
from support import full_path


class World:
    """Mounts that come and go: a path lies on the one with the longest mount point."""

    def __init__(self, **mounts: str) -> None:
        self.mounts: dict[Path, Volume] = {}
        self.mount("/", "uuid:system")

    def mount(self, point: str, *ids: str, label: str = "") -> None:
        top = Path(full_path(point))
        self.mounts[top] = Volume(top, ids=frozenset(ids), label=label, instance=str(ids))

    def unmount(self, point: str) -> None:
        del self.mounts[Path(full_path(point))]

    def look(self, path: Path) -> Volume:
        point = max((p for p in self.mounts if path.is_relative_to(p)), key=lambda p: len(p.parts))
        return replace(self.mounts[point], inner=str(path.relative_to(point)))

    def inside(self, path: Path) -> list[Volume]:
        return [v for p, v in self.mounts.items() if p != path and p.is_relative_to(path)]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite3", system_file_system())


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homepress.store.drives.missing_mount", lambda path, ours: None)


PICS = Path(full_path("/mnt/usb/pics"))


def places(ledger: Ledger, world: World) -> FolderDrives:
    return FolderDrives(ledger, world.look, world.inside)


def test_a_drive_goes_and_comes_back_over_restarts(ledger: Ledger) -> None:
    world = World()
    world.mount("/mnt/usb", "uuid:1", label="PHOTOS")
    assert places(ledger, world).remember(PICS) is None
    world.unmount("/mnt/usb")
    absence = places(ledger, world).remember(PICS)
    assert absence is not None
    assert str(absence) == 'the drive "PHOTOS" is not connected'
    for path in (PICS, PICS / "2024" / "a.jpg", PICS.parent / "other"):
        with pytest.raises(DriveAway, match="is not connected"):
            places(ledger, world).check(path)
    places(ledger, world).check(PICS.parents[1] / "else")
    world.mount("/mnt/usb", "uuid:2")
    assert "another drive" in str(places(ledger, world).absence(PICS))
    world.mount("/mnt/usb", "uuid:1")
    assert places(ledger, world).remember(PICS) is None


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.frozensets(st.sampled_from(["uuid:1", "uuid:2", "fsid:3", "fsid:4"])), max_size=6))
def test_a_home_on_a_plain_disk_is_never_away(ledger: Ledger, ids: list[frozenset[str]]) -> None:
    """Kernel updates, clones, restored backups, other layouts: the ledger is on the same file system."""
    world, home = World(), Path(full_path("/home/ada/Pictures"))
    for each in ids:
        world.mount("/", *each)
        assert places(ledger, world).remember(home) is None


def test_a_home_that_moves_to_a_partition_of_its_own_is_never_away(ledger: Ledger, tmp_path: Path) -> None:
    world = World()
    world.mount(str(tmp_path), "uuid:home")  # the ledger is in it
    pictures = tmp_path / "Pictures"
    assert places(ledger, world).remember(pictures) is None
    world.unmount(str(tmp_path))
    world.mount("/", "uuid:new")
    assert places(ledger, world).remember(pictures) is None
    world.mount(str(pictures), "uuid:big")  # a big disk for the pictures alone: it is theirs from now on
    assert places(ledger, world).remember(pictures) is None
    world.unmount(str(pictures))
    assert places(ledger, world).absence(pictures) is not None


def test_a_container_whose_volumes_move_together_with_the_ledger(ledger: Ledger, tmp_path: Path) -> None:
    world = World()
    world.mount("/", "source:overlay")
    world.mount(str(tmp_path), "fsid:1")
    world.mount("/pictures", "fsid:1")
    assert places(ledger, world).remember(Path(full_path("/pictures"))) is None
    world.mount(str(tmp_path), "fsid:2")
    world.mount("/pictures", "fsid:2")
    assert places(ledger, world).remember(Path(full_path("/pictures"))) is None
    world.unmount("/pictures")
    assert places(ledger, world).absence(Path(full_path("/pictures"))) is not None


def test_drives_mounted_inside_are_remembered(ledger: Ledger) -> None:
    world, root = World(), Path(full_path("/home/ada/Pictures"))
    found = places(ledger, world)
    found.remember(root)
    world.mount("/home/ada/Pictures/card", "uuid:card")
    found.remember_inside(root)
    world.unmount("/home/ada/Pictures/card")
    assert [each.folder for each in found.absent_inside(root)] == [root / "card"]
    assert found.absence(root) is None
    assert found.absence(root / "card" / "a.jpg") is not None


def test_a_forgotten_folder_takes_any_drive_but_no_bare_mount_point(ledger: Ledger) -> None:
    world = World()
    world.mount("/mnt/usb", "uuid:1")
    found = places(ledger, world)
    found.remember(PICS)
    found.forget(PICS)
    world.mount("/mnt/usb", "uuid:2")
    assert found.absence(PICS) is None
    world.unmount("/mnt/usb")
    assert found.absence(PICS) is not None
    assert not found.accept_as_folder(PICS)


def test_a_mount_point_that_became_an_ordinary_folder_is_taken_when_something_is_in_it(
    ledger: Ledger, tmp_path: Path
) -> None:
    world, folder = World(), tmp_path / "usb"
    folder.mkdir()
    world.mount(str(folder), "uuid:1")
    found = places(ledger, world)
    found.remember(folder)
    world.unmount(str(folder))
    assert not found.accept_as_folder(folder)
    (folder / "a.jpg").touch()
    assert found.accept_as_folder(folder)
    assert places(ledger, world).absence(folder) is None


def test_a_mount_point_that_is_configured_and_not_mounted_is_bare(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    top = Path(full_path("/"))
    from homepress.base.volumes import _system

    monkeypatch.setattr(_system, "configured_mounts", lambda: (top, PICS.parent))
    monkeypatch.setattr(_system, "is_mount_point", lambda path: path == top)
    found = places(ledger, World())
    assert found.absence(PICS) is not None
    assert found.absence(top / "home" / "ada") is None


def test_names_of_files_whose_drive_is_away_are_kept(ledger: Ledger, tmp_path: Path) -> None:
    for name in ("away", "here"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "other.jpg").touch()  # something is beneath the mount point
        with ledger.transaction() as tx:
            known_files.note(ledger, tx, tmp_path / name / "a.jpg", (1, 2, 3))
    known_files.prune(ledger, [tmp_path / "away"])
    assert set(known_files.known(ledger, os.fsencode(tmp_path / "away"))) == {b"a.jpg"}
    assert set(known_files.known(ledger, os.fsencode(tmp_path / "here"))) == set()
