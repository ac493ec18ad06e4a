"""The proof that nothing can be sent: what was tried, what was seen from outside, how to check it oneself.

The steps are data: `homepress prove` collects them from the processes and shows them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from homepress.base.results import AttemptKind, Gap, ProbeAttempt
from homepress.base.units import enumeration
from homepress.privacy.types import Check, ProcessReport


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an ordinary process could do on the same computer, so that refusals are known to be the lock's.

    Attributes:
        connected: whether it could connect to a listener on this computer.
        answer: what the system said to that.
        attempts: what it was let through with.
    """

    connected: bool
    answer: str
    attempts: tuple[ProbeAttempt, ...]

    @property
    def conclusive(self) -> bool:
        """Whether it was let through with anything: else its refusals elsewhere would prove nothing."""
        return any(attempt.allowed and attempt.kind == "network" for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class Party:
    """One of our processes: what it tried itself, and what the system tells about it.

    Attributes:
        name: such as "daemon", "tray", "worker 1".
        pid: its process id.
        may: what it may be let through with, since its work needs it; see `roles.ProcessRole`.
        attempts: its own, empty when it did not answer.
        seen: the report from outside, or None when there is none.
    """

    name: str
    pid: int
    may: frozenset[AttemptKind]
    attempts: tuple[ProbeAttempt, ...]
    seen: ProcessReport | None

    def problems(self) -> Iterator[str]:
        """Everything that speaks against it, in whole sentences; nothing when it is closed."""
        yield from self.ways_to_a_network()
        for attempt in self.attempts:
            if attempt.kind != "network" and not self.is_refused(attempt):
                yield self._not_refused(attempt)

    def ways_to_a_network(self) -> Iterator[str]:
        """What of that is a way to a network, or may be one that nobody saw."""
        if not self.attempts:
            yield f"{self.name} (process {self.pid}) did not say what it can reach"
        for attempt in self.attempts:
            if attempt.kind == "network" and not self.is_refused(attempt):
                yield self._not_refused(attempt)
        if self.seen is None or self.seen.sockets is None:
            yield f"the sockets of {self.name} (process {self.pid}) could not be seen from outside"
            return
        if not (self.seen.filtered and self.seen.no_new_privileges):
            yield f"the system names no filter on {self.name} (process {self.pid})"
        for held in self.seen.sockets:
            if not held.local:
                yield f"{self.name} (process {self.pid}) holds a {held.family} socket: {held.name}"

    def is_refused(self, attempt: ProbeAttempt) -> bool:
        """Whether an attempt of its own was refused, or is its work."""
        return not attempt.allowed or attempt.kind in self.may

    def _not_refused(self, attempt: ProbeAttempt) -> str:
        return f"{self.name} (process {self.pid}) was not refused {attempt.name}: {attempt.answer}"


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture compressed during the proof, to show that all of it works behind the lock.

    Attributes:
        before_bytes: its size.
        after_bytes: the size of the result.
        seconds: how long it took.
        problem: what went wrong, empty when nothing did.
    """

    before_bytes: int
    after_bytes: int
    seconds: float
    problem: str = ""


def gaps_by_process(found: Mapping[str, Sequence[Gap]]) -> tuple[Gap, ...]:
    """What the system does not close for several processes, each gap once.

    One that not all of them have says whose it is: a process may run under another sandbox than the others.

    Args:
        found: the gaps of each process, by what it is called in a sentence.
    """
    whose: dict[Gap, list[str]] = {}
    for name, gaps in found.items():
        for gap in gaps:
            whose.setdefault(gap, []).append(name)
    return tuple(
        gap if len(names) == len(found) else msgspec.structs.replace(gap, process=enumeration(names))
        for gap, names in whose.items()
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """All steps together.

    Attributes:
        comparison: the ordinary process.
        parties: our processes.
        sample: the picture compressed meanwhile; None when none was.
        checks: the independent ways.
        seconds: how long the proof took.
        gaps: what the system does not close, whatever a process asks; see `gaps_by_process`.
    """

    comparison: Comparison
    parties: tuple[Party, ...]
    sample: Sample | None
    checks: tuple[Check, ...]
    seconds: float
    gaps: tuple[Gap, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every process is closed, as far as the steps can tell."""
        return not self.problems()

    @property
    def nothing_sent(self) -> bool:
        """Whether every way to a network is closed, whatever else is not."""
        return not self._doubts() and not any(any(party.ways_to_a_network()) for party in self.parties)

    def problems(self) -> list[str]:
        """Everything that speaks against the proof, in whole sentences."""
        return [problem for party in self.parties for problem in party.problems()] + self._doubts()

    def _doubts(self) -> list[str]:
        """What keeps the steps from showing anything."""
        found = []
        if not self.parties:
            found.append("no process of Homepress was asked")
        if not self.comparison.conclusive:
            found.append(
                "an ordinary process was refused too, so the refusals may not be Homepress's doing: run this "
                "outside of another sandbox"
            )
        if self.sample is not None and self.sample.problem:
            found.append(f"the sample picture was not compressed: {self.sample.problem}")
        return found
