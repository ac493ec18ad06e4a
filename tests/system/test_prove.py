"""`homepress prove`: every process there is, asked and looked at, and what happens when one is not locked."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from homepress import privacy
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program
from system.screens import Screen, screen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system's refusals are measured on Linux")

UNLOCKED = str(Path(__file__).with_name("unlocked.py"))


@contextmanager
def desktop(program: Program, folder: Path) -> Iterator[Screen]:
    """A display and a bus for a program that is to have tray and window."""
    with screen(folder) as made:
        program.environment |= {**made.environment, "HOMEPRESS_HOME": str(program.home)}
        yield made


def window(program: Program, made: Screen, *words: str, lock_off: bool = False) -> "subprocess.Popen[bytes]":
    """Open the window by a command and wait until it is there."""
    words = words or ("window",)
    command = [sys.executable, UNLOCKED, "client", *words] if lock_off else program.command(*words)
    opened = subprocess.Popen(command, env=program.environment)
    wait_for(lambda: (program.home / "run" / "prove-w.sock").exists(), within=60, what="the window")
    return opened


def close(program: Program, opened: "subprocess.Popen[bytes]") -> None:
    """End the window and the tray."""
    opened.terminate()
    opened.wait(20)
    lock = program.home / "run" / "prove-t.lock"
    if lock.exists():
        subprocess.run(["kill", lock.read_text().strip()], check=False)


def parties(proof: dict[str, Any]) -> dict[str, Any]:
    return {party["name"]: party for party in proof["parties"]}


@pytest.mark.slow
def test_the_worker_that_decodes_for_the_window_is_listed(
    program: Program, inbox: Path, tmp_path: Path
) -> None:
    picture = write(inbox / "a.jpg", jpeg(1))
    program.watch(inbox, existing="compress")
    with desktop(program, tmp_path) as made:
        program.start()
        wait_for(lambda: program.status()["compressed_today"] == 1, within=60)
        opened = window(program, made, "show", str(picture))
        try:
            proof = wait_for(lambda: _with_a_worker(program), within=60, what="the window's worker")
        finally:
            close(program, opened)
    assert proof["holds"], proof["problems"]
    worker = parties(proof)["window's worker"]
    assert worker["pid"] not in (opened.pid, 0)
    assert len(worker["attempts"]) > 10
    allowed = {attempt["kind"] for attempt in worker["attempts"] if attempt["allowed"]}
    assert allowed <= privacy.WORKER.may and "local" not in allowed
    assert worker["seen"]["filtered"] and not worker["seen"]["sockets"]
    assert str(worker["pid"]) in " ".join(check["command"] for check in proof["checks"])


def _with_a_worker(program: Program) -> dict[str, Any] | None:
    """The proof, once the window has opened a picture."""
    proof: dict[str, Any] = program.json("prove")
    return proof if "window's worker" in parties(proof) else None


@pytest.mark.slow
def test_daemon_worker_tray_and_window_are_asked_and_closed(
    program: Program, inbox: Path, tmp_path: Path
) -> None:
    program.watch(inbox)
    with desktop(program, tmp_path) as made:
        program.start(tray=True)
        opened = window(program, made)
        tray = program.home / "run" / "prove-t.sock"
        wait_for(tray.exists, within=60, what="the tray")
        try:
            proof = program.json("prove")
        finally:
            close(program, opened)
    assert proof["holds"], proof["problems"]
    found = parties(proof)
    assert set(found) == {"daemon", "worker 1", "checker", "tray", "window", "this command"}
    assert program.daemon is not None and found["daemon"]["pid"] == program.daemon.pid
    assert found["window"]["pid"] == opened.pid
    assert len({party["pid"] for party in proof["parties"]}) == 6
    for party in proof["parties"]:
        leaves = [attempt for attempt in party["attempts"] if attempt["kind"] in ("network", "programs")]
        assert len(leaves) > 10
        assert not [attempt for attempt in leaves if attempt["allowed"]]
        memory = [attempt for attempt in party["attempts"] if attempt["name"] == "memory of another program"]
        assert [attempt["allowed"] for attempt in memory] == [False], party["name"]
        assert party["seen"]["filtered"] and party["seen"]["no_new_privileges"]
        assert {held["family"] for held in party["seen"]["sockets"]} <= {"unix"}
    assert not found["worker 1"]["seen"]["sockets"]
    assert not found["checker"]["seen"]["sockets"]
    assert [held["name"] for held in found["daemon"]["seen"]["sockets"]] == [
        str(program.home / "run/control.sock")
    ] * len(found["daemon"]["seen"]["sockets"])
    assert proof["seconds"] < 30
    commands = " ".join(check["command"] for check in proof["checks"])
    for name in ("daemon", "tray", "window", "worker 1", "checker"):
        assert str(found[name]["pid"]) in commands


@pytest.mark.slow
@pytest.mark.parametrize("lock", ["daemon", "client"])
def test_a_daemon_or_command_without_its_lock_is_found_open(program: Program, inbox: Path, lock: str) -> None:
    """What this proves: the test above does not hold whatever is asked."""
    program.watch(inbox)
    ordinary = program.command

    def unlocked(*words: str) -> list[str]:
        return [sys.executable, UNLOCKED, lock, *words]

    program.command = unlocked if lock == "daemon" else ordinary  # type: ignore[method-assign]
    program.start()
    program.command = ordinary if lock == "daemon" else unlocked  # type: ignore[method-assign]
    proof = program.json("prove", code=4)
    assert not proof["holds"]
    culprit = "daemon" if lock == "daemon" else "this command"
    assert any(f"{culprit} " in problem and "was not refused TCP" in problem for problem in proof["problems"])
    assert not any("worker 1 " in problem for problem in proof["problems"])


@pytest.mark.slow
def test_a_window_without_its_lock_is_found_open(program: Program, inbox: Path, tmp_path: Path) -> None:
    program.watch(inbox)
    with desktop(program, tmp_path) as made:
        program.start()
        opened = window(program, made, lock_off=True)
        try:
            proof = program.json("prove", code=4)
        finally:
            close(program, opened)
    assert any(
        problem.startswith("window ") and "not refused TCP" in problem for problem in proof["problems"]
    )


@pytest.mark.slow
def test_a_window_that_does_not_answer_is_not_passed_over(
    program: Program, inbox: Path, tmp_path: Path
) -> None:
    program.watch(inbox)
    with desktop(program, tmp_path) as made:
        program.start()
        opened = window(program, made)
        (program.home / "run" / "prove-w.sock").unlink()
        try:
            words = program.run("prove", code=4)
        finally:
            close(program, opened)
    assert f"window (process {opened.pid}) did not say what it can reach" in words


def test_the_proof_in_words_names_what_to_type(program: Program) -> None:
    words = program.run("prove")
    assert "Nothing can be sent" in words
    assert "take our word for it" in words


OLD_KERNEL = Path(__file__).parent.parent / "privacy" / "oldkernel.py"


@pytest.fixture
def on_kernel(program: Program) -> Callable[[int], None]:
    """Have daemon and commands run as on a kernel whose Landlock is of a version; 0 has none."""
    plain = program.command

    def choose(version: int) -> None:
        older = [sys.executable, str(OLD_KERNEL), str(version)]
        program.command = lambda *words: [*older, *plain(*words)]  # type: ignore[method-assign]

    return choose


def test_without_landlock_it_is_said_wherever_somebody_looks(
    program: Program, inbox: Path, on_kernel: Callable[[int], None]
) -> None:
    on_kernel(0)
    program.watch(inbox)
    program.start()
    status = program.status()
    assert (status["network"], status["files"]) == ("locked", "open")
    assert len(status["gaps"]) == 1 and "no Landlock" in status["gaps"][0]
    words = program.run("status")
    assert "files      open, see below" in words and "Files and other programs are not closed" in words
    proof = program.json("prove", code=4)
    assert proof["nothing_sent"] and not proof["holds"]
    open_ways = {name: open_kinds(party) for name, party in parties(proof).items()}
    assert open_ways["daemon"] == {"programs"} and not open_ways["worker 1"]
    words = program.run("prove", code=4)
    assert "Nothing can be sent, but not everything else is closed" in words
    assert "daemon (process" in words and "was not refused memory of another program" in words
    assert "To close it: use a kernel of 5.19 or newer" in words
    findings = [each["text"] for each in program.lines("doctor", code=None) if each["topic"] == "sandbox"]
    assert any(text.startswith("Files and other programs are not closed") for text in findings)


def test_what_only_the_daemon_leaves_open_is_named_with_its_process(program: Program, inbox: Path) -> None:
    program.prefix = [sys.executable, str(OLD_KERNEL), "0"]
    program.watch(inbox)
    program.start()
    whose = f"The daemon (process {program.status()['pid']}) alone: files and other programs are not closed"
    proof = program.json("prove", code=4)
    (gap,) = [gap for gap in proof["gaps"] if gap["files_open"]]
    assert gap["process"] == f"the daemon (process {program.status()['pid']})"
    words = program.run("prove", code=4)
    findings = [each["text"] for each in program.lines("doctor", code=None) if each["topic"] == "sandbox"]
    (said,) = [text for text in findings if text.startswith(whose)]
    assert f"{said}. To close it:" in words
    assert not any("a worker reads no file" in text for text in findings)


@pytest.mark.slow
@pytest.mark.parametrize("version", [1, 2, 5])
def test_an_older_landlock_is_used_for_what_it_can(
    program: Program, inbox: Path, on_kernel: Callable[[int], None], version: int
) -> None:
    on_kernel(version)
    write(inbox / "a.jpg", jpeg(1))
    program.watch(inbox, existing="compress")
    program.start()
    wait_for(lambda: program.status()["compressed_today"] == 1, within=60)
    status = program.status()
    assert (status["network"], status["files"]) == ("locked", "closed")
    assert bool(status["gaps"]) is (version == 1)
    proof = program.json("prove", code=4 if version == 1 else 0)
    assert proof["nothing_sent"] and proof["gaps"]
    assert ("programs" in open_kinds(parties(proof)["daemon"])) is (version == 1)
    assert not open_kinds(parties(proof)["worker 1"])
    program.run("undo", str(inbox / "a.jpg"))


def open_kinds(party: dict[str, Any]) -> set[str]:
    """What a process was let through with and has no need of."""
    return {tried["kind"] for tried in party["attempts"] if tried["allowed"]} - set(party["may"])
