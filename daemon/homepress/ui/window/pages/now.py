"""The page Compress now: pictures that are dropped, opened or pasted get small; nothing else is touched."""

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QWidget

from homepress.base.files import write_atomically
from homepress.base.formats import IMAGE_SUFFIXES
from homepress.base.results import FileOutcome, UndoOutcome
from homepress.base.units import counted
from homepress.control.client import connect
from homepress.control.service import ServiceError, UndoRequest
from homepress.desktop.clipboard import Copied
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import undone
from homepress.ui.window.model.batch import (
    FOLDER,
    MOST,
    BatchItem,
    HandBatch,
    compressor,
    pictures_in,
    save_copy,
)
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.model.trial import left_words
from homepress.ui.window.model.wishes import Wish, replaced_words, total_words
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.dialogs import choose_file_to_write, choose_files, choose_folder
from homepress.ui.window.widgets.dropping import DropZone, incoming
from homepress.ui.window.widgets.factory import ButtonRow, across, announce, column, restyle
from homepress.ui.window.widgets.page import ScrollPage
from homepress.ui.window.widgets.pictures import PicturesModel, PicturesTable
from homepress.ui.window.widgets.wishing import WishPanel

_ABOUT = "Make pictures small, here and now. Nothing is watched, and nothing is kept unless you save it."
_WATCH = "Homepress can also watch a folder, and make every new picture in it smaller."
_BETWEEN_NEWS_MS = 60
_NONE = "There is no picture in what you dropped or copied. Save it as a file first, and drop that."
_ITSELF = "That is the picture itself. Press Replace instead, which keeps the original for 30 days."


