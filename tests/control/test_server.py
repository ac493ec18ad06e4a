"""Service and server over a real socket."""

import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from control.fake_service import FakeService
from homepress.control import Service, ServiceError, connect
from homepress.control.server import MAX_CLIENTS, Server
from homepress.control.service import CompressRequest, FolderRequest, OriginalsRequest, Status, UndoRequest
from homepress.control.transport import connect as open_channel
from support import full_path, wait_for


def test_every_plain_method_answers_as_the_service_does(client: Service, service: FakeService) -> None:
    assert client.ping() == os.getpid()
    client.pause(1234.5)
    assert service.paused_until == 1234.5
    assert client.status() == service.status()
    client.resume()
    assert not service.paused
    assert client.add_folder(FolderRequest(path="/p/Dropbox")).warnings
    assert client.status().folders[0].path == "/p/Dropbox"
    client.remove_folder("/p/Dropbox")
    assert [report.tried for report in client.check_folder("/p", 10)] == [0, 10]
    assert client.forget("/p/\udcff", None) == 3
    assert service.asked[-1] == ("/p/\udcff", None)
    client.stop()
    assert service.stopped.is_set()


def test_every_stream_gives_the_items_of_the_service(client: Service, service: FakeService) -> None:
    names = ["/p/a.jpg", "/p/tiny.png", "/p/broken.gif", "/p/\udcff.webp"]
    request = CompressRequest(paths=names, quality="safe")
    assert list(client.compress(request)) == list(FakeService().compress(request))
    assert service.asked == [request]
    undo = UndoRequest(paths=names, to="/q")
    assert list(client.undo(undo)) == list(FakeService().undo(undo))
    originals = OriginalsRequest(all=True, older_than_days=3.5)
    assert list(client.accept_originals(originals)) == list(FakeService().accept_originals(originals))
    assert list(client.verify_originals(originals)) == list(FakeService().verify_originals(originals))


def test_errors_keep_their_text_and_exit_code(client: Service) -> None:
    with pytest.raises(ServiceError, match="did you mean `quality`") as caught:
        client.reload()
    assert caught.value.exit_code == 2
    with pytest.raises(ServiceError, match="whole system") as caught:
        client.add_folder(FolderRequest(path=full_path("/")))
    assert caught.value.exit_code == 4


def test_a_defect_in_the_service_is_told_and_the_server_goes_on(
    client: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ServiceError, match=r"Internal error \(RuntimeError: a defect"):
        client.rescan()
    assert "a defect in the service" in caplog.text
    assert client.ping() == os.getpid()


def test_closing_a_stream_early_ends_the_work(client: Service, service: FakeService) -> None:
    stream = client.compress(CompressRequest(paths=[f"/p/{n}.jpg" for n in range(100_000)]))
    assert next(stream).path == "/p/0.jpg"
    assert not service.streams_closed.is_set()
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert service.streams_closed.wait(60)


