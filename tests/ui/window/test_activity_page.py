"""The page Activity over a real ledger: a table that stays where one reads, and what its rows offer."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from homepress.base.paths import Paths
from homepress.base.results import UndoOutcome
from homepress.control.client import connect
from homepress.control.service import Status, UndoRequest
from homepress.desktop import toolkit
from homepress.settings import FolderSettings, Settings
from homepress.store.model import UndoSelection
from homepress.store.reader import HistoryFilter, Reader
from homepress.store.store import Store
from homepress.ui.cli.commands.window import pictures_apart
from homepress.ui.window.model.activity import Index, read_index, row_words
from homepress.ui.window.model.entry import EntryAction, read_facts
from homepress.ui.window.model.snapshot import Snapshot
from store.kit import Bench, left, picture
from store.kit import replace as make_smaller
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program

if toolkit.lacking() is not None:
    pytest.skip("there is no Qt, or no library for it", allow_module_level=True)

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QPushButton

from homepress.ui.window.context import Context, Jobs, LedgerThread, MainThread
from homepress.ui.window.frame import WindowFrame
from homepress.ui.window.pages import activity
from homepress.ui.window.widgets.history_model import Column
from homepress.ui.window.widgets.table import PAD

MANY = 60


@dataclass
class Said:
    """Stands in for the rest of the window; remembers what the page had it do."""

    told: list[tuple[str, list[str]]] = field(default_factory=list)
    steps: dict[str, Callable[[], object]] = field(default_factory=dict)
    went: list[str] = field(default_factory=list)
    compared: list[int] = field(default_factory=list)

    def go(self, page: str) -> None:
        self.went.append(page)

    def compare(self, entry: int) -> None:
        self.compared.append(entry)

    def tell(self, text: str, tone: str = "muted", *actions: tuple[str, Callable[[], object]]) -> None:
        self.told.append((text, [words for words, _ in actions]))
        self.steps = dict(actions)


class Stage:
    """The page in a window, and hands on it."""

    def __init__(self, frame: WindowFrame, ledger: Path, daemon: Callable[[], Any] | None = None) -> None:
        self.ledger, self.said = ledger, Said()
        self.requests: list[Any] = []
        self._app = frame.app
        self._ledger = LedgerThread(ledger, main := MainThread(), pytest.fail)
        stage = self

        class ContextHere(Context):
            def daemon(self) -> Any:
                return daemon() if daemon is not None else stage

        self.context = ContextHere(
            window=frame,
            theme=frame.theme,
            kit=frame.kit,
            paths=replace(Paths.from_environment(), ledger=ledger),
            main=main,
            jobs=Jobs(main, lambda text: self.said.tell(text, "bad")),
            ledger=self._ledger,
            navigator=self.said,
            start_daemon=lambda: pytest.fail("nothing starts a daemon here"),
            probe=list,
            open_folder=lambda folder: self.requests.append(folder),
        )
        self.page = activity.ActivityPage(self.context)
        frame.stage.addWidget(self.page)
        frame.stage.setCurrentWidget(self.page)
        frame.resize(1080, 720)
        frame.show()
        self.table = self.page._table
        self.model = self.table.history

    def undo(self, request: UndoRequest) -> Iterator[UndoOutcome]:
        """Stands in for the daemon's."""
        self.requests.append(request)
        return iter(())

    def open(self, *folders: Path) -> None:
        """Show the page, and wait until all of the history is in it."""
        self.page.update_from(snapshot(*folders))
        self.page.shown()
        with Reader(self.ledger) as reader:
            number = reader.count()
        self.see(lambda: self.model.rowCount() == number, "all entries")
        self.see(lambda: self.texts(0)[0] != "…", "the first row")

    def texts(self, place: int) -> list[str]:
        return [str(self.model.index(place, column).data()) for column in Column]

    def see(self, condition: Callable[[], object], what: str) -> None:
        def look() -> bool:
            self._app.processEvents()
            return bool(condition())

        wait_for(look, what=what)

    def key(self, key: Qt.Key) -> None:
        QTest.keyClick(self.table, key)

    def button(self, text: str) -> QPushButton:
        return next(one for one in self.page.findChildren(QPushButton) if one.text().strip() == text)

    def close(self) -> None:
        self._ledger.close()
        self.page.hide()
        self.page.deleteLater()


def snapshot(*folders: Path, problems: Sequence[str] = ()) -> Snapshot:
    status = Status(state="problem" if problems else "idle", pid=1, version="0", problems=[*problems])
    settings = Settings(folders=tuple(FolderSettings(path=folder) for folder in folders))
    return Snapshot(0.0, status, "", settings, "")


