"""The doctor finds what is wrong, goes on whatever breaks, and its report names nobody."""

import errno
import getpass
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

import homepress
from desktop.buses import FakeProgram, private_bus
from homepress.base import blocking
from homepress.base.paths import Paths
from homepress.base.results import FolderStatus, Gap
from homepress.base.system_errors import shell_word
from homepress.compress.core.library import Loaded
from homepress.control.service import Status
from homepress.daemon.doctor import Finding, Level, bundle, checks, codecs_child, examine, linux, report
from homepress.daemon.doctor.finding import Check, Installation, installation
from homepress.desktop.dbus import Reply
from homepress.settings import Settings, SettingsError
from homepress.store.fs import system_file_system
from homepress.store.fs.base import Folder
from homepress.store.health import Abilities, abilities, ledger_fault
from homepress.store.model import Unsupported
from homepress.store.reader import Reader, StoredOriginal
from homepress.store.store import Store
from homepress.watch import policy
from homepress.workers import Slot
from support import a_home, full_path


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("HOMEPRESS_HOME", str(tmp_path / "home"))
    found = Paths.from_environment()
    found.ensure()
    return found


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def configure(paths: Paths, *folders: Path, **settings: object) -> None:
    lines = []
    for folder in folders:
        lines += ["[[folder]]", f"path = {json.dumps(str(folder))}"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    paths.config_file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def found(check: Check, paths: Paths, **changes: object) -> list[Finding]:
    whole = installation(paths, old_tray=False)
    values = {name: getattr(whole, name) for name in Installation.__slots__}
    return list(check(Installation(**{**values, **changes})))


def levels(findings: list[Finding]) -> set[Level]:
    return {finding.level for finding in findings}


def running(**state: Any) -> Status:
    return Status(
        **{"state": "idle", "pid": 1, "version": homepress.__version__, "network": "locked", **state}
    )


class TestExamine:
    @pytest.mark.slow
    def test_every_topic_is_told_and_what_is_not_good_has_a_fix(self, paths: Paths, inbox: Path) -> None:
        configure(paths, inbox)
        findings = list(examine(paths))
        topics = {finding.topic for finding in findings}
        assert topics >= {
            "Python",
            "window",
            "worker",
            "memory",
            "gifsicle",
            "settings",
            "ledger",
            "originals",
            "daemon",
        }
        assert topics >= {"network lock", "folder", "start at login", "codec pillow", "codec oxipng-pybind"}
        assert all(finding.text for finding in findings)
        assert all(finding.fix for finding in findings if finding.level is Level.BROKEN)

    def test_no_check_stops_the_others(self, paths: Paths) -> None:
        def stumbles(whole: Installation) -> Iterator[Finding]:
            yield Finding("first", Level.GOOD, "a word before the fall")
            raise ValueError("no such thing")

        def refused(whole: Installation) -> Iterator[Finding]:
            raise PermissionError(13, "Permission denied", "/somewhere")

        last: Check = lambda whole: [Finding("last", Level.GOOD, "reached")]  # noqa: E731  a table's entry
        told = list(examine(paths, checks=(("first", stumbles), ("second", refused), ("last", last))))
        assert [finding.topic for finding in told] == ["first", "first", "second", "last"]
        assert told[1].level is told[2].level is Level.BROKEN
        assert "ValueError" in told[1].text
        assert "/somewhere" in told[2].text

    @pytest.mark.slow
    def test_nothing_is_made_where_nothing_was(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOMEPRESS_HOME", str(tmp_path / "nowhere"))
        list(examine(Paths.from_environment()))
        assert not (tmp_path / "nowhere").exists()


class TestProgram:
    def test_no_qt_is_worth_knowing(self, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        (finding,) = found(checks.window_toolkit, paths)
        assert finding.level is Level.WORTH_KNOWING
        assert "PySide6-Essentials" in finding.fix

    @pytest.mark.parametrize(("own", "daemons", "level"), [
        ("locked", "locked", Level.GOOD),
        ("open", "locked", Level.WORTH_KNOWING),
        ("locked", "open", Level.WORTH_KNOWING),
    ])  # fmt: skip
    def test_the_lock_is_measured_here_and_in_the_daemon(
        self, paths: Paths, monkeypatch: pytest.MonkeyPatch, own: str, daemons: str, level: Level
    ) -> None:
        monkeypatch.setattr("homepress.privacy.state", lambda: own)
        (finding,) = found(checks.network_lock, paths, daemon=running(network=daemons))
        assert finding.level is level


class TestCompressing:
    @pytest.mark.slow
    def test_a_worker_works_and_says_which_sandbox_it_reached(self, paths: Paths) -> None:
        findings = found(checks.worker, paths)
        assert findings[0].level is Level.GOOD
        assert "sandbox" in {finding.topic for finding in findings}
        (engine,) = [finding for finding in findings if finding.topic == "engine"]
        assert engine.level is Level.GOOD
        assert engine.text.startswith(Loaded.name())

    @pytest.mark.slow
    @pytest.mark.parametrize(("lie", "levels"), [("jpeg alone", {Level.BROKEN}), ("none", {Level.GOOD})])
    def test_jpeg_is_tried_in_a_worker_for_jpegs_too(
        self, paths: Paths, monkeypatch: pytest.MonkeyPatch, lie: str, levels: set[Level]
    ) -> None:
        lying = Path(__file__).parents[1] / "workers" / "lying_worker.py"
        monkeypatch.setattr(checks, "Slot", partial(Slot, program=(sys.executable, str(lying), lie)))
        told = [finding for finding in found(checks.worker, paths) if finding.topic == "codecs"]
        assert {finding.level for finding in told} == levels
        assert all("JPEG" in finding.text for finding in told)

    @pytest.mark.slow
    def test_what_the_daemon_alone_leaves_open_is_named_with_its_process(
        self, paths: Paths, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        theirs, ours = Gap("files are not closed", "a new kernel", files_open=True), Gap("devices", "none")
        monkeypatch.setattr("homepress.privacy.gaps", lambda: (ours,))
        told = found(checks.worker, paths, daemon=running(pid=7, gap_details=[theirs]))
        sandbox = [(finding.text, finding.fix) for finding in told if " alone: " in finding.text]
        assert sandbox == [
            ("The daemon (process 7) alone: files are not closed", "a new kernel"),
            (f"This command (process {os.getpid()}) alone: devices", "none"),
        ]
        older = found(checks.worker, paths, daemon=running(pid=7))  # one that does not say
        own = f"Known of this command (process {os.getpid()}) alone: devices"
        assert own in [finding.text for finding in older if finding.topic == "sandbox"]

    def test_a_worker_that_does_not_start_is_broken(
        self, paths: Paths, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("executable", "_base_executable"):  # the latter starts processes on Windows
            monkeypatch.setattr(sys, name, "/nonexistent/python")
        assert levels(found(checks.worker, paths)) == {Level.BROKEN}
        assert levels(found(checks.codecs, paths)) == {Level.BROKEN}

    def test_all_codecs_are_told(self, paths: Paths) -> None:
        findings = found(checks.codecs, paths)
        assert len(findings) == len(codecs_child.CODECS)
        assert next(f for f in findings if f.topic == "codec pillow").level is Level.GOOD

    def test_a_codec_that_ends_its_process_is_named(
        self, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crashes = tmp_path / "child.py"
        crashes.write_text(
            "from homepress.daemon.doctor import codecs_child as child\n"
            "import importlib, os\n"
            "whole = importlib.import_module\n"
            "importlib.import_module = lambda name: os.abort() if name == 'numpy' else whole(name)\n"
            "child.main()\n"
        )
        monkeypatch.setattr(checks, "module_command", lambda _: [sys.executable, str(crashes)])
        last = found(checks.codecs, paths)[-1]
        assert (last.topic, last.level) == ("codec numpy", Level.BROKEN)

    @pytest.mark.parametrize("needed", [True, False])
    def test_a_codec_that_is_missing(self, needed: bool) -> None:
        finding = checks._codec("x", "", "No module named x", "lossless X", needed)
        assert finding.level is (Level.BROKEN if needed else Level.WORTH_KNOWING)
        assert "lossless X" in finding.text
        assert finding.fix

    @pytest.mark.slow
    def test_no_gifsicle_is_worth_knowing(self, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
        assert levels(found(checks.gifsicle, paths)) == {Level.GOOD}
        monkeypatch.setattr(checks, "find_gifsicle", lambda: None)
        assert levels(found(checks.gifsicle, paths)) == {Level.WORTH_KNOWING}


class TestData:
    def test_each_mistake_in_the_settings_is_a_line(self, paths: Paths) -> None:
        paths.config_file.write_text('[daemon]\nworkers = "many"\nnotify = "always"\n')
        findings = found(checks.settings, paths)
        assert len(findings) == 2
        assert levels(findings) == {Level.BROKEN}
        assert isinstance(installation(paths, old_tray=False).settings_fault, SettingsError)

    def test_a_damaged_ledger_is_told_and_not_touched(self, paths: Paths) -> None:
        Store.open(paths.ledger, paths.originals).close()
        assert levels(found(checks.ledger, paths)) == {Level.GOOD}
        damaged = bytearray(paths.ledger.read_bytes())
        damaged[4096:12288] = os.urandom(8192)
        paths.ledger.write_bytes(damaged)
        assert levels(found(checks.ledger, paths)) == {Level.BROKEN}
        assert paths.ledger.read_bytes() == damaged
        paths.ledger.write_bytes(b"no database at all" * 100)
        assert "not a database" in ledger_fault(paths.ledger)

    def test_originals_at_their_limit_or_lost_are_broken(
        self, paths: Paths, inbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Store.open(paths.ledger, paths.originals).close()
        assert levels(found(checks.originals, paths)) == {Level.GOOD}
        stored = StoredOriginal(
            id=1, path="/p/a.jpg", bytes=900, sha256="", time=0, keep_until=0, stored_at=str(paths.ledger)
        )
        monkeypatch.setattr(Reader, "originals", lambda _: iter([stored]))
        for limit, level in (("1 MB", Level.GOOD), ("1 KB", Level.WORTH_KNOWING), ("900 B", Level.BROKEN)):
            paths.config_file.write_text(f'[daemon]\noriginals_max = "{limit}"\n')
            (finding,) = found(checks.originals, paths)
            assert finding.level is level
            assert finding.text.startswith("1 original, ")
        assert "originals accept" in finding.fix
        lost = msgspec.structs.replace(stored, stored_at=str(inbox / "gone"))
        monkeypatch.setattr(Reader, "originals", lambda _: iter([lost]))
        assert found(checks.originals, paths)[0].fix == "homepress originals verify"

    def test_the_daemon(self, paths: Paths) -> None:
        assert levels(found(checks.daemon, paths)) == {Level.WORTH_KNOWING}
        assert levels(found(checks.daemon, paths, daemon=running())) == {Level.GOOD}
        assert Level.BROKEN in levels(found(checks.daemon, paths, daemon=running(problems=["a.jpg: x"])))
        assert levels(found(checks.daemon, paths, daemon=running())) == {Level.GOOD}
        assert Level.WORTH_KNOWING in levels(found(checks.daemon, paths, daemon=running(version="0.0.9")))
        assert levels(found(checks.daemon, paths, daemon_fault="another version")) == {Level.BROKEN}


class TestFolders:
    def test_a_good_folder_is_left_as_it_was(self, paths: Paths, inbox: Path) -> None:
        (inbox / "a.jpg").write_bytes(b"x")
        configure(paths, inbox)
        assert Level.BROKEN not in levels(found(checks.folders, paths))
        assert os.listdir(inbox) == ["a.jpg"]

    def test_a_missing_and_a_refused_folder_are_broken(self, paths: Paths, tmp_path: Path) -> None:
        missing = tmp_path / "it's gone"
        configure(paths, missing, paths.originals)
        gone, refused = found(checks.folders, paths)
        assert gone.level is refused.level is Level.BROKEN
        assert gone.fix == f"{checks._MAKE} {shell_word(missing)}"

    @pytest.mark.parametrize(("able", "level"), [
        (Abilities(exchange=True, link=True, lease=True), Level.GOOD),
        (Abilities(exchange=False, link=True, lease=True), Level.GOOD),
        (Abilities(exchange=True, link=True, lease=False), Level.WORTH_KNOWING),
        (Abilities(exchange=False, link=False, lease=True), Level.BROKEN),
    ])  # fmt: skip
    def test_what_a_file_system_cannot_do_is_told(
        self, paths: Paths, inbox: Path, monkeypatch: pytest.MonkeyPatch, able: Abilities, level: Level
    ) -> None:
        configure(paths, inbox)
        monkeypatch.setattr(checks, "abilities", lambda _: able)
        monkeypatch.setattr(checks, "_LITTLE_ROOM", 0)
        monkeypatch.setattr(checks, "_NO_ROOM", 0)
        assert levels(found(checks.folders, paths)) - {Level.GOOD} == {level} - {Level.GOOD}

    def test_folders_whose_disks_hang_are_told_once_and_the_others_too(
        self, paths: Paths, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hung = [tmp_path / name for name in ("one", "two")]
        for folder in hung:
            folder.mkdir()
        configure(paths, *hung, inbox)
        answer, scandir = threading.Event(), os.scandir

        def hangs(path: Any) -> Any:
            if path in hung:
                answer.wait(60)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", hangs)
        says = blocking.silent(hung[0], 0)
        states = [
            FolderStatus(path=str(folder), mode="replace", state="problem", problem=text)
            for folder, text in ((hung[0], says), (inbox, "a.jpg could not be stored"))
        ]
        mine = [says, f"{inbox}: a.jpg could not be stored"]
        daemon = running(problems=["a codec is broken", *mine], folders=states)
        try:
            told = [
                *found(checks.daemon, paths, daemon=daemon),
                *found(checks.folders, paths, daemon=daemon),
            ]
        finally:
            answer.set()
        bad = [finding.text for finding in told if finding.level is Level.BROKEN]
        assert bad[0] == "a codec is broken"
        assert [text.split(" has not answered since")[0] for text in bad[1:3]] == [str(each) for each in hung]
        assert bad[3:] == [f"{inbox}: a.jpg could not be stored"]
        assert any(str(inbox) in finding.text for finding in told if finding.level is Level.GOOD)

    def test_a_folder_that_cannot_be_looked_at_does_not_hide_the_next(
        self, paths: Paths, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bad = tmp_path / "bad"
        bad.mkdir()
        configure(paths, bad, inbox)
        asked = policy.warnings

        def refuses(path: Path) -> list[str]:
            if path == bad:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return asked(path)

        monkeypatch.setattr(checks, "warnings", refuses)
        first, *rest = found(checks.folders, paths)
        assert first.level is Level.BROKEN
        assert str(bad) in first.text
        assert any(str(inbox) in finding.text for finding in rest)

    def test_a_full_disk(self, paths: Paths, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        configure(paths, inbox)
        monkeypatch.setattr(checks, "_NO_ROOM", 1 << 62)
        assert Level.BROKEN in levels(found(checks.folders, paths))

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="inotify is Linux's")
    def test_an_unknown_watchdog_is_worth_knowing(
        self, paths: Paths, inbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from watchdog.observers import inotify_c

        from homepress.watch import linux

        configure(paths, inbox)
        assert not [finding for finding in found(checks.watching, paths) if "watchdog" in finding.text]
        monkeypatch.setattr(linux, "_OBSERVERS", linux._Observers())
        linux._check_inotify.cache_clear()
        monkeypatch.delattr(inotify_c.InotifyFD, "_get_or_create_watch")
        told = [finding for finding in found(checks.watching, paths) if "watchdog" in finding.text]
        assert [finding.level for finding in told] == [Level.WORTH_KNOWING]
        assert "_get_or_create_watch" in told[0].text

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="inotify is Linux's")
    def test_too_few_inotify_watches_are_broken_with_the_command(
        self, paths: Paths, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(9):
            (inbox / str(number)).mkdir()
        configure(paths, inbox)
        limits = tmp_path / "inotify"
        limits.mkdir()
        (limits / "max_user_instances").write_text("128\n")
        monkeypatch.setattr("homepress.daemon.doctor.linux._INOTIFY", limits)
        for allowed, level in (("5\n", Level.BROKEN), ("15\n", Level.WORTH_KNOWING), ("100\n", Level.GOOD)):
            (limits / "max_user_watches").write_text(allowed)
            finding = found(checks.watching, paths)[0]
            assert finding.level is level, finding
        (limits / "max_user_watches").write_text("5\n")
        assert found(checks.watching, paths)[0].fix == "sudo sysctl fs.inotify.max_user_watches=524288"
        for number in range(9):
            (inbox / str(number)).rmdir()
        assert found(checks.watching, paths)[0].text.startswith("about 1 watch needed, 5 allowed")


class _NoExchange(type(system_file_system())):  # type: ignore[misc]  # whichever this system has
    def exchange(self, folder: Folder, one: str, other: str) -> None:
        raise Unsupported("no")

    def take_lease(self, fd: int) -> bool:
        return False


class TestAbilities:
    def test_they_are_tried_and_nothing_stays(self, tmp_path: Path) -> None:
        able = abilities(tmp_path.resolve())
        assert able.exchange or able.link
        assert abilities(tmp_path.resolve(), _NoExchange()) == Abilities(False, able.link, False)
        assert not os.listdir(tmp_path)

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="nowhere"):
            abilities(tmp_path.resolve() / "nowhere")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the session bus is Linux's")
class TestDesktop:
    def test_no_session_says_what_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        (finding,) = linux.desktop(False)
        assert finding.level is Level.WORTH_KNOWING
        assert "no tray icon" in finding.text

    def test_a_bus_that_does_not_answer_is_broken(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
        (finding,) = linux.desktop(False)
        assert finding.level is Level.BROKEN
        assert "no tray icon" in finding.text

    def test_panel_and_notices_are_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CURRENT_DESKTOP", "XFCE")
        for display in ("DISPLAY", "WAYLAND_DISPLAY"):
            monkeypatch.delenv(display, raising=False)
        with private_bus() as address:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
            answers, tray, notices = linux.desktop(False)
            assert answers.level is Level.GOOD
            assert (tray.level, tray.fix) == (Level.WORTH_KNOWING, "xfce4-panel --add=systray")
            # None is installed, or one that cannot start without a display.
            assert notices.level is Level.WORTH_KNOWING
            assert notices.fix
            assert [f.level for f in linux.desktop(True)][:2] == [Level.GOOD, Level.GOOD]

            host = FakeProgram(
                address,
                "org.kde.StatusNotifierWatcher",
                "/StatusNotifierWatcher",
                {"Get": lambda _: Reply("v", (("b", True),))},
            )
            shower = FakeProgram(
                address,
                "org.freedesktop.Notifications",
                "/org/freedesktop/Notifications",
                {"GetServerInformation": lambda _: Reply("ssss", ("teller", "we", "7", "1.2"))},
            )
            assert levels(list(linux.desktop(False))) == {Level.GOOD}
            assert "teller 7" in list(linux.desktop(False))[2].text
            host.connection.close()
            shower.connection.close()

    def test_start_at_login(self, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.delenv("XDG_CURRENT_DESKTOP", raising=False)
        (off,) = found(checks.start_at_login, paths)
        assert (off.level, off.fix) == (Level.WORTH_KNOWING, "homepress autostart on")
        entry = tmp_path / "config" / "autostart" / "homepress.desktop"
        entry.parent.mkdir(parents=True)
        entry.write_text("[Desktop Entry]\nExec=/gone/homepress run\n")
        (gone,) = found(checks.start_at_login, paths)
        assert (gone.level, gone.fix) == (Level.BROKEN, "homepress autostart on")


HOME = "/home/adalovelace"


class TestReport:
    @pytest.fixture
    def text(self, paths: Paths, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
        def make(*findings: Finding) -> str:
            return bundle(paths, findings)

        configure(paths, inbox, a_home(monkeypatch, HOME) / "Pictures", exclude=["secret-*"])
        return make

    def test_home_folders_and_names_are_replaced(self, text: Callable[..., str], inbox: Path) -> None:
        home = full_path(HOME)
        told = text(
            Finding("a", Level.GOOD, f"{inbox} is good; {Path(home, 'x')} too, {home}tte not"),
            Finding("b", Level.BROKEN, f"{Path(home, 'Pictures', 'Paris', 'me and you.jpg')}: unreadable"),
        )
        assert f"<folder 1> is good; {Path('~/x')} too, {home}tte not" in told
        assert "<folder 2>/...: unreadable" in told
        for secret in ("me and you", "Paris", "secret", str(inbox)):
            assert secret not in told

    def test_a_path_of_windows_is_replaced_as_errors_of_the_system_write_it(self) -> None:
        home = Path("C:\\Users\\adalovelace")
        spelled = dict(report._spellings(home, "~"))
        assert spelled[str(home)] == spelled[repr(str(home))[1:-1]] == "~"

    def test_what_the_daemon_complains_of_is_left_out(self, text: Callable[..., str]) -> None:
        (problem,) = (f for f in found_problems() if f.topic == checks.PROBLEM)
        told = text(problem)
        assert "holiday" not in told
        assert "homepress status" in told

    def test_what_was_typed_into_settings_that_cannot_be_read_is_left_out(self, paths: Paths) -> None:
        paths.config_file.write_text('[[folder]]\npath = "private/diary"\nquality = "diary"\n')
        told = bundle(paths, found(checks.settings, paths))
        assert "folder.path: expected a full path" in told
        assert "diary" not in told

    def test_the_user_is_not_named(self, text: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(getpass, "getuser", lambda: "adal")
        assert "belongs to <user>, balanced" in text(Finding("a", Level.GOOD, "belongs to adal, balanced"))


def found_problems() -> list[Finding]:
    whole = Installation(
        Paths.from_environment(),
        settings=Settings(),
        settings_fault=None,
        daemon=running(problems=["/p/holiday.jpg could not be read"]),
        daemon_fault="",
        old_tray=False,
    )
    return list(checks.daemon(whole))


class TestCommand:
    def run(self, paths: Paths, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "homepress", "doctor", *arguments]
        variables = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY")
        bare = {name: value for name, value in os.environ.items() if name not in variables}
        return subprocess.run(command, env=bare, capture_output=True, text=True, timeout=120, check=False)

    @pytest.mark.slow
    def test_json_and_exit_code(self, paths: Paths, tmp_path: Path) -> None:
        configure(paths, tmp_path / "gone")
        done = self.run(paths, "--json")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 1, done.stderr
        assert all(set(line) == {"topic", "level", "text", "fix"} for line in lines)
        assert [line["topic"] for line in lines if line["level"] == "broken"] == ["folder"]

    @pytest.mark.slow
    def test_a_report_is_shown_and_written_for_its_owner_alone(
        self, paths: Paths, tmp_path: Path, inbox: Path
    ) -> None:
        configure(paths, inbox)
        file = tmp_path / "report.txt"
        done = self.run(paths, "--report", str(file))
        assert done.returncode == 0, done.stderr
        assert file.read_text() == done.stdout
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert str(tmp_path) not in done.stdout
        again = self.run(paths, "--report", str(file))
        assert again.returncode == 2
        assert not again.stdout, "it says so before it takes the time to look at everything"
        assert "is there already" in again.stderr
        assert file.read_text() == done.stdout
