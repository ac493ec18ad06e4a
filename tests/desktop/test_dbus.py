"""The connection to a message bus, against a real bus."""

import subprocess
import sys
import threading

import pytest

from desktop.buses import BUS, FakeProgram, private_bus
from homepress.desktop.dbus import Address, BusError, Call, Connection, Reply, Signal, session_address
from support import wait_for

OBJECT = "/test/Object"
INTERFACE = "test.Interface"


def test_a_call_gets_its_answer_while_others_wait_for_theirs(bus: str, connection: Connection) -> None:
    release = threading.Event()

    def slow(call: Call) -> Reply:
        release.wait(10)
        return Reply("s", (call.body[0],))

    program = FakeProgram(bus, "test.Program", OBJECT, {"Slow": slow})
    to = Address("test.Program", OBJECT, INTERFACE)
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(connection.call(to, "Slow", "s", ("later",))[0]))
    asking.start()
    wait_for(lambda: program.heard("Slow"))
    assert connection.call(BUS, "GetId")[0]
    release.set()
    asking.join(60)
    assert answers == ["later"]


def test_an_error_answer_is_raised_with_its_name(bus: str, connection: Connection) -> None:
    FakeProgram(bus, "test.Program", OBJECT, {})
    with pytest.raises(BusError) as caught:
        connection.call(Address("test.Program", OBJECT, INTERFACE), "Missing")
    assert caught.value.name == "org.freedesktop.DBus.Error.UnknownMethod"
    with pytest.raises(BusError) as caught:
        connection.call(Address("test.Program", "/no/such/object", INTERFACE), "Any")
    assert caught.value.name == "org.freedesktop.DBus.Error.UnknownObject"


def test_a_fault_in_an_object_is_told_to_the_caller_and_the_connection_goes_on(
    bus: str, connection: Connection
) -> None:
    def fault(call: Call) -> Reply:
        raise ZeroDivisionError("oh")

    FakeProgram(bus, "test.Program", OBJECT, {"Fault": fault, "Good": lambda _: Reply()})
    to = Address("test.Program", OBJECT, INTERFACE)
    with pytest.raises(BusError, match="ZeroDivisionError: oh"):
        connection.call(to, "Fault")
    assert connection.call(to, "Good") == ()


def test_who_does_not_answer_is_given_up(bus: str, connection: Connection) -> None:
    forever = threading.Event()

    def never(call: Call) -> Reply:
        forever.wait(5)
        return Reply()

    FakeProgram(bus, "test.Program", OBJECT, {"Never": never})
    with pytest.raises(BusError, match="does not answer"):
        connection.call(Address("test.Program", OBJECT, INTERFACE), "Never", timeout=0.1)
    forever.set()


def test_signals_reach_who_listens(bus: str, connection: Connection) -> None:
    heard: list[Signal] = []
    connection.listen(INTERFACE, "Told", heard.append)
    other = Connection(bus)
    other.emit(Signal(OBJECT, INTERFACE, "Told", ("news",)), "s")
    other.emit(Signal(OBJECT, INTERFACE, "Other", ("noise",)), "s")
    other.emit(Signal(OBJECT, INTERFACE, "Told", ("end",)), "s")
    wait_for(lambda: len(heard) == 2)
    assert [signal.body for signal in heard] == [("news",), ("end",)]
    other.close()


def test_the_end_of_the_bus_is_told_and_calls_that_wait_fail() -> None:
    ended = threading.Event()
    with private_bus() as address:
        connection = Connection(address)
        connection.on_closed(ended.set)
    assert ended.wait(60)
    with pytest.raises(BusError):
        connection.call(BUS, "GetId")


@pytest.mark.parametrize(
    "address", ["unix:path=/no/such/bus", "tcp:host=127.0.0.1,port=1", "nonsense", "unix:"]
)
def test_an_address_that_leads_nowhere_is_an_error_in_words(address: str) -> None:
    with pytest.raises(BusError):
        Connection(address)


@pytest.mark.slow
@pytest.mark.posix("sockets that are files")
def test_something_that_is_no_bus_is_an_error_and_no_hang(tmp_path) -> None:  # type: ignore[no-untyped-def]
    import socket

    path = tmp_path / "sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    with pytest.raises(BusError):
        Connection(f"unix:path={path}")
    listener.close()


@pytest.mark.posix("sockets that are files")
def test_the_session_bus_is_where_systemd_has_it_when_nobody_says(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    import socket

    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert session_address() is None
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "bus"))
    assert session_address() == f"unix:path={tmp_path}/bus"
    listener.close()


def test_without_a_bus_library_all_can_be_imported_and_there_is_no_bus() -> None:
    """As on macOS and Windows, which have none."""
    code = """
import sys
sys.modules["jeepney"] = None
from homepress.desktop import autostart, dbus, file_managers, notifications, opening, power
try:
    dbus.Connection("unix:path=/nowhere")
except dbus.BusError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "this system has no message bus\n"
