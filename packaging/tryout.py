"""Uses a program as a stranger would: watch a folder, drop a picture, prove, undo, stop, doctor."""

import hashlib
import json
import os
import struct
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

_PATIENCE = 120.0
_SIDE = 400


def try_out(program: Path) -> None:
    """Go through all of it; raises `AssertionError` at the first thing that is not as it should be."""
    with tempfile.TemporaryDirectory(prefix="homepress-tryout-") as made:
        _Trial(program, Path(made)).run()


class _Trial:
    def __init__(self, program: Path, folder: Path) -> None:
        self._program = str(program)
        self._inbox = folder / "inbox"
        # A user's surroundings: no virtual environment, no Python anywhere.
        kept = {name: os.environ[name] for name in ("LANG", "TERM") if name in os.environ}
        self._environment = {**kept, "PATH": "/usr/bin:/bin", "HOME": str(folder / "user")}
        self._environment["HOMEPRESS_HOME"] = str(folder / "home")
        for needed in (self._inbox, folder / "user"):
            needed.mkdir()

    def run(self) -> None:
        assert self._ask("--version").startswith("homepress ")
        self._ask("folder", "add", str(self._inbox))
        daemon = subprocess.Popen(
            [self._program, "run", "--no-tray"], env=self._environment, stderr=subprocess.DEVNULL
        )
        try:
            self._wait(lambda: self._status()["state"] == "idle", "the daemon to be ready")
            picture = self._drop()
            self._ask("prove")
            assert self._json("prove")["holds"]
            self._ask("undo", str(picture), "--json")
            assert _sha256(picture) == self._dropped, "undo brought back other bytes"
            self._doctor()
            self._ask("stop")
            assert daemon.wait(_PATIENCE) == 0
        finally:
            if daemon.poll() is None:
                daemon.kill()
                daemon.wait()

    def _drop(self) -> Path:
        picture = self._inbox / "made.png"
        picture.write_bytes(_png())
        self._dropped, before = _sha256(picture), picture.stat().st_size
        self._wait(lambda: self._status()["compressed_today"] == 1, "the picture to become smaller")
        assert picture.stat().st_size < before / 2
        return picture

    def _doctor(self) -> None:
        told = [json.loads(line) for line in self._ask("doctor", "--json").splitlines()]
        broken = [line for line in told if line["level"] == "broken"]
        assert not broken, broken
        good = {line["topic"] for line in told if line["level"] == "good"}
        assert good >= {"worker", "gifsicle", "codec pillow", "codec pyjpegli", "window"}, told

    def _status(self) -> dict[str, object]:
        status: dict[str, object] = self._json("status", codes=(0, 3))
        return status

    def _json(self, *arguments: str, codes: Sequence[int] = (0,)) -> dict[str, object]:
        found: dict[str, object] = json.loads(self._ask(*arguments, "--json", codes=codes))
        return found

    def _ask(self, *arguments: str, codes: Sequence[int] = (0,)) -> str:
        done = subprocess.run(
            [self._program, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        assert done.returncode in codes, (
            arguments,
            done.returncode,
            done.stdout[-3000:],
            done.stderr[-3000:],
        )
        return done.stdout

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what}: {self._status()}"
            time.sleep(0.2)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _png() -> bytes:
    """A PNG of a colour ramp, stored without compression (PNG, third edition, sections 5 and 11.2)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes(v % 256 for x in range(_SIDE) for v in (x, y, 9)) for y in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
