"""What is worth knowing stands for a day."""

from hands import Hands
from homepress.app.notes import RecentNotes
from homepress.store.model import RecoveryNote


def test_a_note_stands_for_a_day_that_passed_whatever_the_clock_says() -> None:
    hands = Hands()
    notes = RecentNotes(hands.clock())
    notes.add(RecoveryNote("a.jpg", "an edit came late"))
    for jump in (400 * 86_400, -800 * 86_400, -1):
        hands.jump(jump)
        assert notes.texts() == ["a.jpg: an edit came late"]
    hands.let_pass(86_000)
    assert notes.texts() == ["a.jpg: an edit came late"]
    hands.let_pass(900)
    assert notes.texts() == []
