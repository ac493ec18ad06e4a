"""The tray without a screen: the real program, and a fake panel on a message bus of its own."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.buses import FakeProgram, FakeWatcher, IconSeen, private_bus
from desktop.test_power import Logind, Profiles
from homepress.desktop.dbus import BusError, Call, Reply
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the Linux tray")


@pytest.fixture
def session(program: Program) -> Iterator[str]:
    """A session bus for the program, no display, and nothing of it left afterwards."""
    with private_bus() as address:
        program.environment["DBUS_SESSION_BUS_ADDRESS"] = address
        program.environment.pop("DISPLAY", None)
        yield address
    wait_for(lambda: not agents(program), what="the agent to end with the session")


@pytest.fixture
def watcher(session: str) -> FakeWatcher:
    made = FakeWatcher(session)
    made.appear()
    return made


def agents(program: Program) -> list[int]:
    """Process ids of the agents of this home."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"homepress.ui.tray" in words and os.fsencode(program.home / "state") in words:
            found.append(int(entry.name))
    return found


def wait_label(icon: IconSeen, start: str) -> str:
    """The first label that begins with these words, once there is one."""
    return wait_for(
        lambda: next((label for label in icon.labels() if label.startswith(start)), ""),
        what=f"{start} in {icon.labels()}",
    )


