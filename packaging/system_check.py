"""Tries Homepress on a computer that its makers do not have, and writes one report to hand on.

`packaging/macos-check.sh` and `packaging/windows-check.cmd` install this checkout into a folder of its own
and call it. It makes its own pictures there, watches a folder of its own there, and touches nothing else but
the start at login, which is switched on, read back and switched off. Nothing is sent anywhere.
"""

import argparse
import hashlib
import json
import os
import platform
import random
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from PIL import Image

COMMAND_SECONDS = 300.0
RESULT_SECONDS = 240.0
KILL_SECONDS = 4.0
"""The longest from a drop to the kill: a settling picture, one at work, and one that is done are all met."""
IDLE_SECONDS = 20.0
TEST_ROOMS = ("base", "privacy", "store", "watch", "desktop", "workers/test_launcher.py")
TEST_SECONDS = 420.0
NAMES = ("plain.jpg", "with a space.jpg", "Köln-東京.jpg", "UPPER.JPG", "a" * 120 + ".jpg", "plate.png")


class CheckFailedError(Exception):
    """What was tried did not come out as it should."""


class Report:
    """One text, printed and written to a file as it grows."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines: list[str] = []
        self.failed: list[str] = []

    def say(self, text: str) -> None:
        """A line or several."""
        print(text, flush=True)
        self._lines.append(text)
        self._file.write_text("\n".join(self._lines) + "\n", encoding="utf-8")

    def try_out(self, name: str, deed: Callable[[], str]) -> None:
        """One deed, which says what it saw; whatever it raises is in the report and ends nothing else."""
        begin = time.monotonic()
        try:
            seen, verdict = deed(), "ok"
        except Exception as error:  # noqa: BLE001 - one failed deed must not hide what the others show
            expected = CheckFailedError | subprocess.TimeoutExpired
            seen = str(error) if isinstance(error, expected) else traceback.format_exc()
            verdict = "FAILED"
            self.failed.append(name)
        self.say(f"\n== {name}: {verdict}, {time.monotonic() - begin:.1f} s")
        if seen.strip():
            self.say(seen.rstrip())


class Trial:
    """The installed program, with a home and a watched folder of its own."""

    def __init__(self, place: Path) -> None:
        self._environment = {**os.environ, "HOMEPRESS_HOME": str(place / "home"), "PYTHONUTF8": "1"}
        self._daemon: subprocess.Popen[bytes] | None = None
        self._log = place / "daemon.log"
        self.folder = place / "pictures"
        self.folder.mkdir(parents=True)

    def ask(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """A command to its end: what it printed; its exit code has to be one of those."""
        command = [sys.executable, "-m", "homepress", *arguments]
        done = subprocess.run(
            command,
            env=self._environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=COMMAND_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        text = done.stdout + done.stderr
        if done.returncode not in codes:
            raise CheckFailedError(f"homepress {' '.join(arguments)}: exit code {done.returncode}\n{text}")
        return text

    def start(self) -> None:
        """The daemon, until it answers."""
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "homepress", "run", "--no-tray"]
            self._daemon = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        self.wait(lambda: self._answers(), "the daemon answers")

    def _answers(self) -> bool:
        try:
            self.ask("status")
        except CheckFailedError:
            return False
        return True

    def stop(self) -> None:
        """As people end it."""
        assert self._daemon is not None
        self.ask("stop")
        if (code := self._daemon.wait(60)) != 0:
            raise CheckFailedError(f"the daemon ended with {code}\n{self.log()}")
        self._daemon = None

    def kill(self) -> None:
        """At once, in the middle of whatever it does."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait(60)
            self._daemon = None

    def processor_seconds(self) -> float | None:
        """Of the daemon so far, as the system's own tool has it; None where there is none."""
        assert self._daemon is not None
        if sys.platform == "win32":
            return None
        asked = ["ps", "-o", "time=", "-p", str(self._daemon.pid)]
        words = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        days, _, clock = words.rpartition("-")
        seconds = 0.0
        for part in clock.split(":"):
            seconds = seconds * 60 + float(part)
        return seconds + 86_400 * int(days or 0)

    def log(self) -> str:
        """What the daemon printed last."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-2_000:]

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Until something holds."""
        until = time.monotonic() + RESULT_SECONDS
        while not self._holds(condition):
            if time.monotonic() > until:
                raise CheckFailedError(f"not within {RESULT_SECONDS:.0f} s: {what}\n{self.log()}")
            time.sleep(0.2)

    @staticmethod
    def _holds(condition: Callable[[], bool]) -> bool:
        try:
            return condition()
        except OSError:  # a name can be empty, or its file not to be opened, for the moment of replacing
            return False


