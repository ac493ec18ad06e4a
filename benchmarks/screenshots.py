"""Screenshots of every page of the window, light, dark, with high contrast and at twice the size.

Run: `python -m benchmarks.screenshots [FOLDER]`. Needs Xvfb, xdotool and ImageMagick's `import`. It starts a
Homepress with a home of its own in a temporary folder; the user's settings and pictures are not touched. The
pages are written to `docs/screenshots/` or to FOLDER as PNG.
"""

import functools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from benchmarks import landscapes

PAGES = ("now", "first-run", "folders", "activity", "compare", "statistics", "privacy", "general")
_TRY = ("click", "340", "658")
HANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "first-run": (("type", "~/Pictures/Phone"), ("wait", "2"), _TRY, ("wait", "12")),
    "folder-settings": (("click", "824", "167"),),
}
"""What is done on a page before it is shown: text that is typed, a place of the design that is clicked."""
LOOKS = (("light", 1.0), ("dark", 1.0), ("light-contrast", 1.0), ("light", 2.0))
SIZE = (1080, 720)
_DAYS = 30
_LARGEST = 150_000
"""Bytes; what is larger, because it shows photographs, is saved with 256 colours."""


@contextmanager
def display(scale: float) -> Iterator[str]:
    """An X server that is just as large as the window."""
    read, write = os.pipe()
    width, height = (round(side * scale) for side in SIZE)
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.kill()
        server.wait()


