"""What the lock costs: the same pictures through a locked worker and through one that is not, in turn.

    python -m benchmarks.lock_cost [--pictures 100] [FOLDER]

Every picture goes to both workers, the first of the two changing each time, so that whatever else the
computer does hits both alike. What counts is the processor time of the workers; the time on the clock is
shown too.
"""

import argparse
import io
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from homepress import privacy
from homepress.compress import Recipe
from homepress.workers import Limits, Slot, child
from homepress.workers.process import module_command

_UNLOCKED = (sys.executable, "-I", str(Path(__file__).resolve()), "--be-unlocked-worker")
_TICKS = os.sysconf("SC_CLK_TCK")
_WIDTH, _HEIGHT = 640, 480


def made_pictures() -> Iterator[bytes]:
    """Photograph-like JPEGs, each another: soft gradients with grain."""
    from PIL import Image, ImageChops

    for seed in range(1_000_000):
        random.seed(seed)
        base = Image.radial_gradient("L").resize((_WIDTH, _HEIGHT)).rotate(random.uniform(0, 360))
        grain = Image.effect_noise((_WIDTH, _HEIGHT), random.uniform(5, 25))
        bands = [ImageChops.blend(base, grain, random.uniform(0.05, 0.3)) for _ in range(3)]
        out = io.BytesIO()
        Image.merge("RGB", bands).save(out, "JPEG", quality=95)
        yield out.getvalue()


def pictures_of(folder: Path) -> Iterator[bytes]:
    """The smaller JPEGs and PNGs of a folder, again and again."""
    files = sorted(
        (path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".png")),
        key=lambda path: path.stat().st_size,
    )
    while files:
        yield from (path.read_bytes() for path in files)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far (proc(5), fields utime and stime of /proc/PID/stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Side:
    """One of the two workers, with what it cost so far."""

    def __init__(self, name: str, program: Sequence[str]) -> None:
        self.name = name
        # Never replaced for having worked long: both sides do the same work in one process each.
        self.slot = Slot(Limits(cpu_seconds=1 << 20), background=False, program=program)
        self.wall = self.cpu = 0.0

    def start(self) -> float:
        """Start the worker; the seconds it took."""
        begin = time.monotonic()
        self.slot.prepare()
        return time.monotonic() - begin

    def compress(self, source: bytes) -> int:
        """Compress one picture and count its cost; the size of the result, 0 when there is none."""
        self.slot.prepare()
        pid = self.slot.pid or 0
        cpu, wall = cpu_seconds(pid), time.monotonic()
        result = self.slot.compress(source, Recipe())
        self.wall += time.monotonic() - wall
        self.cpu += (cpu_seconds(pid) if self.slot.pid == pid else cpu) - cpu
        return len(getattr(result, "data", b""))


def compare(sources: Iterator[bytes], pictures: int) -> dict[str, object]:
    """Run all pictures through both sides; the figures."""
    sides = [Side("locked", module_command("homepress.workers.child")), Side("unlocked", _UNLOCKED)]
    starts = {side.name: round(side.start(), 3) for side in sides}
    states = {side.name: side.slot.lock.network if side.slot.lock else "" for side in sides}
    for number in range(pictures):
        source = next(sources)
        order = sides if number % 2 else sides[::-1]
        sizes = {side.compress(source) for side in order}
        if len(sizes) != 1:
            raise SystemExit(f"picture {number}: the two workers gave results of {sizes} bytes")
    for side in sides:
        side.slot.close()
    locked, free = sides
    return {
        "pictures": pictures,
        "state": states,
        "start_seconds": starts,
        "cpu_seconds": {side.name: round(side.cpu, 2) for side in sides},
        "wall_seconds": {side.name: round(side.wall, 2) for side in sides},
        "cost_percent_cpu": round(100 * (locked.cpu / free.cpu - 1), 2),
        "cost_percent_wall": round(100 * (locked.wall / free.wall - 1), 2),
    }


def be_unlocked_worker() -> None:
    """A worker as ours in all but the lock."""
    del sys.argv[1]
    privacy.lock_worker = lambda readable, limits: privacy.Lock(network=False)  # noqa: ARG005
    child.main()


def main() -> None:
    """Measure, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="pictures to take instead of made ones")
    parser.add_argument("--pictures", type=int, default=100)
    chosen = parser.parse_args()
    sources = pictures_of(chosen.folder) if chosen.folder else made_pictures()
    print(json.dumps(compare(sources, chosen.pictures), indent=2))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--be-unlocked-worker"]:
        be_unlocked_worker()
    else:
        main()
