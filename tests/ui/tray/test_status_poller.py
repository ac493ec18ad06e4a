"""Keeping up with the daemon."""

from homepress.ui.tray.status_poller import BatchProgress
from ui.tray.test_menu import status


def test_progress_counts_from_what_waits() -> None:
    progress = BatchProgress()
    seen = []
    for state, waiting in [("idle", 0), ("working", 3), ("working", 2), ("working", 5), ("working", 1)]:
        progress.see(status(state=state, waiting=waiting))
        seen.append((progress.done, progress.total))
    assert seen == [(0, 0), (0, 3), (1, 3), (1, 6), (5, 6)]
    progress.see(status(state="idle", waiting=0))
    assert (progress.done, progress.total) == (0, 0)
