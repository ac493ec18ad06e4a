"""What a person on Windows does to program and files: by its commands, and by Windows' own means."""

import ctypes
import hashlib
import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from PIL import Image

from support import wait_for
from windows.program import Program
from windows.test_round_trip import SLOW, a_picture, size

RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
KILLS = int(os.environ.get("HOMEPRESS_KILLS", "3"))
"""Kills in the middle of work; more of them find more."""
LONG = "\\\\?\\"
"""Before a path: Windows takes it as it is, whatever its length and name."""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pictures_of(folder: Path, count: int, first: int = 0) -> dict[Path, str]:
    """Pictures of which no two are the same, and the hashes of their bytes."""
    made = {}
    for at in range(first, first + count):
        path = folder / f"picture {at}.jpg"
        image = Image.effect_mandelbrot((480, 360), (-2 + at / 97, -1.5, 1, 1.5), 90).convert("RGB")
        image.save(path, quality=97)
        made[path] = digest(path)
    return made


def test_a_second_start_is_refused_and_the_first_goes_on(program: Program, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    program.run("folder", "add", str(tmp_path / "inbox"))
    program.start()
    assert "running already" in program.complaint("run", "--no-tray")
    assert "Stopped" not in program.run("status")
    assert program.stop() == 0


def test_results_go_to_the_output_folder_and_the_picture_stays(program: Program, tmp_path: Path) -> None:
    inbox, results = tmp_path / "In", tmp_path / "Out"
    inbox.mkdir()
    program.run("folder", "add", str(inbox), "--output", str(results))
    program.start()
    picture = inbox / "one.jpg"
    original = a_picture(picture)
    wait_for(lambda: 0 < size(results / "one.jpg") < len(original), what="the result", within=SLOW)
    assert picture.read_bytes() == original
    assert program.stop() == 0


def test_a_conversion_takes_the_place_and_undo_brings_name_and_bytes_back(
    program: Program, tmp_path: Path
) -> None:
    picture = tmp_path / "shot.PNG"
    image = Image.effect_mandelbrot((640, 480), (-2, -1.5, 1, 1.5), 100).convert("RGB")
    image.save(picture, "PNG")
    before, times = digest(picture), picture.stat().st_mtime_ns
    program.run("compress", "--in-place", "--convert", "webp", str(picture))
    (result,) = list(tmp_path.glob("shot*.webp"))
    assert not picture.exists() and Image.open(result).format == "WEBP"
    program.run("undo", str(result))
    assert digest(picture) == before and picture.stat().st_mtime_ns == times
    assert not result.exists()


def test_ctrl_c_ends_the_program_in_its_own_console(program: Program, tmp_path: Path) -> None:
    """Pressed by a process in the same console, as the console itself does it."""
    (tmp_path / "inbox").mkdir()
    program.run("folder", "add", str(tmp_path / "inbox"))
    told, key = tmp_path / "told.txt", program.home / "run" / "control.sock"
    script = f"""
        import ctypes, os, subprocess, sys, time
        kernel32 = ctypes.windll.kernel32
        command = [sys.executable, "-X", "utf8", "-m", "homepress", "run", "--no-tray"]
        said = open({str(told)!r}, "w")
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said)
        while process.poll() is None and not os.path.exists({str(key)!r}):
            time.sleep(0.05)
        kernel32.SetConsoleCtrlHandler(None, True)
        kernel32.GenerateConsoleCtrlEvent(0, 0)
        try:
            code = process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
            code = "not at all"
        said.seek(0, os.SEEK_END)
        print(code, file=said, flush=True)
    """
    new_console = 0x10
    helper = subprocess.Popen((sys.executable, "-c", textwrap.dedent(script)), creationflags=new_console)
    helper.wait(300)
    said = told.read_text()
    assert said.split()[-1] == "0", said
    assert "Stopped" in program.attempt("status").stdout


@pytest.mark.skipif(sys.platform != "win32", reason="needs a registry")
def test_start_at_login_is_in_the_registry_and_goes_again(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    import winreg  # type: ignore[import-not-found,unused-ignore]

    def value() -> str | None:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, RUN_KEY) as key:  # type: ignore[attr-defined,unused-ignore]
            try:
                return str(winreg.QueryValueEx(key, "Homepress")[0])  # type: ignore[attr-defined,unused-ignore]
            except FileNotFoundError:
                return None

    if value() is not None:
        pytest.skip("needs a user whose Homepress does not start at login")
    assert "HOMEPRESS_HOME" in program.complaint("autostart", "on")
    assert value() is None
    monkeypatch.delenv("HOMEPRESS_HOME")
    try:
        program.run("autostart", "on")
        command = value()
        assert command is not None
        started, _, arguments = command.rpartition("homepressw.exe")
        assert arguments.lstrip('"') == " run --login"
        assert Path(started.strip('"'), "homepressw.exe").is_file()
        program.run("autostart", "status")
    finally:
        program.run("autostart", "off")
    assert value() is None


def test_nothing_is_lost_when_it_is_killed_in_the_middle_of_work(program: Program, tmp_path: Path) -> None:
    chance = random.Random(time.time_ns())
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    program.run("folder", "add", str(inbox))
    originals: dict[Path, str] = {}
    for _ in range(KILLS):
        program.start()
        new = pictures_of(inbox, 3, first=len(originals))
        originals |= new
        wait_for(lambda new=new: any(digest_or_none(path) != was for path, was in new.items()), within=SLOW)  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.5))  # when in the work of the others it ends
        program.kill()
    program.start()
    wait_for(lambda: all(_done(path, was) for path, was in originals.items()), what="all", within=SLOW)
    # The result has the name a moment before the original has left the folder.
    wait_for(lambda: sorted(inbox.iterdir()) == sorted(originals), what="the end of the last", within=SLOW)
    for path in originals:
        Image.open(path).load()
    program.run("undo", "--folder", str(inbox), "--last", "1000")
    assert {path: digest(path) for path in originals} == originals
    assert sorted(inbox.iterdir()) == sorted(originals)
    assert program.stop() == 0


