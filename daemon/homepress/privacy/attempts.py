"""What a process tried, and what the system answered."""

from collections.abc import Iterable

from homepress.base.results import ProbeAttempt


def all_refused(attempts: Iterable[ProbeAttempt]) -> bool:
    """Whether nothing that leaves the computer was let through."""
    return not any(attempt.allowed and not attempt.local for attempt in attempts)
