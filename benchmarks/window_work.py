"""How quick the window is at work: 100,000 rows, two photographs of 24 megapixels, memory given back.

Run: `python -m benchmarks.window_work [ROWS]`. Needs Xvfb. The real window runs in this process, against a
ledger and pictures in a temporary folder, at the usual size and at twice that; pictures are decoded by the
real worker. Each frame is timed from the call to the moment when the X server has it. Beside the frames
stands what an empty frame of the same window takes, and the load, since a busy computer slows both.
"""

import contextlib
import gc
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageChops

from benchmarks import landscapes
from benchmarks.screenshots import display

_FRAMES = 200
_HEAD = f"{'median':>9}{'95 %':>9}{'worst':>9}"
"""Of milliseconds: first on the clock, then of the processor."""
_WORKER_SECONDS = 4.0
_PHOTO = (6000, 4000)
_COLUMNS = (
    "time, kind, path, result_path, root, outcome, reason, before_bytes, after_bytes, before_sha256, "
    "after_sha256, format, score, score_kind, settings, seconds, original"
)


def fill(place: Path, rows: int, photos: tuple[Path, Path]) -> None:
    """Write a ledger of so many results; the newest was made of photographs that are there."""
    import sqlite3

    from homepress.base.paths import Paths
    from homepress.store.model import OriginalsLimit
    from homepress.store.store import Store

    os.environ["HOMEPRESS_HOME"] = str(place)
    paths = Paths.from_environment()
    paths.ensure()
    Store.open(paths.ledger, paths.originals, OriginalsLimit()).close()
    now = time.time()
    with sqlite3.connect(paths.ledger) as connection:
        marks = ", ".join("?" * len(_COLUMNS.split(",")))
        connection.executemany(
            f"INSERT INTO history ({_COLUMNS}) VALUES ({marks})",
            (_row(number, now - 30 * (rows - number)) for number in range(rows - 1)),
        )
        kind, before, after = "output", *map(os.fsencode, photos)
        row = (now, kind, before, after, *_row(rows, now)[4:-1], "none")
        connection.execute(f"INSERT INTO history ({_COLUMNS}) VALUES ({marks})", row)
    connection.close()


def _row(number: int, when: float) -> tuple[object, ...]:
    path = os.fsencode(f"/pictures/{number // 500:04}/A picture with a rather long name {number:06}.jpg")
    digest = f"{number:064x}"
    state = "expired" if number % 7 else "restored"
    return (
        *(when, "replace", path, path, b"/pictures", "compressed", "", 4_000_000 + number, 1_500_000),
        *(digest, digest, "jpeg", 81.5, "sampled", "", 0.8, state),
    )


def photographs(place: Path) -> tuple[Path, Path]:
    """A picture with noise as a camera's, and a progressive result of it."""
    photos = place / "before.jpg", place / "after.jpg"
    plain = Image.open(io.BytesIO(landscapes.jpeg(1))).convert("RGB").resize(_PHOTO)
    noisy = ImageChops.add(plain, Image.effect_noise(_PHOTO, 12).convert("RGB"), 1, -128)
    noisy.save(photos[0], quality=93)
    noisy.save(photos[1], quality=75, progressive=True)
    return photos


class Window:
    """The window in this process, its loop turned by hand."""

    def __init__(self, scale: float) -> None:
        from homepress.base.paths import Paths
        from homepress.ui.window.frame import WindowFrame
        from homepress.ui.window.shell import Shell
        from homepress.ui.window.start import OpenRequest, WindowLook

        self.frame = WindowFrame(WindowLook(dark=False, scale=scale))
        self.frame.show()
        self.shell = Shell(self.frame, Paths.from_environment(), OpenRequest(), list)
        self.turn()

    def turn(self) -> None:
        """Let everything happen that waits, and be seen."""
        self.frame.app.processEvents()
        self.frame.app.sync()

    def until(self, condition: Callable[[], object]) -> float:
        """Turn the loop until something holds; how long it took."""
        begin = time.perf_counter()
        while not condition():
            self.turn()
            time.sleep(0.001)
        self.turn()
        return time.perf_counter() - begin

    def wait(self, seconds: float) -> None:
        """Turn the loop for so long."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end)

    def timed(self, step: Callable[[int], object]) -> list[tuple[float, float]]:
        """Seconds of each frame, and of its thread's processor time: what a busy computer changes less."""
        found = []
        for number in range(_FRAMES):
            begin, used = time.perf_counter(), time.thread_time()
            step(number)
            self.turn()
            found.append((time.perf_counter() - begin, time.thread_time() - used))
        return found


