"""The benchmarks that the table is made from: how each is started, in full and for a quick look."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]

_BURSTS = ("flat", "nested", "deep", "moved-in", "renamed", "renamed-while-filled", "overflow")
_CAMERA = ("benchmarks/quality.py", "--set", "camera")
_CURVES = ("benchmarks/quality.py", "--part", "curves", "--pictures")
_LOSSLESS, _LOCK = "benchmarks/lossless.py", ("benchmarks/lock_cost.py", "--pictures")
_SCALE, _LATENCY = "benchmarks/scale.py", ("latency-jpeg", "latency-png")
_TREES = ("known-tree", "came-while-off")


@dataclass(frozen=True)
class Run:
    """One benchmark.

    Attributes:
        name: what its results are called.
        full: its arguments for the interpreter; `--json FILE` is added to them.
        quick: the same for a quick look: few pictures, short times, figures that mean nothing.
        settings: environment of the full run.
        prints: whether it prints its figures as JSON instead of taking `--json`.
    """

    name: str
    full: tuple[str, ...]
    quick: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    prints: bool = False

    def command(self) -> str:
        """How anyone repeats the full run."""
        settings = [f"{name}={value}" for name, value in self.settings.items()]
        return " ".join([*settings, "python", *self.full])


RUNS = (
    Run("quality", (*_CAMERA, "--full"), (*_CAMERA, "--pictures", "1")),
    Run("curves", (*_CURVES, "15"), (*_CURVES, "1")),
    Run("lossless", (_LOSSLESS,), (_LOSSLESS, "--pictures", "1")),
    Run("memory", ("benchmarks/memory.py",), ("benchmarks/memory.py", "--megapixels", "1", "2")),
    Run("lock", (*_LOCK, "100"), (*_LOCK, "2"), prints=True),
    Run("sockets", ("benchmarks/sockets.py",), ("benchmarks/sockets.py",)),
    Run("latency", (_SCALE, *_LATENCY), (_SCALE, "--quick", *_LATENCY)),
    Run("trees", (_SCALE, *_TREES), (_SCALE, "--quick", *_TREES)),
    Run("bursts", (_SCALE, *_BURSTS), (_SCALE, "--quick", *_BURSTS)),
    Run("idle", (_SCALE, "idle"), (_SCALE, "--quick", "idle"), {"HOMEPRESS_SCALE_MINUTES": "11"}),
    Run(
        "torture",
        ("-m", "benchmarks.torture", "kills", "faults", "images", "races", "--share", "0.3"),
        ("-m", "benchmarks.torture", "kills", "--quick"),
    ),
)  # fmt: skip
"""In this order: what measures processor time of its own first, what loads the disk last."""


@dataclass(frozen=True)
class Result:
    """What a run gave.

    Attributes:
        figures: its JSON; None when it failed.
        seconds: how long it took.
        problem: why there are no figures.
        day: when it was measured, as YYYY-MM-DD.
        command: how anyone repeats it.
    """

    figures: Any
    seconds: float
    problem: str
    day: str
    command: str


def execute(run: Run, folder: Path, quick: bool) -> Result:
    """Run one benchmark and keep its figures in `folder`; what it says goes into a log there."""
    target, log = folder / f"{run.name}.figures.json", folder / f"{run.name}.log"
    target.unlink(missing_ok=True)
    arguments: Sequence[str] = run.quick if quick else run.full
    if run.name in ("quality", "curves") and quick:
        # A few pictures must not take the place of the tables that are kept.
        arguments = (*arguments, "--output", str(folder))
    if not run.prints:
        arguments = (*arguments, "--json", str(target))
    environment = os.environ | ({} if quick else run.settings)
    began = time.monotonic()
    with log.open("wb") as errors, (target if run.prints else log).open("ab") as output:
        command = [sys.executable, *arguments]
        code = subprocess.run(
            command, cwd=_ROOT, env=environment, stdout=output, stderr=errors, check=False
        ).returncode
    figures, problem = _read(target), ""
    if figures is None:
        problem = f"ended with exit code {code}; see {log}"
    result = Result(figures, time.monotonic() - began, problem, time.strftime("%Y-%m-%d"), run.command())
    (folder / f"{run.name}.json").write_text(json.dumps(result.__dict__, indent=2), encoding="utf-8")
    return result


def kept(run: Run, folder: Path) -> Result | None:
    """What an earlier run left in `folder`, or None."""
    found = _read(folder / f"{run.name}.json")
    return Result(**found) if found else None


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
