"""The systemd unit under a real user manager, in namespaces and a control group of its own."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import THIS_MACHINE_CANNOT, wait_for
from system.pictures import jpeg, write
from system.program import Program

_MANAGER = Path("/lib/systemd/systemd")
_RUNTIME = "/run/user/0"
_CONTROL_GROUPS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))

# What a login does: a control group of the user's own and a runtime folder; then the manager itself.
_LOG_IN = f"""
set -e
mount --make-rprivate /
umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/$GROUP/manager"
echo $$ > "/sys/fs/cgroup/$GROUP/manager/cgroup.procs"
mount -t tmpfs none /run
mkdir -p /run/systemd/system
mkdir -p -m 700 {_RUNTIME}
{_MANAGER} --user --log-target=console &  # not as process 1, where it would be the system's
wait
"""

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd is Linux's"),
    pytest.mark.skipif(
        not (_MANAGER.exists() and shutil.which("nsenter")), reason="systemd is not installed"
    ),
    pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() != 0, reason="needs to be root"),
]


class Login:
    """A session whose user manager runs; commands are given from inside of it."""

    def __init__(self, program: Program, folder: Path) -> None:
        self._group = group = f"homepress-test-{os.getpid()}"
        self._environment = {
            **program.environment,
            "GROUP": group,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_RUNTIME_DIR": _RUNTIME,
        }
        self._program = program
        command = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        self._outer = subprocess.Popen(
            [*command, "sh", "-c", _LOG_IN], env=self._environment, stderr=subprocess.PIPE, text=True
        )
        self._wait_until_it_runs()

    def _wait_until_it_runs(self) -> None:
        def runs() -> bool:
            if self._outer.poll() is not None:
                assert self._outer.stderr is not None
                pytest.skip(f"{THIS_MACHINE_CANNOT} run a user manager: {self._outer.stderr.read()}")
            return self._inner() > 0 and self.say("systemctl", "--user", "is-system-running") in (
                "running",
                "degraded",
            )

        wait_for(runs, within=30, what="the user manager")

    def _inner(self) -> int:
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text()
        return int(children.split()[0]) if children.split() else 0

    def say(self, *command: str) -> str:
        """What a command says inside of the session."""
        enter = ["nsenter", "--target", str(self._inner()), "--mount", "--pid"]
        done = subprocess.run(
            [*enter, *command], env=self._environment, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout.strip() or done.stderr.strip()

    def homepress(self, *arguments: str) -> str:
        """What a command of ours says there."""
        return self.say(*self._program.command(*arguments))

    def unit(self, *properties: str) -> list[str]:
        """Properties of our unit."""
        told = self.say("systemctl", "--user", "show", "homepress", f"--property={','.join(properties)}")
        found = dict(line.split("=", 1) for line in told.splitlines())
        return [found[name] for name in properties]

    def close(self) -> None:
        """Log out."""
        self._outer.kill()
        self._outer.wait()
        assert self._outer.stderr is not None
        self._outer.stderr.close()
        wait_for(self._is_swept, what="its control group to be empty")

    def _is_swept(self) -> bool:
        """Remove the control group, which outlives its processes; whether it is gone."""
        tops = [top for top in _CONTROL_GROUPS if (top / self._group).is_dir()]
        for top in tops:
            for folder, _, _ in os.walk(top / self._group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
        return not tops


@pytest.fixture
def login(program: Program, tmp_path: Path) -> Iterator[Login]:
    made = Login(program, tmp_path / "user")
    yield made
    made.close()


@pytest.mark.slow
def test_the_unit_starts_compresses_comes_back_and_stops(login: Login, program: Program, inbox: Path) -> None:
    program.watch(inbox)
    assert "systemd unit" in login.homepress("autostart", "on", "--systemd")
    login.say("systemctl", "--user", "start", "homepress")
    _compresses(program, inbox / "first.jpg", 1)
    # Behind the unit's own filters, which come on top of ours.
    assert program.status()["network"] == "locked"
    assert "Nothing can be sent" in login.homepress("prove")

    login.say("systemctl", "--user", "kill", "--signal=KILL", "--kill-whom=main", "homepress")
    wait_for(lambda: login.unit("NRestarts", "ActiveState") == ["1", "active"], within=60, what="its return")
    _compresses(program, inbox / "second.jpg", 2)

    login.say("systemctl", "--user", "stop", "homepress")
    assert login.unit("ActiveState", "Result", "ExecMainStatus") == ["inactive", "success", "0"]
    login.homepress("autostart", "off")
    assert login.unit("LoadState") == ["not-found"]


def _compresses(program: Program, path: Path, seed: int) -> None:
    wait_for(lambda: _watches(program), within=60, what="the folder to be watched")
    size = write(path, jpeg(seed)).stat().st_size
    wait_for(lambda: path.stat().st_size < size, within=60, what=f"{path.name} to become smaller")


def _watches(program: Program) -> bool:
    told = program.json("status", code=None)
    return [folder["state"] for folder in told["folders"]] == ["watching"]
