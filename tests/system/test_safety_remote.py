"""Folders on another computer, over SSH: no leases, no exchange, inode numbers that are made up."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import THIS_MACHINE_CANNOT, wait_for
from system.pictures import jpeg, write
from system.program import Program

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts as Linux does"),
]

_SERVER = """Port {port}
ListenAddress 127.0.0.1
HostKey {keys}/host
AuthorizedKeysFile {keys}/user.pub
StrictModes no
PidFile none
Subsystem sftp internal-sftp
UsePAM no
"""
_CLIENT = "StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null"


@dataclass(frozen=True)
class Remote:
    """A folder of another computer: where it is there, and where it is mounted here."""

    there: Path
    here: Path


def _run(*command: str | Path) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def _server(keys: Path, port: int) -> Iterator[None]:
    """An SSH server of our own, until the block ends."""
    daemon = shutil.which("sshd", path="/usr/sbin:/usr/bin")
    if daemon is None or shutil.which("sshfs") is None:
        pytest.skip("sshd or sshfs is not installed")
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / name], check=True)
    settings = keys / "settings"
    settings.write_text(_SERVER.format(port=port, keys=keys))
    with subprocess.Popen([daemon, "-D", "-f", settings], stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    """A folder mounted by sshfs."""
    there, here, keys = (tmp_path / name for name in ("there", "here", "keys"))
    for folder in (there, here, keys):
        folder.mkdir(mode=0o700)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = f"IdentityFile={keys / 'user'},{_CLIENT}"
    command = ("sshfs", "-p", str(port), "-o", options, f"root@127.0.0.1:{there}", here)
    with _server(keys, port):
        if not Path("/dev/fuse").exists():
            pytest.skip(f"{THIS_MACHINE_CANNOT} mount file systems of programs")
        wait_for(lambda: _run(*command), within=30, what="the server to answer")
        try:
            yield Remote(there, here)
        finally:
            _run("umount", "-l", here)


@pytest.mark.slow
def test_a_picture_on_another_computer_is_replaced_once_and_comes_back(
    program: Program, remote: Remote
) -> None:
    inbox = remote.here / "inbox"
    inbox.mkdir()
    program.watch(inbox)
    program.start()
    path = write(inbox / "a.jpg", jpeg(1, size=(400, 300)))
    before = path.read_bytes()
    result = remote.there / "inbox" / "a.jpg"
    wait_for(lambda: program.lines("history"), within=90, what="the result")
    program.wait_idle()
    assert 0 < result.stat().st_size < len(before)
    (entry,) = program.lines("history")
    assert (entry["outcome"], entry["path"]) == ("compressed", str(path))
    assert os.listdir(result.parent) == ["a.jpg"]
    (folder,) = program.status()["folders"]
    assert (folder["mode"], folder["problem"]) == ("replace", "")
    program.run("undo", str(path))
    assert result.read_bytes() == before
    assert os.listdir(result.parent) == ["a.jpg"]
