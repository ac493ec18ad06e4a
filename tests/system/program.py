"""The real program, started as a user would start it, with a home of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from support import wait_for

SETTLE = 0.3
"""Settle time of folders in these tests, seconds: short, so that they are quick."""


class Program:
    """One Homepress home, its folders, and a daemon that can be started, killed and asked."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {**os.environ, "HOMEPRESS_HOME": str(home), "PYTHONFAULTHANDLER": "1"}
        self.prefix: list[str] = []
        """What the daemon is started through, such as a program that takes rights away."""
        self.daemon: subprocess.Popen[bytes] | None = None
        home.mkdir(parents=True, exist_ok=True)

    def watch(self, *folders: Path, **settings: object) -> None:
        """Write a settings file that watches these folders, all with the same settings."""
        values = {"settle_seconds": SETTLE, "min_size": "0", **settings}
        lines = []
        for folder in folders:
            lines += ["[[folder]]", f"path = {json.dumps(str(folder))}"]
            lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        (self.home / "settings.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        """The command line of one command."""
        return [sys.executable, "-m", "homepress", *arguments]

    def run(self, *arguments: str, code: int | None = 0, timeout: float = 120) -> str:
        """Run one command; its standard output. Fails unless it exits with `code` (None: any)."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        output = done.stdout.decode("utf-8", "replace")
        assert code is None or done.returncode == code, (arguments, output, done.stderr.decode())
        return output

    def json(self, *arguments: str, code: int | None = 0) -> Any:
        """The one object that a command with `--json` prints."""
        return json.loads(self.run(*arguments, "--json", code=code))

    def lines(self, *arguments: str, code: int | None = 0) -> list[Any]:
        """The objects that a listing command with `--json` prints, one a line."""
        return [json.loads(line) for line in self.run(*arguments, "--json", code=code).splitlines()]

    def start(self, *, tray: bool = False) -> None:
        """Start the daemon and wait until it answers and has looked through its folders."""
        self.launch(tray=tray)
        wait_for(self._watching, within=60, what=f"the daemon to watch: {self.errors()}")

    def launch(self, *, tray: bool = False) -> None:
        """Start the daemon and wait for nothing."""
        log = open(self.home / "stderr.txt", "ab")  # noqa: SIM115 - the child keeps it
        self.daemon = subprocess.Popen(
            [*self.prefix, *self.command("run", *([] if tray else ["--no-tray"]))],
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()

    def _watching(self) -> bool:
        assert self.daemon is not None
        assert self.daemon.poll() is None, self.errors()
        status = self.answer()
        return bool(status) and all(folder["state"] != "scanning" for folder in status["folders"])

    def answer(self) -> Any:
        """The status that the daemon itself tells; None while it does not, such as while it starts."""
        command = self.command("status", "--json")
        done = subprocess.run(command, env=self.environment, capture_output=True, check=False)
        return None if done.returncode else json.loads(done.stdout)

    def errors(self) -> str:
        """What the daemon wrote on its standard error."""
        file = self.home / "stderr.txt"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def status(self) -> Any:
        """`status --json`, also while no daemon runs."""
        return self.json("status", code=None)

    def stop(self) -> None:
        """Stop the daemon in the polite way."""
        if self.daemon is not None:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                code = self.daemon.wait(60)
            except subprocess.TimeoutExpired:
                self.daemon.send_signal(signal.SIGABRT)  # faulthandler says where each thread stands
                self.daemon.wait(30)
                raise AssertionError(f"the daemon did not end:\n{self.errors()}") from None
            assert code == 0, self.errors()
            self.daemon = None

    def kill(self) -> None:
        """kill -9, as a crash would."""
        assert self.daemon is not None
        self.daemon.kill()
        self.daemon.wait(30)
        self.daemon = None

    def close(self) -> None:
        """Leave nothing running behind."""
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait(30)

    def outcomes(self) -> dict[str, dict[str, Any]]:
        """The newest history entry of each path."""
        return {entry["path"]: entry for entry in reversed(self.lines("history"))}

    def wait_idle(self, within: float = 120) -> None:
        """Wait until nothing waits any more."""

        def idle() -> bool:
            status = self.status()
            return status["waiting"] == 0 and status["state"] in ("idle", "problem")

        wait_for(idle, within=within, what=f"the daemon to finish: {self.status()}")
