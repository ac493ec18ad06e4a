"""What is wanted of pictures: large choices by purpose; behind one click quality, size, format and folder."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget

from homepress.ui.window.context import Context
from homepress.ui.window.model.wishes import (
    FORMATS,
    PURPOSES,
    SIDES,
    SIZES,
    USUAL_SIZE,
    Purpose,
    Wish,
)
from homepress.ui.window.widgets.dialogs import FolderField
from homepress.ui.window.widgets.factory import across, column, restyle, row, stacked
from homepress.ui.window.widgets.options import Option, OptionCards
from homepress.ui.window.widgets.quality import QualitySlider

_TYPING_PAUSE_MS = 600
_SLIDING_PAUSE_MS = 200
_USUAL_QUALITY = 80
"""Where the slider stands while the purpose says the quality."""


class WishPanel(QWidget):
    """The choices; tells what is wanted whenever that is another.

    Attributes:
        wish: what is wanted.
    """

    def __init__(self, context: Context, changed: Callable[[Wish], object]) -> None:
        """`changed` gets the new wish, once it can be fulfilled."""
        super().__init__()
        self.wish = Wish()
        self._context = context
        self._changed = changed
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._tell)
        inside = column(self, spacing=8)
        options = [Option(purpose.value, *words) for purpose, words in PURPOSES.items()]
        self._cards = OptionCards(
            context.kit,
            "What the results are for",
            options,
            Purpose.SAME,
            lambda value: self._take(replace(self.wish, purpose=Purpose(value))),
            brief=True,
        )
        inside.addWidget(self._cards)
        more = self._more_card()
        inside.addWidget(self._line(more))
        self._problem = context.kit.label(role="bad", wrap=True)
        self._problem.hide()
        inside.addWidget(self._problem)
        inside.addWidget(more)

    @property
    def folder(self) -> Path | None:
        """Where copies are saved; None for beside each picture."""
        text = self._folder.text.strip()
        return Path(text).expanduser() if text else None

    def show_live(self, text: str) -> None:
        """Say beside the slider what became of a picture at its quality."""
        self._quality_row.about.setText(text or _QUALITY_HELP)

    # -- building

    def _line(self, more: QWidget) -> QWidget:
        """What the choice does, or the size to stay under; and the button for more."""
        kit = self._context.kit
        made = QWidget()
        line = row(made)
        self._explained, self._limit_words = kit.hint(self.wish.explained), kit.hint(" ")
        self._limit = kit.choice("Size to stay under", [(one, one) for one in SIZES], USUAL_SIZE, self._typed)
        self._limit.setEditable(True)
        if (field := self._limit.lineEdit()) is not None:
            field.setAccessibleName("Size to stay under")
            field.setAcceptDrops(False)
        self._limit.editTextChanged.connect(self._typed)
        self._limit.setFixedWidth(110)
        self._place = QStackedWidget()
        self._place.addWidget(stacked(self._explained))
        at_most = kit.label("At most", "strong")
        self._place.addWidget(across(at_most, self._limit, self._limit_words, fill=self._limit_words))
        line.addWidget(self._place, 1)
        line.addWidget(kit.unfolding("More", more), 0, Qt.AlignmentFlag.AlignTop)
        return made

    def _more_card(self) -> QFrame:
        kit = self._context.kit
        card, inside = kit.card(spacing=0, rows=True)
        self._quality_row = kit.form_row("Quality", _QUALITY_HELP, self._quality())
        inside.addWidget(self._quality_row)
        beside = "Beside each picture"
        self._folder = FolderField(kit, "Folder for copies", "", lambda _: None, example=beside)
        sides = kit.choice(
            "Longest side", SIDES, "0", lambda value: self._take(replace(self.wish, side=int(value)))
        )
        formats = kit.choice("Format", FORMATS, "", lambda word: self._take(replace(self.wish, format=word)))
        for title, about, control in (
            ("Longest side", "Larger pictures are resized.", sides),
            ("Format", "", formats),
            ("Save copies in", f"{beside}, they are called NAME.min.", self._folder),
        ):
            inside.addWidget(kit.line())
            inside.addWidget(kit.form_row(title, about, control))
        return card

    def _quality(self) -> QWidget:
        kit = self._context.kit
        self._automatic = kit.button("Automatic", self._automatically, "ghost")
        self._automatic.hide()
        self._slider = QualitySlider(self._context.theme)
        self._slider.setFixedWidth(200)
        self._slider.setValue(_USUAL_QUALITY)
        self._slider.valueChanged.connect(
            lambda value: self._take(replace(self.wish, quality=value), _SLIDING_PAUSE_MS)
        )
        self._number = kit.label("auto", "strong")
        self._number.setMinimumWidth(self._number.fontMetrics().horizontalAdvance("auto") + 4)
        return across(self._automatic, self._slider, self._number)

    # -- choosing

    def _typed(self, text: str) -> None:
        self._take(replace(self.wish, limit=text.strip()), _TYPING_PAUSE_MS)

    def _automatically(self) -> None:
        self._slider.setFocus()
        self._slider.blockSignals(True)
        self._slider.setValue(_USUAL_QUALITY)
        self._slider.blockSignals(False)
        self._take(replace(self.wish, quality=0))

    def _take(self, wish: Wish, pause: int = 0) -> None:
        """Show a wish, and tell of it after a pause in which nothing else is chosen."""
        if wish == self.wish:
            return
        self.wish = wish
        under = wish.purpose is Purpose.UNDER
        self._place.setCurrentIndex(int(under))
        (self._limit_words if under else self._explained).setText(wish.explained)
        self._number.setText(str(wish.quality) if wish.quality else "auto")
        self._automatic.setVisible(bool(wish.quality))
        self._problem.setText(wish.problem)
        self._problem.setVisible(bool(wish.problem))
        restyle(self._limit, "invalid", "true" if wish.problem else "false")
        if not wish.problem:
            self._cards.show_title(Purpose.UNDER, f"Under {wish.limit}")
        self._timer.start(pause)

    def _tell(self) -> None:
        if not self.wish.problem:
            self._changed(self.wish)


_QUALITY_HELP = "How close results come to the originals. 80 looks the same side by side."