def prepare(place: Path) -> dict[str, str]:
    """Make pictures and settings; the environment of this Homepress."""
    user = place / "anna"
    camera, shots, scans = (user / "Pictures" / name for name in ("Camera", "Screenshots", "Scans"))
    for folder in (camera, shots, scans):
        folder.mkdir(parents=True)
    for number in range(9):
        (camera / f"{landscapes.name(number)}.jpg").write_bytes(
            landscapes.jpeg(number, located=number % 2 == 0)
        )
    for number in range(4):
        (shots / f"Screenshot {number + 1}.png").write_bytes(landscapes.screenshot(number))
    lines = ['[daemon]\nnotify = "summary"']
    for folder, more in ((camera, ""), (shots, 'preset = "screenshots"'), (scans, "enabled = false")):
        path = json.dumps(str(folder))
        lines.append(f'\n[[folder]]\npath = {path}\nexisting = "compress"\nsettle_seconds = 0.3\n{more}')
    phone = user / "Pictures" / "Phone"  # not watched yet
    phone.mkdir()
    for number in range(4):
        (phone / f"IMG_{3000 + number}.jpg").write_bytes(landscapes.jpeg(20 + number, located=number == 1))
    home = place / "home"
    home.mkdir()
    (home / "settings.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    bus = "unix:path=/nonexistent"
    return {**os.environ, "HOMEPRESS_HOME": str(home), "HOME": str(user), "DBUS_SESSION_BUS_ADDRESS": bus}


def run(environment: dict[str, str], *words: str) -> str:
    """A command of this Homepress; what it prints."""
    command = [sys.executable, "-m", "homepress", *words]
    return subprocess.run(command, env=environment, capture_output=True, check=False).stdout.decode()


def wait_until_done(environment: dict[str, str], pictures: int) -> None:
    """Wait for a daemon that has compressed so many pictures and has nothing left to do."""
    while True:
        status = json.loads(run(environment, "status", "--json") or "{}")
        if status.get("state") == "idle" and not status["waiting"] and status["compressed_today"] >= pictures:
            return
        time.sleep(0.5)


def add_history(environment: dict[str, str]) -> None:
    """Give the ledger a month of work, copied from the day's: for the charts. The daemon must not run."""
    chance = random.Random(7)
    ledger = Path(environment["HOMEPRESS_HOME"], "state", "ledger.sqlite3")
    columns = (
        "kind, path, result_path, root, outcome, reason, before_bytes, after_bytes, before_sha256, "
        "after_sha256, format, score, score_kind, settings, seconds"
    )
    with sqlite3.connect(ledger) as connection:
        last = connection.execute("SELECT max(id) FROM history").fetchone()[0]
        # The copies are older, so they have to come first: the day's own entries move up.
        connection.execute("UPDATE history SET id = id + 100000")
        number = 0
        for days in range(_DAYS, 0, -1):
            for _ in range(0 if chance.random() < 0.15 else chance.randrange(1, 26)):
                number += 1
                when = time.time() - 86_400 * days + chance.randrange(20_000)
                connection.execute(
                    f"INSERT INTO history (id, time, original, {columns}) SELECT ?, ?, 'expired', {columns} "
                    "FROM history WHERE id = ?",
                    (number, when, 100_000 + chance.randrange(1, last + 1)),
                )
    connection.close()


def shoot(environment: dict[str, str], page: str, theme: str, scale: float, target: Path) -> None:
    """Open the window at a page, wait until it stands still, and write what is seen."""
    command = [sys.executable, "-m", "homepress", "window"]
    options = ["--page", page, "--theme", theme, "--scale", str(scale)]
    if page == "now":
        options.append(str(Path(environment["HOME"], "Pictures", "Phone")))
    window = subprocess.Popen([*command, *options], env=environment)
    try:
        name = target.name.partition("-light")[0].partition("-dark")[0]
        use(environment, HANDS.get(name, ()), scale)
        before = b""
        for _ in range(40):
            time.sleep(
                {"now": 12, "first-run": 4, "compare": 4}.get(name, 1)
            )  # pictures are worked on meanwhile
            subprocess.run(["import", "-window", "root", str(target)], env=environment, check=True)
            now = Image.open(target).convert("RGB").tobytes()
            if now == before and len(set(now[:: max(1, len(now) // 5000)])) > 6:
                break
            before = now
    finally:
        window.terminate()
        window.wait()
    image = Image.open(target).convert("RGB")
    image.save(target, optimize=True)
    if target.stat().st_size > _LARGEST:
        image.quantize(256, Image.Quantize.MEDIANCUT).save(target, optimize=True)


def use(environment: dict[str, str], hands: tuple[tuple[str, ...], ...], scale: float) -> None:
    """Use mouse and keyboard, then take the pointer out of the picture."""
    find = ["search", "--sync", "--onlyvisible", "--class", "Homepress", "windowfocus"]
    xdotool = functools.partial(subprocess.run, env=environment, check=True, capture_output=True)
    xdotool(["xdotool", *find])
    time.sleep(1.5)
    for hand in hands:
        match hand:
            case ("type", text):
                xdotool(["xdotool", "type", "--delay", "20", text])
            case ("click", x, y):
                place = [str(round(float(number) * scale)) for number in (x, y)]
                xdotool(["xdotool", "mousemove", *place, "click", "1"])
            case ("wait", seconds):
                time.sleep(float(seconds))
    corner = [str(round(side * scale) - 1) for side in SIZE]
    xdotool(["xdotool", "mousemove", *corner])


def main() -> int:
    """Take them all."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screenshots")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="homepress-shots-") as name:
        environment = prepare(Path(name))
        for once in (True, False):
            command = [sys.executable, "-m", "homepress", "run", "--no-tray"]
            daemon = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            try:
                if once:
                    wait_until_done(environment, 13)
                    # The newest picture is the one that is compared: a landscape, not a screenshot.
                    newest = Path(environment["HOME"], "Pictures", "Camera", "Harbour at dusk.jpg")
                    newest.write_bytes(landscapes.jpeg(14))
                wait_until_done(environment, 14)
                if not once:
                    take(environment, target)
            finally:
                daemon.send_signal(signal.SIGTERM)
                daemon.wait()
            if once:
                add_history(environment)
    return 0


def take(environment: dict[str, str], target: Path) -> None:
    """Every page in every look."""
    for theme, scale in LOOKS:
        with display(scale) as screen:
            for name in (*PAGES, "folder-settings"):
                page = "folders" if name == "folder-settings" else name
                suffix = "-2x" if scale > 1 else ""
                file = target / f"{name}-{theme}{suffix}.png"
                seen = {**environment, "DISPLAY": screen}
                if name == "first-run":  # of somebody who has no settings yet
                    seen["HOMEPRESS_HOME"] = f"{environment['HOMEPRESS_HOME']}-{theme}-{scale:g}"
                shoot(seen, page, theme, scale, file)
                if name == "first-run":
                    run(seen, "stop")
                print(f"{file}  {file.stat().st_size:,} bytes", flush=True)


if __name__ == "__main__":
    sys.exit(main())
