"""How large the cases of the scale benchmark are: as the goals want them, or small, to see that they run."""

import os
from dataclasses import dataclass, fields, replace

VARIABLE = "HOMEPRESS_SCALE"
"""Environment variable through which `--quick` reaches the processes of the cases."""


@dataclass(frozen=True)
class Size:
    """Numbers of things.

    Attributes:
        files: files of a burst.
        folders: new folders they come in.
        renames: folders that take one name after the other.
        runs: how often that is done.
        many_folders: folders of the tree in which events are lost.
        lost_files: files that come while nobody reads; their events are more than the kernel keeps.
        known_folders: folders of the tree that the ledger knows, with a hundred files each.
        missed: files that come into it while nobody watches.
        samples: pictures whose way through the program is timed.
        pictures: pictures of the burst whose throughput is measured.
        minutes: how long idling is watched.
    """

    files: int = 10_000
    folders: int = 1000
    renames: int = 300
    runs: int = 20
    many_folders: int = 100_000
    lost_files: int = 12_000
    known_folders: int = 1000
    missed: int = 1000
    samples: int = 20
    pictures: int = 1000
    minutes: float = 20.0


QUICK = Size(1000, 100, 50, 2, 1000, 12_000, 50, 50, 3, 30, 0.5)

SIZE = QUICK if os.environ.get(VARIABLE) == "quick" else Size()

# One of them alone: HOMEPRESS_SCALE_SAMPLES=1, for example.
SIZE = replace(
    SIZE,
    **{
        field.name: type(getattr(SIZE, field.name))(os.environ[name])
        for field in fields(SIZE)
        if (name := f"{VARIABLE}_{field.name.upper()}") in os.environ
    },
)