class BenchStage(Stage):
    """Over the ledger of a store in this process, into which a test writes itself."""

    def __init__(self, frame: WindowFrame, bench: Bench, store: Store) -> None:
        super().__init__(frame, bench.ledger)
        self.bench, self.store = bench, store


@pytest.fixture
def stage(frame: WindowFrame, tmp_path: Path) -> Iterator[BenchStage]:
    bench = Bench.at(tmp_path)
    with bench.store() as store:
        made = BenchStage(frame, bench, store)
        yield made
        made.close()


def add(stage: BenchStage, *names: str) -> None:
    for number, name in enumerate(names):
        make_smaller(stage.store, stage.bench.drop(name, picture(hash((name, number)))))


def leave(stage: BenchStage, name: str, reason: str, **more: Any) -> None:
    path = stage.bench.drop(name, picture(hash(name)))
    stage.store.record(stage.store.read(path), left(path, reason, **more), "balanced", path.parent)


def undo_in_store(stage: BenchStage, name: str) -> None:
    selection = UndoSelection(paths=(stage.bench.watched / name,))
    assert [each.outcome for each in stage.store.undo(selection, roots=stage.bench.roots)] == ["restored"]


def test_it_is_a_table_with_heads_and_texts_also_for_who_hears_it(stage: BenchStage) -> None:
    add(stage, "a.jpg")
    leave(stage, "b.jpg", "saves too little", cause="saves_too_little")
    stage.open()
    heads = [stage.model.headerData(column, Qt.Orientation.Horizontal) for column in Column]
    assert heads == ["Picture", "Result", "Saved", "When"]
    assert stage.texts(0)[:2] == ["b.jpg", "Saves too little"]
    assert stage.texts(1)[:3] == ["a.jpg", "Looks the same", "−50 %, 30.0 KB → 15.0 KB"]
    heard = QAccessible.queryAccessibleInterface(stage.table)
    assert heard.role() in (QAccessible.Role.Table, QAccessible.Role.Tree)
    cells = [heard.child(n).text(QAccessible.Text.Name) for n in range(heard.childCount())]
    assert {"Picture", "Result", "b.jpg", "Saves too little"} <= set(cells)


@pytest.mark.slow
def test_a_picture_that_tells_its_place_wears_a_pin(stage: BenchStage) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    for name, more in (("plain.jpg", {}), ("placed.jpg", {"exif": exif})):
        written = io.BytesIO()
        Image.new("RGB", (64, 64), "red").save(written, "JPEG", **more)
        path = stage.bench.drop(name, written.getvalue())
        stage.store.record(stage.store.read(path), left(path, "saves too little"), "balanced", path.parent)

    def described(row: int) -> str:
        return str(stage.model.index(row, Column.PICTURE).data(Qt.ItemDataRole.AccessibleDescriptionRole))

    def is_red(row: int, across: int) -> bool:
        """Whether a thumbnail's lower edge shows the picture there."""
        place = stage.table.visualRect(stage.model.index(row, Column.PICTURE))
        corner = QPoint(place.left() + PAD + across, place.center().y() + 17)
        colour = stage.table.viewport().grab(QRect(corner, QSize(1, 1))).toImage().pixelColor(0, 0)
        return colour.red() > 200 and colour.green() < 60

    with pictures_apart():
        stage.open()
        stage.see(lambda: "Contains its location" in described(0), "the place of the first row")
        stage.see(lambda: is_red(0, 15) and is_red(1, 15), "both thumbnails")
        assert not is_red(0, 36)
        assert is_red(1, 36)
        assert "location" not in described(1)
        told = str(stage.model.index(0, Column.PICTURE).data(Qt.ItemDataRole.ToolTipRole))
        assert told.splitlines()[1:] == ["Contains its location"]
        with Reader(stage.ledger) as reader:
            placed, plain = (read_facts(reader, number) for number in stage.model.index_shown.ids)
        assert placed and plain
        assert "“To send”" in dict(placed.rows)["Location"]
        assert "Location" not in dict(plain.rows)


def test_filters_and_search_begin_at_the_top(stage: BenchStage) -> None:
    add(stage, *(f"{n}.jpg" for n in range(MANY)))
    leave(stage, "left.jpg", "saves too little")
    undo_in_store(stage, "7.jpg")
    stage.open()
    bar = stage.table.verticalScrollBar()
    bar.setValue(bar.maximum())
    stage.page._search.setText("7.jpg")
    stage.see(lambda: stage.model.rowCount() == 6, "what is found")
    assert bar.value() == 0 and stage.table.currentIndex().row() == 0
    stage.page._search.clear()
    for word, number in (("Made smaller", MANY - 1), ("Left alone", 1), ("Undone", 1), ("Problems", 0)):
        stage.button(word).click()
        stage.see(lambda n=number: stage.model.rowCount() == n, word)
    stage.button("Show everything").click()
    stage.see(lambda: stage.model.rowCount() == MANY + 1, "everything again")


