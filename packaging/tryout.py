"""Uses a program as a stranger would: watch a folder, drop a picture, prove, undo, stop, doctor.

    python3 packaging/tryout.py dist/*.whl dist/*.deb dist/homepress-bundle-linux.tar.gz

Each of these is installed the way its users do it, used, and removed again; a Debian package only as root,
and else unpacked. Needs nothing but Python, so that it also runs on an empty machine. A program that is there
already can be named as well.
"""

import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_LOCK = Path(__file__).resolve().parent / "locks" / "runtime.txt"
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
            assert sha256(picture) == self._dropped, "undo brought back other bytes"
            self._doctor()
            self._ask("stop")
            assert daemon.wait(_PATIENCE) == 0
        finally:
            if daemon.poll() is None:
                daemon.kill()
                daemon.wait()

    def _drop(self) -> Path:
        picture = self._inbox / "made.png"
        picture.write_bytes(png())
        self._dropped, before = sha256(picture), picture.stat().st_size
        self._wait(lambda: self._status()["compressed_today"] == 1, "the picture to become smaller")
        assert picture.stat().st_size < before / 2
        return picture

    def _doctor(self) -> None:
        told = [json.loads(line) for line in self._ask("doctor", "--json").splitlines()]
        broken = [line for line in told if line["level"] == "broken"]
        assert not broken, broken
        good = {line["topic"] for line in told if line["level"] == "good"}
        assert good >= {"worker", "gifsicle", "codec pillow", "codec oxipng-pybind", "network lock"}, told

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


@contextmanager
def installed(distribution: Path) -> Iterator[Path]:
    """Install a wheel, a Debian package or an archive of the bundle; gives its program while it is there."""
    with tempfile.TemporaryDirectory(prefix="homepress-installed-") as made:
        folder = Path(made)
        if distribution.suffix == ".whl":
            _run(sys.executable, "-m", "venv", made)
            pip = (made + "/bin/python", "-m", "pip", "install", "--quiet", "--only-binary=:all:")
            _run(*pip, "--require-hashes", "--requirement", str(_LOCK))
            _run(*pip, "--no-deps", str(distribution))
            yield folder / "bin" / "homepress"
        elif distribution.name.endswith(".tar.gz"):
            _run("tar", "--extract", "--gzip", "--file", str(distribution), "--directory", made)
            yield folder / "homepress" / "homepress"
        elif distribution.suffix == ".deb" and os.geteuid() == 0:
            _run("apt-get", "install", "--yes", "-qq", str(distribution.resolve()))
            yield Path("/usr/bin/homepress")
            _run("apt-get", "remove", "--yes", "-qq", "homepress")
            assert not Path("/opt/homepress").exists(), (
                "removing the package left something in /opt/homepress"
            )
        elif distribution.suffix == ".deb":
            _run("dpkg-deb", "--extract", str(distribution), made)
            yield folder / "opt" / "homepress" / "homepress"
        else:
            yield distribution


def _run(*command: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stdout[-3000:], done.stderr[-3000:])


def sha256(file: Path) -> str:
    """Of its content, in hexadecimal digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def png(shade: int = 9) -> bytes:
    """A PNG of a colour ramp, stored without compression (PNG, third edition, sections 5 and 11.2).

    Args:
        shade: of blue, from 0 to 255, so that one picture is not another.
    """

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes(v % 256 for x in range(_SIDE) for v in (x, y, shade)) for y in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def main() -> int:
    """Try out every distribution that is named; 0 when all of them work."""
    if not (names := sys.argv[1:]):
        print(__doc__, file=sys.stderr)
        return 2
    failed = False
    for name in names:
        began = time.monotonic()
        try:
            with installed(Path(name)) as program:
                try_out(program)
            print(f"ok      {time.monotonic() - began:6.1f} s  {name}", flush=True)
        except AssertionError as error:
            failed = True
            print(f"FAILED  {time.monotonic() - began:6.1f} s  {name}\n{error}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
