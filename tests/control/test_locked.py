"""The server in a process that has locked itself out of every socket but the listener it made before."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from homepress.control import connect
from homepress.control.service import CompressRequest
from support import REPOSITORY, wait_for

DAEMON = """
import socket, sys
from pathlib import Path
from control.fake_service import FakeService
from homepress.control.server import Server
from homepress.privacy import lock_daemon
service = FakeService()
server = Server(Path(sys.argv[1]), service)
server.bind()
lock_daemon(Path(sys.argv[1]))
try:
    socket.socket(socket.AF_UNIX)
except OSError as error:
    print("no new socket", flush=True)
server.start()
service.stopped.wait(60)
server.stop()
print("stopped", flush=True)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux refuses AF_UNIX too")
def test_a_locked_daemon_answers_and_stops(socket_path: Path) -> None:
    daemon = subprocess.Popen(
        [sys.executable, "-c", DAEMON, socket_path],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(REPOSITORY / "tests")},
    )
    try:
        client = wait_for(lambda: connect(socket_path), what="the daemon")
        assert client.ping() == daemon.pid
        assert client.status().pid == daemon.pid
        assert len(list(client.compress(CompressRequest(paths=["/p/a.jpg"] * 50)))) == 50
        client.stop()
        output, _ = daemon.communicate(timeout=60)
    finally:
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
    assert output == "no new socket\nstopped\n"
    assert connect(socket_path) is None