def told(name: str, frames: list[tuple[float, float]]) -> None:
    """Print a line on frames."""
    line = f"{name:38}"
    for column in zip(*frames, strict=True):
        ordered = sorted(column)
        figures = (statistics.median(column), ordered[int(0.95 * len(ordered))], ordered[-1])
        line += "".join(f"{1000 * figure:9.1f}" for figure in figures)
    print(line)


def memory() -> float:
    """Megabytes of this process (proc(5))."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def rows_of(window: Window, rows: int) -> None:
    """The list of everything."""
    from PySide6.QtWidgets import QTableView

    begin = time.perf_counter()
    window.shell.go("activity")
    table = window.frame.stage.findChild(QTableView)
    assert isinstance(table, QTableView)
    window.until(table.model().rowCount)
    first = time.perf_counter() - begin
    window.until(lambda: table.model().rowCount() == rows)
    print(f"{rows:,} rows: first seen after {1000 * first:.0f} ms, all after ", end="")
    print(f"{1000 * (time.perf_counter() - begin):.0f} ms")
    bar = table.verticalScrollBar()
    notch = max(1, bar.singleStep() * 3)
    told("scroll by a notch of the wheel", window.timed(lambda _: bar.setValue(bar.value() + notch)))
    far = bar.maximum() / _FRAMES
    told("drag the scroll bar from top to end", window.timed(lambda n: bar.setValue(round(n * far))))


def pictures_of(window: Window) -> None:
    """Both photographs, opened and moved."""
    from homepress.ui.window.pages.compare import ComparePage
    from homepress.ui.window.widgets.photos import CompareView

    before = memory()
    begin = time.perf_counter()
    window.shell.go("compare")
    page = window.frame.stage.currentWidget()
    assert isinstance(page, ComparePage)
    view = page.findChild(CompareView)
    assert isinstance(view, CompareView)
    stages = {
        "one seen": lambda: view.is_shown(0),
        "both": lambda: view.is_shown(1),
        "in full": lambda: view.is_shown(1, full=True),
        "measured": lambda: page.is_measured,
    }
    for way in ("first time", "again"):
        for name, reached in stages.items():
            window.until(reached)
            print(f"24 megapixels, {way}: {name} after {1000 * (time.perf_counter() - begin):.0f} ms")
        if way == "first time":  # the worker runs by then, as it does for who comes from the activity
            window.shell.go("general")
            window.wait(_WORKER_SECONDS)
            begin = time.perf_counter()
            window.shell.go("compare")
    told("move the slider", window.timed(lambda n: view.slide(n / _FRAMES)))
    told("zoom", window.timed(lambda n: view.zoom(1.05 if n % 100 < 50 else 1 / 1.05)))
    view.full_size()
    window.until(lambda: view.is_sharp)
    told("move the slider at 100 %", window.timed(lambda n: view.slide(n / _FRAMES)))

    def pan(number: int) -> None:
        view.pan(*((9, 5) if number % 40 < 20 else (-9, -5)))

    told("move the picture at 100 %", window.timed(pan))
    for mode in ("side", "difference"):
        view.set_mode(mode)
        told(f"move it, {mode}", window.timed(pan))
    held = memory()
    window.shell.go("general")
    window.wait(0.3)
    print(f"memory: {before:.0f} MB, {held:.0f} with both photographs open, {memory():.0f} when left")


def main() -> int:
    """Measure at both scales, each in a process of its own."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if len(sys.argv) > 2:
        one_scale(rows, float(sys.argv[2]), Path(sys.argv[3]))
        return 0
    with tempfile.TemporaryDirectory(prefix="homepress-work-") as name:
        place = Path(name)
        fill(place / "home", rows, photographs(place))
        for scale in (1.0, 2.0):
            with display(scale) as screen:
                command = [sys.executable, "-m", "benchmarks.window_work", str(rows), str(scale), name]
                subprocess.run(command, env={**os.environ, "DISPLAY": screen}, check=True)
    return 0


def one_scale(rows: int, scale: float, place: Path) -> None:
    """One window at one scale."""
    # As the window itself does (`start`): some versions of PySide6 load numpy where they find it.
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]  # None: not to be found
    from homepress.ui.cli.commands.window import pictures_apart

    os.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
    os.environ["HOMEPRESS_HOME"] = str(place / "home")
    with pictures_apart(), contextlib.suppress(KeyboardInterrupt):
        window = Window(scale)
        print(f"\nscale {scale:g}, load {os.getloadavg()[0]:.1f}{_HEAD:>46}{_HEAD}")
        told("an empty frame", window.timed(lambda _: window.frame.sidebar.update()))
        rows_of(window, rows)
        pictures_of(window)
        window.frame.close()


if __name__ == "__main__":
    sys.exit(main())
