"""Ledgers of earlier versions, opened by this one: nothing is lost, nothing kept for ever."""

from pathlib import Path

import pytest

from homepress.store import UndoSelection
from store.kit import picture
from store.oldhome import KEPT, SIZE, VERSIONS, old_home


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
