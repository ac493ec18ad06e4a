"""What happens to a root is told by the system, not found by looking: no look falls due in these tests."""

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from homepress.watch import inotify
from homepress.watch.inotify import ancestors
from support import wait_for
from watch.harness import FAST, JPEG, observation_of, watching

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about inotify")

NEVER = dataclasses.replace(FAST, health=3600.0, health_notified=3600.0)
"""Only a root that is away is looked for again and again."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "above" / "root"
    folder.mkdir(parents=True)
    return folder


def test_a_root_that_is_removed(root: Path) -> None:
    with watching(root, timing=NEVER) as run:
        root.rmdir()
        run.wait_state("missing")


def test_a_root_that_is_renamed(root: Path) -> None:
    with watching(root, timing=NEVER) as run:
        root.rename(root.with_name("elsewhere"))
        run.wait_state("missing")


def test_a_folder_above_the_root_that_is_renamed(root: Path) -> None:
    with watching(root, timing=NEVER) as run:
        root.parent.rename(root.parent.with_name("elsewhere"))
        run.wait_state("missing")


def test_a_root_that_is_replaced(root: Path) -> None:
    with watching(root, timing=NEVER) as run:
        first = observation_of(run)
        (new := root.with_name("new")).mkdir()
        (new / "a.jpg").write_bytes(JPEG)
        root.rename(root.with_name("old"))
        new.rename(root)
        run.wait_arrivals(1)
        wait_for(lambda: observation_of(run) is not first)


def test_a_link_that_is_made_to_lead_elsewhere(tmp_path: Path, root: Path) -> None:
    other, link = tmp_path / "other", tmp_path / "link"
    other.mkdir()
    (other / "a.jpg").write_bytes(JPEG)
    link.symlink_to(root.parent)
    (tmp_path / "other-way").mkdir()
    (tmp_path / "other-way" / "root").symlink_to(other)
    with watching(link / "root", timing=NEVER) as run:
        (tmp_path / "new").symlink_to(tmp_path / "other-way")
        (tmp_path / "new").rename(link)
        run.wait_arrivals(1)
    assert run.sink.arrivals[0].path == other.resolve() / "a.jpg"


@pytest.mark.parametrize("thread", ["reader", "waiter"])
def test_a_thread_of_the_observer_that_dies(root: Path, thread: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(argument: object) -> NoReturn:
        raise KeyError(argument)

    with watching(root, timing=NEVER) as run:
        first = observation_of(run)
        if thread == "reader":
            monkeypatch.setattr(first._reader, "handle_event", dies)
        else:
            # The thread itself waits in the first call; it dies in the next.
            monkeypatch.setattr(inotify._WAITER, "_step", dies)
        (root / "an event.txt").touch()
        wait_for(lambda: first.trouble(), what="its trouble")
        monkeypatch.undo()
        wait_for(lambda: observation_of(run) is not first, what="a new observer")
        (root / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)


@pytest.fixture
def mounting(tmp_path: Path) -> Iterator[None]:
    """For tests that mount something; nothing stays mounted."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root may mount")
    yield
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if (point := line.split(" ")[4]).startswith(str(tmp_path)):
            subprocess.run(["umount", "--lazy", point], check=False)


@pytest.mark.root
def test_a_drive_that_is_mounted_over_the_root_and_taken_away(
    root: Path, mounting: None, tmp_path: Path
) -> None:
    with watching(root, timing=NEVER) as run:
        subprocess.run(["mount", "-t", "tmpfs", "drive", str(root)], check=True)
        (root / "on-drive.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        subprocess.run(["umount", str(root)], check=True)
        state = run.wait_state("missing")
        assert "the drive that held it is not connected" in state.problem


@pytest.mark.root
def test_a_drive_that_is_away_for_a_moment(root: Path, mounting: None, tmp_path: Path) -> None:
    mount = f"mount -t tmpfs drive {root}"
    subprocess.run(mount.split(), check=True)
    with watching(root, timing=NEVER) as run:
        first = observation_of(run)
        # The same drive again often has the same numbers, so a look alone would see no difference.
        subprocess.run(["sh", "-c", f"umount {root} && {mount}"], check=True)
        wait_for(lambda: observation_of(run) is not first)
        run.wait_settled()
        (root / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)


@pytest.mark.root
def test_another_drive_does_not_start_a_new_observer(root: Path, mounting: None, tmp_path: Path) -> None:
    (other := tmp_path / "other").mkdir()
    with watching(root, timing=NEVER) as run:
        first = observation_of(run)
        subprocess.run(["mount", "-t", "tmpfs", "drive", str(other)], check=True)
        (root / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        assert observation_of(run) is first


def test_ancestors_hold_links_and_what_they_lead_to(tmp_path: Path) -> None:
    top = os.fsencode(tmp_path.resolve())
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a/../a")
    names = ancestors(top + b"/link/b")
    assert names[-3:] == [top + b"/link", top + b"/a", top + b"/a/b"]
    assert top in names and b"/" not in names


def test_ancestors_end_where_links_go_in_circles(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert os.fsencode(tmp_path.resolve() / "loop") in ancestors(os.fsencode(tmp_path.resolve() / "loop"))
