"""Before and after: what is seen in each way to compare, and what the page offers."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from homepress.base.paths import Paths
from homepress.base.results import FileOutcome, UndoOutcome
from homepress.desktop import toolkit
from homepress.store.model import UndoSelection
from homepress.store.store import Store
from homepress.ui.window.model import difference, pictures
from homepress.ui.window.model.difference import heat
from homepress.ui.window.model.pictures import WHOLE, Pair, Part, Pixels, Sheet, open_with
from homepress.ui.window.model.trial import TriedQuality
from store.kit import Bench, picture
from store.kit import replace as make_smaller
from support import wait_for

if toolkit.lacking() is not None:
    pytest.skip("there is no Qt, or no library for it", allow_module_level=True)

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from homepress.ui.window.context import Context, Jobs, LedgerThread, MainThread
from homepress.ui.window.frame import WindowFrame
from homepress.ui.window.pages import compare
from homepress.ui.window.widgets import quality
from homepress.ui.window.widgets.photos import MODES, CompareView

RED, YELLOW, BLUE, CYAN, GREEN = (230, 0, 0), (230, 230, 0), (0, 0, 230), (0, 230, 230), (0, 160, 0)
SIZE = (1600, 1200)
Colour = tuple[int, int, int]


def pixels(left: Colour, right: Colour, width: int = 800, height: int = 600, part: Part = WHOLE) -> Pixels:
    """A picture of two halves."""
    row = bytes(left) * (width // 2) + bytes(right) * (width - width // 2)
    return Pixels(part, (width, height), row * height)


def sheet(left: Colour, right: Colour, name: str = "a", size: tuple[int, int] = SIZE) -> Sheet:
    return Sheet(Path(name), size, pixels(left, right))


class Eye:
    """Looks at a view of 800 by 600 pixels."""

    def __init__(self, frame: WindowFrame) -> None:
        self._app = frame.app
        self.view = CompareView(frame.theme, Jobs(MainThread(), pytest.fail))
        self.view.resize(800, 600)
        self.view.show()

    def at(self, x: float, y: float = 0.75) -> Colour:
        """The colour at shares of width and height."""
        image: QImage = self.view.grab().toImage()
        colour: QColor = image.pixelColor(int(x * image.width()), int(y * image.height()))
        return colour.red(), colour.green(), colour.blue()

    def see(self, condition: Callable[[], object], what: str) -> None:
        def look() -> bool:
            self._app.processEvents()
            return bool(condition())

        wait_for(look, what=what)

    def key(self, key: Qt.Key, shift: bool = False) -> None:
        modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        QTest.keyClick(self.view, key, modifier)


@pytest.fixture
def eye(frame: WindowFrame) -> Iterator[Eye]:
    made = Eye(frame)
    made.view.begin("Before  4.0 MB", "After  1.0 MB")
    made.view.show_before(sheet(RED, YELLOW))
    made.view.show_after(sheet(BLUE, CYAN))
    yield made
    made.view.clear()
    made.view.deleteLater()


def check_slider(eye: Eye) -> None:
    assert (eye.at(0.1), eye.at(0.4), eye.at(0.6), eye.at(0.9)) == (RED, RED, CYAN, CYAN)


def check_side(eye: Eye) -> None:
    places = (0.1, 0.4, 0.6, 0.9)
    assert [eye.at(x, 0.6) for x in places] == [RED, YELLOW, BLUE, CYAN], "both, and all of each"


def check_flicker(eye: Eye) -> None:
    assert (eye.at(0.2), eye.at(0.8)) == (RED, YELLOW)
    eye.view._turn()
    assert (eye.at(0.2), eye.at(0.8)) == (BLUE, CYAN)


def check_difference(eye: Eye) -> None:
    first, second = eye.at(0.2), eye.at(0.8)
    assert first == second == heat(255), "both halves are far apart"


CHECKS = {
    "slider": check_slider,
    "side": check_side,
    "flicker": check_flicker,
    "difference": check_difference,
}


@pytest.mark.parametrize(("first", "second"), [*itertools.product([mode for mode, _ in MODES], repeat=2)])
def test_every_mode_is_right_after_every_other(eye: Eye, first: str, second: str) -> None:
    check_slider(eye)
    for mode in (first, second, first):
        eye.view.set_mode(mode)
        CHECKS[mode](eye)


def test_every_mode_is_right_after_moves_in_another(eye: Eye) -> None:
    for mode, check in CHECKS.items():
        eye.view.set_mode("slider")
        eye.view.slide(0.2)
        eye.view.zoom(3.0, (700.0, 500.0))
        eye.view.pan(-50, 30)
        eye.view.set_mode(mode)
        eye.view.fit()
        eye.view.slide(0.5)
        check(eye)


def test_the_slider_goes_where_keys_and_hand_put_it(eye: Eye) -> None:
    eye.key(Qt.Key.Key_Right)
    assert eye.view.share == pytest.approx(0.52)
    eye.key(Qt.Key.Key_Home)
    assert eye.at(0.1) == BLUE
    eye.key(Qt.Key.Key_End)
    assert eye.at(0.9) == YELLOW
    QTest.mousePress(eye.view, Qt.MouseButton.LeftButton, pos=QPoint(200, 300))
    assert eye.view.share == pytest.approx(0.25)
    assert (eye.at(0.2), eye.at(0.3)) == (RED, BLUE)


def test_zoom_is_said_and_reached_by_keys_and_wheel(eye: Eye) -> None:
    assert eye.view.zoom_words == "50 %"
    assert eye.view.accessibleName() == "Before and after"
    assert eye.view.accessibleDescription() == "before and after, 50 %, slider at 50 %"
    eye.key(Qt.Key.Key_1)
    assert eye.view.zoom_words == "100 %"
    eye.key(Qt.Key.Key_Plus)
    assert eye.view.zoom_words == "150 %"
    eye.key(Qt.Key.Key_Minus)
    eye.key(Qt.Key.Key_0)
    assert eye.view.zoom_words == "50 %"
    place = QPointF(400, 300)
    none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    wheel = QWheelEvent(place, place, QPoint(), QPoint(0, 120), *none, False)
    QApplication.sendEvent(eye.view, wheel)
    assert eye.view.zoom_words == "62 %"


def test_space_switches_between_both_by_hand(eye: Eye) -> None:
    modes: list[str] = []
    eye.view.mode_changed.connect(modes.append)
    eye.key(Qt.Key.Key_Space)
    assert modes == ["flicker"] and eye.at(0.2) == BLUE
    eye.key(Qt.Key.Key_Space)
    assert eye.at(0.2) == RED
    assert not eye.view._flicker.isActive(), "the clock does not turn it back"


def test_the_picture_moves_with_hand_and_keys(eye: Eye) -> None:
    eye.view.full_size()
    eye.view.set_mode("flicker")
    assert eye.at(0.49) == RED and eye.at(0.51) == YELLOW
    eye.key(Qt.Key.Key_Right)
    assert eye.at(0.45) == YELLOW, "what is at the right comes into view"
    QTest.mousePress(eye.view, Qt.MouseButton.LeftButton, pos=QPoint(400, 300))
    QTest.mouseMove(eye.view, QPoint(500, 300))
    QTest.mouseRelease(eye.view, Qt.MouseButton.LeftButton, pos=QPoint(500, 300))
    assert eye.at(0.53) == RED


def test_the_worst_spot_is_shown_at_full_size(eye: Eye) -> None:
    pair = Pair(sheet(RED, YELLOW), sheet(BLUE, CYAN), worst=(0.9, 0.9))
    eye.view.show_measured(pair)
    eye.key(Qt.Key.Key_W)
    assert eye.view.zoom_words == "100 %"
    assert (eye.at(0.1), eye.at(0.9)) == (YELLOW, CYAN), "the right end of both"


def test_parts_are_decoded_as_they_are_looked_at(eye: Eye) -> None:
    asked: list[tuple[str, Part, int]] = []

    def opener(
        file: Path,
        edge: int,
        fill: bool,
        most_pixels: int,
        most_decoded: int,
        part: Part | None = None,
        rough: bool = False,
    ) -> tuple[tuple[int, int], tuple[int, int], bytes]:
        assert part is not None and not fill and not rough
        asked.append((file.name, part, edge))
        width, height = round((part[2] - part[0]) * SIZE[0]), round((part[3] - part[1]) * SIZE[1])
        return SIZE, (width, height), pixels(GREEN, GREEN, width, height).data

    open_with(opener)
    try:
        eye.view.full_size()
        assert eye.at(0.2) == RED, "the small copy at first"
        eye.see(lambda: asked and eye.at(0.2) == GREEN and eye.at(0.8) == GREEN, "both parts in full")
        (_, part, edge), _ = asked
        seen = (0.25, 0.25, 0.75, 0.75)
        assert all(abs(have - want) < 0.1 for have, want in zip(part, seen, strict=True))
        assert edge < SIZE[0], "not all of the picture"
        eye.view.pan(-20, 0)
        eye.see(lambda: eye.view.is_sharp, "the picture to rest")
        assert len(asked) == 2, "what is held has a margin"
        eye.view.pan(-400, 0)
        eye.see(lambda: len(asked) == 4 and eye.view.is_sharp, "the next parts")
        eye.view.clear()
        assert all(not side.levels and side.detail is None for side in eye.view._sides)
    finally:
        open_with(None)


def test_one_picture_is_seen_before_the_other_is_open(frame: WindowFrame) -> None:
    eye = Eye(frame)
    eye.view.begin("Before", "After")
    eye.view.show_before(sheet(RED, YELLOW))
    assert (eye.at(0.2), eye.at(0.8)) == (RED, YELLOW)
    eye.view.show_before(replace(sheet(RED, YELLOW), is_rough=True))
    eye.view.show_after(sheet(BLUE, CYAN))
    check_slider(eye)
    eye.view.clear()
    eye.view.deleteLater()


# The page over a real ledger; its pictures are opened by a stand-in.


class Said:
    """Stands in for the rest of the window."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def go(self, page: str) -> None:
        pytest.fail(f"it goes to {page}")

    def compare(self, entry: int) -> None:
        pytest.fail(f"it compares {entry}")

    def tell(self, text: str, tone: str = "muted", *_: Any) -> None:
        self.told.append(text)