class NowPage(ScrollPage):
    """The choices, and below them the place to drop pictures or what became of those."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        post = context.main.post
        self._batch = HandBatch(
            context.paths.state / FOLDER, lambda item, wish: post(partial(self._show_result, item, wish))
        )
        self._total = 0
        self._copied: list[Path] = []
        # Many small pictures are done faster than anybody reads.
        self._soon = QTimer(self, singleShot=True, interval=_BETWEEN_NEWS_MS)
        self._soon.timeout.connect(self._show_news)
        kit = context.kit
        self.body.setAlignment(Qt.AlignmentFlag(0))  # the last of it takes the room that is left
        self.body.addWidget(kit.heading("Compress now"))
        self._about = kit.label(_ABOUT, "muted", wrap=True)
        self.body.addWidget(self._about)
        self._wishes = WishPanel(context, self._wish_changed)
        self.body.addWidget(self._wishes)
        self._model = PicturesModel(self._batch.is_at_work)
        self._empty = self._make_empty()
        self.body.addWidget(self._empty, 1)
        self._list = self._make_list()
        self._list.hide()
        self.body.addWidget(self._list, 1)
        for keys, command in ((QKeySequence.StandardKey.Paste, self.paste), ("Ctrl+O", self._open)):
            QShortcut(QKeySequence(keys), self, command)  # while this page is seen, wherever the keyboard is

    def update_from(self, snapshot: Snapshot) -> None:
        """Watching is offered to those who do not know it yet."""
        self._watch.setVisible(not snapshot.settings.folders)

    def left(self) -> None:
        """Processes that have nothing to do give their memory back."""
        if (hands := compressor()) is not None and not self._waiting():
            self._context.jobs.run(hands.rest)

    def closed(self) -> None:
        """Nothing is kept, but for what can still be pasted."""
        owned = QGuiApplication.clipboard().ownsClipboard()
        self._batch.close(self._copied if owned else ())

    # -- what comes in

    def expect(self, on: bool) -> None:
        """Pictures are held over the window, or no longer: be ready for them."""
        self._zone.show_hot(on)
        if on and (hands := compressor()) is not None:
            self._context.jobs.run(hands.prepare)

    def take(self, copied: Copied) -> None:
        """Compress what was dropped, pasted or named."""
        if copied.files:
            found = pictures_in(copied.files)
            self._context.jobs.run(lambda: list(islice(found, MOST + 1)), self._add, owner=self)
        elif copied.picture:
            self._context.jobs.run(lambda: self._batch.keep(copied.picture), self._add_pasted, owner=self)
        else:
            self._context.navigator.tell(_NONE, "warning")

    def paste(self) -> None:
        """Take what is on the clipboard."""
        self.take(incoming(QGuiApplication.clipboard().mimeData()))

    def _open(self) -> None:
        self.expect(True)
        self._zone.show_hot(False)
        kinds = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(IMAGE_SUFFIXES))
        files = choose_files(self._context.window, "Compress pictures", f"Pictures ({kinds})")
        if files:
            self.take(Copied(files=tuple(map(Path, files))))

    def _open_folder(self) -> None:
        if folder := choose_folder(self._context.window, "Compress the pictures in a folder"):
            self.take(Copied(files=(Path(folder),)))

    def _add_pasted(self, file: Path | None) -> None:
        if file is None:
            self._context.navigator.tell(_NONE, "warning")
        else:
            self._show([BatchItem(file, pasted=True)])

    def _add(self, files: list[Path]) -> None:
        known = {item.path for item in self._model.items}
        fresh = [BatchItem(path) for path in dict.fromkeys(files) if path not in known]
        room = MOST - len(self._model.items)
        if len(fresh) > room:
            text = f"Only {MOST:,} pictures fit on this page; the others are left out."
            self._context.navigator.tell(text, "warning")
        elif not files:
            self._context.navigator.tell("There are no pictures in that folder.", "warning")
        if fresh:
            self._show(fresh[:room])

    def _show(self, items: Sequence[BatchItem]) -> None:
        self._model.add(items)
        self._show_list(True)
        self._start(items[0])

    def _show_list(self, on: bool) -> None:
        """The list takes the room of the place to drop pictures, or gives it back."""
        self._list.setVisible(on)
        for one in (self._empty, self._about):
            one.setVisible(not on)

    # -- building

    def _make_empty(self) -> QWidget:
        kit = self._context.kit
        made = QWidget()
        inside = column(made, spacing=12)
        opened = self._first = kit.button("Open …", self._open, "primary")
        paste = kit.button("Paste", self.paste)
        folder = kit.button("Open a folder …", self._open_folder)
        self._zone = DropZone(kit, self._open, opened, folder, paste)
        inside.addWidget(self._zone, 1)
        words = kit.hint(_WATCH)
        watch = kit.button("Watch a folder …", lambda: self._context.navigator.go("first-run"), "ghost")
        self._watch = across(words, watch, fill=words)
        inside.addWidget(self._watch)
        return made

    def _make_list(self) -> QWidget:
        kit = self._context.kit
        made = QWidget()
        inside = column(made, spacing=8)
        self._words = kit.label(" ", "strong", wrap=True)
        self._cancel = kit.button("Cancel", self._stop_or_go_on)
        add = kit.button("Add …", self._open, "ghost", Icon.PLUS)
        empty = kit.button("Clear", self._clear, "ghost")
        inside.addWidget(across(self._words, self._cancel, add, empty, fill=self._words))
        self._bar = kit.progress("Progress")
        inside.addWidget(self._bar)
        self._table = PicturesTable(self._context, self._model)
        self._table.selectionModel().selectionChanged.connect(lambda *_: self._show_state())
        self._table.opened.connect(self._save)
        self._table.copied.connect(self._copy)
        self._table.deleted.connect(self._remove)
        self._table.menu_wanted.connect(self._show_menu)
        inside.addWidget(self._table, 1)
        self._actions = [kit.button(*action) for action in self._offered()]
        restyle(self._actions[0], "kind", "primary")
        inside.addWidget(across(ButtonRow(self._actions), None))
        return made

    def _offered(self) -> tuple[tuple[str, Callable[[], object]], ...]:
        """What can be done with results; the first is what people come for."""
        return (
            ("Save a copy", self._save),
            ("Save as …", self._save_as),
            ("Copy", self._copy),
            ("Replace", self._replace),
        )

    # -- compressing

    def _wish_changed(self, wish: Wish) -> None:
        self._model.wish = wish
        if self._model.items:
            self._model.changed()
            self._start(self._current())

    def _start(self, first: BatchItem | None) -> None:
        if compressor() is None:
            self._context.navigator.tell("This window cannot compress pictures.", "bad")
            return
        self._model.stopped = False
        self._total = self._batch.start(self._model.items, self._model.wish, first)
        self._model.changed()
        self._show_state()
        self._soon.start()  # by then it is known which are worked on

    def _show_result(self, item: BatchItem, wish: Wish) -> None:
        if item not in self._model.items or wish != self._model.wish:
            return
        self._model.changed(item)
        if not self._soon.isActive():
            self._soon.start()

    def _show_news(self) -> None:
        self._show_state()
        if self._model.items and not self._waiting():
            announce(self, self._words.text())

    def _stop_or_go_on(self) -> None:
        if self._model.stopped:
            self._start(self._current())
        else:
            self._model.stopped = True
            self._batch.cancel()
            self._model.changed()
            self._show_state()

    def _waiting(self) -> int:
        """How many pictures have no result yet."""
        wish = self._model.wish
        return sum(item.replaced is None and wish not in item.made for item in self._model.items)

    def _current(self) -> BatchItem | None:
        index = self._table.currentIndex()
        return self._model.items[index.row()] if index.isValid() else next(iter(self._model.items), None)

    def _show_state(self) -> None:
        """Say how far it is, what came of it, and what can be done with it."""
        items, waiting = self._model.items, self._waiting()
        self._table.viewport().update()
        made = [one for item in items if (one := item.made.get(self._model.wish_of(item))) is not None]
        done, total, stopped = self._total - waiting, self._total, self._model.stopped
        text = total_words(made, len(items))
        if waiting:
            how = "Cancelled, " if stopped else ""
            text = how + left_words(done, total, 0 if stopped else self._batch.seconds, "done")
        self._words.setText(text)
        self._bar.setVisible(bool(waiting) and not stopped)
        self._bar.setValue(round(1000 * done / max(1, total)))
        self._cancel.setVisible(bool(waiting))
        self._cancel.setText("Go on" if stopped else "Cancel")
        chosen = self._chosen()
        for button in self._actions:
            button.setEnabled(bool(chosen))
        self._actions[0].setText("Save a copy" if len(chosen) < 2 else f"Save {len(chosen):,} copies")
        current = self._current()
        words = self._model.words(current) if current is not None else None
        live = f"{printable(current.path.name)}: " if current is not None else ""
        self._wishes.show_live(
            f"{live}{words.sizes}  {words.saved}" if words is not None and words.saved else ""
        )

    # -- what is done with results

    def _chosen(self) -> list[BatchItem]:
        """The selected pictures that have a result, or where none is selected, all that have."""
        rows = {index.row() for index in self._table.selectionModel().selectedRows()}
        items = [item for row, item in enumerate(self._model.items) if row in rows] or self._model.items
        return [item for item in items if self._model.file(item) is not None]

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self._table)
        for words, command in self._offered():
            menu.addAction(words, command).setEnabled(bool(self._chosen()))
        menu.addSeparator()
        menu.addAction("Remove from this list", self._remove)
        menu.exec(place)

    def _save(self) -> None:
        chosen, folder = self._chosen(), self._wishes.folder
        if folder is None and any(item.pasted for item in chosen):
            self._save_as()  # beside what is only on the clipboard there is no place
        elif chosen:
            self._save_in(chosen, folder)

    def _save_as(self) -> None:
        chosen = self._chosen()
        if len(chosen) > 1:
            if folder := choose_folder(self._context.window, "Save the copies in", str(Path.home())):
                self._save_in(chosen, Path(folder))
            return
        for item in chosen:
            file = self._model.file(item)
            assert file is not None
            place = Path.home() if item.pasted else item.path.parent
            target = choose_file_to_write(self._context.window, "Save a copy", str(place / file.name))
            if not target:
                continue
            if any(target == str(one.path) for one in self._model.items):
                self._context.navigator.tell(_ITSELF, "warning")
                continue
            data = file.read_bytes()
            self._context.jobs.run(partial(self._write, item, Path(target), data), self._saved)

    def _write(self, item: BatchItem, target: Path, data: bytes) -> list[Path]:
        self._learn([item])
        write_atomically(target, data)
        return [target]

    def _save_in(self, items: list[BatchItem], folder: Path | None) -> None:
        pairs = [(item, file) for item in items if (file := self._model.file(item)) is not None]

        def work() -> list[Path]:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._learn(items)
            return [save_copy(file, item, file.name, folder) for item, file in pairs]

        self._context.jobs.run(work, self._saved)

    def _saved(self, files: list[Path]) -> None:
        first = printable(str(files[0]))
        text = f"Saved: {first}" if len(files) == 1 else f"{counted(len(files), 'copy', 'copies')} saved."
        if left := self._waiting():
            text += f"{'' if text.endswith('.') else '.'} {left:,} still to come."
        show = ("Open folder", partial(self._reveal, files[0].parent))
        self._context.navigator.tell(text, "good", show)

    def _reveal(self, folder: Path) -> None:
        self._context.jobs.run(lambda: self._context.open_folder(folder))

    def _learn(self, items: Sequence[BatchItem]) -> None:
        """Have results known as ours, so that a watched folder does not compress them again; for threads."""
        digests = [digest for item in items for digest in item.made[self._model.wish_of(item)].digests]
        with contextlib.suppress(ServiceError):
            if (client := connect(self._context.paths.socket)) is not None:
                client.learn_results(digests)

    def _copy(self) -> None:
        chosen = self._chosen()
        if not chosen:
            return
        QGuiApplication.clipboard().setMimeData(self._model.files(chosen))
        self._copied = [file for item in chosen if (file := self._model.file(item)) is not None]
        name = printable(self._copied[0].name)
        text = f"Copied {name}. Paste it where you need it."
        if len(chosen) > 1:
            text = f"Copied {len(chosen):,} pictures. Paste them where you need them."
        self._context.jobs.run(lambda: self._learn(chosen))
        self._context.navigator.tell(text, "good")

    def _replace(self) -> None:
        chosen = [item for item in self._chosen() if not item.pasted and item.replaced is None]
        if not chosen:
            self._context.navigator.tell("These have no file to replace: save a copy instead.", "warning")
            return
        wish = self._model.wish
        request = msgspec.structs.replace(
            wish.request(), paths=[str(item.path) for item in chosen], in_place=True
        )

        def work() -> list[FileOutcome]:
            return list(self._context.start_daemon().compress(request))

        self._context.jobs.run(work, partial(self._replaced, chosen, wish))

    def _replaced(self, items: list[BatchItem], wish: Wish, outcomes: list[FileOutcome]) -> None:
        done = {outcome.path for outcome in outcomes if outcome.outcome == "compressed"}
        replaced = [item for item in items if str(item.path) in done or str(item.path.resolve()) in done]
        for item in replaced:
            item.replaced = wish
        self._model.changed()
        undo = [("Undo", partial(self._undo, replaced))] if replaced else []
        self._context.navigator.tell(*replaced_words(outcomes), *undo)
        self._show_state()

    def _undo(self, items: list[BatchItem]) -> None:
        request = UndoRequest(paths=[str(item.path) for item in items])

        def told(outcomes: list[UndoOutcome]) -> None:
            left = {outcome.path for outcome in outcomes if outcome.outcome == "failed"}
            for item in items:
                if not {str(item.path), str(item.path.resolve())} & left:
                    item.replaced = None
            self._model.changed()
            self._show_state()
            text, good = undone(outcomes)
            self._context.navigator.tell(text, "good" if good else "bad")

        self._context.jobs.run(lambda: list(self._context.daemon().undo(request)), told)

    def _remove(self) -> None:
        rows = {index.row() for index in self._table.selectionModel().selectedRows()}
        self._model.remove([item for row, item in enumerate(self._model.items) if row in rows])
        self._go_on_or_end()

    def _clear(self) -> None:
        self._model.remove(list(self._model.items))
        self._go_on_or_end()

    def _go_on_or_end(self) -> None:
        if self._model.items:
            self._start(self._current())
        else:
            self._batch.cancel()
            self._show_list(False)
            self._first.setFocus()  # what had the keyboard is not there any more
            self._wishes.show_live("")
