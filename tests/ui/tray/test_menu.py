"""The menu as values: what it says and what its lines do, without any icon."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.base.results import FolderStatus, RecentPicture
from homepress.control.service import Status
from homepress.ui.tray.actions import (
    EnableFolder,
    OpenFolder,
    OpenWindow,
    PauseFor,
    Quit,
    RedoResults,
    Resume,
    SetAutostart,
    ShowBeforeAfter,
    ShowInFolder,
    StartDaemon,
    UndoResults,
    WindowPage,
)
from homepress.ui.tray.menu import MenuEntry, TrayState, last_batch, menu, state_line, tooltip

NOW = 1_700_000_000.0
FOLDERS = [
    FolderStatus(path="/p/Inbox", mode="replace", state="watching"),
    FolderStatus(path="/p/Old", mode="replace", state="disabled", waiting=3),
]


def status(**changes: object) -> Status:
    fields: dict[str, object] = {"state": "idle", "pid": 1, "version": "0", "folders": FOLDERS, **changes}
    return Status(**fields)  # type: ignore[arg-type]


def picture(number: int, time: float = NOW, undoable: bool = True, name: str = "a.jpg") -> RecentPicture:
    return RecentPicture(
        id=number,
        time=time,
        path=f"/p/{name}",
        source=f"/p/{name}",
        before_bytes=1000,
        after_bytes=380,
        undoable=undoable,
    )


def lines(entries: tuple[MenuEntry, ...], above: str = "") -> dict[str, MenuEntry]:
    found = {}
    for entry in entries:
        name = f"{above} > {entry.label}" if above else entry.label
        found[name] = entry
        found |= lines(entry.children, name)
    return found


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (TrayState(None), "Homepress is not running"),
        (TrayState(None, crashed=True), "Homepress has stopped unexpectedly"),
        (TrayState(status()), "Watching 1 folder"),
        (TrayState(status(folders=[])), "Watching nothing"),
        (TrayState(status(folders=FOLDERS[1:])), "Every folder is paused"),
        (TrayState(status(state="working"), done=3, total=12), "Compressing 4 of 12"),
        (TrayState(status(state="working"), done=12, total=12), "Compressing 12 of 12"),
        (TrayState(status(state="working"), done=0, total=1), "Compressing"),
        (TrayState(status(state="paused", paused_for="user")), "Paused"),
        (
            TrayState(status(state="paused", paused_for="power saver")),
            "Paused while the computer saves power",
        ),
        (TrayState(status(state="problem", problems=["/p: full"])), "1 problem"),
        (TrayState(status(state="problem", problems=["a", "b"])), "2 problems"),
    ],
)
def test_the_state_is_said_in_words(known: TrayState, words: str) -> None:
    assert state_line(known) == words
    assert tooltip(known).startswith(words if known.status is None else f"Homepress: {words}")


def test_a_pause_that_ends_by_itself_says_when() -> None:
    known = TrayState(status(state="paused", paused_for="user", paused_until=NOW + 60), now=NOW)
    assert state_line(known).startswith("Paused until ")


def test_the_lines_do_what_they_say() -> None:
    found = lines(menu(TrayState(status(), pictures=(picture(7),), autostart=False, now=NOW)))
    actions = {name: entry.action for name, entry in found.items() if entry.action is not None}
    assert [name for name in actions if name.startswith("Pause > ")] == [
        *("Pause > For 30 minutes", "Pause > For 1 hour", "Pause > For 2 hours"),
        *("Pause > Until tomorrow", "Pause > Until I resume"),
    ]
    assert actions["Pause > For 1 hour"] == PauseFor("1h")
    assert actions["Pause > For 30 minutes"] == PauseFor("30m")
    assert actions["Pause > Until I resume"] == PauseFor("")
    (inside,) = [name for name in found if name.startswith("Last pictures > a.jpg") and name.count(">") == 1]
    assert "62 % smaller" in inside
    assert actions[f"{inside} > Show before and after"] == ShowBeforeAfter("/p/a.jpg")
    assert actions[f"{inside} > Undo"] == UndoResults((7,))
    assert actions[f"{inside} > Open folder"] == ShowInFolder(("/p/a.jpg",))
    assert actions["Undo last batch (1 picture)"] == UndoResults((7,))
    assert actions["Folders > /p/Inbox > Open"] == OpenFolder("/p/Inbox")
    assert actions["Folders > /p/Inbox > Pause this folder"] == EnableFolder("/p/Inbox", enabled=False)
    resumed = "Folders > /p/Old, paused, 3 waiting > Pause this folder"
    assert actions[resumed] == EnableFolder("/p/Old", enabled=True)
    assert found[resumed].checked is True
    assert actions["Start at login"] == SetAutostart(True)
    assert actions["Quit"] == Quit()


@pytest.mark.parametrize("crashed", [False, True])
def test_without_a_daemon_the_menu_starts_it(crashed: bool) -> None:
    found = lines(menu(TrayState(None, crashed=crashed)))
    assert found["Start Homepress"].action == StartDaemon()
    assert found["Start Homepress"].default
    assert ("Pictures are not being compressed" in found) is crashed


def test_pausing_and_resuming_take_each_others_place() -> None:
    paused = lines(menu(TrayState(status(state="paused", paused_for="user"))))
    assert paused["Resume"].action == Resume()
    assert "Pause" not in paused
    saving = lines(menu(TrayState(status(state="paused", paused_for="power saver"))))
    assert saving["Work all the same"].action == Resume()
    assert "Resume" in lines(menu(TrayState(status(state="problem", problems=["x"], paused_for="user"))))


def test_problems_are_readable_one_by_one() -> None:
    words = "/p/Inbox: it is not there"
    one = lines(menu(TrayState(status(problems=[f"{words}; plug the disk in, or: homepress folder remove"]))))
    assert one[f"1 problem: {words}"].action == OpenWindow(WindowPage.FOLDERS)
    two = [entry.label for entry in menu(TrayState(status(problems=["first", "second"])))]
    assert two[:3] == ["2 problems", "first", "second"]
    many = [entry.label for entry in menu(TrayState(status(problems=[f"{n}: x" for n in range(7)])))]
    assert many[:5] == ["7 problems", "0: x", "1: x", "2: x", "and 4 more"]


def test_what_is_worth_knowing_has_a_line() -> None:
    note = "/p/a.jpg: an edit came late; it is beside it, as a (edited).jpg"
    labels = [entry.label for entry in menu(TrayState(status(notes=[note] * 3)))]
    assert labels[:4] == [
        "Watching 1 folder",
        *["Worth knowing: /p/a.jpg: an edit came late"] * 2,
        "Nothing saved yet",
    ]


def test_what_a_problem_says_to_type_can_be_clicked() -> None:
    stopped = "/p/Inbox: Replacing has stopped. Look at a few of them, then go on with: homepress resume"
    found = lines(menu(TrayState(status(problems=[stopped]))))
    assert "1 problem: /p/Inbox: Replacing has stopped" in found
    assert found["Go on replacing"].action == Resume()
    assert "Pause" in found
    assert "Go on replacing" not in lines(menu(TrayState(status(problems=["/p: it is not there"]))))


def test_a_long_problem_begins_with_what_matters() -> None:
    (line, *_) = menu(TrayState(status(problems=["/p/Inbox: the disk is full\n" + "x" * 200])))
    assert line.label.startswith("1 problem: /p/Inbox: the disk is full xxx")
    assert line.label.endswith("…")


def test_what_is_saved_is_said_once_there_is_something() -> None:
    assert [e.label for e in menu(TrayState(status()))][1:2] == ["Nothing saved yet"]
    some = status(saved_bytes_total=4_000_000, saved_bytes_today=1_500_000, compressed_today=1)
    assert [e.label for e in menu(TrayState(some))][1:3] == [
        "Saved today: 1.5 MB in 1 picture",
        "Saved in total: 4.0 MB",
    ]
    older = status(saved_bytes_total=4_000_000)
    assert [e.label for e in menu(TrayState(older))][1] == "Saved today: nothing yet"


def test_without_a_daemon_it_can_be_started_or_left() -> None:
    entries = menu(TrayState(None, autostart=True))
    found = lines(entries)
    assert found["Start Homepress"].action == StartDaemon()
    assert found["Start Homepress"].default
    assert found["Start at login"].checked is True
    assert "Quit" in found


def test_a_batch_is_what_came_together_and_can_be_undone() -> None:
    pictures = (picture(5, NOW), picture(4, NOW - 100), picture(3, NOW - 150, False), picture(2, NOW - 9000))
    assert [one.id for one in last_batch(pictures)] == [5, 4]
    assert last_batch(()) == ()


def test_what_cannot_be_undone_is_not_offered() -> None:
    found = lines(menu(TrayState(status(), pictures=(picture(1, undoable=False),))))
    assert not [name for name in found if "Undo" in name]


def test_what_was_undone_says_so_and_can_be_made_again() -> None:
    undone = msgspec.structs.replace(picture(1, undoable=False), undone=True)
    found = lines(menu(TrayState(status(), pictures=(undone,), now=NOW)))
    (redo,) = (entry for name, entry in found.items() if name.endswith("undone > Redo"))
    assert redo.action == RedoResults((1,))
    assert not [name for name in found if "smaller," in name or "% smaller" in name]


names = st.text(st.characters(codec="utf-8") | st.sampled_from("\udcff\n\x1b_&<"), max_size=200)


@given(names, names, st.booleans())
def test_any_name_makes_a_menu_that_can_be_shown(name: str, problem: str, undoable: bool) -> None:
    folder = folder_named(name)
    known = TrayState(
        status(folders=[folder], problems=[problem]), pictures=(picture(1, NOW, undoable, name),), now=NOW
    )
    for label, entry in lines(menu(known)).items():
        assert all(len(part) < 110 for part in label.split(" > "))
        assert entry.label.isprintable()


def folder_named(name: str) -> FolderStatus:
    return FolderStatus(path=f"/{name}", mode="replace", state="watching")


def test_one_line_and_one_only_is_the_default() -> None:
    states = (None, status(), status(problems=["a"]), status(problems=["a", "b"]))
    for state, autostart in itertools.product(states, (None, True)):
        # Only in the first level: there a click on the icon finds it.
        assert sum(entry.default for entry in menu(TrayState(state, autostart=autostart))) == 1