def test_what_is_read_does_not_move_when_new_rows_come(stage: BenchStage) -> None:
    add(stage, *(f"{n}.jpg" for n in range(MANY)))
    stage.open()
    table = stage.table
    table.verticalScrollBar().setValue(1000)
    stage.see(lambda: stage.texts(table.rowAt(5))[0] != "…", "the rows in the middle")
    table.go_to(table.rowAt(100))
    at, name, current = table.rowAt(5), stage.texts(table.rowAt(5))[0], table.current
    offset = table.rowViewportPosition(at)
    add(stage, "new-1.jpg", "new-2.jpg")
    stage.page.ledger_changed()
    stage.see(lambda: stage.model.rowCount() == MANY + 2, "the new rows")
    assert (table.rowAt(5), table.rowViewportPosition(table.rowAt(5))) == (at + 2, offset)
    stage.see(lambda: stage.texts(at + 2)[0] == name, "the same row")
    stage.see(lambda: table.current == current, "the keyboard on the same row")


def test_what_is_chosen_stays_chosen_when_rows_come_above_and_below(stage: BenchStage) -> None:
    add(stage, *(f"{n}.jpg" for n in range(MANY)))
    with Reader(stage.ledger) as reader:
        every = read_index(reader, HistoryFilter())
    stage.model.renew(Index(every.where, every.ids[10:20]))
    stage.table.selectRow(3)
    chosen = stage.table.chosen()
    stage.model.renew(every)
    assert stage.table.chosen() == chosen == [every.ids[13]]
    stage.model.renew(Index(every.where, every.ids[:5]))
    assert stage.table.chosen() == [], "its row is gone"


def test_at_the_top_new_rows_are_seen(stage: BenchStage) -> None:
    add(stage, *(f"{n}.jpg" for n in range(MANY)))
    stage.open()
    add(stage, "new.jpg")
    stage.page.ledger_changed()
    stage.see(lambda: stage.texts(0)[0] == "new.jpg", "the new row")
    assert stage.table.rowAt(5) == 0


def test_columns_go_where_there_is_no_room_and_what_they_said_stays(stage: BenchStage) -> None:
    add(stage, "a.jpg")
    stage.open()
    shown = {}
    for width in (1000, 560, 430):
        stage.table.resize(width, 400)
        shown[width] = [column.name for column in Column if not stage.table.isColumnHidden(column)]
        assert sum(stage.table.columnWidth(column) for column in Column) == stage.table.viewport().width()
    assert shown[1000] == ["PICTURE", "RESULT", "SAVED", "WHEN"]
    assert shown[560][:2] == shown[430] == ["PICTURE", "RESULT"]
    entry = stage.table.current
    assert entry is not None
    line = stage.table.second_line(row_words(entry))
    assert line.startswith("−50 %, today")


def test_an_undone_row_saves_nothing_and_offers_redo(stage: BenchStage) -> None:
    add(stage, "a.jpg", "b.jpg")
    stage.open()
    stage.table.go_to(0)
    assert stage.button("Undo").isEnabled()
    undo_in_store(stage, "b.jpg")
    stage.page.ledger_changed()
    stage.see(lambda: stage.texts(0)[1] == "Original restored", "the undone row")
    assert stage.texts(0)[2] == "30.0 KB", "the size that it has, and no saving"
    assert stage.button("Redo").isEnabled()
    assert not stage.button("Before and after").isEnabled()


