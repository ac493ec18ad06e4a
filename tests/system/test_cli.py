"""The command line as people use it: the real program in processes of its own, with and without a daemon."""

import contextlib
import hashlib
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from homepress.control.instance import InstanceLock
from support import wait_for
from system.pictures import jpeg, png, write
from system.program import Program


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def on_terminal(
    program: Program, *arguments: str, answer: bytes = b"", interrupt_at: bytes = b""
) -> tuple[int, str]:
    """Run a command on a terminal; its exit code and all that the terminal got."""
    process, terminal = pty.fork()
    if process == 0:
        environment = {**program.environment, "TERM": "xterm", "COLUMNS": "100"}
        environment.pop("NO_COLOR", None)
        os.execve(sys.executable, [sys.executable, "-m", "homepress", *arguments], environment)
    if answer:
        os.write(terminal, answer)
    seen, deadline = b"", time.monotonic() + 120
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux tells the end of a terminal by EIO
            part = b""
        if not part:
            break
        seen += part
        if interrupt_at and interrupt_at in seen:
            os.write(terminal, b"\x03")
            interrupt_at = b""
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), seen.decode("utf-8", "replace")


class TestLifeOfADaemon:
    @pytest.mark.slow
    def test_start_pause_resume_stop(self, program: Program, inbox: Path) -> None:
        program.watch(inbox)
        for command in ("pause", "resume", "stop"):
            program.run(command, code=3)
        assert program.json("status", code=3)["state"] == "stopped"
        program.start()
        assert program.daemon is not None
        status = program.json("status")
        assert (status["pid"], status["network"]) == (
            program.daemon.pid,
            "locked" if sys.platform == "linux" else "open",
        )
        assert [(f["path"], f["mode"]) for f in status["folders"]] == [(str(inbox), "replace")]

        program.run("pause", "2h")
        status = program.json("status")
        assert status["state"] == "paused"
        assert status["paused_until"] > time.time() + 7000
        assert [folder["state"] for folder in status["folders"]] == ["paused"]
        picture = write(inbox / "a.jpg", jpeg(1))
        size = picture.stat().st_size
        wait_for(lambda: program.status()["waiting"] == 1, what="the picture to wait")
        assert picture.stat().st_size == size
        program.run("resume")
        wait_for(lambda: picture.stat().st_size < size, within=60, what="the result")

        assert program.json("stop") == {"state": "stopped", "pid": program.daemon.pid}
        assert program.daemon.wait(1) == 0
        assert program.json("status", code=3)["saved_bytes_total"] == size - picture.stat().st_size

    @pytest.mark.slow
    def test_there_is_only_one(self, program: Program, inbox: Path) -> None:
        program.watch(inbox)
        program.start()
        assert program.daemon is not None
        second = subprocess.run(
            [sys.executable, "-m", "homepress", "run"],
            env=program.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode not in (0, None)
        assert f"process {program.daemon.pid}" in second.stderr
        assert "watching" not in second.stderr

    def test_after_a_crash_it_starts_again(self, program: Program, inbox: Path) -> None:
        program.watch(inbox)
        program.start()
        program.kill()
        assert program.json("status", code=3)["state"] == "stopped"
        program.start()
        assert program.json("status")["state"] == "idle"

    @pytest.mark.slow
    def test_once_ends_by_itself(self, program: Program, inbox: Path) -> None:
        program.watch(inbox, existing="compress")
        picture = write(inbox / "a.jpg", jpeg(1))
        size = picture.stat().st_size
        assert program.json("run", "--once", "--no-tray") == {"state": "stopped", "exit_code": 0}
        assert picture.stat().st_size < size

    @pytest.mark.slow
    def test_once_goes_on_in_spite_of_a_pause_which_stays(self, program: Program, inbox: Path) -> None:
        program.watch(inbox, existing="compress")
        program.start()
        program.run("pause")
        program.run("stop")
        picture = write(inbox / "a.jpg", jpeg(1))
        size = picture.stat().st_size
        program.run("run", "--once", "--no-tray")
        assert picture.stat().st_size < size
        program.start()
        assert program.json("status")["state"] == "paused"

    @pytest.mark.slow
    def test_once_with_a_folder_that_is_missing_is_1(self, program: Program, inbox: Path) -> None:
        program.watch(inbox, inbox.parent / "missing", existing="compress")
        picture = write(inbox / "a.jpg", jpeg(1))
        size = picture.stat().st_size
        program.run("run", "--once", "--no-tray", code=1)
        assert picture.stat().st_size < size

    @pytest.mark.slow
    def test_once_gives_a_broken_picture_its_second_try(self, program: Program, inbox: Path) -> None:
        program.watch(inbox, existing="compress")
        data = jpeg(1)
        picture = write(inbox / "a.jpg", data[: len(data) // 2] + bytes(64) + b"\xff\xd9")
        program.run("run", "--once", "--no-tray", code=None)
        assert str(picture) in program.outcomes()

    def test_once_with_broken_settings_is_2(self, program: Program) -> None:
        (program.home / "settings.toml").write_text('[[folder]]\npth = "/x"\n')
        program.run("run", "--once", code=2)

    @pytest.mark.slow
    def test_the_demo_watches_its_folder_and_leaves_other_settings_alone(
        self, program: Program, tmp_path: Path
    ) -> None:
        folder = tmp_path / "demo box"
        for _ in range(2):
            program.run("run", "--demo", str(folder), "--once")
        settings = (program.home / "settings.toml").read_text()
        assert settings.count(f'path = "{folder}"') == 1
        assert folder.is_dir()

    @pytest.mark.slow
    def test_a_second_demo_is_refused_before_it_says_or_changes_anything(
        self, program: Program, inbox: Path
    ) -> None:
        program.watch(inbox)
        program.start()
        before = (program.home / "settings.toml").read_bytes()
        command = program.command("run", "--demo", str(inbox / "other"))
        done = subprocess.run(command, env=program.environment, capture_output=True, text=True)
        assert done.returncode == 1 and "is running already" in done.stderr
        assert "Drop pictures" not in done.stdout + done.stderr
        assert (program.home / "settings.toml").read_bytes() == before
        assert not (inbox / "other").exists()

    def test_the_demo_refuses_to_touch_the_users_own_settings(self, program: Program, tmp_path: Path) -> None:
        del program.environment["HOMEPRESS_HOME"]
        program.environment["HOME"] = str(tmp_path)
        program.run("run", "--demo", str(tmp_path / "box"), code=2)
        assert not (tmp_path / "box").exists()


class TestFolders:
    @pytest.mark.slow
    def test_a_folder_that_is_added_is_watched_at_once(self, program: Program, inbox: Path) -> None:
        program.watch()
        program.start()
        added = {"path": str(inbox), "warnings": [], "left_alone": 0, "answers": True}
        assert program.json("folder", "add", str(inbox)) == added
        wait_for(lambda: program.status()["folders"], what="the folder in the status")
        picture = write(inbox / "a.jpg", jpeg(1))
        size = picture.stat().st_size
        wait_for(lambda: picture.stat().st_size < size, within=60, what="the result")
        program.run("folder", "remove", str(inbox))
        assert program.status()["folders"] == []
        assert program.lines("folder", "list") == []

    @pytest.mark.slow
    def test_without_a_daemon(self, program: Program, inbox: Path) -> None:
        program.run("folder", "add", str(inbox), "--quality", "safe")
        (folder,) = program.lines("folder", "list")
        assert (folder["path"], folder["quality"], folder["state"]) == (str(inbox), "safe", "stopped")
        program.run("folder", "add", str(inbox), code=4)
        program.run("folder", "add", "/", code=4)
        program.run("folder", "remove", str(inbox))
        program.run("folder", "remove", str(inbox), code=2)

    @pytest.mark.slow
    def test_check_changes_nothing(self, program: Program, inbox: Path) -> None:
        for number in range(3):
            write(inbox / f"{number}.jpg", jpeg(number))
        before = {path: sha256(path) for path in inbox.iterdir()}
        report = program.json("folder", "check", str(inbox))
        assert (report["tried"], report["images"]) == (3, 3)
        assert report["after_bytes"] < report["before_bytes"]
        assert {path: sha256(path) for path in inbox.iterdir()} == before


@pytest.fixture(params=[False, True], ids=["without a daemon", "with one"])
def either_way(request: pytest.FixtureRequest, program: Program, inbox: Path) -> Program:
    """A program whose daemon runs, and one whose daemon does not: commands do the same."""
    if request.param:
        program.watch(inbox)
        program.start()
    return program


class TestByName:
    def test_beside(self, program: Program, tmp_path: Path) -> None:
        picture = write(tmp_path / "shots" / "a.jpg", jpeg(1))
        before = sha256(picture)
        (outcome,) = program.lines("compress", str(picture))
        assert outcome["outcome"] == "compressed"
        result = tmp_path / "shots" / "a.min.jpg"
        assert outcome["output"] == str(result)
        assert outcome["after_bytes"] == result.stat().st_size < outcome["before_bytes"]
        assert sha256(picture) == before

    @pytest.mark.slow
    def test_in_place_and_back(self, either_way: Program, tmp_path: Path) -> None:
        folder = tmp_path / "shots"
        for number in range(2):
            write(folder / f"{number}.png", png(number))
        before = {path: sha256(path) for path in folder.iterdir()}
        assert len(either_way.lines("compress", "--in-place", str(folder))) == 2
        assert all(sha256(path) != digest for path, digest in before.items())
        assert [entry["original"] for entry in either_way.lines("history")] == ["kept", "kept"]
        originals = either_way.lines("originals", "list")
        assert {original["path"] for original in originals} == {str(path) for path in before}
        assert {line["outcome"] for line in either_way.lines("originals", "verify")} == {"good"}
        undone = either_way.lines("undo", "--since", "1h", "--folder", str(folder))
        assert [line["outcome"] for line in undone] == ["restored", "restored"]
        assert {path: sha256(path) for path in folder.iterdir()} == before
        assert {entry["original"] for entry in either_way.lines("history")} == {"restored"}

    @pytest.mark.slow
    def test_accepted_originals_are_gone(self, program: Program, tmp_path: Path) -> None:
        picture = write(tmp_path / "shots" / "a.jpg", jpeg(1))
        program.run("compress", "--in-place", str(picture))
        result = sha256(picture)
        program.run("originals", "accept", "--all", code=2)
        (accepted,) = program.lines("originals", "accept", "--all", "--yes")
        assert (accepted["path"], accepted["outcome"]) == (str(picture), "accepted")
        assert program.lines("originals", "list") == []
        program.run("undo", str(picture), code=1)
        assert sha256(picture) == result

    def test_into_another_folder(self, program: Program, tmp_path: Path) -> None:
        picture = write(tmp_path / "shots" / "a.png", png(1))
        before = sha256(picture)
        (outcome,) = program.lines("compress", str(picture), "--output", str(tmp_path / "small"))
        (result,) = (tmp_path / "small").rglob("*.*")
        assert outcome["output"] == str(result)
        assert result.stat().st_size == outcome["after_bytes"]
        with Image.open(result) as image:
            image.load()
        assert sha256(picture) == before

    def test_a_dry_run_writes_nothing(self, program: Program, tmp_path: Path) -> None:
        picture = write(tmp_path / "shots" / "a.jpg", jpeg(1))
        before = sha256(picture)
        (outcome,) = program.lines("compress", "--dry-run", "--in-place", str(picture))
        assert outcome["outcome"] == "compressed"
        assert [path.name for path in picture.parent.iterdir()] == ["a.jpg"]
        assert sha256(picture) == before
        assert program.lines("history") == []

    def test_files_that_cannot_be_done_are_1_and_the_others_are_done(
        self, program: Program, tmp_path: Path
    ) -> None:
        picture = write(tmp_path / "shots" / "a.jpg", jpeg(1))
        missing = tmp_path / "missing.jpg"
        lines = program.lines("compress", str(missing), str(picture), code=1)
        assert {line["path"]: line["outcome"] for line in lines} == {
            str(missing): "failed",
            str(picture): "compressed",
        }

    def test_wrong_words_are_2(self, program: Program, tmp_path: Path) -> None:
        picture = write(tmp_path / "shots" / "a.jpg", jpeg(1))
        for wrong in (("--quality", "best"), ("--convert", "bmp"), ("--fit-under", "much")):
            program.run("compress", *wrong, str(picture), code=2)

    @pytest.mark.parametrize("more", [(), ("--dry-run",), ("--output", "small")], ids=" ".join)
    def test_settings_with_mistakes_are_told_and_not_used(
        self, program: Program, tmp_path: Path, more: tuple[str, ...]
    ) -> None:
        picture = write(tmp_path / "shots" / "a.jpg", jpeg(1))
        file = program.home / "settings.toml"
        file.write_text('worker_memory = "1 GB"\nfoo = 1\n')
        done = subprocess.run(
            program.command("compress", "--json", *more, str(picture)),
            env=program.environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout)["outcome"] == "compressed"
        mistake = f"{file}:1: worker_memory: belongs in the [daemon] table"
        assert done.stderr.splitlines() == [
            f"The settings are not used, the defaults hold: {mistake} (1 more: homepress settings check)"
        ]

    @pytest.mark.slow
    @pytest.mark.skipif(sys.platform != "linux", reason="names of other systems are always text")
    def test_a_name_that_is_not_utf8(self, either_way: Program, tmp_path: Path) -> None:
        name = os.fsdecode(b"caf\xe9 \x1b[31m\n.jpg")
        picture = write(tmp_path / "shots" / name, jpeg(1))
        before = sha256(picture)
        (outcome,) = either_way.lines("compress", "--in-place", str(picture))
        assert (outcome["outcome"], outcome["path"]) == ("compressed", str(picture))
        assert either_way.lines("history")[0]["path"] == str(picture)
        history = either_way.run("history")
        assert "caf\\xe9 \\x1b[31m\\x0a.jpg" in history
        either_way.run("undo", str(picture))
        assert sha256(picture) == before

    @pytest.mark.slow
    def test_forgetting(self, program: Program, tmp_path: Path) -> None:
        picture = write(tmp_path / "shots" / "a.jpg", jpeg(1))
        program.run("compress", "--in-place", str(picture))
        kept = program.json("history", "--forget", str(picture.parent), code=1)
        assert kept == {"forgotten": 0, "kept": 1}
        program.run("originals", "accept", "--all", "--yes")
        assert program.json("history", "--forget", str(picture.parent)) == {"forgotten": 1, "kept": 0}
        assert "a.jpg" not in program.run("history") + json.dumps(program.lines("history"))
        (outcome,) = program.lines("compress", "--in-place", str(picture))
        assert outcome["outcome"] == "unchanged"


class TestTerminal:
    @pytest.mark.slow
    def test_progress_and_colour_on_a_terminal(self, program: Program, tmp_path: Path) -> None:
        for number in range(3):
            write(tmp_path / "shots" / f"{number}.png", png(number))
        code, seen = on_terminal(program, "compress", str(tmp_path / "shots"))
        assert code == 0
        assert "3 of 3 pictures" in seen
        assert "\x1b[32m" in seen
        assert seen.rstrip().endswith("saved.")

    @pytest.mark.slow
    def test_ctrl_c_leaves_whole_pictures(self, program: Program, tmp_path: Path) -> None:
        for number in range(12):
            write(tmp_path / "shots" / f"{number:02}.jpg", jpeg(number))
        before = {path: sha256(path) for path in (tmp_path / "shots").iterdir()}
        code, seen = on_terminal(
            program, "compress", "--in-place", str(tmp_path / "shots"), interrupt_at=b"1 of 12"
        )
        assert code == 130, seen
        assert "what was finished stays finished" in seen
        changed = [path for path, digest in before.items() if sha256(path) != digest]
        assert 1 <= len(changed) < 12
        assert {path.name for path in (tmp_path / "shots").iterdir()} == {path.name for path in before}
        program.run("undo", "--folder", str(tmp_path / "shots"))
        assert {path: sha256(path) for path in before} == before

    @pytest.mark.slow
    def test_accepting_asks_first(self, program: Program, tmp_path: Path) -> None:
        picture = write(tmp_path / "a.jpg", jpeg(1))
        program.run("compress", "--in-place", str(picture))
        code, seen = on_terminal(program, "originals", "accept", "--all", answer=b"n\n")
        assert code == 130
        assert "permanently?" in seen
        assert len(program.lines("originals", "list")) == 1
        code, _ = on_terminal(program, "originals", "accept", "--all", answer=b"y\n")
        assert code == 0
        assert program.lines("originals", "list") == []

    def test_a_reader_that_stops_reading_is_no_error_message(self, program: Program, tmp_path: Path) -> None:
        write(tmp_path / "a.png", png(1))
        program.run("compress", str(tmp_path / "a.png"))
        read, write_end = os.pipe()
        os.close(read)
        done = subprocess.run(
            [sys.executable, "-m", "homepress", "history", "--json"],
            env=program.environment,
            stdout=write_end,
            stderr=subprocess.PIPE,
            check=False,
        )
        os.close(write_end)
        assert (done.returncode, done.stderr) == (141, b"")


class TestSettings:
    def test_a_bad_edit_keeps_the_last_good_settings_and_is_shown(
        self, program: Program, inbox: Path
    ) -> None:
        program.watch(inbox)
        program.start()
        file = program.home / "settings.toml"
        good = file.read_text()
        file.write_text(good + "[daemon]\nworkers = 'plenty'\n")
        program.run("settings", "check", code=2)
        status = wait_for(
            lambda: s if (s := program.status())["state"] == "problem" else None, what="the problem"
        )
        assert "workers" in json.dumps(status["problems"])
        assert [folder["path"] for folder in status["folders"]] == [str(inbox)]
        file.write_text(good)
        wait_for(lambda: program.status()["state"] == "idle", what="the problem to go")
        program.run("settings", "check")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_no_command_makes_a_socket_but_a_local_one(program: Program, inbox: Path, tmp_path: Path) -> None:
    program.watch(inbox)
    program.start()
    picture = write(tmp_path / "a.jpg", jpeg(1))
    for arguments in (
        ["status"],
        ["compress", "--in-place", str(picture)],
        ["history"],
        ["undo", str(picture)],
    ):
        log = tmp_path / "calls"
        subprocess.run(
            [
                "strace",
                "-f",
                "-e",
                "trace=socket,connect",
                "-o",
                log,
                sys.executable,
                "-m",
                "homepress",
                *arguments,
            ],
            env=program.environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        sockets = [line for line in log.read_text().splitlines() if "socket(" in line]
        assert all("AF_UNIX" in line for line in sockets)


def test_an_interrupted_daemon_ends_cleanly(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    assert program.daemon is not None
    program.daemon.send_signal(signal.SIGINT)
    assert program.daemon.wait(30) == 0
    with contextlib.suppress(FileNotFoundError):
        assert not (program.home / "run" / "control.sock").exists()


@pytest.mark.slow
@pytest.mark.parametrize("before", ["compress", "undo"])
def test_a_second_command_waits_as_long_as_it_is_told_to(program: Program, inbox: Path, before: str) -> None:
    """It gives up with words and changes nothing, or goes on by itself when the other one has finished."""
    picture = write(inbox / "a.jpg", jpeg(1))
    original = sha256(picture)
    if before == "undo":
        program.run("compress", "--in-place", str(picture))
    arguments = ["compress", "--in-place"] if before == "compress" else ["undo"]
    found = picture.read_bytes()
    with InstanceLock(program.home / "state" / "daemon.lock", "homepress compress"):
        short = subprocess.run(
            program.command(*arguments, "--wait", "0.5", str(picture)),
            env=program.environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert short.returncode != 0
        assert "homepress compress" in short.stderr
        assert "try again" in short.stderr
        assert picture.read_bytes() == found
        long = subprocess.Popen(
            program.command(*arguments, "--wait", "600", str(picture)),
            env=program.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert long.stderr is not None
        said = long.stderr.readline()
        assert "Waiting for homepress compress" in said
        assert picture.read_bytes() == found
    _, errors = long.communicate(timeout=120)
    assert long.returncode == 0, errors
    assert (sha256(picture) == original) is (before == "undo")


@pytest.mark.slow
def test_a_daemon_whose_terminal_is_closed_ends_orderly(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    process, terminal = pty.fork()
    if process == 0:
        log = os.open(program.home / "stderr.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 2)
        os.execve(
            sys.executable,
            [sys.executable, "-m", "homepress", "run", "--no-tray"],
            {**program.environment, "TERM": "xterm"},
        )
    ended = False
    try:
        wait_for(lambda: program.status()["state"] == "idle", what="the daemon to watch")
        os.close(terminal)  # the kernel sends SIGHUP
        status = wait_for(
            lambda: done if (done := os.waitpid(process, os.WNOHANG))[0] else None, what="the daemon to end"
        )[1]
        ended = True
    finally:
        if not ended:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0, program.errors()
    assert "Traceback" not in program.errors()
    assert program.status()["state"] == "stopped"
