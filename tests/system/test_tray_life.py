"""How long the agent of the tray lives, and what it does when panel, daemon, bus or power come and go."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.buses import FakeWatcher, IconSeen, Logind, Profiles
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program
from system.trays import agents, wait_label

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the Linux tray")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_icon_comes_back_when_the_panel_comes_late_or_again(
    program: Program, inbox: Path, session: str
) -> None:
    program.watch(inbox)
    program.start(tray=True)
    wait_for(lambda: agents(program))
    watcher = FakeWatcher(session)
    watcher.appear()
    watcher.icon(1)
    watcher.vanish()
    watcher.appear()
    wait_label(watcher.icon(2), "Watching 1 folder")


@pytest.mark.slow
def test_the_icon_outlives_the_daemon_and_finds_the_next_one(
    program: Program, inbox: Path, icon: IconSeen
) -> None:
    (agent,) = agents(program)
    program.stop()
    wait_label(icon, "Homepress is not running")
    assert icon.labels()[1] == "Start Homepress"
    program.start(tray=True)
    wait_label(icon, "Watching 1 folder")
    wait_for(lambda: agents(program) == [agent], what="the second agent to end")
    log = (program.home / "state" / "tray.log").read_bytes()
    assert b"the daemon does not answer" in log, "the log of the first agent is still there"
    assert b"\0" not in log
    stopped = icon.property("IconPixmap")
    program.kill()
    wait_label(icon, "Homepress has stopped unexpectedly")
    assert icon.property("Title") == "Homepress has stopped unexpectedly"
    assert icon.labels()[1:3] == ["Pictures are not being compressed", "Start Homepress"]
    assert icon.property("IconPixmap") != stopped
    assert "stopped unexpectedly" in program.status()["problems"][0]
    icon.click("Start Homepress")
    wait_label(icon, "Watching 1 folder")
    assert program.status()["problems"] == []
    icon.click("Quit")
    wait_for(lambda: program.status()["state"] == "stopped", what="the daemon to stop")
    wait_for(lambda: not agents(program), what="the agent to end")


@pytest.mark.slow
def test_quit_ends_both_and_a_dead_agent_can_be_brought_back(
    program: Program, inbox: Path, watcher: FakeWatcher
) -> None:
    program.watch(inbox)
    program.start(tray=True)
    watcher.icon()
    (agent,) = agents(program)
    os.kill(agent, signal.SIGKILL)
    wait_for(lambda: not agents(program))
    assert program.status()["state"] == "idle"
    again = subprocess.Popen([sys.executable, "-m", "homepress", "tray"], env=program.environment)
    icon = watcher.icon(2)
    wait_label(icon, "Watching 1 folder")
    assert program.daemon is not None
    icon.click("Quit")
    assert again.wait(60) == 0
    assert program.daemon.wait(60) == 0
    program.daemon = None


def test_daemon_and_agent_are_locked_each_in_its_own_way(
    program: Program, inbox: Path, watcher: FakeWatcher
) -> None:
    program.watch(inbox)
    program.start(tray=True)
    watcher.icon()
    (agent,) = agents(program)
    status = Path(f"/proc/{agent}/status").read_text()
    assert "Seccomp:\t2" in status
    assert "NoNewPrivs:\t1" in status
    assert program.daemon is not None
    filters = [
        int(line.split()[1])
        for pid in (agent, program.daemon.pid)
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("Seccomp_filters")
    ]
    assert filters == [1, 1], "neither has inherited the lock of the other"


@pytest.mark.slow
@pytest.mark.parametrize("address", [None, "unix:path=/no/such/bus", "nonsense"])
def test_without_a_usable_bus_the_daemon_works_and_the_log_says_so_once(
    program: Program, inbox: Path, address: str | None
) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "XDG_RUNTIME_DIR"):
        program.environment.pop(name, None)
    if address is not None:
        program.environment["DBUS_SESSION_BUS_ADDRESS"] = address
    program.watch(inbox)
    program.start(tray=True)
    path = write(inbox / "x.jpg", jpeg(1))
    before = sha256(path)
    wait_for(lambda: sha256(path) != before, within=60, what="work without a tray")
    log = program.home / "state" / ("tray.log" if address else "homepress.log")
    wait_for(log.exists)
    wait_for(lambda: "no tray icon and no notices" in log.read_text(), what="a line in the log")
    assert log.read_text().count("no tray icon and no notices") == 1
    wait_for(lambda: not agents(program), what="the agent to have ended")


@pytest.mark.slow
def test_waking_from_suspend_looks_through_the_folders_at_once(
    program: Program, inbox: Path, session: str, watcher: FakeWatcher
) -> None:
    program.environment["DBUS_SYSTEM_BUS_ADDRESS"] = session
    logind = Logind(session)
    program.watch(inbox)
    program.start(tray=True)
    wait_label(watcher.icon(), "Watching 1 folder")
    path = inbox / "read-only.jpg"
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o444))
    path.write_bytes(jpeg(1))
    before = sha256(path)
    wait_for(lambda: str(path) in program.outcomes(), what="it to be left alone, for it is read-only")
    path.chmod(0o644)  # which the system tells nobody; the next look is minutes away
    logind.sleeps(True)
    logind.sleeps(False)
    wait_for(lambda: sha256(path) != before, within=60, what="the scan after waking")


@pytest.mark.slow
def test_a_daemon_that_is_started_again_still_rests_for_the_power_saver(
    program: Program, inbox: Path, session: str, watcher: FakeWatcher
) -> None:
    program.environment["DBUS_SYSTEM_BUS_ADDRESS"] = session
    Profiles(session, "org.freedesktop.UPower.PowerProfiles", "power-saver")
    program.watch(inbox)
    for _ in range(3):
        program.start(tray=True)
        icon = watcher.icon()
        wait_label(icon, "Paused while the computer saves power")
        # The tray that the new daemon started has found the old one and ended; that must change nothing.
        wait_for(lambda: len(agents(program)) == 1)
        wait_for(lambda: program.status()["paused_for"] == "power saver", what="the daemon to know")
        program.kill()
        wait_label(icon, "Homepress has stopped unexpectedly")


@pytest.mark.slow
def test_it_rests_while_the_computer_saves_power_unless_told_otherwise(
    program: Program, inbox: Path, session: str, watcher: FakeWatcher
) -> None:
    program.environment["DBUS_SYSTEM_BUS_ADDRESS"] = session  # one bus plays both parts
    profiles = Profiles(session, "org.freedesktop.UPower.PowerProfiles", "power-saver")
    program.watch(inbox)
    program.start(tray=True)
    icon = watcher.icon()
    wait_label(icon, "Paused while the computer saves power")
    path = write(inbox / "held.jpg", jpeg(1))
    before = sha256(path)
    wait_for(lambda: program.status()["waiting"] == 1, what="the picture to wait")
    assert program.status()["paused_for"] == "power saver"
    icon.click("Work all the same")
    wait_for(lambda: sha256(path) != before, within=60, what="the picture, power saver or not")
    profiles.switch("balanced")
    profiles.switch("power-saver")
    wait_label(icon, "Paused while the computer saves power")
    profiles.switch("balanced")
    wait_label(icon, "Watching 1 folder")
    profiles.switch("power-saver")
    wait_label(icon, "Paused while the computer saves power")
    for agent in agents(program):
        os.kill(agent, signal.SIGKILL)
    wait_for(lambda: program.status()["state"] == "idle", what="no rest for ever when nobody tells any more")
