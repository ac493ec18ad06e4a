"""A home as an earlier version of Homepress left it: its ledger is kept as SQL text in `data/`.

    python tests/store/oldhome.py          (with tests/ and daemon/ on PYTHONPATH)

writes the ledger of the version that runs to `data/version-N.sql`, N being the version of the ledger, with
one of everything in it. Files of earlier versions stay as they are: no later version could make them. The
pictures and originals that belong to a ledger are made anew by `old_home`, from the same seeds.
"""

import contextlib
import os
import sqlite3
import tempfile
import time
from pathlib import Path

from homepress.store.ledger import journal
from homepress.store.model import JobPlan, Metadata, UndoSelection
from homepress.store.store import Store
from store.kit import Bench, digest, left, picture, replace, replacement, smaller

DATA = Path(__file__).parent / "data"
VERSIONS = tuple(sorted(int(file.stem.partition("-")[2]) for file in DATA.glob("version-*.sql")))
"""Versions of the ledger that are kept as test data."""
PLACE = "/somewhere/old"
"""Stands in the text for the folder that holds home and pictures."""

SIZE = 600
DAYS_AGO = (33, 29, 25, 21, 17, 13, 9, 5, 1)
"""When each picture was done, before `MADE`: its number is its seed."""
MADE = 1_795_970_000.0
"""When the last entry is said to have been made, seconds since 1970: 29 November 2026."""
KEPT = {"0.jpg": 0, "1.jpg": 1, "2.jpg": 2, "3.jpg": 3, "4.jpg": 4, "6.heic": 6}
"""Pictures whose originals are kept, with their seeds. 0.jpg is past its 30 days."""
AWAY_JOB = "00000000000000aa"
"""A job that was begun in a folder that is not there."""


def old_home(base: Path, version: int) -> Bench:
    """A bench at `base` as that version left it: ledger, pictures under their names, originals."""
    bench = Bench.at(base)
    text = (DATA / f"version-{version}.sql").read_text(encoding="utf-8")
    bench.ledger.parent.mkdir(mode=0o700, parents=True)
    with contextlib.closing(sqlite3.connect(bench.ledger, isolation_level=None)) as connection:
        connection.executescript(text.replace(_hex(PLACE), _hex(bench.base)))
        _make_files(bench, connection)
    bench.ledger.chmod(0o600)
    return bench


def _make_files(bench: Bench, connection: sqlite3.Connection) -> None:
    """Pictures, results and originals that the ledger tells of, and the inodes that they have now."""
    bench.originals.mkdir(mode=0o700)
    by_digest = {digest(data): data for seed in range(len(DAYS_AGO)) for data in _contents(seed)}
    sql = "SELECT path, result_path, before_sha256, after_sha256, original, job FROM history ORDER BY id"
    for path, result, before, after, original, job in connection.execute(sql):
        if original in ("none", "restored") and by_digest.get(before):
            Path(os.fsdecode(path)).write_bytes(by_digest[before])
        if original != "restored":
            Path(os.fsdecode(result)).write_bytes(by_digest[after])
        if original == "kept":
            (bench.originals / f"{before}-{job}").write_bytes(by_digest[before])
    for file in bench.watched.iterdir():
        facts = file.stat()
        connection.execute(
            "UPDATE file SET inode = ?, mtime_ns = ? WHERE name = ?",
            (facts.st_ino, facts.st_mtime_ns, os.fsencode(file.name)),
        )


def _contents(seed: int) -> tuple[bytes, bytes]:
    return picture(seed, SIZE), smaller(picture(seed, SIZE))


def _hex(path: Path | str) -> str:
    return os.fsencode(path).hex().upper()


def _fill(bench: Bench, store: Store) -> None:
    """Results that stand, one undone, one converted, one beside, one left alone; a stopped folder; a job."""
    store.folders.added(bench.watched)
    store.folders.stop_replacing(bench.base / "stopped", "five results in a row were undone")
    for seed in range(6):
        replace(store, bench.drop(f"{seed}.jpg", picture(seed, SIZE)), root=bench.watched)
    converted = store.read(bench.drop("6.heic", picture(6, SIZE)))
    store.replace(converted, replacement(smaller(converted.data), suffix=".jpg"))
    beside = store.read(bench.drop("7.jpg", picture(7, SIZE)))
    store.write_beside(beside, replacement(smaller(beside.data)))
    list(store.undo(UndoSelection(paths=(bench.watched / "5.jpg",)), roots=bench.roots))
    stays = store.read(bench.drop("8.jpg", picture(8, SIZE)))
    store.record(stays, left(stays.path, "it is small already"), "balanced", bench.watched)
    away = os.fsencode(bench.base / "away" / "a.jpg")
    plan = JobPlan(
        job=AWAY_JOB,
        kind="replace",
        time=MADE - 10 * 86_400,
        path=away,
        target=away,
        vault=b".",
        source_sha256=digest(picture(20)),
        source_size=SIZE,
        source_inode=1,
        metadata=Metadata(mode=0o600, uid=0, gid=0, atime_ns=0, mtime_ns=0),
        result_sha256=digest(smaller(picture(20))),
        result_size=SIZE // 2,
        keep_days=30.0,
    )
    journal.begin(store._context.ledger, plan)  # nothing public leaves a job open


def _spread(connection: sqlite3.Connection) -> None:
    """As though the pictures had come over a month."""
    for entry, days in enumerate(DAYS_AGO, 1):
        connection.execute(
            "UPDATE history SET keep_until = keep_until - time + ?1, undone = undone - time + ?1, time = ?1 "
            "WHERE id = ?2",
            (MADE - days * 86_400, entry),
        )
    connection.execute("UPDATE folder SET added = ?", (MADE - 40 * 86_400,))


def main() -> None:
    """Write the ledger of today's version."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench.at(Path(folder))
        with bench.store() as store:
            _fill(bench, store)
        with contextlib.closing(sqlite3.connect(bench.ledger, isolation_level=None)) as connection:
            _spread(connection)
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (mark,) = connection.execute("PRAGMA application_id").fetchone()
            text = "\n".join(connection.iterdump()).replace(_hex(bench.base), _hex(PLACE))
    text += f"\nPRAGMA application_id = {mark};\nPRAGMA user_version = {version};\n"
    (DATA / f"version-{version}.sql").write_text(text, encoding="utf-8")
    print(f"{DATA / f'version-{version}.sql'}, {time.strftime('%Y-%m-%d')}")


if __name__ == "__main__":
    main()
