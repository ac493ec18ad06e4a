"""Run Homepress with workers that lie: python lyingworkers.py ARGUMENT...

What a worker answers depends on the picture's width: see `LIES`. All else, the process that looks at results
included, is Homepress as it is.
"""

import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from homepress.base.formats import SNIFF_BYTES, sniff
from homepress.compress import Compressed, Recipe, Unchanged
from homepress.workers import child, process, slot
from homepress.workers.child import Job
from homepress.workers.dimensions import read_dimensions

sys.path.insert(0, str(Path(__file__).parents[1]))
from workers.lying_worker import GARBAGE, giving

LIES = {401 + number: name for number, name in enumerate(sorted(GARBAGE))}
"""What is given back for pictures of so many pixels in width, with the best score."""

_WORKER = "homepress.workers.child"


def _lying(_: object) -> Job:
    honest = child.compress_with_codecs()
    lies = {width: giving(GARBAGE[name]) for width, name in LIES.items()}

    def job(source: bytes, recipe: Recipe) -> Compressed | Unchanged:
        kind = sniff(source[:SNIFF_BYTES])
        facts = read_dimensions(source, kind) if kind is not None else None
        lie = lies.get(facts.width) if facts is not None else None
        return (lie or honest)(source, recipe)

    return job


def main() -> None:
    """Have other workers started, and become Homepress."""
    honest = process.module_command

    def lying(module: str) -> Sequence[str]:
        if module != _WORKER:
            return honest(module)
        return [sys.executable, "-X", "utf8", str(Path(__file__)), "worker"]

    slot.module_command = lying  # type: ignore[attr-defined]  # the lie
    sys.argv[0] = "homepress"
    runpy.run_module("homepress", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        del sys.argv[1]
        child.work(_lying)
    else:
        main()
