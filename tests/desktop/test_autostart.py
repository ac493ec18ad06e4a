"""Start at login: the exact files, and what is said about them."""

import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from homepress.desktop import autostart as room
from homepress.desktop.autostart import AutostartError, DesktopEntry, UserUnit
from homepress.desktop.launching import Launch, launch, program
from homepress.desktop.macos import LaunchAgent
from homepress.desktop.windows import RunValue

ODD = 'it\'s "odd" 100 % $HOME `x` \\'
needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files of Linux")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "XFCE")
    return folder


def installed(folder: Path, name: str = "homepress") -> Path:
    """A program that can be run."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / name
    made.write_text("#!/bin/sh\n")
    made.chmod(0o755)
    return made


@pytest.mark.posix("desktop entries are Linux'")
class TestDesktopEntry:
    def test_on_and_off(self, config: Path, tmp_path: Path) -> None:
        exe = installed(tmp_path / "bin")
        entry = DesktopEntry(Launch((str(exe), "run", "--login")))
        assert not entry.state().on
        entry.enable()
        file = config / "autostart" / "homepress.desktop"
        assert f"Exec={exe} run --login\n" in file.read_text()
        assert file.stat().st_mode & 0o777 == 0o644
        state = entry.state()
        assert (state.on, state.starts, state.reason, state.place) == (True, True, "", str(file))
        entry.disable()
        entry.disable()
        assert not file.exists()
        assert os.listdir(file.parent) == []

    def test_the_environment_goes_along(self, config: Path, tmp_path: Path) -> None:
        exe = installed(tmp_path / "bin")
        entry = DesktopEntry(Launch((str(exe), "run"), {"HOMEPRESS_HOME": "/a b"}))
        entry.enable()
        text = (config / "autostart" / "homepress.desktop").read_text()
        assert f'Exec=env "HOMEPRESS_HOME=/a b" {exe} run\n' in text
        assert entry.state().starts

    @needs_linux
    def test_an_odd_path_is_started_through_a_script_at_a_plain_place(
        self, config: Path, tmp_path: Path
    ) -> None:
        exe = installed(tmp_path / ODD)
        exe.write_text('#!/bin/sh\necho "$HOMEPRESS_HOME" "$@"\n')
        entry = DesktopEntry(Launch((str(exe), "run", "a b"), {"HOMEPRESS_HOME": ODD}))
        entry.enable()
        script = tmp_path / "data" / "homepress" / "start-at-login"
        assert f"Exec={script}\n" in (config / "autostart" / "homepress.desktop").read_text()
        done = subprocess.run([str(script)], capture_output=True, text=True, check=True)
        assert done.stdout == f"{ODD} run a b\n"
        entry.disable()
        assert not script.exists()

    @pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
    def test_what_the_desktop_switched_off_is_off_and_stays_so(
        self, config: Path, tmp_path: Path, line: str
    ) -> None:
        exe = installed(tmp_path / "bin")
        entry = DesktopEntry(Launch((str(exe),)))
        entry.enable()
        file = config / "autostart" / "homepress.desktop"
        kept = [old for old in file.read_text().splitlines() if old.split("=")[0] != line.split("=")[0]]
        file.write_text("\n".join([*kept, line]))
        exe.unlink()
        state = entry.state()
        assert (state.on, state.starts) == (False, False)
        assert "switched off in the desktop" in state.reason
        assert not entry.repair()

    def test_a_program_that_moved_is_noticed_and_mended(self, config: Path, tmp_path: Path) -> None:
        old, new = installed(tmp_path / ODD), installed(tmp_path / "new")
        DesktopEntry(Launch((str(old), "run"))).enable()
        entry = DesktopEntry(Launch((str(new), "run")))
        assert entry.state().starts
        assert not entry.repair(), "what works is left alone"
        old.unlink()
        state = entry.state()
        assert (state.on, state.starts) == (True, False)
        assert str(old) in state.reason
        assert entry.repair()
        assert entry.state().starts
        assert str(new) in (config / "autostart" / "homepress.desktop").read_text()

    def test_a_desktop_that_starts_nothing_is_named(
        self, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        entry = DesktopEntry(Launch((str(installed(tmp_path / "bin")),)))
        entry.enable()
        monkeypatch.setenv("XDG_CURRENT_DESKTOP", "sway:wlroots")
        state = entry.state()
        assert (state.on, state.starts) == (True, False)
        assert "sway" in state.reason
        monkeypatch.setenv("XDG_CURRENT_DESKTOP", "ubuntu:GNOME")
        assert entry.state().starts

    def test_a_place_that_cannot_be_written_is_an_error_in_words(self, config: Path) -> None:
        config.write_text("a file where the folder should be")
        with pytest.raises(AutostartError, match="cannot be written"):
            DesktopEntry(Launch(("/x",))).enable()

    @needs_linux
    @pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="desktop-file-utils is missing")
    def test_the_validator_has_nothing_to_say(self, config: Path, tmp_path: Path) -> None:
        DesktopEntry(Launch((str(installed(tmp_path / ODD)), "run", "--login"))).enable()
        done = subprocess.run(
            ["desktop-file-validate", str(config / "autostart" / "homepress.desktop")],
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout) == (0, "")

    @needs_linux
    def test_systemd_takes_the_entry(self, config: Path, tmp_path: Path) -> None:
        generator = Path("/usr/lib/systemd/user-generators/systemd-xdg-autostart-generator")
        if not generator.exists():
            pytest.skip("systemd is not installed")
        DesktopEntry(Launch((str(installed(tmp_path / ODD)), "run", "--login"))).enable()
        outputs = [tmp_path / name for name in ("normal", "early", "late")]
        for output in outputs:
            output.mkdir()
        environment = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(config), "XDG_CURRENT_DESKTOP": "XFCE"}
        subprocess.run([str(generator), *map(str, outputs)], env=environment, check=True)
        units = [path.read_text() for path in tmp_path.rglob("app-homepress@autostart.service")]
        assert units, "no unit was made of the entry"
        (exec_line,) = [line for line in units[0].splitlines() if line.startswith("ExecStart=")]
        assert exec_line.endswith("homepress/start-at-login")


@pytest.mark.posix("systemd")
class TestUserUnit:
    @pytest.fixture
    def ran(self) -> list[list[str]]:
        return []

    def unit(self, exe: Path, ran: list[list[str]]) -> UserUnit:
        return UserUnit(
            Launch((str(exe), "run", "--login")),
            lambda command: ran.append(list(command)) is None,
            exe.parent,
        )

    def test_it_starts_only_where_systemd_runs(
        self, config: Path, tmp_path: Path, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exe = installed(tmp_path / "bin")
        monkeypatch.setattr("getpass.getuser", lambda: "nobody-of-that-name")
        self.unit(exe, ran).enable()
        state = self.unit(exe, ran).state()
        assert (state.on, state.starts) == (True, True)
        assert "loginctl enable-linger" in state.reason
        state = UserUnit(Launch((str(exe),)), lambda _: True, tmp_path / "no such folder").state()
        assert (state.on, state.starts) == (True, False)
        assert "does not run systemd" in state.reason

    @needs_linux
    def test_on_and_off(self, config: Path, tmp_path: Path, ran: list[list[str]]) -> None:
        unit = self.unit(installed(tmp_path / "bin"), ran)
        unit.enable()
        unit.enable()
        wanted = config / "systemd" / "user" / "default.target.wants" / "homepress.service"
        assert wanted.resolve() == config / "systemd" / "user" / "homepress.service"
        assert unit.state().on
        assert ran == [["systemctl", "--user", "daemon-reload"]] * 2
        unit.disable()
        assert not unit.state().on
        assert not [path for path in config.rglob("*") if path.is_file() or path.is_symlink()]

    @needs_linux
    @pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
    @pytest.mark.parametrize("name", ["plain", ODD])
    def test_systemd_verifies_it(self, config: Path, tmp_path: Path, ran: list[list[str]], name: str) -> None:
        self.unit(installed(tmp_path / name), ran).enable()
        runtime = tmp_path / "run"
        runtime.mkdir(mode=0o700)
        done = subprocess.run(
            ["systemd-analyze", "--user", "--man=no", "verify", "homepress.service"],
            cwd=config / "systemd" / "user",
            env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")

    @needs_linux
    def test_a_program_that_moved_is_noticed_and_mended(
        self, config: Path, tmp_path: Path, ran: list[list[str]]
    ) -> None:
        old = installed(tmp_path / "old")
        self.unit(old, ran).enable()
        unit = self.unit(installed(tmp_path / "new"), ran)
        assert not unit.repair()
        old.unlink()
        assert not unit.state().starts
        assert unit.repair()
        assert str(tmp_path / "new") in (config / "systemd" / "user" / "homepress.service").read_text()

    def test_it_is_hardened(self, config: Path, tmp_path: Path, ran: list[list[str]]) -> None:
        self.unit(installed(tmp_path / "bin"), ran).enable()
        text = (config / "systemd" / "user" / "homepress.service").read_text()
        for line in ("RestrictAddressFamilies=AF_UNIX", "NoNewPrivileges=true", "IPAddressDeny=any"):
            assert line in text.splitlines()


class TestLaunchAgent:
    # launchd.plist(5) knows these; a misspelt key would be passed over in silence.
    KEYS = frozenset(
        {
            "EnvironmentVariables",
            "ExitTimeOut",
            "KeepAlive",
            "Label",
            "LimitLoadToSessionType",
            "LowPriorityBackgroundIO",
            "ProgramArguments",
            "RunAtLoad",
            "StandardErrorPath",
            "StandardOutPath",
            "ThrottleInterval",
        }
    )

    KINDS: ClassVar[dict[str, type]] = {
        "Label": str,
        "ProgramArguments": list,
        "EnvironmentVariables": dict,
        "RunAtLoad": bool,
        "KeepAlive": dict,  # or a boolean
        "ThrottleInterval": int,
        "LimitLoadToSessionType": str,  # or several
        "LowPriorityBackgroundIO": bool,
        "ExitTimeOut": int,
        "StandardOutPath": str,
        "StandardErrorPath": str,
    }
    """launchd.plist(5), as `<key> <type>` stands there; a value of another type is passed over as well."""

    def test_each_value_has_the_type_that_launchd_reads(self, tmp_path: Path) -> None:
        LaunchAgent(Launch(("/a b/h", "run"), {"HOMEPRESS_HOME": "/h"}), tmp_path, lambda _: True).enable()
        (file,) = (tmp_path / "Library" / "LaunchAgents").iterdir()
        read = plistlib.loads(file.read_bytes(), fmt=plistlib.FMT_XML)
        assert {key: type(value) for key, value in read.items()} == self.KINDS
        assert self.KINDS.keys() == self.KEYS
        assert {type(word) for word in read["ProgramArguments"]} == {str}
        assert {type(value) for value in read["EnvironmentVariables"].values()} == {str}
        assert read["KeepAlive"].keys() <= {"SuccessfulExit", "NetworkState", "PathState", "Crashed"}
        assert read["LimitLoadToSessionType"] in {"Aqua", "Background", "LoginWindow", "StandardIO"}
        assert read["ThrottleInterval"] >= 10, "less is not taken: the shortest is the one by default"
        assert file.name == f"{read['Label']}.plist", "the name of the file is the label, by convention"

    @pytest.mark.posix("a name that Windows has not")
    def test_the_exact_file(self, tmp_path: Path) -> None:
        ran: list[list[str]] = []
        exe = installed(tmp_path / ODD)
        agent = LaunchAgent(
            Launch((str(exe), "run", "--login"), {"HOMEPRESS_HOME": "/h"}),
            tmp_path,
            lambda command: ran.append(list(command)) is None,
        )
        agent.enable()
        file = tmp_path / "Library" / "LaunchAgents" / "io.github.homepress.plist"
        assert file.stat().st_mode & 0o777 == 0o644
        assert (tmp_path / "Library" / "Logs" / "Homepress").is_dir(), (
            "launchd opens the logs before it starts"
        )
        assert plistlib.loads(file.read_bytes()) == {
            "Label": "io.github.homepress",
            "ProgramArguments": [str(exe), "run", "--login"],
            "EnvironmentVariables": {"PYTHONUTF8": "1", "HOMEPRESS_HOME": "/h"},
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 30,
            "LimitLoadToSessionType": "Aqua",
            "LowPriorityBackgroundIO": True,
            "ExitTimeOut": 60,
            "StandardOutPath": f"{tmp_path}/Library/Logs/Homepress/stdout.log",
            "StandardErrorPath": f"{tmp_path}/Library/Logs/Homepress/stderr.log",
        }
        assert agent.contents().keys() == self.KEYS
        assert ran == [["launchctl", "enable", f"gui/{os.getuid()}/io.github.homepress"]]
        assert agent.state().starts
        exe.unlink()
        assert not agent.state().starts
        assert agent.repair()
        agent.disable()
        assert not agent.state().on

    def test_a_file_that_is_no_plist_does_not_start(self, tmp_path: Path) -> None:
        agent = LaunchAgent(Launch(("/bin/sh",)), tmp_path, lambda _: True)
        agent.enable()
        file = tmp_path / "Library" / "LaunchAgents" / "io.github.homepress.plist"
        file.write_bytes(file.read_bytes()[:100])
        assert not agent.state().starts
        assert agent.repair()
        assert agent.state().starts


class FakeRegistry:
    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str | bytes] = {}

    def read(self, key: str, name: str) -> str | bytes | None:
        return self.values.get((key, name))

    def write(self, key: str, name: str, value: str) -> None:
        self.values[key, name] = value

    def remove(self, key: str, name: str) -> None:
        self.values.pop((key, name), None)

    def remove_tree(self, key: str) -> None:
        self.values = {
            at: value
            for at, value in self.values.items()
            if at[0] != key and not at[0].startswith(key + "\\")
        }


class TestRunValue:
    RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
    APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"

    def test_the_exact_values(self, tmp_path: Path) -> None:
        registry = FakeRegistry()
        exe = installed(tmp_path / "Program Files", "homepressw.exe")
        value = RunValue(Launch((str(exe), "run", "--login")), registry)
        value.enable()
        assert registry.values == {(self.RUN, "Homepress"): f'"{exe}" run --login'}
        assert value.state().starts
        registry.values[self.APPROVED, "Homepress"] = bytes([3, 0, 0, 0, *[7] * 8])
        state = value.state()
        assert (state.on, state.starts) == (True, False)
        assert "Task Manager" in state.reason
        assert not value.repair()
        registry.values[self.APPROVED, "Homepress"] = bytes([2, *[0] * 11])
        assert value.state().starts
        registry.values[self.APPROVED, "Homepress"] = bytes([3, *[0] * 11])
        value.enable()  # an explicit wish of the user
        assert value.state().starts
        exe.unlink()
        assert not value.state().starts
        value.disable()
        assert registry.values == {}

    def test_what_windows_cannot_hold_is_refused(self) -> None:
        with pytest.raises(AutostartError, match="260"):
            RunValue(Launch(("C:\\" + "x" * 300,)), FakeRegistry()).enable()
        with pytest.raises(AutostartError, match="HOMEPRESS_HOME"):
            RunValue(Launch(("C:\\x.exe",), {"HOMEPRESS_HOME": "C:\\y"}), FakeRegistry()).enable()


class TestCommand:
    def environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """An installation in a virtual environment of its own; its Python."""
        python = installed(tmp_path / "venv" / "bin", "python")
        monkeypatch.setattr(sys, "executable", str(python))
        monkeypatch.setenv("PATH", str(tmp_path / "local"))
        return python

    @pytest.mark.posix("programs without a suffix, and links to them")
    def test_a_link_on_the_path_is_better_than_what_it_leads_to(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        python = self.environment(tmp_path, monkeypatch)
        script = installed(python.parent)
        (tmp_path / "local").mkdir()
        (tmp_path / "local" / "homepress").symlink_to(script)
        assert program() == (str(tmp_path / "local" / "homepress"),)

    @pytest.mark.posix("programs without a suffix, and links to them")
    def test_another_installation_on_the_path_is_not_ours(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        python = self.environment(tmp_path, monkeypatch)
        script = installed(python.parent)
        other = installed(tmp_path / "local")
        other.write_text("#!/bin/sh\nexit 1\n")
        assert program() == (str(script),)

    @pytest.mark.posix("programs without a suffix, and links to them")
    def test_without_a_script_python_itself_is_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        python = self.environment(tmp_path, monkeypatch)
        assert program() == (str(python), "-m", "homepress")

    def test_a_home_of_its_own_is_kept(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("HOMEPRESS_HOME", str(tmp_path))
        assert launch().environment == {"HOMEPRESS_HOME": str(tmp_path)}
        assert launch().command[-2:] == ("run", "--login")


@needs_linux
def test_the_way_that_is_on_is_the_one_that_is_told(config: Path) -> None:
    assert room.autostart().state().kind == "desktop entry"
    room.autostarts()[1].enable()
    assert room.autostart().state().kind == "systemd unit"
