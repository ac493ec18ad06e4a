"""Another quality for one picture: a slider, and what each quality would make of it, seen at once."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QSlider, QVBoxLayout

from homepress.base.override import override
from homepress.base.paths import make_folder
from homepress.base.results import FileOutcome
from homepress.base.units import size
from homepress.store.reader import EntryDetail
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import score_words
from homepress.ui.window.model.batch import FOLDER
from homepress.ui.window.model.trial import (
    QUALITY_RANGE,
    QualityTrial,
    TriedQuality,
    make_again,
    quality_of,
    tried_words,
)
from homepress.ui.window.theme import Theme
from homepress.ui.window.widgets.factory import ButtonRow, SplitRow, across, announce, stacked

_REST_MS = 350
"""So long the slider has to stand still before its quality is tried."""


_OF_THE_WINDOW = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class QualitySlider(QSlider):
    """A slider from 30 to 100, drawn in the colours of the theme."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._theme = theme
        self.setRange(*QUALITY_RANGE)
        self.setPageStep(10)
        self.setAccessibleName("Quality")
        self.setMinimumWidth(120)

    @override
    def sizeHint(self) -> QSize:
        return QSize(260, 30)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling the page over it changes nothing."""
        event.ignore()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._theme.colour
        share = (self.value() - self.minimum()) / (self.maximum() - self.minimum())
        rtl = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        share = 1 - share if rtl else share
        middle, room = self.height() / 2, self.width() - 24
        x = 12 + share * room
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("edge"))
        painter.drawRoundedRect(12, round(middle) - 2, room, 4, 2, 2)
        painter.setBrush(colour("fill"))
        least = 12 + room if rtl else 12
        painter.drawRoundedRect(QRectF(min(x, least), middle - 2, abs(x - least), 4), 2, 2)
        painter.drawEllipse(round(x) - 8, round(middle) - 8, 16, 16)
        if self.hasFocus():
            pen = painter.pen()
            painter.setBrush(Qt.BrushStyle.NoBrush)
            pen.setStyle(Qt.PenStyle.SolidLine)
            pen.setColor(colour("focus"))
            pen.setWidth(2)
            painter.setPen(pen)
            painter.drawEllipse(round(x) - 11, round(middle) - 11, 22, 22)


class QualityPanel(QFrame):
    """Tries qualities of one picture, shows what comes of them, and puts one in place."""

    def __init__(
        self,
        context: Context,
        show: Callable[[Path, str], object],
        closed: Callable[[], object],
    ) -> None:
        """Make it; it is empty before `open_panel`.

        Args:
            context: the rest of the window.
            show: shows a result and its label beside the original.
            closed: called when nothing is tried any more.
        """
        super().__init__()
        self._context = context
        self._show = show
        self._closed = closed
        self._detail: EntryDetail | None = None
        self._original = Path()
        self._made: Callable[[FileOutcome], object] = lambda _: None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._trial: QualityTrial | None = None
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._try)
        self.setProperty("surface", "card")
        self._build()

    def open_panel(self, detail: EntryDetail, original: Path, made: Callable[[FileOutcome], object]) -> None:
        """Offer other qualities of a result; `made` is called with what took its place."""
        self._detail, self._original, self._made = detail, original, made
        self._slider.setValue(quality_of(detail.entry))
        self._rest.stop()
        self._now = self._slider.value()
        self._said()
        self.show()
        self._slider.setFocus()

    def close_panel(self) -> None:
        """Try nothing any more."""
        self._stop()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        if not self.isHidden():
            self.hide()
            self._closed()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if not event.modifiers() & _OF_THE_WINDOW:
                event.accept()  # Escape and Page Down are for the slider before they are for the page
            return event.isAccepted()
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        kit = self._context.kit
        inside = QVBoxLayout(self)
        inside.setContentsMargins(20, 14, 20, 14)
        inside.setSpacing(8)
        inside.addWidget(kit.label("Change quality", "heading"))
        self._slider = QualitySlider(self._context.theme)
        self._slider.valueChanged.connect(self._changed)
        self._value = kit.label("100", "strong")
        self._value.setFixedWidth(self._value.fontMetrics().horizontalAdvance("100") + 4)
        inside.addWidget(across(self._slider, self._value, fill=self._slider, spacing=12))
        self._meaning = kit.label(" ", "strong", wrap=True)
        self._result = kit.hint(" ")
        words = stacked(self._meaning, self._result, spacing=2)
        self._use = kit.button("Use this one", self._put, "primary")
        cancel = kit.button("Cancel", self.close_panel)
        inside.addWidget(SplitRow(words, ButtonRow((cancel, self._use)), margin=0, least=240))
        self._now = 0

    def _changed(self, quality: int) -> None:
        self._value.setText(str(quality))
        if self._detail is not None:
            self._stop()
            self._said()
            if quality != self._now:
                self._result.setText("Trying …")
                self._rest.start()

    def _said(self) -> None:
        """What the quality means; the one that is there already needs no trial."""
        quality = self._slider.value()
        self._value.setText(str(quality))
        self._meaning.setText(f"{score_words(float(quality))}, or better")
        self._use.setEnabled(False)
        if quality == self._now and self._detail is not None:
            entry = self._detail.entry
            self._result.setText(f"{size(entry.after_bytes)}, as it is now. Move the slider to try another.")

    def _stop(self) -> None:
        self._rest.stop()
        if self._trial is not None:
            self._trial.stop()
            self._trial = None

    def _try(self) -> None:
        if self._detail is None:
            return
        if self._folder is None:
            held = self._context.paths.state / FOLDER
            make_folder(held)
            self._folder = tempfile.TemporaryDirectory(prefix="trial-", dir=held, ignore_cleanup_errors=True)
        quality = self._slider.value()
        trial = QualityTrial(self._detail.entry, self._original, Path(self._folder.name))
        self._trial = trial
        self._context.jobs.run(
            partial(trial.run, quality), partial(self._take, trial), partial(self._failed, trial), owner=self
        )

    def _take(self, trial: QualityTrial, tried: TriedQuality | None) -> None:
        if trial is not self._trial or tried is None:
            return  # the slider has moved on
        text = tried_words(tried)
        self._use.setEnabled(tried.file is not None)
        self._result.setText(text)
        announce(self, text)
        if tried.file is not None:
            self._show(tried.file, f"Quality {self._slider.value()}  {size(tried.outcome.after_bytes)}")
            if tried.outcome.score is not None:
                self._meaning.setText(f"{score_words(tried.outcome.score)} (score {tried.outcome.score:.1f})")

    def _failed(self, trial: QualityTrial, text: str) -> None:
        if trial is self._trial:
            self._result.setText(printable(text))

    def _put(self) -> None:
        if self._detail is None:
            return
        entry, quality, context = self._detail.entry, self._slider.value(), self._context
        self._use.setEnabled(False)
        self._result.setText("Putting it in place …")
        context.jobs.run(lambda: make_again(context.daemon(), entry, quality), self._is_put, self._not_put)

    def _is_put(self, outcome: FileOutcome) -> None:
        if outcome.outcome == "compressed":
            self._made(outcome)
            self.close_panel()
        else:
            self._not_put(outcome.reason)

    def _not_put(self, text: str) -> None:
        self._use.setEnabled(True)
        self._said()
        self._context.navigator.tell(printable(text), "warning")
