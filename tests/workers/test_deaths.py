"""Telling what killed a worker."""

import signal

import pytest

from homepress.workers.process import Death, DeathKind, WorkerDied, cause_of


@pytest.mark.parametrize(
    ("code", "errors", "kind"),
    [
        (-signal.SIGSEGV, "", DeathKind.CRASHED),
        (-signal.SIGXCPU, "", DeathKind.TIMED_OUT),
        (-signal.SIGKILL, "", DeathKind.OUT_OF_MEMORY),
        (-signal.SIGABRT, "memory allocation of 3221225472 bytes failed\n", DeathKind.OUT_OF_MEMORY),
        (-signal.SIGABRT, "terminate called after throwing 'std::bad_alloc'", DeathKind.OUT_OF_MEMORY),
        (1, "Traceback ...\nMemoryError", DeathKind.OUT_OF_MEMORY),
        (1, "Traceback ...\nValueError: x", DeathKind.CRASHED),
        (0, "", DeathKind.CRASHED),
    ],
)
def test_the_cause_is_read_from_the_end(code: int, errors: str, kind: DeathKind) -> None:
    assert cause_of(code, errors, None) is kind


@pytest.mark.parametrize("why", [DeathKind.TIMED_OUT, DeathKind.STOPPED])
def test_our_own_kill_is_known(why: DeathKind) -> None:
    assert cause_of(-signal.SIGKILL, "", why) is why


@pytest.mark.parametrize(
    ("death", "text"),
    [
        (Death(DeathKind.CRASHED, signal=11, seconds=1.24), "the compressor crashed (SIGSEGV, after 1.2 s)"),
        (Death(DeathKind.TIMED_OUT, signal=9, seconds=60), "the compressor timed out (after 60.0 s)"),
        (Death(DeathKind.OUT_OF_MEMORY), "not enough memory"),
        (Death(DeathKind.REFUSED_TO_START, detail="no"), "the compressor refused to start (no)"),
        (Death(DeathKind.CRASHED, signal=999), "the compressor crashed (signal 999)"),
    ],
)
def test_a_person_reads_what_happened(death: Death, text: str) -> None:
    assert str(WorkerDied(death)) == text
