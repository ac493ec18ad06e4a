"""What a person on Windows does to program and files: by its commands, and by Windows' own means."""

import ctypes
import hashlib
import os
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from homepress.base.paths import shipped
from support import wait_for
from windows.program import Program
from windows.test_round_trip import SLOW, a_picture, size

RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
LONG = "\\\\?\\"
"""Before a path: Windows takes it as it is, whatever its length and name."""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


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


ODD = (
    *("NUL.jpg", "com1.jpg", "aux.jpg", "dot..jpg", "-dash.jpg", " blank.jpg", "%TEMP%.jpg", "a&b^c'!.jpg"),
    *("🎉 fête.jpg", "東京 ñ.jpg"),
)


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


HOLD = """
import ctypes, sys
kernel32 = ctypes.windll.kernel32
kernel32.CreateFileW.restype = ctypes.c_void_p
handle = kernel32.CreateFileW(sys.argv[1], 0x80000000, 0, None, 3, 0, None)
print("held" if handle != ctypes.c_void_p(-1).value else "not held", flush=True)
sys.stdin.read()
"""


def test_a_picture_that_another_program_holds_waits_in_its_folder(program: Program, tmp_path: Path) -> None:
    """Opened by another process without any sharing; compressed once that one lets go."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    program.run("folder", "add", str(inbox))
    picture, other = tmp_path / "held.jpg", inbox / "free.jpg"
    original = a_picture(picture)
    holder = subprocess.Popen(
        (sys.executable, "-c", HOLD, str(inbox / "held.jpg")), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    picture.rename(inbox / "held.jpg")
    picture = inbox / "held.jpg"
    assert holder.stdin is not None and holder.stdout is not None
    assert holder.stdout.readline().strip() == b"held"
    program.start()
    free = a_picture(other, quality=96)
    wait_for(lambda: 0 < size(other) < len(free), what="the picture that is free", within=SLOW)
    assert size(picture) == len(original)
    holder.stdin.close()
    holder.wait(60)
    assert picture.read_bytes() == original
    wait_for(lambda: 0 < size(picture) < len(original), what="the one that was held", within=SLOW)
    assert program.stop() == 0


def test_a_picture_with_two_names_is_left_alone(program: Program, tmp_path: Path) -> None:
    picture, second = tmp_path / "one.jpg", tmp_path / "two.jpg"
    original = a_picture(picture)
    os.link(picture, second)
    said = program.attempt("compress", "--in-place", str(picture)).stdout
    assert picture.read_bytes() == second.read_bytes() == original
    assert os.path.samefile(picture, second)
    assert "link" in said or "names" in said, said


def test_what_a_browser_notes_beside_a_download_stays(program: Program, tmp_path: Path) -> None:
    """The stream Zone.Identifier, which says that a file comes from elsewhere. Wine has no streams."""
    picture, note = tmp_path / "download.jpg", b"[ZoneTransfer]\r\nZoneId=3\r\n"
    original = a_picture(picture)
    stream = Path(f"{picture}:Zone.Identifier")
    try:
        stream.write_bytes(note)
    except OSError:
        pytest.skip("this file system has no streams")
    if [path.name for path in tmp_path.iterdir() if ":" in path.name]:
        pytest.skip("this file system takes a stream for a file")
    program.run("compress", "--in-place", str(picture))
    assert size(picture) < len(original) and stream.read_bytes() == note
    program.run("undo", str(picture))
    assert picture.read_bytes() == original and stream.read_bytes() == note


def test_a_picture_of_a_phone_becomes_a_jpeg_and_comes_back(program: Program, tmp_path: Path) -> None:
    import pillow_heif

    picture = tmp_path / "IMG_0001.HEIC"
    image = Image.effect_mandelbrot((640, 480), (-2, -1.5, 1, 1.5), 100).convert("RGB")
    try:
        pillow_heif.from_pillow(image).save(picture, quality=90)
    except (RuntimeError, OSError) as error:
        pytest.skip(f"no encoder for HEIC here: {error}")
    before = digest(picture)
    said = program.run("compress", "--in-place", "--convert", "jpeg", str(picture))
    results = [path for path in tmp_path.iterdir() if path.suffix.lower() == ".jpg"]
    assert len(results) == 1 and not picture.exists(), said
    assert Image.open(results[0]).format == "JPEG"
    program.run("undo", str(results[0]))
    assert digest(picture) == before and not results[0].exists()


@pytest.mark.parametrize("page", ["437", "1252", "932", "65001"])
def test_what_a_code_page_lacks_is_shown_otherwise(program: Program, tmp_path: Path, page: str) -> None:
    """Read through a pipe, in a console's code page: no crash, and the name is still in it somehow."""
    picture = tmp_path / "東京 ñ 🎉.jpg"
    a_picture(picture)
    encoding = "utf-8" if page == "65001" else f"cp{page}"
    done = subprocess.run(
        (sys.executable, "-m", "homepress", "compress", "--dry-run", str(picture)),
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    said = (done.stdout + done.stderr).decode(encoding)
    assert done.returncode == 0 and "Traceback" not in said, said
    shown = {"437": "ñ", "1252": "ñ", "932": "東京", "65001": "東京 ñ 🎉"}[page]
    assert shown in said and ".jpg" in said, said


def test_entries_of_the_explorer_come_and_go(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read back from the registry. Wine has no Explorer that would show them."""
    monkeypatch.delenv("HOMEPRESS_HOME")
    if _explorer_commands() is not None:
        pytest.skip("needs a user who has no entries of Homepress")
    try:
        program.run("file-manager", "on")
        commands = _explorer_commands()
        assert commands
        for command in commands:
            started, _, arguments = command.rpartition("homepressw.exe")
            assert Path(started.strip('"'), "homepressw.exe").is_file()
            assert arguments.endswith(' -- "%1"')
    finally:
        program.run("file-manager", "off")
    assert _explorer_commands() is None


def _explorer_commands() -> list[str] | None:
    """What our entries start; None without entries."""
    import winreg  # type: ignore[import-not-found,unused-ignore]

    user = winreg.HKEY_CURRENT_USER  # type: ignore[attr-defined,unused-ignore]
    verbs = tomllib.loads(shipped("service-files/windows/verbs.toml").read_text(encoding="utf-8"))
    try:
        winreg.CloseKey(winreg.OpenKey(user, verbs["key"]))  # type: ignore[attr-defined,unused-ignore]
    except FileNotFoundError:
        return None
    keys = (rf"{verbs['key']}\shell\{verb['id']}\command" for verb in verbs["verb"])
    return [str(winreg.QueryValue(user, key)) for key in keys]  # type: ignore[attr-defined,unused-ignore]


def test_uninstall_brings_originals_back_and_leaves_nothing(program: Program, tmp_path: Path) -> None:
    """The daemon runs and so does another command's picture: first it ends, then the originals come back."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    program.start()
    program.run("folder", "add", str(inbox))
    picture, beside = inbox / "one.jpg", inbox / "two.jpg"
    originals = [a_picture(picture), a_picture(beside, quality=95)]
    for path, original in zip((picture, beside), originals, strict=True):
        wait_for(lambda p=path, o=original: 0 < size(p) < len(o), what=f"{path.name}", within=SLOW)  # type: ignore[misc]
    program.run("uninstall", "--restore", "--settings", "--yes")
    assert [picture.read_bytes(), beside.read_bytes()] == originals
    assert sorted(inbox.iterdir()) == [picture, beside]
    left = sorted(program.home.rglob("*")) if program.home.exists() else []
    assert left == []
