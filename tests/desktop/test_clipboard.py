"""The clipboard, with another program's: xclip on an X server, and stand-ins for other systems'."""

import io
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from homepress.base.files import file_uri
from homepress.desktop.clipboard import (
    GNOME_FILES,
    URI_LIST,
    Clipboard,
    ClipboardError,
    Copied,
    WlClipboard,
    best_of,
    clipboard,
    files_of,
    offers_of,
)
from homepress.desktop.macos import Pasteboard
from homepress.desktop.windows_clipboard import CF_DIB, CF_DIBV5, WindowsClipboard, bitmap_file, dropped
from homepress.desktop.windows_clipboard import files_of as dropped_files
from support import wait_for
from system.pictures import jpeg, png
from system.screen import screen

NO_UTF8 = () if sys.platform == "win32" else (os.fsdecode(b"no-utf8-\xff.jpg"),)
STRANGE = ("a.jpg", "with space & %41.png", "umlaut-ä.jpg", "写真.png", *NO_UTF8)
needs_x = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11's clipboard"),
    pytest.mark.skipif(
        not (shutil.which("Xvfb") and shutil.which("xclip")), reason="needs Xvfb and xclip to copy and paste"
    ),
]


@pytest.mark.posix("lists of URIs on the clipboard")
@pytest.mark.parametrize("kind", [URI_LIST, GNOME_FILES])
def test_files_are_read_as_they_are_written(kind: str) -> None:
    files = tuple(Path("/some/where", name) for name in STRANGE)
    assert files_of(offers_of(Copied(files))[kind]) == files


def test_files_of_other_computers_and_other_schemes_are_none_of_ours() -> None:
    listed = b"# a remark\r\nhttps://example.org/a.jpg\r\nfile://other/b.jpg\r\nfile:///c.jpg\r\nfile://\r\n"
    assert files_of(listed) == (Path("/c.jpg"),)


def test_files_go_before_pictures_and_pixels_before_what_was_made_of_them() -> None:
    assert best_of(["image/jpeg", "image/png", "text/html"]) == "image/png"
    assert best_of(["image/png", URI_LIST]) == URI_LIST
    assert best_of(["image/jpeg"]) == "image/jpeg"
    assert best_of(["text/plain"]) == ""


def test_a_picture_is_offered_as_what_it_is() -> None:
    assert list(offers_of(Copied(picture=jpeg(1)))) == ["image/jpeg"]
    assert list(offers_of(Copied(picture=png(1)))) == ["image/png"]


# -- X11


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with screen() as name:
        yield name


@pytest.fixture
def x11(display: str, monkeypatch: pytest.MonkeyPatch) -> Clipboard:
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return clipboard()


def copy(kind: str, data: bytes) -> None:
    """As another program. It ends before the X server has heard of it."""
    command = ["xclip", "-selection", "clipboard", "-t", kind]
    subprocess.run(command, input=data, check=True, timeout=60, stdout=subprocess.DEVNULL)
    wait_for(lambda: paste(kind) == data, what="it to be on the clipboard")


def paste(kind: str) -> bytes:
    """As another program; nothing where it cannot be had."""
    command = ["xclip", "-selection", "clipboard", "-o", "-t", kind]
    return subprocess.run(command, timeout=60, capture_output=True, check=False).stdout


