"""Noticing changes of one file."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from homepress.watch import FileWatch
from support import wait_for


class Calls:
    def __init__(self) -> None:
        self.contents: list[str | None] = []

    def __len__(self) -> int:
        return len(self.contents)


@contextmanager
def file_watch(path: Path, backup: float = 3600.0) -> Iterator[Calls]:
    calls = Calls()
    watch = FileWatch(
        path,
        lambda: calls.contents.append(path.read_text() if path.exists() else None),
        quiet=0.05,
        backup=backup,
    )
    watch.start()
    wait_for(lambda: watch._observations or not path.parent.exists(), what="the observer")
    try:
        yield calls
    finally:
        watch.stop()


def test_written_in_place_replaced_removed_and_made_again(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("one")
    with file_watch(path) as calls:
        path.write_text("two")
        wait_for(lambda: calls.contents == ["two"])
        (tmp_path / ".settings.swp").write_text("three")
        (tmp_path / ".settings.swp").replace(path)
        wait_for(lambda: calls.contents[1:] == ["three"])
        backup = tmp_path / "settings.toml~"
        path.rename(backup)
        path.write_text("four")
        wait_for(lambda: calls.contents[-1] == "four")


def test_other_files_and_touching_nothing_do_not_call(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("one")
    with file_watch(path) as calls:
        (tmp_path / "other.toml").write_text("x")
        path.chmod(0o600)
        with path.open("r+"):
            pass
        time.sleep(0.4)
    assert not len(calls)


@pytest.mark.posix("links")
def test_a_linked_file_is_noticed_at_both_ends(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "config").mkdir()
    target, link = tmp_path / "dotfiles" / "homepress.toml", tmp_path / "config" / "settings.toml"
    target.write_text("one")
    link.symlink_to(target)
    with file_watch(link) as calls:
        target.write_text("two")
        wait_for(lambda: calls.contents == ["two"])
        new = tmp_path / "config" / "new"
        new.write_text("three")
        new.rename(link)
        wait_for(lambda: calls.contents[-1] == "three")


def test_a_folder_made_later_and_a_replaced_folder(tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.toml"
    with file_watch(path, backup=0.1) as calls:
        path.parent.mkdir()
        path.write_text("one")
        wait_for(lambda: calls.contents == ["one"])
        path.parent.rename(tmp_path / "old")
        path.parent.mkdir()
        path.write_text("two")
        wait_for(lambda: calls.contents[-1] == "two")


def test_no_call_after_stop(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    with file_watch(path) as calls:
        pass
    path.write_text("late")
    time.sleep(0.2)
    assert not len(calls)


@pytest.mark.slow
def test_idle_costs_nothing(tmp_path: Path) -> None:
    with file_watch(tmp_path / "settings.toml"):
        before = os.times()
        time.sleep(0.5)
        after = os.times()
    assert (after.user + after.system) - (before.user + before.system) <= 0.05