class Desk:
    """The page in a window, and a daemon that remembers what it is asked."""

    def __init__(self, frame: WindowFrame, bench: Bench, store: Store) -> None:
        self.bench, self.store, self.said = bench, store, Said()
        self.asked: list[Any] = []
        self.outcomes: list[Any] = []
        self._app = frame.app
        self._ledger = LedgerThread(bench.ledger, main := MainThread(), pytest.fail)
        desk = self

        class ContextHere(Context):
            def daemon(self) -> Any:
                return desk

        self.context = ContextHere(
            window=frame,
            theme=frame.theme,
            kit=frame.kit,
            paths=replace(Paths.from_environment(), ledger=bench.ledger),
            main=main,
            jobs=Jobs(main, lambda text: self.said.tell(text, "bad")),
            ledger=self._ledger,
            navigator=self.said,
            start_daemon=lambda: pytest.fail("nothing starts a daemon here"),
            probe=list,
            open_folder=lambda _: pytest.fail("no folder is opened here"),
        )
        self.page = compare.ComparePage(self.context)
        frame.stage.addWidget(self.page)
        frame.stage.setCurrentWidget(self.page)
        frame.resize(1080, 720)
        frame.show()
        self.view = self.page._view

    def undo(self, request: Any) -> Iterator[Any]:
        self.asked.append(request)
        return iter(self.outcomes)

    redo = compress = accept_originals = undo

    def add(self, *names: str) -> None:
        for number, name in enumerate(names):
            make_smaller(self.store, self.bench.drop(name, picture(hash((name, number)))))

    def see(self, condition: Callable[[], object], what: str) -> None:
        def look() -> bool:
            self._app.processEvents()
            return bool(condition())

        wait_for(look, what=what)

    def open(self, name: str) -> None:
        """Show the page, and wait for the newest result."""
        self.page.shown()
        self.see(lambda: self.page.is_measured and self.title == name, f"{name} to be compared")

    @property
    def title(self) -> str:
        return self.page._title.accessibleName()

    @property
    def texts(self) -> str:
        shown: list[QLabel | QPushButton] = [*self.page.findChildren(QLabel)]
        shown += self.page.findChildren(QPushButton)
        return "\n".join(one.text() for one in shown if one.isVisible())

    def button(self, words: str) -> QPushButton:
        found = (
            one for one in self.page.findChildren(QPushButton) if words in (one.text(), one.accessibleName())
        )
        return next(found)

    def close(self) -> None:
        self.page.left()
        self._ledger.close()
        self.page.hide()
        self.page.deleteLater()


