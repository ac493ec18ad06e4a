"""Another watchdog than the one we know: names of its inner classes are really changed."""

import re
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest
import watchdog

from homepress.watch import linux
from homepress.watch.inotify import InotifyObservation
from support import wait_for
from watch.elsewhere import elsewhere
from watch.harness import JPEG, observation_of, watching

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about inotify")

CHANGED = {
    "InotifyFD": "InotifyInstance",
    "WatchCallback": "Callback",
    "_check_inotify_fd": "_has_events",
    "_watch_for_wd": "_watches",
    "_active_callbacks_by_path": "_by_path",
    "id_": "key",
}
"""A name of watchdog's, and what it becomes; the last one is an argument."""


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGED)
def test_another_watchdog_serves_by_its_public_observer(name: str, tmp_path: Path) -> None:
    (folder := tmp_path / "folder").mkdir()
    other = tmp_path / "packages" / "watchdog"
    shutil.copytree(Path(watchdog.__file__).parent, other, ignore=shutil.ignore_patterns("__pycache__"))
    for file in other.rglob("*.py"):
        file.write_text(re.sub(rf"\b{name}\b", CHANGED[name], file.read_text()))
    seen = elsewhere("other-watchdog", folder, packages=other.parent)
    assert seen["watchdog"] == str(other / "__init__.py")
    assert seen["shortcoming"]
    assert name in seen["shortcoming"] or name == "id_"
    assert seen["state"]["status"] == "watching"
    assert seen["state"]["watch"] == "native"
    assert seen["by events"] == ["a.jpg"]
    assert seen["by scans"] == ["a.jpg", "b.jpg"]


def test_the_watchdog_that_is_installed_is_the_one_we_know() -> None:
    assert linux.shortcoming() == ""


def test_a_watchdog_that_shows_only_at_work_that_it_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(event: object) -> NoReturn:
        raise AttributeError("InotifyEvent has no wd")

    monkeypatch.setattr(linux, "_OBSERVERS", linux._Observers())
    with watching(tmp_path) as run:
        first = observation_of(run)
        assert isinstance(first, InotifyObservation)
        assert first.reports_losses()
        first._reader.handle_event = dies  # type: ignore[method-assign]
        (tmp_path / "a.jpg").write_bytes(JPEG)
        wait_for(lambda: not observation_of(run).reports_losses(), what="the public observer")
        (tmp_path / "b.jpg").write_bytes(JPEG)
        run.wait_arrivals(2)
        assert "has no wd" in linux.shortcoming()
