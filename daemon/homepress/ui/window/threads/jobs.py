"""Single pieces of work that would make the window wait: requests to the daemon, pictures, files."""

import threading
from collections.abc import Callable
from typing import TypeVar

from homepress.control.service import ServiceError
from homepress.desktop.opening import NotOpened
from homepress.settings import SettingsError
from homepress.store.reader import LedgerError
from homepress.ui.window.threads.mailbox import Mailbox

T = TypeVar("T")

EXPECTED = (ServiceError, SettingsError, LedgerError, NotOpened, OSError)
"""What goes wrong in the world, with a text for people; all else is a fault of ours and shown as such."""


class Jobs:
    """Runs each job in a thread of its own and brings its result back into the window's thread."""

    def __init__(self, mailbox: Mailbox, failed: Callable[[str], object]) -> None:
        """`failed` gets the text of errors that a job's caller does not take itself."""
        self._mailbox = mailbox
        self._failed = failed

    def run(
        self,
        work: Callable[[], T],
        then: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """Do `work`, then call `then` with its result or `failed` with what went wrong."""

        def body() -> None:
            try:
                result = work()
            except EXPECTED as error:
                text = str(error)
                self._mailbox.put(lambda: (failed or self._failed)(text))
            except Exception as error:  # told to the person, and to the log by the thread's own hook
                text = f"A fault in Homepress: {type(error).__name__}: {error}"
                self._mailbox.put(lambda: (failed or self._failed)(text))
                raise
            else:
                if then is not None:
                    self._mailbox.put(lambda: then(result))

        threading.Thread(target=body, name="job", daemon=True).start()
