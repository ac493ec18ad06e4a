"""Six writers that are slow in six ways, in real time, and who waits for them."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from homepress.watch import Arrival
from watching.bench import Counting, Memory, Row, running
from watching.pictures import noise


def _chunks(path: Path, data: bytes) -> None:
    with path.open("wb") as out:
        for at in range(0, len(data), len(data) // 8):
            out.write(data[at : at + len(data) // 8])
            out.flush()
            time.sleep(2)


def _pause_while_open(path: Path, data: bytes) -> None:
    with path.open("wb") as out:
        out.write(data[: len(data) // 2])
        out.flush()
        time.sleep(12)
        out.write(data[len(data) // 2 :])


def _pause_while_closed(path: Path, data: bytes) -> None:
    path.write_bytes(data[: len(data) // 2])
    time.sleep(12)
    with path.open("ab") as out:
        out.write(data[len(data) // 2 :])


def _preallocated(path: Path, data: bytes) -> None:
    with path.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, len(data))
        for at in range(0, len(data), len(data) // 6):
            os.pwrite(out.fileno(), data[at : at + len(data) // 6], at)
            time.sleep(1.5)


def _pieces(path: Path, data: bytes) -> None:
    with path.open("wb") as out:
        out.truncate(len(data))
    step = len(data) // 6
    for piece in (0, 3, 1, 5, 2, 4, 6):
        with path.open("r+b") as out:
            out.seek(piece * step)
            out.write(data[piece * step : (piece + 1) * step])
        time.sleep(3)


def _times_later(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    time.sleep(3)
    os.utime(path, (1e9, 1e9))


WRITERS: dict[str, Callable[[Path, bytes], None]] = {
    "a chunk every 2 s": _chunks,
    "12 s pause while open": _pause_while_open,
    "12 s pause while closed": _pause_while_closed,
    "preallocated, filled in order": _preallocated,
    "preallocated, pieces in any order": _pieces,
    "times set 3 s later": _times_later,
}


def write_all(folder: Path, data: bytes) -> dict[str, Path]:
    """Let all six write at once; where each wrote."""
    paths = {name: folder / f"{name}.jpg" for name in WRITERS}
    threads = [threading.Thread(target=WRITERS[name], args=(path, data)) for name, path in paths.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return paths


def slow_writers(place: Path) -> Row:
    """What each file held when it was handed on."""
    data, folder = noise(), place / "watched"
    folder.mkdir()
    early = 0

    class Checking(Counting):
        def arrived(self, arrival: Arrival) -> None:
            nonlocal early
            early += arrival.path.read_bytes() != data
            super().arrived(arrival)

    with running(folder, sink=Checking(memory := Memory()), known=memory) as run:
        paths = write_all(folder, data)
        run.wait(list(paths.values()), 120)
        missing = run.verdict(list(paths.values()))[0]
    return Row(
        case="six slow writers, real time",
        figure=f"{early} handed on too early, {missing} missing",
        goal="untouched until complete",
        met=not early and not missing,
        numbers={"early": early, "missing": missing},
    )
