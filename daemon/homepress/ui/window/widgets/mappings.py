"""Settings that hold several values: a table of conversions, and ticks for what is removed."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtWidgets import QCheckBox, QWidget

from homepress.ui.window.model.wording import FORMATS
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.factory import WidgetFactory, across, clear, column


class ConversionTable(QWidget):
    """A row for each conversion: what arrives, and what it becomes, each a list that drops down."""

    def __init__(
        self,
        kit: WidgetFactory,
        formats: tuple[Sequence[str], Sequence[str]],
        chosen: Mapping[str, str],
        changed: Callable[[dict[str, str]], object],
    ) -> None:
        """Make the table.

        Args:
            kit: makes its controls.
            formats: the words of what can be read, and of what can be written.
            chosen: what becomes what now.
            changed: called with all of it after each change.
        """
        super().__init__()
        self._kit = kit
        self._sources, self._targets = formats
        self._pairs = list(chosen.items())
        self._changed = changed
        outer = column(self, spacing=6)
        place = QWidget()
        self._lines = column(place, spacing=6)
        outer.addWidget(place)
        self._more = kit.button("Add a conversion", self._add, "ghost", Icon.PLUS)
        outer.addWidget(across(None, self._more))
        self._show()

    def _show(self) -> None:
        focus = self.focusWidget()
        name = focus.accessibleName() if focus is not None and focus.hasFocus() else ""
        clear(self._lines)
        for at, pair in enumerate(self._pairs):
            self._lines.addWidget(self._pair(at, *pair))
        self._more.setEnabled(len(self._pairs) < len(self._sources))
        if name:  # the keyboard stays where it was, on a control that was made anew
            same = [one for one in self.findChildren(QWidget) if one.accessibleName() == name]
            (same[-1] if same else self._more).setFocus()

    def _pair(self, at: int, source: str, target: str) -> QWidget:
        kit = self._kit
        taken = {word for word, _ in self._pairs} - {source}
        sources = [(word, FORMATS[word]) for word in self._sources if word not in taken]
        targets = [(word, FORMATS[word]) for word in self._targets if word != source]
        left = kit.choice("Convert from", sources, source, lambda word: self._set(at, word, target))
        name = f"{FORMATS[source]} becomes"
        right = kit.choice(name, targets, target, lambda word: self._set(at, source, word))
        remove = kit.button("Remove", lambda: self._remove(at))
        remove.setAccessibleName(f"Do not convert {FORMATS[source]}")
        return across(None, left, kit.label("becomes", "muted"), right, remove)

    def _set(self, at: int, source: str, target: str) -> None:
        if source == target:
            target = next(word for word in self._targets if word != source)
        self._pairs[at] = (source, target)
        self._tell()

    def _add(self) -> None:
        taken = {word for word, _ in self._pairs}
        usual = ("heic", "png", *self._sources)
        source = next(word for word in usual if word not in taken)
        target = next(word for word in self._targets if word != source)
        self._pairs.append((source, target))
        self._tell()

    def _remove(self, at: int) -> None:
        del self._pairs[at]
        self._tell()

    def _tell(self) -> None:
        self._show()
        self._changed(dict(self._pairs))


class Ticks(QWidget):
    """A box to tick for each value of a set."""

    def __init__(
        self,
        kit: WidgetFactory,
        options: Mapping[str, str],
        chosen: Sequence[str],
        changed: Callable[[list[str]], object],
        every: str = "",
    ) -> None:
        """Make the boxes.

        Args:
            kit: makes them.
            options: the values with their words.
            chosen: which are ticked.
            changed: called with all that are ticked after each change.
            every: the value that stands for all of them.
        """
        super().__init__()
        self._boxes: dict[str, QCheckBox] = {}
        inside = column(self, spacing=2)
        for value, words in options.items():
            box = kit.tick(words, value in chosen or every in chosen, lambda _: changed(self._ticked()))
            inside.addWidget(across(box, None))
            self._boxes[value] = box

    def _ticked(self) -> list[str]:
        return [value for value, box in self._boxes.items() if box.isChecked()]
