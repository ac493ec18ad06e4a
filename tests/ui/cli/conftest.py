"""The command line in this process, with a daemon that keeps everything in memory."""

import contextlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from control.fake_service import FakeService
from homepress.base.paths import Paths
from homepress.control import Service, connect
from homepress.control.server import Server
from homepress.daemon.commands.connect import stopped_status
from homepress.ui.cli import main
from ui.cli.running import Ran, Run


@pytest.fixture
def paths(home: Path) -> Paths:
    found = Paths.from_environment()
    found.ensure()
    return found


@pytest.fixture
def run(paths: Paths, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def daemon(paths: Paths, service: FakeService) -> Iterator[FakeService]:
    """A daemon that answers on the socket."""
    server = Server(paths.socket, service)
    server.bind()
    server.start()
    yield service
    service.release.set()
    server.stop(grace=0)


@pytest.fixture(autouse=True)
def app(monkeypatch: pytest.MonkeyPatch, service: FakeService) -> types.ModuleType:
    """Stands in for the program behind the commands: the real one would lock pytest out of the network."""

    @contextlib.contextmanager
    def connect_or_local(paths: Paths, errand: object = None) -> Iterator[Service]:
        yield connect(paths.socket) or service

    fake = types.ModuleType("homepress.daemon.commands.connect")
    fake.prepare_client = lambda **_: service.asked.append("locked")  # type: ignore[attr-defined]  # a bare module
    fake.connect_or_local = connect_or_local  # type: ignore[attr-defined]
    fake.ConnectOptions = lambda **wanted: wanted  # type: ignore[attr-defined]
    fake.stopped_status = stopped_status  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "homepress.daemon.commands.connect", fake)
    return fake
