"""Pause: for a time or until resumed, or while the computer saves power.

A pause survives a restart of the daemon, or says that it will not. How long it lasts is measured with the
boot clock: half an hour is half an hour, suspended or not, whatever becomes of the wall clock. Over a restart
of the computer there is only the wall clock to tell.
"""

import contextlib
import json
import math
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from homepress.base.clock import Clock, system_clock
from homepress.base.system_errors import in_words, printable
from homepress.daemon.state import StateClosedError, StateThread, Timer, confined

_LOOK_SECONDS = 60.0

_JUMP = 1.0
"""Seconds of difference between the clocks from which on the end is shown anew."""


@confined
class PowerSaver:
    """Whether the computer saves power, and what the user made of it; it belongs to the state thread.

    The daemon cannot look for itself: it may not connect to any bus. The desktop agent sees the change and
    reports it.
    """

    def __init__(self) -> None:
        self.saving = False
        """Whether the computer saves power, as far as was told."""
        self._overridden = False

    @property
    def resting(self) -> bool:
        """Whether the computer saves power and the user did not ask for work all the same."""
        return self.saving and not self._overridden

    def report(self, saving: bool) -> None:
        """The computer saves power now, or does not. What the user asked for holds until it stops saving."""
        self.saving = saving
        if not saving:
            self._overridden = False

    def override(self) -> None:
        """Work all the same, until the computer has stopped saving power."""
        self._overridden = self.saving


class Pause:
    """Whether work is paused, kept in a small file. Usable from any thread that may wait for the file's disk.

    Attributes:
        paused: whether it is now.
        fault: why the file does not say the same, and what that means; empty when it does. It is tried
            again until it does.
    """

    def __init__(
        self, state: StateThread, file: Path, tell: Callable[[], None], clock: Clock | None = None
    ) -> None:
        """`tell` is called on the state thread at each change; `clock` is for tests."""
        self._state = state
        self._clock = clock or system_clock()
        self._file = file
        self._tell = tell
        self._timer: Timer | None = None
        self._writing = threading.Lock()
        self.paused = False
        self._until: float | None = None
        self._ends: float | None = None
        self.fault = ""

    @property
    def until(self) -> float | None:
        """When it ends, seconds since 1970; None when it does not end by itself, or is not on."""
        return self._state.ask(self._shown)

    def _shown(self) -> float | None:
        if self._until is None:
            return None
        shown = self._clock.wall() + self._left()
        if abs(shown - self._until) >= _JUMP:  # somebody set the clock
            self._until = shown
        return self._until

    def restore(self) -> None:
        """Take up a pause that was on when the daemon ended; an unreadable file means none."""
        try:
            noted = json.loads(self._file.read_text(encoding="utf-8"))
            left = None if noted["until"] is None else self._left_of(noted)
        except (OSError, ValueError, KeyError, TypeError):
            return
        if left is None:
            self.set(None)
        elif left > 0:
            self.set(self._clock.wall() + left)
        else:
            self.clear()

    def _left_of(self, noted: dict[str, Any]) -> float:
        """Seconds that are left of a noted pause; a version before noted only when it ends."""
        if "left" not in noted:
            return float(noted["until"] - self._clock.wall())
        since_boot = self._clock.since_boot()
        if noted["boot"] == self._clock.boot and since_boot >= noted["since_boot"]:
            passed = since_boot - noted["since_boot"]
        else:
            passed = max(0.0, self._clock.wall() - noted["wall"])
        return float(noted["left"] - passed)

    def set(self, until: float | None) -> None:
        """Pause until a time, or until `clear`."""
        self._state.ask(partial(self._set, True, until))
        self._remember()

    def clear(self) -> None:
        """Go on working."""
        self._state.ask(partial(self._set, False, None))
        self._remember()

    def close(self) -> None:
        """Look no more; the file keeps the pause for the next start."""
        self._state.ask(self._cancel)
        if self._ends is not None:
            self._write()  # how much is left by now

    # -- on the state thread

    def _set(self, paused: bool, until: float | None) -> None:
        self.paused, self._until = paused, until
        left = None if until is None else max(0.0, until - self._clock.wall())
        self._ends = None if left is None else self._clock.since_boot() + left
        self._look_again_soon()
        self._tell()

    def _look_again_soon(self) -> None:
        """Look again when the pause ends, but soon: timers stand still while the computer is suspended."""
        self._cancel()
        if self._ends is not None or self.fault:
            self._timer = self._state.call_later(min(self._left(), _LOOK_SECONDS), self._look)

    def _left(self) -> float:
        """Seconds until it ends."""
        return math.inf if self._ends is None else max(0.0, self._ends - self._clock.since_boot())

    def _look(self) -> None:
        over = self._left() == 0
        if over:
            self._set(False, None)
        if over or self.fault:
            threading.Thread(target=self._remember, name="pause", daemon=True).start()
        if not over:
            self._look_again_soon()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _written(self, fault: str) -> None:
        if fault != self.fault:
            self.fault = fault
            self._look_again_soon()
            self._tell()

    # -- on threads that may wait

    def _remember(self) -> None:
        """Have the file say what holds; what stands against it becomes the fault."""
        with contextlib.suppress(StateClosedError):
            fault = self._write()
            self._state.ask(partial(self._written, fault))

    def _write(self) -> str:
        """Why the file does not say what holds now; empty when it does."""
        with self._writing:  # the last to write is the last to look
            noted = self._state.ask(self._noted)
            try:
                if noted is not None:
                    self._replace_file(json.dumps(noted))
                else:
                    self._file.unlink(missing_ok=True)
            except OSError as error:
                then = "Homepress works again" if noted is not None else "Homepress is paused again"
                what = "the pause" if noted is not None else "the end of the pause"
                return (
                    f"{what} holds, but cannot be noted in {printable(str(self._file))}: {in_words(error)}. "
                    f"After a restart {then}."
                )
            return ""

    def _noted(self) -> dict[str, Any] | None:
        if not self.paused:
            return None
        if self._ends is None:
            return {"until": None}
        clock = self._clock
        return {
            "until": self._until,
            "left": self._left(),
            "boot": clock.boot,
            "since_boot": clock.since_boot(),
            "wall": clock.wall(),
        }

    def _replace_file(self, text: str) -> None:
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
