"""The case of six writers that are slow in six ways, in real time."""

from pathlib import Path

from benchmarks.watching.bench import Counting, Memory, Row, running
from benchmarks.watching.pictures import noise
from homepress.watch import Arrival
from watch.writers import write_all


def slow_writers(place: Path) -> Row:
    """What each file held when it was handed on."""
    data, folder = noise(), place / "watched"
    folder.mkdir()
    early = 0

    class Checking(Counting):
        def arrived(self, arrival: Arrival) -> None:
            nonlocal early
            early += arrival.path.read_bytes() != data
            super().arrived(arrival)

    with running(folder, sink=Checking(memory := Memory()), known=memory) as run:
        paths = write_all(folder, data)
        run.wait(paths, 120)
        missing = run.verdict(paths)[0]
    return Row(
        case="six slow writers, real time",
        figure=f"{early} handed on too early, {missing} missing",
        goal="untouched until complete",
        met=not early and not missing,
        numbers={"early": early, "missing": missing},
    )