def test_enter_tells_why_and_what_can_be_done(stage: BenchStage, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[QDialog] = []
    monkeypatch.setattr(QDialog, "exec", lambda dialog: seen.append(dialog))
    reason = "it is smaller than this folder's minimum size (min_size): 16.0 KB"
    leave(stage, "tiny.jpg", reason)
    stage.open()
    stage.key(Qt.Key.Key_Return)
    stage.see(lambda: seen, "the details")
    words = [one.text() for one in seen[0].findChildren(QPushButton)]
    assert words == ["Compress all the same", "Open folder", "Close"]
    assert "minimum size: 16.0 KB" in seen[0].accessibleDescription()


def test_several_are_undone_only_after_a_question(stage: BenchStage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answer = [False, True]

    def confirm(_window: Any, _kit: Any, title: str, *_: Any) -> bool:
        asked.append(title)
        return answer.pop(0)

    monkeypatch.setattr(activity, "confirm", confirm)
    add(stage, "a.jpg", "b.jpg")
    leave(stage, "c.jpg", "saves too little")
    stage.open()
    stage.table.selectAll()
    assert stage.button("Undo 3").isEnabled()
    stage.key(Qt.Key.Key_Delete)
    stage.see(lambda: asked, "the question")
    assert asked == ["Bring back 2 originals?"], "of those alone that can be undone"
    stage.key(Qt.Key.Key_Delete)
    stage.see(lambda: stage.requests, "the request")
    assert sorted(stage.requests[0].ids) == [1, 2]


def test_delete_undoes_one_and_offers_to_redo_it(stage: BenchStage) -> None:
    add(stage, "a.jpg")
    stage.open()
    stage.key(Qt.Key.Key_Delete)
    stage.see(lambda: stage.requests, "the request")
    outcome = UndoOutcome(id=1, path="/a.jpg", outcome="restored", stopped=["/pictures"])
    stage.page._undone([outcome])
    text, steps = stage.said.told[-1]
    assert text.startswith("1 original brought back.") and steps == ["Redo", "Go on"]
    leave(stage, "b.jpg", "saves too little")
    stage.page.ledger_changed()
    stage.see(lambda: stage.texts(0)[0] == "b.jpg", "the row left alone")
    stage.table.go_to(0)
    stage.key(Qt.Key.Key_Delete)
    stage.see(lambda: True, "nothing")
    assert len(stage.requests) == 1, "there is nothing to undo about it"


def test_the_menu_key_opens_the_menu_of_the_row(stage: BenchStage, monkeypatch: pytest.MonkeyPatch) -> None:
    menus: list[list[str]] = []

    class Menu(QMenu):
        def exec(self, *_: Any) -> Any:
            menus.append([one.text() for one in self.actions() if one.text()])

    monkeypatch.setattr(activity, "QMenu", Menu)
    add(stage, "a.jpg")
    stage.open()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))
    QApplication.sendEvent(stage.table.viewport(), event)
    assert menus == [["Details", "Before and after", "Undo", "Open folder", "Copy path"]]


def test_what_is_empty_says_the_next_step(stage: BenchStage) -> None:
    stage.page.update_from(snapshot(stage.bench.watched))
    stage.page.shown()
    stage.see(lambda: any(b.text() == "Folders" for b in stage.page.findChildren(QPushButton)), "the step")
    stage.button("Folders").click()
    assert stage.said.went == ["folders"]


def test_a_problem_stands_above_with_its_step(stage: BenchStage) -> None:
    problem = "The originals are full; see: homepress originals accept --older-than 7d"
    stage.page.update_from(snapshot(stage.bench.watched, problems=[problem]))
    stage.button("Stored originals").click()
    assert stage.said.went == ["privacy"]
    stage.page.update_from(snapshot(stage.bench.watched))
    stage.see(lambda: not stage.page._notices.count(), "no problem any more")


@pytest.mark.slow
def test_undo_redo_and_compress_all_the_same_with_a_daemon(
    frame: WindowFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, inbox = Program(tmp_path / "home"), tmp_path / "inbox"
    inbox.mkdir()
    program.watch(inbox, min_size="30 KB")
    program.start()
    monkeypatch.setenv("HOMEPRESS_HOME", str(program.home))
    paths = Paths.from_environment()
    try:
        large, small = write(inbox / "large.jpg", jpeg(1)), write(inbox / "small.jpg", jpeg(2, (400, 300)))
        wait_for(lambda: len(program.lines("history")) == 2, what="both pictures")
        result = large.read_bytes()
        stage = Stage(frame, paths.ledger, lambda: connect(paths.socket))
        stage.open(inbox)
        rows = {stage.texts(n)[0]: n for n in range(2)}
        stage.table.go_to(rows["large.jpg"])
        stage.key(Qt.Key.Key_Delete)
        stage.see(lambda: "Redo" in stage.said.steps, "the message after undo")
        assert large.read_bytes() == jpeg(1)
        stage.said.steps["Redo"]()
        stage.see(lambda: "Undo" in stage.said.steps, "the message after redo")
        assert large.read_bytes() == result
        stage.page.ledger_changed()
        stage.see(lambda: stage.model.rowCount() == 3, "the row of the redo")
        stage.see(lambda: "small.jpg" in [stage.texts(n)[0] for n in range(3)], "the rows")
        stage.table.go_to(next(n for n in range(3) if stage.texts(n)[0] == "small.jpg"))
        stage.page._do(EntryAction.COMPRESS)
        stage.see(lambda: stage.said.told[-1][0].startswith("small.jpg made smaller"), "the result")
        assert len(small.read_bytes()) < len(jpeg(2, (400, 300)))
        stage.close()
    finally:
        program.stop()
