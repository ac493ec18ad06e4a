"""The clipboard of X11, and of Wayland through XWayland (ICCCM, section 2).

What is copied stays with the program that copied it, which gives it to each that pastes. So what we put there
stays with a small process of ours, until something else is copied or the session ends.
"""

import contextlib
import os
import select
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from homepress.base.override import override
from homepress.desktop.clipboard import (
    MOST_BYTES,
    Clipboard,
    ClipboardError,
    Copied,
    best_of,
    copied_from,
    offers_of,
)

_PATIENCE = 10.0
"""Seconds that the program which copied may take for one answer."""

_LATE = 30.0
"""Seconds that we go on giving a large picture to a program, after another has copied something."""

_PIECE = 200_000
"""Bytes at a time: every X server takes requests of 256 KB."""

_READY = b"ready"


class X11Clipboard(Clipboard):
    """The selection CLIPBOARD of an X server."""

    def __init__(self, display: str) -> None:
        """Connect later; `display` is the server's name, such as ":0"."""
        self._display = display

    @override
    def read(self) -> Copied:
        with _connected(self._display) as link:
            if link.owner() is None:
                return Copied()
            kind = best_of(link.offered())
            return copied_from(kind, link.fetch(kind)) if kind else Copied()

    @override
    def put(self, copied: Copied) -> None:
        """A child of ours has it from then on."""
        reading, writing = os.pipe()
        if os.fork() == 0:
            _stay(self._display, offers_of(copied), writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            if (said := answer.read()) != _READY:
                raise ClipboardError(said.decode("utf-8", "replace") or "the clipboard could not be taken")


@contextlib.contextmanager
def _connected(name: str) -> Iterator["_Link"]:
    from Xlib import display, error

    try:
        opened = display.Display(name)
    except (error.DisplayError, OSError) as failed:
        raise ClipboardError(f"the display {name} cannot be reached: {failed}") from failed
    try:
        yield _Link(opened)
    except (error.ConnectionClosedError, OSError) as failed:
        raise ClipboardError(f"the display {name} went away: {failed}") from failed
    finally:
        with contextlib.suppress(error.ConnectionClosedError, OSError):
            opened.close()


class _Link:
    """A connection with a window of ours that is never shown."""

    def __init__(self, opened: Any) -> None:
        from Xlib import X

        self.display = opened
        self.window = opened.screen().root.create_window(
            0, 0, 1, 1, 0, X.CopyFromParent, event_mask=X.PropertyChangeMask
        )
        # A window that asked and went away is no fault of ours.
        opened.set_error_handler(lambda *_: None)

    def atom(self, name: str) -> int:
        return int(self.display.intern_atom(name))

    def owner(self) -> Any:
        """The window of the program that copied; None when nothing is copied."""
        found = self.display.get_selection_owner(self.atom("CLIPBOARD"))
        return found or None

    def offered(self) -> list[str]:
        """The types in which it can be had."""
        kept = self._asked("TARGETS")
        return [] if kept is None else [self.display.get_atom_name(each) for each in kept.value]

    def fetch(self, kind: str) -> bytes:
        """What was copied, as a type.

        Raises:
            ClipboardError: it is not given, or too large.
        """
        kept = self._asked(kind)
        if kept is None:
            raise ClipboardError("the program that copied it does not give it")
        if kept.property_type == self.atom("INCR"):
            return self._in_pieces()
        return bytes(kept.value)

    def events(self, deadline: float) -> Iterator[Any]:
        """Events as they come; ends at a monotonic second."""
        while True:
            while self.display.pending_events():
                yield self.display.next_event()
            left = deadline - time.monotonic()
            if left <= 0:
                return
            select.select([self.display.fileno()], [], [], min(left, 60.0))

    def _asked(self, kind: str) -> Any:
        """What the owner has put on our window; None when it does not have that type."""
        from Xlib import X

        place = self.atom("HOMEPRESS_CLIPBOARD")
        self.window.delete_property(place)
        self.window.convert_selection(self.atom("CLIPBOARD"), self.atom(kind), place, X.CurrentTime)
        for event in self.events(time.monotonic() + _PATIENCE):
            if event.type == X.SelectionNotify:
                return self._taken(place) if event.property else None
        raise ClipboardError("the program that copied it does not answer")

    def _taken(self, place: int) -> Any:
        """What is on our window now, which is removed: its owner may go on."""
        from Xlib import X

        kept = self.window.get_full_property(place, X.AnyPropertyType, sizehint=_PIECE)
        self.window.delete_property(place)
        self.display.flush()
        if kept is not None and len(kept.value) > MOST_BYTES:
            raise ClipboardError("what was copied is too large")
        return kept

    def _in_pieces(self) -> bytes:
        from Xlib import X

        place, pieces, total = self.atom("HOMEPRESS_CLIPBOARD"), list[bytes](), 0
        while True:
            for event in self.events(time.monotonic() + _PATIENCE):
                new = event.type == X.PropertyNotify and event.state == X.PropertyNewValue
                if new and event.atom == place:
                    break
            else:
                raise ClipboardError("the program that copied it does not go on giving it")
            kept = self._taken(place)
            if kept is None or not len(kept.value):
                return b"".join(pieces)
            pieces.append(bytes(kept.value))
            total += len(pieces[-1])
            if total > MOST_BYTES:
                raise ClipboardError("what was copied is too large")


# -- the process that stays


def _stay(display: str, offers: Mapping[str, bytes], answer: int) -> NoReturn:
    """Be the process that has what was copied; says that it has, or why it does not."""
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(nowhere, descriptor)
        os.closerange(3, answer)
        os.closerange(answer + 1, os.sysconf("SC_OPEN_MAX"))

        def ready() -> None:
            os.write(answer, _READY)
            os.close(answer)

        with _connected(display) as link:
            SelectionOwner(link, offers).serve(ready)
    except ClipboardError as error:
        with contextlib.suppress(OSError):
            os.write(answer, str(error).encode())
    finally:
        os._exit(0)


@dataclass(slots=True)
class _Transfer:
    """A large picture on its way to one program, piece by piece ("INCR")."""

    window: Any
    place: int
    kind: int
    data: bytes
    at: int = 0


class SelectionOwner:
    """Owns the selection and answers the programs that paste."""

    def __init__(self, link: _Link, offers: Mapping[str, bytes]) -> None:
        """Take nothing yet.

        Args:
            link: to the X server.
            offers: data by MIME type.
        """
        self._link = link
        self._offers = {link.atom(kind): data for kind, data in offers.items()}
        self._transfers: dict[tuple[int, int], _Transfer] = {}

    def serve(self, ready: Callable[[], None]) -> None:
        """Take the selection, and return when another program has it and all that was begun is given.

        Args:
            ready: called when it is ours.

        Raises:
            ClipboardError: it cannot be taken.
        """
        from Xlib import X

        selection, since = self._link.atom("CLIPBOARD"), self._now()
        self._link.window.set_selection_owner(selection, since)
        if self._link.owner() != self._link.window:
            raise ClipboardError("another program has taken the clipboard at this moment; try again")
        ready()
        end = float("inf")
        for event in self._link.events(end):
            if event.type == X.SelectionRequest:
                self._answer(event)
            elif event.type == X.PropertyNotify and event.state == X.PropertyDelete:
                self._go_on(event)
            elif event.type == X.SelectionClear:
                break
        for event in self._link.events(time.monotonic() + (_LATE if self._transfers else 0.0)):
            if event.type == X.PropertyNotify and event.state == X.PropertyDelete:
                self._go_on(event)
            if not self._transfers:
                break

    def _now(self) -> int:
        """The server's time, by a change of nothing (ICCCM 2.1)."""
        from Xlib import X, Xatom

        self._link.window.change_property(self._link.atom("HOMEPRESS_TIME"), Xatom.STRING, 8, b"")
        for event in self._link.events(time.monotonic() + _PATIENCE):
            if event.type == X.PropertyNotify:
                return int(event.time)
        raise ClipboardError("the display does not answer")

    def _answer(self, event: Any) -> None:
        """Put what is asked for on the window of the one that asks, and say where; or that there is none."""
        from Xlib import X, Xatom
        from Xlib.protocol.event import SelectionNotify

        link, place = self._link, event.property or event.target
        data = self._offers.get(event.target)
        if event.target == link.atom("TARGETS"):
            event.requestor.change_property(place, Xatom.ATOM, 32, [event.target, *self._offers])
        elif data is None:
            place = X.NONE
        elif len(data) <= _PIECE:
            event.requestor.change_property(place, event.target, 8, data)
        else:
            event.requestor.change_attributes(event_mask=X.PropertyChangeMask)
            event.requestor.change_property(place, link.atom("INCR"), 32, [len(data)])
            self._transfers[event.requestor.id, place] = _Transfer(event.requestor, place, event.target, data)
        event.requestor.send_event(
            SelectionNotify(
                time=event.time,
                requestor=event.requestor,
                selection=event.selection,
                target=event.target,
                property=place,
            )
        )
        link.display.flush()

    def _go_on(self, event: Any) -> None:
        """The one that asks has taken a piece: the next one, and an empty one at the end."""
        transfer = self._transfers.get((event.window.id, event.atom))
        if transfer is None:
            return
        piece = transfer.data[transfer.at : transfer.at + _PIECE]
        transfer.at += len(piece)
        transfer.window.change_property(transfer.place, transfer.kind, 8, piece)
        self._link.display.flush()
        if not piece:
            del self._transfers[event.window.id, event.atom]
