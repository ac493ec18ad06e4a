"""Random `kill -9`: a process replaces, converts and takes back pictures, and dies at any moment."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.torture.places import in_memory, on_disk
from benchmarks.torture.trial import Outcome
from homepress.store.fs.base import FileSystem
from homepress.store.model import StoreError, UndoSelection
from homepress.store.store import Store
from store.kit import Bench, facts, picture, replacement, smaller, without_exchange

_PICTURES = 30
_KILLS_PER_BATCH = 5
_SIZE = 20_000


def trials(kills: int) -> Iterator[Outcome]:
    """The three ways of keeping originals."""
    with on_disk() as base:
        yield _kill(Outcome("kill -9, originals on the same file system"), Bench.at(base), kills, None)
    with on_disk() as base, in_memory() as other:
        bench = Bench.at(base, other / "originals")
        yield _kill(Outcome("kill -9, originals on another file system"), bench, kills, None)
    with on_disk() as base:
        outcome = Outcome("kill -9, moving instead of exchange")
        yield _kill(outcome, Bench.at(base), kills, without_exchange())


def _kill(outcome: Outcome, bench: Bench, kills: int, fs: FileSystem | None) -> Outcome:
    chance = random.Random(outcome.what)
    replaced = 0
    while outcome.cases < kills:
        paths = [bench.drop(f"{n}.jpg", picture(n, _SIZE)) for n in range(_PICTURES)]
        before = {path: facts(path) for path in paths}
        for _ in range(min(_KILLS_PER_BATCH, kills - outcome.cases)):
            _run_and_kill(bench, fs, paths, chance)
            outcome.cases += 1
            # Where names cannot be exchanged, one may be empty until recovery, its picture in a temp file.
            found = _wrong(bench, before, may_wait=fs is not None)
            outcome.violations += [f"before recovery: {w}" for w in found]
        with bench.store(fs) as store:
            store.recover()
            outcome.violations += [f"recovered twice: {note}" for note in store.recover()]
        outcome.violations += [f"after recovery: {w}" for w in _wrong(bench, before)]
        outcome.violations += [f"a temp file is left: {name}" for name in bench.temps()]
        replaced += sum(
            path.read_bytes() != picture(n, _SIZE) for n, path in enumerate(paths) if path.exists()
        )
        _undo_all(bench, fs, paths, outcome)
    outcome.remark = f"{replaced} pictures were in their replaced state after it"
    return outcome


def _run_and_kill(bench: Bench, fs: FileSystem | None, paths: list[Path], chance: random.Random) -> None:
    seed, wait = chance.random(), chance.uniform(0.0, 0.3)
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with bench.store(fs) as store:
                store.recover()
                os.write(tell, b"1")
                _work(store, bench, paths, random.Random(seed))
        finally:
            os._exit(0)
    os.read(ready, 1)
    os.close(ready)
    os.close(tell)
    time.sleep(wait)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _work(store: Store, bench: Bench, paths: list[Path], chance: random.Random) -> None:
    """Replace what is not replaced, take back some, until killed."""
    while True:
        path = chance.choice(paths)
        try:
            source = store.read(path)
            if source.data.startswith(b"small"):
                list(store.undo(UndoSelection(paths=(path,)), roots=[bench.watched]))
            else:
                store.replace(source, replacement(smaller(source.data)))
        except StoreError:
            continue


def _wrong(bench: Bench, before: dict[Path, tuple[object, ...]], *, may_wait: bool = False) -> list[str]:
    wrong = []
    hidden = [(bench.watched / name).read_bytes() for name in bench.temps()] + bench.kept()
    for number, path in enumerate(before):
        original = picture(number, _SIZE)
        content = path.read_bytes() if path.exists() else None
        if content is None and may_wait and original in hidden:
            continue
        if content is None:
            wrong.append(f"{path.name} is missing")
        elif content not in (original, smaller(original)):
            wrong.append(f"{path.name} holds neither the original nor the result")
        elif content != original and original not in hidden:
            wrong.append(f"the original of {path.name} is lost")
        elif facts(path) != before[path]:
            wrong.append(f"attributes of {path.name} are lost")
    return wrong


def _undo_all(bench: Bench, fs: FileSystem | None, paths: list[Path], outcome: Outcome) -> None:
    """Every replaced picture has to come back exactly."""
    with bench.store(fs) as store:
        list(store.undo(UndoSelection(last=10_000), roots=[bench.watched]))
    for number, path in enumerate(paths):
        if path.read_bytes() != picture(number, _SIZE):
            outcome.violations.append(f"{path.name} did not come back")
        path.unlink()
    for stored in bench.originals.iterdir():
        if len(stored.name) >= 81:
            outcome.violations.append(f"{stored.name} is left in the vault")
            stored.unlink()
