"""Entries of file managers: the exact files and registry values, and what a script does with odd names."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.test_autostart import FakeRegistry, installed
from homepress.desktop.entries import split_desktop_exec
from homepress.desktop.file_managers import DesktopFiles
from homepress.desktop.launching import Launch
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
    assert set(kinds) == {"icons", "applications", "kio", "nemo", "nautilus", "caja"}
    chosen = ["a b.jpg", "-odd.jpg", "ü'\"$.png", "two\nlines.jpg"]
    for path in added:
        if "scripts" in path.parts:
            ran = run([str(path), *chosen], folders)
            assert ran[:2] == ["file-manager", "run"]
            assert ran[2] in ("compress", "restore", "show")
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
    command = registry.values[rf"{top}\shell\1compress\command", ""]
    assert command == '"C:\\Program Files\\homepressw.exe" file-manager run compress -- "%1"'
    assert registry.values[rf"{top}\shell\2restore", "MultiSelectModel"] == "Player"
    assert registry.values[rf"{top}\shell\3show", "MUIVerb"] == "Show before and after"
    registry.write("Other", "Value", "stays")
    explorer.remove()
    assert registry.values == {("Other", "Value"): "stays"}
    assert explorer.remove() == []
