"""Ledgers of earlier versions, opened by this one: nothing is lost, nothing kept for ever."""

from pathlib import Path

import pytest

from homepress.store import reader
from homepress.store.ledger import database, schema
from homepress.store.model import LedgerError, UndoSelection
from store.kit import picture
from store.oldhome import KEPT, SIZE, VERSIONS, old_home
from support import is_private


@pytest.mark.parametrize("version", VERSIONS)
class TestUpgrade:
    def test_every_original_of_an_old_home_can_be_brought_back(self, tmp_path: Path, version: int) -> None:
        bench = old_home(tmp_path / "old", version)
        with bench.store() as store:
            store.recover()
            undone = list(store.undo(UndoSelection(last=0), roots=bench.roots))
        restored = {Path(one.path).name for one in undone if one.outcome == "restored"}
        assert restored >= set(KEPT)
        for name, seed in KEPT.items():
            assert (bench.watched / name).read_bytes() == picture(seed, SIZE)

    def test_the_copy_of_before_the_upgrade_leads_back(
        self, tmp_path: Path, version: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The way that docs/install.md describes: the earlier program refuses, the copy serves it."""
        bench = old_home(tmp_path / "old", version)
        with bench.store() as store:
            store.recover()
        with bench.store():
            pass  # the second start makes no other copy
        copy = bench.ledger.with_name(f"{bench.ledger.stem}.version-{version}{bench.ledger.suffix}")
        if version == len(schema.MIGRATIONS):
            assert not copy.exists()
            return
        assert is_private(copy)
        for module in (database, reader):  # the program of that time
            monkeypatch.setattr(module, "MIGRATIONS", schema.MIGRATIONS[:version])
        upgraded = bench.ledger.read_bytes()
        with pytest.raises(LedgerError, match="newer version"):
            database.open_database(bench.ledger)
        with pytest.raises(LedgerError, match="newer version"):
            reader.Reader(bench.ledger)
        assert bench.ledger.read_bytes() == upgraded
        bench.ledger.rename(bench.ledger.with_name("newer.sqlite3"))
        copy.rename(bench.ledger)
        opened = database.open_database(bench.ledger)
        assert opened.condition is database.LedgerCondition.GOOD
        (kept,) = opened.connection.execute("SELECT count(*) FROM history WHERE original = 'kept'").fetchone()
        opened.connection.close()
        assert kept >= len(KEPT)
        assert bench.originals.is_dir()
        assert len(list(bench.originals.iterdir())) >= len(KEPT)
