"""Every step of every operation: killed before it, and failed with each error."""

import errno
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.torture.places import in_memory, on_disk
from benchmarks.torture.trial import Outcome
from store.kit import CHANGES, FALLIBLE, Probe, dying_at, failing_at, failing_from
from store.operations import CASES, EVERY, Scene, count_steps, probed

QUICK = ["exchange", "undo", "equal (link)"]
"""Cases of the short form."""

ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT)


def trials(cases: list[str] | None = None) -> Iterator[Outcome]:
    """All cases, with originals on the same file system; those that move originals also on another."""
    for name in cases or EVERY:
        with in_memory() as base:
            yield _every_step(name, base, None, FALLIBLE)
    for name in ("exchange", "link", "convert", "undo"):
        with in_memory() as base, on_disk() as other:
            yield _every_step(name, base, other, CHANGES)


def _every_step(name: str, base: Path, other: Path | None, steps: frozenset[str]) -> Outcome:
    where = "another file system" if other else "same file system"
    outcome = Outcome(f"each step killed and failed: {name} ({where})")
    case = CASES[name]
    count = count_steps(case, base / "count", other and other / "count", steps)
    deaths = count_steps(case, base / "deaths", other and other / "deaths", CHANGES)
    cases: list[tuple[str, Callable[[], Probe], bool]] = [
        (f"killed before change {n}", lambda n=n: probed(case, dying_at, n), True)
        for n in range(1, deaths + 1)
    ]
    for code in ERRORS:
        word = errno.errorcode[code]
        for n in range(1, count + 1):
            failing = lambda n=n, code=code: probed(case, failing_at, n, code, steps=steps)  # noqa: E731
            cases.append((f"{word} at step {n}", failing, False))
    cases += [
        (f"EIO from step {n} on", lambda n=n: probed(case, failing_from, n, errno.EIO), False)
        for n in range(1, count + 1, 3)
    ]
    for number, (what, make, dies) in enumerate(cases):
        scene = Scene(case, base / str(number), other and other / str(number))
        if dies:
            scene.run_in_child(make())
        else:
            scene.run(make())
        wrong = [f"before recovery: {w}" for w in scene.violations()]
        wrong += [f"after recovery: {w}" for w in scene.recover()]
        outcome.violations += [f"{what}: {w}" for w in wrong]
        outcome.cases += 1
        scene.remove()
    return outcome