def picture(seed: int, edge: int = 900) -> Image.Image:
    """Soft shapes under fine noise, as a camera would have them."""
    chance = random.Random(seed)
    small = Image.frombytes("RGB", (24, 16), bytes(chance.randrange(256) for _ in range(24 * 16 * 3)))
    soft = small.resize((edge, edge * 2 // 3), Image.Resampling.BICUBIC)
    noise = Image.effect_noise(soft.size, 12).convert("RGB")
    return Image.blend(soft, noise, 0.12)


def drop(trial: Trial, name: str, seed: int) -> str:
    """A new picture in the watched folder, under its name at once: its hash."""
    aside = trial.folder.parent / f"aside{Path(name).suffix.lower()}"
    exif = Image.Exif()
    exif[0x010E] = f"picture {seed}"
    picture(seed).save(aside, quality=97, exif=exif)
    digest = hash_of(aside)
    aside.replace(trial.folder / name)
    return digest


def hash_of(file: Path) -> str:
    """SHA-256 of what a file holds."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def smaller(trial: Trial) -> str:
    """Pictures under all sorts of names become smaller, keep their dates and Exif, and can be restored."""
    before = {}
    for seed, name in enumerate(NAMES):
        digest = drop(trial, name, seed)
        status = (trial.folder / name).stat()
        before[name] = (digest, status.st_size, status.st_mtime_ns)
    trial.wait(
        lambda: all((trial.folder / n).stat().st_size < size for n, (_, size, _) in before.items()),
        "every picture is smaller",
    )
    lines = []
    for name, (_, size, modified) in before.items():
        file = trial.folder / name
        with Image.open(file) as opened:
            described = opened.getexif().get(0x010E)
        if described is None or file.stat().st_mtime_ns != modified:
            raise CheckFailedError(
                f"{name}: Exif {described!r}, {file.stat().st_mtime_ns - modified} ns later"
            )
        lines.append(f"{name[:40]}: {size:,} → {file.stat().st_size:,} bytes")
    trial.ask("undo", "--last", str(len(NAMES)))
    if wrong := [name for name, (digest, _, _) in before.items() if hash_of(trial.folder / name) != digest]:
        raise CheckFailedError(f"not the original after undo: {wrong}")
    trial.ask("resume")
    return "\n".join([*lines, "all restored bit for bit"])


def killed(trial: Trial, kills: int) -> str:
    """The daemon is killed while it works: afterwards each picture gets smaller and can be restored."""
    chance, originals = random.Random(1), {}
    for number in range(kills):
        for name in (f"kill-{number}-a.jpg", f"kill-{number}-b.jpg"):
            originals[name] = drop(trial, name, len(originals) + 100)
        time.sleep(chance.uniform(0.0, KILL_SECONDS))
        trial.kill()
        trial.start()
    trial.wait(
        lambda: all(hash_of(trial.folder / name) != digest for name, digest in originals.items()),
        "every picture that was there at a kill is smaller",
    )
    trial.ask("undo", "--folder", str(trial.folder), "--last", str(len(originals)))
    if wrong := [name for name, digest in originals.items() if hash_of(trial.folder / name) != digest]:
        raise CheckFailedError(f"not the original after undo: {wrong}")
    strange = sorted({file.name for file in trial.folder.iterdir()} - set(originals) - set(NAMES))
    if strange:
        raise CheckFailedError(f"left in the folder: {strange}")
    return f"{kills} kills, {len(originals)} pictures, all smaller after them, all restored bit for bit"


def idle(trial: Trial) -> str:
    """What the daemon uses while nothing happens."""
    begin = trial.processor_seconds()
    if begin is None:
        return "look at the processes called python in the task manager: they should use 0 %"
    time.sleep(IDLE_SECONDS)
    used = (trial.processor_seconds() or 0.0) - begin
    return f"{used:.2f} s of processor time in {IDLE_SECONDS:.0f} s"


def login(trial: Trial) -> str:
    """The start at login is switched on, read back and switched off; one that is on already is left alone."""
    if starts_at_login(trial):
        return "not tried: Homepress starts at login here already, and that stays as it is"
    try:
        trial.ask("autostart", "on")
        seen = trial.ask("autostart", "status")
        if not starts_at_login(trial):
            raise CheckFailedError(f"switched on, and it does not start:\n{seen}")
    finally:
        trial.ask("autostart", "off")
    if starts_at_login(trial):
        raise CheckFailedError("switched off, and it still starts")
    return seen


def contained(trial: Trial) -> str:
    """Workers in an AppContainer, which is off unless asked for: what they are refused, and a picture."""
    if sys.platform != "win32":
        return "not tried: only Windows has them"
    trial.ask("settings", "set", "app_container=true")
    try:
        trial.start()
        digest = drop(trial, "contained.jpg", 77)
        trial.wait(lambda: hash_of(trial.folder / "contained.jpg") != digest, "a picture is smaller")
        seen = trial.ask("prove", codes=(0, 4)) + trial.ask("doctor", codes=(0, 1)) + trial.log()
        trial.stop()
        return seen
    finally:
        trial.kill()
        trial.ask("settings", "set", "--default", "app_container")
        from homepress.workers.process import remove_container

        remove_container()


def starts_at_login(trial: Trial) -> bool:
    """Whether the program says that it starts at the next login, or is set to and will not."""
    said = json.loads(trial.ask("autostart", "status", "--json", codes=(0, 1, 3)))
    return bool(said["on"])


def tests(room: str) -> str:
    """The project's own tests of one room."""
    command = [sys.executable, "-m", "pytest", "-q", "--maxfail=20", f"tests/{room}"]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        command,
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=TEST_SECONDS,
    )
    if done.returncode != 0:
        raise CheckFailedError(done.stdout[-4_000:] + done.stderr[-1_000:])
    return done.stdout.strip().splitlines()[-1]


def main() -> int:
    """Everything in turn; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("place", type=Path, help="an empty folder for all that is made")
    parser.add_argument("report", type=Path, help="the file to write")
    parser.add_argument("--no-tests", action="store_true", help="leave out the project's own tests")
    parser.add_argument("--kills", type=int, default=20, help="how often the daemon is killed at work")
    options = parser.parse_args()
    report, trial = Report(options.report), Trial(options.place.resolve())
    report.say(
        f"Homepress on {platform.platform()}, {platform.machine()}, Python {platform.python_version()}"
    )
    report.try_out("version", lambda: trial.ask("--version"))
    report.try_out("doctor", lambda: trial.ask("doctor", codes=(0, 1)))
    report.try_out("folder add", lambda: trial.ask("folder", "add", str(trial.folder)))
    try:
        report.try_out("start", lambda: trial.start() or "")
        report.try_out("smaller and restored", lambda: smaller(trial))
        report.try_out("prove", lambda: trial.ask("prove", codes=(0, 4)))
        report.try_out("status", lambda: trial.ask("status"))
        report.try_out("idle", lambda: idle(trial))
        report.try_out("killed", lambda: killed(trial, options.kills))
        report.try_out("stop", lambda: trial.stop() or "")
    finally:
        trial.kill()
    report.try_out("workers in a container", lambda: contained(trial))
    report.try_out("login", lambda: login(trial))
    for room in () if options.no_tests else TEST_ROOMS:
        report.try_out(f"tests of {room}", lambda room=room: tests(room))
    report.say(
        f"\nFailed: {', '.join(report.failed) or 'nothing'}. The report is {options.report.resolve()}."
    )
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
