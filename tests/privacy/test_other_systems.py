"""What would be handed to macOS and Windows: texts and structures, made here."""

import ctypes
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from homepress.privacy import Limits, macos, posix, windows

SOCKET = Path('/Users/a "b"\\c/control.sock')
QUOTED = r'"/Users/a \"b\"\\c/control.sock"'


def test_a_mac_daemon_accepts_on_its_own_socket_only() -> None:
    assert macos.daemon_profile(SOCKET).splitlines() == [
        "(version 1)",
        "(allow default)",
        "(deny network*)",
        f"(allow network-inbound (local unix-socket (path-literal {QUOTED})))",
    ]


def test_a_mac_client_has_our_sockets_only() -> None:
    folder = QUOTED.rpartition("/")[0] + '"'
    assert macos.client_profile(SOCKET).splitlines()[-3:] == [
        "(deny network*)",
        f"(allow network* (local unix-socket (subpath {folder})))",
        f"(allow network-outbound (remote unix-socket (subpath {folder})))",
    ]
    assert "allow network" not in macos.client_profile(None)


def test_a_mac_worker_reads_its_libraries_only() -> None:
    lines = macos.worker_profile([Path("/Library/Python"), Path("/usr/lib")]).splitlines()
    assert lines.index("(deny file-read-data)") < lines.index(
        '(allow file-read-data (subpath "/Library/Python") (subpath "/usr/lib"))'
    )
    assert {"(deny network*)", "(deny file-write*)", "(deny process-fork)", "(deny mach-lookup)"} <= set(
        lines
    )
    assert lines[-1] == "(deny process-exec*)"
    assert '(allow file-read-data (literal "/"))' in lines, "a program that is executed aborts without"


def test_a_mac_tool_becomes_itself_only() -> None:
    lines = macos.tool_profile(Path("/opt/gifsicle"), [Path("/usr/lib")]).splitlines()
    assert lines[-2:] == ["(deny process-exec*)", '(allow process-exec (literal "/opt/gifsicle"))']


@pytest.mark.skipif(sys.platform == "darwin", reason="there the library is there")
def test_a_mac_without_the_library_says_what_is_missing() -> None:
    lock = macos.lock_client(None)
    assert not lock.network and "sandbox library" in lock.missing[0]


class Seatbelt:
    """The C library and libsandbox of macOS, as far as profiles go; `readable` says which texts it takes.

    A second profile is refused, whoever put on the first one (the system's log calls it
    forbidden-sandbox-reinit); `sandbox_check` without an operation says 1 where there is one (as WebKit's
    SandboxUtilities.mm uses it). A text that cannot be understood is refused before anything is put on, with
    the reason in `errorbuf` (sandbox_init(3)).
    """

    def __init__(self, readable: Callable[[str], bool] = lambda _: True, *, inherited: bool = False) -> None:
        self.profiles: list[str] = []
        self.tried = 0
        self._readable = readable
        self._confined = inherited

    def sandbox_check(self, pid: int, operation: object, kind: int) -> int:
        assert operation is None and kind == 0
        return int(self._confined)

    def sandbox_init(self, profile: bytes, flags: Any, message: Any) -> int:
        assert flags.value == 0, "the text of a profile, not the name of one (SANDBOX_NAMED)"
        self.tried += 1
        if self._confined or not self._readable(profile.decode()):
            message._obj.value = b"Operation not permitted" if self._confined else b"unbound variable: signal"
            return -1
        self._confined = True
        self.profiles.append(profile.decode())
        return 0


def on_a_mac(monkeypatch: pytest.MonkeyPatch, system: Seatbelt) -> None:
    for name in ("limit_memory", "limit_all_but_memory", "forbid_core_dumps"):
        monkeypatch.setattr(posix, name, lambda *_: None)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: system)


def test_a_mac_worker_from_outside_gets_its_own_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_mac(monkeypatch, system := Seatbelt())
    lock = macos.lock_worker([Path("/usr/lib")], Limits())
    assert (lock.network, lock.files, lock.missing) == (True, 1, ())
    assert system.profiles == [macos.worker_profile([Path("/usr/lib")])]


def test_a_mac_process_with_a_profile_does_not_try_a_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it inherited holds on; what it could not add is named."""
    on_a_mac(monkeypatch, system := Seatbelt(inherited=True))
    for lock in (macos.lock_worker([], Limits()), macos.lock_daemon(SOCKET), macos.lock_client(SOCKET)):
        assert not lock.network and "has a sandbox profile already" in lock.missing[0]
    assert system.tried == 0


def test_a_mac_worker_whose_profile_is_not_understood_has_no_network_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_a_mac(monkeypatch, system := Seatbelt(lambda profile: "signal" not in profile))
    lock = macos.lock_worker([Path("/usr/lib")], Limits())
    assert (lock.network, lock.files) == (True, 0)
    assert system.profiles == ["(version 1)\n(allow default)\n(deny network*)"]
    assert "unbound variable" in lock.missing[0]


def test_a_mac_says_that_one_process_has_no_lock() -> None:
    """The proof shows the processes that have one, so it has to name the one that has none."""
    (found,) = [gap for gap in macos.gaps() if "process that starts workers" in gap.text]
    assert not found.minor and "no lock" in found.brief


def test_where_connections_are_not_refused_a_mac_is_open() -> None:
    assert macos.state() == "open"
    assert {attempt.name for attempt in macos.probe()} >= {"TCP", "UDP"}


def test_a_windows_job_bounds_a_worker() -> None:
    job = windows.job_limits(Limits(memory_bytes=1 << 30, cpu_seconds=60))
    assert job.process_memory == 1 << 30
    assert job.basic.process_time == 600_000_000, "in steps of 100 ns"
    assert job.basic.active_processes == 1
    kill_on_close, process_memory, active, process_time, die = 0x2000, 0x100, 0x8, 0x2, 0x400
    assert job.basic.flags == kill_on_close | process_memory | active | process_time | die


def test_windows_structures_have_the_documented_sizes() -> None:
    if ctypes.sizeof(ctypes.c_void_p) == 8:
        assert ctypes.sizeof(windows.BasicLimits) == 64
        assert ctypes.sizeof(windows.ExtendedLimits) == 144


def test_windows_never_claims_to_be_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "_System", Obedient)
    assert windows.state() == "open"
    for lock in (windows.lock_daemon(), windows.lock_client(), windows.lock_worker([], Limits(), Obedient())):
        assert not lock.network and lock.missing
    assert windows.report(1).sockets is None


class Obedient:
    """A Windows that does all that it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def in_container(self) -> bool:
        return False

    def job_flags(self) -> int | None:
        return windows.job_limits(Limits()).basic.flags  # type: ignore[no-any-return]  # ctypes

    def mitigate(self, policy: int, flags: int) -> int:
        self.asked.append(("forbid", policy))
        return flags

    def drop_privileges(self) -> int:
        self.asked.append(("privileges", 0))
        return 1

    def lower_integrity(self, level: int) -> int:
        self.asked.append(("integrity", level))
        return level