def folder_entry(icon: IconSeen, end: str) -> str:
    """The label of the one folder's entry that ends so; the folder's name may be shortened."""
    (label,) = [label for label in icon.labels() if label.startswith("Folders > ") and label.endswith(end)]
    return label


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_panel_reads_the_icon_and_its_menu(program: Program, inbox: Path, watcher: FakeWatcher) -> None:
    program.watch(inbox)
    program.start(tray=True)
    icon = watcher.icon()
    assert watcher.registered[0][0] == watcher.registered[0][1]  # by its unique name
    wait_label(icon, "Watching 1 folder")
    expected = {
        "Category": "ApplicationStatus",
        "Id": "homepress",
        "Title": "Homepress: Watching 1 folder",
        "Status": "Active",
        "ItemIsMenu": False,
        "Menu": "/MenuBar",
        "ToolTip": ("", [], "Homepress: Watching 1 folder", ""),
    }
    assert {name: icon.property(name) for name in expected} == expected
    for width, height, pixels in icon.property("IconPixmap"):
        assert width == height
        assert len(pixels) == 4 * width * height
        assert pixels[0] == 0, "the corner is transparent"
        assert pixels[4 * (width * height // 2 + width // 2)] == 255, "the middle is not"
    for name in ("NoSuchProperty", ""):
        with pytest.raises(BusError) as caught:
            icon.property(name)
        assert caught.value.name == "org.freedesktop.DBus.Error.UnknownProperty"
    with pytest.raises(BusError) as caught:
        icon.call(icon.item, "NoSuchMethod")
    assert caught.value.name == "org.freedesktop.DBus.Error.UnknownMethod"
    for member, signature, body in [
        ("Scroll", "is", (1, "vertical")),
        ("ContextMenu", "ii", (0, 0)),
        ("SecondaryActivate", "ii", (0, 0)),
        ("ProvideXdgActivationToken", "s", ("token",)),
    ]:
        icon.call(icon.item, member, signature, body)
    assert icon.property("Menu") == "/MenuBar"
    labels = icon.labels()
    for label in (
        "Nothing saved yet",
        "Pause > For 30 minutes",
        "Start at login",
        "Statistics",
        "Settings",
        "Privacy",
        "Quit",
    ):
        assert label in labels


def test_clicks_pause_and_resume_and_the_icon_says_so(
    program: Program, inbox: Path, watcher: FakeWatcher
) -> None:
    program.watch(inbox)
    program.start(tray=True)
    icon = watcher.icon()
    wait_label(icon, "Watching 1 folder")
    idle = icon.property("IconPixmap")
    icon.click("Pause > For 2 hours")
    wait_label(icon, "Paused until")
    assert program.status()["state"] == "paused"
    assert icon.property("IconPixmap") != idle
    assert not [label for label in icon.labels() if label.startswith("Pause >")]
    icon.click("Resume")
    wait_label(icon, "Watching 1 folder")
    assert program.status()["state"] == "idle"
    assert icon.property("IconPixmap") == idle
    icon.click("Pause > Until I resume")
    wait_label(icon, "Paused")
    program.run("resume")  # and what others do is seen too
    wait_label(icon, "Watching 1 folder")


def test_results_appear_in_the_menu_and_can_be_undone_there(
    program: Program, inbox: Path, watcher: FakeWatcher, tmp_path: Path
) -> None:
    program.watch(inbox)
    program.start(tray=True)
    icon = watcher.icon()
    wait_label(icon, "Watching 1 folder")
    first, second = jpeg(1), jpeg(2)
    one = write(inbox / "one_1.jpg", first)
    wait_label(icon, "Last pictures > one_1.jpg")
    wait_label(icon, "Saved today:")
    two = write(inbox / "two.jpg", second)
    wait_label(icon, "Last pictures > two.jpg")
    program.wait_idle()
    wait_label(icon, "Undo last batch (2 pictures)")
    (undo,) = [label for label in icon.labels() if "one_1.jpg" in label and label.endswith("> Undo")]
    icon.click(undo)
    wait_for(lambda: one.read_bytes() == first, what="the original of one_1.jpg")
    wait_label(icon, "Undo last batch (1 picture)")
    icon.click("Undo last batch")
    wait_for(lambda: two.read_bytes() == second, what="the original of two.jpg")
    wait_for(lambda: not [label for label in icon.labels() if "ndo" in label], what="nothing left to undo")


def test_a_number_of_an_older_menu_never_clicks_something_else(
    program: Program, inbox: Path, watcher: FakeWatcher
) -> None:
    program.watch(inbox)
    program.start(tray=True)
    icon = watcher.icon()
    wait_label(icon, "Watching 1 folder")
    number, _ = icon.items()["Pause > For 2 hours"]
    icon.click("Pause > For 2 hours")
    wait_label(icon, "Paused until")
    with pytest.raises(BusError, match="no menu item"):
        icon.call(icon.menu, "Event", "isvu", (number, "clicked", ("i", 0), 0))
    assert number not in {n for n, _ in icon.items().values()}


def test_one_folder_is_paused_and_goes_on_with_what_came_meanwhile(
    program: Program, inbox: Path, watcher: FakeWatcher
) -> None:
    program.watch(inbox)
    program.start(tray=True)
    icon = watcher.icon()
    wait_label(icon, "Watching 1 folder")
    icon.click(folder_entry(icon, "> Pause this folder"))
    wait_for(lambda: ", paused > " in folder_entry(icon, "> Pause this folder"))
    label = folder_entry(icon, "> Pause this folder")
    assert icon.items()[label][1]["toggle-state"] == 1
    path = write(inbox / "meanwhile.jpg", jpeg(3))
    before = sha256(path)
    program.run("status")
    icon.click(label)
    wait_label(icon, "Watching 1 folder")
    wait_for(lambda: sha256(path) != before, within=60, what="the picture that came meanwhile")


def test_clicks_on_folders_go_to_the_file_manager_on_the_bus(
    program: Program, inbox: Path, session: str, watcher: FakeWatcher
) -> None:
    def took(call: Call) -> Reply:
        return Reply()

    manager = FakeProgram(
        session,
        "org.freedesktop.FileManager1",
        "/org/freedesktop/FileManager1",
        {"ShowFolders": took, "ShowItems": took},
    )
    program.watch(inbox)
    program.start(tray=True)
    icon = watcher.icon()
    wait_label(icon, "Watching 1 folder")
    icon.click(folder_entry(icon, "> Open"))
    wait_for(lambda: manager.heard("ShowFolders"))
    assert manager.heard("ShowFolders")[0].body[0] == [inbox.as_uri()]
    path = write(inbox / "näme #1 %.jpg", jpeg(1))
    wait_label(icon, "Last pictures")
    program.wait_idle()
    (label,) = [label for label in icon.labels() if label.endswith("> Open folder")]
    icon.click(label)
    wait_for(lambda: manager.heard("ShowItems"))
    assert manager.heard("ShowItems")[0].body[0] == [path.as_uri()]


def test_where_no_window_can_be_shown_something_else_is(
    program: Program, inbox: Path, session: str, watcher: FakeWatcher
) -> None:
    """Without a display, as on Wayland without X: every line that opens the window has a stand-in."""
    manager = FakeProgram(
        session,
        "org.freedesktop.FileManager1",
        "/org/freedesktop/FileManager1",
        {"ShowFolders": lambda _: Reply()},
    )
    opened: list[str] = []

    def open_file(call: Call) -> Reply:
        descriptor = call.body[1].to_raw_fd()
        opened.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        os.close(descriptor)
        return Reply("o", ("/request",))

    portal = "org.freedesktop.portal.Desktop"
    FakeProgram(session, portal, "/org/freedesktop/portal/desktop", {"OpenFile": open_file})
    notices: list[str] = []

    def notify(call: Call) -> Reply:
        notices.append(call.body[3])
        return Reply("u", (len(notices),))

    name, path = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
    FakeProgram(
        session, name, path, {"GetCapabilities": lambda _: Reply("as", (["body"],)), "Notify": notify}
    )
    program.watch(inbox)
    program.start(tray=True)
    icon = watcher.icon()
    wait_label(icon, "Watching 1 folder")
    icon.activate()
    wait_for(lambda: manager.heard("ShowFolders"), what="the folder, for a click on the icon")
    assert manager.heard("ShowFolders")[0].body[0] == [inbox.as_uri()]
    icon.click("Settings")
    wait_for(lambda: opened == [str(program.home / "settings.toml")], what="the settings file")
    icon.click("Privacy")
    wait_for(lambda: "Locked out of the network" in notices, what="a notice about the network")
    icon.click("Nothing saved yet")
    wait_for(lambda: len(opened) == 2, within=60, what="the report")
    assert opened[1] == str(program.home / "state" / "report.html")
    picture = write(inbox / "a.jpg", jpeg(1))
    wait_label(icon, "Last pictures")
    program.wait_idle()
    (label,) = [label for label in icon.labels() if label.endswith("> Show before and after")]
    icon.click(label)
    wait_for(lambda: opened[2:] == [str(picture)], what="the picture itself")


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


def test_the_icon_outlives_the_daemon_and_finds_the_next_one(
    program: Program, inbox: Path, watcher: FakeWatcher
) -> None:
    program.watch(inbox)
    program.start(tray=True)
    icon = watcher.icon()
    wait_label(icon, "Watching 1 folder")
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


def test_start_at_login_is_ticked_by_a_click_and_by_the_command(
    program: Program, inbox: Path, watcher: FakeWatcher, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    program.environment |= {"XDG_CONFIG_HOME": str(config), "XDG_CURRENT_DESKTOP": "XFCE"}
    program.watch(inbox)
    program.start(tray=True)
    icon = watcher.icon()
    wait_label(icon, "Watching 1 folder")
    entry = config / "autostart" / "homepress.desktop"

    def ticked() -> int:
        state: int = icon.items()["Start at login"][1]["toggle-state"]
        return state

    assert not ticked()
    icon.click("Start at login")
    wait_for(entry.exists, what="the entry")
    wait_for(ticked, what="the tick")
    assert "run --login" in entry.read_text()
    assert program.json("autostart", "status")["on"] is True
    icon.click("Start at login")
    wait_for(lambda: not entry.exists(), what="the entry to go")
    wait_for(lambda: not ticked(), what="the tick to go")
    program.run("autostart", "on")  # which the icon is not told of; it looks when the menu is opened
    icon.call(icon.menu, "AboutToShow", "i", (0,))
    wait_for(ticked, what="the tick of the command")


def test_problems_are_told_in_words_and_the_icon_changes(
    program: Program, inbox: Path, watcher: FakeWatcher
) -> None:
    program.watch(inbox)
    program.start(tray=True)
    icon = watcher.icon()
    wait_label(icon, "Watching 1 folder")
    idle = icon.property("IconPixmap")
    settings = program.home / "settings.toml"
    good = settings.read_text()
    settings.write_text(good + "wrong = 1\n")
    wait_label(icon, "1 problem: ")
    assert icon.property("IconPixmap") != idle
    assert "1 problem" in icon.property("Title")
    settings.write_text(good)
    wait_label(icon, "Watching 1 folder")


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
