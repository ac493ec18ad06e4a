"""A short run of the races; `benchmarks/torture` runs thousands, under load."""

from collections.abc import Callable
from pathlib import Path

import pytest

from homepress.store.fs.base import FileSystem
from store.kit import Bench, Lacking, without_exchange, without_lease
from store.races import race


@pytest.mark.slow
@pytest.mark.parametrize(
    "fs",
    [
        lambda: None,
        without_lease,
        without_exchange,
        lambda: without_lease(Lacking("exchange", "move").fs()),
    ],
    ids=["exchange", "no lease", "moving", "moving by links alone"],
)
def test_a_user_at_the_same_moment_loses_nothing(
    quick_disk: Path, fs: Callable[[], FileSystem | None]
) -> None:
    tally = race(Bench.at(quick_disk), 100, fs=fs())
    assert tally.lost == []
    outcomes = {outcome for _, outcome in tally.outcomes}
    assert "replaced" in outcomes
    assert outcomes - {"replaced"}, "no race was ever close"
