"""When a notice is due."""

from homepress.base.results import RecentPicture
from homepress.control.service import Status
from homepress.desktop.notifications import Notice, NoticeSlot
from homepress.ui.tray.actions import StartDaemon, UndoResults
from homepress.ui.tray.menu import TrayState
from homepress.ui.tray.notices import NoticeRules
from homepress.ui.tray.status_poller import MOST_PICTURES
from ui.tray.test_menu import picture, status


def known(
    *ids: int, state: str = "idle", notify: str = "summary", problems: tuple[str, ...] = ()
) -> TrayState:
    pictures: tuple[RecentPicture, ...] = tuple(picture(number) for number in sorted(ids, reverse=True))
    told: Status = status(state=state, notify=notify, problems=list(problems))
    return TrayState(told, pictures=pictures)


def titles(notices: list[Notice]) -> list[str]:
    return [notice.title for notice in notices]


def test_what_was_there_before_is_no_news() -> None:
    rules = NoticeRules(greeted=True)
    assert rules.due(known(1, 2, 3), 0) == []


def test_a_daemon_that_ended_untold_is_told_once_with_a_button_that_starts_it() -> None:
    rules = NoticeRules(greeted=True)
    rules.due(known(), 0)
    (notice,) = rules.due(TrayState(None, crashed=True), 1)
    assert (notice.slot, notice.title) == (NoticeSlot.PROBLEM, "Homepress has stopped unexpectedly")
    assert "not being compressed" in notice.body
    assert notice.buttons[0].value == StartDaemon()
    assert rules.due(TrayState(None, crashed=True), 2) == []
    rules.due(known(), 3)
    assert titles(rules.due(TrayState(None, crashed=True), 4)) == [notice.title], "the next one is told again"


def test_nothing_is_told_of_a_daemon_that_was_stopped_or_where_nothing_is_wanted() -> None:
    rules = NoticeRules(greeted=True)
    rules.due(known(), 0)
    assert rules.due(TrayState(None), 1) == []
    rules.due(known(notify="never"), 2)
    assert rules.due(TrayState(None, crashed=True), 3) == []


def test_a_batch_is_summed_up_once_it_is_done() -> None:
    rules = NoticeRules(greeted=True)
    rules.due(known(1), 0)
    assert rules.due(known(1, 2, 3, state="working"), 1) == []
    (notice,) = rules.due(known(1, 2, 3), 2)
    assert (notice.slot, notice.title) == (NoticeSlot.RESULT, "2 pictures, 1.2 KB saved")
    assert notice.buttons[0].value == UndoResults((3, 2))
    assert rules.due(known(1, 2, 3), 3) == []


def test_a_batch_larger_than_what_is_asked_for_is_not_said_to_be_smaller() -> None:
    rules = NoticeRules(greeted=True)
    rules.due(known(), 0)
    (notice,) = rules.due(known(*range(1, MOST_PICTURES + 1)), 1)
    assert notice.title == "500 pictures or more, 310 KB or more saved"


def test_a_summary_that_comes_too_soon_is_told_later_with_all_that_came() -> None:
    rules = NoticeRules(greeted=True)
    rules.due(known(), 0)
    assert titles(rules.due(known(1), 10)) == ["1 picture, 620 B saved"]
    assert rules.due(known(1, 2), 20) == []
    assert rules.wait_seconds == 50
    assert rules.due(known(1, 2, 3), 40) == []
    assert titles(rules.due(known(1, 2, 3), 70)) == ["2 pictures, 1.2 KB saved"]
    assert rules.wait_seconds == 0


def test_only_the_first_success_is_told_when_only_errors_are_wanted() -> None:
    rules = NoticeRules(greeted=False)
    (notice,) = rules.due(known(1, notify="errors"), 0)
    assert notice.title == "a.jpg is 62 % smaller"
    assert rules.greeted
    assert rules.due(known(1, 2, notify="errors"), 100) == []


def test_what_is_worth_knowing_is_told_once() -> None:
    rules = NoticeRules(greeted=True)
    told = TrayState(status(notes=["/p/a.jpg: an edit\ncame late"]))
    (notice,) = rules.due(told, 0)
    assert (notice.slot, notice.title) == (NoticeSlot.PROBLEM, "Worth knowing")
    assert notice.body == "/p/a.jpg: an edit came late"
    assert rules.due(told, 1) == []
    assert NoticeRules(greeted=True).due(TrayState(status(notes=["x"], notify="never")), 0) == []


def test_never_means_never() -> None:
    rules = NoticeRules(greeted=False)
    assert rules.due(known(1, notify="never", problems=("bad",)), 0) == []
    assert not rules.greeted


def test_problems_are_told_once_and_grouped() -> None:
    rules = NoticeRules(greeted=True)
    (notice,) = rules.due(known(notify="errors", problems=("one", "two")), 0)
    assert (notice.slot, notice.title) == (NoticeSlot.PROBLEM, "Homepress has 2 problems")
    assert notice.body == "one\ntwo"
    assert rules.due(known(notify="errors", problems=("two", "one")), 1) == []
    assert titles(rules.due(known(notify="errors", problems=("one", "two", "three")), 2)) == [
        "Homepress has 3 problems"
    ]
    assert rules.due(known(notify="errors"), 3) == []
    assert len(rules.due(known(notify="errors", problems=("one",)), 4)) == 1, "it is back"


def test_many_or_long_problems_still_fit() -> None:
    rules = NoticeRules(greeted=True)
    (notice,) = rules.due(known(problems=tuple(f"{n}" * 1000 for n in range(9))), 0)
    assert len(notice.body) < 600
    assert notice.body.endswith("and 6 more")


def test_undone_results_are_not_summed_up() -> None:
    rules = NoticeRules(greeted=True)
    rules.due(known(), 0)
    told = TrayState(status(notify="summary"), pictures=(picture(1, undoable=False),))
    assert rules.due(told, 1) == []


def test_a_notice_names_no_button_since_not_every_system_shows_one() -> None:
    first, crashed = NoticeRules(greeted=False), NoticeRules(greeted=True)
    first.due(known(), 0)
    crashed.due(known(), 0)
    bodies = [n.body for n in (*first.due(known(1), 1), *crashed.due(TrayState(None, crashed=True), 1))]
    assert len(bodies) == 2 and not any("here" in body for body in bodies)
    assert all("in the menu" in body for body in bodies)
