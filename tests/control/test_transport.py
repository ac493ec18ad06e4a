"""The socket itself: who may use it, what a broken or hostile peer can do."""

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from control.fake_service import FakeService
from homepress.control import Service, ServiceError, UnsafeAddressError, connect
from homepress.control.server import Server
from homepress.control.transport import ChannelError, ChannelTimeoutError, listen, posix
from homepress.control.transport import connect as open_channel


def raw(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(20)
    connection.connect(str(path))
    return connection


def frame(value: object) -> bytes:
    data = json.dumps(value).encode()
    return struct.pack(">I", len(data)) + data


def read_frame(connection: socket.socket) -> dict[str, object]:
    with connection.makefile("rb") as file:
        (length,) = struct.unpack(">I", file.read(4))
        answer: dict[str, object] = json.loads(file.read(length))
        return answer


def test_the_socket_is_ours_alone(server: Server, socket_path: Path) -> None:
    assert socket_path.is_socket()
    assert socket_path.stat().st_mode & 0o777 == 0o600
    assert socket_path.parent.stat().st_mode & 0o777 == 0o700


def test_nobody_there(tmp_path: Path) -> None:
    assert connect(tmp_path / "missing" / "sock") is None
    (tmp_path / "run").mkdir(mode=0o700)
    assert connect(tmp_path / "run" / "sock") is None


def test_a_socket_left_by_a_killed_daemon_is_nobody_and_is_replaced(socket_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from homepress.control.transport import listen
listen(Path(sys.argv[1]))
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code, socket_path], check=False)
    assert socket_path.is_socket()
    assert connect(socket_path) is None
    server = Server(socket_path, FakeService())
    server.bind()
    server.start()
    client = connect(socket_path)
    assert client is not None
    assert client.ping() == os.getpid()
    server.stop()


def test_a_folder_open_to_others_is_refused_by_both_sides(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o750)
    with pytest.raises(UnsafeAddressError, match="chmod 700"):
        listen(tmp_path / "run" / "sock")
    assert not (tmp_path / "run" / "sock").exists()
    with pytest.raises(ServiceError, match="chmod 700") as caught:
        connect(tmp_path / "run" / "sock")
    assert caught.value.exit_code == 4


@pytest.mark.root
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    os.chown(tmp_path / "run", 12345, 12345)
    with pytest.raises(UnsafeAddressError, match="another user"):
        listen(tmp_path / "run" / "sock")
    with pytest.raises(UnsafeAddressError, match="another user"):
        open_channel(tmp_path / "run" / "sock")


@pytest.mark.root
def test_another_users_process_is_hung_up_on() -> None:
    code = """
import os, socket, sys
os.setgid(12345); os.setuid(12345)
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.settimeout(20)
try:
    connection.sendall(b'\\0\\0\\0\\7{"v":1}')
    print(connection.recv(100))
except (ConnectionResetError, BrokenPipeError):
    print(b"")
"""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder, "sock")
        server = Server(path, FakeService())
        server.bind()
        server.start()
        # The file modes would stop it already; opened up, the check of the peer has to.
        os.chmod(folder, 0o755)
        path.chmod(0o666)
        run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
        assert run.stdout == "b''\n", run.stderr
        os.chmod(folder, 0o700)
        client = connect(path)
        assert client is not None
        assert client.ping() == os.getpid()
        server.stop()


def test_another_version_is_told_what_to_do(server: Server, socket_path: Path) -> None:
    with raw(socket_path) as connection:
        connection.sendall(frame({"v": 2}))
        answer = read_frame(connection)
        assert answer["answer"] == "failure"
        assert "speaks version 1" in str(answer["text"])
        assert connection.recv(1) == b""


def test_a_client_understands_the_refusal_of_another_daemon(
    server: Server, socket_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("homepress.control.client.VERSION", 2)
    with pytest.raises(ServiceError, match="restart it") as caught:
        connect(socket_path)
    assert caught.value.exit_code == 2


def test_an_unknown_method_is_refused_and_the_conversation_goes_on(server: Server, socket_path: Path) -> None:
    with raw(socket_path) as connection:
        connection.sendall(frame({"v": 1}))
        assert read_frame(connection)["answer"] == "welcome"
        connection.sendall(frame({"method": "__init__"}))
        answer = read_frame(connection)
        assert (answer["answer"], answer["exit_code"]) == ("failure", 2)
        assert "__init__" in str(answer["text"])
        connection.sendall(frame({"method": "ping"}))
        assert read_frame(connection) == {"answer": "result", "value": os.getpid()}


@pytest.mark.parametrize("length", [(1 << 20) + 1, 0xFFFFFFFF])
def test_too_long_a_frame_ends_the_conversation(server: Server, socket_path: Path, length: int) -> None:
    with raw(socket_path) as connection:
        connection.sendall(frame({"v": 1}))
        read_frame(connection)
        connection.sendall(struct.pack(">I", length))
        assert connection.recv(1) == b""


def test_half_a_frame_times_out(socket_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posix, "FRAME_SECONDS", 0.1)
    acceptor = listen(socket_path)
    with raw(socket_path) as connection:
        channel = acceptor.accept()
        assert channel is not None
        with pytest.raises(ChannelTimeoutError):
            channel.receive(0.05)
        connection.sendall(b"\0\0")
        with pytest.raises(ChannelTimeoutError):
            channel.receive()
        channel.interrupt()
        with pytest.raises(ChannelError):
            channel.receive()
        with pytest.raises(ChannelError):
            channel.send(b"x")
        channel.close()
    acceptor.stop()
    assert acceptor.accept() is None
    acceptor.close()


def test_a_daemon_that_does_not_answer_is_told_from_none(
    socket_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("homepress.control.client._ANSWER_SECONDS", 0.1)
    acceptor = listen(socket_path)
    with pytest.raises(ServiceError, match="does not answer") as caught:
        connect(socket_path)
    assert caught.value.exit_code == 3
    acceptor.close()


pieces = st.lists(
    st.binary(max_size=40)
    | st.binary(max_size=40).map(lambda data: struct.pack(">I", len(data)) + data)
    | st.sampled_from([frame({"v": 1}), frame({"method": "ping"}), frame({"method": "status", "x": [{}]})]),
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=pieces, greet=st.booleans(), hang_up_first=st.booleans())
def test_whatever_is_sent_the_server_lives(
    client: Service, socket_path: Path, pieces: list[bytes], greet: bool, hang_up_first: bool
) -> None:
    with raw(socket_path) as connection:
        try:
            if greet:
                connection.sendall(frame({"v": 1}))
            for piece in pieces:
                connection.sendall(piece)
            if not hang_up_first:
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert client.ping() == os.getpid()


def test_macos_reads_the_user_from_its_own_structure() -> None:
    class Answering:
        def __init__(self, answer: bytes) -> None:
            self.answer = answer

        def getsockopt(self, level: int, option: int, length: int) -> bytes:
            assert (level, option, length) == (0, 1, 76)
            return self.answer

    def ask(answer: bytes) -> int:
        return posix._macos_uid(Answering(answer))  # type: ignore[arg-type]  # stands in for a socket

    assert ask(struct.pack("=IIhh16I", 0, 501, 1, 0, *range(16))) == 501
    with pytest.raises(OSError, match="version 9"):
        ask(struct.pack("=IIhh16I", 9, 0, 1, 0, *range(16)))
    with pytest.raises(OSError, match="too short"):
        ask(b"\0\0")
