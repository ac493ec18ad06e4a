"""Entries of file managers: the exact files and registry values, and what a script does with odd names."""

import configparser
import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from desktop.test_autostart import FakeRegistry, installed
from homepress.desktop import thunar
from homepress.desktop.entries import split_desktop_exec
from homepress.desktop.file_managers import ENTRIES, DesktopFiles, FileManagerError
from homepress.desktop.launching import Launch
from homepress.desktop.macos import Finder
from homepress.desktop.windows import Explorer

ODD = 'it\'s "odd" 100 % $HOME'
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="file managers of Linux")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def entry(file: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys differ by case
    parser.read(file, encoding="utf-8")
    return parser


@linux
@pytest.mark.parametrize("name", ["plain", ODD])
def test_every_entry_starts_the_program_with_all_chosen_files(folders: Path, name: str) -> None:
    exe = installed(folders / name)
    exe.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$OUT"\n')
    managers = DesktopFiles(Launch((str(exe), "file-manager", "run")))
    added = [Path(path) for path in managers.add()]
    assert all(path.exists() for path in added)
    kinds = [path.relative_to(folders).parts[1] for path in added]
    assert set(kinds) == {"icons", "applications", "kio", "nemo", "nautilus", "caja", "Thunar"}
    chosen = ["a b.jpg", "-odd.jpg", "ü'\"$.png", "two\nlines.jpg"]
    for path in added:
        if "scripts" in path.parts:
            ran = run([str(path), *chosen], folders)
            assert ran[:2] == ["file-manager", "run"]
            assert ran[2] in ENTRIES
            assert "\n".join(ran[3:]) == "\n".join(["--", *chosen])
        elif path.suffix in (".desktop", ".nemo_action"):
            for section in entry(path).values():
                if line := section.get("Exec"):
                    words = split_desktop_exec(line)
                    assert words[-2:] == ["--", "%F"]
                    ran = run([*words[:-1], *chosen], folders)
                    assert "\n".join(ran[4:]) == "\n".join(chosen)
    removed = {Path(path) for path in managers.remove()}
    assert removed == set(added)
    left = {path for path in folders.rglob("*") if path.is_file()}
    assert left == {exe, folders / "out.txt"}, "nothing of ours is left behind"


OF_SYSTEM = """<?xml version="1.0"?>
<!DOCTYPE actions [ <!ELEMENT actions (action)+> ]>
<actions>

  <action>
    <name>Open Terminal Here</name>
    <command>exo-open</command>
  </action>

</actions>
"""
OWN = """<actions>
<action><name>Mine &amp; yours</name><unique-id>1690-1</unique-id><command>true %f</command></action>
</actions>
<!-- a remark -->
"""


@linux
class TestThunar:
    @pytest.fixture
    def manager(self, folders: Path, monkeypatch: pytest.MonkeyPatch) -> DesktopFiles:
        monkeypatch.setenv("XDG_CONFIG_DIRS", str(folders / "xdg"))
        (folders / "xdg" / "Thunar").mkdir(parents=True)
        (folders / "xdg" / "Thunar" / "uca.xml").write_text(OF_SYSTEM)
        exe = installed(folders / ODD)
        exe.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$OUT"\n')
        return DesktopFiles(Launch((str(exe), "file-manager", "run")))

    def test_the_users_own_actions_stay_byte_for_byte(self, manager: DesktopFiles) -> None:
        file = thunar.actions_file()
        file.parent.mkdir(parents=True)
        file.write_text(OWN)
        for _ in range(2):
            manager.add()
            actions = ElementTree.parse(file).getroot().findall("action")
            assert [action.findtext("name") for action in actions] == [
                "Mine & yours",
                *(f"Homepress: {label}" for label in ENTRIES.values()),
            ]
        assert str(file) in manager.remove()
        assert file.read_text() == OWN
        assert str(file) not in manager.remove()

    def test_the_systems_actions_stay_in_the_menu(self, manager: DesktopFiles) -> None:
        manager.add()
        file = thunar.actions_file()
        names = [each.findtext("name") for each in ElementTree.parse(file).getroot().findall("action")]
        assert names[0] == "Open Terminal Here"
        assert len(names) == 1 + len(ENTRIES)
        manager.remove()
        assert not file.exists(), "the system's holds again"

    def test_an_action_gets_all_chosen_files(self, manager: DesktopFiles, folders: Path) -> None:
        manager.add()
        actions = ElementTree.parse(thunar.actions_file()).getroot().findall("action")[1:]
        for action, name in zip(actions, ENTRIES, strict=True):
            command = str(action.findtext("command")).replace("%F", "'a b.jpg' '-odd.jpg'")
            assert action.find("image-files") is not None
            ran = run(["/bin/sh", "-c", command], folders)
            assert ran == ["file-manager", "run", name, "--", "a b.jpg", "-odd.jpg"]

    def test_a_file_that_is_none_of_thunars_is_left_alone(self, manager: DesktopFiles) -> None:
        file = thunar.actions_file()
        file.parent.mkdir(parents=True)
        file.write_text("<actions>")
        with pytest.raises(FileManagerError, match="Thunar"):
            manager.add()
        assert file.read_text() == "<actions>"


def test_the_quick_actions_of_finder(tmp_path: Path) -> None:
    exe = installed(tmp_path / (ODD if os.name == "posix" else "a b"))
    exe.write_text('#!/bin/sh\nprintf "%s\\n" "$HOMEPRESS_HOME" "$@" > "$OUT"\n')
    launch = Launch((str(exe), "file-manager", "run"), {"HOMEPRESS_HOME": "/a b"})
    finder = Finder(launch, tmp_path)
    added = finder.add()
    assert added == finder.add()
    assert len(added) == len(ENTRIES)
    for place, (name, label) in zip(added, ENTRIES.items(), strict=True):
        info = plistlib.loads(Path(place, "Contents", "Info.plist").read_bytes())
        (service,) = info["NSServices"]
        assert service["NSMenuItem"]["default"] == f"Homepress: {label}"
        assert service["NSSendFileTypes"] == ["public.image"]
        flow = plistlib.loads(Path(place, "Contents", "document.wflow").read_bytes())
        parameters = flow["actions"][0]["action"]["ActionParameters"]
        if os.name == "posix":
            chosen = ["a b.jpg", "-odd.jpg"]
            ran = run(["/bin/sh", "-c", parameters["COMMAND_STRING"], "name", *chosen], tmp_path)
            assert ran == ["/a b", "file-manager", "run", name, "--", *chosen]
    assert finder.remove() == added
    assert finder.remove() == []


def run(command: list[str], folder: Path) -> list[str]:
    out = folder / "out.txt"
    subprocess.run(command, env={"PATH": "/usr/bin:/bin", "OUT": str(out)}, check=True)
    return out.read_text().splitlines()


@linux
@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="desktop-file-utils is missing")
def test_the_launcher_is_valid(folders: Path) -> None:
    DesktopFiles(Launch((str(installed(folders / "bin")), "file-manager", "run"))).add()
    launcher = folders / "data" / "applications" / "homepress.desktop"
    done = subprocess.run(["desktop-file-validate", str(launcher)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    actions = entry(launcher)["Desktop Entry"]["Actions"].strip(";").split(";")
    assert [f"Desktop Action {name}" for name in actions] == entry(launcher).sections()[1:]
    menu = folders / "data" / "kio" / "servicemenus" / "homepress.desktop"
    assert menu.stat().st_mode & 0o111, "KDE wants it executable"
    assert entry(menu)["Desktop Entry"]["Type"] == "Service"


def test_the_registry_of_windows() -> None:
    registry = FakeRegistry()
    explorer = Explorer(Launch(("C:\\Program Files\\homepressw.exe", "file-manager", "run")), registry)
    explorer.add()
    top = r"Software\Classes\SystemFileAssociations\image\shell\Homepress"
    assert registry.values[top, "MUIVerb"] == "Homepress"
    assert registry.values[top, "SubCommands"] == ""
    labels = [value for (_, name), value in registry.values.items() if name == "MUIVerb"]
    assert [str(label).lower() for label in labels[1:]] == [label.lower() for label in ENTRIES.values()]
    command = registry.values[rf"{top}\shell\1compress\command", ""]
    assert command == '"C:\\Program Files\\homepressw.exe" file-manager run compress -- "%1"'
    assert registry.values[rf"{top}\shell\4restore", "MultiSelectModel"] == "Player"
    assert registry.values[rf"{top}\shell\5show", "MUIVerb"] == "Show before and after"
    registry.write(rf"{top}\shell\2restore", "MUIVerb", "of an earlier version")
    explorer.add()
    assert (rf"{top}\shell\2restore", "MUIVerb") not in registry.values
    registry.write("Other", "Value", "stays")
    explorer.remove()
    assert registry.values == {("Other", "Value"): "stays"}
    assert explorer.remove() == []
