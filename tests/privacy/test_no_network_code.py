"""Which of our modules may touch sockets at all: this list, and no other."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from homepress.base.paths import shipped
from support import REPOSITORY

PACKAGE = REPOSITORY / "daemon" / "homepress"

NETWORK_MODULES = {
    "_socket",
    "aiohttp",
    "asyncio",
    "ftplib",
    "http",
    "httpx",
    "imaplib",
    "jeepney",
    "multiprocessing.connection",
    "poplib",
    "requests",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "webbrowser",
    "xmlrpc",
}

ALLOWED = {
    "control/transport/": "the private socket between our own processes (AF_UNIX, a named pipe on Windows)",
    "desktop/dbus.py": "the message bus of the session (AF_UNIX; a bus over TCP is refused)",
    "desktop/toolkit.py": "asks whether Wayland answers at its socket (AF_UNIX) before Qt is loaded",
    "privacy/comparison.py": "`prove` connects to itself to show what an ordinary process can do",
    "privacy/macos.py": "measures that a connection to this computer itself is refused",
    "workers/launcher.py": "a pair of sockets without an address, to the process that starts workers (macOS)",
    "workers/launcher_child.py": "the other end of that pair",
    "privacy/windows.py": "measures whether a socket can be made",
}


def network_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name in NETWORK_MODULES or name.split(".")[0] in NETWORK_MODULES:
                yield name


@pytest.mark.slow
def test_sockets_are_touched_in_listed_places_only() -> None:
    found = {
        f"{path.relative_to(PACKAGE).as_posix()} imports {name}"
        for path in PACKAGE.rglob("*.py")
        if "_share" not in path.parts
        for name in network_imports(path)
        if not path.relative_to(PACKAGE).as_posix().startswith(tuple(ALLOWED))
    }
    assert not found


@pytest.mark.parametrize("place", ALLOWED)
def test_every_listed_place_still_needs_to_be(place: str) -> None:
    files = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).as_posix().startswith(place)]
    assert any(list(network_imports(path)) for path in files)


@pytest.mark.slow
def test_a_worker_has_no_network_module_loaded() -> None:
    code = (
        "import json, sys; from homepress.workers import child; child.compress_with_codecs();"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    loaded = set(json.loads(done.stdout))
    # typing_extensions loads the C module for the type of one of its objects; nobody opens a socket with it.
    # Where no filter of system calls tells, a worker measures with the module whether it could open one.
    measured = set() if sys.platform == "linux" else {"socket"}
    assert loaded & NETWORK_MODULES <= {"_socket"} | measured


def test_the_statement_for_firewalls_says_none() -> None:
    policy = json.loads(shipped("service-files/internet-access-policy.json").read_text("utf-8"))
    assert policy["Connections"] == []
    assert "no network connection" in policy["ApplicationDescription"]
