"""Whoever looks after the originals does not give up."""

import threading
from typing import cast

import pytest

from homepress.daemon.maintenance import Maintenance
from homepress.daemon.state import StateThread
from homepress.store.model import LedgerError, RecoveryNote
from homepress.store.store import Store
from support import wait_for


class Troubled:
    """A store in which one look after the other fails, and then one does not."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.looked = threading.Event()

    def maintain(self) -> list[RecoveryNote]:
        self.looked.set()
        if self.errors:
            raise self.errors.pop(0)
        return [RecoveryNote("a.jpg", "an edit came late")]


def test_a_look_that_fails_is_followed_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homepress.daemon.maintenance._AFTER_WORK", 0.0)
    store = Troubled(OSError("the disk is away"), LedgerError("damaged"), ValueError("an error of ours"))
    notes: list[RecoveryNote] = []
    state = StateThread()
    maintenance = Maintenance(state, cast(Store, store), notes.append)
    maintenance.start()
    while not notes:
        assert store.looked.wait(20)
        store.looked.clear()
        state.post(maintenance.worked)
        if not store.errors:
            wait_for(lambda: notes, what="the look that does not fail")
    maintenance.stop()
    state.close()
    assert notes[0].path == "a.jpg"


def test_what_was_done_apart_is_brought_in_between_two_looks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is followed by a look, which settles what was left open there."""
    monkeypatch.setattr("homepress.daemon.maintenance._AFTER_WORK", 0.0)
    monkeypatch.setattr("homepress.daemon.maintenance._COUNT", 0.01)
    store, brought = Idle(), [0, 0, 1]
    state = StateThread()
    maintenance = Maintenance(
        state, cast(Store, store), lambda _: None, bring_in=lambda: brought.pop(0) if brought else 0
    )
    maintenance.start()
    wait_for(lambda: store.looks == 2, what="the look after something was brought in")
    maintenance.stop()
    state.close()


def test_what_cannot_be_brought_in_keeps_nobody_from_the_originals() -> None:
    def fail() -> int:
        raise ArithmeticError("an error of ours")

    store, state = Idle(), StateThread()
    maintenance = Maintenance(state, cast(Store, store), lambda _: None, bring_in=fail)
    maintenance.start()
    wait_for(lambda: store.looks, what="a look")
    maintenance.stop()
    state.close()


class Idle:
    """A store in which there is nothing to do."""

    def __init__(self) -> None:
        self.looks = 0

    def maintain(self) -> list[RecoveryNote]:
        self.looks += 1
        return []

    def elapsed_seconds(self) -> float:
        return 0.0
