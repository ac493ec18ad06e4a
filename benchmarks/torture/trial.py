"""What a trial gives back, and the table of all."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """One line of the table.

    Attributes:
        what: the trial, in words.
        cases: how many.
        violations: what must never be, one line each.
        remark: figures worth showing.
        skipped: why it was not run; empty when it was.
        must_fail: a control: it has to show violations, or the trial proves nothing.
        peer: about another program: shown, never a failure of ours.
        seconds: run time.
    """

    what: str
    cases: int = 0
    violations: list[str] = field(default_factory=list)
    remark: str = ""
    skipped: str = ""
    must_fail: bool = False
    peer: bool = False
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether it went as it should."""
        return bool(self.skipped) or self.peer or bool(self.violations) == self.must_fail

    def __str__(self) -> str:
        if self.skipped:
            return f"{self.what:<58} {'-':>7} {'-':>10} {'-':>7}  not run: {self.skipped}"
        word = "ok" if self.good else "FAILED"
        if self.violations and self.good:
            word = "a peer, for comparison" if self.peer else "fails, as it must"
        line = f"{self.what:<58} {self.cases:>7} {len(self.violations):>10} {self.seconds:>6.0f}s  {word}"
        return f"{line}; {self.remark}" if self.remark else line


HEADING = f"{'trial':<58} {'cases':>7} {'violations':>10} {'time':>7}  result"

Trial = Callable[[], Iterable[Outcome]]


def timed(outcomes: Iterable[Outcome]) -> Iterable[Outcome]:
    """The same outcomes, each with the time that it took, printed as it comes."""
    start = time.monotonic()
    for outcome in outcomes:
        outcome.seconds = time.monotonic() - start
        print(outcome, flush=True)
        if not outcome.good:
            for line in outcome.violations[:5]:
                print(f"    {line}", flush=True)
        yield outcome
        start = time.monotonic()
