"""A ledger that another program keeps locked, or that its disk stands against: told as what it is."""

import errno
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from homepress.base.system_errors import Retry, Scope, explain, with_name
from homepress.store.ledger import ledger
from homepress.store.ledger.database import translated
from homepress.store.model import LedgerError
from store.kit import Bench, picture, replace, replacement, smaller
from support import wait_for


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program writes to the ledger, and does not end."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_locked_ledger_is_told_with_who_has_to_do_something(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "LOCKED_PATIENCE", 0.2)
    path = bench.drop()
    with bench.store() as store:
        source = store.read(path)
        with locked(bench.ledger):
            with pytest.raises(OSError, match="locked") as caught:
                store.check_room(source, None)
            with pytest.raises(OSError, match="locked"):
                store.replace(source, replacement(smaller(picture())))
        row = explain(caught.value)
        assert (row.scope, row.retry) == (Scope.ORIGINALS, Retry.SOON)
        text = with_name(caught.value)
        assert text.startswith(f"{bench.ledger}: another program has it locked; work goes on by itself")
        assert path.read_bytes() == picture()
        replace(store, path)


def test_whoever_only_reads_need_not_wait_for_whoever_waits_to_write(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer waits until the test lets it go: a reader that waited for it would hang."""
    monkeypatch.setattr(ledger, "LOCKED_PATIENCE", 600.0)
    path = bench.drop()
    with bench.store() as store:
        source = store.read(path)
        with locked(bench.ledger):
            writer = threading.Thread(target=store.note_known, args=[source])
            writer.start()
            for _ in range(20):
                assert store.known(bytes(path.parent)) == {}
            assert writer.is_alive()
        wait_for(lambda: not writer.is_alive(), what="the writer's turn")
        writer.join()
        assert store.known(bytes(path.parent))


def test_conditions_tell_that_the_lock_is_gone(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        free = store.conditions(path.parent)
        with locked(bench.ledger):
            assert store.conditions(path.parent) != free
        assert store.conditions(path.parent) == free


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(("free", "name"), [(0, "SQLITE_FULL"), (1 << 40, "SQLITE_IOERR")])
def test_an_io_error_of_a_full_disk_is_told_as_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, name: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(1 << 41, 0, free))
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    told = translated(error, tmp_path / "ledger.sqlite3")
    assert isinstance(told, OSError)
    assert explain(told).name == name
    assert (told.errno == errno.ENOSPC) == (free == 0)


@pytest.mark.parametrize("code", sorted(range(1, 29)))
def test_no_complaint_of_sqlite_about_its_file_or_the_system_is_left_untold(
    tmp_path: Path, code: int
) -> None:
    error = sqlite3.OperationalError("odd")
    error.sqlite_errorcode = code
    told = translated(error, tmp_path / "ledger.sqlite3")
    assert isinstance(told, OSError | LedgerError)
    if isinstance(told, OSError):
        assert explain(told).scope is Scope.ORIGINALS
