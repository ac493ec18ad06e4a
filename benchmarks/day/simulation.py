"""What happens in the day, and what is counted."""

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.day.clock import CLOCK
from benchmarks.day.daemon import Daemon
from benchmarks.day.flaky import FlakyFileSystem
from benchmarks.day.pictures import Pictures
from homepress.store import store as store_module
from homepress.store.fs import system_file_system

CASES = ("day", "closed")
_DAY = 86_400.0
_QUARTER = 900.0
_SAMPLE = 300.0
_EVENTS_ARRIVE = 0.02
"""Real seconds that the system's events take to arrive after something was done to files."""

_OPENED_AT = 18 * 3600.0
"""When somebody allows writing into the closed folder."""


_TABLES = ("tries", "seconds")


@dataclass
class Figures:
    """What came of the day.

    Attributes:
        pictures: that came.
        cpu: seconds of this process, compressing not counted.
        done: pictures that were compressed in the end.
        compressed: how often the compressor was asked.
        most_compressed: how often for one picture at most.
        turns: wake-ups of folders' threads.
        errors: that the flaky disk gave.
        our_errors: lines in the log that call something an error in Homepress.
        lost: pictures whose file is neither the source nor the result.
        tries: by folder, how often pictures came to which end.
        seconds: by folder, how long it was in which state.
    """

    pictures: int
    cpu: float = 0.0
    done: int = 0
    compressed: int = 0
    most_compressed: int = 0
    turns: int = 0
    errors: int = 0
    our_errors: int = 0
    lost: int = 0
    tries: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        tables = {name: {key: dict(value) for key, value in getattr(self, name).items()} for name in _TABLES}
        return vars(self) | tables


def simulate(case: str, base: Path, pictures: int) -> Figures:
    """Let a day go by over folders beneath `base`."""
    return _Closed(base, pictures).run() if case == "closed" else _Day(base, pictures).run()


class _Case:
    """A day; what happens in it is up to each case."""

    names: tuple[str, ...] = ()

    def __init__(self, base: Path, pictures: int) -> None:
        self.base = base
        self.figures = Figures(pictures)
        self.pictures = Pictures()
        self.folders = {name: base / "folders" / name for name in self.names}
        for folder in self.folders.values():
            folder.mkdir(parents=True)
        self.flaky = FlakyFileSystem(system_file_system(), base / "folders" / "flaky", self.odds)
        self._next_sample = 0.0

    def odds(self) -> float:
        """How often the flaky disk fails now."""
        return 0.0

    def plan(self) -> list[tuple[float, Callable[[], None]]]:
        """What happens when, seconds since the day began."""
        return []

    def run(self) -> Figures:
        """The day."""
        settings = "".join(
            f'[[folder]]\npath = "{folder}"\nexisting = "compress"\nmin_size = "0"\n'
            for folder in self.folders.values()
        )
        with mock.patch.object(store_module, "system_file_system", lambda: self.flaky):
            daemon = Daemon(self.base / "home", settings)
        events = sorted(self.plan(), key=lambda event: event[0])
        before = time.process_time()
        outside = 0.0
        while CLOCK.now < _DAY:
            while events and events[0][0] <= CLOCK.now:
                begun = time.process_time()
                events.pop(0)[1]()
                outside += time.process_time() - begun
                time.sleep(_EVENTS_ARRIVE)
            due = daemon.turn()
            self._sample(daemon)
            CLOCK.move_to(min(due, events[0][0] if events else _DAY, self._next_sample))
        self.figures.cpu = time.process_time() - before - outside
        self._count(daemon)
        daemon.close()
        return self.figures

    def _sample(self, daemon: Daemon) -> None:
        if CLOCK.now >= self._next_sample:
            self._next_sample += _SAMPLE
            print(f"\r{CLOCK.now / 3600:.1f} h", end="", file=sys.stderr, flush=True)
            for name, state in daemon.states().items():
                self.figures.seconds[name][state] += int(_SAMPLE)

    def _count(self, daemon: Daemon) -> None:
        figures, times = self.figures, daemon.compressor.times
        for (name, outcome), count in daemon.outcomes.items():
            figures.tries[name][outcome] += count
        figures.compressed, figures.most_compressed = times.total(), max(times.values(), default=0)
        figures.turns, figures.errors = daemon.turns, self.flaky.failures
        log = self.base / "home" / "state" / "homepress.log"
        text = log.read_text(encoding="utf-8") if log.exists() else ""
        figures.our_errors = text.count("error in Homepress")
        files = list((self.base / "folders").rglob("*.jpg"))
        whole = sum(self.pictures.is_whole(file) for file in files)
        figures.lost = figures.pictures - whole
        figures.done = sum(self.pictures.is_done(file) for file in files)


class _Closed(_Case):
    """One folder that may not be written, with pictures in it, all day."""

    names = ("closed",)

    def run(self) -> Figures:
        folder = self.folders["closed"]
        for number in range(self.figures.pictures):
            self.pictures.write(folder, number)
        folder.chmod(0o555)
        try:
            return super().run()
        finally:
            folder.chmod(0o755)


class _Day(_Case):
    """Pictures come all day: half to a flaky disk, the others to a closed folder and one often away."""

    names = ("flaky", "closed", "away")

    def odds(self) -> float:
        """Every tenth step fails, and four times a day the disk fails for half an hour."""
        return 1.0 if CLOCK.now % 21_600 < 1800 else 0.1

    def plan(self) -> list[tuple[float, Callable[[], None]]]:
        """Arrivals each quarter of an hour; the third folder is away for 40 minutes of every two hours."""
        quarters = int(_DAY / _QUARTER) - 4
        events: list[tuple[float, Callable[[], None]]] = []
        for quarter in range(quarters):
            first = self.figures.pictures * quarter // quarters
            last = self.figures.pictures * (quarter + 1) // quarters
            events.append((quarter * _QUARTER + 1, lambda a=first, b=last: self._arrive(a, b)))
        for hour in range(0, 24, 2):
            events.append((hour * 3600.0 + 3000, self._go_away))
            events.append((hour * 3600.0 + 5400, self._come_back))
        return [*events, (0.0, lambda: self.folders["closed"].chmod(0o555)), (_OPENED_AT, self._open)]

    def _arrive(self, first: int, last: int) -> None:
        closed = self.folders["closed"]
        mode = closed.stat().st_mode & 0o777
        closed.chmod(0o755)
        for number in range(first, last):
            name = ("flaky", "closed", "flaky", "away")[number % 4]
            folder = self.folders[name]
            self.pictures.write(folder if folder.exists() else self._elsewhere(folder), number)
        closed.chmod(mode)

    def _open(self) -> None:
        self.folders["closed"].chmod(0o755)

    def _go_away(self) -> None:
        self.folders["away"].rename(self._elsewhere(self.folders["away"]))

    def _come_back(self) -> None:
        self._elsewhere(self.folders["away"]).rename(self.folders["away"])

    def _elsewhere(self, folder: Path) -> Path:
        return folder.with_name(f"{folder.name} (not connected)")
