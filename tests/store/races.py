"""Races with a user who saves over, writes in place, unlinks or renames while a picture is replaced.

What the user wrote must exist afterwards, and under the name it was written to; nothing else counts.
"""

import collections
import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from homepress.store.fs.base import FileSystem
from homepress.store.model import StoreError
from homepress.store.store import Store
from store.kit import Bench, digest, maintain_later, picture, replacement, smaller

KINDS = ("save over", "write in place", "append", "unlink", "rename")

# A process of its own: its timing is not ours, and a lease may make it wait.
_USER = """
import os, sys, time
for line in sys.stdin:
    path, kind, delay, token = line.rstrip("\\n").split("|")
    time.sleep(float(delay))
    data = token.encode() * 700
    try:
        if kind == "save over":
            with open(path + "~", "wb") as file:
                file.write(data)
            os.replace(path + "~", path)
        elif kind == "write in place":
            with open(path, "r+b") as file:
                file.write(data)
                file.truncate()
        elif kind == "append":
            with open(path, "ab") as file:
                if not file.tell():
                    raise FileNotFoundError
                file.write(data)
        elif kind == "unlink":
            os.unlink(path)
        elif kind == "rename":
            os.rename(path, path + ".moved")
    except OSError as error:
        print(type(error).__name__, flush=True)
    else:
        print("done", flush=True)
"""


@dataclass
class Tally:
    """What came of many races.

    Attributes:
        lost: violations, in words.
        outcomes: how often each pair of a user's deed and the store's outcome was met.
    """

    lost: list[str] = field(default_factory=list)
    outcomes: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)


def race(
    bench: Bench, runs: int, *, fs: FileSystem | None = None, seed: int = 1, window: float = 0.005
) -> Tally:
    """Run races one by one.

    Args:
        bench: a home and a folder.
        runs: how many.
        fs: another one, such as one without leases.
        seed: of the moments.
        window: seconds within which the user strikes; a replacement takes some milliseconds.
    """
    tally, chance = Tally(), random.Random(seed)
    user = subprocess.Popen(
        [sys.executable, "-c", _USER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert user.stdin is not None
    assert user.stdout is not None
    try:
        with bench.store(fs) as store:
            for run in range(runs):
                path = bench.watched / f"{run}.jpg"
                path.write_bytes(picture(run, 20_000))
                kind, token = chance.choice(KINDS), f"user-{run}-{chance.randbytes(6).hex()}."
                user.stdin.write(f"{path}|{kind}|{chance.uniform(0, window):.6f}|{token}\n")
                outcome = _replace(store, path)
                said = user.stdout.readline().strip()
                maintain_later(store, 60)
                if said == "done":
                    tally.outcomes[kind, outcome] += 1
                strike = _Strike(
                    path, kind, said == "done", token.encode() * 700, picture(run, 20_000), outcome
                )
                tally.lost += [f"{kind}, {outcome}: {what}" for what in _wrong(bench, store, strike)]
                _clean(bench)
    finally:
        user.stdin.close()
        user.wait()
    return tally


def _replace(store: Store, path: Path) -> str:
    try:
        source = store.read(path)
        store.replace(source, replacement(smaller(source.data)))
    except StoreError as error:
        return type(error).__name__
    return "replaced"


@dataclass(frozen=True)
class _Strike:
    """One deed of the user, and what the store said."""

    path: Path
    kind: str
    done: bool
    written: bytes
    original: bytes
    outcome: str

    @property
    def edits(self) -> set[bytes]:
        """What the name may hold after an edit: of the original, or of its result."""
        return {self.written, self.original + self.written, smaller(self.original) + self.written}


def _wrong(bench: Bench, store: Store, strike: _Strike) -> list[str]:
    """What must not be."""
    here = strike.path.read_bytes() if strike.path.exists() else b""
    visible = [p.read_bytes() for p in bench.watched.iterdir()]
    wrong = [f"a temp file is left: {name}" for name in bench.temps()]
    if strike.kind in ("save over", "write in place", "append") and strike.done:
        wrong += _wrong_edit(here, visible, bench.kept(), strike)
    elif strike.kind == "unlink" and strike.done and strike.outcome != "replaced":
        pass  # it was deleted before we touched it
    elif strike.original not in (*visible, *bench.kept()):
        wrong.append("the original is lost")
    elif strike.kind == "rename" and strike.done and len(visible) < 1:
        wrong.append("what was renamed is not there")
    if here == smaller(strike.original) and store.why_left_alone(digest(here), "") is None:
        wrong.append("the result is not known")
    return wrong


def _wrong_edit(here: bytes, visible: list[bytes], kept: list[bytes], strike: _Strike) -> list[str]:
    """An edit that came before the reading is the source, and was compressed like any other."""
    compressed = {smaller(edit): edit for edit in strike.edits}
    if here in strike.edits or (here in compressed and compressed[here] in kept):
        return []
    if strike.edits & set(visible):
        return ["the edit is not under its name"]
    return ["the edit is only among the originals" if strike.edits & set(kept) else "the edit is lost"]


def _clean(bench: Bench) -> None:
    for path in bench.watched.iterdir():
        path.unlink()
    for path in bench.originals.iterdir():
        if len(path.name) >= 81:
            path.unlink()


def burn(processes: int) -> list[subprocess.Popen[bytes]]:
    """Keep the processors busy, so that the scheduler interrupts at odd moments; kill them when done."""
    return [
        subprocess.Popen([sys.executable, "-c", f"import os\nos.nice({os.nice(0)})\nwhile True: pass"])
        for _ in range(processes)
    ]
