"""Every command of the program locks itself out of the network at entry, also one that is added tomorrow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from homepress import privacy
from homepress.daemon.commands.connect import prepare_client
from homepress.ui.cli.main import _COMMANDS, _LOCK_LATER, _START_WORKERS, program
from ui.cli.test_main import commands

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measured with seccomp")

_PROBE = """
import os, sys
from homepress.ui.cli import main
from homepress.ui.cli.main import program
import click

def leaves(group, *above):
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from leaves(command, *above, name)
        else:
            yield (*above, name), command

def at_entry():
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(" ".join(names), "locked" if status["Seccomp"].strip() == "2" else "open", flush=True)

for names, command in leaves(program):
    if os.fork() == 0:  # a lock cannot be taken off
        command.params, command.callback = [], at_entry
        os._exit(main(names))
    assert os.wait()[1] == 0, names
"""

OPEN = {"run", "prove", "attempts", "settings edit"}
"""Each has its reason in `_LOCK_LATER`; what becomes of them later is tested where they are."""


def test_every_command_is_locked_before_it_does_anything(home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True)
    found = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    assert set(found) == {" ".join(names) for names in commands(program)}
    assert {name for name, state in found.items() if state != "locked"} == OPEN
    assert {name.split()[0] for name in OPEN} == set(_LOCK_LATER)


@pytest.mark.parametrize(("starts_workers", "order"), [(True, ["outside", "lock"]), (False, ["lock"])])
def test_where_locks_do_not_nest_workers_are_provided_for_before_the_lock(
    home: Path, monkeypatch: pytest.MonkeyPatch, starts_workers: bool, order: list[str]
) -> None:
    done: list[str] = []
    monkeypatch.setattr(privacy, "set_apart", lambda: None)
    monkeypatch.setattr(privacy, "locks_nest", lambda: False)
    monkeypatch.setattr(privacy, "lock_client", lambda _: done.append("lock"))
    monkeypatch.setattr(
        "homepress.workers.process.lock_outside_workers", lambda lock: (done.append("outside"), lock())
    )
    prepare_client(starts_workers=starts_workers)
    assert done == order
    assert set(_COMMANDS) >= _START_WORKERS


_EDITOR = """#!{python}
import os, time

def filtered(pid):
    return open(f"/proc/{{pid}}/status").read().split("Seccomp:")[1].split()[0]

end = time.monotonic() + 20
while filtered(os.getppid()) == "0" and time.monotonic() < end:
    time.sleep(0.02)
open({seen!r}, "w").write(f"editor {{filtered(os.getpid())}}, we {{filtered(os.getppid())}}")
"""


def test_an_editor_is_free_and_what_waits_for_it_is_not(home: Path, tmp_path: Path) -> None:
    """The editor belongs to the user and may do what it always does; we read the file behind the lock."""
    editor, seen = tmp_path / "editor", tmp_path / "seen"
    editor.write_text(_EDITOR.format(python=sys.executable, seen=str(seen)))
    editor.chmod(0o755)
    code = (
        "import os, pty, sys\nfrom homepress.ui.cli import main\n"
        "sys.stdin = open(os.ttyname(pty.openpty()[1]))\nsys.exit(main(['settings', 'edit']))"
    )
    environment = {**os.environ, "VISUAL": str(editor)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    assert seen.read_text() == "editor 0, we 2"


def test_the_program_without_a_command_is_locked_once_the_daemon_is_started(home: Path) -> None:
    code = (
        "import os\nfrom homepress.ui.cli import main\n"
        "from homepress.ui.cli.commands import window as begin\n"
        "def spawn(command): print('started', state())\n"
        "def state(): return open('/proc/self/status').read().split('Seccomp:')[1].split()[0]\n"
        "def window(): print('window', state()); return 0\n"
        "begin.spawn, begin.can_open, begin.open_window = spawn, lambda: True, window\n"
        "main([])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["started 0", "window 2"]
