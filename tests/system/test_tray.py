"""The tray without a screen: the real program, and a fake panel on a message bus of its own."""

import hashlib
import os
import sys
from pathlib import Path

import pytest

from desktop.buses import FakeProgram, FakeWatcher, IconSeen
from homepress.desktop.dbus import BusError, Call, Reply
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program
from system.trays import folder_entry, wait_label

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the Linux tray")


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


@pytest.mark.slow
def test_clicks_pause_and_resume_and_the_icon_says_so(program: Program, inbox: Path, icon: IconSeen) -> None:
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


@pytest.mark.slow
def test_results_appear_in_the_menu_and_can_be_undone_there(
    program: Program, inbox: Path, icon: IconSeen
) -> None:
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
    wait_for(lambda: not [label for label in icon.labels() if "Undo" in label], what="nothing left to undo")


def test_a_number_of_an_older_menu_never_clicks_something_else(
    program: Program, inbox: Path, icon: IconSeen
) -> None:
    number, _ = icon.items()["Pause > For 2 hours"]
    icon.click("Pause > For 2 hours")
    wait_label(icon, "Paused until")
    with pytest.raises(BusError, match="no menu item"):
        icon.call(icon.menu, "Event", "isvu", (number, "clicked", ("i", 0), 0))
    assert number not in {n for n, _ in icon.items().values()}


@pytest.mark.slow
def test_one_folder_is_paused_and_goes_on_with_what_came_meanwhile(
    program: Program, inbox: Path, icon: IconSeen
) -> None:
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


@pytest.mark.slow
def test_clicks_on_folders_go_to_the_file_manager_on_the_bus(
    program: Program, inbox: Path, session: str, icon: IconSeen
) -> None:
    def took(call: Call) -> Reply:
        return Reply()

    manager = FakeProgram(
        session,
        "org.freedesktop.FileManager1",
        "/org/freedesktop/FileManager1",
        {"ShowFolders": took, "ShowItems": took},
    )
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


@pytest.mark.slow
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
    program: Program, inbox: Path, icon: IconSeen
) -> None:
    idle = icon.property("IconPixmap")
    settings = program.home / "settings.toml"
    good = settings.read_text()
    settings.write_text(good + "wrong = 1\n")
    wait_label(icon, "1 problem: ")
    assert icon.property("IconPixmap") != idle
    assert "1 problem" in icon.property("Title")
    settings.write_text(good)
    wait_label(icon, "Watching 1 folder")
