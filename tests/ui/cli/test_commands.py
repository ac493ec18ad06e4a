"""What the commands ask of the service, and what they tell."""

import io
import os
import time
from pathlib import Path

import click
import msgspec
import pytest

import homepress
from control.fake_service import FakeService
from homepress.base.paths import Paths
from homepress.base.results import FileOutcome, FolderStatus, UndoOutcome, WaitingFile
from homepress.control.instance import InstanceLock
from homepress.control.service import CompressRequest, FolderRequest, OriginalsRequest, Status, UndoRequest
from homepress.daemon.commands.connect import stopped_status
from homepress.settings import edit, load
from homepress.ui.cli.commands.lifecycle import status_lines
from homepress.ui.text import printable
from support import full_path
from ui.cli.running import Run

P, Q = full_path("/p"), full_path("/q")


@pytest.fixture
def working_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestStatus:
    def test_stopped(self, run: Run) -> None:
        ran = run("status")
        assert ran.code == 3
        assert ran.out.startswith("Stopped.")
        ran = run("status", "--json")
        assert ran.code == 3
        assert ran.json["state"] == "stopped"
        assert ran.json["pid"] is None

    def test_json_is_the_contract(self, run: Run, daemon: FakeService) -> None:
        daemon.folders["/p"] = FolderRequest(path="/p")
        status = run("status", "--json").json
        assert set(status) >= {
            "state",
            "pid",
            "version",
            "paused_until",
            "waiting",
            "compressed_today",
            "saved_bytes_today",
            "saved_bytes_total",
            "originals_bytes",
            "network",
            "folders",
        }
        assert set(status["folders"][0]) >= {"path", "mode", "state", "problem", "waiting", "watch"}

    def test_in_words(self, run: Run, daemon: FakeService) -> None:
        daemon.folders["/p/Inbox"] = FolderRequest(path="/p/Inbox")
        ran = run("status")
        assert ran.code == 0
        assert ran.out.splitlines() == [
            "Watching 1 folder",
            "",
            "today      12 pictures, 18.4 MB saved",
            "in total   2.0 GB saved",
            "originals  3.4 GB kept for undo",
            "waiting    nothing",
            "network    locked: the system blocks every connection from this program",
            "files      closed: the processes that read pictures cannot open your files",
            f"process    {os.getpid()}, version {homepress.__version__}",
            "",
            "/p/Inbox  watching",
        ]

    def test_that_a_folder_is_looked_at_from_time_to_time_is_said_once(self) -> None:
        for warning in ("", "/n is on a network drive; it is looked through from time to time"):
            folder = FolderStatus(path="/n", mode="replace", state="watching", watch="poll", warning=warning)
            status = Status(state="idle", pid=1, version="1", folders=[folder])
            assert "\n".join(status_lines(status, 0.0)).count("from time to time") == 1

    def test_a_daemon_of_another_version_is_to_be_restarted(self, run: Run, daemon: FakeService) -> None:
        assert "restart" not in run("status").out
        daemon.version = "0.0.9"
        said = run("status").out.splitlines()[-1]
        assert "version 0.0.9" in said
        assert said.endswith("homepress stop && homepress run")

    @pytest.mark.usefixtures("daemon")
    def test_nothing_watched(self, run: Run) -> None:
        assert "homepress folder add PATH" in run("status").out.splitlines()[0]

    def test_paused_to_save_power(
        self, run: Run, daemon: FakeService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        saving = msgspec.structs.replace(daemon.status(), state="paused", paused_for="power saver")
        monkeypatch.setattr(daemon, "status", lambda: saving)
        assert run("status").out.startswith("Paused while the computer saves power\n")

    def test_problems_and_waiting_files_are_told(
        self, run: Run, daemon: FakeService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        daemon.problems = ["/p is not there; plug the disk in"]
        files = [
            WaitingFile(path=f"/p/{n}.jpg", reason="waiting until it stays unchanged") for n in range(12)
        ]
        plain = daemon.status()
        monkeypatch.setattr(daemon, "status", lambda: msgspec.structs.replace(plain, waiting_files=files))
        status_lines = run("status").out.splitlines()
        assert status_lines[0] == "Problem, see below"
        assert "/p/0.jpg  waiting until it stays unchanged" in status_lines
        assert "and 2 more" in status_lines
        assert status_lines[-1] == "Problem: /p is not there; plug the disk in"

    def test_a_reason_that_is_a_problem_too_is_said_once(self) -> None:
        reason = "the disk of /p is full: 12 KB free, and 2.4 MB are needed; make room"
        status = Status(
            state="problem",
            pid=1,
            version="1",
            folders=[FolderStatus(path="/p", mode="replace", state="problem", problem=reason)],
            waiting_files=[WaitingFile(path="/p/0.jpg", reason=reason)],
            problems=[f"/p: {reason}"],
        )
        lines = [click.unstyle(line) for line in status_lines(status, 0.0)]
        assert "/p  problem  see below" in lines
        assert "/p/0.jpg  see below" in lines
        assert "\n".join(lines).count(reason) == 1

    def test_a_problem_of_several_lines_is_told_in_lines(self, run: Run, daemon: FakeService) -> None:
        daemon.problems = ["settings not used: a.toml:1: x\na.toml:2: y"]
        assert run("status").out.splitlines()[-2:] == [
            "Problem: settings not used: a.toml:1: x",
            "  a.toml:2: y",
        ]


class TestPause:
    def test_until_resumed(self, run: Run, daemon: FakeService) -> None:
        assert run("pause").out == "Paused. Go on with: homepress resume\n"
        assert daemon.paused
        assert run("status").out.startswith("Paused until you resume\n")
        assert run("resume").out == "Watching again.\n"
        assert not daemon.paused

    def test_for_a_time(self, run: Run, daemon: FakeService) -> None:
        ran = run("pause", "2h")
        assert ran.out.startswith("Paused until ")
        assert daemon.paused_until == pytest.approx(time.time() + 7200, abs=60)
        assert run("status").out.startswith("Paused until ")

    def test_json(self, run: Run, daemon: FakeService) -> None:
        assert run("pause", "--json").json == {"state": "paused", "paused_until": None, "kept": True}
        assert run("pause", "30m", "--json").json["paused_until"] == daemon.paused_until
        assert run("resume", "--json").json == {"state": "idle"}


class TestStop:
    def test_it_waits_for_the_lock_of_the_daemon(self, run: Run, daemon: FakeService) -> None:
        ran = run("stop", "--json")
        assert ran.json == {"state": "stopped", "pid": os.getpid()}
        assert daemon.stopped.is_set()

    @pytest.mark.usefixtures("daemon")
    def test_a_daemon_that_stays_is_a_failure(self, run: Run, paths: Paths) -> None:
        with InstanceLock(paths.lock):
            ran = run("stop", "--wait", "0")
        assert ran.code == 1
        assert "still busy" in ran.err
        assert run("stop").out == "Homepress has stopped.\n"


class TestCompress:
    def test_what_is_asked(self, run: Run, service: FakeService, working_dir: Path) -> None:
        run(
            "compress",
            *("--quality", "safe", "--metadata", "share", "--convert", "webp", "--max-edge", "1600"),
            *("--fit-under", "500 KB", "--dry-run", "--output", "small"),
            *("a.jpg", full_path("/p/b.jpg")),
        )
        assert service.asked == [
            "locked",
            CompressRequest(
                paths=[str(working_dir / "a.jpg"), full_path("/p/b.jpg")],
                output=str(working_dir / "small"),
                quality="safe",
                metadata="share",
                convert="webp",
                max_edge=1600,
                fit_under="500 KB",
                dry_run=True,
            ),
        ]
        run("compress", "--in-place", "a.jpg")
        assert service.asked[-1] == CompressRequest(paths=[str(working_dir / "a.jpg")], in_place=True)

    @pytest.mark.usefixtures("working_dir")
    def test_in_words(self, run: Run) -> None:
        ran = run("compress", "a.jpg", "tiny.png", full_path("/p/b.jpg"))
        assert ran.code == 0
        assert ran.out.splitlines() == [
            "  4.2 MB →   1.9 MB  −55 %  a.jpg",
            "   900 B   unchanged         tiny.png: saves too little",
            f"  4.2 MB →   1.9 MB  −55 %  {full_path('/p/b.jpg')}",
            "3 pictures: 2 compressed, 1 unchanged. 8.4 MB → 3.8 MB, 4.6 MB (55 %) saved.",
        ]
        assert ran.err == ""

    @pytest.mark.usefixtures("working_dir")
    def test_a_failure_is_1(self, run: Run) -> None:
        ran = run("compress", "a.jpg", "broken.jpg")
        assert ran.code == 1
        assert "           failed            broken.jpg: no such file" in ran.out.splitlines()

    def test_half_of_what_was_asked_is_1_and_named(
        self, run: Run, service: FakeService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = [
            FileOutcome("/p/a.jpg", "compressed", "not resized: CMYK", 4_000_000, 1_000_000, missed=True),
            FileOutcome("/p/b.jpg", "compressed", "without motion", 2_000, 3_000, dropped=["motion"]),
        ]
        monkeypatch.setattr(service, "compress", lambda request: iter(told))
        ran = run("compress", "/p")
        assert ran.code == 1
        assert "/p/a.jpg: not resized: CMYK" in ran.out
        assert "+50 %  /p/b.jpg: without motion" in ran.out
        assert "1 picture could not be made as you asked." in ran.out

    def test_a_failed_one_counts_once_among_what_was_not_done(
        self, run: Run, service: FakeService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failed = FileOutcome(
            "/p/c.jpg", "failed", "it needs more memory than there is", 4_000_000, missed=True
        )
        told = [FileOutcome("/p/a.jpg", "unchanged", "not resized: CMYK", 4_000, 4_000, missed=True), failed]
        monkeypatch.setattr(service, "compress", lambda request: iter(told))
        ran = run("compress", "/p")
        assert ran.code == 1
        assert "1 unchanged, 1 failed. 2 pictures could not be made as you asked." in ran.out
        monkeypatch.setattr(service, "compress", lambda request: iter([failed]))
        assert run("compress", "/p").out.splitlines()[-1] == "1 picture: 1 failed."

    @pytest.mark.parametrize("word", ["hdr, motion", "all"])
    def test_what_is_to_be_dropped_is_asked_for(
        self, run: Run, service: FakeService, monkeypatch: pytest.MonkeyPatch, word: str
    ) -> None:
        asked: list[CompressRequest] = []
        monkeypatch.setattr(service, "compress", lambda request: iter(asked.append(request) or ()))
        run("compress", "--drop", word, "/p/a.jpg")
        assert [request.drop for request in asked] == [word]

    def test_a_dry_run_says_so(self, run: Run) -> None:
        assert "would be saved; nothing was changed." in run("compress", "--dry-run", "a.jpg").out

    def test_an_empty_folder(self, run: Run, service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(service, "compress", lambda request: iter(()))
        ran = run("compress", "/p")
        assert (ran.code, ran.out) == (0, "There are no pictures in what you named.\n")

    @pytest.mark.usefixtures("daemon")
    def test_json_is_the_contract(self, run: Run, working_dir: Path) -> None:
        odd = "\udcff.jpg"
        ran = run("compress", "--json", "a.jpg", "broken.jpg", odd)
        assert ran.code == 1
        first, second, third = ran.json_lines
        assert set(first) == {
            *("path", "outcome", "reason", "before_bytes", "after_bytes", "format", "score"),
            *("score_kind", "seconds", "output", "dropped", "missed", "cause"),
        }
        assert (first["outcome"], second["outcome"]) == ("compressed", "failed")
        assert third["path"] == str(working_dir / odd)


class TestUndo:
    def test_what_is_asked(self, run: Run, service: FakeService, working_dir: Path) -> None:
        run("undo", "a.jpg", "--since", "2026-01-01", "--folder", P, "--to", "back", "--last", "3")
        request = service.asked[-1]
        assert isinstance(request, UndoRequest)
        assert request.paths == [str(working_dir / "a.jpg")]
        assert (request.last, request.folder, request.to) == (3, P, str(working_dir / "back"))
        assert request.since == pytest.approx(1767225600, abs=86_400)

    @pytest.mark.usefixtures("working_dir")
    def test_in_words(self, run: Run) -> None:
        ran = run("undo", "a.jpg", "broken.jpg")
        assert ran.code == 1
        assert ran.out.splitlines() == [
            "restored  a.jpg",
            "failed    broken.jpg: its original was accepted",
            "2 results: 1 restored, 1 failed.",
        ]

    @pytest.mark.usefixtures("daemon")
    def test_json(self, run: Run) -> None:
        ran = run("undo", "--last", "2", "--json")
        assert ran.code == 0
        assert [line["outcome"] for line in ran.json_lines] == ["restored", "restored"]

    def test_what_an_undo_stops_is_said_with_how_to_go_on(
        self, run: Run, service: FakeService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        outcomes = [
            UndoOutcome(id=1, path="/p/a.jpg", outcome="restored"),
            UndoOutcome(id=2, path="/p/b.jpg", outcome="restored", stopped=["/p"]),
        ]
        assert "stopped" not in run("undo", "--last", "2").out
        monkeypatch.setattr(service, "undo", lambda request: iter(outcomes))
        said = run("undo", "--last", "2").out.splitlines()[-1]
        assert "replacing has stopped in /p" in said
        assert said.endswith("then go on with: homepress resume")
        monkeypatch.setattr(service, "status", stopped_status)
        said = run("undo", "--last", "2").out.splitlines()[-1]
        assert said.endswith("then start Homepress again (homepress) and go on with: homepress resume")

    def test_nothing_to_undo(self, run: Run, service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(service, "undo", lambda request: iter(()))
        assert run("undo", "--last", "1").code == 0
        ran = run("undo", "a.jpg")
        assert (ran.code, ran.out) == (1, "There is nothing to undo.\n")


class TestOriginals:
    def test_accept(self, run: Run, service: FakeService) -> None:
        ran = run("originals", "accept", "--older-than", "7d", "--yes")
        assert ran.code == 0
        assert ran.out == "accepted    4.2 MB  /p/a.jpg\n1 original, 4.2 MB.\n"
        assert service.asked[-1] == OriginalsRequest(older_than_days=7.0)
        run("originals", "accept", "--all", "--yes", "--json", full_path("/p/x"))
        assert service.asked[-1] == OriginalsRequest(paths=[full_path("/p/x")], all=True)

    def test_verify(self, run: Run, service: FakeService) -> None:
        assert run("originals", "verify").code == 0
        assert service.asked[-1] == OriginalsRequest(all=True)
        ran = run("originals", "verify", full_path("/p/broken.jpg"))
        assert ran.code == 1
        damaged = f"damaged     4.2 MB  {full_path('/p/broken.jpg')}: its hash differs"
        assert ran.out == f"{damaged}\n1 original, 4.2 MB; 1 fault.\n"
        assert service.asked[-1] == OriginalsRequest(paths=[full_path("/p/broken.jpg")])


class TestFolder:
    def test_add(self, run: Run, daemon: FakeService, working_dir: Path) -> None:
        ran = run(
            "folder", "add", "Dropbox", "--quality", "safe", "--existing", "compress", "--output", "small"
        )
        assert ran.code == 0
        assert ran.out.splitlines() == [
            "In it now: 100 pictures (400 MB), to be compressed like those that come.",
            f"Watching {printable(str(working_dir / 'Dropbox'))}.",
            "Worth knowing: Dropbox syncs this folder: pictures leave through it.",
        ]
        path = str(working_dir / "Dropbox")
        wanted = FolderRequest(
            path=path, output=str(working_dir / "small"), quality="safe", existing="compress"
        )
        assert daemon.asked[-1] == ("tried before it is added", wanted)
        assert daemon.folders[path] == wanted

    def test_add_with_any_setting(self, run: Run, daemon: FakeService) -> None:
        more = ("--set", "metadata=share", "--set", "exclude=*.png, Screen*")
        assert run("folder", "add", P, *more).code == 0
        assert daemon.folders[P].more == {"metadata": "share", "exclude": "*.png, Screen*"}
        ran = run("folder", "add", Q, "--set", "metadata")
        assert ran.code == 2
        assert "write it as KEY=VALUE" in ran.err

    def test_set_says_what_holds_now(
        self, run: Run, paths: Paths, daemon: FakeService, working_dir: Path
    ) -> None:
        daemon.folders[P] = FolderRequest(path=P)
        edit.add_folder(paths.config_file, P, {"quality": "small", "exclude": ["*.gif", "a b"]})
        ran = run("folder", "set", P, "quality=small", "exclude=*.gif, a b", "--default", "convert")
        assert ran.code == 0
        assert ran.out.splitlines() == [
            "quality is now small.",
            "exclude is now *.gif, a b.",
            "convert is now empty.",
        ]
        changed = {"quality": "small", "exclude": "*.gif, a b", "convert": None}
        assert daemon.asked[-1] == ("changed", P, changed)
        assert run("folder", "set", P, "quality=small", "--json").json == {"quality": "small"}
        assert run("folder", "set", P, "output=small").code == 0
        assert daemon.asked[-1] == ("changed", P, {"output": str(working_dir / "small")})

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ((P,), "Say what to change"),
            ((P, "qualty=small"), 'no setting "qualty"; did you mean "quality"?'),
            ((P, "quality=smal"), 'did you mean "small"?'),
            ((P, "--default", "qualty"), 'did you mean "quality"?'),
            ((P, "quality=small", "--default", "quality"), "quality is named twice"),
            ((full_path("/other"), "quality=small"), f"{full_path('/other')} is not watched"),
        ],
    )
    def test_set_refuses_and_changes_nothing(
        self, run: Run, paths: Paths, daemon: FakeService, words: tuple[str, ...], said: str
    ) -> None:
        edit.add_folder(paths.config_file, P)
        before = paths.config_file.read_bytes()
        ran = run("folder", "set", *words)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err
        assert paths.config_file.read_bytes() == before

    @pytest.mark.parametrize(
        ("arguments", "answer", "added"), [([], "n", False), ([], "y", True), (["--yes"], "", True)]
    )
    def test_what_is_there_is_compressed_after_a_question(
        self,
        run: Run,
        daemon: FakeService,
        monkeypatch: pytest.MonkeyPatch,
        arguments: list[str],
        answer: str,
        added: bool,
    ) -> None:
        monkeypatch.setattr("homepress.ui.cli.output.on_terminal_for_people", lambda: True)
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{answer}\n"))
        ran = run("folder", "add", P, "--existing", "compress", *arguments)
        assert ran.code == 0
        assert (P in daemon.folders) is added
        assert ("Compress what is in it" in ran.err) is not bool(arguments)
        assert ("Nothing was changed." in ran.out) is not added

    def test_add_without_a_daemon_says_how_to_start(self, run: Run) -> None:
        status_lines = run("folder", "add", P).out.splitlines()
        assert status_lines[:4] == [
            "In it now: 100 pictures (400 MB), left alone; those that come will be compressed.",
            "Compressing what is there too would save about 220 MB (55 %), tried on 12 of them:",
            f"  homepress compress --in-place {P}",
            f"Added {P}.",
        ]
        assert status_lines[-2].endswith("with: homepress")
        assert status_lines[-1].endswith("homepress autostart on")

    def test_a_refused_folder_is_4(self, run: Run) -> None:
        ran = run("folder", "add", full_path("/"))
        assert (ran.code, ran.out) == (4, "")
        assert "whole system" in ran.err

    def test_list(self, run: Run, paths: Paths, daemon: FakeService) -> None:
        edit.add_folder(paths.config_file, full_path("/p/a"), {"quality": "safe"})
        edit.add_folder(paths.config_file, full_path("/p/longer"), {"mode": "output", "output": Q})
        daemon.folders[full_path("/p/a")] = FolderRequest(path=full_path("/p/a"))
        ran = run("folder", "list")
        assert ran.out.splitlines() == [
            f"{full_path('/p/a')}       watching  safe      in place",
            f"{full_path('/p/longer')}  stopped   balanced  into {Q}",
        ]
        first, second = run("folder", "list", "--json").json_lines
        assert (first["path"], first["state"], first["quality"]) == (full_path("/p/a"), "watching", "safe")
        assert (second["mode"], second["output"]) == ("output", Q)

    def test_remove(self, run: Run, service: FakeService) -> None:
        service.folders[P] = FolderRequest(path=P)
        assert run("folder", "remove", P).code == 0
        assert not service.folders
        ran = run("folder", "remove", P)
        assert ran.code == 2
        assert "homepress folder list" in ran.err

    def test_check(self, run: Run) -> None:
        assert run("folder", "check", P).out.splitlines() == [
            f"{P}: 120 files, 100 pictures worth trying.",
            "400 MB → 180 MB: 220 MB (55 %) would be saved.",
            "Tried on 40 of them; nothing was changed.",
            '7 pictures tell where they were taken; metadata = "share" leaves that out of results.',
        ]
        assert run("folder", "check", "--all", P, "--json").json["tried"] == 100


class TestSettings:
    def test_path(self, run: Run, paths: Paths) -> None:
        assert run("settings", "path").out == f"{paths.config_file}\n"
        assert run("settings", "path", "--json").json == {"path": str(paths.config_file), "exists": False}

    def test_check(self, run: Run, paths: Paths) -> None:
        assert run("settings", "check").code == 0
        edit.add_folder(paths.config_file, P)
        assert "is in order, with 1 folder." in run("settings", "check").out
        paths.config_file.write_text(f"[[folder]]\npath = '{P}'\nqualty = 'safe'\n")
        ran = run("settings", "check")
        assert ran.code == 2
        assert "settings.toml:3" in ran.err
        ran = run("settings", "check", "--json")
        assert ran.code == 2
        assert ran.json["ok"] is False
        assert ran.json["problems"][0]["line"] == 3

    def test_check_of_another_file(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "other.toml").write_text("[daemon]\nworkers = 2\n")
        assert run("settings", "check", str(tmp_path / "other.toml"), "--json").json["ok"] is True

    def test_set(self, run: Run, paths: Paths) -> None:
        ran = run("settings", "set", "workers=2", "originals_max=20 GB")
        assert (ran.code, ran.out) == (0, "workers is now 2.\noriginals_max is now 20 GB.\n")
        daemon = load(paths.config_file).daemon
        assert (daemon.workers, daemon.originals_max.bytes) == (2, 20_000_000_000)
        before = paths.config_file.read_bytes()
        ran = run("settings", "set", "workers=3", "originals_max=0")
        assert ran.code == 2 and "originals_max" in ran.err
        assert paths.config_file.read_bytes() == before, "all of it or nothing"
        assert run("settings", "set", "--default", "workers").out == "workers is now auto.\n"
        ran = run("settings", "set", "quality=small")
        assert ran.code == 2
        assert "homepress folder set PATH quality=VALUE" in ran.err

    def test_schema(self, run: Run) -> None:
        assert run("settings", "schema", "--json").json["title"] == "Homepress settings"
        assert run("settings", "schema").out.startswith("{\n")

    def test_edit_without_an_editor_says_where_the_file_is(
        self, run: Run, paths: Paths, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.delenv("EDITOR", raising=False)
        ran = run("settings", "edit")
        assert (ran.code, ran.out) == (0, f"{paths.config_file}\n")
        assert run("settings", "edit", "--json").json["path"] == str(paths.config_file)

    @pytest.mark.posix("a program of the shell")
    @pytest.mark.parametrize(("text", "code"), [("workers = 3", 0), ("workers = 0", 2)])
    def test_edit_runs_the_editor_and_checks_afterwards(
        self, run: Run, paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, code: int
    ) -> None:
        editor = tmp_path / "my editor"
        editor.write_text(f'#!/bin/sh\necho "[daemon]\n{text}" > "$2"\n')
        editor.chmod(0o700)
        monkeypatch.setenv("EDITOR", f"'{editor}' --wait")
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        ran = run("settings", "edit")
        assert ran.code == code
        assert ("is in order" in ran.out) == (code == 0)
        assert text in paths.config_file.read_text()
        if code == 0:
            assert load(paths.config_file).daemon.workers == 3

    def test_an_editor_that_fails_is_told(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EDITOR", "false")
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        ran = run("settings", "edit")
        assert ran.code == 1
        assert "false" in ran.err