@pytest.fixture
def desk(frame: WindowFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    bench = Bench.at(tmp_path)

    def opener(
        file: Path,
        edge: int,
        fill: bool,
        most_pixels: int,
        most_decoded: int,
        part: Part | None = None,
        rough: bool = False,
    ) -> tuple[tuple[int, int], tuple[int, int], bytes]:
        small = file.read_bytes().startswith(b"small")
        colours = (BLUE, CYAN) if small else (RED, YELLOW)
        return SIZE, (800, 600), pixels(*colours).data

    prepared: list[bool] = []
    monkeypatch.setattr(pictures, "_opener", opener)
    monkeypatch.setattr(pictures, "_prepare", prepared.append)
    monkeypatch.setattr(difference, "_IN_STRIPS", 0)  # a stand-in has no parts
    with bench.store() as store:
        made = Desk(frame, bench, store)
        yield made
        made.close()
        assert True in prepared, "what was decoded is given back when the page is left"


def test_the_newest_result_is_compared(desk: Desk) -> None:
    desk.add("a.jpg", "b.jpg")
    desk.open("b.jpg")
    texts = desk.texts
    assert "30.0 KB → 15.0 KB, 50 % smaller" in texts
    assert "Looks the same (score 81.5" in texts
    assert desk.page._zoom.text() == desk.view.zoom_words
    assert not desk.button("Newer result").isEnabled()
    assert [
        one.text() for one in desk.page.findChildren(QPushButton) if one.property("kind") == "primary"
    ] == ["Use this one"], "to delete an original is not what the page is for"


def test_page_keys_step_through_the_results(desk: Desk) -> None:
    desk.add("a.jpg", "b.jpg", "c.jpg")
    desk.open("c.jpg")
    desk.button("Older result").click()
    desk.see(lambda: desk.title == "b.jpg" and desk.page.is_measured, "the one before")
    assert desk.button("Newer result").isEnabled() and desk.button("Older result").isEnabled()
    desk.button("Newer result").click()
    desk.see(lambda: desk.title == "c.jpg", "the one after it")


def test_nothing_yet_says_what_will_be_here(desk: Desk) -> None:
    desk.page.shown()
    desk.see(lambda: "Nothing to compare yet" in desk.texts, "the empty page")
    assert "Undo" not in desk.texts
    desk.add("a.jpg")
    desk.page.ledger_changed()
    desk.see(lambda: desk.title == "a.jpg" and desk.page.is_measured, "the first result")


def test_an_original_that_is_gone_is_said_plainly(desk: Desk) -> None:
    desk.add("a.jpg")
    for original in desk.bench.originals.iterdir():
        original.unlink()
    desk.page.shown()
    desk.see(lambda: "The original is not there any more." in desk.texts, "the reason")
    assert not desk.button("Change quality …").isEnabled()


def test_undo_and_then_redo(desk: Desk) -> None:
    desk.add("a.jpg")
    desk.open("a.jpg")
    desk.outcomes = [UndoOutcome(id=1, path="/a.jpg", outcome="restored")]
    desk.button("Undo").click()
    desk.see(lambda: desk.said.told, "the answer")
    assert desk.asked[0].ids == [1]
    selection = UndoSelection(paths=(desk.bench.watched / "a.jpg",))
    assert [each.outcome for each in desk.store.undo(selection, roots=desk.bench.roots)] == ["restored"]
    desk.page.ledger_changed()
    desk.see(lambda: "This result was undone" in desk.texts, "the undone result")
    assert "smaller" not in desk.texts, "what was undone saves nothing"
    desk.button("Redo").click()
    desk.see(lambda: len(desk.asked) == 2, "the request")
    assert desk.asked[1].ids == [1]


def test_an_original_is_deleted_only_after_a_question(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [False, True]
    monkeypatch.setattr(compare, "confirm", lambda *_: answers.pop(0))
    desk.add("a.jpg")
    desk.open("a.jpg")
    desk.button("Delete the original …").click()
    assert not desk.asked
    desk.button("Delete the original …").click()
    desk.see(lambda: desk.asked, "the request")
    assert desk.asked[0].ids == [1]


# Another quality.


class Trials:
    """Stands in for the processes that try a quality."""

    def __init__(self, result: Path) -> None:
        self.result = result
        self.begun: list[int] = []
        self.stopped = 0

    def __call__(self, *_: Any) -> "Trials":
        return self

    def run(self, wanted: int) -> TriedQuality:
        self.begun.append(wanted)
        outcome = FileOutcome(
            "-", "compressed", before_bytes=30_000, after_bytes=100 * wanted, score=float(wanted)
        )
        return TriedQuality(self.result, outcome)

    def stop(self) -> None:
        self.stopped += 1


def test_a_quality_is_tried_when_the_slider_rests_and_then_used(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = tmp_path / "result"
    result.write_bytes(b"small")
    trials = Trials(result)
    monkeypatch.setattr(quality, "QualityTrial", trials)
    desk.add("a.jpg")
    desk.open("a.jpg")
    desk.button("Change quality …").click()
    slider = desk.page._panel._slider
    assert slider.value() == 80 and desk.page.window().focusWidget() is slider
    assert not desk.button("Use this one").isEnabled(), "it is there already"
    for _ in range(3):
        QTest.keyClick(slider, Qt.Key.Key_Left)
    desk.see(lambda: "7.7 KB, 74 % smaller" in desk.texts, "what comes of it")
    assert trials.begun == [77], "only where the slider rests"
    desk.see(lambda: desk.view._sides[1].label == "Quality 77  7.7 KB", "the result beside the original")
    desk.outcomes = [UndoOutcome(id=1, path="/a.jpg", outcome="restored")]
    monkeypatch.setattr(
        quality, "make_again", lambda *given: FileOutcome("/a.jpg", "compressed", str(given[2]))
    )
    desk.button("Use this one").click()
    desk.see(lambda: desk.page._panel.isHidden(), "the panel to close")
    assert "The picture is smaller again." in desk.said.told[-1]


def test_escape_ends_the_trial_and_shows_the_result_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trials = Trials(tmp_path / "none")
    monkeypatch.setattr(quality, "QualityTrial", trials)
    desk.add("a.jpg")
    desk.open("a.jpg")
    desk.button("Change quality …").click()
    desk.page._panel._slider.setValue(50)
    desk.see(lambda: trials.begun == [50], "the trial")
    QTest.keyClick(desk.page._panel._slider, Qt.Key.Key_Escape)
    assert desk.page._panel.isHidden() and trials.stopped == 1
    desk.see(lambda: desk.view._sides[1].label == "After  15.0 KB", "the result that there is")
