"""Figures, exports, the trial, the privacy page and the state in words."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.base.results import FileOutcome, FolderStatus, ProbeAttempt, ProbedProcess
from homepress.control.service import CompressRequest, Status
from homepress.settings import FolderSettings, Settings
from homepress.store.reader import Day, Stats, Totals
from homepress.ui.window.model import figures, privacy, trial
from homepress.ui.window.model.snapshot import (
    Remedy,
    Snapshot,
    folder_cards,
    headline,
    mistake,
    remedies,
    waits_for_resume,
)
from support import REPOSITORY, a_home

TOTAL = Totals(images=2, before_bytes=3000, after_bytes=1000, saved_bytes=2000, originals_bytes=3000)


def snapshot(status: Status | None, *folders: FolderSettings) -> Snapshot:
    return Snapshot(0.0, status, "", Settings(folders=folders), "")


def status(state: str = "idle", **more: Any) -> Status:
    return Status(**({"state": state, "pid": 1, "version": "1", **more}))


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (None, "Not running"),
        (status("paused", paused_for="user"), "Paused"),
        (status("working", waiting=3), "Working"),
        (status("problem", problems=["The disk is full."]), "Needs attention"),
        (status(), "Ready"),
        (status(folders=[FolderStatus(path="/a", mode="replace", state="watching")]), "Up to date"),
    ],
)
def test_the_state_in_words(known: Status | None, words: str) -> None:
    assert headline(snapshot(known)).text == words


def test_a_home_folder_is_a_tilde_in_problems_too(monkeypatch: pytest.MonkeyPatch) -> None:
    anna = a_home(monkeypatch, "/home/anna")
    problem = f"{anna / 'Gone'}: it is not there"
    gone = FolderStatus(path=str(anna / "Gone"), mode="replace", state="problem", problem=problem)
    known = snapshot(
        status("problem", problems=[problem], folders=[gone]), FolderSettings(path=Path(gone.path))
    )
    assert headline(known).detail == f"{Path('~/Gone')}: it is not there"
    assert folder_cards(known, {})[0].problem == f"{Path('~/Gone')}: it is not there"


def test_settings_with_a_mistake_are_not_called_a_first_start() -> None:
    folder = FolderSettings(path=Path("/p"))
    assert mistake(snapshot(None)) == ""
    assert "no folder is known" in mistake(replace(snapshot(None), settings_problem="settings.toml:6: wrong"))
    held = mistake(replace(snapshot(None, folder), settings_problem="settings.toml:6: wrong"))
    assert "the last good settings hold.\nsettings.toml:6: wrong" in held


def test_a_daemon_that_ended_untold_is_no_ordinary_stop() -> None:
    crashed = replace(snapshot(None), crashed=True)
    assert headline(crashed).text == "Stopped unexpectedly"
    assert headline(crashed).tone == "bad"


def test_a_problem_that_waits_for_resume_offers_it() -> None:
    stopped = "Five results were undone in a row. Look at a few pictures, then go on with: homepress resume"
    full = "There is no room: `homepress originals accept`, raise originals_max, or use an output folder"
    assert remedies(stopped) == [Remedy.RESUME]
    assert remedies(full) == [Remedy.ORIGINALS]
    assert remedies("It is gone; plug it in.") == []
    told = FolderStatus(path="/p", mode="replace", state="problem", problem=stopped)
    assert waits_for_resume(status("problem", folders=[told]))
    assert waits_for_resume(status("problem", problems=[stopped]))
    assert waits_for_resume(status("paused", paused_for="user"))
    assert not waits_for_resume(status("problem", problems=[full]))


def test_the_commands_of_remedies_are_those_that_the_daemon_names() -> None:
    said = "\n".join(
        path.read_text("utf-8")
        for room in ("daemon", "store")
        for path in (REPOSITORY / "daemon" / "homepress" / room).rglob("*.py")
    )
    assert "homepress resume" in said
    assert "homepress originals accept" in said


def test_a_problem_of_a_folder_is_on_its_card() -> None:
    folder = FolderSettings(path=Path("/pictures"))
    path = str(folder.path)
    told = FolderStatus(path=path, mode="replace", state="problem", problem="It is gone; plug it in.")
    (card,) = folder_cards(snapshot(status(folders=[told]), folder), {path: (12, 5_000_000)})
    assert (card.state, card.problem) == ("Problem", "It is gone; plug it in.")
    assert card.figures == "5.0 MB saved in 12 pictures"


def test_a_card_says_where_results_go_in_fact() -> None:
    folder = FolderSettings(path=Path("/dcim"))
    output = "/dcim (smaller)"
    told = FolderStatus(path=str(folder.path), mode="output", output=output, state="watching", warning="FAT")
    (card,) = folder_cards(snapshot(status(folders=[told]), folder), {})
    assert f"saves results to {output}" in card.about
    assert card.warning == "FAT"


def test_without_a_daemon_every_card_says_so() -> None:
    on, off = FolderSettings(path=Path("/a")), FolderSettings(path=Path("/b"), enabled=False)
    states = [card.state for card in folder_cards(snapshot(None, on, off), {})]
    assert states == ["Not running", "Switched off"]


@given(st.integers(0, 10**15))
def test_the_scale_of_the_chart_covers_the_highest_bar(most: int) -> None:
    scale = figures.ticks(most)
    assert scale[0] == 0
    assert scale[-1] >= most
    assert 2 <= len(scale) <= 6


def test_days_have_no_gaps_and_end_today() -> None:
    days = figures.last_days([Day(day="2026-05-03", images=1, saved_bytes=9)], date(2026, 5, 4))
    assert len(days) == figures.CHART_DAYS
    assert [(day.day, day.saved_bytes) for day in days[-3:]] == [
        ("2026-05-02", 0),
        ("2026-05-03", 9),
        ("2026-05-04", 0),
    ]
    assert figures.chart_words(days[-3:]) == "9 B saved on 1 day of the last 3; most on 3 May, 9 B."


def test_exports_hold_the_figures_and_no_formulas() -> None:
    stats = Stats(
        total=TOTAL,
        today=Totals(),
        days=[Day(day="2026-05-03", images=2, saved_bytes=2000)],
        formats={"jpeg": TOTAL},
        folders={"=cmd|' /C calc'!A0": TOTAL},
    )
    rows = list(csv.reader(io.StringIO(figures.as_csv(stats).decode("utf-8-sig"))))
    assert rows[1] == ["total", "", "2", "3000", "1000", "2000"]
    assert all(not cell.startswith("=") for row in rows for cell in row)
    assert json.loads(figures.as_json(stats))["total"]["saved_bytes"] == 2000


class Trying:
    """A service that makes every picture half as large."""

    def __init__(self) -> None:
        self.asked: list[CompressRequest] = []

    def compress(self, request: CompressRequest) -> Iterator[FileOutcome]:
        self.asked.append(request)
        for path in request.paths:
            yield FileOutcome(path=path, outcome="compressed", before_bytes=20_000, after_bytes=10_000)


def test_the_trial_speaks_for_the_whole_folder(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number}.jpg").write_bytes(bytes(20_000))
    (tmp_path / "small.jpg").write_bytes(bytes(100))
    (tmp_path / "text.txt").write_bytes(bytes(20_000))
    found = trial.look(tmp_path)
    assert (found.pictures, found.bytes, len(found.sample)) == (60, 1_200_000, trial.SAMPLE)
    service, seen = Trying(), list[int]()
    done = trial.estimate(service, found, "safe", lambda n: bool(seen.append(n)) or True)  # type: ignore[arg-type]
    assert (done.saved, done.originals) == (600_000, 1_200_000)
    assert service.asked[0].dry_run, "nothing may be changed"
    assert not service.asked[0].in_place
    assert seen[-1] == trial.SAMPLE
    assert trial.found_words(found) == "60 pictures, 1.2 MB"
    assert trial.saving_words(found, done) == "saves about 600 KB (50 %)"
    nothing = trial.Estimate("safe", tried=60, saved=0, originals=0)
    assert trial.saving_words(found, nothing) == "saves nothing here"


def test_a_trial_says_how_long_it_takes() -> None:
    assert trial.left_words(0, 36, 0.4) == "0 of 36 tried"
    assert trial.left_words(6, 36, 6.0) == "6 of 36 tried, about 30 s left"
    assert trial.left_words(6, 36, 60.0) == "6 of 36 tried, about 5 min left"
    assert trial.left_words(36, 36, 6.0) == "36 of 36 tried"


def test_a_trial_can_be_stopped(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.png").write_bytes(bytes(20_000))
    done = trial.estimate(Trying(), trial.look(tmp_path), "safe", lambda n: n < 2)  # type: ignore[arg-type]
    assert done.tried == 2


def test_an_open_door_is_never_called_closed() -> None:
    doors = [
        ProbeAttempt(name="TCP", allowed=True, answer="allowed"),
        ProbeAttempt(name="a local socket", allowed=True, answer="allowed", local=True, kind="local"),
    ]
    opened = privacy.reports([ProbedProcess(name="tray", pid=7, tried=doors, may=["local"])])[0]
    closed = privacy.reports([ProbedProcess(name="tray", pid=7, tried=doors[1:], may=["local"])])[0]
    assert not opened.closed
    assert [door.verdict for door in opened.doors] == ["open", "local only"]
    assert closed.closed