def test_a_client_that_dies_ends_its_stream(
    client: Service, service: FakeService, socket_path: Path, tmp_path: Path
) -> None:
    code = """
import os, sys
from pathlib import Path
from homepress.control import connect
from homepress.control.service import CompressRequest
for outcome in connect(Path(sys.argv[1])).compress(CompressRequest(paths=["/p/a.jpg"] * 10_000)):
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code, socket_path], check=False)
    assert service.streams_closed.wait(60)
    assert client.ping() == os.getpid()


def test_more_paths_than_one_message_holds_are_sent_in_parts(client: Service, service: FakeService) -> None:
    names = [f"/p/{'x' * 200}/{n}.jpg" for n in range(10_000)]
    assert [outcome.path for outcome in client.compress(CompressRequest(paths=names))] == names
    assert len(service.asked) > 1
    with pytest.raises(ServiceError, match="too many paths"):
        list(client.undo(UndoRequest(paths=names, last=3)))


def test_too_long_a_single_name_is_refused_on_this_side(client: Service) -> None:
    with pytest.raises(ServiceError, match="too much") as caught:
        client.remove_folder("x" * (1 << 20))
    assert caught.value.exit_code == 2


def test_too_long_an_answer_is_an_error_not_a_hang(client: Service, service: FakeService) -> None:
    service.problems = ["x" * (1 << 20)]
    with pytest.raises(ServiceError, match="longer than"):
        client.status()
    assert client.ping()


def test_a_waiting_client_holds_up_nobody(client: Service, service: FakeService) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(client.wait(1, 60))) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert client.status().state == "idle"
    service.revision = 7
    service.release.set()
    for thread in threads:
        thread.join(60)
    assert answers == [7] * 5


def test_silent_clients_make_room_for_others(
    client: Service, socket_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("homepress.control.server._SILENT_SECONDS", 0.0)
    silent = [open_channel(socket_path) for _ in range(3 * MAX_CLIENTS)]
    assert all(silent)
    assert client.ping() == os.getpid()
    for channel in silent:
        assert channel is not None
        channel.close()


def test_when_all_are_being_served_a_newcomer_is_told_so(
    client: Service, server: Server, service: FakeService
) -> None:
    threads = [threading.Thread(target=client.wait, args=(1, 60)) for _ in range(MAX_CLIENTS)]
    for thread in threads:
        thread.start()

    sessions = server._sessions._open
    wait_for(lambda: sum(s.waiting_since is None for s in list(sessions)) == MAX_CLIENTS, what="full house")

    def turned_away() -> bool:
        try:
            client.ping()
        except ServiceError as error:
            return "programs are talking" in str(error)
        return False

    assert turned_away()
    service.release.set()
    for thread in threads:
        thread.join(60)
    assert wait_for(lambda: not turned_away() and client.ping(), what="an answer") == os.getpid()


def test_a_client_that_reads_nothing_blocks_no_other(client: Service, service: FakeService) -> None:
    stream = client.compress(CompressRequest(paths=["/p/a.jpg"] * 100_000))
    next(stream)  # and no more: the daemon's thread soon waits for room in the channel
    assert client.status().pid == os.getpid()
    assert len(list(itertools.islice(stream, 1000))) == 1000


def test_stopping_lets_a_running_call_finish(socket_path: Path, service: FakeService) -> None:
    server = Server(socket_path, service)
    server.bind()
    server.start()
    client = connect(socket_path)
    assert client is not None
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(client.wait(1, 60)))
    thread.start()
    wait_for(lambda: any(s.waiting_since is None for s in list(server._sessions._open)), what="the call")
    threading.Timer(0.2, service.release.set).start()
    server.stop(grace=20)
    thread.join(60)
    assert answers == [1]
    assert not socket_path.exists()
    assert connect(socket_path) is None


def test_stopping_hangs_up_on_who_does_not_finish(socket_path: Path, service: FakeService) -> None:
    server = Server(socket_path, service)
    server.bind()
    server.start()
    client = connect(socket_path)
    assert client is not None
    stream = client.compress(CompressRequest(paths=["/p/a.jpg", "/p/wait"]))
    next(stream)
    begun = time.monotonic()
    server.stop(grace=0)
    with pytest.raises(ServiceError, match="broke") as caught:
        next(stream)
    assert caught.value.exit_code == 3
    assert time.monotonic() - begun < 9, "it did not wait for the service"
    with pytest.raises(ServiceError, match="not running") as caught:
        client.ping()
    assert caught.value.exit_code == 3
    service.release.set()


def test_stop_without_start_and_twice(socket_path: Path, service: FakeService) -> None:
    server = Server(socket_path, service)
    server.stop()
    server.bind()
    server.stop()
    server.stop()
    assert connect(socket_path) is None


def test_a_status_can_be_all_that_the_type_says(client: Service, service: FakeService) -> None:
    service.problems = ["\udcff.jpg: no space left\nfree some"]
    assert msgspec.convert(msgspec.to_builtins(client.status()), Status).problems == service.problems
