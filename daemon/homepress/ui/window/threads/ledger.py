"""The one thread that reads the ledger; a reader is not for several threads at once."""

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from homepress.store.reader import LedgerError, Reader
from homepress.ui.window.threads.mailbox import Mailbox

T = TypeVar("T")

_Question = Callable[[Reader], None]


class Ledger:
    """Answers questions about the ledger one after the other."""

    def __init__(self, file: Path, mailbox: Mailbox, failed: Callable[[str], object]) -> None:
        self._file = file
        self._mailbox = mailbox
        self._failed = failed
        self._questions: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
        self._thread.start()

    def ask(self, question: Callable[[Reader], T], then: Callable[[T], object]) -> None:
        """Have `question` asked in the thread and `then` called with its answer in the window's."""

        def work(reader: Reader) -> None:
            answer = question(reader)
            self._mailbox.put(lambda: then(answer))

        self._questions.put(work)

    def close(self) -> None:
        """End the thread after the question that is being answered."""
        self._questions.put(None)

    def _work(self) -> None:
        reader: Reader | None = None
        while (question := self._questions.get()) is not None:
            try:
                reader = reader or Reader(self._file)
                question(reader)
            except (LedgerError, OSError) as error:
                text = str(error)
                self._mailbox.put(lambda text=text: self._failed(text))  # type: ignore[misc]  # bound early
        if reader is not None:
            reader.close()
