"""Keeping a pystray icon up with what is known."""

from collections.abc import Callable
from typing import Any

from homepress.ui.tray.actions import Action
from homepress.ui.tray.faces import STEPS, Face, Panel, State
from homepress.ui.tray.menu import Entry, Known, menu, tooltip
from homepress.ui.tray.toolkit import as_pystray

NAME = "homepress"

Draw = Callable[[Face], Any]
"""Makes of a face what a backend takes as its icon."""

OnMain = Callable[[Callable[[], None]], None]
"""Has something done in the thread that may touch the icon."""


def directly(work: Callable[[], None]) -> None:
    """For systems whose icon any thread may touch."""
    work()


def face_of(known: Known, panel: Panel) -> Face:
    """How the icon looks."""
    status = known.status
    if known.crashed:
        return Face(State.PROBLEM, panel=panel)
    if status is None or status.state == "stopped":
        return Face(State.STOPPED, panel=panel)
    if status.state == "working":
        step = STEPS * known.done // known.total if known.total else 0
        return Face(State.WORKING, step, panel)
    words = {"problem": State.PROBLEM, "paused": State.PAUSED}
    return Face(words.get(status.state, State.IDLE), panel=panel)


class Shown:
    """A pystray icon and what it shows; only what has changed is told to it, in the thread it wants.

    macOS ends a program whose icon is touched by another thread than the main one.
    """

    def __init__(self, icon: Any, draw: Draw, do: Callable[[Action], None], on_main: OnMain) -> None:
        self._icon = icon
        self._draw = draw
        self._do = do
        self._on_main = on_main
        self._face: Face | None = None
        self._title = ""
        self._entries: tuple[Entry, ...] = ()

    def show(self, known: Known, panel: Panel = Panel.DARK) -> None:
        """Show what is known; from any thread."""
        face, title, entries = face_of(known, panel), tooltip(known), menu(known)
        image = self._draw(face) if face != self._face else None
        self._on_main(lambda: self._change(face, image, title, entries))

    def _change(self, face: Face, image: Any, title: str, entries: tuple[Entry, ...]) -> None:
        if image is not None:
            self._icon.icon = image
            self._face = face
        if title != self._title:
            self._icon.title = title
            self._title = title
        if entries != self._entries:
            self._icon.menu = as_pystray(entries, self._do)
            self._entries = entries

    def run(self) -> None:
        """Show the icon and take clicks until `stop`; in the main thread."""
        self._icon.run(setup=lambda icon: self._on_main(lambda: setattr(icon, "visible", True)))

    def stop(self) -> None:
        """Have `run` return; from any thread."""
        self._on_main(self._icon.stop)

    @property
    def activation_token(self) -> str:
        """What lets a window that opens now come to the front; empty where there is no such thing."""
        return str(getattr(self._icon, "activation_token", ""))
