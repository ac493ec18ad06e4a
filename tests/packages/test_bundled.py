"""What is different in a bundle, where `sys.executable` is Homepress itself. `make dist` tries real ones."""

import importlib
import io
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

import homepress
from homepress.desktop.launching import _program_on_windows
from homepress.workers.process import module_command
from support import REPOSITORY

ENTRY = REPOSITORY / "packaging" / "bundle_entry.py"


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    program = tmp_path / "homepress"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    return program


def test_a_worker_is_the_program_itself(bundled: Path) -> None:
    assert module_command("homepress.workers.child") == [str(bundled), "-m", "homepress.workers.child"]


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ENTRY), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_program_is_the_command_line() -> None:
    assert start("--version").stdout == f"homepress {homepress.__version__}\n"


def test_it_runs_modules_of_its_own() -> None:
    assert start("-m", "homepress", "--version").stdout == f"homepress {homepress.__version__}\n"


@pytest.mark.parametrize("module", ["http.server", "homepressed", "this"])
def test_it_runs_no_other_module(module: str) -> None:
    ran = start("-m", module)
    assert ran.returncode == 2
    assert "No such option" in ran.stderr


def test_a_debian_package_names_whoever_hands_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(REPOSITORY / "packaging")
    deb = importlib.import_module("deb")
    monkeypatch.delenv("DEBFULLNAME", raising=False)
    monkeypatch.delenv("DEBEMAIL", raising=False)
    assert deb._maintainer() == "Whoever built this package <root@localhost>"
    monkeypatch.setenv("DEBFULLNAME", "Anna Berg")
    monkeypatch.setenv("DEBEMAIL", "anna@example.org")
    assert deb._maintainer() == "Anna Berg <anna@example.org>"


def test_on_windows_a_login_starts_the_program_without_a_console(bundled: Path) -> None:
    for name in ("homepress.exe", "homepressw.exe"):
        bundled.with_name(name).touch()
    assert _program_on_windows() == (str(bundled.with_name("homepressw.exe")),)


def test_the_icon_for_windows_has_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(REPOSITORY / "packaging")
    icon_files = importlib.import_module("icon_files")
    with Image.open(io.BytesIO(icon_files.windows_icon())) as icon:
        assert icon.format == "ICO"
        assert icon.info["sizes"] == {(size, size) for size in icon_files.WINDOWS_SIZES}


def test_what_only_unwanted_plugins_load_stays_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A theme of Qt for GTK would bring all of GTK; what else needs a library keeps it."""
    monkeypatch.syspath_prepend(REPOSITORY / "packaging")
    bundle = importlib.import_module("bundle")
    places = {
        "program": "homepress.so",
        "theme": "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
        "gtk": "libgtk-3.so.0",
        "pango": "libpango-1.0.so.0",
        "glib": "libglib-2.0.so.0",
    }
    files = {name: str(tmp_path / name) for name in places}
    links = {"theme": ["gtk", "glib"], "gtk": ["pango", "glib"], "pango": ["glib"], "program": ["glib"]}
    imports = {
        files[name]: {(each, files[each]) for each in links.get(name, [])} | {("libc.so.6", None)}
        for name in places
    }
    found = [(place, files[name], "BINARY") for name, place in places.items()]
    kept = bundle.wanted_binaries(found, imports.__getitem__)
    assert [place for place, _, _ in kept] == ["homepress.so", "libglib-2.0.so.0"]


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(REPOSITORY / "packaging")
    return importlib.import_module("windows_installer")


def test_files_of_cpython_take_the_place_of_the_rig_s(installer: ModuleType, tmp_path: Path) -> None:
    internal, own = tmp_path / "bundle" / "_internal", tmp_path / "cpython"
    internal.mkdir(parents=True)
    own.mkdir()
    for name in ("python311.dll", "VCRUNTIME140.dll", "qt6core.dll", "a.zip"):
        (internal / name).write_bytes(b"rig")
    with pytest.raises(SystemExit, match="no python311"):
        installer.take_cpython(internal.parent, own)
    for name in ("python311.dll", "vcruntime140.dll", "_bz2.pyd", "a.zip"):
        (own / name).write_bytes(b"signed")
    assert installer.take_cpython(internal.parent, own) == ["VCRUNTIME140.dll", "python311.dll"]
    assert {file.name: file.read_bytes() for file in internal.iterdir()} == {
        "python311.dll": b"signed",
        "VCRUNTIME140.dll": b"signed",
        "qt6core.dll": b"rig",
        "a.zip": b"rig",
    }


def test_a_version_has_four_numbers_in_resources(installer: ModuleType) -> None:
    assert installer.four_numbers("0.1.0") == (0, 1, 0, 0)
    assert installer.four_numbers("1.2.3.dev4") == (1, 2, 3, 0)
