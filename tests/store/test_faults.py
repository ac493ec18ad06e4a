"""Every step of every operation fails, or is the last one of the process; nothing is ever lost.

Here each step is tried with one error; `benchmarks/torture` tries every step with all of them.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from store.kit import CHANGES, FALLIBLE, Probe, dying_at, failing_at, failing_from
from store.operations import CASES, EVERY, Scene, count_steps, probed

ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT)

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def every_step(
    base: Path, name: str, originals: Path | None, make: Callable[[int], Probe], died: bool
) -> None:
    case = CASES[name]
    count = count_steps(case, base / "count", _sub(originals, "count"), make(0).steps)
    assert count >= 5
    for step in range(1, count + 1):
        scene = Scene(case, base / str(step), _sub(originals, str(step)))
        if died:
            assert scene.run_in_child(make(step)) == -9, f"step {step} was never reached"
        else:
            scene.run(make(step))
        assert scene.violations() == [], f"step {step} of {count}, before recovery"
        assert scene.recover() == [], f"step {step} of {count}, after recovery"


def _sub(folder: Path | None, name: str) -> Path | None:
    return folder / name if folder else None


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_a_failing_step(quick_disk: Path, name: str) -> None:
    case = CASES[name]
    steps = FALLIBLE if name in ("exchange", "convert", "undo") else CHANGES

    def make(step: int) -> Probe:
        return probed(case, failing_at, step, ERRORS[step % len(ERRORS)], steps=steps)

    every_step(quick_disk, name, None, make, died=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["exchange", "convert", "undo"])
def test_a_disk_that_is_gone_from_a_step_on(quick_disk: Path, name: str) -> None:
    case = CASES[name]
    every_step(quick_disk, name, None, lambda n: probed(case, failing_from, n, errno.EIO), died=False)


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("name", EVERY)
def test_a_kill_before_a_step(quick_disk: Path, name: str) -> None:
    case = CASES[name]
    every_step(quick_disk, name, None, lambda n: probed(case, dying_at, n), died=True)


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("name", ["exchange", "undo"])
def test_originals_on_another_disk(quick_disk: Path, other_disk: Path, name: str) -> None:
    case = CASES[name]
    fail, die = other_disk / "fail", other_disk / "die"
    every_step(
        quick_disk / "fail",
        name,
        fail,
        lambda n: probed(case, failing_at, n, 28, steps=CHANGES),
        died=False,
    )
    every_step(quick_disk / "die", name, die, lambda n: probed(case, dying_at, n), died=True)
