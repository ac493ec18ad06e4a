"""What pages say: reports, forgetting, undo, licences, names of formats."""

from importlib import metadata

import pytest

from homepress.base.results import ProbeAttempt, ProbedProcess, UndoOutcome
from homepress.store.reader import Day, Stats, Totals
from homepress.ui.window.model import figures, privacy
from homepress.ui.window.model.activity import undone

REFUSED = ProbeAttempt(name="TCP", allowed=False, answer="EACCES")
LOCAL = ProbeAttempt(name="a local socket", allowed=True, answer="allowed", local=True, kind="local")
OPEN = ProbeAttempt(name="TCP", allowed=True, answer="a socket was made")


def process(name: str, *doors: ProbeAttempt) -> ProbedProcess:
    return ProbedProcess(name=name, pid=7, tried=list(doors), may=["local"] if name == "tray" else [])


def test_a_process_that_says_nothing_is_not_called_closed() -> None:
    (silent,) = privacy.reports([process("tray")])
    assert (silent.words, silent.closed) == ("Did not answer", False)
    assert privacy.verdict_of_all([silent])[1] is False


def test_what_reaches_this_computer_only_is_counted_apart() -> None:
    (tray,) = privacy.reports([process("tray", REFUSED, LOCAL)])
    assert (tray.words, tray.closed) == ("1 of 2 refused, 1 local only", True)
    (daemon,) = privacy.reports([process("daemon", REFUSED, LOCAL)])
    assert not daemon.closed, "it has no need of any"


def test_what_a_process_needs_for_its_work_is_no_alarm() -> None:
    opening = ProbeAttempt(name="opening a folder", allowed=True, answer="allowed", kind="files")
    (daemon,) = privacy.reports(
        [ProbedProcess(name="daemon", pid=7, tried=[REFUSED, opening], may=["files"])]
    )
    assert (daemon.words, daemon.closed) == ("1 of 2 refused, 1 its work", True)
    (worker,) = privacy.reports([process("worker 1", REFUSED, opening)])
    assert not worker.closed


@pytest.mark.parametrize(
    ("processes", "begin", "closed"),
    [
        ([], "No process", False),
        ([process("daemon", REFUSED)], "Tried just now: the one process", True),
        (
            [process("daemon", REFUSED), process("tray", REFUSED, LOCAL)],
            "Tried just now: all 2 processes",
            True,
        ),
        ([process("daemon", REFUSED), process("tray", OPEN)], "Not everything", False),
    ],
)
def test_the_verdict_on_all(processes: list[ProbedProcess], begin: str, closed: bool) -> None:
    text, verdict = privacy.verdict_of_all(privacy.reports(processes))
    assert text.startswith(begin)
    assert verdict is closed


def test_days_to_forget_before() -> None:
    now = 1_800_000_000.0
    assert privacy.moment_before("", now)[0] is None
    assert privacy.moment_before("2d", now) == (now - 2 * 86_400, "")
    moment, words = privacy.moment_before("2999-01-01", now)
    assert moment is None
    assert "has yet to come" in words
    assert privacy.forgotten(1) == "1 entry forgotten."
    assert "nothing to forget" in privacy.forgotten(0)


def test_an_undo_in_words() -> None:
    back = UndoOutcome(id=1, path="/a.jpg", outcome="restored")
    lost = UndoOutcome(id=2, path="/b.jpg", outcome="failed", reason="it is gone")
    assert undone([back]) == ("1 original brought back. It will not be compressed again.", True)
    assert undone([back, back])[0] == "2 originals brought back. They will not be compressed again."
    assert undone([back, lost]) == ("/b.jpg: it is gone", False)
    assert undone([lost, lost, lost])[0].endswith("So it is with 2 more.")


def test_licences_are_of_what_is_needed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["pillow>=1", "Click", "not-there-at-all; sys_platform == 'win32'", "pytest; extra == 'dev'"]
    wanted.append("PySide6-Essentials<7,>=6.4.3; extra == 'window'")
    monkeypatch.setattr(metadata, "requires", lambda _: wanted)
    found = privacy.built_on()
    assert [line.split()[0] for line in found] == ["pillow", "click", "pyside6-essentials"]
    assert "MIT" in found[0]


def test_formats_have_the_names_that_people_know() -> None:
    totals = Totals(images=1, before_bytes=2, after_bytes=1, saved_bytes=1, originals_bytes=0)
    named = figures.format_names({"jpeg": totals, "webp": totals})
    assert list(named) == ["JPEG", "WebP"]


def test_one_picture_is_no_pictures() -> None:
    none = Totals(images=0, before_bytes=0, after_bytes=0, saved_bytes=0, originals_bytes=0)
    one = Totals(images=1, before_bytes=200, after_bytes=50, saved_bytes=150, originals_bytes=200)
    for totals, words in (
        (none, "pictures made smaller"),
        (one, "picture made smaller, 75\u00a0% on average"),
    ):
        days: list[Day] = []
        stats = Stats(total=totals, today=totals, days=days, formats={}, folders={})
        assert figures.headline_figures(stats)[2] == (str(totals.images), words)
