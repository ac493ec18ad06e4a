"""Every process of a whole day under Python's audit hooks: which sockets it makes, which modules it loads."""

import sys
from collections import defaultdict
from pathlib import Path

import pytest

from privacy.test_no_network_code import NETWORK_MODULES
from system.day import Traced, at_a_desktop, live_a_day

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tells processes apart by /proc")

AUDIT = Path(__file__).with_name("audit")
SOCKET = {"socket", "_socket"}

MAY_LOAD = {
    "daemon": SOCKET | {"jeepney"},
    "tray": SOCKET | {"jeepney"},
    "window": SOCKET | {"jeepney"},
    "prove": SOCKET,
    "report": SOCKET | {"jeepney"},
    "other command": SOCKET,
}
"""Modules with which a network could be reached, by the process that may have them. Workers have none (see
`tests/privacy/test_no_network_code.py`); jeepney speaks to the session bus. The daemon only looks
whether there is one; it could not connect to it."""

AF_UNIX = "socket.__new__ 1"
BESIDES = ("socket.connect", "socket.bind", "socket.gethostname")
LOOPBACK = "('127.0.0.1', "


def kind_of(words: list[str]) -> str:
    if "homepress.ui.tray" in words:
        return "tray"
    command = words[words.index("homepress") + 1] if "homepress" in words else ""
    known = {"run": "daemon", "tray": "tray", "window": "window", "prove": "prove", "report": "report"}
    return known.get(command, "other command")


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What happened in a day, by kind of process."""
    folder = tmp_path_factory.mktemp("audited")
    audit, inbox = folder / "audit", folder / "inbox"
    audit.mkdir()
    inbox.mkdir()
    program = Traced(folder / "home")
    with at_a_desktop(program, folder):
        program.environment |= {
            "PYTHONPATH": str(AUDIT),
            "HOMEPRESS_AUDIT": str(audit),
            "HOMEPRESS_AUDIT_MODULES": " ".join(NETWORK_MODULES),
        }
        live_a_day(program, inbox, program)
    found: dict[str, set[str]] = defaultdict(set)
    for file in audit.iterdir():
        kind = ""
        for line in file.read_text("utf-8", "replace").splitlines():
            if line.startswith("process "):
                kind = kind_of(line.split())
            found[kind].add(line)
    return found


@pytest.mark.slow
def test_every_kind_of_process_was_watched(events: dict[str, set[str]]) -> None:
    assert set(events) == set(MAY_LOAD)
    for kind in ("daemon", "tray", "window", "other command"):
        assert AF_UNIX in events[kind], f"{kind} was not seen to make its own socket"


@pytest.mark.parametrize("kind", sorted(MAY_LOAD.keys() - {"prove"}))
def test_it_makes_local_sockets_only(events: dict[str, set[str]], kind: str) -> None:
    calls = {event for event in events[kind] if not event.startswith(("process ", "import "))}
    assert {call for call in calls if call.startswith("socket.__new__")} <= {AF_UNIX}
    others = {call for call in calls if call != AF_UNIX}
    assert not [call for call in others if not call.startswith(BESIDES)]
    assert not [call for call in others if " (" in call], "an address of a network is a tuple"


def test_the_proof_compares_on_this_computer_only(events: dict[str, set[str]]) -> None:
    addresses = [event for event in events["prove"] if " (" in event]
    assert addresses, "it connects to itself, to compare"
    assert all(LOOPBACK in event for event in addresses)


@pytest.mark.parametrize("kind", MAY_LOAD)
def test_it_loads_what_is_listed_and_nothing_more(events: dict[str, set[str]], kind: str) -> None:
    loaded = {event.removeprefix("import ") for event in events[kind] if event.startswith("import ")}
    assert loaded == MAY_LOAD[kind]
