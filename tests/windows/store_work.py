"""Replaces, converts and takes back pictures until it is killed: `python -m windows.store_work FOLDER SEED`.

It prints `(` when an operation begins and its letter and `)` when it has ended.
"""

import random
import sys
from pathlib import Path

from homepress.store.model import StoreError, UndoSelection
from homepress.store.store import Store
from store.kit import Bench, replacement, smaller

PICTURES = 12
CONVERTED = ".webp"


def main(base: str, seed: str) -> None:
    bench, chance = Bench.at(Path(base)), random.Random(seed)
    with bench.store() as store:
        store.recover()
        print("ready", flush=True)
        while True:
            print("(", end="", flush=True)
            done = _operation(store, bench, bench.watched / f"{chance.randrange(PICTURES)}.jpg", chance)
            print(f"{done})", end="", flush=True)


def _operation(store: Store, bench: Bench, path: Path, chance: random.Random) -> str:
    converted = path.with_suffix(CONVERTED)
    try:
        source = store.read(converted if converted.exists() else path)
        if source.data.startswith(b"small"):
            list(store.undo(UndoSelection(paths=(source.path,)), roots=[bench.watched]))
            return "u"
        suffix = chance.choice(("", CONVERTED))
        store.replace(source, replacement(smaller(source.data), suffix=suffix))
    except StoreError as error:
        return f"[{error}]"
    return "c" if suffix else "r"


if __name__ == "__main__":
    main(*sys.argv[1:])
