"""The way to a watched folder: when a name on it leads elsewhere, or nowhere, inotify says so by itself."""

import os
from collections import deque
from collections.abc import Callable

from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, Mask, WatchCallback, WatchDescriptor

WAY_EVENTS = Mask(
    InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_MASK_ADD
)
"""What is asked of each name on the way (inotify(7)); added to what is asked of it already."""

_GONE = InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_UNMOUNT
_MOST_LINKS = 40


class Way(WatchCallback):
    """Hears of moves, removals and unmounts of the folders and links that lead to a folder.

    Attributes:
        changed: whether there was one.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        """`tell` is called, on the reader's thread, when the way has changed."""
        self.changed = False
        self._tell = tell

    def on_event(self, event: InotifyEvent) -> None:
        """See `WatchCallback`; events of what lies in a folder on the way are none of ours."""
        if event.mask & _GONE:
            self.changed = True
            self._tell()

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """See `WatchCallback`: the watched thing is gone for good."""
        del wd
        self.changed = True
        self._tell()

    def on_queue_overflow(self) -> None:
        """See `WatchCallback`; whoever watches the folder's content acts on it."""


def names_on_the_way(path: bytes) -> list[bytes]:
    """Every folder and link that is passed on the way to an absolute path, the path itself included.

    A loop of links ends the list (path_resolution(7): at most 40 links are followed).
    """
    found: dict[bytes, None] = {}
    current, ahead, links = b"/", deque(path.split(b"/")), 0
    while ahead:
        part = ahead.popleft()
        if part in (b"", b"."):
            continue
        if part == b"..":
            current = os.path.dirname(current)
            continue
        name = os.path.join(current, part)
        found[name] = None
        if not os.path.islink(name):
            current = name
            continue
        if (links := links + 1) > _MOST_LINKS:
            break
        target = os.readlink(name)
        current = b"/" if target.startswith(b"/") else current
        ahead.extendleft(reversed(target.split(b"/")))
    return list(found)