def digest_or_none(path: Path) -> str | None:
    try:
        return digest(path)
    except OSError:
        return None


def _done(path: Path, was: str) -> bool:
    return digest_or_none(path) not in (None, was)


def test_long_paths(program: Program, tmp_path: Path) -> None:
    """The longest name of a folder, and a path of more than 260 characters."""
    folder = Path(LONG + str(tmp_path)) / ("d" * 120) / ("e" * 120)
    os.makedirs(folder)
    picture = folder / ("ü" * 60 + ".jpg")
    original = a_picture(picture)
    plain = str(picture).removeprefix(LONG)
    try:
        os.path.realpath(plain)
    except OSError:
        pytest.skip("GetFinalPathNameByHandleW of this Wine knows no path as long")
    assert len(plain) > 300
    program.run("compress", "--in-place", plain)
    assert size(picture) < len(original)
    program.run("undo", plain)
    assert picture.read_bytes() == original


ODD = ("NUL.jpg", "com1.jpg", "aux.jpg", "dot..jpg", "-dash.jpg", " blank.jpg", "%TEMP%.jpg", "a&b^c'!.jpg")


def test_names_that_mean_something_to_windows(program: Program, tmp_path: Path) -> None:
    """Each is compressed and comes back, or is left alone: never lost, and no device is written to."""
    folder = Path(LONG + str(tmp_path)) / "odd"
    folder.mkdir()
    originals = {}
    for at, name in enumerate(ODD):
        a_picture(folder / name, quality=90 + at)
        originals[name] = digest(folder / name)
    program.attempt("compress", "--in-place", "--", str(tmp_path / "odd"))
    after = {path.name: digest(path) for path in folder.iterdir()}
    assert after.keys() == originals.keys()
    for name in ODD[3:]:
        assert after[name] != originals[name], name
    program.run("undo", "--last", "1000")
    assert {path.name: digest(path) for path in folder.iterdir()} == originals


def test_a_name_that_changes_only_its_case(program: Program, tmp_path: Path) -> None:
    pictures = tmp_path / "Pictures"
    pictures.mkdir()
    program.run("folder", "add", str(pictures))
    program.start()
    picture = pictures / "Photo.JPG"
    original = a_picture(picture)
    wait_for(lambda: 0 < size(picture) < len(original), what="the smaller picture", within=SLOW)
    smaller = digest(picture)
    picture.rename(pictures / "photo.jpg")
    other = a_picture(pictures / "other.jpg", quality=96)
    wait_for(lambda: 0 < size(pictures / "other.jpg") < len(other), what="the other", within=SLOW)
    assert digest(pictures / "photo.jpg") == smaller
    program.run("undo", str(pictures / "PHOTO.jpg"))
    assert (pictures / "photo.jpg").read_bytes() == original
    assert len(list(pictures.iterdir())) == 2
    assert program.stop() == 0


def test_settings_of_an_editor_of_windows(program: Program, tmp_path: Path) -> None:
    """Notepad's byte order mark is read; its line ends are kept by a command that changes something."""
    file = program.home / "settings.toml"
    file.parent.mkdir(parents=True)
    text = f"# mine\r\n[daemon]\r\nnotify = \"never\"\r\n\r\n[[folder]]\r\npath = '{tmp_path / 'A'}'\r\n"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    (tmp_path / "A").mkdir()
    (tmp_path / "B").mkdir()
    program.run("settings", "check")
    program.run("folder", "add", str(tmp_path / "B"))
    after = file.read_bytes()
    assert after.startswith(b"# mine\r\n") and b"\n" not in after.replace(b"\r\n", b"")
    program.run("folder", "remove", str(tmp_path / "b"))
    assert file.read_bytes() == text.encode()
    file.write_bytes(b'[[folder]]\r\npath = "D:\\work\\pictures"\r\n')
    assert "single quotes" in program.complaint("settings", "check")


def test_a_file_that_nobody_else_may_open_is_left_alone(program: Program, tmp_path: Path) -> None:
    picture = tmp_path / "held.jpg"
    original = a_picture(picture)
    kernel32 = ctypes.windll.kernel32  # type: ignore[attr-defined]
    kernel32.CreateFileW.restype = ctypes.c_void_p
    handle = kernel32.CreateFileW(str(picture), 0x80000000, 0, None, 3, 0, None)
    try:
        said = program.complaint("compress", "--in-place", str(picture))
        assert "a program has it open" in said and "chmod" not in said
    finally:
        kernel32.CloseHandle(ctypes.c_void_p(handle))
    assert picture.read_bytes() == original
    program.run("compress", "--in-place", str(picture))
    assert size(picture) < len(original)


def test_a_read_only_picture_is_left_as_it_is(program: Program, tmp_path: Path) -> None:
    picture = tmp_path / "kept.jpg"
    original = a_picture(picture)
    picture.chmod(0o444)
    program.attempt("compress", "--in-place", str(picture))
    assert picture.read_bytes() == original
    picture.chmod(0o666)
