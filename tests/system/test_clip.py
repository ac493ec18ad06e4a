"""`homepress clip`, and the entry in the tray's menu, with xclip as the program that copies and pastes."""

import io
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from desktop.test_clipboard import copy, needs_x, paste
from homepress.base.files import file_uri
from homepress.control.service import ServiceError
from homepress.desktop.clipboard import URI_LIST, files_of
from homepress.desktop.notifications import Notice
from homepress.ui.tray.actions import ActionContext, CompressCopied, run_action
from system.pictures import jpeg, png, write
from system.program import Program

pytestmark = needs_x


@pytest.fixture(autouse=True)
def session(program: Program, display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session with that display, for ours and the other program, and an empty clipboard."""
    program.environment["DISPLAY"] = display
    program.environment.pop("WAYLAND_DISPLAY", None)
    for name, value in program.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    copy("UTF8_STRING", b"words")


def copy_files(*files: Path) -> None:
    copy(URI_LIST, "".join(f"{file_uri(file)}\r\n" for file in files).encode())


@pytest.mark.slow
def test_a_copied_picture_is_smaller_when_it_is_pasted(program: Program) -> None:
    picture = png(1)
    copy("image/png", picture)
    (outcome,) = program.lines("clip")
    small = paste("image/png")
    assert len(small) == outcome["after_bytes"] < len(picture)
    assert Image.open(io.BytesIO(small)).size == Image.open(io.BytesIO(picture)).size
    assert program.lines("history") == []
    again = program.run("clip")
    assert "second lossy generation" in again or "saves too little" in again
    assert "The clipboard is as it was." in again
    assert paste("image/png") == small


@pytest.mark.slow
def test_pixels_that_are_no_compressed_picture_become_png(program: Program) -> None:
    saved = io.BytesIO()
    Image.open(io.BytesIO(png(1))).save(saved, "BMP")
    copy("image/bmp", saved.getvalue())
    program.run("clip")
    assert Image.open(io.BytesIO(paste("image/png"))).format == "PNG"


@pytest.mark.slow
def test_copied_files_become_small_copies_and_stay_as_they_are(program: Program, tmp_path: Path) -> None:
    first, second = (
        write(tmp_path / name / "same name.jpg", jpeg(number)) for number, name in enumerate("ab")
    )
    notes = write(tmp_path / "notes.txt", b"no picture")
    copy_files(first, notes, second)
    before = first.read_bytes()
    for convert, suffix in ("", ".jpg"), ("webp", ".webp"):
        copy_files(first, notes, second)
        outcomes = program.lines("clip", *(["--convert", convert] if convert else []))
        pasted = files_of(paste(URI_LIST))
        assert [each["outcome"] for each in outcomes] == ["compressed"] * 2
        assert pasted[1] == notes
        assert [path.name for path in (pasted[0], pasted[2])] == [f"same name{suffix}"] * 2
        assert [str(path) for path in (pasted[0], pasted[2])] == [each["output"] for each in outcomes]
        assert all(path.stat().st_size < len(before) for path in pasted)
        kept = [path for path in (program.home / "state" / "clipboard").rglob("*") if path.is_file()]
        assert sorted(kept) == sorted([pasted[0], pasted[2]]), "the copies of the last time are gone"
    assert first.read_bytes() == before


@pytest.mark.slow
def test_what_was_asked_and_cannot_be_done_is_no_success(program: Program, tmp_path: Path) -> None:
    copy("image/jpeg", jpeg(1))
    assert "cannot be made that small" in program.run("clip", "--fit-under", "1 KB", code=1)
    assert paste("image/jpeg") == jpeg(1)
    copy_files(write(tmp_path / "a.jpg", b"no picture"))
    assert "not an image" in program.run("clip", code=1)


def test_without_a_picture_it_says_so(program: Program, tmp_path: Path) -> None:
    command = program.command("clip")
    copy_files(tmp_path / "gone.jpg", tmp_path)
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, env=program.environment, timeout=60)
        assert (done.returncode, done.stdout) == (1, b"")
        assert b"there is no picture on the clipboard" in done.stderr
        copy("UTF8_STRING", b"words")


@pytest.mark.slow
def test_the_entry_in_the_trays_menu_does_it_and_says_what_came_of_it(tmp_path: Path) -> None:
    notices: list[Notice] = []
    nothing = cast(Any, None)
    context = ActionContext(
        socket=tmp_path / "socket",
        settings_file=tmp_path / "settings.toml",
        report=tmp_path / "report.html",
        opener=nothing,
        notify=notices.append,
        set_autostart=nothing,
        refresh=nothing,
        end=nothing,
    )
    copy("image/png", png(1))
    run_action(CompressCopied(), context)
    assert notices[-1].title == "The copied picture is smaller"
    assert len(paste("image/png")) < len(png(1))
    run_action(CompressCopied(), context)
    assert notices[-1].title == "The clipboard is as it was"
    copy("UTF8_STRING", b"words")
    with pytest.raises(ServiceError, match="there is no picture on the clipboard"):
        run_action(CompressCopied(), context)
