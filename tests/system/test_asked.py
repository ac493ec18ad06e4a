"""What somebody waits for: at normal priority, several pictures at a time."""

import os
import subprocess
from pathlib import Path

import pytest

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program


def workers(pid: int) -> list[int]:
    """The worker processes of a process of ours."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            found += [child] if b"homepress.workers.child" in command else []
    return found


@pytest.mark.slow
@pytest.mark.parametrize("daemon", [False, True])
def test_pictures_by_name_are_worked_on_side_by_side_at_normal_priority(
    program: Program, inbox: Path, tmp_path: Path, daemon: bool
) -> None:
    pictures = [write(tmp_path / f"{number}.jpg", jpeg(number, (2400, 1800))) for number in range(4)]
    if daemon:
        program.watch(inbox)
        program.start()
    command = program.command("compress", "--jobs", "2", *map(str, pictures))
    running = subprocess.Popen(command, env=program.environment, stdout=subprocess.PIPE)
    at_work = program.daemon.pid if daemon and program.daemon else running.pid
    seen = wait_for(lambda: len(found := workers(at_work)) == 2 and found, what="two workers")
    assert {os.sched_getscheduler(pid) for pid in seen} <= {os.SCHED_OTHER}
    assert running.communicate(timeout=120)[0].count(b".min.jpg") == 4
    assert running.returncode == 0
