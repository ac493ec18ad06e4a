"""History, statistics and originals: what the ledger tells, in words."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from control.fake_service import FakeService
from homepress.base.paths import Paths
from homepress.store.reader import Day, HistoryEntry, Stats, Totals
from homepress.ui.cli.commands import history
from ui.cli.running import Run

NOW = datetime(2026, 5, 6, 14, 30).timestamp()


def entry(**changed: Any) -> HistoryEntry:
    values: dict[str, object] = {
        "id": 1,
        "time": datetime(2026, 5, 6, 9, 5).timestamp(),
        "path": "/p/a.jpg",
        "outcome": "compressed",
        "reason": "",
        "before_bytes": 4_200_000,
        "after_bytes": 1_900_000,
        "before_sha256": "0" * 64,
        "after_sha256": "1" * 64,
        "format": "jpeg",
        "score": 81.0,
        "score_kind": "sampled",
        "settings": "balanced",
        "original": "kept",
    }
    return HistoryEntry(**{**values, **changed})


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "today 09:05         4.2 MB →   1.9 MB  −55 %  /p/a.jpg"),
        ({"kind": "replace", "output": "/p/a.jpg"}, "today 09:05         4.2 MB →   1.9 MB  −55 %  /p/a.jpg"),
        ({"original": "restored"}, "today 09:05         4.2 MB   undone            /p/a.jpg"),
        (
            {"kind": "output", "output": "/out/a.jpg"},
            "today 09:05         4.2 MB →   1.9 MB  −55 %  /p/a.jpg  (written to /out/a.jpg)",
        ),
        (
            {"kind": "beside", "output": "/p/a.min.jpg", "reason": "without its comment"},
            "today 09:05         4.2 MB →   1.9 MB  −55 %  /p/a.jpg  "
            "(written to a.min.jpg; without its comment)",
        ),
        (
            {"kind": "convert", "path": "/p/a.heic", "output": "/p/a.jpg", "original": "expired"},
            "today 09:05         4.2 MB →   1.9 MB  −55 %  /p/a.heic  (now a.jpg; original expired)",
        ),
        (
            {"kind": "convert", "path": "/p/a.heic", "output": "/p/a.jpg", "original": "restored"}
            | {"reason": "without its depth map"},
            "today 09:05         4.2 MB   undone            /p/a.heic",
        ),
        (
            {"outcome": "unchanged", "reason": "saves too little", "path": "/p/\udcff.png"},
            "today 09:05         4.2 MB   unchanged         /p/\\xff.png: saves too little",
        ),
        (
            {"outcome": "failed", "reason": "no space left", "before_bytes": 0},
            "today 09:05                  failed            /p/a.jpg: no space left",
        ),
    ],
)
def test_an_entry_in_words(changed: dict[str, object], text: str) -> None:
    import click

    assert click.unstyle(history.line(entry(**changed), NOW)) == text


def test_nothing_yet(run: Run) -> None:
    assert run("history").out == "Nothing yet.\n"
    assert run("history", "--json").out == ""
    assert run("stats").out == "Nothing has been compressed yet.\n"
    assert run("stats", "--json").json["total"]["images"] == 0
    assert run("originals", "list").out == "There are none.\n"
    assert run("originals", "list", "--json").out == ""


def test_forgetting_goes_through_the_service(run: Run, service: FakeService, tmp_path: Path) -> None:
    ran = run("history", "--forget", str(tmp_path / "a.jpg"))
    assert ran.out == "3 entries forgotten.\n"
    assert service.asked[-1] == (str(tmp_path / "a.jpg"), None)
    assert run("history", "--forget-before", "2026-01-01", "--json").json == {"forgotten": 3, "kept": 0}
    path, before = service.asked[-1]
    assert path == ""
    assert before is not None and before < time.time()


def test_a_damaged_ledger_is_told(run: Run, paths: Paths) -> None:
    paths.ledger.write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)
    for command in (("history",), ("stats",), ("originals", "list")):
        ran = run(*command)
        assert ran.code == 1
        assert "ledger.sqlite3 is damaged" in ran.err
    assert "ledger.sqlite3 is damaged" in run("status").out
    ran = run("status", "--json")
    assert (ran.code, ran.json["state"]) == (3, "stopped")
    assert "start Homepress again" in ran.json["problems"][0]


def test_statistics_in_words() -> None:
    total = Totals(
        images=1204,
        before_bytes=4_100_000_000,
        after_bytes=1_900_000_000,
        saved_bytes=2_200_000_000,
        originals_bytes=5,
    )
    one = Totals(images=1, before_bytes=10_000, after_bytes=4_000, saved_bytes=6_000)
    days = [Day(day=f"2026-04-{n:02}", images=n, saved_bytes=1000 * n) for n in range(1, 21)]
    told = history.stats_lines(
        Stats(
            total=total,
            today=one,
            days=days,
            formats={"jpeg": total, "png": one},
            folders={"/p": total, "": one},
        )
    )
    assert told[0] == "in total  1,204 pictures   4.1 GB  → 1.9 GB  2.2 GB saved  (54 %)"
    assert told[1] == "today          1 picture  10.0 KB  → 4.0 KB  6.0 KB saved  (60 %)"
    assert sum(line.startswith(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")) for line in told) == 14
    longest = next(line for line in told if line.startswith("Mon 20 Apr"))
    assert longest.count("█") == 24
    assert told[-1].startswith("named by hand")
