"""Killed in the middle of work, at random: no picture is lost, and each original can be restored.

HOMEPRESS_KILLS says how many kills of the daemon; five times as many operations of the store are
interrupted. HOMEPRESS_SEED repeats a run's pictures and pauses. `pytest -s` shows the counts.

A process that ends this way is what Task Manager does, and what a crash is to the files. A power cut is
not to be had under Wine: what the disk has then is tried on Linux (`tests/store`, `benchmarks/torture`).
"""

import hashlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from homepress.store.ledger.journal import open_jobs
from homepress.store.model import PROBE_NAME, UndoSelection
from store.kit import Bench, facts, picture, smaller
from support import REPOSITORY, wait_for
from windows.program import Program, children
from windows.store_work import CONVERTED, PICTURES
from windows.test_round_trip import SLOW, size

KILLS = int(os.environ.get("HOMEPRESS_KILLS", "5"))
OPERATIONS = 5 * KILLS
SEED = int(os.environ.get("HOMEPRESS_SEED", str(time.time_ns() % 1_000_000)))
MEAN_OPERATIONS = 10
"""Of the store, from a start to its kill."""
AT_ONCE = 3
"""Pictures that are new when the daemon is killed."""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def new_pictures(folder: Path, first: int) -> dict[Path, tuple[str, int]]:
    """Pictures of which no two are the same: hash and size of each."""
    made = {}
    for at in range(first, first + AT_ONCE):
        path = folder / f"picture {at}.jpg"
        image = Image.effect_mandelbrot((480, 360), (-2 + at / 997, -1.5, 1, 1.5), 90).convert("RGB")
        image.save(path, quality=97)
        made[path] = digest(path), size(path)
    return made


@pytest.mark.timeout(1800 + 300 * KILLS)
def test_no_picture_is_lost_when_the_daemon_is_killed(program: Program, tmp_path: Path) -> None:
    chance, counts = random.Random(SEED), Counter[str]()
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    program.run("folder", "add", str(inbox))
    pictures: dict[Path, tuple[str, int]] = {}
    for kill in range(KILLS):
        program.start()
        new = new_pictures(inbox, len(pictures))
        pictures |= new
        if chance.random() < 0.8:
            wait_for(lambda new=new: any(_smaller(path, was[1]) for path, was in new.items()), within=SLOW)  # type: ignore[misc]
        time.sleep(chance.uniform(0, 1))  # the moment of the kill: random on purpose
        program.kill()
        counts += _state(program.home, pictures)
        print(f"kill {kill + 1}: {dict(counts)}", flush=True)
    # What only showed what the disk can do goes at the next start, once it is old enough to be forgotten.
    wait_for(lambda: not any(time.time() - path.stat().st_mtime < 15 for path in _probes(inbox)), within=SLOW)
    program.start()
    wait_for(lambda: all(_smaller(path, was[1]) for path, was in pictures.items()), what="all", within=SLOW)
    # The result has the name a moment before the original has left the folder.
    wait_for(lambda: sorted(inbox.iterdir()) == sorted(pictures), what="the end of the last", within=SLOW)
    counts += _state(program.home, pictures)
    program.run("undo", "--folder", str(inbox), "--last", "100000")
    assert {path: digest(path) for path in pictures} == {path: was[0] for path, was in pictures.items()}
    assert sorted(inbox.iterdir()) == sorted(pictures)
    assert program.stop() == 0
    assert not children(program.pid)
    print(
        f"seed {SEED}: {KILLS} kills, {len(pictures)} pictures, 0 lost, all restored; looks: {dict(counts)}"
    )


def _probes(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if PROBE_NAME.fullmatch(path.name)]


def _smaller(path: Path, was: int) -> bool:
    return 0 < size(path) < was


def _state(home: Path, pictures: dict[Path, tuple[str, int]]) -> Counter[str]:
    """What each picture's name holds while no daemon runs; what is neither original nor result fails."""
    seen = Counter[str]()
    kept = {path.name[:64] for path in (home / "originals").rglob("*") if path.suffix != ".json"}
    hidden: set[str] | None = None
    for path, (original, was) in pictures.items():
        if size(path) == was and digest(path) == original:
            seen["originals"] += 1
            continue
        if original not in kept and hidden is None:
            hidden = {digest(beside) for beside in path.parent.iterdir() if beside not in pictures}
        assert original in kept or (hidden and original in hidden), f"the original of {path} is lost"
        if not path.exists():
            seen["names empty until the next start"] += 1  # the instant of ReplaceFileW
            continue
        with Image.open(path) as image:
            image.load()
        seen["results"] += 1
    return seen


@pytest.mark.timeout(1800 + 120 * KILLS)
def test_no_picture_is_lost_when_the_store_is_killed(tmp_path: Path) -> None:
    chance, counts = random.Random(SEED), Counter[str]()
    bench = Bench.at(tmp_path)
    paths = [bench.drop(f"{n}.jpg", picture(n), mode=0o666) for n in range(PICTURES)]
    before = [facts(path) for path in paths]
    while sum(counts[what] for what in ("replaced", "converted", "undone", "kills")) < OPERATIONS:
        counts += _work_until_killed(tmp_path, chance)
        with bench.store() as store:
            counts["left in the middle"] += len(open_jobs(store._context.ledger))
            store.recover()
            assert not store.recover()
        _check(bench, paths)
        print(f"store: {dict(counts)}", flush=True)
    with bench.store() as store:
        list(store.undo(UndoSelection(last=100_000), roots=[bench.watched]))
    assert [path.read_bytes() for path in paths] == [picture(n) for n in range(PICTURES)]
    assert [facts(path) for path in paths] == before
    assert sorted(bench.watched.iterdir()) == sorted(paths)
    assert not bench.kept()
    print(f"seed {SEED}: store, {dict(counts)}, 0 lost, all restored", flush=True)


def _work_until_killed(base: Path, chance: random.Random) -> Counter[str]:
    command = (sys.executable, "-m", "windows.store_work", str(base), str(chance.random()))
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "tests")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        did, wanted, began = "", chance.randrange(1, 2 * MEAN_OPERATIONS), time.monotonic()
        while did.count(")") < wanted and (more := process.stdout.read(1)):
            did += more
        # The moment of the kill: random on purpose, anywhere in the next operation.
        time.sleep(chance.uniform(0, 1.2) * (time.monotonic() - began) / wanted)
        process.kill()
        did += process.stdout.read()
    assert "[" not in did, did
    done = {"replaced": did.count("r"), "converted": did.count("c"), "undone": did.count("u")}
    return Counter(done | {"kills": 1})


def _check(bench: Bench, paths: list[Path]) -> None:
    """Once recovered: each picture is there once, and nothing else is."""
    kept = set(bench.kept())
    there = set(bench.watched.iterdir())
    for number, path in enumerate(paths):
        original, converted = picture(number), path.with_suffix(CONVERTED)
        (name,) = there & {path, converted}
        content = name.read_bytes()
        replaced = content == smaller(original) and original in kept
        assert replaced or (name == path and content == original), f"{name} after a kill"
    assert len(there) == len(paths), there
