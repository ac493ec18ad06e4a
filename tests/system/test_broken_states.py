"""Every command where something of ours cannot be used: words, an exit code that says so, no traceback."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from homepress.store.ledger import schema
from homepress.ui.cli.main import program as parser
from system.pictures import png, write
from system.program import Program

NOT_RUN = {
    "attempts": "is a process of tray and window",
    "tray": "is a process of the daemon",
    "window": "is a process of its own",
    "file-manager run": "is started by file managers",
    "prove": "takes seconds, and opens the service as `undo` does",
}

ARGUMENTS: dict[str, list[str]] = {
    "run": ["--once", "--no-tray"],
    "folder add": ["FOLDER", "--yes"],
    "folder remove": ["FOLDER"],
    "folder check": ["FOLDER"],
    "folder set": ["FOLDER", "quality=small"],
    "compress": ["PICTURE"],
    "undo": ["--last", "1"],
    "redo": ["--last", "1"],
    "originals accept": ["--all", "--yes"],
    "show": ["PICTURE", "--text"],
    "report": ["--no-open"],
    "settings set": ["daemon.workers=1"],
    "uninstall": ["--accept", "--yes"],
}

READERS = ("history", "stats", "originals list", "show", "report")
"""Commands that are about the ledger and nothing else."""


def commands(group: click.Group, *above: str) -> list[str]:
    found = []
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            found += commands(command, *above, name)
        else:
            found.append(" ".join((*above, name)))
    return found


def ledger_is_a_folder(home: Path) -> Path:
    ledger = home / "state" / "ledger.sqlite3"
    ledger.unlink()
    ledger.mkdir()
    return ledger


def ledger_is_of_a_newer_version(home: Path) -> Path:
    ledger = home / "state" / "ledger.sqlite3"
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    return ledger


def ledger_is_another_programs(home: Path) -> Path:
    ledger = home / "state" / "ledger.sqlite3"
    ledger.unlink()
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        connection.execute("CREATE TABLE notes (text)")
    return ledger


def state_is_a_file(home: Path) -> Path:
    shutil.rmtree(home / "state")
    (home / "state").write_bytes(b"")
    return home / "state"


def originals_are_a_file(home: Path) -> Path:
    shutil.rmtree(home / "originals")
    (home / "originals").write_bytes(b"")
    return home / "originals"


def settings_are_a_folder(home: Path) -> Path:
    (home / "settings.toml").unlink()
    (home / "settings.toml").mkdir()
    return home / "settings.toml"


def settings_are_no_text(home: Path) -> Path:
    (home / "settings.toml").write_bytes(b'[daemon]\nnotify = "caf\xe9"\n')
    return home / "settings.toml"


def log_is_a_folder(home: Path) -> Path:
    log = home / "state" / "homepress.log"
    log.unlink(missing_ok=True)
    log.mkdir()
    return log


def socket_folder_is_a_file(home: Path) -> Path:
    shutil.rmtree(home / "run", ignore_errors=True)
    (home / "run").write_bytes(b"")
    return home / "run"


def home_is_a_file(home: Path) -> Path:
    shutil.rmtree(home)
    home.write_bytes(b"")
    return home


MUST_FAIL: dict[Callable[[Path], Path], tuple[str, ...]] = {
    ledger_is_a_folder: (*READERS, "run", "compress", "undo"),
    ledger_is_of_a_newer_version: (*READERS, "run", "compress", "undo"),
    ledger_is_another_programs: (*READERS, "run", "compress", "undo"),
    state_is_a_file: ("run", "compress", "undo"),
    originals_are_a_file: ("run", "undo"),
    settings_are_a_folder: ("run", "folder list", "settings check"),
    settings_are_no_text: ("run", "folder list", "settings check"),
    log_is_a_folder: (),
    socket_folder_is_a_file: ("run",),
    home_is_a_file: ("run", "compress", "undo"),
}
"""The states, and the commands that cannot do their work in them."""


def ran(program: Program, wanted: list[list[str]], *through: str) -> dict[str, tuple[int, str]]:
    """Exit code and output of each command line."""
    script = Path(__file__).with_name("everycommand.py")
    done = subprocess.run(
        [*through, sys.executable, script],
        input=json.dumps(wanted).encode(),
        env=program.environment,
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return {" ".join(each["arguments"]): (each["code"], each["output"]) for each in results}


def lines_for(folder: Path, picture: Path) -> dict[str, list[str]]:
    """The command line of each command that is tried."""
    words = {"FOLDER": str(folder), "PICTURE": str(picture)}
    return {
        name: [*name.split(), *(words.get(word, word) for word in ARGUMENTS.get(name, []))]
        for name in commands(parser)
        if name not in NOT_RUN
    }


@pytest.fixture
def used(program: Program, inbox: Path, tmp_path: Path) -> Path:
    """A home in which something was done; the picture that it was done to."""
    program.environment |= {"HOME": str(tmp_path / "user"), "XDG_CONFIG_HOME": str(tmp_path / "user")}
    program.environment.pop("DBUS_SESSION_BUS_ADDRESS", None)
    program.environment.pop("DISPLAY", None)
    program.watch(inbox)
    picture = write(tmp_path / "pictures" / "a.png", png(1))
    program.run("compress", "--in-place", str(picture))
    return picture


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process for each command")
@pytest.mark.parametrize("broken", MUST_FAIL, ids=lambda state: state.__name__)
def test_every_command_says_it_in_words(program: Program, used: Path, broken: Callable[[Path], Path]) -> None:
    place = broken(program.home)
    wanted = lines_for(used.parent, used)
    found = ran(program, list(wanted.values()))
    for name, line in wanted.items():
        code, output = found[" ".join(line)]
        assert "Traceback" not in output, (name, output)
        assert "Internal error" not in output, (name, output)
        assert 0 <= code <= 4, (name, code, output)
        assert code == 0 or output.strip(), f"{name} fails without a word"
        if name in MUST_FAIL[broken]:
            assert code in (1, 2, 3, 4), (name, code, output)
            assert str(place) in output, (name, output)
    assert used.exists()


@pytest.mark.slow
@pytest.mark.root
def test_every_command_says_it_of_a_ledger_of_another_user(program: Program, used: Path) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    ledger = program.home / "state" / "ledger.sqlite3"
    for path in ledger.parent.glob("ledger*"):
        os.chown(path, 65534, 65534)
        path.chmod(0o600)
    wanted = lines_for(used.parent, used)
    without = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--")
    found = ran(program, list(wanted.values()), *without)
    for name, line in wanted.items():
        code, output = found[" ".join(line)]
        assert "Traceback" not in output, (name, output)
        assert 0 <= code <= 4, (name, code, output)
        if name in (*READERS, "compress", "undo", "run"):
            assert code in (1, 2, 3, 4), (name, code, output)
            assert str(ledger) in output, (name, output)
    assert ledger.stat().st_uid == 65534
