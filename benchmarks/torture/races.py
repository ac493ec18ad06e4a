"""Thousands of races with a user, while all processors are busy."""

from collections.abc import Callable, Iterator

from benchmarks.torture.places import in_memory, on_disk
from benchmarks.torture.trial import Outcome
from homepress.store.fs.base import FileSystem
from store.kit import Bench, Lacking, without_exchange, without_lease
from store.races import Tally, burn, race

_WAYS: dict[str, Callable[[], FileSystem | None]] = {
    "exchange and lease": lambda: None,
    "exchange, no lease": without_lease,
    "moving and lease": without_exchange,
    "moving, no lease": lambda: without_lease(without_exchange()),
    "moving by links alone": lambda: without_lease(Lacking("exchange", "move").fs()),
}


def trials(runs: int) -> Iterator[Outcome]:
    """Each way of replacing in memory, where it is quickest, and the usual one on disk."""
    load = burn(3)
    try:
        for name, fs in _WAYS.items():
            with in_memory() as base:
                yield _outcome(f"races with a user under load: {name}", race(Bench.at(base), runs, fs=fs()))
        with on_disk() as base:
            tally = race(Bench.at(base), runs // 4, seed=2, window=0.02)
            yield _outcome("races with a user under load: on disk", tally)
    finally:
        for process in load:
            process.kill()
            process.wait()


def _outcome(what: str, tally: Tally) -> Outcome:
    close = sum(n for (_, outcome), n in tally.outcomes.items() if outcome != "replaced")
    struck = sum(tally.outcomes.values())
    return Outcome(
        what, cases=struck, violations=tally.lost, remark=f"{close} of {struck} edits stopped the replacement"
    )
