"""What daemon and tray cost while nothing happens."""

import os
import sys
import time
from pathlib import Path

import pytest

from desktop.buses import IconSeen
from system.program import Program
from system.trays import agents

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

SECONDS = float(os.environ.get("HOMEPRESS_IDLE_SECONDS", "6"))
WINDOWS = 3
MOST_BYTES = 70_000_000


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def spent_while_idle(pids: list[int]) -> list[int]:
    before = [ticks(pid) for pid in pids]
    time.sleep(SECONDS)  # the thing measured is that nothing happens
    return [ticks(pid) - then for pid, then in zip(pids, before, strict=True)]


@pytest.mark.slow
def test_idle_costs_no_time_and_little_memory(program: Program, icon: IconSeen) -> None:
    program.wait_idle()
    assert program.daemon is not None
    pids = [program.daemon.pid, *agents(program)]
    assert len(pids) == 2
    time.sleep(3)  # what a start leaves to do is done
    spent = [spent_while_idle(pids) for _ in range(WINDOWS)]
    used = [resident(pid) for pid in pids]
    print(f"resident {used} bytes, together {sum(used)}; {spent} ticks in {SECONDS:g} s each")
    # Both wait for events; one tick may fall to the tray's look for a panel soon after its start. The look of
    # the daemon after its folders, twice a minute, is in one of the windows, and may take longer when busy.
    assert min(map(max, spent)) <= 1
    assert sum(used) <= MOST_BYTES
