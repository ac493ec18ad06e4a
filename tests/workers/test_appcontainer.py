"""Processes in an AppContainer: what Windows is asked for. How they run: tests/windows."""

import ctypes
import subprocess
from pathlib import Path
from typing import Any

import pytest

from homepress.workers import appcontainer, windows
from homepress.workers.appcontainer import Container, NoContainer, environment_block, folders

EXISTS, ACCESS_DENIED = 0x800700B7, 0x80070005
SID = 0x1234


class System:
    """Windows' libraries as documented, with what they were asked for."""

    def __init__(self, create: int) -> None:
        self.asked: list[str] = []
        self._create = create

    def CreateAppContainerProfile(self, name: str, *rest: Any) -> int:  # noqa: N802
        self.asked.append(f"create {name}")
        _, _, capabilities, count, place = rest
        assert (capabilities, count) == (None, 0)
        place._obj.value = None if self._create else SID
        return self._create - (1 << 32) if self._create else 0  # an HRESULT has a sign

    def DeriveAppContainerSidFromAppContainerName(self, name: str, place: Any) -> int:  # noqa: N802
        self.asked.append(f"derive {name}")
        place._obj.value = SID
        return 0

    def DeleteAppContainerProfile(self, name: str) -> int:  # noqa: N802
        self.asked.append(f"delete {name}")
        return 0

    def ConvertSidToStringSidW(self, sid: ctypes.c_void_p, place: Any) -> int:  # noqa: N802
        assert sid.value == SID
        place._obj.value = "S-1-15-2-7"
        return 1


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The access lists that are changed."""
    found: list[tuple[str, ...]] = []

    def run(command: tuple[Any, ...], **_: Any) -> subprocess.CompletedProcess[bytes]:
        assert Path(command[0]).name == "icacls.exe"
        found.append(tuple(map(str, command[1:])))
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(subprocess, "run", run)
    return found


def install(monkeypatch: pytest.MonkeyPatch, system: object) -> None:
    monkeypatch.setattr(ctypes, "WinDLL", lambda *_, **__: system, raising=False)


@pytest.mark.parametrize(
    ("create", "asked"),
    [(0, ["create"]), (EXISTS, ["create", "derive"])],
    ids=["the first time", "afterwards"],
)
def test_a_container_is_made_once_and_reads_what_a_worker_loads(
    create: int, asked: list[str], monkeypatch: pytest.MonkeyPatch, changed: list[tuple[str, ...]]
) -> None:
    system = System(create)
    install(monkeypatch, system)
    Container()
    assert system.asked == [f"{what} Homepress.Worker" for what in asked]
    assert changed == [(str(folder), "/grant", "*S-1-15-2-7:(OI)(CI)(RX)", "/Q") for folder in folders()], (
        "read and execute, handed down to files and folders"
    )


def test_a_windows_that_refuses_one_is_named_with_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, System(ACCESS_DENIED))
    with pytest.raises(NoContainer, match="0x80070005"):
        Container()


def test_a_windows_without_any_is_named_and_workers_start_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, object())
    with pytest.raises(NoContainer, match="no AppContainers"):
        windows.use_container()
    assert windows.start_contained(("python",), {}, background=True) is None


def test_an_access_list_that_cannot_be_changed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: tuple[Any, ...], **_: Any) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(command, 5, b"", b"Access is denied.\r\n")

    install(monkeypatch, System(0))
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(NoContainer, match="Access is denied"):
        Container()


def test_removal_leaves_neither_container_nor_rights(
    monkeypatch: pytest.MonkeyPatch, changed: list[tuple[str, ...]]
) -> None:
    system = System(0)
    install(monkeypatch, system)
    Container.remove()
    assert [what.split()[0] for what in system.asked] == ["derive", "delete"], "none is made for it"
    assert changed == [(str(folder), "/remove:g", "*S-1-15-2-7", "/Q") for folder in folders()]


def test_removal_where_there_is_none_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, object())
    Container.remove()


def test_structures_have_the_documented_sizes() -> None:
    if ctypes.sizeof(ctypes.c_void_p) == 8:
        assert ctypes.sizeof(appcontainer._Startup) == 112
        assert ctypes.sizeof(appcontainer._Started) == 24
        assert ctypes.sizeof(appcontainer._Capabilities) == 24
        assert appcontainer._Startup.handles.offset == 80
        assert appcontainer._Startup.flags.offset == 60


def test_variables_are_sorted_and_ended_twice() -> None:
    assert environment_block({"b": "2", "A": "1", "C": ""}) == "A=1\0b=2\0C=\0\0"
    assert environment_block({}) == "\0"


def test_what_lies_among_the_programs_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    (first, *others) = folders()
    monkeypatch.setenv("PROGRAMFILES", str(first.parent))
    assert first not in folders()
    assert all(other in folders() or other.is_relative_to(first.parent) for other in others)


def test_no_folder_lies_in_another() -> None:
    assert not any(one != other and one.is_relative_to(other) for one in folders() for other in folders())
