"""A server on a real socket, with a service that keeps everything in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from control.fake_service import FakeService
from homepress.control import Service, connect
from homepress.control.server import Server


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "control.sock"


@pytest.fixture
def server(socket_path: Path, service: FakeService) -> Iterator[Server]:
    server = Server(socket_path, service)
    server.bind()
    server.start()
    yield server
    service.release.set()
    server.stop(grace=0)


@pytest.fixture
def client(server: Server, socket_path: Path) -> Service:
    client = connect(socket_path)
    assert client is not None
    return client
