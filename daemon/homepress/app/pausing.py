"""Pause: until a time or until resumed; survives a restart of the daemon, or says that it will not."""

import contextlib
import json
import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from homepress.base.system_errors import in_words, printable

_LOOK_SECONDS = 60.0


class Pause:
    """Whether work is paused, kept in a small file.

    Attributes:
        paused: whether it is now.
        until: when it ends, seconds since 1970; None when it does not end by itself, or is not on.
        fault: why the file does not say the same, and what that means; empty when it does. It is tried
            again until it does.
    """

    def __init__(self, file: Path, tell: Callable[[bool], None]) -> None:
        """`tell` is called with True or False at each change, from any thread."""
        self._file = file
        self._tell = tell
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self.paused = False
        self.until: float | None = None
        self.fault = ""

    def restore(self) -> None:
        """Take up a pause that was on when the daemon ended; an unreadable file means none."""
        try:
            until = json.loads(self._file.read_text(encoding="utf-8"))["until"]
        except (OSError, ValueError, KeyError, TypeError):
            return
        if until is None or (isinstance(until, int | float) and until > time.time()):
            self.set(until)
        else:
            self.clear()

    def set(self, until: float | None) -> None:
        """Pause until a time, or until `clear`."""
        with self._lock:
            self._cancel()
            self.paused, self.until = True, until
            self._remember()
            self._wait()
        self._tell(True)

    def clear(self) -> None:
        """Go on working."""
        with self._lock:
            self._cancel()
            self.paused, self.until = False, None
            self._remember()
            self._wait()
        self._tell(False)

    def close(self) -> None:
        """Forget the timer; the file keeps the pause for the next start."""
        with self._lock:
            self._cancel()

    def _wait(self) -> None:
        """Look again when the pause ends, but soon: timers stand still while the computer is suspended."""
        left = math.inf if self.until is None else max(0.0, self.until - time.time())
        if self.until is not None or self.fault:
            self._timer = threading.Timer(min(left, _LOOK_SECONDS), self._look)
            self._timer.daemon = True
            self._timer.start()

    def _look(self) -> None:
        with self._lock:
            if self._timer is not threading.current_thread():  # cancelled, or another pause by now
                return
            before = self.fault
            if not (over := self.until is not None and self.until <= time.time()):
                if self.fault:
                    self._remember()
                self._wait()
        if over:
            self.clear()
        elif before != self.fault:
            self._tell(self.paused)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _remember(self) -> None:
        """Have the file say what holds; what stands against it becomes the fault."""
        try:
            if self.paused:
                self._write(json.dumps({"until": self.until}))
            else:
                self._file.unlink(missing_ok=True)
            self.fault = ""
        except OSError as error:
            then = "Homepress works again" if self.paused else "Homepress is paused again"
            what = "the pause" if self.paused else "the end of the pause"
            self.fault = (
                f"{what} holds, but cannot be noted in {printable(str(self._file))}: {in_words(error)}. "
                f"After a restart {then}."
            )

    def _write(self, text: str) -> None:
        new = self._file.with_suffix(".new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            new.replace(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink()
            raise
