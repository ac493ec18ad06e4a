"""What a folder's file system can do is found out without leaving a trace."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from homepress.store.health import Abilities, abilities, ledger_fault
from store.kit import Bench, Lacking, replace, without_lease


def test_abilities_are_tried_and_nothing_is_left(bench: Bench) -> None:
    assert abilities(bench.watched) == Abilities(exchange=True, link=True, lease=True)
    assert abilities(bench.watched, Lacking("exchange").kernel()) == Abilities(False, True, True)
    assert abilities(bench.watched, Lacking("exchange", "link").kernel()) == Abilities(False, False, True)
    assert abilities(bench.watched, without_lease()) == Abilities(True, True, False)
    assert list(bench.watched.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        abilities(tmp_path.resolve() / "none")


def test_a_ledger_is_told_whole_or_not_and_never_changed(bench: Bench) -> None:
    assert ledger_fault(bench.ledger) == ""
    with bench.store() as store:
        replace(store, bench.drop())
        assert ledger_fault(bench.ledger) == ""
    content = bytearray(bench.ledger.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    bench.ledger.write_bytes(content)
    assert ledger_fault(bench.ledger) != ""
    assert bench.ledger.read_bytes() == content
    bench.ledger.write_bytes(b"no database" * 1000)
    assert ledger_fault(bench.ledger) != ""


def test_a_ledger_of_another_version_or_program_is_named(bench: Bench) -> None:
    with bench.store() as store:
        replace(store, bench.drop())
    with contextlib.closing(sqlite3.connect(bench.ledger)) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert "newer version" in ledger_fault(bench.ledger)
    with contextlib.closing(sqlite3.connect(bench.ledger)) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.execute("PRAGMA application_id = 1")
    assert "not a Homepress ledger" in ledger_fault(bench.ledger)
