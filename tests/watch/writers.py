"""Six writers that are slow in six ways. The benchmark of watching lets them write in real time."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

Pause = Callable[[float], None]
"""Waits for so many seconds of the writer's time."""


def _chunks(path: Path, data: bytes, pause: Pause) -> None:
    """A copy over a slow line, the file open all the time."""
    with path.open("wb") as out:
        for at in range(0, len(data), len(data) // 6):
            out.write(data[at : at + len(data) // 6])
            out.flush()
            pause(2)


def _long_pause_while_open(path: Path, data: bytes, pause: Pause) -> None:
    """Half, a pause of many settle times, the rest."""
    with path.open("wb") as out:
        out.write(data[: len(data) // 2])
        out.flush()
        pause(12)
        out.write(data[len(data) // 2 :])


def _long_pause_while_closed(path: Path, data: bytes, pause: Pause) -> None:
    """Resumed upload: half, closed, a long pause, appended."""
    path.write_bytes(data[: len(data) // 2])
    pause(12)
    with path.open("ab") as out:
        out.write(data[len(data) // 2 :])


def _preallocated_while_open(path: Path, data: bytes, pause: Pause) -> None:
    """The final size from the start, then filled in order."""
    with path.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, len(data))
        for at in range(0, len(data), len(data) // 6):
            os.pwrite(out.fileno(), data[at : at + len(data) // 6], at)
            pause(1.6)


def _pieces_in_any_order(path: Path, data: bytes, pause: Pause) -> None:
    """Torrent: the final size from the start, pieces out of order, closed after each."""
    with path.open("wb") as out:
        out.truncate(len(data))
    step = len(data) // 6
    for piece in (0, 3, 1, 5, 2, 4, 6):
        with path.open("r+b") as out:
            out.seek(piece * step)
            out.write(data[piece * step : (piece + 1) * step])
        pause(3.2)


def _times_set_afterwards(path: Path, data: bytes, pause: Pause) -> None:
    """`cp -p` over a slow line: the time of change is set to the past long after the last byte."""
    path.write_bytes(data)
    pause(3.2)
    os.utime(path, (1e9, 1e9))


WRITERS: dict[str, Callable[[Path, bytes, Pause], None]] = {
    "a chunk every 2 s": _chunks,
    "12 s pause while open": _long_pause_while_open,
    "12 s pause while closed": _long_pause_while_closed,
    "preallocated, filled in order": _preallocated_while_open,
    "preallocated, pieces in any order": _pieces_in_any_order,
    "times set 3 s later": _times_set_afterwards,
}
"""What each does, in the time of real writers."""


def write_all(folder: Path, data: bytes, *, times: float = 1.0) -> list[Path]:
    """Let all six write at once; where each wrote.

    Args:
        folder: where.
        data: what.
        times: so many times quicker than real writers.
    """

    def pause(seconds: float) -> None:
        time.sleep(seconds / times)

    paths = [folder / f"{name}.jpg" for name in WRITERS]
    threads = [
        threading.Thread(target=write, args=(path, data, pause))
        for path, write in zip(paths, WRITERS.values(), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return paths
