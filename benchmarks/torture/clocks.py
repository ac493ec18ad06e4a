"""Lives of a computer whose clock jumps: no original goes before its days are over, and all go in the end."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.torture.places import in_memory
from benchmarks.torture.trial import Outcome
from homepress.store.store import Store
from store.kit import Bench, digest, picture, replace

_DAY, _HOUR = 86_400.0, 3600.0
_JUMPS = (-400 * _DAY, 400 * _DAY, 31 * _DAY, -31 * _DAY, -1.0, _HOUR, -_HOUR)
_DAYS = (2.0, 7.0, 30.0)
_LOOK = 6
"""Hours between two looks after originals, while the program runs."""


@dataclass
class _Original:
    """One original, by what truly happened.

    Attributes:
        stored: true second at which it was stored.
        wall: what the clock said then.
        days: for which it has to stay.
        jumps: of the clock ahead since then, each of which may cost one day.
    """

    stored: float
    wall: float
    days: float
    content: bytes
    jumps: int = 0


@dataclass
class _Life:
    """One home, from its first picture until the last original is gone."""

    bench: Bench
    chance: random.Random
    true: float = 0.0
    kept: dict[str, _Original] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    by_wall_clock: set[str] = field(default_factory=set)
    jumps: int = 0
    drops: int = 0

    def live(self, steps: int) -> None:
        """So many things happen; then the clock is right and the program runs until all must be gone."""
        with ExitStack() as self._running:
            self.store = self._start()
            deeds: list[Callable[[], None]] = [
                *[self._drop, self._run, self._run, self._off, self._off, self._suspend],
                *[self._jump, self._off_and_wrong, self._to_and_fro],
            ]
            for _ in range(steps):
                self.chance.choice(deeds)()
            for _ in range(36):
                self._run_for(24)
            self.lost += [f"{name} stays for ever" for name in self.kept]

    def _start(self) -> Store:
        store = self._running.enter_context(self.bench.store())
        store.recover()
        self._tend(store)
        return store

    def _drop(self) -> None:
        self.drops += 1
        name, content = f"{self.drops}.jpg", picture(self.drops, 400)
        days = self.chance.choice(_DAYS)
        replace(self.store, self.bench.drop(name, content), keep_days=days)
        self.kept[digest(content)] = _Original(self.true, self.bench.hands.wall(), days, content)

    def _run(self) -> None:
        self._run_for(self.chance.choice((1, 8, 24, 72)))

    def _run_for(self, hours: int) -> None:
        for hour in range(hours):
            self.bench.hands.let_pass(_HOUR)
            self.true += _HOUR
            self.store.elapsed_seconds()
            if hour % _LOOK == 0:
                self._tend(self.store)
        self._tend(self.store)

    def _suspend(self) -> None:
        seconds = self.chance.choice((600.0, 8 * _HOUR, 3 * _DAY))
        self.bench.hands.let_pass(seconds)
        self.true += seconds
        self._tend(self.store)

    def _off(self) -> None:
        self._running.close()
        seconds = self.chance.choice((60.0, 16 * _HOUR, 20 * _DAY))
        self.bench.hands.restart(seconds)
        self.true += seconds
        self.store = self._start()

    def _jump(self, seconds: float = 0.0) -> None:
        seconds = seconds or self.chance.choice(_JUMPS)
        self.bench.hands.jump(seconds)
        self._jumped(seconds)
        self._tend(self.store)

    def _off_and_wrong(self, seconds: float = 0.0) -> None:
        self._running.close()
        seconds = seconds or self.chance.choice(_JUMPS)
        self.bench.hands.jump(seconds)
        self.bench.hands.restart()
        self.true += 60
        self._jumped(seconds)
        self.store = self._start()

    def _to_and_fro(self) -> None:
        """One start with a wrong clock; then it is right again."""
        seconds = self.chance.choice(_JUMPS)
        self._off_and_wrong(seconds)
        self._run_for(1)
        self._off_and_wrong(-seconds)

    def _jumped(self, seconds: float) -> None:
        self.jumps += 1
        for original in self.kept.values():
            original.jumps += seconds > 0

    def _tend(self, store: Store) -> None:
        store.maintain()
        there = {digest(content) for content in self.bench.kept()}
        for name, original in list(self.kept.items()):
            age = (self.true - original.stored) / _DAY
            if age < original.days and self.bench.hands.wall() >= original.wall + original.days * _DAY:
                self.by_wall_clock.add(name)
            if name in there:
                continue
            del self.kept[name]
            if age < original.days - original.jumps - 0.05:
                self.lost.append(f"an original of {original.days:.0f} days went after {age:.2f}")


def trials(lives: int) -> Iterator[Outcome]:
    """So many lives; beside them, what going by the wall clock alone would have lost."""
    jumps, originals, lost, by_wall_clock = 0, 0, list[str](), 0
    for seed in range(lives):
        with in_memory() as base:
            life = _Life(Bench.at(Path(base)), random.Random(seed))
            life.live(steps=25)
        jumps += life.jumps
        originals += life.drops
        by_wall_clock += len(life.by_wall_clock)
        lost += [f"life {seed}: {what}" for what in life.lost]
    yield Outcome(
        "jumping clocks: originals stay for their days",
        cases=originals,
        violations=lost,
        remark=f"{jumps} jumps; by the wall clock alone {by_wall_clock} would have gone early",
    )
