"""A screen that nobody looks at, and hands on its mouse and keyboard."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from homepress.desktop import toolkit
from support import wait_for
from system.program import Program

Seen = dict[str, Any]

_HEIGHT = 720
"""Of the window at its usual size, in pixels."""

_MISSING = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
needs_a_screen = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="an X server without a screen"),
    pytest.mark.skipif(bool(_MISSING), reason=f"needs {', '.join(_MISSING)}"),
    pytest.mark.skipif(toolkit.lacking() is not None, reason="there is no Qt, or no library for it"),
]
"""Marks of tests that drive the window."""


@contextmanager
def screen() -> Iterator[str]:
    """An X server without a window manager; the name of its display."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.kill()
        server.wait(10)


class Window:
    """The window of a program, driven from outside."""

    def __init__(self, program: Program, display: str, page: str = "", picture: str = "") -> None:
        self._tree = program.home / "seen.json"
        self._tree.unlink(missing_ok=True)
        home = program.home / "user"
        home.mkdir(exist_ok=True)
        self.environment = {
            **program.environment,
            "DISPLAY": display,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
        }
        script = Path(__file__).with_name("windowwatch.py")
        self._errors = program.home / "window-errors.txt"
        with open(self._errors, "wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(script), str(self._tree), page, picture, "light", "1"],
                env=self.environment,
                stderr=errors,
            )
        wait_for(lambda: self.seen(), what="the window")
        # The server refuses the focus to a window that is not quite on the screen yet.
        wait_for(self.take_keyboard, what="the window to take the keyboard")

    def errors(self) -> str:
        """What the window wrote on its standard error: faults in callbacks, for example."""
        return self._errors.read_text("utf-8", "replace")

    def seen(self) -> list[Seen]:
        """Every control that is seen now."""
        try:
            found: list[Seen] = json.loads(self._tree.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return []
        return found

    def find(self, text: str, kind: str = "") -> Seen | None:
        """The first control with this text in it, or else in its accessible name."""
        seen = [one for one in self.seen() if kind in one["kind"]]
        for part in ("text", "name"):
            for one in seen:
                if text in one[part]:
                    return one
        return None

    def wait(self, text: str, kind: str = "", within: float = 60) -> Seen:
        """The control with this text, once it is there."""
        return wait_for(
            lambda: self.find(text, kind),
            within=within,
            what=f"{text!r} in the window: {[one['text'] for one in self.seen() if one['text']]}; "
            f"{self.errors()}",
        )

    def beside(self, text: str, kind: str) -> Seen:
        """The control at the height of a text, once both are there."""

        def found() -> Seen | None:
            row = self.find(text, "QLabel")
            if row is None:
                return None
            level = row["y"] + row["height"] / 2

            def away(one: Seen) -> float:
                return float(abs(one["y"] + one["height"] / 2 - level))

            return min(
                (one for one in self.seen() if kind in one["kind"] and away(one) < 40), key=away, default=None
            )

        return self.settled(found, f"a {kind} beside {text!r}")

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something else."""
        wait_for(lambda: bool(condition()), what=f"{what}; {self.errors()}")

    def reach(self, text: str, kind: str) -> Seen:
        """The control beside a text, scrolled into view by the keyboard first."""
        for _ in range(30):
            label = self.find(text, "QLabel")
            if label is not None and label["y"] + label["height"] < _HEIGHT - 20:
                break
            self.press("Tab")
        return self.beside(text, kind)

    def focused(self) -> Seen | None:
        """What has the keyboard."""
        return next((one for one in self.seen() if one["focus"]), None)

    def settled(self, find: Callable[[], Seen | None], what: str) -> Seen:
        """A control that stands where it stood a moment before: not one that is about to move."""
        last: Seen | None = None
        stamp = 0

        def still() -> Seen | None:
            nonlocal last, stamp
            now = self._tree.stat().st_mtime_ns
            if now == stamp:
                return None
            before, last, stamp = last, find(), now
            return last if last is not None and last == before else None

        return wait_for(still, what=f"{what}; {self.errors()}")

    def click(self, text: str, kind: str = "") -> None:
        """Press the mouse in the middle of a control."""
        self.wait(text, kind)
        self.click_in(self.settled(lambda: self.find(text, kind), text))

    def click_in(self, one: Seen, across: float = 0.5, down: float = 0.5, times: int = 1) -> None:
        """Press the mouse in a control; places as shares of its width and height."""
        self._to(one, across, down)
        self._hands("click", "--repeat", str(times), "--delay", "60", "1")

    def drag(self, one: Seen, start: float, end: float) -> None:
        """Drag along the middle of a control, from one share of its width to another."""
        self._to(one, start, 0.4)
        self._hands("mousedown", "1")
        for step in range(1, 9):
            self._to(one, start + (end - start) * step / 8, 0.4)
        self._hands("mouseup", "1")

    def type(self, text: str) -> None:
        """Type on the keyboard."""
        self._hands("type", "--delay", "8", text)

    def press(self, *keys: str) -> None:
        """Press keys, by their names in X."""
        self._hands("key", "--delay", "40", *keys)

    def tab(self) -> None:
        """Press Tab, and wait until something else has the keyboard, whatever becomes of what had it."""

        def holder() -> int:
            return int((self.focused() or {"id": 0})["id"])

        before = holder()
        self.press("Tab")
        wait_for(lambda: holder() != before, what="the keyboard to move on")

    def tab_to(self, text: str, kind: str = "", most: int = 70) -> Seen:
        """Press Tab until something with this text has the keyboard; every stop has to be seen."""
        if self.focused() is None:  # without a window manager, nobody gives it back after a dialog
            self.take_keyboard()
        for _ in range(most):
            focused = self.focused()
            if focused is not None and kind in focused["kind"] and text in focused["text"] + focused["name"]:
                return focused
            self.tab()
        raise AssertionError(f"Tab does not reach {text!r}: {self.focused()}")

    def answer_dialog(self, text: str) -> None:
        """Type into Qt's dialog for files, which has the keyboard on its field, and press Return."""
        self.wait_until(lambda: "QLineEdit" in (self.focused() or {"kind": ""})["kind"], "a dialog to ask")
        self.press("ctrl+a")
        self._hands("type", "--delay", "40", text)  # names are completed meanwhile
        self.wait_until(lambda: (self.focused() or {"text": ""})["text"] == text, f"{text} to be typed")
        self.press("Return")
        if not self._is_gone(text):
            self.press("Return")  # the first one took a completion

    def _is_gone(self, text: str, within: float = 3) -> bool:
        """Whether a dialog with this text in its field goes away soon."""
        try:
            wait_for(lambda: (self.focused() or {"text": ""})["text"] != text, within=within)
        except AssertionError:
            return False
        return True

    def picture(self) -> Path:
        """A picture of the window, as PNG."""
        Path(f"{self._tree}.shoot").touch()
        wait_for(lambda: not Path(f"{self._tree}.shoot").exists(), what="a picture of the window")
        return Path(f"{self._tree}.png")

    def close(self) -> None:
        """Leave nothing running."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def _to(self, one: Seen, across: float, down: float) -> None:
        x, y = one["x"] + one["width"] * across, one["y"] + one["height"] * down
        self._hands("mousemove", "--sync", str(round(x)), str(round(y)))

    def take_keyboard(self) -> bool:
        """Give the window the keyboard, as a window manager does after a dialog; whether it has it."""
        command = ["xdotool", "search", "--sync", "--onlyvisible", "--class", "Homepress", "windowfocus"]
        return (
            subprocess.run(
                command, env=self.environment, check=False, timeout=90, capture_output=True
            ).returncode
            == 0
        )

    def _hands(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self.environment, check=True, timeout=90, capture_output=True)


Opening = Callable[..., Window]
"""Opens a window: at a page, with a picture."""
