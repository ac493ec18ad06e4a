"""How long the window takes: from the start of its process to its first frame, and to its page.

Run: `python -m benchmarks.window_start [RUNS]`. Needs Xvfb and python-xlib. The stopwatch stands outside: it
looks at the pixels of an X server that nobody else draws on, every few milliseconds. A bare window of Qt with
one line of text is measured in the same run, as the least that is possible. Settings, ledger and daemon
are in a temporary folder; the user's own are not touched.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from Xlib import X
from Xlib.display import Display

from benchmarks.screenshots import display, wait_until_done

_PATIENCE = 20.0
_PAUSE = 0.003
_BARE = (
    "from PySide6.QtWidgets import QApplication, QLabel; a = QApplication([]); "
    "l = QLabel('one line of text'); l.setStyleSheet('font-size: 24px; background: white; color: black'); "
    "l.setGeometry(0, 0, 1080, 100); l.show(); a.exec()"
)
_SIDE, _PAGE = (20, 10, 180, 60), (240, 20, 400, 60)
"""Left, top, width, height of what is looked at: the name of the program, the title of the page."""


def colours(screen: Display, area: tuple[int, int, int, int]) -> int:
    """How many colours are seen in an area of the screen."""
    data = screen.screen().root.get_image(*area, X.ZPixmap, 0xFFFFFFFF).data
    return len({data[at : at + 3] for at in range(0, len(data), 4)})


def timed(command: list[str], environment: dict[str, str], screen: Display) -> tuple[float, float, float]:
    """Seconds from the start of a process to its first frame and to its page, and of processor time."""
    begin = time.monotonic()
    process = subprocess.Popen(command, env=environment)
    try:
        first = _seen(lambda: colours(screen, _SIDE) > 3, begin)
        page = _seen(lambda: colours(screen, _PAGE) > 3, begin) if "-c" not in command else first
        used = _processor(process.pid)
    finally:
        process.terminate()
        process.wait()
    _seen(lambda: colours(screen, _SIDE) == 1, time.monotonic())
    return first, page, used


def _processor(pid: int) -> float:
    """Seconds of processor time of a process so far (proc(5), utime and stime)."""
    words = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _seen(condition: Callable[[], bool], begin: float) -> float:
    while not condition():
        if time.monotonic() - begin > _PATIENCE:
            raise TimeoutError("the window did not appear")
        time.sleep(_PAUSE)
    return time.monotonic() - begin


def main() -> int:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    program = [sys.executable, "-m", "homepress"]
    cases = {
        "bare window of Qt": [sys.executable, "-c", _BARE],
        "homepress window": [*program, "window"],
        "homepress": program,
    }
    with tempfile.TemporaryDirectory(prefix="homepress-start-") as name, display(1.0) as screen_name:
        home, inbox = Path(name, "home"), Path(name, "inbox")
        home.mkdir()
        inbox.mkdir()
        (home / "settings.toml").write_text(f'[[folder]]\npath = "{inbox}"\n', encoding="utf-8")
        environment = {
            **os.environ,
            "HOMEPRESS_HOME": str(home),
            "DISPLAY": screen_name,
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
        }
        daemon = subprocess.Popen([*program, "run", "--no-tray"], env=environment, stderr=subprocess.DEVNULL)
        screen = Display(screen_name)
        try:
            wait_until_done(environment, 0)
            found: dict[str, list[tuple[float, float, float]]] = {case: [] for case in cases}
            for _ in range(runs + 1):  # all cases in turn, so that whatever else runs disturbs all alike
                for case, command in cases.items():
                    found[case].append(timed(command, environment, screen))
        finally:
            screen.close()
            daemon.send_signal(signal.SIGTERM)
            daemon.wait()
    print(f"{runs} runs after one to warm up; milliseconds, median (largest)")
    print(f"{'':28}{'first frame':>16}{'page':>16}{'processor':>16}")
    for case, times in found.items():
        columns = (
            f"{1000 * statistics.median(column):.0f} ({1000 * max(column):.0f})"
            for column in zip(*times[1:], strict=True)
        )
        print(f"{case:28}" + "".join(f"{column:>16}" for column in columns))
    return 0


if __name__ == "__main__":
    sys.exit(main())
