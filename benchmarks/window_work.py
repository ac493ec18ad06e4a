"""How quick the window is at work: 100,000 rows, the slider between two photographs, memory given back.

Run: `python -m benchmarks.window_work [ROWS]`. Needs Xvfb. The real window runs in this process, against a
ledger and pictures in a temporary folder, at the usual size and at twice that; each frame is timed from the
call to the moment when Tk has nothing left to draw. Beside each figure of a frame stands what an empty frame
of the same window takes, since a busy computer slows both.
"""

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

from PIL import Image

from benchmarks import landscapes
from benchmarks.screenshots import display
from homepress.base.paths import Paths
from homepress.store.model import OriginalsLimit
from homepress.store.store import Store
from homepress.ui.window.frame import PageName, WindowFrame
from homepress.ui.window.model.pictures import load_pair, open_with
from homepress.ui.window.pages.activity import ActivityPage
from homepress.ui.window.shell import Shell
from homepress.ui.window.start import OpenRequest, WindowLook
from homepress.ui.window.widgets.photos import CompareView

_FRAMES = 200
_PHOTO = (4000, 3000)
_COLUMNS = (
    "time, kind, path, result_path, root, outcome, reason, before_bytes, after_bytes, before_sha256, "
    "after_sha256, format, score, score_kind, settings, seconds, original"
)


def fill(paths: Paths, rows: int) -> None:
    """Write a ledger of so many results."""
    import sqlite3

    paths.ensure()
    Store.open(paths.ledger, paths.originals, OriginalsLimit()).close()
    now = time.time()
    with sqlite3.connect(paths.ledger) as connection:
        connection.executemany(
            f"INSERT INTO history ({_COLUMNS}) VALUES ({', '.join('?' * len(_COLUMNS.split(',')))})",
            (_row(number, now - 30 * (rows - number)) for number in range(rows)),
        )
    connection.close()


def _row(number: int, when: float) -> tuple[object, ...]:
    path = os.fsencode(f"/pictures/{number // 500:04}/A picture with a rather long name {number:06}.jpg")
    digest = f"{number:064x}"
    state = "expired" if number % 7 else "restored"
    return (
        *(when, "replace", path, path, b"/pictures", "compressed", "", 4_000_000 + number, 1_500_000),
        *(digest, digest, "jpeg", 81.5, "sampled", "", 0.8, state),
    )


class Window:
    """The window in this process, its loop turned by hand."""

    def __init__(self, paths: Paths, scale: float) -> None:
        self.frame = WindowFrame(WindowLook(dark=False, scale=scale))
        self.frame.show()
        self.shell = Shell(self.frame, paths, OpenRequest(), list)
        self.frame.root.after(10, self._mail)

    def _mail(self) -> None:
        self.shell._mailbox.drain()
        self.frame.root.after(10, self._mail)

    def until(self, condition: Callable[[], object]) -> float:
        """Turn the loop until something holds; how long it took."""
        begin = time.perf_counter()
        while not condition():
            self.frame.root.update()
            time.sleep(0.001)
        self.frame.root.update()
        return time.perf_counter() - begin

    def timed(self, step: Callable[[int], object]) -> list[float]:
        """Seconds of each frame."""
        found = []
        for number in range(_FRAMES):
            begin = time.perf_counter()
            step(number)
            self.frame.root.update()
            found.append(time.perf_counter() - begin)
        return found


def told(name: str, frames: list[float]) -> None:
    """Print a line on frames."""
    ordered = sorted(frames)
    p95 = ordered[int(0.95 * len(ordered))]
    figures = (statistics.median(frames), p95, ordered[-1])
    print(f"{name:34}" + "".join(f"{1000 * figure:9.1f}" for figure in figures))


def memory() -> float:
    """Megabytes of this process (proc(5))."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(paths: Paths, scale: float, photos: tuple[Path, Path], rows: int) -> None:
    """One window at one scale."""
    window = Window(paths, scale)
    print(f"\nscale {scale:g}{'median':>35}{'95 %':>9}{'worst':>9}   (ms)")
    told("an empty frame", window.timed(lambda _: None))
    begin = time.perf_counter()
    window.shell.go(PageName.ACTIVITY)
    page = window.shell._pages[PageName.ACTIVITY]
    assert isinstance(page, ActivityPage)
    window.until(lambda: page._list.current)
    first = time.perf_counter() - begin
    window.until(lambda: len(page._list.rows) == rows)
    print(f"{rows:,} rows: first seen after {1000 * first:.0f} ms, all after ", end="")
    print(f"{1000 * (time.perf_counter() - begin):.0f} ms")
    told("scroll by a notch of the wheel", window.timed(lambda _: page._list.scroll(90)))
    far = rows * page._list.row_height // _FRAMES
    told("drag the scroll bar from top to end", window.timed(lambda n: page._list._to(n * far)))
    before = memory()
    window.shell.go(PageName.COMPARE)
    compare = window.shell._pages[PageName.COMPARE]
    window.until(lambda: getattr(compare, "_found", None))  # it says that the original is not there any more
    view = next(child for child in _all(window.frame.root) if isinstance(child, CompareView))
    view.show(load_pair(*photos), "Before", "After")
    window.frame.root.update()
    told("move the slider", window.timed(lambda n: view.slide(n / _FRAMES)))
    told("zoom and pan", window.timed(lambda n: view.zoom(1.05 if n % 40 < 20 else 1 / 1.05)))
    held = memory()
    window.shell.go(PageName.FOLDERS)
    window.frame.root.update()
    print(f"memory: {before:.0f} MB, {held:.0f} with two photographs open, {memory():.0f} when left")
    window.shell._close()


def _all(widget: object) -> list[object]:
    children = getattr(widget, "winfo_children", list)()
    return [widget, *(below for child in children for below in _all(child))]


def _decoded(file: Path, *_: object) -> tuple[tuple[int, int], tuple[int, int], bytes]:
    """In this process, since the pictures are our own."""
    with Image.open(file) as image:
        return image.size, image.size, image.convert("RGB").tobytes()


def main() -> int:
    """Measure at both scales, each in a process of its own: Tk leaves a display only with its process."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if len(sys.argv) > 2:
        one_scale(rows, float(sys.argv[2]))
        return 0
    for scale in (1.0, 2.0):
        with display(scale) as screen:
            command = [sys.executable, "-m", "benchmarks.window_work", str(rows), str(scale)]
            subprocess.run(command, env={**os.environ, "DISPLAY": screen}, check=True)
    return 0


def one_scale(rows: int, scale: float) -> None:
    """Make ledger and pictures, and measure."""
    open_with(_decoded)
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
    with tempfile.TemporaryDirectory(prefix="homepress-work-") as name:
        os.environ["HOMEPRESS_HOME"] = name
        paths = Paths.from_environment()
        fill(paths, rows)
        photos = Path(name, "before.jpg"), Path(name, "after.jpg")
        picture = Image.open(io.BytesIO(landscapes.jpeg(1))).convert("RGB").resize(_PHOTO)
        for file, quality in zip(photos, (95, 60), strict=True):
            picture.save(file, quality=quality)
        measure(paths, scale, photos, rows)


if __name__ == "__main__":
    sys.exit(main())