class Refusing(Obedient):
    """A Windows that refuses all that it is asked."""

    def job_flags(self) -> int | None:
        raise OSError(5, "access denied")

    def mitigate(self, policy: int, flags: int) -> int:
        raise OSError(87, "unknown policy")

    def drop_privileges(self) -> int:
        raise OSError(5, "access denied")

    def lower_integrity(self, level: int) -> int:
        raise OSError(5, "access denied")


class Forgetful(Obedient):
    """A Windows that takes every order, and tells afterwards that nothing has changed."""

    def job_flags(self) -> int | None:
        return 0

    def mitigate(self, policy: int, flags: int) -> int:
        return 0

    def drop_privileges(self) -> int:
        return 7

    def lower_integrity(self, level: int) -> int:
        return 0x2000


def test_a_windows_worker_confines_itself_integrity_last() -> None:
    """What is done after it would be refused."""
    system = Obedient()
    missing = windows.lock_worker([], Limits(), system).missing
    assert system.asked == [
        ("forbid", 2),
        ("forbid", 6),
        ("forbid", 9),
        ("forbid", 10),
        ("privileges", 0),
        ("integrity", 0),
    ]
    assert len(missing) == 2 and "network" in missing[0] and "files are not closed" in missing[1]


@pytest.mark.parametrize(
    ("answer", "locked"),
    [
        (PermissionError(13, "access denied"), True),
        (TimeoutError(), False),
        (ConnectionRefusedError(), False),
    ],
)
def test_a_worker_in_a_container_is_locked_when_windows_refuses_it_a_connection(
    answer: OSError, locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody who answers means that it was let through."""

    class Contained(Obedient):
        def in_container(self) -> bool:
            return True

    class Socket:
        def __init__(self, *_: object) -> None: ...
        def __enter__(self) -> "Socket":
            return self

        def __exit__(self, *_: object) -> None: ...
        def settimeout(self, seconds: float) -> None: ...
        def connect(self, address: object) -> None:
            raise answer

    monkeypatch.setattr(windows, "_System", Contained)
    monkeypatch.setattr(socket, "socket", Socket)
    lock = windows.lock_worker([], Limits(), Contained())
    assert (lock.network, windows.state() == "locked", not lock.missing) == (locked, locked, locked)
    assert lock.files


def test_a_windows_that_does_not_tell_of_containers_has_none() -> None:
    class Old(Obedient):
        def in_container(self) -> bool:
            raise OSError(87, "unknown class")

    assert not windows.lock_worker([], Limits(), Old()).network


@pytest.mark.parametrize("system", [Refusing(), Forgetful()])
def test_each_step_that_windows_does_not_do_is_named_and_none_is_fatal(system: Obedient) -> None:
    said = "\n".join(windows.lock_worker([], Limits(), system).missing)
    for what in (
        "job object",
        "making code at run time",
        "add-ons",
        "fonts",
        "libraries",
        "privileges",
        "integrity level",
    ):
        assert what in said


def test_where_the_lowest_level_is_refused_the_next_is_taken_and_said() -> None:
    class Half(Obedient):
        def lower_integrity(self, level: int) -> int:
            if level == 0:
                raise OSError(5, "access denied")
            return level

    (said,) = [one for one in windows.lock_worker([], Limits(), Half()).missing if "integrity" in one]
    assert "the few folders" in said


def test_a_mac_that_takes_no_limit_of_memory_still_compresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS answers EINVAL to RLIMIT_AS, which Python raises as ValueError."""
    taken: list[int] = []

    def setrlimit(which: int, bounds: tuple[int, int]) -> None:
        if which == resource.RLIMIT_AS:
            raise ValueError("current limit exceeds maximum limit")
        taken.append(which)

    monkeypatch.setattr(resource, "setrlimit", setrlimit)
    lock = macos.lock_worker([Path("/usr/lib")], Limits())
    assert "no limit of memory: current limit exceeds maximum limit" in lock.missing[0]
    assert {resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU, resource.RLIMIT_CORE} <= set(
        taken
    )


def test_a_mac_profile_names_what_links_lead_to(tmp_path: Path) -> None:
    """Seatbelt compares paths without links, and /tmp, /var and Homebrew's folders are links."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert f'"{tmp_path.resolve()}/real/s.sock"' in macos.daemon_profile(tmp_path / "link" / "s.sock")
    assert f'(subpath "{tmp_path.resolve()}/real")' in macos.worker_profile([tmp_path / "link"])
