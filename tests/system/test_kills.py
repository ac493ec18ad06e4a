"""kill -9 of the daemon at random moments: each path holds the original or a finished result, always."""

import hashlib
import io
import random
import time
from pathlib import Path

import pytest
from PIL import Image

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program

KILLS = 20


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check(pictures: dict[Path, str], home: Path) -> int:
    """Hold every path against its original; how many are replaced. The original of a result is findable.

    Only while no daemon runs: one at work moves originals between two looks.
    """
    replaced = 0
    stored = {sha256(path) for path in (home / "originals").rglob("*") if path.is_file()}
    for path, original in pictures.items():
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() == original:
            continue
        replaced += 1
        with Image.open(io.BytesIO(data)) as image:
            image.load()
        hidden = {sha256(beside) for beside in path.parent.iterdir() if beside.name.startswith(".homepress-")}
        assert original in stored | hidden, f"the original of {path} is lost"
    return replaced


@pytest.mark.slow
@pytest.mark.timeout(600)  # twenty starts, and a start takes seconds where the computer is busy
def test_random_kills_lose_nothing_and_work_goes_on(program: Program, inbox: Path) -> None:
    chance = random.Random(20)
    program.watch(inbox, settle_seconds=0.1)
    pictures: dict[Path, str] = {}
    number = 0
    for _ in range(KILLS):
        program.start()
        for _ in range(3):
            data = jpeg(number, size=(320, 240))
            path = write(inbox / f"d{number % 4}" / f"{number}.jpg", data)
            pictures[path] = hashlib.sha256(data).hexdigest()
            number += 1
        time.sleep(chance.random() * 1.2)  # the moment of the kill: random on purpose
        program.kill()
        check(pictures, program.home)
    program.start()

    def all_replaced() -> bool:
        return all(sha256(path) != original for path, original in pictures.items())

    wait_for(all_replaced, within=120, what="all pictures")
    program.wait_idle()
    program.stop()
    assert check(pictures, program.home) == len(pictures)
    assert not list(inbox.rglob(".homepress-*"))
    program.run("undo", "--last", "1000")
    assert {path: sha256(path) for path in pictures} == pictures