class TestX11:
    pytestmark = needs_x

    @pytest.mark.parametrize("size", [1, 70_000, 300_000, 5_000_000])
    def test_what_another_program_copied_is_read(self, x11: Clipboard, size: int) -> None:
        data = jpeg(1) + os.urandom(size)
        copy("image/jpeg", data)
        assert x11.read() == Copied(picture=data)

    def test_files_are_read(self, x11: Clipboard) -> None:
        files = tuple(Path("/some", name) for name in STRANGE)
        copy(URI_LIST, "".join(f"{file_uri(path)}\r\n" for path in files).encode())
        assert x11.read() == Copied(files)

    def test_text_is_nothing_of_ours(self, x11: Clipboard) -> None:
        copy("UTF8_STRING", b"words")
        assert x11.read() == Copied()

    @pytest.mark.parametrize("size", [1, 199_000, 400_000, 5_000_000])
    def test_what_is_put_can_be_pasted_by_another_program_again_and_again(
        self, x11: Clipboard, size: int
    ) -> None:
        data = jpeg(1) + os.urandom(size)
        x11.put(Copied((Path("/a b.jpg"),), data))
        assert set(paste("TARGETS").decode().split()) >= {"TARGETS", "image/jpeg", URI_LIST, GNOME_FILES}
        for _ in range(2):
            assert paste("image/jpeg") == data
        assert paste(URI_LIST) == b"file:///a%20b.jpg\r\n"
        assert x11.read() == Copied((Path("/a b.jpg"),))

    def test_the_process_that_stays_ends_when_another_program_copies(self, x11: Clipboard) -> None:
        before = set(children())
        x11.put(Copied(picture=png(1)))
        (stays,) = set(children()) - before
        copy("UTF8_STRING", b"words")
        wait_for(lambda: os.waitpid(stays, os.WNOHANG)[0] == stays, what="its end")

    def test_a_display_that_is_not_there_is_said(self) -> None:
        from homepress.desktop.x11_clipboard import X11Clipboard

        gone = X11Clipboard(":987")
        with pytest.raises(ClipboardError, match=":987"):
            gone.read()
        with pytest.raises(ClipboardError, match=":987"):
            gone.put(Copied(picture=png(1)))


def children() -> list[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="where sessions may have no display")
def test_without_a_display_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ClipboardError, match="no display"):
        clipboard()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with pytest.raises(ClipboardError, match="install wl-clipboard"):
        clipboard()


# -- Wayland, whose programs a script stands in for: it keeps what is copied in a folder


WL_PASTE = """#!/bin/sh
case "$1" in
--list-types) ls "{folder}" | tr _ / ;;
--no-newline) cat "{folder}/$(echo "$3" | tr / _)" ;;
esac
"""
WL_COPY = """#!/bin/sh
rm -f "{folder}"/*
exec cat > "{folder}/$(echo "$2" | tr / _)"
"""


