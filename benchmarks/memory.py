"""The most memory that a worker takes for one large JPEG, from start to result.

    python benchmarks/memory.py [--megapixels 24 100] [--json FILE]

Each picture gets a worker of its own, as its first. What counts is the largest resident size that the kernel
recorded (proc(5), VmHWM).
"""

import argparse
import contextlib
import json
import re
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.watching.pictures import photograph
from homepress.compress import Compressed, Recipe
from homepress.workers import Limits, Slot

_ASPECT = 4 / 3


def peak_mb(megapixels: float) -> dict[str, float]:
    """Compress one photograph at the default quality: its worker's peak in MB of 1,000,000 bytes."""
    height = round((megapixels * 1e6 / _ASPECT) ** 0.5 / 16) * 16
    source = photograph(1, (round(height * _ASPECT / 16) * 16, height))
    slot = Slot(Limits(), background=False)
    done, peak = threading.Event(), _Peak()
    slot.prepare()
    watcher = threading.Thread(target=peak.follow, args=(slot, done))
    watcher.start()
    try:
        result = slot.compress(source, Recipe())
    finally:
        done.set()
        watcher.join()
        slot.close()
    after = len(result.data) if isinstance(result, Compressed) else len(source)
    return {"megabytes": peak.megabytes, "before_bytes": len(source), "after_bytes": after}


class _Peak:
    """The largest resident size seen so far."""

    def __init__(self) -> None:
        self.megabytes = 0.0

    def follow(self, slot: Slot, done: threading.Event) -> None:
        """Look again and again, since a worker may end as soon as its result is out."""
        while not done.wait(0.01):
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{slot.pid}/status").read_text(encoding="ascii", errors="replace")
                if found := re.search(r"VmHWM:\s+(\d+) kB", status):
                    self.megabytes = max(self.megabytes, int(found[1]) * 1024 / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megapixels", type=float, nargs="+", default=[24, 100])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    figures = {}
    for megapixels in arguments.megapixels:
        figures[f"{megapixels:g}"] = peak_mb(megapixels)
        print(f"{megapixels:g} MP", json.dumps(figures[f"{megapixels:g}"]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
