"""Replacing in place: content, attributes, what is kept, and what is refused."""

import os
from pathlib import Path

import pytest

from homepress.store import Role
from store.kit import (
    Bench,
    digest,
    facts,
    picture,
    replacement,
    smaller,
    without_exchange,
    without_lease,
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench.at(tmp_path)


@pytest.mark.parametrize(
    "kernel", [None, without_exchange, without_lease], ids=["exchange", "link", "no lease"]
)
def test_the_result_takes_the_name_and_the_original_is_kept(bench: Bench, kernel) -> None:
    path = bench.drop()
    before = facts(path)
    with bench.store(kernel() if kernel else None) as store:
        source = store.read(path)
        receipt = store.replace(source, replacement(smaller(source.data)))
        assert path.read_bytes() == smaller(picture())
        assert facts(path) == before
        assert bench.kept() == [picture()]
        assert bench.temps() == []
        assert (receipt.path, receipt.before_bytes, receipt.after_bytes) == (path, 30_000, 15_005)
        assert store.role(digest(smaller(picture())), "balanced") is Role.RESULT
        stat = path.stat()
        assert store.known(os.fsencode(path.parent)) == {b"a.jpg": (15_005, stat.st_mtime_ns, stat.st_ino)}
        assert store.recover() == []