@pytest.fixture
def wayland(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder, programs = tmp_path / "copied", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    for name, script in (("wl-paste", WL_PASTE), ("wl-copy", WL_COPY)):
        (programs / name).write_text(script.format(folder=folder))
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    return folder


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Wayland")
class TestWayland:
    def test_its_programs_go_before_x(self, wayland: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DISPLAY", ":0")
        assert isinstance(clipboard(), WlClipboard)

    def test_pictures_and_files_go_through_them(self, wayland: Path) -> None:
        own = clipboard()
        assert own.read() == Copied()
        (wayland / "image_png").write_bytes(png(1))
        (wayland / "text_html").write_bytes(b"<img>")
        assert own.read() == Copied(picture=png(1))
        own.put(Copied(picture=jpeg(2)))
        assert own.read() == Copied(picture=jpeg(2))
        own.put(Copied((Path("/a b.jpg"), Path("/c.png"))))
        assert own.read() == Copied((Path("/a b.jpg"), Path("/c.png")))

    def test_one_that_refuses_is_said(self, wayland: Path) -> None:
        (wayland.parent / "bin" / "wl-copy").write_text("#!/bin/sh\nexit 1\n")
        with pytest.raises(ClipboardError, match="wl-copy"):
            clipboard().put(Copied(picture=png(1)))


# -- Windows and macOS


class FakeWindows:
    """Keeps data by format."""

    def __init__(self) -> None:
        self.kinds: dict[int | str, bytes] = {}

    def get(self, kind: int | str) -> bytes | None:
        return self.kinds.get(kind)

    def set(self, kinds: Mapping[int | str, bytes]) -> None:
        self.kinds = dict(kinds)


class TestWindows:
    def test_pictures_and_files_come_back_as_they_were_put(self) -> None:
        system = FakeWindows()
        own = WindowsClipboard(system)
        assert own.read() == Copied()
        own.put(Copied(picture=png(1)))
        assert system.kinds == {"PNG": png(1)}
        assert own.read() == Copied(picture=png(1))
        files = (Path("C:/a b.jpg"), Path("C:/写真.png"))
        own.put(Copied(files, jpeg(1)))
        assert system.kinds["JFIF"] == jpeg(1)
        assert own.read() == Copied(files), "files go first"

    def test_the_names_of_files_lie_as_explorer_has_them(self) -> None:
        data = dropped([Path("a.jpg"), Path("b.jpg")])
        assert data[:20] == bytes([20, *[0] * 15, 1, 0, 0, 0])
        assert data[20:] == "a.jpg\0b.jpg\0\0".encode("utf-16-le")
        assert dropped_files(data + b"rubbish behind its end") == (Path("a.jpg"), Path("b.jpg"))
        assert dropped_files(b"short") == ()

    @pytest.mark.parametrize("mode", ["RGB", "P", "1", "L"])
    @pytest.mark.parametrize("kind", [CF_DIB, CF_DIBV5])
    def test_a_bitmap_becomes_a_file_that_can_be_read(self, mode: str, kind: int) -> None:
        picture = Image.open(io.BytesIO(jpeg(1, (40, 30)))).convert(mode)
        saved = io.BytesIO()
        picture.save(saved, "BMP")
        system = FakeWindows()
        system.kinds = {kind: saved.getvalue()[14:]}
        read = WindowsClipboard(system).read().picture
        assert read == saved.getvalue()

    def test_the_masks_of_colours_lie_between_header_and_pixels(self) -> None:
        header = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 32, 3, 0, 0, 0, 0, 0)
        masks = struct.pack("<III", 0xFF0000, 0xFF00, 0xFF)
        made = bitmap_file(header + masks + bytes([1, 2, 3, 0, 4, 5, 6, 0]))
        assert Image.open(io.BytesIO(made)).convert("RGB").tobytes() == bytes([3, 2, 1, 6, 5, 4])
        assert bitmap_file(b"short") == b""

    def test_one_that_another_program_has_open_is_said(self) -> None:
        class Open(FakeWindows):
            def get(self, kind: int | str) -> bytes | None:
                raise OSError("another program has it open")

        with pytest.raises(ClipboardError, match="another program"):
            WindowsClipboard(Open()).read()


class FakeAppKit:
    """NSPasteboard, NSURL and NSData, as far as they are used."""

    NSPasteboardURLReadingFileURLsOnlyKey = "only files"

    def __init__(self) -> None:
        self.NSURL = self.NSData = self.NSPasteboard = self
        self.urls: list[Path] = []
        self.data: dict[str, bytes] = {}

    def generalPasteboard(self) -> "FakeAppKit":  # noqa: N802  Apple's name, as those below
        return self

    def clearContents(self) -> None:  # noqa: N802
        self.urls, self.data = [], {}

    def readObjectsForClasses_options_(self, classes: object, options: object) -> list[object]:  # noqa: N802
        assert options == {"only files": True}
        return [SimpleNamespace(path=lambda path=path: str(path)) for path in self.urls]

    def fileURLWithPath_(self, path: str) -> Path:  # noqa: N802
        return Path(path)

    def writeObjects_(self, urls: list[Path]) -> bool:  # noqa: N802
        self.urls = urls
        return True

    def dataWithBytes_length_(self, data: bytes, length: int) -> bytes:  # noqa: N802
        return data[:length]

    def setData_forType_(self, data: bytes, kind: str) -> bool:  # noqa: N802
        self.data[kind] = data
        return kind != "public.jpeg"

    def dataForType_(self, kind: str) -> bytes | None:  # noqa: N802
        return self.data.get(kind)


class TestMacos:
    def test_pictures_and_files_come_back_as_they_were_put(self) -> None:
        appkit = FakeAppKit()
        own = Pasteboard(appkit)
        assert own.read() == Copied()
        own.put(Copied(picture=png(1)))
        assert appkit.data == {"public.png": png(1)}
        appkit.data["public.tiff"] = b"what macOS makes of it"
        assert own.read() == Copied(picture=png(1))
        files = (Path("/a b.jpg"), Path("/写真.png"))
        own.put(Copied(files))
        assert own.read() == Copied(files)

    def test_what_is_not_taken_is_said(self) -> None:
        with pytest.raises(ClipboardError, match="does not take it"):
            Pasteboard(FakeAppKit()).put(Copied(picture=jpeg(1)))
