"""Folders and pictures are opened by others, never by a child of ours that would inherit the lock."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.buses import FakeProgram, private_bus
from homepress.base.files import file_uri
from homepress.desktop.dbus import Call, Connection, Reply
from homepress.desktop.macos import LaunchServicesOpener
from homepress.desktop.opening import BusOpener, NotOpened
from homepress.desktop.windows import ShellOpener
from support import REPOSITORY, wait_for

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="opening on Linux")

# A file manager that notes how it was started: its parent, and what the kernel refuses to it.
_FILE_MANAGER = """
import json, os, socket, sys
sys.path[:0] = {path!r}
from homepress.desktop.dbus import Address, Connection, Reply, session_address
bus = Connection(session_address())
def answer(call):
    state = dict(line.split(":", 1) for line in open("/proc/self/status"))
    try:
        socket.socket(socket.AF_INET).close()
        network = "free"
    except OSError:
        network = "locked"
    ancestors, pid = [], os.getpid()
    while pid > 1:
        try:
            pid = int(open(f"/proc/{{pid}}/stat").read().rsplit(")", 1)[1].split()[1])
        except FileNotFoundError:  # the bus's helper has just ended: there is another parent now
            pid = os.getpid()
            continue
        ancestors.append(pid)
    seen = {{"ancestors": ancestors, "seccomp": state["Seccomp"].strip()}}
    seen |= {{"network": network, "uris": call.body[0]}}
    with open({out!r} + ".new", "w") as file:
        json.dump(seen, file)
    os.rename({out!r} + ".new", {out!r})
    return Reply()
bus.serve("/org/freedesktop/FileManager1", answer)
name = "org.freedesktop.DBus"
to = Address(name, "/org/freedesktop/DBus", name)
bus.call(to, "RequestName", "su", ("org.freedesktop.FileManager1", 4))
bus.closed.wait(30)
"""

_LOCKED_OPENER = """
import os, sys
from pathlib import Path
from homepress import privacy
privacy.lock_client()
from homepress.desktop.dbus import Connection, session_address
from homepress.base.files import file_uri
from homepress.desktop.opening import BusOpener
BusOpener(Connection(session_address())).folder(Path(sys.argv[1]))
print(os.getpid(), open("/proc/self/status").read().split("Seccomp:")[1].split()[0])
"""


@linux
def test_a_file_manager_that_is_opened_is_not_our_child_and_not_locked(tmp_path: Path) -> None:
    out = tmp_path / "seen.json"
    program = tmp_path / "file-manager"
    path = [str(REPOSITORY / "daemon"), *sys.path]
    program.write_text(_FILE_MANAGER.format(path=path, out=str(out)))
    services = tmp_path / "share" / "dbus-1" / "services"
    services.mkdir(parents=True)
    (services / "manager.service").write_text(
        # Not the script itself: a file that was just written may still be open for writing in a child
        # that another thread forked meanwhile, and is then refused (ETXTBSY, execve(2)).
        f"[D-BUS Service]\nName=org.freedesktop.FileManager1\nExec={sys.executable} {program}\n"
    )
    with private_bus({"XDG_DATA_HOME": str(tmp_path / "share"), "HOME": str(tmp_path)}) as address:
        environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": address}
        done = subprocess.run(
            [sys.executable, "-c", _LOCKED_OPENER, str(tmp_path)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        opener, seccomp = map(int, done.stdout.split())
        seen = json.loads(wait_for(lambda: out.exists() and out.read_text(), what="the file manager"))
    assert seccomp == 2, "the opener itself is locked"
    assert seen["uris"] == [tmp_path.as_uri()]
    assert opener not in seen["ancestors"]
    assert seen["network"] == "free"
    own = Path("/proc/self/status").read_text().split("Seccomp:")[1].split()[0]
    assert seen["seccomp"] == own


def test_nothing_in_the_tray_starts_other_programs() -> None:
    """Only `processes` starts any, and those are ours."""
    package = REPOSITORY / "daemon" / "homepress"
    for file in [
        *(package / "ui" / "tray").rglob("*.py"),
        *(package / "desktop" / "opening").glob("linux.py"),
    ]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in getattr(node, "names", []) if isinstance(node, ast.Import)]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {"subprocess", "webbrowser", "pty"} & set(names), file


@linux
def test_the_portal_gets_an_open_file_where_no_file_manager_answers(
    bus: str, connection: Connection, tmp_path: Path
) -> None:
    read: list[bytes] = []

    def opened(call: Call) -> Reply:
        with call.body[1].to_file("rb") as file:
            read.append(file.read())
        return Reply("o", ("/request",))

    portal = FakeProgram(
        bus, "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", {"OpenFile": opened}
    )
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"pixels")
    BusOpener(connection).file(path, "token")
    assert read == [b"pixels"]
    assert portal.heard("OpenFile")[0].body[2] == {"activation_token": ("s", "token")}


@linux
def test_where_nothing_opens_it_that_is_said(connection: Connection, tmp_path: Path) -> None:
    for act in (BusOpener(connection).folder, BusOpener(connection).file):
        with pytest.raises(NotOpened, match="cannot be opened"):
            act(tmp_path)
    with pytest.raises(NotOpened, match="No such file"):
        BusOpener(connection).file(tmp_path / "gone.jpg")


@pytest.mark.posix("paths and URIs of POSIX")
def test_uris_of_any_name() -> None:
    assert file_uri(Path("/a b/#1 100%.jpg")) == "file:///a%20b/%231%20100%25.jpg"
    assert file_uri(Path(os.fsdecode(b"/\xff.jpg"))) == "file:///%FF.jpg"


def test_macos_hands_over_to_launch_services() -> None:
    ran: list[list[str]] = []
    opener = LaunchServicesOpener(lambda command: len(ran.append(list(command)) or []))
    opener.folder(Path("/a b"))
    opener.reveal([Path("/a/1.jpg"), Path("/a/-2.jpg")])
    files = [str(Path("/a/1.jpg")), str(Path("/a/-2.jpg"))]
    assert ran == [["/usr/bin/open", str(Path("/a b"))], ["/usr/bin/open", "-R", *files]]
    with pytest.raises(NotOpened):
        LaunchServicesOpener(lambda _: 1).file(Path("/gone"))


def test_windows_hands_over_to_the_shell() -> None:
    started: list[str] = []
    explored: list[str] = []
    opener = ShellOpener(started.append, explored.append)
    opener.folder(Path("/a b"))
    opener.reveal([Path("/a, b/1.jpg")])
    assert started == [str(Path("/a b"))]
    assert explored == [f'explorer.exe /select,"{Path("/a, b/1.jpg")}"']


def test_words_are_quoted_for_the_shell_of_this_system(monkeypatch: pytest.MonkeyPatch) -> None:
    from homepress.base.system_errors import shell_word

    monkeypatch.setattr(sys, "platform", "linux")
    assert (shell_word("/a"), shell_word("/a b"), shell_word("it's")) == ("/a", "'/a b'", "'it'\"'\"'s'")
    monkeypatch.setattr(sys, "platform", "win32")
    assert shell_word(r"C:\Users\ada\Pictures") == r"C:\Users\ada\Pictures"
    assert shell_word(r"C:\Users\ada\My Pictures") == r'"C:\Users\ada\My Pictures"'
    assert shell_word("a&b") == '"a&b"'
