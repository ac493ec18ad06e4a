"""Where everything is."""

import os
import stat
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from homepress.base.paths import SOCKET_PATH_LIMIT, Paths


@pytest.fixture(autouse=True)
def short_tmp(monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary folder as on any machine, whatever this one's says."""
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_home_of_its_own_holds_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOMEPRESS_HOME", "h")
    base = tmp_path / "h"
    assert Paths.from_environment() == Paths(
        config_file=base / "settings.toml",
        presets_dir=base / "presets",
        state=base / "state",
        ledger=base / "state" / "ledger.sqlite3",
        log=base / "state" / "homepress.log",
        originals=base / "originals",
        runtime=base / "run",
        lock=base / "state" / "daemon.lock",
        socket=base / "run" / "control.sock",
    )


@pytest.mark.skipif(os.name != "posix", reason="the length matters for AF_UNIX sockets")
def test_a_deep_home_gets_a_short_socket_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sockets = set()
    for name in ("one", "two"):
        monkeypatch.setenv("HOMEPRESS_HOME", str(tmp_path / ("d" * 100) / name))
        paths = Paths.from_environment()
        assert paths.socket.parent == paths.runtime == Path(f"/tmp/homepress-{os.getuid()}")
        assert paths.lock.is_relative_to(tmp_path)
        sockets.add(paths.socket)
    assert len(sockets) == 2


@pytest.mark.parametrize("deep", ["/tmp", "/" + "t" * 120])
@pytest.mark.parametrize("length", range(60, 130, 3))
def test_no_socket_is_ever_too_long(length: int, deep: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", deep)
    monkeypatch.setenv("HOMEPRESS_HOME", "/" + "é" * (length // 2))
    assert len(os.fsencode(Paths.from_environment().socket)) <= SOCKET_PATH_LIMIT


@pytest.mark.skipif(sys.platform != "linux", reason="the variables are XDG's")
class TestSystemPlaces:
    """Without HOMEPRESS_HOME."""

    @pytest.fixture(autouse=True)
    def clean(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("HOMEPRESS_HOME", raising=False)
        for name in ("CONFIG_HOME", "STATE_HOME", "DATA_HOME"):
            monkeypatch.setenv(f"XDG_{name}", str(tmp_path / name.lower()))

    def test_the_desktops_folders_are_used(self, tmp_path: Path) -> None:
        paths = Paths.from_environment()
        assert paths.config_file == tmp_path / "config_home" / "homepress" / "settings.toml"
        assert paths.ledger == tmp_path / "state_home" / "homepress" / "ledger.sqlite3"
        assert paths.originals == tmp_path / "data_home" / "homepress" / "originals"

    def test_the_runtime_folder_is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(platformdirs, "user_runtime_path", lambda: Path("/var"))  # some folder
        assert Paths.from_environment().socket == Path("/var/homepress/control.sock")

    @pytest.mark.parametrize("answer", ["missing", "makeshift", "refused"])
    def test_without_one_the_fallback_is_used(
        self, answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "makeshift").mkdir()

        def user_runtime_path() -> Path:
            if answer == "refused":
                raise PermissionError("somebody else's link")
            return tmp_path / answer

        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        monkeypatch.setattr(platformdirs, "user_runtime_path", user_runtime_path)
        socket = Paths.from_environment().socket
        assert (socket.parent.name, socket.name) == (f"homepress-{os.getuid()}", "control.sock")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
class TestEnsure:
    """Making the folders."""

    def test_new_folders_are_the_users_alone(self, home: Path) -> None:
        paths = Paths.from_environment()
        paths.ensure()
        paths.ensure()
        for folder in (home, paths.state, paths.originals, paths.runtime):
            assert mode(folder) == 0o700

    def test_a_home_that_was_there_keeps_its_mode_and_ours_are_tightened(self, home: Path) -> None:
        paths = Paths.from_environment()
        for folder in (home, paths.state):
            folder.mkdir()
            folder.chmod(0o755)
        paths.ensure()
        assert (mode(home), mode(paths.state)) == (0o755, 0o700)

    def test_a_link_is_refused(self, home: Path, tmp_path: Path) -> None:
        paths = Paths.from_environment()
        home.mkdir()
        paths.originals.symlink_to(tmp_path)
        with pytest.raises(PermissionError, match="not a plain folder"):
            paths.ensure()

    @pytest.mark.root
    @pytest.mark.usefixtures("home")
    def test_another_users_folder_is_refused(self) -> None:
        paths = Paths.from_environment()
        paths.state.mkdir(parents=True)
        os.chown(paths.state, 12345, 12345)
        with pytest.raises(PermissionError, match="12345"):
            paths.ensure()

    def test_originals_on_a_disk_that_hangs_keep_nobody_from_starting(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths, answer, stat_of = Paths.from_environment(), threading.Event(), os.stat
        paths.originals.mkdir(parents=True)

        def hangs(path: Any, *rest: Any, **named: Any) -> os.stat_result:
            if path == paths.originals:
                answer.wait(60)
            return stat_of(path, *rest, **named)

        monkeypatch.setattr(os, "stat", hangs)
        try:
            paths.ensure()
            assert not answer.is_set()
        finally:
            answer.set()
        assert paths.state.is_dir()
        assert paths.runtime.is_dir()

    def test_a_file_in_the_way_is_an_error(self, home: Path) -> None:
        home.write_text("")
        with pytest.raises(OSError, match="homepress-home"):
            Paths.from_environment().ensure()
